//! Members of the group: they read its order, race each other for positions, and lose their relays. Whoever reads a handshake can make
//! the access key that it begins, as whoever is in an epoch of MLS can; the handshake is its seed and some filling.

use crate::{
    client::{AVOID, candidates},
    world::{Event, GROUP, ToClient, ToHost, World},
};
use codec::Encode;
use ed25519_dalek::{Signer, SigningKey};
use parlance_bimp::{
    Account, Answer, Bounded, GroupChange, GroupEnter, GroupId, GroupOffer, GroupOrder, GroupPart,
    GroupPost, GroupRead, GroupSend, List, Mailbox, MessageId, Reason, Request, id::hash,
    limits::MAX_PART,
};
use parlance_relay_core::Who;
use std::collections::{BTreeMap, VecDeque};

/// The seed of the first key.
const FIRST: [u8; 32] = [0x5E; 32];
/// A relay that does not answer for so long is left, milliseconds.
const PATIENCE: u64 = 900;
/// How often a member reads, whatever it heard.
const LOOK: u64 = 700;

/// What was asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Enter,
    Part,
    Offer,
    Read,
}

/// A change that a member wants.
struct Wish {
    position: u64,
    handshake: Vec<u8>,
    change: GroupChange,
    parts: VecDeque<Vec<u8>>,
    not_before: u64,
}

/// A member with one device.
pub struct Member {
    account: Account,
    session: Option<u64>,
    relay: usize,
    last: u32,
    asked: BTreeMap<u32, Asked>,
    /// Since when it waits for an answer, and when it read last.
    since: u64,
    looked: u64,
    avoid: BTreeMap<usize, u64>,
    attempts: usize,
    /// Seed of the last key that it knows, and the record that named it.
    pub key: ([u8; 32], u64),
    entered: Option<u64>,
    /// The free position, as far as it has read, and what it has of that one's handshake.
    pub next: u64,
    part: Vec<u8>,
    behind: bool,
    wish: Option<Wish>,
    pub left: u32,
    rest_until: u64,
}

/// What members were told, and whether it was the same.
#[derive(Default)]
pub struct Orders {
    /// What stands where: the change, and its handshake.
    pub read: BTreeMap<u64, Vec<u8>>,
    /// What was placed, by the word of relays.
    pub placed: BTreeMap<u64, Vec<u8>>,
    /// The last key that any member knows.
    pub newest: ([u8; 32], u64),
    pub made: bool,
    pub overtaken: u32,
}

fn secret(seed: &[u8; 32]) -> SigningKey {
    SigningKey::from_bytes(seed)
}

/// The signed text of somebody who knows this key.
pub fn signed_post(
    (seed, position): ([u8; 32], u64),
    text: &Bounded<{ parlance_bimp::limits::MAX_GROUP_CIPHERTEXT }>,
    mentioned: Mailbox,
    ticket: &[u8],
) -> Request {
    let mut post = GroupPost {
        group: GROUP,
        position,
        ciphertext: text.clone(),
        mentioned: List::new(vec![mentioned]).unwrap(),
        everybody: false,
        signature: [0; 64],
    };
    post.signature = secret(&seed).sign(&post.statement()).to_bytes();
    Request::GroupSend(GroupSend {
        post,
        ticket: Bounded::new(ticket.to_vec()).unwrap(),
        keep: 0,
    })
}

impl World {
    pub fn start_members(&mut self) {
        for n in 0..self.plan.members {
            self.members.push(Member {
                account: Account(hash(&[b"member", &[n as u8]])),
                session: None,
                relay: 0,
                last: 0,
                asked: BTreeMap::new(),
                since: 0,
                looked: 0,
                avoid: BTreeMap::new(),
                attempts: n,
                key: (FIRST, 0),
                entered: None,
                next: 0,
                part: Vec::new(),
                behind: false,
                wish: None,
                left: self.plan.changes_each,
                rest_until: 1_200 + n as u64 * 100,
            });
        }
        self.orders.newest = (FIRST, 0);
    }

