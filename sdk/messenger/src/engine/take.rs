//! Taking the history from another own device (A1, A3-A6).

use super::{
    Engine,
    merge::{merge, merge_status, sound},
};
use crate::{
    Conversation, Encryption, Entry, Error, Event, Row, Storage,
    history::ContentId,
    limits::{ASK_PAUSE, LONGEST_ASK_PAUSE, MAX_MOVED, MAX_PIECES, PAGE_MESSAGES},
    outbox::Audience,
    transfer::{Facts, Item, PAGE_VERSION, Page, Room, Taking},
};
use codec::DecodeAll;
use parlance_bimp::Account;
use parlance_e2ee::{DeviceAddress, content::Transfer};
use rand_core::CryptoRng;

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    /// This device.
    pub fn address(&self) -> DeviceAddress {
        self.me()
    }

    /// How far the transfer to this device is.
    pub fn taking(&self) -> Option<&Taking> {
        self.taking.as_ref()
    }

    /// Asks for the history: goes on with a transfer that has not come to its end, unless it is to begin `anew`.
    pub(super) fn ask_for_history(&mut self, anew: bool) {
        let goes_on = self.taking.take().filter(|it| !it.done && !anew);
        let mut transfer = [0; 16];
        self.rng.fill_bytes(&mut transfer);
        let taking = goes_on.unwrap_or(Taking {
            transfer,
            giver: None,
            page: 0,
            from: None,
            pieces: Vec::new(),
            of: 0,
            ask: [0; 16],
            asked: 0,
            pause: 0,
            taken: 0,
            all: 0,
            done: false,
        });
        let pause = ASK_PAUSE;
        match self.is_on_its_way(&taking) {
            true => self.put_taking(Taking { pause, ..taking }),
            false => self.ask_for_page(Taking { pause, ..taking }),
        }
    }

    fn put_taking(&mut self, taking: Taking) {
        self.ledger.put(Row::Taking, &taking);
        self.taking = Some(taking);
    }

    fn ask_for_page(&mut self, mut taking: Taking) {
        let audience = taking.giver.map_or(Audience::Own, Audience::One);
        let Taking {
            transfer,
            page,
            from,
            ..
        } = taking;
        taking.ask = self.say_transfer(
            audience,
            Transfer::Ask {
                transfer,
                page,
                from,
            },
        );
        taking.asked = self.clock.wall;
        self.put_taking(taking);
    }

    /// Whether the question has not reached everybody yet.
    fn is_on_its_way(&self, taking: &Taking) -> bool {
        let mut pending = self.outbox.pending.values();
        let asks = pending.any(|pending| pending.id == taking.ask);
        asks || self.outbox.copies().any(|copy| copy.id == taking.ask)
    }

    /// Asks once more for what does not come.
    pub(super) fn ask_again_for_history(&mut self) {
        let wall = self.clock.wall;
        let due = |it: &&Taking| {
            let at = it.asked.saturating_add(it.pause);
            !it.done && !it.is_complete() && wall >= at
        };
        let Some(mut taking) = self.taking.as_ref().filter(due).cloned() else {
            return;
        };
        taking.pause = taking.pause.saturating_mul(2).min(LONGEST_ASK_PAUSE);
        if self.is_on_its_way(&taking) {
            taking.asked = wall;
            return self.put_taking(taking);
        }
        self.ask_for_page(taking);
    }

    /// A step of a transfer, from an own device.
    pub(super) fn take_transfer(&mut self, from: DeviceAddress, step: Transfer) {
        match step {
            Transfer::Ask {
                transfer,
                page,
                from: place,
            } => self.asked_for_history(crate::transfer::Wanted {
                by: from,
                transfer,
                page,
                from: place,
            }),
            Transfer::Piece {
                transfer,
                page,
                number,
                of,
                bytes,
            } => {
                let Some(mut taking) = self.taking.clone() else {
                    return;
                };
                let known = taking.giver.is_none_or(|giver| giver == from);
                let asked = taking.transfer == transfer && taking.page == page && !taking.done;
                if !known || !asked || taking.is_complete() || of == 0 || of > MAX_PIECES {
                    return;
                }
                // A page that is given once more, from its first piece on.
                if number == 0 {
                    taking.pieces.clear();
                    taking.of = of;
                }
                if usize::from(number) != taking.pieces.len() || of != taking.of {
                    return;
                }
                taking.giver = Some(from);
                taking.pieces.push(bytes.into_vec());
                taking.asked = self.clock.wall;
                taking.pause = ASK_PAUSE;
                self.put_taking(taking);
            }
        }
    }

    /// Takes a page that came before this batch, so that everything that is here is on the disk.
    pub(super) fn take_page(&mut self) -> Result<(), Error> {
        let complete = self.taking.as_ref().filter(|it| it.is_complete()).cloned();
        let Some(mut taking) = complete else {
            return Ok(());
        };
        let bytes = std::mem::take(&mut taking.pieces).concat();
        taking.of = 0;
        let page = Page::decode_all(&mut bytes.as_slice()).ok();
        let page = page.filter(|page| page.version == PAGE_VERSION);
        let (Some(page), Some(giver)) = (page, taking.giver) else {
            // The giving device is of another version: it is asked again, later and later.
            self.put_taking(taking);
            return Ok(());
        };
        let (mut room, mut late) = (None, Vec::new());
        if let Some(place) = taking.from {
            room = self.room(Account(place.conversation))?;
        }
        for item in page.items {
            match item {
                Item::Conversation(facts) => {
                    self.take_late(&mut late)?;
                    room = Some(self.make_room(giver, facts)?);
                }
                Item::Message(entry) => {
                    if let Some(room) = room.filter(|room| room.with == entry.conversation) {
                        taking.taken = taking.taken.saturating_add(1);
                        late.extend(self.take_entry(giver, room, *entry)?);
                    }
                }
            }
        }
        self.take_late(&mut late)?;
        taking.all = page.all;
        taking.page = taking.page.saturating_add(1);
        taking.from = page.next;
        taking.done = page.next.is_none();
        taking.pause = ASK_PAUSE;
        self.tell(Event::HistoryTaken {
            device: giver,
            messages: taking.taken,
            all: taking.all,
            done: taking.done,
        });
        match taking.done {
            true => self.put_taking(taking),
            false => self.ask_for_page(taking),
        }
        Ok(())
    }

    fn room(&self, with: Account) -> Result<Option<Room>, Error> {
        self.ledger.get(&Row::Room(with), "place of a history")
    }

    /// A4, A5.
    fn make_room(&mut self, giver: DeviceAddress, facts: Facts) -> Result<Room, Error> {
        let with = facts.with;
        let known = self.room(with)?;
        let mut conversation = self.conversation(with);
        if facts.timer_set > conversation.timer_set {
            conversation.timer = facts.timer.filter(|lifetime| *lifetime > 0);
            conversation.timer_set = facts.timer_set;
        }
        conversation.last = conversation.last.max(facts.last);
        let room = match known {
            Some(room) => room,
            None => {
                let moved = self.move_up(&mut conversation, facts.next)?;
                if moved {
                    conversation.read = facts.read;
                }
                Room {
                    with,
                    giver: moved.then_some(giver),
                    below: facts.next,
                }
            }
        };
        self.ledger.put(Row::Room(with), &room);
        self.put_conversation(conversation);
        Ok(room)
    }

    /// Gives the messages of a conversation numbers that are greater by so much. Whether there were not too many.
    fn move_up(&mut self, conversation: &mut Conversation, by: u64) -> Result<bool, Error> {
        let (with, mut before) = (conversation.with, u64::MAX);
        let mut moved = Vec::new();
        loop {
            let entries = self.messages(&with, before, PAGE_MESSAGES)?;
            let Some(last) = entries.last() else { break };
            before = last.number;
            moved.extend(entries);
            if moved.len() > MAX_MOVED {
                return Ok(false);
            }
        }
        // Old places first: a new one may be an old one.
        for entry in &moved {
            self.ledger.remove(Row::Message(with, entry.number));
            self.forget_expiry(entry);
        }
        for mut entry in moved {
            entry.number = entry.number.saturating_add(by);
            self.put_in_place(&entry);
        }
        conversation.next = conversation.next.saturating_add(by);
        Ok(true)
    }

    fn forget_expiry(&mut self, entry: &Entry) {
        if let Some(at) = entry.expires {
            let (with, number) = (entry.conversation, entry.number);
            self.expiries.remove(&(at, with, number));
            self.ledger.remove(Row::Expiry(at, with, number));
        }
    }

    /// Puts a message under its number, with everything that points to it.
    fn put_in_place(&mut self, entry: &Entry) {
        let (with, number) = (entry.conversation, entry.number);
        self.put_entry(entry);
        self.ledger.put(Row::Name(with, entry.id), &number);
        if let Some(at) = entry.expires {
            let expiry = (at, with, number);
            self.ledger.put(Row::Expiry(at, with, number), &expiry);
            self.expiries.insert(expiry);
        }
    }

    /// Takes a message, or gives it back if it comes late (A5).
    fn take_entry(
        &mut self,
        giver: DeviceAddress,
        room: Room,
        entry: Entry,
    ) -> Result<Option<Entry>, Error> {
        let Some(entry) = sound(entry) else {
            return Ok(None);
        };
        let (with, number) = (entry.conversation, entry.number);
        // A6.
        let over = entry.expires.is_some_and(|at| at <= self.clock.wall);
        if over || self.has_disappeared(&with, &entry.id)? {
            return Ok(None);
        }
        if let Some(known) = self.message(&with, &entry.id)? {
            self.take_news(known, entry);
            return Ok(None);
        }
        let fits = room.giver == Some(giver) && number < room.below;
        if !fits || self.entry(&with, number)?.is_some() {
            return Ok(Some(entry));
        }
        self.take_in(&entry)?;
        Ok(None)
    }

    /// What another device knows of a message that is here.
    fn take_news(&mut self, mut known: Entry, entry: Entry) {
        let (read, expires) = (entry.read && !known.read, entry.expires);
        let (status, before) = (merge_status(&mut known, &entry), known.clone());
        merge(&mut known, entry);
        let changed = known != before;
        if read {
            known.read = true;
            if known.expires.is_none() {
                known.expires = expires;
            }
            let mut conversation = self.conversation(known.conversation);
            conversation.unread = conversation.unread.saturating_sub(1);
            self.put_conversation(conversation);
        }
        if read || status || changed {
            self.put_in_place(&known);
        }
        if changed {
            self.tell(Event::Changed(known));
        }
    }

    fn take_in(&mut self, entry: &Entry) -> Result<(), Error> {
        self.put_in_place(entry);
        if !entry.read {
            let mut conversation = self.conversation(entry.conversation);
            conversation.unread = conversation.unread.saturating_add(1);
            self.put_conversation(conversation);
        }
        self.note_taken(entry.conversation, entry.id);
        self.adopt(entry.conversation, entry.id)
    }

    /// What comes late goes behind all others, the oldest first.
    fn take_late(&mut self, late: &mut Vec<Entry>) -> Result<(), Error> {
        for mut entry in std::mem::take(late).into_iter().rev() {
            let mut conversation = self.conversation(entry.conversation);
            entry.number = conversation.next;
            conversation.next = entry.number.saturating_add(1);
            self.put_conversation(conversation);
            self.take_in(&entry)?;
        }
        Ok(())
    }

    /// Whether a message was here and is not any more.
    pub(super) fn has_disappeared(&self, with: &Account, id: &ContentId) -> Result<bool, Error> {
        let name = Row::Name(*with, *id);
        let number: Option<u64> = self.ledger.get(&name, "name of a message")?;
        Ok(number.is_some() && self.message(with, id)?.is_none())
    }
}
