//! Ingress sets and mailbox sets.

use super::*;
use std::collections::BTreeSet;

fn seed(byte: u8) -> Seed {
    [byte; 32]
}

fn roster(relays: u32) -> Vec<RelayId> {
    let mut ids: Vec<_> = (0..relays)
        .map(|n| RelayId::given(&seed(1), &account(n)))
        .collect();
    ids.sort_unstable();
    ids
}

#[test]
fn three_different_relays_are_drawn_or_as_many_as_there_are() {
    for relays in 0..=10 {
        for sender in 0..50 {
            let places = ingress_places(&seed(1), 7, &account(sender), relays);
            let different: BTreeSet<_> = places.iter().collect();
            assert_eq!(places.len(), INGRESS.min(relays as usize));
            assert_eq!(different.len(), places.len());
            assert!(places.iter().all(|place| *place < relays));
        }
    }
}

#[test]
fn each_relay_is_drawn_equally_often() {
    let relays = 20;
    let mut drawn = vec![0u32; relays as usize];
    let senders = 20_000;
    for sender in 0..senders {
        for place in ingress_places(&seed(2), 9, &account(sender), relays) {
            drawn[place as usize] += 1;
        }
    }
    // Expected 3,000 each, with a standard deviation of 50.5.
    for count in drawn {
        assert!((2_750..=3_250).contains(&count), "{count}");
    }
}

#[test]
fn another_period_seed_or_sender_is_another_set() {
    let draw = |byte, period, sender| ingress_places(&seed(byte), period, &account(sender), 500);
    let first = draw(1, 1, 1);
    assert_eq!(first, draw(1, 1, 1));
    assert_ne!(first, draw(2, 1, 1));
    assert_ne!(first, draw(1, 2, 1));
    assert_ne!(first, draw(1, 1, 2));
}

#[test]
fn who_is_near_is_who_is_among_the_nearest() {
    let roster = roster(40);
    for person in 0..60 {
        let mailbox = mailbox_of(&account(person), person % 3);
        let nearest = nearest(&roster, mailbox, MAILBOX);
        assert_eq!(nearest.len(), MAILBOX);
        for (place, id) in roster.iter().enumerate() {
            let expected = nearest.contains(&(place as u32));
            assert_eq!(is_near(&roster, *id, mailbox, MAILBOX), expected);
        }
        let distances: Vec<_> = nearest
            .iter()
            .map(|place| roster[*place as usize].distance(mailbox))
            .collect();
        assert!(distances.is_sorted());
    }
}

#[test]
fn a_stranger_is_near_nothing_and_few_relays_are_all_near() {
    let stranger = RelayId([0xab; 16]);
    let mailbox = u128::from_be_bytes(stranger.0);
    assert!(!is_near(&roster(3), stranger, mailbox, MAILBOX));
    assert!(!is_near(&[], stranger, mailbox, MAILBOX));
    for id in roster(4) {
        assert!(is_near(&roster(4), id, mailbox, MAILBOX));
    }
    assert!(nearest(&[], mailbox, MAILBOX).is_empty());
}

#[test]
fn a_mailbox_that_moves_is_elsewhere() {
    assert_ne!(mailbox_of(&account(1), 0), mailbox_of(&account(1), 1));
    assert_ne!(mailbox_of(&account(1), 0), mailbox_of(&account(2), 0));
}

#[test]
fn the_beacon_names_relays() {
    let given = |byte| RelayId::given(&seed(byte), &account(1));
    assert_eq!(given(1), given(1));
    assert_ne!(given(1), given(2));
}
