#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod core;
pub mod weights;

mod allowances;
mod amounts;
mod backing;
mod devices;
mod errors;
mod events;
mod invitations;
mod queries;
mod registration;
mod types;

#[cfg(any(feature = "try-runtime", test))]
mod invariants;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod tests;

#[cfg(feature = "runtime-benchmarks")]
pub use benchmarking::BenchmarkHelper;
pub use errors::Rejection;
pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

use frame_support::{pallet_macros::import_section, pallet_prelude::ConstU32};
use sp_core::ed25519;
use sp_runtime::BoundedVec;

/// Target of this pallet's log lines.
const LOG_TARGET: &str = "runtime::accounts";

/// Public keys of invitations.
pub type InvitationKeys = BoundedVec<ed25519::Public, ConstU32<MAX_INVITATIONS>>;

/// The pallet. What it deposits and what it refuses stand in files of their own.
#[import_section(events::events)]
#[import_section(errors::errors)]
#[frame_support::pallet]
pub mod pallet {
    use crate::{
        InvitationKeys, WeightInfo,
        core::{
            allowance::Levels, gate::Gate, identity::Refusal, purchase::Purchase,
            standing::Standing, tally::window_of,
        },
        types::{Counts, Invitation, MAX_PRUNED, Parameters},
    };
    use frame_support::{
        pallet_prelude::*,
        traits::fungible::{Inspect, Mutate, hold},
    };
    use frame_system::pallet_prelude::*;
    use parlance_primitives::{
        Balance, BlockNumber, Hash,
        accounts::{
            Changes, Entries, Guard, Identity, Lane, NetworkLoad, Registration, Resource,
            ServicePayment, Version,
        },
        puzzle::{Puzzle, Shape},
    };
    use sp_core::ed25519;
    use sp_runtime::{
        SaturatedConversion,
        traits::{IdentifyAccount, StaticLookup, Verify},
    };

    /// Version of the storage layout.
    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    /// The pallet.
    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// What the runtime provides.
    #[pallet::config]
    pub trait Config: frame_system::Config<Hash = Hash> {
        /// The native token.
        type Currency: Inspect<Self::AccountId, Balance = Balance>
            + Mutate<Self::AccountId>
            + hold::Inspect<Self::AccountId, Reason = Self::RuntimeHoldReason>
            + hold::Mutate<Self::AccountId>;
        /// The runtime's reasons for holds.
        type RuntimeHoldReason: From<HoldReason>;
        /// Public key of an account.
        type Signer: IdentifyAccount<AccountId = Self::AccountId>;
        /// Signature of an account.
        type Signature: Verify<Signer = Self::Signer> + Parameter;
        /// What the network carries.
        type Load: NetworkLoad;
        /// Where tokens go that buy allowance.
        type Payment: ServicePayment<Self::AccountId>;
        /// Who may change the [`Parameters`].
        type AdminOrigin: EnsureOrigin<Self::RuntimeOrigin>;
        /// Shape of the puzzle.
        #[pallet::constant]
        type Puzzle: Get<Puzzle>;
        /// Most blocks for which [`Parameters`] may let an anchor be good.
        #[pallet::constant]
        type MaxAnchorWindow: Get<BlockNumber>;
        /// Blocks in a period of registration: at least as many as an anchor may be good.
        #[pallet::constant]
        type RegistrationPeriod: Get<BlockNumber>;
        /// Blocks in a period of allowances.
        #[pallet::constant]
        type AllowancePeriod: Get<BlockNumber>;
        /// Weights of the calls.
        type WeightInfo: WeightInfo;
        /// Makes accounts whose signatures benchmarks can make.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::BenchmarkHelper<Self::AccountId, Self::Signature>;
    }

