//! What a test of the language can do, and what is said when it fails.

use bitup_compiler::{Source, test_program};
use bitup_tester::{Options, Report, Session, run};
use std::collections::BTreeMap;

const BANK: &str = "
enum Colour { Red, Green }
contract Bank {
    storage saved: Map<Address, Balance>;
    storage colour: Colour;
    event Saved(indexed who: Address, amount: Balance);
    error TooMuch(most: Balance, of: Colour);
    constructor() { this.colour = Colour.Red; }
    @anyone payable save() {
        require(msg.value <= 1000, TooMuch(1000, this.colour));
        this.saved[msg.sender] += msg.value;
        emit Saved(msg.sender, msg.value);
    }
    @anyone paint(to: memory Colour): memory Colour { const before: memory Colour = this.colour; this.colour = to; return before; }
    view of(who: Address): Balance { return this.saved[who]; }
    view age(): u64 { return block.time; }
}
";

fn reports(tests: &str, options: &Options) -> Vec<Report> {
    let source = Source {
        path: "bank.bit".to_owned(),
        text: format!("{BANK}{tests}").into_bytes(),
    };
    let program = test_program(&[source]).unwrap_or_else(|findings| {
        panic!(
            "{:?}",
            findings.iter().map(|one| &one.1).collect::<Vec<_>>()
        )
    });
    run(&program, options).unwrap()
}

fn one(tests: &str) -> Report {
    reports(tests, &Options::default()).remove(0)
}

fn reason(tests: &str) -> String {
    one(tests).failure.expect("it fails").reason
}