    fn member_index(&self, m: usize) -> usize {
        self.senders.len() + self.devices.len() + m
    }

    /// The client number of whoever is not in the group.
    pub fn stranger(&self) -> usize {
        self.member_index(self.members.len())
    }

    pub fn member_tick(&mut self, m: usize) {
        let now = self.now;
        let member = &self.members[m];
        if now < member.rest_until {
            return;
        }
        let waits = !member.asked.is_empty();
        if waits && now - member.since >= PATIENCE {
            self.member_leaves(m, 0);
            return;
        }
        if self.members[m].session.is_none() {
            self.member_connects(m);
            return;
        }
        if waits {
            return;
        }
        let member = &self.members[m];
        if !self.orders.made {
            // One makes it, the others wait.
            return match m {
                0 => self.make_group(m),
                _ => self.members[m].rest_until = now + 100,
            };
        }
        if member.entered != Some(member.key.1) {
            self.member_enters(m);
        } else if member.behind || now - member.looked >= LOOK {
            let read = Request::GroupRead(GroupRead {
                group: GROUP,
                from: member.next,
                offset: member.part.len() as u32,
            });
            self.members[m].looked = now;
            self.member_asks(m, Asked::Read, read);
        } else {
            self.member_changes(m);
        }
    }

    fn make_group(&mut self, m: usize) {
        let change = GroupChange {
            key: secret(&FIRST).verifying_key().to_bytes(),
            joined: List::new(self.mailboxes.clone()).unwrap(),
            ..GroupChange::default()
        };
        let offer = signed(GROUP, 0, &change, (&FIRST, &FIRST));
        self.member_asks(m, Asked::Offer, offer);
    }

    fn member_enters(&mut self, m: usize) {
        let member = &self.members[m];
        let (seed, position) = member.key;
        let mut enter = GroupEnter {
            group: GROUP,
            position,
            signature: [0; 64],
        };
        let statement = enter.statement(&self.places[member.relay], &member.account);
        enter.signature = secret(&seed).sign(&statement).to_bytes();
        self.member_asks(m, Asked::Enter, Request::GroupEnter(enter));
    }

    /// Has it read everything, it may want a change.
    fn member_changes(&mut self, m: usize) {
        let now = self.now;
        let (next, left) = (self.members[m].next, self.members[m].left);
        if self.members[m].wish.is_none() {
            if left == 0 || next == 0 || now >= self.plan.faulty + 15_000 {
                return;
            }
            let wish = self.wish(m);
            self.members[m].wish = Some(wish);
        }
        let (key, relay_knows) = (self.members[m].key, self.members[m].entered);
        let Some(wish) = &mut self.members[m].wish else {
            return;
        };
        if wish.position < next {
            // Another change came first: it is made anew.
            self.members[m].wish = None;
            return;
        }
        if now < wish.not_before || relay_knows != Some(key.1) {
            return;
        }
        match wish.parts.pop_front() {
            Some(part) => {
                let part = Request::GroupPart(GroupPart {
                    group: GROUP,
                    bytes: Bounded::new(part).unwrap(),
                });
                self.member_asks(m, Asked::Part, part);
            }
            None => {
                let named = wish.handshake.first_chunk::<32>().unwrap();
                let offer = signed(GROUP, wish.position, &wish.change, (&key.0, named));
                self.member_asks(m, Asked::Offer, offer);
            }
        }
    }

