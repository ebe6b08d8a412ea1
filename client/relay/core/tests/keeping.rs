//! What relays keep, and what they forget: with a handful of relays on a perfect network.

mod common;

use common::{
    DAY, DEVICE, Net, OTHER, OWN, SENDER, accepted, acknowledge, envelope, envelope_of, list, net,
    place, reason, subscribe,
};
use parlance_bimp::{Answer, Bounded, Count, Key, List, Mailbox, Message, Reason, Request};
use parlance_relay_core::{Config, Input, Storage};

/// Six relays: the nearest five to the mailbox are 0 to 4.
#[test]
fn a_message_is_accepted_when_a_quorum_has_it_on_disk() {
    let mut net = net(6);
    let (request, key) = envelope(OWN, 7);
    net.dead = [2, 3, 4].into();
    assert_eq!(net.ask(0, SENDER, request.clone()), None);
    net.dead.remove(&4);
    net.pass(300);
    // The first attempt's answer.
    assert_eq!(net.answers.len(), 1);
    let again = accepted(net.ask(0, SENDER, request));
    assert_eq!((again.id, again.relays), (key.id, 3));
    for n in [0, 1, 4] {
        assert!(net.disks[n].message(&key).unwrap().is_some());
    }
}

#[test]
fn without_a_quorum_a_send_is_refused_in_the_end() {
    let mut net = net(5);
    net.dead = [2, 3, 4].into();
    let (request, _) = envelope(OWN, 7);
    let from = net.ask_only(0, SENDER, request);
    net.pass(Config::default().timings.write + 500);
    let answer = net.answers.remove(&(0, from));
    assert_eq!(reason(answer), Reason::NoQuorum);
}

#[test]
fn super_relays_stand_in_within_two_seconds() {
    let mut net = net(9);
    net.pass(500);
    net.dead = [1, 2, 3, 4].into();
    let (request, key) = envelope(OWN, 7);
    let from = net.ask_only(0, SENDER, request);
    net.pass(1_900);
    assert!(matches!(
        net.answers.remove(&(0, from)),
        Some(Answer::Send(_))
    ));
    let stand_ins: Vec<usize> = (5..9).filter(|n| net.entries(*n, &OWN) > 0).collect();
    assert!(stand_ins.len() >= 2, "{stand_ins:?}");
    // The members come back, and the stand-ins hand over and forget.
    net.dead.clear();
    net.pass(8_000);
    for n in 0..5 {
        assert!(net.disks[n].message(&key).unwrap().is_some(), "{n}");
    }
    for n in stand_ins {
        assert_eq!(net.entries(n, &OWN), 0);
        assert!(net.disks[n].message(&key).unwrap().is_none());
    }
}

#[test]
fn sending_twice_is_sending_once() {
    let mut net = net(5);
    let (request, key) = envelope(OWN, 7);
    let first = accepted(net.ask(0, SENDER, request.clone()));
    let second = accepted(net.ask(0, SENDER, request.clone()));
    assert_eq!((first.id, first.expires), (second.id, second.expires));
    net.open(3, SENDER, 0, &[OTHER]);
    accepted(net.ask(3, SENDER, request.clone()));
    assert_eq!(net.waiting(0, &OWN), 1);
    // Even after everybody has had it.
    net.ask(1, DEVICE, subscribe(OWN));
    net.ask(1, DEVICE, acknowledge(OWN, &[key.id]));
    net.pass(100);
    accepted(net.ask(0, SENDER, request));
    assert_eq!((net.waiting(0, &OWN), net.waiting(1, &OWN)), (0, 0));
    assert_eq!(net.delivered.len(), 1);
}

#[test]
fn the_ticket_is_on_no_disk() {
    let mut net = net(5);
    let (request, key) = envelope(OWN, 7);
    accepted(net.ask(0, SENDER, request));
    for disk in &net.disks {
        let message = disk.message(&key).unwrap().unwrap();
        assert!(!message.windows(6).any(|window| window == b"ticket"));
    }
}

#[test]
fn what_nobody_fetches_is_kept_for_its_time_and_no_longer() {
    let mut net = net(5);
    let (request, key) = envelope(OWN, 7);
    let expires = accepted(net.ask(0, SENDER, request)).expires;
    assert_eq!(expires, net.clock.wall + 14 * DAY);
    net.clock.wall = expires + Config::default().timings.grace - 1_000;
    net.pass(500);
    assert_eq!(net.entries(0, &OWN), 1);
    net.pass(1_000);
    for n in 0..5 {
        assert_eq!(net.entries(n, &OWN), 0);
        assert!(net.disks[n].message(&key).unwrap().is_none());
    }
}

