//! The whole way from bytes to bytes: a client's state machine, a server's, the core behind it, a disk.

mod common;

use common::{OTHER, OWN, disk::Disk, envelope, list, owner, place, subscribe};
use parlance_bimp::{
    Account, Answer, Authenticate, Authenticated, Binding, Client, ClientEvent, Credential,
    Deliver, Key, Mailbox, Push, Reason, Request, Server, ServerEvent, Settings, SyncCursor,
};
use parlance_relay_core::{Asker, Clock, Config, Effect, Input, Relay, Storage, Who};
use std::collections::BTreeMap;

const BINDING: Binding = Binding {
    genesis: [1; 32],
    exporter: [2; 32],
    relay: parlance_bimp::RelayId([0; 32]),
};

/// The only relay of its network: its set is itself.
struct Host {
    relay: Relay,
    disk: Disk,
    clock: Clock,
    servers: BTreeMap<u64, Server>,
    mailboxes: BTreeMap<u64, Mailbox>,
}

impl Host {
    fn new() -> Self {
        let clock = Clock {
            steady: 1_000,
            wall: 1_700_000_000_000,
        };
        let disk = Disk::new(false);
        let relay = Relay::start(place(0), Config::default(), clock, &list(1), &disk).unwrap();
        Self {
            relay,
            disk,
            clock,
            servers: BTreeMap::new(),
            mailboxes: BTreeMap::new(),
        }
    }

    fn accept(&mut self, connection: u64, mailbox: Mailbox) -> Client {
        let server = Server::new(Settings::default(), BINDING);
        self.servers.insert(connection, server);
        self.mailboxes.insert(connection, mailbox);
        Client::new(Settings::default())
    }

    fn take_events(&mut self, connection: u64) {
        let mailbox = self.mailboxes[&connection];
        while let Some(event) = self.servers.get_mut(&connection).and_then(Server::poll) {
            match event {
                ServerEvent::Authenticate {
                    request,
                    credential: Credential::Device { account, device },
                    signature,
                    ..
                } => {
                    // A host checks the signature over the statement here.
                    let server = self.servers.get_mut(&connection).unwrap();
                    if signature == [0; 64] {
                        let refusal = parlance_bimp::Refusal::new(Reason::BadCredentials);
                        server.answer(request, &Answer::Refused(refusal)).unwrap();
                        continue;
                    }
                    let answer = Authenticated {
                        clock: self.clock.wall,
                        retention: Config::default().timings.retention,
                    };
                    server.admit(request, answer).unwrap();
                    let who = Who::Device {
                        account,
                        device,
                        mailboxes: vec![mailbox],
                        owner: owner(&[0]),
                    };
                    let opened = Input::Opened { connection, who };
                    self.relay.handle(self.clock, opened);
                }
                ServerEvent::Request { request, body } => {
                    let from = Asker {
                        connection,
                        request,
                    };
                    let request = body;
                    self.relay
                        .handle(self.clock, Input::Request { from, request });
                }
                _ => {}
            }
        }
    }

    fn work(&mut self) {
        if let Some(batch) = self.relay.flush(&self.disk) {
            let result = self.disk.commit_durable(&batch);
            self.relay
                .committed(self.clock, batch.number, result, &self.disk)
                .unwrap();
        }
        while let Some(effect) = self.relay.next_effect() {
            match effect {
                Effect::Answer { to, answer } => {
                    let server = self.servers.get_mut(&to.connection).unwrap();
                    server.answer(to.request, &answer).unwrap();
                }
                Effect::Deliver {
                    connection,
                    key,
                    position,
                    expires,
                    mention,
                } => {
                    let message = self.disk.message(&key).unwrap().unwrap();
                    let deliver = Push::Deliver(Deliver {
                        mailbox: key.mailbox,
                        id: key.id,
                        position,
                        expires,
                        mention,
                        message: parlance_bimp::Bounded::new(&message[..]).unwrap(),
                    });
                    let server = self.servers.get_mut(&connection).unwrap();
                    server.push(&deliver).unwrap();
                }
                // For whoever counts it (G10).
                Effect::Delivered { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// Carries bytes in both directions, in pieces, until nobody says more.
    fn carry(&mut self, connection: u64, client: &mut Client) {
        loop {
            let (mut up, mut down) = (Vec::new(), Vec::new());
            client.transmit(&mut up, 1_000);
            let server = self.servers.get_mut(&connection).unwrap();
            for piece in up.chunks(77) {
                server.receive(piece).unwrap();
            }
            self.take_events(connection);
            self.work();
            let server = self.servers.get_mut(&connection).unwrap();
            server.transmit(&mut down, 1_000);
            for piece in down.chunks(33) {
                client.receive(piece).unwrap();
            }
            if up.is_empty() && down.is_empty() {
                return;
            }
        }
    }
}

fn authenticate(number: u8, signature: u8) -> Request {
    Request::Authenticate(Authenticate {
        credential: Credential::Device {
            account: Account([number; 32]),
            device: 0,
        },
        signature: [signature; 64],
    })
}

fn answers(client: &mut Client) -> Vec<Answer> {
    std::iter::from_fn(|| client.poll())
        .filter_map(|event| match event {
            ClientEvent::Answer { answer, .. } => Some(answer),
            _ => None,
        })
        .collect()
}

#[test]
fn a_message_travels_from_client_to_client() {
    let mut host = Host::new();
    let mut anna = host.accept(1, OTHER);
    let mut ben = host.accept(2, OWN);
    host.carry(1, &mut anna);
    host.carry(2, &mut ben);
    anna.request(&authenticate(1, 9)).unwrap();
    ben.request(&authenticate(2, 9)).unwrap();
    let sent: Vec<Key> = (0..200)
        .map(|text| {
            let (request, key) = envelope(OWN, text);
            while anna.request(&request).is_err() {
                host.carry(1, &mut anna);
                answers(&mut anna);
            }
            key
        })
        .collect();
    host.carry(1, &mut anna);
    ben.request(&subscribe(OWN)).unwrap();
    let mut got = Vec::new();
    for _ in 0..100 {
        host.carry(2, &mut ben);
        let mut ids = Vec::new();
        while let Some(event) = ben.poll() {
            if let ClientEvent::Push(Push::Deliver(deliver)) = event {
                ids.push(deliver.id);
            }
        }
        if !ids.is_empty() {
            ben.request(&common::acknowledge(OWN, &ids)).unwrap();
        }
        got.extend(ids);
    }
    let sent: Vec<_> = sent.into_iter().map(|key| key.id).collect();
    assert_eq!(got, sent);
    ben.request(&Request::Sync(SyncCursor { mailbox: OWN }))
        .unwrap();
    host.carry(2, &mut ben);
    let answers = answers(&mut ben);
    let Some(Answer::Sync(waiting)) = answers.last() else {
        panic!("{answers:?}");
    };
    assert_eq!((waiting.cursor, waiting.messages), (200, 0));
}

#[test]
fn who_does_not_authenticate_gets_nowhere() {
    let mut host = Host::new();
    let mut client = host.accept(1, OWN);
    host.carry(1, &mut client);
    client.request(&subscribe(OWN)).unwrap();
    client.request(&authenticate(1, 0)).unwrap();
    client.request(&subscribe(OWN)).unwrap();
    host.carry(1, &mut client);
    let reasons: Vec<Reason> = answers(&mut client)
        .into_iter()
        .map(|answer| common::reason(Some(answer)))
        .collect();
    let nobody = Reason::NotAuthenticated;
    assert_eq!(reasons, [nobody, Reason::BadCredentials, nobody]);
}
