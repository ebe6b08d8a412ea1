//! Forged handshakes, and commits that were truly missed: nobody can tell them apart by looking, and the first
//! must stop nobody while whoever has missed one finds out and comes back.

use crate::{
    liar::{claimed_epoch, damaged, of_epoch},
    people::{
        self, Chain, Person, add, ask, assert_same_group, content, group, invitation, join_again,
        place, renew,
    },
    relays::Relays,
};
use parlance_groups::{Comparison, Error, Event, GroupId, Place, Suite};

/// How far ahead a forged handshake claims to be.
const AHEAD: [u64; 5] = [0, 1, 2, 1_000, u64::MAX];

fn is_in_doubt(person: &mut Person, id: GroupId) -> bool {
    place(person, id).doubt.is_some()
}

fn is_confirmed(person: &mut Person, id: GroupId, text: u64, relays: &Relays) -> bool {
    let position = relays.next_position();
    let text = content(text).id;
    person
        .work(|work| work.confirmed(id, &text, position))
        .unwrap()
}

/// A commit of `person` that goes nowhere, as material for a liar.
fn commit_of(person: &mut Person, id: GroupId) -> Vec<u8> {
    let store = person.store.as_ref().unwrap();
    let mut work = person.groups.begin(store).unwrap();
    work.change(id, &renew()).unwrap();
    work.offer(id).unwrap().unwrap()
}

fn assert_all_in_one(people: &mut [Person], id: GroupId) {
    let mut all: Vec<_> = people.iter_mut().collect();
    assert_same_group(&mut all, id);
}

#[test]
fn a_forged_handshake_stops_nobody() {
    for ahead in AHEAD {
        let (chain, mut relays) = (Chain::default(), Relays::new(1));
        let (mut people, id) = group(3, Suite::Classical, &chain, &mut relays);
        let genuine = commit_of(&mut people[0], id);
        let epoch = people[0].epoch(id).0.saturating_add(ahead);
        relays.push(damaged(&of_epoch(&genuine, epoch), 1));
        // A second one tells them nothing new.
        relays.push(damaged(&of_epoch(&genuine, epoch), 3));
        for person in &mut people {
            let events = person.catch_up(id, &mut relays);
            assert!(
                matches!(
                    events[..],
                    [
                        Event::PassedOver { .. },
                        Event::InDoubt,
                        Event::PassedOver { .. }
                    ]
                ),
                "{events:?}"
            );
            assert!(is_in_doubt(person, id));
            assert!(person.work(|work| work.information(id)).is_ok());
        }
        // Everybody writes and reads; only the receipts wait.
        let before = people[2].send(id, 1).unwrap();
        assert_eq!(people[0].read(&before).unwrap(), [1]);
        assert_eq!(people[1].read(&before).unwrap(), [1]);
        assert!(!is_confirmed(&mut people[2], id, 1, &relays));
        // With the next genuine commit it is over for all but its author, and for that one with the next text.
        people[1].change(id, &renew(), &mut relays);
        for who in [0, 2] {
            let events = people[who].catch_up(id, &mut relays);
            assert!(matches!(events[..], [Event::Changed { .. }]), "{events:?}");
            assert!(!is_in_doubt(&mut people[who], id));
        }
        assert!(is_confirmed(&mut people[2], id, 1, &relays));
        assert!(is_in_doubt(&mut people[1], id));
        let after = people[0].send(id, 2).unwrap();
        assert_eq!(people[1].read(&after).unwrap(), [2]);
        assert!(!is_in_doubt(&mut people[1], id));
        people[1].restart();
        assert!(!is_in_doubt(&mut people[1], id));
        assert_all_in_one(&mut people, id);
    }
}

#[test]
fn forged_handshakes_between_genuine_ones_change_nothing() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(3, Suite::Hybrid, &chain, &mut relays);
    for round in 0..6 {
        let genuine = commit_of(&mut people[round % 3], id);
        let epoch = claimed_epoch(&genuine);
        let lie = |ahead: u64| of_epoch(&genuine, epoch.saturating_add(ahead));
        relays.push(lie(AHEAD[1 + round % 4]));
        // One has read the first lie when the commit is made; the others read all at once.
        people[round % 3].catch_up(id, &mut relays);
        people[(round + 1) % 3].change(id, &renew(), &mut relays);
        relays.push(lie(AHEAD[round % 5].saturating_add(1)));
        for person in &mut people {
            person.catch_up(id, &mut relays);
        }
        assert_all_in_one(&mut people, id);
    }
    // Everybody has read the last lie; to ask anybody is enough.
    for (one, other) in [(0, 1), (1, 2), (2, 0)] {
        assert_eq!(
            ask(&mut people, one, other, id),
            (Comparison::Same, Vec::new())
        );
        assert!(!is_in_doubt(&mut people[one], id));
    }
}

