//! Networks of relays as they run, and what becomes of them: for tests and benchmarks.
//!
//! | module | what |
//! | --- | --- |
//! | [`device`] | devices whose keys follow from their accounts, and what they send |
//! | [`plan`] | the files of a static network |
//! | [`network`] | its relays as processes: killed, stopped, started again |
//! | [`sender`], [`receiver`] | clients that get on when relays are silent (rules R2 and R3 of `sdk/messenger`) |
//!
//! Nothing here belongs to the product: keys are made of numbers that everybody knows.

#![forbid(unsafe_code)]

pub mod device;
pub mod network;
pub mod plan;
pub mod receiver;
pub mod sender;

pub use device::{Device, GENESIS};
pub use network::{Network, NetworkError};
pub use plan::{Plan, PlanError, free_ports};
pub use receiver::{Event, Receiver};
pub use sender::{Patience, SendError, Sender, Sent};
