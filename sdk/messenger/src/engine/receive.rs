//! What relays deliver, up to the content (I1-I4).

use super::{Engine, Seen};
use crate::{
    Encryption, Error, Event, Row, Storage,
    history::ContentId,
    inbox::{Early, Held, Place, Sequence, Stream, sequence_of},
    limits::{HOLD, MAX_EARLY, MAX_HELD, MAX_OWED, MAX_SEEN, RECEIPT_IDS, RENEWAL_PAUSE},
    no_trace::NO_TRACE,
    outbox::Audience,
};
use codec::Decode;
use parlance_bimp::{Account, Deliver, Mailbox, Message, MessageId, RelayId};
use parlance_e2ee::{
    Body, Content, DeviceAddress, Envelope, Error as Refused, List,
    content::{Receipt, ReceiptKind, Resend},
};
use rand_core::CryptoRng;

/// What became of a message.
enum Taken {
    /// It is in the batch, or of no use here.
    Done,
    /// Its sender has to be looked up.
    Unknown(Account),
}

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    /// I2. What is of no use is acknowledged as well, since it would come again for ever.
    pub(super) fn delivered(&mut self, relay: RelayId, deliver: Deliver) -> Result<(), Error> {
        self.heard(relay);
        self.mailbox_delivered();
        let Deliver {
            mailbox,
            id,
            message,
            ..
        } = deliver;
        let bytes = message.into_vec();
        let message = Message::decode(&mut bytes.as_slice());
        let of_group = matches!(message, Ok(Message::Group { .. }));
        self.count_delivery(relay, bytes.len(), of_group);
        let waits = self.acknowledgements.entry((relay, mailbox)).or_default();
        waits.push(id);
        if self.seen.contains_key(&id) || self.held.contains_key(&id) {
            return Ok(());
        }
        let Ok(message) = message else {
            return Ok(());
        };
        if message.id(&mailbox) != Some(id) {
            return Ok(());
        }
        match message {
            Message::Group { group, ciphertext } => {
                let ciphertext = ciphertext.as_slice();
                self.take_group_message((id, mailbox), group, ciphertext, bytes)?;
            }
            // What relays have among themselves is in nobody's mailbox.
            Message::Post(_) | Message::Part { .. } => {}
            Message::Sealed(sealed) => {
                if let Taken::Unknown(account) = self.open(id, sealed.as_slice(), true)? {
                    self.hold((id, mailbox), Some(account), bytes);
                }
            }
        }
        Ok(())
    }

    pub(super) fn hold(
        &mut self,
        (id, mailbox): (MessageId, Mailbox),
        look: Option<Account>,
        bytes: Vec<u8>,
    ) {
        // Strangers can fill this room; what has waited longest goes.
        if self.held.len() >= MAX_HELD {
            let oldest = self.held.values().min_by_key(|held| held.arrived);
            if let Some(id) = oldest.map(|held| held.id) {
                self.held.remove(&id);
                self.ledger.remove(Row::Held(id));
            }
        }
        let held = Held {
            id,
            mailbox,
            look,
            message: bytes,
            arrived: self.clock.wall,
        };
        self.ledger.put(Row::Held(id), &held);
        self.held.insert(id, held);
    }

    /// An account was looked up: what waited for it is read, or given up.
    pub(super) fn release(&mut self, account: Account) -> Result<(), Error> {
        let waits = |held: &&Held| held.look == Some(account);
        let mut held: Vec<Held> = self.held.values().filter(waits).cloned().collect();
        held.sort_by_key(|held| held.arrived);
        for held in held {
            self.held.remove(&held.id);
            self.ledger.remove(Row::Held(held.id));
            if let Ok(Message::Sealed(sealed)) = Message::decode(&mut held.message.as_slice()) {
                // Who is not on the record now is nobody's device.
                self.open(held.id, sealed.as_slice(), true)?;
            }
        }
        Ok(())
    }

    /// What came from a device itself; whether it is in the batch (D5).
    pub(super) fn open_called(&mut self, id: MessageId, sealed: &[u8]) -> Result<bool, Error> {
        let taken = self.open(id, sealed, false)?;
        Ok(matches!(taken, Taken::Done))
    }

    fn open(&mut self, id: MessageId, sealed: &[u8], by_relay: bool) -> Result<Taken, Error> {
        let Ok(envelope) = Envelope::from_bytes(sealed) else {
            return Ok(Taken::Done);
        };
        let Ok((sender, message)) = envelope.open(self.encryption.identity()) else {
            // For another device of this account.
            return Ok(Taken::Done);
        };
        let from = sender.address;
        if let Some((&NO_TRACE, whisper)) = message.split_first() {
            self.take_whisper(from, whisper);
            return Ok(Taken::Done);
        }
        match self.encryption.decrypt(&sender, &message) {
            Ok(received) => {
                self.sessions_changed = true;
                self.note_seen(id);
                self.heard_of(&from);
                self.note_heard(from);
                if received.new_session {
                    self.fetches
                        .retain(|device, fetch| *device != from || fetch.renews);
                }
                if by_relay {
                    self.note_delivery_time(&received.plaintext);
                }
                self.take_plaintext(from, &received.plaintext)?;
            }
            Err(Refused::UnknownDevice | Refused::IdentityMismatch) => {
                return Ok(Taken::Unknown(Account(from.account)));
            }
            Err(
                Refused::NoSession
                | Refused::UnknownHeader
                | Refused::PreKeyGone
                | Refused::TooManySkipped { .. }
                | Refused::KemOutOfRule
                | Refused::ReplayLogFull,
            ) => {
                self.note_seen(id);
                self.renew(from);
            }
            Err(_) => self.note_seen(id),
        }
        Ok(Taken::Done)
    }

    /// I4.
    fn renew(&mut self, device: DeviceAddress) {
        self.owe(device);
        let now = self.clock.steady;
        let last = self.renewed.get(&device);
        if last.is_some_and(|last| now < last.saturating_add(RENEWAL_PAUSE)) {
            return;
        }
        self.renewed.insert(device, now);
        let fetch = self.fetches.entry(device).or_default();
        fetch.renews = true;
    }

    /// The session was begun anew: both sides send what the other lacks.
    pub(super) fn renewed(&mut self, device: DeviceAddress) {
        self.counters.owed.retain(|(other, _)| *other != device);
        self.counters_changed = true;
        self.send_again(&device);
        self.ask_again(device);
        self.tell(Event::Renewed { device });
    }

    /// Something of a device was lost: if no renewal makes it good, and none begins within the pause, it is asked for later.
    fn owe(&mut self, device: DeviceAddress) {
        let owed = &mut self.counters.owed;
        if owed.len() < MAX_OWED && owed.iter().all(|(other, _)| *other != device) {
            owed.push((device, self.clock.wall.saturating_add(RENEWAL_PAUSE)));
            self.counters_changed = true;
        }
    }

    /// I4: after the pause both sides send what the other lacks, as after a renewal.
    pub(super) fn make_good(&mut self) {
        let wall = self.clock.wall;
        let due = |(_, at): &mut (DeviceAddress, u64)| *at <= wall;
        let due: Vec<_> = self.counters.owed.extract_if(.., due).collect();
        self.counters_changed |= !due.is_empty();
        for (device, _) in due {
            self.send_again(&device);
            self.ask_again(device);
        }
    }

    fn ask_again(&mut self, device: DeviceAddress) {
        let known = self.streams.get(&device);
        let (stream, next) = known.map_or((0, 1), |stream| (stream.from, stream.next_in));
        let after = next.saturating_sub(1);
        let body = Body::Resend(Resend { stream, after });
        let conversation = Account(device.account);
        self.say_by_itself(conversation, Audience::One(device), body, false);
    }

    pub(super) fn note_seen(&mut self, id: MessageId) {
        let order = self.next_number();
        self.ledger.put(Row::Seen(id), &Seen { id, order });
        self.seen.insert(id, order);
        self.seen_order.insert(order, id);
        while self.seen.len() > MAX_SEEN {
            let Some((_, oldest)) = self.seen_order.pop_first() else {
                break;
            };
            self.seen.remove(&oldest);
            self.ledger.remove(Row::Seen(oldest));
        }
    }

    fn take_plaintext(&mut self, from: DeviceAddress, bytes: &[u8]) -> Result<(), Error> {
        let Ok(content) = Content::from_bytes(bytes) else {
            return Ok(());
        };
        if let Body::Resend(resend) = content.body {
            return self.resend(from, resend);
        }
        let Some(sequence) = sequence_of(&content) else {
            return self.take_content(from, content, bytes.to_vec());
        };
        let id = content.id;
        let Sequence {
            stream: began,
            number: sequence,
        } = sequence;
        if began > self.stream(from).from {
            self.begin_stream(from, began)?;
        }
        let stream = self.stream(from);
        if began < stream.from {
            // Of before the device lost its state. What it says twice is known by its id.
            self.confirm_to(from, id);
            return self.take_content(from, content, bytes.to_vec());
        }
        match stream.place(sequence) {
            Place::Again => {
                self.confirm_to(from, id);
                Ok(())
            }
            Place::Now => {
                stream.take(sequence);
                self.confirm_to(from, id);
                self.put_stream(from);
                self.take_content(from, content, bytes.to_vec())?;
                self.drain(from)
            }
            Place::Early => {
                // What cannot be kept is not confirmed, and comes again.
                if self.keep_early(from, sequence, bytes.to_vec()) {
                    self.confirm_to(from, id);
                }
                Ok(())
            }
        }
    }

    fn keep_early(&mut self, from: DeviceAddress, sequence: u64, content: Vec<u8>) -> bool {
        let numbers = self.early_numbers(from);
        if numbers.len() >= MAX_EARLY {
            return false;
        }
        numbers.insert(sequence);
        let early = Early {
            from,
            sequence,
            content,
        };
        self.ledger.put(Row::Early(from, sequence), &early);
        self.note_gap(from);
        true
    }

    fn stream(&mut self, with: DeviceAddress) -> &mut Stream {
        let now = self.clock.wall;
        let stream = self.streams.entry(with);
        stream.or_insert_with(|| Stream::new(with, now))
    }

    /// A device has begun a stream anew: what waits of the one before is taken as it is.
    fn begin_stream(&mut self, from: DeviceAddress, began: u64) -> Result<(), Error> {
        self.gaps.remove(&from);
        for sequence in self.early.remove(&from).unwrap_or_default() {
            self.take_early(from, sequence)?;
        }
        self.stream(from).begin(began);
        self.put_stream(from);
        Ok(())
    }

    fn take_early(&mut self, from: DeviceAddress, sequence: u64) -> Result<(), Error> {
        let row = Row::Early(from, sequence);
        let early: Option<Early> = self.ledger.get(&row, "early content")?;
        self.ledger.remove(row);
        let content = early.and_then(|it| Some((Content::from_bytes(&it.content).ok()?, it)));
        match content {
            Some((content, early)) => self.take_content(from, content, early.content),
            None => Ok(()),
        }
    }

    fn put_stream(&mut self, with: DeviceAddress) {
        if let Some(stream) = self.streams.get(&with) {
            self.ledger.put(Row::Stream(with), stream);
        }
    }

    /// Takes what came early and is not early any more.
    fn drain(&mut self, from: DeviceAddress) -> Result<(), Error> {
        loop {
            let next = self.stream(from).next_in;
            let numbers = self.early_numbers(from);
            let found = numbers.remove(&next);
            let empty = numbers.is_empty();
            if empty {
                self.early.remove(&from);
                self.gaps.remove(&from);
            }
            if !found {
                return Ok(());
            }
            // The next hole has its own time.
            if !empty {
                self.gaps.remove(&from);
                self.note_gap(from);
            }
            self.stream(from).take(next);
            self.put_stream(from);
            self.take_early(from, next)?;
        }
    }

    /// I3.
    pub(super) fn bridge_gaps(&mut self) -> Result<(), Error> {
        let now = self.clock.steady;
        let due: Vec<(DeviceAddress, bool)> = self
            .gaps
            .iter()
            .filter(|(_, gap)| now >= gap.since.saturating_add(HOLD))
            .map(|(device, gap)| (*device, gap.asked))
            .collect();
        for (device, asked) in due {
            if !asked {
                self.ask_again(device);
                if let Some(gap) = self.gaps.get_mut(&device) {
                    gap.asked = true;
                    gap.since = now;
                }
                continue;
            }
            self.gaps.remove(&device);
            let Some(first) = self.early_numbers(device).first().copied() else {
                continue;
            };
            let stream = self.stream(device);
            let messages = first.saturating_sub(stream.next_in);
            stream.skip_to(first);
            self.put_stream(device);
            self.tell(Event::Missing { device, messages });
            // What they name was waited for.
            self.pasts.has_waited = true;
            self.drain(device)?;
            self.pasts.has_waited = false;
        }
        Ok(())
    }

    /// Somebody lacks what comes after a number, and has the rest.
    fn resend(&mut self, to: DeviceAddress, asked: Resend) -> Result<(), Error> {
        let has = |sequence: Option<Sequence>| {
            sequence.is_some_and(|it| it.stream == asked.stream && it.number <= asked.after)
        };
        let copies = self.outbox.of_device(&to);
        let there: Vec<ContentId> = copies
            .filter(|copy| has(copy.sequence))
            .map(|copy| copy.id)
            .collect();
        for id in there {
            self.confirmed(to, &id)?;
        }
        self.send_again(&to);
        Ok(())
    }

    /// This device has it, and says so (I6).
    fn confirm_to(&mut self, from: DeviceAddress, id: ContentId) {
        let account = Account(from.account);
        let ids = self.confirmations.entry(account).or_default();
        if !ids.contains(&id) {
            ids.push(id);
        }
    }

    pub(super) fn confirm(&mut self) {
        for (account, ids) in std::mem::take(&mut self.confirmations) {
            let audience = match account == self.own {
                true => Audience::Own,
                false => Audience::Others,
            };
            for ids in ids.chunks(RECEIPT_IDS) {
                let Ok(messages) = List::new(ids.to_vec(), "receipt") else {
                    continue;
                };
                let kind = ReceiptKind::Delivered;
                let body = Body::Receipt(Receipt { kind, messages });
                self.say_by_itself(account, audience, body, false);
            }
        }
    }
}
