//! The bytes that are signed and sent: what other implementations must reproduce.

use codec::{Decode, Encode};
use hex_literal::hex;
use sp_core::ed25519;
use sp_runtime::{BoundedVec, MultiSignature};

use super::*;
use crate::{AccountId, Hash};

const GENESIS: Hash = sp_core::H256([0x11; 32]);
const ANCHOR: Hash = sp_core::H256([0x22; 32]);

fn account() -> AccountId {
    AccountId::new([0x33; 32])
}

fn keys() -> DeviceKeys {
    DeviceKeys {
        signing: ed25519::Public::from_raw([0x44; 32]),
        agreement: [0x55; 32],
        endpoint: ed25519::Public::from_raw([0x66; 32]),
    }
}

fn signature(byte: u8) -> ed25519::Signature {
    ed25519::Signature::from_raw([byte; 64])
}

/// `parts`, one after the other.
fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

#[test]
fn statements_are_what_the_table_says() {
    let keys_bytes = [[0x44; 32], [0x55; 32], [0x66; 32]].concat();
    assert_eq!(
        device_statement(&GENESIS, &account(), 0x0102_0304, &keys()),
        joined(&[
            b"parlance/device/1",
            &[0x11; 32],
            &[0x33; 32],
            &[4, 3, 2, 1],
            &keys_bytes
        ])
    );
    assert_eq!(
        registration_statement(&GENESIS, &ANCHOR, &account(), &keys()),
        joined(&[
            b"parlance/register/1",
            &[0x11; 32],
            &[0x22; 32],
            &[0x33; 32],
            &keys_bytes
        ])
    );
    assert_eq!(
        invitation_statement(&GENESIS, &account()),
        joined(&[b"parlance/invitation/1", &[0x11; 32], &[0x33; 32]])
    );
    let bound = joined(&[b"parlance/puzzle/1", &[0x11; 32], &[0x22; 32], &[0x33; 32]]);
    assert_eq!(
        work_challenge(&GENESIS, &ANCHOR, &account()),
        sp_crypto_hashing::blake2_256(&bound)
    );
}

fn registration() -> Registration<AccountId> {
    Registration {
        account: account(),
        keys: keys(),
        possession: Possession {
            signing: signature(0x77),
            endpoint: signature(0x88),
        },
        anchor: 0x0102_0304,
    }
}

/// What stands before and after the guard.
fn around(guard: &[u8], signature: &[u8]) -> Vec<u8> {
    let body = joined(&[
        &hex!("05 2100"),
        &[0x33; 32],
        &[0x44; 32],
        &[0x55; 32],
        &[0x66; 32],
        &[0x77; 64],
        &[0x88; 64],
        &[4, 3, 2, 1],
        guard,
        signature,
    ]);
    joined(&[&codec::Compact(body.len() as u32).encode(), &body])
}

#[test]
fn a_registration_by_work_travels_as_the_table_says() {
    let guard = Guard::Work {
        nonce: 5,
        solution: BoundedVec::truncate_from(vec![0x99; 84]),
    };
    let sent = registration_transaction(
        &registration(),
        &guard,
        &MultiSignature::Sr25519(sp_core::sr25519::Signature::from_raw([0xaa; 64])),
    );
    let guard = joined(&[&hex!("00 0500000000000000 5101"), &[0x99; 84]]);
    assert_eq!(sent, around(&guard, &joined(&[&[1], &[0xaa; 64]])));
    assert_eq!(sent.len(), 425);
}

#[test]
fn a_registration_by_invitation_travels_as_the_table_says() {
    let guard = Guard::Invitation {
        key: ed25519::Public::from_raw([0x99; 32]),
        signature: signature(0xbb),
    };
    let sent = registration_transaction(
        &registration(),
        &guard,
        &MultiSignature::Ed25519(signature(0xaa)),
    );
    let guard = joined(&[&[1], &[0x99; 32], &[0xbb; 64]]);
    assert_eq!(sent, around(&guard, &joined(&[&[0], &[0xaa; 64]])));
    assert_eq!(sent.len(), 427);
}

#[test]
fn a_storage_key_has_the_documented_parts() {
    let key = identity_key(&account().encode());
    let parts = [
        sp_crypto_hashing::twox_128(b"Accounts"),
        sp_crypto_hashing::twox_128(b"Identities"),
        sp_crypto_hashing::blake2_128(&[0x33; 32]),
    ];
    assert_eq!(key, joined(&[&parts.concat(), &[0x33; 32]]));
}

#[test]
fn a_guard_that_is_cut_short_or_too_long_does_not_decode() {
    let good = Guard::Work {
        nonce: 1,
        solution: BoundedVec::truncate_from(vec![7; MAX_SOLUTION as usize]),
    }
    .encode();
    assert!(Guard::decode(&mut good.as_slice()).is_ok());
    for end in 0..good.len() {
        assert!(Guard::decode(&mut &good[..end]).is_err(), "{end} bytes");
    }
    let long = (0u8, 1u64, vec![7u8; MAX_SOLUTION as usize + 1]).encode();
    assert!(Guard::decode(&mut long.as_slice()).is_err());
}
