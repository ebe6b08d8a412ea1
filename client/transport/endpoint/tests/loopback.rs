//! Real endpoints on the loopback interface.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use parlance_bimp::{
    Answer, Authenticated, Binding, Bounded, Credential, Deliver, Mailbox, MessageId, Probe,
    Probed, Push, Reason, Refusal, RelayId, Request, SendError, Server, ServerEvent, Settings,
    Violation,
};
use parlance_endpoint::{
    Channel, Client, ConnectError, End, Endpoint, Identity, Options, Outgoing, PUSHES,
    RelayAddress, RelayIdentity, RequestError, SecretKey, Session, Signature,
};
use std::{net::SocketAddr, time::Duration};

const GENESIS: [u8; 32] = [7; 32];
const PLACE: RelayId = RelayId([3; 32]);
const OTHER: RelayId = RelayId([4; 32]);

/// What the relay of these tests does with a probe's number.
const SILENT: u64 = 1 << 32;
const HANG_UP: u64 = SILENT + 1;
/// From here on: as many pushes as the number is above it, then the answer.
const PUSH: u64 = SILENT + 1_000;

fn key(n: u8) -> SecretKey {
    SecretKey::from_bytes(&[n; 32])
}

fn loopback() -> Vec<SocketAddr> {
    vec![SocketAddr::from(([127, 0, 0, 1], 0))]
}

async fn dialling(n: u8) -> Endpoint {
    let mut options = Options::dialling(key(n));
    options.addresses = loopback();
    options.timings.connect = Duration::from_secs(3);
    Endpoint::bind(options).await.unwrap()
}

fn push(n: usize) -> Push {
    Push::Deliver(Deliver {
        mailbox: Mailbox([1; 32]),
        id: MessageId([n as u8; 32]),
        position: n as u64,
        expires: 0,
        mention: false,
        message: Bounded::new(vec![n as u8; 100]).unwrap(),
    })
}

/// A relay that admits whose signature is by the key of `OTHER`'s endpoint, number 2.
async fn serve(mut channel: Channel) -> Option<Violation> {
    let binding = Binding {
        genesis: GENESIS,
        exporter: channel.exporter(),
        relay: PLACE,
    };
    let mut server = Server::new(Settings::default(), binding);
    let (mut out, mut waiting, mut finished) = (Outgoing::default(), Vec::new(), Vec::new());
    loop {
        while let Some(event) = server.poll() {
            match event {
                ServerEvent::Authenticate {
                    request,
                    statement,
                    signature,
                    ..
                } => {
                    let signature = Signature::from_bytes(&signature);
                    if key(2).public().verify(&statement, &signature).is_ok() {
                        let welcome = Authenticated {
                            clock: 5,
                            retention: 6,
                        };
                        server.admit(request, welcome).unwrap();
                    } else {
                        let refusal = Refusal::new(Reason::BadCredentials);
                        server.answer(request, &Answer::Refused(refusal)).unwrap();
                    }
                }
                ServerEvent::Request {
                    request,
                    body: Request::Probe(probe),
                } => match probe.number {
                    SILENT => {}
                    HANG_UP => server.close(Violation::Stopping),
                    number => {
                        waiting.extend((0..number.saturating_sub(PUSH) as usize).map(push));
                        waiting.reverse();
                        finished.push((request, number));
                    }
                },
                _ => {}
            }
        }
        while let Some(next) = waiting.pop() {
            match server.push(&next) {
                Err(SendError::Full) => {
                    waiting.push(next);
                    break;
                }
                other => other.unwrap_or(()),
            }
        }
        if waiting.is_empty() {
            for (request, number) in finished.drain(..) {
                let probed = Probed {
                    number,
                    clock: 0,
                    load: 0,
                };
                let _ = server.answer(request, &Answer::Probe(probed));
            }
        }
        if out.is_empty() && server.wants_to_transmit() {
            server.transmit(out.fill(), Outgoing::LIMIT);
        }
        if server.end().is_some() && out.is_empty() {
            channel.close(Duration::from_secs(1)).await;
            return server.end().cloned();
        }
        tokio::select! {
            sent = out.send(&mut channel.writer), if !out.is_empty() => sent.ok()?,
            read = channel.reader.read() => {
                let bytes = read.ok()??;
                // The reason stays with the server, and its closing frame is still to leave.
                let _ = server.receive(bytes.as_ref());
            }
        }
    }
}

