//! Relays that agree at once, as the devices see them: mailboxes, prekeys, and orders of groups. Each may be away.

use crate::world::{Event, World};
use codec::Encode;
use ed25519_dalek::{Signature, VerifyingKey};
use parlance_bimp::{
    Accepted, Account, Answer, Bounded, Count, Deliver, EnvelopeView, Fetched, GroupAccepted,
    GroupChange, GroupExtent, GroupGrown, GroupId, GroupOrder, GroupPlaced, GroupRecord, List,
    Mailbox, Message, MessageId, Offered, Piece, PreKeyUse, PreKeys, PreKeysLeft, Reason, Refusal,
    RelayId, Request, Ticket, Waiting, limits::MAX_PART,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// A group as relays know it.
#[derive(Default)]
pub struct Order {
    pub records: Vec<(GroupChange, [u8; 64], Vec<u8>)>,
    pub first: u64,
    parts: BTreeMap<MessageId, Vec<u8>>,
    mailboxes: BTreeSet<Mailbox>,
    entered: BTreeSet<(usize, RelayId)>,
}

impl Order {
    fn next(&self) -> u64 {
        self.records.len() as u64
    }

    fn key(&self, position: u64) -> Option<[u8; 32]> {
        Some(self.records.get(usize::try_from(position).ok()?)?.0.key)
    }

    fn last_key(&self) -> Option<[u8; 32]> {
        Some(self.records.last()?.0.key)
    }
}

type PreKeysOf = (Vec<u8>, VecDeque<Vec<u8>>);

#[derive(Default)]
pub struct Relays {
    pub orders: BTreeMap<GroupId, Order>,
    pub mailboxes: BTreeMap<Mailbox, Vec<Message>>,
    prekeys: BTreeMap<(Account, u32, bool, RelayId), PreKeysOf>,
    /// By device: what it has acknowledged, and where it listens.
    pub acknowledged: BTreeMap<usize, BTreeSet<MessageId>>,
    pub listens: BTreeMap<usize, RelayId>,
    pub uploads: u32,
    pub overtaken: u32,
    /// Tickets that came with texts, and where.
    pub tickets: Vec<(RelayId, Ticket)>,
    /// Texts are taken and not answered.
    pub silent: bool,
    /// Relays that change a byte of what they hand out of an order.
    pub spoil: BTreeSet<RelayId>,
    /// By device: bytes of handshakes that it has read.
    pub read: BTreeMap<usize, usize>,
}

fn verifies(key: &[u8; 32], statement: &[u8], signature: &[u8; 64]) -> bool {
    let key = VerifyingKey::from_bytes(key).unwrap();
    let signature = Signature::from_bytes(signature);
    key.verify_strict(statement, &signature).is_ok()
}

fn refuse(reason: Reason) -> Answer {
    Answer::Refused(Refusal::new(reason))
}

impl World {
    pub fn answer(&mut self, device: usize, relay: RelayId, request: Request) -> Answer {
        let account = self.devices[device].account;
        let number = self.devices[device].number;
        match request {
            Request::PublishPreKeys(body) => {
                let group = body.usage == PreKeyUse::Group;
                let place = (account, number, group, relay);
                let place = self.relays.prekeys.entry(place).or_default();
                if body.anew {
                    place.1.clear();
                }
                place.0 = body.head.into_vec();
                place
                    .1
                    .extend(body.one_time.into_vec().into_iter().map(Bounded::into_vec));
                let one_time = place.1.len() as u32;
                Answer::PublishPreKeys(PreKeysLeft { one_time })
            }
            Request::FetchPreKeys(body) => {
                let group = body.usage == PreKeyUse::Group;
                let place = (body.account, body.device, group, relay);
                let place = self.relays.prekeys.get_mut(&place);
                let found = place.map(|(head, one_time)| Fetched {
                    head: Bounded::new(head.clone()).unwrap(),
                    one_time: one_time.pop_front().map(|it| Bounded::new(it).unwrap()),
                });
                Answer::FetchPreKeys(PreKeys { found })
            }
            Request::Send(body) => {
                let bytes = body.envelope.into_vec();
                let view = EnvelopeView::parse(&bytes).unwrap();
                let (mailbox, id) = (view.mailbox, view.id());
                let message = Message::Sealed(Bounded::new(view.without_ticket()).unwrap());
                self.store(mailbox, message);
                let (relays, expires) = (3, 0);
                Answer::Send(Accepted {
                    id,
                    relays,
                    expires,
                })
            }
            Request::Subscribe(_) => {
                self.relays.listens.insert(device, relay);
                let mailbox = Mailbox::of(&account, 0);
                let all = self.relays.mailboxes.get(&mailbox).cloned();
                let mut messages = 0;
                for message in all.unwrap_or_default() {
                    messages += u32::from(self.deliver(device, mailbox, &message));
                }
                Answer::Subscribe(Waiting {
                    messages,
                    ..Waiting::default()
                })
            }
            Request::Acknowledge(body) => {
                let ids = body.ids.into_vec();
                let messages = ids.len() as u32;
                self.relays
                    .acknowledged
                    .entry(device)
                    .or_default()
                    .extend(ids);
                Answer::Acknowledge(Count { messages })
            }
            Request::Sync(_) => Answer::Sync(Waiting::default()),
            Request::Receipt(_) => Answer::Receipt(()),
            request => self.answer_group(device, relay, request),
        }
    }

    fn answer_group(&mut self, device: usize, relay: RelayId, request: Request) -> Answer {
        let account = self.devices[device].account;
        match request {
            Request::GroupEnter(body) => {
                let Some(order) = self.relays.orders.get_mut(&body.group) else {
                    return refuse(Reason::NotAllowed);
                };
                let statement = body.statement(&relay, &account);
                let key = order.key(body.position);
                if !key.is_some_and(|key| verifies(&key, &statement, &body.signature)) {
                    return refuse(Reason::NotAllowed);
                }
                order.entered.insert((device, relay));
                let (first, next) = (order.first, order.next());
                Answer::GroupEnter(GroupExtent { first, next })
            }
            Request::GroupPart(body) => {
                let Some(order) = self.relays.orders.get_mut(&body.group) else {
                    return refuse(Reason::NotAllowed);
                };
                let bytes = body.bytes.into_vec();
                let id = MessageId::of_part(&body.group, &bytes);
                order.parts.insert(id, bytes);
                let (relays, expires) = (3, 0);
                Answer::GroupPart(Accepted {
                    id,
                    relays,
                    expires,
                })
            }
            Request::GroupOffer(body) => self.place(body),
            Request::GroupRead(body) => {
                let Some(order) = self.relays.orders.get(&body.group) else {
                    return refuse(Reason::NotAllowed);
                };
                if !order.entered.contains(&(device, relay)) {
                    return refuse(Reason::NotAllowed);
                }
                let from = body.from.max(order.first) as usize;
                let mut offset = body.offset as usize;
                let mut pieces = Vec::new();
                for (n, (change, signature, handshake)) in
                    order.records.iter().enumerate().skip(from)
                {
                    let end = handshake.len().min(offset + MAX_PART);
                    let mut bytes = handshake[offset..end].to_vec();
                    *self.relays.read.entry(device).or_default() += bytes.len();
                    if self.relays.spoil.contains(&relay) {
                        bytes.iter_mut().for_each(|byte| *byte ^= 1);
                    }
                    let record = GroupRecord {
                        offered: Some(Offered {
                            change: change.clone(),
                            signature: *signature,
                            possession: [0; 64],
                        }),
                        ..GroupRecord::default()
                    };
                    pieces.push(Piece {
                        position: n as u64,
                        record,
                        offset: offset as u32,
                        bytes: Bounded::new(bytes).unwrap(),
                    });
                    // Answers are short, so that reading takes several.
                    if end < handshake.len() || pieces.len() == 3 {
                        break;
                    }
                    offset = 0;
                }
                Answer::GroupRead(GroupOrder {
                    first: order.first,
                    next: order.next(),
                    pieces: List::new(pieces).unwrap(),
                })
            }
            Request::GroupSend(body) => {
                let ticket = Ticket::parse(body.ticket.as_slice());
                self.relays.tickets.extend(ticket.map(|it| (relay, it)));
                let post = body.post;
                let Some(order) = self.relays.orders.get(&post.group) else {
                    return refuse(Reason::NotAllowed);
                };
                let key = order.key(post.position);
                let good = key.filter(|key| order.last_key() == Some(*key));
                if !good.is_some_and(|key| verifies(&key, &post.statement(), &post.signature)) {
                    return refuse(Reason::NotAllowed);
                }
                self.relays.uploads += 1;
                let id = post.id();
                let message = Message::Group {
                    group: post.group,
                    ciphertext: post.ciphertext,
                };
                for mailbox in order.mailboxes.clone() {
                    self.store(mailbox, message.clone());
                }
                let (relays, expires) = (3, 0);
                Answer::GroupSend(GroupAccepted {
                    id,
                    relays,
                    expires,
                })
            }
            other => panic!("{other:?}"),
        }
    }

    fn place(&mut self, offer: parlance_bimp::GroupOffer) -> Answer {
        let order = self.relays.orders.entry(offer.group).or_default();
        let before = order.next();
        let same = |(change, _, _): &(GroupChange, _, _)| *change == offer.change;
        if order.records.get(offer.position as usize).is_some_and(same) {
            let (position, next) = (offer.position, before);
            return Answer::GroupOffer(GroupPlaced { position, next });
        }
        if offer.position != before {
            self.relays.overtaken += 1;
            let mut refusal = Refusal::new(Reason::Overtaken);
            refusal.limit = before;
            return Answer::Refused(refusal);
        }
        let key = order.last_key().unwrap_or(offer.change.key);
        let statement = offer.change.statement(&offer.group, offer.position);
        if !verifies(&key, &statement, &offer.signature) {
            return refuse(Reason::NotAllowed);
        }
        let named = offer.change.key;
        let possession = offer.change.possession(&offer.group, offer.position);
        if named != key && !verifies(&named, &possession, &offer.possession) {
            return refuse(Reason::BadMessage);
        }
        let parts = offer.change.parts.as_slice().iter();
        let bytes: Option<Vec<Vec<u8>>> = parts.map(|it| order.parts.get(it).cloned()).collect();
        let Some(handshake) = bytes.map(|bytes| bytes.concat()) else {
            return refuse(Reason::BadMessage);
        };
        assert_eq!(handshake.len(), offer.change.size as usize);
        for mailbox in offer.change.joined.as_slice() {
            order.mailboxes.insert(*mailbox);
        }
        for mailbox in offer.change.left.as_slice() {
            order.mailboxes.remove(mailbox);
        }
        order
            .records
            .push((offer.change, offer.signature, handshake));
        let (group, next) = (offer.group, order.next());
        for (device, relay) in order.entered.clone() {
            let delay = 1 + self.below(30);
            let grown = GroupGrown { group, next };
            self.after(delay, Event::Grown(device, relay, grown));
        }
        let position = before;
        Answer::GroupOffer(GroupPlaced { position, next })
    }

    fn store(&mut self, mailbox: Mailbox, message: Message) {
        let place = self.relays.mailboxes.entry(mailbox).or_default();
        if place.contains(&message) {
            return;
        }
        place.push(message.clone());
        for device in 0..self.devices.len() {
            if Mailbox::of(&self.devices[device].account, 0) == mailbox {
                self.deliver(device, mailbox, &message);
            }
        }
    }

    /// Whether it is on its way.
    fn deliver(&mut self, device: usize, mailbox: Mailbox, message: &Message) -> bool {
        let Some(relay) = self.relays.listens.get(&device).copied() else {
            return false;
        };
        let id = message.id(&mailbox).unwrap();
        let known = self.relays.acknowledged.get(&device);
        if known.is_some_and(|known| known.contains(&id)) {
            return false;
        }
        let deliver = Deliver {
            mailbox,
            id,
            position: 0,
            expires: 0,
            mention: false,
            message: Bounded::new(message.encode()).unwrap(),
        };
        let delay = 1 + self.below(40);
        self.after(delay, Event::Deliver(device, relay, deliver));
        true
    }

    /// A device's connections are gone.
    pub fn disconnect(&mut self, device: usize, relay: Option<RelayId>) {
        let is = |at: &RelayId| relay.is_none_or(|relay| relay == *at);
        if self.relays.listens.get(&device).is_some_and(is) {
            self.relays.listens.remove(&device);
        }
        for order in self.relays.orders.values_mut() {
            order.entered.retain(|(who, at)| *who != device || !is(at));
        }
    }
}
