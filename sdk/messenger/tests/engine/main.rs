//! Single rules, with relays that do what the test says.

mod again;
mod alone;
#[path = "../common/mod.rs"]
mod common;
mod direct;
mod files;
mod no_trace;
mod past;
mod room;
mod transfer;
mod ways;

use codec::{Decode, Encode};
use common::{Disk, Proof, Sessions};
use parlance_bimp::{
    Accepted, Account, Answer, Bounded, Deliver, EnvelopeView, Fetched, Mailbox, Message, PreKeys,
    PreKeysLeft, Presence, PresenceKey, Reason, Refusal, RelayId, Request, SocketAddress, Waiting,
};
use parlance_e2ee::{
    Body, Content, DeviceAddress, DeviceIdentity, Text,
    content::{Delete, Edit, Reaction, Timer, TypingState, WrittenText},
};
use parlance_messenger::{
    Clock, Command, ContentId, Directory, Effect, Engine, Entry, Error, Event, FileCommand, Input,
    Listed, Reach, RelayInfo, Row, Table,
    inbox::{Held, Orphan},
    limits,
    outbox::Copy,
    proof::Ticket,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

type TheEngine = Engine<Sessions, Disk, ChaCha20Rng>;

const ANNA: Account = Account([1; 32]);
const BEN: Account = Account([2; 32]);
use room::*;

#[test]
fn what_one_says_is_on_all_devices_of_both_and_the_status_is_true() {
    let mut room = Room::new(&[(ANNA, 1), (ANNA, 2), (BEN, 5), (BEN, 6)]);
    room.pass(1_000);
    let id = room.say(0, BEN, "hello");
    room.pass(1_000);
    for (n, with) in [(0, BEN), (1, BEN), (2, ANNA), (3, ANNA)] {
        assert_eq!(room.texts(n, with), ["hello"], "device {n}");
    }
    for n in [0, 1] {
        let mut status = room.entry(n, BEN, &id).status;
        status.delivered.sort_unstable();
        assert_eq!(status.delivered, [5, 6]);
        assert!(!status.read);
    }
    assert_eq!(room.entry(0, BEN, &id).status.accepted, Some(3));
    // Reading on one device reads on the other, and tells the author.
    let conversation = ANNA;
    room.command(
        2,
        Command::Read {
            conversation,
            up_to: 0,
        },
    )
    .unwrap();
    room.pass(1_000);
    assert!(room.entry(3, ANNA, &id).read);
    assert!(room.entry(0, BEN, &id).status.read && room.entry(1, BEN, &id).status.read);
    let unread: Vec<u32> = room.engine(3).conversations().map(|it| it.unread).collect();
    assert_eq!(unread, [0]);
    for n in 0..4 {
        assert_eq!(room.engine(n).waiting(), 0, "device {n}");
    }
}

#[test]
fn who_does_not_tell_what_they_read_still_reads_on_all_their_devices() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5), (BEN, 6)]);
    room.command(1, Command::ReadReceipts(false)).unwrap();
    room.pass(1_000);
    let id = room.say(0, BEN, "hello");
    room.pass(2_000);
    let conversation = ANNA;
    room.command(
        1,
        Command::Read {
            conversation,
            up_to: 0,
        },
    )
    .unwrap();
    room.pass(1_000);
    assert!(room.entry(2, ANNA, &id).read);
    assert!(!room.entry(0, BEN, &id).status.read);
}

#[test]
fn what_was_said_without_a_network_leaves_when_there_is_one_also_after_a_restart() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.silent = true;
    room.no_chain = vec![0];
    for words in ["one", "two", "three"] {
        room.say(0, BEN, words);
        room.pass(200);
    }
    assert_eq!(room.texts(0, BEN), ["one", "two", "three"]);
    room.engines[0] = None;
    room.pass(500);
    room.start(0);
    room.silent = false;
    room.no_chain = Vec::new();
    room.pass(70_000);
    assert_eq!(room.texts(1, ANNA), ["one", "two", "three"]);
    assert_eq!(room.engine(0).waiting(), 0);
}

