//! What is remembered against a host that is asked each time.

use super::{
    hashes::Memo,
    state::{Cache, State},
};
use bytes::Bytes;
use proptest::{collection::vec, prelude::*};
use sp_crypto_hashing::{blake2_128, twox_128};
use std::collections::BTreeMap;

/// A host: the state, the states to go back to, and how often it was asked for a value.
#[derive(Default)]
struct Host {
    now: BTreeMap<Vec<u8>, Vec<u8>>,
    before: Vec<BTreeMap<Vec<u8>, Vec<u8>>>,
    asked: usize,
}

impl State for Host {
    fn get(&mut self, key: &[u8]) -> Option<Bytes> {
        self.asked += 1;
        self.now.get(key).map(|value| Bytes::copy_from_slice(value))
    }

    fn exists(&mut self, key: &[u8]) -> bool {
        self.now.contains_key(key)
    }

    fn set(&mut self, key: &[u8], value: &[u8]) {
        self.now.insert(key.to_vec(), value.to_vec());
    }

    fn clear(&mut self, key: &[u8]) {
        self.now.remove(key);
    }

    fn append(&mut self, key: &[u8], item: Vec<u8>) {
        self.now.entry(key.to_vec()).or_default().extend(item);
    }

    fn start_transaction(&mut self) {
        self.before.push(self.now.clone());
    }

    fn commit_transaction(&mut self) {
        self.before.pop().unwrap();
    }

    fn rollback_transaction(&mut self) {
        self.now = self.before.pop().unwrap();
    }
}

#[derive(Clone, Debug)]
enum Step {
    Get(usize),
    Exists(usize),
    Set(usize, usize),
    Clear(usize),
    Append(usize, u8),
    ClearPrefix(u8),
    Start,
    Commit,
    Rollback,
    /// Many writes, more than are noted.
    Flood,
}

/// More keys than places, so that they displace each other; also long ones and roots of child tries.
fn key(number: usize) -> Vec<u8> {
    match number % 1_000 {
        997 => [b":child_storage:default:".as_slice(), &[7]].concat(),
        998 => vec![1; 193],
        999 => b":extrinsic_index".to_vec(),
        number => vec![(number % 7) as u8, (number / 256) as u8, number as u8],
    }
}

fn step() -> impl Strategy<Value = Step> {
    let some = || prop_oneof![3 => 0..20usize, 1 => 0..1_000usize];
    let length = prop_oneof![4 => 0..80usize, 1 => 1_020..1_030usize];
    prop_oneof![
        12 => some().prop_map(Step::Get),
        3 => some().prop_map(Step::Exists),
        8 => (some(), length).prop_map(|(key, length)| Step::Set(key, length)),
        3 => some().prop_map(Step::Clear),
        3 => (some(), any::<u8>()).prop_map(|(key, item)| Step::Append(key, item)),
        1 => (0..7u8).prop_map(Step::ClearPrefix),
        5 => Just(Step::Start),
        3 => Just(Step::Commit),
        3 => Just(Step::Rollback),
        1 => Just(Step::Flood),
    ]
}

/// Does a step and holds its answer against the host's own.
fn take(step: &Step, number: usize, cache: &mut Cache, host: &mut Host) {
    match step {
        Step::Get(at) => {
            let truth = host.now.get(&key(*at)).cloned();
            let answer = cache.get(host, &key(*at));
            assert_eq!(answer.map(|value| value.to_vec()), truth);
        }
        Step::Exists(at) => {
            let truth = host.now.contains_key(&key(*at));
            assert_eq!(cache.exists(host, &key(*at)), truth);
        }
        Step::Set(at, length) => cache.set(host, &key(*at), &vec![number as u8; *length]),
        Step::Clear(at) => cache.clear(host, &key(*at)),
        Step::Append(at, item) => cache.append(host, &key(*at), vec![*item]),
        Step::ClearPrefix(first) => {
            host.now.retain(|key, _| key.first() != Some(first));
            cache.changed_at_large();
        }
        Step::Start => cache.start_transaction(host),
        Step::Commit if !host.before.is_empty() => cache.commit_transaction(host),
        Step::Rollback if !host.before.is_empty() => cache.rollback_transaction(host),
        Step::Commit | Step::Rollback => {}
        Step::Flood => (0..17_000).for_each(|_| cache.set(host, &key(number), &[number as u8])),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn it_never_differs_from_the_host(steps in vec(step(), 1..300)) {
        let (mut cache, mut host) = (Cache::new(), Host::default());
        for (number, step) in steps.iter().enumerate() {
            take(step, number, &mut cache, &mut host);
        }
        for number in 0..1_000 {
            take(&Step::Get(number), 0, &mut cache, &mut host);
        }
    }

    #[test]
    fn hashes_are_the_functions(inputs in vec(vec(0..3u8, 0..40), 1..300)) {
        let (mut blake, mut twox) = (Memo::new(), Memo::new());
        for input in &inputs {
            prop_assert_eq!(blake.hash(input, blake2_128), blake2_128(input));
            prop_assert_eq!(twox.hash(input, twox_128), twox_128(input));
        }
    }
}

#[test]
fn the_host_is_asked_once() {
    let (mut cache, mut host) = (Cache::new(), Host::default());
    host.now.insert(b"key".to_vec(), b"value".to_vec());
    for _ in 0..10 {
        assert_eq!(cache.get(&mut host, b"key").unwrap(), "value");
        assert_eq!(cache.get(&mut host, b"nothing"), None);
    }
    assert_eq!(host.asked, 2);
    cache.set(&mut host, b"key", b"other");
    assert_eq!(cache.get(&mut host, b"key").unwrap(), "other");
    assert_eq!(host.asked, 2);
}

#[test]
fn a_rollback_forgets_what_was_written_and_nothing_else() {
    let (mut cache, mut host) = (Cache::new(), Host::default());
    cache.set(&mut host, b"before", b"1");
    cache.start_transaction(&mut host);
    cache.set(&mut host, b"within", b"2");
    assert_eq!(cache.get(&mut host, b"read"), None);
    assert_eq!(host.asked, 1);
    cache.rollback_transaction(&mut host);
    assert_eq!(cache.get(&mut host, b"before").unwrap(), "1");
    assert_eq!(cache.get(&mut host, b"read"), None);
    assert_eq!(host.asked, 1);
    assert_eq!(cache.get(&mut host, b"within"), None);
    assert_eq!(host.asked, 2);
}

#[test]
fn hashes_are_made_once() {
    let mut memo = Memo::new();
    let mut made = 0;
    for _ in 0..10 {
        memo.hash(b"Account", |input| {
            made += 1;
            twox_128(input)
        });
    }
    assert_eq!(made, 1);
}
