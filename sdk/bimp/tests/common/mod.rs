//! What the tests share: operations drawn from a seed, and a pipe between two ends.

#![allow(dead_code, missing_docs)]

mod group;

use parlance_bimp::{
    Accepted, Account, Answer, Authenticate, Authenticated, Binding, Bounded, Client, Content,
    Count, Credential, Deliver, Entries, Entry, ExtendRetention, Extended, FanOut, FetchPreKeys,
    Fetched, Item, Key, List, LookUpPresence, Mailbox, MessageId, Observe, Observed, OfMailbox,
    PreKeyUse, PreKeys, PreKeysLeft, Presence, PresenceKey, Probe, Probed, PublishPreKeys,
    PublishPresence, Push, Range, Reason, Receipt, Reconcile, Refusal, RelayId, Request,
    SendMessage, Server, Settings, SocketAddress, Stored, Subscribe, SyncCursor, Unsubscribe,
    Violation, Waiting,
};
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};

pub fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

pub fn below(rng: &mut ChaCha20Rng, bound: usize) -> usize {
    rng.next_u32() as usize % bound
}

fn id(rng: &mut ChaCha20Rng) -> [u8; 32] {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    bytes
}

fn bytes<const MAX: usize>(rng: &mut ChaCha20Rng) -> Bounded<MAX> {
    let most = if below(rng, 20) == 0 { MAX } else { 200 };
    let mut bytes = vec![0; below(rng, most.min(MAX) + 1)];
    rng.fill_bytes(&mut bytes);
    Bounded::new(bytes).unwrap()
}

fn list<T, const MAX: usize>(
    rng: &mut ChaCha20Rng,
    mut item: impl FnMut(&mut ChaCha20Rng) -> T,
) -> List<T, MAX> {
    let length = below(rng, MAX.min(6) + 1);
    List::new((0..length).map(|_| item(rng)).collect()).unwrap()
}

fn key(rng: &mut ChaCha20Rng) -> Key {
    Key {
        mailbox: Mailbox(id(rng)),
        id: MessageId(id(rng)),
    }
}

fn of_mailbox(rng: &mut ChaCha20Rng) -> OfMailbox {
    OfMailbox {
        mailbox: Mailbox(id(rng)),
        ids: list(rng, |rng| MessageId(id(rng))),
    }
}

fn entry(rng: &mut ChaCha20Rng) -> Entry {
    Entry {
        key: key(rng),
        expires: rng.next_u64(),
        deleted: below(rng, 2) == 0,
        mention: below(rng, 2) == 0,
        acknowledged: list(rng, |rng| rng.next_u32()),
        message: (below(rng, 2) == 0).then(|| Bounded::new(vec![3; below(rng, 500)]).unwrap()),
    }
}

fn entries(rng: &mut ChaCha20Rng) -> Entries {
    Entries {
        entries: list(rng, entry),
    }
}

fn stored(rng: &mut ChaCha20Rng) -> Stored {
    Stored {
        stored: list(rng, key),
        refused: list(rng, key),
    }
}

fn range(rng: &mut ChaCha20Rng) -> Range {
    let content = if below(rng, 2) == 0 {
        let mut fingerprint = [0; 16];
        rng.fill_bytes(&mut fingerprint);
        Content::Fingerprint {
            count: rng.next_u32(),
            fingerprint,
        }
    } else {
        Content::Items(list(rng, |rng| Item {
            key: key(rng),
            state: rng.next_u64(),
        }))
    };
    Range {
        from: key(rng),
        to: (below(rng, 2) == 0).then(|| key(rng)),
        content,
    }
}

fn reconcile(rng: &mut ChaCha20Rng) -> Reconcile {
    Reconcile {
        ranges: list(rng, range),
        want: list(rng, key),
    }
}

fn usage(rng: &mut ChaCha20Rng) -> PreKeyUse {
    [PreKeyUse::Pairwise, PreKeyUse::Group][below(rng, 2)]
}

pub fn request(rng: &mut ChaCha20Rng) -> Request {
    let credential = match below(rng, 2) {
        0 => Credential::Device {
            account: Account(id(rng)),
            device: rng.next_u32(),
        },
        _ => Credential::Relay {
            relay: RelayId(id(rng)),
        },
    };
    let mailbox = Mailbox(id(rng));
    match below(rng, Request::NUMBERS.len()) {
        0 => Request::Authenticate(Authenticate {
            credential,
            signature: [9; 64],
        }),
        1 => Request::PublishPreKeys(PublishPreKeys {
            usage: usage(rng),
            head: bytes(rng),
            one_time: list(rng, bytes),
            anew: below(rng, 2) == 0,
        }),
        2 => Request::FetchPreKeys(FetchPreKeys {
            account: Account(id(rng)),
            device: rng.next_u32(),
            usage: usage(rng),
        }),
        3 => Request::Send(SendMessage {
            envelope: bytes(rng),
            keep: rng.next_u64(),
        }),
        4 => group::send(rng),
        5 => Request::Subscribe(Subscribe {
            mailbox,
            window: rng.next_u32() as u16,
        }),
        6 => Request::Unsubscribe(Unsubscribe { mailbox }),
        7 => Request::Acknowledge(of_mailbox(rng)),
        8 => Request::Sync(SyncCursor { mailbox }),
        9 => Request::PublishPresence(PublishPresence {
            key: PresenceKey(id(rng)),
            record: bytes(rng),
            keep: rng.next_u64(),
        }),
        10 => Request::LookUpPresence(LookUpPresence {
            key: PresenceKey(id(rng)),
        }),
        11 => Request::ExtendRetention(ExtendRetention {
            which: of_mailbox(rng),
            until: rng.next_u64(),
        }),
        12 => Request::Delete(of_mailbox(rng)),
        13 => Request::Receipt(Receipt {
            period: rng.next_u32(),
            bytes: rng.next_u64(),
            fanned: rng.next_u64(),
            latency: 1,
            signature: [4; 64],
        }),
        14 => Request::Replicate(entries(rng)),
        15 => Request::FanOut(FanOut {
            mailboxes: list(rng, |rng| Mailbox(id(rng))),
            mentioned: list(rng, |rng| Mailbox(id(rng))),
            everybody: below(rng, 2) == 0,
            expires: rng.next_u64(),
            message: bytes(rng),
        }),
        16 => Request::HandOver(entries(rng)),
        17 => Request::Reconcile(reconcile(rng)),
        18 => Request::Probe(Probe {
            number: rng.next_u64(),
        }),
        19 => Request::Observe(Observe {}),
        more => group::request(more - 20, rng),
    }
}

