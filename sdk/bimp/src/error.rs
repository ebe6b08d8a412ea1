//! What ends a connection.
//!
//! - **X1** A side that sees a violation sends a closing frame with the number of its cause and reads nothing
//!   more. Requests without an answer are then undecided: the asker asks again on another connection, which
//!   is safe, because ids of messages are computed (N4) and all other operations may be repeated.
//! - **X2** A closing frame holds the number of the cause (2 bytes) and a text for people. Numbers that are
//!   unknown are shown as they are.

use alloc::string::String;

/// Why a connection ends: a broken rule, or a wish.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// F2.
    #[error(
        "a frame says it has {length} bytes, which no frame has: the peer speaks another protocol or is broken, \
         connect to another one"
    )]
    FrameLength {
        /// What it says.
        length: u32,
    },
    /// A body that is not what its kind says.
    #[error("the body of frame kind {kind:#06x} cannot be read: the peer is broken, update it")]
    Malformed {
        /// The frame's kind.
        kind: u16,
    },
    /// F4.
    #[error(
        "frame kind {kind:#06x} must be understood and is not known here: update this application"
    )]
    UnknownCritical {
        /// The frame's kind.
        kind: u16,
    },
    /// A frame that this side of a connection never receives.
    #[error("frame kind {kind:#06x} goes the other way: the peer takes us for somebody else")]
    WrongDirection {
        /// The frame's kind.
        kind: u16,
    },
    /// H1.
    #[error("the connection must begin with one hello: the peer speaks another protocol")]
    HelloExpected,
    /// H2.
    #[error(
        "the peer speaks minor versions {oldest} to {newest} of bimp/1, this side {ours}: update the older one"
    )]
    Version {
        /// The oldest that the peer speaks.
        oldest: u16,
        /// The newest that the peer speaks.
        newest: u16,
        /// What this side speaks.
        ours: u16,
    },
    /// H3.
    #[error("the peer offers a window of {window} bytes, which cannot hold the largest frames")]
    Window {
        /// The window.
        window: u32,
    },
    /// Q2.
    #[error("a frame costs {cost} bytes and the credit is {credit}: the peer does not count")]
    OutOfCredit {
        /// What the frame costs.
        cost: u64,
        /// What was left.
        credit: u64,
    },
    /// Q2.
    #[error("the credit grew beyond all bounds: the peer does not count")]
    TooMuchCredit,
    /// R1.
    #[error("request {found} came after request {last}: ids must rise")]
    RequestOrder {
        /// The id.
        found: u32,
        /// The highest before it.
        last: u32,
    },
    /// R2.
    #[error("more than {limit} requests are unanswered: wait for answers before asking more")]
    TooManyRequests {
        /// How many may be.
        limit: u16,
    },
    /// R3.
    #[error("answer {request} belongs to no request, or to one of another kind")]
    UnexpectedAnswer {
        /// Its id.
        request: u32,
    },
    /// All ids are used.
    #[error("this connection has used up its request ids: open another one")]
    Exhausted,
    /// The reader was too slow for what comes.
    #[error("the reader takes nothing any more: connect again, what waits is kept")]
    SlowReader,
    /// The side goes away.
    #[error("this relay stops: connect to another one of the set")]
    Stopping,
    /// The wish of the application.
    #[error("the connection is not needed any more")]
    Done,
    /// The peer sent a closing frame (X2).
    #[error("the peer ended the connection, cause {code}: {text}")]
    ByPeer {
        /// The number of the cause.
        code: u16,
        /// For people.
        text: String,
    },
}

impl Violation {
    /// The number of the cause (X2).
    pub fn code(&self) -> u16 {
        match self {
            Self::FrameLength { .. } => 1,
            Self::Malformed { .. } => 2,
            Self::UnknownCritical { .. } => 3,
            Self::WrongDirection { .. } => 4,
            Self::HelloExpected => 5,
            Self::Version { .. } => 6,
            Self::Window { .. } => 7,
            Self::OutOfCredit { .. } => 8,
            Self::TooMuchCredit => 9,
            Self::RequestOrder { .. } => 10,
            Self::TooManyRequests { .. } => 11,
            Self::UnexpectedAnswer { .. } => 12,
            Self::Exhausted => 13,
            Self::SlowReader => 32,
            Self::Stopping => 33,
            Self::Done => 34,
            Self::ByPeer { code, .. } => *code,
        }
    }
}

/// Why something was not sent. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// As many requests are unanswered as the peer allows, or as much waits as this side keeps.
    #[error("the connection is full: send again after the next answer")]
    Full,
    /// The body does not fit into a frame.
    #[error("{size} bytes do not fit into a frame: send it in parts")]
    TooLong {
        /// Its size.
        size: usize,
    },
    /// The connection is at its end.
    #[error("the connection has ended: open another one")]
    Closed,
    /// An answer to a request that is not open, or of another kind.
    #[error("request {request} is not open, or asks for something else")]
    NoSuchRequest {
        /// Its id.
        request: u32,
    },
}
