//! Many that want too much, and a few that want what is theirs.

use crate::{
    PATIENCE,
    clients::{Device, connect, device, endpoint, endpoint_at, envelope, envelope_of},
    processes::Network,
    raw::Raw,
};
use parlance_bimp::{
    Answer, ClientEvent, List, OfMailbox, Probe, Push, Reason, Request, Subscribe,
};
use parlance_endpoint::{Endpoint, RelayAddress, Session};
use serde_json::json;
use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{sync::Semaphore, task::JoinSet};

const MIB: u64 = 1 << 20;
/// Between two messages of an honest device: it does not flood, and has an allowance of a thousand.
const PACE: Duration = Duration::from_millis(20);

async fn ready(endpoint: &Endpoint, relay: &RelayAddress, device: &Device) -> Session {
    let ready = tokio::time::timeout(PATIENCE, connect(endpoint, relay, device)).await;
    ready.expect("the relay does not let a device in")
}

async fn subscribe(session: &Session, device: &Device) {
    let mailbox = device.mailbox();
    let subscribe = Request::Subscribe(Subscribe { mailbox, window: 0 });
    let answer = session.client.request(subscribe).await;
    assert!(matches!(answer, Ok(Answer::Subscribe(_))), "{answer:?}");
}

/// Sends a message, and waits until the other device has it and has acknowledged it. How long the way there took.
async fn exchange(from: &Session, to: &mut Session, device: &Device, number: u64) -> Duration {
    tokio::time::sleep(PACE).await;
    let began = Instant::now();
    let mailbox = device.mailbox();
    let (request, id) = envelope(mailbox, 1, number);
    // Memory is scarce: it is said, and tried again.
    let refused = |answer: &Answer| match answer {
        Answer::Refused(refusal) => refusal.reason == Reason::TooFast,
        _ => false,
    };
    loop {
        let answer = from.client.request(request.clone()).await.unwrap();
        if !refused(&answer) {
            assert!(matches!(answer, Answer::Send(_)), "{answer:?}");
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    match to.pushes.next().await {
        Ok(Push::Deliver(message)) => assert_eq!(message.id, id),
        other => panic!("{other:?}"),
    }
    let took = began.elapsed();
    let ids = List::new(vec![id]).unwrap();
    let acknowledge = Request::Acknowledge(OfMailbox { mailbox, ids });
    let answer = to.client.request(acknowledge).await.unwrap();
    assert!(matches!(answer, Answer::Acknowledge(_)) || refused(&answer));
    took
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// Frames that cost no credit cost time all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pings_are_paid_for_like_requests() {
    let member = device(150);
    let limits = json!({ "device_requests": 500 });
    let network = Network::start_with(1, &[member], &limits);
    let relay = network.relays[0].clone();
    let endpoint = endpoint().await;
    drop(ready(&endpoint, &relay, &member).await);
    let mut raw = Raw::dial(&endpoint, &relay).await.unwrap();
    assert!(raw.greet().await);
    raw.authenticate(&member);
    assert!(raw.send().await);
    assert!(matches!(
        raw.event().await,
        Some(ClientEvent::Answer { .. })
    ));
    let began = Instant::now();
    for number in 0..2_000 {
        raw.machine.ping(number);
        raw.gather();
    }
    raw.ask(&Request::Probe(Probe { number: 7 }));
    assert!(raw.send().await);
    let answered = async {
        loop {
            match raw.event().await {
                Some(ClientEvent::Answer { .. }) => return,
                Some(_) => {}
                None => panic!("the relay ended it"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, answered).await.unwrap();
    // 1,000 at once, and 1,000 more at 500 a second.
    let took = began.elapsed();
    assert!(took >= Duration::from_millis(1_900), "{took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_shakes_hands_all_the_time_keeps_nobody_else_out() {
    const AT_ONCE: u64 = 10;
    let member = device(155);
    let limits = json!({ "handshakes_per_address": AT_ONCE / 2 });
    let network = Network::start_with(1, &[member], &limits);
    let relay = network.relays[0].clone();
    let endpoint = endpoint().await;
    drop(ready(&endpoint, &relay, &member).await);
    let flood = endpoint_at(Ipv4Addr::new(127, 0, 0, 2)).await;
    let began = Instant::now();
    let (mut let_in, mut tries) = (0, 0);
    while tries < 10 * AT_ONCE {
        tries += 1;
        let_in += u64::from(flood.dial(&relay).await.is_ok());
    }
    // And as many as time gives.
    let later = began.elapsed().as_secs() + 1;
    assert!(
        let_in <= AT_ONCE + later * AT_ONCE / 2,
        "{let_in} in {later} s"
    );
    let refused = network.figure(0, "refused_connections").await;
    assert!(refused >= tries - let_in, "{refused} of {tries}");
    drop(ready(&endpoint, &relay, &member).await);
}

/// N4: devices that let messages come and take none.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn slow_readers_take_no_more_memory_than_there_is_for_all() {
    const SLOW: u8 = 60;
    const BUDGET: u64 = 4 * MIB;
    let slow: Vec<Device> = (0..SLOW).map(device).collect();
    let (sender, reader) = (device(160), device(161));
    let mut all = slow.clone();
    all.extend([sender, reader]);
    let limits =
        json!({ "per_address": 500, "handshakes_per_address": 500, "budget_mib": BUDGET / MIB });
    let mut network = Network::start_with(1, &all, &limits);
    let relay = network.relays[0].clone();
    let endpoint = endpoint().await;
    let from = ready(&endpoint, &relay, &sender).await;
    let mut to = ready(&endpoint, &relay, &reader).await;
    subscribe(&to, &reader).await;
    for device in &slow {
        for number in 0..3 {
            let (request, _) = envelope_of(device.mailbox(), 2, number, 65_536);
            let answer = from.client.request(request).await;
            assert!(matches!(answer, Ok(Answer::Send(_))), "{answer:?}");
        }
    }
    // More than twice the budget waits for them, and fits into their credit.
    let mut connections = Vec::new();
    for device in &slow {
        let mut raw = Raw::dial(&endpoint, &relay).await.unwrap();
        assert!(raw.greet().await);
        raw.authenticate(device);
        let mailbox = device.mailbox();
        raw.ask(&Request::Subscribe(Subscribe { mailbox, window: 0 }));
        assert!(raw.send().await);
        connections.push(raw);
    }
    let mut most = 0;
    let began = Instant::now();
    let mut number = 0;
    // Until the first are cut off, and others have got their share.
    while network.figure(0, "violations").await == 0 {
        assert!(began.elapsed() < PATIENCE, "nobody is cut off");
        most = most.max(network.figure(0, "kept_bytes").await);
        exchange(&from, &mut to, &reader, number).await;
        number += 1;
    }
    assert!(most > BUDGET / 2 && most <= BUDGET, "{most}");
    // What is left of them is let go with them.
    drop(connections);
    drop(endpoint);
    network.assert_running();
}

/// What one of many attackers does, until it is sent away. Few shake hands at a time, as a machine that is busy with
/// all their handshakes at once finishes none of them.
async fn attack(endpoint: Endpoint, relay: RelayAddress, kind: usize, crowd: Arc<Crowd>) {
    let turn = crowd.handshakes.acquire().await.unwrap();
    let mut raw = loop {
        if let Some(raw) = Raw::dial(&endpoint, &relay).await {
            break raw;
        }
    };
    drop(turn);
    crowd.reached.fetch_add(1, Ordering::Relaxed);
    if !raw.greet().await {
        return;
    }
    match kind {
        // No frame at all.
        0 => {
            raw.bytes().extend([0xFF; 4_096]);
            raw.send().await;
            raw.read_to_end().await;
        }
        // Pings without end, answers unread.
        1 => loop {
            for number in 0..256 {
                raw.machine.ping(number);
                raw.gather();
            }
            if !raw.send().await {
                return;
            }
        },
        // The beginning of a long frame, and silence.
        2 => {
            raw.bytes().extend(100_000u32.to_le_bytes());
            raw.bytes().extend([1; 10_000]);
            raw.send().await;
            raw.read_to_end().await;
        }
        // Probes, which strangers may, as many as there are answers for.
        _ => loop {
            while raw
                .machine
                .request(&Request::Probe(Probe { number: 1 }))
                .is_ok()
            {}
            raw.gather();
            if !raw.send().await || raw.event().await.is_none() {
                return;
            }
        },
    }
}

#[derive(Debug)]
struct Crowd {
    handshakes: Semaphore,
    reached: AtomicUsize,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_that_flood_take_little_memory_and_nobody_elses_turn() {
    const ATTACKERS: usize = 1_000;
    let (sender, reader) = (device(170), device(171));
    let limits = json!({
        "per_address": 2_000, "handshakes_per_address": 2_000, "authenticate_seconds": 30, "budget_mib": 32,
    });
    let mut network = Network::start_with(1, &[sender, reader], &limits);
    let relay = network.relays[0].clone();
    let dialling = endpoint().await;
    let from = ready(&dialling, &relay, &sender).await;
    let mut to = ready(&dialling, &relay, &reader).await;
    subscribe(&to, &reader).await;
    let mut before = Vec::new();
    for number in 0..50 {
        before.push(exchange(&from, &mut to, &reader, number).await);
    }
    let memory = network.memory(0);

    let crowd = Arc::new(Crowd {
        handshakes: Semaphore::new(64),
        reached: AtomicUsize::new(0),
    });
    let mut attacks = JoinSet::new();
    for _ in 0..10 {
        let endpoint = endpoint().await;
        for n in 0..ATTACKERS / 10 {
            attacks.spawn(attack(
                endpoint.clone(),
                relay.clone(),
                n % 4,
                crowd.clone(),
            ));
        }
    }
    let (mut meanwhile, mut most, mut number) = (Vec::new(), 0, 1_000);
    let began = Instant::now();
    let mut until = None;
    while until.is_none_or(|until| Instant::now() < until) {
        let took = tokio::time::timeout(PATIENCE, exchange(&from, &mut to, &reader, number));
        meanwhile.push(took.await.expect("honest devices are kept waiting"));
        most = most.max(network.memory(0));
        number += 1;
        // From when half of them are there; how soon that is says the machine.
        if until.is_none() && crowd.reached.load(Ordering::Relaxed) >= ATTACKERS / 2 {
            until = Some(Instant::now() + Duration::from_secs(8));
        }
        assert!(
            until.is_some() || began.elapsed() < 4 * PATIENCE,
            "{crowd:?}"
        );
    }
    attacks.shutdown().await;
    let reached = crowd.reached.load(Ordering::Relaxed);
    let more = most.saturating_sub(memory) / MIB;
    println!(
        "{reached} attackers; {:?} before and {:?} meanwhile, {} messages; {more} MiB more",
        median(before),
        median(meanwhile.clone()),
        meanwhile.len(),
    );
    // Connections themselves, and what each may have unread.
    assert!(more < 256, "{more} MiB");
    assert!(network.figure(0, "violations").await > 0);
    network.assert_running();
}
