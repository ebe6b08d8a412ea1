#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

extern crate alloc;

pub mod core;
pub mod weights;

mod amounts;
mod claims;
mod errors;
mod events;
mod facts;
mod payout;
mod periods;
mod queries;
mod registration;
mod rosters;
mod types;

#[cfg(any(feature = "try-runtime", test))]
mod invariants;

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
#[cfg(test)]
mod tests;

#[cfg(feature = "runtime-benchmarks")]
pub use benchmarking::BenchmarkHelper;
pub use pallet::*;
pub use types::*;
pub use weights::WeightInfo;

use frame_support::pallet_macros::import_section;

/// Target of this pallet's log lines.
const LOG_TARGET: &str = "runtime::relay";

/// The pallet. What it deposits and what it refuses stand in files of their own.
#[import_section(events::events)]
#[import_section(errors::errors)]
#[frame_support::pallet]
pub mod pallet {
    use crate::{
        WeightInfo,
        types::{
            Calendar, Endpoint, Lengths, MAX_PENDING, Network, Parameters, PeriodRecord, Relay,
        },
    };
    use frame_support::{
        PalletId,
        pallet_prelude::*,
        traits::fungible::{Inspect, Mutate, hold},
    };
    use frame_system::pallet_prelude::*;
    use parlance_primitives::{
        Balance, BlockNumber, Hash,
        relay::{
            Correspondents, Fault, MAX_OPENING, Malformed, Pace, Period, RelayId, Root, Seeds, Side,
        },
        traits::Emission,
    };
    use sp_runtime::{SaturatedConversion, traits::StaticLookup};

    /// Version of the storage layout.
    const STORAGE_VERSION: StorageVersion = StorageVersion::new(1);

    /// The pallet.
    #[pallet::pallet]
    #[pallet::storage_version(STORAGE_VERSION)]
    pub struct Pallet<T>(_);

    /// What the runtime provides. A runtime whose networks differ in pace answers lengths from
    /// [`CurrentCalendar`].
    #[pallet::config]
    pub trait Config: frame_system::Config<Hash = Hash> {
        /// The native token.
        type Currency: Inspect<Self::AccountId, Balance = Balance>
            + Mutate<Self::AccountId>
            + hold::Inspect<Self::AccountId, Reason = Self::RuntimeHoldReason>
            + hold::Mutate<Self::AccountId>;
        /// The runtime's reasons for holds.
        type RuntimeHoldReason: From<HoldReason>;
        /// Those who send and receive.
        type Correspondents: Correspondents<Self::AccountId>;
        /// The beacon.
        type Seeds: Seeds;
        /// The relay share of what the schedule releases.
        type Emission: Emission<Self::AccountId, Balance>;
        /// How that share is spread over time.
        type Pace: Pace;
        /// Who may change the [`Parameters`].
        type AdminOrigin: EnsureOrigin<Self::RuntimeOrigin>;
        /// Names the account that keeps pay until it is fetched.
        #[pallet::constant]
        type PotId: Get<PalletId>;
        /// Blocks in a period.
        #[pallet::constant]
        type PeriodLength: Get<BlockNumber>;
        /// Periods in a day, which is the period of allowances.
        #[pallet::constant]
        type PeriodsPerDay: Get<u32>;
        /// Periods for which a roster holds.
        #[pallet::constant]
        type RosterPeriods: Get<u32>;
        /// Periods after that of the claim in which a claim may still be opened: long enough that the
        /// beacon ends the epoch after the claim's in them.
        #[pallet::constant]
        type OpeningPeriods: Get<u32>;
        /// Periods for which a closed period's pay may be fetched.
        #[pallet::constant]
        type KeptPeriods: Get<u32>;
        /// Most relays.
        #[pallet::constant]
        type MaxRelays: Get<u32>;
        /// Weights of the calls and of what happens at the first block of a period.
        type WeightInfo: WeightInfo;
        /// Makes what other pallets answer in benchmarks.
        #[cfg(feature = "runtime-benchmarks")]
        type BenchmarkHelper: crate::BenchmarkHelper<Self::AccountId>;
    }

    /// Why this pallet holds tokens.
    #[pallet::composite_enum]
    pub enum HoldReason {
        /// Bond of a relay.
        Bond,
    }

