//! What system calls cost, besides the contract's own gas.
//!
//! A price is a base for crossing the border and being served, bytes that are copied, and what the chain's database
//! charges. Wherever the cost depends on what is found, the most it can be is charged first.
//!
//! The numbers are derived by hand, on the high side: see decision 20 for what is measured of them.

use crate::Config;
use frame_support::{traits::Get, weights::Weight};

/// What is paid for, with the bytes that it depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cost {
    /// Every system call.
    SystemCall,
    /// Bytes that go in or out.
    Copy(u32),
    /// Reading a value, at the most so long.
    Read(u32),
    /// Writing a value.
    Write(u32),
    /// Looking something up in the chain's own storage.
    LookUp,
    /// Moving balance.
    Transfer,
    /// Loading code of this length, as if it were in no cache.
    Load(u32),
    /// Beginning a call within the call: a storage layer, an instance.
    Nest,
    /// Making a contract.
    Instantiate,
    /// Removing a contract.
    Terminate,
    /// An event, with so many topics and bytes.
    Event(u32, u32),
    /// Hashing so many bytes.
    Hash(u32),
    /// Checking a signature, or recovering its key, over so many bytes.
    Signature(u32),
}

/// Picoseconds for a byte that is copied.
const BYTE: u64 = 500;

fn time(base: u64, per_byte: u64, bytes: u32) -> Weight {
    Weight::from_parts(
        base.saturating_add(per_byte.saturating_mul(bytes.into())),
        0,
    )
}

/// Bytes of a proof that one access to a trie adds, at the most.
const PROOF: u64 = 4 * 1024;

fn access<T: Config>(base: Weight, reads: u64, writes: u64, bytes: u32) -> Weight {
    let proof = PROOF.saturating_mul(reads).saturating_add(bytes.into());
    base.saturating_add(T::DbWeight::get().reads_writes(reads, writes))
        .saturating_add(Weight::from_parts(0, proof))
}

impl Cost {
    /// The weight of it.
    pub fn weight<T: Config>(self) -> Weight {
        match self {
            Cost::SystemCall => time(500_000, 0, 0),
            Cost::Copy(bytes) => time(0, BYTE, bytes),
            Cost::Read(bytes) => access::<T>(time(8_000_000, BYTE, bytes), 1, 0, bytes),
            Cost::Write(bytes) => access::<T>(time(9_000_000, BYTE, bytes), 1, 1, bytes),
            Cost::LookUp => access::<T>(time(4_000_000, 0, 0), 1, 0, 0),
            Cost::Transfer => access::<T>(time(25_000_000, 0, 0), 2, 2, 0),
            Cost::Load(bytes) => access::<T>(time(2_000_000, 2_000, bytes), 2, 0, bytes),
            Cost::Nest => access::<T>(time(30_000_000, 0, 0), 1, 0, 0),
            Cost::Instantiate => access::<T>(time(100_000_000, 0, 0), 5, 5, 0),
            Cost::Terminate => access::<T>(time(100_000_000, 0, 0), 5, 6, 0),
            Cost::Event(topics, bytes) => time(4_000_000, 20 * BYTE, bytes).saturating_add(
                access::<T>(time(2_000_000, 0, 0), 1, 1, 0).saturating_mul(topics.into()),
            ),
            Cost::Hash(bytes) => time(1_500_000, 4_000, bytes),
            Cost::Signature(bytes) => time(60_000_000, 6_000, bytes),
        }
    }
}
