//! What senders and devices do as time passes and answers come.

use crate::{
    client::{
        AVOID, Device, Outgoing, PATIENCE, PERIOD, PING, SILENCE, Sender, candidates, ingress,
    },
    members::signed_post,
    plan::Mutation,
    world::{Event, GROUP, ToClient, ToHost, World},
};
use codec::Encode;
use parlance_bimp::{
    Account, Answer, Bounded, EnvelopeView, Key, List, Mailbox, Message, MessageId, OfMailbox,
    Reason, Request, SendMessage, Subscribe, SyncCursor, id::hash,
};
use parlance_relay_core::Who;

/// Who a client is.
enum Role {
    Sender(usize),
    Device(usize),
    Member(usize),
    Stranger,
}

impl World {
    /// Everybody who writes or reads.
    pub fn people(&mut self, account: impl Fn(usize) -> Account) {
        for n in 0..self.plan.senders {
            self.senders.push(Sender {
                account: Some(Account(hash(&[b"sender", &[n as u8]]))),
                own: Some(self.mailboxes[n % self.mailboxes.len()]),
                left: self.plan.messages_each,
                next: 1_500,
                ..Sender::default()
            });
        }
        for n in 0..self.plan.mailboxes {
            for number in 0..self.plan.devices {
                self.devices.push(Device {
                    account: account(n),
                    number,
                    mailbox: self.mailboxes[n],
                    attempts: 0,
                    avoid: Default::default(),
                    session: None,
                    relay: 0,
                    subscribed: false,
                    opened: 0,
                    heard: 0,
                    pinged: 0,
                    request: 0,
                    away_until: 0,
                    present_since: self.now,
                    seen: Default::default(),
                });
            }
        }
        self.start_members();
        for client in 0..self.stranger() {
            let delay = self.below(20);
            self.after(delay, Event::ClientTick(client));
        }
    }

    pub fn client_tick(&mut self, client: usize) {
        match self.role(client) {
            Role::Sender(s) => self.sender_tick(s),
            Role::Device(d) => self.device_tick(client, d),
            Role::Member(m) => self.member_tick(m),
            Role::Stranger => {}
        }
    }

    pub fn client_hears(&mut self, client: usize, session: u64, says: ToClient) {
        match self.role(client) {
            Role::Sender(s) => self.sender_hears(s, session, says),
            Role::Device(d) => self.device_hears(client, d, session, says),
            Role::Member(m) => self.member_hears(m, session, says),
            Role::Stranger => self.stranger_hears(says),
        }
    }

    fn role(&self, client: usize) -> Role {
        let (senders, devices) = (self.senders.len(), self.devices.len());
        match client {
            s if s < senders => Role::Sender(s),
            d if d < senders + devices => Role::Device(d - senders),
            m if m < senders + devices + self.members.len() => Role::Member(m - senders - devices),
            _ => Role::Stranger,
        }
    }

    fn sender_tick(&mut self, s: usize) {
        let sender = &self.senders[s];
        if sender.left > 0 && sender.open.len() < 4 && sender.next <= self.now {
            let spread = 2 * self.plan.faulty / u64::from(self.plan.messages_each);
            let pause = 1 + self.below(spread);
            let outgoing = self.compose(s);
            let sender = &mut self.senders[s];
            sender.left -= 1;
            sender.next = self.now + pause;
            sender.open.push(outgoing);
        }
        for index in 0..self.senders[s].open.len() {
            let outgoing = &self.senders[s].open[index];
            let (waiting, asked) = (outgoing.waiting, outgoing.asked);
            if self.now < outgoing.rest_until {
                continue;
            }
            match waiting {
                None => self.attempt(s, index),
                Some((session, _)) if self.now - asked >= PATIENCE => {
                    self.give_up(s, session);
                    self.attempt(s, index);
                }
                Some(_) => {}
            }
        }
    }

