//! What a group promises to its members.

use crate::{
    people::{
        self, Chain, Person, add, assert_same_group, content, device, group, invitation, remove,
        renew, texts,
    },
    relays::Relays,
};
use parlance_groups::{Change, Error, Event, Record, Standing, Suite};

const SUITES: [Suite; 2] = [Suite::Hybrid, Suite::Classical];

#[test]
fn everybody_reads_what_a_member_writes_and_the_writer_is_proven() {
    for suite in SUITES {
        let (chain, mut relays) = (Chain::default(), Relays::new(1));
        let (mut people, id) = group(4, suite, &chain, &mut relays);
        for writer in 0..4 {
            let message = people[writer].send(id, writer as u64).unwrap();
            for reader in (0..4).filter(|reader| *reader != writer) {
                let events = people[reader]
                    .work(|work| work.message(&message))
                    .unwrap()
                    .1;
                let [Event::Message { from, standing, .. }] = &events[..] else {
                    panic!("{events:?}")
                };
                assert_eq!(
                    (*from, *standing),
                    (device(writer as u32), Standing::OnRecord)
                );
                assert_eq!(texts(&events), [writer as u64]);
            }
            assert!(people[writer].read(&message).unwrap().is_empty());
        }
    }
}

#[test]
fn a_removed_member_fails_on_the_next_message() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(4, Suite::Hybrid, &chain, &mut relays);
    let before = people[0].send(id, 1).unwrap();
    let gone = people[3].device;
    people[0].change(id, &remove(&[gone]), &mut relays);
    let after = people[0].send(id, 2).unwrap();
    // It has not heard of it yet and keeps what it has: the new epoch's message does not open.
    assert_eq!(people[3].read(&before).unwrap(), [1]);
    assert!(people[3].read(&after).unwrap().is_empty());
    let events = people[3].catch_up(id, &mut relays);
    assert!(
        events.contains(&Event::Removed {
            by: people[0].device
        }),
        "{events:?}"
    );
    assert!(texts(&events).is_empty());
    assert!(matches!(people[3].read(&after), Err(Error::Removed(_))));
    assert!(matches!(people[3].send(id, 3), Err(Error::Removed(_))));
    for person in &mut people[1..3] {
        person.catch_up(id, &mut relays);
        assert_eq!(person.read(&after).unwrap(), [2]);
    }
}

#[test]
fn two_commits_at_once_converge_and_no_text_is_lost() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(5, Suite::Hybrid, &chain, &mut relays);
    let mut new = Person::new(10, &chain);
    let key_package = new.key_package(Suite::Hybrid);
    let gone = people[4].device;
    // Both commit for the same epoch, and both write in it, the one who will be second as well.
    people[1]
        .work(|work| work.change(id, &add(vec![key_package])))
        .unwrap();
    people[2]
        .work(|work| work.change(id, &remove(&[gone])))
        .unwrap();
    let offers: Vec<_> = [1, 2]
        .map(|who: usize| people[who].work(|work| work.offer(id)).unwrap().unwrap())
        .to_vec();
    let messages = [1, 2].map(|who: usize| people[who].send(id, who as u64).unwrap());
    offers.into_iter().for_each(|offer| relays.push(offer));
    // The first is through, the second is made anew for the next epoch and is through then.
    let events = people[1].catch_up(id, &mut relays);
    new.work(|work| work.join(&invitation(&events))).unwrap();
    people[2].catch_up(id, &mut relays);
    people[2].catch_up(id, &mut relays);
    for who in [0, 1, 3] {
        people[who].catch_up(id, &mut relays);
    }
    new.catch_up(id, &mut relays);
    let [a, b, c, d, _] = &mut people[..] else {
        unreachable!()
    };
    assert_same_group(&mut [a, b, c, d, &mut new], id);
    assert_eq!(new.devices(id), [0, 1, 2, 3, 10].map(device));
    for who in [0, 3] {
        let read = messages
            .each_ref()
            .map(|message| people[who].read(message).unwrap());
        assert_eq!(read, [[1], [2]]);
    }
    assert_eq!(people[2].read(&messages[0]).unwrap(), [1]);
    assert_eq!(people[1].read(&messages[1]).unwrap(), [2]);
}

