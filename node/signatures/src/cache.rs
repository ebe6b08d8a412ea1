//! A bounded set of signatures that were found good.
//!
//! Only success is remembered. A bad signature is computed again each time it is met, so nobody can
//! fill the memory with rubbish: every entry cost its sender a valid signature.

use parking_lot::Mutex;
use prometheus_endpoint::{
    MetricSource, Opts, PrometheusError, Registry, SourcedCounter, SourcedGauge, register,
};
use sp_io::hashing::blake2_256;
use std::{
    collections::HashSet,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

/// Locks among which the entries are spread, so that threads seldom wait for each other.
const SHARDS: usize = 64;
/// Bytes that a hash table spends on a bucket: the fingerprint and a byte of its own.
const BUCKET: usize = 33;

/// Which function checked a signature. What one function accepts another may refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Scheme {
    /// `sr25519_verify` version 2.
    Sr25519 = 1,
    /// `ed25519_verify` version 1 without the extension for old chains.
    Ed25519 = 2,
}

/// Names one check: scheme, signature, key and message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Two checks have one fingerprint only if blake2-256 collides: each part is preceded by its length,
    /// so no two lists of parts make the same bytes.
    pub fn of(scheme: Scheme, signature: &[u8], public: &[u8], message: &[u8]) -> Self {
        let mut framed = Vec::with_capacity(25 + signature.len() + public.len() + message.len());
        framed.push(scheme as u8);
        for part in [signature, public, message] {
            framed.extend((part.len() as u64).to_le_bytes());
            framed.extend(part);
        }
        Self(blake2_256(&framed))
    }
}

/// Set of the checks that succeeded lately, for many threads.
pub struct SignatureCache {
    memory_mib: u32,
    shards: Vec<Mutex<Shard>>,
    hits: AtomicU64,
    misses: AtomicU64,
    warmed: AtomicU64,
}

impl SignatureCache {
    /// A cache that uses at most `memory_mib` MiB, none for 0.
    pub fn with_memory(memory_mib: u32) -> Self {
        // Two generations in each shard.
        let buckets = (memory_mib as usize) * 1024 * 1024 / (BUCKET * SHARDS * 2);
        // Tables have a power of two of buckets and grow beyond seven eighths, which these must not.
        let generation = buckets
            .checked_ilog2()
            .map_or(0, |power| (1 << power) / 8 * 7);
        Self::with_generations(memory_mib, generation)
    }

    fn with_generations(memory_mib: u32, generation: usize) -> Self {
        Self {
            memory_mib,
            shards: (0..SHARDS)
                .map(|_| Mutex::new(Shard::new(generation)))
                .collect(),
            hits: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            warmed: AtomicU64::new(0),
        }
    }

    /// The memory that it was made for.
    pub fn memory_mib(&self) -> u32 {
        self.memory_mib
    }

    /// Whether it remembers anything at all.
    pub fn is_on(&self) -> bool {
        self.shards.iter().any(|shard| shard.lock().generation > 0)
    }

    /// What `check` says, without asking it if it said yes before. `fingerprint` must name everything that
    /// `check` depends on.
    pub fn verify(&self, fingerprint: Fingerprint, check: impl FnOnce() -> bool) -> bool {
        if self.contains(&fingerprint) {
            self.hits.fetch_add(1, Relaxed);
            return true;
        }
        self.misses.fetch_add(1, Relaxed);
        let good = check();
        if good {
            self.insert(fingerprint);
        }
        good
    }

    /// As [`Self::verify`], ahead of need: counted apart, so that the hits stay what the runtime saved.
    pub fn warm(&self, fingerprint: Fingerprint, check: impl FnOnce() -> bool) {
        if !self.contains(&fingerprint) && check() {
            self.warmed.fetch_add(1, Relaxed);
            self.insert(fingerprint);
        }
    }

    fn contains(&self, fingerprint: &Fingerprint) -> bool {
        self.shard(fingerprint).lock().contains(fingerprint)
    }

