//! Messages that are ahead of their commits, and floods of forged ones.

use crate::{
    liar::of_epoch,
    people::{Chain, Person, group, renew},
    relays::Relays,
};
use parlance_e2ee::{Body, Content, Text, content::WrittenText};
use parlance_groups::{
    Error, GroupId, Suite,
    limits::{MAX_AHEAD, MAX_EARLY, MAX_EARLY_BYTES},
};

/// Puts messages for `epoch` that nobody wrote into a mailbox; how many were kept.
fn flood(victim: &mut Person, genuine: &[u8], epoch: u64, count: u64) -> usize {
    let mut forged = of_epoch(genuine, epoch);
    let end = forged.len() - 8;
    let mut kept = 0;
    for number in 0..count {
        forged[end..].copy_from_slice(&number.to_be_bytes());
        match victim.work(|work| work.message(&forged)) {
            Ok((_, events)) => {
                assert_eq!(events, []);
                kept += 1;
            }
            Err(Error::TooEarly(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }
    kept
}

/// A text of a large size class.
fn long_text(person: &mut Person, id: GroupId) -> Vec<u8> {
    let text = Text::new("a".repeat(48_000)).unwrap();
    let content = Content::new([9; 16], 1, Body::Text(WrittenText { text }));
    person.work(|work| work.send(id, &content)).unwrap()
}

#[test]
fn a_flood_takes_no_more_than_its_room_and_puts_out_nothing() {
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(3, Suite::Classical, &chain, &mut relays);
    let (short, long) = (
        people[2].send(id, 1).unwrap(),
        long_text(&mut people[2], id),
    );
    let present = people[1].epoch(id).0;
    people[0].change(id, &renew(), &mut relays);
    let first = people[0].send(id, 2).unwrap();
    let second = people[0].send(id, 3).unwrap();
    people[0].change(id, &renew(), &mut relays);
    let third = people[0].send(id, 4).unwrap();
    let reader = &mut people[1];
    assert!(reader.read(&first).unwrap().is_empty());
    // By number, and by length.
    let kept = flood(reader, &short, present + 1, MAX_EARLY as u64 + 20);
    assert_eq!(kept, MAX_EARLY - 1);
    assert!(matches!(reader.read(&second), Err(Error::TooEarly(_))));
    let kept = flood(reader, &long, present + 3, 40);
    assert_eq!(kept, MAX_EARLY_BYTES / long.len());
    // An epoch has its own room, and none is there for those that are far.
    assert!(reader.read(&third).unwrap().is_empty());
    for ahead in [MAX_AHEAD + 1, 1_000, u64::MAX - present] {
        assert_eq!(flood(reader, &short, present + ahead, 3), 0);
    }
    reader.restart();
    // The same again is the same row.
    assert!(reader.read(&first).unwrap().is_empty());
    // What was kept opens with its commit; what was not opens then from the mailbox; the flood is gone.
    let events = reader.catch_up(id, &mut relays);
    assert_eq!(crate::people::texts(&events), [2, 4]);
    assert_eq!(reader.read(&second).unwrap(), [3]);
    let kept = flood(reader, &short, present + 4, MAX_EARLY as u64);
    assert_eq!(kept, MAX_EARLY);
}

#[test]
fn who_was_away_for_long_reads_every_text_in_its_mailbox() {
    const EPOCHS: u64 = 11;
    let (chain, mut relays) = (Chain::default(), Relays::new(1));
    let (mut people, id) = group(3, Suite::Classical, &chain, &mut relays);
    let mut mailbox = Vec::new();
    for epoch in 0..EPOCHS {
        mailbox.push(people[0].send(id, epoch).unwrap());
        people[0].change(id, &renew(), &mut relays);
    }
    // A client's loop (T7), which the others ran as they went.
    let reader = &mut people[1];
    let (mut read, mut rounds) = (Vec::new(), 0);
    loop {
        mailbox.retain(|message| match reader.read(message) {
            Ok(texts) => {
                read.extend(texts);
                false
            }
            Err(Error::TooEarly(_)) => true,
            Err(other) => panic!("{other}"),
        });
        let progress = reader.work(|work| work.catch_up(id, &mut relays)).unwrap();
        read.extend(crate::people::texts(&progress.events));
        rounds += 1;
        if !progress.more {
            break;
        }
    }
    assert!(rounds > 1);
    assert!(mailbox.is_empty());
    read.sort_unstable();
    assert_eq!(read, (0..EPOCHS).collect::<Vec<_>>());
}
