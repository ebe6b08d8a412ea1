//! What one round trip shows: how much arrived, and how long packets took.

use core::time::Duration;

use crate::amount::{Moment, Rate, nanoseconds};

/// The mean of times.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Mean {
    nanoseconds: u128,
    samples: u32,
}

impl Mean {
    pub(crate) fn add(&mut self, time: Duration) {
        self.nanoseconds = self.nanoseconds.saturating_add(time.as_nanos());
        self.samples = self.samples.saturating_add(1);
    }

    pub(crate) fn samples(&self) -> u32 {
        self.samples
    }

    pub(crate) fn value(&self) -> Option<Duration> {
        (self.samples > 0).then(|| nanoseconds(self.nanoseconds / u128::from(self.samples)))
    }
}

/// A round that is being measured. It begins at an acknowledgement and is over when a packet that was sent after its
/// beginning is acknowledged and a round trip has passed. The second matters on paths that reorder: there the first
/// packet to arrive is the fastest, not a typical one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Round {
    start: Moment,
    acked: u64,
    rtt: Mean,
    own_packet_acked: bool,
    app_limited: bool,
}

/// A round that is over.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measured {
    /// Delivery rate: bytes acknowledged over the round's length.
    pub(crate) rate: Rate,
    /// Mean round trip of the packets acknowledged.
    pub(crate) rtt: Duration,
    /// Whether the application, and not the window, bounded what was sent.
    pub(crate) app_limited: bool,
}

impl Round {
    pub(crate) fn starting(now: Moment) -> Self {
        Self {
            start: now,
            acked: 0,
            rtt: Mean::default(),
            own_packet_acked: false,
            app_limited: false,
        }
    }

    pub(crate) fn acked(&mut self, sent: Moment, bytes: u64, rtt: Duration, app_limited: bool) {
        self.acked = self.acked.saturating_add(bytes);
        self.rtt.add(rtt);
        self.own_packet_acked |= sent >= self.start;
        self.app_limited |= app_limited;
    }

    pub(crate) fn rtt(&self) -> Mean {
        self.rtt
    }

    /// The delivery rate so far.
    pub(crate) fn rate(&self, now: Moment) -> Option<Rate> {
        Rate::over(self.acked, now.since(self.start))
    }

    /// The result, where the round is over; `round_trip` is the last one known.
    pub(crate) fn over(&self, now: Moment, round_trip: Duration) -> Option<Measured> {
        let lasted = now.since(self.start);
        if !self.own_packet_acked || lasted < round_trip {
            return None;
        }
        Some(Measured {
            rate: self.rate(now)?,
            rtt: self.rtt.value()?,
            app_limited: self.app_limited,
        })
    }
}
