//! Presence records: in memory, for minutes (rule O9 of BIMP).
//!
//! Whose a record is stands nowhere. How many one account may publish is counted apart ([`crate::quota`], U4).

use parlance_bimp::PresenceKey;
use std::collections::{BTreeMap, BTreeSet};

/// Records by key.
#[derive(Clone, Debug, Default)]
pub struct Presences {
    records: BTreeMap<PresenceKey, (u64, Vec<u8>)>,
    /// When they end.
    ends: BTreeSet<(u64, PresenceKey)>,
}

impl Presences {
    /// Whether a record would take the place of one that has not ended.
    pub fn has(&mut self, key: &PresenceKey, now: u64) -> bool {
        self.forget(now);
        self.records.contains_key(key)
    }

    /// Keeps a record until `until` of the steady clock. `false` if there is no room.
    pub fn publish(
        &mut self,
        key: PresenceKey,
        record: Vec<u8>,
        until: u64,
        now: u64,
        room: usize,
    ) -> bool {
        self.forget(now);
        match self.records.get(&key) {
            Some((until, _)) => {
                self.ends.remove(&(*until, key));
            }
            None if self.records.len() >= room => return false,
            None => {}
        }
        self.ends.insert((until, key));
        self.records.insert(key, (until, record));
        true
    }

    /// A record that has not ended.
    pub fn look_up(&self, key: &PresenceKey, now: u64) -> Option<&[u8]> {
        let (until, record) = self.records.get(key)?;
        (*until > now).then_some(record.as_slice())
    }

    /// Forgets what has ended: each record is looked at once for that, however full it is here.
    fn forget(&mut self, now: u64) {
        while let Some((until, key)) = self.ends.first().copied()
            && until <= now
        {
            self.ends.pop_first();
            self.records.remove(&key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_end_and_make_room() {
        let (mut presences, one, other) = (
            Presences::default(),
            PresenceKey([1; 32]),
            PresenceKey([2; 32]),
        );
        assert!(presences.publish(one, vec![1], 100, 0, 1));
        assert!(!presences.publish(other, vec![2], 200, 99, 1));
        assert!(presences.publish(one, vec![3], 100, 99, 1));
        assert_eq!(presences.look_up(&one, 99), Some(&[3][..]));
        assert_eq!(presences.look_up(&one, 100), None);
        assert!(presences.has(&one, 99) && !presences.has(&one, 100));
        assert!(presences.publish(other, vec![2], 200, 100, 1));
        assert_eq!(presences.look_up(&other, 100), Some(&[2][..]));
    }

    #[test]
    fn what_is_renewed_ends_by_its_last_word() {
        let (mut presences, key) = (Presences::default(), PresenceKey([1; 32]));
        for until in [100, 300, 50, 200] {
            assert!(presences.publish(key, vec![1], until, 0, 1));
            assert_eq!((presences.records.len(), presences.ends.len()), (1, 1));
        }
        assert!(presences.has(&key, 199) && !presences.has(&key, 200));
        assert!(presences.records.is_empty() && presences.ends.is_empty());
    }
}
