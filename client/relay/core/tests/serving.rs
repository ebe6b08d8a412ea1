//! What relays do for devices: with a handful of relays on a perfect network.

mod common;

use common::{
    DAY, DEVICE, Net, OTHER, OWN, SENDER, accepted, acknowledge, envelope, envelope_of, net, of,
    owner, reason, subscribe,
};
use parlance_bimp::{
    Account, Answer, Bounded, Count, ExtendRetention, FetchPreKeys, Key, List, LookUpPresence,
    Mailbox, PreKeyUse, PreKeys, Presence, PresenceKey, PublishPreKeys, PublishPresence, Reason,
    Request, SyncCursor, Waiting,
};
use parlance_relay_core::{Config, Input, Limits, Storage};

#[test]
fn a_message_waits_until_every_device_has_it() {
    let mut net = net(5);
    net.open(2, 61, 1, &[OWN]);
    let devices = owner(&[0, 1]);
    let (request, key) = envelope(OWN, 7);
    accepted(net.ask(0, SENDER, request));
    for n in 0..5 {
        let owner = devices.clone();
        net.input(
            n,
            Input::Owner {
                mailbox: OWN,
                owner,
            },
        );
    }
    let count = |messages| Some(Answer::Acknowledge(Count { messages }));
    let all = acknowledge(OWN, &[key.id]);
    assert_eq!(net.ask(1, DEVICE, all.clone()), count(1));
    assert_eq!(net.ask(1, DEVICE, all.clone()), count(0));
    assert_eq!(net.waiting(1, &OWN), 1);
    // The cursor is a device's own, and the other relays know of it.
    net.open(3, 62, 0, &[OWN]);
    let sync = Request::Sync(SyncCursor { mailbox: OWN });
    let Some(Answer::Sync(waiting)) = net.ask(3, 62, sync.clone()) else {
        panic!();
    };
    assert_eq!((waiting.cursor, waiting.messages), (1, 0));
    let Some(Answer::Sync(waiting)) = net.ask(2, 61, sync) else {
        panic!();
    };
    assert_eq!((waiting.cursor, waiting.messages), (0, 1));
    assert_eq!(net.ask(2, 61, all), count(1));
    for n in 0..5 {
        assert_eq!(net.waiting(n, &OWN), 0, "{n}");
        assert!(net.disks[n].message(&key).unwrap().is_none());
        // What is over is remembered, so that nobody brings it back.
        assert_eq!(net.entries(n, &OWN), 1);
    }
}

/// A connection from before the record changed does not bring the old one back.
#[test]
fn a_device_that_was_there_before_another_came_does_not_hide_it() {
    let mut net = net(5);
    let (mailbox, both) = (OWN, owner(&[0, 1]));
    for n in 0..5 {
        let owner = both.clone();
        net.input(n, Input::Owner { mailbox, owner });
    }
    net.ask(1, DEVICE, subscribe(OWN));
    let (request, key) = envelope(OWN, 7);
    accepted(net.ask(0, SENDER, request));
    for n in 0..5 {
        let owner = both.clone();
        net.input(n, Input::Owner { mailbox, owner });
    }
    net.ask(1, DEVICE, subscribe(OWN));
    net.ask(1, DEVICE, acknowledge(OWN, &[key.id]));
    net.pass(3_000);
    for n in 0..5 {
        assert_eq!(net.waiting(n, &OWN), 1, "{n}");
    }
}