#[test]
fn a_change_that_somebody_else_made_is_not_made_again() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(4, Suite::Classical, &chain, &mut relays);
    let gone = people[3].device;
    for who in [0, 1] {
        people[who]
            .work(|work| work.change(id, &remove(&[gone])))
            .unwrap();
        let offer = people[who].work(|work| work.offer(id)).unwrap().unwrap();
        relays.push(offer);
    }
    for who in [0, 1, 2, 1] {
        people[who].catch_up(id, &mut relays);
    }
    assert_eq!(relays.len(), 4 - 1);
    assert!(people[1].work(|work| work.offer(id)).unwrap().is_none());
    let [a, b, c, _] = &mut people[..] else {
        unreachable!()
    };
    assert_same_group(&mut [a, b, c], id);
}

#[test]
fn messages_open_in_any_order_within_an_epoch_and_for_a_few_epochs_and_once() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(3, Suite::Classical, &chain, &mut relays);
    let mut messages: Vec<_> = (0..6).map(|n| people[0].send(id, n).unwrap()).collect();
    messages.reverse();
    for (message, n) in messages.iter().zip((0..6).rev()) {
        assert_eq!(people[1].read(message).unwrap(), [n]);
        assert!(matches!(
            people[1].read(message),
            Err(Error::Unusable { .. })
        ));
    }
    // One text per epoch; the reader sees the commits first.
    let late: Vec<_> = (10..17)
        .map(|n| {
            let message = people[0].send(id, n).unwrap();
            people[0].change(id, &renew(), &mut relays);
            message
        })
        .collect();
    people[2].catch_up(id, &mut relays);
    let read: Vec<_> = late
        .iter()
        .map(|message| people[2].read(message).unwrap_or_default())
        .collect();
    assert_eq!(read[..3], [[]; 3] as [[u64; 0]; 3]);
    assert_eq!(read[3..], [[13], [14], [15], [16]]);
}

#[test]
fn a_message_that_is_ahead_of_its_commit_waits_for_it() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(3, Suite::Classical, &chain, &mut relays);
    people[0].change(id, &renew(), &mut relays);
    let first = people[0].send(id, 1).unwrap();
    people[0].change(id, &renew(), &mut relays);
    let second = people[0].send(id, 2).unwrap();
    for message in [&second, &first, &second] {
        assert!(people[1].read(message).unwrap().is_empty());
    }
    people[1].restart();
    let events = people[1].catch_up(id, &mut relays);
    assert_eq!(texts(&events), [1, 2]);
}

#[test]
fn a_text_that_was_not_confirmed_is_encrypted_again_and_shown_once() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(3, Suite::Classical, &chain, &mut relays);
    let first = people[0].send(id, 1).unwrap();
    assert_eq!(people[1].read(&first).unwrap(), [1]);
    let again = people[0].work(|work| work.unsent(id)).unwrap();
    assert_eq!(again.len(), 1);
    assert_eq!(
        again[0].1, first,
        "in the same epoch the bytes are the same"
    );
    for _ in 0..8 {
        people[1].change(id, &renew(), &mut relays);
    }
    people[0].catch_up(id, &mut relays);
    people[2].catch_up(id, &mut relays);
    assert!(people[2].read(&first).is_err(), "it is too old");
    people[0].restart();
    let again = people[0].work(|work| work.unsent(id)).unwrap();
    assert_ne!(again[0].1, first);
    assert_eq!(people[2].read(&again[0].1).unwrap(), [1]);
    assert!(
        people[1].read(&again[0].1).unwrap().is_empty(),
        "it was shown before"
    );
    let position = relays.next_position();
    assert!(
        people[0]
            .work(|work| work.confirmed(id, &again[0].0, position))
            .unwrap()
    );
    assert!(people[0].work(|work| work.unsent(id)).unwrap().is_empty());
}

