//! Batches of the core become batches of the database (rules D1, D3, D4).

use super::{Inner, error::failed, groups, keys, options, options::Column};
use codec::Encode;
use parlance_relay_core::{Batch, Body, StorageError, Write};
use rocksdb::{ColumnFamily, WriteBatch};
use std::sync::{Arc, atomic::Ordering};

/// What stays free for acknowledgements and prekeys: this part of the limit.
const RESERVE: u64 = 8;
/// A cleaning is not worth its reading and writing for fewer removals.
const MIN_REMOVED: u64 = 64;
/// The database is asked what it has when so much was written since, as a part of the limit, and at most bytes.
const MEASURED: (u64, u64) = (64, 4 << 20);

/// What a batch is about to take.
#[derive(Debug, Default, PartialEq, Eq)]
struct Growth {
    /// Bytes of messages.
    messages: u64,
    /// Of everything else that is not a removal.
    rest: u64,
    removals: u64,
}

impl Growth {
    fn of(batch: &Batch) -> Self {
        let mut growth = Self::default();
        for write in &batch.writes {
            let (messages, rest, removals) = match write {
                Write::Put { body, entry, .. } => match body {
                    Body::Set(message) => (message.len() as u64, 0, 0),
                    Body::Keep if !entry.state.deleted => (0, entry.encoded_size() as u64, 0),
                    Body::Keep | Body::Remove => (0, 0, 1),
                },
                Write::PutHead { head, .. } => (0, head.len() as u64, 0),
                Write::PutPreKey { prekey, .. } => (0, prekey.len() as u64, 0),
                Write::PutGroup { bytes, .. } => (0, bytes.len() as u64, 0),
                Write::Remove { .. } | Write::RemovePreKey { .. } | Write::RemoveGroup { .. } => {
                    (0, 0, 1)
                }
            };
            growth.messages = growth.messages.saturating_add(messages);
            growth.rest = growth.rest.saturating_add(rest);
            growth.removals = growth.removals.saturating_add(removals);
        }
        growth
    }

    /// D3.
    fn fits(&self, used: u64, limit: u64) -> bool {
        let after = used.saturating_add(self.messages).saturating_add(self.rest);
        match (self.messages, self.rest) {
            (0, 0) => true,
            (0, _) => after <= limit.saturating_add(limit / RESERVE),
            _ => after <= limit,
        }
    }
}

/// Writes a batch and returns when it is on the disk.
pub(super) fn commit(inner: &Arc<Inner>, batch: &Batch) -> Result<(), StorageError> {
    let growth = Growth::of(batch);
    let (part, most) = MEASURED;
    let stale = inner.written.load(Ordering::Relaxed) >= most.min(inner.limit / part);
    // It may have become less since it was measured.
    if (stale || !growth.fits(inner.used(), inner.limit))
        && !growth.fits(inner.measure(), inner.limit)
    {
        clean(inner);
        return Err(StorageError::Full);
    }
    let columns = Columns {
        entries: inner.column(Column::Entries)?,
        messages: inner.column(Column::Messages)?,
        heads: inner.column(Column::Heads)?,
        prekeys: inner.column(Column::PreKeys)?,
        groups: inner.column(Column::Groups)?,
    };
    let mut out = WriteBatch::default();
    for write in &batch.writes {
        columns.put(&mut out, write);
    }
    let written = inner.db.write_opt(out, &options::durable());
    written.map_err(|error| failed(&inner.path, "writing", &error))?;
    let written = growth.messages.saturating_add(growth.rest);
    inner.written.fetch_add(written, Ordering::Relaxed);
    inner.removed.fetch_add(growth.removals, Ordering::Relaxed);
    Ok(())
}

struct Columns<'a> {
    entries: &'a ColumnFamily,
    messages: &'a ColumnFamily,
    heads: &'a ColumnFamily,
    prekeys: &'a ColumnFamily,
    groups: &'a ColumnFamily,
}

impl Columns<'_> {
    fn put(&self, out: &mut WriteBatch, write: &Write) {
        match write {
            Write::Put { key, entry, body } => {
                let name = keys::of_entry(key);
                out.put_cf(self.entries, name, entry.encode());
                match body {
                    Body::Keep => {}
                    Body::Set(message) => out.put_cf(self.messages, name, message),
                    Body::Remove => out.delete_cf(self.messages, name),
                }
            }
            Write::Remove { key } => {
                let name = keys::of_entry(key);
                out.delete_cf(self.entries, name);
                out.delete_cf(self.messages, name);
            }
            Write::PutHead { owner, head } => {
                out.put_cf(self.heads, keys::of_owner(owner), head);
            }
            Write::PutPreKey {
                owner,
                number,
                prekey,
            } => out.put_cf(self.prekeys, keys::of_prekey(owner, *number), prekey),
            Write::RemovePreKey { owner, number } => {
                out.delete_cf(self.prekeys, keys::of_prekey(owner, *number));
            }
            Write::PutGroup { group, row, bytes } => {
                out.put_cf(self.groups, groups::of_row(group, *row), bytes);
            }
            Write::RemoveGroup { group, row } => {
                out.delete_cf(self.groups, groups::of_row(group, *row));
            }
        }
    }
}

/// Merges the tables of what was deleted, in a thread of its own, if one does not do so already (D4).
fn clean(inner: &Arc<Inner>) {
    if inner.removed.load(Ordering::Relaxed) < MIN_REMOVED
        || inner.cleaning.swap(true, Ordering::AcqRel)
    {
        return;
    }
    inner.removed.store(0, Ordering::Relaxed);
    let own = inner.clone();
    let begun = std::thread::Builder::new()
        .name("relay-clean".into())
        .spawn(move || {
            for column in [Column::Messages, Column::Entries] {
                if let Ok(handle) = own.column(column) {
                    own.db
                        .compact_range_cf(handle, None::<&[u8]>, None::<&[u8]>);
                }
            }
            own.cleaning.store(false, Ordering::Release);
        });
    if begun.is_err() {
        inner.cleaning.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_stop_first_removals_never() {
        let growth = |messages, rest| Growth {
            messages,
            rest,
            removals: 1,
        };
        let limit = 800;
        assert!(growth(1, 0).fits(799, limit));
        assert!(!growth(1, 0).fits(800, limit));
        assert!(growth(0, 1).fits(899, limit));
        assert!(!growth(0, 1).fits(900, limit));
        assert!(growth(0, 0).fits(u64::MAX, limit));
        assert!(!growth(u64::MAX, u64::MAX).fits(1, limit));
    }
}