/// K2, for a relay that gets message and acknowledgements in one from relays that do not know the record. The long runs of
/// the simulation found that it was kept.
#[test]
fn what_comes_acknowledged_by_all_is_deleted() {
    let mut net = net(5);
    let (request, key) = envelope(OWN, 7);
    net.dead.insert(1);
    accepted(net.ask(0, SENDER, request));
    // No relay that is there knows the owner.
    for n in [0, 2, 3, 4] {
        net.open(n, 61, 0, &[OWN]);
    }
    let all = acknowledge(OWN, &[key.id]);
    assert!(net.ask(2, 61, all).is_some());
    assert_eq!(net.waiting(2, &OWN), 1);
    net.pass(Config::default().timings.write + 1_000);
    net.dead.clear();
    net.ask(1, DEVICE, subscribe(OWN));
    net.pass(4_000);
    assert!((0..5).all(|n| net.waiting(n, &OWN) == 0));
    assert!(net.delivered.is_empty());
}

#[test]
fn an_owner_keeps_longer_and_deletes() {
    let mut net = net(5);
    let (request, key) = envelope(OWN, 7);
    accepted(net.ask(0, SENDER, request));
    let extend = |until| {
        Request::ExtendRetention(ExtendRetention {
            which: of(OWN, &[key.id]),
            until,
        })
    };
    // As long as the account may, and never shorter.
    let longest = net.clock.wall + 30 * DAY;
    let Some(Answer::ExtendRetention(extended)) = net.ask(1, DEVICE, extend(u64::MAX)) else {
        panic!();
    };
    assert_eq!((extended.messages, extended.until), (1, longest));
    let soon = net.clock.wall + DAY;
    let Some(Answer::ExtendRetention(extended)) = net.ask(1, DEVICE, extend(soon)) else {
        panic!();
    };
    assert_eq!(extended.messages, 0);
    assert_eq!(reason(net.ask(1, DEVICE, extend(5))), Reason::BadTime);
    for n in 0..5 {
        let (_, state) = net.relays[n].mailboxes().next().unwrap();
        assert_eq!(state.get(&key.id).unwrap().state.expires, longest);
    }
    let delete = Request::Delete(of(OWN, &[key.id]));
    let deleted = Some(Answer::Delete(Count { messages: 1 }));
    assert_eq!(net.ask(1, DEVICE, delete), deleted);
    assert!((0..5).all(|n| net.waiting(n, &OWN) == 0));
}

/// Rules E2 and E3 of BIMP: whoever does not own a mailbox learns nothing of it.
#[test]
fn a_stranger_cannot_tell_a_used_mailbox_from_none() {
    let mut net = net(5);
    net.open(0, DEVICE, 0, &[OWN]);
    let (request, key) = envelope(OWN, 7);
    accepted(net.ask(0, SENDER, request));
    net.ask(0, DEVICE, subscribe(OWN));
    let publish = Request::PublishPreKeys(prekeys(1));
    assert!(net.ask(0, DEVICE, publish).is_some());
    let unused = Mailbox([0xEE; 32]);
    for (used, never) in [
        (subscribe(OWN), subscribe(unused)),
        (acknowledge(OWN, &[key.id]), acknowledge(unused, &[key.id])),
        (
            Request::Delete(of(OWN, &[key.id])),
            Request::Delete(of(unused, &[key.id])),
        ),
        (
            Request::Sync(SyncCursor { mailbox: OWN }),
            Request::Sync(SyncCursor { mailbox: unused }),
        ),
    ] {
        let refused = net.ask(0, SENDER, used);
        assert_eq!(refused, net.ask(0, SENDER, never));
        assert_eq!(reason(refused), Reason::NotAllowed);
    }
    // Sending to a mailbox that nobody owns is as good as to one that somebody does.
    let (to_used, _) = envelope(OWN, 9);
    let (to_unused, _) = envelope(unused, 9);
    let (used, unused) = (
        accepted(net.ask(0, SENDER, to_used)),
        accepted(net.ask(0, SENDER, to_unused)),
    );
    assert_eq!((used.relays, used.expires), (unused.relays, unused.expires));
}

