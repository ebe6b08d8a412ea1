//! Frames about the connection itself. They cost no credit (Q5).
//!
//! - **H1** The first frame of each side is a hello, and there is no second one. A side may send requests behind its
//!   own hello only as far as the peer's window is known, that is, after the peer's hello.
//! - **H2** The major version is in the ALPN. A hello names the oldest and the newest minor version that its side
//!   speaks; the connection speaks the smaller of the two newest, and ends if that is older than
//!   either oldest.
//! - **H3** A hello names the window (Q1) and how many requests its side leaves unanswered (R2). A window below
//!   [`MIN_WINDOW`](crate::limits::MIN_WINDOW) ends the connection.
//! - **H4** A hello may always have trailing bytes: the versions are not known before it is read.
//! - **H5** A ping is answered by a pong with the same number. Of several pings that wait for their answer only the
//!   last is answered.

use crate::{bounded::Bounded, frame::Kind, limits::MAX_REASON};
use codec::{Decode, Encode};

/// First frame of each side.
pub const HELLO: Kind = Kind::control(1, true);
/// More credit.
pub const CREDIT: Kind = Kind::control(2, true);
/// Is anybody there?
pub const PING: Kind = Kind::control(3, false);
/// Yes.
pub const PONG: Kind = Kind::control(4, false);
/// The end (X1).
pub const CLOSE: Kind = Kind::control(5, true);

/// What each side says first (H1-H3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Hello {
    /// The oldest minor version spoken.
    pub oldest: u16,
    /// The newest minor version spoken.
    pub newest: u16,
    /// Credit that the peer begins with, bytes.
    pub window: u32,
    /// Requests that this side leaves unanswered at the same time.
    pub requests: u16,
}

/// More credit (Q3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Credit {
    /// Bytes.
    pub bytes: u32,
}

/// Ping and pong (H5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Ping {
    /// Any number.
    pub number: u64,
}

/// The end (X2).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Close {
    /// Number of the cause.
    pub code: u16,
    /// UTF-8 for people; what is not UTF-8 is shown as far as it is.
    pub text: Bounded<MAX_REASON>,
}
