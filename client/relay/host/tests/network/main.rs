//! Relays as they run: processes, sockets, disks, `kill -9`.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

mod clients;
mod floods;
mod processes;
mod raw;
mod records;

use clients::{connect, device, endpoint, envelope, receive, send};
use parlance_bimp::{
    Answer, Mailbox, MessageId, Observe, Probe, Push, Reason, Request, Subscribe, Violation,
};
use parlance_endpoint::{Client, ConnectError, End, Outgoing};
use processes::{GENESIS, Network};
use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::watch;

const RELAYS: usize = 5;
/// How long a network may take for what it does in a second or two: machines are busy.
const PATIENCE: Duration = Duration::from_secs(40);

/// The promise of the relays: what was accepted is delivered, whichever two of the five die, again and again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_message_is_lost_when_relays_are_killed_two_at_a_time() {
    let readers = [device(101), device(102), device(103)];
    // An account for each, because a relay takes no more than a thousand messages of one account to one mailbox in a period.
    let senders: Vec<_> = (0..12).map(|n| device(200 + n)).collect();
    let mut all = readers.to_vec();
    all.extend(&senders);
    let mut network = Network::start(RELAYS, &all);
    let relays = Arc::new(network.relays.clone());
    let dialling = endpoint().await;
    for relay in relays.iter() {
        let ready = connect(&dialling, relay, &senders[0]);
        let ready = tokio::time::timeout(PATIENCE, ready).await;
        assert!(ready.is_ok(), "{}", network.said(0));
    }

    let (stop, stopped) = watch::channel(false);
    let mut sending = Vec::new();
    let mut receiving = Vec::new();
    let mut expectations = Vec::new();
    for (n, reader) in (0..).zip(readers) {
        for lane in 0..4u8 {
            let from = (senders[usize::from(lane + 4 * n)], lane + 16 * n);
            let task = send(relays.clone(), from, reader.mailbox(), 900, stopped.clone());
            sending.push((usize::from(n), tokio::spawn(task)));
        }
        let (expect, expected) = watch::channel(None);
        expectations.push(expect);
        let first = usize::from(n) * 2;
        receiving.push(tokio::spawn(receive(
            relays.clone(),
            reader,
            first,
            expected,
        )));
    }
    for round in 0..6 {
        let (one, two) = (round % RELAYS, (round + 1 + round / RELAYS) % RELAYS);
        tokio::time::sleep(Duration::from_millis(700)).await;
        network.kill(one);
        network.kill(two);
        tokio::time::sleep(Duration::from_millis(2_000)).await;
        network.assert_running();
        network.restart(one);
        network.restart(two);
    }
    stop.send_replace(true);
    let mut accepted = vec![BTreeSet::<MessageId>::new(); 3];
    for (n, task) in sending {
        let task = tokio::time::timeout(PATIENCE, task).await;
        accepted[n].extend(task.expect("a sender does not get on").unwrap());
    }
    let sent: usize = accepted.iter().map(BTreeSet::len).sum();
    // Enough for the test to say something.
    assert!(sent > 500, "{sent}");
    let mut more = 0;
    for ((expect, accepted), task) in expectations.iter().zip(&accepted).zip(receiving) {
        expect.send_replace(Some(accepted.clone()));
        let task = tokio::time::timeout(PATIENCE, task).await;
        let (shown, again) = task.expect("an accepted message is lost").unwrap();
        assert!(accepted.is_subset(&shown));
        more += again;
    }
    println!("{sent} accepted and shown, 0 lost; {more} came again and were known");
    network.assert_running();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_was_away_gets_what_it_missed() {
    let (sender, reader) = (device(110), device(111));
    let mut network = Network::start(RELAYS, &[sender, reader]);
    let dialling = endpoint().await;
    for relay in &network.relays.clone() {
        let ready = tokio::time::timeout(PATIENCE, connect(&dialling, relay, &sender)).await;
        assert!(ready.is_ok());
    }
    network.kill(0);
    network.kill(3);
    let others: Vec<_> = [1, 2, 4].map(|n| network.relays[n].clone()).into();
    let (_stop, stopped) = watch::channel(false);
    let sending = send(
        Arc::new(others),
        (sender, 0),
        reader.mailbox(),
        150,
        stopped,
    );
    let accepted = tokio::time::timeout(PATIENCE, sending).await.unwrap();
    assert_eq!(accepted.len(), 150);
    network.restart(0);
    // From the one that was away, and no other.
    let only = Arc::new(vec![network.relays[0].clone()]);
    let (_expect, expected) = watch::channel(Some(accepted.clone()));
    let receiving = receive(only, reader, 0, expected);
    let (shown, _) = tokio::time::timeout(PATIENCE, receiving)
        .await
        .expect("not caught up");
    assert_eq!(shown, accepted);
    assert!(network.figure(0, "delivered").await >= 150);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_and_garbage_cost_nobody_anything() {
    let (member, other) = (device(120), device(121));
    let mut network = Network::start(3, &[member, other]);
    let relay = network.relays[0].clone();
    let dialling = endpoint().await;
    // All three are needed for a quorum.
    for relay in &network.relays.clone() {
        let ready = tokio::time::timeout(PATIENCE, connect(&dialling, relay, &other)).await;
        assert!(ready.is_ok());
    }
    let ready = tokio::time::timeout(PATIENCE, connect(&dialling, &relay, &member)).await;
    let session = ready.unwrap();

    let mut attacks = Vec::new();
    for n in 0..60u64 {
        let relay = relay.clone();
        attacks.push(tokio::spawn(async move {
            let endpoint = endpoint().await;
            let Ok(mut channel) = endpoint.dial(&relay).await else {
                return false;
            };
            let mut out = Outgoing::default();
            // Noise from a generator with the attack's number; some says hello first; some nothing more.
            let mut state = n.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
            if n % 3 == 1 {
                let mut client = parlance_bimp::Client::new(parlance_bimp::Settings::default());
                client.transmit(out.fill(), usize::MAX);
            }
            for _ in 0..if n % 3 == 2 { 1 } else { 4_000 } {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                out.fill().push(if n % 2 == 0 { state as u8 } else { 0 });
            }
            let _ = out.send_all(&mut channel.writer).await;
            // Until the relay has had enough.
            while let Ok(Some(_)) = channel.reader.read().await {}
            true
        }));
    }
    // Meanwhile others are served.
    for number in 0..50 {
        let (request, id) = envelope(other.mailbox(), 1, number);
        match session.client.request(request).await {
            Ok(Answer::Send(answer)) => assert_eq!(answer.id, id),
            other => panic!("{other:?}"),
        }
    }
    let mut reached = 0;
    for attack in attacks {
        let ended = tokio::time::timeout(PATIENCE, attack).await;
        reached += u64::from(ended.expect("an attacker is still connected").unwrap());
    }
    assert!(reached > 30, "{reached}");
    assert!(network.figure(0, "violations").await > 0);
    assert!(network.figure(0, "silent_strangers").await > 0);

    // A device that is not on record, one with another's key, and one that asks for what is not its own.
    let unknown = Client::connect(&dialling, &relay, GENESIS, &device(1)).await;
    match unknown.map(|_| ()) {
        Err(ConnectError::Refused(refusal)) => assert_eq!(refusal.reason, Reason::BadCredentials),
        other => panic!("{other:?}"),
    }
    for mailbox in [other.mailbox(), Mailbox([9; 32])] {
        let subscribe = Request::Subscribe(Subscribe { mailbox, window: 0 });
        match session.client.request(subscribe).await {
            Ok(Answer::Refused(refusal)) => assert_eq!(refusal.reason, Reason::NotAllowed),
            other => panic!("{other:?}"),
        }
    }
    // A device is told where its packets come from.
    match session.client.request(Request::Observe(Observe {})).await {
        Ok(Answer::Observe(seen)) => {
            let address = SocketAddr::from(seen.address.unwrap());
            assert!(address.ip().is_loopback() && address.port() > 0);
        }
        other => panic!("{other:?}"),
    }
    // A stranger may probe.
    let endpoint = endpoint().await;
    let channel = endpoint.dial(&relay).await.unwrap();
    let settings = parlance_bimp::Settings::default();
    let (stranger, _pushes) = Client::over(channel, settings, *endpoint.timings());
    match stranger.request(Request::Probe(Probe { number: 5 })).await {
        Ok(Answer::Probe(probed)) => assert_eq!(probed.number, 5),
        other => panic!("{other:?}"),
    }
    network.assert_running();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_stops_says_so_and_keeps_what_it_has() {
    let (sender, reader) = (device(130), device(131));
    let mut network = Network::start(1, &[sender, reader]);
    let relay = network.relays[0].clone();
    let dialling = endpoint().await;
    let ready = tokio::time::timeout(PATIENCE, connect(&dialling, &relay, &sender)).await;
    let session = ready.unwrap();
    let (request, id) = envelope(reader.mailbox(), 1, 1);
    let answer = session.client.request(request).await;
    assert!(matches!(answer, Ok(Answer::Send(_))), "{answer:?}");

    let began = Instant::now();
    let ended = tokio::task::spawn_blocking(move || {
        let status = network.terminate(0);
        (network, status)
    });
    match session.client.closed().await {
        End::Violation(Violation::ByPeer { code, .. }) => {
            assert_eq!(code, Violation::Stopping.code());
        }
        other => panic!("{other:?}"),
    }
    let (mut network, status) = ended.await.unwrap();
    assert!(status.success(), "{}", network.said(0));
    assert!(began.elapsed() < PATIENCE);

    network.restart(0);
    let ready = tokio::time::timeout(PATIENCE, connect(&dialling, &relay, &reader)).await;
    let mut session = ready.unwrap();
    let mailbox = reader.mailbox();
    let subscribe = Request::Subscribe(Subscribe { mailbox, window: 0 });
    assert!(matches!(
        session.client.request(subscribe).await,
        Ok(Answer::Subscribe(_))
    ));
    match session.pushes.next().await {
        Ok(Push::Deliver(message)) => assert_eq!(message.id, id),
        other => panic!("{other:?}"),
    }
}
