//! N1-N7.

use super::*;
use parlance_messenger::{NoTraceEnd, NoTraceNews, NoTraceWish, Storage};

fn wish(room: &mut Room, n: usize, with: Account, wish: NoTraceWish) {
    room.command(n, Command::NoTrace { with, wish }).unwrap();
}

fn open(room: &mut Room, n: usize, with: Account) {
    wish(room, n, with, NoTraceWish::Open);
}

fn text(words: &str) -> Body {
    let text = Text::new(words).unwrap();
    Body::Text(WrittenText { text })
}

fn say(room: &mut Room, n: usize, with: Account, words: &str) {
    wish(room, n, with, NoTraceWish::Say(text(words)));
}

/// What a device was told of such conversations.
fn news(room: &Room, n: usize) -> Vec<NoTraceNews> {
    let events = room.events.iter().filter(|(who, _)| *who == n);
    events
        .filter_map(|(_, event)| match event {
            Event::NoTrace { news, .. } => Some(news.clone()),
            _ => None,
        })
        .collect()
}

fn texts(room: &Room, n: usize) -> Vec<String> {
    let said = news(room, n).into_iter().filter_map(|news| match news {
        NoTraceNews::Said {
            body: Body::Text(body),
            own: false,
            ..
        } => Some(body.text.as_str().to_owned()),
        _ => None,
    });
    said.collect()
}

fn delivered(room: &Room, n: usize) -> usize {
    let news = news(room, n).into_iter();
    news.filter(|it| matches!(it, NoTraceNews::Delivered { .. }))
        .count()
}

fn ended(room: &Room, n: usize) -> Vec<NoTraceEnd> {
    let ends = news(room, n).into_iter().filter_map(|news| match news {
        NoTraceNews::Ended(end) => Some(end),
        _ => None,
    });
    ends.collect()
}

/// Everything on a disk but what typing changes as well: sessions, ids of sealed messages, bytes through relays.
fn traces(room: &Room, n: usize) -> Vec<Vec<u8>> {
    let tables = Table::ALL.into_iter();
    let tables = tables.filter(|it| !matches!(it, Table::Single | Table::Seen | Table::Proofs));
    let rows = tables.flat_map(|table| room.disks[n].all(table).unwrap());
    let counters = room.disks[n].get(&Row::Taking).unwrap();
    rows.chain(counters).collect()
}

fn stands_on_disk(room: &Room, n: usize, words: &str) -> bool {
    let rows = Table::ALL.into_iter();
    let mut rows = rows.flat_map(|table| room.disks[n].all(table).unwrap());
    rows.any(|row| row.windows(words.len()).any(|it| it == words.as_bytes()))
}

/// Two who have talked before, and are in such a conversation now.
fn begun() -> (Room, [Vec<Vec<u8>>; 2]) {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    room.say(0, BEN, "in the history");
    room.say(1, ANNA, "and this");
    room.pass(3_000);
    let before = [0, 1].map(|n| traces(&room, n));
    open(&mut room, 1, ANNA);
    room.pass(3_000);
    assert_eq!(news(&room, 0), [NoTraceNews::Invited]);
    open(&mut room, 0, BEN);
    room.pass(6_000);
    for (n, other) in [(0, address(BEN, 5)), (1, address(ANNA, 1))] {
        let opened = NoTraceNews::Opened { device: other };
        assert!(news(&room, n).contains(&opened), "device {n}");
    }
    (room, before)
}

#[test]
fn what_is_said_without_a_trace_is_shown_and_on_no_disk() {
    let (mut room, before) = begun();
    for n in 0..5 {
        say(&mut room, 0, BEN, &format!("quicksilver {n}"));
        say(&mut room, 1, ANNA, &format!("mercury {n}"));
        room.pass(300);
    }
    wish(
        &mut room,
        0,
        BEN,
        NoTraceWish::Typing(parlance_e2ee::content::TypingState::Typing),
    );
    room.pass(3_000);
    let said = |words: &str| (0..5).map(|n| format!("{words} {n}")).collect::<Vec<_>>();
    assert_eq!(texts(&room, 0), said("mercury"));
    assert_eq!(texts(&room, 1), said("quicksilver"));
    assert_eq!((delivered(&room, 0), delivered(&room, 1)), (5, 5));
    let typing = |it: &NoTraceNews| matches!(it, NoTraceNews::Typing(_));
    assert_eq!(news(&room, 1).iter().filter(|it| typing(it)).count(), 1);
    // In the middle, at the end, and after it.
    for end in [false, true] {
        if end {
            wish(&mut room, 0, BEN, NoTraceWish::Close);
            room.pass(2_000);
        }
        for n in [0, 1] {
            assert_eq!(traces(&room, n), before[n], "device {n}");
            assert!(!stands_on_disk(&room, n, "quicksilver"));
            assert!(!stands_on_disk(&room, n, "mercury"));
            assert_eq!(room.engine(n).waiting(), 0);
        }
    }
    assert!(stands_on_disk(&room, 0, "in the history"));
    assert_eq!(ended(&room, 0), [NoTraceEnd::Here]);
    assert_eq!(ended(&room, 1), [NoTraceEnd::They]);
    assert_eq!(room.engine(1).no_trace(), None);
    // All that relays have ever had is of no use any more, and breaks nothing.
    for n in [0, 1] {
        room.deliver_again(n);
        room.restart(n);
        room.deliver_again(n);
    }
    room.pass(limits::RENEWAL_PAUSE + 1_000);
    for n in [0, 1] {
        assert_eq!(texts(&room, n).len(), 5);
        assert_eq!(room.heard(n, |it| matches!(it, Event::Renewed { .. })), 0);
    }
    assert_eq!(room.texts(0, BEN), ["in the history", "and this"]);
}

