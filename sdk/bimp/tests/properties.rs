//! What holds for all operations, all cuts of the stream and all bytes.

mod common;

use common::{BINDING, answer, below, ends, exchange, push, request, rng};
use parlance_bimp::{
    Answer, Authenticated, Client, ClientEvent, Credential, Push, Read, RelayId, Request, Server,
    ServerEvent, Settings, Violation,
    frame::Decoder,
    limits::{MAX_FRAME, MIN_WINDOW},
    operation::Authenticate,
};
use proptest::prelude::*;
use rand_core::Rng;
use std::collections::BTreeMap;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn operations_survive_their_encoding(seed: u64, id: u32) {
        let mut rng = rng(seed);
        let asked = request(&mut rng);
        let answered = answer(&asked, &mut rng);
        let pushed = push(&mut rng);
        let frame = asked.to_frame(id);
        prop_assert_eq!(Request::read(&frame, false), Read::Known(asked));
        let frame = answered.to_frame(id);
        prop_assert_eq!(Answer::read(&frame, false), Read::Known(answered));
        let frame = pushed.to_frame();
        prop_assert_eq!(Push::read(&frame, false), Read::Known(pushed));
    }

    /// What is read is written the same: there is one encoding of each operation.
    #[test]
    fn no_operation_has_two_encodings(seed: u64, place: prop::sample::Index, value: u8) {
        let mut rng = rng(seed);
        let mut frame = request(&mut rng).to_frame(1);
        if !frame.body.is_empty() {
            let place = place.index(frame.body.len());
            frame.body[place] = value;
        }
        if let Read::Known(read) = Request::read(&frame, false) {
            prop_assert_eq!(read.to_frame(1), frame);
        }
    }

    /// A later minor version adds fields at the end.
    #[test]
    fn fields_of_a_later_version_are_passed_over(seed: u64, more in prop::collection::vec(any::<u8>(), 1..50)) {
        let mut rng = rng(seed);
        let asked = request(&mut rng);
        let mut frame = asked.to_frame(1);
        frame.body.extend(more);
        prop_assert_eq!(Request::read(&frame, true), Read::Known(asked));
        prop_assert_eq!(Request::read(&frame, false), Read::Malformed);
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..2_000), step in 1usize..200) {
        let (mut client, mut server) = ends();
        for part in bytes.chunks(step) {
            let _ = client.receive(part);
            let _ = server.receive(part);
        }
        // And behind a hello.
        let (mut client, mut server) = ends();
        exchange(&mut client, &mut server).unwrap();
        for part in bytes.chunks(step) {
            let _ = client.receive(part);
            let _ = server.receive(part);
        }
        while client.poll().is_some() {}
        while server.poll().is_some() {}
    }

    /// Frames whose bytes are random, so that the decoders of bodies see them.
    #[test]
    fn any_bodies_are_read_without_panic(kind: u16, id in 1u32.., body in prop::collection::vec(any::<u8>(), 0..500)) {
        let (mut client, mut server) = ends();
        exchange(&mut client, &mut server).unwrap();
        let mut bytes = Vec::new();
        parlance_bimp::Frame { kind: parlance_bimp::Kind(kind), request: id, body }.encode_to(&mut bytes);
        let _ = client.receive(&bytes);
        let _ = server.receive(&bytes);
    }

    /// A whole conversation, cut anywhere in both directions, with answers in any order and readers that take
    /// their time: everything arrives once and in order.
    #[test]
    fn a_conversation_survives_any_cut(seed: u64) {
        conversation(seed);
    }
}

/// One direction of the transport: bytes on their way, taken in pieces.
fn carry(pipe: &mut Vec<u8>, rng: &mut rand_chacha::ChaCha20Rng) -> Vec<u8> {
    let most = [1, 7, 100, 5_000, 500_000][below(rng, 5)];
    let length = pipe.len().min(below(rng, most + 1));
    pipe.drain(..length).collect()
}

