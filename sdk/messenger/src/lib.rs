//! The chat engine of one device of Parlance, without IO.
//!
//! [`Engine`] takes what happens ([`Input`]) and what the user wants ([`Command`]), and says what is to be done ([`Effect`]). It has no
//! clock, no socket, no thread and no randomness of its own: the host reads the clocks, keeps the connections (with the state machines
//! of [`parlance_bimp`]), looks accounts up on the chain, and hands in a generator and a [`Storage`]. So several devices and the relays
//! between them run in one test, with losses and crashes, from one seed.
//!
//! The module documents are the specification, rule by rule.
//!
//! | module | rules | what |
//! | --- | --- | --- |
//! | [`history`] | H1-H7 | conversations, messages, status, what disappears |
//! | [`outbox`] | O1-O7 | what waits to be sent, to which devices |
//! | [`inbox`] | I1-I6 | order, each once, sessions that broke |
//! | [`past`] | B1-B6 | no answer before what it answers |
//! | [`relays`] | R1-R3 | which relay is asked, and when another one |
//! | [`prekeys`] | K1-K4 | prekeys: published, replaced, fetched |
//! | [`proof`] | P1-P5 | tickets and receipts |
//! | [`no_trace`] | N1-N7 | conversations that are stored nowhere |
//! | [`transfer`] | A1-A7 | the history, for a device that is new |
//! | [`files`] | F1-F11 | files, in pieces, until they are whole |
//! | [`encryption`] | X1-X2 | what encrypts, and for whom it may |
//! | [`groups`] | G1-G14 | who is in, what is said there, in which order |
//! | [`presence`] | E1-E5 | how contacts, and nobody else, learn where this device is |
//! | [`direct`] | D1-D10 | from device to device |
//! | [`storage`] | S1-S4 | one batch, then effects |
//! | [`limits`] | - | all bounds and times |
//!
//! # The host's loop
//!
//! ```text
//! loop {
//!     wait for something to happen, then, with all of it that is there:
//!         engine.handle(clock, inputs)?;              // one batch, durable when it returns
//!     while let Some(effect) = engine.next_effect() { do it }
//! }
//! ```
//!
//! # Not covered
//!
//! A mailbox of the epoch before is not
//! emptied. Whoever wrote a message and lost the device cannot be asked to send it again.

#![forbid(unsafe_code)]

pub mod direct;
pub mod effect;
pub mod encryption;
mod engine;
pub mod error;
pub mod files;
pub mod groups;
pub mod history;
pub mod inbox;
pub mod limits;
pub mod no_trace;
pub mod outbox;
pub mod past;
pub mod prekeys;
pub mod presence;
pub mod proof;
pub mod relays;
pub mod storage;
pub mod transfer;

pub use effect::{Command, Effect, Event, GroupCommand, GroupNews, Input};
pub use encryption::{Encryption, Fault};
pub use engine::Engine;
pub use error::Error;
pub use files::{File, FileCommand, FileId, FileNews, FileStage};
pub use groups::{Group, GroupFault, GroupSecrets};
pub use history::{ContentId, Conversation, Entry, Status};
pub use no_trace::{NoTraceEnd, NoTraceNews, NoTraceWish};
pub use parlance_relay_core::{Clock, RelayInfo};
pub use presence::Reach;
pub use relays::{Directory, Listed};
pub use storage::{Part, Row, Storage, StorageError, Table};
