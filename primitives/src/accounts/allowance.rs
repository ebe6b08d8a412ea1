//! Allowances: what an account may use free of charge, and what it bought.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;

/// What an allowance is for.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Resource {
    /// Bytes that relays forward.
    Relayed,
    /// Bytes that relays keep for recipients who are away.
    Mailbox,
    /// Bytes of temporary storage.
    Temporary,
}

impl Resource {
    /// All of them, in the order of their encoding.
    pub const ALL: [Self; 3] = [Self::Relayed, Self::Mailbox, Self::Temporary];

    /// Place in arrays by resource.
    pub const fn index(self) -> usize {
        match self {
            Self::Relayed => 0,
            Self::Mailbox => 1,
            Self::Temporary => 2,
        }
    }
}

/// What the network can carry in a period, and what it carried in the last one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Load {
    /// Bytes that it can carry, by what operators registered and proved.
    pub capacity: u64,
    /// Bytes that were claimed.
    pub used: u64,
}

/// What an account may use in the running period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Allowance {
    /// For what.
    pub resource: Resource,
    /// The running period.
    pub period: u32,
    /// Bytes free of charge.
    pub free: u64,
    /// Bytes paid for.
    pub bought: u64,
}
