//! A chain of this runtime, people with identities, and relays whose processes die.

mod chain;
mod people;

use std::collections::BTreeMap;

use parlance_primitives::{
    Balance, BlockNumber, UNIT,
    relay::{Agenda, Period, RelayId},
};
use parlance_relay_claims::{Books, Files, GivenUp, Occasion, Owner};
use parlance_runtime::{AccountId, Relay, System, genesis::account};
use rand::{Rng, SeedableRng, rngs::StdRng};

use chain::{Chain, Said};
use people::Person;

const PEOPLE: u32 = 14;
const RELAYS: u32 = 6;

/// What goes wrong, in thousandths per occasion.
#[derive(Clone, Copy, Debug)]
pub struct Faults {
    pub killed: u32,
    pub lost_transaction: u32,
    pub missed_block: u32,
    pub revoked: u32,
    pub second_host: bool,
    /// Somebody signs for bytes that it never got, and gives up the device by which it did once that is claimed.
    pub boaster: bool,
}

impl Faults {
    pub fn none() -> Self {
        Self {
            killed: 0,
            lost_transaction: 0,
            missed_block: 0,
            revoked: 0,
            second_host: false,
            boaster: false,
        }
    }

    pub fn many() -> Self {
        Self {
            killed: 100,
            lost_transaction: 200,
            missed_block: 100,
            revoked: 10,
            second_host: false,
            boaster: false,
        }
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    pub claims: u32,
    /// Claims that needed an opening, of periods that are closed.
    pub closed_claims: u32,
    pub proven: u32,
    pub falsified: u32,
    pub silent: u32,
    pub paid: Balance,
    pub payable: Balance,
    pub left: Balance,
    pub given_up: Vec<(Period, GivenUp)>,
}

struct Node {
    account: AccountId,
    folder: tempfile::TempDir,
    books: Books<Files>,
}

impl Node {
    fn new(index: u32) -> Self {
        let account = account(&format!("//Relay{index}"));
        let folder = tempfile::tempdir().unwrap();
        let books = books(&account, &folder);
        Self {
            account,
            folder,
            books,
        }
    }

    /// The process dies; what was not flushed is gone.
    fn restart(&mut self) {
        self.books = books(&self.account, &self.folder);
    }

    fn id(&self) -> Option<RelayId> {
        pallet_relay::Relays::<parlance_runtime::Runtime>::get(&self.account)?.id
    }

    fn agenda(&self) -> Agenda {
        Relay::agenda(&self.account).unwrap()
    }
}

fn books(account: &AccountId, folder: &tempfile::TempDir) -> Books<Files> {
    let owner = Owner {
        genesis: System::block_hash(0),
        account: account.clone(),
    };
    Books::open(owner, Files::open(folder.path()).unwrap()).unwrap()
}

/// Runs so many periods after the first roster.
pub fn run(seed: u64, faults: Faults, periods: u32) -> Outcome {
    chain::started("fast-4").execute_with(|| run_inside(seed, faults, periods))
}

fn run_inside(seed: u64, faults: Faults, periods: u32) -> Outcome {
    let mut chance = StdRng::seed_from_u64(seed);
    let chain = Chain::new(seed);
    let mut people: Vec<Person> = (0..PEOPLE).map(Person::new).collect();
    chain.begin_block(1);
    people.iter().for_each(|person| person.registers(UNIT));
    let mut nodes: Vec<Node> = (0..RELAYS).map(Node::new).collect();
    nodes.iter().for_each(|node| chain::register(&node.account));
    // Another process with the key of the first relay, which sees other tickets.
    let mut second = faults.second_host.then(|| Node {
        account: nodes[0].account.clone(),
        ..Node::new(RELAYS)
    });
    if let Some(second) = &mut second {
        second.restart();
    }
    let mut boaster = faults.boaster.then(|| Person::new(PEOPLE));
    boaster.iter().for_each(|person| person.registers(UNIT));
    let mut outcome = Outcome::default();
    let mut paid_periods = BTreeMap::new();
    let end: BlockNumber = chain.first_block(chain.roster() + periods);
    for number in 2..end {
        let hit = |chance: &mut StdRng, parts: u32| chance.gen_range(0..1_000) < parts;
        chain.begin_block(number);
        note(&mut outcome, &mut paid_periods);
        for person in &mut people {
            if hit(&mut chance, faults.revoked) {
                person.revokes(number);
            }
            person.chats(&mut chance, &mut nodes, second.as_mut());
        }
        if let Some(boaster) = &mut boaster {
            let period = Relay::period();
            if period.is_multiple_of(2) {
                boaster.boasts(&mut nodes);
            } else if number + 1 == chain.first_block(period + 1) {
                boaster.revokes(number);
            }
        }
        let hosts = nodes.iter_mut().chain(second.as_mut());
        for node in hosts {
            if hit(&mut chance, faults.killed) {
                node.restart();
            }
            node.books.flush().unwrap();
            if hit(&mut chance, faults.missed_block) {
                continue;
            }
            // By the state after the block before, into this one.
            let agenda = node.agenda();
            let next = number + 1;
            let plan = node.books.plan(next, &agenda, &chain).unwrap();
            outcome.given_up.extend(plan.given_up);
            for deed in plan.deeds {
                if !hit(&mut chance, faults.lost_transaction) {
                    chain.queue(node.account.clone(), deed);
                }
            }
            outcome.given_up.extend(node.books.forget(&agenda).unwrap());
        }
    }
    outcome.payable = paid_periods.values().map(|(payable, _)| payable).sum();
    outcome.left = paid_periods.values().map(|(_, left)| left).sum();
    outcome
}

/// Counts what the chain said in this block, and takes the pay of closed periods down.
fn note(outcome: &mut Outcome, pools: &mut BTreeMap<Period, (Balance, Balance)>) {
    for said in chain::said() {
        match said {
            Said::Claimed => outcome.claims += 1,
            Said::Proven => outcome.proven += 1,
            Said::Falsified => outcome.falsified += 1,
            Said::Silent => outcome.silent += 1,
            Said::Paid(amount) => outcome.paid += amount,
        }
    }
    outcome.closed_claims = outcome.proven + outcome.falsified + outcome.silent;
    for (period, pool) in chain::pools() {
        pools.insert(period, (pool.payable, pool.left));
    }
}

impl Node {
    /// The setting of the running period, for what people sign now.
    fn occasion<T>(
        &mut self,
        take: impl FnOnce(&mut Books<Files>, &Occasion<'_>) -> T,
    ) -> Option<T> {
        let id = self.id()?;
        let period = Relay::period();
        let setting = Relay::setting(period)?;
        let occasion = Occasion {
            period,
            id,
            setting: &setting,
        };
        Some(take(&mut self.books, &occasion))
    }
}
