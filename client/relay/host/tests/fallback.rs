//! Devices that reach each other through a fallback relay alone, and then without it.

#![cfg(feature = "fallback")]
#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use parlance_endpoint::{
    Channel, ConnectError, Endpoint, Fallback, Options, Outgoing, Path, SecretKey, Whereabouts,
};
use parlance_relay::{
    fallback::{FallbackRelay, door::Bounds},
    figures::Figures,
};
use std::{
    future::Future,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// How long anything may take: machines are busy.
const PATIENCE: Duration = Duration::from_secs(40);

async fn device(n: u8) -> Endpoint {
    let mut options = Options::dialling(SecretKey::from_bytes(&[n; 32]));
    options.fallback = true;
    options.accepts = true;
    options.timings.connect = PATIENCE;
    options.timings.accept = PATIENCE;
    Endpoint::bind(options).await.unwrap()
}

async fn relay() -> (FallbackRelay, Fallback) {
    let relay = FallbackRelay::start("127.0.0.1:0".parse().unwrap(), Arc::default())
        .await
        .unwrap();
    let address = relay.address().to_string();
    let fallback = Fallback::beside(&address).unwrap();
    (relay, fallback)
}

async fn until<T>(what: &str, mut there: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = there() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn within<T>(does: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, does).await.unwrap()
}

async fn say(channel: &mut Channel, words: &[u8]) {
    let mut out = Outgoing::default();
    out.fill().extend_from_slice(words);
    out.send_all(&mut channel.writer).await.unwrap();
}

async fn hear(channel: &mut Channel) -> Vec<u8> {
    channel.reader.read().await.unwrap().unwrap().to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_knows_the_fallback_relay_alone_connects_and_goes_over_to_a_direct_way() {
    let (relay, fallback) = relay().await;
    let (one, other) = (device(1).await, device(2).await);
    other.stay_at(None, Some(&fallback)).await;
    let at = || other.whereabouts().fallback;
    let found = until("it is not at its fallback relay", at).await;
    assert_eq!(found, fallback);
    let there = Whereabouts {
        key: other.key(),
        addresses: Vec::new(),
        fallback: Some(found),
    };
    let dials = async {
        let mut channel = one.dial_peer(&there).await.unwrap();
        say(&mut channel, b"through the relay").await;
        channel
    };
    let accepts = async {
        let mut channel = other.accept().await.unwrap().accept().await.unwrap();
        assert_eq!(hear(&mut channel).await, b"through the relay");
        channel
    };
    let (mut dialled, mut accepted) = within(async { tokio::join!(dials, accepts) }).await;
    assert_eq!(accepted.peer(), Some(one.key()));
    assert!(relay.passed_on() > 0 && relay.connections() >= 2);
    // Both tell each other where they are, and one of these addresses is reached.
    let direct = || {
        dialled
            .path()
            .filter(|path| matches!(path, Path::Direct(_)))
    };
    until("they find no direct way", direct).await;
    say(&mut accepted, b"and back").await;
    assert_eq!(within(hear(&mut dialled)).await, b"and back");
    // Then the relay may go.
    relay.stop().await;
    say(&mut dialled, b"without it").await;
    assert_eq!(within(hear(&mut accepted)).await, b"without it");
}

#[tokio::test]
async fn nobody_at_the_relay_and_no_way_at_all_are_told() {
    let (_relay, fallback) = relay().await;
    let mut options = Options::dialling(SecretKey::from_bytes(&[3; 32]));
    options.fallback = true;
    options.timings.connect = Duration::from_secs(2);
    let one = Endpoint::bind(options).await.unwrap();
    let key = SecretKey::from_bytes(&[9; 32]).public();
    let mut there = Whereabouts {
        key,
        addresses: vec!["0.0.0.0:1".parse().unwrap()],
        fallback: None,
    };
    let none = one.dial_peer(&there).await.map(|_| ());
    assert!(matches!(none, Err(ConnectError::NoAddress)), "{none:?}");
    there.fallback = Some(fallback);
    let nobody = one.dial_peer(&there).await.map(|_| ());
    let expected = matches!(
        nobody,
        Err(ConnectError::TimeOut { .. } | ConnectError::Unreachable { .. })
    );
    assert!(expected, "{nobody:?}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap();
    let error = FallbackRelay::start(address, Arc::default())
        .await
        .unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&address.to_string()) && text.contains("port"));
}

/// A fallback relay with few places for those who show no key, and its figures.
async fn narrow(strangers: usize) -> (FallbackRelay, Arc<Figures>) {
    let bounds = Bounds {
        strangers,
        patience: Duration::from_secs(1),
        ..Bounds::default()
    };
    let figures = Arc::new(Figures::default());
    let address = "127.0.0.1:0".parse().unwrap();
    let relay = FallbackRelay::start_within(address, bounds, figures.clone());
    (relay.await.unwrap(), figures)
}

/// What is said until the other side hangs up.
async fn until_hung_up(stream: &mut TcpStream) -> Vec<u8> {
    let mut said = Vec::new();
    // A reset is an end as well.
    let _ = within(stream.read_to_end(&mut said)).await;
    said
}

const UPGRADE: &[u8] =
    b"GET /relay HTTP/1.1\r\nHost: relay\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\
Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\
Sec-WebSocket-Protocol: iroh-relay-v2, iroh-relay-v1\r\nparlance-connection: 7\r\n\r\n";

/// F4: before the handshake of HTTP, in it, and after it, in that of the relay protocol.
#[tokio::test]
async fn who_shows_no_key_is_ended() {
    let (relay, figures) = narrow(16).await;
    for (begins, hears) in [
        (&b""[..], &b""[..]),
        (b"GET /relay HT", b""),
        (
            b"GET /ping HTTP/1.1\r\nHost: relay\r\n\r\n",
            b"HTTP/1.1 200",
        ),
        (UPGRADE, b"HTTP/1.1 101"),
    ] {
        let mut stream = TcpStream::connect(relay.address()).await.unwrap();
        stream.write_all(begins).await.unwrap();
        let there = || (relay.strangers() == 1).then_some(());
        until("it is not counted", there).await;
        let said = until_hung_up(&mut stream).await;
        assert!(
            said.starts_with(hears),
            "{}",
            String::from_utf8_lossy(&said)
        );
        let gone = || (relay.strangers() == 0).then_some(());
        until("its place is not free", gone).await;
    }
    assert_eq!(figures.fallback_overdue.load(Ordering::Relaxed), 4);
    assert_eq!(relay.connections(), 0);
}

/// F4: whoever holds all places of strangers does so for a moment.
#[tokio::test]
async fn connections_that_say_nothing_are_few() {
    let (relay, figures) = narrow(2).await;
    let mut held = Vec::new();
    for n in 1..=2 {
        held.push(TcpStream::connect(relay.address()).await.unwrap());
        let there = || (relay.strangers() == n).then_some(());
        until("it is not counted", there).await;
    }
    let mut more = TcpStream::connect(relay.address()).await.unwrap();
    assert!(until_hung_up(&mut more).await.is_empty());
    assert_eq!(figures.fallback_refused.load(Ordering::Relaxed), 1);
    // When those are gone, a device finds its way in.
    for stream in &mut held {
        until_hung_up(stream).await;
    }
    let fallback = Fallback::beside(&relay.address().to_string()).unwrap();
    let one = device(1).await;
    one.stay_at(None, Some(&fallback)).await;
    let known = || (relay.connections() == 1).then_some(());
    until("it is not at its fallback relay", known).await;
    within(one.close()).await;
    until("its place is not free", || {
        (relay.connections() == 0).then_some(())
    })
    .await;
}
