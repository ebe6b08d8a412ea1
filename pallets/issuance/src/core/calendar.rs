//! Months by the UTC calendar, without floats: vesting speaks of months and quarters, not of blocks.

use parlance_primitives::{DAY_MS, Moment};

/// Days of 400 years of the Gregorian calendar, after which it repeats.
const CYCLE_DAYS: u64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01. Years that begin in March end with the leap day.
const EPOCH_FROM_MARCH_0: u64 = 719_468;

/// A date of the proleptic Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// Year, as in 2026.
    pub year: u64,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, 1 to 31.
    pub day: u8,
}

impl Date {
    /// The UTC date of a moment.
    ///
    /// The year of a day within its cycle follows from how many leap days came before it: one each
    /// 1,460 days, less one each 36,524, plus one at the cycle's end. Months from March on have lengths
    /// that repeat every five (153 days), so that a linear function finds them (the algorithm is
    /// H. Hinnant's, "chrono-compatible low-level date algorithms").
    pub fn of(moment: Moment) -> Self {
        let days = (moment / DAY_MS).saturating_add(EPOCH_FROM_MARCH_0);
        let (cycle, in_cycle) = (days / CYCLE_DAYS, days % CYCLE_DAYS);
        let leap_days = (in_cycle / 1_460)
            .saturating_add(in_cycle / (CYCLE_DAYS - 1))
            .saturating_sub(in_cycle / 36_524);
        let year_in_cycle = in_cycle.saturating_sub(leap_days) / 365;
        let in_year = in_cycle.saturating_sub(days_before_year(year_in_cycle));
        let from_march = in_year.saturating_mul(5).saturating_add(2) / 153;
        let day = in_year
            .saturating_sub(days_before_month(from_march))
            .saturating_add(1);
        let after_new_year = from_march >= 10;
        let month = if after_new_year {
            from_march.saturating_sub(9)
        } else {
            from_march.saturating_add(3)
        };
        Self {
            year: cycle
                .saturating_mul(400)
                .saturating_add(year_in_cycle)
                .saturating_add(after_new_year.into()),
            month: u8::try_from(month).unwrap_or(u8::MAX),
            day: u8::try_from(day).unwrap_or(u8::MAX),
        }
    }

    /// Midnight at which the date begins. Dates before 1970 give zero.
    pub fn midnight(self) -> Moment {
        let from_march = (u64::from(self.month).saturating_add(9)) % 12;
        let year = self.year.saturating_sub(u64::from(self.month <= 2));
        let in_cycle = days_before_year(year % 400)
            .saturating_add(days_before_month(from_march))
            .saturating_add(self.day.into())
            .saturating_sub(1);
        (year / 400)
            .saturating_mul(CYCLE_DAYS)
            .saturating_add(in_cycle)
            .saturating_sub(EPOCH_FROM_MARCH_0)
            .saturating_mul(DAY_MS)
    }

    /// Months since the beginning of year 0.
    fn months(self) -> u64 {
        self.year
            .saturating_mul(12)
            .saturating_add(self.month.into())
            .saturating_sub(1)
    }
}

/// The moment `months` later by the calendar: same day of the month, same time of day, or the month's
/// last day where it has no such day (31 January and one month: 28 or 29 February).
pub fn add_months(moment: Moment, months: u32) -> Moment {
    let date = Date::of(moment);
    let target = date.months().saturating_add(months.into());
    let (year, month) = (
        target / 12,
        u8::try_from(target % 12).unwrap_or(11).saturating_add(1),
    );
    let day = date.day.min(length_of_month(year, month));
    Date { year, month, day }
        .midnight()
        .saturating_add(moment % DAY_MS)
}

/// The largest n for which [`add_months`] of `from` is not after `to`; `None` when `to` is before `from`.
pub fn months_between(from: Moment, to: Moment) -> Option<u32> {
    to.checked_sub(from)?;
    let months = Date::of(to)
        .months()
        .saturating_sub(Date::of(from).months());
    let months = u32::try_from(months).unwrap_or(u32::MAX);
    // The n-th date falls into the month of `to`: at or before `to`, or after it by less than a month.
    Some(if add_months(from, months) > to {
        months.saturating_sub(1)
    } else {
        months
    })
}

