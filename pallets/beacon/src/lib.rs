#![doc = include_str!("../README.md")]
#![cfg_attr(not(feature = "std"), no_std)]

#[cfg(feature = "runtime-benchmarks")]
mod benchmarking;
mod inherent;
#[cfg(test)]
mod mock;
#[cfg(test)]
mod tests;
mod vrf;
pub mod weights;

pub use inherent::InherentError;
pub use pallet::*;
pub use weights::WeightInfo;

use frame_support::pallet_prelude::*;
use parlance_primitives::{
    beacon::{Contribution, INHERENT_IDENTIFIER},
    traits::{EpochSeed, SlotLeader},
};
use sp_io::hashing::blake2_256;

/// A seed: 32 bytes out of blake2-256, or the genesis constant.
pub type Seed = [u8; 32];

/// Epochs whose seeds stay readable, the running one included (rule B6).
pub const HISTORY: u32 = 64;

/// Domain of the chain of outputs (rule B3).
const MIX_DOMAIN: &[u8] = b"parlance/beacon/mix/v1";
/// Domain of seeds (rule B4).
const SEED_DOMAIN: &[u8] = b"parlance/beacon/seed/v1";

#[frame_support::pallet]
pub mod pallet {
    use super::*;
    use frame_system::pallet_prelude::*;

    #[pallet::pallet]
    pub struct Pallet<T>(_);

    /// What the runtime supplies.
    #[pallet::config]
    pub trait Config: frame_system::Config<RuntimeEvent: From<Event<Self>>> {
        /// Who had to make this block, and for which slot.
        type Leader: SlotLeader;
        /// Weights of the calls and of a rotation.
        type WeightInfo: WeightInfo;
    }

    /// Seed of the running epoch. One value, paid by the chain; each rotation replaces it.
    #[pallet::storage]
    pub type CurrentSeed<T> = StorageValue<_, Seed, ValueQuery>;

    /// Number of the running epoch. One value, paid by the chain; each rotation replaces it.
    #[pallet::storage]
    pub type CurrentEpoch<T> = StorageValue<_, u64, ValueQuery>;

    /// Mix of the outputs that count in the running epoch, zeros before the first (rule B3). One value,
    /// paid by the chain; each rotation removes it.
    #[pallet::storage]
    pub type Mix<T> = StorageValue<_, Seed, ValueQuery>;

    /// Seed of the parent state, from which this block's contribution must be made (rule B1). Put at
    /// the start of a block and removed by its contribution, so it never reaches the database and costs
    /// nobody anything.
    #[pallet::storage]
    pub type Owed<T> = StorageValue<_, Seed, OptionQuery>;

    /// The last [`HISTORY`] seeds with their epochs, at `epoch % HISTORY` (rule B6). Paid by the chain,
    /// never more than [`HISTORY`] entries; an entry goes when a later epoch takes its place.
    #[pallet::storage]
    pub type History<T> = StorageMap<_, Identity, u32, (u64, Seed), OptionQuery>;

    /// Genesis of the beacon.
    #[pallet::genesis_config]
    #[derive(frame_support::DefaultNoBound)]
    pub struct GenesisConfig<T: Config> {
        /// Seed of epoch 0. Everybody knows it: the first epoch's shuffle is no secret, and nothing may
        /// be challenged with it.
        pub seed: Seed,
        #[serde(skip)]
        #[doc(hidden)]
        pub _config: core::marker::PhantomData<T>,
    }

    #[pallet::genesis_build]
    impl<T: Config> BuildGenesisConfig for GenesisConfig<T> {
        fn build(&self) {
            CurrentSeed::<T>::put(self.seed);
            CurrentEpoch::<T>::put(0);
            History::<T>::insert(0, (0, self.seed));
        }
    }

    /// What the beacon tells.
    #[pallet::event]
    #[pallet::generate_deposit(pub(super) fn deposit_event)]
    pub enum Event<T: Config> {
        /// An epoch began with this seed.
        SeedRotated {
            /// The epoch that began.
            epoch: u64,
            /// Its seed.
            seed: Seed,
        },
    }

    /// Why a contribution is refused. A block that runs into one of these is invalid.
    #[pallet::error]
    pub enum Error<T> {
        /// This block already carried its contribution: each block carries exactly one.
        AlreadyContributed,
        /// The block's slot has no leader, so nobody could contribute.
        NoLeader,
        /// The proof does not hold for the slot leader's key, the slot and the parent state's seed.
        BadProof,
    }

    #[pallet::hooks]
    impl<T: Config> Hooks<BlockNumberFor<T>> for Pallet<T> {
        /// Remembers the parent state's seed before the session pallet may rotate it (rule B1). The
        /// weight covers [`Hooks::on_finalize`] and a rotation, which may follow in this block and is
        /// nobody else's to pay.
        fn on_initialize(_: BlockNumberFor<T>) -> Weight {
            Owed::<T>::put(CurrentSeed::<T>::get());
            T::DbWeight::get()
                .reads_writes(2, 1)
                .saturating_add(T::WeightInfo::rotate())
        }

        /// Refuses the block when it carried no contribution (rule B2).
        ///
        /// # Panics
        /// On purpose, in that case: it is the only way in which a hook makes a block invalid.
        fn on_finalize(_: BlockNumberFor<T>) {
            assert!(
                !Owed::<T>::exists(),
                "a block carries exactly one beacon contribution: this one has none"
            );
        }