    /// Rules that governance may change. One value, set at genesis.
    #[pallet::storage]
    pub type CurrentParameters<T> = StorageValue<_, Parameters, ValueQuery>;

    /// How this network cuts its time. One value, set at genesis; it never changes, since periods are
    /// numbered by it.
    #[pallet::storage]
    pub type CurrentCalendar<T> = StorageValue<_, Calendar, ValueQuery>;

    /// Relays, at most [`Config::MaxRelays`]. Paid by the bond; goes when the relay has left and takes
    /// its bond.
    #[pallet::storage]
    pub type Relays<T: Config> =
        CountedStorageMap<_, Blake2_128Concat, T::AccountId, Relay, OptionQuery>;

    /// Accounts of relays by their names in rosters. With [`Relays`], from the first roster on.
    #[pallet::storage]
    pub type Names<T: Config> = StorageMap<_, Identity, RelayId, T::AccountId, OptionQuery>;

    /// Rosters by number, in ascending order of names. Paid by the chain; the running one and the one
    /// before.
    #[pallet::storage]
    pub type Rosters<T: Config> =
        StorageMap<_, Identity, u32, BoundedVec<RelayId, T::MaxRelays>, ValueQuery>;

    /// Periods from their first block on. Paid by the chain; [`Config::KeptPeriods`] closed ones and
    /// those that are open.
    #[pallet::storage]
    pub type Periods<T> = StorageMap<_, Identity, Period, PeriodRecord, OptionQuery>;

    /// What the pot has beyond the pay that waits in periods. One value; it never goes.
    #[pallet::storage]
    pub type Carry<T> = StorageValue<_, Balance, ValueQuery>;

    /// What the network carries. One value; it never goes.
    #[pallet::storage]
    pub type CurrentNetwork<T> = StorageValue<_, Network, ValueQuery>;

    /// The rules at genesis.
    #[pallet::genesis_config]
    pub struct GenesisConfig<T: Config> {
        /// The rules.
        pub parameters: Parameters,
        /// How time is cut, where [`Config::PeriodLength`] and [`Config::RosterPeriods`] answer from
        /// it.
        pub calendar: Calendar,
        /// No more than the type's parameter.
        #[serde(skip)]
        pub runtime: PhantomData<T>,
    }

