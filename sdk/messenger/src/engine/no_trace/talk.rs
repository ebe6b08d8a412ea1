//! What is said in a conversation without a trace (N4, N5, N7).

use super::Private;
use crate::{
    Encryption, Error, Storage,
    engine::Engine,
    history::ContentId,
    inbox::{Sequence, sequence_of, with_extensions},
    limits::{MAX_WHISPERS, NO_TRACE_AGAIN, NO_TRACE_KEEP},
    no_trace::{NO_TRACE, NoTraceEnd, NoTraceNews},
};
use parlance_bimp::Account;
use parlance_e2ee::{
    Body, Content, DeviceAddress, Envelope, IdentityPublic, List, Sender,
    content::{NoTrace, Receipt, ReceiptKind},
};
use rand_core::CryptoRng;
use std::collections::BTreeMap;

/// Something said that the other device has not confirmed.
struct Whisper {
    id: ContentId,
    content: Content,
    sent: u64,
    attempts: usize,
}

/// The other device.
pub(in crate::engine) struct Peer {
    pub(super) address: DeviceAddress,
    /// Its identity in this conversation.
    identity: IdentityPublic,
    /// Its identity on record, which envelopes are sealed for.
    sealed_for: IdentityPublic,
    /// When something of it came.
    pub(super) heard: u64,
    /// When something was sent to it.
    pub(super) told: u64,
    next_out: u64,
    next_in: u64,
    /// Which way the last sign of life went.
    by_relay: bool,
    unconfirmed: BTreeMap<u64, Whisper>,
    early: BTreeMap<u64, Content>,
}

