//! Puts [`super::state`] and [`super::hashes`] between the SDK and the host.

#![allow(unsafe_code, reason = "what an instance remembers is a static")]

use super::{
    hashes::Memo,
    state::{Cache, State},
};
use alloc::vec::Vec;
use bytes::Bytes;
use core::{cell::UnsafeCell, mem::forget};
use sp_io::{KillStorageResult, hashing, storage};
use sp_runtime_interface::wasm::ExchangeableFunction;

/// The host's own functions.
struct Host {
    get: fn(&[u8]) -> Option<Bytes>,
    exists: fn(&[u8]) -> bool,
    set: fn(&[u8], &[u8]),
    clear: fn(&[u8]),
    append: fn(&[u8], Vec<u8>),
    clear_prefix: fn(&[u8], Option<u32>) -> KillStorageResult,
    start_transaction: fn(),
    commit_transaction: fn(),
    rollback_transaction: fn(),
    blake2_128: fn(&[u8]) -> [u8; 16],
}

impl State for Host {
    fn get(&mut self, key: &[u8]) -> Option<Bytes> {
        (self.get)(key)
    }

    fn exists(&mut self, key: &[u8]) -> bool {
        (self.exists)(key)
    }

    fn set(&mut self, key: &[u8], value: &[u8]) {
        (self.set)(key, value)
    }

    fn clear(&mut self, key: &[u8]) {
        (self.clear)(key)
    }

    fn append(&mut self, key: &[u8], item: Vec<u8>) {
        (self.append)(key, item)
    }

    fn start_transaction(&mut self) {
        (self.start_transaction)()
    }

    fn commit_transaction(&mut self) {
        (self.commit_transaction)()
    }

    fn rollback_transaction(&mut self) {
        (self.rollback_transaction)()
    }
}

struct Instance {
    host: Host,
    cache: Cache,
    names: Memo,
    accounts: Memo,
}

struct Memory(UnsafeCell<Option<Instance>>);

// SAFETY: a runtime has one thread.
unsafe impl Sync for Memory {}

static MEMORY: Memory = Memory(UnsafeCell::new(None));

/// The memory of this instance. Only functions that were exchanged call this, which happens after it was filled.
fn instance() -> &'static mut Instance {
    // SAFETY: one thread, and no function of the host calls back into the runtime, so that nobody else
    // has it while a function below does.
    match unsafe { &mut *MEMORY.0.get() } {
        Some(instance) => instance,
        None => unreachable!("functions are exchanged after the memory was filled"),
    }
}

/// Begins to remember. To be called where much work begins; once is enough, more often does no harm.
pub fn take_over() {
    // SAFETY: as in `instance`.
    let memory = unsafe { &mut *MEMORY.0.get() };
    if memory.is_some() {
        return;
    }
    *memory = Some(Instance {
        host: Host {
            get: exchange(&storage::host_get, get),
            exists: exchange(&storage::host_exists, exists),
            set: exchange(&storage::host_set, set),
            clear: exchange(&storage::host_clear, clear),
            append: exchange(&storage::host_append, append),
            clear_prefix: exchange(&storage::host_clear_prefix, clear_prefix),
            start_transaction: exchange(&storage::host_start_transaction, start_transaction),
            commit_transaction: exchange(&storage::host_commit_transaction, commit_transaction),
            rollback_transaction: exchange(
                &storage::host_rollback_transaction,
                rollback_transaction,
            ),
            blake2_128: exchange(&hashing::host_blake2_128, blake2_128),
        },
        cache: Cache::new(),
        names: Memo::new(),
        accounts: Memo::new(),
    });
    exchange(&hashing::host_twox_128, twox_128);
}

/// Puts `ours` in the place of a function and returns what was there.
fn exchange<F: Copy>(function: &'static ExchangeableFunction<F>, ours: F) -> F {
    let theirs = function.get();
    // Dropping this would put the old one back; an instance ends with its call.
    forget(function.replace_implementation(ours));
    theirs
}

fn get(key: &[u8]) -> Option<Bytes> {
    let Instance { host, cache, .. } = instance();
    cache.get(host, key)
}

fn exists(key: &[u8]) -> bool {
    let Instance { host, cache, .. } = instance();
    cache.exists(host, key)
}

fn set(key: &[u8], value: &[u8]) {
    let Instance { host, cache, .. } = instance();
    cache.set(host, key, value)
}

fn clear(key: &[u8]) {
    let Instance { host, cache, .. } = instance();
    cache.clear(host, key)
}

fn append(key: &[u8], item: Vec<u8>) {
    let Instance { host, cache, .. } = instance();
    cache.append(host, key, item)
}

fn clear_prefix(prefix: &[u8], limit: Option<u32>) -> KillStorageResult {
    let Instance { host, cache, .. } = instance();
    let result = (host.clear_prefix)(prefix, limit);
    cache.changed_at_large();
    result
}

fn start_transaction() {
    let Instance { host, cache, .. } = instance();
    cache.start_transaction(host)
}

fn commit_transaction() {
    let Instance { host, cache, .. } = instance();
    cache.commit_transaction(host)
}

fn rollback_transaction() {
    let Instance { host, cache, .. } = instance();
    cache.rollback_transaction(host)
}

fn blake2_128(input: &[u8]) -> [u8; 16] {
    let Instance { host, accounts, .. } = instance();
    accounts.hash(input, host.blake2_128)
}

fn twox_128(input: &[u8]) -> [u8; 16] {
    // Short names: hashing them here takes less time than the calls.
    instance().names.hash(input, sp_crypto_hashing::twox_128)
}
