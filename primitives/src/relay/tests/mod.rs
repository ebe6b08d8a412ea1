//! Tests of tickets, receipts, trees and their openings.

mod check;
mod sets;
mod statements;
mod trees;

use codec::Encode;
use sp_core::{Pair, ed25519};

use super::*;
use crate::{AccountId, Hash, accounts::DeviceId};

const GENESIS: Hash = sp_core::H256([0x11; 32]);

fn account(number: u32) -> AccountId {
    AccountId::new(sp_crypto_hashing::blake2_256(&number.to_le_bytes()))
}

fn device(number: u32) -> ed25519::Pair {
    let seed = sp_crypto_hashing::blake2_256(&(number, b"device").encode());
    ed25519::Pair::from_seed(&seed)
}

/// A ticket leaf as large as a real one, without a signature that holds.
fn ticket(number: u32, bytes: u64) -> TicketLeaf<AccountId> {
    TicketLeaf {
        sender: account(number),
        device: DeviceId([7; 16]),
        counted: bytes,
        bytes,
        latency: LatencyClass(2),
        signature: ed25519::Signature::from_raw([9; 64]),
    }
}

fn receipt(number: u32, bytes: u64) -> ReceiptLeaf<AccountId> {
    ReceiptLeaf {
        recipient: account(number),
        device: DeviceId([7; 16]),
        counted: bytes,
        delivered: Delivered {
            mailbox_epoch: 3,
            direct: bytes,
            fanned: 0,
            latency: LatencyClass(2),
        },
        signature: ed25519::Signature::from_raw([9; 64]),
    }
}

/// Pseudo-random numbers for tests, the same on each machine.
fn number(seed: u64, index: u64) -> u64 {
    let hash = sp_crypto_hashing::blake2_256(&(seed, index).encode());
    u64::from_le_bytes(hash[..8].try_into().unwrap())
}
