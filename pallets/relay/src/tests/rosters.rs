//! Who is in rosters, and who is not.

use frame_support::{assert_noop, assert_ok};
use parlance_primitives::{UNIT, relay::Root};

use super::{mock::*, world::*};
use crate::{Error, Event, Parameters, Rosters, Standing};

fn roster(number: u32) -> usize {
    Rosters::<Test>::get(number).len()
}

/// Claims of nothing, period by period: the relay says that it is there.
fn stays_until(node: &Node, period: u32) {
    while Relays::period() < period {
        let last = Relays::period() - 1;
        assert_ok!(Relays::claim(
            node.origin(),
            last,
            Root::default(),
            Root::default()
        ));
        pass_to(Relays::period() + 1);
    }
}

#[test]
fn a_relay_is_in_the_first_roster_two_epochs_after_it_came() {
    run(|| {
        Node::of("early").registers();
        // The seed of the next roster is that of the epoch in which it begins.
        pass(ROSTER * PERIOD - EPOCH - now());
        let late = Node::of("late").registers();
        pass_to(ROSTER);
        assert_eq!(roster(1), 1);
        assert_eq!(late.name(), None);
        pass_to(2 * ROSTER);
        assert!(late.name().is_some());
    });
}

#[test]
fn a_roster_is_in_order_and_every_name_leads_to_its_relay() {
    run(|| {
        let (nodes, _) = town(MOST, 0);
        let roster = Rosters::<Test>::get(1);
        assert_eq!(roster.len() as u32, MOST);
        assert!(roster.is_sorted());
        for node in nodes {
            let name = node.name().unwrap();
            assert!(roster.contains(&name));
            assert_eq!(Relays::account_of(name), Some(node.id));
        }
    });
}

#[test]
fn who_is_silent_for_a_roster_sleeps_until_it_resumes() {
    run(|| {
        let (nodes, _) = town(2, 0);
        let [here, away] = [&nodes[0], &nodes[1]];
        pass(PERIOD);
        stays_until(here, 2 * ROSTER);
        assert_eq!(here.record().standing, Standing::Active);
        assert_eq!(away.record().standing, Standing::Dormant);
        assert!(events().contains(&Event::Dormant {
            relay: away.id.clone()
        }));
        assert_eq!(roster(2), 1);
        assert_noop!(Relays::resume(here.origin()), Error::<Test>::NotDormant);
        assert_ok!(Relays::resume(away.origin()));
        stays_until(here, 3 * ROSTER);
        assert_eq!(roster(3), 2);
        // Its name is the one that it had: mailboxes stay where they were.
        assert!(Rosters::<Test>::get(3).contains(&away.name().unwrap()));
    });
}

#[test]
fn who_leaves_is_in_no_further_roster() {
    run(|| {
        let (nodes, _) = town(2, 0);
        pass(PERIOD);
        assert_ok!(Relays::retire(nodes[1].origin()));
        stays_until(&nodes[0], 2 * ROSTER);
        assert_eq!(roster(2), 1);
    });
}

#[test]
fn who_lacks_a_part_of_its_bond_waits_until_it_is_whole() {
    run(|| {
        let (nodes, _) = town(1, 0);
        let node = &nodes[0];
        let dearer = Parameters {
            bond: 200 * UNIT,
            ..parameters()
        };
        assert_ok!(Relays::set_parameters(RuntimeOrigin::root(), dearer));
        pass(PERIOD);
        stays_until(node, 2 * ROSTER);
        assert_eq!(roster(2), 0);
        assert_ok!(Relays::update(node.origin(), node.endpoint(), GIBIBYTE));
        assert_eq!(node.record().bond, 210 * UNIT);
        pass_to(3 * ROSTER);
        assert_eq!(roster(3), 1);
    });
}

#[test]
fn two_rosters_are_kept() {
    run(|| {
        let (nodes, _) = town(1, 0);
        pass(PERIOD);
        stays_until(&nodes[0], 5 * ROSTER);
        assert_eq!(Rosters::<Test>::iter().count(), 2);
    });
}

#[test]
fn health_falls_while_nothing_is_proven() {
    run(|| {
        let (nodes, people) = town(6, 40);
        let (mut node, book, period) = one_period(&nodes, &people);
        assert_eq!(Relays::health_of(&node.id), 0);
        assert_ok!(node.claims(book));
        pass_to_challenge();
        assert_ok!(node.opens(period));
        let proven = Relays::health_of(&node.id);
        assert_eq!(proven, 125);
        pass(PERIOD * (OPENING + 20));
        assert!(Relays::health_of(&node.id) < proven / 4);
    });
}