#[test]
fn a_text_that_waits_while_somebody_comes_in_is_for_them_too() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(2, Suite::Classical, &chain, &mut relays);
    let mut new = Person::new(10, &chain);
    let key_package = new.key_package(Suite::Classical);
    let before = people[0].send(id, 1).unwrap();
    let events = people[1].change(id, &add(vec![key_package]), &mut relays);
    new.work(|work| work.join(&invitation(&events))).unwrap();
    people[0].catch_up(id, &mut relays);
    assert!(new.read(&before).is_err());
    let (text, position) = (content(1).id, relays.next_position());
    let confirmed = |person: &mut Person| {
        person
            .work(|work| work.confirmed(id, &text, position))
            .unwrap()
    };
    assert!(!confirmed(&mut people[0]));
    people[0].restart();
    let again = people[0].work(|work| work.unsent(id)).unwrap();
    assert_eq!(new.read(&again[0].1).unwrap(), [1]);
    assert_eq!(people[1].read(&before).unwrap(), [1]);
    assert!(people[1].read(&again[0].1).unwrap().is_empty());
    assert!(confirmed(&mut people[0]));
}

#[test]
fn a_text_of_a_writer_who_has_fallen_behind_is_confirmed_only_when_the_others_can_read_it() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(3, Suite::Classical, &chain, &mut relays);
    for _ in 0..5 {
        people[1].change(id, &renew(), &mut relays);
    }
    people[2].catch_up(id, &mut relays);
    let confirmed = |person: &mut Person, message, position| {
        person
            .work(|work| work.confirmed(id, message, position))
            .unwrap()
    };
    // It knows nothing of the five epochs, and the others have left its own.
    let message = people[0].send(id, 1).unwrap();
    assert!(people[2].read(&message).is_err());
    let text = content(1).id;
    assert!(!confirmed(&mut people[0], &text, relays.next_position()));
    people[0].catch_up(id, &mut relays);
    assert!(!confirmed(&mut people[0], &text, relays.next_position()));
    let again = people[0].work(|work| work.unsent(id)).unwrap();
    assert_eq!(people[2].read(&again[0].1).unwrap(), [1]);
    assert!(confirmed(&mut people[0], &text, relays.next_position()));
    assert!(
        confirmed(&mut people[0], &text, relays.next_position()),
        "twice"
    );
}

#[test]
fn nothing_is_sent_to_a_member_who_is_not_on_record() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(3, Suite::Classical, &chain, &mut relays);
    let revoked = people[2].device;
    chain.set(revoked, Record::NoDevice);
    assert!(matches!(people[0].send(id, 1), Err(Error::NotOnRecord(device)) if device == revoked));
    people[0].change(id, &remove(&[revoked]), &mut relays);
    assert!(people[0].send(id, 1).is_ok());
    // Nobody is added who is not on record with that key.
    let mut impostor = Person::new(20, &chain);
    let key_package = impostor.key_package(Suite::Classical);
    chain.set(impostor.device, Record::Device([9; 32]));
    let refused = people[0].work(|work| work.change(id, &add(vec![key_package])));
    assert!(matches!(refused, Err(Error::NotOnRecord(_))));
    // Without a connection the known group goes on.
    chain.set(people[1].device, Record::Unavailable);
    assert!(people[0].send(id, 2).is_ok());
}

#[test]
fn changes_that_make_no_sense_are_refused_with_their_reason() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(2, Suite::Classical, &chain, &mut relays);
    let own = people[0].device;
    let other_suite = people[1].key_package(Suite::Hybrid);
    let member = people[1].key_package(Suite::Classical);
    let mut try_change =
        |change: Change| people[0].work(|work| work.change(id, &change)).unwrap_err();
    assert!(matches!(try_change(Change::default()), Error::NothingToDo));
    assert!(matches!(try_change(remove(&[own])), Error::NotMember(_)));
    assert!(matches!(
        try_change(remove(&[device(7)])),
        Error::NotMember(_)
    ));
    assert!(matches!(
        try_change(add(vec![other_suite])),
        Error::BadKeyPackage { .. }
    ));
    assert!(matches!(
        try_change(add(vec![member])),
        Error::AlreadyMember(_)
    ));
    assert!(matches!(
        try_change(add(vec![b"no key package".to_vec()])),
        Error::Malformed { .. }
    ));
    assert!(matches!(
        try_change(add(vec![Vec::new(); 501])),
        Error::TooMany { .. }
    ));
    people[0].work(|work| work.change(id, &renew())).unwrap();
    let second = people[0].work(|work| work.change(id, &renew()));
    assert!(matches!(second, Err(Error::ChangeWaits(_))));
}

