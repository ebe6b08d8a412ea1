//! The rules of a connection, one by one.

mod common;

use codec::Encode;
use common::{BINDING, ends, exchange};
use parlance_bimp::{
    Account, Answer, Authenticate, Authenticated, Binding, Bounded, Client, ClientEvent, Count,
    Credential, Frame, Kind, List, Mailbox, MessageId, OfMailbox, Probe, Probed, Reason, Refusal,
    RelayId, Request, SendError, SendMessage, Server, ServerEvent, Settings, SyncCursor, Violation,
    control::{CREDIT, Credit, HELLO, Hello, PING, Ping},
    limits::{MAX_REQUESTS, MIN_WINDOW, WINDOW},
};

fn bytes(kind: Kind, request: u32, body: Vec<u8>) -> Vec<u8> {
    let mut out = Vec::new();
    let frame = Frame {
        kind,
        request,
        body,
    };
    assert!(frame.encode_to(&mut out));
    out
}

fn hello(oldest: u16, newest: u16, window: u32) -> Vec<u8> {
    let hello = Hello {
        oldest,
        newest,
        window,
        requests: 4,
    };
    bytes(HELLO, 0, hello.encode())
}

/// SHA-256 of `parlance/bimp/bridge/1` and 32 bytes of 1.
const EXPORTER_OF_ONES: [u8; 32] = [
    47, 5, 118, 67, 182, 254, 195, 201, 163, 241, 221, 210, 236, 191, 90, 225, 109, 2, 212, 126,
    181, 97, 7, 245, 70, 239, 205, 28, 183, 25, 211, 121,
];

const PROBE: Request = Request::Probe(Probe { number: 1 });

fn connected() -> (Client, Server) {
    let (mut client, mut server) = ends();
    exchange(&mut client, &mut server).unwrap();
    assert!(client.poll().is_some() && server.poll().is_some());
    (client, server)
}

fn device(client: &mut Client, server: &mut Server) {
    let credential = Credential::Device {
        account: Account([7; 32]),
        device: 1,
    };
    let id = client
        .request(&Request::Authenticate(Authenticate {
            credential,
            signature: [0; 64],
        }))
        .unwrap();
    exchange(client, server).unwrap();
    let Some(ServerEvent::Authenticate { statement, .. }) = server.poll() else {
        panic!("no credential");
    };
    assert_eq!(statement, credential.statement(&BINDING));
    let answer = Authenticated {
        clock: 5,
        retention: 6,
    };
    server.admit(id, answer).unwrap();
    exchange(client, server).unwrap();
    assert_eq!(
        client.poll(),
        Some(ClientEvent::Answer {
            request: id,
            answer: Answer::Authenticate(answer)
        })
    );
}