/// N1.
#[test]
fn nothing_is_said_without_a_trace_unless_both_want_it() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    let (with, body) = (BEN, text("hello"));
    let say = NoTraceWish::Say;
    let refused = |room: &mut Room, wish| room.command(0, Command::NoTrace { with, wish });
    let nobody = Err(Error::NobodyWithoutTrace);
    assert_eq!(refused(&mut room, say(body.clone())), nobody);
    open(&mut room, 0, BEN);
    room.pass(12_000);
    assert!(news(&room, 1).len() >= 2);
    assert!(news(&room, 1).iter().all(|it| *it == NoTraceNews::Invited));
    assert_eq!(refused(&mut room, say(body)), nobody);
    assert_eq!(room.disks[1].count(Table::Conversations), 0);
    // With oneself it makes no sense, and other things than words are not said there.
    let wish = NoTraceWish::Open;
    let oneself = room.command(0, Command::NoTrace { with: ANNA, wish });
    assert_eq!(oneself, Err(Error::NoTraceWithOneself));
    let delete = Body::Delete(Delete { of: [1; 16] });
    assert_eq!(refused(&mut room, say(delete)), Err(Error::NotToSay));
}

#[test]
fn one_device_of_each_side_takes_part() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5), (BEN, 6)]);
    room.pass(1_000);
    open(&mut room, 1, ANNA);
    open(&mut room, 2, ANNA);
    open(&mut room, 0, BEN);
    room.pass(12_000);
    let peers: Vec<bool> = [1, 2]
        .map(|n| room.engine(n).no_trace().is_some_and(|it| it.1.is_some()))
        .to_vec();
    assert_eq!(peers.iter().filter(|it| **it).count(), 1, "{peers:?}");
    say(&mut room, 0, BEN, "to one");
    room.pass(3_000);
    assert_eq!(texts(&room, 1).len() + texts(&room, 2).len(), 1);
}

/// N4.
#[test]
fn it_is_over_when_the_other_device_is_silent_and_goes_on_while_nobody_speaks() {
    let (mut room, before) = begun();
    room.pass(60_000);
    assert!(ended(&room, 0).is_empty());
    room.engines[1] = None;
    say(&mut room, 0, BEN, "nobody hears it");
    room.pass(limits::NO_TRACE_SILENCE + 1_000);
    assert_eq!(ended(&room, 0), [NoTraceEnd::Silence]);
    room.start(1);
    room.deliver_again(1);
    room.pass(3_000);
    assert_eq!(texts(&room, 1), [""; 0]);
    for n in [0, 1] {
        assert_eq!(traces(&room, n), before[n]);
    }
    // Another one can begin.
    open(&mut room, 0, BEN);
    open(&mut room, 1, ANNA);
    room.pass(7_000);
    say(&mut room, 0, BEN, "once more");
    room.pass(3_000);
    assert_eq!(texts(&room, 1), ["once more"]);
}

/// N5.
#[test]
fn what_relays_lose_there_comes_once_and_in_order() {
    let (mut room, _) = begun();
    for n in 0..12 {
        room.loses = n % 3 == 1;
        say(&mut room, 0, BEN, &n.to_string());
        room.pass(400);
    }
    room.loses = false;
    room.pass(6_000);
    let said: Vec<String> = (0..12).map(|n| n.to_string()).collect();
    assert_eq!(texts(&room, 1), said);
    assert_eq!(delivered(&room, 0), 12);
    let refused = (0..=limits::MAX_WHISPERS).find_map(|_| {
        let (with, wish) = (BEN, NoTraceWish::Say(text("much")));
        room.command(0, Command::NoTrace { with, wish }).err()
    });
    let waiting = limits::MAX_WHISPERS;
    assert_eq!(refused, Some(Error::OutboxFull { waiting }));
}
