//! Benchmarks of each call, of a block's start, and of the changes of epoch and era.
//!
//! Each call meets its worst case: a voter with all names taken, pay and a slash waiting in each pool.

use super::*;
use crate::core::accumulator::PerUnit;
use alloc::{boxed::Box, collections::BTreeMap, vec, vec::Vec};
use frame_benchmarking::v2::*;
use frame_support::{
    BoundedVec, assert_ok,
    traits::{
        EnsureOrigin, Get, KeyOwnerProofSystem,
        fungible::{Inspect, Mutate},
    },
};
use frame_system::RawOrigin;
use parlance_primitives::{Balance, UNIT, vdpos::SlotEquivocation};
use sp_consensus_aura::{AURA_ENGINE_ID, Slot, digests::CompatibleDigestItem};
use sp_runtime::{
    Digest, DigestItem, FixedU128, KeyTypeId, Perbill, RuntimeAppPublic,
    traits::{Header, One, Zero},
};

/// Far more than any call here needs, and within both supplies for all accounts of a benchmark.
const ENDOWMENT: Balance = 20_000 * UNIT;
const STAKE: Balance = 1_600 * UNIT;
const SEED: u32 = 0;

fn funded<T: Config>(name: &'static str, index: u32) -> T::AccountId {
    let who: T::AccountId = account(name, index, SEED);
    T::Currency::set_balance(&who, ENDOWMENT);
    who
}

fn operator<T: Config>(index: u32) -> T::AccountId {
    let who = funded::<T>("operator", index);
    T::OperatorKeys::give_keys(&who);
    who
}

fn bond<T: Config>() -> Balance {
    CurrentParameters::<T>::get().candidate_bond
}

fn candidate<T: Config>(index: u32) -> T::AccountId {
    let who = operator::<T>(index);
    assert_ok!(Pallet::<T>::do_register(
        &who,
        Perbill::from_percent(10),
        bond::<T>()
    ));
    who
}

/// So many, or as many as there is room for beside those of genesis.
fn candidates<T: Config>(count: u32) -> Vec<T::AccountId> {
    let room = T::MaxCandidates::get().saturating_sub(Candidates::<T>::count());
    (0..count.min(room)).map(candidate::<T>).collect()
}

/// Pay and a slash for everybody in the pools.
fn stir<T: Config>(names: &[T::AccountId]) {
    for name in names {
        Pools::<T>::mutate(name, |pool| {
            if let Some(pool) = pool {
                pool.rewards = pool.rewards.saturating_add(PerUnit(1_000_000_000));
                pool.outstanding = pool.outstanding.saturating_add(UNIT);
                pool.remaining = FixedU128::from_rational(9, 10);
            }
        });
    }
    T::Currency::set_balance(&Pallet::<T>::pot(), 100 * UNIT);
}

/// A voter with all names taken, and something to settle in each.
fn voter<T: Config>(index: u32, names: &[T::AccountId]) -> T::AccountId {
    let who = funded::<T>("voter", index);
    assert_ok!(Pallet::<T>::do_vote(&who, names.to_vec(), STAKE));
    who
}

fn max_names<T: Config>() -> u32 {
    T::MaxVotes::get()
}

/// A full set of producers with the longest schedule.
fn producers<T: Config>(candidates: &[T::AccountId]) {
    let active = candidates
        .iter()
        .take(T::MaxProducers::get() as usize)
        .map(|who| Producer::new((who.clone(), bond::<T>())))
        .collect();
    Active::<T>::put(BoundedVec::truncate_from(active));
    CurrentEpoch::<T>::put(Epoch {
        index: 1,
        start: Slot::from(10_000),
        length: T::MaxScheduleSlots::get(),
    });
    LastLeader::<T>::put(Leader {
        slot: Slot::from(10_000),
        seat: None,
    });
    epoch::<T>(1, 10_000, candidates);
    assert!(Pallet::<T>::build_schedule(&BTreeMap::new(), &[7; 32]));
}

/// Members with as many keys as there may be.
fn members<T: Config>(candidates: &[T::AccountId]) -> Vec<Member<T::AccountId>> {
    let print = |who: &T::AccountId, key: u32| {
        let kind = KeyTypeId(key.to_le_bytes());
        fingerprint(kind, &codec::Encode::encode(who))
    };
    candidates
        .iter()
        .take(T::MaxProducers::get() as usize)
        .map(|who| Member {
            account: who.clone(),
            keys: BoundedVec::truncate_from((0..MAX_KEYS).map(|key| print(who, key)).collect()),
        })
        .collect()
}

/// The record of an epoch with a roster of its own.
fn epoch<T: Config>(index: u32, start: u64, candidates: &[T::AccountId]) {
    Rosters::<T>::insert(index, BoundedVec::truncate_from(members::<T>(candidates)));
    let record = EpochRecord {
        era: 0,
        start: start.into(),
        roster: index,
        stand_ins: Default::default(),
    };
    Epochs::<T>::insert(index, record);
}

