//! The order of groups: rows under group, kind and number, so that those of a group stand side by side, in the order in which the core reads
//! them.

use super::{Inner, error::damaged, keys::behind, options::Column};
use parlance_bimp::GroupId;
use parlance_relay_core::{GroupRow, StorageError};

/// Group, kind, number (big-endian).
const ROW: usize = 32 + 1 + 8;

/// The key of a row.
pub fn of_row(group: &GroupId, row: GroupRow) -> [u8; ROW] {
    let (kind, number) = match row {
        GroupRow::Base => (0, 0),
        GroupRow::Votes => (1, 0),
        GroupRow::Record(position) => (2, position),
    };
    let mut bytes = [0; ROW];
    let (whose, rest) = bytes.split_at_mut(32);
    let (which, place) = rest.split_at_mut(1);
    whose.copy_from_slice(&group.0);
    which.fill(kind);
    place.copy_from_slice(&u64::to_be_bytes(number));
    bytes
}

/// Whose row, and which, if the key says so.
fn to_row(bytes: &[u8]) -> Option<(GroupId, GroupRow)> {
    let (group, rest) = bytes.split_first_chunk::<32>()?;
    let (kind, number) = rest.split_first()?;
    let row = match (kind, u64::from_be_bytes(number.try_into().ok()?)) {
        (0, 0) => GroupRow::Base,
        (1, 0) => GroupRow::Votes,
        (2, position) => GroupRow::Record(position),
        _ => return None,
    };
    Some((GroupId(*group), row))
}

/// All groups with rows, rising.
pub(super) fn all(inner: &Inner) -> Result<Vec<GroupId>, StorageError> {
    let mut found = Vec::new();
    let mut iterator = inner.scan(Column::Groups, &[])?;
    while let Some(name) = iterator.key() {
        let Some((group, _)) = to_row(name) else {
            return Err(damaged(&inner.path, "the row of a group", name));
        };
        found.push(group);
        match behind(&group.0) {
            Some(next) => iterator.seek(next),
            None => break,
        }
    }
    inner.ended(Column::Groups, &iterator)?;
    Ok(found)
}

/// The rows of a group, rising.
pub(super) fn rows(
    inner: &Inner,
    group: &GroupId,
) -> Result<Vec<(GroupRow, Vec<u8>)>, StorageError> {
    let mut found = Vec::new();
    let mut iterator = inner.scan(Column::Groups, &group.0)?;
    while let Some((name, value)) = iterator.item() {
        let Some((_, row)) = to_row(name) else {
            return Err(damaged(&inner.path, "the row of a group", name));
        };
        found.push((row, value.to_vec()));
        iterator.next();
    }
    inner.ended(Column::Groups, &iterator)?;
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::{MIN_LIMIT, Store};
    use parlance_relay_core::{Batch, Storage, Write};
    use proptest::prelude::*;

    fn row() -> impl Strategy<Value = GroupRow> {
        prop_oneof![
            Just(GroupRow::Base),
            Just(GroupRow::Votes),
            any::<u64>().prop_map(GroupRow::Record),
        ]
    }

    proptest! {
        #[test]
        fn rows_come_back_and_keep_their_order(
            a in (any::<[u8; 32]>(), row()),
            b in (any::<[u8; 32]>(), row()),
        ) {
            let (a, b) = ((GroupId(a.0), a.1), (GroupId(b.0), b.1));
            let (of_a, of_b) = (of_row(&a.0, a.1), of_row(&b.0, b.1));
            prop_assert_eq!(to_row(&of_a), Some(a));
            prop_assert_eq!(of_a.cmp(&of_b), a.cmp(&b));
        }

        #[test]
        fn no_bytes_are_too_odd(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Some((group, row)) = to_row(&bytes) {
                prop_assert_eq!(of_row(&group, row).to_vec(), bytes);
            }
        }
    }

    #[test]
    fn rows_of_a_group_are_found_and_others_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path(), MIN_LIMIT).unwrap();
        let put = |group: u8, row, byte| Write::PutGroup {
            group: GroupId([group; 32]),
            row,
            bytes: vec![byte],
        };
        let writes = vec![
            put(1, GroupRow::Record(256), 1),
            put(1, GroupRow::Base, 2),
            put(1, GroupRow::Record(2), 3),
            put(0xFF, GroupRow::Votes, 4),
            put(2, GroupRow::Base, 5),
        ];
        store.commit_durable(&Batch { number: 1, writes }).unwrap();
        let remove = Write::RemoveGroup {
            group: GroupId([2; 32]),
            row: GroupRow::Base,
        };
        let writes = vec![remove];
        store.commit_durable(&Batch { number: 2, writes }).unwrap();
        drop(store);
        let store = Store::open(folder.path(), MIN_LIMIT).unwrap();
        let (first, last) = (GroupId([1; 32]), GroupId([0xFF; 32]));
        assert_eq!(store.groups().unwrap(), [first, last]);
        let rows = store.group(&first).unwrap();
        let expected = [
            (GroupRow::Base, vec![2]),
            (GroupRow::Record(2), vec![3]),
            (GroupRow::Record(256), vec![1]),
        ];
        assert_eq!(rows, expected);
        assert_eq!(store.group(&GroupId([2; 32])).unwrap(), []);
        assert_eq!(store.group(&last).unwrap(), [(GroupRow::Votes, vec![4])]);
    }
}
