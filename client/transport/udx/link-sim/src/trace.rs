//! What a run writes down.

use std::time::Duration;

use crate::peer::Glance;

/// How often the queue's length is written down.
pub const QUEUE_STEP: Duration = Duration::from_millis(1);
/// How often the flows' progress is.
pub const FLOW_STEP: Duration = Duration::from_millis(100);

/// A run's record. Every series begins at zero.
#[derive(Debug, Default)]
pub struct Trace {
    /// The queue in bytes, every [`QUEUE_STEP`].
    pub queue: Vec<u64>,
    /// Each flow's progress.
    pub flows: Vec<FlowTrace>,
    /// Bytes that the bottleneck served.
    pub served: Vec<u64>,
    /// Packets that found no room in the queue.
    pub dropped: u64,
}

/// One flow's record, every [`FLOW_STEP`].
#[derive(Debug, Default)]
pub struct FlowTrace {
    /// Bytes of the stream that arrived so far, each counted once.
    pub received: Vec<u64>,
    /// What the sender's controller showed.
    pub sender: Vec<Glance>,
}

impl FlowTrace {
    /// Bytes that arrived by a moment.
    pub fn received_by(&self, at: Duration) -> u64 {
        let step = (at.as_nanos() / FLOW_STEP.as_nanos()) as usize;
        let last = self.received.len().saturating_sub(1);
        self.received.get(step.min(last)).copied().unwrap_or(0)
    }
}
