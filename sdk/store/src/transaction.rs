//! Reading and writing.

use crate::{
    Error, Key, Table, Value,
    error::damaged,
    header::random,
    limits::MAX_PAGE,
    store::{COUNTERS, ROWS, Secrets},
};
use redb::{ReadableDatabase, ReadableTable};
use std::{cell::Cell, ops::Bound};

/// Which rows a scan returns, in the order of the file (K4): numbers ascending, bytes in any fixed order.
#[derive(Clone, Debug)]
pub struct Page {
    limit: usize,
    after: Option<Key>,
    descending: bool,
}

impl Page {
    /// The first rows, at most `limit` of them and never more than [`MAX_PAGE`].
    pub fn first(limit: usize) -> Self {
        Self {
            limit,
            after: None,
            descending: false,
        }
    }

    /// The last rows, the last one first.
    pub fn last(limit: usize) -> Self {
        Self {
            descending: true,
            ..Self::first(limit)
        }
    }

    /// Only rows beyond `key` in the page's direction: the key of the last row that was seen, or any other.
    #[must_use]
    pub fn after(mut self, key: Key) -> Self {
        self.after = Some(key);
        self
    }
}

/// A row that a scan found.
pub type Row = (Key, Value);

/// A view of one moment. Writers do not disturb it, and it does not hold them up.
pub struct ReadTransaction<'s> {
    secrets: &'s Secrets,
    inner: redb::ReadTransaction,
}

/// Changes that happen together or not at all. Dropping it undoes them.
///
/// There is one at a time; another thread's waits, and one thread must not begin a second.
pub struct WriteTransaction<'s> {
    secrets: &'s Secrets,
    inner: redb::WriteTransaction,
    counters: Cell<Counters>,
    limit: u64,
    changed: Cell<bool>,
}

/// What is kept of a whole store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counters {
    pub(crate) generation: u64,
    pub(crate) bytes: u64,
}

impl Counters {
    fn encode(self) -> [u8; 16] {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.generation.to_le_bytes());
        bytes[8..].copy_from_slice(&self.bytes.to_le_bytes());
        bytes
    }

    fn decode(value: &Value) -> Result<Self, Error> {
        let wrong = || damaged("the counters are none");
        let (generation, bytes) = value.split_first_chunk().ok_or_else(wrong)?;
        let bytes = bytes.try_into().map_err(|_| wrong())?;
        Ok(Self {
            generation: u64::from_le_bytes(*generation),
            bytes: u64::from_le_bytes(bytes),
        })
    }

    pub(crate) fn read(
        secrets: &Secrets,
        rows: &impl ReadableTable<&'static [u8], &'static [u8]>,
    ) -> Result<Self, Error> {
        get(secrets, rows, COUNTERS, &Key::root())?
            .as_ref()
            .map_or_else(|| Err(damaged("the counters are missing")), Self::decode)
    }
}

impl<'s> ReadTransaction<'s> {
    pub(crate) fn new(secrets: &'s Secrets, database: &redb::Database) -> Result<Self, Error> {
        let inner = database.begin_read()?;
        Ok(Self { secrets, inner })
    }

    /// The value of `key`.
    pub fn get(&self, table: Table, key: &Key) -> Result<Option<Value>, Error> {
        get(self.secrets, &self.inner.open_table(ROWS)?, table, key)
    }

    /// The rows whose keys begin with `prefix`, as far as `page` wants them.
    pub fn scan(&self, table: Table, prefix: &Key, page: &Page) -> Result<Vec<Row>, Error> {
        scan(
            self.secrets,
            &self.inner.open_table(ROWS)?,
            table,
            prefix,
            page,
        )
    }

    pub(crate) fn counters(&self) -> Result<Counters, Error> {
        Counters::read(self.secrets, &self.inner.open_table(ROWS)?)
    }
}

impl<'s> WriteTransaction<'s> {
    pub(crate) fn new(
        secrets: &'s Secrets,
        database: &redb::Database,
        limit: u64,
    ) -> Result<Self, Error> {
        let inner = database.begin_write()?;
        let counters = Counters::read(secrets, &inner.open_table(ROWS)?)?;
        Ok(Self {
            secrets,
            inner,
            counters: Cell::new(counters),
            limit,
            changed: Cell::new(false),
        })
    }