/// A relay that serves whoever comes; its address.
async fn relay() -> (Endpoint, RelayAddress) {
    let endpoint = Endpoint::bind(Options::listening(key(1), loopback()))
        .await
        .unwrap();
    let address = RelayAddress {
        relay: PLACE,
        key: endpoint.key(),
        addresses: endpoint.addresses(),
    };
    let accepting = endpoint.clone();
    tokio::spawn(async move {
        while let Some(incoming) = accepting.accept().await {
            assert!(incoming.address().is_some_and(|it| it.ip().is_loopback()));
            tokio::spawn(async move { serve(incoming.accept().await.unwrap()).await });
        }
    });
    (endpoint, address)
}

fn other() -> RelayIdentity {
    RelayIdentity {
        relay: OTHER,
        key: key(2),
    }
}

fn probe(number: u64) -> Request {
    Request::Probe(Probe { number })
}

async fn session(address: &RelayAddress) -> Session {
    let endpoint = dialling(2).await;
    Client::connect(&endpoint, address, GENESIS, &other())
        .await
        .unwrap()
}

#[tokio::test]
async fn many_ask_on_one_connection_and_each_gets_its_answer() {
    let (_relay, address) = relay().await;
    let session = session(&address).await;
    assert_eq!((session.welcome.clock, session.welcome.retention), (5, 6));
    // More than may be unanswered at a time.
    let asked: Vec<_> = (0..500)
        .map(|number| {
            let client = session.client.clone();
            tokio::spawn(async move { client.request(probe(number)).await })
        })
        .collect();
    for (number, answer) in (0..).zip(asked) {
        match answer.await.unwrap() {
            Ok(Answer::Probe(probed)) => assert_eq!(probed.number, number),
            other => panic!("{other:?}"),
        }
    }
    session.client.ping(Duration::from_secs(3)).await.unwrap();
}

#[tokio::test]
async fn a_channel_is_bound_to_its_session_and_runs_on_udx() {
    let relay = Endpoint::bind(Options::listening(key(1), loopback()))
        .await
        .unwrap();
    let address = RelayAddress {
        relay: PLACE,
        key: relay.key(),
        addresses: relay.addresses(),
    };
    let endpoint = dialling(2).await;
    let mut exporters = Vec::new();
    for _ in 0..2 {
        let (dialled, accepted) = tokio::join!(
            async {
                let mut channel = endpoint.dial(&address).await.unwrap();
                // A stream is not seen before it carries something.
                let mut out = Outgoing::default();
                out.fill().push(1);
                out.send_all(&mut channel.writer).await.unwrap();
                channel
            },
            async { relay.accept().await.unwrap().accept().await.unwrap() }
        );
        assert_eq!(dialled.exporter(), accepted.exporter());
        assert_eq!(
            (dialled.peer(), accepted.peer()),
            (Some(key(1).public()), Some(key(2).public()))
        );
        for channel in [&dialled, &accepted] {
            assert!(channel.congestion().unwrap().udx().is_some());
        }
        exporters.push(dialled.exporter());
        dialled.abort();
    }
    assert_ne!(exporters[0], exporters[1]);
}

/// Signs what it was given for another connection.
struct Replay([u8; 64]);

impl Identity for Replay {
    fn credential(&self) -> Credential {
        Credential::Relay { relay: OTHER }
    }

    fn sign(&self, _: &[u8]) -> [u8; 64] {
        self.0
    }
}

#[tokio::test]
async fn a_signature_of_another_connection_is_refused() {
    let (_relay, address) = relay().await;
    let endpoint = dialling(2).await;
    let elsewhere = Binding {
        genesis: GENESIS,
        exporter: [9; 32],
        relay: PLACE,
    };
    let signature = other().sign(&other().credential().statement(&elsewhere));
    let refused = Client::connect(&endpoint, &address, GENESIS, &Replay(signature)).await;
    match refused.map(|_| ()) {
        Err(ConnectError::Refused(refusal)) => assert_eq!(refusal.reason, Reason::BadCredentials),
        other => panic!("{other:?}"),
    }
    // Nor one for another chain.
    let refused = Client::connect(&endpoint, &address, [8; 32], &other()).await;
    assert!(matches!(refused, Err(ConnectError::Refused(_))));
}