/// N4 of BIMP and O2.
#[test]
fn each_attempt_sends_the_same_message() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    room.say(0, BEN, "first");
    room.pass(1_000);
    room.refuse = Some(Reason::NoQuorum);
    room.say(0, BEN, "hello");
    room.pass(100);
    let copies: Vec<Copy> = room.disks[0].table(Table::Outbox);
    let stages: Vec<_> = copies.iter().map(|copy| copy.stage.clone()).collect();
    room.engines[0] = None;
    room.start(0);
    room.refuse = None;
    let before = room.sent.len();
    room.pass(10_000);
    let sealed: Vec<Vec<u8>> = room.sent[before..]
        .iter()
        .map(|bytes| EnvelopeView::parse(bytes).unwrap().sealed.to_vec())
        .collect();
    let parlance_messenger::outbox::Stage::Sealed(first) = &stages[0] else {
        panic!("{stages:?}");
    };
    let first = EnvelopeView::parse(first).unwrap().sealed.to_vec();
    assert_eq!(sealed.iter().filter(|it| **it == first).count(), 1);
    assert_eq!(room.texts(1, ANNA), ["first", "hello"]);
}

#[test]
fn what_comes_again_is_shown_once() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    room.say(0, BEN, "hello");
    room.say(0, BEN, "again");
    room.pass(1_000);
    for _ in 0..3 {
        room.deliver_again(1);
        room.pass(100);
        room.engines[1] = None;
        room.start(1);
    }
    assert_eq!(room.texts(1, ANNA), ["hello", "again"]);
    assert_eq!(room.heard(1, |it| matches!(it, Event::Message(_))), 2);
    assert_eq!(room.heard(1, |it| matches!(it, Event::Renewed { .. })), 0);
}

/// H3, H4.
#[test]
fn only_the_author_edits_and_deletes_and_the_latest_reaction_counts() {
    let mut room = Room::new(&[(ANNA, 1), (ANNA, 2), (BEN, 5)]);
    room.pass(1_000);
    let id = room.say(0, BEN, "helo");
    room.pass(500);
    let edit = |text: &str| {
        Body::Edit(Edit {
            of: id,
            text: Text::new(text).unwrap(),
        })
    };
    let refused = room.command(
        2,
        Command::Say {
            conversation: ANNA,
            body: edit("mine"),
        },
    );
    assert_eq!(refused, Err(Error::NotAuthor));
    // Another device of the author may.
    room.body(1, BEN, edit("hello"));
    let emoji = |emoji| Text::new(emoji).unwrap();
    for face in ["👍", "🎉"] {
        let reaction = Body::Reaction(Reaction {
            to: id,
            emoji: emoji(face),
        });
        room.pass(500);
        room.body(2, ANNA, reaction);
    }
    room.pass(500);
    for (n, with) in [(0, BEN), (1, BEN), (2, ANNA)] {
        let entry = room.entry(n, with, &id);
        assert_eq!(entry.text().as_deref(), Some("hello"), "device {n}");
        assert_eq!(entry.reactions.len(), 1);
        assert_eq!(entry.reactions[0].emoji, "🎉");
    }
    room.body(0, BEN, Body::Delete(Delete { of: id }));
    room.pass(500);
    for (n, with) in [(0, BEN), (1, BEN), (2, ANNA)] {
        let entry = room.entry(n, with, &id);
        assert!(entry.deleted && entry.content.is_empty() && entry.text().is_none());
    }
}

