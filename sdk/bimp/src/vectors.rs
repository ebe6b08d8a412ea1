//! The committed vectors, made again and compared.
//!
//! `BIMP_WRITE_VECTORS=1 cargo test vectors` writes them anew, after a change of the protocol and its version.
//! README.md describes the files.

use crate::{
    Account, Answer, Authenticated, Binding, Bounded, Client, ClientEvent, Credential,
    EnvelopeView, Frame, Mailbox, Message, Probe, Reason, Refusal, RelayId, Request, Server,
    ServerEvent, Settings, Violation,
    control::{CLOSE, CREDIT, Close, Credit, HELLO, Hello, PING, PONG, Ping},
    id::ACCESS_LABEL,
    samples,
};
use codec::Encode;
use serde_json::{Value, json};
use std::{env, format, fs, string::String, vec, vec::Vec};

/// Compares `value` with the committed file, or writes it.
fn check(name: &str, value: &Value) {
    let path = format!("{}/vectors/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = serde_json::to_string_pretty(value).unwrap() + "\n";
    if env::var_os("BIMP_WRITE_VECTORS").is_some() {
        fs::write(&path, text).unwrap();
    } else {
        let committed = fs::read_to_string(&path).unwrap();
        assert!(
            committed == text,
            "{name} differs from what this build computes"
        );
    }
}

fn hex(bytes: impl AsRef<[u8]>) -> String {
    hex::encode(bytes)
}

fn vector(value: &dyn std::fmt::Debug, frame: &Frame) -> Value {
    let mut bytes = Vec::new();
    assert!(frame.encode_to(&mut bytes));
    let debug = format!("{value:?}");
    let name = debug.split(['(', ' ']).next().unwrap_or_default();
    json!({
        "name": name,
        "kind": frame.kind.0,
        "request": frame.request,
        "body": hex(&frame.body),
        "frame": hex(bytes),
    })
}

/// Each operation as a frame; the values stand in `src/samples.rs`.
#[test]
fn frame_vectors() {
    let requests: Vec<Value> = samples::requests()
        .iter()
        .map(|request| vector(request, &request.to_frame(5)))
        .collect();
    let answers: Vec<Value> = samples::answers()
        .iter()
        .map(|answer| vector(answer, &answer.to_frame(5)))
        .collect();
    let pushes: Vec<Value> = samples::pushes()
        .iter()
        .map(|push| vector(push, &push.to_frame()))
        .collect();
    check(
        "frames",
        &json!({ "requests": requests, "answers": answers, "pushes": pushes, "control": control() }),
    );
}

fn control() -> Vec<Value> {
    let frame = |kind, body| Frame {
        kind,
        request: 0,
        body,
    };
    let hello = Hello {
        oldest: 0,
        newest: 0,
        window: 524_544,
        requests: 128,
    };
    let close = Close {
        code: Violation::Stopping.code(),
        text: Bounded::new(b"stopping".to_vec()).unwrap(),
    };
    let (credit, ping) = (Credit { bytes: 262_272 }, Ping { number: 9 });
    vec![
        vector(&hello, &frame(HELLO, hello.encode())),
        vector(&credit, &frame(CREDIT, credit.encode())),
        vector(&ping, &frame(PING, ping.encode())),
        vector(&ping, &frame(PONG, ping.encode())),
        vector(&close, &frame(CLOSE, close.encode())),
    ]
}

#[test]
fn name_vectors() {
    let account = Account([0xA1; 32]);
    let envelope = samples::envelope();
    let view = EnvelopeView::parse(&envelope).unwrap();
    let group = samples::group_message();
    let credential = Credential::Device { account, device: 3 };
    let binding = Binding {
        genesis: [0x6E; 32],
        exporter: [0xE0; 32],
        relay: RelayId([0x4E; 32]),
    };
    let sealed = Message::Sealed(Bounded::new(view.without_ticket()).unwrap());
    let mailboxes = [0u32, 1].map(|epoch| hex(Mailbox::of(&account, epoch).0));
    check(
        "names",
        &json!({
            "account": hex(account.0),
            "mailboxes": mailboxes,
            "envelope": hex(&envelope),
            "envelope_without_ticket": hex(view.without_ticket()),
            "envelope_stored": hex(sealed.encode()),
            "envelope_id": hex(view.id().0),
            "group_message_stored": hex(group.encode()),
            "group_message_id": hex(group.id(&view.mailbox).unwrap().0),
            "binding": {
                "genesis": hex(binding.genesis),
                "exporter": hex(binding.exporter),
                "relay": hex(binding.relay.0),
            },
            "credential": hex(credential.encode()),
            "statement": hex(credential.statement(&binding)),
        }),
    );
}

/// What members of a group sign, and where what they send lies.
#[test]
fn group_vectors() {
    let (post, enter, change) = (
        samples::group::post(),
        samples::group::enter(),
        samples::group::change(),
    );
    let (group, part) = (post.group, samples::group::part());
    let (account, relay) = (Account([0xA1; 32]), RelayId([0x4E; 32]));
    check(
        "groups",
        &json!({
            "group": hex(group.0),
            "place": hex(group.place().0),
            "posts": hex(group.posts().0),
            "parts": hex(group.parts().0),
            "access_label": ACCESS_LABEL,
            "account": hex(account.0),
            "relay": hex(relay.0),
            "enter": hex(enter.encode()),
            "enter_statement": hex(enter.statement(&relay, &account)),
            "position": 7,
            "change": hex(change.encode()),
            "change_statement": hex(change.statement(&group, 7)),
            "post": hex(post.encode()),
            "post_id": hex(post.post_id().0),
            "copy_id": hex(post.id().0),
            "post_statement": hex(post.statement()),
            "part_stored": hex(part.encode()),
            "part_id": hex(part.id(&group.parts()).unwrap().0),
        }),
    );
}

/// A short conversation: what each end sends, in turns.
#[test]
fn conversation_vectors() {
    let binding = Binding {
        genesis: [0x6E; 32],
        exporter: [0xE0; 32],
        relay: RelayId([0x4E; 32]),
    };
    let mut client = Client::new(Settings::default());
    let mut server = Server::new(Settings::default(), binding);
    let mut turns = Vec::new();
    let mut turn = |client: &mut Client, server: &mut Server, says: &str| {
        let (mut up, mut down) = (Vec::new(), Vec::new());
        client.transmit(&mut up, usize::MAX);
        let _ = server.receive(&up);
        server.transmit(&mut down, usize::MAX);
        let _ = client.receive(&down);
        turns.push(json!({ "what": says, "client": hex(&up), "server": hex(&down) }));
    };
    turn(&mut client, &mut server, "hello");
    let request = client.request(&samples::requests()[9]).unwrap();
    turn(&mut client, &mut server, "a stranger asks and is refused");
    let refused = Answer::Refused(Refusal::new(Reason::NotAuthenticated));
    let events: Vec<ClientEvent> = std::iter::from_fn(|| client.poll()).collect();
    assert!(events.contains(&ClientEvent::Answer {
        request,
        answer: refused
    }));
    let request = client.request(&samples::requests()[0]).unwrap();
    turn(&mut client, &mut server, "authenticate");
    while server.poll().is_some() {}
    let authenticated = Authenticated {
        clock: 1_699_999_999_999,
        retention: 1_209_600_000,
    };
    server.admit(request, authenticated).unwrap();
    client
        .request(&Request::Probe(Probe { number: 1 }))
        .unwrap();
    turn(&mut client, &mut server, "admitted, and a probe");
    assert!(matches!(server.poll(), Some(ServerEvent::Request { .. })));
    server.push(&samples::pushes()[0]).unwrap();
    server.close(Violation::Stopping);
    turn(&mut client, &mut server, "the relay stops");
    assert!(matches!(
        client.end(),
        Some(Violation::ByPeer { code: 33, .. })
    ));
    check("conversation", &json!({ "turns": turns }));
}
