//! Registration without tokens: who may, and what it does.
//!
//! The checks run in the order of their cost to the chain. Nobody has paid when they run, so what
//! an attacker can make up without work fails after two hashes or one signature: the state, which
//! says whether an invitation was given, is asked before the three signatures that are checked last.

use codec::Encode;
use frame_support::{dispatch::DispatchResult, pallet_prelude::ValidTransaction, traits::Get};
use frame_system::pallet_prelude::BlockNumberFor;
use parlance_primitives::{
    BlockNumber, Hash,
    accounts::{
        DeviceKeys, Guard, Lane, Possession, Registration, Version, device_statement,
        invitation_statement, registration_statement, work_challenge,
    },
    puzzle,
};
use sp_runtime::{SaturatedConversion, traits::Verify};

use crate::{
    Config, CurrentGate, CurrentParameters, Event, Identities, Invitations, Pallet, Rejection,
    Sizes, Standings,
    core::{
        gate::Full,
        identity::{first, has_small_order},
        standing::Standing,
        tally::window_of,
    },
};

impl<T: Config> Pallet<T> {
    /// Whether a registration may enter the pool or the block under construction.
    pub(crate) fn validate_registration(
        registration: &Registration<T::AccountId>,
        guard: &Guard,
        signature: &T::Signature,
    ) -> Result<ValidTransaction, Rejection> {
        let genesis = Self::genesis();
        let anchor = Self::anchor_hash(registration.anchor).ok_or(Rejection::Anchor)?;
        let shown = Self::check_guard(registration, guard, &genesis, &anchor)?;
        let left = Self::check_state(registration, guard, shown)?;
        Self::check_signatures(registration, signature, &genesis, &anchor)?;
        Ok(Self::valid_transaction(registration, guard, shown, left))
    }

    /// What the guard shows, by itself: work, or possession of an invitation's key.
    fn check_guard(
        registration: &Registration<T::AccountId>,
        guard: &Guard,
        genesis: &Hash,
        anchor: &Hash,
    ) -> Result<u64, Rejection> {
        match guard {
            Guard::Work { nonce, solution } => {
                let challenge = work_challenge(genesis, anchor, &registration.account);
                puzzle::work(T::Puzzle::get(), &challenge, *nonce, solution)
                    .map_err(|_| Rejection::Proof)
            }
            Guard::Invitation { key, signature } => {
                let statement = invitation_statement(genesis, &registration.account);
                if sp_io::crypto::ed25519_verify(signature, &statement, key) {
                    Ok(0)
                } else {
                    Err(Rejection::Proof)
                }
            }
        }
    }

    fn check_signatures(
        registration: &Registration<T::AccountId>,
        signature: &T::Signature,
        genesis: &Hash,
        anchor: &Hash,
    ) -> Result<(), Rejection> {
        let Registration { account, keys, .. } = registration;
        if has_small_order(&keys.agreement) {
            return Err(Rejection::WeakKey);
        }
        let statement = registration_statement(genesis, anchor, account, keys);
        let signed = signature.verify(statement.as_slice(), account)
            && Self::possesses(
                account,
                registration.anchor,
                keys,
                &registration.possession,
                genesis,
            );
        if signed {
            Ok(())
        } else {
            Err(Rejection::Proof)
        }
    }

    /// What the state says: difficulty or invitation, the account itself, and the room left. Returns
    /// for how many blocks from now on the anchor is good.
    fn check_state(
        registration: &Registration<T::AccountId>,
        guard: &Guard,
        shown: u64,
    ) -> Result<BlockNumber, Rejection> {
        let now = Self::now();
        let parameters = CurrentParameters::<T>::get();
        let left = registration
            .anchor
            .saturating_add(parameters.anchor_window)
            .checked_sub(now)
            .ok_or(Rejection::Anchor)?;
        let gate = CurrentGate::<T>::get();
        match guard {
            Guard::Work { .. } => {
                let period = window_of(registration.anchor, T::RegistrationPeriod::get());
                let difficulty = gate
                    .difficulty_in(period, &parameters.difficulty)
                    .ok_or(Rejection::Anchor)?;
                if shown < u64::from(difficulty) {
                    return Err(Rejection::TooLittleWork);
                }
            }
            Guard::Invitation { key, .. } => {
                let open = Invitations::<T>::get(key).is_some_and(|open| now < open.expires);
                if !open {
                    return Err(Rejection::NoInvitation);
                }
            }
        }
        if Standings::<T>::contains_key(&registration.account) {
            return Err(Rejection::AlreadyRegistered);
        }
        let lane = guard.lane();
        let room = parameters.room(lane);
        if Sizes::<T>::get().of(lane) >= room.standing {
            return Err(Rejection::StandingFull);
        }
        gate.check(lane, now, room).map_err(|full| match full {
            Full::Block => Rejection::BlockFull,
            Full::Period => Rejection::PeriodFull,
        })?;
        Ok(left)
    }

