//! Copies on their way to devices themselves, and what comes that way (D1-D6).

use super::{Engine, Purpose};
use crate::{
    Effect, Encryption, Error, Event, Storage,
    direct::{Hand, Offer, Way},
    limits::{
        ANSWER_LIFE, AWAY, CLOCKS_DIFFER, DIRECT_PATIENCE, MAX_WAYS, PRESENCE_LIFE, PRESENCE_PASS,
        PRESENCE_RELAYS, UNREACHABLE,
    },
    outbox::{Outbox, Stage},
    presence::Content,
};
use parlance_bimp::{
    Account, Answer, Bounded, EnvelopeView, LookUpPresence, MessageId, PresenceKey, Request,
};
use parlance_e2ee::{DeviceAddress, Envelope, Sender, presence::WINDOW};
use rand_core::CryptoRng;

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    /// Whether a sealed copy is still offered to its device, and is not to be sent to relays (D2).
    pub(super) fn goes_directly(&mut self, number: u64) -> bool {
        let now = self.clock.steady;
        let attempts = self.outbox.sealed.get(&number).map(|it| it.attempts);
        if self.appearance.reach.is_none() || attempts != Some(0) {
            return false;
        }
        let Some(to) = self.outbox.get(number).map(|copy| copy.to) else {
            return false;
        };
        let hand = *self.direct.hands.entry(number).or_insert(Hand {
            since: now,
            ask: None,
            over: false,
        });
        if hand.over {
            return false;
        }
        if now >= hand.since.saturating_add(DIRECT_PATIENCE) {
            // Whoever has taken nothing in so long is not there.
            match hand.ask {
                Some(_) => self.leave_alone(to),
                None => self.is_away(to),
            }
            self.give_up_directly(number);
            return false;
        }
        if hand.ask.is_some() {
            return true;
        }
        match self.way(to) {
            Some(Way::There { .. }) => self.offer(number, to),
            Some(Way::Asked { .. }) => true,
            Some(Way::Away { .. }) => {
                self.give_up_directly(number);
                false
            }
            None => match self.look_up(to) {
                true => true,
                false => {
                    self.give_up_directly(number);
                    false
                }
            },
        }
    }

    fn give_up_directly(&mut self, number: u64) {
        if let Some(hand) = self.direct.hands.get_mut(&number) {
            hand.over = true;
        }
    }

    /// What is known of the present.
    fn way(&mut self, to: DeviceAddress) -> Option<&Way> {
        let now = self.clock.steady;
        let is_past = match self.direct.ways.get(&to)? {
            Way::There { until, .. } | Way::Away { until, .. } => *until <= now,
            Way::Asked { .. } => false,
        };
        if is_past {
            self.direct.ways.remove(&to);
        }
        self.direct.ways.get(&to)
    }

    fn set_way(&mut self, to: DeviceAddress, way: Way) {
        while self.direct.ways.len() >= MAX_WAYS && !self.direct.ways.contains_key(&to) {
            self.direct.ways.pop_first();
        }
        self.direct.ways.insert(to, way);
    }

    /// D1. Whether anything was asked.
    fn look_up(&mut self, to: DeviceAddress) -> bool {
        let account = Account(to.account);
        let Some(mailbox) = self.looks.mailbox(&account) else {
            return false;
        };
        let wall = self.clock.wall / 1_000;
        let Some(contact) = self.device_of(to) else {
            return false;
        };
        let Some(pairing) = self.pairing(&contact) else {
            return false;
        };
        let (window, passed) = pairing.window(wall);
        let edge = CLOCKS_DIFFER / 1_000;
        let beside = match passed {
            early if early < edge => window.checked_sub(1),
            late if late >= WINDOW.saturating_sub(edge) => window.checked_add(1),
            _ => None,
        };
        let places: Vec<(u64, PresenceKey)> = [Some(window), beside]
            .into_iter()
            .flatten()
            .map(|window| (window, PresenceKey(pairing.their_place(window))))
            .collect();
        let mut left = 0;
        for relay in self
            .relays
            .set_of(&mailbox)
            .into_iter()
            .take(PRESENCE_RELAYS)
        {
            for (window, key) in &places {
                let purpose = Purpose::Presence(to, *window);
                self.ask(
                    relay,
                    purpose,
                    Request::LookUpPresence(LookUpPresence { key: *key }),
                );
                left += 1;
            }
        }
        if left > 0 {
            self.set_way(to, Way::Asked { left });
        }
        left > 0
    }

    /// A device as its account's record lists it.
    fn device_of(&self, device: DeviceAddress) -> Option<Sender> {
        let known = self.encryption.known(&Account(device.account));
        known.into_iter().find(|sender| sender.address == device)
    }

    /// What a relay says of a device's presence.
    pub(super) fn looked_up(&mut self, device: DeviceAddress, window: u64, answer: &Answer) {
        let found = match answer {
            Answer::LookUpPresence(found) => found.record.as_ref(),
            _ => None,
        };
        let read = found.and_then(|record| self.read_presence(device, window, record.as_slice()));
        match read {
            Some(way) => self.set_way(device, way),
            None => self.not_found(device),
        }
    }

    fn read_presence(&mut self, device: DeviceAddress, window: u64, record: &[u8]) -> Option<Way> {
        let clock = self.clock;
        let contact = self.device_of(device)?;
        let content = self.pairing(&contact)?.open(window, record).ok()?;
        let Content { ends, reach } = Content::from_bytes(&content)?;
        let left = ends.saturating_add(CLOCKS_DIFFER).checked_sub(clock.wall)?;
        let until = clock.steady.saturating_add(left.min(PRESENCE_LIFE));
        (!reach.is_nowhere()).then_some(Way::There { reach, until })
    }

    /// One answer less to come, and it brought nothing.
    pub(super) fn not_found(&mut self, device: DeviceAddress) {
        if let Some(Way::Asked { left }) = self.direct.ways.get_mut(&device) {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.is_away(device);
            }
        }
    }

    fn is_away(&mut self, device: DeviceAddress) {
        let until = self.clock.steady.saturating_add(AWAY);
        let tried = false;
        self.set_way(device, Way::Away { until, tried });
    }

    /// Something came from a device: if it is present now, its next pass tells.
    pub(super) fn heard_of(&mut self, device: &DeviceAddress) {
        let soon = self.clock.steady.saturating_add(PRESENCE_PASS);
        if let Some(Way::Away {
            until,
            tried: false,
        }) = self.direct.ways.get_mut(device)
        {
            *until = soon.min(*until);
        }
    }

    /// D3.
    fn offer(&mut self, number: u64, to: DeviceAddress) -> bool {
        let at = self.clock.steady;
        let Some(Way::There { reach, .. }) = self.direct.ways.get(&to) else {
            return false;
        };
        let reach = reach.clone();
        let Some(Stage::Sealed(sealed)) = self.outbox.get(number).map(|copy| &copy.stage) else {
            return false;
        };
        let (Some(message), Ok(envelope)) = (Outbox::message(sealed), Bounded::new(&sealed[..]))
        else {
            return false;
        };
        let ask = self.next_ask;
        self.next_ask = ask.saturating_add(1);
        let offer = Offer {
            copy: number,
            message,
            to,
            at,
        };
        self.direct.offers.insert(ask, offer);
        if let Some(hand) = self.direct.hands.get_mut(&number) {
            hand.ask = Some(ask);
        }
        self.effects.push_back(Effect::Offer {
            to,
            reach,
            ask,
            envelope,
        });
        true
    }

    /// What is of use only now goes to a device that is known to be there, once (O4).
    pub(super) fn offer_once(&mut self, to: DeviceAddress, envelope: &Envelope) -> bool {
        if self.appearance.reach.is_none() {
            return false;
        }
        let Some(Way::There { reach, .. }) = self.way(to) else {
            return false;
        };
        let reach = reach.clone();
        let Ok(envelope) = Bounded::new(envelope.to_bytes()) else {
            return false;
        };
        // Its answer means nothing.
        let ask = self.next_ask;
        self.next_ask = ask.saturating_add(1);
        self.effects.push_back(Effect::Offer {
            to,
            reach,
            ask,
            envelope,
        });
        true
    }

    /// The same; if nothing is known of the device, it is looked up for the next time.
    pub(super) fn offer_now(&mut self, to: DeviceAddress, envelope: &Envelope) -> bool {
        if self.appearance.reach.is_some() && self.way(to).is_none() {
            self.look_up(to);
        }
        self.offer_once(to, envelope)
    }

    /// A device's answer to an offer.
    pub(super) fn offered(&mut self, ask: u64, taken: bool) -> Result<(), Error> {
        let Some(offer) = self.direct.offers.remove(&ask) else {
            return Ok(());
        };
        if !taken {
            self.give_up_directly(offer.copy);
            return Ok(());
        }
        self.handed_over(offer)
    }

    /// D4.
    fn handed_over(&mut self, offer: Offer) -> Result<(), Error> {
        let Some(copy) = self.outbox.get(offer.copy) else {
            return Ok(());
        };
        let Stage::Sealed(sealed) = &copy.stage else {
            return Ok(());
        };
        // An answer for the bytes before it was encrypted anew.
        if Outbox::message(sealed) != Some(offer.message) {
            return Ok(());
        }
        let mut copy = copy.clone();
        copy.stage = Stage::Accepted;
        let (conversation, id, to) = (copy.conversation, copy.id, copy.to);
        match copy.sequence {
            Some(_) => self.put_copy(copy),
            None => drop(self.remove_copy(offer.copy)),
        }
        self.tell(Event::HandedOver { device: to, id });
        match to.account == conversation.0 {
            true => self.settle(conversation, &id),
            false => Ok(()),
        }
    }

    /// There is no connection to a device, or none any more.
    pub(super) fn unreached(&mut self, device: DeviceAddress) {
        let lost = |_: &u64, offer: &mut Offer| offer.to == device;
        let lost: Vec<Offer> = self
            .direct
            .offers
            .extract_if(.., lost)
            .map(|(_, offer)| offer)
            .collect();
        if lost.is_empty() {
            // A connection that nobody needed: the next one may be made elsewhere.
            self.direct.ways.remove(&device);
            return;
        }
        for offer in lost {
            self.give_up_directly(offer.copy);
        }
        self.leave_alone(device);
    }

    /// What is offered to it and not answered goes through relays, and nothing more is offered for a while (D2).
    fn leave_alone(&mut self, device: DeviceAddress) {
        let until = self.clock.steady.saturating_add(UNREACHABLE);
        let tried = true;
        self.set_way(device, Way::Away { until, tried });
        let offers = self.direct.offers.values();
        let copies: Vec<u64> = offers
            .filter(|offer| offer.to == device)
            .map(|offer| offer.copy)
            .collect();
        for copy in copies {
            self.give_up_directly(copy);
        }
    }

    /// D5: a device of a contact delivers.
    pub(super) fn called(
        &mut self,
        call: u64,
        from: DeviceAddress,
        envelope: &[u8],
    ) -> Result<(), Error> {
        let taken = self.is_called(from, envelope)?;
        self.effects.push_back(Effect::Took { call, taken });
        Ok(())
    }

    fn is_called(&mut self, from: DeviceAddress, envelope: &[u8]) -> Result<bool, Error> {
        if self.may_call(&from).is_none() {
            return Ok(false);
        }
        let Some(view) = EnvelopeView::parse(envelope) else {
            return Ok(false);
        };
        if view.mailbox != self.mailbox() {
            return Ok(false);
        }
        let id: MessageId = view.id();
        if self.seen.contains_key(&id) || self.held.contains_key(&id) {
            return Ok(true);
        }
        self.open_called(id, envelope)
    }

    /// What is of copies and offers that are done is forgotten.
    pub(super) fn tidy_direct(&mut self) {
        let sealed = &self.outbox.sealed;
        self.direct
            .hands
            .retain(|number, _| sealed.contains_key(number));
        let oldest = self.clock.steady.saturating_sub(ANSWER_LIFE);
        self.direct.offers.retain(|_, offer| offer.at >= oldest);
    }
}