/// The most that a rotation can find: full tallies, and as many failed producers as can be replaced.
fn tired<T: Config>(standby: &[T::AccountId]) {
    let next = T::MaxStandby::get() as usize;
    Active::<T>::mutate(|active| {
        active
            .iter_mut()
            .take(next)
            .for_each(|producer| producer.failed = true);
    });
    Tally::<T>::mutate(|tally| {
        for (index, service) in tally.iter_mut().enumerate() {
            *service = Service {
                made: if index < next { 0 } else { 10 },
                expected: 10,
            };
        }
    });
    let line = standby
        .iter()
        .take(next)
        .map(|who| (who.clone(), bond::<T>()))
        .collect();
    Standby::<T>::put(BoundedVec::truncate_from(line));
    LastLeader::<T>::put(Leader {
        slot: CurrentEpoch::<T>::get().end(),
        seat: None,
    });
}

fn sealed<T: Config>(key: &AuraId, nonce: u8) -> HeaderFor<T> {
    let slot = <DigestItem as CompatibleDigestItem<()>>::aura_pre_digest(Slot::from(5));
    let digest = Digest { logs: vec![slot] };
    let mut state = T::Hash::default();
    state.as_mut().iter_mut().for_each(|byte| *byte = nonce);
    let mut header = HeaderFor::<T>::new(
        One::one(),
        Default::default(),
        state,
        Default::default(),
        digest,
    );
    let seal = key
        .sign(&header.hash())
        .expect("the key is in the keystore of the benchmark; qed");
    header.digest_mut().push(DigestItem::Seal(
        AURA_ENGINE_ID,
        codec::Encode::encode(&seal),
    ));
    header
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn set_parameters() -> Result<(), BenchmarkError> {
        let origin = T::AdminOrigin::try_successful_origin()
            .map_err(|_| BenchmarkError::Stop("the origin cannot be made"))?;
        let rules = Parameters {
            epoch_slots: 40,
            ..CurrentParameters::<T>::get()
        };

        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, rules.clone());

        assert_eq!(CurrentParameters::<T>::get(), rules);
        Ok(())
    }

    #[benchmark]
    fn register() {
        let who = operator::<T>(0);

        #[extrinsic_call]
        _(
            RawOrigin::Signed(who.clone()),
            Perbill::from_percent(10),
            bond::<T>(),
        );

        assert!(Candidates::<T>::contains_key(&who));
    }

    #[benchmark]
    fn bond_more() {
        let who = candidate::<T>(0);

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), UNIT);

        assert_eq!(
            Candidates::<T>::get(&who).map(|one| one.bond),
            Some(bond::<T>() + UNIT)
        );
    }

    #[benchmark]
    fn set_commission() {
        let who = candidate::<T>(0);

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), Perbill::from_percent(11));

        assert!(Candidates::<T>::get(&who).is_some_and(|one| one.announced.is_some()));
    }

    #[benchmark]
    fn retire() {
        let who = candidate::<T>(0);

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()));

        assert!(Candidates::<T>::get(&who).is_some_and(|one| one.leaves.is_some()));
    }

    #[benchmark]
    fn vote(n: Linear<1, 16>) {
        let all = candidates::<T>(2 * max_names::<T>());
        let (old, new) = all.split_at(max_names::<T>() as usize);
        let who = voter::<T>(0, old);
        stir::<T>(&all);
        let names: Vec<_> = new.iter().take(n as usize).cloned().collect();

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), names, STAKE / 2);

        assert_eq!(
            Voters::<T>::get(&who).map(|one| one.tokens()),
            Some(STAKE / 2)
        );
    }

    #[benchmark]
    fn unvote() {
        let names = candidates::<T>(max_names::<T>());
        let who = voter::<T>(0, &names);
        stir::<T>(&names);

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), STAKE / 2);

        assert_eq!(Unbonding::<T>::get(&who).len(), 1);
    }

    #[benchmark]
    fn withdraw(c: Linear<1, 32>) {
        let count = c.min(T::MaxUnlocking::get());
        let names = candidates::<T>(max_names::<T>());
        let who = voter::<T>(0, &names);
        for era in 0..count {
            CurrentEra::<T>::mutate(|now| now.index = era);
            assert_ok!(Pallet::<T>::do_unvote(&who, UNIT));
        }
        stir::<T>(&names);
        CurrentEra::<T>::mutate(|now| now.index = u32::MAX);

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), who.clone());

        assert!(!Unbonding::<T>::contains_key(&who));
    }

    #[benchmark]
    fn claim() {
        let names = candidates::<T>(max_names::<T>());
        let who = names[0].clone();
        assert_ok!(Pallet::<T>::do_vote(&who, names.clone(), STAKE));
        stir::<T>(&names);
        let before = T::Currency::balance(&who);

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()));

        assert!(T::Currency::balance(&who) > before);
    }

    #[benchmark]
    fn refresh() {
        let names = candidates::<T>(max_names::<T>());
        let who = voter::<T>(0, &names);
        stir::<T>(&names);

        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), who.clone());

        assert!(Voters::<T>::get(&who).is_some_and(|one| one.tokens() < STAKE));
    }

    #[benchmark]
    fn note_finalized() {
        frame_system::Pallet::<T>::set_block_number(9u32.into());

        #[extrinsic_call]
        _(RawOrigin::None, 3u32.into());

        assert_eq!(FinalityNotedAt::<T>::get(), Some(9u32.into()));
    }

    /// Both signatures, the slash, and the roster of a session of `v`, of whom the last one did it.
    #[benchmark]
    fn report_equivocation(v: Linear<1, 101>) {
        let set = candidates::<T>(v);
        let who = set[v as usize - 1].clone();
        let _ = voter::<T>(0, &[who.clone()]);
        let key = AuraId::generate_pair(None);
        epoch::<T>(0, 0, &set);
        Rosters::<T>::mutate(0, |roster| {
            let offender = roster.iter_mut().flatten().last();
            let keys = offender.and_then(|member| member.keys.last_mut());
            *keys.expect("there are members, and they have keys; qed") =
                fingerprint(AuraId::ID, key.as_ref());
        });
        let proof = Box::new(SlotEquivocation {
            slot: Slot::from(5),
            first_header: sealed::<T>(&key, 1),
            second_header: sealed::<T>(&key, 2),
            offender: key,
        });
        let ownership = KeyOwnerProof {
            session: 0,
            validator_count: v,
        };
        let (sound, owner);

        #[block]
        {
            let key = (AuraId::ID, proof.offender.clone());
            owner = Pallet::<T>::check_proof(key, ownership);
            sound = offences::is_equivocation(*proof);
            Pallet::<T>::slash(&who, Perbill::from_percent(80), 0);
            Pallet::<T>::ban(&who);
        }

        assert!(sound);
        assert_eq!(owner, Some((who.clone(), ())));
        assert!(Candidates::<T>::get(&who).is_some_and(|one| one.bond.is_zero()));
    }

    #[benchmark]
    fn note_slot(s: Linear<0, 1_023>) {
        let all = candidates::<T>(T::MaxProducers::get());
        producers::<T>(&all);
        let charged;

        #[block]
        {
            charged = Pallet::<T>::note_slot(Slot::from(10_001 + u64::from(s)));
        }

        assert_eq!(charged, s);
    }

    #[benchmark]
    fn rotate_epoch() {
        let line = T::MaxProducers::get() + T::MaxStandby::get();
        let all = candidates::<T>(line.min(T::MaxCandidates::get()));
        producers::<T>(&all);
        tired::<T>(&all[T::MaxProducers::get() as usize..]);
        CurrentEra::<T>::put(Era {
            index: 0,
            first_epoch: 0,
            epochs: 10,
        });
        let starting = members::<T>(&all);

        #[block]
        {
            Pallet::<T>::close_epoch(1);
            Pallet::<T>::open_epoch(2, Some(starting));
            let _ = Pallet::<T>::plan(3, &[]);
            Pallet::<T>::build_schedule(&BTreeMap::new(), &[8; 32]);
            Pallet::<T>::announce_authorities();
        }

        assert_eq!(CurrentEpoch::<T>::get().index, 2);
    }

    #[benchmark]
    fn rotate_era(v: Linear<1, 512>) {
        let all = candidates::<T>(T::MaxCandidates::get());
        for index in 0..v.min(T::MaxElectingVoters::get()) {
            let names: Vec<_> = (0..max_names::<T>())
                .map(|name| all[((index + name * 7) % all.len() as u32) as usize].clone())
                .collect();
            let _ = voter::<T>(index, &names);
        }
        stir::<T>(&all);
        producers::<T>(&all);
        tired::<T>(&all[T::MaxProducers::get() as usize..]);
        TargetSize::<T>::put(T::MaxProducers::get());
        CurrentEra::<T>::put(Era {
            index: 0,
            first_epoch: 1,
            epochs: 1,
        });
        let starting = members::<T>(&all);

        #[block]
        {
            Pallet::<T>::close_epoch(1);
            Pallet::<T>::open_epoch(2, Some(starting));
            // Epochs per era may be one: then the election falls into the same block.
            CurrentEra::<T>::mutate(|era| era.epochs = 1);
            let _ = Pallet::<T>::plan(3, &[]);
            Pallet::<T>::build_schedule(&BTreeMap::new(), &[8; 32]);
            Pallet::<T>::announce_authorities();
        }

        assert_eq!(CurrentEra::<T>::get().index, 1);
        assert!(Planned::<T>::exists());
    }

    impl_benchmark_test_suite!(
        Pallet,
        crate::tests::mock::Genesis::new(0, 4).build(),
        crate::tests::mock::Test
    );
}
