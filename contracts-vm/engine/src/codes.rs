//! Compiled code in memory: what runs often is there, and what is not is compiled once, however many wait for it.

use crate::{Artifacts, Code, Engine, EngineError, Key, metrics::Metrics};
use parlance_vm_prepare::{Age, Refused, Rules, prepare};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

pub use crate::metrics::Counters;

/// Why a contract's code cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum CodeError {
    /// It is no contract. The same on every node.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// The engine failed. A matter of this machine.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// The place of one contract's code. Who compiles it holds the lock; who wants it waits there.
type Place = Arc<Mutex<Option<Arc<dyn Code>>>>;

struct Entry {
    place: Place,
    /// When it was last asked for, counted in questions.
    used: u64,
}

/// The code of contracts, by the hash of what was uploaded.
pub struct Codes {
    engine: Arc<dyn Engine>,
    build: [u8; 32],
    artifacts: Option<Artifacts>,
    /// How many are kept in memory.
    capacity: usize,
    entries: Mutex<(u64, HashMap<Key, Entry>)>,
    /// See [`Counters`].
    pub counters: Counters,
}

impl Codes {
    /// An empty memory of so many contracts, before a folder of artifacts.
    pub fn new(engine: Arc<dyn Engine>, artifacts: Option<Artifacts>, capacity: usize) -> Self {
        let build = engine.build();
        let entries = Mutex::new((0, HashMap::new()));
        let counters = Counters::default();
        Codes {
            engine,
            build,
            artifacts,
            capacity: capacity.max(1),
            entries,
            counters,
        }
    }

    /// The code of a contract. `code` is what was uploaded, and `hash` its hash, which the caller answers for.
    ///
    /// # Errors
    /// If it is no contract by these rules, or the engine fails.
    pub fn get(
        &self,
        hash: [u8; 32],
        rules: &Rules,
        code: impl FnOnce() -> Vec<u8>,
    ) -> Result<Arc<dyn Code>, CodeError> {
        self.ready(hash, rules, |key| {
            // Whether an old system call may be imported was asked when the code was uploaded.
            let prepared = prepare(&code(), Age::OnChain, rules)?;
            Ok(self.compile(key, &prepared.code)?)
        })
    }

    /// The code of a contract, if it is in memory or on disk.
    pub fn find(&self, hash: [u8; 32], rules: &Rules) -> Option<Arc<dyn Code>> {
        self.ready(hash, rules, |_| Err(())).ok()
    }

    /// Compiles what has been prepared already, unless it is at hand.
    ///
    /// # Errors
    /// If the engine fails.
    pub fn keep(
        &self,
        hash: [u8; 32],
        rules: &Rules,
        prepared: &[u8],
    ) -> Result<Arc<dyn Code>, EngineError> {
        self.ready(hash, rules, |key| self.compile(key, prepared))
    }

    /// What the node reports.
    pub fn metrics(&self) -> Metrics {
        let mut metrics = self.counters.read();
        if let Some(artifacts) = &self.artifacts {
            metrics.refused = metrics.refused.saturating_add(artifacts.refused());
            metrics.disk_bytes = artifacts.bytes();
        }
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        metrics.contracts = entries.1.len();
        metrics
    }

    /// What is at hand, or is made: once, however many wait for it.
    fn ready<E>(
        &self,
        hash: [u8; 32],
        rules: &Rules,
        make: impl FnOnce(&Key) -> Result<Arc<dyn Code>, E>,
    ) -> Result<Arc<dyn Code>, E> {
        let key = Key {
            code: hash,
            rules: rules.version,
            build: self.build,
        };
        let place = self.place(key);
        let mut ready = place.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ready) = &*ready {
            Counters::one(&self.counters.memory);
            return Ok(ready.clone());
        }
        let made = self.load(&key).map_or_else(|| make(&key), Ok)?;
        *ready = Some(made.clone());
        Ok(made)
    }

    /// The place for a key, and room for it.
    fn place(&self, key: Key) -> Place {
        let mut guard = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let (clock, entries) = &mut *guard;
        *clock = clock.wrapping_add(1);
        if let Some(entry) = entries.get_mut(&key) {
            entry.used = *clock;
            return entry.place.clone();
        }
        while entries.len() >= self.capacity {
            let oldest = entries
                .iter()
                .min_by_key(|(_, entry)| entry.used)
                .map(|(key, _)| *key);
            let Some(oldest) = oldest else { break };
            entries.remove(&oldest);
            Counters::one(&self.counters.evicted);
        }
        let place = Place::default();
        entries.insert(
            key,
            Entry {
                place: place.clone(),
                used: *clock,
            },
        );
        place
    }

    fn load(&self, key: &Key) -> Option<Arc<dyn Code>> {
        let artifact = self.artifacts.as_ref()?.get(key)?;
        let ready = self.engine.restore(&artifact);
        Counters::one(match ready {
            Some(_) => &self.counters.disk,
            None => &self.counters.untaken,
        });
        ready
    }

    fn compile(&self, key: &Key, prepared: &[u8]) -> Result<Arc<dyn Code>, EngineError> {
        let begin = Instant::now();
        let ready = self.engine.compile(prepared)?;
        self.counters.compiled_in(begin.elapsed());
        if let (Some(artifacts), Some(artifact)) = (&self.artifacts, ready.artifact())
            && artifacts.put(key, &artifact).is_err()
        {
            Counters::one(&self.counters.unwritten);
        }
        Ok(ready)
    }
}

#[cfg(all(test, feature = "interpreter"))]
mod tests;
