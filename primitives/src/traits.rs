//! What pallets ask of each other. The runtime joins them; each has a unit implementation for tests.

use crate::issuance::Share;
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_consensus_slots::Slot;
use sp_runtime::Perbill;

/// Money that the schedule has released and that a pallet may pay out.
///
/// Implemented by `pallet-issuance`; asked by whoever pays a [`Share`].
pub trait Emission<AccountId, Balance> {
    /// Moves the schedule forward to the present time. What was available of a share and was not minted
    /// since the last settlement lapses: it stays unminted for ever.
    fn settle();
    /// What may be minted of a share before the next settlement.
    fn available(share: Share) -> Balance;
    /// Mints at most `amount` of a share into `who` and returns what was minted: never more than
    /// [`Self::available`], never past the cap of the supply.
    fn mint(share: Share, who: &AccountId, amount: Balance) -> Balance;
}

/// Randomness that nobody alone chooses, one seed per epoch.
///
/// Implemented by `pallet-beacon`; asked by the schedule shuffle and by challenges.
pub trait EpochSeed {
    /// Closes the mix of the epoch that ends and returns the seed of the epoch `new_epoch`.
    fn rotate(new_epoch: u64) -> [u8; 32];
    /// The seed of the running epoch.
    fn current() -> [u8; 32];
}

/// The leader of the slot in which the block under execution was made.
///
/// Implemented by `pallet-vdpos` and valid from its `on_initialize` (before a rotation of the schedule
/// in the same block) to the end of the block.
pub trait SlotLeader {
    /// Slot of this block, from its pre-runtime digest.
    fn slot() -> Slot;
    /// Key that had to seal this block, by the schedule of the parent state.
    fn key() -> Option<AuraId>;
}

/// Facts on chain about an operator's other services, each as a part of the best operator's, or `None`
/// where the operator (or the network) has no such service. They weigh in service quality.
pub trait ServiceFacts<AccountId> {
    /// Bytes relayed and proven over the last era.
    fn relayed(operator: &AccountId) -> Option<Perbill>;
    /// Storage proven over the last era.
    fn stored(operator: &AccountId) -> Option<Perbill>;
}

impl<AccountId> ServiceFacts<AccountId> for () {
    fn relayed(_: &AccountId) -> Option<Perbill> {
        None
    }
    fn stored(_: &AccountId) -> Option<Perbill> {
        None
    }
}

impl EpochSeed for () {
    fn rotate(new_epoch: u64) -> [u8; 32] {
        sp_crypto_hashing::blake2_256(&new_epoch.to_le_bytes())
    }
    fn current() -> [u8; 32] {
        Default::default()
    }
}