    /// A message nobody has sent before.
    fn compose(&mut self, s: usize) -> Outgoing {
        let number = self.checker.sent.len() as u64;
        let mut text = number.to_le_bytes().to_vec();
        text.push(s as u8);
        text.resize(512, 0x5A);
        let mut group = None;
        let for_group = self.plan.members > 0 && self.one_in(10);
        let (request, unpaid, keys, home) = if for_group {
            let ciphertext = Bounded::new(text).unwrap();
            let id = MessageId::of_group(&GROUP, ciphertext.as_slice());
            let message = Message::Group {
                group: GROUP,
                ciphertext: ciphertext.clone(),
            };
            let mut keys = Vec::new();
            for mailbox in self.mailboxes.clone() {
                let key = Key { mailbox, id };
                self.checker.sent.insert(key, message.encode());
                keys.push(key);
            }
            group = Some(ciphertext.clone());
            let newest = self.orders.newest;
            let mentioned = self.mailboxes[0];
            let request = signed_post(newest, &ciphertext, mentioned, b"ticket");
            let unpaid = signed_post(newest, &ciphertext, mentioned, b"");
            (request, unpaid, keys, GROUP.place())
        } else {
            let place = self.below(self.mailboxes.len() as u64) as usize;
            let mailbox = self.mailboxes[place];
            let mut envelope = vec![1];
            envelope.extend(mailbox.0);
            b"ticket".to_vec().encode_to(&mut envelope);
            text.encode_to(&mut envelope);
            let send = |envelope| {
                Request::Send(SendMessage {
                    envelope: Bounded::new(envelope).unwrap(),
                    keep: 0,
                })
            };
            let view = EnvelopeView::parse(&envelope).unwrap();
            let key = Key {
                mailbox,
                id: view.id(),
            };
            let stored = Message::Sealed(Bounded::new(view.without_ticket()).unwrap());
            self.checker.sent.insert(key, stored.encode());
            let unpaid = send(view.without_ticket());
            (send(envelope), unpaid, vec![key], mailbox)
        };
        Outgoing {
            keys,
            request,
            unpaid,
            home,
            began: self.now,
            asked: 0,
            waiting: None,
            rest_until: 0,
            attempts: 0,
            group,
        }
    }

    /// The session, and whatever waits on it, is given up.
    fn give_up(&mut self, s: usize, session: u64) {
        let now = self.now;
        let sender = &mut self.senders[s];
        let relay = sender
            .sessions
            .iter()
            .find(|(_, (id, _))| *id == session)
            .map(|(relay, _)| *relay);
        if let Some(relay) = relay {
            sender.sessions.remove(&relay);
            sender.avoid.insert(relay, now + AVOID);
            self.send_up(s, relay, session, ToHost::End);
        }
        for outgoing in &mut self.senders[s].open {
            if outgoing.waiting.is_some_and(|(id, _)| id == session) {
                outgoing.waiting = None;
            }
        }
    }

    fn attempt(&mut self, s: usize, index: usize) {
        let now = self.now;
        let outgoing = &self.senders[s].open[index];
        let (home, attempts) = (outgoing.home, outgoing.attempts);
        let drawn = (s, now / PERIOD);
        let paid = ingress(&self.list, &self.places, drawn, self.plan.ingress);
        let mut candidates = candidates(&self.routing, &self.places, &home);
        candidates.retain(|relay| !paid.contains(relay));
        candidates.splice(0..0, paid.iter().copied());
        let sender = &self.senders[s];
        let free = |relay: &&usize| sender.avoid.get(*relay).is_none_or(|until| *until <= now);
        let relay = candidates
            .iter()
            .find(free)
            .copied()
            .unwrap_or(candidates[attempts % candidates.len()]);
        if !self.senders[s].sessions.contains_key(&relay) {
            let session = self.new_session();
            self.senders[s].sessions.insert(relay, (session, 0));
            let sender = &self.senders[s];
            let who = Who::Device {
                account: sender.account.unwrap(),
                device: 0,
                mailboxes: sender.own.into_iter().collect(),
                owner: self.owner(),
            };
            self.send_up(s, relay, session, ToHost::Open(who));
        }
        let sender = &mut self.senders[s];
        let Some((session, last)) = sender.sessions.get_mut(&relay) else {
            return;
        };
        *last += 1;
        let (session, request) = (*session, *last);
        let outgoing = &mut sender.open[index];
        outgoing.waiting = Some((session, request));
        outgoing.asked = now;
        outgoing.attempts += 1;
        let is_paid = paid.contains(&relay);
        let body = match (&outgoing.group, is_paid) {
            // Signed anew: the group may have gone on.
            (Some(text), _) => {
                let ticket: &[u8] = if is_paid { b"ticket" } else { b"" };
                signed_post(self.orders.newest, text, self.mailboxes[0], ticket)
            }
            (None, true) => outgoing.request.clone(),
            (None, false) => outgoing.unpaid.clone(),
        };
        self.send_up(s, relay, session, ToHost::Ask(request, body));
    }