#[test]
fn a_damaged_copy_of_an_own_commit_stops_neither_its_author_nor_the_genuine_one() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(3, Suite::Classical, &chain, &mut relays);
    people[0].work(|work| work.change(id, &renew())).unwrap();
    let genuine = people[0].work(|work| work.offer(id)).unwrap().unwrap();
    relays.push(damaged(&genuine, 1));
    relays.push(genuine);
    for person in &mut people {
        let events = person.catch_up(id, &mut relays);
        assert!(
            matches!(
                events[..],
                [
                    Event::PassedOver { .. },
                    Event::InDoubt,
                    Event::Changed { .. }
                ]
            ),
            "{events:?}"
        );
    }
    assert_all_in_one(&mut people, id);
    let message = people[1].send(id, 1).unwrap();
    assert_eq!(people[0].read(&message).unwrap(), [1]);
    assert!(!is_in_doubt(&mut people[0], id));
}

#[test]
fn a_text_from_before_the_last_handshake_in_question_ends_no_doubt() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(3, Suite::Classical, &chain, &mut relays);
    let genuine = commit_of(&mut people[0], id);
    let far = of_epoch(&genuine, claimed_epoch(&genuine) + 5);
    relays.push(far.clone());
    people[0].change(id, &renew(), &mut relays);
    people[1].catch_up(id, &mut relays);
    people[2].catch_up(id, &mut relays);
    let texts = [1, 2].map(|text| people[1].send(id, text).unwrap());
    // Another one follows before the first text is read, and both may be genuine.
    relays.push(far);
    people[0].catch_up(id, &mut relays);
    assert_eq!(people[0].read(&texts[0]).unwrap(), [1]);
    assert!(is_in_doubt(&mut people[0], id));
    // After a commit of its own the second text says nothing, and one of the new epoch does.
    people[0].change(id, &renew(), &mut relays);
    assert_eq!(people[0].read(&texts[1]).unwrap(), [2]);
    assert!(is_in_doubt(&mut people[0], id));
    people[2].catch_up(id, &mut relays);
    let text = people[2].send(id, 3).unwrap();
    assert_eq!(people[0].read(&text).unwrap(), [3]);
    assert!(!is_in_doubt(&mut people[0], id));
}

#[derive(Clone, Copy, Debug)]
enum Witness {
    Commit,
    Text,
    Place,
}

#[test]
fn a_forged_handshake_keeps_nobody_from_joining_again() {
    for (witness, ahead) in [
        (Witness::Commit, 0),
        (Witness::Text, 1),
        (Witness::Place, u64::MAX),
    ] {
        let (chain, mut relays) = (Chain::default(), Relays::new(1));
        let (mut people, id) = group(3, Suite::Classical, &chain, &mut relays);
        people[2].work(|work| work.restored()).unwrap();
        let commit = join_again(&mut people, 2, 0, id);
        let epoch = claimed_epoch(&commit).saturating_add(ahead);
        relays.push(damaged(&of_epoch(&commit, epoch), 1));
        relays.push(damaged(&of_epoch(&commit, epoch), 3));
        relays.push(commit);
        people[2].catch_up(id, &mut relays);
        // It may have been overtaken, so it says nothing until it knows.
        assert!(matches!(people[2].send(id, 9), Err(Error::Joining(_))));
        assert!(matches!(
            people[2].work(|work| work.information(id)),
            Err(Error::Joining(_))
        ));
        people[2].restart();
        people[0].catch_up(id, &mut relays);
        people[1].catch_up(id, &mut relays);
        let events = match witness {
            Witness::Commit => {
                people[1].change(id, &renew(), &mut relays);
                people[0].catch_up(id, &mut relays);
                people[2].catch_up(id, &mut relays)
            }
            Witness::Text => {
                let text = people[1].send(id, 1).unwrap();
                people[2].work(|work| work.message(&text)).unwrap().1
            }
            Witness::Place => {
                let (comparison, events) = ask(&mut people, 2, 1, id);
                assert_eq!(comparison, Comparison::Same);
                events
            }
        };
        assert!(events.contains(&Event::Rejoined), "{witness:?}: {events:?}");
        assert_all_in_one(&mut people, id);
        let text = people[2].send(id, 2).unwrap();
        assert_eq!(people[0].read(&text).unwrap(), [2]);
    }
}

