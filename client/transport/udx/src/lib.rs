//! UDX, the congestion controller of Parlance: close to the bottleneck's rate on lossy, long and unstable paths, where
//! a loss is not always congestion, without standing queues.
//!
//! The crate is a pure engine: no clock, no socket, no randomness. The caller says what was acknowledged and what was
//! lost, and when; it reads the window and the pacing rate. Behind the feature `noq` the module `noq` puts it behind the
//! QUIC library's trait.
//!
//! # Rules
//!
//! `docs/udx.md` is the specification, with the figures of the simulator. In short, with `wnd` the window, `rtt` the
//! mean round trip of a round, `base` the round trip without a queue, `bw` the measured delivery rate:
//!
//! | | rule | where |
//! | --- | --- | --- |
//! | U1 | slow start: `wnd += acked` | [`Controller::on_acked`] |
//! | U2 | early exit from slow start: the arrival rate of acknowledgements falls short of doubling by more than K and a queue is seen, the queue exceeds what is allowed, or the rate no longer grows | `phase` |
//! | U3 | queue: `rtt - base`, allowed up to `0.35 * base` and the path's noise; `base` is the lowest smoothed round trip of ten seconds | `delay` |
//! | U4 | avoidance: one packet per window acknowledged, while the queue is allowed | [`Controller::on_acked`] |
//! | U5 | congestion ahead: the queue exceeds what is allowed, and `wnd` falls to 0.95 of the measured flow, `bw` times `base` and what noise needs | `phase` |
//! | U6 | flow check: two rounds with `bw` below `wnd / rtt` by more than 20 % correct `wnd` to `bw * base` | `phase` |
//! | U7 | saturation: `wnd` and pacing are raised by 1.25 for two rounds; did the rate grow by more than 5 %, they stay and are raised again, else they fall back, the queue drains, and what the probe lost is answered | `phase` |
//! | U8 | search for the base: five rounds with 0.75 of the window when the queue has not been empty for 5 s | `phase` |
//! | U9 | competition: three cuts in a row without effect on the queue mean that somebody else fills it; until it empties only losses count | `phase` |
//! | U10 | loss: with a queue or an overload `wnd *= a`, without `wnd -= 1 packet`; `a` follows from the loss rate of every 100 acknowledgements | `recovery` |
//! | U11 | fast recovery: two acknowledgements in a row after a loss without congestion restore the window | `recovery` |
//! | U12 | a loss that turns out to be none is undone | `recovery` |

mod amount;
mod config;
mod controller;
mod delay;
mod loss;
#[cfg(feature = "noq")]
pub mod noq;
mod phase;
mod recovery;
mod round;

pub use amount::{Moment, PerMille, Rate};
pub use config::Config;
pub use controller::{Acked, Controller, LossEvent, LossKind};
pub use phase::PhaseName;
