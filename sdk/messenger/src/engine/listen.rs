//! The subscription, and acknowledgements (I2, R3).

use super::{Engine, Purpose};
use crate::{
    Effect, Encryption, Event, Storage,
    limits::{CALM_PING, CALM_SILENCE, PING, SILENCE},
    relays::Relays,
};
use parlance_bimp::{List, OfMailbox, RelayId, Request, Subscribe, SyncCursor, limits::MAX_IDS};
use rand_core::CryptoRng;

/// Where the device listens.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Subscription {
    relay: Option<RelayId>,
    ask: u64,
    subscribed: bool,
    opened: u64,
    heard: u64,
    pinged: u64,
    attempts: usize,
}

impl Subscription {
    /// The relay that delivers.
    pub fn at(&self) -> Option<RelayId> {
        self.relay.filter(|_| self.subscribed)
    }

    /// When it was heard last.
    pub fn heard(&self) -> u64 {
        self.heard
    }

    pub fn at_or_on_its_way(&self) -> Option<RelayId> {
        self.relay
    }
}

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    pub(super) fn listen(&mut self) {
        let now = self.clock.steady;
        let (ping, silence) = match self.attention {
            true => (PING, SILENCE),
            false => (CALM_PING, CALM_SILENCE),
        };
        // G8.
        let ping = if self.waits_for_quiet() { PING } else { ping };
        let at = self.subscription;
        let Some(relay) = at.relay else {
            return self.subscribe();
        };
        let silent = match at.subscribed {
            true => now >= at.heard.saturating_add(silence),
            false => now >= at.opened.saturating_add(Relays::patience(at.attempts)),
        };
        if silent {
            self.effects.push_back(Effect::Close { relay });
            // What else was asked there has to be asked elsewhere.
            self.lost(relay);
            self.subscribe();
        } else if at.subscribed && now >= at.pinged.saturating_add(ping) {
            self.subscription.pinged = now;
            let mailbox = self.mailbox();
            let request = Request::Sync(SyncCursor { mailbox });
            self.ask(relay, Purpose::Nothing, request);
        }
    }

    fn subscribe(&mut self) {
        let (now, mailbox) = (self.clock.steady, self.mailbox());
        let attempts = self.subscription.attempts;
        let first = self.me().device;
        let Some(relay) = self.relays.choose(&mailbox, first, attempts, now) else {
            return;
        };
        let window = 0;
        let request = Request::Subscribe(Subscribe { mailbox, window });
        let ask = self.ask(relay, Purpose::Subscribe, request);
        self.subscription = Subscription {
            relay: Some(relay),
            ask,
            opened: now,
            attempts: attempts.saturating_add(1),
            ..Subscription::default()
        };
    }

    pub(super) fn subscribed(&mut self, (relay, ask): (RelayId, u64), is: bool) {
        let now = self.clock.steady;
        if self.subscription.relay != Some(relay) || self.subscription.ask != ask {
            return;
        }
        if !is {
            self.relays.avoid(relay, now);
            return self.unlisten();
        }
        self.subscription.subscribed = true;
        self.subscription.attempts = 0;
        self.subscription.heard = now;
        self.subscription.pinged = now;
        let relay = Some(relay);
        self.tell(Event::Listening { relay });
    }

    pub(super) fn heard(&mut self, relay: RelayId) {
        if self.subscription.relay == Some(relay) {
            self.subscription.heard = self.clock.steady;
        }
    }

    /// The device subscribes anew with its next work.
    pub(super) fn unlisten(&mut self) {
        if self.subscription.at().is_some() {
            self.tell(Event::Listening { relay: None });
            self.is_alone();
        }
        self.subscription.relay = None;
        self.subscription.subscribed = false;
    }

    /// What is in this batch is acknowledged after it.
    pub(super) fn acknowledge(&mut self) {
        for ((relay, mailbox), ids) in std::mem::take(&mut self.acknowledgements) {
            for ids in ids.chunks(MAX_IDS) {
                if let Ok(ids) = List::new(ids.to_vec()) {
                    let request = Request::Acknowledge(OfMailbox { mailbox, ids });
                    self.ask(relay, Purpose::Nothing, request);
                }
            }
        }
    }
}
