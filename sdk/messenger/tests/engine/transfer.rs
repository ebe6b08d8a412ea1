//! A1-A7, and H5 where there are several devices.

use super::*;

fn ask(room: &mut Room, n: usize) {
    let anew = false;
    room.command(n, Command::AskHistory { anew }).unwrap();
}

fn give(room: &mut Room, n: usize, device: u32) {
    room.command(n, Command::GiveHistory { device }).unwrap();
}

fn wanted(event: &Event) -> bool {
    matches!(event, Event::HistoryWanted { .. })
}

fn all_taken(event: &Event) -> bool {
    matches!(event, Event::HistoryTaken { done: true, .. })
}

/// Long enough for everybody to look up anew.
const LOOKS: u64 = 61_000;

#[test]
fn a_new_device_gets_what_was_said_in_order_with_everything_that_belongs_to_it() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    let mut said = Vec::new();
    let mut last = [0; 16];
    for n in 0..15 {
        let words = format!("anna {n}");
        last = room.say(0, BEN, &words);
        said.push(words);
        room.pass(200);
        let words = format!("ben {n}");
        room.say(1, ANNA, &words);
        said.push(words);
        room.pass(200);
    }
    room.say(0, ANNA, "a note");
    let text = Text::new("anna 14, edited").unwrap();
    room.body(0, BEN, Body::Edit(Edit { of: last, text }));
    let emoji = Text::new("🎉").unwrap();
    room.body(1, ANNA, Body::Reaction(Reaction { to: last, emoji }));
    said[28] = "anna 14, edited".into();
    let (conversation, up_to) = (BEN, 25);
    room.command(
        0,
        Command::Read {
            conversation,
            up_to,
        },
    )
    .unwrap();
    let new = room.add(ANNA, 2);
    room.pass(LOOKS);
    // What is new comes to both, before the history does.
    for words in ["one more", "and another one"] {
        room.say(1, ANNA, words);
        said.push(words.into());
    }
    room.pass(2_000);
    assert_eq!(room.texts(new, BEN), ["one more", "and another one"]);
    ask(&mut room, new);
    room.pass(5_000);
    assert_eq!(room.heard(0, wanted), 1);
    assert_eq!(room.heard(new, all_taken), 0);
    give(&mut room, 0, 2);
    room.pass(10_000);
    assert_eq!(room.heard(new, all_taken), 1);
    assert_eq!(room.texts(new, BEN), said);
    assert_eq!(room.texts(new, ANNA), ["a note"]);
    let all = room.engine(new).messages(&BEN, u64::MAX, 100).unwrap();
    assert!(all.is_sorted_by(|one, other| one.number > other.number));
    let (here, there) = (room.entry(new, BEN, &last), room.entry(0, BEN, &last));
    assert_eq!(here, there);
    assert_eq!(here.reactions.len(), 1);
    assert_eq!(here.status.delivered, [5]);
    let unread = |room: &mut Room, n: usize| {
        let all = room.engine(n).conversations();
        all.map(|it| (it.with, it.unread)).collect::<Vec<_>>()
    };
    assert_eq!(unread(&mut room, 0), unread(&mut room, new));
    // What is read on one of them is read on the other, old or new.
    room.command(
        new,
        Command::Read {
            conversation,
            up_to: u64::MAX,
        },
    )
    .unwrap();
    room.pass(2_000);
    assert_eq!(unread(&mut room, 0), [(ANNA, 0), (BEN, 0)]);
    assert_eq!(unread(&mut room, new), [(ANNA, 0), (BEN, 0)]);
    for n in 0..3 {
        assert_eq!(room.engine(n).waiting(), 0, "device {n}");
    }
}

