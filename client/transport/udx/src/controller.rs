//! The controller's face: what it is told, and what it answers.

use core::time::Duration;

use crate::{
    amount::{Moment, Rate},
    config::Config,
    delay::Delay,
    loss::LossRate,
    phase::{Phase, PhaseName},
    recovery::Recovery,
    round::Round,
};

/// A packet that was acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acked {
    /// When the acknowledgement arrived.
    pub now: Moment,
    /// When the packet was sent.
    pub sent: Moment,
    /// Its size in bytes.
    pub bytes: u64,
    /// Whether the sender had nothing more to send, so that the window was not what bounded it.
    pub app_limited: bool,
}

/// Packets that were found to be lost, or marked, at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LossEvent {
    /// When it was found out.
    pub now: Moment,
    /// When the newest of the packets was sent.
    pub sent: Moment,
    /// What happened.
    pub kind: LossKind,
}

/// What a loss event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LossKind {
    /// Packets are lost.
    Lost,
    /// The path marked packets instead of dropping them (ECN).
    Marked,
    /// Everything was lost for longer than RFC 9002 §7.6 allows: what is known of the path is void.
    Persistent,
}

/// The congestion controller of one path.
#[derive(Debug, Clone)]
pub struct Controller {
    pub(crate) config: Config,
    /// Size of a full packet in bytes.
    pub(crate) packet: u64,
    window: u64,
    /// Window at which slow start ends.
    pub(crate) threshold: u64,
    /// Bytes acknowledged towards the next packet of growth.
    credit: u64,
    pub(crate) phase: Phase,
    pub(crate) delay: Delay,
    pub(crate) round: Round,
    /// Delivery rates of the last two rounds, the newer one last.
    pub(crate) rates: [Rate; 2],
    /// Part of a round in slow start, for a look at the queue before the round is over.
    pub(crate) glimpse: Round,
    /// Rounds to wait before the queue is judged again.
    pub(crate) settling: u32,
    /// Whether to smooth the round trip anew after this round, in which the queue drains.
    pub(crate) drains: bool,
    /// Whether the queue allows the window to grow in avoidance.
    pub(crate) may_grow: bool,
    /// Rounds to wait before the next probe.
    pub(crate) probe_pause: u32,
    /// Rounds in a row in which the rate stayed below what the window implies.
    pub(crate) short_rounds: u32,
    /// Cuts in a row that did nothing to the queue, and the window before the first.
    pub(crate) futile: u32,
    pub(crate) window_before_cuts: u64,
    pub(crate) loss: LossRate,
    pub(crate) recovery: Recovery,
}

/// Packets that make up a look at the queue within a round of slow start.
const GLIMPSE: u32 = 32;

impl Controller {
    /// The controller of a new path whose full packets have so many bytes.
    pub fn new(config: Config, packet_bytes: u16, now: Moment) -> Self {
        let packet = u64::from(packet_bytes).max(1);
        let window = u64::from(config.initial_packets).saturating_mul(packet);
        let mut controller = Self {
            config,
            packet,
            window,
            threshold: u64::MAX,
            credit: 0,
            phase: Phase::slow_start(),
            delay: Delay::new(now),
            round: Round::starting(now),
            rates: [Rate::default(); 2],
            glimpse: Round::starting(now),
            settling: 0,
            drains: false,
            may_grow: true,
            probe_pause: 0,
            short_rounds: 0,
            futile: 0,
            window_before_cuts: window,
            loss: LossRate::new(),
            recovery: Recovery::default(),
        };
        controller.set_window(window);
        controller
    }

    /// A packet was acknowledged. Several at once are reported one by one, then [`Self::on_acks_done`] is called.
    pub fn on_acked(&mut self, acked: Acked) {
        let rtt = acked.now.since(acked.sent);
        self.round
            .acked(acked.sent, acked.bytes, rtt, acked.app_limited);
        self.loss.acked(&self.config);
        self.fast_recovery();
        if acked.app_limited {
            return;
        }
        match self.phase {
            Phase::SlowStart { .. } => {
                self.glimpse.acked(acked.sent, acked.bytes, rtt, false);
                self.set_window(self.window.saturating_add(acked.bytes));
                if self.window >= self.threshold {
                    self.enter_cruise();
                }
            }
            Phase::Cruise if self.may_grow => self.grow(acked.bytes),
            Phase::Compete { .. } => self.grow(acked.bytes),
            Phase::Cruise | Phase::Probe { .. } | Phase::SearchBase { .. } => {}
        }
    }

    /// All packets of one acknowledgement have been reported.
    pub fn on_acks_done(&mut self, now: Moment) {
        if self.glimpse.rtt().samples() >= GLIMPSE {
            let glimpse = core::mem::replace(&mut self.glimpse, Round::starting(now));
            self.glimpse_in_slow_start(now, glimpse);
        }
        let round_trip = self.delay.smoothed().unwrap_or(Duration::ZERO);
        if let Some(measured) = self.round.over(now, round_trip) {
            self.round = Round::starting(now);
            self.on_round(now, measured);
        }
    }

    /// A packet was lost. [`Self::on_loss_event`] follows once for all that were found to be lost at once.
    pub fn on_lost(&mut self) {
        self.loss.lost();
        self.recovery.acks_in_a_row = 0;
    }

    /// The size of a full packet has changed.
    pub fn on_packet_size(&mut self, bytes: u16) {
        self.packet = u64::from(bytes).max(1);
        self.set_window(self.window);
    }

    /// Bytes that may be in flight: at least two packets.
    pub fn window(&self) -> u64 {
        self.window
    }

    /// The window of a path of which nothing is known, in bytes.
    pub fn initial_window(&self) -> u64 {
        u64::from(self.config.initial_packets).saturating_mul(self.packet)
    }

    /// Window at which slow start ends, once that is known.
    pub fn slow_start_threshold(&self) -> Option<u64> {
        (self.threshold != u64::MAX).then_some(self.threshold)
    }

    /// How fast packets should leave, once a round trip is known.
    pub fn pacing_rate(&self) -> Option<Rate> {
        let gain = match self.phase {
            Phase::SlowStart { .. } => self.config.start_pacing_gain,
            _ => self.config.pacing_gain,
        };
        Rate::over(gain.of(self.window), self.delay.smoothed()?)
    }

    /// What the controller is doing.
    pub fn phase(&self) -> PhaseName {
        self.phase.name()
    }

    /// The round trip without a queue, once one is known.
    pub fn base_rtt(&self) -> Option<Duration> {
        self.delay.base()
    }

    /// Sets the window within its bounds.
    pub(crate) fn set_window(&mut self, bytes: u64) {
        let least = u64::from(self.config.minimum_packets.max(2)).saturating_mul(self.packet);
        self.window = bytes.min(self.config.maximum_window).max(least);
    }

    /// U4: one packet for each window that was acknowledged (RFC 9002 §7.3.3).
    fn grow(&mut self, acked: u64) {
        self.credit = self.credit.saturating_add(acked);
        if self.credit >= self.window {
            self.credit -= self.window;
            self.credit = self.credit.min(self.window);
            self.set_window(self.window.saturating_add(self.packet));
        }
    }
}
