//! Who owns what at genesis on the chains `toktok` and `bitchat` (`docs/economy.md`), as data.

use alloc::{vec, vec::Vec};
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use parlance_primitives::{Balance, UNIT, YEAR_MS};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

use super::{
    amount,
    schedule::Schedule,
    vesting::{Start, Steps},
};

/// For whom an allocation is.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Those who build the system.
    Team,
    /// Private investors (`toktok`).
    Investors,
    /// The foundation.
    Foundation,
    /// Pool that pays early activity (`toktok`).
    EarlyIncentives,
    /// Applications and partners (`bitchat`).
    Ecosystem,
    /// Institutional investors (`bitchat`).
    Institutions,
    /// Community programmes (`bitchat`).
    Community,
    /// Research and development (`bitchat`).
    Research,
    /// Anything else that a chain spec hands out, like the accounts of a development chain.
    Other,
}

/// How an allocation comes into its owner's hands.
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
#[serde(rename_all = "camelCase")]
pub enum Release {
    /// At genesis, all of it.
    Free,
    /// Held by the pallet and released by steps.
    Vested(Steps),
}

/// An allocation of the genesis supply.
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
#[serde(rename_all = "camelCase")]
pub struct Allocation {
    /// For whom.
    pub role: Role,
    /// How much, in units.
    #[serde(with = "amount")]
    pub amount: Balance,
    /// How it is released.
    pub release: Release,
}

/// The economy of a chain: its cap, its mining pool and its genesis supply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Economy {
    /// The supply never passes this, in units.
    pub max_supply: Balance,
    /// How the mining pool is released.
    pub schedule: Schedule,
    /// Who owns what at genesis. Together with the mining pool they are the cap.
    pub allocations: Vec<Allocation>,
}

impl Economy {
    /// `toktok`: 21,000,000 tokens, 60 % of them mined, halving every four years (E1).
    pub fn toktok() -> Self {
        let max_supply = TOKTOK_SUPPLY;
        let schedule = Schedule::Halving {
            total: percent(max_supply, 60),
            period_ms: 4 * YEAR_MS,
        };
        Self {
            max_supply,
            schedule,
            allocations: toktok(),
        }
    }

    /// `bitchat`: 20,000,000,000 tokens, 40 % of them mined as users come (E2). How fast is this
    /// project's choice: half a million tokens a day, and half a token for each account active the day
    /// before, up to two million. The pool lasts almost eleven years at least, even without returns.
    pub fn bitchat() -> Self {
        let max_supply = BITCHAT_SUPPLY;
        let schedule = Schedule::ActiveUsers {
            pool: percent(max_supply, 40),
            base: 500_000 * UNIT,
            per_user: UNIT / 2,
            cap: 2_000_000 * UNIT,
        };
        Self {
            max_supply,
            schedule,
            allocations: bitchat(),
        }
    }

    /// Sum of the allocations, in units.
    pub fn genesis_supply(&self) -> Balance {
        self.allocations
            .iter()
            .fold(0, |sum: Balance, one| sum.saturating_add(one.amount))
    }
}

/// Cap of `toktok`, in units.
pub const TOKTOK_SUPPLY: Balance = 21_000_000 * UNIT;
/// Cap of `bitchat`, in units.
pub const BITCHAT_SUPPLY: Balance = 20_000_000_000 * UNIT;

/// The allocations of `toktok` (E1): 40 % of the supply.
pub fn toktok() -> Vec<Allocation> {
    let of = Share(TOKTOK_SUPPLY);
    vec![
        // 4 % at listing, then 2 % per month for 48 months.
        of.vested(
            Role::Team,
            15,
            Plan {
                at_start: 4,
                per_step: 2,
                steps: 48,
                first: 1,
                every: 1,
            },
        ),
        // 10 % at listing, then 15 % per quarter for six quarters.
        of.vested(
            Role::Investors,
            15,
            Plan {
                at_start: 10,
                per_step: 15,
                steps: 6,
                first: 3,
                every: 3,
            },
        ),
        // Locked three years, then 1 % of the supply, a fifth of the share, per year for five years. The
        // first comes when the lock ends: else it would have been a lock of four years.
        of.vested(
            Role::Foundation,
            5,
            Plan {
                at_start: 0,
                per_step: 20,
                steps: 5,
                first: 36,
                every: 12,
            },
        ),
        of.free(Role::EarlyIncentives, 5),
    ]
}

/// The allocations of `bitchat` (E2): 60 % of the supply.
///
/// "20 months, part locked" is read as: one fifth is free at listing, four fifths are locked and come
/// in twenty monthly steps (docs/decisions/0004-issuance.md).
pub fn bitchat() -> Vec<Allocation> {
    let of = Share(BITCHAT_SUPPLY);
    let part_locked = Plan {
        at_start: 20,
        per_step: 4,
        steps: 20,
        first: 1,
        every: 1,
    };
    vec![
        // 5 % per month for 20 months.
        of.vested(
            Role::Team,
            10,
            Plan {
                at_start: 0,
                per_step: 5,
                steps: 20,
                first: 1,
                every: 1,
            },
        ),
        of.vested(Role::Ecosystem, 20, part_locked),
        // Locked 12 months, then 5 % per month.
        of.vested(
            Role::Institutions,
            10,
            Plan {
                at_start: 0,
                per_step: 5,
                steps: 20,
                first: 12,
                every: 1,
            },
        ),
        of.vested(Role::Community, 15, part_locked),
        of.vested(Role::Research, 5, part_locked),
    ]
}

/// A plan as the requirements put it: parts in percent of the beneficiary's share, times in months.
#[derive(Clone, Copy)]
struct Plan {
    at_start: Balance,
    per_step: Balance,
    steps: u16,
    first: u16,
    every: u16,
}

/// The supply of which allocations are percentages.
struct Share(Balance);

impl Share {
    fn free(&self, role: Role, of_supply: Balance) -> Allocation {
        Allocation {
            role,
            amount: percent(self.0, of_supply),
            release: Release::Free,
        }
    }

    fn vested(&self, role: Role, of_supply: Balance, plan: Plan) -> Allocation {
        let amount = percent(self.0, of_supply);
        let release = Release::Vested(Steps {
            start: Start::Listing,
            at_start: percent(amount, plan.at_start),
            per_step: percent(amount, plan.per_step),
            steps: plan.steps,
            first_month: plan.first,
            step_months: plan.every,
        });
        Allocation {
            role,
            amount,
            release,
        }
    }
}

/// Whole percents of an amount. Exact for the supplies here: both are multiples of 10^18.
fn percent(amount: Balance, percents: Balance) -> Balance {
    (amount / 100).saturating_mul(percents)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn genesis_and_mining_pool_are_the_cap_to_the_unit() {
        for economy in [Economy::toktok(), Economy::bitchat()] {
            assert_eq!(
                economy.genesis_supply() + economy.schedule.pool(),
                economy.max_supply
            );
            assert!(economy.schedule.is_sound());
        }
        assert_eq!(Economy::toktok().genesis_supply(), 8_400_000 * UNIT);
        assert_eq!(Economy::bitchat().genesis_supply(), 12_000_000_000 * UNIT);
    }

    #[test]
    fn every_plan_releases_its_share_to_the_unit() {
        for one in toktok().into_iter().chain(bitchat()) {
            if let Release::Vested(steps) = one.release {
                assert_eq!(steps.total(), Some(one.amount), "{:?}", one.role);
                assert!(steps.is_sound(UNIT));
            }
        }
    }
}