#[test]
fn a_long_history_comes_in_bounded_pieces_whatever_ends_in_between() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    let said: Vec<String> = (0..40)
        .map(|n| format!("{n} {}", "x".repeat(20_000)))
        .collect();
    for words in &said {
        room.say(0, BEN, words);
        room.pass(150);
    }
    let new = room.add(ANNA, 2);
    room.pass(LOOKS);
    give(&mut room, 0, 2);
    ask(&mut room, new);
    for round in 0..60 {
        room.pass(150);
        match round % 6 {
            1 => room.restart(new),
            4 => room.restart(0),
            _ => {}
        }
    }
    room.pass(limits::LONGEST_ASK_PAUSE / 10);
    assert_eq!(room.heard(new, all_taken), 1);
    assert_eq!(room.texts(new, BEN), said);
    // A page holds what is said of it, and one message more.
    let pages = room.heard(new, |it| matches!(it, Event::HistoryTaken { .. }));
    assert!((5..=8).contains(&pages), "{pages}");
}

/// A2.
#[test]
fn no_device_gets_a_history_that_was_granted_to_another_one() {
    let mut room = Room::new(&[(ANNA, 1), (ANNA, 3), (BEN, 5)]);
    room.pass(1_000);
    room.say(0, BEN, "before");
    room.pass(1_000);
    let new = room.add(ANNA, 2);
    room.pass(LOOKS);
    give(&mut room, 0, 3);
    ask(&mut room, new);
    room.pass(10_000);
    assert_eq!(room.texts(new, BEN), [""; 0]);
    assert_eq!(room.heard(0, wanted), 1);
    // Asked again and again, the person is told once.
    room.restart(0);
    room.pass(10 * limits::ASK_PAUSE);
    assert_eq!(room.heard(0, wanted), 1);
    let wanted: Vec<DeviceAddress> = room.engine(0).wanted().collect();
    assert_eq!(wanted, [address(ANNA, 2)]);
    let body = Body::Transfer(parlance_e2ee::content::Transfer::Ask {
        transfer: [1; 16],
        page: 0,
        from: None,
    });
    let conversation = ANNA;
    let refused = room.command(new, Command::Say { conversation, body });
    assert_eq!(refused, Err(Error::NotToSay));
}

/// A2.
#[test]
fn a_grant_ends() {
    for (pause, told) in [(0, 0), (limits::GRANT_LIFE, 1)] {
        let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
        room.pass(1_000);
        room.say(0, BEN, "before");
        let new = room.add(ANNA, 2);
        room.pass(LOOKS);
        give(&mut room, 0, 2);
        room.restart(0);
        room.now += pause;
        ask(&mut room, new);
        room.pass(5_000);
        assert_eq!(room.heard(0, wanted), told);
        assert_eq!(room.heard(new, all_taken), 1 - told);
    }
}

/// A5, A7.
#[test]
fn a_second_transfer_brings_what_the_first_one_did_not_and_doubles_nothing() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    room.say(1, ANNA, "one");
    room.pass(1_000);
    let new = room.add(ANNA, 2);
    // The old device sees the new one; Ben does not yet.
    room.restart(0);
    ask(&mut room, new);
    give(&mut room, 0, 2);
    room.pass(5_000);
    assert_eq!(room.texts(new, BEN), ["one"]);
    room.no_chain = vec![1];
    room.say(1, ANNA, "two");
    room.pass(3_000);
    assert_eq!(room.texts(new, BEN), ["one"]);
    room.no_chain = Vec::new();
    room.pass(LOOKS);
    room.say(1, ANNA, "three");
    room.pass(3_000);
    assert_eq!(room.texts(new, BEN), ["one", "three"]);
    ask(&mut room, new);
    room.pass(5_000);
    assert_eq!(room.heard(new, all_taken), 2);
    assert_eq!(room.texts(new, BEN), ["one", "three", "two"]);
    room.command(new, Command::AskHistory { anew: true })
        .unwrap();
    room.pass(5_000);
    assert_eq!(room.texts(new, BEN), ["one", "three", "two"]);
    assert_eq!(room.texts(0, BEN), ["one", "two", "three"]);
}

