//! What is on record changes while relays run.

use crate::{
    PATIENCE,
    clients::{connect, device, endpoint, envelope, receive, send},
    processes::{GENESIS, Network},
};
use parlance_bimp::{Answer, MessageId, Reason, Violation};
use parlance_endpoint::{Client, ConnectError, End};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::sync::watch;

/// N5.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whose_record_is_gone_or_has_another_key_is_sent_away_and_nobody_else() {
    let (removed, renewed, stays) = (device(140), device(141), device(142));
    let mut network = Network::start(1, &[removed, renewed, stays]);
    let relay = network.relays[0].clone();
    let dialling = endpoint().await;
    let mut sessions = Vec::new();
    for device in [removed, renewed, stays] {
        let ready = tokio::time::timeout(PATIENCE, connect(&dialling, &relay, &device)).await;
        sessions.push(ready.unwrap().client);
    }
    network.change(|records| {
        let accounts = records["accounts"].as_array_mut().unwrap();
        accounts.remove(0);
        accounts[0]["devices"][0]["key"] = accounts[1]["devices"][0]["key"].clone();
    });
    for session in &sessions[..2] {
        match tokio::time::timeout(PATIENCE, session.closed()).await {
            Ok(End::Violation(Violation::ByPeer { code, .. })) => {
                assert_eq!(code, Violation::Done.code());
            }
            other => panic!("{other:?}"),
        }
    }
    for device in [removed, renewed] {
        let again = Client::connect(&dialling, &relay, GENESIS, &device).await;
        match again.map(|_| ()) {
            Err(ConnectError::Refused(refusal)) => {
                assert_eq!(refusal.reason, Reason::BadCredentials);
            }
            other => panic!("{other:?}"),
        }
    }
    let (request, _) = envelope(stays.mailbox(), 1, 1);
    let answer = sessions[2].request(request).await;
    assert!(matches!(answer, Ok(Answer::Send(_))), "{answer:?}");
    assert_eq!(network.figure(0, "off_record").await, 2);
    network.assert_running();
}

/// N5 and P4, for relays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_is_taken_off_the_record_is_sent_away() {
    let (sender, reader) = (device(143), device(144));
    let mut network = Network::start(5, &[sender, reader]);
    let relays = network.relays.clone();
    let dialling = endpoint().await;
    for relay in &relays {
        let ready = tokio::time::timeout(PATIENCE, connect(&dialling, relay, &sender)).await;
        assert!(ready.is_ok());
    }
    let send_some = |lane: u8| {
        let (_, stopped) = watch::channel(false);
        let first = Arc::new(relays[..1].to_vec());
        tokio::time::timeout(
            PATIENCE,
            send(first, (sender, lane), reader.mailbox(), 10, stopped),
        )
    };
    // So that they talk to each other.
    assert_eq!(send_some(0).await.unwrap().len(), 10);
    network.change(|records| {
        records["relays"].as_array_mut().unwrap().remove(4);
    });
    let ended = async {
        for n in 0..4 {
            while network.figure(n, "off_record").await == 0 {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    };
    assert!(tokio::time::timeout(PATIENCE, ended).await.is_ok());
    // Three of four are a quorum.
    assert_eq!(send_some(1).await.unwrap().len(), 10);
    network.assert_running();
}

/// P1.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_relay_is_dialled_seldom_and_called_back_at_once() {
    let (sender, reader) = (device(145), device(146));
    let mut network = Network::start(5, &[sender, reader]);
    let relays = network.relays.clone();
    let dialling = endpoint().await;
    for relay in &relays {
        let ready = tokio::time::timeout(PATIENCE, connect(&dialling, relay, &sender)).await;
        assert!(ready.is_ok());
    }
    let (_stop, stopped) = watch::channel(false);
    let to = reader.mailbox();
    let first = Arc::new(relays[..1].to_vec());
    let sent = send(first.clone(), (sender, 0), to, 10, stopped.clone());
    let sent = tokio::time::timeout(PATIENCE, sent).await.unwrap();
    assert_eq!(sent.len(), 10);
    network.kill(4);
    tokio::time::sleep(Duration::from_secs(6)).await;
    // Pauses double from a tenth of a second on, and each try takes 1.5 s. The four others are dialled once or twice.
    let failed = network.figure(0, "failed_dials").await;
    assert!((1..=6).contains(&failed), "{failed}");
    let dials = network.figure(0, "dials").await;
    assert!(dials <= 12, "{dials}");
    let more = send(first, (sender, 1), to, 10, stopped);
    let more = tokio::time::timeout(PATIENCE, more).await.unwrap();
    assert_eq!(more.len(), 10);
    // The relay is back, calls, is called, and gets what it missed.
    network.restart(4);
    let all: BTreeSet<MessageId> = sent.union(&more).copied().collect();
    let (_expect, expected) = watch::channel(Some(all.clone()));
    let only = Arc::new(relays[4..].to_vec());
    let receiving = receive(only, reader, 0, expected);
    let (shown, _) = tokio::time::timeout(PATIENCE, receiving).await.unwrap();
    assert_eq!(shown, all);
    network.assert_running();
}
