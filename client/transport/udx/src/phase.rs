//! What the controller does from round to round: rules U2 and U5 to U9.

use core::time::Duration;

use crate::{
    amount::{Moment, PerMille, Rate, in_proportion},
    controller::Controller,
    delay::Course,
    round::{Measured, Round},
};

/// The phase, with what only it needs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Phase {
    /// U1: the window doubles in a round.
    SlowStart {
        /// The highest rate so far, and the rounds since it last grew.
        best: Rate,
        flat_rounds: u32,
    },
    /// U4: slow growth beside a short queue.
    Cruise,
    /// U7: is there more?
    Probe {
        begun: Moment,
        rate_before: Rate,
        window_before: u64,
        rounds_left: u32,
    },
    /// U8: what is the round trip without a queue?
    SearchBase {
        window_before: u64,
        rounds_left: u32,
    },
    /// U9: somebody else fills the queue.
    Compete { since: Moment },
}

/// The phase alone, for logs and plots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhaseName {
    /// The window doubles in a round.
    SlowStart,
    /// Slow growth beside a short queue.
    Cruise,
    /// The window is raised to see whether the path has more.
    Probe,
    /// The window is lowered to see the round trip without a queue.
    SearchBase,
    /// Somebody else fills the queue, so that only losses count.
    Compete,
}

/// A probe's effect is seen one round after the packets were sent.
const PROBE_ROUNDS: u32 = 2;

impl Phase {
    pub(crate) fn slow_start() -> Self {
        Self::SlowStart {
            best: Rate::default(),
            flat_rounds: 0,
        }
    }

    pub(crate) fn name(&self) -> PhaseName {
        match self {
            Self::SlowStart { .. } => PhaseName::SlowStart,
            Self::Cruise => PhaseName::Cruise,
            Self::Probe { .. } => PhaseName::Probe,
            Self::SearchBase { .. } => PhaseName::SearchBase,
            Self::Compete { .. } => PhaseName::Compete,
        }
    }
}

impl Controller {
    /// A round is over.
    pub(crate) fn on_round(&mut self, now: Moment, measured: Measured) {
        let course = match self.phase {
            Phase::SlowStart { .. } => Course::Starting,
            Phase::Cruise if self.settling == 0 => Course::Steady,
            Phase::Compete { .. } => Course::Steady,
            Phase::Cruise | Phase::Probe { .. } | Phase::SearchBase { .. } => Course::Moved,
        };
        self.delay.on_round(now, measured.rtt, course, &self.config);
        if core::mem::take(&mut self.drains) {
            self.delay.smooth_anew();
        }
        if measured.app_limited {
            return;
        }
        match self.phase {
            Phase::SlowStart { best, flat_rounds } => {
                self.slow_start(now, measured, best, flat_rounds);
            }
            Phase::Cruise => self.cruise(now, measured),
            Phase::Probe { .. } => self.probe(now, measured),
            Phase::SearchBase {
                window_before,
                rounds_left,
            } => self.search_base(now, window_before, rounds_left),
            Phase::Compete { since } => self.compete(now, measured, since),
        }
        self.delay.round_judged(measured.rtt);
        self.rates = [self.rates[1], measured.rate];
    }

    /// U2, at the end of a round.
    fn slow_start(&mut self, now: Moment, measured: Measured, best: Rate, flat_rounds: u32) {
        let queue = self.delay.queue(measured.rtt);
        let least = self.config.saturated_growth.more().of_rate(best);
        let flat_rounds = if measured.rate > least {
            0
        } else {
            flat_rounds.saturating_add(1)
        };
        let best = best.max(measured.rate);
        self.phase = Phase::SlowStart { best, flat_rounds };
        let doubled = PerMille::new(2000).of_rate(self.rates[1]);
        let short = measured.rate < self.config.early_exit_shortfall.rest().of_rate(doubled);
        let visible = self.visible_queue() + self.delay.noise_at_start(&self.config);
        if (short && queue >= visible)
            || queue > self.delay.allowed_at_start(&self.config)
            || flat_rounds >= self.config.saturated_rounds
        {
            self.leave_slow_start(now, best);
        }
    }

    /// U2, within a round: a window that doubles in a round overshoots far until the round's end.
    pub(crate) fn glimpse_in_slow_start(&mut self, now: Moment, glimpse: Round) {
        let (Phase::SlowStart { best, .. }, Some(mean)) = (self.phase, glimpse.rtt().value())
        else {
            return;
        };
        if self.delay.queue(mean) > self.delay.allowed_at_start(&self.config) {
            // The round's rate is a mean over its growth; the last packets show the path's, unless they came in a heap.
            let rate = glimpse.rate(now).unwrap_or_default();
            self.leave_slow_start(now, best.max(rate.min(PerMille::new(2000).of_rate(best))));
        }
    }

    fn quiet_queue(&self) -> Duration {
        self.config
            .quiet_queue
            .of_time(self.delay.allowed(&self.config))
    }

    fn visible_queue(&self) -> Duration {
        self.config
            .visible_queue
            .of_time(self.delay.base().unwrap_or_default())
    }

    fn leave_slow_start(&mut self, now: Moment, best: Rate) {
        self.threshold = self.window();
        self.reacted(now);
        // A flow that begins beside others has never seen the queue empty.
        self.set_window(self.window().min(self.flow(best)));
        self.start_search();
    }

