//! Ways to be a relay.

use parlance_primitives::{
    AccountId,
    relay::{
        self, Delivered, LatencyClass, Leaf, Opened, Period, ReceiptLeaf, Root, TicketLeaf, verify,
    },
};
use std::collections::BTreeSet;

use crate::tests::{mock::*, people::*, world::*};

/// What a relay claims for a period.
pub struct Plan {
    pub book: Book,
    /// By how much the roots say more than the trees.
    pub inflation: u64,
    /// Accounts whose leaves are false.
    pub lies: BTreeSet<AccountId>,
}

impl Plan {
    pub fn honest(book: Book) -> Self {
        Self {
            book,
            inflation: 1,
            lies: BTreeSet::new(),
        }
    }
}

/// What a relay knows when it makes up its mind.
pub struct View<'a> {
    pub node: &'a Node,
    /// Everybody who may sign something for it.
    pub people: &'a [Person],
    /// The period that ended a moment ago, for which it claims.
    pub period: Period,
    /// What it held of the period before that.
    pub last: Option<Book>,
}

/// A way to be a relay.
pub trait Actor {
    /// What it claims, holding an honest `book`.
    fn plan(&self, view: &View, book: Book) -> Plan;

    /// Whether it opens at all.
    fn answers(&self) -> bool {
        true
    }
}

/// Claims what it holds.
pub struct Honest;

impl Actor for Honest {
    fn plan(&self, _: &View, book: Book) -> Plan {
        Plan::honest(book)
    }
}

/// Doubles what every third sender and recipient signed.
pub struct Inventor;

impl Actor for Inventor {
    fn plan(&self, _: &View, book: Book) -> Plan {
        let mut plan = Plan::honest(book);
        for leaf in plan.book.tickets.iter_mut().step_by(3) {
            leaf.counted *= 2;
            leaf.bytes *= 2;
            plan.lies.insert(leaf.sender.clone());
        }
        for leaf in plan.book.receipts.iter_mut().step_by(3) {
            leaf.counted *= 2;
            leaf.delivered.direct *= 2;
            plan.lies.insert(leaf.recipient.clone());
        }
        plan
    }
}

/// Takes tickets of senders who were not drawn for it: real ones, of its friends.
pub struct PoacherOfTickets;

impl Actor for PoacherOfTickets {
    fn plan(&self, view: &View, book: Book) -> Plan {
        let mut plan = Plan::honest(book);
        let own: BTreeSet<_> = plan
            .book
            .tickets
            .iter()
            .map(|leaf| leaf.sender.clone())
            .collect();
        for person in view.people.iter().filter(|one| !own.contains(&one.id)) {
            let ticket = person.ticket(&view.node.id, view.period, 30_000);
            plan.lies.insert(person.id.clone());
            plan.book.tickets.push(ticket);
        }
        // Receipts cost its friends nothing.
        for leaf in &mut plan.book.receipts {
            if let Some(person) = view.people.iter().find(|one| one.id == leaf.recipient) {
                *leaf = person.receipt(&view.node.id, view.period, leaf.counted * 3);
            }
        }
        plan
    }
}

/// Lets its senders sign for ten times their cap and counts it.
pub struct OverCap;

impl Actor for OverCap {
    fn plan(&self, view: &View, book: Book) -> Plan {
        let mut plan = Plan::honest(book);
        for leaf in &mut plan.book.tickets {
            if let Some(person) = view.people.iter().find(|one| one.id == leaf.sender) {
                *leaf = person.ticket(&view.node.id, view.period, usual_cap() * 10);
                plan.lies.insert(person.id.clone());
            }
        }
        for leaf in &mut plan.book.receipts {
            if let Some(person) = view.people.iter().find(|one| one.id == leaf.recipient) {
                *leaf = person.receipt(&view.node.id, view.period, leaf.counted * 20);
            }
        }
        plan
    }
}

/// Shows the receipts of the period before again, and delivers nothing.
pub struct Reuser;

impl Actor for Reuser {
    fn plan(&self, view: &View, book: Book) -> Plan {
        let mut plan = Plan::honest(book);
        if let Some(last) = &view.last {
            plan.book.receipts.clone_from(&last.receipts);
            let lies = plan.book.receipts.iter().map(|leaf| leaf.recipient.clone());
            plan.lies = lies.collect();
        }
        plan
    }
}

