//! Relays come, change, leave.

use frame_support::{
    assert_noop, assert_ok,
    traits::{BuildGenesisConfig, fungible::InspectHold},
};
use parlance_primitives::{Balance, DAYS, UNIT, relay::MAX_BYTES};

use super::{mock::*, world::*};
use crate::{Calendar, Error, Event, HoldReason, Lengths, Standing};

fn held(node: &Node) -> Balance {
    Balances::balance_on_hold(&HoldReason::Bond.into(), &node.id)
}

#[test]
fn a_relay_comes_with_a_bond_for_its_capacity() {
    run(|| {
        let node = Node::of("a");
        assert_ok!(Relays::register(
            node.origin(),
            node.endpoint(),
            GIBIBYTE * 3 / 2
        ));
        assert_eq!(held(&node), 115 * UNIT);
        assert_eq!(node.record().capacity, GIBIBYTE * 3 / 2);
        let registered = Event::Registered {
            relay: node.id.clone(),
            capacity: GIBIBYTE * 3 / 2,
            bond: 115 * UNIT,
        };
        assert_eq!(events().last(), Some(&registered));
        assert_noop!(
            Relays::register(node.origin(), node.endpoint(), GIBIBYTE),
            Error::<Test>::AlreadyRegistered
        );
    });
}

#[test]
fn a_capacity_is_something_and_not_too_much() {
    run(|| {
        let node = Node::of("a");
        for capacity in [0, MAX_BYTES + 1] {
            assert_noop!(
                Relays::register(node.origin(), node.endpoint(), capacity),
                Error::<Test>::NoSuchCapacity
            );
        }
        // A byte more than nothing is paid for, rounded up.
        assert_ok!(Relays::register(node.origin(), node.endpoint(), 1));
        assert!(held(&node) > 100 * UNIT);
        assert_noop!(
            Relays::update(node.origin(), node.endpoint(), 0),
            Error::<Test>::NoSuchCapacity
        );
    });
}

#[test]
fn nobody_is_a_relay_without_a_bond() {
    run(|| {
        let node = Node::of("a");
        let capacity = 1_000_000 * GIBIBYTE;
        assert!(Relays::register(node.origin(), node.endpoint(), capacity).is_err());
        assert!(crate::Relays::<Test>::get(&node.id).is_none());
        assert_noop!(Relays::retire(node.origin()), Error::<Test>::UnknownRelay);
        assert_noop!(Relays::withdraw(node.origin()), Error::<Test>::UnknownRelay);
        assert_noop!(Relays::resume(node.origin()), Error::<Test>::UnknownRelay);
        assert_noop!(
            Relays::update(node.origin(), node.endpoint(), 1),
            Error::<Test>::UnknownRelay
        );
        assert_noop!(
            Relays::collect(node.origin(), node.id.clone()),
            Error::<Test>::UnknownRelay
        );
    });
}

#[test]
fn there_are_so_many_relays_at_most() {
    run(|| {
        for n in 0..MOST {
            Node::of(&n.to_string()).registers();
        }
        let late = Node::of("late");
        assert_noop!(
            Relays::register(late.origin(), late.endpoint(), 1),
            Error::<Test>::Full
        );
    });
}

#[test]
fn more_capacity_takes_more_bond_and_less_returns_none() {
    run(|| {
        let node = Node::of("a").registers();
        assert_eq!(held(&node), 110 * UNIT);
        assert_ok!(Relays::update(node.origin(), node.endpoint(), 3 * GIBIBYTE));
        assert_eq!(held(&node), 130 * UNIT);
        assert_ok!(Relays::update(node.origin(), node.endpoint(), GIBIBYTE));
        assert_eq!(held(&node), 130 * UNIT);
        assert_eq!(node.record().capacity, GIBIBYTE);
    });
}

#[test]
fn the_bond_is_free_after_the_unbonding_time_and_not_before() {
    run(|| {
        let node = Node::of("a").registers();
        assert_noop!(Relays::withdraw(node.origin()), Error::<Test>::NotLeaving);
        pass_to(ROSTER);
        assert!(node.name().is_some());
        assert_ok!(Relays::retire(node.origin()));
        let Standing::Leaving { free_from } = node.record().standing else {
            panic!("it leaves");
        };
        assert_eq!(free_from, now() + parameters().unbonding);
        assert_noop!(Relays::retire(node.origin()), Error::<Test>::Leaving);
        assert_noop!(
            Relays::update(node.origin(), node.endpoint(), 1),
            Error::<Test>::Leaving
        );
        pass(parameters().unbonding - 1);
        assert_noop!(Relays::withdraw(node.origin()), Error::<Test>::StillBound);
        pass(1);
        assert_ok!(Relays::withdraw(node.origin()));
        assert_eq!(held(&node), 0);
        assert_eq!(node.balance(), 10_000 * UNIT);
        assert_eq!(crate::Names::<Test>::iter().count(), 0);
        // It may come again, and is somebody else then.
        node.registers();
    });
}

#[test]
fn rules_are_set_by_the_admin_and_sound() {
    run(|| {
        let root = RuntimeOrigin::root;
        assert!(Relays::set_parameters(Node::of("a").origin(), parameters()).is_err());
        let sound = crate::Parameters {
            bond: 5,
            ..parameters()
        };
        assert_ok!(Relays::set_parameters(root(), sound));
        let unsound = [
            crate::Parameters {
                bond: 0,
                ..parameters()
            },
            crate::Parameters {
                claim_window: 0,
                ..parameters()
            },
            crate::Parameters {
                claim_window: PERIOD + 1,
                ..parameters()
            },
            crate::Parameters {
                unbonding: parameters().unbonding - 1,
                ..parameters()
            },
            crate::Parameters {
                burst: 0,
                ..parameters()
            },
            crate::Parameters {
                burst: DAY + 1,
                ..parameters()
            },
            crate::Parameters {
                most_per_relay: Default::default(),
                ..parameters()
            },
        ];
        for parameters in unsound {
            assert_noop!(
                Relays::set_parameters(root(), parameters),
                Error::<Test>::InvalidParameters
            );
        }
    });
}

#[test]
fn the_default_rules_fit_the_default_calendar() {
    let genesis = crate::GenesisConfig::<Test>::default();
    let Calendar { period, roster } = genesis.calendar;
    let lengths = Lengths {
        period,
        periods_per_day: DAYS / period,
        longest_memory: period * (2 * roster + 5 + 2),
    };
    assert!(genesis.parameters.are_sound(&lengths));
}

#[test]
#[should_panic(expected = "the roster of an open claim must be the running one")]
fn a_calendar_whose_rosters_are_too_short_is_refused() {
    let genesis = crate::GenesisConfig::<Test> {
        parameters: parameters(),
        calendar: Calendar {
            period: PERIOD,
            roster: OPENING + 1,
        },
        ..Default::default()
    };
    sp_io::TestExternalities::default().execute_with(|| genesis.build());
}