    fn insert(&self, fingerprint: Fingerprint) {
        self.shard(&fingerprint).lock().insert(fingerprint);
    }

    fn shard(&self, fingerprint: &Fingerprint) -> &Mutex<Shard> {
        &self.shards[usize::from(fingerprint.0[0]) % SHARDS]
    }

    /// How many checks it remembers now.
    pub fn remembered(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }
}

/// Entries in two generations. New ones go to the young one; when it is full the old one is forgotten
/// and the young one becomes old. An entry that is asked for becomes young again.
struct Shard {
    generation: usize,
    young: HashSet<Fingerprint>,
    old: HashSet<Fingerprint>,
}

impl Shard {
    fn new(generation: usize) -> Self {
        Self {
            generation,
            young: HashSet::new(),
            old: HashSet::new(),
        }
    }

    fn contains(&mut self, fingerprint: &Fingerprint) -> bool {
        if self.young.contains(fingerprint) {
            return true;
        }
        let is_old = self.old.remove(fingerprint);
        if is_old {
            self.insert(*fingerprint);
        }
        is_old
    }

    fn insert(&mut self, fingerprint: Fingerprint) {
        if self.generation == 0 {
            return;
        }
        if self.young.len() >= self.generation {
            std::mem::swap(&mut self.young, &mut self.old);
            self.young.clear();
        }
        self.young.insert(fingerprint);
    }

    fn len(&self) -> usize {
        self.young.len() + self.old.len()
    }
}