#[test]
fn a_full_mailbox_is_refused_and_not_named() {
    let config = Config {
        limits: Limits {
            mailbox_messages: 2,
            pair_messages: 2,
            ..Limits::default()
        },
        ..Config::default()
    };
    let mut net = Net::new(5, config);
    net.open(0, SENDER, 0, &[OTHER]);
    net.open(0, 51, 0, &[OTHER]);
    for text in [1, 2] {
        accepted(net.ask(0, SENDER, envelope(OWN, text).0));
    }
    // The sender's share and the mailbox are both used up; the answer is one.
    let own_share = reason(net.ask(0, SENDER, envelope(OWN, 3).0));
    let full = reason(net.ask(0, 51, envelope(OWN, 4).0));
    assert_eq!((own_share, full), (Reason::NoRoom, Reason::NoRoom));
    // What was there goes on being there, and an old one is still accepted.
    accepted(net.ask(0, 51, envelope(OWN, 1).0));
    assert_eq!(net.waiting(0, &OWN), 2);
}

#[test]
fn a_slow_reader_gets_a_window_and_is_cut_off_without_loss() {
    let config = Config {
        limits: Limits {
            window_messages: 3,
            ..Limits::default()
        },
        ..Config::default()
    };
    let mut net = Net::new(5, config);
    net.open(0, SENDER, 0, &[OTHER]);
    net.open(0, DEVICE, 0, &[OWN]);
    net.ask(0, DEVICE, subscribe(OWN));
    let keys: Vec<Key> = (0..10)
        .map(|text| {
            let (request, key) = envelope(OWN, text);
            accepted(net.ask(0, SENDER, request));
            key
        })
        .collect();
    assert_eq!(net.delivered.len(), 3);
    net.ask(0, DEVICE, acknowledge(OWN, &[keys[0].id, keys[1].id]));
    assert_eq!(net.delivered.len(), 5);
    net.pass(config.timings.slow_reader + 2_000);
    assert_eq!(net.cut_off, [DEVICE]);
    net.open(0, DEVICE, 0, &[OWN]);
    let Some(Answer::Subscribe(waiting)) = net.ask(0, DEVICE, subscribe(OWN)) else {
        panic!();
    };
    assert_eq!((waiting.messages, waiting.cursor), (8, 2));
    // Oldest first, from where it stopped.
    let keys: Vec<Key> = keys[2..5].to_vec();
    let again: Vec<Key> = net.delivered[5..].iter().map(|(_, _, key)| *key).collect();
    assert_eq!(again, keys);
}

/// G10: however often a message is asked for and acknowledged, it is delivered once to each device, where it was pushed.
#[test]
fn what_was_pushed_and_acknowledged_is_delivered_once() {
    let mut net = net(5);
    let keys = [7, 8].map(|n| {
        let (request, key) = envelope(OWN, n);
        accepted(net.ask(0, SENDER, request));
        key
    });
    let both = acknowledge(OWN, &keys.map(|key| key.id));
    // Nothing was pushed there, and the device may know the ids from the sender.
    net.open(3, 63, 9, &[OWN]);
    net.ask(3, 63, both.clone());
    assert!(net.confirmed.is_empty());
    net.open(3, 62, 1, &[OWN]);
    net.ask(3, 62, subscribe(OWN));
    net.ask(3, 62, acknowledge(OWN, &[keys[0].id]));
    assert_eq!(net.confirmed, [(3, 62, keys[0])]);
    // Again: acknowledged, asked for once more on the same connection and on another one.
    net.ask(3, 62, acknowledge(OWN, &[keys[0].id]));
    net.ask_only(3, 62, subscribe(OWN));
    net.ask_only(3, 62, subscribe(OWN));
    net.ask(3, 62, both.clone());
    net.ask(3, 62, both.clone());
    net.open(3, 64, 1, &[OWN]);
    net.ask(3, 64, subscribe(OWN));
    net.ask(3, 64, both.clone());
    assert_eq!(net.confirmed, [(3, 62, keys[0]), (3, 62, keys[1])]);
    // Another relay pushes, and hears of the acknowledgement when the first one has it.
    net.open(2, 61, 0, &[OWN]);
    net.ask(2, 61, subscribe(OWN));
    net.ask(1, DEVICE, subscribe(OWN));
    net.confirmed.clear();
    net.ask(1, DEVICE, both.clone());
    net.ask(2, 61, both);
    assert_eq!(net.confirmed, keys.map(|key| (1, DEVICE, key)));
}

