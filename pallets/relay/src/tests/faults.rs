//! Leaves that are false, and leaves that are in doubt.

use frame_support::assert_ok;
use parlance_primitives::{
    accounts::DeviceId,
    relay::{Fault, Root, Side, TicketLeaf, ingress_places, ticket_statement},
};
use sp_core::Pair;

use super::{mock::*, people::*, world::*};
use crate::Event;

/// Opens what is drawn, and returns the fault that was found.
fn fault(node: &Node, period: u32) -> (Side, Fault) {
    assert_ok!(node.opens(period));
    let found = events().into_iter().find_map(|event| match event {
        Event::Falsified {
            side,
            fault,
            slashed,
            ..
        } => {
            assert_eq!(slashed, parameters().bond_for(GIBIBYTE) / 2);
            Some((side, fault))
        }
        _ => None,
    });
    assert!(node.record().pending.is_empty() && node.record().earned.is_empty());
    assert_eq!(node.record().bond, parameters().bond_for(GIBIBYTE) / 2);
    found.expect("the claim is void")
}

#[test]
fn bytes_that_nobody_signed_for_are_false() {
    run(|| {
        let (node, _, period) = claimed(40, |_, _, _, book| {
            for leaf in &mut book.tickets {
                leaf.counted += 1;
            }
        });
        pass_to_challenge();
        assert_eq!(fault(&node, period), (Side::Tickets, Fault::MoreThanSigned));
    });
    run(|| {
        let (node, _, period) = claimed(40, |_, _, _, book| {
            for leaf in &mut book.receipts {
                leaf.counted += 1;
                leaf.delivered.direct += 1;
            }
        });
        pass_to_challenge();
        assert_eq!(fault(&node, period), (Side::Receipts, Fault::Signature));
    });
}

#[test]
fn tickets_for_which_the_relay_was_not_drawn_are_false() {
    run(|| {
        let (node, _, period) = claimed(40, |node, people, period, book| {
            book.tickets = people
                .iter()
                .map(|one| one.ticket(&node.id, period, 9_000))
                .collect();
            let drawn = book.tickets.len();
            assert_eq!(drawn, people.len());
        });
        pass_to_challenge();
        assert_eq!(fault(&node, period), (Side::Tickets, Fault::NotIngress));
    });
}

#[test]
fn tickets_over_the_cap_are_false_and_counting_up_to_it_is_not() {
    run(|| {
        let sign = |node: &Node, people: &[Person], period, over: u64| -> Vec<TicketLeaf<_>> {
            let own = people.iter().filter(|one| {
                let record = crate::Periods::<Test>::get(period).unwrap();
                let roster = crate::Rosters::<Test>::get(1);
                let place = roster.binary_search(&node.name().unwrap()).unwrap() as u32;
                let all = roster.len() as u32;
                ingress_places(&record.seed, period, &one.id, all).contains(&place)
            });
            own.map(|one| TicketLeaf {
                counted: usual_cap() + over,
                ..one.ticket(&node.id, period, 1_000_000)
            })
            .collect()
        };
        assert_eq!(usual_cap(), 40_000);
        let (mut node, _, period) = claimed(40, |node, people, period, book| {
            book.tickets = sign(node, people, period, 1);
        });
        pass_to_challenge();
        assert_eq!(fault(&node, period), (Side::Tickets, Fault::OverCap));

        let people: Vec<_> = (0..40).map(|n| Person::of(&format!("person{n}"))).collect();
        let period = Relays::period();
        let receipts = node.serves(&people, &mut rng(3)).receipts;
        pass_to(period + 1);
        let tickets = sign(&node, &people, period, 0);
        assert_ok!(node.claims(Book { tickets, receipts }));
        pass_to_challenge();
        assert_ok!(node.opens(period));
        assert_eq!(proven(&node).2, 0);
    });
}

#[test]
fn receipts_of_another_period_are_false() {
    run(|| {
        let (node, _, period) = claimed(40, |node, people, period, book| {
            let mailbox = people.iter().filter(|one| node.is_mailbox_of(one));
            book.receipts = mailbox
                .map(|one| one.receipt(&node.id, period - 1, 9_000))
                .collect();
        });
        pass_to_challenge();
        assert_eq!(fault(&node, period), (Side::Receipts, Fault::Signature));
    });
}

