//! What the user wants.

use super::{Engine, brief::Brief};
use crate::{
    Clock, Command, Conversation, Encryption, Entry, Error, Row, Storage,
    groups::GroupSaid,
    history::{ContentId, is_shown},
    limits::{BRIEF, MAX_OUTBOX, MAX_READ, RECEIPT_IDS},
    outbox::{Audience, Pending},
};
use parlance_bimp::Account;
use parlance_e2ee::{
    Body, Content, List,
    content::{Receipt, ReceiptKind, TypingState},
};
use rand_core::CryptoRng;

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    /// Does what the user wants. For [`Command::Say`] the id of what was said.
    ///
    /// # Errors
    ///
    /// [`Error::Content`], [`Error::NoSuchMessage`], [`Error::NotAuthor`], [`Error::NotToSay`], [`Error::OutboxFull`]: nothing has
    /// changed. [`Error::Storage`], [`Error::Damaged`], [`Error::Stopped`]: see [`handle`](Self::handle).
    pub fn command(&mut self, clock: Clock, command: Command) -> Result<Option<ContentId>, Error> {
        self.turn(clock, |engine| match command {
            Command::Say { conversation, body } => engine.say(conversation, body).map(Some),
            Command::Read {
                conversation,
                up_to,
            } => engine.read(conversation, up_to).map(|()| None),
            Command::Typing {
                conversation,
                state,
            } => {
                engine.type_in(conversation, state);
                Ok(None)
            }
            Command::Attention(waits) => {
                engine.attention = waits;
                Ok(None)
            }
            Command::ReadReceipts(told) => {
                engine.counters.hides_reading = !told;
                engine.counters_changed = true;
                Ok(None)
            }
            Command::NoTrace { with, wish } => engine.wish_no_trace(with, wish),
            Command::AskHistory { anew } => {
                engine.ask_for_history(anew);
                Ok(None)
            }
            Command::GiveHistory { device } => {
                engine.grant(device);
                Ok(None)
            }
        })
    }

    pub(super) fn say(&mut self, conversation: Account, body: Body) -> Result<ContentId, Error> {
        if let Some(group) = self.group_of(&conversation) {
            return self.say_in_group(group, body);
        }
        self.may_say(&conversation, &body)?;
        let waiting = self.outbox.len();
        if waiting >= MAX_OUTBOX {
            return Err(Error::OutboxFull { waiting });
        }
        let mut id = [0; 16];
        self.rng.fill_bytes(&mut id);
        let mut content = Content::new(id, self.clock.wall, body);
        // An edit has the text once more.
        let text = is_shown(&content.body) || matches!(content.body, Body::Edit(_));
        if text && !matches!(content.body, Body::Timer(_)) {
            let known = self.conversations.get(&conversation);
            content.lifetime = known.and_then(|conversation| conversation.timer);
        }
        self.name_past(&conversation, &mut content);
        let bytes = content.to_bytes()?;
        let me = self.me();
        self.apply(me, conversation, content, bytes.clone())?;
        self.put_pending(conversation, Audience::Both, id, bytes, true);
        Ok(id)
    }

    pub(super) fn may_say(&self, conversation: &Account, body: &Body) -> Result<(), Error> {
        let entry = |id: &ContentId| -> Result<Entry, Error> {
            let entry = self.message(conversation, id)?;
            entry.ok_or(Error::NoSuchMessage)
        };
        let own = |id: &ContentId| match entry(id)?.is_by(&self.own) {
            true => Ok(()),
            false => Err(Error::NotAuthor),
        };
        match body {
            Body::Receipt(_)
            | Body::Typing(_)
            | Body::Resend(_)
            | Body::Transfer(_)
            | Body::NoTrace(_)
            | Body::FileStep(_) => Err(Error::NotToSay),
            body if GroupSaid::is_one(body) => Err(Error::NotToSay),
            Body::Reply(reply) => entry(&reply.to).map(drop),
            Body::Reaction(reaction) => entry(&reaction.to).map(drop),
            Body::Edit(edit) => own(&edit.of),
            Body::Delete(delete) => own(&delete.of),
            _ => Ok(()),
        }
    }

    /// Keeps something until it has copies (O1).
    pub(super) fn put_pending(
        &mut self,
        conversation: Account,
        audience: Audience,
        id: ContentId,
        content: Vec<u8>,
        confirmed: bool,
    ) {
        let number = self.next_number();
        let pending = Pending {
            number,
            conversation,
            audience,
            id,
            content,
            confirmed,
            created: self.clock.wall,
        };
        self.ledger.put(Row::Pending(number), &pending);
        self.outbox.pending.insert(number, pending);
    }

    /// Something that the engine says by itself.
    pub(super) fn say_by_itself(
        &mut self,
        conversation: Account,
        audience: Audience,
        body: Body,
        confirmed: bool,
    ) {
        let mut id = [0; 16];
        self.rng.fill_bytes(&mut id);
        // Bounded lists and numbers always fit.
        if let Ok(bytes) = Content::new(id, self.clock.wall, body).to_bytes() {
            self.put_pending(conversation, audience, id, bytes, confirmed);
        }
    }

    /// H7.
    fn read(&mut self, conversation: Account, up_to: u64) -> Result<(), Error> {
        let Some(known) = self.conversations.get(&conversation) else {
            return Ok(());
        };
        let from = known.read.map_or(0, |read| read.saturating_add(1));
        let last = up_to.min(known.next.saturating_sub(1));
        let end = last.min(from.saturating_add(MAX_READ));
        let mut ids = Vec::new();
        for number in from..=end {
            let Some(mut entry) = self.entry(&conversation, number)? else {
                continue;
            };
            if !entry.read {
                self.mark_read(&mut entry, self.clock.wall);
                ids.push(entry.id);
            }
        }
        let Some(known) = self.conversations.get_mut(&conversation) else {
            return Ok(());
        };
        if from <= end && known.next > 0 {
            known.read = Some(end);
            let known = known.clone();
            self.put_conversation(known);
        }
        // G1.
        let alone = self.counters.hides_reading || self.group_of(&conversation).is_some();
        let audience = match alone {
            true => Audience::Own,
            false => Audience::Both,
        };
        for ids in ids.chunks(RECEIPT_IDS) {
            let messages = List::new(ids.to_vec(), "receipt")?;
            let kind = ReceiptKind::Read;
            let body = Body::Receipt(Receipt { kind, messages });
            self.say_by_itself(conversation, audience, body, true);
        }
        Ok(())
    }

    /// Sent once, to devices that have a session and were looked up (O4).
    fn type_in(&mut self, conversation: Account, state: TypingState) {
        // G1.
        if self.group_of(&conversation).is_some() {
            return;
        }
        let brief = Brief {
            with: conversation,
            only: None,
            begins: false,
            keep: BRIEF,
        };
        self.send_brief(brief, Body::Typing(state));
    }

    pub(super) fn conversation(&self, with: Account) -> Conversation {
        let known = self.conversations.get(&with).cloned();
        known.unwrap_or_else(|| Conversation::new(with))
    }

    pub(super) fn put_conversation(&mut self, conversation: Conversation) {
        self.ledger
            .put(Row::Conversation(conversation.with), &conversation);
        self.conversations.insert(conversation.with, conversation);
    }
}
