//! The sums that keep the cap. Every unit that the schedule ever released is minted, lapsed or
//! available; every unit minted stands under the cap.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use parlance_primitives::{Balance, Moment, issuance::Share};
use scale_info::TypeInfo;

use super::{
    schedule::Schedule,
    split::{Shares, Splits},
};

/// What a chain decided at genesis, for ever.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Terms {
    /// The supply never passes this, in units.
    pub max_supply: Balance,
    /// Supply at genesis, in units.
    pub genesis_supply: Balance,
    /// How the mining pool is released.
    pub schedule: Schedule,
    /// Most that one look at the clock counts, in milliseconds.
    pub max_settlement_ms: Moment,
}

impl Default for Terms {
    /// Mines nothing and caps nothing.
    fn default() -> Self {
        Self {
            max_supply: Balance::MAX,
            genesis_supply: 0,
            schedule: Schedule::default(),
            max_settlement_ms: 0,
        }
    }
}

/// Sums since genesis, in units.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Ledger {
    /// Released by the schedule.
    pub released: Balance,
    /// Minted out of what was released.
    pub minted: Balance,
    /// Released, but not minted before the next settlement. Never minted.
    pub lapsed: Balance,
    /// Released since the last settlement and not yet split.
    pub unsplit: Balance,
    /// Paid back to a pool that takes returns; may be released again.
    pub returned: Balance,
    /// Paid back to a pool that takes none; gone.
    pub retired: Balance,
}

impl Ledger {
    /// What the mining pool still holds.
    pub fn left(&self, terms: &Terms) -> Balance {
        terms
            .schedule
            .pool()
            .saturating_add(self.returned)
            .saturating_sub(self.released)
    }

    /// Notes that the clock released an amount; it waits for the next settlement.
    pub fn release(&mut self, amount: Balance) {
        self.released = self.released.saturating_add(amount);
        self.unsplit = self.unsplit.saturating_add(amount);
    }

    /// Lapses what was available and makes available what was released since.
    pub fn settle(&mut self, available: &mut Shares, splits: &Splits) -> Settlement {
        let lapsed = available.total();
        let released = core::mem::take(&mut self.unsplit);
        self.lapsed = self.lapsed.saturating_add(lapsed);
        *available = splits.split(released);
        Settlement { released, lapsed }
    }

    /// How much of `wanted` may be minted of a share when `issued` units exist now.
    pub fn mintable(
        &self,
        terms: &Terms,
        available: &Shares,
        share: Share,
        wanted: Balance,
        issued: Balance,
    ) -> Balance {
        let planned = terms.genesis_supply.saturating_add(self.minted);
        let under_plan = terms
            .max_supply
            .saturating_add(self.returned)
            .saturating_sub(planned);
        // The second guard holds even if another pallet minted what it should not.
        let under_cap = terms.max_supply.saturating_sub(issued);
        wanted
            .min(available.of(share))
            .min(under_plan)
            .min(under_cap)
    }

    /// Notes that an amount within [`Ledger::mintable`] was minted of a share.
    pub fn mint(&mut self, available: &mut Shares, share: Share, amount: Balance) {
        self.minted = self.minted.saturating_add(amount);
        let rest = available.of_mut(share);
        *rest = rest.saturating_sub(amount);
    }

    /// Notes that an amount was burnt in favour of the pool.
    pub fn repay(&mut self, terms: &Terms, amount: Balance) {
        let sum = if terms.schedule.takes_returns() {
            &mut self.returned
        } else {
            &mut self.retired
        };
        *sum = sum.saturating_add(amount);
    }

    /// The rules that always hold, as a reason why one does not.
    ///
    /// # Errors
    /// The broken rule in words.
    pub fn check(&self, terms: &Terms, available: &Shares) -> Result<(), &'static str> {
        let accounted = [self.minted, self.lapsed, self.unsplit, available.total()]
            .iter()
            .try_fold(0, |sum: Balance, part| sum.checked_add(*part));
        if accounted != Some(self.released) {
            return Err("released is not minted + lapsed + unsplit + available");
        }
        let pool = terms.schedule.pool().saturating_add(self.returned);
        if self.released > pool {
            return Err("more was released than the mining pool held");
        }
        let planned = terms.genesis_supply.checked_add(self.minted);
        if planned.is_none_or(|sum| sum > terms.max_supply.saturating_add(self.returned)) {
            return Err("genesis + minted - returned passes the cap");
        }
        Ok(())
    }
}

/// What a settlement did, in units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// Made available.
    pub released: Balance,
    /// Was available and is not any more.
    pub lapsed: Balance,
}
