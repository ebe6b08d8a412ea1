//! Carries BIMP over QUIC.
//!
//! - **C1** An *endpoint* is an Ed25519 key with UDP sockets. Peers are dialled by key at addresses that the caller hands in: nothing is
//!   looked up, published, measured at or relayed by anybody else's servers.
//! - **C2** A connection has the ALPN `bimp/1` and one bidirectional stream (rule F1 of BIMP), opened by the side that dials. The
//!   congestion controller is UDX, or what [`Options::congestion`] says.
//! - **C3** A [`Channel`] knows the key of the peer, which TLS has checked, and the exporter value of the session, to which an authentication is
//!   bound (rule O1 of BIMP).
//! - **C4** Everything that a peer can make this side wait for has a time ([`Timings`]), and everything that it can make this side keep a
//!   bound: BIMP's windows, one stream, no datagrams. A side that accepts takes little unread until it raises
//!   [`Channel::set_window`].
//! - **C5** [`Client`] is the side that asks: [`connect`](Client::connect), [`request`](Client::request) from any number of tasks, and
//!   [`Pushes`]. Answers do not wait for pushes that nobody reads, until [`PUSHES`] wait; then the peer is stopped by its credit
//!   (rule Q3 of BIMP).
//! - **C6** A [`Channel`] may come by another way than QUIC ([`Channel::bridged`]). Its peer has no key, its bounds are the same.
//! - **C7** Devices dial each other at [`Whereabouts`]: addresses, and a *fallback relay*, which passes packets on between endpoints that find no
//!   other way, encrypted as they are, and helps them to find one: both ends of a connection tell each other where they may be, and try these
//!   addresses at the same time. Only relays that are named are used.
//!
//! | module | what |
//! | --- | --- |
//! | [`bridge`] | a channel without QUIC |
//! | [`endpoint`] | binding, dialling, accepting |
//! | [`channel`] | one connection, as two streams of bytes |
//! | [`client`] | the side that asks |
//! | [`congestion`] | what decides how fast is sent |
//! | [`peer`] | devices among themselves: fallback relays, what an endpoint knows of where it is |
//! | [`error`] | what can go wrong |

#![forbid(unsafe_code)]

pub mod bridge;
pub mod channel;
pub mod client;
pub mod congestion;
mod driver;
pub mod endpoint;
pub mod error;
pub mod peer;

pub use bridge::{Frames, Inbox, InboxError};
pub use channel::{Channel, Outgoing, Reader, Writer};
pub use client::{Client, Identity, PUSHES, Pushes, RelayIdentity, Session};
pub use congestion::Congestion;
pub use endpoint::{Endpoint, Incoming, Options, RelayAddress, Timings};
pub use error::{AcceptError, BindError, ConnectError, End, RequestError};
pub use iroh::{PublicKey, SecretKey, Signature};
pub use peer::{Fallback, Path, Whereabouts};
