//! Identities that live by the rules of the pallet, and a node that holds them and lies when it is told to.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use codec::{DecodeAll, Encode};
use pallet_accounts::core::identity::{changed, first};
use parlance_primitives::{
    AccountId, Hash,
    accounts::{
        Change, Changes, Device, DeviceId, DeviceKeys, Entries, Guard, Identity, Possession,
        Registration, Version, registration_transaction,
    },
};
use serde_json::{Value, json};
use sp_core::{Pair, ed25519, sr25519};
use sp_crypto_hashing::blake2_256;
use sp_runtime::MultiSignature;

use super::history::{Mark, Reading, Step, Trail};
use crate::{
    chain::{
        call::{Accounts, Call},
        keys,
        transaction::Unsigned,
    },
    light::{
        Checkpoint, Light, Trust,
        testing::{ChainOf, State, Voters},
    },
    node::{Node, NodeError, as_hex},
};

/// Time of the first block, milliseconds since 1970.
const TIME: u64 = 1_800_000_000_000;
/// Time between two blocks, milliseconds.
const SLOT: u64 = 2_000;

/// An account.
pub fn someone(seed: u8) -> AccountId {
    AccountId::new([seed; 32])
}

/// Keys of a device that nobody has the secrets of.
pub fn keys_of(device: u8) -> DeviceKeys {
    DeviceKeys {
        signing: ed25519::Public::from_raw([device; 32]),
        agreement: [device ^ 0x40; 32],
        endpoint: ed25519::Public::from_raw([device ^ 0x80; 32]),
    }
}

fn possession() -> Possession {
    Possession {
        signing: ed25519::Signature::from_raw([7; 64]),
        endpoint: ed25519::Signature::from_raw([8; 64]),
    }
}

/// The change that adds a device with these keys.
pub fn adds(keys: DeviceKeys) -> Change {
    Change::Add {
        keys,
        possession: possession(),
    }
}

/// The change that gives a device other keys.
pub fn rotates(device: DeviceId, keys: DeviceKeys) -> Change {
    Change::Rotate {
        device,
        keys,
        possession: possession(),
    }
}

/// A transaction of `account` that changes its identity, as it stands in a block.
fn change_transaction(account: &AccountId, base: Version, changes: &Changes) -> Vec<u8> {
    let unsigned = Unsigned {
        account: account.clone(),
        call: Call::Accounts(Accounts::ChangeIdentity {
            base,
            changes: changes.clone(),
        }),
        nonce: 3,
        tip: 0,
        spec_version: 1,
        genesis: Hash::zero(),
        from: base,
        from_hash: Hash::zero(),
        life: 64,
    };
    unsigned.sign(&sr25519::Pair::from_seed(&[5; 32])).0
}

/// The transaction that registers `account`.
fn registering_transaction(account: &AccountId, keys: DeviceKeys, anchor: Version) -> Vec<u8> {
    let registration = Registration {
        account: account.clone(),
        keys,
        possession: possession(),
        anchor,
    };
    let guard = Guard::Invitation {
        key: ed25519::Public::from_raw([4; 32]),
        signature: ed25519::Signature::from_raw([3; 64]),
    };
    let signature = MultiSignature::Sr25519(sr25519::Signature::from_raw([2; 64]));
    registration_transaction(&registration, &guard, &signature)
}

/// One identity with all its versions, without a chain around it.
pub struct Life {
    account: AccountId,
    record: Identity,
    records: Vec<Identity>,
    truth: Vec<(Version, Entries)>,
    bodies: BTreeMap<Version, Vec<Vec<u8>>>,
}

impl Life {
    /// Registered with one device, in block 10.
    pub fn registered(account: AccountId, device: u8) -> Self {
        let (record, entries) = first(keys_of(device), 10);
        let body = registering_transaction(&account, keys_of(device), 9);
        Self {
            records: vec![record.clone()],
            truth: vec![(10, entries)],
            bodies: BTreeMap::from([(10, vec![body])]),
            account,
            record,
        }
    }

    /// With so many random changes.
    pub fn random(seed: u64, length: usize) -> Self {
        let mut life = Self::registered(someone(1), 0);
        let mut state = seed.to_le_bytes().to_vec();
        while life.records.len() <= length {
            state = blake2_256(&state).to_vec();
            let count = 1 + usize::from(state[0] % 3);
            let changes = (0..count).map(|place| life.random_change(&state[4 * place + 1..]));
            let changes: Vec<Change> = changes.collect();
            // What the pallet refuses is no version.
            life.change(&changes, 1 + u32::from(state[31] % 5));
        }
        life
    }

    fn random_change(&self, random: &[u8]) -> Change {
        let devices = &self.record.devices;
        let old = devices[usize::from(random[1]) % devices.len()];
        let mut keys = keys_of(random[2]);
        match random[0] % 5 {
            0 => Change::MoveMailbox,
            1 => Change::Revoke { device: old.id() },
            2 => rotates(old.id(), keys),
            3 => {
                // Only the agreement key is another one.
                keys.signing = old.keys.signing;
                rotates(old.id(), keys)
            }
            _ => adds(keys),
        }
    }

