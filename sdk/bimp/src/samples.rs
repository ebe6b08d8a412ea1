//! One of each operation, for vectors and tests.

use crate::{
    Account, Answer, Authenticate, Authenticated, Bounded, Content, Count, Credential, Deliver,
    Entries, Entry, ExtendRetention, Extended, FanOut, FetchPreKeys, Fetched, GroupId, Item, Key,
    List, LookUpPresence, Mailbox, Message, MessageId, Observe, Observed, OfMailbox, PreKeyUse,
    PreKeys, PreKeysLeft, Presence, PresenceKey, Probe, Probed, PublishPreKeys, PublishPresence,
    Push, Range, Reason, Receipt, Reconcile, Refusal, RelayId, Request, SendMessage, SocketAddress,
    Stored, Subscribe, SyncCursor, Unsubscribe, Waiting, operation::Accepted,
};
use codec::Encode;
use std::{vec, vec::Vec};

pub mod group;

pub fn envelope() -> Vec<u8> {
    let mut bytes = vec![1];
    bytes.extend([0xB0; 32]);
    b"ticket".to_vec().encode_to(&mut bytes);
    vec![0x5E_u8; 512].encode_to(&mut bytes);
    bytes
}

pub fn group_message() -> Message {
    Message::Group {
        group: GroupId([0x60; 32]),
        ciphertext: Bounded::new(vec![0x6C; 40]).unwrap(),
    }
}

fn key(mailbox: u8, id: u8) -> Key {
    Key {
        mailbox: Mailbox([mailbox; 32]),
        id: MessageId([id; 32]),
    }
}

fn ids() -> OfMailbox {
    OfMailbox {
        mailbox: Mailbox([0xB0; 32]),
        ids: List::new(vec![MessageId([1; 32]), MessageId([2; 32])]).unwrap(),
    }
}

fn entries() -> Entries {
    let entry = |id, deleted, message| Entry {
        key: key(0xB0, id),
        expires: 1_700_000_000_000,
        deleted,
        mention: false,
        acknowledged: List::new(if deleted { vec![] } else { vec![0, 3] }).unwrap(),
        message,
    };
    let message = Bounded::new(group_message().encode()).unwrap();
    Entries {
        entries: List::new(vec![entry(1, false, Some(message)), entry(2, true, None)]).unwrap(),
    }
}

fn reconcile() -> Reconcile {
    let item = Item {
        key: key(0xB0, 1),
        state: 77,
    };
    let ranges = vec![
        Range {
            from: Key::FIRST,
            to: Some(key(0xB0, 0)),
            content: Content::Fingerprint {
                count: 3,
                fingerprint: [0xF1; 16],
            },
        },
        Range {
            from: key(0xB0, 0),
            to: None,
            content: Content::Items(List::new(vec![item]).unwrap()),
        },
    ];
    Reconcile {
        ranges: List::new(ranges).unwrap(),
        want: List::new(vec![key(0xB0, 9)]).unwrap(),
    }
}

fn stored() -> Stored {
    Stored {
        stored: List::new(vec![key(0xB0, 1)]).unwrap(),
        refused: List::new(vec![key(0xB0, 2)]).unwrap(),
    }
}

fn waiting() -> Waiting {
    Waiting {
        cursor: 41,
        messages: 2,
        bytes: 1_200,
        next_expiry: 1_700_000_000_000,
    }
}

