//! Periods begin, close, and are forgotten.
//!
//! | in period | what happens with the claims of period `t` |
//! | --- | --- |
//! | `t + 1` | relays claim, within the window |
//! | `t + 2` to `t + 1 + OpeningPeriods` | the beacon draws, relays open |
//! | `t + 2 + OpeningPeriods` | the first block closes `t`: what it pays is fixed |
//! | `KeptPeriods` later | what nobody fetched goes to later periods |

use frame_support::{
    traits::{Get, fungible::Inspect},
    weights::Weight,
};
use parlance_primitives::{
    BlockNumber,
    issuance::Share,
    relay::{Correspondents, Pace, Period, Seed, Seeds},
    traits::Emission,
};

use crate::{
    Carry, Config, CurrentNetwork, CurrentParameters, Event, Pallet, Periods, Relays, WeightInfo,
    core::pay::worth,
    types::{PeriodRecord, Pool},
};

impl<T: Config> Pallet<T> {
    /// The period of a block.
    pub(crate) fn period_of(block: BlockNumber) -> Period {
        block.checked_div(T::PeriodLength::get()).unwrap_or(0)
    }

    /// The running period.
    pub fn period() -> Period {
        Self::period_of(Self::now())
    }

    /// Number of the first block of a period.
    pub(crate) fn first_block(period: Period) -> BlockNumber {
        period.saturating_mul(T::PeriodLength::get())
    }

    /// The day of a period.
    pub(crate) fn day_of(period: Period) -> u32 {
        period.checked_div(T::PeriodsPerDay::get()).unwrap_or(0)
    }

    /// The period whose first block closes `period`.
    pub(crate) fn closes_in(period: Period) -> Period {
        period
            .saturating_add(2)
            .saturating_add(T::OpeningPeriods::get())
    }

    /// Does what is due at the first block of a period.
    pub(crate) fn begin_period(period: Period) -> Weight {
        let epoch = T::Seeds::epoch();
        let seed: Seed = T::Seeds::seed_from(epoch).unwrap_or_default();
        let mut weight = T::WeightInfo::begin_period();
        Periods::<T>::insert(
            period,
            PeriodRecord {
                seed,
                rules: CurrentParameters::<T>::get().rules(T::PeriodsPerDay::get()),
                bytes: 0,
                work: 0,
                pool: None,
            },
        );
        Self::turn_day(Self::day_of(period));
        let number = Self::roster_of(period);
        let is_first = period == 0 || number != Self::roster_of(period.saturating_sub(1));
        if is_first {
            weight = weight.saturating_add(T::WeightInfo::renew_roster(Relays::<T>::count()));
            Self::renew_roster(number, seed, epoch);
        }
        let open = Self::closes_in(0);
        if let Some(closing) = period.checked_sub(open) {
            Self::close_period(closing);
            if let Some(old) = closing.checked_sub(T::KeptPeriods::get()) {
                Self::forget_period(old);
            }
        }
        weight
    }

    fn turn_day(day: u32) {
        CurrentNetwork::<T>::mutate(|network| {
            if network.carried.day != day {
                let follows = network.carried.day.checked_add(1) == Some(day);
                network.best_before = if follows { network.best } else { 0 };
                network.best = 0;
                network.carried.turn(day);
            }
        });
    }

    /// Fixes what a period pays: its work's worth, as far as the schedule has released it.
    fn close_period(period: Period) {
        let Some(mut record) = Periods::<T>::get(period) else {
            return;
        };
        let parameters = CurrentParameters::<T>::get();
        let worth = worth(record.work, T::Correspondents::price(), parameters.rate);
        let available = T::Emission::available(Share::Relay);
        let released = available
            .checked_div(T::Pace::periods_left().into())
            .unwrap_or(available);
        // What keeps the pot's account alive is never promised to anybody.
        let minimum = T::Currency::minimum_balance();
        let carry = Carry::<T>::get();
        let spare = carry.saturating_sub(minimum);
        let target = worth.min(spare.saturating_add(released));
        let need = target.saturating_add(minimum).saturating_sub(carry);
        let minted = if target > 0 && need > 0 {
            T::Emission::mint(Share::Relay, &Self::pot(), need)
        } else {
            0
        };
        let fund = carry.saturating_add(minted);
        let payable = target.min(fund.saturating_sub(minimum));
        Carry::<T>::put(fund.saturating_sub(payable));
        record.pool = Some(Pool {
            payable,
            left: payable,
        });
        Periods::<T>::insert(period, record);
        Self::deposit_event(Event::PeriodClosed {
            period,
            bytes: record.bytes,
            minted,
            payable,
        });
    }

    /// Takes what nobody fetched for later periods.
    fn forget_period(period: Period) {
        let left = Periods::<T>::take(period)
            .and_then(|record| record.pool)
            .map_or(0, |pool| pool.left);
        Carry::<T>::mutate(|carry| *carry = carry.saturating_add(left));
    }
}
