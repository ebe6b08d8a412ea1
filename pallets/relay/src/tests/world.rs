//! Relays that keep books, claim and open.

use frame_support::{assert_ok, dispatch::DispatchResultWithPostInfo, traits::fungible::Mutate};
use parlance_primitives::{
    AccountId, Balance, UNIT,
    relay::{DayAllowance, Period, ReceiptLeaf, RelayId, Root, TicketLeaf, Tree, cap},
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use sp_core::ed25519;
use sp_runtime::DispatchError;
use std::collections::BTreeMap;

use super::{mock::*, people::*};
use crate::{Endpoint, Event, Periods, Relay};

/// Bytes in a gibibyte: everybody's capacity here.
pub const GIBIBYTE: u64 = 1 << 30;

/// What a relay holds at the end of a period.
#[derive(Clone, Default)]
pub struct Book {
    pub tickets: Vec<TicketLeaf<AccountId>>,
    pub receipts: Vec<ReceiptLeaf<AccountId>>,
}

impl Book {
    pub fn sums(&self) -> (u64, u64) {
        let sent = self.tickets.iter().map(|leaf| leaf.counted).sum();
        let received = self.receipts.iter().map(|leaf| leaf.counted).sum();
        (sent, received)
    }

    /// What it counts.
    pub fn counts(&self) -> u64 {
        let (sent, received) = self.sums();
        sent.min(received)
    }
}

/// The trees of a claim.
#[derive(Clone)]
pub struct Trees {
    pub tickets: Tree<TicketLeaf<AccountId>>,
    pub receipts: Tree<ReceiptLeaf<AccountId>>,
}

impl Trees {
    pub fn of(book: Book) -> Self {
        Self {
            tickets: Tree::new(book.tickets).unwrap(),
            receipts: Tree::new(book.receipts).unwrap(),
        }
    }

    pub fn roots(&self) -> (Root, Root) {
        (self.tickets.root(), self.receipts.root())
    }

    /// The opening at what is drawn for `relay`.
    pub fn open(&self, relay: &AccountId, period: Period) -> Vec<u8> {
        let (tickets, receipts) = Relays::challenge(relay, period).unwrap();
        [self.tickets.open(&tickets), self.receipts.open(&receipts)].concat()
    }
}

/// A relay.
#[derive(Clone)]
pub struct Node {
    pub id: AccountId,
    pub kept: BTreeMap<Period, Trees>,
}

impl Node {
    /// With tokens for any bond.
    pub fn of(name: &str) -> Self {
        let id = account(name);
        Balances::mint_into(&id, 10_000 * UNIT).unwrap();
        Self {
            id,
            kept: BTreeMap::new(),
        }
    }

    pub fn endpoint(&self) -> Endpoint {
        Endpoint {
            key: ed25519::Public::from_raw([7; 32]),
            address: b"relay.example:4433".to_vec().try_into().unwrap(),
        }
    }

    pub fn registers(self) -> Self {
        assert_ok!(Relays::register(self.origin(), self.endpoint(), GIBIBYTE));
        self
    }

    pub fn origin(&self) -> RuntimeOrigin {
        RuntimeOrigin::signed(self.id.clone())
    }

    pub fn record(&self) -> Relay {
        crate::Relays::<Test>::get(&self.id).unwrap()
    }

    pub fn name(&self) -> Option<RelayId> {
        crate::Relays::<Test>::get(&self.id).and_then(|relay| relay.id)
    }

    pub fn balance(&self) -> Balance {
        Balances::free_balance(&self.id)
    }

    /// Claims for the period before and keeps the trees.
    pub fn claims(&mut self, book: Book) -> DispatchResultWithPostInfo {
        let trees = Trees::of(book);
        let (tickets, receipts) = trees.roots();
        self.claims_roots(trees, tickets, receipts)
    }

    /// Claims roots that need not be those of the trees.
    pub fn claims_roots(
        &mut self,
        trees: Trees,
        tickets: Root,
        receipts: Root,
    ) -> DispatchResultWithPostInfo {
        let period = Relays::period() - 1;
        let outcome = Relays::claim(self.origin(), period, tickets, receipts);
        if outcome.is_ok() {
            self.kept.insert(period, trees);
        }
        outcome
    }

    pub fn opening(&self, period: Period) -> Vec<u8> {
        self.kept[&period].open(&self.id, period)
    }

    pub fn opens(&self, period: Period) -> DispatchResultWithPostInfo {
        self.sends(period, self.opening(period))
    }

    pub fn sends(&self, period: Period, opening: Vec<u8>) -> DispatchResultWithPostInfo {
        let opening = opening.try_into().unwrap();
        Relays::open(self.origin(), self.id.clone(), period, opening)
    }

    /// The error of an opening.
    pub fn refused(&self, period: Period, opening: Vec<u8>) -> DispatchError {
        self.sends(period, opening).unwrap_err().error
    }

    pub fn is_ingress_of(&self, person: &Person) -> bool {
        self.name()
            .is_some_and(|name| Relays::ingress_of(&person.id).contains(&name))
    }

    pub fn is_mailbox_of(&self, person: &Person) -> bool {
        self.name()
            .is_some_and(|name| Relays::mailbox_set_of(&person.id).contains(&name))
    }

    /// An honest period: tickets and receipts of those of `people` that are its to serve in the
    /// running one.
    pub fn serves(&self, people: &[Person], rng: &mut StdRng) -> Book {
        let period = Relays::period();
        let mut book = Book::default();
        for person in people {
            if self.is_ingress_of(person) {
                let cap = Relays::cap_of(&person.id);
                let bytes = rng.gen_range(cap / 4..=cap);
                if bytes > 0 {
                    book.tickets.push(person.ticket(&self.id, period, bytes));
                }
            }
            if self.is_mailbox_of(person) {
                let bytes = rng.gen_range(5_000..25_000);
                book.receipts.push(person.receipt(&self.id, period, bytes));
            }
        }
        book
    }
}

/// Relays in a roster that holds, in its first period, and people whom they serve.
pub fn town(relays: u32, people: u32) -> (Vec<Node>, Vec<Person>) {
    let nodes = (0..relays)
        .map(|n| Node::of(&format!("relay{n}")).registers())
        .collect();
    pass_to(ROSTER);
    (nodes, crowd("person", people))
}

/// Random numbers of a seed.
pub fn rng(seed: u64) -> StdRng {
    StdRng::seed_from_u64(seed)
}

/// A node of a town, what it served in the running period, and that period.
pub fn one_period(nodes: &[Node], people: &[Person]) -> (Node, Book, Period) {
    let node = nodes[0].clone();
    let book = node.serves(people, &mut rng(1));
    let period = Relays::period();
    pass_to(period + 1);
    (node, book, period)
}

/// Passes to where a claim made now can be opened.
pub fn pass_to_challenge() {
    let drawn = (now() / EPOCH + 2) * EPOCH;
    while now() < drawn {
        pass(1);
    }
}

/// The cap of somebody with more allowance than counts.
pub fn usual_cap() -> u64 {
    let record = Periods::<Test>::get(Relays::period()).unwrap();
    let allowance = DayAllowance {
        free: u64::MAX,
        bought: 0,
        backed: true,
        firm: true,
    };
    cap(&allowance, &record.rules)
}

/// A town, a relay that has claimed what `change` made of an honest period, and the period.
pub fn claimed(
    people: u32,
    change: impl FnOnce(&Node, &[Person], u32, &mut Book),
) -> (Node, Vec<Person>, u32) {
    let (nodes, people) = town(6, people);
    let (mut node, mut book, period) = one_period(&nodes, &people);
    change(&node, &people, period, &mut book);
    assert_ok!(node.claims(book));
    (node, people, period)
}

/// Bytes, speed and doubts of the claim that was proven in this block.
pub fn proven(node: &Node) -> (u64, u16, u32) {
    let found = events().into_iter().find_map(|event| match event {
        Event::Proven {
            relay,
            bytes,
            speed,
            doubts,
            ..
        } if relay == node.id => Some((bytes, speed, doubts)),
        _ => None,
    });
    found.expect("the claim is proven")
}