#[test]
fn an_expired_key_package_is_refused() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(1, Suite::Classical, &chain, &mut relays);
    let mut late = Person::new(5, &chain);
    let made = people::now() - 85 * 24 * 3_600;
    let expired = late
        .work(|work| work.key_packages(Suite::Classical, 1, made))
        .unwrap();
    let refused = people[0].work(|work| work.change(id, &add(expired)));
    assert!(matches!(refused, Err(Error::BadKeyPackage { .. })));
}

#[test]
fn work_that_is_dropped_has_not_happened() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(2, Suite::Classical, &chain, &mut relays);
    let message = people[0].send(id, 1).unwrap();
    let before = people[1].epoch(id);
    let reader = &mut people[1];
    let mut work = reader.groups.begin(reader.store.as_ref().unwrap()).unwrap();
    assert_eq!(texts(&work.message(&message).unwrap().1), [1]);
    assert!(work.message(&message).is_err());
    drop(work);
    assert_eq!(reader.read(&message).unwrap(), [1]);
    assert_eq!(reader.epoch(id), before);
    // The same with a commit.
    people[0].work(|work| work.change(id, &renew())).unwrap();
    people[0].catch_up(id, &mut relays);
    let reader = &mut people[1];
    let mut work = reader.groups.begin(reader.store.as_ref().unwrap()).unwrap();
    work.catch_up(id, &mut relays).unwrap();
    assert_ne!(work.epoch(id).unwrap(), before);
    drop(work);
    assert_eq!(reader.epoch(id), before);
    reader.catch_up(id, &mut relays);
    assert_eq!(reader.epoch(id).0, before.0 + 1);
}

#[test]
fn handshakes_are_read_without_a_gap_and_repeats_change_nothing() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(2, Suite::Classical, &chain, &mut relays);
    people[0].change(id, &renew(), &mut relays);
    let next = people[1].work(|work| work.position(id)).unwrap();
    let gap = people[1].work(|work| work.handshake(id, next + 1, b"x"));
    assert!(matches!(gap, Err(Error::Gap { .. })));
    people[1].catch_up(id, &mut relays);
    assert!(
        people[1]
            .work(|work| work.handshake(id, 0, b"anything"))
            .unwrap()
            .is_empty()
    );
    // Rubbish in the order is passed over by all.
    relays.push(b"rubbish".to_vec());
    people[0].change(id, &renew(), &mut relays);
    let events = people[1].catch_up(id, &mut relays);
    assert!(
        matches!(
            &events[..],
            [Event::PassedOver { .. }, Event::Changed { .. }]
        ),
        "{events:?}"
    );
    let [a, b] = &mut people[..] else {
        unreachable!()
    };
    assert_same_group(&mut [a, b], id);
}

#[test]
fn an_invitation_is_for_whom_it_was_made_and_once() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(1, Suite::Hybrid, &chain, &mut relays);
    let (mut guest, mut other) = (Person::new(5, &chain), Person::new(6, &chain));
    other.key_package(Suite::Hybrid);
    let key_package = guest.key_package(Suite::Hybrid);
    let invitation = invitation(&people[0].change(id, &add(vec![key_package]), &mut relays));
    assert!(other.work(|work| work.join(&invitation)).is_err());
    assert_eq!(guest.work(|work| work.key_packages_left()).unwrap(), 1);
    guest.work(|work| work.join(&invitation)).unwrap();
    assert_eq!(guest.work(|work| work.key_packages_left()).unwrap(), 0);
    assert!(guest.work(|work| work.join(&invitation)).is_err());
    for length in [0, 1, 5, 9, invitation.len() / 2, invitation.len() - 1] {
        assert!(other.work(|work| work.join(&invitation[..length])).is_err());
    }
}