    fn wish(&mut self, m: usize) -> Wish {
        let size = match self.below(6) {
            0 => MAX_PART + 5_000,
            _ => 100,
        };
        let (position, left) = (self.members[m].next, self.members[m].left);
        let seed = hash(&[
            b"seed",
            &[m as u8],
            &left.to_le_bytes(),
            &position.to_le_bytes(),
        ]);
        let mut handshake = seed.to_vec();
        handshake.resize(size, m as u8);
        let parts: Vec<Vec<u8>> = handshake.chunks(MAX_PART).map(<[u8]>::to_vec).collect();
        let ids = parts.iter().map(|part| MessageId::of_part(&GROUP, part));
        let change = GroupChange {
            key: secret(&seed).verifying_key().to_bytes(),
            size: size as u32,
            parts: List::new(ids.collect()).unwrap(),
            ..GroupChange::default()
        };
        let pause = self.below(2 * self.plan.faulty / u64::from(self.plan.changes_each.max(1)));
        Wish {
            position,
            handshake,
            change,
            parts: parts.into(),
            not_before: self.now + pause,
        }
    }

    fn member_connects(&mut self, m: usize) {
        let now = self.now;
        let candidates = candidates(&self.routing, &self.places, &GROUP.place());
        let session = self.new_session();
        let member = &self.members[m];
        let set = candidates.len().min(5);
        let mut home = candidates[..set].to_vec();
        home.rotate_left(m % set);
        let free = |relay: &&usize| member.avoid.get(*relay).is_none_or(|until| *until <= now);
        let chosen = home.iter().find(free).copied();
        let relay = chosen.unwrap_or(home[member.attempts % set]);
        let who = Who::Device {
            account: member.account,
            device: 0,
            mailboxes: Vec::new(),
            owner: self.owner(),
        };
        let member = &mut self.members[m];
        (member.session, member.relay, member.last) = (Some(session), relay, 0);
        let client = self.member_index(m);
        self.send_up(client, relay, session, ToHost::Open(who));
    }

    /// The relay does not serve it.
    fn member_leaves(&mut self, m: usize, rest: u64) {
        let now = self.now;
        let client = self.member_index(m);
        let member = &mut self.members[m];
        member.asked.clear();
        member.entered = None;
        member.attempts += 1;
        member.rest_until = now + rest;
        member.part.clear();
        // What was uploaded may not be there.
        if let Some(wish) = &mut member.wish {
            let parts = wish.handshake.chunks(MAX_PART);
            wish.parts = parts.map(<[u8]>::to_vec).collect();
        }
        let relay = member.relay;
        member.avoid.insert(relay, now + AVOID);
        if let Some(session) = member.session.take() {
            self.send_up(client, relay, session, ToHost::End);
        }
    }

    fn member_asks(&mut self, m: usize, what: Asked, request: Request) {
        let now = self.now;
        let client = self.member_index(m);
        let member = &mut self.members[m];
        let Some(session) = member.session else {
            return;
        };
        member.last += 1;
        member.asked.insert(member.last, what);
        member.since = now;
        let (number, relay) = (member.last, member.relay);
        self.send_up(client, relay, session, ToHost::Ask(number, request));
    }

    pub fn member_hears(&mut self, m: usize, session: u64, says: ToClient) {
        if self.members[m].session != Some(session) {
            return;
        }
        match says {
            ToClient::End => self.member_leaves(m, 0),
            ToClient::Grown(next) => {
                let member = &mut self.members[m];
                member.behind |= next > member.next;
            }
            ToClient::Answer(number, answer) => {
                if let Some(asked) = self.members[m].asked.remove(&number) {
                    self.member_answered(m, asked, answer);
                }
            }
            ToClient::Deliver(..) | ToClient::Moved => {}
        }
    }

    fn member_answered(&mut self, m: usize, asked: Asked, answer: Answer) {
        match (asked, answer) {
            (Asked::Enter, Answer::GroupEnter(extent)) => {
                let member = &mut self.members[m];
                member.entered = Some(member.key.1);
                member.behind = extent.next > member.next;
            }
            (Asked::Part, Answer::GroupPart(_)) => {}
            (Asked::Offer, Answer::GroupOffer(placed)) => {
                self.orders.made = true;
                if placed.position > 0 {
                    self.was_placed(m, placed.position);
                }
                self.members[m].behind = true;
            }
            (Asked::Read, Answer::GroupRead(order)) => self.member_reads(m, order),
            (_, Answer::Refused(refusal)) if refusal.reason == Reason::Overtaken => {
                self.orders.made = true;
                self.orders.overtaken += 1;
                self.members[m].behind = true;
                // Not every relay knows as much.
                if refusal.limit <= self.members[m].next {
                    self.member_leaves(m, 20);
                }
            }
            _ => self.member_leaves(m, 50),
        }
    }