/// Invents a hundred times what it holds, and never opens.
pub struct Silent;

impl Actor for Silent {
    fn plan(&self, _: &View, book: Book) -> Plan {
        Plan {
            inflation: 100,
            ..Plan::honest(book)
        }
    }

    fn answers(&self) -> bool {
        false
    }
}

/// Commits to honest trees with sums that are twice as large, and tries to open them.
pub struct WrongSums;

impl Actor for WrongSums {
    fn plan(&self, _: &View, book: Book) -> Plan {
        Plan {
            inflation: 2,
            ..Plan::honest(book)
        }
    }
}

/// Adds as many senders and recipients again that nobody has ever heard of.
pub struct Conjurer;

impl Actor for Conjurer {
    fn plan(&self, view: &View, book: Book) -> Plan {
        let mut plan = Plan::honest(book);
        let ghosts = (0..).map(|n| Person::of(&format!("ghost{n}")));
        let mine: Vec<_> = ghosts
            .filter(|one| is_drawn(view, one) && is_near(view, one))
            .take(plan.book.tickets.len())
            .collect();
        for ghost in mine {
            let (id, period) = (&view.node.id, view.period);
            plan.book.tickets.push(ghost.ticket(id, period, 30_000));
            plan.book.receipts.push(ghost.receipt(id, period, 60_000));
        }
        plan
    }
}

/// Senders of its own, with deposits, that send junk to each other, as fast as can be.
pub struct Ring;

/// Identities of a ring.
pub const RING: u32 = 24;

impl Actor for Ring {
    fn plan(&self, view: &View, book: Book) -> Plan {
        let mut plan = Plan::honest(book);
        let (id, period) = (&view.node.id, view.period);
        for member in crowd("ring", RING) {
            if is_drawn(view, &member) {
                let junk = member.ticket_of(id, period, usual_cap(), LatencyClass(0));
                plan.book.tickets.push(junk);
            }
            if is_near(view, &member) {
                let bytes = usual_cap() * 2;
                let delivered = Delivered {
                    mailbox_epoch: 0,
                    direct: bytes,
                    fanned: 0,
                    latency: LatencyClass(0),
                };
                let receipt = member.receipt_of(id, period, bytes, delivered);
                plan.book.receipts.push(receipt);
            }
        }
        plan
    }
}

/// Whether the view's relay was drawn for somebody in its period.
fn is_drawn(view: &View, person: &Person) -> bool {
    let record = crate::Periods::<Test>::get(view.period).unwrap();
    let roster = crate::Rosters::<Test>::get(view.period / ROSTER);
    let own = view
        .node
        .name()
        .and_then(|name| roster.binary_search(&name).ok());
    let places = relay::ingress_places(&record.seed, view.period, &person.id, roster.len() as u32);
    own.is_some_and(|own| places.contains(&(own as u32)))
}

/// Whether the view's relay is near where somebody's mailbox would be.
fn is_near(view: &View, person: &Person) -> bool {
    let roster = crate::Rosters::<Test>::get(view.period / ROSTER);
    let mailbox = relay::mailbox_of(&person.id, 0);
    let near = |name| relay::is_near(&roster, name, mailbox, relay::MAILBOX);
    view.node.name().is_some_and(near)
}

/// Whether something false is among the leaves that are drawn: what a cheater looks at before it
/// decides to be silent.
pub fn is_caught(node: &Node, period: Period, lies: &BTreeSet<AccountId>) -> bool {
    let trees = &node.kept[&period];
    let (tickets, receipts) = Relays::challenge(&node.id, period).unwrap();
    let senders = drawn(
        &trees.tickets.root(),
        &tickets,
        &trees.tickets.open(&tickets),
    );
    let recipients = drawn(
        &trees.receipts.root(),
        &receipts,
        &trees.receipts.open(&receipts),
    );
    let senders = senders
        .iter()
        .map(|one: &Opened<TicketLeaf<AccountId>>| &one.leaf.sender);
    let recipients = recipients
        .iter()
        .map(|one: &Opened<ReceiptLeaf<AccountId>>| &one.leaf.recipient);
    senders
        .chain(recipients)
        .any(|account| lies.contains(account))
}

fn drawn<L: Leaf>(root: &Root, drawn: &[u64], mut opening: &[u8]) -> Vec<Opened<L>> {
    verify(root, drawn, &mut opening).unwrap()
}
