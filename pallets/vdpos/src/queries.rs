//! What the runtime API tells people and dashboards.

use crate::{
    Active, Candidate, Candidates, Config, CurrentEpoch, CurrentEra, CurrentParameters, LastLag,
    Pallet, Pools, Schedule, Seats, Standby, Tally, TargetSize, core::quality,
};
use alloc::{collections::BTreeMap, vec::Vec};
use parlance_primitives::{
    Balance,
    vdpos::{Index, ProducerInfo, Progress, Standing},
};

impl<T: Config> Pallet<T> {
    /// Every candidate with its standing: the active ones, those next in line, the others.
    pub fn producers() -> Vec<ProducerInfo<T::AccountId, Balance>> {
        let era = CurrentEra::<T>::get().index;
        let mut candidates: BTreeMap<T::AccountId, Candidate> = Candidates::<T>::iter().collect();
        let active = Active::<T>::get();
        let standby = Standby::<T>::get();
        let in_line = active
            .into_iter()
            .map(|one| (one.account, one.backing, Standing::Active))
            .chain(
                standby
                    .into_iter()
                    .map(|(who, backing)| (who, backing, Standing::Standby)),
            );

        let mut list = Vec::new();
        for (who, backing, standing) in in_line {
            if let Some(candidate) = candidates.remove(&who) {
                list.push(Self::describe(who, &candidate, backing, standing, era));
            }
        }
        for (who, candidate) in candidates {
            let backing = candidate
                .bond
                .saturating_add(Pools::<T>::get(&who).map_or(0, |pool| pool.earning()));
            list.push(Self::describe(
                who,
                &candidate,
                backing,
                Standing::Waiting,
                era,
            ));
        }
        list
    }

    /// The running epoch and era.
    pub fn progress() -> Progress {
        let epoch = CurrentEpoch::<T>::get();
        Progress {
            epoch: epoch.index,
            era: CurrentEra::<T>::get().index,
            epoch_start: epoch.start,
            epoch_length: epoch.length,
            epochs_per_era: CurrentParameters::<T>::get().epochs_per_era,
            set_size: TargetSize::<T>::get(),
            finality_lag: LastLag::<T>::get().unwrap_or(0),
        }
    }

    fn describe(
        account: T::AccountId,
        candidate: &Candidate,
        backing: Balance,
        standing: Standing,
        era: Index,
    ) -> ProducerInfo<T::AccountId, Balance> {
        let seats = Seats::<T>::get();
        let seat = seats.iter().position(|seat| seat.account == account);
        let slots = seat.map_or(0, |seat| {
            Schedule::<T>::get()
                .iter()
                .filter(|number| usize::from(**number) == seat)
                .count()
        });
        let service = seat
            .and_then(|seat| Tally::<T>::get().get(seat).copied())
            .unwrap_or_default();
        let standing = match candidate.banned_until {
            until if until > era => Standing::Banned(until),
            _ => standing,
        };
        ProducerInfo {
            account,
            standing,
            bond: candidate.bond,
            backing,
            quality: quality::quality(candidate.average),
            commission: candidate.commission,
            slots: slots as u32,
            made: service.made,
            expected: service.expected,
        }
    }
}
