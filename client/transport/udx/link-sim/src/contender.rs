//! The controllers that are compared.

use std::{fmt, sync::Arc};

use noq_proto::congestion::{Bbr3Config, ControllerFactory, CubicConfig, NewRenoConfig};
use serde::Serialize;

/// A controller: this project's, or one of the library's with its defaults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Contender {
    /// This project's.
    Udx,
    /// CUBIC, RFC 9438.
    Cubic,
    /// BBR, third version.
    Bbr,
    /// NewReno, RFC 9002.
    NewReno,
}

impl Contender {
    /// All, ours first.
    pub const ALL: [Self; 4] = [Self::Udx, Self::Cubic, Self::Bbr, Self::NewReno];

    /// What makes its controllers.
    pub fn factory(self) -> Arc<dyn ControllerFactory + Send + Sync> {
        match self {
            Self::Udx => Arc::new(parlance_udx::noq::Udx::default()),
            Self::Cubic => Arc::new(CubicConfig::default()),
            Self::Bbr => Arc::new(Bbr3Config::default()),
            Self::NewReno => Arc::new(NewRenoConfig::default()),
        }
    }
}

impl fmt::Display for Contender {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Udx => "UDX",
            Self::Cubic => "CUBIC",
            Self::Bbr => "BBRv3",
            Self::NewReno => "NewReno",
        })
    }
}
