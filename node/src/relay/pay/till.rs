//! What waits for the worker: the best ticket and the best receipt of each device. Connections put it down and go on; every [`PAUSE`] it is
//! handed in.
//!
//! A process that is killed loses what waited for less than that. The next ticket of the same device covers it.

use super::judge::Worth;
use crate::relay::{Desk, LOG_TARGET, Refused, Signed};
use futures::future::join_all;
use parking_lot::Mutex;
use parlance_primitives::{AccountId, accounts::DeviceId, relay::Period};
use parlance_relay_claims::{MOST_KEPT, Refusal};
use std::{
    collections::{BTreeMap, btree_map::Entry},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// Between two times that what waits is handed in.
pub const PAUSE: Duration = Duration::from_millis(500);
/// Most that waits: what the worker keeps of two kinds.
const MOST_WAITING: usize = 2 * MOST_KEPT;
/// Handed in at a time.
const CHUNK: usize = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Ticket,
    Receipt,
}

type Place = (Period, Kind, AccountId, DeviceId);

/// What waits.
pub struct Till {
    desk: Desk,
    waiting: Mutex<BTreeMap<Place, Signed>>,
    /// What was handed in.
    pub handed: AtomicU64,
    /// What found no room, or was not taken.
    pub lost: AtomicU64,
}

fn place_of(period: Period, signed: &Signed) -> Place {
    match signed {
        Signed::Ticket(it) => (period, Kind::Ticket, it.sender.clone(), it.device),
        Signed::Receipt(it) => (period, Kind::Receipt, it.recipient.clone(), it.device),
    }
}

fn bytes_of(signed: &Signed) -> u64 {
    match signed {
        Signed::Ticket(it) => it.bytes,
        // Of one word more counts when more is delivered.
        Signed::Receipt(it) => it.pushed.direct.saturating_add(it.pushed.fanned),
    }
}

impl Till {
    /// Nothing waits.
    pub fn new(desk: Desk) -> Self {
        Self {
            desk,
            waiting: Mutex::default(),
            handed: AtomicU64::new(0),
            lost: AtomicU64::new(0),
        }
    }

    /// Puts something down. What is over fewer bytes than what is there already is dropped.
    pub fn put(&self, worth: Worth) {
        let Worth { period, signed } = worth;
        let mut waiting = self.waiting.lock();
        let full = waiting.len() >= MOST_WAITING;
        match waiting.entry(place_of(period, &signed)) {
            Entry::Occupied(mut there) => {
                if bytes_of(&signed) > bytes_of(there.get()) {
                    there.insert(signed);
                }
            }
            Entry::Vacant(_) if full => {
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
            Entry::Vacant(room) => {
                room.insert(signed);
            }
        }
    }

    /// What waits.
    pub fn waiting(&self) -> usize {
        self.waiting.lock().len()
    }

    /// Hands in all that waits. `running` is the running period; what did not fail by a rule waits for the next time, unless its period
    /// is over.
    pub async fn hand(&self, running: Period) {
        let mut all = std::mem::take(&mut *self.waiting.lock()).into_iter();
        loop {
            let chunk: Vec<(Place, Signed)> = all.by_ref().take(CHUNK).collect();
            if chunk.is_empty() {
                return;
            }
            let handing = chunk.iter().map(|((period, ..), signed)| {
                // Sends at once; what is awaited is the answer.
                self.desk.hand(*period, signed.clone())
            });
            let outcomes = join_all(handing).await;
            for (((period, ..), signed), outcome) in chunk.into_iter().zip(outcomes) {
                self.settle(running, Worth { period, signed }, outcome);
            }
        }
    }

    fn settle(&self, running: Period, worth: Worth, outcome: Result<u64, Refused>) {
        match outcome {
            Ok(_) => {
                self.handed.fetch_add(1, Ordering::Relaxed);
            }
            // One that covers it is there: from before a start, or of another device of the account.
            Err(Refused::ByRule(Refusal::NotMore { .. })) => {}
            Err(Refused::ByRule(refusal)) => {
                self.lost.fetch_add(1, Ordering::Relaxed);
                log::debug!(target: LOG_TARGET, "not claimed for period {}: {refusal}", worth.period);
            }
            Err(error) if worth.period.saturating_add(1) >= running => {
                log::debug!(target: LOG_TARGET, "handed in again: {error}");
                self.put(worth);
            }
            Err(error) => {
                self.lost.fetch_add(1, Ordering::Relaxed);
                log::warn!(target: LOG_TARGET, "not claimed for period {}: {error}", worth.period);
            }
        }
    }
}