/// Days of a month.
fn length_of_month(year: u64, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 31,
    }
}

/// Days of a cycle before a year of it that begins in March.
fn days_before_year(year_in_cycle: u64) -> u64 {
    year_in_cycle
        .saturating_mul(365)
        .saturating_add(year_in_cycle / 4)
        .saturating_sub(year_in_cycle / 100)
}

/// Days of a year that begins in March before its n-th month.
fn days_before_month(from_march: u64) -> u64 {
    from_march.saturating_mul(153).saturating_add(2) / 5
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(year: u64, month: u8, day: u8) -> Moment {
        Date { year, month, day }.midnight()
    }

    #[test]
    fn known_dates() {
        // Seconds from `date -u -d DATE +%s`.
        for (date, seconds) in [
            ((1970, 1, 1), 0),
            ((2000, 2, 29), 951_782_400),
            ((2026, 11, 20), 1_795_132_800),
            ((2100, 3, 1), 4_107_542_400),
            ((2400, 2, 29), 13_574_563_200),
        ] {
            assert_eq!(at(date.0, date.1, date.2), seconds * 1_000);
            let back = Date::of(seconds * 1_000 + DAY_MS - 1);
            assert_eq!((back.year, back.month, back.day), date);
        }
    }

    #[test]
    fn every_day_of_eight_hundred_years_follows_the_day_before() {
        let mut before = Date::of(0);
        for day in 1..2 * CYCLE_DAYS {
            let date = Date::of(day * DAY_MS);
            assert_eq!(date.midnight(), day * DAY_MS);
            let next_of_month = Date {
                day: before.day + 1,
                ..before
            };
            let last = before.day == length_of_month(before.year, before.month);
            match (last, before.month) {
                (false, _) => assert_eq!(date, next_of_month),
                (true, 12) => assert_eq!(
                    date,
                    Date {
                        year: before.year + 1,
                        month: 1,
                        day: 1
                    }
                ),
                (true, _) => assert_eq!(
                    date,
                    Date {
                        month: before.month + 1,
                        day: 1,
                        ..before
                    }
                ),
            }
            before = date;
        }
    }

    #[test]
    fn a_month_later_is_the_same_day_or_the_last_of_the_month() {
        let noon = DAY_MS / 2;
        assert_eq!(
            add_months(at(2027, 1, 15) + noon, 1),
            at(2027, 2, 15) + noon
        );
        assert_eq!(add_months(at(2027, 1, 31) + 1, 1), at(2027, 2, 28) + 1);
        assert_eq!(add_months(at(2028, 1, 31), 1), at(2028, 2, 29));
        // Counted from the start, not from the month before: March has its 31st again.
        assert_eq!(add_months(at(2027, 1, 31), 2), at(2027, 3, 31));
        assert_eq!(add_months(at(2028, 2, 29), 12), at(2029, 2, 28));
        assert_eq!(add_months(at(2028, 2, 29), 48), at(2032, 2, 29));
        assert_eq!(add_months(at(2027, 11, 30), 3), at(2028, 2, 29));
    }

    #[test]
    fn far_ends_do_not_wrap() {
        assert!(add_months(Moment::MAX, u32::MAX) >= Date::of(Moment::MAX).midnight());
        assert_eq!(months_between(5, 4), None);
        assert_eq!(months_between(0, 0), Some(0));
    }

    proptest! {
        #[test]
        fn months_between_is_the_last_month_that_has_come(
            from in 0u64..4_000_000_000_000, later in 0u64..4_000_000_000_000,
        ) {
            let to = from + later;
            let n = months_between(from, to).unwrap();
            prop_assert!(add_months(from, n) <= to);
            prop_assert!(add_months(from, n + 1) > to);
        }
    }
}