    /// The value of `key`, with the changes of this transaction.
    pub fn get(&self, table: Table, key: &Key) -> Result<Option<Value>, Error> {
        get(self.secrets, &self.inner.open_table(ROWS)?, table, key)
    }

    /// The rows whose keys begin with `prefix`, with the changes of this transaction.
    pub fn scan(&self, table: Table, prefix: &Key, page: &Page) -> Result<Vec<Row>, Error> {
        scan(
            self.secrets,
            &self.inner.open_table(ROWS)?,
            table,
            prefix,
            page,
        )
    }

    /// Sets the value of `key`. After [`Error::Full`] the key is as before and the transaction can go on.
    pub fn put(&self, table: Table, key: &Key, value: &[u8]) -> Result<(), Error> {
        let Secrets { hider, sealer } = self.secrets;
        let hidden = hider.hide(table, key)?;
        let row = sealer.seal(&hidden, key, value, random()?)?;
        let mut rows = self.inner.open_table(ROWS)?;
        let before = match rows.get(&*hidden)? {
            Some(old) => size(&hidden, old.value()),
            None => 0,
        };
        let mut counters = self.counters.get();
        let grown = size(&hidden, &row).saturating_sub(before);
        let shrunk = before.saturating_sub(size(&hidden, &row));
        counters.bytes = counters.bytes.saturating_add(grown).saturating_sub(shrunk);
        if grown > 0 && counters.bytes > self.limit {
            return Err(Error::Full {
                needed: counters.bytes,
                limit: self.limit,
            });
        }
        rows.insert(&*hidden, &*row)?;
        self.counters.set(counters);
        self.changed.set(true);
        Ok(())
    }

    /// Removes `key`; whether it was there.
    pub fn remove(&self, table: Table, key: &Key) -> Result<bool, Error> {
        let hidden = self.secrets.hider.hide(table, key)?;
        let mut rows = self.inner.open_table(ROWS)?;
        let Some(freed) = rows.remove(&*hidden)?.map(|old| size(&hidden, old.value())) else {
            return Ok(false);
        };
        self.free(freed);
        Ok(true)
    }

    /// Removes all keys that begin with `prefix`; how many there were.
    pub fn remove_all(&self, table: Table, prefix: &Key) -> Result<u64, Error> {
        let hidden = self.secrets.hider.hide(table, prefix)?;
        let mut rows = self.inner.open_table(ROWS)?;
        let (mut freed, mut removed) = (0, 0);
        rows.retain_in::<&[u8], _>(range(&hidden).as_bounds(), |key, value| {
            freed += size(key, value);
            removed += 1;
            false
        })?;
        if removed > 0 {
            self.free(freed);
        }
        Ok(removed)
    }

    /// Makes the changes durable, all at once: when this returns they survive a crash of the machine.
    pub fn commit(self) -> Result<(), Error> {
        if !self.changed.get() {
            return Ok(self.inner.abort()?);
        }
        let mut counters = self.counters.get();
        counters.generation = counters.generation.saturating_add(1);
        put_counters(self.secrets, &self.inner, counters)?;
        Ok(self.inner.commit()?)
    }

    fn free(&self, bytes: u64) {
        let mut counters = self.counters.get();
        counters.bytes = counters.bytes.saturating_sub(bytes);
        self.counters.set(counters);
        self.changed.set(true);
    }
}

/// Writes the counters, which are no part of what they count.
pub(crate) fn put_counters(
    secrets: &Secrets,
    transaction: &redb::WriteTransaction,
    counters: Counters,
) -> Result<(), Error> {
    let Secrets { hider, sealer } = secrets;
    let hidden = hider.hide(COUNTERS, &Key::root())?;
    let row = sealer.seal(&hidden, &Key::root(), &counters.encode(), random()?)?;
    transaction.open_table(ROWS)?.insert(&*hidden, &*row)?;
    Ok(())
}

/// What a row counts for in [`Counters::bytes`].
pub(crate) fn size(hidden: &[u8], row: &[u8]) -> u64 {
    (hidden.len() + row.len()) as u64
}

