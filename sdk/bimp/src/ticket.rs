//! What pays a relay for a message.
//!
//! - **W5** The ticket of an envelope is empty or SCALE of a [`Ticket`]. Who signed it the relay knows, because the device has
//!   authenticated. What is signed, and what a ticket is worth, are rules of the chain (Proof of Relay).

use codec::{Decode, DecodeAll, Encode};

/// What a relay gets with a message (W5).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Ticket {
    /// The period.
    pub period: u32,
    /// Bytes that this device has sent through the relay in the period so far, with this message: of envelopes without their
    /// tickets. What the relay refused is not among them, and a message that is sent again is there once.
    pub bytes: u64,
    /// Class of the latency.
    pub latency: u8,
    /// Ed25519 of the device.
    pub signature: [u8; 64],
}

impl Ticket {
    /// Bytes of its encoding.
    pub const SIZE: usize = 4 + 8 + 1 + 64;

    /// Reads one; `None` if it is none, or something follows it.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        Self::decode_all(&mut &*bytes).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::MAX_TICKET;

    #[test]
    fn a_ticket_is_its_fields_one_after_the_other() {
        let ticket = Ticket {
            period: 7,
            bytes: 1_000,
            latency: 4,
            signature: [9; 64],
        };
        let bytes = ticket.encode();
        let mut expected = 7u32.to_le_bytes().to_vec();
        expected.extend(1_000u64.to_le_bytes());
        expected.push(4);
        expected.extend([9; 64]);
        assert_eq!(bytes, expected);
        assert_eq!(bytes.len(), Ticket::SIZE);
        const { assert!(Ticket::SIZE <= MAX_TICKET) };
        assert_eq!(Ticket::parse(&bytes), Some(ticket));
    }

    #[test]
    fn what_is_longer_or_shorter_is_none() {
        for length in [0, 1, Ticket::SIZE - 1, Ticket::SIZE + 1, MAX_TICKET] {
            assert_eq!(Ticket::parse(&std::vec![0; length]), None, "{length}");
        }
    }
}
