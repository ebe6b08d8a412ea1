//! How much one sender may send (M4, M16).
//!
//! - **U1** Counted per sender, and per sender and mailbox, in periods of the steady clock. Only the relay that a message is sent
//!   to counts, in memory: who writes to whom is on no disk and at no other relay.
//! - **U2** A message that the relay has already costs nothing. Of messages that it does not keep, because others do (G7), it remembers for
//!   a period that they were charged, as many as there is room for.
//! - **U3** When as many are counted as there is room for, more senders are refused until the next period.
//! - **U4** Presence records under keys that are new here are counted for the account that publishes them, without a word of which: nobody fills
//!   the room of all, and who reads this memory cannot tell which records belong together.
//! - **U5** An account gets so many one-time prekeys of another account in a period, and from then on bundles without any: otherwise one that asks
//!   on and on leaves none for those who write.

use crate::config::Limits;
use parlance_bimp::{Account, Key, Mailbox};
use std::collections::{BTreeMap, BTreeSet};

#[derive(Clone, Copy, Debug, Default)]
struct Used {
    messages: u64,
    bytes: u64,
}

impl Used {
    fn would_exceed(&self, messages: u64, bytes: u64, limits: (u64, u64)) -> bool {
        self.messages.saturating_add(messages) > limits.0
            || self.bytes.saturating_add(bytes) > limits.1
    }

    fn charge(&mut self, messages: u64, bytes: u64) {
        self.messages = self.messages.saturating_add(messages);
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// What a sender has met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Met {
    /// The sender's own limit: bytes of it.
    Sender(u64),
    /// The limit for this mailbox.
    Pair,
}

/// What was sent in this period.
#[derive(Clone, Debug, Default)]
pub struct Quotas {
    began: u64,
    senders: BTreeMap<Account, Used>,
    pairs: BTreeMap<(Account, Mailbox), Used>,
    charged: BTreeSet<Key>,
    presences: BTreeMap<Account, u64>,
    fetched: BTreeMap<(Account, Account), u64>,
}

impl Quotas {
    /// Begins a new period if it is time, and says when the next one begins.
    pub fn roll(&mut self, now: u64, period: u64) -> u64 {
        if now.saturating_sub(self.began) >= period {
            *self = Self {
                began: now,
                ..Self::default()
            };
        }
        self.began.saturating_add(period).saturating_sub(now)
    }

    /// Whether a message was charged in this period, as far as that is remembered (U2).
    pub fn is_charged(&self, key: &Key) -> bool {
        self.charged.contains(key)
    }

    /// A message was charged that this relay does not keep (U2).
    pub fn remember(&mut self, key: Key, limits: &Limits) {
        if self.charged.len() < limits.counted {
            self.charged.insert(key);
        }
    }

    /// Charges a message to one mailbox, or refuses and charges nothing.
    pub fn charge(
        &mut self,
        sender: Account,
        mailbox: Mailbox,
        bytes: u64,
        limits: &Limits,
    ) -> Result<(), Met> {
        let pair = (sender, mailbox);
        let of_pair = self.pairs.get(&pair).copied().unwrap_or_default();
        let pair_limits = (limits.pair_messages, limits.pair_bytes);
        if of_pair.would_exceed(1, bytes, pair_limits) {
            return Err(Met::Pair);
        }
        if !self.pairs.contains_key(&pair) && self.pairs.len() >= limits.counted {
            return Err(Met::Sender(0));
        }
        self.charge_sender(sender, 1, bytes, limits)?;
        self.pairs.entry(pair).or_default().charge(1, bytes);
        Ok(())
    }

    /// Counts a presence record under a new key, or refuses it (U4).
    pub fn publish(&mut self, account: Account, limits: &Limits) -> bool {
        let full = self.presences.len() >= limits.counted && !self.presences.contains_key(&account);
        let used = self.presences.get(&account).copied().unwrap_or(0);
        if full || used >= limits.account_presences {
            return false;
        }
        self.presences.insert(account, used.saturating_add(1));
        true
    }

    /// Counts a one-time prekey of `owner` for `asker`, or refuses it (U5).
    pub fn fetch(&mut self, asker: Account, owner: Account, limits: &Limits) -> bool {
        let pair = (asker, owner);
        let full = self.fetched.len() >= limits.counted && !self.fetched.contains_key(&pair);
        let used = self.fetched.get(&pair).copied().unwrap_or(0);
        if full || used >= limits.pair_prekeys {
            return false;
        }
        self.fetched.insert(pair, used.saturating_add(1));
        true
    }

    /// Charges a sender alone.
    pub fn charge_sender(
        &mut self,
        sender: Account,
        messages: u64,
        bytes: u64,
        limits: &Limits,
    ) -> Result<(), Met> {
        let used = self.senders.get(&sender).copied().unwrap_or_default();
        let full = !self.senders.contains_key(&sender) && self.senders.len() >= limits.counted;
        let own = (limits.sender_messages, limits.sender_bytes);
        if full || used.would_exceed(messages, bytes, own) {
            return Err(Met::Sender(limits.sender_bytes));
        }
        self.senders
            .entry(sender)
            .or_default()
            .charge(messages, bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_hold_per_mailbox_and_per_sender_and_end_with_the_period() {
        let limits = Limits {
            sender_messages: 3,
            pair_messages: 2,
            ..Limits::default()
        };
        let (a, b, c) = (Mailbox([1; 32]), Mailbox([2; 32]), Mailbox([3; 32]));
        let sender = Account([9; 32]);
        let mut quotas = Quotas::default();
        assert_eq!(quotas.roll(1_000, 1_000), 1_000);
        assert!(quotas.charge(sender, a, 10, &limits).is_ok());
        assert!(quotas.charge(sender, a, 10, &limits).is_ok());
        assert_eq!(quotas.charge(sender, a, 10, &limits), Err(Met::Pair));
        assert!(quotas.charge(sender, b, 10, &limits).is_ok());
        let met = Met::Sender(limits.sender_bytes);
        assert_eq!(quotas.charge(sender, c, 10, &limits), Err(met));
        assert!(quotas.charge(Account([8; 32]), a, 10, &limits).is_ok());
        assert_eq!(quotas.roll(1_999, 1_000), 1);
        assert!(quotas.charge(sender, c, 10, &limits).is_err());
        quotas.roll(2_000, 1_000);
        assert!(quotas.charge(sender, c, 10, &limits).is_ok());
    }

    #[test]
    fn what_was_charged_is_remembered_for_a_period_and_within_bounds() {
        let limits = Limits {
            counted: 2,
            ..Limits::default()
        };
        let key = |n| Key {
            mailbox: Mailbox([n; 32]),
            ..Key::FIRST
        };
        let mut quotas = Quotas::default();
        quotas.roll(1_000, 1_000);
        for n in 0..3 {
            quotas.remember(key(n), &limits);
        }
        let charged: Vec<bool> = (0..3).map(|n| quotas.is_charged(&key(n))).collect();
        assert_eq!(charged, [true, true, false]);
        quotas.roll(2_000, 1_000);
        assert!(!quotas.is_charged(&key(0)));
    }

    #[test]
    fn strangers_without_end_take_no_memory_without_end() {
        let limits = Limits {
            counted: 10,
            ..Limits::default()
        };
        let mut quotas = Quotas::default();
        let taken = (0..100u8)
            .filter(|n| {
                let sender = Account([*n; 32]);
                quotas.charge(sender, Mailbox([0; 32]), 1, &limits).is_ok()
            })
            .count();
        assert_eq!(
            (taken, quotas.pairs.len(), quotas.senders.len()),
            (10, 10, 10)
        );
    }
}
