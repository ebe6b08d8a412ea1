//! What is built does what the interpreter says: programs made up from seeds, called with made up arguments, leave the same
//! results, storage, balances and events. `BITUP_PROGRAMS` says how many, `BITUP_SEED` where they begin.

mod programs;
#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use bitup_compiler::{
    Source,
    build::Contract,
    contracts,
    interpret::{Asked, Ended, Refusal, Value, World, enter, wrapped},
    ir::{Entry, Shape},
};
use bitup_local::{Account, Chain, Event, Outcome, State};
use num_bigint::{BigInt, Sign};
use programs::{Maker, Seeded};
use std::collections::BTreeMap;
use support::{ALICE, BOB, CONTRACT, shown, validated};

/// Steps that the interpreter may take in one call; made up programs have short loops.
const STEPS: u64 = 10_000_000;

/// The account of the contract that made up ones call.
const OTHER: Account = [3; 32];

/// A chain's side for the interpreter.
#[derive(Clone)]
struct Beside<'c> {
    contracts: &'c BTreeMap<Account, Contract>,
    address: Account,
    state: State,
    caller: Account,
    value: u128,
    block: u32,
    time: u64,
}

impl World for Beside<'_> {
    fn block(&self) -> u32 {
        self.block
    }

    fn time(&self) -> u64 {
        self.time
    }

    fn balance(&self, who: &Account) -> u128 {
        self.state.balance(who)
    }

    fn read(&mut self, key: &[u8]) -> Option<Vec<u8>> {
        let place = (self.address, key.to_vec());
        self.state.storage.get(&place).cloned()
    }

    fn write(&mut self, key: &[u8], value: Option<&[u8]>) {
        let place = (self.address, key.to_vec());
        match value {
            Some(value) => self.state.storage.insert(place, value.to_vec()),
            None => self.state.storage.remove(&place),
        };
    }

    fn sender(&self) -> Account {
        self.caller
    }

    fn received(&self) -> u128 {
        self.value
    }

    fn address(&self) -> Account {
        self.address
    }

    fn event(&mut self, topics: &[u8], data: &[u8]) {
        self.state.events.push(Event {
            contract: self.address,
            topics: topics.to_vec(),
            data: data.to_vec(),
        });
    }

    fn transfer(&mut self, to: &Account, amount: u128) -> bool {
        self.state.transfer(self.address, *to, amount)
    }

    fn call(&mut self, to: &Account, call: Asked) -> Result<Vec<u8>, Refusal> {
        let mut inner = self.clone();
        inner.address = *to;
        let refused = |output| Refusal {
            error: String::new(),
            shown: String::new(),
            output,
        };
        if !self.contracts.contains_key(to) {
            return Err(refused(Vec::new()));
        }
        if self.state.balance(&self.address) < call.value {
            return Err(refused(Vec::new()));
        }
        match inner.enter(false, self.address, call.value, &call.input) {
            Outcome::Done(output) if output.starts_with(&[0, 0]) => {
                self.state = inner.state;
                Ok(output[2..].to_vec())
            }
            Outcome::Undone(output) => Err(refused(output)),
            _ => Err(refused(Vec::new())),
        }
    }
}

impl Beside<'_> {
    /// A call; what is undone leaves nothing.
    fn enter(&mut self, deploy: bool, caller: Account, value: u128, input: &[u8]) -> Outcome {
        let mut after = self.clone();
        (after.caller, after.value) = (caller, value);
        assert!(after.state.transfer(caller, self.address, value));
        let module = &self.contracts[&self.address].module;
        let ended = enter(module, &mut after, deploy, input, STEPS);
        match ended.expect("made up programs end") {
            Ended::Done(output) => {
                self.state = after.state;
                Outcome::Done(output)
            }
            Ended::Undone(output) => Outcome::Undone(output),
        }
    }
}

fn value(seeded: &mut Seeded, shape: &Shape) -> Value {
    let bytes: Vec<u8> = (0..4).flat_map(|_| seeded.next().to_le_bytes()).collect();
    let number = match seeded.below(4) {
        0 => BigInt::from(seeded.below(12)),
        1 => BigInt::from(-1),
        2 => BigInt::from(seeded.next()),
        _ => BigInt::from_bytes_le(Sign::Plus, &bytes),
    };
    match shape {
        Shape::Unit => Value::Unit,
        Shape::Bool => Value::Bool(seeded.chance(2)),
        Shape::Choice(count) => Value::Number(seeded.below(usize::from(*count)).into()),
        Shape::Bytes { text } => {
            let letters = (0..seeded.below(5)).map(|_| *seeded.one(&["a", "b", "é", "🜁"]));
            let made = letters.collect::<String>().into_bytes();
            Value::Bytes(if *text {
                made
            } else {
                [&[0xff][..], &made[..]].concat()
            })
        }
        Shape::List(item) => {
            let length = seeded.below(4);
            Value::Parts((0..length).map(|_| value(seeded, item)).collect())
        }
        Shape::Row(item, count) => Value::Parts((0..*count).map(|_| value(seeded, item)).collect()),
        Shape::Record(fields) => {
            Value::Parts(fields.iter().map(|one| value(seeded, one)).collect())
        }
        Shape::Union { variants, .. } => {
            let number = seeded.below(variants.len());
            let fields = variants[number].iter().map(|one| value(seeded, one));
            Value::Variant(number, fields.collect())
        }
        Shape::Wide { number: false, .. } => {
            Value::Bytes([ALICE, BOB, CONTRACT, [1; 32]][seeded.below(4)].to_vec())
        }
        _ => Value::Number(wrapped(shape, &number).unwrap()),
    }
}

