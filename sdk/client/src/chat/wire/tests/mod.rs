//! The wire to relays on the loopback interface.

mod direct;
mod group;
mod network;
mod relay;

use std::{collections::BTreeSet, net::UdpSocket, sync::Arc};

use parlance_bimp::{Answer, Reason};
use parlance_endpoint::SecretKey;
use tokio::time::timeout;

use self::relay::{
    Chain, GENESIS, HANG_UP, PUSH, REFUSE, Relay, SILENT, loopback, place, probe, row,
};
use super::*;
use crate::chat::tests::vault;

/// How long anything may take: machines are busy.
const PATIENCE: Duration = Duration::from_secs(30);

async fn open<'v>(vault: &'v Vault, chain: &Arc<Chain>) -> RelayWire<'v> {
    let wire = RelayWire::open(vault, Hash::from(GENESIS), chain.clone());
    wire.await.unwrap()
}

async fn next(wire: &mut RelayWire<'_>) -> FromRelay {
    timeout(PATIENCE, wire.next()).await.expect("nothing comes")
}

/// A wire that knows one relay.
async fn with_relay(vault: &Vault) -> (Relay, RelayWire<'_>) {
    let signing = vault.device().unwrap().keys().signing.0;
    let relay = Relay::start(1, signing).await;
    let mut wire = open(vault, &Chain::new(vec![relay.row()])).await;
    let FromRelay::Directory(directory) = next(&mut wire).await else {
        panic!("the list comes first");
    };
    assert_eq!(directory.relays.len(), 1);
    (relay, wire)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_asks_are_answered_on_one_connection_and_a_refusal_is_an_answer() {
    let (_folder, _path, vault) = vault();
    let (_relay, mut wire) = with_relay(&vault).await;
    for number in 0..500 {
        wire.ask(place(1), number, probe(number));
    }
    wire.ask(place(1), 500, probe(REFUSE));
    let mut answered = BTreeSet::new();
    while answered.len() < 501 {
        let FromRelay::Answered { ask, answer } = next(&mut wire).await else {
            panic!("something else");
        };
        match answer {
            Answer::Probe(probed) => assert_eq!(probed.number, ask),
            Answer::Refused(refusal) => assert_eq!((ask, refusal.reason), (500, Reason::TooFast)),
            other => panic!("{other:?}"),
        }
        assert!(answered.insert(ask));
    }
    assert_eq!(wire.lines.len(), 1);
    assert!(wire.trouble().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_pushed_comes_in_order_and_an_end_is_told_once() {
    let (_folder, _path, vault) = vault();
    let (_relay, mut wire) = with_relay(&vault).await;
    wire.ask(place(1), 1, probe(PUSH + 50));
    let mut positions = Vec::new();
    let mut answered = false;
    while positions.len() < 50 || !answered {
        match next(&mut wire).await {
            FromRelay::Pushed {
                relay,
                push: parlance_bimp::Push::Deliver(message),
            } => {
                assert_eq!(relay, place(1));
                positions.push(message.position);
            }
            FromRelay::Answered { ask: 1, .. } => answered = true,
            other => panic!("{other:?}"),
        }
    }
    assert!(positions.iter().copied().eq(0..50));
    wire.ask(place(1), 2, probe(HANG_UP));
    wire.ask(place(1), 3, probe(SILENT));
    let lost = FromRelay::Lost { relay: place(1) };
    assert_eq!(next(&mut wire).await, lost);
    assert!(matches!(wire.trouble(), Some(Trouble::Relay { relay, .. }) if *relay == place(1)));
    // The next ask makes a new connection; the two before it are void.
    wire.ask(place(1), 4, probe(4));
    let FromRelay::Answered { ask: 4, .. } = next(&mut wire).await else {
        panic!("something of the connection before");
    };
    assert!(wire.trouble().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_is_silent_or_unknown_is_lost_and_its_name_and_cause_are_told() {
    let (_folder, _path, vault) = vault();
    // Takes packets and answers none.
    let silent = UdpSocket::bind(loopback()).unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let key = SecretKey::from_bytes(&[1; 32]).public();
    let chain = Chain::new(vec![
        row(1, key, &address),
        row(2, key, "a host that is none"),
    ]);
    let mut wire = open(&vault, &chain).await;
    next(&mut wire).await;
    for relay in [1, 2, 3] {
        wire.ask(place(relay), relay.into(), probe(1));
        wire.ask(place(relay), relay.into(), probe(2));
        let lost = next(&mut wire).await;
        assert_eq!(
            lost,
            FromRelay::Lost {
                relay: place(relay)
            }
        );
        let trouble = wire.trouble().unwrap().to_string();
        let name = format!("relay {}: ", hex::encode([relay; 4]));
        assert!(trouble.starts_with(&name), "{trouble}");
        assert_eq!(wire.try_next(), None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_is_told_that_the_relay_does_not_let_it_in() {
    let (_folder, _path, vault) = vault();
    let somebody = SecretKey::from_bytes(&[5; 32]).public();
    let relay = Relay::start(1, *somebody.as_bytes()).await;
    let mut wire = open(&vault, &Chain::new(vec![relay.row()])).await;
    next(&mut wire).await;
    wire.ask(place(1), 1, probe(1));
    assert_eq!(next(&mut wire).await, FromRelay::Lost { relay: place(1) });
    let trouble = wire.trouble().unwrap().to_string();
    assert!(trouble.contains("refuses to authenticate"), "{trouble}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_closed_connection_nothing_comes_and_too_much_is_a_loss() {
    let (_folder, _path, vault) = vault();
    let (mut relay, mut wire) = with_relay(&vault).await;
    wire.ask(place(1), 1, probe(1));
    next(&mut wire).await;
    wire.ask(place(1), 2, probe(PUSH + 10));
    // What it pushes may be here already.
    wire.close(place(1));
    timeout(PATIENCE, relay.ended.recv()).await.unwrap();
    assert_eq!(wire.try_next(), None);
    // More than the queue and the connection take.
    let many = 2 * line::ASKS as u64;
    for ask in 0..many {
        wire.ask(place(1), ask, probe(SILENT));
    }
    assert_eq!(next(&mut wire).await, FromRelay::Lost { relay: place(1) });
    wire.ask(place(1), many, probe(3));
    assert!(matches!(next(&mut wire).await, FromRelay::Answered { ask, .. } if ask == many));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wire_that_is_dropped_leaves_no_connection_and_no_question() {
    let (_folder, _path, vault) = vault();
    let signing = vault.device().unwrap().keys().signing.0;
    let mut relay = Relay::start(1, signing).await;
    let chain = Chain::new(vec![relay.row()]);
    let mut wire = open(&vault, &chain).await;
    next(&mut wire).await;
    wire.ask(place(1), 1, probe(1));
    next(&mut wire).await;
    drop(wire);
    timeout(PATIENCE, relay.ended.recv()).await.unwrap();
    while Arc::strong_count(&chain) > 1 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_is_fetched_anew_and_the_last_one_serves_while_the_node_is_away() {
    let (_folder, _path, vault) = vault();
    let key = SecretKey::from_bytes(&[1; 32]).public();
    let chain = Chain::new(Vec::new());
    *chain.away.lock().unwrap() = true;
    let mut wire = open(&vault, &chain).await;
    let nothing = timeout(Duration::from_millis(300), wire.next()).await;
    assert!(nothing.is_err() && !wire.has_network());
    assert!(matches!(wire.trouble(), Some(Trouble::Node(_))));
    // It is asked again by itself.
    *chain.away.lock().unwrap() = false;
    let FromRelay::Directory(directory) = next(&mut wire).await else {
        panic!("no list");
    };
    assert_eq!((directory.period, directory.relays.len()), (Some(0), 0));
    assert!(matches!(wire.trouble(), Some(Trouble::NoRelays)));
    *chain.relays.lock().unwrap() = vec![row(1, key, "127.0.0.1:9")];
    *chain.period.lock().unwrap() = 3;
    wire.refresh();
    let FromRelay::Directory(newer) = next(&mut wire).await else {
        panic!("no list");
    };
    assert_eq!((newer.period, newer.relays.len()), (Some(3), 1));
    wire.end().await;
    *chain.away.lock().unwrap() = true;
    let mut wire = open(&vault, &chain).await;
    assert_eq!(wire.try_next(), Some(FromRelay::Directory(newer)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_of_another_chain_is_not_believed() {
    let (_folder, _path, vault) = vault();
    let chain = Chain::new(Vec::new());
    let wanted = Hash::from([9; 32]);
    let mut wire = RelayWire::open(&vault, wanted, chain).await.unwrap();
    while wire.trouble().is_none() {
        let nothing = timeout(Duration::from_millis(20), wire.next()).await;
        assert!(nothing.is_err());
    }
    assert!(matches!(wire.trouble(), Some(Trouble::OtherChain { .. })));
}