    fn was_placed(&mut self, m: usize, position: u64) {
        let Some(wish) = self.members[m].wish.take() else {
            return;
        };
        self.members[m].left -= 1;
        let what = (wish.change, wish.handshake).encode();
        if let Some(other) = self.orders.placed.insert(position, what.clone())
            && other != what
        {
            let twice = format!("two changes were placed at {position}");
            self.checker.broken.push(twice);
        }
    }

    fn member_reads(&mut self, m: usize, order: GroupOrder) {
        let next = order.next;
        let empty = order.pieces.as_slice().is_empty();
        for piece in order.pieces.into_vec() {
            let member = &mut self.members[m];
            let expected = (member.next, member.part.len() as u32);
            if (piece.position, piece.offset) != expected {
                let gap = format!("a member reads {expected:?} and gets {:?}", piece.position);
                self.checker.broken.push(gap);
                return;
            }
            member.part.extend_from_slice(piece.bytes.as_slice());
            if !piece.is_last() {
                continue;
            }
            let handshake = std::mem::take(&mut member.part);
            member.next += 1;
            if let Some(seed) = handshake.first_chunk::<32>() {
                member.key = (*seed, piece.position);
                if piece.position >= self.orders.newest.1 {
                    self.orders.newest = member.key;
                }
            }
            let change = piece.record.offered.map(|offered| offered.change);
            let what = change.map_or(Vec::new(), |change| (change, handshake).encode());
            let known = self
                .orders
                .read
                .entry(piece.position)
                .or_insert(what.clone());
            if *known != what {
                let two = format!("members read two changes at {}", piece.position);
                self.checker.broken.push(two);
            }
        }
        let member = &mut self.members[m];
        member.behind = next > member.next;
        if empty && member.behind {
            // The relay has not got the bytes yet.
            member.rest_until = self.now + 50;
            if self.one_in(10) {
                self.member_leaves(m, 0);
            }
        }
    }

    /// Whoever is not a member, or not any more, tries what members do.
    pub fn stranger_tries(&mut self) {
        if self.plan.members == 0 {
            return;
        }
        let relay = self.below(self.hosts.len() as u64) as usize;
        // A majority knows what has been read, and by how much the first key is out of date (O4).
        let named = self.orders.read.iter();
        let left = named
            .filter(|(position, what)| **position > 0 && !what.is_empty())
            .map(|(position, _)| *position)
            .next();
        let old = left.is_some_and(|left| self.orders.newest.1 >= left + 3);
        let seed = match self.one_in(2) && old {
            true => FIRST,
            false => [0xBA; 32],
        };
        let next = self.orders.newest.1 + self.below(3);
        let change = GroupChange {
            key: secret(&seed).verifying_key().to_bytes(),
            ..GroupChange::default()
        };
        let number = self.now.to_le_bytes().to_vec();
        let text = Bounded::new([vec![0xEE; 100], number].concat()).unwrap();
        let ticket: &[u8] = if self.one_in(2) { b"ticket" } else { b"" };
        let late = (
            seed,
            if seed == FIRST {
                0
            } else {
                self.orders.newest.1
            },
        );
        let request = match self.below(2) {
            0 => signed(GROUP, next.max(1), &change, (&seed, &seed)),
            _ => signed_post(late, &text, self.mailboxes[0], ticket),
        };
        let client = self.stranger();
        let session = self.new_session();
        let who = Who::Device {
            account: Account([0xBA; 32]),
            device: 0,
            mailboxes: Vec::new(),
            owner: self.owner(),
        };
        self.send_up(client, relay, session, ToHost::Open(who));
        self.send_up(client, relay, session, ToHost::Ask(1, request));
        self.after(8_000, Event::SessionOver(relay, session));
    }

