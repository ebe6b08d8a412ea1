//! Rows that are to leave nothing behind (T6).

use std::collections::BTreeSet;

use codec::DecodeAll;
use parlance_e2ee::Content;
use parlance_messenger::{
    Entry, Table as Group,
    inbox::{Early, Orphan},
    outbox::{Copy, Pending},
    past::Waits,
};
use parlance_store::{Error, Key, Page, PassingKeys, Store, Table, WriteTransaction};

use super::Rows;

/// Which keys are taken: a row for each, in the transactions of the rows that they are for.
pub(crate) const PASSING: Table = Table::new("chat/passing");
/// Rows that are read at a time.
const PAGE: usize = 1_024;
/// Where a text of a message can stand.
const TEXTS: [Group; 6] = [
    Group::Messages,
    Group::Pending,
    Group::Outbox,
    Group::Early,
    Group::Orphans,
    Group::Waits,
];

/// The keys of rows that pass, in the transaction of the rows.
pub(super) struct Keys<'v> {
    store: &'v Store,
    gone: Vec<u32>,
}

impl<'v> Keys<'v> {
    pub(super) fn new(store: &'v Store) -> Self {
        let gone = Vec::new();
        Self { store, gone }
    }

    /// Puts or removes a row of a group.
    pub(super) fn set(
        &mut self,
        changes: &WriteTransaction<'_>,
        (group, key): (Group, &Key),
        value: Option<&[u8]>,
    ) -> Result<(), Error> {
        let table = Table::new(group.name());
        if TEXTS.contains(&group)
            && let Some(before) = changes.get(table, key)?
            && let Some(slot) = PassingKeys::slot(&before)
        {
            changes.remove(PASSING, &place(slot))?;
            self.gone.push(slot);
        }
        let Some(value) = value else {
            return changes.remove(table, key).map(drop);
        };
        let sealed = match passes(group, value) {
            true => self.store.passing().seal(value)?,
            false => None,
        };
        match sealed {
            Some((slot, sealed)) => {
                changes.put(PASSING, &place(slot), &[])?;
                changes.put(table, key, &sealed)
            }
            None => changes.put(table, key, value),
        }
    }

    /// Before the transaction is committed: keys of new rows are durable.
    pub(super) fn before(&self) -> Result<(), Error> {
        self.store.passing().sync()
    }

    /// After it: those of rows that went are gone.
    pub(super) fn after(self) -> Result<(), Error> {
        self.store.passing().forget(self.gone)
    }
}

/// Changes of the engine's rows that happen together, with the keys of those that pass.
pub(super) struct Changes<'v> {
    pub(super) inner: WriteTransaction<'v>,
    keys: Keys<'v>,
}

impl<'v> Changes<'v> {
    pub(super) fn new(store: &'v Store) -> Result<Self, Error> {
        Ok(Self {
            inner: store.begin_write()?,
            keys: Keys::new(store),
        })
    }

    /// Puts or removes a row of a group.
    pub(super) fn set(&mut self, row: (Group, &Key), value: Option<&[u8]>) -> Result<(), Error> {
        self.keys.set(&self.inner, row, value)
    }

    /// Keys of new rows are durable before, those of old ones are gone after.
    pub(super) fn commit(self) -> Result<(), Error> {
        self.keys.before()?;
        self.inner.commit()?;
        self.keys.after()
    }
}

impl Rows<'_> {
    /// Forgets keys whose rows went before a crash.
    pub(super) fn forget_what_is_gone(&self) -> Result<(), Error> {
        let (view, mut page) = (self.store().begin_read()?, Page::first(PAGE));
        let mut used = BTreeSet::new();
        loop {
            let rows = view.scan(PASSING, &Key::root(), &page)?;
            let Some((last, _)) = rows.last() else { break };
            page = Page::first(PAGE).after(last.clone());
            let slots = rows.iter().filter_map(|(key, _)| key.bytes_at(0));
            used.extend(slots.filter_map(|slot| slot.try_into().ok().map(u32::from_le_bytes)));
        }
        self.store().passing().keep_only(&used)
    }

    /// Puts what passes under keys of its own: after an export, in which it is as it is.
    pub(crate) fn seal_what_passes(&self) -> Result<(), Error> {
        let mut changes = Changes::new(self.store())?;
        let view = self.store().begin_read()?;
        for group in TEXTS {
            let (table, mut page) = (Table::new(group.name()), Page::first(PAGE));
            loop {
                let rows = view.scan(table, &Key::root(), &page)?;
                let Some((last, _)) = rows.last() else { break };
                page = Page::first(PAGE).after(last.clone());
                for (key, value) in &rows {
                    if passes(group, value) {
                        changes.set((group, key), Some(value))?;
                    }
                }
            }
        }
        changes.commit()
    }
}

fn place(slot: u32) -> Key {
    Key::of(slot.to_le_bytes())
}

/// Whether a row is of a message that disappears, or of a change of one.
fn passes(group: Group, value: &[u8]) -> bool {
    let mut value = value;
    let lives = |content: &[u8]| {
        let content = Content::from_bytes(content).ok();
        content.is_some_and(|content| content.lifetime.is_some())
    };
    match group {
        Group::Messages => {
            let entry = Entry::decode_all(&mut value).ok();
            entry.is_some_and(|entry| entry.lifetime.is_some())
        }
        Group::Pending => Pending::decode_all(&mut value).is_ok_and(|it| lives(&it.content)),
        Group::Outbox => Copy::decode_all(&mut value).is_ok_and(|it| lives(&it.content)),
        Group::Early => Early::decode_all(&mut value).is_ok_and(|it| lives(&it.content)),
        Group::Orphans => Orphan::decode_all(&mut value).is_ok_and(|it| lives(&it.content)),
        Group::Waits => Waits::decode_all(&mut value).is_ok_and(|it| lives(&it.content)),
        _ => false,
    }
}
