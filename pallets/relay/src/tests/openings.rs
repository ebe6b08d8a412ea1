//! Openings: what proves a claim, and what is no opening.

use codec::Encode;
use frame_support::{assert_noop, assert_ok, dispatch::Pays};
use parlance_primitives::{
    AccountId,
    relay::{Delivered, LatencyClass, Root},
};

use super::{mock::*, people::*, world::*};
use crate::{Error, Parameters};

#[test]
fn an_honest_claim_is_proven_without_a_fee() {
    run(|| {
        let (mut node, book, period) = {
            let (nodes, people) = town(6, 40);
            one_period(&nodes, &people)
        };
        let counts = book.counts();
        assert!(counts > 0);
        assert_ok!(node.claims(book));
        pass_to_challenge();
        let info = node.opens(period).unwrap();
        assert_eq!(info.pays_fee, Pays::No);
        assert_eq!(proven(&node), (counts, 1_000, 0));
        assert!(node.record().pending.is_empty());
        assert_eq!(node.record().earned.len(), 1);
    });
}

#[test]
fn whoever_was_seen_has_provably_used_the_network() {
    run(|| {
        let (node, people, period) = claimed(40, |_, _, _, _| {});
        pass_to_challenge();
        assert_ok!(node.opens(period));
        let uses: u32 = people
            .iter()
            .map(|one| People::get(&one.id).unwrap().uses)
            .sum();
        assert!((2..=16).contains(&uses), "{uses}");
    });
}

/// Copying the relay's own opening, which then fails and pays, must not be free.
#[test]
fn anybody_may_open_a_claim_and_pays_for_it() {
    run(|| {
        let (node, people, period) = claimed(40, |_, _, _, _| {});
        pass_to_challenge();
        let opening = node.opening(period).try_into().unwrap();
        let helper = RuntimeOrigin::signed(people[0].id.clone());
        let opened = Relays::open(helper, node.id.clone(), period, opening);
        assert_eq!(opened.map(|info| info.pays_fee), Ok(Pays::Yes));
        proven(&node);
    });
}

#[test]
fn a_claim_is_opened_once_between_its_seed_and_its_end() {
    run(|| {
        let (node, _, period) = claimed(40, |_, _, _, _| {});
        assert_noop!(node.sends(period, vec![1]), Error::<Test>::NotDrawn);
        pass_to_challenge();
        let opening = node.opening(period);
        assert_noop!(
            node.sends(period + 1, opening.clone()),
            Error::<Test>::NoClaim
        );
        assert_ok!(node.sends(period, opening.clone()));
        assert_noop!(node.sends(period, opening), Error::<Test>::NoClaim);
    });
    run(|| {
        let (node, _, period) = claimed(40, |_, _, _, _| {});
        pass_to_challenge();
        let opening = node.opening(period);
        pass_to(period + OPENING + 2);
        assert_noop!(node.sends(period, opening), Error::<Test>::TooLate);
    });
}

#[test]
fn what_is_no_opening_is_refused_and_leaves_the_claim_open() {
    run(|| {
        let (node, _, period) = claimed(40, |_, _, _, _| {});
        pass_to_challenge();
        let opening = node.opening(period);
        let cut = opening[..opening.len() - 1].to_vec();
        assert_eq!(
            node.refused(period, cut),
            Error::<Test>::OpeningTruncated.into()
        );
        let longer = [opening.as_slice(), &[0]].concat();
        assert_eq!(
            node.refused(period, longer),
            Error::<Test>::OpeningLeftOver.into()
        );
        assert_eq!(
            node.refused(period, vec![]),
            Error::<Test>::OpeningTruncated.into()
        );
        let bytes = codec::Compact(u64::MAX).encode();
        assert_eq!(
            node.refused(period, bytes),
            Error::<Test>::OpeningSumsDisagree.into()
        );
        let mut other = opening.clone();
        *other.last_mut().unwrap() ^= 1;
        assert_eq!(
            node.refused(period, other),
            Error::<Test>::OpeningNotCommitted.into()
        );
        let deep = codec::Compact(node.record().pending[0].tickets.bytes + 1)
            .encode()
            .repeat(60);
        assert_eq!(
            node.refused(period, deep),
            Error::<Test>::OpeningTooDeep.into()
        );
        assert_ok!(node.sends(period, opening));
    });
}

