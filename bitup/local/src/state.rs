//! What stays between calls.

use std::collections::BTreeMap;

/// The address of an account.
pub type Account = [u8; 32];

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The contract that wrote it.
    pub contract: Account,
    /// Its topics, as they were given.
    pub topics: Vec<u8>,
    /// Its data.
    pub data: Vec<u8>,
}

/// Accounts, storage and events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// What contracts keep, by contract and key.
    pub storage: BTreeMap<(Account, Vec<u8>), Vec<u8>>,
    /// What accounts have.
    pub balances: BTreeMap<Account, u128>,
    /// The code of contracts.
    pub contracts: BTreeMap<Account, usize>,
    /// What contracts wrote.
    pub events: Vec<Event>,
    /// What accounts have of which nothing else is known, so that those of a test can pay.
    pub endowment: u128,
}

impl State {
    /// What an account has.
    #[must_use]
    pub fn balance(&self, who: &Account) -> u128 {
        self.balances.get(who).copied().unwrap_or(self.endowment)
    }

    /// Moves tokens; false, and nothing moves, when there are too few.
    pub fn transfer(&mut self, from: Account, to: Account, amount: u128) -> bool {
        let Some(left) = self.balance(&from).checked_sub(amount) else {
            return false;
        };
        let before = self.balances.insert(from, left);
        match self.balance(&to).checked_add(amount) {
            Some(sum) => {
                self.balances.insert(to, sum);
                true
            }
            None => {
                match before {
                    Some(before) => self.balances.insert(from, before),
                    None => self.balances.remove(&from),
                };
                false
            }
        }
    }
}
