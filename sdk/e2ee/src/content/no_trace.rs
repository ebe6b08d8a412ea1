//! Steps of a conversation that leaves no trace.

use super::bounds::MAX_SIGNAL;
use crate::{Bounded, IdentityPublic};
use codec::{Decode, Encode};

/// A step of a conversation that is stored nowhere: nothing that people see. Its rules are the messenger's (N1-N7).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum NoTrace {
    /// A device invites. The keys were made for this conversation and are in no file.
    #[codec(index = 0)]
    Invite {
        /// The conversation, chosen at random.
        session: [u8; 16],
        /// Its identity for this conversation.
        identity: IdentityPublic,
        /// A prekey bundle of that identity.
        bundle: Bounded<MAX_SIGNAL>,
    },
    /// A device accepts.
    #[codec(index = 1)]
    Accept {
        /// Which conversation.
        session: [u8; 16],
        /// Its identity for this conversation.
        identity: IdentityPublic,
        /// The first message of the conversation.
        message: Bounded<MAX_SIGNAL>,
    },
    /// It is over, or another device was faster.
    #[codec(index = 2)]
    End {
        /// Which conversation.
        session: [u8; 16],
    },
    /// The device is there. Within the conversation only.
    #[codec(index = 3)]
    Alive,
}
