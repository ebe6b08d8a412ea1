//! The rules one by one, over a path of which only the arrivals are given: no queue model, no library.

use std::time::Duration;

use parlance_udx::{Acked, Config, Controller, LossEvent, LossKind, Moment, PhaseName};

const PACKET: u64 = 1200;
const RTT: Duration = Duration::from_millis(40);

struct Path {
    controller: Controller,
    now: Duration,
}

impl Path {
    fn new() -> Self {
        let controller = Controller::new(Config::default(), PACKET as u16, Moment::default());
        let now = RTT;
        Self { controller, now }
    }

    fn moment(&self) -> Moment {
        Moment::after_start(self.now)
    }

    /// One packet is acknowledged that took so long.
    fn ack(&mut self, took: Duration) {
        self.controller.on_acked(Acked {
            now: self.moment(),
            sent: Moment::after_start(self.now.saturating_sub(took)),
            bytes: PACKET,
            app_limited: false,
        });
        self.controller.on_acks_done(self.moment());
    }

    /// So many packets arrive evenly over a round trip, each having taken so long.
    fn round(&mut self, packets: u32, took: Duration) {
        for _ in 0..packets {
            self.now += took / packets;
            self.ack(took);
        }
    }

    /// A round in which the whole window arrives.
    fn full_round(&mut self, took: Duration) {
        self.round((self.controller.window() / PACKET) as u32, took);
    }

    /// A path of 100 packets per round trip, found by slow start.
    fn cruising() -> Self {
        let mut path = Self::new();
        for _ in 0..60 {
            let packets = (path.controller.window() / PACKET) as u32;
            path.round(packets, RTT * packets.max(100) / 100);
            if path.controller.phase() == PhaseName::Cruise {
                break;
            }
        }
        assert_eq!(path.controller.phase(), PhaseName::Cruise);
        path
    }

    fn lose(&mut self, kind: LossKind) {
        self.controller.on_lost();
        let now = self.moment();
        self.controller.on_loss_event(LossEvent {
            now,
            sent: now,
            kind,
        });
    }
}

#[test]
fn the_first_window_is_ten_packets() {
    let path = Path::new();
    assert_eq!(path.controller.window(), 10 * PACKET);
    assert_eq!(path.controller.initial_window(), 10 * PACKET);
    assert_eq!(path.controller.pacing_rate(), None);
}

#[test]
fn u1_slow_start_doubles_the_window_in_a_round() {
    let mut path = Path::new();
    path.full_round(RTT);
    assert_eq!(path.controller.window(), 20 * PACKET);
    path.full_round(RTT);
    assert_eq!(path.controller.window(), 40 * PACKET);
    assert_eq!(path.controller.phase(), PhaseName::SlowStart);
}

#[test]
fn u2_slow_start_ends_at_the_paths_rate_before_a_loss() {
    let path = Path::cruising();
    let threshold = path.controller.slow_start_threshold();
    assert!(
        threshold.is_some_and(|threshold| threshold <= 400 * PACKET),
        "{threshold:?}"
    );
    let packets = path.controller.window() / PACKET;
    assert!(
        (80..=130).contains(&packets),
        "{packets} packets for a path of 100"
    );
    assert_eq!(path.controller.base_rtt(), Some(RTT));
}

#[test]
fn u2_jitter_does_not_end_slow_start() {
    let mut path = Path::new();
    for took in [30, 50, 45, 25, 55, 35] {
        path.full_round(Duration::from_millis(took));
    }
    assert_eq!(path.controller.phase(), PhaseName::SlowStart);
    assert_eq!(path.controller.window(), 640 * PACKET);
}

#[test]
fn u5_a_queue_that_is_too_long_is_let_drain() {
    let mut path = Path::cruising();
    path.full_round(RTT);
    let before = path.controller.window();
    // Two rounds end the probe that is under way.
    for _ in 0..4 {
        path.full_round(RTT * 2);
    }
    let after = path.controller.window();
    assert!(after <= before * 3 / 4, "{after} of {before}");
    assert!(after >= before / 4, "{after} of {before}");
}

