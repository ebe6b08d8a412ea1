//! Each cheater against the chain.

use frame_support::assert_ok;
use parlance_primitives::{
    Balance, UNIT,
    relay::{Period, Root},
};
use std::collections::{BTreeMap, BTreeSet};

use super::actors::*;
use crate::tests::{mock::*, world::*};
use crate::{Carry, Event, Periods};

/// Relays, people, and periods of a run.
const NODES: u32 = 8;
const PEOPLE: u32 = 48;
const LENGTH: u32 = 8;
/// Cap of a sender with more allowance than counts.
const CAP: u64 = 40_000;

/// Whether a cheater opens what it knows to be false.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Temper {
    Bold,
    Shy,
}

/// What a run came to.
#[derive(Debug)]
struct Outcome {
    /// What the first relay earned.
    earned: Balance,
    /// What the others earned.
    others: Balance,
    /// Part of the first relay's bond that is left, in percent.
    bond: Balance,
    /// Claims of the first relay that were proven.
    proven: u32,
}

/// Lets the first relay be `actor` and all others honest.
fn play(actor: &dyn Actor, temper: Temper, seed: u64) -> Outcome {
    let mut outcome = None;
    new_test_ext().execute_with(|| {
        Salt::set(seed);
        let (mut nodes, people) = town(NODES, PEOPLE);
        let whole = nodes[0].record().bond;
        let before: Vec<_> = nodes.iter().map(Node::balance).collect();
        let mut lies = BTreeMap::new();
        let mut last = None;
        let first = Relays::period();
        let mut proven = 0;
        for period in first..first + LENGTH {
            let books: Vec<_> = nodes
                .iter()
                .enumerate()
                .map(|(n, node)| {
                    node.serves(&people, &mut rng(seed + u64::from(period) * 100 + n as u64))
                })
                .collect();
            pass_to(period + 1);
            for (n, book) in books.into_iter().enumerate() {
                if n > 0 {
                    assert_ok!(nodes[n].claims(book));
                    continue;
                }
                let held = book.clone();
                let view = View {
                    node: &nodes[0],
                    people: &people,
                    period,
                    last: last.replace(held),
                };
                let plan = actor.plan(&view, book);
                lies.insert(period, plan.lies.clone());
                claim(&mut nodes[0], plan);
            }
            proven += open_all(&nodes, actor, temper, &lies);
        }
        let end = first + LENGTH + OPENING + 2;
        while Relays::period() < end {
            pass(PERIOD / 2);
            proven += open_all(&nodes, actor, temper, &lies);
        }
        for node in &nodes {
            assert_ok!(Relays::collect(node.origin(), node.id.clone()));
        }
        Relays::check_invariants().unwrap();
        check_money();
        let earned: Vec<_> = nodes
            .iter()
            .zip(before)
            .map(|(node, before)| node.balance() - before)
            .collect();
        outcome = Some(Outcome {
            earned: earned[0],
            others: earned[1..].iter().sum(),
            bond: nodes[0].record().bond * 100 / whole,
            proven,
        });
    });
    outcome.unwrap()
}

fn claim(node: &mut Node, plan: Plan) {
    let trees = Trees::of(plan.book);
    let more = |root: Root| Root {
        bytes: root.bytes * plan.inflation,
        ..root
    };
    let (tickets, receipts) = trees.roots();
    assert_ok!(node.claims_roots(trees, more(tickets), more(receipts)));
}

/// Opens what is drawn; returns how many claims of the first relay were proven.
fn open_all(
    nodes: &[Node],
    actor: &dyn Actor,
    temper: Temper,
    lies: &BTreeMap<Period, BTreeSet<parlance_primitives::AccountId>>,
) -> u32 {
    let mut proven = 0;
    for (n, node) in nodes.iter().enumerate() {
        for pending in node.record().pending {
            let period = pending.period;
            if Relays::challenge(&node.id, period).is_none() {
                continue;
            }
            if n > 0 {
                assert_ok!(node.opens(period));
                continue;
            }
            let tells_the_truth = lies[&period].is_empty();
            let silent = temper == Temper::Shy
                && !tells_the_truth
                && is_caught(node, period, &lies[&period]);
            if actor.answers() && !silent {
                // One whose trees do not have the bytes that it claims is refused.
                let _ = node.opens(period);
                let is_proof = |event: &Event<Test>| {
                    matches!(event, Event::Proven { relay, period: of, bytes, .. }
                        if *relay == node.id && *of == period && *bytes > 0)
                };
                proven += u32::from(events().iter().any(is_proof));
            }
        }
    }
    proven
}

/// All that was minted is paid, waits, or keeps the pot alive: to the last unit.
fn check_money() {
    let left: Balance = Periods::<Test>::iter_values()
        .filter_map(|record| record.pool)
        .map(|pool| pool.left)
        .sum();
    assert_eq!(left, 0, "everybody has fetched");
    let payable: Balance = Periods::<Test>::iter_values()
        .filter_map(|record| record.pool)
        .map(|pool| pool.payable)
        .sum();
    assert_eq!(Minted::get(), payable + Carry::<Test>::get());
}

