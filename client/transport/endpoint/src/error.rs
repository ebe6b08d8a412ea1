//! What can go wrong, and what helps.

use parlance_bimp::{Refusal, SendError, Violation};
use std::net::SocketAddr;

/// Why there is no endpoint.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// An address that nothing can be bound to.
    #[error(
        "{address} cannot be bound ({cause}): name a free port of an address that this machine has"
    )]
    Address {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        cause: String,
    },
    /// Anything else.
    #[error(
        "no UDP socket could be opened ({cause}): check the network and the limit of open files"
    )]
    Failed {
        /// What the system says.
        cause: String,
    },
}

/// Why there is no connection.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The relay's record names no address.
    #[error("no address of the relay is known: read the list of relays again")]
    NoAddress,
    /// It took too long.
    #[error("the relay did not answer within {milliseconds} ms: try another one of the set")]
    TimeOut {
        /// How long was waited.
        milliseconds: u128,
    },
    /// It is not there, or does not speak this protocol.
    #[error("the relay cannot be reached ({cause}): try another one of the set")]
    Unreachable {
        /// What the transport says.
        cause: String,
    },
    /// The relay does not take the credential.
    #[error("the relay refuses to authenticate: {0}")]
    Refused(Refusal),
    /// The connection ended before it could be used.
    #[error("the connection ended at once: {0}")]
    Ended(#[from] End),
}

/// Why a connection was not accepted.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AcceptError {
    /// It took too long.
    #[error("the peer did not finish its handshake or open its stream within {milliseconds} ms")]
    TimeOut {
        /// How long was waited.
        milliseconds: u128,
    },
    /// It broke off, or broke the protocol.
    #[error("the handshake failed: {cause}")]
    Failed {
        /// What the transport says.
        cause: String,
    },
}

/// Why a connection is over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum End {
    /// A rule of BIMP, or the wish of a side.
    #[error("{0}")]
    Violation(#[from] Violation),
    /// The transport lost it.
    #[error("the connection is lost ({cause}): connect again, or to another relay of the set")]
    Lost {
        /// What the transport says.
        cause: String,
    },
    /// The peer ended the stream without a word.
    #[error("the peer hung up: connect again, or to another relay of the set")]
    HungUp,
}

/// Why a request has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// It took too long. Whether the relay did it is open: asking again is safe.
    #[error("no answer within {milliseconds} ms: ask again, here or at another relay of the set")]
    TimeOut {
        /// How long was waited.
        milliseconds: u128,
    },
    /// The connection has ended. Whether the relay did it is open: asking again is safe.
    #[error("no answer, the connection has ended: {0}")]
    Ended(#[from] End),
    /// The request cannot be sent.
    #[error(transparent)]
    Unsent(#[from] SendError),
}