/// An answer that fits the request: of its kind, or a refusal.
pub fn answer(request: &Request, rng: &mut ChaCha20Rng) -> Answer {
    let count = Count {
        messages: rng.next_u32(),
    };
    let waiting = Waiting {
        cursor: rng.next_u64(),
        messages: 3,
        bytes: rng.next_u64(),
        next_expiry: rng.next_u64(),
    };
    if below(rng, 5) == 0 {
        return Answer::Refused(Refusal {
            reason: Reason::from_code(rng.next_u32() as u16 % 40),
            retry_after: rng.next_u32(),
            limit: rng.next_u64(),
        });
    }
    match request {
        Request::Authenticate(_) => Answer::Authenticate(Authenticated {
            clock: rng.next_u64(),
            retention: rng.next_u64(),
        }),
        Request::PublishPreKeys(_) => Answer::PublishPreKeys(PreKeysLeft { one_time: 3 }),
        Request::FetchPreKeys(_) => Answer::FetchPreKeys(PreKeys {
            found: (below(rng, 2) == 0).then(|| Fetched {
                head: bytes(rng),
                one_time: Some(bytes(rng)),
            }),
        }),
        Request::Send(_) => Answer::Send(Accepted {
            id: MessageId(id(rng)),
            relays: 3,
            expires: rng.next_u64(),
        }),
        Request::Subscribe(_) => Answer::Subscribe(waiting),
        Request::Unsubscribe(_) => Answer::Unsubscribe(()),
        Request::Acknowledge(_) => Answer::Acknowledge(count),
        Request::Sync(_) => Answer::Sync(waiting),
        Request::PublishPresence(_) => Answer::PublishPresence(()),
        Request::LookUpPresence(_) => Answer::LookUpPresence(Presence {
            record: (below(rng, 2) == 0).then(|| bytes(rng)),
        }),
        Request::ExtendRetention(_) => Answer::ExtendRetention(Extended {
            messages: 1,
            until: rng.next_u64(),
        }),
        Request::Delete(_) => Answer::Delete(count),
        Request::Receipt(_) => Answer::Receipt(()),
        Request::Replicate(_) => Answer::Replicate(stored(rng)),
        Request::FanOut(_) => Answer::FanOut(stored(rng)),
        Request::HandOver(_) => Answer::HandOver(stored(rng)),
        Request::Reconcile(_) => Answer::Reconcile(reconcile(rng)),
        Request::Probe(_) => Answer::Probe(Probed {
            number: rng.next_u64(),
            clock: rng.next_u64(),
            load: 5,
        }),
        Request::Observe(_) => Answer::Observe(Observed {
            address: (below(rng, 2) == 0).then_some(SocketAddress::V4 {
                ip: [1, 2, 3, 4],
                port: 5,
            }),
        }),
        _ => group::answer(request, rng),
    }
}

pub fn push(rng: &mut ChaCha20Rng) -> Push {
    match below(rng, 8) {
        0 | 1 => return Push::Moved(Mailbox(id(rng))),
        2 => return group::grown(rng),
        _ => {}
    }
    Push::Deliver(Deliver {
        mailbox: Mailbox(id(rng)),
        id: MessageId(id(rng)),
        position: rng.next_u64(),
        expires: rng.next_u64(),
        mention: below(rng, 2) == 0,
        message: bytes(rng),
    })
}

pub const BINDING: Binding = Binding {
    genesis: [1; 32],
    exporter: [2; 32],
    relay: RelayId([3; 32]),
};

pub fn ends() -> (Client, Server) {
    (
        Client::new(Settings::default()),
        Server::new(Settings::default(), BINDING),
    )
}

/// Carries everything both want to say, until neither says more.
pub fn exchange(client: &mut Client, server: &mut Server) -> Result<(), Violation> {
    while client.wants_to_transmit() || server.wants_to_transmit() {
        let (mut up, mut down) = (Vec::new(), Vec::new());
        client.transmit(&mut up, usize::MAX);
        server.transmit(&mut down, usize::MAX);
        server.receive(&up)?;
        client.receive(&down)?;
    }
    Ok(())
}
