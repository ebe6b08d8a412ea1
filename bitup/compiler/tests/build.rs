//! Built contracts run on a chain's side.

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use bitup_compiler::{Code, Source, build, metadata::blake2_256, render};
use bitup_local::Outcome;
use num_bigint::BigInt;
use proptest::prelude::*;
use support::{ALICE, BOB, CONTRACT, Contract, built, input};

/// Undone with an error and the encoding of its fields.
fn error(number: u8, fields: &[&[u8]]) -> Outcome {
    Outcome::Undone([&[0, 1, number][..], &fields.concat()].concat())
}

const FLIPPER: &str = include_str!("../../examples/flipper.bit");
const TOKEN: &str = include_str!("../../examples/token.bit");
const DEPOSIT: &str = include_str!("../../examples/group_deposit.bit");
/// Errors of the language that stand in front of a contract's own.
const OWN: u8 = 9;

#[test]
fn a_flipper_flips_and_is_small() {
    let contract = built(FLIPPER);
    assert!(
        contract.wasm.len() <= 1_500,
        "{} bytes",
        contract.wasm.len()
    );
    println!("flipper: {} bytes", contract.wasm.len());
    let mut flipper = Contract::deploy(FLIPPER, &[&[1]]);
    assert_eq!(flipper.done(BOB, "get", &[]), [1]);
    assert!(flipper.done(BOB, "flip", &[]).is_empty());
    assert_eq!(flipper.done(ALICE, "get", &[]), [0]);
}

#[test]
fn what_cannot_be_read_is_refused() {
    let mut flipper = Contract::deploy(FLIPPER, &[&[0]]);
    let malformed = Outcome::Undone(vec![1, 1]);
    assert_eq!(flipper.call(BOB, 0, "no such method", &[]), malformed);
    assert_eq!(flipper.raw(BOB, &[1, 2, 3]), malformed);
    for wrong in [input("new", &[]), input("new", &[&[2]])] {
        let mut chain = flipper.chain.clone();
        let made = chain.deploy(0, [7; 32], BOB, 0, &wrong);
        assert_eq!(made.outcome, malformed);
    }
    assert_eq!(flipper.call(BOB, 5, "flip", &[]), error(3, &[]));
    assert_eq!(flipper.balance(BOB), 1_000);
}

#[test]
fn a_token_moves_and_never_overdraws() {
    println!("token: {} bytes", built(TOKEN).wasm.len());
    let amount = |value: u128| value.to_le_bytes();
    let mut token = Contract::deploy(TOKEN, &[&amount(1 << 100)]);
    assert_eq!(token.done(BOB, "balanceOf", &[&ALICE]), amount(1 << 100));
    assert_eq!(token.done(ALICE, "transfer", &[&BOB, &amount(30)]), [1]);
    assert_eq!(
        token.done(BOB, "balanceOf", &[&ALICE]),
        amount((1 << 100) - 30)
    );
    assert_eq!(token.done(BOB, "balanceOf", &[&BOB]), amount(30));
    let failed = token.call(BOB, 0, "transfer", &[&ALICE, &amount(31)]);
    assert!(
        matches!(&failed, Outcome::Undone(bytes) if bytes[..2] == [0, 1] && bytes[3..] == [amount(30), amount(31)].concat()),
        "{failed:?}"
    );
    token.done(BOB, "approve", &[&CONTRACT, &amount(20)]);
    assert_eq!(
        token.done(ALICE, "allowance", &[&BOB, &CONTRACT]),
        amount(20)
    );
    assert_eq!(
        token.done(CONTRACT, "transferFrom", &[&BOB, &ALICE, &amount(15)]),
        [1]
    );
    assert_eq!(
        token.done(ALICE, "allowance", &[&BOB, &CONTRACT]),
        amount(5)
    );
    assert!(matches!(
        token.call(CONTRACT, 0, "transferFrom", &[&BOB, &ALICE, &amount(6)]),
        Outcome::Undone(_)
    ));
    // Events: topics are the signature and the two indexed fields, the data all fields.
    let event = &token.chain.state.events[0];
    let (topics, data) = (&event.topics, &event.data);
    assert_eq!(topics[0], 3 << 2);
    assert_eq!(
        topics[1..33],
        blake2_256(b"Transfer(AccountId,AccountId,Balance)")
    );
    assert_eq!(topics[33..65], ALICE);
    assert_eq!(topics[65..97], BOB);
    assert_eq!(*data, [&ALICE[..], &BOB, &amount(30)].concat());
}

