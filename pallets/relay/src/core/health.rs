//! How reliably a relay proved what it claimed, for clients that choose among relays.
//!
//! Rule: a proven claim takes the level an eighth of the way to the whole, a period without one takes an
//! eighth of the level away. Both are rounded so that the level arrives: ten periods of silence
//! after a long time of service leave a quarter.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use parlance_primitives::relay::Period;
use scale_info::TypeInfo;

/// The highest level.
pub const WHOLE: u16 = 1_000;
/// One part in so many is what a period moves.
const STEP: u16 = 8;
/// Periods without proof after which nothing is left of any level.
const FORGOTTEN: u32 = 64;

/// A level at a period.
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
pub struct Health {
    /// In thousandths, at [`Self::period`].
    level: u16,
    /// The latest period that was proven.
    period: Period,
}

impl Health {
    /// The level in thousandths, if nothing was proven between its own period and `period`.
    pub fn at(&self, period: Period) -> u16 {
        let missed = period.saturating_sub(self.period).saturating_sub(1);
        let fall = |level: u16, _| level.saturating_sub(level.div_ceil(STEP));
        (0..missed.min(FORGOTTEN)).fold(self.level, fall)
    }

    /// Notes that a claim of `period` was proven.
    pub fn note_proven(&mut self, period: Period) {
        let level = self.at(period);
        let rise = WHOLE.saturating_sub(level).div_ceil(STEP);
        self.level = level.saturating_add(rise).min(WHOLE);
        self.period = self.period.max(period);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rises_with_proof_and_falls_with_silence() {
        let mut health = Health::default();
        assert_eq!(health.at(5), 0);
        for period in 1..=100 {
            let before = health.at(period);
            health.note_proven(period);
            assert!(health.at(period) > before || before == WHOLE);
        }
        assert_eq!(
            health.at(101),
            WHOLE,
            "silence begins after the period that runs"
        );
        assert_eq!(health.at(102), WHOLE - WHOLE / STEP);
        assert!(health.at(111) <= WHOLE / 3 && health.at(111) >= WHOLE / 5);
        assert_eq!(health.at(u32::MAX), 0);
    }

    #[test]
    fn a_late_proof_of_an_earlier_period_takes_nothing_away() {
        let mut health = Health::default();
        health.note_proven(10);
        let level = health.at(11);
        health.note_proven(9);
        assert!(health.at(11) > level);
    }
}