#[test]
fn a_device_that_was_off_for_a_day_has_everything_in_order_and_reads_along() {
    let mut room = Room::new(&[(ANNA, 1), (ANNA, 2), (BEN, 5)]);
    room.pass(1_000);
    room.say(2, ANNA, "first");
    room.pass(1_000);
    room.engines[1] = None;
    let mut said = vec!["first".to_owned()];
    for n in 0..20 {
        let words = format!("{n}");
        match n % 2 {
            0 => room.say(0, BEN, &words),
            _ => room.say(2, ANNA, &words),
        };
        said.push(words);
        room.pass(500);
    }
    let (conversation, up_to) = (BEN, u64::MAX);
    room.command(
        0,
        Command::Read {
            conversation,
            up_to,
        },
    )
    .unwrap();
    room.pass(1_000);
    room.now += 86_400_000;
    room.start(1);
    room.deliver_again(1);
    room.pass(3_000);
    assert_eq!(room.texts(1, BEN), said);
    assert!(room.engine(1).conversations().all(|it| it.unread == 0));
    assert_eq!(room.engine(0).waiting(), 0);
}

/// H5.
#[test]
fn what_was_read_on_one_device_disappears_from_all_and_does_not_come_back() {
    let mut room = Room::new(&[(ANNA, 1), (ANNA, 2), (BEN, 5), (BEN, 6)]);
    room.pass(1_000);
    let lifetime = Some(60);
    room.body(0, BEN, Body::Timer(Timer { lifetime }));
    room.pass(1_000);
    // One device of each is off.
    room.engines[1] = None;
    room.engines[3] = None;
    let id = room.say(0, BEN, "goes, everywhere");
    room.pass(1_000);
    let waits = |room: &Room| -> Vec<bool> {
        let copies: Vec<Copy> = room.disks[0].table(Table::Outbox);
        let own = copies.iter();
        let own = own.filter(|copy| copy.to.account == ANNA.0 && copy.id == id);
        own.map(|copy| copy.content.windows(5).any(|it| it == b"goes,"))
            .collect()
    };
    assert_eq!(waits(&room), [true]);
    let (conversation, up_to) = (ANNA, u64::MAX);
    room.command(
        2,
        Command::Read {
            conversation,
            up_to,
        },
    )
    .unwrap();
    room.pass(70_000);
    assert_eq!(room.texts(0, BEN), [""]);
    assert_eq!(room.texts(2, ANNA), [""]);
    // What waits for the author's other device says nothing any more.
    assert_eq!(waits(&room), [false]);
    // What comes a day late is not shown for longer.
    room.start(1);
    room.start(3);
    room.deliver_again(1);
    room.deliver_again(3);
    room.pass(2_000);
    for (n, with) in [(0, BEN), (1, BEN), (2, ANNA), (3, ANNA)] {
        assert_eq!(room.texts(n, with), [""], "device {n}");
        let orphans: Vec<Orphan> = room.disks[n].table(Table::Orphans);
        assert!(orphans.iter().all(|it| it.about != id), "device {n}");
        room.restart(n);
    }
    // Neither does a history.
    give(&mut room, 0, 2);
    ask(&mut room, 1);
    room.pass(5_000);
    assert_eq!(room.texts(1, BEN), [""]);
}

/// A6. What has disappeared keeps its name, and another message may get its number.
#[test]
fn a_message_that_disappeared_is_not_taken_for_the_one_in_its_place() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    for words in ["one", "two", "three"] {
        room.say(1, ANNA, words);
        room.pass(500);
    }
    let new = room.add(ANNA, 2);
    room.pass(LOOKS);
    let lifetime = Some(60);
    room.body(new, BEN, Body::Timer(Timer { lifetime }));
    let gone = room.say(new, BEN, "gone soon");
    room.pass(70_000);
    assert_eq!(room.texts(new, BEN), [""]);
    let before = room.disks[new].count(Table::Orphans);
    give(&mut room, 0, 2);
    ask(&mut room, new);
    room.pass(5_000);
    // The timer is on both; the old device has it behind the three.
    assert_eq!(room.texts(new, BEN), ["one", "two", "three", ""]);
    assert_eq!(room.engine(new).message(&BEN, &gone).unwrap(), None);
    let emoji = Text::new("?").unwrap();
    let reaction = Body::Reaction(Reaction { to: gone, emoji });
    let refused = room.command(
        new,
        Command::Say {
            conversation: BEN,
            body: reaction,
        },
    );
    assert_eq!(refused, Err(Error::NoSuchMessage));
    assert_eq!(room.disks[new].count(Table::Orphans), before);
}
