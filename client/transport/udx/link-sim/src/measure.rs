//! Figures from a trace.

use std::time::Duration;

use serde::Serialize;

use crate::{
    link::Link,
    trace::{QUEUE_STEP, Trace},
};

/// A span of simulated time.
#[derive(Debug, Clone, Copy)]
pub struct Span {
    /// Its beginning.
    pub from: Duration,
    /// Its end.
    pub to: Duration,
}

/// What a run showed in a span.
#[derive(Debug, Clone, Serialize)]
pub struct Figures {
    /// Each flow's share of the link: bytes of its stream that arrived, each counted once, over what the link carries.
    pub shares: Vec<f64>,
    /// What the bottleneck served over what it carries.
    pub served: f64,
    /// 95th percentile of the queue, in bandwidth-delay products of the span's beginning.
    pub queue_p95: f64,
    /// Packets that the senders took for lost.
    pub lost: u64,
    /// Packets that found no room in the queue.
    pub dropped: u64,
}

impl Figures {
    /// Measures a span of a run.
    pub fn of(trace: &Trace, link: &Link, span: Span) -> Self {
        let capacity = link.capacity(span.from, span.to);
        let received = |flow: &crate::trace::FlowTrace| {
            (flow.received_by(span.to) - flow.received_by(span.from)) as f64
        };
        let served = |at: Duration| {
            let step = (at.as_nanos() / crate::trace::FLOW_STEP.as_nanos()) as usize;
            trace
                .served
                .get(step)
                .or(trace.served.last())
                .copied()
                .unwrap_or(0)
        };
        let lost = trace.flows.iter().filter_map(|flow| flow.sender.last());
        Self {
            shares: trace
                .flows
                .iter()
                .map(|flow| received(flow) / capacity)
                .collect(),
            served: (served(span.to) - served(span.from)) as f64 / capacity,
            queue_p95: percentile(queue_in(trace, span), 95)
                / link.bandwidth_delay(span.from).max(1) as f64,
            lost: lost.map(|glance| glance.lost).sum(),
            dropped: trace.dropped,
        }
    }

    /// All flows' share of the link.
    pub fn share(&self) -> f64 {
        self.shares.iter().sum()
    }

    /// Jain's index of the flows' shares: 1 where all have the same, 1/n where one has all.
    pub fn jain(&self) -> f64 {
        let squares: f64 = self.shares.iter().map(|share| share * share).sum();
        if squares == 0.0 {
            return 0.0;
        }
        self.share() * self.share() / (self.shares.len() as f64 * squares)
    }
}

fn queue_in(trace: &Trace, span: Span) -> Vec<u64> {
    let step = |at: Duration| (at.as_nanos() / QUEUE_STEP.as_nanos()) as usize;
    let inside = trace.queue.iter().skip(step(span.from));
    inside.take(step(span.to - span.from)).copied().collect()
}

fn percentile(mut values: Vec<u64>, percent: usize) -> f64 {
    values.sort_unstable();
    let place = values.len() * percent / 100;
    values.get(place).or(values.last()).copied().unwrap_or(0) as f64
}

/// How long after a moment a queue that grew beyond `long` bytes took to fall to `empty`; none where it did not grow so
/// long, or did not fall again in the time that it was watched.
pub fn drained_after(
    trace: &Trace,
    moment: Duration,
    within: Duration,
    long: u64,
    empty: u64,
) -> Option<Duration> {
    let span = Span {
        from: moment,
        to: moment + within,
    };
    let queue = queue_in(trace, span);
    let grown = queue.iter().position(|length| *length > long)?;
    let drained = queue
        .iter()
        .skip(grown)
        .position(|length| *length <= empty)?;
    Some(QUEUE_STEP * (grown + drained) as u32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trace::FlowTrace;

    fn figures(shares: &[f64]) -> Figures {
        Figures {
            shares: shares.to_vec(),
            served: 0.0,
            queue_p95: 0.0,
            lost: 0,
            dropped: 0,
        }
    }

    #[test]
    fn jains_index_is_one_for_equal_shares_and_a_half_where_one_of_two_has_all() {
        assert_eq!(figures(&[0.4, 0.4]).jain(), 1.0);
        assert_eq!(figures(&[0.8, 0.0]).jain(), 0.5);
        assert_eq!(figures(&[0.0, 0.0]).jain(), 0.0);
    }

    #[test]
    fn a_share_counts_what_arrived_in_the_span() {
        // 8 Mbit/s carry 100 kB in a tenth of a second.
        let link = Link::plain(8_000_000, Duration::from_millis(40));
        let flow = FlowTrace {
            received: vec![0, 0, 50_000, 150_000],
            sender: Vec::new(),
        };
        let trace = Trace {
            queue: (0..300).collect(),
            flows: vec![flow],
            served: vec![0, 0, 60_000, 160_000],
            dropped: 0,
        };
        let span = Span {
            from: Duration::from_millis(100),
            to: Duration::from_millis(300),
        };
        let figures = Figures::of(&trace, &link, span);
        assert_eq!(figures.share(), 0.75);
        assert_eq!(figures.served, 0.8);
        assert_eq!(figures.queue_p95, 290.0 / 40_000.0);
    }

    #[test]
    fn a_queue_is_drained_when_it_is_empty_after_it_was_long() {
        let trace = Trace {
            queue: vec![0, 0, 900, 400, 900, 100, 900],
            ..Trace::default()
        };
        let second = Duration::from_secs(1);
        let after = |long, empty| drained_after(&trace, QUEUE_STEP, second, long, empty);
        assert_eq!(after(500, 100), Some(4 * QUEUE_STEP));
        assert_eq!(after(500, 50), None);
        assert_eq!(after(1000, 100), None);
    }
}
