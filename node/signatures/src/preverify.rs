//! Checks the signatures of a block's transactions on all cores, ahead of its execution.
//!
//! It fills the cache and decides nothing. What does not decode, has no signature, or has a bad one is
//! passed over: the runtime meets it in a moment and says what is to be said. The payload that a sender
//! signed is put together as the runtime does, from the transaction and from facts about the chain; should
//! a fact be wrong (an old block hash of another fork, a runtime whose extensions differ from those
//! this node was built with) the check fails and nothing is remembered.

use super::{cache::SignatureCache, host};
use codec::{Decode, Encode};
use parlance_primitives::{AccountId, BlockNumber, Hash, Signature};
use parlance_runtime::TxExtension;
use rayon::{ThreadPool, prelude::*};
use sp_core::{ed25519, sr25519};
use sp_io::hashing::blake2_256;
use sp_runtime::{
    MultiAddress, MultiSignature, OpaqueExtrinsic,
    generic::{Era, Preamble as GenericPreamble},
};
use std::collections::HashMap;

type Preamble = GenericPreamble<MultiAddress<AccountId, ()>, Signature, TxExtension>;

/// Longest payload that is signed as it is; a longer one is hashed first.
const LONGEST_PLAIN_PAYLOAD: usize = 256;
/// Encoding of an absent metadata hash, the mode that `CheckMetadataHash` ends a transaction's
/// extension with.
const METADATA_HASH_DISABLED: u8 = 0;

/// What a signature covers beside the transaction itself.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Version of the runtime that will execute the block.
    pub spec_version: u32,
    /// Version of its transaction format.
    pub transaction_version: u32,
    /// Hash of block 0.
    pub genesis: Hash,
    /// Height of the block that holds the transactions.
    pub number: BlockNumber,
}

/// Verifies what can be verified in `extrinsics` and lets `cache` remember it. `block_hash` finds the
/// hash of an ancestor by its height.
pub fn preverify(
    extrinsics: &[OpaqueExtrinsic],
    facts: &Facts,
    block_hash: impl Fn(BlockNumber) -> Option<Hash>,
    cache: &SignatureCache,
    pool: &ThreadPool,
) {
    // Transactions of one block mostly begin their lives at the same few blocks.
    let mut births = HashMap::from([(0, Some(facts.genesis))]);
    let signed: Vec<_> = extrinsics
        .iter()
        .filter_map(|extrinsic| Signed::parse(extrinsic.inner()))
        .filter_map(|signed| {
            let birth = signed.birth(facts.number)?;
            let hash = births.entry(birth).or_insert_with(|| block_hash(birth));
            hash.map(|hash| (signed, hash))
        })
        .collect();
    pool.install(|| {
        signed
            .par_iter()
            .for_each(|(signed, birth)| signed.warm(facts, *birth, cache));
    });
}

/// The parts of a signed transaction. The call stays bytes: what it says does not matter here.
struct Signed<'a> {
    sender: AccountId,
    signature: Signature,
    extension: TxExtension,
    call: &'a [u8],
}

impl<'a> Signed<'a> {
    /// Reads a transaction without its length prefix.
    fn parse(mut bytes: &'a [u8]) -> Option<Self> {
        match Preamble::decode(&mut bytes).ok()? {
            Preamble::Signed(MultiAddress::Id(sender), signature, extension) => Some(Self {
                sender,
                signature,
                extension,
                call: bytes,
            }),
            _ => None,
        }
    }

    /// Height of the block whose hash the signature covers, in a block at `number`.
    fn birth(&self, number: BlockNumber) -> Option<BlockNumber> {
        let era: Era = self.extension.4.0;
        BlockNumber::try_from(era.birth(number.into())).ok()
    }

    fn warm(&self, facts: &Facts, birth: Hash, cache: &SignatureCache) {
        let Some(payload) = self.payload(facts, birth) else {
            return;
        };
        match &self.signature {
            MultiSignature::Sr25519(signature) => {
                let public = sr25519::Public::from_raw(*self.sender.as_ref());
                let name = host::sr25519_fingerprint(signature, &payload, &public);
                cache.warm(name, || host::sr25519_is_good(signature, &payload, &public));
            }
            MultiSignature::Ed25519(signature) => {
                let public = ed25519::Public::from_raw(*self.sender.as_ref());
                let name = host::ed25519_fingerprint(signature, &payload, &public);
                cache.warm(name, || host::ed25519_is_good(signature, &payload, &public));
            }
            // Not cached, see `host`.
            MultiSignature::Ecdsa(_) | MultiSignature::Eth(_) => {}
        }
    }