    fn sender_hears(&mut self, s: usize, session: u64, says: ToClient) {
        let ToClient::Answer(request, answer) = says else {
            return;
        };
        let now = self.now;
        let sender = &mut self.senders[s];
        let waits = Some((session, request));
        let Some(index) = sender.open.iter().position(|it| it.waiting == waits) else {
            return;
        };
        match answer {
            Answer::Send(_) => self.done(s, index),
            Answer::GroupSend(_) => self.done(s, index),
            Answer::Refused(refusal) => {
                let rest = match refusal.reason {
                    Reason::NoRoom | Reason::AllowanceUsedUp => 1_000,
                    _ => 20,
                };
                sender.open[index].rest_until = now + rest;
                let relay = sender.sessions.iter().find(|(_, (id, _))| *id == session);
                if let Some(relay) = relay.map(|(relay, _)| *relay) {
                    sender.avoid.insert(relay, now + 1_000);
                }
                sender.open[index].waiting = None;
            }
            _ => sender.open[index].waiting = None,
        }
    }

    fn done(&mut self, s: usize, index: usize) {
        let outgoing = self.senders[s].open.swap_remove(index);
        let took = self.now - outgoing.began;
        for key in outgoing.keys {
            self.checker.accept(key, self.now, took);
        }
    }

    fn device_tick(&mut self, client: usize, d: usize) {
        let now = self.now;
        let device = &self.devices[d];
        if now < device.away_until {
            self.devices[d].present_since = device.away_until;
            return self.disconnect(client, d);
        }
        let silent = match device.subscribed {
            true => now - device.heard >= SILENCE,
            false => now - device.opened >= PATIENCE,
        };
        if device.session.is_none() || silent {
            if device.session.is_some() {
                self.devices[d].leave(now);
            }
            self.disconnect(client, d);
            self.connect(client, d);
        } else if device.subscribed && now - device.pinged >= PING {
            let mailbox = device.mailbox;
            self.devices[d].pinged = now;
            self.device_asks(client, d, Request::Sync(SyncCursor { mailbox }));
        }
    }

    fn disconnect(&mut self, client: usize, d: usize) {
        let device = &mut self.devices[d];
        let relay = device.relay;
        device.subscribed = false;
        if let Some(session) = device.session.take() {
            self.send_up(client, relay, session, ToHost::End);
        }
    }

    fn connect(&mut self, client: usize, d: usize) {
        let mailbox = self.devices[d].mailbox;
        let session = self.new_session();
        let owner = self.owner();
        let device = &mut self.devices[d];
        device.relay = device.choose(&self.routing, &self.places, self.now);
        device.session = Some(session);
        device.opened = self.now;
        device.request = 0;
        let who = Who::Device {
            account: device.account,
            device: device.number,
            mailboxes: vec![mailbox],
            owner,
        };
        let relay = device.relay;
        self.send_up(client, relay, session, ToHost::Open(who));
        let subscribe = Subscribe { mailbox, window: 0 };
        self.device_asks(client, d, Request::Subscribe(subscribe));
    }

    fn device_asks(&mut self, client: usize, d: usize, request: Request) {
        let device = &mut self.devices[d];
        device.request += 1;
        let (relay, number) = (device.relay, device.request);
        if let Some(session) = device.session {
            self.send_up(client, relay, session, ToHost::Ask(number, request));
        }
    }

    fn device_hears(&mut self, client: usize, d: usize, session: u64, says: ToClient) {
        let now = self.now;
        let forgets = self.plan.mutation == Mutation::ForgetfulDevices;
        let device = &mut self.devices[d];
        if device.session != Some(session) || now < device.away_until {
            return;
        }
        device.heard = now;
        match says {
            ToClient::Answer(_, Answer::Subscribe(_)) => device.subscribed = true,
            ToClient::Answer(1, Answer::Refused(_)) | ToClient::Moved | ToClient::End => {
                device.leave(now);
                self.disconnect(client, d);
            }
            ToClient::Answer(..) | ToClient::Grown(_) => {}
            ToClient::Deliver(key, message) => {
                let fresh = device.seen.insert(key.id, ()).is_none();
                let (number, since) = (device.number, device.present_since);
                if fresh || forgets {
                    self.checker.show(key, number, &message, now, since);
                }
                let ids = List::new(vec![key.id]).unwrap();
                let mailbox: Mailbox = key.mailbox;
                let acknowledge = Request::Acknowledge(OfMailbox { mailbox, ids });
                self.device_asks(client, d, acknowledge);
            }
        }
    }
}