fn input(seeded: &mut Seeded, contract: &Contract, entry: &Entry) -> Vec<u8> {
    let mut input = entry.selector.to_vec();
    let function = &contract.module.functions[entry.function];
    for shape in &function.locals[..function.parameters] {
        input.extend(value(seeded, shape).encode(shape));
    }
    // Now and then something is missing, or a byte is another one.
    if seeded.chance(20) {
        input.pop();
    } else if seeded.chance(20) {
        let at = seeded.below(input.len());
        input[at] ^= 1 << seeded.below(8);
    }
    input
}

/// The text of a program, and its contracts by the accounts at which they will lie.
fn made(seed: u64) -> (String, BTreeMap<Account, Contract>) {
    let text = Maker::new(seed).program();
    let source = Source {
        path: "made.bit".to_owned(),
        text: text.clone().into_bytes(),
    };
    let contracts = match contracts(&[source]) {
        Ok((_, contracts)) => contracts.into_iter(),
        Err(findings) => panic!("seed {seed}\n{}\n{text}", shown(&findings)),
    };
    let place = |contract: Contract| match contract.module.name.as_str() {
        "Other" => (OTHER, contract),
        _ => (CONTRACT, contract),
    };
    (text, contracts.map(place).collect())
}

/// How often calls were done and undone.
#[derive(Default)]
struct Counts {
    done: u32,
    undone: u32,
}

fn compare(seed: u64, counts: &mut Counts) {
    let (text, contracts) = made(seed);
    let contract = &contracts[&CONTRACT];
    let mut chain = Chain::default();
    for who in [ALICE, BOB] {
        chain.state.balances.insert(who, 1_000);
    }
    let other = chain
        .upload(validated(&contracts[&OTHER].wasm))
        .expect("the chain takes it");
    let selector = contracts[&OTHER].module.constructor.selector;
    let there = chain.deploy(other, OTHER, BOB, 0, &selector);
    assert_eq!(there.outcome, Outcome::Done(vec![0, 0]));
    chain.state.balances.insert(CONTRACT, 0);
    let code = chain
        .upload(validated(&contract.wasm))
        .expect("the chain takes it");
    let mut beside = Beside {
        contracts: &contracts,
        address: CONTRACT,
        state: chain.state.clone(),
        caller: ALICE,
        value: 0,
        block: chain.block,
        time: chain.time,
    };
    let mut seeded = Seeded::new(!seed);
    let first = [
        contract.module.constructor.selector.to_vec(),
        seeded.next().to_le_bytes().to_vec(),
    ]
    .concat();
    let one = chain.deploy(code, CONTRACT, ALICE, 0, &first).outcome;
    let other = beside.enter(true, ALICE, 0, &first);
    assert_eq!(one, other, "seed {seed}: the constructor\n{text}");
    if !matches!(one, Outcome::Done(_)) {
        return;
    }
    beside.state.contracts.insert(CONTRACT, code);
    for number in 0..20 {
        let entry = &contract.module.messages[seeded.below(contract.module.messages.len())];
        let call = input(&mut seeded, contract, entry);
        let caller = if seeded.chance(2) { ALICE } else { BOB };
        let value = if entry.payable || seeded.chance(10) {
            seeded.below(30) as u128
        } else {
            0
        };
        if chain.state.balance(&caller) < value {
            continue;
        }
        let one = chain.call(CONTRACT, caller, value, &call).outcome;
        let other = beside.enter(false, caller, value, &call);
        let place = || format!("seed {seed}, call {number} of {}\n{text}", entry.name);
        assert_eq!(one, other, "{}", place());
        assert_eq!(chain.state, beside.state, "{}", place());
        match one {
            Outcome::Done(_) => counts.done += 1,
            _ => counts.undone += 1,
        }
    }
}

fn from_environment(name: &str, default: u64) -> u64 {
    let given = std::env::var(name).ok().and_then(|text| text.parse().ok());
    given.unwrap_or(default)
}

#[test]
fn code_does_what_the_interpreter_says() {
    let (first, count) = (
        from_environment("BITUP_SEED", 0),
        from_environment("BITUP_PROGRAMS", 200),
    );
    let mut counts = Counts::default();
    for seed in first..first + count {
        compare(seed, &mut counts);
    }
    println!(
        "{count} programs, {} calls done, {} undone",
        counts.done, counts.undone
    );
    // Programs that always fail would compare nothing.
    assert!(count < 50 || u64::from(counts.done.min(counts.undone)) > count / 2);
}

#[test]
fn the_same_program_gives_the_same_bytes() {
    for seed in 0..20 {
        let (_, one) = made(seed);
        let (_, other) = made(seed);
        assert_eq!(one[&CONTRACT].wasm, other[&CONTRACT].wasm, "seed {seed}");
    }
}
