//! What a relay of Parlance does, without IO.
//!
//! [`Relay`] takes what happens ([`Input`]) and says what is to be done ([`Effect`]); what must survive it puts into batches
//! for a [`Storage`]. It has no clock, no socket, no thread and no randomness: the host reads the clocks, keeps the
//! connections (with the state machines of [`parlance_bimp`]), checks signatures and tickets, reads the chain, and writes
//! the batches. So a whole network of relays runs in one test, with its losses, crashes and full disks, from one seed.
//!
//! The module documents are the specification, rule by rule.
//!
//! | module | rules | what |
//! | --- | --- | --- |
//! | [`routing`] | T1-T3 | which relays keep a mailbox, and who stands in |
//! | [`health`] | L1-L3 | which relays are there |
//! | [`entry`], [`digest`] | M1-M4, D1-D3 | what is known of a message, and how two relays' knowledge becomes one |
//! | [`mailbox`] | K1-K3 | the queue, a cursor for each device |
//! | [`quota`] | U1-U3 | how much one sender may send |
//! | [`storage`] | B1-B4 | batches |
//! | [`relay`] | G1-G8 | what becomes of a message |
//! | [`order`] | P1-P9 | how a group's relays agree on the order of its changes |
//! | [`relay::groups`] | J1-J7 | what they do for its members |
//! | [`relay::reconcile`] | Y1-Y4 | how relays find out what they lack |
//! | [`relay::hand_over`] | V1-V3 | what is on the wrong relay |
//!
//! # The host's loop
//!
//! ```text
//! loop {
//!     wait for something to happen, then, as long as there is more of it at once:
//!         relay.handle(clock, input);
//!     if let Some(batch) = relay.flush(&storage) {         // one batch for all of it
//!         let result = storage.commit_durable(&batch);     // here or in a thread of its own
//!         relay.committed(clock, batch.number, result, &storage)?;
//!     }
//!     while let Some(effect) = relay.next_effect() { do it }
//! }
//! ```

#![forbid(unsafe_code)]

pub mod config;
pub mod digest;
pub mod effect;
pub mod entry;
pub mod health;
pub mod mailbox;
pub mod order;
pub mod presence;
pub mod quota;
pub mod relay;
pub mod routing;
pub mod storage;

pub use config::{Clock, Config, Limits, SET, Timings};
pub use effect::{Asker, ConnectionId, Effect, Input, Who};
pub use entry::{Entry, State};
pub use mailbox::Owner;
pub use relay::{Counters, Relay};
pub use routing::{RelayInfo, Routing};
pub use storage::{Batch, Body, GroupRow, PreKeyOwner, Storage, StorageError, Write};
