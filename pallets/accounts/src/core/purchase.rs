//! Allowance that was paid for.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use parlance_primitives::Balance;
use scale_info::TypeInfo;

/// Bytes for which a price is quoted.
pub const PRICED: u128 = 1 << 20;

/// Bytes per period, from the period of the last purchase up to and with another one, and what there was in the period before
/// the first: that is still asked for when it is over, and nobody buys for the past.
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
pub struct Purchase {
    /// Bytes per period.
    pub bytes: u64,
    /// First period: that of the last purchase.
    pub from: u32,
    /// Last period.
    pub until: u32,
    /// Bytes in the period before the first.
    pub before: u64,
}

impl Purchase {
    /// Bytes that it gives in a period; none in those that are further back than the one before its first.
    pub fn in_period(&self, period: u32) -> u64 {
        if (self.from..=self.until).contains(&period) {
            self.bytes
        } else if period.checked_add(1) == Some(self.from) {
            self.before
        } else {
            0
        }
    }

    /// What it becomes when `bytes` per period are bought for `periods` from `now` on, and the
    /// bytes to pay for: those that were not paid for already. `None` when it would shrink, for
    /// nothing is paid back, or when there is nothing to buy.
    pub fn extended(&self, bytes: u64, periods: u32, now: u32) -> Option<(Self, u128)> {
        let until = now.checked_add(periods.checked_sub(1)?)?;
        let paid_periods = if self.bytes == 0 || self.until < now {
            0
        } else {
            u128::from(self.until.saturating_sub(now)).saturating_add(1)
        };
        if paid_periods > 0 && (bytes < self.bytes || until < self.until) {
            return None;
        }
        let all = u128::from(bytes).saturating_mul(periods.into());
        let paid = u128::from(self.bytes).saturating_mul(paid_periods);
        let due = all.checked_sub(paid).filter(|due| *due > 0)?;
        let next = Self {
            bytes,
            from: now,
            until,
            // With a second purchase in a period this is what the first one found.
            before: now.checked_sub(1).map_or(0, |last| self.in_period(last)),
        };
        Some((next, due))
    }
}

/// Price of so many bytes, rounded up.
pub fn price(bytes: u128, per_mebibyte: Balance) -> Balance {
    bytes.saturating_mul(per_mebibyte).div_ceil(PRICED)
}
