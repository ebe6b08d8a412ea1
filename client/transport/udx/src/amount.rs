//! Amounts with their units, so that two of them are never mixed up. Nothing here can overflow: what is too
//! large becomes the largest value.

use core::time::Duration;

/// A point in time: how long after the connection's start. The caller's clock makes it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Duration);

impl Moment {
    /// The moment that lies so long after the start.
    pub const fn after_start(time: Duration) -> Self {
        Self(time)
    }

    /// Time from an earlier moment to this one; zero where the other is later.
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// Number of whole periods since the start. A period of zero counts as one nanosecond.
    pub(crate) fn periods(self, period: Duration) -> u128 {
        self.0.as_nanos() / period.as_nanos().max(1)
    }
}

/// A share in thousandths; above 1000 it is a gain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PerMille(u32);

impl PerMille {
    /// All of it.
    pub const ONE: Self = Self(1000);

    /// So many thousandths.
    pub const fn new(thousandths: u32) -> Self {
        Self(thousandths)
    }

    /// The thousandths.
    pub const fn thousandths(self) -> u32 {
        self.0
    }

    /// This share of a number of bytes.
    pub fn of(self, bytes: u64) -> u64 {
        saturate(u128::from(bytes) * u128::from(self.0) / 1000)
    }

    /// This share of a time.
    pub fn of_time(self, time: Duration) -> Duration {
        nanoseconds(time.as_nanos().saturating_mul(u128::from(self.0)) / 1000)
    }

    /// This share of a rate.
    pub fn of_rate(self, rate: Rate) -> Rate {
        Rate(self.of(rate.0))
    }

    /// The whole and this share of it.
    pub fn more(self) -> Self {
        Self(self.0.saturating_add(1000))
    }

    /// What is left of the whole.
    pub fn rest(self) -> Self {
        Self(1000u32.saturating_sub(self.0))
    }
}

/// Bytes per second.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rate(u64);

impl Rate {
    /// So many bytes per second.
    pub const fn new(bytes_per_second: u64) -> Self {
        Self(bytes_per_second)
    }

    /// The rate at which so many bytes pass in a time; none where the time is zero.
    pub fn over(bytes: u64, time: Duration) -> Option<Self> {
        let nanoseconds = time.as_nanos();
        (nanoseconds > 0).then(|| Self(saturate(u128::from(bytes) * 1_000_000_000 / nanoseconds)))
    }

    /// The mean of two rates.
    pub fn middle(self, other: Self) -> Self {
        Self(self.0 / 2 + other.0 / 2)
    }

    /// Bytes that pass in a time.
    pub fn during(self, time: Duration) -> u64 {
        saturate(u128::from(self.0).saturating_mul(time.as_nanos()) / 1_000_000_000)
    }

    /// Bytes per second.
    pub const fn bytes_per_second(self) -> u64 {
        self.0
    }
}

/// `bytes` in the proportion of two times; all of them where the second is zero.
pub(crate) fn in_proportion(bytes: u64, part: Duration, whole: Duration) -> u64 {
    match whole.as_nanos() {
        0 => bytes,
        whole => saturate(u128::from(bytes).saturating_mul(part.as_nanos()) / whole),
    }
}

/// A time of so many nanoseconds, or the longest that 64 bits hold.
pub(crate) fn nanoseconds(count: u128) -> Duration {
    Duration::from_nanos(saturate(count))
}

fn saturate(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_values_stay_the_largest() {
        assert_eq!(PerMille::new(u32::MAX).of(u64::MAX), u64::MAX);
        assert_eq!(
            PerMille::new(u32::MAX).of_time(Duration::MAX),
            Duration::from_nanos(u64::MAX)
        );
        assert_eq!(Rate::new(u64::MAX).during(Duration::MAX), u64::MAX);
        assert_eq!(
            in_proportion(u64::MAX, Duration::MAX, Duration::from_nanos(1)),
            u64::MAX
        );
        assert_eq!(PerMille::new(1250).rest(), PerMille::new(0));
    }

    #[test]
    fn a_rate_gives_back_what_it_was_made_of() {
        let time = Duration::from_millis(40);
        let rate = Rate::over(250_000, time).expect("the time is not zero");
        assert_eq!(rate, Rate::new(6_250_000));
        assert_eq!(rate.during(time), 250_000);
        assert_eq!(Rate::over(1, Duration::ZERO), None);
    }

    #[test]
    fn time_does_not_run_backwards() {
        let early = Moment::after_start(Duration::from_secs(1));
        let late = Moment::after_start(Duration::from_secs(3));
        assert_eq!(late.since(early), Duration::from_secs(2));
        assert_eq!(early.since(late), Duration::ZERO);
        assert_eq!(late.periods(Duration::ZERO), 3_000_000_000);
    }
}