    /// One registration per account and per invitation. When blocks are full, more work comes
    /// first; transactions that pay come before all of them.
    fn valid_transaction(
        registration: &Registration<T::AccountId>,
        guard: &Guard,
        shown: u64,
        longevity: BlockNumber,
    ) -> ValidTransaction {
        let mut provides = alloc::vec![(b"accounts/registration", &registration.account).encode()];
        if let Guard::Invitation { key, .. } = guard {
            provides.push((b"accounts/invitation", key).encode());
        }
        ValidTransaction {
            // At most 63: less than any fee gives, since blocks have room for more transactions than that.
            priority: shown.checked_ilog2().unwrap_or(0).into(),
            requires: alloc::vec![],
            provides,
            longevity: longevity.max(1).into(),
            propagate: true,
        }
    }

    /// Registers what was validated in this very transaction.
    pub(crate) fn do_register(
        registration: &Registration<T::AccountId>,
        guard: &Guard,
    ) -> DispatchResult {
        let now = Self::now();
        let who = &registration.account;
        let lane = guard.lane();
        let inviter = match guard {
            Guard::Work { .. } => None,
            Guard::Invitation { key, .. } => Self::take_invitation(key),
        };
        let (identity, entries) = first(registration.keys, now);
        let (version, history) = (identity.version, identity.history);
        let lifetime = CurrentParameters::<T>::get().unused_lifetime;
        // The account exists from now on, so that it has a nonce and can send transactions.
        frame_system::Pallet::<T>::inc_sufficients(who);
        Identities::<T>::insert(who, identity);
        Standings::<T>::insert(who, Standing::new(lane, now, lifetime));
        Sizes::<T>::mutate(|sizes| {
            let count = sizes.of_mut(lane);
            *count = count.saturating_add(1);
        });
        CurrentGate::<T>::mutate(|gate| gate.admit(lane, now));
        Self::deposit_event(Event::Registered {
            who: who.clone(),
            lane,
            inviter,
        });
        Self::deposit_event(Event::Changed {
            who: who.clone(),
            version,
            entries,
            history,
        });
        Ok(())
    }

    /// Whether somebody has the secrets of `keys` and gave them to `account`, for a change to
    /// version `base`.
    pub(crate) fn possesses(
        account: &T::AccountId,
        base: Version,
        keys: &DeviceKeys,
        possession: &Possession,
        genesis: &Hash,
    ) -> bool {
        let statement = device_statement(genesis, account, base, keys);
        sp_io::crypto::ed25519_verify(&possession.signing, &statement, &keys.signing)
            && sp_io::crypto::ed25519_verify(&possession.endpoint, &statement, &keys.endpoint)
    }

    /// Hash of a block that may be recent enough to anchor to.
    fn anchor_hash(anchor: BlockNumber) -> Option<Hash> {
        let now = Self::now();
        let age = now.checked_sub(anchor)?;
        if age == 0 || age > T::MaxAnchorWindow::get() {
            return None;
        }
        let number: BlockNumberFor<T> = anchor.saturated_into();
        let hash = frame_system::Pallet::<T>::block_hash(number);
        (hash != Hash::default()).then_some(hash)
    }

    /// Hash of the first block.
    pub(crate) fn genesis() -> Hash {
        frame_system::Pallet::<T>::block_hash(BlockNumberFor::<T>::default())
    }

    /// Number of the block under execution.
    pub(crate) fn now() -> BlockNumber {
        frame_system::Pallet::<T>::block_number().saturated_into()
    }

    /// Opens a period of registration.
    pub(crate) fn roll_gate(now: BlockNumber) {
        let rule = CurrentParameters::<T>::get().difficulty;
        let difficulty = CurrentGate::<T>::mutate(|gate| {
            let before = gate.difficulty;
            gate.roll(window_of(now, T::RegistrationPeriod::get()), &rule);
            (gate.difficulty != before).then_some(gate.difficulty)
        });
        if let Some(difficulty) = difficulty {
            Self::deposit_event(Event::DifficultyChanged { difficulty });
        }
    }

    /// Registrations by a way that are possible in this period.
    pub(crate) fn room_left(lane: Lane) -> u32 {
        let parameters = CurrentParameters::<T>::get();
        let room = parameters.room(lane);
        let standing = room.standing.saturating_sub(Sizes::<T>::get().of(lane));
        CurrentGate::<T>::get().left(lane, room).min(standing)
    }
}