/// What an honest relay earns in the cheater's place.
fn honestly(seed: u64) -> Outcome {
    play(&Honest, Temper::Bold, seed)
}

#[test]
fn honest_relays_are_paid_for_every_byte() {
    for seed in 0..3 {
        let outcome = honestly(seed);
        assert_eq!(outcome.proven, LENGTH);
        assert_eq!(outcome.bond, 100);
        assert!(outcome.earned > 0);
        // Its part is about that of everybody else.
        let mean = outcome.others / Balance::from(NODES - 1);
        assert!(outcome.earned > mean / 2 && outcome.earned < mean * 2);
    }
}

/// Nobody else pays for a cheater, or gains by it, but for roundings: a unit per relay and period.
fn assert_same(one: Balance, other: Balance) {
    assert!(
        one.abs_diff(other) <= Balance::from(NODES * LENGTH),
        "{one} and {other}"
    );
}

/// Plays a cheater whose claims hold false leaves: opened, they cost the bond; withheld, the claim.
fn cheats(name: &str, actor: &dyn Actor) {
    for seed in 0..2 {
        let honest = honestly(seed);
        let bold = play(actor, Temper::Bold, seed);
        let shy = play(actor, Temper::Shy, seed);
        println!(
            "{name}: honest {}, bold {}, shy {}",
            honest.earned, bold.earned, shy.earned
        );
        assert!(bold.bond <= 50, "{name}: {bold:?}");
        assert!(
            bold.earned < honest.earned,
            "{name}: {bold:?} against {honest:?}"
        );
        assert_eq!(shy.bond, 100, "{name}: {shy:?}");
        assert!(
            shy.earned < honest.earned,
            "{name}: {shy:?} against {honest:?}"
        );
        assert_same(shy.others, honest.others);
    }
}

#[test]
fn invented_bytes_are_never_worth_it() {
    cheats("inventor", &Inventor);
}

#[test]
fn tickets_of_strangers_are_never_worth_it() {
    cheats("poacher", &PoacherOfTickets);
}

#[test]
fn tickets_over_the_cap_are_never_paid() {
    cheats("over cap", &OverCap);
    let outcome = play(&OverCap, Temper::Shy, 7);
    assert_eq!((outcome.earned, outcome.proven), (0, 0));
}

#[test]
fn receipts_of_yesterday_are_never_paid() {
    cheats("reuser", &Reuser);
    let outcome = play(&Reuser, Temper::Shy, 7);
    // Its first period was honest: there was nothing to show again.
    assert_eq!(outcome.proven, 1);
}

#[test]
fn who_is_silent_is_not_paid() {
    let outcome = play(&Silent, Temper::Bold, 0);
    assert_eq!((outcome.earned, outcome.proven, outcome.bond), (0, 0, 100));
    assert_same(outcome.others, honestly(0).others);
}

#[test]
fn sums_that_are_wrong_cannot_be_proven() {
    for seed in 0..2 {
        let outcome = play(&WrongSums, Temper::Bold, seed);
        assert_eq!((outcome.earned, outcome.proven), (0, 0));
        assert_same(outcome.others, honestly(seed).others);
    }
}

#[test]
fn accounts_that_nobody_knows_are_worth_less_than_nothing() {
    for seed in 0..3 {
        let honest = honestly(seed);
        let conjured = play(&Conjurer, Temper::Bold, seed);
        println!(
            "conjurer: honest {}, with ghosts {}",
            honest.earned, conjured.earned
        );
        assert!(
            conjured.earned < honest.earned,
            "{conjured:?} against {honest:?}"
        );
    }
}

#[test]
fn a_ring_is_paid_less_than_its_deposits_cost() {
    // An eighth of the relays is less than the sixth from which on it pays.
    for seed in 0..3 {
        let honest = honestly(seed);
        let ring = play(&Ring, Temper::Bold, seed);
        assert_eq!(
            (ring.bond, ring.proven),
            (100, LENGTH),
            "the chain cannot tell"
        );
        let more = ring.earned - honest.earned;
        // Interest of 5 % a year on a tenth of a token each, for as long as this took.
        let year = Balance::from(365 * DAY);
        let cost = Balance::from(RING) * (UNIT / 10) * Balance::from(LENGTH) / (20 * year);
        println!("ring: earns {more} more, for deposits that cost {cost}");
        assert!(more > 0 && more < cost);
        // Never more than half of what its bytes cost others.
        let bytes = Balance::from(RING) * Balance::from(LENGTH) * Balance::from(CAP);
        assert!(more <= bytes * Price::get() / (2 << 20));
    }
}