impl Peer {
    pub(super) fn new(
        address: DeviceAddress,
        identity: IdentityPublic,
        sealed_for: IdentityPublic,
        now: u64,
    ) -> Self {
        Self {
            address,
            identity,
            sealed_for,
            heard: now,
            told: now,
            next_out: 1,
            next_in: 1,
            by_relay: false,
            unconfirmed: BTreeMap::new(),
            early: BTreeMap::new(),
        }
    }
}

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    fn with_peer(&mut self, with: Account) -> Option<(&mut Private, u64)> {
        let now = self.clock.steady;
        let private = self.private.as_mut().filter(|it| it.with == with)?;
        private.peer.is_some().then_some((private, now))
    }

    pub(super) fn say_no_trace(&mut self, with: Account, body: Body) -> Result<ContentId, Error> {
        if !matches!(body, Body::Text(_) | Body::Reply(_)) {
            return Err(Error::NotToSay);
        }
        let mut id = [0; 16];
        self.rng.fill_bytes(&mut id);
        let at = self.clock.wall;
        let Some((private, now)) = self.with_peer(with) else {
            return Err(Error::NobodyWithoutTrace);
        };
        let Some(peer) = &mut private.peer else {
            return Err(Error::NobodyWithoutTrace);
        };
        let waiting = peer.unconfirmed.len();
        if waiting >= MAX_WHISPERS {
            return Err(Error::OutboxFull { waiting });
        }
        let content = Content::new(id, at, body.clone());
        content.to_bytes()?;
        let number = peer.next_out;
        peer.next_out = number.saturating_add(1);
        peer.unconfirmed.insert(
            number,
            Whisper {
                id,
                content,
                // Sent with this call's work.
                sent: now.saturating_sub(NO_TRACE_AGAIN),
                attempts: 0,
            },
        );
        let own = true;
        self.news(with, NoTraceNews::Said { id, own, body, at });
        Ok(id)
    }

    /// Sends what was said and is not confirmed.
    pub(super) fn whisper_again(&mut self) {
        let now = self.clock.steady;
        let Some(private) = &mut self.private else {
            return;
        };
        let Some(peer) = &mut private.peer else {
            return;
        };
        let mut due = Vec::new();
        for (number, whisper) in &mut peer.unconfirmed {
            if now < whisper.sent.saturating_add(NO_TRACE_AGAIN) {
                continue;
            }
            due.push((*number, whisper.content.clone(), whisper.attempts));
            whisper.sent = now;
            whisper.attempts = whisper.attempts.saturating_add(1);
        }
        for (number, content, attempts) in due {
            self.whisper(&content, Some(number), attempts);
        }
    }

    /// Sends something that is not confirmed.
    pub(super) fn whisper_once(&mut self, with: Account, body: Body) {
        self.whisper_by(with, body, 0);
    }

    /// A sign of life, directly and through relays in turn: whether the one way serves is not told.
    pub(super) fn give_sign(&mut self, with: Account) {
        let Some((private, _)) = self.with_peer(with) else {
            return;
        };
        let Some(peer) = &mut private.peer else {
            return;
        };
        peer.by_relay = !peer.by_relay;
        let attempt = usize::from(peer.by_relay);
        self.whisper_by(with, Body::NoTrace(NoTrace::Alive), attempt);
    }

    fn whisper_by(&mut self, with: Account, body: Body, attempt: usize) {
        if self.with_peer(with).is_none() {
            return;
        }
        let mut id = [0; 16];
        self.rng.fill_bytes(&mut id);
        let content = Content::new(id, self.clock.wall, body);
        self.whisper(&content, None, attempt);
    }

    fn whisper(&mut self, content: &Content, number: Option<u64>, attempts: usize) {
        let now = self.clock.steady;
        let sender = self.encryption.sender();
        let Some(private) = &mut self.private else {
            return;
        };
        let Some(peer) = &mut private.peer else {
            return;
        };
        let Some(mailbox) = self.looks.mailbox(&private.with) else {
            return;
        };
        peer.told = now;
        // One from beginning to end.
        let stream = 1;
        let sequence = number.map(|number| Sequence { stream, number });
        let plaintext = content
            .to_bytes()
            .and_then(|bytes| with_extensions(&bytes, sequence, None));
        let rng = &mut self.rng;
        let sent = plaintext.and_then(|it| private.device.encrypt_for(&[peer.address], &it, rng));
        let Some(sent) = sent.ok().and_then(|mut sent| sent.messages.pop()) else {
            return;
        };
        let mut message = vec![NO_TRACE];
        message.extend(sent.message);
        let (to, none) = (&peer.sealed_for, Vec::new());
        let sealed = Envelope::seal(&sender, to, mailbox.0, none, &message, &mut self.rng);
        let to = peer.address;
        if let Ok(envelope) = sealed
            && !(attempts == 0 && self.offer_now(to, &envelope))
        {
            self.send_once(&mailbox, envelope, (attempts, NO_TRACE_KEEP));
        }
    }

    /// N7: a message of a conversation without a trace, or of one that is over.
    pub(in crate::engine) fn take_whisper(&mut self, from: DeviceAddress, message: &[u8]) {
        let now = self.clock.steady;
        let Some(private) = &mut self.private else {
            return;
        };
        let with = private.with;
        let Some(peer) = private.peer.as_mut().filter(|peer| peer.address == from) else {
            return;
        };
        let claimed = Sender {
            address: from,
            identity: peer.identity,
        };
        let Ok(received) = private.device.decrypt(&claimed, message) else {
            return;
        };
        peer.heard = now;
        let Ok(content) = Content::from_bytes(&received.plaintext) else {
            return;
        };
        match content.body {
            Body::NoTrace(NoTrace::End { session }) if session == private.session => {
                self.end_no_trace(NoTraceEnd::They);
            }
            Body::Typing(state) => self.news(with, NoTraceNews::Typing(state)),
            Body::Receipt(Receipt {
                kind: ReceiptKind::Delivered,
                messages,
            }) => self.whispers_confirmed(with, messages.as_slice()),
            Body::Text(_) | Body::Reply(_) => self.take_said(with, content),
            _ => {}
        }
    }

    fn whispers_confirmed(&mut self, with: Account, ids: &[ContentId]) {
        let Some((private, _)) = self.with_peer(with) else {
            return;
        };
        let Some(peer) = &mut private.peer else {
            return;
        };
        let mut done = Vec::new();
        peer.unconfirmed.retain(|_, whisper| {
            let confirmed = ids.contains(&whisper.id);
            done.extend(confirmed.then_some(whisper.id));
            !confirmed
        });
        for id in done {
            self.news(with, NoTraceNews::Delivered { id });
        }
    }

    /// N5.
    fn take_said(&mut self, with: Account, content: Content) {
        let (id, number) = (content.id, sequence_of(&content).map(|it| it.number));
        let Some((private, _)) = self.with_peer(with) else {
            return;
        };
        let (Some(peer), Some(number)) = (&mut private.peer, number) else {
            return;
        };
        let mut shown = Vec::new();
        // Whoever sends it again has not heard of it: the confirmation takes the other way.
        let again = number < peer.next_in;
        if !again {
            if peer.early.len() >= MAX_WHISPERS && number != peer.next_in {
                return;
            }
            peer.early.insert(number, content);
            while let Some(next) = peer.early.remove(&peer.next_in) {
                peer.next_in = peer.next_in.saturating_add(1);
                shown.push(next);
            }
        }
        let own = false;
        for Content {
            id,
            body,
            sent_at: at,
            ..
        } in shown
        {
            self.news(with, NoTraceNews::Said { id, own, body, at });
        }
        if let Ok(messages) = List::new(vec![id], "receipt") {
            let kind = ReceiptKind::Delivered;
            let body = Body::Receipt(Receipt { kind, messages });
            self.whisper_by(with, body, usize::from(again));
        }
    }
}
