//! When a claim is taken, and when not.

use frame_support::{assert_noop, assert_ok, dispatch::Pays};
use parlance_primitives::relay::{MAX_BYTES, NodeHash, Root};

use super::{mock::*, world::*};
use crate::{Error, Event, MAX_PENDING};

const SOME: Root = Root {
    hash: NodeHash([1; 24]),
    bytes: 10,
};

#[test]
fn a_claim_is_taken_in_the_window_of_the_next_period() {
    run(|| {
        let (nodes, _) = town(1, 0);
        let node = &nodes[0];
        let period = Relays::period();
        let claim = |period| Relays::claim(node.origin(), period, SOME, SOME);
        assert_noop!(claim(period), Error::<Test>::WrongPeriod);
        pass_to(period + 1);
        pass(WINDOW - 1);
        assert_noop!(claim(period - 1), Error::<Test>::WrongPeriod);
        assert_noop!(claim(u32::MAX), Error::<Test>::WrongPeriod);
        let info = claim(period).unwrap();
        assert_eq!(info.pays_fee, Pays::No);
        let claimed = Event::Claimed {
            relay: node.id.clone(),
            period,
            tickets: 10,
            receipts: 10,
        };
        assert_eq!(events(), vec![claimed]);
        pass_to(period + 2);
        pass(WINDOW);
        assert_noop!(claim(period + 1), Error::<Test>::WindowClosed);
    });
}

#[test]
fn there_is_one_claim_per_period_also_of_nothing() {
    run(|| {
        let (nodes, _) = town(1, 0);
        let node = &nodes[0];
        let period = Relays::period();
        pass_to(period + 1);
        assert_ok!(Relays::claim(node.origin(), period, Root::default(), SOME));
        assert!(node.record().pending.is_empty());
        assert_noop!(
            Relays::claim(node.origin(), period, SOME, SOME),
            Error::<Test>::AlreadyClaimed
        );
    });
}

#[test]
fn only_members_of_the_roster_claim() {
    run(|| {
        let (_, _) = town(1, 0);
        let late = Node::of("late").registers();
        let stranger = Node::of("stranger");
        let period = Relays::period();
        pass_to(period + 1);
        assert_noop!(
            Relays::claim(late.origin(), period, SOME, SOME),
            Error::<Test>::NotInRoster
        );
        assert_noop!(
            Relays::claim(stranger.origin(), period, SOME, SOME),
            Error::<Test>::UnknownRelay
        );
    });
}

#[test]
fn a_claim_of_more_than_any_network_carries_is_refused() {
    run(|| {
        let (nodes, _) = town(1, 0);
        let period = Relays::period();
        pass_to(period + 1);
        let much = Root {
            bytes: MAX_BYTES + 1,
            ..SOME
        };
        for (tickets, receipts) in [(much, SOME), (SOME, much)] {
            assert_noop!(
                Relays::claim(nodes[0].origin(), period, tickets, receipts),
                Error::<Test>::TooMuch
            );
        }
    });
}

#[test]
fn silence_voids_and_leaves_room() {
    run(|| {
        let (nodes, _) = town(1, 0);
        let node = &nodes[0];
        let first = Relays::period();
        let mut silent = 0;
        for period in first..first + 40 {
            pass_to(period + 1);
            assert_ok!(Relays::claim(node.origin(), period, SOME, SOME));
            silent += events()
                .iter()
                .filter(|event| matches!(event, Event::Silent { .. }))
                .count();
            assert!(node.record().pending.len() as u32 <= OPENING + 2);
            const { assert!(OPENING + 2 < MAX_PENDING) };
        }
        assert_eq!(silent as u32, 40 - OPENING - 2 + 1);
        assert_eq!(
            node.record().bond,
            parameters().bond_for(GIBIBYTE),
            "nothing is slashed"
        );
        pass_to(Relays::period() + OPENING + 2);
        assert_ok!(Relays::collect(node.origin(), node.id.clone()));
        assert!(node.record().pending.is_empty());
    });
}
