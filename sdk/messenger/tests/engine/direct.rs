//! Presence and direct delivery (E1-E5, D1-D6).

use super::*;
use parlance_e2ee::presence::{RECORD, WINDOW};

/// Two people who have talked, and are there for each other.
pub fn two() -> Room {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    talk(&mut room);
    room.appears(0);
    room.appears(1);
    room.pass(500);
    room
}

pub fn talk(room: &mut Room) {
    room.say(0, BEN, "hello");
    room.pass(500);
    room.say(1, ANNA, "hello you");
    room.pass(1_000);
}

pub fn handed_over(room: &Room, n: usize) -> usize {
    room.heard(n, |event| matches!(event, Event::HandedOver { .. }))
}

#[test]
fn who_is_there_gets_what_is_said_directly_and_no_relay_does() {
    let mut room = two();
    let (sent, tickets) = (room.sent.len(), room.tickets.len());
    let id = room.say(0, BEN, "directly");
    room.pass(200);
    assert_eq!(room.texts(1, ANNA), ["hello", "hello you", "directly"]);
    room.pass(5_000);
    // The confirmation came the same way.
    let status = room.entry(0, BEN, &id).status;
    assert_eq!((status.delivered, status.accepted), (vec![5], None));
    assert_eq!((room.sent.len(), room.tickets.len()), (sent, tickets));
    assert_eq!((handed_over(&room, 0), handed_over(&room, 1)), (1, 1));
    assert_eq!((room.engine(0).waiting(), room.engine(1).waiting()), (0, 0));
}

#[test]
fn typing_goes_directly_to_who_is_known_to_be_there() {
    let mut room = two();
    room.say(0, BEN, "so that Ben is looked up");
    room.pass(1_000);
    let sent = room.sent.len();
    let (conversation, state) = (BEN, TypingState::Typing);
    let typing = Command::Typing {
        conversation,
        state,
    };
    room.command(0, typing).unwrap();
    room.settle();
    let types = |event: &Event| matches!(event, Event::Typing { .. });
    assert_eq!(room.heard(1, types), 1);
    assert_eq!(room.sent.len(), sent);
}

#[test]
fn other_devices_get_their_copies_through_relays() {
    let mut room = Room::new(&[(ANNA, 1), (ANNA, 2), (BEN, 5), (BEN, 6)]);
    room.pass(1_000);
    room.say(0, BEN, "hello");
    room.pass(500);
    room.say(2, ANNA, "hello you");
    room.pass(1_000);
    room.appears(0);
    room.appears(2);
    room.pass(500);
    room.sent.clear();
    let id = room.say(0, BEN, "again");
    room.pass(5_000);
    for (n, with) in [(0, BEN), (1, BEN), (2, ANNA), (3, ANNA)] {
        assert_eq!(
            room.texts(n, with),
            ["hello", "hello you", "again"],
            "device {n}"
        );
    }
    let mut status = room.entry(0, BEN, &id).status;
    status.delivered.sort_unstable();
    assert_eq!(status.delivered, [5, 6]);
    // As many relays as the one has that got it through relays.
    assert_eq!(status.accepted, Some(3));
    assert!(!room.sent.is_empty());
    let calls: Vec<(usize, usize)> = room.calls.iter().map(|(by, _, to)| (*by, *to)).collect();
    assert!(calls.contains(&(0, 2)) && !calls.contains(&(0, 3)));
}

#[test]
fn who_cannot_be_reached_gets_it_through_relays_at_once() {
    let mut room = two();
    room.reachable.clear();
    let sent = room.sent.len();
    room.say(0, BEN, "hello again");
    room.pass(200);
    assert!(room.sent.len() > sent);
    assert_eq!(room.texts(1, ANNA).len(), 3);
    // They are left alone for a while, and then tried once more.
    room.appears(0);
    room.appears(1);
    let calls = room.calls.len();
    room.say(0, BEN, "and again");
    room.pass(1_000);
    assert_eq!(room.calls.len(), calls);
    room.now += limits::UNREACHABLE;
    room.pass(1_000);
    room.say(0, BEN, "and once more");
    room.pass(1_000);
    assert!(room.calls.len() > calls);
    assert_eq!(room.texts(1, ANNA).len(), 5);
}