/// H5.
#[test]
fn messages_disappear_after_they_were_read_and_what_was_before_the_timer_stays() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    room.say(0, BEN, "stays");
    let lifetime = Some(60);
    room.body(0, BEN, Body::Timer(Timer { lifetime }));
    room.say(0, BEN, "goes");
    room.pass(1_000);
    room.say(1, ANNA, "goes too");
    room.pass(1_000);
    assert_eq!(room.texts(1, ANNA), ["stays", "", "goes", "goes too"]);
    room.pass(70_000);
    // The author's copy is gone; the reader has not read it.
    assert_eq!(room.texts(0, BEN), ["stays", "", "goes too"]);
    assert_eq!(room.texts(1, ANNA), ["stays", "", "goes"]);
    let read = |conversation| Command::Read {
        conversation,
        up_to: 100,
    };
    room.command(0, read(BEN)).unwrap();
    room.command(1, read(ANNA)).unwrap();
    room.engines[1] = None;
    room.start(1);
    room.pass(61_000);
    assert_eq!(room.texts(0, BEN), ["stays", ""]);
    assert_eq!(room.texts(1, ANNA), ["stays", ""]);
    assert_eq!(room.disks[1].count(Table::Expiries), 0);
}

/// H2.
#[test]
fn a_kind_that_nobody_knows_is_kept_as_it_came() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    let bytes = parlance_e2ee::Bounded::new(vec![1, 2, 3], "test").unwrap();
    let body = Body::Unknown { kind: 4_242, bytes };
    let id = room.body(0, BEN, body.clone());
    room.pass(1_000);
    let entry = room.entry(1, ANNA, &id);
    assert_eq!(entry.body(), Some(body));
    let again = Content::from_bytes(&entry.content).unwrap();
    assert_eq!(again.to_bytes().unwrap(), entry.content);
}

/// I4, O3.
#[test]
fn a_session_that_broke_is_renewed_and_nothing_is_lost() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    room.say(0, BEN, "before");
    room.pass(1_000);
    room.engine(1).encryption_mut().device.forget_sessions();
    for words in ["one", "two", "three"] {
        room.say(0, BEN, words);
        room.pass(200);
    }
    room.pass(5_000);
    assert_eq!(room.texts(1, ANNA), ["before", "one", "two", "three"]);
    assert_eq!(room.heard(1, |it| matches!(it, Event::Renewed { .. })), 1);
    assert_eq!(room.engine(0).waiting(), 0);
    room.say(1, ANNA, "back");
    room.pass(1_000);
    assert_eq!(room.texts(0, BEN).last().unwrap(), "back");
}

/// I4. Found by the simulation: what came in the pause was lost.
#[test]
fn a_session_that_breaks_again_within_the_pause_is_made_good_after_it() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    room.say(0, BEN, "before");
    room.pass(1_000);
    for words in ["one", "two"] {
        room.engine(1).encryption_mut().device.forget_sessions();
        room.say(0, BEN, words);
        room.pass(3_000);
    }
    assert_eq!(room.texts(1, ANNA), ["before", "one"]);
    room.engines[1] = None;
    room.start(1);
    room.pass(limits::RENEWAL_PAUSE + 3_000);
    assert_eq!(room.texts(1, ANNA), ["before", "one", "two"]);
    assert_eq!(room.engine(0).waiting(), 0);
}

/// I3.
#[test]
fn what_relays_lost_is_asked_for_again_and_shown_in_its_place() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    room.say(0, BEN, "one");
    room.pass(1_000);
    room.loses = true;
    room.say(0, BEN, "two");
    room.pass(1_000);
    room.loses = false;
    room.say(0, BEN, "three");
    room.pass(1_000);
    assert_eq!(room.texts(1, ANNA), ["one"]);
    // Over a restart as well.
    room.engines[1] = None;
    room.start(1);
    room.pass(limits::HOLD + 3_000);
    assert_eq!(room.texts(1, ANNA), ["one", "two", "three"]);
    assert_eq!(room.heard(1, |it| matches!(it, Event::Missing { .. })), 0);
}