    /// Makes a version with these changes so many blocks later, unless the pallet refuses them.
    pub fn change(&mut self, changes: &[Change], later: Version) -> bool {
        let changes = Changes::try_from(changes.to_vec()).unwrap();
        let (base, version) = (self.record.version, self.record.version + later);
        let possesses = |_: &DeviceKeys, _: &Possession| true;
        let Ok((record, entries)) = changed(&self.record, base, version, &changes, possesses)
        else {
            return false;
        };
        let body = change_transaction(&self.account, base, &changes);
        self.bodies.insert(version, vec![body]);
        self.records.push(record.clone());
        self.truth.push((version, entries));
        self.record = record;
        true
    }

    /// A device comes.
    pub fn add(&mut self, device: u8) {
        assert!(self.change(&[adds(keys_of(device))], 3));
    }

    /// A device goes.
    pub fn revoke(&mut self, device: u8) {
        let device = self.name(device);
        assert!(self.change(&[Change::Revoke { device }], 3));
    }

    /// The mailbox moves.
    pub fn move_mailbox(&mut self) {
        assert!(self.change(&[Change::MoveMailbox], 1));
    }

    /// The identity is removed and registered again.
    pub fn registers_anew(&mut self) {
        let version = self.record.version + 20;
        let (record, entries) = first(keys_of(99), version);
        let body = registering_transaction(&self.account, keys_of(99), version - 1);
        self.bodies.insert(version, vec![body]);
        self.records.push(record.clone());
        self.truth.push((version, entries));
        self.record = record;
    }

    /// Puts every transaction inside of another one.
    pub fn wrap_calls(&mut self) {
        for transaction in self.bodies.values_mut().flatten() {
            *transaction = [&[0xff; 9][..], transaction.as_slice(), &[0; 3]].concat();
        }
    }

    /// So many changes of somebody else in front of each, made for the same version.
    pub fn plant(&mut self, count: usize) {
        let changes = Changes::try_from(vec![Change::MoveMailbox]).unwrap();
        let mut base = 9;
        for (version, body) in &mut self.bodies {
            let planted = change_transaction(&someone(2), base, &changes);
            drop(body.splice(0..0, std::iter::repeat_n(planted, count)));
            base = *version;
        }
    }

    /// The account.
    pub fn account(&self) -> AccountId {
        self.account.clone()
    }

    /// Name of a device.
    pub fn name(&self, device: u8) -> DeviceId {
        DeviceId::of(&keys_of(device).signing)
    }

    /// The record at each version.
    pub fn records(&self) -> &[Identity] {
        &self.records
    }

    /// How far the history went at each version.
    pub fn marks(&self) -> Vec<Mark> {
        self.records.iter().map(Mark::of).collect()
    }

    /// What happened between two versions, as an honest node shows it.
    pub fn trail(&self, from: usize, to: usize) -> Trail {
        let marks = self.marks();
        let mut reading = Reading::begin(self.account(), marks[from], marks[to]);
        loop {
            match reading.step() {
                Step::Wants(version) => reading.take(version, &self.bodies[&version]),
                Step::Read(trail) => return trail,
                Step::Unreadable => panic!("an honest history is not read"),
            }
        }
    }

    /// What happened at each version.
    pub fn truth(&self) -> &[(Version, Entries)] {
        &self.truth
    }

    /// Transactions of a block.
    pub fn body(&self, version: Version) -> Option<Vec<Vec<u8>>> {
        self.bodies.get(&version).cloned()
    }
}

/// What a world's node lies about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// Nothing.
    None,
    /// A device in a record has another agreement key; the record is well-formed.
    OtherKey,
    /// It has no bodies of blocks.
    NoBodies,
}

/// A chain of identities, final block by block, and the node that holds it.
pub struct World(Mutex<Inner>);

struct Inner {
    chain: ChainOf,
    voters: Voters,
    states: Vec<State>,
    bodies: Vec<Vec<Vec<u8>>>,
    records: BTreeMap<AccountId, Identity>,
    lie: Lie,
}

impl World {
    /// With a genesis block.
    pub fn new() -> Arc<Self> {
        let voters = Voters::new(0..4);
        let state = State::new([(keys::now(), 0_u64.encode())]);
        Arc::new(Self(Mutex::new(Inner {
            chain: ChainOf::with_state(&voters, state.root()),
            voters,
            states: vec![state],
            bodies: vec![Vec::new()],
            records: BTreeMap::new(),
            lie: Lie::None,
        })))
    }

    /// A client that trusts the genesis block.
    pub async fn light(self: &Arc<Self>) -> Light<Arc<Self>> {
        let finalised = self.0.lock().unwrap().chain.finalised();
        let trust = Trust::Checkpoint(Checkpoint {
            genesis: finalised.block().1,
            finalised,
        });
        Light::begin(self.clone(), trust).await.unwrap()
    }

