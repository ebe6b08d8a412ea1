//! Any events in any order: the window stays within its bounds, and nothing overflows.
#![no_main]
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use parlance_udx::{Acked, Config, Controller, LossEvent, LossKind, Moment};

fuzz_target!(|data: &[u8]| {
    let config = Config::default();
    let most = config.maximum_window;
    let mut packet = 1200u16;
    let mut controller = Controller::new(config, packet, Moment::default());
    let mut now = Duration::ZERO;
    // An event is a kind and two numbers, the first in microseconds, the second in bytes.
    for event in data.chunks_exact(7) {
        let time = u32::from_le_bytes([event[1], event[2], event[3], event[4]]);
        let time = Duration::from_micros(time.into());
        let bytes = u16::from_le_bytes([event[5], event[6]]);
        let moment = Moment::after_start(now);
        let sent = Moment::after_start(now.saturating_sub(time));
        match event[0] % 9 {
            0..=2 => controller.on_acked(Acked {
                now: moment,
                sent,
                bytes: bytes.into(),
                app_limited: event[0] > 200,
            }),
            3 => controller.on_acks_done(moment),
            4 => controller.on_lost(),
            5 => controller.on_loss_event(LossEvent {
                now: moment,
                sent,
                kind: match bytes % 8 {
                    0 => LossKind::Persistent,
                    1 => LossKind::Marked,
                    _ => LossKind::Lost,
                },
            }),
            6 => controller.on_spurious_loss(),
            7 => {
                controller.on_packet_size(bytes);
                packet = bytes;
            }
            _ => now = now.saturating_add(time),
        }
        let window = controller.window();
        assert!(window >= 2 * u64::from(packet.max(1)) && window <= most);
        let _ = controller.pacing_rate();
    }
});