fn conversation(seed: u64) {
    let mut rng = rng(seed);
    let (mut client, mut server) = ends();
    exchange(&mut client, &mut server).unwrap();
    admit(&mut client, &mut server);
    let (mut up, mut down) = (Vec::new(), Vec::new());
    let mut asked: BTreeMap<u32, Request> = BTreeMap::new();
    let mut answered: BTreeMap<u32, Answer> = BTreeMap::new();
    let mut open: Vec<u32> = Vec::new();
    let (mut pushed, mut got) = (Vec::new(), Vec::new());
    let mut idle = 0;
    for round in 0.. {
        let busy = round < 300;
        if busy && below(&mut rng, 2) == 0 {
            let body = loop {
                let body = request(&mut rng);
                let may = !matches!(body, Request::Authenticate(_))
                    && body.access() != parlance_bimp::Access::Device;
                if may {
                    break body;
                }
            };
            if let Ok(id) = client.request(&body) {
                asked.insert(id, body);
            }
        }
        if busy && below(&mut rng, 3) == 0 {
            let body = push(&mut rng);
            if server.push(&body).is_ok() {
                pushed.push(body);
            }
        }
        if below(&mut rng, 2) == 0 {
            client.transmit(&mut up, 2_000);
            server.transmit(&mut down, 2_000);
        }
        let part = carry(&mut up, &mut rng);
        server.receive(&part).unwrap();
        let part = carry(&mut down, &mut rng);
        client.receive(&part).unwrap();
        if below(&mut rng, 2) == 0
            && let Some(event) = server.poll()
        {
            let ServerEvent::Request { request, body } = event else {
                panic!("{event:?}");
            };
            assert_eq!(asked.get(&request), Some(&body));
            open.push(request);
        }
        if !open.is_empty() && below(&mut rng, 2) == 0 {
            let place = below(&mut rng, open.len());
            let id = open.swap_remove(place);
            let body = answer(&asked[&id], &mut rng);
            server.answer(id, &body).unwrap();
            answered.insert(id, body);
        }
        if below(&mut rng, 2) == 0 {
            match client.poll() {
                Some(ClientEvent::Answer { request, answer }) => {
                    assert_eq!(answered.remove(&request), Some(answer));
                    asked.remove(&request);
                }
                Some(ClientEvent::Push(push)) => got.push(push),
                other => assert_eq!(other, None),
            }
        }
        idle = match busy || !asked.is_empty() || got.len() < pushed.len() {
            true => 0,
            false => idle + 1,
        };
        if idle > 3 {
            break;
        }
        assert!(round < 200_000, "the conversation stands still");
    }
    assert_eq!(got, pushed);
    assert_eq!((client.unanswered(), server.unanswered()), (0, 0));
}

fn admit(client: &mut Client, server: &mut Server) {
    while client.poll().is_some() {}
    while server.poll().is_some() {}
    let credential = Credential::Relay {
        relay: RelayId([4; 32]),
    };
    let request = Request::Authenticate(Authenticate {
        credential,
        signature: [0; 64],
    });
    let id = client.request(&request).unwrap();
    exchange(client, server).unwrap();
    assert!(matches!(
        server.poll(),
        Some(ServerEvent::Authenticate { request, .. }) if request == id
    ));
    let answer = Authenticated {
        clock: 0,
        retention: 0,
    };
    server.admit(id, answer).unwrap();
    exchange(client, server).unwrap();
    assert!(client.poll().is_some());
}

/// A peer that floods, whatever it floods with, makes this side keep a window at most.
#[test]
fn memory_is_bounded_by_the_window() {
    for seed in 0..40 {
        let mut rng = rng(seed);
        let settings = Settings {
            window: MIN_WINDOW,
            requests: 1_000,
            ..Settings::default()
        };
        let mut server = Server::new(settings, BINDING);
        let mut client = Client::new(Settings::default());
        let (mut hello, mut sent) = (Vec::new(), 0u64);
        client.transmit(&mut hello, usize::MAX);
        server.receive(&hello).unwrap();
        let size = [0, 100, 60_000][below(&mut rng, 3)];
        let end = loop {
            // The flooder has no state machine that would keep it from flooding; it never reads.
            let mut bytes = Vec::new();
            let frame = parlance_bimp::Frame {
                kind: parlance_bimp::Kind::request(36),
                request: sent as u32 + 1,
                body: vec![0; size],
            };
            frame.encode_to(&mut bytes);
            sent += 1;
            if let Err(end) = server.receive(&bytes) {
                break end;
            }
            assert!(server.kept() <= MIN_WINDOW as usize + MAX_FRAME);
            assert!(sent * (70 + size as u64) <= u64::from(MIN_WINDOW) + 200_000);
        };
        assert!(
            matches!(
                end,
                Violation::OutOfCredit { .. } | Violation::TooManyRequests { .. }
            ),
            "{end:?}"
        );
    }
}

/// The same for a client whose relay floods it with messages.
#[test]
fn a_client_that_does_not_read_is_not_flooded() {
    let (mut client, mut server) = ends();
    exchange(&mut client, &mut server).unwrap();
    let mut rng = rng(7);
    let mut kept = 0;
    while server.push(&push(&mut rng)).is_ok() {
        kept += 1;
        exchange(&mut client, &mut server).unwrap();
        assert!(kept < 20_000);
    }
    assert!(server.kept() >= Settings::default().backlog);
    assert!(server.kept() <= Settings::default().backlog + MAX_FRAME);
    // It begins to read, and everything goes on.
    let mut read = 0;
    while read < kept {
        while let Some(event) = client.poll() {
            read += usize::from(matches!(event, ClientEvent::Push(_)));
        }
        exchange(&mut client, &mut server).unwrap();
    }
    assert_eq!(server.kept(), 0);
}

/// A decoder that is told of a large frame allocates for what has come, not for what was announced.
#[test]
fn an_announced_frame_takes_no_memory_before_it_comes() {
    let mut rng = rng(8);
    for _ in 0..100 {
        let length = 6 + below(&mut rng, MAX_FRAME - 5);
        let mut bytes = (length as u32).to_le_bytes().to_vec();
        bytes.extend(vec![0; below(&mut rng, 10)]);
        rng.next_u32();
        let mut decoder = Decoder::default();
        let _ = decoder.next(&mut &bytes[..]);
        assert!(decoder.kept() <= bytes.len());
    }
}