#[test]
fn one_large_message_passes_a_window_of_few_bytes() {
    let mut net = net(5);
    net.ask(1, DEVICE, subscribe(OWN));
    let (request, key) = envelope_of(OWN, 1, 64 * 1024);
    accepted(net.ask(0, SENDER, request));
    assert_eq!(net.delivered, [(1, DEVICE, key)]);
}

fn prekeys(count: u8) -> PublishPreKeys {
    let one_time = (0..count).map(|n| Bounded::new(vec![n]).unwrap());
    PublishPreKeys {
        usage: PreKeyUse::Pairwise,
        head: Bounded::new(b"head".to_vec()).unwrap(),
        one_time: List::new(one_time.collect()).unwrap(),
        anew: false,
    }
}

#[test]
fn each_one_time_prekey_is_given_once_even_over_a_restart() {
    let mut net = net(5);
    let fetch = Request::FetchPreKeys(FetchPreKeys {
        account: Account([DEVICE as u8; 32]),
        device: 0,
        usage: PreKeyUse::Pairwise,
    });
    net.open(0, DEVICE, 0, &[OWN]);
    let none = Some(Answer::FetchPreKeys(PreKeys { found: None }));
    assert_eq!(net.ask(0, SENDER, fetch.clone()), none);
    net.ask(0, DEVICE, Request::PublishPreKeys(prekeys(3)));
    let mut given = Vec::new();
    for round in 0..5 {
        let Some(Answer::FetchPreKeys(PreKeys { found: Some(found) })) =
            net.ask(0, SENDER, fetch.clone())
        else {
            panic!();
        };
        assert_eq!(found.head.as_slice(), b"head");
        given.extend(found.one_time.map(|prekey| prekey.into_vec()));
        if round == 1 {
            net.restart(0, Config::default());
            net.open(0, SENDER, 0, &[OTHER]);
        }
    }
    assert_eq!(given, [[0], [1], [2]]);
}

#[test]
fn presence_ends() {
    let mut net = net(5);
    let key = PresenceKey([4; 32]);
    let record = Bounded::new(vec![1, 2]).unwrap();
    let publish = Request::PublishPresence(PublishPresence {
        key,
        record: record.clone(),
        keep: u64::MAX,
    });
    let look_up = Request::LookUpPresence(LookUpPresence { key });
    let found = |record| Some(Answer::LookUpPresence(Presence { record }));
    assert_eq!(net.ask(0, SENDER, look_up.clone()), found(None));
    net.ask(0, DEVICE, publish.clone());
    net.open(0, DEVICE, 0, &[OWN]);
    net.ask(0, DEVICE, publish);
    assert_eq!(net.ask(0, SENDER, look_up.clone()), found(Some(record)));
    net.clock.steady += Config::default().timings.presence;
    assert_eq!(net.ask(0, SENDER, look_up), found(None));
}

#[test]
fn what_waits_is_told() {
    let mut net = net(5);
    for text in 0..3 {
        accepted(net.ask(0, SENDER, envelope(OWN, text).0));
    }
    let Some(Answer::Subscribe(waiting)) = net.ask(1, DEVICE, subscribe(OWN)) else {
        panic!();
    };
    let size = 3 * (1 + 2 + 1 + 32 + 1 + 2 + 512);
    let expected = Waiting {
        cursor: 0,
        messages: 3,
        bytes: size,
        next_expiry: net.clock.wall + 14 * DAY,
    };
    assert_eq!(waiting, expected);
}