    pub fn stranger_hears(&mut self, says: ToClient) {
        if let ToClient::Answer(_, answer) = says {
            match answer {
                Answer::Refused(_) => self.refused += 1,
                other => {
                    let got = format!("a stranger got {other:?}");
                    self.checker.broken.push(got);
                }
            }
        }
    }
}

/// A change, signed with the last key and with the one that it names.
fn signed(
    group: GroupId,
    position: u64,
    change: &GroupChange,
    (seed, named): (&[u8; 32], &[u8; 32]),
) -> Request {
    let statement = change.statement(&group, position);
    Request::GroupOffer(GroupOffer {
        group,
        position,
        change: change.clone(),
        signature: secret(seed).sign(&statement).to_bytes(),
        possession: secret(named)
            .sign(&change.possession(&group, position))
            .to_bytes(),
    })
}

impl World {
    /// All have read the same, what was placed is there and there once, the group's relays are of one mind, and no text is left with them.
    pub fn judge_group(&self, broken: &mut Vec<String>) {
        if self.members.is_empty() {
            return;
        }
        let end = self.members.iter().map(|member| member.next).max();
        let end = end.unwrap_or(0);
        for (m, member) in self.members.iter().enumerate() {
            if member.next != end {
                broken.push(format!(
                    "member {m} has read up to {}, not {end}",
                    member.next
                ));
            }
        }
        for (position, change) in &self.orders.placed {
            if self.orders.read.get(position) != Some(change) {
                broken.push(format!("what was placed at {position} is not there"));
            }
        }
        let mut seen = BTreeMap::new();
        for (position, change) in self.orders.read.iter().filter(|(_, it)| !it.is_empty()) {
            if let Some(other) = seen.insert(change, position) {
                broken.push(format!("one change stands at {other} and at {position}"));
            }
        }
        let set = self.routing.set(&GROUP.place());
        let mut orders = Vec::new();
        for (n, host) in self.hosts.iter().enumerate() {
            let Some(relay) = &host.relay else { continue };
            let group = relay.group(&GROUP);
            let waiting = |mailbox| {
                let state = relay.mailboxes().find(|(it, _)| **it == mailbox);
                state.map_or(0, |(_, state)| state.messages())
            };
            if waiting(GROUP.posts()) > 0 {
                broken.push(format!("texts are still owed by {n}"));
            }
            if !set.contains(&relay.id()) {
                if let Some(group) = group.filter(|group| group.next() > 0) {
                    broken.push(format!("{n} keeps the group up to {}", group.next()));
                }
                continue;
            }
            let Some(group) = group else {
                broken.push(format!("{n} does not know the group"));
                continue;
            };
            if !group.may_vote() {
                let (from, next) = (group.votes().from, group.next());
                broken.push(format!("{n} does not vote before {from} and is at {next}"));
            }
            let records: Vec<_> = (group.first()..group.next())
                .map(|position| group.record(position).cloned())
                .collect();
            orders.push((group.first(), group.now().clone(), records));
        }
        if orders.windows(2).any(|pair| pair[0].1 != pair[1].1) {
            let now: Vec<_> = orders.iter().map(|it| &it.1).collect();
            broken.push(format!("the group's relays differ: {now:?}"));
        }
        // Where both keep a record it is the same one.
        for pair in orders.windows(2) {
            let (a, b) = (&pair[0], &pair[1]);
            let first = a.0.max(b.0);
            let from = |it: &(u64, _, Vec<_>)| it.2[(first - it.0) as usize..].to_vec();
            if a.1 == b.1 && from(a) != from(b) {
                broken.push("the group's relays keep different records".into());
            }
        }
    }
}
