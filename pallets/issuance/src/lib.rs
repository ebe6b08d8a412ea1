#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod core;
pub mod weights;

mod emission;
mod fees;
mod genesis;
mod queries;
mod types;
mod vesting;

#[cfg(any(feature = "try-runtime", test))]
mod invariants;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;

pub use fees::DealWithFees;
pub use pallet::*;
pub use types::{FeeRule, Vesting};
pub use weights::WeightInfo;

/// Target of this pallet's log lines.
const LOG_TARGET: &str = "runtime::issuance";

/// The pallet.
#[frame_support::pallet]
pub mod pallet {
    use crate::{
        WeightInfo,
        core::{
            allocation::Allocation,
            clock::{Activity as ActivityCount, Clock as ScheduleClock},
            ledger::{Ledger as Sums, Terms as GenesisTerms},
            schedule::Schedule,
            split::{Shares, Splits as Parts},
        },
        types::{FeeRule, Vesting},
    };
    use alloc::vec::Vec;
    use frame_support::{
        pallet_prelude::*,
        traits::{
            Time,
            fungible::{Balanced, Inspect, Mutate, hold},
        },
    };
    use frame_system::pallet_prelude::*;
    use parlance_primitives::{Balance, Moment, issuance::Share};
    use sp_runtime::traits::{One, StaticLookup};