#[test]
fn u5_what_a_noisy_path_needs_is_no_queue() {
    let share_left = |means: [u32; 6]| {
        let mut path = Path::cruising();
        for mean in means.into_iter().cycle().take(60) {
            let packets = (path.controller.window() / PACKET) as u32;
            path.full_round(RTT * mean / 40 * packets.max(130) / 130);
        }
        let before = path.controller.window();
        for _ in 0..3 {
            path.full_round(RTT * 3);
        }
        path.controller.window() * 100 / before
    };
    let (steady, noisy) = (share_left([40; 6]), share_left([30, 50, 40, 50, 30, 40]));
    assert!(steady < 50, "{steady} %");
    assert!(noisy >= steady + 10, "{noisy} % beside {steady} %");
}

#[test]
fn u7_what_a_probe_loses_is_answered_by_its_end() {
    let mut path = Path::cruising();
    let mut before = path.controller.window();
    for _ in 0..8 {
        if path.controller.phase() == PhaseName::Probe {
            break;
        }
        before = path.controller.window();
        path.full_round(RTT);
    }
    assert_eq!(path.controller.phase(), PhaseName::Probe);
    let mut sent = path.moment();
    while path.controller.phase() == PhaseName::Probe {
        sent = path.moment();
        path.now += RTT / 50;
        path.ack(RTT * 2);
    }
    assert_eq!(path.controller.window(), before);
    path.controller.on_lost();
    let now = path.moment();
    path.controller.on_loss_event(LossEvent {
        now,
        sent,
        kind: LossKind::Lost,
    });
    assert_eq!(path.controller.window(), before);
}

#[test]
fn u9_a_queue_that_no_cut_makes_shorter_is_somebody_elses() {
    let mut path = Path::cruising();
    path.full_round(RTT);
    let before = path.controller.window();
    for _ in 0..20 {
        path.full_round(RTT * 2);
        if path.controller.phase() == PhaseName::Compete {
            break;
        }
    }
    assert_eq!(path.controller.phase(), PhaseName::Compete);
    assert!(
        path.controller.window() >= before,
        "what was given up comes back"
    );
    // From now on a loss costs what it costs in Reno, and the queue's end is noticed.
    let window = path.controller.window();
    path.lose(LossKind::Lost);
    assert_eq!(path.controller.window(), window / 2);
    for _ in 0..3 {
        path.full_round(RTT);
    }
    assert_ne!(path.controller.phase(), PhaseName::Compete);
}

#[test]
fn u10_u11_a_loss_without_a_queue_costs_a_packet_for_two_acknowledgements() {
    let mut path = Path::cruising();
    path.full_round(RTT);
    let before = path.controller.window();
    path.lose(LossKind::Lost);
    assert_eq!(path.controller.window(), before - PACKET);
    path.ack(RTT);
    assert_eq!(path.controller.window(), before - PACKET);
    path.ack(RTT);
    assert!(path.controller.window() >= before);
}

#[test]
fn u10_a_mark_halves_the_window() {
    let mut path = Path::cruising();
    let before = path.controller.window();
    path.lose(LossKind::Marked);
    assert_eq!(path.controller.window(), before / 2);
}

#[test]
fn u10_losses_of_packets_sent_before_the_reaction_are_the_same_event() {
    let mut path = Path::cruising();
    path.lose(LossKind::Marked);
    let after = path.controller.window();
    let sent = Moment::after_start(path.now - RTT / 2);
    let now = path.moment();
    path.controller.on_loss_event(LossEvent {
        now,
        sent,
        kind: LossKind::Marked,
    });
    assert_eq!(path.controller.window(), after);
}

#[test]
fn u12_a_loss_that_was_none_is_undone() {
    let mut path = Path::cruising();
    let before = path.controller.window();
    path.lose(LossKind::Marked);
    assert!(path.controller.window() < before);
    path.controller.on_spurious_loss();
    assert_eq!(path.controller.window(), before);
    // Only once.
    path.controller.on_spurious_loss();
    assert_eq!(path.controller.window(), before);
}

#[test]
fn a_path_that_lost_everything_is_begun_anew_with_two_packets() {
    let mut path = Path::cruising();
    path.lose(LossKind::Persistent);
    assert_eq!(path.controller.window(), 2 * PACKET);
    assert_eq!(path.controller.phase(), PhaseName::SlowStart);
    path.full_round(RTT);
    assert_eq!(path.controller.window(), 4 * PACKET);
}
