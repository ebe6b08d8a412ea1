//! Taking entries in, merging them, throwing them away.

use super::Relay;
use crate::{
    entry::State,
    mailbox::MailboxState,
    storage::{Storage, StorageError},
};
use parlance_bimp::{Key, Mailbox};
use std::sync::Arc;

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// It is new here.
    New,
    /// It was here; what is known of it was merged.
    Known,
    /// It is not here, and came without its message.
    Incomplete,
    /// There is no room for it.
    NoRoom,
    /// The disk had no room a moment ago (G6). Whoever brings the entry asks again.
    DiskFull,
    /// Its time is over, or too far ahead.
    BadTime,
}

impl Relay {
    /// Takes an entry in. `slack` is by how much the limits of a mailbox may be passed: what another relay has
    /// accepted is taken up to twice the limit, so that relays that count a little differently do not
    /// keep each other from a quorum.
    pub(super) fn keep(
        &mut self,
        key: Key,
        state: State,
        message: Option<&Arc<[u8]>>,
        slack: u64,
    ) -> Kept {
        let timings = &self.config.timings;
        let latest = self
            .clock
            .wall
            .saturating_add(timings.longest)
            .saturating_add(timings.grace.saturating_mul(2));
        if state.expires > latest {
            return Kept::BadTime;
        }
        let known = self.boxes.get(&key.mailbox);
        if known.is_some_and(|it| it.get(&key.id).is_some()) {
            self.merge(&key, &state);
            return Kept::Known;
        }
        if state.is_over(&self.clock, timings.grace) {
            return Kept::BadTime;
        }
        let size = match message {
            Some(message) => message.len(),
            None if state.deleted => 0,
            None => return Kept::Incomplete,
        };
        if !state.deleted && self.is_full() {
            return Kept::DiskFull;
        }
        let size = u32::try_from(size).unwrap_or(u32::MAX);
        if !self.has_room(known, u64::from(size), state.deleted, slack) {
            return Kept::NoRoom;
        }
        let deleted = state.deleted;
        self.change(key.mailbox, |it| it.insert(key.id, state, size));
        self.stage.touch(key, message.filter(|_| !deleted).cloned());
        // It may come from relays that know all acknowledgements and not the record.
        self.complete(&key);
        Kept::New
    }

    fn has_room(
        &self,
        mailbox: Option<&MailboxState>,
        size: u64,
        deleted: bool,
        slack: u64,
    ) -> bool {
        let limits = &self.config.limits;
        let most = limits.mailbox_messages.saturating_mul(slack);
        let most_bytes = limits.mailbox_bytes.saturating_mul(slack);
        let (entries, messages, bytes) = mailbox.map_or((0, 0, 0), |it| {
            (it.entries().len() as u64, it.messages(), it.bytes())
        });
        // Deleted entries are remembered too, and that memory must end somewhere.
        let mailbox_has = entries < most.saturating_mul(4)
            && (deleted || (messages < most && bytes.saturating_add(size) <= most_bytes));
        mailbox_has
            && self.entries < limits.messages
            && self.bytes.saturating_add(size) <= limits.bytes
    }

    /// Changes a mailbox and counts what the relay has.
    pub(super) fn change<R>(
        &mut self,
        mailbox: Mailbox,
        change: impl FnOnce(&mut MailboxState) -> R,
    ) -> R {
        let now = self.clock.steady;
        let state = self.ensure_box(mailbox);
        let (entries, bytes) = (state.entries().len() as u64, state.bytes());
        let result = change(state);
        state.changed = now;
        let (entries_now, bytes_now) = (state.entries().len() as u64, state.bytes());
        self.entries = self
            .entries
            .saturating_add(entries_now)
            .saturating_sub(entries);
        self.bytes = self.bytes.saturating_add(bytes_now).saturating_sub(bytes);
        result
    }

    /// Merges what is known elsewhere into an entry that is here. Whether it was new.
    pub(super) fn merge(&mut self, key: &Key, state: &State) -> bool {
        if !self.boxes.contains_key(&key.mailbox) {
            return false;
        }
        let changed = self.change(key.mailbox, |it| it.merge(&key.id, state));
        if changed {
            self.stage.touch(*key, None);
            self.complete(key);
        }
        changed
    }

    /// Deletes an entry that every device has (K2), and lets the others know.
    pub(super) fn complete(&mut self, key: &Key) {
        let complete = self
            .boxes
            .get(&key.mailbox)
            .is_some_and(|it| it.is_complete(&key.id));
        if complete {
            let deleted = State {
                deleted: true,
                ..State::default()
            };
            self.change(key.mailbox, |it| it.merge(&key.id, &deleted));
            self.stage.touch(*key, None);
            self.stage.spread.insert(*key);
        }
    }

    /// The same for all entries of a mailbox.
    pub(super) fn complete_all(&mut self, mailbox: &Mailbox) {
        let complete = self.boxes.get(mailbox).map(MailboxState::complete);
        for id in complete.unwrap_or_default() {
            let mailbox = *mailbox;
            self.complete(&Key { mailbox, id });
        }
    }

    /// Forgets an entry, on disk too.
    pub(super) fn forget(&mut self, key: &Key) {
        if self.boxes.contains_key(&key.mailbox) {
            self.change(key.mailbox, |it| it.remove(&key.id));
            self.stage.touch(*key, None);
        }
    }

    /// Reads a mailbox from disk, and forgets what was in memory of it.
    pub(super) fn reload(
        &mut self,
        mailbox: &Mailbox,
        storage: &dyn Storage,
    ) -> Result<(), StorageError> {
        let entries = storage.entries(mailbox)?;
        self.change(*mailbox, |state| {
            let mut fresh = MailboxState::new(*mailbox, std::mem::take(&mut state.set));
            fresh.owner = state.owner.take();
            fresh.subscribers = std::mem::take(&mut state.subscribers);
            fresh.load(entries);
            *state = fresh;
        });
        if let Some(state) = self.boxes.get_mut(mailbox) {
            // What is on disk may be old, and is to be compared (Y5).
            state.changed = 0;
        }
        self.complete_all(mailbox);
        Ok(())
    }

    /// Whether an entry is on disk: not in a batch that is still to be written.
    pub(super) fn is_settled(&self, key: &Key) -> bool {
        let in_flight = self.in_flight.as_ref();
        !self.stage.is_fresh(key) && !in_flight.is_some_and(|batch| batch.fresh.contains(key))
    }
}
