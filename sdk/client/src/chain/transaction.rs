//! A transaction: what is signed, and what travels.
//!
//! The transaction extensions of the chain that have bytes are era, nonce, tip and the mode of the
//! metadata hash; what else is signed is the runtime's version, genesis, and the block from which the
//! transaction counts. Every transaction of this client expires: one that a node holds back today cannot
//! surprise its sender next month.

use codec::{Compact, Decode, Encode};
use parlance_primitives::{AccountId, Balance, BlockNumber, Hash, Nonce};
use sp_core::{Pair, sr25519};
use sp_crypto_hashing::blake2_256;
use sp_runtime::{MultiAddress, MultiSignature, generic::Era};

use super::{TRANSACTION_VERSION, call::Call};

/// Signed transaction of format 4.
pub(crate) const SIGNED: u8 = 0b1000_0000 | 4;
/// Payloads longer than this are hashed before they are signed.
const HASHED_FROM: usize = 256;
/// Shortest and longest life of a transaction in blocks: powers of two. The chain remembers 4,096 hashes.
pub const LIFE: std::ops::RangeInclusive<u64> = 4..=4_096;

/// All that a signature covers.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Unsigned {
    /// Who sends.
    pub account: AccountId,
    /// What is asked.
    pub call: Call,
    /// Number of the transaction.
    pub nonce: Nonce,
    /// Extra pay for the block's author, in units.
    pub tip: Balance,
    /// Version of the runtime.
    pub spec_version: u32,
    /// The chain's first block.
    pub genesis: Hash,
    /// Block from which on it counts, at the latest.
    pub from: BlockNumber,
    /// Its hash.
    pub from_hash: Hash,
    /// For how many blocks: a power of two within [`LIFE`].
    pub life: u64,
}

impl Unsigned {
    /// Block from which on it can no longer enter the chain.
    pub fn expires(&self) -> BlockNumber {
        let death = self.era().death(self.from.into());
        BlockNumber::try_from(death).unwrap_or(BlockNumber::MAX)
    }

    /// Signs.
    pub fn sign(&self, key: &sr25519::Pair) -> Signed {
        let signature = MultiSignature::Sr25519(key.sign(&self.payload()));
        let address = MultiAddress::<AccountId, ()>::Id(self.account.clone());
        let body = (SIGNED, address, signature, self.extensions(), &self.call).encode();
        Signed(body.encode())
    }

    /// The bytes under the signature.
    fn payload(&self) -> Vec<u8> {
        let implicit = (
            self.spec_version,
            TRANSACTION_VERSION,
            self.genesis,
            self.from_hash,
            None::<[u8; 32]>,
        );
        let payload = (&self.call, self.extensions(), implicit).encode();
        if payload.len() > HASHED_FROM {
            blake2_256(&payload).to_vec()
        } else {
            payload
        }
    }

    fn extensions(&self) -> (Era, Compact<Nonce>, Compact<Balance>, u8) {
        const NO_METADATA_HASH: u8 = 0;
        (
            self.era(),
            Compact(self.nonce),
            Compact(self.tip),
            NO_METADATA_HASH,
        )
    }

    fn era(&self) -> Era {
        Era::mortal(self.life, self.from.into())
    }
}

/// A transaction as it travels, with its length in front.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Signed(pub Vec<u8>);

impl Signed {
    /// Hash by which explorers name it.
    pub fn hash(&self) -> Hash {
        blake2_256(&self.0).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlance_primitives::UNIT;
    use parlance_runtime::UncheckedExtrinsic;
    use sp_runtime::generic::Preamble;

    fn unsigned(key: &sr25519::Pair, call: Call) -> Unsigned {
        Unsigned {
            account: key.public().into(),
            call,
            nonce: 70,
            tip: 5,
            spec_version: 3,
            genesis: Hash::repeat_byte(1),
            from: 1_000,
            from_hash: Hash::repeat_byte(2),
            life: 64,
        }
    }

    /// What the runtime would check a signature against.
    fn payload_of_the_runtime(unsigned: &Unsigned, decoded: &UncheckedExtrinsic) -> Vec<u8> {
        let Preamble::Signed(_, _, extension) = &decoded.preamble else {
            panic!("not signed");
        };
        let implicit = (
            unsigned.spec_version,
            parlance_runtime::VERSION.transaction_version,
            unsigned.genesis,
            unsigned.from_hash,
            None::<Hash>,
        );
        let bytes = (&decoded.function, extension, implicit).encode();
        if bytes.len() > 256 {
            blake2_256(&bytes).to_vec()
        } else {
            bytes
        }
    }

    #[test]
    fn the_runtime_reads_what_was_signed() {
        let key = sr25519::Pair::from_seed(&[1; 32]);
        let (short, long) = (
            Call::transfer(&AccountId::new([9; 32]), UNIT),
            Call::Accounts(crate::chain::call::Accounts::Invite {
                keys: vec![sp_core::ed25519::Public::from_raw([7; 32]); 16],
            }),
        );
        for call in [short, long] {
            let unsigned = unsigned(&key, call);
            let signed = unsigned.sign(&key);
            let decoded = UncheckedExtrinsic::decode(&mut signed.0.as_slice()).unwrap();
            assert_eq!(decoded.encode(), signed.0);
            assert_eq!(decoded.function.encode(), unsigned.call.encode());
            let Preamble::Signed(address, signature, _) = &decoded.preamble else {
                panic!("not signed");
            };
            assert_eq!(*address, MultiAddress::Id(unsigned.account.clone()));
            let payload = payload_of_the_runtime(&unsigned, &decoded);
            let MultiSignature::Sr25519(signature) = signature else {
                panic!("another scheme");
            };
            assert!(sr25519::Pair::verify(signature, payload, &key.public()));
        }
    }

    #[test]
    fn every_field_is_under_the_signature() {
        let key = sr25519::Pair::from_seed(&[1; 32]);
        let base = unsigned(&key, Call::transfer(&AccountId::new([9; 32]), UNIT));
        let changed = [
            Unsigned {
                nonce: 71,
                ..base.clone()
            },
            Unsigned {
                tip: 6,
                ..base.clone()
            },
            Unsigned {
                spec_version: 4,
                ..base.clone()
            },
            Unsigned {
                genesis: Hash::zero(),
                ..base.clone()
            },
            Unsigned {
                from_hash: Hash::zero(),
                ..base.clone()
            },
            Unsigned {
                life: 128,
                ..base.clone()
            },
            Unsigned {
                call: Call::transfer(&AccountId::new([8; 32]), UNIT),
                ..base.clone()
            },
        ];
        for other in changed {
            assert_ne!(other.payload(), base.payload(), "{other:?}");
        }
    }

    #[test]
    fn it_expires_when_its_life_is_over() {
        let key = sr25519::Pair::from_seed(&[1; 32]);
        let unsigned = unsigned(&key, Call::transfer(&AccountId::new([9; 32]), UNIT));
        assert_eq!(unsigned.expires(), 1_064);
    }
}