    /// Version of the storage layout.
    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);
    /// Most accounts that one call of `prune_inactive` may name.
    pub const MAX_PRUNED: u32 = 100;

    /// The pallet.
    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// What the runtime provides.
    #[pallet::config]
    pub trait Config: frame_system::Config {
        /// The native token.
        type Currency: Inspect<Self::AccountId, Balance = Balance>
            + Mutate<Self::AccountId>
            + Balanced<Self::AccountId>
            + hold::Inspect<Self::AccountId, Reason = Self::RuntimeHoldReason>
            + hold::Mutate<Self::AccountId>;
        /// The runtime's reasons for holds.
        type RuntimeHoldReason: From<HoldReason>;
        /// Timestamps of blocks, in milliseconds since the Unix epoch.
        type Time: Time<Moment = Moment>;
        /// Who may set the listing date, the splits and the rule of fees.
        type AdminOrigin: EnsureOrigin<Self::RuntimeOrigin>;
        /// Author of the block under execution.
        type Author: Get<Option<Self::AccountId>>;
        /// Most vestings that one account may have at a time.
        #[pallet::constant]
        type MaxSchedules: Get<u32>;
        /// Weights of calls and of what other pallets ask.
        type WeightInfo: WeightInfo;
    }

    /// Why this pallet holds tokens.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// Part of a genesis allocation whose date has not come.
        Vesting,
    }

    /// What the chain decided at genesis. One item, written once; it never goes.
    #[pallet::storage]
    pub type Terms<T> = StorageValue<_, GenesisTerms, ValueQuery>;

    /// Sums since genesis. One item; it never goes.
    #[pallet::storage]
    pub type Ledger<T> = StorageValue<_, Sums, ValueQuery>;

    /// What may be minted per share before the next settlement. One item; it never goes.
    #[pallet::storage]
    pub type Available<T> = StorageValue<_, Shares, ValueQuery>;

    /// Where the schedule stands. One item; it never goes.
    #[pallet::storage]
    pub type Clock<T> = StorageValue<_, ScheduleClock, ValueQuery>;

    /// Accounts active today and yesterday. One item; it never goes.
    #[pallet::storage]
    pub type Activity<T> = StorageValue<_, ActivityCount, ValueQuery>;

    /// Part of each release per share. One item; it never goes.
    #[pallet::storage]
    pub type Splits<T> = StorageValue<_, Parts, ValueQuery>;

    /// Who gets fees. One item; it never goes.
    #[pallet::storage]
    pub type Fees<T: Config> = StorageValue<_, FeeRule<T::AccountId>, ValueQuery>;

    /// The listing of the token, once its date is known. One item; it never goes.
    #[pallet::storage]
    pub type Listing<T> = StorageValue<_, Moment, OptionQuery>;

    /// Vestings under way. Made at genesis only, at no deposit. An account's entry goes when all of it
    /// is released.
    #[pallet::storage]
    pub type Vestings<T: Config> = StorageMap<
        _,
        Blake2_128Concat,
        T::AccountId,
        BoundedVec<Vesting, T::MaxSchedules>,
        ValueQuery,
    >;

    /// The last day on which an account counted as active; only under the schedule `ActiveUsers`. The
    /// fee of the transaction that makes an account active pays for it. An entry goes with its account,
    /// or when anybody names it to `prune_inactive` on a later day.
    #[pallet::storage]
    pub type LastActiveDay<T: Config> = StorageMap<_, Blake2_128Concat, T::AccountId, u32>;

    /// The economy of a chain, from its chain spec.
    #[pallet::genesis_config]
    pub struct GenesisConfig<T: Config> {
        /// The supply never passes this, in units.
        #[serde(with = "crate::core::amount")]
        pub max_supply: Balance,
        /// How the mining pool is released.
        pub schedule: Schedule,
        /// Most that one look at the clock counts: at least an era, at most a day, in milliseconds.
        pub max_settlement_ms: Moment,
        /// Part of each release per share.
        pub splits: Parts,
        /// Who gets fees.
        pub fee_rule: FeeRule<T::AccountId>,
        /// The listing of the token, if its date is known, in milliseconds since the Unix epoch.
        pub listing: Option<Moment>,
        /// Whether genesis supply and mining pool must be the cap to the unit, and not just within it.
        pub fully_allocated: bool,
        /// Who owns what at genesis, beside what other pallets' genesis hands out.
        pub allocations: Vec<(T::AccountId, Allocation)>,
    }

    impl<T: Config> Default for GenesisConfig<T> {
        /// Mines nothing, caps nothing, hands out nothing.
        fn default() -> Self {
            let terms = GenesisTerms::default();
            Self {
                max_supply: terms.max_supply,
                schedule: terms.schedule,
                max_settlement_ms: terms.max_settlement_ms,
                splits: Parts::default(),
                fee_rule: FeeRule::default(),
                listing: None,
                fully_allocated: false,
                allocations: Vec::new(),
            }
        }
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            self.apply();
        }
    }

    /// What happened.
    #[pallet::event]
    #[pallet::generate_deposit(pub(crate) fn deposit_event)]
    pub enum Event<T: Config> {
        /// The schedule was settled.
        Settled {
            /// Made available to all shares, in units.
            released: Balance,
            /// Was available and is not any more, in units.
            lapsed: Balance,
        },
        /// Part of a share was minted.
        Minted {
            /// The share.
            share: Share,
            /// Who got it.
            who: T::AccountId,
            /// How much, in units.
            amount: Balance,
        },
        /// Part of a vesting was released to its owner.
        Released {
            /// The owner.
            who: T::AccountId,
            /// How much, in units.
            amount: Balance,
        },
        /// Tokens were burnt in favour of the mining pool.
        PoolPaid {
            /// Who paid.
            who: T::AccountId,
            /// How much, in units.
            amount: Balance,
            /// Whether the pool takes returns, so that they may be mined again.
            minable: bool,
        },
        /// The listing date became known.
        ListingSet {
            /// Milliseconds since the Unix epoch.
            listing: Moment,
        },
        /// The splits of later releases changed.
        SplitsSet {
            /// The new splits.
            splits: Parts,
        },
        /// The rule of fees changed.
        FeeRuleSet {
            /// The new rule.
            rule: FeeRule<T::AccountId>,
        },
    }

    /// Why a call failed.
    #[pallet::error]
    pub enum Error<T> {
        /// The account has no vesting under way.
        NoVesting,
        /// No date of the account's vestings has come since the last release.
        NothingDue,
        /// The amount is zero.
        NothingPaid,
        /// The listing date is known already and does not change.
        AlreadyListed,
        /// The listing date is in the past: everything since would be released at once.
        ListingInThePast,
        /// The parts do not add up to one.
        SplitsNotWhole,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(block: BlockNumberFor<T>) -> Weight {
            if block.is_one() {
                T::DbWeight::get().reads_writes(2, 1)
            } else {
                Weight::zero()
            }
        }

        /// The schedule starts with the timestamp of the first block: genesis has none.
        fn on_finalize(block: BlockNumberFor<T>) {
            if block.is_one() {
                Clock::<T>::mutate(|clock| clock.start(T::Time::now()));
            }
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::check_invariants()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Releases what is due of an account's vestings.
        ///
        /// ## Dispatch Origin
        /// Signed, by anybody.
        ///
        /// ## Details
        /// All dates that have come since the last release are released together, into the free balance
        /// of the owner. Costs no fee when something was released: each date can be released once.
        ///
        /// ## Errors
        /// - [`Error::NoVesting`]: the account has none.
        /// - [`Error::NothingDue`]: the next date is still to come, or the listing date is not known.
        ///
        /// ## Events
        /// - [`Event::Released`].
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::release(T::MaxSchedules::get()))]
        pub fn release(
            origin: OriginFor<T>,
            who: <T::Lookup as StaticLookup>::Source,
        ) -> DispatchResultWithPostInfo {
            ensure_signed(origin)?;
            let who = T::Lookup::lookup(who)?;
            let vestings = Self::release_due(&who)?;
            Ok((Some(T::WeightInfo::release(vestings)), Pays::No).into())
        }

        /// Burns tokens of the caller in favour of the mining pool.
        ///
        /// ## Dispatch Origin
        /// Signed.
        ///
        /// ## Details
        /// Under `ActiveUsers` the pool grows by the amount and may release it again. Under `Halving` the
        /// amount is gone for good. The caller's account stays alive.
        ///
        /// ## Errors
        /// - [`Error::NothingPaid`]: the amount is zero.
        /// - `Token(FundsUnavailable)`: the caller has less to spend.
        ///
        /// ## Events
        /// - [`Event::PoolPaid`].
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::pay_pool())]
        pub fn pay_pool(
            origin: OriginFor<T>,
            #[pallet::compact] amount: Balance,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            ensure!(amount > 0, Error::<T>::NothingPaid);
            Self::repay_pool(&who, amount)
        }

        /// Removes the activity marks of accounts that were not active today.
        ///
        /// ## Dispatch Origin
        /// Signed, by anybody.
        ///
        /// ## Details
        /// Names the accounts, so that nothing is searched. Marks of today stay. Costs no fee when
        /// every account named had a mark to remove. Changes no count.
        ///
        /// ## Errors
        /// None.
        ///
        /// ## Events
        /// None.
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::prune_inactive(
            u32::try_from(accounts.len()).unwrap_or(MAX_PRUNED)
        ))]
        pub fn prune_inactive(
            origin: OriginFor<T>,
            accounts: BoundedVec<T::AccountId, ConstU32<MAX_PRUNED>>,
        ) -> DispatchResultWithPostInfo {
            ensure_signed(origin)?;
            let all = Self::prune(&accounts) == accounts.len() && !accounts.is_empty();
            Ok(if all { Pays::No } else { Pays::Yes }.into())
        }

        /// Sets the date of the listing, from which vestings count.
        ///
        /// ## Dispatch Origin
        /// [`Config::AdminOrigin`].
        ///
        /// ## Details
        /// Once, and not into the past: a date that is set does not move.
        ///
        /// ## Errors
        /// - [`Error::AlreadyListed`], [`Error::ListingInThePast`].
        ///
        /// ## Events
        /// - [`Event::ListingSet`].
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::set_listing())]
        pub fn set_listing(origin: OriginFor<T>, listing: Moment) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            ensure!(!Listing::<T>::exists(), Error::<T>::AlreadyListed);
            ensure!(listing >= T::Time::now(), Error::<T>::ListingInThePast);
            Listing::<T>::put(listing);
            Self::deposit_event(Event::ListingSet { listing });
            Ok(())
        }

        /// Sets the part of each share in later releases.
        ///
        /// ## Dispatch Origin
        /// [`Config::AdminOrigin`].
        ///
        /// ## Details
        /// What is available already keeps its share.
        ///
        /// ## Errors
        /// - [`Error::SplitsNotWhole`].
        ///
        /// ## Events
        /// - [`Event::SplitsSet`].
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::set_splits())]
        pub fn set_splits(origin: OriginFor<T>, splits: Parts) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            ensure!(splits.is_whole(), Error::<T>::SplitsNotWhole);
            Splits::<T>::put(splits);
            Self::deposit_event(Event::SplitsSet { splits });
            Ok(())
        }

        /// Sets who gets fees.
        ///
        /// ## Dispatch Origin
        /// [`Config::AdminOrigin`].
        ///
        /// ## Details
        /// From the next transaction on.
        ///
        /// ## Errors
        /// None.
        ///
        /// ## Events
        /// - [`Event::FeeRuleSet`].
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::set_fee_rule())]
        pub fn set_fee_rule(origin: OriginFor<T>, rule: FeeRule<T::AccountId>) -> DispatchResult {
            T::AdminOrigin::ensure_origin(origin)?;
            Fees::<T>::put(&rule);
            Self::deposit_event(Event::FeeRuleSet { rule });
            Ok(())
        }
    }
}
