//! Identities as the last final block has them, as far as somebody has asked for them.

use parlance_primitives::{AccountId, accounts::Identity};
use schnellru::{ByLength, LruMap};
use std::sync::Arc;

use super::follow::Watched;

/// An identity; none where the account has none.
pub type Known = Option<Arc<Identity>>;

/// The identities that were asked for last, and whose devices were let in.
pub struct Records {
    known: LruMap<AccountId, Known, ByLength>,
    /// Rises when something is forgotten, so that what was read before is not put back.
    forgotten: u64,
    /// Accounts whose devices have authenticated.
    pub watched: Watched,
}

impl Records {
    /// None yet, and so many at most.
    pub fn new(most: u32) -> Self {
        Self {
            known: LruMap::new(ByLength::new(most)),
            forgotten: 0,
            watched: Watched::default(),
        }
    }

    /// What is known of an account.
    pub fn get(&mut self, account: &AccountId) -> Option<Known> {
        self.known.get(account).cloned()
    }

    /// What [`put`](Self::put) has to be told of the moment before something is read.
    pub fn moment(&self) -> u64 {
        self.forgotten
    }

    /// It was read, beginning at that moment. If something has changed since, it may be out of date, and is not kept.
    pub fn put(&mut self, account: AccountId, known: Known, since: u64) {
        if self.forgotten == since {
            self.known.insert(account, known);
        }
    }

    /// These may have changed: none of them is known any more, whether it was let in or not, or had no identity. Which of them were let in.
    pub fn forget(&mut self, accounts: impl IntoIterator<Item = AccountId>) -> Vec<AccountId> {
        let mut all: Vec<_> = accounts.into_iter().collect();
        if !all.is_empty() {
            self.forgotten = self.forgotten.wrapping_add(1);
        }
        for account in &all {
            self.known.remove(account);
        }
        all.retain(|account| self.watched.has(account));
        all
    }

    /// Any may have changed.
    pub fn forget_all(&mut self) {
        self.forgotten = self.forgotten.wrapping_add(1);
        self.known.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(n: u8) -> AccountId {
        AccountId::new([n; 32])
    }

    /// Somebody asks for an account before it has an identity, or under a number that none of its devices has: neither keeps it out, or
    /// a device in that was removed since.
    #[test]
    fn a_change_is_seen_of_those_too_who_were_never_let_in() {
        let mut records = Records::new(8);
        let (stranger, guest) = (account(1), account(2));
        records.watched.add(guest.clone());
        for who in [&stranger, &guest] {
            let moment = records.moment();
            records.put(who.clone(), None, moment);
            assert_eq!(records.get(who).map(|known| known.is_none()), Some(true));
        }
        let changed = records.forget([stranger.clone(), guest.clone()]);
        assert_eq!(
            changed,
            std::slice::from_ref(&guest),
            "only these are told to the core"
        );
        assert!(records.get(&stranger).is_none() && records.get(&guest).is_none());
        let moment = records.moment();
        records.put(stranger.clone(), None, moment);
        records.forget_all();
        assert!(records.get(&stranger).is_none());
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept() {
        let mut records = Records::new(8);
        let moment = records.moment();
        records.forget([account(2)]);
        records.put(account(1), None, moment);
        assert!(records.get(&account(1)).is_none());
    }
}
