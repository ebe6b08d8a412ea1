//! Direct delivery where no relay helps (D7-D10).

use super::{
    direct::{handed_over, talk, two},
    *,
};

fn connected(room: &mut Room, n: usize, other: usize) {
    let device = room.address(other);
    room.input(n, Input::Connected { device });
}

fn hung_up(room: &mut Room, n: usize, other: usize) {
    let device = room.address(other);
    room.input(n, Input::Unreached { device });
}

/// D8.
#[test]
fn without_relays_two_go_on_for_as_long_as_they_talk() {
    let mut room = two();
    room.say(0, BEN, "with relays");
    room.pass(1_000);
    assert_eq!(handed_over(&room, 0), 1);
    room.silent = true;
    let people = [(0, BEN, 5), (1, ANNA, 1)];
    // Far longer than a record is good, and each time on a new connection.
    for turn in 0..6 {
        room.pass(limits::PRESENCE_LIFE / 4);
        hung_up(&mut room, 0, 1);
        hung_up(&mut room, 1, 0);
        let (by, with, device) = people[turn % 2];
        let id = room.say(by, with, "without");
        room.pass(limits::DIRECT_PATIENCE);
        assert_eq!(
            room.entry(by, with, &id).status.delivered,
            [device],
            "{turn}"
        );
    }
}

/// D8.
#[test]
fn what_no_relay_takes_is_offered_again_once_the_device_can_be_reached() {
    let mut room = two();
    room.say(0, BEN, "in reach");
    room.pass(1_000);
    room.silent = true;
    room.reachable.clear();
    let id = room.say(0, BEN, "out of reach");
    room.pass(limits::DIRECT_PATIENCE + 1_000);
    assert_eq!(room.texts(1, ANNA).len(), 3);
    assert!(room.entry(0, BEN, &id).status.delivered.is_empty());
    room.reachable.extend([0, 1]);
    room.pass(limits::UNREACHABLE + limits::DIRECT_AGAIN);
    assert_eq!(room.texts(1, ANNA).last().unwrap(), "out of reach");
    assert_eq!(room.entry(0, BEN, &id).status.delivered, [5]);
    assert_eq!(room.engine(0).unsent(), 0);
}

/// D8: where a relay says that nothing is there, nothing is.
#[test]
fn who_has_taken_the_records_back_is_not_dialled_where_they_were() {
    let mut room = two();
    room.say(0, BEN, "there");
    room.pass(1_000);
    room.input(1, Input::Reach(None));
    room.settle();
    hung_up(&mut room, 0, 1);
    let calls = room.calls.len();
    room.say(0, BEN, "gone");
    room.pass(limits::DIRECT_PATIENCE + 1_000);
    assert_eq!(room.calls.len(), calls);
    assert_eq!(room.texts(1, ANNA).len(), 4);
}

/// D7.
#[test]
fn who_stays_connected_is_there_and_need_not_be_found() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    talk(&mut room);
    room.appears(0);
    // Ben tells nobody how he is reached, and has dialled Anna.
    room.input(1, Input::Reach(Some(Reach::new([1; 32], [], None))));
    room.pass(1_000);
    room.silent = true;
    connected(&mut room, 0, 1);
    room.reachable.insert(1);
    room.say(0, BEN, "over your connection");
    room.pass(100);
    assert_eq!(room.texts(1, ANNA).len(), 3);
    assert_eq!((handed_over(&room, 0), room.blindly), (1, 1));
    // It ends, and nothing else is known of him.
    room.reachable.remove(&1);
    hung_up(&mut room, 0, 1);
    room.say(0, BEN, "later");
    room.pass(limits::DIRECT_PATIENCE + 500);
    assert_eq!((room.texts(1, ANNA).len(), room.blindly), (3, 1));
    connected(&mut room, 0, 1);
    room.reachable.insert(1);
    room.pass(limits::DIRECT_AGAIN + 500);
    assert_eq!(room.texts(1, ANNA).last().unwrap(), "later");
    assert_eq!(handed_over(&room, 0), 2);
}

/// D7.
#[test]
fn a_connection_that_ends_with_something_on_it_is_made_once_more_at_once() {
    let mut room = two();
    room.say(0, BEN, "it works");
    room.pass(1_000);
    // Nobody hears of the offer before the connection ends.
    let sent = room.sent.len();
    room.say(0, BEN, "on it");
    let mut offers = Vec::new();
    while let Some(effect) = room.engine(0).next_effect() {
        match effect {
            Effect::Offer { .. } => offers.push(effect),
            other => room.effect(0, other),
        }
    }
    assert_eq!(offers.len(), 1);
    hung_up(&mut room, 0, 1);
    room.pass(100);
    assert_eq!(room.texts(1, ANNA).last().unwrap(), "on it");
    assert_eq!((handed_over(&room, 0), room.sent.len()), (2, sent));
}

/// D9.
#[test]
fn a_stranger_who_is_connected_gets_nothing_that_way() {
    let carl = Account([3; 32]);
    let mut room = Room::new(&[(ANNA, 1), (carl, 8)]);
    room.appears(0);
    room.appears(1);
    room.pass(1_000);
    connected(&mut room, 0, 1);
    room.say(1, ANNA, "you do not know me");
    room.pass(3_000);
    assert_eq!(room.texts(0, carl).len(), 1);
    assert_eq!((room.calls.len(), room.blindly), (0, 0));
}

/// D10.
#[test]
fn two_on_one_network_find_each_other_without_any_relay() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5), (Account([3; 32]), 8)]);
    room.pass(1_000);
    talk(&mut room);
    room.silent = true;
    room.nearby.extend(0..3);
    for n in 0..3 {
        room.appears(n);
    }
    room.pass(500);
    let id = room.say(0, BEN, "are you here?");
    room.pass(200);
    assert_eq!(room.texts(1, ANNA).last().unwrap(), "are you here?");
    room.pass(200);
    assert_eq!(room.entry(0, BEN, &id).status.delivered, [5]);
    // Some were asked for, and none of the places can be told from chance by a third.
    let places: BTreeSet<PresenceKey> = room.seeks.iter().map(|(_, key)| *key).collect();
    assert!((1..=4).contains(&places.len()), "{}", places.len());
}

/// D10.
#[test]
fn who_is_hidden_neither_asks_the_network_nor_answers() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    talk(&mut room);
    room.silent = true;
    room.nearby.extend([0, 1]);
    room.appears(0);
    room.input(1, Input::Reach(Some(Reach::new([1; 32], [], None))));
    room.say(0, BEN, "are you here?");
    room.say(1, ANNA, "I do not say");
    room.pass(limits::DIRECT_PATIENCE);
    assert!(room.seeks.iter().all(|(by, _)| *by == 0) && !room.seeks.is_empty());
    assert!(room.calls.is_empty());
    let key = room.seeks[0].1;
    // A record that nobody has sealed is no record, and one that nobody asked for is not read.
    for record in [Vec::new(), vec![7; 512]] {
        room.input(0, Input::Sighted { key, record });
    }
    let key = PresenceKey([9; 32]);
    let record = vec![7; 512];
    room.input(0, Input::Sighted { key, record });
    room.pass(500);
    assert!(room.calls.is_empty());
}
