//! O7: what relays have accepted and nobody confirms.

use super::*;

#[test]
fn what_is_not_confirmed_is_sent_again_and_shown_once() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    room.say(0, BEN, "hello");
    room.pass(500);
    room.say(1, ANNA, "hello Anna");
    room.pass(1_000);
    assert_eq!(room.engine(0).waiting(), 0);
    // Ben's word that he has it is lost.
    room.loses_to = Some(0);
    let id = room.say(0, BEN, "are you there");
    room.pass(1_000);
    room.loses_to = None;
    assert_eq!(room.engine(0).waiting(), 1);
    let sent = room.sent.len();
    room.pass(50_000);
    assert_eq!((room.sent.len(), room.engine(0).waiting()), (sent, 1));
    room.pass(20_000);
    assert_eq!(room.engine(0).waiting(), 0);
    assert_eq!(room.entry(0, BEN, &id).status.delivered, [5]);
    let texts = ["hello", "hello Anna", "are you there"];
    assert_eq!(room.texts(1, ANNA), texts);
    assert_eq!(room.texts(0, BEN), texts);
}

#[test]
fn nothing_is_sent_twice_to_a_device_that_is_away() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    room.say(0, BEN, "hello");
    room.say(1, ANNA, "hello Anna");
    room.pass(60_000);
    room.loses_to = Some(1);
    room.say(0, BEN, "are you there");
    room.pass(1_000);
    let sent = room.sent.len();
    room.pass(600_000);
    assert_eq!((room.sent.len(), room.engine(0).waiting()), (sent, 1));
    // He is back and says something: it is sent again.
    room.loses_to = None;
    room.say(1, ANNA, "now I am");
    room.pass(10_000);
    assert_eq!(room.engine(0).waiting(), 0);
    assert!(room.texts(1, ANNA).contains(&"are you there".to_string()));
}
