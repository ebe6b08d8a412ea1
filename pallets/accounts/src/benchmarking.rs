//! Benchmarks of every call, of the checks before a registration, and of a period's start.
//!
//! Each meets its worst case. Calls that are free when they succeed are measured with the check for
//! that, which the chain runs as well.

use alloc::vec::Vec;
use frame_benchmarking::v2::*;
use frame_support::{
    BoundedVec,
    dispatch::{CheckIfFeeless, DispatchResult},
    pallet_prelude::{TransactionSource, ValidateUnsigned},
    traits::{EnsureOrigin, Get, UnfilteredDispatchable, fungible::Mutate},
};
use frame_system::RawOrigin;
use parlance_primitives::{
    Balance, BlockNumber, Hash, UNIT,
    accounts::{
        Change, Changes, DeviceKeys, Guard, Lane, MAX_CHANGES, MAX_DEVICES, Possession,
        Registration, Resource, Version, device_statement, invitation_statement,
        registration_statement, work_challenge,
    },
    puzzle::{PUBLIC, Proof, Solver, vector},
};
use sp_core::ed25519;
use sp_runtime::{
    AccountId32, KeyTypeId, MultiSignature, SaturatedConversion, traits::StaticLookup,
};

use crate::{
    core::{identity::first, purchase::Purchase, standing::Standing},
    *,
};

/// Makes accounts whose signatures benchmarks can make. The same name gives the same account on
/// each machine.
pub trait BenchmarkHelper<AccountId, Signature> {
    /// The account of a newcomer.
    fn newcomer() -> AccountId;
    /// Its signature.
    fn sign(message: &[u8]) -> Signature;
}

const KEYS: KeyTypeId = KeyTypeId(*b"bnch");
const NEWCOMER: &[u8] = b"//Newcomer";

impl BenchmarkHelper<AccountId32, MultiSignature> for () {
    fn newcomer() -> AccountId32 {
        sp_io::crypto::sr25519_generate(KEYS, Some(NEWCOMER.to_vec())).into()
    }

    fn sign(message: &[u8]) -> MultiSignature {
        let key = sp_io::crypto::sr25519_generate(KEYS, Some(NEWCOMER.to_vec()));
        sp_io::crypto::sr25519_sign(KEYS, &key, message)
            .expect("the key is in the keystore")
            .into()
    }
}

/// Free balance of whoever acts.
const ENDOWMENT: Balance = 1_000_000 * UNIT;
/// Block of each benchmark.
const NOW: BlockNumber = 1_000_000;
/// Hash of block `number`, in benchmarks.
pub(crate) fn hash_of(number: BlockNumber) -> Hash {
    Hash::repeat_byte(number.to_le_bytes()[0].wrapping_add(1))
}

fn key(name: &str, index: u32) -> ed25519::Public {
    let path = alloc::format!("//{name}//{index}");
    sp_io::crypto::ed25519_generate(KEYS, Some(path.into_bytes()))
}

fn signed(key: &ed25519::Public, message: &[u8]) -> ed25519::Signature {
    sp_io::crypto::ed25519_sign(KEYS, key, message).expect("the key is in the keystore")
}

/// Keys of a device, and proof that it has them.
fn device<T: Config>(who: &T::AccountId, index: u32, base: Version) -> (DeviceKeys, Possession) {
    let keys = DeviceKeys {
        signing: key("Signing", index),
        agreement: [9; 32],
        endpoint: key("Endpoint", index),
    };
    let statement = device_statement(&hash_of(0), who, base, &keys);
    let possession = Possession {
        signing: signed(&keys.signing, &statement),
        endpoint: signed(&keys.endpoint, &statement),
    };
    (keys, possession)
}

