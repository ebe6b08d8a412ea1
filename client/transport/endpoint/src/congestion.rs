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
            Self::Udx => Arc::new(Udx::with(Config {
                initial_packets: packets,
                minimum_packets: packets,
                ..Config::default()
            })),
            Self::Cubic => Arc::new(Cubic::default()),
        }
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