#[test]
fn what_comes_both_ways_is_shown_once() {
    let mut room = two();
    let for_ben = |bytes: &Vec<u8>| {
        let view = EnvelopeView::parse(bytes).unwrap();
        view.mailbox == Mailbox::of(&BEN, 0)
    };
    room.say(0, BEN, "directly");
    room.pass(1_000);
    let offered = room.offered.iter().find(|it| for_ben(it)).unwrap();
    let sealed = EnvelopeView::parse(offered).unwrap().without_ticket();
    let message = Message::Sealed(Bounded::new(sealed).unwrap());
    room.deliver(1, relay(0), &message);
    room.settle();
    // And the other way round.
    room.reachable.clear();
    room.say(0, BEN, "through relays");
    room.pass(1_000);
    let sent = room.sent.iter().rfind(|it| for_ben(it)).unwrap();
    let (envelope, from) = (sent.clone(), room.address(0));
    let call = 0;
    room.input(
        1,
        Input::Called {
            call,
            from,
            envelope,
        },
    );
    let took = room.engine(1).next_effect();
    assert!(
        matches!(took, Some(Effect::Took { taken: true, .. })),
        "{took:?}"
    );
    room.pass(1_000);
    let expected = ["hello", "hello you", "directly", "through relays"];
    assert_eq!(room.texts(1, ANNA), expected);
    let by_anna =
        |event: &Event| matches!(event, Event::Message(it) if it.author.account == ANNA.0);
    assert_eq!(room.heard(1, by_anna), 3);
}

#[test]
fn an_answer_that_comes_late_still_counts() {
    let mut room = two();
    room.say(0, BEN, "in time");
    room.pass(1_000);
    // Ben gets it, and Anna hears nothing, neither from him nor from any relay.
    room.loses_answers = true;
    room.silent = true;
    room.reachable.remove(&0);
    room.say(0, BEN, "late");
    room.pass(limits::DIRECT_PATIENCE + 500);
    assert_eq!(room.texts(1, ANNA).len(), 4);
    assert_eq!(room.engine(0).unsent(), 1);
    let of_anna = room.calls.iter().rfind(|(by, _, _)| *by == 0);
    let (_, ask, _) = *of_anna.unwrap();
    room.input(0, Input::Offered { ask, taken: true });
    assert_eq!(room.engine(0).unsent(), 0);
    // It is kept until Ben confirms it.
    assert_eq!(room.engine(0).waiting(), 1);
    room.silent = false;
    room.pass(20_000);
    assert_eq!(room.engine(0).waiting(), 0);
}

#[test]
fn who_is_away_costs_one_question_and_no_time() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.appears(0);
    room.pass(1_000);
    for n in 0..5 {
        let sent = room.sent.len();
        room.say(0, BEN, &n.to_string());
        room.pass(100);
        assert!(room.sent.len() > sent, "{n}");
    }
    // Two relays, and the window beside the present one where that is near.
    assert!((2..=4).contains(&room.look_ups), "{}", room.look_ups);
    assert_eq!(room.texts(1, ANNA).len(), 5);
}

#[test]
fn who_was_away_and_says_something_is_looked_for_again_soon() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.appears(0);
    room.pass(1_000);
    room.say(0, BEN, "are you there?");
    room.pass(1_000);
    room.appears(1);
    room.say(1, ANNA, "now I am");
    room.pass(limits::PRESENCE_PASS + 200);
    room.say(0, BEN, "good");
    room.pass(1_000);
    assert_eq!(handed_over(&room, 0), 1);
}

#[test]
fn relays_that_are_silent_about_presence_hold_nothing_up_for_longer_than_a_call_may_take() {
    let mut room = two();
    room.no_look_ups = true;
    // What was found is over.
    room.now += limits::PRESENCE_LIFE + limits::CLOCKS_DIFFER;
    room.pass(100);
    let sent = room.sent.len();
    room.say(0, BEN, "nobody answers");
    room.pass(limits::DIRECT_PATIENCE - 200);
    assert_eq!(room.sent.len(), sent);
    room.pass(400);
    assert!(room.sent.len() > sent);
    // The next one does not wait again.
    let sent = room.sent.len();
    room.say(0, BEN, "and nobody is asked");
    room.pass(100);
    assert!(room.sent.len() > sent);
    assert_eq!(room.texts(1, ANNA).len(), 4);
}

