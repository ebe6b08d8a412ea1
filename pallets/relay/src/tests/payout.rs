//! Who is paid what, to the last unit.

use frame_support::assert_ok;
use parlance_primitives::{Balance, UNIT};
use sp_runtime::Perbill;

use super::{mock::*, people::Person, world::*};
use crate::{Carry, Event, Parameters, Periods, core::pay::worth};

/// Lets all nodes serve, claim and open one period; returns it. Nothing else happens meanwhile.
fn serve(nodes: &mut [Node], people: &[Person], seed: u64) -> u32 {
    let period = Relays::period();
    let books: Vec<_> = nodes
        .iter()
        .map(|node| node.serves(people, &mut rng(seed)))
        .collect();
    pass_to(period + 1);
    for (node, book) in nodes.iter_mut().zip(books) {
        assert_ok!(node.claims(book));
    }
    pass_to_challenge();
    for node in nodes.iter() {
        assert_ok!(node.opens(period));
    }
    period
}

fn close(period: u32) -> Balance {
    pass_to(period + 2 + OPENING);
    Periods::<Test>::get(period).unwrap().pool.unwrap().payable
}

/// What all nodes fetch now.
fn fetch(nodes: &[Node]) -> Vec<Balance> {
    let fetched = nodes.iter().map(|node| {
        let before = node.balance();
        assert_ok!(Relays::collect(node.origin(), node.id.clone()));
        node.balance() - before
    });
    fetched.collect()
}

fn set(change: impl FnOnce(&mut Parameters)) {
    let mut rules = parameters();
    change(&mut rules);
    assert_ok!(Relays::set_parameters(RuntimeOrigin::root(), rules));
}

#[test]
fn a_period_pays_its_worth_to_the_last_unit() {
    run(|| {
        let (mut nodes, people) = town(6, 60);
        let period = serve(&mut nodes, &people, 1);
        let payable = close(period);
        let record = Periods::<Test>::get(period).unwrap();
        assert_eq!(
            payable,
            worth(record.work, Price::get(), Perbill::from_percent(50))
        );
        assert!(payable > 0);
        let paid = fetch(&nodes);
        assert!(paid.iter().all(|amount| *amount > 0));
        assert_eq!(paid.iter().sum::<Balance>(), payable);
        assert_eq!(Periods::<Test>::get(period).unwrap().pool.unwrap().left, 0);
        // All else that was minted keeps the pot alive.
        assert_eq!(Carry::<Test>::get(), LEAST);
        assert_eq!(Minted::get(), payable + LEAST);
        assert_eq!(fetch(&nodes), vec![0; 6], "once");
    });
}

#[test]
fn when_work_is_worth_more_than_is_released_all_of_it_is_paid() {
    run(|| {
        Price::set(1_000_000 * UNIT);
        Release::set(1_200 * UNIT + 7);
        let (mut nodes, people) = town(6, 60);
        // The whole of two periods that follow each other, as far as it is released.
        let before: Balance = nodes.iter().map(Node::balance).sum();
        let first = serve(&mut nodes, &people, 3);
        let second = serve(&mut nodes, &people, 4);
        let payable = close(first) + close(second);
        fetch(&nodes);
        let after: Balance = nodes.iter().map(Node::balance).sum();
        assert_eq!(after - before, payable);
        assert_eq!(Minted::get(), payable + LEAST);
        let left: Balance = Periods::<Test>::iter_values()
            .filter_map(|record| record.pool)
            .map(|pool| pool.left)
            .sum();
        assert_eq!(left, 0);
    });
}

#[test]
fn the_last_period_of_an_era_pays_all_that_is_left_of_it() {
    run(|| {
        Price::set(1_000_000 * UNIT);
        Release::set(1_200 * UNIT + 7);
        let (mut nodes, people) = town(6, 60);
        // Closed in the first block of the era's last period.
        pass_to(2 * ERA - 1 - 2 - OPENING);
        let period = serve(&mut nodes, &people, 1);
        assert_eq!(period + 2 + OPENING, 2 * ERA - 1);
        let payable = close(period);
        assert_eq!(Available::get(), 0);
        assert_eq!(payable, 1_200 * UNIT + 7 - LEAST);
        assert_eq!(fetch(&nodes).iter().sum::<Balance>(), payable);
    });
}