/// Sets the block and the hashes that are asked for, and lets the easiest proof do.
fn set_stage<T: Config>() {
    for number in [0, NOW - 1] {
        frame_system::BlockHash::<T>::insert(
            number.saturated_into::<frame_system::pallet_prelude::BlockNumberFor<T>>(),
            hash_of(number),
        );
    }
    frame_system::Pallet::<T>::set_block_number(NOW.saturated_into());
    CurrentParameters::<T>::mutate(|parameters| parameters.difficulty.floor = 1);
    CurrentGate::<T>::mutate(|gate| {
        gate.period = NOW / T::RegistrationPeriod::get();
        gate.difficulty = 1;
        gate.previous = 1;
    });
}

fn register_call<T: Config>(guard: impl FnOnce(&T::AccountId) -> Guard) -> Call<T> {
    let account = T::BenchmarkHelper::newcomer();
    let (keys, possession) = device::<T>(&account, 0, NOW - 1);
    let statement = registration_statement(&hash_of(0), &hash_of(NOW - 1), &account, &keys);
    Call::register {
        guard: guard(&account),
        registration: Registration {
            account,
            keys,
            possession,
            anchor: NOW - 1,
        },
        signature: T::BenchmarkHelper::sign(&statement),
    }
}

/// A proof for the newcomer: the committed one for the puzzle of public chains, a fresh one for any
/// other.
fn work<T: Config>(account: &T::AccountId) -> Guard {
    let challenge = work_challenge(&hash_of(0), &hash_of(NOW - 1), account);
    let proof = if T::Puzzle::get() == PUBLIC {
        assert_eq!(
            challenge,
            vector::CHALLENGE,
            "the vector was made for this challenge"
        );
        Proof {
            nonce: vector::NONCE,
            solution: vector::SOLUTION.to_vec(),
        }
    } else {
        Solver::new(T::Puzzle::get())
            .and_then(|mut solver| solver.search(&challenge, 1, 0, |_| true))
            .expect("some nonce has a solution")
    };
    Guard::Work {
        nonce: proof.nonce,
        solution: BoundedVec::truncate_from(proof.solution),
    }
}

fn invited<T: Config>(account: &T::AccountId) -> Guard {
    let key = key("Invitation", 0);
    Guard::Invitation {
        key,
        signature: signed(&key, &invitation_statement(&hash_of(0), account)),
    }
}

/// An identity of long standing, with or without a deposit.
fn identity<T: Config>(who: &T::AccountId, backed: bool) {
    let (keys, _) = device::<T>(who, 0, 0);
    let registered = 1;
    frame_system::Pallet::<T>::inc_sufficients(who);
    Identities::<T>::insert(who, first(keys, registered).0);
    Standings::<T>::insert(who, Standing::new(Lane::Work, registered, 1));
    Sizes::<T>::mutate(|sizes| sizes.work += 1);
    if backed {
        T::Currency::mint_into(who, ENDOWMENT).expect("a fresh account takes tokens");
        Pallet::<T>::back(who).expect("tokens for the deposit were minted");
    }
}

/// Open invitations of `inviter`.
fn invitations<T: Config>(inviter: &T::AccountId, count: u32, expires: BlockNumber) {
    for index in 0..count {
        Invitations::<T>::insert(
            key("Invitation", index),
            Invitation {
                inviter: inviter.clone(),
                expires,
            },
        );
    }
    Standings::<T>::mutate_extant(inviter, |standing| standing.open = count);
    Sizes::<T>::mutate(|sizes| sizes.invitations = count);
}

fn keys(count: u32) -> InvitationKeys {
    BoundedVec::truncate_from((0..count).map(|index| key("Invitation", index)).collect())
}

/// Looks whether the call is free, as `SkipCheckIfFeeless` does, and makes it.
fn free<T: Config>(who: T::AccountId, call: Call<T>) -> DispatchResult {
    let origin: T::RuntimeOrigin = RawOrigin::Signed(who).into();
    assert!(call.is_feeless(&origin), "the call succeeds, so it is free");
    call.dispatch_bypass_filter(origin)
        .map(|_| ())
        .map_err(|error| error.error)
}