        #[cfg(feature = "try-runtime")]
        fn try_state(_: BlockNumberFor<T>) -> Result<(), sp_runtime::TryRuntimeError> {
            Self::check_state()
        }
    }

    #[pallet::call]
    impl<T: Config> Pallet<T> {
        /// Adds the VRF output of the block's author to the mix of the running epoch.
        ///
        /// # Origin
        /// None: the block's author, as an inherent, exactly once per block.
        ///
        /// # Details
        /// The proof must hold under the key that leads the block's slot, for the slot and the seed of
        /// the parent state (rule B1). The output counts in the epoch that runs now, which in a block
        /// that rotated is the new one (rule B5).
        ///
        /// # Errors
        /// - [`Error::AlreadyContributed`]: the block already carried one.
        /// - [`Error::NoLeader`]: the slot has no leader.
        /// - [`Error::BadProof`]: wrong key, slot or seed, or a forged proof.
        ///
        /// Each of them makes the block invalid, because the call is mandatory.
        ///
        /// # Events
        /// None: the contribution stands in the block itself.
        #[pallet::call_index(0)]
        #[pallet::weight((T::WeightInfo::contribute(), DispatchClass::Mandatory))]
        pub fn contribute(origin: OriginFor<T>, contribution: Contribution) -> DispatchResult {
            ensure_none(origin)?;
            let seed = Owed::<T>::take().ok_or(Error::<T>::AlreadyContributed)?;
            let key = T::Leader::key().ok_or(Error::<T>::NoLeader)?;
            let output = vrf::output(&seed, T::Leader::slot(), &key, &contribution)
                .ok_or(Error::<T>::BadProof)?;
            Self::mix(&output);
            Ok(())
        }
    }

    #[pallet::inherent]
    impl<T: Config> ProvideInherent for Pallet<T> {
        type Call = Call<T>;
        type Error = InherentError;
        const INHERENT_IDENTIFIER: InherentIdentifier = INHERENT_IDENTIFIER;

        fn create_inherent(data: &InherentData) -> Option<Self::Call> {
            match data.get_data::<Contribution>(&INHERENT_IDENTIFIER) {
                Ok(contribution) => {
                    contribution.map(|contribution| Call::contribute { contribution })
                }
                Err(error) => {
                    log::error!(
                        target: "runtime::beacon",
                        "the node handed over a contribution that does not decode: {error:?}"
                    );
                    None
                }
            }
        }

        fn is_inherent(call: &Self::Call) -> bool {
            matches!(call, Call::contribute { .. })
        }

        // Whatever the checking node has in its own data: it could not have made the author's output.
        fn is_inherent_required(_: &InherentData) -> Result<Option<Self::Error>, Self::Error> {
            Ok(Some(InherentError::Missing))
        }
    }
}

impl<T: Config> Pallet<T> {
    /// The seed of `epoch`, if it is one of the last [`HISTORY`] or runs now.
    pub fn seed_of(epoch: u64) -> Option<Seed> {
        History::<T>::get(ring_position(epoch))
            .and_then(|(stored, seed)| (stored == epoch).then_some(seed))
    }

    /// Rule B3.
    fn mix(output: &[u8; 32]) {
        Mix::<T>::mutate(|mix| *mix = blake2_256(&[MIX_DOMAIN, &mix[..], output].concat()));
    }

    /// What must hold between blocks.
    #[cfg(any(test, feature = "try-runtime"))]
    pub(crate) fn check_state() -> Result<(), sp_runtime::TryRuntimeError> {
        let (epoch, seed) = (CurrentEpoch::<T>::get(), CurrentSeed::<T>::get());
        ensure!(
            !Owed::<T>::exists(),
            "a contribution is owed outside of a block"
        );
        ensure!(
            Self::seed_of(epoch) == Some(seed),
            "the running seed is not in the history"
        );
        for (position, (stored, _)) in History::<T>::iter() {
            ensure!(
                position == ring_position(stored),
                "a seed lies at another epoch's place"
            );
            ensure!(
                stored <= epoch,
                "the history knows an epoch that has not begun"
            );
        }
        Ok(())
    }
}

impl<T: Config> EpochSeed for Pallet<T> {
    /// Rule B4. Epochs count upwards; a number may be skipped, and repeating the running one replaces
    /// its seed.
    fn rotate(new_epoch: u64) -> [u8; 32] {
        let previous = CurrentSeed::<T>::get();
        let mix = Mix::<T>::take();
        let seed = blake2_256(
            &[
                SEED_DOMAIN,
                &previous[..],
                &new_epoch.to_le_bytes()[..],
                &mix[..],
            ]
            .concat(),
        );
        CurrentSeed::<T>::put(seed);
        CurrentEpoch::<T>::put(new_epoch);
        History::<T>::insert(ring_position(new_epoch), (new_epoch, seed));
        Self::deposit_event(Event::SeedRotated {
            epoch: new_epoch,
            seed,
        });
        seed
    }

    fn current() -> [u8; 32] {
        CurrentSeed::<T>::get()
    }
}

/// Where the ring of [`History`] keeps `epoch`.
fn ring_position(epoch: u64) -> u32 {
    (epoch % u64::from(HISTORY)) as u32
}