    /// The node lies from now on.
    pub fn tell(&self, lie: Lie) {
        self.0.lock().unwrap().lie = lie;
    }

    /// The time of the newest block.
    pub fn now(&self) -> SystemTime {
        let height = self.0.lock().unwrap().states.len() as u64 - 1;
        UNIX_EPOCH + Duration::from_millis(TIME + SLOT * height)
    }

    /// What stands on the chain of an account now.
    pub fn record(&self, account: &AccountId) -> Option<Identity> {
        self.0.lock().unwrap().records.get(account).cloned()
    }

    /// So many blocks without transactions.
    pub fn pass(&self, blocks: usize) {
        let mut inner = self.0.lock().unwrap();
        (0..blocks).for_each(|_| inner.grow(Vec::new()));
    }

    /// A block in which an account registers.
    pub fn register(&self, account: &AccountId, keys: DeviceKeys) {
        let mut inner = self.0.lock().unwrap();
        let height = inner.states.len() as Version;
        let record = first(keys, height).0;
        inner.records.insert(account.clone(), record);
        inner.grow(vec![registering_transaction(account, keys, height - 1)]);
    }

    /// A block in which an account changes its identity.
    pub fn change(&self, account: &AccountId, changes: Vec<Change>) {
        let mut inner = self.0.lock().unwrap();
        let height = inner.states.len() as Version;
        let changes = Changes::try_from(changes).unwrap();
        let record = inner.records[account].clone();
        let (base, possesses) = (record.version, |_: &DeviceKeys, _: &Possession| true);
        let next = changed(&record, base, height, &changes, possesses)
            .unwrap()
            .0;
        inner.records.insert(account.clone(), next);
        inner.grow(vec![change_transaction(account, base, &changes)]);
    }

    /// A block in which an account removes its identity.
    pub fn remove(&self, account: &AccountId) {
        let mut inner = self.0.lock().unwrap();
        inner.records.remove(account);
        inner.grow(Vec::new());
    }
}

impl Inner {
    fn grow(&mut self, body: Vec<Vec<u8>>) {
        let time = TIME + SLOT * self.states.len() as u64;
        let records = self.records.iter();
        let entries = records.map(|(account, record)| (keys::identity(account), record.encode()));
        let state = State::new(entries.chain([(keys::now(), time.encode())]));
        self.chain.grow_to(state.root());
        self.states.push(state);
        self.bodies.push(body);
    }

    fn prove(&self, params: &[Value]) -> Value {
        let names = params[0].as_array().unwrap().iter();
        let names: Vec<Vec<u8>> = names
            .map(|name| hex::decode(&name.as_str().unwrap()[2..]).unwrap())
            .collect();
        let names: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
        let mut nodes = self.states[self.height(&params[1])].prove(&names);
        if self.lie == Lie::OtherKey {
            nodes.iter_mut().for_each(forge);
        }
        json!({"proof": nodes.iter().map(as_hex).collect::<Vec<_>>()})
    }

    fn height(&self, hash: &Value) -> usize {
        let hashes = (0..self.states.len()).map(|height| self.chain.hash_of(height));
        let mut known = hashes.map(|hash| json!(hash));
        known.position(|known| known == *hash).unwrap()
    }

    fn body(&self, hash: &Value) -> Value {
        let height = self.height(hash);
        let list: Vec<Value> = self.bodies[height].iter().map(as_hex).collect();
        json!({"block": {"extrinsics": list}})
    }
}

/// Swaps the agreement key of the first device, where the bytes are a record.
fn forge(node: &mut Vec<u8>) {
    let Ok(mut record) = Identity::decode_all(&mut node.as_slice()) else {
        return;
    };
    let mut devices = record.devices.to_vec();
    devices[0] = Device {
        keys: DeviceKeys {
            agreement: [0x66; 32],
            ..devices[0].keys
        },
        ..devices[0]
    };
    record.devices = devices.try_into().unwrap();
    *node = record.encode();
}

impl Node for Arc<World> {
    async fn request(&self, method: &'static str, params: Vec<Value>) -> Result<Value, NodeError> {
        let inner = self.0.lock().unwrap();
        let refused = |message: &str| NodeError::Refused {
            method,
            code: -32000,
            message: message.into(),
        };
        match method {
            "chain_getBlockHash" => {
                let height = params[0].as_u64().unwrap() as usize;
                Ok(json!(inner.chain.hash_of(height)))
            }
            "parlance_finality" => {
                let proof = inner.chain.proof(&inner.voters, 0, 3);
                Ok(as_hex(proof.encode()))
            }
            "state_getReadProof" => Ok(inner.prove(&params)),
            "chain_getBlock" if inner.lie == Lie::NoBodies => Err(refused("pruned")),
            "chain_getBlock" => Ok(inner.body(&params[0])),
            _ => Err(refused("unknown")),
        }
    }
}