fn get(
    Secrets { hider, sealer }: &Secrets,
    rows: &impl ReadableTable<&'static [u8], &'static [u8]>,
    table: Table,
    key: &Key,
) -> Result<Option<Value>, Error> {
    let hidden = hider.hide(table, key)?;
    let Some(row) = rows.get(&*hidden)? else {
        return Ok(None);
    };
    sealer.open_as(&hidden, key, row.value()).map(Some)
}

/// The row found at `hidden` in `table` (W4).
pub(crate) fn open_row(
    Secrets { hider, sealer }: &Secrets,
    table: Table,
    hidden: &[u8],
    row: &[u8],
) -> Result<Row, Error> {
    let (key, value) = sealer.open(hidden, row)?;
    if hider.hide(table, &key)? != hidden {
        return Err(damaged("a row stands under another key"));
    }
    Ok((key, value))
}

fn scan(
    secrets: &Secrets,
    rows: &impl ReadableTable<&'static [u8], &'static [u8]>,
    table: Table,
    prefix: &Key,
    page: &Page,
) -> Result<Vec<Row>, Error> {
    let hider = &secrets.hider;
    let mut range = range(&hider.hide(table, prefix)?);
    if let Some(key) = &page.after {
        range.beyond(hider.hide(table, key)?, page.descending);
    }
    if range.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = rows.range::<&[u8]>(range.as_bounds())?;
    let mut page_rows = Vec::new();
    while page_rows.len() < page.limit.min(MAX_PAGE) {
        let next = match page.descending {
            true => found.next_back(),
            false => found.next(),
        };
        let Some(next) = next else { break };
        let (hidden, row) = next?;
        page_rows.push(open_row(secrets, table, hidden.value(), row.value())?);
    }
    Ok(page_rows)
}

/// A range of hidden keys.
struct Range {
    from: Bound<Vec<u8>>,
    to: Bound<Vec<u8>>,
}

/// All hidden keys that begin with `prefix`.
fn range(prefix: &[u8]) -> Range {
    // The next prefix of the same length or shorter: the last byte that can grow grows.
    let mut end = prefix.to_vec();
    while end.pop_if(|last| *last == u8::MAX).is_some() {}
    let to = match end.last_mut() {
        Some(last) => {
            *last += 1;
            Bound::Excluded(end)
        }
        None => Bound::Unbounded,
    };
    Range {
        from: Bound::Included(prefix.to_vec()),
        to,
    }
}

impl Range {
    fn beyond(&mut self, key: Vec<u8>, descending: bool) {
        let inside = match (&self.from, &self.to) {
            (Bound::Included(from), Bound::Excluded(to)) => key >= *from && key < *to,
            (Bound::Included(from), _) => key >= *from,
            _ => false,
        };
        match (inside, descending) {
            (true, false) => self.from = Bound::Excluded(key),
            (true, true) => self.to = Bound::Excluded(key),
            // A key of elsewhere bounds nothing here.
            (false, _) => {}
        }
    }

    fn is_empty(&self) -> bool {
        match (&self.from, &self.to) {
            (Bound::Included(from), Bound::Excluded(to)) => from >= to,
            (Bound::Excluded(from), Bound::Excluded(to)) => from >= to,
            _ => false,
        }
    }

    fn as_bounds(&self) -> (Bound<&[u8]>, Bound<&[u8]>) {
        (
            self.from.as_ref().map(Vec::as_slice),
            self.to.as_ref().map(Vec::as_slice),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ops::RangeBounds;

    fn holds(range: &Range, key: &[u8]) -> bool {
        RangeBounds::<[u8]>::contains(&range.as_bounds(), key)
    }

    #[test]
    fn a_prefix_range_holds_what_begins_with_it_and_nothing_else() {
        for prefix in [&[1u8, 2][..], &[1, 255], &[255, 255], &[0]] {
            let range = range(prefix);
            for tail in [&[][..], &[0], &[255, 255, 255]] {
                assert!(holds(&range, &[prefix, tail].concat()));
            }
            for other in [&[1u8, 1, 255][..], &[2], &[1], &[], &[254, 255]] {
                assert_eq!(
                    holds(&range, other),
                    other.starts_with(prefix),
                    "{prefix:?} {other:?}"
                );
            }
        }
    }
}
