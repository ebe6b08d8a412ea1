//! Conversations that leave no trace.
//!
//! - **N1** Two devices hold one, each knowingly: one invites, again and again while it waits, and the other accepts, if its person has asked for the same
//!   with that account. Of two that invite each other the smaller address is the inviter. Other devices see the invitations, and no more.
//! - **N2** Its keys are made for it, in memory: an identity, prekeys, and the sessions that follow from them. Invitation and acceptance travel in the ordinary
//!   sessions of both devices, which vouch for them; nothing that is said does. Who has both disks afterwards, and all that relays have ever seen, reads nothing.
//! - **N3** Nothing of it is in a batch (S1): no row of a history, no copy, no id, no session, no number. What is kept is what typing leaves as well: that the ordinary sessions
//!   have moved, and how many bytes went through a relay. When it ends, or the program does, the keys and texts are wiped.
//! - **N4** What is said is sent to a device that is *there*: heard of within [`NO_TRACE_SILENCE`](crate::limits::NO_TRACE_SILENCE). Both give signs of life; without one the
//!   conversation is over, on both sides, and what was not confirmed is forgotten.
//! - **N5** Texts are numbered, confirmed by the other device when its person can see them, sent again every [`NO_TRACE_AGAIN`](crate::limits::NO_TRACE_AGAIN) until then, shown once and in order.
//! - **N6** It goes to the device itself where that can be reached (D1), and through a relay otherwise, or when it was not confirmed. A relay is asked to keep such a message for [`NO_TRACE_KEEP`](crate::limits::NO_TRACE_KEEP), and the device acknowledges it at once. BIMP has no message that a relay
//!   does not write: until one of the two has happened, an encrypted envelope is on its disk.
//! - **N7** The envelope's content begins with [`NO_TRACE`], so that a device which does not hold the conversation any more drops it, and takes no session for broken (I4).

use parlance_e2ee::{Body, DeviceAddress, content::TypingState};

use crate::history::ContentId;

/// The first byte of an envelope's content (N7). Messages of ordinary sessions begin with their version.
pub const NO_TRACE: u8 = 0xF0;

/// What the user wants of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoTraceWish {
    /// To begin: invites, and accepts.
    Open,
    /// To say a text or an answer.
    Say(Body),
    /// To tell that they type, or stopped.
    Typing(TypingState),
    /// To end.
    Close,
}

/// What the user is told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NoTraceNews {
    /// The other side wants one; nothing is done about it unless this side asks for it too.
    Invited,
    /// It has begun.
    Opened {
        /// With which device of the other side.
        device: DeviceAddress,
    },
    /// Somebody said something. Nobody but the user keeps it.
    Said {
        /// Its id.
        id: ContentId,
        /// Whether this side did.
        own: bool,
        /// What.
        body: Body,
        /// When, milliseconds since 1970 by their clock.
        at: u64,
    },
    /// The other device shows it.
    Delivered {
        /// Which.
        id: ContentId,
    },
    /// The other side types, or stopped.
    Typing(TypingState),
    /// It is over, and its keys are gone.
    Ended(NoTraceEnd),
}

/// Why it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoTraceEnd {
    /// The other side ended it.
    They,
    /// The other device is silent.
    Silence,
    /// This side ended it.
    Here,
}
