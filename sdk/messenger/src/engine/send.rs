//! Sealed copies on their way to relays, and what relays answer.

use super::{Asked, Engine, Purpose};
use crate::{
    Directory, Effect, Encryption, Error, Event, Row, Storage,
    history::ContentId,
    limits::{IN_FLIGHT, LONGEST_PATIENCE},
    outbox::Stage,
    relays::Relays,
};
use parlance_bimp::{
    Accepted, Account, Answer, Bounded, EnvelopeView, Mailbox, Reason, Refusal, RelayId, Request,
    SendMessage,
};
use parlance_e2ee::{DeviceAddress, Envelope};
use rand_core::CryptoRng;

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    pub(super) fn take_directory(&mut self, directory: Directory) -> Result<(), Error> {
        if directory.period != self.directory.period {
            self.end_period(directory.period);
        }
        self.relays.set(&directory);
        self.directory = directory;
        Ok(())
    }

    /// Sends what is sealed (O5, R2).
    pub(super) fn send(&mut self) {
        let now = self.clock.steady;
        self.tidy_direct();
        let numbers: Vec<u64> = self.outbox.sealed.keys().copied().collect();
        let mut in_flight = 0;
        for number in numbers {
            if self.goes_directly(number) {
                continue;
            }
            let Some(attempt) = self.outbox.sealed.get(&number) else {
                continue;
            };
            if let Some(ask) = attempt.ask {
                let patience = Relays::patience(attempt.attempts.saturating_sub(1));
                if now < attempt.asked.saturating_add(patience) {
                    in_flight += 1;
                    continue;
                }
                // Its answer still counts if it comes.
                if let Some(asked) = self.asks.get(&ask) {
                    self.relays.avoid(asked.relay, now);
                }
            }
            let rests = self.outbox.sealed.get(&number).map(|it| it.rest_until);
            if in_flight >= IN_FLIGHT || rests.is_some_and(|until| now < until) {
                self.no_answer(number);
                continue;
            }
            if self.attempt(number) {
                in_flight += 1;
            }
        }
    }

    fn no_answer(&mut self, number: u64) {
        if let Some(attempt) = self.outbox.sealed.get_mut(&number) {
            attempt.ask = None;
        }
    }

    fn attempt(&mut self, number: u64) -> bool {
        self.no_answer(number);
        let now = self.clock.steady;
        let Some(Stage::Sealed(sealed)) = self.outbox.get(number).map(|copy| &copy.stage) else {
            return false;
        };
        let sealed = sealed.clone();
        let (Some(view), Ok(mut envelope)) =
            (EnvelopeView::parse(&sealed), Envelope::from_bytes(&sealed))
        else {
            return false;
        };
        let Some(attempt) = self.outbox.sealed.get(&number) else {
            return false;
        };
        let (device, attempts) = (self.me().device, attempt.attempts);
        let chosen = self.relays.way(&view.mailbox, device, attempts, now);
        let Some(relay) = chosen else {
            return false;
        };
        // P1: the same message to the same relay is counted once in a period.
        let charge = self.charge_of(relay);
        let counted = charge.is_none_or(|charge| attempt.charged.contains(&charge));
        let bytes = if counted { 0 } else { sealed.len() };
        let ticket = self.ticket(relay, bytes);
        if envelope.set_ticket(ticket).is_err() {
            return false;
        }
        let Ok(envelope) = Bounded::new(envelope.to_bytes()) else {
            return false;
        };
        let request = Request::Send(SendMessage { envelope, keep: 0 });
        let ask = self.ask(relay, Purpose::Copy(number), request);
        if let Some(attempt) = self.outbox.sealed.get_mut(&number) {
            attempt.charged.extend(charge.filter(|_| !counted));
            attempt.ask = Some(ask);
            attempt.asked = now;
            attempt.attempts = attempt.attempts.saturating_add(1);
        }
        true
    }

    pub(super) fn answered(&mut self, ask: u64, answer: Answer) -> Result<(), Error> {
        let Some(Asked {
            relay,
            purpose,
            at: asked_at,
        }) = self.asks.remove(&ask)
        else {
            return Ok(());
        };
        self.heard(relay);
        let refusal = match &answer {
            Answer::Refused(refusal) => Some(*refusal),
            _ => {
                self.relays.is_there(&relay);
                None
            }
        };
        // The list of relays is old, or the period.
        let old = [Reason::NotResponsible, Reason::BadTicket];
        if refusal.is_some_and(|it| old.contains(&it.reason)) {
            self.effects.push_back(Effect::Directory);
        }
        match (purpose, answer) {
            (Purpose::Copy(number), Answer::Send(accepted)) => {
                let took = self.clock.steady.saturating_sub(asked_at);
                self.note_upload(relay, took);
                self.accepted(number, accepted)
            }
            (Purpose::Copy(number), _) => {
                self.refused(number, (relay, ask), refusal);
                Ok(())
            }
            (Purpose::Fetch(device), answer) => {
                self.fetched(device, (relay, ask), answer);
                Ok(())
            }
            (Purpose::Publish { created, tops_up }, answer) => {
                self.published(relay, (created, tops_up), answer);
                Ok(())
            }
            (Purpose::Subscribe, answer) => {
                if let Answer::Subscribe(waiting) = &answer {
                    self.mailbox_opened(waiting.messages);
                }
                self.subscribed((relay, ask), matches!(answer, Answer::Subscribe(_)));
                Ok(())
            }
            (Purpose::Group(purpose), answer) => self.group_answered(purpose, (relay, ask), answer),
            (Purpose::Appear(device), answer) => {
                self.appeared(device, &answer);
                Ok(())
            }
            (Purpose::Presence(device, window), answer) => {
                self.looked_up(device, window, &answer);
                Ok(())
            }
            (Purpose::TakeBack | Purpose::Nothing, _) => Ok(()),
        }
    }

    /// O3.
    fn accepted(&mut self, number: u64, accepted: Accepted) -> Result<(), Error> {
        let Some(copy) = self.outbox.get(number) else {
            return match self.overtaken.remove(&number) {
                Some((with, id)) => self.count_relays(with, &id, accepted.relays),
                None => Ok(()),
            };
        };
        let Stage::Sealed(sealed) = &copy.stage else {
            return Ok(());
        };
        // An answer for the bytes before it was encrypted anew.
        if crate::outbox::Outbox::message(sealed) != Some(accepted.id) {
            return Ok(());
        }
        let mut copy = copy.clone();
        copy.stage = Stage::Accepted;
        copy.relays = Some(accepted.relays);
        let (conversation, id, to) = (copy.conversation, copy.id, copy.to);
        match copy.sequence {
            Some(_) => self.put_copy(copy),
            None => drop(self.remove_copy(number)),
        }
        // H6 asks for the other side's devices.
        match to.account == conversation.0 {
            true => self.count_relays(conversation, &id, accepted.relays),
            false => Ok(()),
        }
    }

    /// A device's copy is on so many relays (H6).
    fn count_relays(
        &mut self,
        conversation: Account,
        id: &ContentId,
        relays: u8,
    ) -> Result<(), Error> {
        let Some(mut entry) = self.message(&conversation, id)? else {
            return Ok(());
        };
        let least = entry.relays.map_or(relays, |before| before.min(relays));
        if entry.relays != Some(least) {
            entry.relays = Some(least);
            self.put_entry(&entry);
        }
        self.settle(conversation, id)
    }

    /// Whether a message is accepted for each device of the other side now (H6).
    pub(super) fn settle(&mut self, conversation: Account, id: &ContentId) -> Result<(), Error> {
        let open = self
            .outbox
            .devices()
            .filter(|device| device.account == conversation.0)
            .filter_map(|device| self.outbox.named(*device, id))
            .any(|copy| copy.stage != Stage::Accepted);
        if open {
            return Ok(());
        }
        let Some(mut entry) = self.message(&conversation, id)? else {
            return Ok(());
        };
        if entry.status.accepted.is_none() && entry.relays.is_some() {
            entry.status.accepted = entry.relays;
            self.put_status(entry);
        }
        Ok(())
    }

    pub(super) fn put_status(&mut self, entry: crate::Entry) {
        let (conversation, number) = (entry.conversation, entry.number);
        self.ledger.put(Row::Message(conversation, number), &entry);
        self.tell(Event::Status {
            conversation,
            number,
            id: entry.id,
            status: entry.status,
        });
    }

    fn refused(&mut self, number: u64, (relay, ask): (RelayId, u64), refusal: Option<Refusal>) {
        let now = self.clock.steady;
        let size = match self.outbox.get(number).map(|copy| &copy.stage) {
            Some(Stage::Sealed(sealed)) => sealed.len(),
            _ => return,
        };
        let Some(refusal) = refusal else { return };
        let passes = matches!(
            refusal.reason,
            Reason::AllowanceUsedUp | Reason::TooFast | Reason::BadTicket
        );
        let Some(attempt) = self.outbox.sealed.get_mut(&number) else {
            return;
        };
        let of_relay = |charge: &mut (u32, RelayId)| charge.1 == relay;
        let charged: Vec<(u32, RelayId)> = attempt.charged.extract_if(.., of_relay).collect();
        // The answer of a relay that was given up does not stop the attempt after it.
        let goes_on = attempt.ask != Some(ask);
        if !goes_on {
            attempt.ask = None;
        }
        let rounds = u32::try_from(attempt.attempts / 5).unwrap_or(16).min(8);
        // Others may take what an ingress relay does not.
        let elsewhere = passes && !charged.is_empty();
        for charge in charged {
            self.uncount(charge, size);
        }
        match elsewhere && self.relays.is_ingress(&relay) {
            true => self.relays.pause(relay, refusal.retry_after.into(), now),
            false => self.relays.avoid(relay, now),
        }
        if goes_on {
            return;
        }
        let (least, asked) = match refusal.reason {
            _ if elsewhere => (20, 0),
            _ if passes => (1_000, refusal.retry_after),
            Reason::NoRoom => (1_000, refusal.retry_after),
            _ => (20, refusal.retry_after),
        };
        let rest = u64::from(asked).max(least << rounds).min(LONGEST_PATIENCE);
        if let Some(attempt) = self.outbox.sealed.get_mut(&number) {
            attempt.rest_until = now.saturating_add(rest);
        }
        if refusal.reason == Reason::BadMessage {
            // Encrypted anew it may be in order.
            self.encrypt_anew(number);
        }
        self.tell(Event::Refused { relay, refusal });
    }

    pub(super) fn encrypt_anew(&mut self, number: u64) {
        if let Some(mut copy) = self.outbox.get(number).cloned() {
            copy.stage = Stage::Waiting;
            self.put_copy(copy);
            // An answer to what was offered before is not one to this.
            self.direct.hands.remove(&number);
        }
    }

    /// What a device has not confirmed leaves once more, encrypted anew (O3).
    pub(super) fn send_again(&mut self, to: &DeviceAddress) {
        let copies = self.outbox.of_device(to);
        let again: Vec<u64> = copies
            .filter(|copy| copy.stage != Stage::Waiting && copy.sequence.is_some())
            .map(|copy| copy.number)
            .collect();
        for number in again {
            self.encrypt_anew(number);
        }
    }

    /// The connection to a relay has ended.
    pub(super) fn lost(&mut self, relay: RelayId) {
        let now = self.clock.steady;
        self.relays.avoid(relay, now);
        let lost: Vec<(u64, Purpose)> = self
            .asks
            .iter()
            .filter(|(_, asked)| asked.relay == relay)
            .map(|(ask, asked)| (*ask, asked.purpose))
            .collect();
        for (ask, purpose) in lost {
            self.asks.remove(&ask);
            match purpose {
                Purpose::Copy(number) => {
                    if let Some(attempt) = self.outbox.sealed.get_mut(&number)
                        && attempt.ask == Some(ask)
                    {
                        attempt.ask = None;
                    }
                }
                Purpose::Fetch(device) => self.not_fetched(device, ask),
                Purpose::Publish { .. } => {
                    self.publishing.insert(relay, now);
                }
                Purpose::Group(purpose) => self.group_lost(purpose, ask),
                Purpose::Appear(device) => self.not_shown(device),
                Purpose::Presence(device, _) => self.not_found(device, false),
                Purpose::Subscribe | Purpose::TakeBack | Purpose::Nothing => {}
            }
        }
        self.leave_relay(relay);
        if self.subscription.at_or_on_its_way() == Some(relay) {
            self.unlisten();
        }
    }

    pub(super) fn moved(&mut self, relay: RelayId, mailbox: Mailbox) {
        self.effects.push_back(Effect::Directory);
        if mailbox == self.mailbox() && self.subscription.at_or_on_its_way() == Some(relay) {
            self.relays.avoid(relay, self.clock.steady);
            self.unlisten();
        }
    }
}