    impl<T: Config> Default for GenesisConfig<T> {
        /// Rules and calendar of the public chains.
        fn default() -> Self {
            Self {
                parameters: Parameters::default(),
                calendar: Calendar::default(),
                runtime: PhantomData,
            }
        }
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            CurrentCalendar::<T>::put(self.calendar);
            check_lengths::<T>();
            assert!(
                self.parameters.are_sound(&lengths::<T>()),
                "the parameters of relays contradict each other"
            );
            CurrentParameters::<T>::put(self.parameters);
        }
    }

    /// Lengths that the runtime fixes.
    pub(crate) fn lengths<T: Config>() -> Lengths {
        let period = T::PeriodLength::get();
        let periods = T::RosterPeriods::get()
            .saturating_mul(2)
            .saturating_add(T::OpeningPeriods::get())
            .saturating_add(2);
        Lengths {
            period,
            periods_per_day: T::PeriodsPerDay::get(),
            longest_memory: period.saturating_mul(periods),
        }
    }

    /// Panics when lengths contradict each other.
    fn check_lengths<T: Config>() {
        let [length, day, roster, opening, kept] = [
            T::PeriodLength::get(),
            T::PeriodsPerDay::get(),
            T::RosterPeriods::get(),
            T::OpeningPeriods::get(),
            T::KeptPeriods::get(),
        ];
        let open = opening.saturating_add(2);
        assert!(
            length > 0 && day > 0 && opening > 0,
            "a period, a day and the time for openings must last"
        );
        assert!(
            open <= roster,
            "the roster of an open claim must be the running one or the one before"
        );
        assert!(open <= day, "the day of an open claim must be known");
        assert!(
            open < MAX_PENDING,
            "a relay must be able to claim for each period"
        );
        assert!(kept >= open, "pay must wait until relays have fetched it");
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        fn on_initialize(now: BlockNumberFor<T>) -> Weight {
            let now: BlockNumber = now.saturated_into();
            let period = Self::period_of(now);
            // The first block counts, since genesis runs no hooks.
            if now != 1 && period == Self::period_of(now.saturating_sub(1)) {
                return Weight::zero();
            }
            Self::begin_period(period)
        }

        fn integrity_test() {
            check_lengths::<T>();
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::check_invariants()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Registers the caller as a relay.
        ///
        /// ## Dispatch Origin
        /// Signed.
        ///
        /// ## Details
        /// The bond for `capacity`, in bytes per period, is held. The relay is in rosters from the
        /// first on that begins two epochs of the beacon later, and has its name there from the
        /// beacon.
        ///
        /// ## Errors
        /// - [`Error::AlreadyRegistered`], [`Error::Full`], [`Error::NoSuchCapacity`].
        /// - `Token(FundsUnavailable)`: the caller cannot pay the bond.
        ///
        /// ## Events
        /// - [`Event::Registered`].
        #[pallet::call_index(0)]
        #[pallet::weight(T::WeightInfo::register())]
        pub fn register(
            origin: OriginFor<T>,
            endpoint: Endpoint,
            #[pallet::compact] capacity: u64,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_register(who, endpoint, capacity)
        }

        /// Gives the caller's relay another endpoint or capacity.
        ///
        /// ## Dispatch Origin
        /// Signed, by a relay.
        ///
        /// ## Details
        /// Both hold at once. What the bond lacks for the capacity is held in addition, also what a
        /// slash took; what it has too much stays until the relay leaves.
        ///
        /// ## Errors
        /// - [`Error::UnknownRelay`], [`Error::Leaving`], [`Error::NoSuchCapacity`].
        /// - `Token(FundsUnavailable)`: the caller cannot pay the bond.
        ///
        /// ## Events
        /// - [`Event::Updated`].
        #[pallet::call_index(1)]
        #[pallet::weight(T::WeightInfo::update())]
        pub fn update(
            origin: OriginFor<T>,
            endpoint: Endpoint,
            #[pallet::compact] capacity: u64,
        ) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_update(who, endpoint, capacity)
        }

        /// Lets the caller's relay leave.
        ///
        /// ## Dispatch Origin
        /// Signed, by a relay.
        ///
        /// ## Details
        /// It stays in the running roster and may claim as long as it is in one. Its bond answers
        /// until the unbonding time is over.
        ///
        /// ## Errors
        /// - [`Error::UnknownRelay`], [`Error::Leaving`].
        ///
        /// ## Events
        /// - [`Event::Retired`].
        #[pallet::call_index(2)]
        #[pallet::weight(T::WeightInfo::retire())]
        pub fn retire(origin: OriginFor<T>) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_retire(who)
        }

        /// Releases the bond of a relay that has left, and forgets the relay.
        ///
        /// ## Dispatch Origin
        /// Signed, by a relay.
        ///
        /// ## Details
        /// Pay that waits is fetched first.
        ///
        /// ## Errors
        /// - [`Error::UnknownRelay`], [`Error::NotLeaving`], [`Error::StillBound`].
        ///
        /// ## Events
        /// - [`Event::Withdrawn`], [`Event::Paid`].
        #[pallet::call_index(3)]
        #[pallet::weight(T::WeightInfo::withdraw())]
        pub fn withdraw(origin: OriginFor<T>) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_withdraw(who)
        }

        /// Brings a dormant relay back.
        ///
        /// ## Dispatch Origin
        /// Signed, by a relay.
        ///
        /// ## Details
        /// From the next roster on.
        ///
        /// ## Errors
        /// - [`Error::UnknownRelay`], [`Error::NotDormant`].
        ///
        /// ## Events
        /// - [`Event::Resumed`].
        #[pallet::call_index(4)]
        #[pallet::weight(T::WeightInfo::resume())]
        pub fn resume(origin: OriginFor<T>) -> DispatchResult {
            let who = ensure_signed(origin)?;
            Self::do_resume(who)
        }

        /// Claims for the period before the running one.
        ///
        /// ## Dispatch Origin
        /// Signed, by a relay.
        ///
        /// ## Details
        /// Within the period's window. A claim in which one of the trees counts nothing earns nothing
        /// and needs no opening; it says that the relay is there. Pay that waits is fetched. Costs no
        /// fee when it succeeds, which it does once per period.
        ///
        /// ## Errors
        /// - [`Error::UnknownRelay`], [`Error::NotInRoster`], [`Error::WrongPeriod`],
        ///   [`Error::WindowClosed`], [`Error::AlreadyClaimed`], [`Error::TooManyClaims`],
        ///   [`Error::TooMuch`].
        ///
        /// ## Events
        /// - [`Event::Claimed`], [`Event::Paid`], [`Event::Silent`] for claims that were not opened.
        #[pallet::call_index(5)]
        #[pallet::weight(T::WeightInfo::claim())]
        pub fn claim(
            origin: OriginFor<T>,
            period: Period,
            tickets: Root,
            receipts: Root,
        ) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            Self::do_claim(who, period, tickets, receipts)?;
            Ok(Pays::No.into())
        }

        /// Opens a claim at the positions that the beacon drew.
        ///
        /// ## Dispatch Origin
        /// Signed, by anybody: an opening proves itself.
        ///
        /// ## Details
        /// `opening` is that of the tree of tickets, followed by that of the tree of receipts. When
        /// each leaf is proven or in doubt, the claim is proven and counts for the period. When one is
        /// false, the claim is void and a part of the bond is burnt. Either ends the claim, and costs
        /// the relay no fee. Others pay: whoever copies an opening out of the pool and comes before
        /// the relay makes the relay's own fail, which costs a fee.
        ///
        /// ## Errors
        /// - [`Error::UnknownRelay`], [`Error::NoClaim`], [`Error::TooLate`], [`Error::NotDrawn`],
        ///   [`Error::NotInRoster`].
        /// - [`Error::OpeningTruncated`], [`Error::OpeningSumsDisagree`], [`Error::OpeningTooDeep`],
        ///   [`Error::OpeningNotCommitted`], [`Error::OpeningNoPosition`],
        ///   [`Error::OpeningLeftOver`]: the claim stays open.
        ///
        /// ## Events
        /// - [`Event::Proven`] or [`Event::Falsified`], [`Event::Paid`].
        #[pallet::call_index(6)]
        #[pallet::weight(T::WeightInfo::open())]
        pub fn open(
            origin: OriginFor<T>,
            relay: <T::Lookup as StaticLookup>::Source,
            period: Period,
            opening: BoundedVec<u8, ConstU32<MAX_OPENING>>,
        ) -> DispatchResultWithPostInfo {
            let who = ensure_signed(origin)?;
            let relay = T::Lookup::lookup(relay)?;
            let pays = if who == relay { Pays::No } else { Pays::Yes };
            Self::do_open(relay, period, &opening)?;
            Ok(pays.into())
        }

        /// Fetches the pay that waits for a relay.
        ///
        /// ## Dispatch Origin
        /// Signed, by anybody.
        ///
        /// ## Details
        /// `claim` and `open` do so as well. What is not fetched within [`Config::KeptPeriods`] goes to
        /// later periods.
        ///
        /// ## Errors
        /// - [`Error::UnknownRelay`].
        ///
        /// ## Events
        /// - [`Event::Paid`].
        #[pallet::call_index(7)]
        #[pallet::weight(T::WeightInfo::collect())]
        pub fn collect(
            origin: OriginFor<T>,
            relay: <T::Lookup as StaticLookup>::Source,
        ) -> DispatchResult {
            ensure_signed(origin)?;
            let relay = T::Lookup::lookup(relay)?;
            Self::do_collect(relay)
        }

        /// Sets the rules.
        ///
        /// ## Dispatch Origin
        /// [`Config::AdminOrigin`].
        ///
        /// ## Details
        /// Leaves are judged by the rules of their period's first block; bonds are asked for by the
        /// new rules from the next roster on.
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
            ensure!(
                parameters.are_sound(&lengths::<T>()),
                Error::<T>::InvalidParameters
            );
            CurrentParameters::<T>::put(parameters);
            Self::deposit_event(Event::ParametersSet { parameters });
            Ok(())
        }
    }
}