    /// Why this pallet holds tokens.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// Deposit of an identity.
        Identity,
    }

    /// Rules that governance may change. One value, set at genesis.
    #[pallet::storage]
    pub type CurrentParameters<T> = StorageValue<_, Parameters, ValueQuery>;

    /// Identities, for proofs: key and encoding are those of [`parlance_primitives::accounts`].
    /// Paid by the identity's deposit; without one it goes when it expires and somebody names it to
    /// `prune`. As many without deposit as [`Parameters`] leave room for.
    #[pallet::storage]
    pub type Identities<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, Identity, OptionQuery>;

    /// Where identities stand. One for each of [`Identities`], with which it comes and goes.
    #[pallet::storage]
    pub type Standings<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, Standing, OptionQuery>;

    /// Open invitations by their key. Each inviter's deposit pays for a few; goes when it is taken,
    /// revoked, or expired and named to `prune`.
    #[pallet::storage]
    pub type Invitations<T: Config> =
        StorageMap<_, Blake2_128Concat, ed25519::Public, Invitation<T::AccountId>, OptionQuery>;

    /// Both ways in. One value.
    #[pallet::storage]
    pub type CurrentGate<T> = StorageValue<_, Gate, ValueQuery>;

    /// Sizes of the maps. One value.
    #[pallet::storage]
    pub type Sizes<T> = StorageValue<_, Counts, ValueQuery>;

    /// Allowances of this period and the last. One value.
    #[pallet::storage]
    pub type Allowances<T> = StorageValue<_, Levels, ValueQuery>;

    /// Allowance bought, in the order of [`Resource::ALL`]. At most one entry per identity with a
    /// deposit, which pays for it; goes with the identity.
    #[pallet::storage]
    pub type Purchases<T: Config> =
        StorageMap<_, Blake2_128Concat, T::AccountId, [Purchase; 3], ValueQuery>;

    /// The rules at genesis.
    #[pallet::genesis_config]
    pub struct GenesisConfig<T: Config> {
        /// The rules.
        pub parameters: Parameters,
        /// No more than the type's parameter.
        #[serde(skip)]
        pub runtime: PhantomData<T>,
    }

    impl<T: Config> Default for GenesisConfig<T> {
        /// The rules of the public chains, within the bound of the runtime.
        fn default() -> Self {
            let rules = Parameters::default();
            Self {
                parameters: Parameters {
                    anchor_window: rules.anchor_window.min(T::MaxAnchorWindow::get()),
                    ..rules
                },
                runtime: PhantomData,
            }
        }
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            assert!(
                self.parameters.are_sound(T::MaxAnchorWindow::get()),
                "the parameters of identities contradict each other"
            );
            CurrentParameters::<T>::put(self.parameters);
        }
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(now: BlockNumberFor<T>) -> Weight {
            let now: BlockNumber = now.saturated_into();
            let mut weight = Weight::zero();
            if starts_period(now, T::RegistrationPeriod::get()) {
                Self::roll_gate(now);
                weight = weight.saturating_add(T::WeightInfo::open_registration_period());
            }
            if starts_period(now, T::AllowancePeriod::get()) {
                Self::open_allowances(now);
                weight = weight.saturating_add(T::WeightInfo::open_allowance_period());
            }
            weight
        }

        fn integrity_test() {
            let window = T::MaxAnchorWindow::get();
            assert!(
                Shape::new(T::Puzzle::get()).is_some(),
                "no such puzzle is served"
            );
            assert!(
                window <= T::RegistrationPeriod::get(),
                "the difficulty of an anchor's period must be known"
            );
            assert!(
                window < T::BlockHashCount::get().saturated_into::<BlockNumber>(),
                "the hash of an anchor must be known"
            );
            assert!(T::AllowancePeriod::get() > 0, "a period must last");
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::check_invariants()
        }
    }

    /// Whether a period starts with block `now`. The first block counts, since genesis runs no
    /// hooks.
    fn starts_period(now: BlockNumber, length: BlockNumber) -> bool {
        now == 1 || window_of(now, length) != window_of(now.saturating_sub(1), length)
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Gives an account an identity, without tokens and without a fee.
        ///
        /// ## Dispatch Origin
        /// None: sent as a bare extrinsic, since an account that does not exist yet cannot sign a
        /// transaction. `signature` is the account's.
        ///
        /// ## Details
        /// Anchored to a recent block, guarded by a proof of work or an invitation, proven by
        /// account and device. The account exists from then on and may sign transactions. Its
        /// identity expires when it is not used; once it has tokens, a deposit is taken instead.
        ///
        /// ## Errors
        /// None once it is in a block. Before that, see [`crate::Rejection`].
        ///
        /// ## Events
        /// - [`Event::Registered`], [`Event::Changed`].
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::register().saturating_add(match guard {
            Guard::Work { .. } => T::WeightInfo::validate_work(),
            Guard::Invitation { .. } => T::WeightInfo::validate_invitation(),
        }))]
        pub fn register(
            origin: OriginFor<T>,
            registration: Registration<T::AccountId>,
            guard: Guard,
            signature: T::Signature,
        ) -> DispatchResult {
            ensure_none(origin)?;
            let _ = signature;
            Self::do_register(&registration, &guard)
        }

        /// Changes the caller's identity: devices join, take new keys or are revoked, the mailbox
        /// moves.
        ///
        /// ## Dispatch Origin
        /// Signed.
        ///
        /// ## Details
        /// All changes or none, made for version `base`, once per block. Costs no fee a few times
        /// per window.
        ///
        /// ## Errors
        /// - [`Error::NoIdentity`], [`Error::Stale`], [`Error::ChangedThisBlock`],
        ///   [`Error::NothingToChange`].
        /// - [`Error::TooManyDevices`], [`Error::LastDevice`], [`Error::UnknownDevice`],
        ///   [`Error::KnownDevice`], [`Error::RevokedDevice`].
        /// - [`Error::WeakKey`], [`Error::NoPossession`].
        ///
        /// ## Events
        /// - [`Event::Changed`].
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::change_identity(changes.len() as u32))]
        #[pallet::feeless_if(|origin: &OriginFor<T>, base: &Version, changes: &Changes| -> bool {
            ensure_signed(origin.clone()).is_ok_and(|who| Pallet::<T>::change_is_free(&who, *base, changes))
        })]
        pub fn change_identity(
            origin: OriginFor<T>,
            base: Version,
            changes: Changes,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_change(who, base, &changes)
        }

        /// Removes the caller's identity and returns its deposit.
        ///
        /// ## Dispatch Origin
        /// Signed.
        ///
        /// ## Details
        /// What was bought is lost. Costs no fee. An account without tokens ends with it, and its
        /// nonce starts anew should it come back: sign transactions that expire.
        ///
        /// ## Errors
        /// - [`Error::NoIdentity`], [`Error::OpenInvitations`], [`Error::TooYoung`].
        ///
        /// ## Events
        /// - [`Event::Removed`].
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::remove_identity())]
        #[pallet::feeless_if(|origin: &OriginFor<T>| -> bool {
            ensure_signed(origin.clone()).is_ok_and(|who| Pallet::<T>::check_remove(&who).is_ok())
        })]
        pub fn remove_identity(origin: OriginFor<T>) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::check_remove(&who)?;
            Self::remove(&who, false)
        }

        /// Takes the deposit of an identity whose account has come to tokens.
        ///
        /// ## Dispatch Origin
        /// Signed, by anybody.
        ///
        /// ## Details
        /// The deposit is held in the account of `who`. From then on the identity does not expire,
        /// has the full allowance and may invite. Costs no fee when it succeeds.
        ///
        /// ## Errors
        /// - [`Error::NoIdentity`], [`Error::AlreadyBacked`], [`Error::CannotBack`].
        ///
        /// ## Events
        /// - [`Event::Backed`].
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::back_identity())]
        #[pallet::feeless_if(|origin: &OriginFor<T>, who: &<T::Lookup as StaticLookup>::Source| -> bool {
            ensure_signed(origin.clone()).is_ok()
                && T::Lookup::lookup(who.clone()).is_ok_and(|who| Pallet::<T>::can_back(&who))
        })]
        pub fn back_identity(
            origin: OriginFor<T>,
            who: <T::Lookup as StaticLookup>::Source,
        ) -> DispatchResult {
            ensure_signed(origin)?;
            let who = T::Lookup::lookup(who)?;
            Self::back(&who)
        }

        /// Gives invitations.
        ///
        /// ## Dispatch Origin
        /// Signed.
        ///
        /// ## Details
        /// Each key makes one registration possible, to whoever has its secret, until it expires.
        /// Only identities with a deposit may invite, a few times per window. Costs no fee.
        ///
        /// ## Errors
        /// - [`Error::NoIdentity`], [`Error::NotBacked`], [`Error::NoInvitationsLeft`],
        ///   [`Error::KnownInvitation`], [`Error::NothingToChange`].
        ///
        /// ## Events
        /// - [`Event::Invited`].
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::invite(keys.len() as u32))]
        #[pallet::feeless_if(|origin: &OriginFor<T>, keys: &InvitationKeys| -> bool {
            ensure_signed(origin.clone()).is_ok_and(|who| Pallet::<T>::check_invite(&who, keys).is_ok())
        })]
        pub fn invite(origin: OriginFor<T>, keys: InvitationKeys) -> DispatchResult {
            let inviter = ensure_signed(origin)?;
            Self::do_invite(inviter, keys)
        }

        /// Takes invitations back that nobody has taken.
        ///
        /// ## Dispatch Origin
        /// Signed, by who gave them.
        ///
        /// ## Details
        /// They still count for the window in which they were given. Costs no fee.
        ///
        /// ## Errors
        /// - [`Error::UnknownInvitation`], [`Error::NothingToChange`].
        ///
        /// ## Events
        /// - [`Event::InvitationsRevoked`].
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::revoke_invitations(keys.len() as u32))]
        #[pallet::feeless_if(|origin: &OriginFor<T>, keys: &InvitationKeys| -> bool {
            ensure_signed(origin.clone())
                .is_ok_and(|who| Pallet::<T>::check_revoke_invitations(&who, keys).is_ok())
        })]
        pub fn revoke_invitations(origin: OriginFor<T>, keys: InvitationKeys) -> DispatchResult {
            let inviter = ensure_signed(origin)?;
            Self::do_revoke_invitations(inviter, keys)
        }

        /// Removes identities and invitations that have expired.
        ///
        /// ## Dispatch Origin
        /// Signed, by anybody.
        ///
        /// ## Details
        /// Names them, so that nothing is searched; passes over what has not expired. An identity
        /// whose account has come to tokens is backed instead of removed. Costs no fee when all
        /// that is named has expired.
        ///
        /// ## Errors
        /// None of its own.
        ///
        /// ## Events
        /// - [`Event::Removed`], [`Event::Backed`].
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::prune(accounts.len() as u32, invitations.len() as u32))]
        #[pallet::feeless_if(|
            origin: &OriginFor<T>,
            accounts: &BoundedVec<T::AccountId, ConstU32<MAX_PRUNED>>,
            invitations: &BoundedVec<ed25519::Public, ConstU32<MAX_PRUNED>>,
        | -> bool {
            ensure_signed(origin.clone()).is_ok() && Pallet::<T>::all_stale(accounts, invitations)
        })]
        pub fn prune(
            origin: OriginFor<T>,
            accounts: BoundedVec<T::AccountId, ConstU32<MAX_PRUNED>>,
            invitations: BoundedVec<ed25519::Public, ConstU32<MAX_PRUNED>>,
        ) -> DispatchResult {
            ensure_signed(origin)?;
            Self::do_prune(&accounts, &invitations)
        }

        /// Buys allowance beyond the free one: `bytes` in this period and the following, `periods`
        /// in all.
        ///
        /// ## Dispatch Origin
        /// Signed.
        ///
        /// ## Details
        /// A running purchase is extended, and what was paid for already is not paid again. The
        /// deposit is taken first if it was not.
        ///
        /// ## Errors
        /// - [`Error::NoIdentity`], [`Error::CannotBack`], [`Error::TooLong`],
        ///   [`Error::NotAnExtension`].
        /// - Those of [`Config::Payment`], when the tokens do not suffice.
        ///
        /// ## Events
        /// - [`Event::AllowanceBought`].
        #[pallet::call_index(7)]
        #[pallet::weight(T::WeightInfo::buy_allowance())]
        pub fn buy_allowance(
            origin: OriginFor<T>,
            resource: Resource,
            #[pallet::compact] bytes: u64,
            #[pallet::compact] periods: u32,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_buy(who, resource, bytes, periods)
        }

        /// Sets the rules.
        ///
        /// ## Dispatch Origin
        /// [`Config::AdminOrigin`].
        ///
        /// ## Details
        /// From this block on; deposits that were taken stay what they are. The window of anchors
        /// may only get shorter.
        ///
        /// ## Errors
        /// - [`Error::InvalidParameters`].
        ///
        /// ## Events
        /// - [`Event::ParametersSet`].
        #[pallet::call_index(8)]
        #[pallet::weight(T::WeightInfo::set_parameters())]
        pub fn set_parameters(origin: OriginFor<T>, parameters: Parameters) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            // A longer window would let the registration of an identity that was removed under the
            // shorter one be repeated.
            let window = CurrentParameters::<T>::get().anchor_window;
            ensure!(
                parameters.are_sound(T::MaxAnchorWindow::get())
                    && parameters.anchor_window <= window,
                Error::<T>::InvalidParameters
            );
            CurrentParameters::<T>::put(parameters);
            Self::deposit_event(Event::ParametersSet { parameters });
            Ok(())
        }
    }

    // Why the older of the SDK's two ways: decision 6.
    #[allow(deprecated)]
    #[pallet::validate_unsigned]
    impl<T: Config> ValidateUnsigned for Pallet<T> {
        type Call = Call<T>;

        fn validate_unsigned(_: TransactionSource, call: &Self::Call) -> TransactionValidity {
            let Call::register {
                registration,
                guard,
                signature,
            } = call
            else {
                return Err(InvalidTransaction::Call.into());
            };
            Ok(Self::validate_registration(registration, guard, signature)?)
        }
    }
}
