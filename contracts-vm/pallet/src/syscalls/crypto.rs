//! Hashes and signatures.

use super::{Reply, ReturnCode, Served, input, length};
use crate::{Config, Error, costs::Cost, frame::Frame};
use alloc::vec::Vec;
use frame_support::crypto::ecdsa::ECDSAExt;
use parlance_vm_abi::id;
use parlance_vm_interface::SystemCall;
use sp_core::{ecdsa, sr25519};
use sp_io::{crypto, hashing};

/// Bytes for the first output, which has their length by the table of calls.
fn fixed(bytes: Vec<u8>) -> Reply {
    Reply {
        outputs: [Some(bytes), None],
        ..Reply::default()
    }
}

pub(super) fn serve<T: Config>(frame: &mut Frame<T>, call: &SystemCall<'_>) -> Served {
    match call.id {
        id::ECDSA_RECOVER => {
            frame.charge(Cost::Signature(0))?;
            let signature: Result<&[u8; 65], _> = input(call, 0)?.try_into();
            let message: Result<&[u8; 32], _> = input(call, 1)?.try_into();
            let (Ok(signature), Ok(message)) = (signature, message) else {
                return Err(Error::<T>::DecodingFailed.into());
            };
            match crypto::secp256k1_ecdsa_recover_compressed(signature, message) {
                Ok(key) => Ok(fixed(key.to_vec())),
                Err(_) => Ok(ReturnCode::EcdsaRecoveryFailed.into()),
            }
        }
        id::ECDSA_TO_ETH_ADDRESS => {
            frame.charge(Cost::Signature(0))?;
            let key: Result<[u8; 33], _> = input(call, 0)?.try_into();
            let key = key.map_err(|_| Error::<T>::DecodingFailed)?;
            match ecdsa::Public::from_raw(key).to_eth_address() {
                Ok(address) => Ok(fixed(address.to_vec())),
                Err(()) => Ok(ReturnCode::EcdsaRecoveryFailed.into()),
            }
        }
        id::SR25519_VERIFY => {
            let message = input(call, 2)?;
            frame.charge(Cost::Signature(length(message)))?;
            let signature: Result<[u8; 64], _> = input(call, 0)?.try_into();
            let key: Result<[u8; 32], _> = input(call, 1)?.try_into();
            let (Ok(signature), Ok(key)) = (signature, key) else {
                return Err(Error::<T>::DecodingFailed.into());
            };
            let good = crypto::sr25519_verify(
                &sr25519::Signature::from_raw(signature),
                message,
                &sr25519::Public::from_raw(key),
            );
            Ok(if good {
                ReturnCode::Success.into()
            } else {
                ReturnCode::Sr25519VerifyFailed.into()
            })
        }
        _ => {
            let data = input(call, 0)?;
            frame.charge(Cost::Hash(length(data)))?;
            Ok(fixed(match call.id {
                id::HASH_SHA2_256 => hashing::sha2_256(data).to_vec(),
                id::HASH_KECCAK_256 => hashing::keccak_256(data).to_vec(),
                id::HASH_BLAKE2_128 => hashing::blake2_128(data).to_vec(),
                _ => hashing::blake2_256(data).to_vec(),
            }))
        }
    }
}
