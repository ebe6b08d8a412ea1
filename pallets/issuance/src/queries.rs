//! What explorers and dashboards ask.

use crate::{Config, Ledger, Pallet, Terms};
use frame_support::traits::fungible::Inspect;
use parlance_primitives::{Balance, issuance::Supply};

impl<T: Config> Pallet<T> {
    /// The supply as of the last settlement, in units.
    pub fn supply() -> Supply<Balance> {
        let terms = Terms::<T>::get();
        let sums = Ledger::<T>::get();
        Supply {
            cap: terms.max_supply,
            genesis: terms.genesis_supply,
            released: sums.released,
            minted: sums.minted,
            lapsed: sums.lapsed,
            returned: sums.returned,
            issuance: T::Currency::total_issuance(),
        }
    }
}
