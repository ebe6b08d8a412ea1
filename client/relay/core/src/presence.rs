//! Presence records: in memory, for minutes (rule O9 of BIMP).

use parlance_bimp::PresenceKey;
use std::collections::BTreeMap;

/// Records by key.
#[derive(Clone, Debug, Default)]
pub struct Presences {
    records: BTreeMap<PresenceKey, (u64, Vec<u8>)>,
}

impl Presences {
    /// Keeps a record until `until` of the steady clock. `false` if there is no room.
    pub fn publish(
        &mut self,
        key: PresenceKey,
        record: Vec<u8>,
        until: u64,
        now: u64,
        room: usize,
    ) -> bool {
        if !self.records.contains_key(&key) && self.records.len() >= room {
            self.records.retain(|_, (until, _)| *until > now);
            if self.records.len() >= room {
                return false;
            }
        }
        self.records.insert(key, (until, record));
        true
    }

    /// A record that has not ended.
    pub fn look_up(&self, key: &PresenceKey, now: u64) -> Option<&[u8]> {
        let (until, record) = self.records.get(key)?;
        (*until > now).then_some(record.as_slice())
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
        assert!(presences.publish(other, vec![2], 200, 100, 1));
        assert_eq!(presences.look_up(&other, 100), Some(&[2][..]));
    }
}