#[test]
fn a_test_makes_contracts_and_calls_them() {
    let report = one("test \"all\" {
        const alice = account(\"alice\");
        const bank = Bank.deploy({ from: alice });
        const other = Bank.at(bank.address);
        bank.save({ from: alice, value: 5 });
        bank.save({ value: 6 });
        assert(other.of(alice) === 11);
        assert(bank.paint(Colour.Green) === Colour.Red);
        assert(bank.paint(Colour.Red) === Colour.Green);
        const before = bank.age();
        wait(10);
        assert(bank.age() === before + 10);
        let tried = false;
        try (bank.save({ value: 1001 })) { assert(false); } catch { tried = true; }
        assert(tried);
        try (const had = bank.of(alice)) { assert(had === 11); } catch { assert(false); }
        fails(bank.save({ value: 1001 }), \"TooMuch\");
        assert(balance(bank.address) === 11);
    }");
    assert_eq!(report.failure, None);
    assert!(report.gas > 0);
}

#[test]
fn a_failure_says_where_and_why() {
    let report = one("test \"wrong\" {
        const bank = Bank.deploy();
        assert(bank.of(account(\"bob\")) === 3);
    }");
    let failure = report.failure.unwrap();
    assert_eq!(failure.reason, "`===` does not hold between 0 and 3");
    let (file, span) = failure.place.unwrap();
    let text = format!("{BANK}test \"wrong\" {{");
    assert_eq!(file, 0);
    assert!(span.start as usize > text.len());
    let deploy = "test \"x\" { const bank = Bank.deploy();";
    assert_eq!(
        reason(&format!("{deploy} bank.save({{ value: 1001 }}); }}")),
        "the call fails with TooMuch(most: 1000, of: Colour.Red)"
    );
    assert_eq!(
        reason(&format!(
            "{deploy} fails(bank.save({{ value: 1 }}), \"TooMuch\"); }}"
        )),
        "it does not fail with TooMuch"
    );
    assert_eq!(
        reason(&format!(
            "{deploy} fails(bank.save({{ value: 1001 }}), \"Other\"); }}"
        )),
        "it fails with TooMuch(most: 1000, of: Colour.Red), not with Other"
    );
    assert_eq!(reason("test \"x\" { assert(false); }"), "it does not hold");
    assert_eq!(
        reason("test \"x\" { const a: u8 = 1; const b = a - 2; assert(b === 0); }"),
        "the test itself fails with Arithmetic"
    );
    assert!(reason("test \"x\" { while (true) {} }").contains("steps"));
    assert!(reason("test \"x\" { require(false); }").contains("without parameters"));
    assert!(reason("test \"x\"(a: u64) { require(a < 1 && a > 1); }").contains("0 of"));
    let call = "test \"x\" { Bank.at(account(\"bob\")).save(); }";
    assert!(reason(call).contains("there is no contract at account(\"bob\")"));
}

#[test]
fn arguments_are_made_simpler() {
    let report = one(
        "test \"small\"(a: u64, b: Balance, who: Address, c: bool, d: i32) {
        assert(a < 1000 || b < 77 || d > -5);
    }",
    );
    let failure = report.failure.expect("some arguments break it");
    let shown: Vec<String> = failure
        .arguments
        .iter()
        .map(|(name, value)| format!("{name} = {value}"))
        .collect();
    assert_eq!(
        shown,
        [
            "a = 1000",
            "b = 77",
            "who = account(\"alice\")",
            "c = false",
            "d = -5"
        ]
    );
}

#[test]
fn the_same_seed_gives_the_same_report() {
    let tests = "test \"a\"(a: u64, b: u64) { assert(a % 64 !== b % 64); }
        test \"b\" { const bank = Bank.deploy(); bank.save({ value: 1 }); }";
    let with = |seed| {
        let options = Options {
            seed,
            ..Options::default()
        };
        reports(tests, &options)
    };
    assert_eq!(with(3), with(3));
    let only = Options {
        only: Some("b".to_owned()),
        ..Options::default()
    };
    let found = reports(tests, &only);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].title, "b");
}

#[test]
fn what_only_tests_do_is_refused_elsewhere() {
    let inside =
        "contract A { @anyone f() { const bank = Bank.deploy(); require(bank.age() > 0); } }";
    let source = Source {
        path: "bank.bit".to_owned(),
        text: format!("{BANK}{inside}").into_bytes(),
    };
    let findings = test_program(&[source]).unwrap_err();
    assert_eq!(findings[0].1.list()[0].code, bitup_compiler::Code::TestOnly);
    // Nothing of it takes a name away from programs.
    let names = "pure wait(balance: u64): u64 { return balance; }
        test \"own\" { const account = wait(2); assert(account === 2); }";
    assert_eq!(one(names).failure, None);
}

#[test]
fn a_contract_is_called_by_hand() {
    let source = Source {
        path: "bank.bit".to_owned(),
        text: BANK.as_bytes().to_vec(),
    };
    let (program, contracts) = bitup_compiler::contracts(&[source]).unwrap();
    let by_number: BTreeMap<_, _> = contracts.into_iter().map(|one| (one.number, one)).collect();
    let bank = by_number.values().next().unwrap();
    let mut session = Session::new(&program, &by_number, bank).unwrap();
    let saved = session.call("bob: save() + 7").unwrap();
    assert_eq!(saved.result, Ok(String::new()));
    assert_eq!(saved.events, ["Saved(who: account(\"bob\"), amount: 7)"]);
    assert_eq!(session.call("of(bob)").unwrap().result, Ok("7".to_owned()));
    let painted = session.call("paint(Green)").unwrap();
    assert_eq!(painted.result, Ok("Colour.Red".to_owned()));
    let failed = session.call("save() + 1_001").unwrap();
    assert_eq!(
        failed.result,
        Err("TooMuch(most: 1000, of: Colour.Green)".to_owned())
    );
    for wrong in [
        "",
        "of",
        "of()",
        "none()",
        "paint(Blue)",
        "new()",
        "save() + x",
        ": save()",
    ] {
        assert!(session.call(wrong).is_err(), "{wrong}");
    }
}

const SHOPS: &str = "
enum Kind { Book, Bread }

interface Priced {
    view price(): Balance;
    view kind(): memory Kind;
    payable buy(): u64;
}

contract Shop implements Priced {
    storage cost: Balance;
    storage sold: u64;
    error SoldOut(sold: u64);
    constructor(cost: Balance) { this.cost = cost; }
    view price(): Balance { return this.cost; }
    view kind(): memory Kind { return Kind.Bread; }
    @anyone payable buy(): u64 {
        require(msg.value === this.cost);
        require(this.sold < 2, SoldOut(this.sold));
        this.sold += 1;
        return this.sold;
    }
}

contract Buyer {
    storage bought: u64;
    storage shop: Priced;
    storage failed: Map<Address, u32>;
    constructor(shop: Address) { this.shop = Priced.at(shop); }
    @anyone payable buy(): u64 {
        require(this.shop.kind() === Kind.Bread);
        require(msg.value === this.shop.price());
        this.bought = this.shop.buy({ value: msg.value, gas: 0 });
        return this.bought;
    }
    @anyone payable attempt(): bool {
        try (const number = this.shop.buy({ value: msg.value })) {
            this.bought = number;
            return true;
        } catch {
            this.failed[msg.sender] += 1;
            transfer(msg.sender, msg.value);
        }
        return false;
    }
    view last(): u64 { return this.bought; }
    view failures(who: Address): u32 { return this.failed[who]; }
}

contract Mirror {
    @anyone call(other: Address) { Mirror.at(other).call(this.address); }
}
";

#[test]
fn contracts_call_each_other() {
    let tests = "
test \"buying\" {
    const alice = account(\"alice\");
    const had = balance(alice);
    const shop = Shop.deploy(5);
    const buyer = Buyer.deploy(shop.address);
    assert(buyer.buy({ value: 5 }) === 1);
    fails(buyer.buy({ value: 4 }), \"Required\");
    assert(!buyer.attempt({ value: 4 }));
    assert(buyer.failures(alice) === 1);
    assert(buyer.attempt({ value: 5 }));
    assert(buyer.last() === 2);
    fails(buyer.buy({ value: 5 }), \"CallFailed\");
    assert(!buyer.attempt({ value: 5 }));
    assert(balance(shop.address) === 10);
    assert(balance(buyer.address) === 0);
    assert(balance(alice) === had - 10);
}

test \"nobody is there\" {
    const buyer = Buyer.deploy(account(\"alice\"));
    fails(buyer.buy({ value: 4 }), \"CallFailed\");
    assert(!buyer.attempt({ value: 4 }));
}

test \"the other one may not come back\" {
    const one = Mirror.deploy();
    const other = Mirror.deploy();
    fails(one.call(other.address), \"CallFailed\");
}
";
    let source = Source {
        path: "shops.bit".to_owned(),
        text: format!("{SHOPS}{tests}").into_bytes(),
    };
    let program = test_program(&[source]).unwrap_or_else(|findings| {
        panic!(
            "{:?}",
            findings.iter().map(|one| &one.1).collect::<Vec<_>>()
        )
    });
    for report in run(&program, &Options::default()).unwrap() {
        assert_eq!(report.failure, None, "{}", report.title);
    }
}

#[test]
fn texts_arrays_and_options_are_made_up_and_made_simpler() {
    let failure = one(
        "test \"short\"(name: memory string, list: memory u8[], maybe: memory Option<u8>, raw: memory bytes) {
            assert(name.length < 3 || list.length < 2);
        }",
    )
    .failure
    .expect("some are longer");
    let shown: Vec<&str> = failure
        .arguments
        .iter()
        .map(|(_, value)| value.as_str())
        .collect();
    assert!(
        shown[0].starts_with('"') && shown[0].len() >= 5,
        "{shown:?}"
    );
    assert_eq!(shown[1..], ["[0, 0]", "None", "0x"]);
    let reason = reason("test \"joined\" { assert(\"a\".concat(\"b\") === \"a\"); }");
    assert_eq!(reason, "`===` does not hold between \"ab\" and \"a\"");
}

#[test]
fn a_session_writes_and_shows_values_of_parts() {
    let text = "
        enum State { Begun(by: Address, name: string), Done }
        class Entry { name: string; sizes: u16[]; next: Option<u8>; }
        contract Board {
            storage state: State = State.Done;
            storage entries: Entry[];
            event Changed(state: State, names: string[]);
            error Wrong(entry: Entry);
            @anyone begin(name: memory string, raw: memory bytes) {
                require(raw.length > 0, Wrong(new Entry(name, [1, 2], Some(3))));
                this.state = State.Begun(msg.sender, name);
                this.entries.push(new Entry(name, [], None));
                emit Changed(this.state, [name, \"other\"]);
            }
            view now(): memory State { return this.state; }
            view all(): memory Entry[] { return this.entries; }
        }";
    let source = Source {
        path: "board.bit".to_owned(),
        text: text.as_bytes().to_vec(),
    };
    let (program, contracts) = bitup_compiler::contracts(&[source]).unwrap();
    let board = &contracts[0];
    let by_number: BTreeMap<_, _> = contracts
        .iter()
        .map(|contract| (contract.number, contract.clone()))
        .collect();
    let mut session = Session::new(&program, &by_number, board).unwrap();
    let result = |session: &mut Session<'_>, call: &str| session.call(call).unwrap().result;
    assert_eq!(result(&mut session, "now()"), Ok("State.Done".to_owned()));
    let begun = session.call("bob: begin(\"té\", 0x00ff)").unwrap();
    let state = "State.Begun(by: account(\"bob\"), name: \"té\")";
    assert_eq!(
        begun.events,
        [format!(
            "Changed(state: {state}, names: [\"té\", \"other\"])"
        )]
    );
    assert_eq!(result(&mut session, "now()"), Ok(state.to_owned()));
    let entries = "[Entry(name: \"té\", sizes: [], next: None)]";
    assert_eq!(result(&mut session, "all()"), Ok(entries.to_owned()));
    let failed = result(&mut session, "begin(plain, 0x)");
    let entry = "Wrong(entry: Entry(name: \"plain\", sizes: [1, 2], next: Some(3)))";
    assert_eq!(failed, Err(entry.to_owned()));
    assert!(session.call("begin(plain, zz)").is_err());
}