/// The cache as a source of metrics.
#[derive(Clone, Copy)]
pub struct CacheMetrics(&'static SignatureCache);

impl CacheMetrics {
    /// Tells `registry` of `cache`.
    pub fn register(
        cache: &'static SignatureCache,
        registry: &Registry,
    ) -> Result<(), PrometheusError> {
        let checks = Opts::new(
            "parlance_signature_checks_total",
            "Signature checks: answered from the cache (hit), computed for the runtime (miss), \
             computed ahead of a block's execution (warmed)",
        );
        let checks = checks.variable_label("outcome");
        register(SourcedCounter::new(&checks, Self(cache))?, registry)?;
        let entries = Opts::new(
            "parlance_signature_cache_entries",
            "Verified signatures that the cache remembers",
        );
        register(SourcedGauge::new(&entries, CacheEntries(cache))?, registry)?;
        Ok(())
    }
}

impl MetricSource for CacheMetrics {
    type N = u64;

    fn collect(&self, mut set: impl FnMut(&[&str], u64)) {
        set(&["hit"], self.0.hits.load(Relaxed));
        set(&["miss"], self.0.misses.load(Relaxed));
        set(&["warmed"], self.0.warmed.load(Relaxed));
    }
}

/// The number of entries as a source of a metric.
#[derive(Clone, Copy)]
struct CacheEntries(&'static SignatureCache);

impl MetricSource for CacheEntries {
    type N = u64;

    fn collect(&self, mut set: impl FnMut(&[&str], u64)) {
        set(&[], self.0.remembered() as u64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn fingerprint(number: u32) -> Fingerprint {
        Fingerprint::of(Scheme::Sr25519, &[1], &[2], &number.to_le_bytes())
    }

    #[test]
    fn a_good_signature_is_computed_once() {
        let cache = SignatureCache::with_memory(1);
        let computed = Cell::new(0);
        for _ in 0..3 {
            assert!(cache.verify(fingerprint(1), || {
                computed.set(computed.get() + 1);
                true
            }));
        }
        assert_eq!(computed.get(), 1);
        assert_eq!(
            (cache.hits.load(Relaxed), cache.misses.load(Relaxed)),
            (2, 1)
        );
    }

    #[test]
    fn a_bad_signature_is_never_remembered() {
        let cache = SignatureCache::with_memory(1);
        let computed = Cell::new(0);
        let bad = || {
            computed.set(computed.get() + 1);
            false
        };
        assert!(!cache.verify(fingerprint(1), bad));
        cache.warm(fingerprint(1), bad);
        assert!(!cache.verify(fingerprint(1), bad));
        assert_eq!((computed.get(), cache.remembered()), (3, 0));
    }

    #[test]
    fn warming_saves_the_check_and_counts_apart() {
        let cache = SignatureCache::with_memory(1);
        cache.warm(fingerprint(1), || true);
        cache.warm(fingerprint(1), || panic!("it is known already"));
        assert!(cache.verify(fingerprint(1), || panic!("it is known already")));
        let counts = [&cache.hits, &cache.misses, &cache.warmed].map(|count| count.load(Relaxed));
        assert_eq!(counts, [1, 0, 1]);
    }

    #[test]
    fn every_part_of_a_check_and_its_boundaries_enter_the_fingerprint() {
        let base = Fingerprint::of(Scheme::Sr25519, b"ab", b"cd", b"ef");
        let others = [
            Fingerprint::of(Scheme::Ed25519, b"ab", b"cd", b"ef"),
            Fingerprint::of(Scheme::Sr25519, b"aB", b"cd", b"ef"),
            Fingerprint::of(Scheme::Sr25519, b"ab", b"cD", b"ef"),
            Fingerprint::of(Scheme::Sr25519, b"ab", b"cd", b"eF"),
            Fingerprint::of(Scheme::Sr25519, b"a", b"bcd", b"ef"),
            Fingerprint::of(Scheme::Sr25519, b"ab", b"cde", b"f"),
            Fingerprint::of(Scheme::Sr25519, b"abcd", b"", b"ef"),
            Fingerprint::of(Scheme::Sr25519, b"ab", b"cdef", b""),
        ];
        assert!(others.iter().all(|other| *other != base));
        assert_eq!(Fingerprint::of(Scheme::Sr25519, b"ab", b"cd", b"ef"), base);
    }

    #[test]
    fn the_number_of_entries_and_the_memory_are_bounded() {
        let cache = SignatureCache::with_memory(1);
        let generation = cache.shards[0].lock().generation;
        assert!(generation > 0);
        (0..100_000).for_each(|number| cache.insert(fingerprint(number)));
        assert!(cache.remembered() <= 2 * SHARDS * generation);
        let slots: usize = cache
            .shards
            .iter()
            .map(|shard| {
                let shard = shard.lock();
                // A table's buckets, from what it can hold before it grows.
                [&shard.young, &shard.old].map(|table| table.capacity().next_power_of_two())
            })
            .map(|[young, old]| young + old)
            .sum();
        assert!(slots * BUCKET <= 1024 * 1024, "{slots} slots");
    }

    #[test]
    fn the_newest_entries_stay() {
        let cache = SignatureCache::with_generations(1, 8);
        (0..10_000).for_each(|number| cache.insert(fingerprint(number)));
        assert!(cache.contains(&fingerprint(9_999)));
        assert!(!cache.contains(&fingerprint(0)));
    }

    #[test]
    fn an_entry_in_use_outlives_those_that_are_not() {
        let cache = SignatureCache::with_generations(1, 8);
        cache.insert(fingerprint(0));
        for number in 1..10_000 {
            cache.insert(fingerprint(number));
            assert!(cache.contains(&fingerprint(0)), "after {number} others");
        }
    }

    #[test]
    fn without_memory_nothing_is_remembered() {
        let cache = SignatureCache::with_memory(0);
        assert!(cache.verify(fingerprint(1), || true));
        assert!(!cache.verify(fingerprint(1), || false));
        assert_eq!(cache.remembered(), 0);
        assert!(!cache.is_on());
        assert!(SignatureCache::with_memory(1).is_on());
    }

    #[test]
    fn many_threads_agree() {
        let cache = SignatureCache::with_memory(4);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for number in 0..5_000 {
                        // Even numbers are good, odd ones are not.
                        let good = number % 2 == 0;
                        assert_eq!(cache.verify(fingerprint(number), || good), good);
                    }
                });
            }
        });
        assert_eq!(cache.remembered(), 2_500);
    }
}