#[test]
fn a_group_deposit_keeps_its_promises() {
    let amount = |value: u128| value.to_le_bytes();
    let mut group = Contract::deploy(DEPOSIT, &[&amount(100)]);
    let wrong = group.call(BOB, 99, "join", &[]);
    assert!(
        matches!(&wrong, Outcome::Undone(bytes) if bytes[3..] == amount(100)),
        "{wrong:?}"
    );
    assert_eq!(group.call(BOB, 100, "join", &[]), Outcome::Done(vec![0, 0]));
    assert_eq!(group.balance(BOB), 900);
    assert_eq!(group.done(ALICE, "depositOf", &[&BOB]), amount(100));
    assert!(matches!(
        group.call(BOB, 100, "join", &[]),
        Outcome::Undone(_)
    ));
    assert_eq!(group.call(BOB, 0, "forfeit", &[&BOB]), error(2, &[]));
    group.done(BOB, "leave", &[]);
    assert_eq!(group.balance(BOB), 1_000);
    assert_eq!(group.done(ALICE, "depositOf", &[&BOB]), amount(0));
    assert_eq!(group.call(BOB, 100, "join", &[]), Outcome::Done(vec![0, 0]));
    group.done(ALICE, "forfeit", &[&BOB]);
    assert_eq!(group.balance(ALICE), 1_100);
    assert_eq!(group.balance(CONTRACT), 0);
    // Only the owner hands the contract over.
    assert_eq!(
        group.call(BOB, 0, "transferOwnership", &[&BOB]),
        error(2, &[])
    );
    group.done(ALICE, "transferOwnership", &[&BOB]);
    assert_eq!(group.call(ALICE, 0, "forfeit", &[&BOB]), error(2, &[]));
}

#[test]
fn loops_conditions_and_inheritance_run() {
    let text = "
        abstract contract Base {
            storage count: u32;
            storage limit: u32 = 5;
            constructor(start: u32) { this.count = start; }
            view step(): u32 { return 1; }
            @anyone add(): u32 ensures this.count > old(this.count) && result === this.count {
                this.count += this.step();
                return this.count;
            }
            @anyone cheat() ensures this.count === old(this.count) { this.count += 1; }
        }
        contract Sum extends Base {
            storage flags: Map<u8, bool>;
            error Odd(value: u32);
            invariant this.count <= 20;
            constructor(start: u32) { super(start * 2); }
            override view step(): u32 { return super.step() + 2; }
            pure sum(n: u32): u32 {
                let total: u32 = 0;
                for (const i of 0..n) {
                    if (i === 3) { continue; }
                    if (i === 6) { break; }
                    total += i;
                }
                let left = n;
                while (left > 0 && left < 100) { left -= 1; total += 1; }
                return total;
            }
            pure kind(a: i8): u8 {
                match (a) { -1 => { return 1; } 0 => { return 2; } _ => { return 3; } }
            }
            pure even(a: u32): bool { if (a % 2 === 1) { throw Odd(a); } return true; }
            @anyone mark(key: u8) requires key < 9 { this.flags[key] = !this.flags[key]; }
            view marked(key: u8): bool { return this.flags.has(key) && this.flags[key]; }
            @anyone clear(key: u8) { delete this.flags[key]; }
            view has(key: u8): bool { return this.flags.has(key); }
            view late(): bool { return block.time > 1_000 && block.number >= 1; }
        }";
    let mut sum = Contract::deploy(text, &[&3_u32.to_le_bytes()]);
    assert_eq!(sum.done(BOB, "add", &[]), 9_u32.to_le_bytes());
    assert_eq!(sum.done(BOB, "add", &[]), 12_u32.to_le_bytes());
    assert_eq!(sum.call(BOB, 0, "cheat", &[]), error(4, &[]));
    for _ in 0..2 {
        sum.done(BOB, "add", &[]);
    }
    assert_eq!(
        sum.call(BOB, 0, "add", &[]),
        error(4, &[]),
        "the invariant holds"
    );
    assert_eq!(
        sum.done(BOB, "sum", &[&4_u32.to_le_bytes()]),
        7_u32.to_le_bytes()
    );
    assert_eq!(
        sum.done(BOB, "sum", &[&50_u32.to_le_bytes()]),
        62_u32.to_le_bytes()
    );
    assert_eq!(sum.done(BOB, "kind", &[&[0xff]]), [1]);
    assert_eq!(sum.done(BOB, "kind", &[&[0]]), [2]);
    assert_eq!(sum.done(BOB, "kind", &[&[5]]), [3]);
    assert_eq!(sum.done(BOB, "even", &[&4_u32.to_le_bytes()]), [1]);
    assert_eq!(
        sum.call(BOB, 0, "even", &[&5_u32.to_le_bytes()]),
        error(OWN, &[&5_u32.to_le_bytes()])
    );
    sum.done(BOB, "mark", &[&[4]]);
    assert_eq!(sum.done(BOB, "marked", &[&[4]]), [1]);
    sum.done(BOB, "clear", &[&[4]]);
    assert_eq!(sum.done(BOB, "has", &[&[4]]), [0]);
    assert_eq!(sum.call(BOB, 0, "mark", &[&[9]]), error(4, &[]));
    assert_eq!(sum.done(BOB, "late", &[]), [1]);
}