#[test]
fn whoever_was_overtaken_when_joining_again_learns_it_and_joins_once_more() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(3, Suite::Classical, &chain, &mut relays);
    people[2].work(|work| work.restored()).unwrap();
    let commit = join_again(&mut people, 2, 0, id);
    people[0].change(id, &renew(), &mut relays);
    relays.push(commit);
    let events = people[2].catch_up(id, &mut relays);
    assert!(events.contains(&Event::InDoubt), "{events:?}");
    people[1].catch_up(id, &mut relays);
    // In the same epoch by number; the one who waits for its joining gives way.
    assert_eq!(people[1].epoch(id).0, people[2].epoch(id).0);
    assert_eq!(ask(&mut people, 1, 2, id).0, Comparison::Inform);
    assert_eq!(ask(&mut people, 2, 1, id).0, Comparison::JoinAgain);
    relays.push(join_again(&mut people, 2, 1, id));
    assert_eq!(people[2].catch_up(id, &mut relays), [Event::Rejoined]);
    for person in &mut people {
        person.catch_up(id, &mut relays);
    }
    assert_all_in_one(&mut people, id);
}

#[test]
fn whoever_has_missed_a_commit_learns_it_loses_no_text_and_comes_back() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(3, Suite::Classical, &chain, &mut relays);
    let mut guest = Person::new(7, &chain);
    let key_package = guest.key_package(Suite::Classical);
    let mut invitation = invitation(&people[0].change(id, &add(vec![key_package]), &mut relays));
    // The position is the inviter's word, and this one is wrong by one.
    let position = relays.next_position() + 1;
    invitation[1..9].copy_from_slice(&position.to_le_bytes());
    guest.work(|work| work.join(&invitation)).unwrap();
    people.push(guest);
    people[1].change(id, &renew(), &mut relays);
    people[1].change(id, &renew(), &mut relays);
    let text = people[3].send(id, 1).unwrap();
    let events = people[3].catch_up(id, &mut relays);
    assert!(
        matches!(events[..], [Event::PassedOver { .. }, Event::InDoubt]),
        "{events:?}"
    );
    assert!(!is_confirmed(&mut people[3], id, 1, &relays));
    // Its own commits prove nothing, and its texts of the epoch that it makes so are for nobody.
    people[3].change(id, &renew(), &mut relays);
    let lonely = people[3].send(id, 2).unwrap();
    assert!(is_in_doubt(&mut people[3], id));
    assert!(!is_confirmed(&mut people[3], id, 2, &relays));
    // The others pass over what it did.
    people[0].catch_up(id, &mut relays);
    people[2].catch_up(id, &mut relays);
    assert_eq!(people[0].read(&text).unwrap(), [1]);
    assert!(people[0].read(&lonely).is_err());
    assert_eq!(ask(&mut people, 0, 3, id).0, Comparison::Inform);
    assert_eq!(ask(&mut people, 3, 0, id).0, Comparison::JoinAgain);
    relays.push(join_again(&mut people, 3, 0, id));
    assert_eq!(people[3].catch_up(id, &mut relays), [Event::Rejoined]);
    for person in &mut people {
        person.catch_up(id, &mut relays);
    }
    assert_all_in_one(&mut people, id);
    let again = people[3].work(|work| work.unsent(id)).unwrap();
    let read: Vec<_> = again
        .iter()
        .map(|(_, message)| people[0].read(message).unwrap())
        .collect();
    assert_eq!(read, [vec![], vec![2]], "the first was read before");
    assert!(is_confirmed(&mut people[3], id, 1, &relays));
    assert!(is_confirmed(&mut people[3], id, 2, &relays));
}

#[test]
fn whoever_was_removed_by_a_commit_that_it_missed_gives_up_and_is_invited() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(3, Suite::Classical, &chain, &mut relays);
    let gone = people[2].device;
    people[0].change(id, &people::remove(&[gone]), &mut relays);
    people[0].change(id, &renew(), &mut relays);
    // It is shown the second commit in the place of the first.
    let position = people[2].work(|work| work.position(id)).unwrap();
    let second = relays.all().last().unwrap().clone();
    let events = people[2].work(|work| work.handshake(id, position, &second));
    assert!(events.unwrap().contains(&Event::InDoubt));
    let key_package = people[2].key_package(Suite::Classical);
    let invitation = invitation(&people[0].change(id, &add(vec![key_package]), &mut relays));
    let refused = people[2].work(|work| work.join(&invitation));
    assert!(matches!(refused, Err(Error::AlreadyJoined(_))));
    people[2].work(|work| work.give_up(id)).unwrap();
    people[2].work(|work| work.join(&invitation)).unwrap();
    people[1].catch_up(id, &mut relays);
    assert_all_in_one(&mut people, id);
}

