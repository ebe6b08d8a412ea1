//! The engine's rows in the vault's store (T1).

use parlance_bimp::Account;
use parlance_messenger::{Part, Row, Storage, StorageError, Table as Group};
use parlance_store::{Error, Key, Page, Store, Table};

/// Rows that are read at a time.
const PAGE: usize = 1_024;

/// The engine's part of a store.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'v>(&'v Store);

impl<'v> Rows<'v> {
    /// In this store.
    pub fn new(store: &'v Store) -> Self {
        Self(store)
    }

    fn rows(&self, table: Table, prefix: &Key, page: &Page) -> Result<Vec<(Key, Vec<u8>)>, Error> {
        let rows = self.0.begin_read()?.scan(table, prefix, page)?;
        let owned = |(key, value): (Key, parlance_store::Value)| (key, value.as_slice().to_vec());
        Ok(rows.into_iter().map(owned).collect())
    }

    fn write(&self, batch: &[(Row, Option<Vec<u8>>)]) -> Result<(), Error> {
        let changes = self.0.begin_write()?;
        for (row, value) in batch {
            let (table, key) = place(row);
            match value {
                Some(value) => changes.put(table, &key, value)?,
                None => {
                    changes.remove(table, &key)?;
                }
            }
        }
        changes.commit()
    }
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
        let value = view.get(table, &key).map_err(failed)?;
        Ok(value.map(|value| value.as_slice().to_vec()))
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
            values.extend(rows.into_iter().map(|(_, value)| value));
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
        Ok(rows.into_iter().map(|(_, value)| value).collect())
    }

    fn commit(&mut self, batch: &[(Row, Option<Vec<u8>>)]) -> Result<(), StorageError> {
        self.write(batch).map_err(failed)
    }
}
