//! What a node reports of its engine. Nothing of it may reach a contract or a runtime (E5).

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Where code was found, counted since the start. Each only grows.
#[derive(Debug, Default)]
pub struct Counters {
    /// In memory.
    pub memory: AtomicU64,
    /// On disk.
    pub disk: AtomicU64,
    /// Nowhere: compiled.
    pub compiled: AtomicU64,
    /// Artifacts that could not be written.
    pub unwritten: AtomicU64,
    /// Artifacts that were under this node's code, and that the engine did not take all the same.
    pub untaken: AtomicU64,
    /// Contracts that went from memory because others came.
    pub evicted: AtomicU64,
    /// All time spent on compiling, in nanoseconds.
    pub compiling: AtomicU64,
    /// The longest that compiling one contract took, in nanoseconds.
    pub slowest: AtomicU64,
}

impl Counters {
    /// One more.
    pub(crate) fn one(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// A contract was compiled in so much time.
    pub(crate) fn compiled_in(&self, time: Duration) {
        Self::one(&self.compiled);
        let time = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.compiling.fetch_add(time, Ordering::Relaxed);
        self.slowest.fetch_max(time, Ordering::Relaxed);
    }
}

/// The counters at one moment, with how full the cache is: what a node hands to its own metrics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Times that code was asked for and was in memory.
    pub hits_memory: u64,
    /// Times that it was on disk.
    pub hits_disk: u64,
    /// Times that it was compiled.
    pub compiled: u64,
    /// Artifacts that were not used: damaged, of another node or another layout, or not taken by the engine.
    pub refused: u64,
    /// Artifacts that could not be written.
    pub unwritten: u64,
    /// Contracts that went from memory because others came.
    pub evicted: u64,
    /// All time spent on compiling.
    pub compiling: Duration,
    /// The longest that compiling one contract took.
    pub slowest: Duration,
    /// Contracts in memory.
    pub contracts: usize,
    /// Bytes of artifacts on disk.
    pub disk_bytes: u64,
}

impl Counters {
    /// The counters now. How full the cache is, and what it refused, adds who knows.
    pub(crate) fn read(&self) -> Metrics {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Metrics {
            hits_memory: of(&self.memory),
            hits_disk: of(&self.disk),
            compiled: of(&self.compiled),
            refused: of(&self.untaken),
            unwritten: of(&self.unwritten),
            evicted: of(&self.evicted),
            compiling: Duration::from_nanos(of(&self.compiling)),
            slowest: Duration::from_nanos(of(&self.slowest)),
            contracts: 0,
            disk_bytes: 0,
        }
    }
}