pub fn requests() -> Vec<Request> {
    let mailbox = Mailbox([0xB0; 32]);
    let account = Account([0xA1; 32]);
    let usage = PreKeyUse::Pairwise;
    let bytes = |length| Bounded::new(vec![7; length]).unwrap();
    let mut requests = vec![
        Request::Authenticate(Authenticate {
            credential: Credential::Device { account, device: 3 },
            signature: [0x51; 64],
        }),
        Request::Authenticate(Authenticate {
            credential: Credential::Relay {
                relay: RelayId([0x4E; 32]),
            },
            signature: [0x51; 64],
        }),
        Request::PublishPreKeys(PublishPreKeys {
            usage,
            head: Bounded::new(vec![8; 20]).unwrap(),
            one_time: List::new(vec![Bounded::new(vec![9; 10]).unwrap()]).unwrap(),
            anew: true,
        }),
        Request::FetchPreKeys(FetchPreKeys {
            account,
            device: 3,
            usage: PreKeyUse::Group,
        }),
        Request::Send(SendMessage {
            envelope: Bounded::new(envelope()).unwrap(),
            keep: 86_400_000,
        }),
        group::send(),
        Request::Subscribe(Subscribe {
            mailbox,
            window: 64,
        }),
        Request::Unsubscribe(Unsubscribe { mailbox }),
        Request::Acknowledge(ids()),
        Request::Sync(SyncCursor { mailbox }),
        Request::PublishPresence(PublishPresence {
            key: PresenceKey([0x9E; 32]),
            record: bytes(30),
            keep: 600_000,
        }),
        Request::LookUpPresence(LookUpPresence {
            key: PresenceKey([0x9E; 32]),
        }),
        Request::ExtendRetention(ExtendRetention {
            which: ids(),
            until: 1_700_000_000_000,
        }),
        Request::Delete(ids()),
        Request::Receipt(Receipt {
            period: 5_666_666,
            bytes: 1 << 40,
            fanned: 1 << 30,
            latency: 2,
            signature: [0x52; 64],
        }),
        Request::Replicate(entries()),
        Request::FanOut(FanOut {
            mailboxes: List::new(vec![mailbox, Mailbox([0xB1; 32])]).unwrap(),
            mentioned: List::new(vec![mailbox]).unwrap(),
            everybody: false,
            expires: 1_700_000_000_000,
            message: Bounded::new(group_message().encode()).unwrap(),
        }),
        Request::HandOver(entries()),
        Request::Reconcile(reconcile()),
        Request::Probe(Probe { number: 12 }),
    ];
    requests.extend(group::requests());
    requests.extend([Request::Observe(Observe {})]);
    requests
}

pub fn answers() -> Vec<Answer> {
    let id = MessageId([1; 32]);
    let expires = 1_700_000_000_000;
    let mut answers = vec![
        Answer::Refused(Refusal {
            reason: Reason::AllowanceUsedUp,
            retry_after: 300_000,
            limit: 1 << 20,
        }),
        Answer::Authenticate(Authenticated {
            clock: 1_699_999_999_999,
            retention: 1_209_600_000,
        }),
        Answer::PublishPreKeys(PreKeysLeft { one_time: 64 }),
        Answer::FetchPreKeys(PreKeys {
            found: Some(Fetched {
                head: Bounded::new(vec![8; 20]).unwrap(),
                one_time: Some(Bounded::new(vec![9; 10]).unwrap()),
            }),
        }),
        Answer::FetchPreKeys(PreKeys { found: None }),
        Answer::Send(Accepted {
            id,
            relays: 3,
            expires,
        }),
        group::accepted(id, expires),
        Answer::Subscribe(waiting()),
        Answer::Unsubscribe(()),
        Answer::Acknowledge(Count { messages: 2 }),
        Answer::Sync(waiting()),
        Answer::PublishPresence(()),
        Answer::LookUpPresence(Presence {
            record: Some(Bounded::new(vec![7; 30]).unwrap()),
        }),
        Answer::ExtendRetention(Extended {
            messages: 2,
            until: expires,
        }),
        Answer::Delete(Count { messages: 1 }),
        Answer::Receipt(()),
        Answer::Replicate(stored()),
        Answer::FanOut(stored()),
        Answer::HandOver(stored()),
        Answer::Reconcile(reconcile()),
        Answer::Probe(Probed {
            number: 12,
            clock: 1_699_999_999_999,
            load: 250_000,
        }),
    ];
    answers.extend(group::answers());
    answers.extend([
        Answer::Observe(Observed {
            address: Some(SocketAddress::V4 {
                ip: [192, 0, 2, 7],
                port: 4433,
            }),
        }),
        Answer::Observe(Observed {
            address: Some(SocketAddress::V6 {
                ip: [0x20; 16],
                port: 4433,
            }),
        }),
    ]);
    answers
}

pub fn pushes() -> Vec<Push> {
    vec![
        Push::Deliver(Deliver {
            mailbox: Mailbox([0xB0; 32]),
            id: MessageId([1; 32]),
            position: 42,
            expires: 1_700_000_000_000,
            mention: true,
            message: Bounded::new(group_message().encode()).unwrap(),
        }),
        Push::Moved(Mailbox([0xB0; 32])),
        group::grown(),
    ]
}
