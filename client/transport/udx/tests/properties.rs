//! What holds whatever happens, in any order: the window's bounds, no overflow, no dependence on anything but the events.

use std::time::Duration;

use parlance_udx::{Acked, Config, Controller, LossEvent, LossKind, Moment};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    Acked {
        sent: u64,
        bytes: u64,
        app_limited: bool,
    },
    AcksDone,
    Lost,
    Losses {
        sent: u64,
        kind: LossKind,
    },
    Spurious,
    PacketSize(u16),
    /// Time passes, or runs backwards to any moment.
    Time(u64),
}

/// Usual times and sizes most of the time, any that 64 bits hold now and then.
fn number(usual: u64) -> impl Strategy<Value = u64> {
    prop_oneof![9 => 0..usual, 1 => any::<u64>()]
}

fn event() -> impl Strategy<Value = Step> {
    let kind = prop_oneof![
        4 => Just(LossKind::Lost),
        1 => Just(LossKind::Marked),
        1 => Just(LossKind::Persistent),
    ];
    prop_oneof![
        8 => (number(10_000_000_000), number(3_000), any::<bool>())
            .prop_map(|(sent, bytes, app_limited)| Step::Acked { sent, bytes, app_limited }),
        4 => Just(Step::AcksDone),
        2 => Just(Step::Lost),
        1 => (number(10_000_000_000), kind).prop_map(|(sent, kind)| Step::Losses { sent, kind }),
        1 => Just(Step::Spurious),
        1 => any::<u16>().prop_map(Step::PacketSize),
        8 => number(10_000_000_000).prop_map(Step::Time),
    ]
}

fn at(nanoseconds: u64) -> Moment {
    Moment::after_start(Duration::from_nanos(nanoseconds))
}

/// Applies the events and checks the window after each. Returns every window and pacing rate.
fn play(events: &[Step], packet: u16) -> Vec<(u64, Option<u64>)> {
    let config = Config::default();
    let most = config.maximum_window;
    let mut controller = Controller::new(config, packet, at(0));
    let (mut now, mut packet) = (at(0), u64::from(packet).max(1));
    let mut answers = Vec::new();
    for event in events {
        match event.clone() {
            Step::Acked {
                sent,
                bytes,
                app_limited,
            } => {
                let sent = at(sent);
                controller.on_acked(Acked {
                    now,
                    sent,
                    bytes,
                    app_limited,
                });
            }
            Step::AcksDone => controller.on_acks_done(now),
            Step::Lost => controller.on_lost(),
            Step::Losses { sent, kind } => {
                let sent = at(sent);
                controller.on_loss_event(LossEvent { now, sent, kind });
            }
            Step::Spurious => controller.on_spurious_loss(),
            Step::PacketSize(bytes) => {
                controller.on_packet_size(bytes);
                packet = u64::from(bytes).max(1);
            }
            Step::Time(to) => now = at(to),
        }
        assert!(
            controller.window() >= 2 * packet,
            "{} after {event:?}",
            controller.window()
        );
        assert!(
            controller.window() <= most,
            "{} after {event:?}",
            controller.window()
        );
        let rate = controller.pacing_rate().map(|rate| rate.bytes_per_second());
        answers.push((controller.window(), rate));
    }
    answers
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_window_stays_within_its_bounds_whatever_happens(
        events in prop::collection::vec(event(), 0..400),
        packet in any::<u16>(),
    ) {
        play(&events, packet);
    }

    #[test]
    fn the_same_events_give_the_same_answers(
        events in prop::collection::vec(event(), 0..100),
    ) {
        prop_assert_eq!(play(&events, 1452), play(&events, 1452));
    }

    #[test]
    fn what_the_application_did_not_use_does_not_grow_the_window(
        sizes in prop::collection::vec(1u64..1500, 1..300),
    ) {
        let mut controller = Controller::new(Config::default(), 1200, at(0));
        let before = controller.window();
        for (number, bytes) in sizes.into_iter().enumerate() {
            let sent = at(number as u64 * 1_000_000);
            let now = at(number as u64 * 1_000_000 + 40_000_000);
            controller.on_acked(Acked { now, sent, bytes, app_limited: true });
            controller.on_acks_done(now);
        }
        prop_assert_eq!(controller.window(), before);
    }
}
