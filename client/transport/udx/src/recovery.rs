//! Losses: rules U10 to U12.

use core::time::Duration;

use crate::{
    amount::{Moment, in_proportion},
    controller::{Controller, LossEvent, LossKind},
    phase::Phase,
    round::Round,
};

/// Acknowledgements in a row that restore the window: 2, the page.
const RESTORING_ACKS: u32 = 2;
/// Round trips of the current round that say more than those of the last one.
const ENOUGH_SAMPLES: u32 = 8;

/// What is remembered of the last losses.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recovery {
    /// Losses of packets sent before are the same event.
    since: Option<Moment>,
    /// The window before a loss without congestion.
    restore: Option<u64>,
    pub(crate) acks_in_a_row: u32,
    /// What stood before a reduction for congestion, to undo it.
    undo: Option<Undo>,
}

#[derive(Debug, Clone, Copy)]
struct Undo {
    window: u64,
    threshold: u64,
    slow_start: Option<Phase>,
}

impl Controller {
    /// Packets were found to be lost. An event whose newest packet was sent before the last reaction belongs to that one.
    pub fn on_loss_event(&mut self, event: LossEvent) {
        if event.kind == LossKind::Persistent {
            self.start_over(event.now);
            return;
        }
        if self.recovery.since.is_some_and(|since| event.sent <= since) {
            return;
        }
        self.recovery.since = Some(event.now);
        match self.reduction(event.kind) {
            Some(left) => self.reduce(left),
            None => {
                // U10, b: the loss is the path's own.
                self.recovery.restore = Some(self.window());
                self.recovery.acks_in_a_row = 0;
                self.set_window(self.window().saturating_sub(self.packet));
            }
        }
    }

    /// The losses turned out to be none: their packets arrived late.
    pub fn on_spurious_loss(&mut self) {
        if let Some(undo) = self.recovery.undo.take() {
            self.set_window(self.window().max(undo.window));
            self.threshold = self.threshold.max(undo.threshold);
            if let Some(phase) = undo.slow_start {
                self.phase = phase;
            }
        }
        if let Some(window) = self.recovery.restore.take() {
            self.set_window(self.window().max(window));
        }
    }

    /// U10, a: what is left of the window, where the loss means congestion.
    fn reduction(&self, kind: LossKind) -> Option<u64> {
        let half = self.config.loss_share;
        if kind == LossKind::Marked || matches!(self.phase, Phase::Compete { .. }) {
            return Some(half.of(self.window()));
        }
        if let Some((needed, rtt)) = self.long_queue() {
            let without_queue = in_proportion(self.window(), needed, rtt);
            return Some(without_queue.max(half.of(self.window())));
        }
        let overload = self.loss.overload()?;
        let left = overload.rest().max(half).of(self.window());
        let flow = self.flow(self.rates[0].max(self.rates[1]));
        Some(left.max(flow.min(self.window())))
    }

    /// The round trips that a window has to cover and with the queue, where that is too long.
    fn long_queue(&self) -> Option<(Duration, Duration)> {
        let mean = self.round.rtt();
        let rtt = match mean.value() {
            Some(rtt) if mean.samples() >= ENOUGH_SAMPLES => rtt,
            _ => self.delay.smoothed()?,
        };
        let is_long = self.delay.queue(rtt) >= self.delay.allowed(&self.config);
        is_long.then_some((self.delay.needed(&self.config)?.min(rtt), rtt))
    }

    /// Losses of packets that were sent before say nothing new.
    pub(crate) fn reacted(&mut self, now: Moment) {
        self.recovery.since = Some(now);
        self.recovery.restore = None;
        self.recovery.undo = None;
    }

    /// The window of before a probe is back: that answers all losses of packets sent until now, and none of them restores the
    /// probe's window.
    pub(crate) fn answered(&mut self, now: Moment) {
        self.recovery.since = Some(now);
        self.recovery.restore = None;
    }

    fn reduce(&mut self, to: u64) {
        let slow_start = matches!(self.phase, Phase::SlowStart { .. }).then_some(self.phase);
        self.recovery.undo = Some(Undo {
            window: self.window(),
            threshold: self.threshold,
            slow_start,
        });
        self.recovery.restore = None;
        self.set_window(to);
        self.threshold = self.window();
        if !matches!(self.phase, Phase::Compete { .. }) {
            self.enter_cruise();
        }
    }

    /// RFC 9002 §7.6.2.
    fn start_over(&mut self, now: Moment) {
        self.recovery = Recovery {
            since: Some(now),
            undo: Some(Undo {
                window: self.window(),
                threshold: self.threshold,
                slow_start: None,
            }),
            ..Recovery::default()
        };
        self.threshold = (self.window() / 2).max(2 * self.packet);
        self.set_window(0);
        self.phase = Phase::slow_start();
        self.round = Round::starting(now);
        self.glimpse = Round::starting(now);
    }

    /// Whether a loss was found since a moment.
    pub(crate) fn has_lost_since(&self, moment: Moment) -> bool {
        self.recovery.since.is_some_and(|since| since >= moment)
    }

    /// U11.
    pub(crate) fn fast_recovery(&mut self) {
        let Some(window) = self.recovery.restore else {
            return;
        };
        self.recovery.acks_in_a_row = self.recovery.acks_in_a_row.saturating_add(1);
        if self.recovery.acks_in_a_row >= RESTORING_ACKS {
            self.set_window(self.window().max(window));
            self.recovery.restore = None;
        }
    }
}