#[test]
fn what_a_liar_says_of_its_place_moves_nobody() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(2, Suite::Classical, &chain, &mut relays);
    let genuine = commit_of(&mut people[0], id);
    relays.push(of_epoch(&genuine, 9));
    people[0].catch_up(id, &mut relays);
    let own = place(&mut people[0], id);
    let ends = [0, 1, own.epoch, own.position, u64::MAX];
    for position in ends {
        for epoch in ends {
            for doubt in [None, Some(0), Some(u64::MAX)] {
                let lie = Place {
                    position,
                    epoch,
                    doubt,
                    authenticator: [7; 32],
                };
                let (comparison, events) = people[0].work(|work| work.compare(id, &lie)).unwrap();
                assert_ne!(comparison, Comparison::Same);
                assert_eq!(events, []);
                assert_eq!(place(&mut people[0], id), own);
            }
        }
    }
    // Who has not read the handshake in question cannot say anything about it.
    assert_eq!(ask(&mut people, 0, 1, id).0, Comparison::Wait);
    assert!(is_in_doubt(&mut people[0], id));
    people[1].catch_up(id, &mut relays);
    assert_eq!(ask(&mut people, 0, 1, id).0, Comparison::Same);
    assert!(!is_in_doubt(&mut people[0], id));
}

/// A group of four of whom two are shown another order, with as many commits as each half makes.
fn split(chain: &Chain, commits: [usize; 2]) -> (Vec<Person>, GroupId, [Relays; 2]) {
    let mut orders = [Relays::new(1), Relays::new(2)];
    let (mut people, id) = group(4, Suite::Classical, chain, &mut orders[0]);
    for read in orders[0].all().to_vec() {
        orders[1].push(read);
    }
    for half in 0..2 {
        for _ in 0..commits[half] {
            people[2 * half].change(id, &renew(), &mut orders[half]);
        }
        people[2 * half + 1].catch_up(id, &mut orders[half]);
    }
    (people, id, orders)
}

#[test]
fn two_orders_show_when_members_compare_and_one_half_gives_way() {
    let chain = Chain::default();
    let (mut people, id, mut orders) = split(&chain, [1, 1]);
    for half in [0, 2] {
        assert_eq!(ask(&mut people, half, half + 1, id).0, Comparison::Same);
    }
    // Nothing in the orders shows it: texts of the other half do not open, and that is all.
    let text = people[0].send(id, 1).unwrap();
    assert!(matches!(people[2].read(&text), Err(Error::Unusable { .. })));
    assert!(!is_in_doubt(&mut people[2], id));
    // They hear of each other.
    let (stay, half) = match ask(&mut people, 0, 2, id).0 {
        Comparison::Inform => (0, 0),
        Comparison::JoinAgain => (2, 1),
        other => panic!("{other:?}"),
    };
    // When one has come back, the other cannot read as far as the half that stays has.
    let answers = [Comparison::JoinAgain, Comparison::ReadOn];
    for (who, answer) in [2 - stay, 3 - stay].into_iter().zip(answers) {
        assert_eq!(ask(&mut people, who, stay, id).0, answer);
        let commit = join_again(&mut people, who, stay, id);
        orders[half].push(commit);
        let events = people[who].catch_up(id, &mut orders[half]);
        assert!(events.contains(&Event::Rejoined), "{events:?}");
        people[stay].catch_up(id, &mut orders[half]);
    }
    for person in &mut people {
        person.catch_up(id, &mut orders[half]);
    }
    assert_all_in_one(&mut people, id);
}

#[test]
fn two_orders_of_which_one_is_longer_show_too() {
    let chain = Chain::default();
    let (mut people, id, mut orders) = split(&chain, [3, 1]);
    assert_eq!(ask(&mut people, 0, 2, id).0, Comparison::Wait);
    // There is nothing to read on, which is what tells it.
    assert_eq!(ask(&mut people, 2, 0, id).0, Comparison::ReadOn);
    assert_eq!(people[2].catch_up(id, &mut orders[1]), []);
    assert_eq!(ask(&mut people, 2, 0, id).0, Comparison::ReadOn);
    let commit = join_again(&mut people, 2, 0, id);
    orders[0].push(commit);
    assert_eq!(people[2].catch_up(id, &mut orders[0]), [Event::Rejoined]);
    people[0].catch_up(id, &mut orders[0]);
    assert_eq!(ask(&mut people, 2, 0, id).0, Comparison::Same);
}
