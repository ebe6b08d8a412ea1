//! How much one account may have of what all share: with a handful of relays on a perfect network.

mod common;

use common::{DEVICE, Net, OTHER, OWN, SENDER, reason};
use parlance_bimp::{
    Account, Answer, Bounded, FetchPreKeys, List, PreKeyUse, PreKeys, PresenceKey, PublishPreKeys,
    PublishPresence, Reason, Request,
};
use parlance_relay_core::{Config, Limits};

fn prekeys(count: u8) -> PublishPreKeys {
    let one_time = (0..count).map(|n| Bounded::new(vec![n]).unwrap());
    PublishPreKeys {
        usage: PreKeyUse::Pairwise,
        head: Bounded::new(b"head".to_vec()).unwrap(),
        one_time: List::new(one_time.collect()).unwrap(),
        anew: false,
    }
}

/// U5: whoever asks on and on gets bundles without one-time prekeys, and leaves these to others.
#[test]
fn nobody_uses_up_the_one_time_prekeys_of_others() {
    let limits = Limits {
        pair_prekeys: 2,
        ..Limits::default()
    };
    let config = Config {
        limits,
        ..Config::default()
    };
    let mut net = Net::new(5, config);
    net.open(0, SENDER, 0, &[OTHER]);
    net.open(0, DEVICE, 0, &[OWN]);
    net.open(0, 70, 0, &[]);
    net.ask(0, DEVICE, Request::PublishPreKeys(prekeys(5)));
    let fetch = Request::FetchPreKeys(FetchPreKeys {
        account: Account([DEVICE as u8; 32]),
        device: 0,
        usage: PreKeyUse::Pairwise,
    });
    let mut has_one = |connection| match net.ask(0, connection, fetch.clone()) {
        Some(Answer::FetchPreKeys(PreKeys { found: Some(found) })) => found.one_time.is_some(),
        other => panic!("{other:?}"),
    };
    let given: Vec<bool> = (0..4).map(|_| has_one(SENDER)).collect();
    assert_eq!(given, [true, true, false, false]);
    assert!(has_one(70));
    net.clock.steady += config.timings.period;
    assert!(matches!(
        net.ask(0, SENDER, fetch),
        Some(Answer::FetchPreKeys(PreKeys { found: Some(found) })) if found.one_time.is_some()
    ));
}

/// U4: an account that publishes without end is refused alone, and for a period.
#[test]
fn nobody_fills_the_room_for_presence() {
    let limits = Limits {
        presences: 1_000,
        account_presences: 10,
        ..Limits::default()
    };
    let config = Config {
        limits,
        ..Config::default()
    };
    let mut net = Net::new(5, config);
    net.open(0, SENDER, 0, &[OTHER]);
    net.open(0, DEVICE, 0, &[OWN]);
    let publish = |n: u8| {
        Request::PublishPresence(PublishPresence {
            key: PresenceKey([n; 32]),
            record: Bounded::new(vec![n]).unwrap(),
            keep: u64::MAX,
        })
    };
    let taken = Some(Answer::PublishPresence(()));
    for n in 0..10 {
        assert_eq!(net.ask(0, SENDER, publish(n)), taken);
    }
    for n in 10..20 {
        assert_eq!(reason(net.ask(0, SENDER, publish(n))), Reason::TooFast);
    }
    // What is there may be renewed, and others have their own room.
    assert_eq!(net.ask(0, SENDER, publish(3)), taken);
    assert_eq!(net.ask(0, DEVICE, publish(99)), taken);
    net.clock.steady += config.timings.period;
    assert_eq!(net.ask(0, SENDER, publish(15)), taken);
}