    /// The bytes that were signed: call, extension, and what the extension implies. `None` where the
    /// sender signed the metadata's hash as well, which only the runtime knows.
    fn payload(&self, facts: &Facts, birth: Hash) -> Option<Vec<u8>> {
        if self.extension.8.encode() != [METADATA_HASH_DISABLED] {
            return None;
        }
        let mut payload = self.call.to_vec();
        self.extension.encode_to(&mut payload);
        // One entry per extension that implies anything, in their order.
        facts.spec_version.encode_to(&mut payload);
        facts.transaction_version.encode_to(&mut payload);
        facts.genesis.encode_to(&mut payload);
        birth.encode_to(&mut payload);
        None::<[u8; 32]>.encode_to(&mut payload);
        if payload.len() > LONGEST_PLAIN_PAYLOAD {
            payload = blake2_256(&payload).to_vec();
        }
        Some(payload)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlance_runtime::{Address, Runtime, RuntimeCall, UncheckedExtrinsic};
    use sp_core::Pair;
    use sp_runtime::{
        AccountId32,
        traits::{Checkable, IdentifyAccount, Verify},
    };

    const GENESIS: Hash = Hash::repeat_byte(1);
    const BIRTH: Hash = Hash::repeat_byte(2);
    const NUMBER: BlockNumber = 100;

    fn facts() -> Facts {
        Facts {
            spec_version: parlance_runtime::VERSION.spec_version,
            transaction_version: parlance_runtime::VERSION.transaction_version,
            genesis: GENESIS,
            number: NUMBER,
        }
    }

    /// Block 96 is where an era of 32 that begins on a multiple of it was born.
    fn block_hash(number: BlockNumber) -> Option<Hash> {
        (number == 96).then_some(BIRTH)
    }

    fn pool() -> ThreadPool {
        rayon::ThreadPoolBuilder::new()
            .num_threads(2)
            .build()
            .unwrap()
    }

    fn extension(era: Era, metadata_hash: bool) -> TxExtension {
        (
            frame_system::CheckNonZeroSender::new(),
            frame_system::CheckSpecVersion::new(),
            frame_system::CheckTxVersion::new(),
            frame_system::CheckGenesis::new(),
            frame_system::CheckMortality::from(era),
            frame_system::CheckNonce::from(7),
            frame_system::CheckWeight::new(),
            pallet_transaction_payment::ChargeTransactionPayment::from(5).into(),
            frame_metadata_hash_extension::CheckMetadataHash::new(metadata_hash),
        )
    }

    fn call(bytes: usize) -> RuntimeCall {
        RuntimeCall::System(frame_system::Call::remark {
            remark: vec![3; bytes],
        })
    }

    /// A transaction by `signer`, who signs what `payload` makes of it.
    fn transaction<P: Pair>(pair: &P, call: RuntimeCall, era: Era) -> UncheckedExtrinsic
    where
        Signature: From<P::Signature>,
        <Signature as Verify>::Signer: From<P::Public>,
    {
        let sender = <Signature as Verify>::Signer::from(pair.public()).into_account();
        let with = |signature: Signature| {
            let address = Address::Id(sender.clone());
            UncheckedExtrinsic::new_signed(call.clone(), address, signature, extension(era, false))
        };
        // Any signature will do to find the bytes that are to be signed.
        let blank = with(MultiSignature::Sr25519([0; 64].into())).encode();
        let bytes = opaque_bytes(&blank);
        let birth = if era == Era::Immortal { GENESIS } else { BIRTH };
        let payload = Signed::parse(&bytes)
            .unwrap()
            .payload(&facts(), birth)
            .unwrap();
        with(pair.sign(&payload).into())
    }

    fn opaque(extrinsic: &UncheckedExtrinsic) -> OpaqueExtrinsic {
        OpaqueExtrinsic::try_from_encoded_extrinsic(&extrinsic.encode()).unwrap()
    }

    fn opaque_bytes(encoded: &[u8]) -> Vec<u8> {
        OpaqueExtrinsic::try_from_encoded_extrinsic(encoded)
            .unwrap()
            .inner()
            .to_vec()
    }

    /// The runtime's own verdict on the signature.
    fn runtime_accepts(extrinsic: UncheckedExtrinsic) -> bool {
        let mut externalities = sp_state_machine::BasicExternalities::default();
        externalities.execute_with(|| {
            frame_system::Pallet::<Runtime>::set_block_number(NUMBER);
            frame_system::BlockHash::<Runtime>::insert(0, GENESIS);
            frame_system::BlockHash::<Runtime>::insert(96, BIRTH);
            extrinsic
                .check(&frame_system::ChainContext::<Runtime>::default())
                .is_ok()
        })
    }

    fn warmed(extrinsics: &[OpaqueExtrinsic], facts: &Facts) -> usize {
        let cache = SignatureCache::with_memory(1);
        preverify(extrinsics, facts, block_hash, &cache, &pool());
        cache.remembered()
    }

    #[test]
    fn the_payload_is_what_the_runtime_checks() {
        let sr25519 = sr25519::Pair::from_seed(&[1; 32]);
        let ed25519 = ed25519::Pair::from_seed(&[2; 32]);
        // Short payloads are signed as they are, long ones hashed; around 256 bytes is the edge.
        for length in (0..300).step_by(7).chain([1_000, 70_000]) {
            for era in [Era::Immortal, Era::mortal(32, 96)] {
                let one = transaction(&sr25519, call(length), era);
                let other = transaction(&ed25519, call(length), era);
                assert_eq!(
                    warmed(&[opaque(&one), opaque(&other)], &facts()),
                    2,
                    "{length} {era:?}"
                );
                assert!(runtime_accepts(one), "{length} {era:?}");
                assert!(runtime_accepts(other), "{length} {era:?}");
            }
        }
    }

    #[test]
    fn the_runtime_finds_what_was_prepared() {
        let pair = sr25519::Pair::from_seed(&[3; 32]);
        let extrinsic = opaque(&transaction(&pair, call(40), Era::Immortal));
        let cache = SignatureCache::with_memory(1);
        preverify(
            std::slice::from_ref(&extrinsic),
            &facts(),
            block_hash,
            &cache,
            &pool(),
        );
        let signed = Signed::parse(extrinsic.inner()).unwrap();
        let payload = signed.payload(&facts(), GENESIS).unwrap();
        let MultiSignature::Sr25519(signature) = &signed.signature else {
            panic!("signed with sr25519")
        };
        let name = host::sr25519_fingerprint(signature, &payload, &pair.public());
        assert!(cache.verify(name, || panic!("it is in the cache")));
    }

    #[test]
    fn a_wrong_fact_or_a_wrong_signature_leaves_no_trace() {
        let pair = sr25519::Pair::from_seed(&[4; 32]);
        let good = transaction(&pair, call(40), Era::mortal(32, 96));
        assert_eq!(warmed(&[opaque(&good)], &facts()), 1);
        for wrong in [
            Facts {
                spec_version: facts().spec_version + 1,
                ..facts()
            },
            Facts {
                transaction_version: facts().transaction_version + 1,
                ..facts()
            },
            Facts {
                genesis: BIRTH,
                ..facts()
            },
            Facts {
                number: NUMBER + 64,
                ..facts()
            },
        ] {
            assert_eq!(warmed(&[opaque(&good)], &wrong), 0, "{wrong:?}");
        }
        let mut forged = good;
        forged.function = call(41);
        assert_eq!(warmed(&[opaque(&forged)], &facts()), 0);
    }

    #[test]
    fn what_is_not_a_signed_transaction_is_passed_over() {
        let pair = sr25519::Pair::from_seed(&[5; 32]);
        let good = opaque(&transaction(&pair, call(40), Era::Immortal));
        let mut others = vec![
            opaque(&UncheckedExtrinsic::new_bare(call(1))),
            opaque(&UncheckedExtrinsic::new_transaction(
                call(1),
                extension(Era::Immortal, false),
            )),
            opaque(&UncheckedExtrinsic::new_signed(
                call(1),
                Address::Raw(vec![1, 2, 3]),
                MultiSignature::Sr25519([0; 64].into()),
                extension(Era::Immortal, false),
            )),
            opaque(&UncheckedExtrinsic::new_signed(
                call(1),
                Address::Id(AccountId32::new([1; 32])),
                MultiSignature::Ecdsa([0; 65].into()),
                extension(Era::Immortal, false),
            )),
            opaque(&UncheckedExtrinsic::new_signed(
                call(1),
                Address::Id(AccountId32::new([1; 32])),
                MultiSignature::Sr25519([0; 64].into()),
                extension(Era::Immortal, true),
            )),
        ];
        // Every beginning of a good transaction, and every single byte of its head replaced.
        for end in 0..good.inner().len() {
            others.push(OpaqueExtrinsic::from_blob(good.inner()[..end].to_vec()));
        }
        for position in 0..good.inner().len() {
            let mut bytes = good.inner().to_vec();
            bytes[position] ^= 0xff;
            others.push(OpaqueExtrinsic::from_blob(bytes));
        }
        assert_eq!(warmed(&others, &facts()), 0);
        others.push(good);
        assert_eq!(warmed(&others, &facts()), 1);
    }
}