#[test]
fn the_opening_of_another_claim_is_none() {
    run(|| {
        let (nodes, people) = town(6, 40);
        let (mut first, book, period) = one_period(&nodes, &people);
        let mut second = nodes[1].clone();
        let other = Book {
            receipts: book.receipts.clone(),
            tickets: book.tickets[1..].to_vec(),
        };
        assert_ok!(first.claims(book));
        assert_ok!(second.claims(other));
        pass_to_challenge();
        assert!(first.sends(period, second.opening(period)).is_err());
    });
}

#[test]
fn a_claim_counts_no_more_than_the_capacity() {
    run(|| {
        let (nodes, people) = town(6, 40);
        let (mut node, book, period) = one_period(&nodes, &people);
        assert_ok!(Relays::update(node.origin(), node.endpoint(), 1_000));
        assert_ok!(node.claims(book));
        pass_to_challenge();
        assert_ok!(node.opens(period));
        assert_eq!(proven(&node).0, 1_000);
    });
}

/// Makes a relay's book say how fast it was, in tickets and in receipts.
fn says(
    (node, people, period): (&Node, &[Person], u32),
    book: &mut Book,
    tickets: LatencyClass,
    receipts: LatencyClass,
) {
    let find = |id: &AccountId| people.iter().find(|one| one.id == *id).unwrap();
    for leaf in &mut book.tickets {
        *leaf = find(&leaf.sender).ticket_of(&node.id, period, leaf.bytes, tickets);
    }
    for leaf in &mut book.receipts {
        let delivered = Delivered {
            latency: receipts,
            ..leaf.delivered
        };
        *leaf = find(&leaf.recipient).receipt_of(&node.id, period, leaf.counted, delivered);
    }
}

#[test]
fn speed_is_what_senders_and_recipients_both_say() {
    for (tickets, receipts, speed) in [(0, 0, 1_500), (0, 5, 800), (6, 0, 650), (7, 7, 500)] {
        run(|| {
            let (node, _, period) = claimed(40, |node, people, period, book| {
                let (tickets, receipts) = (LatencyClass(tickets), LatencyClass(receipts));
                says((node, people, period), book, tickets, receipts);
            });
            pass_to_challenge();
            assert_ok!(node.opens(period));
            assert_eq!(proven(&node).1, speed);
        });
    }
}

#[test]
fn fan_out_counts_for_a_part() {
    run(|| {
        let (node, _, period) = claimed(40, |node, people, period, book| {
            let mailbox = people.iter().filter(|one| node.is_mailbox_of(one));
            book.receipts = mailbox
                .map(|one| {
                    let delivered = Delivered {
                        mailbox_epoch: 0,
                        direct: 10,
                        fanned: 1_000,
                        latency: LatencyClass(0),
                    };
                    one.receipt_of(&node.id, period, 110, delivered)
                })
                .collect();
        });
        pass_to_challenge();
        let receipts = node.kept[&period].receipts.root().bytes;
        assert_ok!(node.opens(period));
        assert_eq!(proven(&node), (receipts, 1_000, 0));
    });
}

#[test]
fn leaves_are_judged_by_the_rules_of_their_period() {
    run(|| {
        let (node, _, period) = claimed(40, |_, _, _, _| {});
        let stricter = Parameters {
            most_free: 20,
            ..parameters()
        };
        assert_ok!(Relays::set_parameters(RuntimeOrigin::root(), stricter));
        pass_to_challenge();
        assert_ok!(node.opens(period));
        assert_eq!(proven(&node).2, 0);
    });
}

#[test]
fn claim_and_opening_are_as_small_as_they_must_be() {
    // Length, version, address, signature, mortality, nonce, tip, mode of the metadata hash.
    const AROUND: usize = 4 + 1 + 33 + 65 + 2 + 5 + 1 + 1;
    run(|| {
        let root = Root {
            bytes: u64::MAX,
            ..Default::default()
        };
        let call = crate::Call::<Test>::claim {
            period: u32::MAX,
            tickets: root,
            receipts: root,
        };
        let claim = RuntimeCall::from(call).encoded_size() + AROUND;
        println!("a claim: {claim} bytes");
        assert!(claim <= 200);
        let call = crate::Call::<Test>::open {
            relay: account("relay"),
            period: u32::MAX,
            opening: vec![0; 8_000].try_into().unwrap(),
        };
        let opening = RuntimeCall::from(call).encoded_size() + AROUND;
        println!("an opening: at most {opening} bytes");
        assert!(opening <= 8 << 10);
    });
}