#[test]
fn what_is_lost_for_good_does_not_hold_up_what_comes_after_it() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    room.say(0, BEN, "one");
    room.pass(1_000);
    room.loses = true;
    let id = room.say(0, BEN, "two");
    room.pass(1_000);
    room.loses = false;
    // The author's device has lost it too.
    room.engines[0] = None;
    let copies: Vec<Copy> = room.disks[0].table(Table::Outbox);
    let lost: Vec<_> = copies.iter().filter(|copy| copy.id == id).collect();
    let batch: Vec<_> = lost.iter().map(|it| (Row::Copy(it.number), None)).collect();
    parlance_messenger::Storage::commit(&mut room.disks[0], &batch).unwrap();
    room.start(0);
    room.say(0, BEN, "three");
    room.pass(2 * limits::HOLD + 5_000);
    assert_eq!(room.texts(1, ANNA), ["one", "three"]);
    let missing = |it: &Event| matches!(it, Event::Missing { messages: 1, .. });
    assert_eq!(room.heard(1, missing), 1);
}

/// K3.
#[test]
fn the_last_resort_is_used_when_nothing_else_is_left_and_the_user_is_told() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    room.prekeys.get_mut(&(BEN, 5)).unwrap().1.clear();
    room.say(0, BEN, "hello");
    room.pass(3_000);
    assert_eq!(room.texts(1, ANNA), ["hello"]);
    let told = room.heard(0, |it| matches!(it, Event::LastResort { .. }));
    assert_eq!(told, 1);
}

#[test]
fn without_prekeys_a_text_waits_and_the_user_is_told_once() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.engines[1] = None;
    room.say(0, BEN, "hello");
    room.pass(40_000);
    assert_eq!(room.heard(0, |it| matches!(it, Event::NoPreKeys { .. })), 1);
    assert_eq!(room.engine(0).waiting(), 1);
    room.start(1);
    room.pass(12_000);
    assert_eq!(room.texts(1, ANNA), ["hello"]);
}

/// K4.
#[test]
fn a_bundle_of_somebody_else_is_not_used() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5), (BEN, 6)]);
    room.pass(1_000);
    let good = room.prekeys[&(BEN, 5)].clone();
    let other = room.prekeys[&(BEN, 6)].clone();
    room.prekeys.insert((BEN, 5), other);
    room.say(0, BEN, "hello");
    room.pass(3_000);
    assert!(room.heard(0, |it| matches!(it, Event::BadPreKeys { .. })) > 0);
    assert_eq!(room.texts(1, ANNA), Vec::<String>::new());
    assert_eq!(room.texts(2, ANNA), ["hello"]);
    room.prekeys.insert((BEN, 5), good);
    room.pass(15_000);
    assert_eq!(room.texts(1, ANNA), ["hello"]);
}

/// O6.
#[test]
fn a_device_that_was_revoked_gets_nothing_more() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5), (BEN, 6)]);
    room.pass(1_000);
    room.say(0, BEN, "both");
    room.pass(1_000);
    room.records.get_mut(&BEN.0).unwrap().retain(|it| it.0 != 6);
    room.pass(61_000);
    room.say(0, BEN, "one");
    room.pass(2_000);
    assert_eq!(room.texts(1, ANNA), ["both", "one"]);
    assert_eq!(room.texts(2, ANNA), ["both"]);
    assert_eq!(room.engine(0).waiting(), 0);
}

/// I2.
#[test]
fn a_message_of_a_device_that_is_not_known_yet_is_read_after_a_look() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    // Ben does not know Anna's devices, and cannot look.
    room.no_chain = vec![1];
    room.say(0, BEN, "hello");
    room.pass(2_000);
    assert_eq!(room.disks[1].table::<Held>(Table::Held).len(), 1);
    assert_eq!(room.texts(1, ANNA), Vec::<String>::new());
    room.engines[1] = None;
    room.start(1);
    room.no_chain = Vec::new();
    room.pass(5_000);
    assert_eq!(room.texts(1, ANNA), ["hello"]);
    assert!(room.disks[1].table::<Held>(Table::Held).is_empty());
}

