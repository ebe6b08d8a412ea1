//! The engine's rows in the vault's store (T1).

use parlance_bimp::Account;
use parlance_messenger::{Part, Row, Storage, StorageError, Table as Group};
use parlance_store::{Error, Key, Page, Store, Table, Value, WriteTransaction};

use super::{
    PEOPLE,
    passing::{Changes, Keys},
};

/// Rows that are read at a time.
const PAGE: usize = 1_024;
/// Which device the rest belongs to. Everything else in its table is under an account's 32 bytes.
const DEVICE: &str = "device";
/// What is a person's and not a device's (T3).
const SAID: [Group; 8] = [
    Group::Conversations,
    Group::Messages,
    Group::Names,
    Group::Orphans,
    Group::Expiries,
    Group::Rooms,
    Group::Files,
    Group::FilePieces,
];

/// The engine's part of a store.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'v>(&'v Store);

impl<'v> Rows<'v> {
    /// In this store.
    pub fn new(store: &'v Store) -> Self {
        Self(store)
    }

    pub(super) fn store(&self) -> &'v Store {
        self.0
    }

    /// The device that the sessions and what is under way belong to, if that is known.
    pub(super) fn device(&self) -> Result<Option<Vec<u8>>, Error> {
        let found = self.0.begin_read()?.get(PEOPLE, &Key::of(DEVICE))?;
        Ok(found.map(|bytes| bytes.as_slice().to_vec()))
    }

    /// They belong to this one.
    pub(super) fn set_device(&self, device: &[u8]) -> Result<(), Error> {
        let changes = self.0.begin_write()?;
        changes.put(PEOPLE, &Key::of(DEVICE), device)?;
        changes.commit()
    }

    /// This is another device: what was said stays, everything else goes, in one transaction.
    pub(super) fn begin_anew(&self, device: &[u8]) -> Result<(), Error> {
        let mut changes = Changes::new(self.0)?;
        for group in Group::ALL {
            if SAID.contains(&group) {
                continue;
            }
            let (table, mut page) = (Table::new(group.name()), Page::first(PAGE));
            loop {
                let rows = self.rows(table, &Key::root(), &page)?;
                let Some((last, _)) = rows.last() else {
                    break;
                };
                page = Page::first(PAGE).after(last.clone());
                for (key, _) in &rows {
                    changes.set((group, key), None)?;
                }
            }
        }
        // It is no member of the groups that the other one was in.
        for table in parlance_groups::TABLES {
            changes.inner.remove_all(table, &Key::root())?;
        }
        changes.inner.put(PEOPLE, &Key::of(DEVICE), device)?;
        changes.commit()
    }

    /// Rows as they stand in the store.
    fn rows(&self, table: Table, prefix: &Key, page: &Page) -> Result<Vec<(Key, Value)>, Error> {
        self.0.begin_read()?.scan(table, prefix, page)
    }

    fn opened(&self, value: Value) -> Result<Option<Vec<u8>>, Error> {
        let value = self.0.passing().open(value)?;
        Ok(value.map(|value| value.as_slice().to_vec()))
    }

    fn write(&self, batch: &[(Row, Option<Vec<u8>>)]) -> Result<(), Error> {
        let mut changes = Changes::new(self.0)?;
        for (row, value) in batch {
            let (_, key) = place(row);
            changes.set((row.table(), &key), value.as_deref())?;
        }
        changes.commit()
    }
}

/// Writes a batch into a transaction of somebody else's.
pub(super) fn write_to(
    (keys, changes): (&mut Keys<'_>, &WriteTransaction<'_>),
    batch: &[(Row, Option<Vec<u8>>)],
) -> Result<(), Error> {
    for (row, value) in batch {
        let (_, key) = place(row);
        keys.set(changes, (row.table(), &key), value.as_deref())?;
    }
    Ok(())
}

/// Where a row lies.
fn place(row: &Row) -> (Table, Key) {
    let key = row
        .key()
        .into_iter()
        .fold(Key::root(), |key, part| match part {
            Part::Bytes(bytes) => key.part(bytes),
            Part::Number(number) => key.number(number),
        });
    (Table::new(row.table().name()), key)
}

fn failed(error: Error) -> StorageError {
    StorageError(error.to_string())
}

impl Storage for Rows<'_> {
    fn get(&self, row: &Row) -> Result<Option<Vec<u8>>, StorageError> {
        let (table, key) = place(row);
        let view = self.0.begin_read().map_err(failed)?;
        match view.get(table, &key).map_err(failed)? {
            Some(value) => self.opened(value).map_err(failed),
            None => Ok(None),
        }
    }

    fn all(&self, table: Group) -> Result<Vec<Vec<u8>>, StorageError> {
        let table = Table::new(table.name());
        let (mut values, mut page) = (Vec::new(), Page::first(PAGE));
        loop {
            let rows = self.rows(table, &Key::root(), &page).map_err(failed)?;
            let Some((last, _)) = rows.last() else {
                return Ok(values);
            };
            page = Page::first(PAGE).after(last.clone());
            for (_, value) in rows {
                values.extend(self.opened(value).map_err(failed)?);
            }
        }
    }

    fn messages(
        &self,
        conversation: &Account,
        before: u64,
        limit: usize,
    ) -> Result<Vec<Vec<u8>>, StorageError> {
        let (table, _) = place(&Row::Message(*conversation, 0));
        let prefix = Key::of(conversation.0);
        let page = Page::last(limit).after(prefix.clone().number(before));
        let rows = self.rows(table, &prefix, &page).map_err(failed)?;
        let values = rows.into_iter();
        let values = values.map(|(_, value)| self.opened(value).map_err(failed));
        values.filter_map(Result::transpose).collect()
    }

    fn commit(&mut self, batch: &[(Row, Option<Vec<u8>>)]) -> Result<(), StorageError> {
        self.write(batch).map_err(failed)
    }
}