#[test]
fn only_contacts_get_records_and_may_call() {
    let carl = Account([3; 32]);
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5), (carl, 8)]);
    for n in 0..3 {
        room.appears(n);
    }
    room.pass(1_000);
    assert_eq!(room.records_there(), 0);
    // Carl writes to Anna, who does not answer.
    room.say(2, ANNA, "you do not know me");
    room.pass(3_000);
    let (anna, ben, other) = (room.address(0), room.address(1), room.address(2));
    assert!(room.engine(0).may_call(&other).is_none());
    assert!(room.engine(2).may_call(&anna).is_some());
    // One record of Carl's for Anna, at two relays. She publishes nothing for him, and does not dial him to confirm (D9).
    assert_eq!(room.records_there(), limits::PRESENCE_RELAYS);
    assert!(room.calls.is_empty());
    let envelope = room.sent[0].clone();
    let calls = room.calls.len();
    room.calls.push((2, u64::MAX, 0));
    let call = calls as u64;
    let from = other;
    room.input(
        0,
        Input::Called {
            call,
            from,
            envelope,
        },
    );
    let took = room.engine(0).next_effect();
    assert!(
        matches!(took, Some(Effect::Took { taken: false, .. })),
        "{took:?}"
    );
    // After an answer he may.
    room.say(0, carl, "now I do");
    room.pass(3_000);
    assert!(room.engine(0).may_call(&other).is_some());
    assert!(room.engine(0).may_call(&ben).is_none());
    let stranger = address(carl, 9);
    assert!(room.engine(0).may_call(&stranger).is_none());
}

#[test]
fn nothing_that_is_not_for_this_mailbox_is_taken() {
    let mut room = two();
    let from = room.address(1);
    for envelope in [
        Vec::new(),
        vec![1; 700],
        // For Ben, and not for Anna.
        room.sent
            .iter()
            .find(|bytes| EnvelopeView::parse(bytes).unwrap().mailbox == Mailbox::of(&BEN, 0))
            .cloned()
            .unwrap(),
    ] {
        let call = 0;
        room.input(
            0,
            Input::Called {
                call,
                from,
                envelope,
            },
        );
        let took = room.engine(0).next_effect();
        assert!(
            matches!(took, Some(Effect::Took { taken: false, .. })),
            "{took:?}"
        );
    }
}

#[test]
fn records_are_renewed_under_other_places_and_of_one_length() {
    let mut room = two();
    let before: BTreeSet<PresenceKey> = room.presences.keys().map(|(_, key)| *key).collect();
    assert_eq!(before.len(), 2);
    for _ in 0..4 {
        room.now += WINDOW * 1_000;
        room.pass(limits::PRESENCE_PASS + 100);
        assert!(room.records_there() >= 2 * limits::PRESENCE_RELAYS);
    }
    let all: BTreeSet<PresenceKey> = room.presences.keys().map(|(_, key)| *key).collect();
    // Each pair and direction has one more; a window may end while time passes.
    assert!((10..=12).contains(&all.len()), "{}", all.len());
    assert!(room.presences.values().all(|(_, it)| it.len() == RECORD));
    let id = room.say(0, BEN, "still there");
    room.pass(1_000);
    assert_eq!(room.entry(0, BEN, &id).status.delivered, [5]);
    assert_eq!(handed_over(&room, 0), 1);
}

#[test]
fn a_change_of_address_is_told_and_who_leaves_takes_the_records_back() {
    let mut room = two();
    let old = room.presences.clone();
    let reach = Reach::new([0; 32], [], Some("http://other.example:1"));
    room.input(0, Input::Reach(Some(reach)));
    room.pass(200);
    let changed = old
        .iter()
        .filter(|(place, was)| room.presences[*place] != **was)
        .count();
    assert_eq!(changed, limits::PRESENCE_RELAYS);
    assert!(!room.engine(0).is_withdrawn());
    room.input(0, Input::Reach(None));
    room.settle();
    assert!(room.engine(0).is_withdrawn());
    // Ben's are left.
    assert_eq!(room.records_there(), limits::PRESENCE_RELAYS);
    room.pass(10_000);
    assert_eq!(room.records_there(), limits::PRESENCE_RELAYS);
    // Who is not there offers nothing either, and loses nothing.
    let calls = room.calls.len();
    room.say(0, BEN, "from afar");
    room.pass(1_000);
    assert_eq!(room.calls.len(), calls);
    assert_eq!(room.texts(1, ANNA).len(), 3);
}

#[test]
fn a_relay_that_refuses_records_is_asked_again_and_then_the_next() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    talk(&mut room);
    room.no_presence = true;
    room.appears(0);
    room.pass(1_000);
    assert_eq!(room.records_there(), 0);
    room.no_presence = false;
    room.pass(limits::PRESENCE_PAUSE + limits::PRESENCE_PASS);
    assert_eq!(room.records_there(), limits::PRESENCE_RELAYS);
}