#[test]
fn a_full_disk_refuses_and_forgets_nothing() {
    let mut net = net(5);
    let (first, key) = envelope(OWN, 1);
    accepted(net.ask(0, SENDER, first));
    net.disks[0].full = true;
    let (second, other) = envelope(OWN, 2);
    let refused = reason(net.ask(0, SENDER, second.clone()));
    assert_eq!(refused, Reason::DiskFull);
    assert_eq!(reason(net.ask(0, SENDER, second.clone())), Reason::DiskFull);
    assert_eq!(net.entries(0, &OWN), 1);
    // It still delivers and deletes.
    net.open(0, DEVICE, 0, &[OWN]);
    net.ask(0, DEVICE, subscribe(OWN));
    assert_eq!(net.delivered, [(0, DEVICE, key)]);
    let acknowledged = net.ask(0, DEVICE, acknowledge(OWN, &[key.id]));
    assert_eq!(
        acknowledged,
        Some(Answer::Acknowledge(Count { messages: 1 }))
    );
    net.disks[0].full = false;
    net.pass(1_500);
    accepted(net.ask(0, SENDER, second));
    assert!(net.delivered.contains(&(0, DEVICE, other)));
}

/// G6, B3: an acknowledgement and a message come in one batch, for which there is no room.
#[test]
fn acknowledgements_do_not_fail_with_the_messages_beside_them() {
    let mut net = net(5);
    let (first, key) = envelope(OWN, 1);
    accepted(net.ask(0, SENDER, first));
    net.open(0, DEVICE, 0, &[OWN]);
    net.disks[0].full = true;
    let (second, lost) = envelope(OWN, 2);
    let sent = net.ask_only(0, SENDER, second);
    let acknowledged = net.ask_only(0, DEVICE, acknowledge(OWN, &[key.id]));
    // One of them is about what is lost.
    let both = net.ask_only(0, DEVICE, acknowledge(OWN, &[key.id, lost.id]));
    net.settle();
    assert_eq!(reason(net.answers.remove(&(0, sent))), Reason::DiskFull);
    assert_eq!(reason(net.answers.remove(&(0, both))), Reason::DiskFull);
    let answer = net.answers.remove(&(0, acknowledged));
    assert_eq!(answer, Some(Answer::Acknowledge(Count { messages: 1 })));
    // On the disk, and at the others.
    net.restart(0, Config::default());
    for relay in &net.relays {
        let (_, state) = relay.mailboxes().find(|(it, _)| **it == OWN).unwrap();
        let entry = state.get(&key.id).unwrap();
        assert_eq!(entry.state.acknowledged, [0]);
    }
}

/// The same when another relay brings messages all the time.
#[test]
fn messages_of_other_relays_wait_while_the_disk_is_full() {
    let mut net = net(5);
    let (first, key) = envelope(OWN, 1);
    accepted(net.ask(0, SENDER, first));
    net.ask(1, DEVICE, subscribe(OWN));
    net.disks[1].full = true;
    for text in 2..20 {
        let (next, _) = envelope(OWN, text);
        // The other four have it.
        accepted(net.ask(0, SENDER, next));
        assert_eq!(net.waiting(1, &OWN), 1);
    }
    assert!(net.relays[1].counters().failed_batches <= 1);
    let acknowledged = net.ask(1, DEVICE, acknowledge(OWN, &[key.id]));
    assert_eq!(
        acknowledged,
        Some(Answer::Acknowledge(Count { messages: 1 }))
    );
    net.disks[1].full = false;
    net.pass(6_000);
    assert_eq!(net.waiting(1, &OWN), 18);
}

/// G3, also of a mailbox with more entries than are looked at in a tick.
#[test]
fn what_is_over_is_forgotten_however_much_it_is() {
    let mut config = Config::default();
    config.timings.retention = 1_000;
    config.timings.grace = 1_000;
    config.limits.pair_messages = 10_000;
    config.limits.pair_bytes = u64::MAX;
    config.limits.sender_bytes = u64::MAX;
    let mut net = Net::new(1, config);
    net.open(0, SENDER, 0, &[OTHER]);
    for mailbox in [OWN, Mailbox([3; 32])] {
        for text in 0..250 {
            for size in [512, 1_024, 1_536, 2_048, 3_072] {
                accepted(net.ask(0, SENDER, envelope_of(mailbox, text, size).0));
            }
        }
        assert_eq!(net.entries(0, &mailbox), 1_250);
    }
    net.pass(3_000);
    assert_eq!(net.relays[0].mailboxes().count(), 0);
    assert_eq!(net.disks[0].mailboxes().unwrap(), vec![]);
}

#[test]
fn a_restarted_relay_has_what_it_confirmed() {
    let mut net = net(5);
    let (request, key) = envelope(OWN, 7);
    accepted(net.ask(0, SENDER, request));
    net.restart(2, Config::default());
    net.open(2, DEVICE, 0, &[OWN]);
    net.ask(2, DEVICE, subscribe(OWN));
    assert_eq!(net.delivered, [(2, DEVICE, key)]);
}

