//! BIMP, the protocol between Parlance's clients and relays, and between relays.
//!
//! The crate is pure: it has no clock, no socket and no randomness, it signs nothing and opens nothing. Each end of a
//! connection is a state machine, [`Client`] and [`Server`]: bytes from the transport go in, events come out, and
//! bytes for the transport. `no_std` with `alloc`, no `unsafe`.
//!
//! The module documents are the specification, rule by rule.
//!
//! | module | rules | what it settles |
//! | --- | --- | --- |
//! | [`frame`] | F1-F5 | how the stream is cut; kinds; what later versions may add |
//! | [`control`] | H1-H5 | hello and versions, signs of life |
//! | [`link`] | Q1-Q5 | credit: who may send how much |
//! | [`client`], [`server`] | R1-R4, S1-S3 | requests and answers; who may ask for what |
//! | [`operation`] | O1-O21 | what can be asked |
//! | [`refusal`] | E1-E4 | why it was refused, and what strangers learn |
//! | [`error`] | X1-X2 | what ends a connection |
//! | [`id`] | N1-N6 | names and how they are computed |
//! | [`envelope`] | W1-W4, W6 | what travels |
//! | [`ticket`] | W5 | what pays for it |
//! | [`limits`] | - | all bounds |
//!
//! # A connection
//!
//! ```
//! use parlance_bimp::{
//!     Answer, Binding, Client, ClientEvent, Probe, Probed, RelayId, Request, Server, ServerEvent, Settings,
//! };
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let binding = Binding { genesis: [1; 32], exporter: [2; 32], relay: RelayId([3; 32]) };
//! let mut client = Client::new(Settings::default());
//! let mut server = Server::new(Settings::default(), binding);
//! # let exchange = |client: &mut Client, server: &mut Server| -> Result<(), parlance_bimp::Violation> {
//! #     let (mut up, mut down) = (Vec::new(), Vec::new());
//! #     client.transmit(&mut up, usize::MAX);
//! #     server.transmit(&mut down, usize::MAX);
//! #     server.receive(&up)?;
//! #     client.receive(&down)
//! # };
//!
//! // Whatever transport there is carries the bytes.
//! exchange(&mut client, &mut server)?;
//! assert_eq!(client.poll(), Some(ClientEvent::Connected { minor: 0 }));
//! assert_eq!(server.poll(), Some(ServerEvent::Connected { minor: 0 }));
//!
//! let request = client.request(&Request::Probe(Probe { number: 7 }))?;
//! exchange(&mut client, &mut server)?;
//! if let Some(ServerEvent::Request { request, body: Request::Probe(probe) }) = server.poll() {
//!     let probed = Probed { number: probe.number, clock: 1_700_000_000_000, load: 0 };
//!     server.answer(request, &Answer::Probe(probed))?;
//! }
//! exchange(&mut client, &mut server)?;
//! assert!(matches!(client.poll(), Some(ClientEvent::Answer { request: answered, .. }) if answered == request));
//! # Ok(())
//! # }
//! ```

#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod bounded;
pub mod client;
pub mod control;
pub mod envelope;
pub mod error;
pub mod frame;
pub mod id;
pub mod limits;
pub mod link;
pub mod operation;
pub mod refusal;
pub mod server;
pub mod ticket;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod vectors;

pub use bounded::{Bounded, List, TooLong};
pub use client::{Client, ClientEvent};
pub use envelope::{EnvelopeView, Message};
pub use error::{SendError, Violation};
pub use frame::{Frame, Kind};
pub use id::{Account, DeviceNumber, GroupId, Key, Mailbox, MessageId, PresenceKey, RelayId};
pub use link::Settings;
pub use operation::*;
pub use refusal::{Reason, Refusal};
pub use server::{Server, ServerEvent};
pub use ticket::Ticket;