    /// The window that the measured flow needs: `bw * base`, and more where the round trip strays.
    pub(crate) fn flow(&self, rate: Rate) -> u64 {
        let needed = self.delay.needed(&self.config);
        needed.map_or(u64::MAX, |needed| rate.during(needed))
    }

    /// Begins or resumes avoidance; what is in flight stems from before.
    pub(crate) fn enter_cruise(&mut self) {
        self.phase = Phase::Cruise;
        self.settle();
    }

    fn settle(&mut self) {
        self.settling = 1;
        self.may_grow = false;
        self.short_rounds = 0;
    }

    fn cruise(&mut self, now: Moment, measured: Measured) {
        if self.settling > 0 {
            self.settling -= 1;
            return;
        }
        let queue = self.delay.queue(self.delay.standing(measured.rtt));
        let allowed = self.delay.allowed(&self.config);
        self.may_grow = queue <= allowed;
        if !self.may_grow {
            self.congestion_ahead(now, measured);
            return;
        }
        if queue < self.quiet_queue() {
            self.futile = 0;
        }
        if self.flow_falls_short(measured) {
            self.set_window(
                self.window()
                    .min(self.flow(measured.rate.max(self.rates[1]))),
            );
            self.settle();
        } else if self.delay.since_base(now) >= self.config.base_search_interval {
            self.start_search();
        } else if self.probe_pause > 0 {
            self.probe_pause -= 1;
        } else if queue < self.visible_queue() + self.delay.noise() {
            self.start_probe(now, measured.rate.middle(self.rates[1]));
        }
    }

    /// U5.
    fn congestion_ahead(&mut self, now: Moment, measured: Measured) {
        if self.futile == 0 {
            self.window_before_cuts = self.window();
        }
        self.futile = self.futile.saturating_add(1);
        if self.futile > self.config.futile_cuts {
            self.futile = 0;
            self.set_window(self.window().max(self.window_before_cuts));
            self.phase = Phase::Compete { since: now };
            return;
        }
        let rtt = self.delay.middle(measured.rtt);
        let needed = self.delay.needed(&self.config).unwrap_or(rtt);
        let without_queue = in_proportion(self.window(), needed.min(rtt), rtt);
        let flow = self.flow(measured.rate.max(self.rates[1]));
        self.set_window(self.config.drained_share.of(without_queue.min(flow)));
        self.round = Round::starting(now);
        self.drains = true;
        self.reacted(now);
        self.settle();
    }

    /// U6.
    fn flow_falls_short(&mut self, measured: Measured) -> bool {
        let implied = Rate::over(self.window(), measured.rtt).unwrap_or_default();
        let least = self.config.flow_shortfall.rest().of_rate(implied);
        self.short_rounds = if measured.rate < least {
            self.short_rounds.saturating_add(1)
        } else {
            0
        };
        self.short_rounds >= self.config.flow_rounds
    }

    /// U7.
    fn start_probe(&mut self, now: Moment, rate_before: Rate) {
        self.phase = Phase::Probe {
            begun: now,
            rate_before,
            window_before: self.window(),
            rounds_left: PROBE_ROUNDS,
        };
        self.set_window(self.config.probe_gain.of(self.window()));
    }

    fn probe(&mut self, now: Moment, measured: Measured) {
        let Phase::Probe {
            begun,
            rate_before,
            window_before,
            rounds_left,
        } = self.phase
        else {
            return;
        };
        let queue = self.delay.queue(self.delay.standing(measured.rtt));
        let is_full = queue > self.delay.allowed(&self.config);
        if rounds_left > 1 && !is_full {
            self.phase = Phase::Probe {
                begun,
                rate_before,
                window_before,
                rounds_left: rounds_left - 1,
            };
            return;
        }
        let least = self.config.saturated_growth.more().of_rate(rate_before);
        let fits = queue < self.visible_queue() + self.delay.noise();
        if fits && measured.rate > least {
            self.start_probe(now, measured.rate);
            return;
        }
        let is_unused = fits && !self.has_lost_since(begun);
        self.probe_pause = if is_unused {
            self.config.short_probe_pause_rounds
        } else {
            self.config.probe_pause_rounds
        };
        self.set_window(window_before);
        self.answered(now);
        self.enter_cruise();
    }

    /// U8.
    fn start_search(&mut self) {
        self.phase = Phase::SearchBase {
            window_before: self.window(),
            rounds_left: self.config.base_search_rounds,
        };
        self.set_window(self.config.base_search_share.of(self.window()));
        self.drains = true;
    }

    fn search_base(&mut self, now: Moment, window_before: u64, rounds_left: u32) {
        if rounds_left > 1 {
            self.phase = Phase::SearchBase {
                window_before,
                rounds_left: rounds_left - 1,
            };
            return;
        }
        self.delay.searched(now);
        self.set_window(window_before);
        self.enter_cruise();
    }

    /// U9.
    fn compete(&mut self, now: Moment, measured: Measured, since: Moment) {
        if now.since(since) < self.config.base_hold {
            self.delay.hold_base(now, &self.config);
        }
        if self.delay.queue(measured.rtt) < self.quiet_queue() {
            self.enter_cruise();
        }
    }
}