#[test]
fn what_cannot_be_built_is_said_at_its_place() {
    let text = "contract A {\n    pure power(base: u64, exponent: u32): u64 {\n        return base ** exponent;\n    }\n}\n";
    let source = Source {
        path: "example.bit".to_owned(),
        text: text.as_bytes().to_vec(),
    };
    let findings = build(&[source]).unwrap_err();
    let list = findings[0].1.list();
    assert!(list.iter().all(|one| one.code == Code::NotBuilt));
    support::snapshot(
        "tests/snapshots/B0801.txt",
        &render(&list[0], "example.bit", text.as_bytes()),
    );
    let source = Source {
        path: "example.bit".to_owned(),
        text: b"abstract contract A {}\n".to_vec(),
    };
    let findings = build(std::slice::from_ref(&source)).unwrap_err();
    assert_eq!(findings[0].1.list()[0].code, Code::NoContract);
    support::snapshot(
        "tests/snapshots/B0802.txt",
        &render(&findings[0].1.list()[0], "example.bit", &source.text),
    );
}

#[test]
fn two_methods_are_not_called_by_the_same_bytes() {
    let text = "contract A { view a(): bool { return true; } @selector(\"a\") view b(): bool { return false; } }";
    let source = Source {
        path: "example.bit".to_owned(),
        text: text.as_bytes().to_vec(),
    };
    let findings = build(&[source]).unwrap_err();
    assert_eq!(
        findings[0].1.list()[0].message,
        "`b` has the selector of `a`"
    );
}

#[test]
fn metadata_stays_as_it_was_read() {
    support::snapshot("tests/snapshots/flipper.json", &built(FLIPPER).metadata);
    support::snapshot("tests/snapshots/token.json", &built(TOKEN).metadata);
}

const WIDTHS: [&str; 10] = [
    "u8", "u16", "u32", "u64", "u128", "u256", "i8", "i16", "i32", "i64",
];

/// A contract with the operators of a type.
fn calculator(ty: &str) -> String {
    let mut methods = String::new();
    let wide = matches!(ty, "u128" | "u256");
    let operators: &[(&str, &str)] = &[
        ("add", "+"),
        ("sub", "-"),
        ("mul", "*"),
        ("div", "/"),
        ("rem", "%"),
        ("wadd", "+%"),
        ("wsub", "-%"),
        ("wmul", "*%"),
    ];
    for (name, operator) in operators.iter().take(if wide { 5 } else { 8 }) {
        methods += &format!("pure {name}(a: {ty}, b: {ty}): {ty} {{ return a {operator} b; }}\n");
    }
    for (name, operator) in [
        ("lt", "<"),
        ("le", "<="),
        ("eq", "==="),
        ("ne", "!=="),
        ("gt", ">"),
        ("ge", ">="),
    ] {
        methods += &format!("pure {name}(a: {ty}, b: {ty}): bool {{ return a {operator} b; }}\n");
    }
    if ty.starts_with('u') {
        for way in ["Down", "Up"] {
            methods += &format!(
                "pure mulDiv{way}(a: {ty}, b: {ty}, c: {ty}): {ty} {{ return mulDiv(a, b, c, Rounding.{way}); }}\n"
            );
        }
    }
    for to in WIDTHS {
        methods += &format!("pure low_{to}(a: {ty}): {to} {{ return a as% {to}; }}\n");
        methods += &format!("pure to_{to}(a: {ty}): {to} {{ return a as {to}; }}\n");
    }
    format!("contract Calculator {{ {methods} }}")
}

fn bits(ty: &str) -> u32 {
    ty[1..].parse().unwrap()
}

fn range(ty: &str) -> (BigInt, BigInt) {
    let power = |bits: u32| BigInt::from(1) << bits;
    if ty.starts_with('i') {
        (-power(bits(ty) - 1), power(bits(ty) - 1) - 1)
    } else {
        (BigInt::ZERO, power(bits(ty)) - 1)
    }
}