#[test]
fn a_replaced_disk_is_filled_by_the_others() {
    let mut net = net(5);
    let keys: Vec<Key> = (0..200)
        .map(|text| {
            let mailbox = Mailbox([text % 5; 32]);
            let (request, key) = envelope(mailbox, text);
            accepted(net.ask(0, SENDER, request));
            key
        })
        .collect();
    net.disks[3].lose();
    net.restart(3, Config::default());
    net.pass(4_000);
    for key in keys {
        assert!(net.disks[3].message(&key).unwrap().is_some());
    }
    // In accord, a round is one request and its answer.
    net.asked.clear();
    net.pass(2_000);
    let [reconcile, replicate] = [35, 32].map(|it| net.asked.get(&it).copied().unwrap_or(0));
    assert_eq!(replicate, 0);
    assert!(reconcile <= 10, "{reconcile}");
}

/// Y2: what is compared is in proportion to what differs, not to what is there.
#[test]
fn one_message_of_two_thousand_is_found_with_few_words() {
    let mut net = net(5);
    for mailbox in [1, 2, 3, 4] {
        for text in 0..250 {
            for size in [512, 1_024] {
                let (request, _) = envelope_of(Mailbox([mailbox; 32]), text, size);
                accepted(net.ask(0, SENDER, request));
            }
        }
    }
    net.dead.insert(3);
    let (request, key) = envelope_of(Mailbox([3; 32]), 7, 1_536);
    accepted(net.ask(0, SENDER, request));
    // Beyond the time in which the write itself is repeated.
    net.pass(Config::default().timings.write + 1_000);
    net.dead.clear();
    net.asked.clear();
    net.pass(3_000);
    assert!(net.disks[3].message(&key).unwrap().is_some());
    let [reconcile, replicate] = [35, 32].map(|it| net.asked.get(&it).copied().unwrap_or(0));
    // Each of the other four may find it at the same time; each finds it in a few steps.
    assert!((1..=4).contains(&replicate), "{replicate}");
    assert!(reconcile <= 60, "{reconcile}");
    let repaired: u64 = net.relays.iter().map(|it| it.counters().repaired).sum();
    assert!(repaired <= 8, "{repaired}");
}

#[test]
fn relays_that_join_get_the_mailbox_and_those_that_leave_forget_it() {
    let mut net = net(10);
    // The list is 0 to 4 first, then 5 to 9.
    let before = list(10)[..5].to_vec();
    let after = list(10)[5..].to_vec();
    for n in 0..10 {
        net.input(n, Input::Routing(before.clone()));
    }
    let (request, key) = envelope(OWN, 7);
    accepted(net.ask(0, SENDER, request));
    net.ask(1, DEVICE, subscribe(OWN));
    for n in 0..10 {
        net.input(n, Input::Routing(after.clone()));
    }
    net.pass(8_000);
    for n in 0..5 {
        assert_eq!(net.entries(n, &OWN), 0, "{n}");
    }
    for n in 5..10 {
        assert!(net.disks[n].message(&key).unwrap().is_some(), "{n}");
    }
    assert_eq!(net.moved, [(1, DEVICE)]);
}

/// A relay that lies about what a key is, or has no business here, changes nothing.
#[test]
fn another_relay_cannot_plant_a_message() {
    let mut net = net(9);
    let (request, key) = envelope(OWN, 7);
    let Request::Send(send) = request else {
        panic!();
    };
    let view = parlance_bimp::EnvelopeView::parse(send.envelope.as_slice()).unwrap();
    let message = Message::Sealed(Bounded::new(view.without_ticket()).unwrap());
    let entry = |key: Key| parlance_bimp::Entry {
        key,
        expires: net.clock.wall + DAY,
        deleted: false,
        mention: false,
        acknowledged: List::default(),
        message: Some(Bounded::new(codec::Encode::encode(&message)).unwrap()),
    };
    let mut planted = key;
    planted.id.0[0] ^= 1;
    let far = Mailbox([0x70; 32]);
    let elsewhere = Key {
        mailbox: far,
        ..key
    };
    let mut late = entry(key);
    late.expires = u64::MAX;
    let entries = vec![entry(planted), entry(elsewhere), late, entry(key)];
    let request = Request::Replicate(parlance_bimp::Entries {
        entries: List::new(entries).unwrap(),
    });
    let relay = 77;
    let who = parlance_relay_core::Who::Relay(place(1));
    net.input(
        0,
        Input::Opened {
            connection: relay,
            who,
        },
    );
    let Some(Answer::Replicate(stored)) = net.ask(0, relay, request) else {
        panic!();
    };
    assert_eq!(stored.stored.as_slice(), [key]);
    assert_eq!(stored.refused.as_slice(), [planted, elsewhere, key]);
    assert_eq!((net.entries(0, &OWN), net.entries(0, &far)), (1, 0));
}
