//! The history of an account on its way from one of its devices to another.

use super::bounds::MAX_PIECE;
use crate::Bounded;
use codec::{Decode, Encode};

/// A place in a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Encode, Decode)]
pub struct Place {
    /// The conversation.
    pub conversation: [u8; 32],
    /// Its messages with numbers below this one, as the giving device numbers them.
    pub below: u64,
}

/// A step of handing a history over, from device to device of one account: nothing that people see, and nothing that counts from anybody
/// else. What the pieces hold is settled by the messenger (its rules A1-A7).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Transfer {
    /// The new device asks for a page.
    #[codec(index = 0)]
    Ask {
        /// The transfer, chosen by the new device at random.
        transfer: [u8; 16],
        /// Which page, counted from 0.
        page: u32,
        /// Where it begins; none: at the beginning.
        from: Option<Place>,
    },
    /// A piece of a page.
    #[codec(index = 1)]
    Piece {
        /// The transfer.
        transfer: [u8; 16],
        /// Which page.
        page: u32,
        /// Which piece of it, counted from 0.
        number: u16,
        /// Pieces of the page.
        of: u16,
        /// Its bytes.
        bytes: Bounded<MAX_PIECE>,
    },
}
