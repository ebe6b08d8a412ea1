//! Copies on their way to devices themselves, and what comes that way (D2-D9).

mod way;

use super::Engine;
use crate::{
    Effect, Encryption, Error, Event, Storage,
    direct::{Hand, Offer, Way},
    limits::{ANSWER_LIFE, DIRECT_AGAIN, DIRECT_PATIENCE},
    outbox::{Outbox, Stage},
};
use parlance_bimp::{Bounded, EnvelopeView, MessageId};
use parlance_e2ee::{DeviceAddress, Envelope};
use rand_core::CryptoRng;

/// How often the pause between two offers of one copy doubles.
const MOST_DOUBLINGS: u32 = 3;

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    /// Whether a sealed copy is still offered to its device, and is not to be sent to relays (D2).
    pub(super) fn goes_directly(&mut self, number: u64) -> bool {
        let now = self.clock.steady;
        let attempts = self.outbox.sealed.get(&number).map(|it| it.attempts);
        let to = self.outbox.get(number).map(|copy| copy.to);
        let (Some(attempts), Some(to)) = (attempts, to) else {
            return false;
        };
        // D9.
        if self.appearance.reach.is_none() || !self.is_contact(&to) {
            return false;
        }
        let hand = *self.direct.hands.entry(number).or_insert(Hand {
            since: now,
            ask: None,
            over: attempts > 0,
            again: 0,
        });
        if hand.over {
            self.offer_again(number, to, hand);
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
        let goes = match self.way(to) {
            Some(Way::There { .. }) => return self.offer(number, to),
            Some(Way::Asked { .. }) => true,
            Some(Way::Away { .. }) => false,
            None => self.look_up(to),
        };
        if !goes {
            self.give_up_directly(number);
        }
        goes
    }

    /// D8: relays do not take it, and its device may be there.
    fn offer_again(&mut self, number: u64, to: DeviceAddress, hand: Hand) {
        let now = self.clock.steady;
        let pause = DIRECT_AGAIN << hand.again.min(MOST_DOUBLINGS);
        if now < hand.since.saturating_add(pause) {
            return;
        }
        match self.way(to) {
            Some(Way::There { .. }) => {
                if let Some(hand) = self.direct.hands.get_mut(&number) {
                    hand.since = now;
                    hand.again = hand.again.saturating_add(1);
                }
                self.offer(number, to);
            }
            Some(Way::Asked { .. } | Way::Away { .. }) => {}
            None => {
                self.look_up(to);
            }
        }
    }

    fn give_up_directly(&mut self, number: u64) {
        if let Some(hand) = self.direct.hands.get_mut(&number) {
            hand.over = true;
        }
    }

    /// D3.
    fn offer(&mut self, number: u64, to: DeviceAddress) -> bool {
        let (at, reach) = (self.clock.steady, self.reach_of(&to));
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
        if self.appearance.reach.is_none() || !self.is_contact(&to) {
            return false;
        }
        let Some(Way::There { .. }) = self.way(to) else {
            return false;
        };
        let reach = self.reach_of(&to);
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
        let may = self.appearance.reach.is_some() && self.is_contact(&to);
        if may && self.way(to).is_none() {
            self.look_up(to);
        }
        self.offer_once(to, envelope)
    }

    /// A device's answer to an offer.
    pub(super) fn offered(&mut self, ask: u64, taken: bool) -> Result<(), Error> {
        let Some(offer) = self.direct.offers.remove(&ask) else {
            return Ok(());
        };
        self.works(offer.to);
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
        let worked = self.direct.connected.remove(&device);
        let lost = |_: &u64, offer: &mut Offer| offer.to == device;
        let lost: Vec<Offer> = self
            .direct
            .offers
            .extract_if(.., lost)
            .map(|(_, offer)| offer)
            .collect();
        // A connection that nobody needed, or one that has ended since it was last used: the next one may be made elsewhere.
        if lost.is_empty() || worked {
            if !matches!(self.direct.ways.get(&device), Some(Way::Away { .. })) {
                self.direct.ways.remove(&device);
            }
            for offer in lost {
                if let Some(hand) = self.direct.hands.get_mut(&offer.copy) {
                    hand.ask = None;
                }
            }
            return;
        }
        for offer in lost {
            self.give_up_directly(offer.copy);
        }
        self.leave_alone(device);
    }

    /// What is offered to it and not answered goes through relays, and nothing more is offered for a while (D2).
    fn leave_alone(&mut self, device: DeviceAddress) {
        self.cannot_be_reached(device);
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
        self.direct.sought.retain(|_, sought| sought.at >= oldest);
    }
}
