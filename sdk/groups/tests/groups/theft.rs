//! A thief has a copy of a member's database and passphrase while its owner goes on.

use crate::{
    people::{Chain, Person, ask, group, join_again, renew, texts},
    relays::Relays,
};
use parlance_groups::{Comparison, Event, GroupId, Suite};

/// What somebody reads of messages, by whatever way it takes: as they come, and after reading the order.
fn read_all(
    person: &mut Person,
    id: GroupId,
    messages: &[&Vec<u8>],
    relays: &mut Relays,
) -> Vec<u64> {
    let mut read = Vec::new();
    for _ in 0..2 {
        for message in messages {
            read.extend(person.read(message).unwrap_or_default());
        }
        read.extend(texts(&person.catch_up(id, relays)));
    }
    read.sort_unstable();
    read
}

#[test]
fn a_thief_reads_until_its_victim_renews_and_nothing_after() {
    for suite in [Suite::Hybrid, Suite::Classical] {
        let (chain, mut relays) = (Chain::default(), Relays::new(1));
        let (mut people, id) = group(4, suite, &chain, &mut relays);
        people[1].change(id, &renew(), &mut relays);
        let mut thief = people[1].thief();
        // It is no straw man: it reads what its victim reads, also after the commits of others.
        let now = people[1].send(id, 1).unwrap();
        for who in [0, 2] {
            people[who].catch_up(id, &mut relays);
        }
        let of_others = people[0].send(id, 2).unwrap();
        people[2].change(id, &renew(), &mut relays);
        let later = people[2].send(id, 3).unwrap();
        let read = read_all(&mut thief, id, &[&of_others, &later], &mut relays);
        assert_eq!(read, [2, 3]);
        assert_eq!(thief.epoch(id), people[2].epoch(id));
        for who in [0, 2, 3] {
            people[who].catch_up(id, &mut relays);
            assert_eq!(people[who].read(&now).unwrap(), [1]);
        }
        // The victim renews. From then on the thief reads nobody, whatever others do.
        people[1].change(id, &renew(), &mut relays);
        let victims = people[1].send(id, 4).unwrap();
        people[0].catch_up(id, &mut relays);
        let of_others = people[0].send(id, 5).unwrap();
        people[3].change(id, &renew(), &mut relays);
        let later = people[3].send(id, 6).unwrap();
        let messages = [&victims, &of_others, &later];
        assert!(read_all(&mut thief, id, &messages, &mut relays).is_empty());
        assert_ne!(thief.epoch(id), people[1].epoch(id));
        // Everybody else does.
        assert_eq!(
            read_all(&mut people[2], id, &messages, &mut relays),
            [4, 5, 6]
        );
        // What it writes as its victim is of an epoch that the others forget.
        for _ in 0..4 {
            people[3].change(id, &renew(), &mut relays);
        }
        people[2].catch_up(id, &mut relays);
        let posing = thief.send(id, 7).unwrap();
        assert!(people[2].read(&posing).is_err());
    }
}

#[test]
fn a_thief_that_renews_first_puts_its_victim_out_who_learns_it_and_puts_out_the_thief() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(3, Suite::Classical, &chain, &mut relays);
    let mut thief = people[1].thief();
    thief.change(id, &renew(), &mut relays);
    people[0].catch_up(id, &mut relays);
    // The victim sees a commit of its own that it did not make.
    let events = people[1].catch_up(id, &mut relays);
    assert!(events.contains(&Event::InDoubt), "{events:?}");
    assert_eq!(ask(&mut people, 1, 0, id).0, Comparison::JoinAgain);
    relays.push(join_again(&mut people, 1, 0, id));
    assert_eq!(people[1].catch_up(id, &mut relays), [Event::Rejoined]);
    people[0].catch_up(id, &mut relays);
    assert!(thief.catch_up(id, &mut relays).contains(&Event::LostTrack));
    let text = people[0].send(id, 1).unwrap();
    assert_eq!(people[1].read(&text).unwrap(), [1]);
    assert!(thief.read(&text).unwrap_or_default().is_empty());
}
