//! What a content does to the history (H1-H7).

use super::Engine;
use crate::{
    Conversation, Encryption, Entry, Error, Event, Row, Status, Storage,
    groups::GroupSaid,
    history::{ContentId, is_shown},
    inbox::{Orphan, conversation_of},
    limits::{BRIEF, MAX_ORPHANS},
};
use parlance_bimp::Account;
use parlance_e2ee::{
    Body, Content, DeviceAddress, List,
    content::{Receipt, ReceiptKind, Timer},
};
use rand_core::CryptoRng;

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    /// A content of another device, in its turn.
    pub(super) fn take_content(
        &mut self,
        from: DeviceAddress,
        content: Content,
        bytes: Vec<u8>,
    ) -> Result<(), Error> {
        if GroupSaid::is_one(&content.body) {
            return self.take_group_said(from, &content.body);
        }
        // I5.
        let conversation = match from.account == self.own.0 {
            true => conversation_of(&content).unwrap_or(self.own),
            false => Account(from.account),
        };
        self.apply(from, conversation, content, bytes)
    }

    pub(super) fn apply(
        &mut self,
        from: DeviceAddress,
        conversation: Account,
        content: Content,
        bytes: Vec<u8>,
    ) -> Result<(), Error> {
        let account = Account(from.account);
        let about = match &content.body {
            Body::Receipt(receipt) => {
                return self.take_receipt(from, conversation, &content, receipt.clone());
            }
            Body::Typing(state) => {
                let age = self.clock.wall.saturating_sub(content.sent_at);
                if account != self.own && age <= BRIEF {
                    let state = *state;
                    self.tell(Event::Typing {
                        conversation,
                        state,
                    });
                }
                return Ok(());
            }
            Body::Resend(_) => return Ok(()),
            // A1.
            Body::Transfer(step) => {
                if account == self.own {
                    self.take_transfer(from, step.clone());
                }
                return Ok(());
            }
            Body::NoTrace(step) => {
                self.take_no_trace(from, step.clone(), content.sent_at);
                return Ok(());
            }
            Body::FileStep(step) => return self.take_file_step(from, step.clone()),
            Body::Reaction(reaction) => reaction.to,
            Body::Edit(edit) => edit.of,
            Body::Delete(delete) => delete.of,
            _ if self.is_in_turn(from, conversation, &content, &bytes)? => {
                return self.insert(from, conversation, content, bytes);
            }
            _ => return Ok(()),
        };
        let Some(mut entry) = self.message(&conversation, &about)? else {
            if !self.has_disappeared(&conversation, &about)? {
                self.orphan(from, conversation, about, bytes);
            }
            return Ok(());
        };
        let changed = match &content.body {
            Body::Reaction(reaction) => entry.react(account, reaction, content.sent_at),
            Body::Edit(edit) => entry.edit(&account, edit, content.sent_at),
            Body::Delete(_) => entry.delete(&account),
            _ => false,
        };
        if changed {
            if entry.deleted {
                self.forget_file(&conversation, &about);
            }
            self.put_entry(&entry);
            self.tell(Event::Changed(entry));
        }
        Ok(())
    }

    /// A message of its own.
    pub(super) fn insert(
        &mut self,
        author: DeviceAddress,
        with: Account,
        content: Content,
        bytes: Vec<u8>,
    ) -> Result<(), Error> {
        let known: Option<u64> = self
            .ledger
            .get(&Row::Name(with, content.id), "name of a message")?;
        // Also one that has disappeared.
        if !is_shown(&content.body) || known.is_some() {
            return Ok(());
        }
        let own = author.account == self.own.0;
        let wall = self.clock.wall;
        let mut conversation = self.conversation(with);
        let number = conversation.next;
        conversation.next = number.saturating_add(1);
        conversation.last = wall;
        if !own {
            conversation.unread = conversation.unread.saturating_add(1);
        }
        if let Body::Timer(timer) = &content.body {
            set_timer(&mut conversation, *timer, content.sent_at);
        }
        self.put_conversation(conversation);
        let mut entry = Entry {
            conversation: with,
            number,
            id: content.id,
            author,
            sent_at: content.sent_at,
            arrived: wall,
            content: bytes,
            edited: None,
            deleted: false,
            reactions: Vec::new(),
            status: Status::default(),
            relays: None,
            read: own,
            lifetime: content.lifetime,
            expires: None,
        };
        if own {
            self.start_timer(&mut entry, content.sent_at);
        }
        self.put_entry(&entry);
        self.ledger.put(Row::Name(with, content.id), &number);
        self.note_shown(with, &content);
        if let Body::File(reference) = &content.body {
            self.take_reference(&entry, reference)?;
        }
        self.tell(Event::Message(entry.clone()));
        self.begin_file(&entry)?;
        self.adopt(with, content.id)
    }

    pub(super) fn put_entry(&mut self, entry: &Entry) {
        let row = Row::Message(entry.conversation, entry.number);
        self.ledger.put(row, entry);
    }

    /// H5. `from` is when it was read or written, by whatever clock.
    fn start_timer(&mut self, entry: &mut Entry, from: u64) {
        let (Some(lifetime), None) = (entry.lifetime, entry.expires) else {
            return;
        };
        let life = u64::from(lifetime).saturating_mul(1_000);
        let at = from.min(self.clock.wall).saturating_add(life);
        entry.expires = Some(at);
        let expiry = (at, entry.conversation, entry.number);
        self.ledger
            .put(Row::Expiry(at, entry.conversation, entry.number), &expiry);
        self.expiries.insert(expiry);
    }

    /// A message of somebody else was read at a time.
    pub(super) fn mark_read(&mut self, entry: &mut Entry, at: u64) {
        entry.read = true;
        self.start_timer(entry, at);
        self.put_entry(entry);
        let mut conversation = self.conversation(entry.conversation);
        conversation.unread = conversation.unread.saturating_sub(1);
        self.put_conversation(conversation);
    }

    /// What has had its time is wiped.
    pub(super) fn expire(&mut self) -> Result<(), Error> {
        while let Some((at, conversation, number)) = self.expiries.first().copied() {
            if at > self.clock.wall {
                break;
            }
            self.expiries.pop_first();
            self.ledger.remove(Row::Expiry(at, conversation, number));
            if let Some(entry) = self.entry(&conversation, number)? {
                // Its name stays, so that it is not taken once more (A6).
                self.ledger.remove(Row::Message(conversation, number));
                self.hollow(&entry);
                self.forget_file(&conversation, &entry.id);
                self.tell(Event::Disappeared {
                    conversation,
                    number,
                });
            }
        }
        Ok(())
    }

    fn take_receipt(
        &mut self,
        from: DeviceAddress,
        conversation: Account,
        content: &Content,
        receipt: Receipt,
    ) -> Result<(), Error> {
        let own = from.account == self.own.0;
        for id in receipt.messages.as_slice() {
            let known = match receipt.kind {
                ReceiptKind::Delivered => self.confirmed(from, id)?,
                ReceiptKind::Read if own => {
                    self.read_elsewhere(conversation, id, content.sent_at)?
                }
                ReceiptKind::Read => self.read_by_them(conversation, id)?,
            };
            if known || self.has_disappeared(&conversation, id)? {
                continue;
            }
            // About this message alone, it waits for it.
            let messages = List::new(vec![*id], "receipt")?;
            let kind = receipt.kind;
            let body = Body::Receipt(Receipt { kind, messages });
            let alone = Content::new(content.id, content.sent_at, body).to_bytes()?;
            self.orphan(from, conversation, *id, alone);
        }
        Ok(())
    }

    /// A device has a content on disk (O3, H6). Whether that is about something that is known here.
    pub(super) fn confirmed(
        &mut self,
        device: DeviceAddress,
        id: &ContentId,
    ) -> Result<bool, Error> {
        let copy = self.outbox.named(device, id);
        let number = copy.map(|copy| copy.number);
        let copy = number.and_then(|number| self.remove_copy(number));
        let was_copy = copy.is_some();
        let conversation = Account(device.account);
        if conversation == self.own {
            return Ok(true);
        }
        // The relay's answer may come later than the device's.
        if let Some(copy) = copy.filter(|copy| copy.relays.is_none()) {
            self.overtaken.insert(copy.number, (conversation, *id));
        }
        let Some(mut entry) = self.message(&conversation, id)? else {
            return Ok(was_copy);
        };
        if entry.is_by(&self.own) && !entry.status.delivered.contains(&device.device) {
            entry.status.delivered.push(device.device);
            self.put_status(entry);
        }
        if was_copy {
            self.settle(conversation, id)?;
        }
        Ok(true)
    }

    fn read_by_them(&mut self, conversation: Account, id: &ContentId) -> Result<bool, Error> {
        let Some(mut entry) = self.message(&conversation, id)? else {
            return Ok(false);
        };
        if entry.is_by(&self.own) && !entry.status.read {
            entry.status.read = true;
            self.put_status(entry);
        }
        Ok(true)
    }

    fn read_elsewhere(
        &mut self,
        conversation: Account,
        id: &ContentId,
        at: u64,
    ) -> Result<bool, Error> {
        let Some(mut entry) = self.message(&conversation, id)? else {
            return Ok(false);
        };
        if !entry.read {
            self.mark_read(&mut entry, at);
            let known = self.conversations.get(&conversation);
            let unread = known.map_or(0, |known| known.unread);
            self.tell(Event::ReadElsewhere {
                conversation,
                unread,
            });
        }
        Ok(true)
    }

    fn orphan(
        &mut self,
        from: DeviceAddress,
        conversation: Account,
        about: ContentId,
        content: Vec<u8>,
    ) {
        while self.orphans.len() >= MAX_ORPHANS {
            let Some((number, _)) = self.orphans.pop_first() else {
                break;
            };
            self.ledger.remove(Row::Orphan(number));
        }
        let number = self.next_number();
        let orphan = Orphan {
            number,
            conversation,
            about,
            from,
            content,
        };
        self.ledger.put(Row::Orphan(number), &orphan);
        self.orphans.insert(number, orphan);
    }

    /// What waited for a message that is here now.
    pub(super) fn adopt(&mut self, conversation: Account, about: ContentId) -> Result<(), Error> {
        let waits = |orphan: &&Orphan| orphan.conversation == conversation && orphan.about == about;
        let orphans: Vec<Orphan> = self.orphans.values().filter(waits).cloned().collect();
        for orphan in orphans {
            self.orphans.remove(&orphan.number);
            self.ledger.remove(Row::Orphan(orphan.number));
            if let Ok(content) = Content::from_bytes(&orphan.content) {
                self.apply(orphan.from, conversation, content, orphan.content)?;
            }
        }
        Ok(())
    }
}

/// H5.
fn set_timer(conversation: &mut Conversation, timer: Timer, at: u64) {
    if at >= conversation.timer_set {
        conversation.timer = timer.lifetime.filter(|lifetime| *lifetime > 0);
        conversation.timer_set = at;
    }
}
