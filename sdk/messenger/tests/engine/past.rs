//! B1-B6: no answer before what it answers, also on the other devices of whoever asked.

use super::*;
use parlance_messenger::past::{PAST, names_of};

/// Anna with two devices, Ben with one; all have met.
fn three() -> Room {
    let mut room = Room::new(&[(ANNA, 1), (ANNA, 2), (BEN, 5)]);
    room.pass(1_000);
    room.say(2, ANNA, "hello");
    room.pass(1_000);
    room.say(0, BEN, "hello Ben");
    room.pass(2_000);
    for n in 0..2 {
        assert_eq!(room.texts(n, BEN), ["hello", "hello Ben"]);
    }
    room
}

fn out_of_turn(room: &Room, n: usize) -> usize {
    room.heard(n, |it| matches!(it, Event::OutOfTurn { .. }))
}

#[test]
fn an_answer_waits_on_the_other_own_device_for_what_it_answers() {
    let mut room = three();
    // The copy for Anna's other device is lost on its way.
    room.loses_to = Some(1);
    let question = room.say(0, BEN, "how are you");
    room.pass(1_000);
    room.loses_to = None;
    assert_eq!(room.texts(2, ANNA).len(), 3);
    let answer = room.say(2, ANNA, "fine");
    room.pass(1_000);
    assert_eq!(room.texts(0, BEN)[2..], ["how are you", "fine"]);
    assert_eq!(room.texts(1, BEN).len(), 2);
    assert_eq!(room.engine(1).texts_waiting(), 1);
    // Ben knows all the same that it is on that device's disk.
    assert_eq!(room.entry(2, ANNA, &answer).status.delivered.len(), 2);
    room.restart(1);
    room.pass(limits::PAST_WAIT_OF_TWO);
    assert_eq!(room.texts(1, BEN).len(), 2);
    // What waited when the program ended waits a little longer.
    room.pass(limits::PAST_WAIT - limits::PAST_WAIT_OF_TWO + 500);
    assert_eq!(room.texts(1, BEN)[2..], ["fine"]);
    let lacks = |it: &Event| matches!(it, Event::OutOfTurn { id, lacks, .. } if *id == answer && *lacks == [question]);
    assert_eq!(room.heard(1, lacks), 1);
    assert!(room.engine(1).is_out_of_turn(&BEN, &answer));
    // It is sent again, and stands where it came.
    room.pass(80_000);
    assert_eq!(room.texts(1, BEN)[2..], ["fine", "how are you"]);
    assert!(!room.engine(1).is_out_of_turn(&BEN, &answer));
    assert_eq!(room.engine(1).texts_waiting(), 0);
    assert_eq!(out_of_turn(&room, 0) + out_of_turn(&room, 2), 0);
}

#[test]
fn what_comes_in_time_is_shown_in_its_place() {
    let mut room = three();
    room.engines[1] = None;
    for round in 0..6 {
        match round % 2 {
            0 => drop(room.say(0, BEN, &format!("question {round}"))),
            _ => drop(room.say(2, ANNA, &format!("answer {round}"))),
        }
        room.pass(500);
    }
    // Whatever order the mailbox has.
    let mailbox = room.mailboxes.get_mut(&Mailbox::of(&ANNA, 0)).unwrap();
    mailbox.reverse();
    room.start(1);
    room.deliver_again(1);
    room.pass(3_000);
    let shown = room.texts(0, BEN);
    assert_eq!(room.texts(1, BEN), shown);
    assert_eq!(room.texts(1, BEN).len(), 8);
    assert_eq!(out_of_turn(&room, 1), 0);
}

#[test]
fn a_text_names_the_last_ones_and_a_reaction_names_nothing() {
    let mut room = three();
    let content = |room: &mut Room, id: &ContentId| {
        let entry = room.entry(0, BEN, id);
        Content::from_bytes(&entry.content).unwrap()
    };
    let one = room.say(0, BEN, "one");
    let two = room.say(0, BEN, "two");
    room.pass(1_000);
    let three = room.say(2, ANNA, "three");
    room.pass(1_000);
    let names = |room: &mut Room, id: &ContentId| -> Vec<ContentId> {
        let names = names_of(&content(room, id));
        for named in &names {
            assert_eq!(named.at, room.entry(0, BEN, &named.id).sent_at);
        }
        names.iter().map(|named| named.id).collect()
    };
    assert_eq!(names(&mut room, &two), [one]);
    assert_eq!(names(&mut room, &three), [two]);
    let emoji = Text::new("👍").unwrap();
    let reaction = Body::Reaction(Reaction { to: three, emoji });
    room.body(0, BEN, reaction);
    let long = room.say(0, BEN, &"x".repeat(40_000));
    assert_eq!(names(&mut room, &long), [three]);
    let extensions = content(&mut room, &long).extensions;
    assert!(extensions.as_slice().iter().any(|it| it.kind == PAST));
    room.pass(1_000);
    let shown = room.texts(0, BEN);
    assert_eq!(room.texts(2, ANNA), shown);
}
