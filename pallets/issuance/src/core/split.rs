//! How a release is split among those who work for the network.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use parlance_primitives::{Balance, issuance::Share};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_runtime::Perbill;

/// Part of each release per share. The parts add up to one.
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
    Serialize,
    Deserialize,
)]
pub struct Splits {
    /// Part of [`Share::Production`].
    pub production: Perbill,
    /// Part of [`Share::Relay`].
    pub relay: Perbill,
    /// Part of [`Share::Storage`].
    pub storage: Perbill,
    /// Part of [`Share::Contribution`].
    pub contribution: Perbill,
}

impl Default for Splits {
    /// Production 25 %, relays 35 %, storage 35 %, contribution 5 % (`docs/economy.md`, "For whom").
    fn default() -> Self {
        Self {
            production: Perbill::from_percent(25),
            relay: Perbill::from_percent(35),
            storage: Perbill::from_percent(35),
            contribution: Perbill::from_percent(5),
        }
    }
}

impl Splits {
    /// Part of one share.
    pub fn part(&self, share: Share) -> Perbill {
        match share {
            Share::Production => self.production,
            Share::Relay => self.relay,
            Share::Storage => self.storage,
            Share::Contribution => self.contribution,
        }
    }

    /// Whether the parts add up to exactly one.
    pub fn is_whole(&self) -> bool {
        let parts = Share::ALL
            .iter()
            .map(|share| u64::from(self.part(*share).deconstruct()));
        parts.fold(0u64, u64::saturating_add) == u64::from(Perbill::one().deconstruct())
    }

    /// Splits an amount without losing or making a unit: each share gets the difference of two rounded
    /// sums, so that it is off its exact part by less than one unit.
    pub fn split(&self, amount: Balance) -> Shares {
        let mut shares = Shares::default();
        let (mut part, mut given) = (Perbill::zero(), 0);
        for share in Share::ALL {
            part = Perbill::from_parts(
                part.deconstruct()
                    .saturating_add(self.part(share).deconstruct()),
            );
            let until_here = part.mul_floor(amount);
            *shares.of_mut(share) = until_here.saturating_sub(given);
            given = until_here;
        }
        shares
    }
}

/// An amount per share, in units.
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
pub struct Shares {
    /// Amount of [`Share::Production`].
    pub production: Balance,
    /// Amount of [`Share::Relay`].
    pub relay: Balance,
    /// Amount of [`Share::Storage`].
    pub storage: Balance,
    /// Amount of [`Share::Contribution`].
    pub contribution: Balance,
}

impl Shares {
    /// Amount of one share.
    pub fn of(&self, share: Share) -> Balance {
        match share {
            Share::Production => self.production,
            Share::Relay => self.relay,
            Share::Storage => self.storage,
            Share::Contribution => self.contribution,
        }
    }

    /// Amount of one share, to be changed.
    pub fn of_mut(&mut self, share: Share) -> &mut Balance {
        match share {
            Share::Production => &mut self.production,
            Share::Relay => &mut self.relay,
            Share::Storage => &mut self.storage,
            Share::Contribution => &mut self.contribution,
        }
    }

    /// Sum over all shares.
    pub fn total(&self) -> Balance {
        Share::ALL
            .iter()
            .fold(0, |sum: Balance, share| sum.saturating_add(self.of(*share)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn splits(cuts: [u32; 3]) -> Splits {
        let mut cuts = cuts.map(|cut| cut % 1_000_000_001);
        cuts.sort_unstable();
        let part = Perbill::from_parts;
        Splits {
            production: part(cuts[0]),
            relay: part(cuts[1] - cuts[0]),
            storage: part(cuts[2] - cuts[1]),
            contribution: part(1_000_000_000 - cuts[2]),
        }
    }

    #[test]
    fn the_default_is_25_35_35_5() {
        assert!(Splits::default().is_whole());
        let shares = Splits::default().split(10_000);
        assert_eq!(
            shares,
            Shares {
                production: 2_500,
                relay: 3_500,
                storage: 3_500,
                contribution: 500
            }
        );
    }

    #[test]
    fn parts_that_do_not_add_up_are_not_whole() {
        assert!(
            !Splits {
                relay: Perbill::from_percent(36),
                ..Splits::default()
            }
            .is_whole()
        );
        assert!(
            !Splits {
                relay: Perbill::from_percent(34),
                ..Splits::default()
            }
            .is_whole()
        );
    }

    proptest! {
        #[test]
        fn a_split_adds_up_and_is_off_by_less_than_a_unit(amount: Balance, cuts: [u32; 3]) {
            let splits = splits(cuts);
            prop_assert!(splits.is_whole());
            let shares = splits.split(amount);
            prop_assert_eq!(shares.total(), amount);
            for share in Share::ALL {
                let exact = splits.part(share).mul_floor(amount);
                prop_assert!(shares.of(share).abs_diff(exact) <= 1);
            }
        }
    }
}
