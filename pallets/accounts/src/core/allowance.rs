//! What everybody may use free of charge.
//!
//! Rule: at utilisation `u = used / capacity` the allowance aims at `floor / u`, within floor and
//! ceiling, and moves towards its aim by at most 5 % of itself per period, rounded down. A full
//! network gives the floor, a half-empty one twice as much, an idle one the ceiling; one without
//! capacity gives the floor.
//!
//! Identities without a deposit have a share of it. Together they have a part of the capacity at most,
//! the pool, which the running number of them divides: ten thousand that somebody made up take from
//! each other and not from the network. Where no capacity is known, the pool does not bind.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use parlance_primitives::accounts::{Load, Resource};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_runtime::Perbill;

/// One part in so many is the most that an allowance moves in a period.
pub const STEP: u64 = 20;

/// Bounds of an allowance, in bytes per period.
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
pub struct Bounds {
    /// Never less.
    pub floor: u64,
    /// Never more.
    pub ceiling: u64,
}

impl Bounds {
    /// Whether they leave room to move: a step of an allowance at the floor is at least a byte.
    pub const fn are_sound(&self) -> bool {
        self.floor >= STEP && self.floor <= self.ceiling
    }

    /// `level`, moved between floor and ceiling.
    pub fn within(&self, level: u64) -> u64 {
        level.min(self.ceiling).max(self.floor)
    }

    /// Where an allowance goes in the long run under a load.
    pub fn aim(&self, load: Load) -> u64 {
        if load.capacity == 0 {
            return self.floor;
        }
        let wide = u128::from(self.floor).saturating_mul(load.capacity.into());
        let aim = wide.checked_div(load.used.into()).unwrap_or(u128::MAX);
        self.within(u64::try_from(aim).unwrap_or(u64::MAX))
    }

    /// The allowance after a period of `level` under a load.
    pub fn next(&self, level: u64, load: Load) -> u64 {
        let level = self.within(level);
        let step = level / STEP;
        let (least, most) = (level.saturating_sub(step), level.saturating_add(step));
        self.within(self.aim(load).clamp(least, most))
    }
}

/// What identities without a deposit have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newcomers {
    /// Part of the allowance of others that each has at most.
    pub share: Perbill,
    /// Part of the capacity that they have together at most.
    pub pool: Perbill,
    /// How many they are.
    pub count: u32,
}

impl Newcomers {
    /// Bytes for each, where others have `level`.
    pub fn allowance(&self, level: u64, load: Load) -> u64 {
        let share = self.share.mul_floor(level);
        if load.capacity == 0 {
            return share;
        }
        let pool = self.pool.mul_floor(load.capacity);
        share.min(pool / u64::from(self.count.max(1)))
    }
}

/// Allowances by resource, in the running period and the one before.
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
pub struct Levels {
    /// Number of the running period.
    pub period: u32,
    /// Bytes in it.
    pub current: [u64; 3],
    /// Bytes in the period before.
    pub previous: [u64; 3],
    /// Bytes in the running period without a deposit.
    pub newcomers: [u64; 3],
    /// Bytes in the period before without a deposit.
    pub previous_newcomers: [u64; 3],
}

impl Levels {
    /// Opens a period.
    pub fn advance(
        &mut self,
        period: u32,
        bounds: &[Bounds; 3],
        newcomers: &Newcomers,
        load: impl Fn(Resource) -> Load,
    ) {
        if period <= self.period && self.current != [0; 3] {
            return;
        }
        self.previous = self.current;
        self.previous_newcomers = self.newcomers;
        for resource in Resource::ALL {
            let (at, load) = (resource.index(), load(resource));
            self.current[at] = bounds[at].next(self.current[at], load);
            self.newcomers[at] = newcomers.allowance(self.current[at], load);
        }
        self.period = period;
    }

    /// Bytes in a period, with a deposit or without; none in a period that is not known.
    pub fn in_period(&self, resource: Resource, period: u32, backed: bool) -> u64 {
        let levels = if period == self.period {
            [&self.newcomers, &self.current]
        } else if period.checked_add(1) == Some(self.period) {
            [&self.previous_newcomers, &self.previous]
        } else {
            return 0;
        };
        levels[usize::from(backed)][resource.index()]
    }
}
