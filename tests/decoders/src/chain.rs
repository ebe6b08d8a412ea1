//! A chain in its second block, for targets that need a state.

use codec::Encode;
use frame_support::{
    genesis_builder_helper::build_state,
    storage::{TransactionOutcome, with_transaction},
};
use parlance_primitives::{
    Hash, SLOT_DURATION,
    beacon::{Contribution, sign_data},
    traits::EpochSeed,
};
use parlance_runtime::{
    Beacon, Executive, Header, RuntimeGenesisConfig, RuntimeOrigin, System, Timestamp, Vdpos,
    genesis,
};
use serde_json::Value;
use sp_consensus_aura::{AURA_ENGINE_ID, Slot};
use sp_core::{
    Pair,
    crypto::{ByteArray, VrfSecret},
    sr25519,
};
use sp_io::TestExternalities;
use sp_keystore::{KeystoreExt, testing::MemoryKeystore};
use sp_runtime::{Digest, DigestItem, DispatchError, traits::Header as _};
use std::cell::RefCell;

/// The network whose genesis the chain has.
const NETWORK: &str = "local-4";
/// Seeds of its validators. The first has the sudo key.
const VALIDATORS: [&str; 4] = ["//Alice", "//Bob", "//Charlie", "//Dave"];
/// Slot of block 1.
const FIRST_SLOT: u64 = 1_000;

/// Slot of the block that is open.
pub const OPEN_SLOT: u64 = FIRST_SLOT + 1;
/// Hash of block 0, as far as the state tells.
pub const GENESIS_HASH: Hash = Hash::repeat_byte(69);

thread_local! {
    static CHAIN: RefCell<TestExternalities> = RefCell::new(second_block());
}

/// Runs `work` in the open block and undoes what it changed.
pub fn on_chain<R>(work: impl FnOnce() -> R) -> R {
    CHAIN.with_borrow_mut(|state| {
        state.execute_with(|| {
            with_transaction(|| TransactionOutcome::Rollback(Ok::<_, DispatchError>(work())))
                .expect("transactions of the state are not nested here")
        })
    })
}

/// The secret key behind a public one of the network.
pub fn secret_of(public: &[u8]) -> Option<sr25519::Pair> {
    VALIDATORS
        .iter()
        .map(|seed| secret(seed))
        .find(|pair| pair.public().as_slice() == public)
}

/// The secret key of a seed.
pub fn secret(seed: &str) -> sr25519::Pair {
    sr25519::Pair::from_string(seed, None).expect("the seeds here are well-formed")
}

/// What the author of the open block contributes to the beacon.
pub fn contribution(seed: &[u8; 32], slot: u64) -> Contribution {
    let schedule = Vdpos::authorities();
    let leader = &schedule[slot as usize % schedule.len()];
    let pair = secret_of(leader.as_slice()).expect("the schedule has validators of the network");
    pair.vrf_sign(&sign_data(seed, Slot::from(slot))).into()
}

fn second_block() -> TestExternalities {
    let mut state = TestExternalities::default();
    // For session keys, which the runtime makes.
    state.register_extension(KeystoreExt::new(MemoryKeystore::new()));
    state.execute_with(|| {
        build_state::<RuntimeGenesisConfig>(genesis_json()).expect("the preset is a genesis");
        begin(1, FIRST_SLOT, GENESIS_HASH);
        let seed = Beacon::current();
        Beacon::contribute(RuntimeOrigin::none(), contribution(&seed, FIRST_SLOT))
            .expect("the leader's contribution counts");
        let first = Executive::finalize_block();
        begin(2, OPEN_SLOT, first.hash());
    });
    // What rolls back needs something to roll back to.
    state.commit_all().expect("no transaction is open");
    state
}

/// Begins a block and tells the time; the beacon's contribution is still owed.
fn begin(number: u32, slot: u64, parent: Hash) {
    let logs = vec![DigestItem::PreRuntime(
        AURA_ENGINE_ID,
        Slot::from(slot).encode(),
    )];
    let (root, body) = (Hash::zero(), Hash::zero());
    let header = Header::new(number, body, root, parent, Digest { logs });
    Executive::initialize_block(&header);
    Timestamp::set(RuntimeOrigin::none(), slot * SLOT_DURATION).expect("the time fits the slot");
    assert_eq!(System::block_number(), number);
}

/// The genesis of the network, whole, as the genesis builder takes it.
pub fn genesis_json() -> Vec<u8> {
    let preset = genesis::preset(&NETWORK.into()).expect("the network has a preset");
    let patch = serde_json::from_slice(&preset).expect("presets are JSON");
    let mut whole = serde_json::to_value(RuntimeGenesisConfig::default()).expect("it serialises");
    merge(&mut whole, patch);
    serde_json::to_vec(&whole).expect("it serialises")
}

fn merge(into: &mut Value, patch: Value) {
    match (into, patch) {
        (Value::Object(into), Value::Object(patch)) => {
            for (key, value) in patch {
                merge(into.entry(key).or_insert(Value::Null), value);
            }
        }
        (into, patch) => *into = patch,
    }
}
