//! A link simulator for congestion controllers.
//!
//! It drives the QUIC library's own connections, whose state machines take time and datagrams from outside, over a
//! simulated bottleneck: real packets, real acknowledgements, real loss detection, real encryption, simulated time. A run is
//! a function of its scenario and its seed, and takes about a second of processor time for half a minute.
//!
//! ```text
//!  sender --> [ queue | rate ] --> loss --> delay, jitter --> receiver
//!     ^                                                          |
//!     +--------------------- delay, loss <-----------------------+
//! ```
//!
//! | module | holds |
//! | --- | --- |
//! | [`link`] | the bottleneck and the way back |
//! | [`peer`] | one end of a connection, with an application that sends or receives without end |
//! | [`simulation`] | the events in their order |
//! | [`trace`] | what is written down on the way |
//! | [`measure`] | figures from a trace |
//! | [`scenario`] | the links of the design's table, and what must hold on them |
//! | [`contender`] | the controllers that are compared |
//! | [`report`], [`plot`] | table, JSON and pictures |

pub mod contender;
pub mod link;
pub mod measure;
pub mod peer;
pub mod plot;
pub mod report;
pub mod scenario;
pub mod simulation;
pub mod trace;

use std::time::Duration;

/// Why a simulation cannot go on. None of these is a property of a link: a run that ends so is a fault of the
/// simulator or of the library.
#[derive(Debug, thiserror::Error)]
pub enum SimulationError {
    /// The certificate of the simulated server cannot be made.
    #[error("the server's certificate: {0}; the cryptographic library refuses its own keys")]
    Certificate(#[from] rcgen::Error),
    /// The TLS settings are refused.
    #[error("TLS settings: {0}")]
    Tls(#[from] noq_proto::rustls::Error),
    /// The client's verifier cannot be made.
    #[error("the client's verifier: {0}")]
    Verifier(String),
    /// The connection cannot begin.
    #[error("connecting: {0}")]
    Connect(#[from] noq_proto::ConnectError),
    /// A connection ended although nobody closed it.
    #[error(
        "flow {flow} ended after {after:?}: {reason}; a link that loses everything for 30 s does that"
    )]
    Ended {
        /// Number of the flow.
        flow: usize,
        /// Simulated time.
        after: Duration,
        /// The library's reason.
        reason: String,
    },
}
