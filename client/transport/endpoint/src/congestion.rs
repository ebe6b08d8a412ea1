//! Which congestion controller the paths of an endpoint get (C2).

use iroh::endpoint::{Controller, ControllerFactory};
use parlance_udx::{
    Config,
    noq::{Cubic, Udx, UdxController},
};
use std::{fmt, str::FromStr, sync::Arc};

/// A congestion controller.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Congestion {
    /// UDX, with its default constants.
    #[default]
    Udx,
    /// CUBIC, RFC 9438: for comparisons, and where a network is known to treat UDX badly.
    Cubic,
}

impl Congestion {
    /// Makes the controllers; those of UDX let so many `packets` be on their way at the start, and whatever they see.
    pub(crate) fn factory(self, packets: u32) -> Arc<dyn ControllerFactory + Send + Sync> {
        match self {
            Self::Udx => Arc::new(Udx::with(udx(packets))),
            Self::Cubic => Arc::new(Cubic::default()),
        }
    }
}

/// UDX that lets so many packets be on their way at the start, and whatever it sees.
fn udx(packets: u32) -> Config {
    Config {
        initial_packets: packets,
        minimum_packets: packets,
        ..Config::default()
    }
}

impl fmt::Display for Congestion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Udx => "udx",
            Self::Cubic => "cubic",
        })
    }
}

/// A name that no controller has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{name}\" is no congestion controller: take \"udx\" or \"cubic\"")]
pub struct NoSuchController {
    /// The name.
    pub name: String,
}

impl FromStr for Congestion {
    type Err = NoSuchController;

    fn from_str(name: &str) -> Result<Self, NoSuchController> {
        match name {
            "udx" => Ok(Self::Udx),
            "cubic" => Ok(Self::Cubic),
            _ => Err(NoSuchController { name: name.into() }),
        }
    }
}

/// A controller as it stands.
#[derive(Debug)]
pub struct State(pub(crate) Box<dyn Controller>);

impl State {
    /// Bytes that may be on their way.
    pub fn window(&self) -> u64 {
        self.0.window()
    }

    /// Bytes that could be on their way at the start.
    pub fn initial_window(&self) -> u64 {
        self.0.initial_window()
    }

    /// UDX's own view, if it is UDX.
    pub fn udx(self) -> Option<UdxController> {
        let controller = self.0.into_any().downcast::<UdxController>();
        controller.ok().map(|it| *it)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlance_udx::{Acked, Controller, Moment};
    use std::time::Duration;

    const PACKET: u16 = 1_200;
    const RTT: Duration = Duration::from_micros(300);

    /// UDX with an endpoint's constants, in a time that passes by the packets that arrive.
    struct Path {
        udx: Controller,
        now: Duration,
    }

    impl Path {
        fn new(packets: u32) -> Self {
            Self {
                udx: Controller::new(udx(packets), PACKET, Moment::default()),
                now: RTT,
            }
        }

        /// A window of packets arrives, each of which took so long.
        fn round(&mut self, mut took: impl FnMut() -> Duration) -> u64 {
            let packets = self.udx.window() / u64::from(PACKET);
            for _ in 0..packets {
                let took = took();
                self.now += RTT / u32::try_from(packets).unwrap();
                let now = Moment::after_start(self.now);
                self.udx.on_acked(Acked {
                    now,
                    sent: Moment::after_start(self.now.saturating_sub(took)),
                    bytes: PACKET.into(),
                    app_limited: false,
                });
                self.udx.on_acks_done(now);
            }
            packets * u64::from(PACKET)
        }

        fn carry(&mut self, bytes: u64, mut took: impl FnMut() -> Duration) {
            let mut left = bytes;
            while left > 0 {
                left = left.saturating_sub(self.round(&mut took));
            }
        }
    }

    /// On a path without a queue the window grows, however many packets it began with.
    #[test]
    fn udx_of_an_endpoint_opens_its_window() {
        for packets in [10, 64] {
            let mut path = Path::new(packets);
            let first = u64::from(packets) * u64::from(PACKET);
            assert_eq!(path.udx.initial_window(), first);
            path.carry(8 << 20, || RTT);
            assert!(path.udx.window() > 4 * first, "{}", path.udx.window());
            assert_eq!(path.udx.base_rtt(), Some(RTT));
        }
    }

    /// A machine without time for its peers looks like a queue a hundred times as long as the path. The window gives way, but never
    /// below what every path has to take, and opens again when there is time.
    #[test]
    fn a_busy_machine_leaves_the_least_window_and_an_idle_one_opens_it() {
        for packets in [10, 64] {
            let least = u64::from(packets) * u64::from(PACKET);
            let mut path = Path::new(packets);
            path.carry(1 << 20, || RTT);
            // A linear congruential generator (Knuth, MMIX).
            let mut state: u64 = 7;
            let mut busy = || {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                RTT * u32::try_from(1 + (state >> 33) % 100).unwrap()
            };
            for _ in 0..400 {
                path.round(&mut busy);
                assert!(path.udx.window() >= least, "{}", path.udx.window());
            }
            let narrow = path.udx.window();
            path.carry(64 << 20, || RTT);
            assert!(path.udx.window() > narrow.max(2 * least));
        }
    }

    #[test]
    fn controllers_are_chosen_by_name() {
        for controller in [Congestion::Udx, Congestion::Cubic] {
            assert_eq!(controller.to_string().parse(), Ok(controller));
        }
        assert_eq!(Congestion::default(), Congestion::Udx);
        let name = "reno".to_owned();
        assert_eq!("reno".parse::<Congestion>(), Err(NoSuchController { name }));
    }
}
