//! Tickets for what is sent, receipts for what came: what relays are paid by.
//!
//! - **P1** A *ticket* says how many bytes this device has asked an ingress relay (R1) to take in a period so far, with the message that it comes
//!   with and without those that it refused; the same message counts once in a period. It is signed for the relay's account. Other
//!   relays get no ticket: what they take is not paid. A relay that takes tickets and drops messages is avoided (R1), and another one is kept
//!   in its place, so that it gets no more than a moment's.
//! - **P2** On the wire, as the ticket of an envelope: SCALE of [`Ticket`] (rule W5 of BIMP). Who signed it the relay knows, because
//!   the device has authenticated.
//! - **P3** A *receipt* says how many bytes a relay has delivered to this device in a period so far, copies out of the fan-out of groups apart: one
//!   upload made them, and they are paid less (R5 of Proof of Relay). It goes to the relay after each
//!   [`RECEIPT_BYTES`](crate::limits::RECEIPT_BYTES), and after [`RECEIPT_PAUSE`](crate::limits::RECEIPT_PAUSE).
//! - **P4** The statements are those of Proof of Relay (decision 17): SCALE of the tuples that
//!   `parlance_primitives::relay` signs; a test of the client, which has both, compares them.
//! - **P5** Latency classes are the median over the period, 0 to 7: at most 50 ms, 100 ms and so on, doubling; 7 is any time. The clocks of
//!   sender and recipient differ, so a receipt's class is as good as these.

use crate::limits::MAX_LATENCIES;
use codec::{Decode, Encode};
use parlance_bimp::RelayId;

/// What a relay gets with a message (P2).
#[doc(inline)]
pub use parlance_bimp::Ticket;

/// What this device has had to do with a relay in a period.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Account {
    /// The period.
    pub period: u32,
    /// The relay.
    pub relay: RelayId,
    /// Bytes that it was asked to take, without those that it refused.
    pub sent: u64,
    /// Bytes that it has delivered of messages to this account alone.
    pub received: u64,
    /// And of copies out of the fan-out of groups.
    pub fanned: u64,
    /// Bytes of both that a receipt was given for.
    pub receipted: u64,
    /// How long uploads took, milliseconds.
    pub uploads: Vec<u32>,
    /// How long deliveries took.
    pub deliveries: Vec<u32>,
}

impl Account {
    /// Nothing yet.
    pub fn new(period: u32, relay: RelayId) -> Self {
        Self {
            period,
            relay,
            sent: 0,
            received: 0,
            fanned: 0,
            receipted: 0,
            uploads: Vec::new(),
            deliveries: Vec::new(),
        }
    }

    /// An upload that took so long was accepted.
    pub fn uploaded(&mut self, took: u64) {
        note(&mut self.uploads, took);
    }

    /// A message came.
    pub fn delivered(&mut self, bytes: usize, of_group: bool) {
        let sum = match of_group {
            true => &mut self.fanned,
            false => &mut self.received,
        };
        *sum = sum.saturating_add(bytes as u64);
    }

    /// Bytes of both kinds that no receipt was given for.
    pub fn open(&self) -> u64 {
        let all = self.received.saturating_add(self.fanned);
        all.saturating_sub(self.receipted)
    }

    /// It was sent so long before it came.
    pub fn took(&mut self, milliseconds: u64) {
        note(&mut self.deliveries, milliseconds);
    }

    /// Class of the uploads.
    pub fn upload_class(&self) -> u8 {
        class_of_median(&self.uploads)
    }

    /// Class of the deliveries.
    pub fn delivery_class(&self) -> u8 {
        class_of_median(&self.deliveries)
    }
}

fn note(latencies: &mut Vec<u32>, took: u64) {
    if latencies.len() >= MAX_LATENCIES {
        latencies.remove(0);
    }
    latencies.push(u32::try_from(took).unwrap_or(u32::MAX));
}

/// P5. Without any it is the slowest: a class is a word of praise.
fn class_of_median(latencies: &[u32]) -> u8 {
    let mut sorted = latencies.to_vec();
    sorted.sort_unstable();
    sorted
        .get(sorted.len() / 2)
        .map_or(SLOWEST, |median| class_of(u64::from(*median)))
}

/// The slowest class.
pub const SLOWEST: u8 = 7;

/// The class of a latency in milliseconds (P5).
pub fn class_of(milliseconds: u64) -> u8 {
    let (mut class, mut limit) = (0, 50);
    while class < SLOWEST && milliseconds > limit {
        class += 1;
        limit *= 2;
    }
    class
}

/// What a sender's device signs (P4).
pub fn ticket_statement(
    genesis: &[u8; 32],
    period: u32,
    relay: &[u8; 32],
    sender: &[u8; 32],
    bytes: u64,
    latency: u8,
) -> Vec<u8> {
    let statement = (
        b"parlance/ticket/1",
        genesis,
        period,
        relay,
        sender,
        bytes,
        latency,
    );
    statement.encode()
}

/// What a recipient's device signs (P4): bytes of messages to its account alone, and those fanned out.
pub fn receipt_statement(
    genesis: &[u8; 32],
    period: u32,
    relay: &[u8; 32],
    recipient: &[u8; 32],
    mailbox_epoch: u32,
    (direct, fanned): (u64, u64),
    latency: u8,
) -> Vec<u8> {
    let delivered = (mailbox_epoch, direct, fanned, latency);
    let statement = (
        b"parlance/receipt/1",
        genesis,
        period,
        relay,
        recipient,
        delivered,
    );
    statement.encode()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_those_of_the_chain() {
        let ticket = ticket_statement(&[1; 32], 7, &[2; 32], &[3; 32], 1_000, 4);
        let mut expected = b"parlance/ticket/1".to_vec();
        expected.extend([1; 32]);
        expected.extend(7u32.to_le_bytes());
        expected.extend([2; 32]);
        expected.extend([3; 32]);
        expected.extend(1_000u64.to_le_bytes());
        expected.push(4);
        assert_eq!(ticket, expected);
        let receipt = receipt_statement(&[1; 32], 7, &[2; 32], &[3; 32], 5, (1_000, 300), 4);
        let mut expected = b"parlance/receipt/1".to_vec();
        expected.extend([1; 32]);
        expected.extend(7u32.to_le_bytes());
        expected.extend([2; 32]);
        expected.extend([3; 32]);
        expected.extend(5u32.to_le_bytes());
        expected.extend(1_000u64.to_le_bytes());
        expected.extend(300u64.to_le_bytes());
        expected.push(4);
        assert_eq!(receipt, expected);
    }

    #[test]
    fn classes_double_and_a_median_is_of_many() {
        let classes: Vec<u8> = [0, 50, 51, 100, 200, 400, 800, 1_600, 3_200, 3_201, u64::MAX]
            .map(class_of)
            .to_vec();
        assert_eq!(classes, [0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 7]);
        let mut account = Account::new(1, RelayId([1; 32]));
        assert_eq!(account.upload_class(), SLOWEST);
        for _ in 0..1_000 {
            account.uploaded(60);
        }
        account.uploaded(10_000);
        assert_eq!(account.upload_class(), 1);
        assert_eq!(account.uploads.len(), MAX_LATENCIES);
        account.delivered(512, false);
        account.delivered(700, true);
        assert_eq!((account.received, account.fanned), (512, 700));
        assert_eq!((account.open(), account.delivery_class()), (1_212, SLOWEST));
    }
}