fn refusal(client: &mut Client) -> Reason {
    match client.poll() {
        Some(ClientEvent::Answer {
            answer: Answer::Refused(refusal),
            ..
        }) => refusal.reason,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_connection_begins_with_one_hello() {
    let mut server = Server::new(Settings::default(), BINDING);
    let ping = bytes(PING, 0, Ping { number: 1 }.encode());
    assert_eq!(server.receive(&ping), Err(Violation::HelloExpected));
    let mut server = Server::new(Settings::default(), BINDING);
    server.receive(&hello(0, 0, WINDOW)).unwrap();
    assert_eq!(
        server.receive(&hello(0, 0, WINDOW)),
        Err(Violation::HelloExpected)
    );
    // What comes after the end is not read.
    assert!(server.receive(&ping).is_err());
}

#[test]
fn the_older_of_two_versions_is_spoken() {
    let mut server = Server::new(Settings::default(), BINDING);
    let mut later = hello(0, 9, WINDOW);
    // A later hello has more fields.
    later[0] += 3;
    later.extend([1, 2, 3]);
    server.receive(&later).unwrap();
    assert_eq!(server.poll(), Some(ServerEvent::Connected { minor: 0 }));
    for (oldest, newest) in [(1, 9), (3, 2)] {
        let mut server = Server::new(Settings::default(), BINDING);
        assert_eq!(
            server.receive(&hello(oldest, newest, WINDOW)),
            Err(Violation::Version {
                oldest,
                newest,
                ours: 0
            })
        );
    }
}

#[test]
fn a_window_that_cannot_hold_the_largest_frames_is_refused() {
    let mut client = Client::new(Settings::default());
    assert_eq!(
        client.receive(&hello(0, 0, MIN_WINDOW - 1)),
        Err(Violation::Window {
            window: MIN_WINDOW - 1
        })
    );
}

#[test]
fn the_peer_learns_why_a_connection_ended() {
    let (mut client, mut server) = connected();
    let end = server.receive(&7u32.to_le_bytes()[..0]);
    assert_eq!(end, Ok(()));
    assert!(server.receive(&[0xFF; 4]).is_err());
    let mut down = Vec::new();
    server.transmit(&mut down, usize::MAX);
    let end = client.receive(&down).unwrap_err();
    assert!(matches!(&end, Violation::ByPeer { code: 1, text } if text.contains("frame")));
    // It has nothing more to say, and takes no requests.
    assert!(!client.wants_to_transmit());
    assert_eq!(client.request(&PROBE), Err(SendError::Closed));
}

#[test]
fn unknown_kinds_are_skipped_unless_critical() {
    let skipped = [
        Kind(0x0FF0),
        Kind::push(99, false),
        Kind(0x5001),
        Kind(0x7FFF),
    ];
    let (mut client, mut server) = connected();
    for kind in skipped {
        client.receive(&bytes(kind, 0, vec![1, 2, 3])).unwrap();
        server.receive(&bytes(kind, 0, vec![1, 2, 3])).unwrap();
    }
    assert_eq!((client.poll(), server.poll()), (None, None));
    for kind in [Kind(0x8FF0), Kind::push(99, true), Kind(0xD001)] {
        let (mut client, mut server) = connected();
        let frame = bytes(kind, 0, vec![]);
        let end = Err(Violation::UnknownCritical { kind: kind.0 });
        assert_eq!(client.receive(&frame), end);
        assert_eq!(server.receive(&frame), end);
    }
}

#[test]
fn skipped_frames_give_their_credit_back() {
    let (mut client, _) = connected();
    let frame = bytes(Kind::push(99, false), 0, vec![0; 100_000]);
    for _ in 0..50 {
        client.receive(&frame).unwrap();
        client.transmit(&mut Vec::new(), usize::MAX);
    }
}

#[test]
fn an_unknown_or_broken_request_is_refused_and_the_connection_goes_on() {
    let (mut client, mut server) = connected();
    for (kind, reason) in [
        (Kind::request(999), Reason::NotSpoken),
        (Kind(Kind::request(999).0 | 0x8000), Reason::NotSpoken),
        (Kind::request(36), Reason::Malformed),
    ] {
        let id = client.request(&PROBE).unwrap();
        // The client's own request is replaced on the wire.
        let mut sent = Vec::new();
        client.transmit(&mut sent, usize::MAX);
        server.receive(&bytes(kind, id, vec![1])).unwrap();
        exchange(&mut client, &mut server).unwrap();
        assert_eq!(refusal(&mut client), reason);
    }
    assert_eq!(server.poll(), None);
}

#[test]
fn strangers_may_probe_and_nothing_else() {
    let (mut client, mut server) = connected();
    for mailbox in [Mailbox([1; 32]), Mailbox([2; 32])] {
        client
            .request(&Request::Sync(SyncCursor { mailbox }))
            .unwrap();
        exchange(&mut client, &mut server).unwrap();
        assert_eq!(refusal(&mut client), Reason::NotAuthenticated);
    }
    client.request(&PROBE).unwrap();
    exchange(&mut client, &mut server).unwrap();
    // The refused requests never came to the application.
    assert!(matches!(
        server.poll(),
        Some(ServerEvent::Request {
            body: Request::Probe(_),
            ..
        })
    ));
}

#[test]
fn a_device_is_no_relay() {
    let (mut client, mut server) = connected();
    device(&mut client, &mut server);
    client
        .request(&Request::HandOver(parlance_bimp::Entries {
            entries: List::default(),
        }))
        .unwrap();
    exchange(&mut client, &mut server).unwrap();
    assert_eq!(refusal(&mut client), Reason::NotAllowed);
    client
        .request(&Request::Sync(SyncCursor {
            mailbox: Mailbox([1; 32]),
        }))
        .unwrap();
    exchange(&mut client, &mut server).unwrap();
    assert!(matches!(server.poll(), Some(ServerEvent::Request { .. })));
}

#[test]
fn there_is_one_attempt_to_authenticate() {
    let (mut client, mut server) = connected();
    let authenticate = Request::Authenticate(Authenticate {
        credential: Credential::Relay {
            relay: RelayId([9; 32]),
        },
        signature: [0; 64],
    });
    let id = client.request(&authenticate).unwrap();
    exchange(&mut client, &mut server).unwrap();
    assert!(server.poll().is_some());
    let bad = Answer::Refused(Refusal::new(Reason::BadCredentials));
    server.answer(id, &bad).unwrap();
    let again = client.request(&authenticate).unwrap();
    exchange(&mut client, &mut server).unwrap();
    assert_eq!(refusal(&mut client), Reason::BadCredentials);
    assert_eq!(refusal(&mut client), Reason::NotAllowed);
    assert!(server.who().is_none());
    let answer = Authenticated {
        clock: 0,
        retention: 0,
    };
    assert!(server.admit(again, answer).is_err());
}

/// S2: nobody waits for a judgement to ask on.
#[test]
fn requests_behind_a_credential_wait_for_the_judgement() {
    let sync = Request::Sync(SyncCursor {
        mailbox: Mailbox([1; 32]),
    });
    let authenticate = Request::Authenticate(Authenticate {
        credential: Credential::Device {
            account: Account([7; 32]),
            device: 1,
        },
        signature: [0; 64],
    });
    for admitted in [true, false] {
        let (mut client, mut server) = connected();
        let id = client.request(&authenticate).unwrap();
        client.request(&sync).unwrap();
        exchange(&mut client, &mut server).unwrap();
        assert!(matches!(
            server.poll(),
            Some(ServerEvent::Authenticate { .. })
        ));
        assert_eq!((server.poll(), client.poll()), (None, None));
        let answer = Authenticated {
            clock: 0,
            retention: 0,
        };
        // Only one way leads in.
        assert!(server.answer(id, &Answer::Authenticate(answer)).is_err());
        if admitted {
            server.admit(id, answer).unwrap();
            assert!(matches!(server.poll(), Some(ServerEvent::Request { .. })));
        } else {
            let bad = Answer::Refused(Refusal::new(Reason::BadCredentials));
            server.answer(id, &bad).unwrap();
            exchange(&mut client, &mut server).unwrap();
            assert_eq!(refusal(&mut client), Reason::BadCredentials);
            assert_eq!(refusal(&mut client), Reason::NotAuthenticated);
            assert_eq!(server.poll(), None);
        }
    }
}

/// The signature of one connection is of no use on another.
#[test]
fn a_statement_is_bound_to_connection_relay_and_chain() {
    let credential = Credential::Device {
        account: Account([1; 32]),
        device: 2,
    };
    let statement = credential.statement(&BINDING);
    let mut others = [BINDING; 3];
    others[0].exporter = [9; 32];
    others[1].relay = RelayId([9; 32]);
    others[2].genesis = [9; 32];
    assert!(
        others
            .iter()
            .all(|other| credential.statement(other) != statement)
    );
    let other = Credential::Device {
        account: Account([1; 32]),
        device: 3,
    };
    assert_ne!(other.statement(&BINDING), statement);
}

/// O1: the bytes are fixed, for clients in other languages.
#[test]
fn a_challenge_takes_the_place_of_an_exporter_value_and_is_none() {
    let bridged = |challenge| Binding::bridged(BINDING.genesis, &challenge, BINDING.relay);
    let first = bridged([1; 32]);
    assert_eq!(
        (first.genesis, first.relay),
        (BINDING.genesis, BINDING.relay)
    );
    assert_ne!(first.exporter, [1; 32]);
    assert_ne!(first.exporter, bridged([2; 32]).exporter);
    assert_eq!(first.exporter, EXPORTER_OF_ONES);
}

#[test]
fn request_ids_rise() {
    let (_, mut server) = connected();
    let probe = |id| bytes(Kind::request(36), id, vec![0; 8]);
    server.receive(&probe(5)).unwrap();
    assert_eq!(
        server.receive(&probe(5)),
        Err(Violation::RequestOrder { found: 5, last: 5 })
    );
    let (_, mut server) = connected();
    assert_eq!(
        server.receive(&probe(0)),
        Err(Violation::RequestOrder { found: 0, last: 0 })
    );
}

#[test]
fn only_so_many_requests_are_open() {
    let (mut client, mut server) = connected();
    for _ in 0..MAX_REQUESTS {
        client.request(&PROBE).unwrap();
    }
    assert_eq!(client.request(&PROBE), Err(SendError::Full));
    exchange(&mut client, &mut server).unwrap();
    let more = bytes(Kind::request(36), 1_000, vec![0; 8]);
    assert_eq!(
        server.receive(&more),
        Err(Violation::TooManyRequests {
            limit: MAX_REQUESTS
        })
    );
}

#[test]
fn an_answer_must_fit_its_request() {
    let probed = Answer::Probe(Probed {
        number: 1,
        clock: 2,
        load: 3,
    });
    let count = Answer::Acknowledge(Count { messages: 1 });
    let (mut client, mut server) = connected();
    let id = client.request(&PROBE).unwrap();
    exchange(&mut client, &mut server).unwrap();
    assert_eq!(
        server.answer(id, &count),
        Err(SendError::NoSuchRequest { request: id })
    );
    server.answer(id, &probed).unwrap();
    assert_eq!(
        server.answer(id, &probed),
        Err(SendError::NoSuchRequest { request: id })
    );
    for (answer, request) in [(&count, 1), (&probed, 9)] {
        let (mut client, _) = connected();
        client.request(&PROBE).unwrap();
        let frame = answer.to_frame(request);
        assert_eq!(
            client.receive(&bytes(frame.kind, request, frame.body)),
            Err(Violation::UnexpectedAnswer { request })
        );
    }
}

#[test]
fn credit_without_end_is_refused() {
    let (mut client, _) = connected();
    let credit = bytes(CREDIT, 0, Credit { bytes: 1 << 29 }.encode());
    client.receive(&credit).unwrap();
    assert_eq!(client.receive(&credit), Err(Violation::TooMuchCredit));
}

/// Q3: a relay that does not answer stops its clients, not its memory.
#[test]
fn unanswered_requests_hold_their_credit() {
    let (mut client, mut server) = connected();
    device(&mut client, &mut server);
    let send = Request::Send(SendMessage {
        envelope: Bounded::new(vec![0; 60_000]).unwrap(),
        keep: 0,
    });
    for _ in 0..20 {
        client.request(&send).unwrap();
    }
    exchange(&mut client, &mut server).unwrap();
    let mut open = Vec::new();
    while let Some(event) = server.poll() {
        if let ServerEvent::Request { request, .. } = event {
            open.push(request);
        }
    }
    assert_eq!(open.len(), WINDOW as usize / 60_100);
    let mut answered = 0;
    while let Some(request) = open.pop() {
        let refusal = Answer::Refused(Refusal::after(Reason::NoRoom, 1_000));
        server.answer(request, &refusal).unwrap();
        answered += 1;
        exchange(&mut client, &mut server).unwrap();
        while let Some(event) = server.poll() {
            if let ServerEvent::Request { request, .. } = event {
                open.push(request);
            }
        }
    }
    assert_eq!(answered, 20);
}

#[test]
fn what_does_not_fit_into_a_frame_is_not_sent() {
    let (mut client, _) = connected();
    let ids = OfMailbox {
        mailbox: Mailbox([1; 32]),
        ids: List::new(vec![MessageId([1; 32]); 256]).unwrap(),
    };
    client.request(&Request::Delete(ids)).unwrap();
    let big = Bounded::new(vec![0; 4_096]).unwrap();
    let prekeys = Request::PublishPreKeys(parlance_bimp::PublishPreKeys {
        usage: parlance_bimp::PreKeyUse::Group,
        head: big.clone(),
        one_time: List::new(vec![big; 64]).unwrap(),
        anew: false,
    });
    let unanswered = client.unanswered();
    assert!(matches!(
        client.request(&prekeys),
        Err(SendError::TooLong { .. })
    ));
    assert_eq!(client.unanswered(), unanswered);
}

#[test]
fn pings_are_answered_by_the_last_only() {
    let (mut client, mut server) = connected();
    let before = server.frames();
    for number in 0..1_000 {
        server
            .receive(&bytes(PING, 0, Ping { number }.encode()))
            .unwrap();
    }
    // What costs no credit is counted all the same.
    assert_eq!(server.frames() - before, 1_000);
    client.ping(1_000);
    exchange(&mut client, &mut server).unwrap();
    assert_eq!(client.poll(), Some(ClientEvent::Pong { number: 1_000 }));
    assert_eq!(client.poll(), None);
}
