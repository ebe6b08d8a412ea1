//! What is signed, and the leaves in which a relay keeps it.

use alloc::vec::Vec;
use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::ed25519;
use sp_crypto_hashing::blake2_256;
use sp_runtime::Perbill;

use super::{NodeHash, Period};
use crate::{Hash, accounts::DeviceId};

/// What a sender's device signs (R2): `bytes` is the sum over the period so far, `latency` how fast the
/// relay was.
pub fn ticket_statement<AccountId: Encode>(
    genesis: &Hash,
    period: Period,
    relay: &AccountId,
    sender: &AccountId,
    bytes: u64,
    latency: LatencyClass,
) -> Vec<u8> {
    (
        b"parlance/ticket/1",
        genesis,
        period,
        relay,
        sender,
        bytes,
        latency,
    )
        .encode()
}

/// What a recipient's device signs (R4).
pub fn receipt_statement<AccountId: Encode>(
    genesis: &Hash,
    period: Period,
    relay: &AccountId,
    recipient: &AccountId,
    delivered: &Delivered,
) -> Vec<u8> {
    let Delivered {
        mailbox_epoch,
        direct,
        fanned,
        latency,
    } = delivered;
    (
        b"parlance/receipt/1",
        genesis,
        period,
        relay,
        recipient,
        (mailbox_epoch, direct, fanned, latency),
    )
        .encode()
}

/// How long messages took over the period: the median.
///
/// In a ticket it is the time from the start of an upload until the relays had stored it, as the sender
/// saw it. In a receipt it is the time from the sealing of a message to its delivery, for messages that
/// did not wait for the recipient.
///
/// | class | at most |
/// | --- | --- |
/// | 0 to 6 | 50, 100, 200, 400, 800, 1,600, 3,200 ms |
/// | 7 | any time |
///
/// A number above seven is read as seven.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct LatencyClass(pub u8);

impl LatencyClass {
    /// The slowest.
    pub const SLOWEST: Self = Self(7);

    /// The class of a latency in milliseconds.
    pub const fn of(milliseconds: u64) -> Self {
        let mut class = 0;
        let mut limit = 50;
        while class < Self::SLOWEST.0 && milliseconds > limit {
            class += 1;
            limit *= 2;
        }
        Self(class)
    }
}

/// What a recipient confirms for a relay and a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Delivered {
    /// The recipient's mailbox epoch, which says where the mailbox is.
    #[codec(compact)]
    pub mailbox_epoch: u32,
    /// Bytes of messages to this account.
    #[codec(compact)]
    pub direct: u64,
    /// Bytes out of the fan-out of groups.
    #[codec(compact)]
    pub fanned: u64,
    /// How fast.
    pub latency: LatencyClass,
}

impl Delivered {
    /// Bytes that may count, where a fanned byte counts for a part (R5), rounded down.
    pub fn worth(&self, fan_out: Perbill) -> u64 {
        self.direct.saturating_add(fan_out.mul_floor(self.fanned))
    }
}

/// Where an account stands in trees (R6): the first 16 bytes of
/// `BLAKE2b-256("parlance/relay-place/1", account)`, big-endian.
pub fn place_of<AccountId: Encode>(account: &AccountId) -> u128 {
    super::sets::first_16(&blake2_256(&(b"parlance/relay-place/1", account).encode()))
}

/// An entry of one of the two trees.
pub trait Leaf: Encode + Decode {
    /// Name of the kind in hashes.
    const DOMAIN: &'static [u8];

    /// Where it stands.
    fn place(&self) -> u128;
    /// Bytes that the relay counts.
    fn counted(&self) -> u64;

    /// Its hash.
    fn hash(&self) -> NodeHash {
        let mut bytes = Self::DOMAIN.to_vec();
        self.encode_to(&mut bytes);
        NodeHash::of(&bytes)
    }
}

/// The last ticket of a sender.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct TicketLeaf<AccountId> {
    /// The sender.
    pub sender: AccountId,
    /// The device that signed.
    pub device: DeviceId,
    /// Bytes that the relay counts: at most the sender's cap, and at most [`Self::bytes`].
    #[codec(compact)]
    pub counted: u64,
    /// Bytes that the ticket says.
    #[codec(compact)]
    pub bytes: u64,
    /// How fast, as the ticket says.
    pub latency: LatencyClass,
    /// Signature of [`ticket_statement`].
    pub signature: ed25519::Signature,
}

impl<AccountId: Encode + Decode> Leaf for TicketLeaf<AccountId> {
    const DOMAIN: &'static [u8] = b"parlance/ticket-leaf/1";

    fn place(&self) -> u128 {
        place_of(&self.sender)
    }

    fn counted(&self) -> u64 {
        self.counted
    }
}

/// The last receipt of a recipient.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct ReceiptLeaf<AccountId> {
    /// The recipient.
    pub recipient: AccountId,
    /// The device that signed.
    pub device: DeviceId,
    /// Bytes that the relay counts: at most [`Delivered::worth`].
    #[codec(compact)]
    pub counted: u64,
    /// What the receipt says.
    pub delivered: Delivered,
    /// Signature of [`receipt_statement`].
    pub signature: ed25519::Signature,
}

impl<AccountId: Encode + Decode> Leaf for ReceiptLeaf<AccountId> {
    const DOMAIN: &'static [u8] = b"parlance/receipt-leaf/1";

    fn place(&self) -> u128 {
        place_of(&self.recipient)
    }

    fn counted(&self) -> u64 {
        self.counted
    }
}