#[test]
fn an_earlier_period_leaves_their_part_to_those_that_follow() {
    run(|| {
        Price::set(1_000_000 * UNIT);
        let (mut nodes, people) = town(6, 60);
        let period = serve(&mut nodes, &people, 1);
        let payable = close(period);
        // It closes in the seventh of twelve periods.
        assert_eq!(Relays::period() % ERA, 6);
        assert_eq!(payable, 1_200 * UNIT / 6);
        assert_eq!(Available::get(), 1_200 * UNIT - payable - LEAST);
    });
}

#[test]
fn pay_goes_by_bytes_and_speed() {
    run(|| {
        let (mut nodes, people) = town(6, 60);
        let period = serve(&mut nodes, &people, 1);
        let payable = close(period);
        let record = Periods::<Test>::get(period).unwrap();
        for (node, paid) in nodes.iter().zip(fetch(&nodes)) {
            let bytes = {
                let trees = &node.kept[&period];
                trees.tickets.root().bytes.min(trees.receipts.root().bytes)
            };
            let exact = payable * u128::from(bytes) * 1_000 / record.work;
            assert!(paid == exact || paid == exact + 1, "{paid} of {exact}");
        }
    });
}

#[test]
fn one_relay_gets_so_much_at_most_and_the_rest_goes_to_later_periods() {
    run(|| {
        set(|rules| rules.most_per_relay = Perbill::from_percent(10));
        let (mut nodes, people) = town(6, 60);
        let period = serve(&mut nodes, &people, 1);
        let payable = close(period);
        let paid = fetch(&nodes);
        let most = Perbill::from_percent(10).mul_floor(payable);
        assert!(paid.iter().all(|amount| *amount == most));
        assert_eq!(Carry::<Test>::get(), LEAST);
        pass_to(period + 2 + OPENING + KEPT);
        assert_eq!(Periods::<Test>::get(period), None);
        assert_eq!(Carry::<Test>::get(), LEAST + payable - 6 * most);
        // The next period pays out of that and mints nothing.
        let minted = Minted::get();
        for node in &nodes {
            assert_ok!(Relays::resume(node.origin()));
        }
        let roster = Relays::period() / ROSTER + 1;
        pass_to(roster * ROSTER);
        set(|rules| rules.rate = Perbill::from_percent(10));
        let period = serve(&mut nodes, &people, 1);
        assert!(close(period) > 0);
        assert_eq!(Minted::get(), minted);
    });
}

#[test]
fn what_nobody_fetches_in_time_is_lost_to_the_relay() {
    run(|| {
        let (mut nodes, people) = town(6, 60);
        let period = serve(&mut nodes, &people, 1);
        let payable = close(period);
        pass_to(period + 2 + OPENING + KEPT - 1);
        let first = fetch(&nodes[..1])[0];
        assert!(first > 0);
        pass_to(period + 2 + OPENING + KEPT);
        assert_eq!(fetch(&nodes), vec![0; 6]);
        assert_eq!(Carry::<Test>::get(), LEAST + payable - first);
        assert!(nodes.iter().all(|node| node.record().earned.is_empty()));
    });
}

#[test]
fn a_period_without_proof_mints_nothing() {
    run(|| {
        let (_, _) = town(6, 60);
        pass(PERIOD * 3 * ERA);
        assert_eq!(Minted::get(), 0);
        assert!(Lapsed::get() >= 3 * 1_200 * UNIT);
    });
}

#[test]
fn a_relay_that_claims_each_period_need_not_fetch() {
    run(|| {
        let (mut nodes, people) = town(6, 60);
        let period = serve(&mut nodes, &people, 1);
        let node = &nodes[0];
        close(period);
        let before = node.balance();
        let last = Relays::period() - 1;
        assert_ok!(Relays::claim(
            node.origin(),
            last,
            Default::default(),
            Default::default()
        ));
        assert!(node.balance() > before);
        assert!(
            events()
                .iter()
                .any(|event| matches!(event, Event::Paid { .. }))
        );
    });
}

#[test]
fn without_a_price_nothing_is_paid() {
    run(|| {
        Price::set(0);
        let (mut nodes, people) = town(6, 60);
        let period = serve(&mut nodes, &people, 1);
        assert_eq!(close(period), 0);
        assert_eq!(fetch(&nodes), vec![0; 6]);
        assert_eq!(Minted::get(), 0);
    });
}