/// P1, P3.
#[test]
fn tickets_add_up_and_receipts_are_given() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    for n in 0..5 {
        room.say(0, BEN, &format!("text {n}"));
        room.pass(500);
    }
    room.pass(limits::RECEIPT_PAUSE + 1_000);
    assert!(!room.tickets.is_empty());
    assert!(room.tickets.iter().all(|ticket| ticket.period == 7));
    let most = room.tickets.iter().map(|ticket| ticket.bytes).max();
    assert!(most.unwrap() >= 5 * 512);
    assert!(room.receipts > 0);
}

/// S3.
#[test]
fn after_a_disk_failed_nothing_is_promised() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    *room.disks[0].fails.borrow_mut() = true;
    let text = Text::new("hello").unwrap();
    let say = Command::Say {
        conversation: BEN,
        body: Body::Text(WrittenText { text }),
    };
    assert!(matches!(
        room.command(0, say.clone()),
        Err(Error::Storage(_))
    ));
    assert!(room.engine(0).next_effect().is_none());
    assert_eq!(room.command(0, say), Err(Error::Stopped));
    *room.disks[0].fails.borrow_mut() = false;
    room.start(0);
    assert_eq!(room.texts(0, BEN), Vec::<String>::new());
}

#[test]
fn notes_to_oneself_reach_the_own_other_devices() {
    let mut room = Room::new(&[(ANNA, 1), (ANNA, 2)]);
    room.pass(1_000);
    room.say(0, ANNA, "milk");
    room.pass(2_000);
    assert_eq!(room.texts(1, ANNA), ["milk"]);
    assert_eq!(room.engine(0).waiting(), 0);
    let found = room.engine(1).search(&ANNA, "MIL", 10).unwrap();
    assert_eq!(found.len(), 1);
}

#[test]
fn what_is_no_message_at_all_is_acknowledged_and_forgotten() {
    let mut room = Room::new(&[(ANNA, 1)]);
    room.pass(1_000);
    let mailbox = Mailbox::of(&ANNA, 0);
    for length in [0usize, 1, 40, 600] {
        let message = Deliver {
            mailbox,
            id: parlance_bimp::MessageId([length as u8; 32]),
            position: 0,
            expires: 0,
            mention: false,
            message: Bounded::new(vec![7; length]).unwrap(),
        };
        let relay = RelayId([0; 32]);
        room.input(0, Input::Delivered { relay, message });
        let mut acknowledged = false;
        while let Some(effect) = room.engine(0).next_effect() {
            acknowledged |= matches!(
                effect,
                Effect::Ask {
                    request: Request::Acknowledge(_),
                    ..
                }
            );
        }
        assert!(acknowledged);
    }
    assert_eq!(room.disks[0].count(Table::Messages), 0);
}

/// I1.
#[test]
fn who_lost_everything_but_the_keys_is_heard_again() {
    let mut room = Room::new(&[(ANNA, 1), (BEN, 5)]);
    room.pass(1_000);
    for words in ["one", "two", "three"] {
        room.say(0, BEN, words);
    }
    room.pass(1_000);
    // A device that was restored: its identity, and nothing of what it knew.
    room.engines[0] = None;
    let identity = {
        let bytes: Vec<u8> = parlance_messenger::Storage::get(&room.disks[0], &Row::Sessions)
            .unwrap()
            .unwrap();
        Sessions::load(&bytes).device.identity().clone()
    };
    let mut rng = ChaCha20Rng::seed_from_u64(77);
    let now = room.clock().wall / 1_000;
    let sessions = Sessions::new(address(ANNA, 1), identity, now, &mut rng);
    room.disks[0] = Disk::default();
    room.disks[0].put(Row::Sessions, sessions.device.encode());
    room.start(0);
    for words in ["four", "five"] {
        room.say(0, BEN, words);
    }
    let before = room.anew;
    room.pass(3_000);
    assert_eq!(room.anew, before + 5);
    assert_eq!(room.texts(1, ANNA), ["one", "two", "three", "four", "five"]);
    assert_eq!(room.engine(0).waiting(), 0);
}