fn encode(value: &BigInt, ty: &str) -> Vec<u8> {
    let modulus = BigInt::from(1) << bits(ty);
    let (_, mut bytes) = (((value % &modulus) + &modulus) % &modulus).to_bytes_le();
    bytes.resize(bits(ty) as usize / 8, 0);
    bytes
}

/// A number near an end of a range, near zero, or anywhere.
fn interesting(ty: &str, seed: u64, kind: u8) -> BigInt {
    let (least, most) = range(ty);
    let near = BigInt::from(seed % 4);
    match kind % 5 {
        0 => least + near,
        1 => most - near,
        2 => near,
        3 => BigInt::from(seed) % (&most + 1),
        _ => {
            (BigInt::from(seed) * BigInt::from(seed) * BigInt::from(seed) * BigInt::from(seed))
                % (&most + 1)
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Every operator gives what mathematics gives, or fails when that does not fit.
    #[test]
    fn arithmetic_is_that_of_mathematics(seeds in proptest::collection::vec((any::<u64>(), any::<u64>(), any::<u8>(), any::<u8>()), 12)) {
        for ty in WIDTHS {
            let mut contract = Contract::deploy(&calculator(ty), &[]);
            for (first, second, one, other) in &seeds {
                let (a, b) = (interesting(ty, *first, *one), interesting(ty, *second, *other));
                let (least, most) = range(ty);
                let fits = |value: &BigInt| *value >= least && *value <= most;
                let zero = b == BigInt::ZERO;
                let arguments = [encode(&a, ty), encode(&b, ty)];
                let arguments: Vec<&[u8]> = arguments.iter().map(Vec::as_slice).collect();
                let exact = [
                    ("add", Some(&a + &b)),
                    ("sub", Some(&a - &b)),
                    ("mul", Some(&a * &b)),
                    ("div", (!zero).then(|| &a / &b)),
                    ("rem", (!zero).then(|| &a % &b)),
                ];
                let wide = bits(ty) > 64;
                for (name, value) in exact {
                    let found = contract.call(ALICE, 0, name, &arguments);
                    match value.filter(|value| fits(value)) {
                        Some(value) => prop_assert_eq!(found, Outcome::Done([vec![0, 0], encode(&value, ty)].concat()), "{} {} {} {}", ty, a, name, b),
                        None => prop_assert_eq!(found, error(0, &[]), "{} {} {} {}", ty, a, name, b),
                    }
                }
                if !wide {
                    for (name, value) in [("wadd", &a + &b), ("wsub", &a - &b), ("wmul", &a * &b)] {
                        prop_assert_eq!(contract.done(ALICE, name, &arguments), encode(&value, ty), "{} {} {} {}", ty, a, name, b);
                    }
                }
                if least == BigInt::ZERO {
                    let three = [&a, &b, &interesting(ty, first ^ second, one ^ other)];
                    let [a, b, c] = three;
                    let arguments = three.map(|number| encode(number, ty));
                    let arguments: Vec<&[u8]> = arguments.iter().map(Vec::as_slice).collect();
                    for (way, more) in [("Down", BigInt::ZERO), ("Up", c - 1)] {
                        let found = contract.call(ALICE, 0, &format!("mulDiv{way}"), &arguments);
                        let value = (*c != BigInt::ZERO).then(|| (a * b + more) / c);
                        match value.filter(|value| fits(value)) {
                            Some(value) => prop_assert_eq!(found, Outcome::Done([vec![0, 0], encode(&value, ty)].concat()), "{} {} * {} / {} {}", ty, a, b, c, way),
                            None => prop_assert_eq!(found, error(0, &[]), "{} {} * {} / {} {}", ty, a, b, c, way),
                        }
                    }
                }
                for (name, truth) in [("lt", a < b), ("le", a <= b), ("eq", a == b), ("ne", a != b), ("gt", a > b), ("ge", a >= b)] {
                    prop_assert_eq!(contract.done(ALICE, name, &arguments), [u8::from(truth)], "{} {} {} {}", ty, a, name, b);
                }
                for to in WIDTHS {
                    let (least, most) = range(to);
                    let low = contract.done(ALICE, &format!("low_{to}"), &arguments[..1]);
                    prop_assert_eq!(low, encode(&a, to), "{} {} as% {}", ty, a, to);
                    let name = format!("to_{to}");
                    let found = contract.call(ALICE, 0, &name, &arguments[..1]);
                    if a >= least && a <= most {
                        prop_assert_eq!(found, Outcome::Done([vec![0, 0], encode(&a, to)].concat()), "{} {} as {}", ty, a, to);
                    } else {
                        prop_assert_eq!(found, error(0, &[]), "{} {} as {}", ty, a, to);
                    }
                }
            }
        }
    }
}