#[allow(deprecated)]
#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn validate_work() -> Result<(), BenchmarkError> {
        set_stage::<T>();
        let call = register_call::<T>(work::<T>);
        #[block]
        {
            Pallet::<T>::validate_unsigned(TransactionSource::External, &call)
                .map_err(|_| "the proof is good")?;
        }
        Ok(())
    }

    #[benchmark]
    fn validate_invitation() -> Result<(), BenchmarkError> {
        set_stage::<T>();
        let inviter: T::AccountId = account("inviter", 0, 0);
        identity::<T>(&inviter, true);
        invitations::<T>(&inviter, 1, NOW + 1);
        let call = register_call::<T>(invited::<T>);
        #[block]
        {
            Pallet::<T>::validate_unsigned(TransactionSource::External, &call)
                .map_err(|_| "the invitation is good")?;
        }
        Ok(())
    }

    #[benchmark]
    fn register() -> Result<(), BenchmarkError> {
        set_stage::<T>();
        let inviter: T::AccountId = account("inviter", 0, 0);
        identity::<T>(&inviter, true);
        invitations::<T>(&inviter, 1, NOW + 1);
        let call = register_call::<T>(invited::<T>);
        let newcomer = T::BenchmarkHelper::newcomer();
        #[block]
        {
            call.dispatch_bypass_filter(RawOrigin::None.into())
                .map_err(|error| error.error)?;
        }
        assert!(Identities::<T>::contains_key(&newcomer));
        Ok(())
    }

    /// Devices go and come in turn; those that come are what costs.
    #[benchmark]
    fn change_identity(n: Linear<1, MAX_CHANGES>) -> Result<(), BenchmarkError> {
        set_stage::<T>();
        let caller: T::AccountId = whitelisted_caller();
        identity::<T>(&caller, true);
        let base = 1;
        let first = crate::benchmarking::device::<T>(&caller, 0, base).0;
        let mut newest = parlance_primitives::accounts::DeviceId::of(&first.signing);
        let mut changes = Vec::new();
        for index in 1..=n {
            let (keys, possession) = crate::benchmarking::device::<T>(&caller, index, base);
            if index < MAX_DEVICES {
                changes.push(Change::Add { keys, possession });
            } else {
                changes.push(Change::Rotate {
                    device: newest,
                    keys,
                    possession,
                });
            }
            newest = parlance_primitives::accounts::DeviceId::of(&keys.signing);
        }
        let changes: Changes = BoundedVec::truncate_from(changes);
        let call = Call::<T>::change_identity { base, changes };
        let who = caller.clone();
        #[block]
        {
            free(who, call)?;
        }
        assert_eq!(
            Identities::<T>::get(&caller).map(|one| one.version),
            Some(NOW)
        );
        Ok(())
    }

    #[benchmark]
    fn remove_identity() -> Result<(), BenchmarkError> {
        set_stage::<T>();
        let caller: T::AccountId = whitelisted_caller();
        identity::<T>(&caller, true);
        let purchase = Purchase {
            bytes: 1,
            from: 1,
            until: 1,
            before: 0,
        };
        Purchases::<T>::insert(&caller, [purchase; 3]);
        let who = caller.clone();
        #[block]
        {
            free(who, Call::<T>::remove_identity {})?;
        }
        assert!(!Identities::<T>::contains_key(&caller));
        Ok(())
    }

    #[benchmark]
    fn back_identity() -> Result<(), BenchmarkError> {
        set_stage::<T>();
        let caller: T::AccountId = whitelisted_caller();
        let owner: T::AccountId = account("owner", 0, 0);
        identity::<T>(&owner, false);
        T::Currency::mint_into(&owner, ENDOWMENT)?;
        let who = T::Lookup::unlookup(owner.clone());
        #[block]
        {
            free(caller, Call::<T>::back_identity { who })?;
        }
        assert!(Standings::<T>::get(&owner).is_some_and(|one| one.is_backed()));
        Ok(())
    }

    #[benchmark]
    fn invite(n: Linear<1, MAX_INVITATIONS>) -> Result<(), BenchmarkError> {
        set_stage::<T>();
        CurrentParameters::<T>::mutate(|parameters| parameters.invitations = MAX_INVITATIONS);
        let caller: T::AccountId = whitelisted_caller();
        identity::<T>(&caller, true);
        let keys = keys(n);
        #[block]
        {
            free(caller, Call::<T>::invite { keys })?;
        }
        assert_eq!(Sizes::<T>::get().invitations, n);
        Ok(())
    }

    #[benchmark]
    fn revoke_invitations(n: Linear<1, MAX_INVITATIONS>) -> Result<(), BenchmarkError> {
        set_stage::<T>();
        let caller: T::AccountId = whitelisted_caller();
        identity::<T>(&caller, true);
        invitations::<T>(&caller, n, NOW + 1);
        let keys = keys(n);
        #[block]
        {
            free(caller, Call::<T>::revoke_invitations { keys })?;
        }
        assert_eq!(Sizes::<T>::get().invitations, 0);
        Ok(())
    }

    /// Each identity has come to tokens, which is dearer than its removal.
    #[benchmark]
    fn prune(a: Linear<0, MAX_PRUNED>, i: Linear<0, MAX_PRUNED>) -> Result<(), BenchmarkError> {
        set_stage::<T>();
        let caller: T::AccountId = whitelisted_caller();
        let inviter: T::AccountId = account("inviter", 0, 0);
        identity::<T>(&inviter, true);
        invitations::<T>(&inviter, i, NOW);
        let accounts: Vec<T::AccountId> = (0..a).map(|n| account("idle", n, 0)).collect();
        for who in &accounts {
            identity::<T>(who, false);
            T::Currency::mint_into(who, ENDOWMENT)?;
        }
        let call = Call::<T>::prune {
            accounts: BoundedVec::truncate_from(accounts),
            invitations: BoundedVec::truncate_from(keys(i).into_inner()),
        };
        #[block]
        {
            if a + i > 0 {
                free(caller, call)?;
            }
        }
        assert_eq!(Sizes::<T>::get().backed, 1 + a);
        assert_eq!(Sizes::<T>::get().invitations, 0);
        Ok(())
    }

    #[benchmark]
    fn buy_allowance() {
        set_stage::<T>();
        let caller: T::AccountId = whitelisted_caller();
        identity::<T>(&caller, false);
        T::Currency::mint_into(&caller, ENDOWMENT).expect("a fresh account takes tokens");
        #[extrinsic_call]
        _(
            RawOrigin::Signed(caller.clone()),
            Resource::Mailbox,
            1 << 20,
            3,
        );
        assert_eq!(Purchases::<T>::get(&caller)[1].bytes, 1 << 20);
    }

    #[benchmark]
    fn set_parameters() -> Result<(), BenchmarkError> {
        let origin =
            T::AdminOrigin::try_successful_origin().map_err(|()| BenchmarkError::Weightless)?;
        let parameters = Parameters::default();
        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, parameters);
        assert_eq!(CurrentParameters::<T>::get(), parameters);
        Ok(())
    }

    #[benchmark]
    fn open_registration_period() {
        set_stage::<T>();
        let next = (NOW / T::RegistrationPeriod::get() + 1) * T::RegistrationPeriod::get();
        CurrentGate::<T>::mutate(|gate| gate.work.period = u32::MAX);
        #[block]
        {
            Pallet::<T>::roll_gate(next);
        }
        assert_eq!(CurrentGate::<T>::get().difficulty, 2);
    }

    #[benchmark]
    fn open_allowance_period() {
        set_stage::<T>();
        #[block]
        {
            Pallet::<T>::open_allowances(NOW);
        }
        assert_eq!(
            Allowances::<T>::get().period,
            NOW / T::AllowancePeriod::get()
        );
    }

    impl_benchmark_test_suite!(
        Pallet,
        crate::tests::mock::new_test_ext(),
        crate::tests::mock::Test
    );
}