#[test]
fn receipts_of_mailboxes_elsewhere_are_false() {
    run(|| {
        let (node, _, period) = claimed(200, |node, people, period, book| {
            let elsewhere = people.iter().filter(|one| !node.is_mailbox_of(one));
            book.receipts = elsewhere
                .map(|one| one.receipt(&node.id, period, 9_000))
                .collect();
        });
        pass_to_challenge();
        assert_eq!(fault(&node, period), (Side::Receipts, Fault::NotMailbox));
    });
}

#[test]
fn devices_that_never_were_are_false_and_devices_that_left_are_in_doubt() {
    run(|| {
        let (node, people, period) = claimed(40, |_, _, _, _| {});
        for person in &people {
            People::change(&person.id, |known| known.devices.clear());
        }
        pass_to_challenge();
        assert_eq!(fault(&node, period), (Side::Tickets, Fault::Stranger));
    });
    run(|| {
        let (node, people, period) = claimed(40, |_, _, _, _| {});
        for person in &people {
            People::change(&person.id, |known| {
                known
                    .left
                    .extend(known.devices.drain(..).map(|key| DeviceId::of(&key)));
            });
        }
        pass_to_challenge();
        assert_ok!(node.opens(period));
        let (bytes, speed, doubts) = proven(&node);
        assert_eq!(
            (bytes, speed, doubts),
            (0, 500, 16),
            "nothing is left of it"
        );
        assert!(node.record().earned.is_empty());
        assert_eq!(
            node.record().bond,
            parameters().bond_for(GIBIBYTE),
            "but the bond is"
        );
    });
}

#[test]
fn one_sender_that_goes_cannot_take_a_claim_with_it() {
    run(|| {
        let (nodes, people) = town(6, 60);
        let (mut node, book, period) = one_period(&nodes, &people);
        let counts = book.counts();
        let gone = book.tickets[0].sender.clone();
        assert_ok!(node.claims(book));
        People::forget(&gone);
        pass_to_challenge();
        assert_ok!(node.opens(period));
        let (bytes, _, doubts) = proven(&node);
        assert!(bytes >= counts / 2, "{bytes} of {counts}, {doubts} doubts");
    });
}

#[test]
fn an_allowance_of_yesterday_that_is_not_known_is_in_doubt() {
    run(|| {
        let (nodes, people) = town(6, 40);
        let mut node = nodes[0].clone();
        pass_to(DAY - 1);
        let period = Relays::period();
        let book = node.serves(&people, &mut rng(1));
        pass_to(DAY);
        assert_ok!(node.claims(book));
        pass_to_challenge();
        for person in &people {
            People::change(&person.id, |known| known.allowance.free = 0);
        }
        assert_ok!(node.opens(period));
        let (bytes, _, doubts) = proven(&node);
        assert_eq!((bytes, doubts), (0, 8));
    });
}

#[test]
fn newcomers_are_served_and_not_counted() {
    run(|| {
        let (node, _, period) = claimed(40, |_, people, _, _| {
            for person in people {
                People::change(&person.id, |known| known.allowance.backed = false);
            }
        });
        pass_to_challenge();
        assert_eq!(fault(&node, period), (Side::Tickets, Fault::OverCap));
    });
}

#[test]
fn a_sum_that_was_made_up_cannot_be_opened() {
    run(|| {
        let (nodes, people) = town(6, 40);
        let (mut node, book, period) = one_period(&nodes, &people);
        let trees = Trees::of(book);
        let (tickets, receipts) = trees.roots();
        let more = |root: Root| Root {
            bytes: root.bytes * 3,
            ..root
        };
        assert_ok!(node.claims_roots(trees, more(tickets), more(receipts)));
        pass_to_challenge();
        assert!(node.sends(period, node.opening(period)).is_err());
        assert_eq!(node.record().pending.len(), 1, "the claim stays open");
    });
}

#[test]
fn a_device_of_somebody_else_signs_nothing() {
    run(|| {
        let (node, _, period) = claimed(40, |node, _, period, book| {
            let thief = Person::of("thief");
            for leaf in &mut book.tickets {
                let statement = ticket_statement(
                    &genesis(),
                    period,
                    &node.id,
                    &leaf.sender,
                    leaf.bytes,
                    leaf.latency,
                );
                leaf.device = thief.device_id();
                leaf.signature = thief.device.sign(&statement);
            }
        });
        pass_to_challenge();
        assert_eq!(fault(&node, period), (Side::Tickets, Fault::Stranger));
    });
}