#[tokio::test]
async fn nobody_there_is_said_in_time() {
    let (relay, mut address) = relay().await;
    let endpoint = dialling(2).await;
    // Another key than the one that listens there.
    let right = address.key;
    address.key = key(9).public();
    let wrong = endpoint.dial(&address).await.map(|_| ());
    assert!(
        matches!(wrong, Err(ConnectError::Unreachable { .. })),
        "{wrong:?}"
    );
    address.key = right;
    address.addresses.clear();
    let none = endpoint.dial(&address).await.map(|_| ());
    assert!(matches!(none, Err(ConnectError::NoAddress)));
    address.addresses = relay.addresses();
    relay.close().await;
    drop(relay);
    let gone = endpoint.dial(&address).await.map(|_| ());
    let expected = matches!(
        gone,
        Err(ConnectError::TimeOut { .. } | ConnectError::Unreachable { .. })
    );
    assert!(expected, "{gone:?}");
}

#[tokio::test]
async fn silence_and_an_end_are_told_to_whoever_waits() {
    let (_relay, address) = relay().await;
    let session = session(&address).await;
    let limit = Duration::from_millis(200);
    let silent = session.client.request_within(probe(SILENT), limit).await;
    assert_eq!(silent, Err(RequestError::TimeOut { milliseconds: 200 }));
    let client = session.client.clone();
    let waiting = tokio::spawn(async move { client.request(probe(SILENT)).await });
    let hung_up = session.client.request(probe(HANG_UP)).await;
    let stopping = |end: &End| {
        matches!(end, End::Violation(Violation::ByPeer { code, .. })
            if *code == Violation::Stopping.code())
    };
    for answer in [hung_up, waiting.await.unwrap()] {
        match answer {
            Err(RequestError::Ended(end)) => assert!(stopping(&end), "{end:?}"),
            other => panic!("{other:?}"),
        }
    }
    assert!(stopping(&session.client.closed().await));
    let mut pushes = session.pushes;
    assert!(pushes.next().await.is_err());
    let late = session.client.request(probe(1)).await;
    assert!(matches!(late, Err(RequestError::Ended(_))));
}

#[tokio::test]
async fn pushes_come_in_order_and_those_that_nobody_reads_stop_the_relay() {
    let (_relay, address) = relay().await;
    let Session {
        client, mut pushes, ..
    } = session(&address).await;
    // Answers do not wait behind pushes for which there is room.
    let some = PUSHES as u64 / 2;
    assert!(client.request(probe(PUSH + some)).await.is_ok());
    for n in 0..some {
        assert_eq!(pushes.next().await, Ok(push(n as usize)));
    }
    // Far more than anybody keeps.
    let many = 20 * PUSHES as u64;
    let asking = client.clone();
    let answer = tokio::spawn(async move {
        let limit = Duration::from_secs(60);
        asking.request_within(probe(PUSH + many), limit).await
    });
    for n in 0..many {
        assert_eq!(pushes.next().await, Ok(push(n as usize)));
    }
    assert!(answer.await.unwrap().is_ok());
    // Whoever does not want any still gets answers.
    drop(pushes);
    assert!(client.request(probe(PUSH + many)).await.is_ok());
}

#[tokio::test]
async fn garbage_ends_its_own_connection_with_a_reason() {
    let (_relay, address) = relay().await;
    let endpoint = dialling(5).await;
    let mut channel = endpoint.dial(&address).await.unwrap();
    let mut out = Outgoing::default();
    out.fill().extend([0xFF; 100]);
    out.send_all(&mut channel.writer).await.unwrap();
    let mut received = Vec::new();
    while let Ok(Some(bytes)) = channel.reader.read().await {
        received.extend_from_slice(bytes.as_ref());
    }
    let reason = b"a frame says it has";
    assert!(received.windows(reason.len()).any(|it| it == reason));
    let session = session(&address).await;
    assert!(session.client.request(probe(1)).await.is_ok());
}

#[tokio::test]
async fn a_closed_client_says_goodbye() {
    let relay = Endpoint::bind(Options::listening(key(1), loopback()))
        .await
        .unwrap();
    let address = RelayAddress {
        relay: PLACE,
        key: relay.key(),
        addresses: relay.addresses(),
    };
    let served = tokio::spawn(async move {
        let channel = relay.accept().await.unwrap().accept().await.unwrap();
        serve(channel).await
    });
    let session = session(&address).await;
    session.client.close().await;
    assert_eq!(
        session.client.closed().await,
        End::Violation(Violation::Done)
    );
    match served.await.unwrap() {
        Some(Violation::ByPeer { code, .. }) => assert_eq!(code, Violation::Done.code()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_address_that_cannot_be_bound_is_named() {
    let first = Endpoint::bind(Options::listening(key(1), loopback()))
        .await
        .unwrap();
    let taken = Options::listening(key(2), first.addresses());
    let text = Endpoint::bind(taken)
        .await
        .map(|_| ())
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("free port") || text.contains("UDP socket"),
        "{text}"
    );
}
