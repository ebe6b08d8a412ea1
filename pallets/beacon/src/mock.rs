//! A runtime with the beacon alone; the tests play the parts of the slot leader and of the session.

use crate::{self as pallet_beacon, Seed};
use frame_support::{derive_impl, traits::Hooks};
use parlance_primitives::{
    beacon::{Contribution, sign_data},
    traits::{EpochSeed, SlotLeader},
};
use sp_consensus_aura::{Slot, sr25519::AuthorityId};
use sp_core::{Pair as _, crypto::VrfSecret, sr25519::Pair};
use sp_runtime::BuildStorage;
use std::cell::RefCell;

type Block = frame_system::mocking::MockBlock<Test>;

frame_support::construct_runtime!(
    pub enum Test {
        System: frame_system,
        Beacon: pallet_beacon,
    }
);

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
}

impl pallet_beacon::Config for Test {
    type Leader = Leader;
    type WeightInfo = ();
}

thread_local! {
    static LEADER: RefCell<(Slot, Option<AuthorityId>)> = RefCell::default();
}

/// The leader that the test has set.
pub struct Leader;

impl Leader {
    /// Makes `author` the leader of `slot`, the slot of the block under execution.
    pub fn set(slot: u64, author: Option<&Pair>) {
        let key = author.map(|pair| AuthorityId::from(pair.public()));
        LEADER.with_borrow_mut(|leader| *leader = (slot.into(), key));
    }
}

impl SlotLeader for Leader {
    fn slot() -> Slot {
        LEADER.with_borrow(|leader| leader.0)
    }
    fn key() -> Option<AuthorityId> {
        LEADER.with_borrow(|leader| leader.1.clone())
    }
}

/// Seed of epoch 0 in tests.
pub const GENESIS_SEED: Seed = [7; 32];

/// State after genesis, at block 1.
pub fn new_test_ext() -> sp_io::TestExternalities {
    let storage = RuntimeGenesisConfig {
        beacon: pallet_beacon::GenesisConfig {
            seed: GENESIS_SEED,
            ..Default::default()
        },
        ..Default::default()
    }
    .build_storage()
    .expect("the genesis configuration is valid");
    let mut ext = sp_io::TestExternalities::new(storage);
    ext.execute_with(|| System::set_block_number(1));
    ext
}

/// A slot key.
pub fn author(index: u8) -> Pair {
    Pair::from_seed(&[index; 32])
}

/// What an honest author hands over.
pub fn contribution(author: &Pair, seed: &Seed, slot: u64) -> Contribution {
    author.vrf_sign(&sign_data(seed, slot.into())).into()
}

/// Starts the block of `slot`, led by `author`, and rotates to `new_epoch` where the session would.
pub fn start_block(slot: u64, author: &Pair, new_epoch: Option<u64>) {
    Leader::set(slot, Some(author));
    let number = System::block_number();
    Beacon::on_initialize(number);
    if let Some(epoch) = new_epoch {
        Beacon::rotate(epoch);
    }
}

/// Ends the block and checks what must hold between blocks.
pub fn end_block() {
    let number = System::block_number();
    Beacon::on_finalize(number);
    Beacon::check_state().expect("the state between blocks is sound");
    System::set_block_number(number + 1);
}

/// A whole block by an honest author.
pub fn honest_block(slot: u64, author: &Pair, new_epoch: Option<u64>) {
    let seed = Beacon::current();
    start_block(slot, author, new_epoch);
    let made = contribution(author, &seed, slot);
    Beacon::contribute(RuntimeOrigin::none(), made).expect("an honest contribution is accepted");
    end_block();
}
