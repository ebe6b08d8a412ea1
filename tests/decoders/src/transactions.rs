//! Transactions as they come from the network: one by one into the pool, and many in a block's body.

use crate::{
    Target,
    chain::{self, on_chain},
};
use codec::{Decode, DecodeAll, DecodeLimit, Encode};
use frame_support::MAX_EXTRINSIC_DEPTH;
use parlance_primitives::{BlockNumber, Hash, Signature};
use parlance_runtime::{
    Address, Executive, Nonce, Runtime, RuntimeCall, System, TxExtension, UncheckedExtrinsic,
    VERSION, batch,
};
use parlance_signatures::{Facts, SignatureCache, preverify};
use rayon::{ThreadPool, ThreadPoolBuilder};
use sp_core::{Pair, ed25519, sr25519};
use sp_io::hashing::blake2_256;
use sp_runtime::{
    AccountId32, MultiSignature, OpaqueExtrinsic,
    generic::{Era, Preamble as GenericPreamble},
    traits::{Checkable, TransactionExtension},
    transaction_validity::{InvalidTransaction, TransactionSource, TransactionValidity},
};
use std::sync::LazyLock;

type Preamble = GenericPreamble<Address, Signature, TxExtension>;

/// Longest payload that is signed as it is; a longer one is hashed first.
const LONGEST_PLAIN_PAYLOAD: usize = 256;

/// A block's body before its execution: what [`preverify`] prepares, the runtime accepts, and the other way
/// round.
pub const BODY: Target = Target {
    name: "body",
    seeds: bodies,
    run: body,
};

/// A transaction on its way into the pool and into a block, also as a signer who has a key would send it.
pub const TRANSACTION: Target = Target {
    name: "transaction",
    seeds: transactions,
    run: transaction,
};

fn body(bytes: &[u8]) {
    // A whole body, or a single transaction without its length.
    let body = Vec::<OpaqueExtrinsic>::decode_all(&mut &bytes[..])
        .unwrap_or_else(|_| vec![OpaqueExtrinsic::from_blob(bytes.to_vec())]);
    let accepted = body.iter().filter(|one| runtime_accepts(one) == Some(true));
    assert!(
        prepared(&body) <= accepted.count(),
        "a signature was found good that the runtime refuses"
    );
    for extrinsic in &body {
        let Some(signed) = signed_anew(extrinsic.inner()) else {
            continue;
        };
        let signed = OpaqueExtrinsic::from_blob(signed);
        if let Some(accepted) = runtime_accepts(&signed) {
            let prepared = prepared(std::slice::from_ref(&signed)) == 1;
            assert_eq!(prepared, accepted, "node and runtime read it differently");
        }
    }
}

fn transaction(bytes: &[u8]) {
    let Ok(extrinsic) = decode(bytes) else {
        let refused = Err(InvalidTransaction::Call.into());
        assert_eq!(
            validated_in_batch(bytes, TransactionSource::External),
            refused
        );
        return;
    };
    let encoded = extrinsic.encode();
    assert_eq!(
        decode(&encoded).map(|again| again.encode()),
        Ok(encoded.clone()),
        "a transaction changes on its way from node to node"
    );
    into_block(&extrinsic);
    let opaque = OpaqueExtrinsic::try_from_encoded_extrinsic(&encoded)
        .expect("a transaction starts with its length");
    if let Some(signed) = signed_anew(opaque.inner()) {
        let signed = OpaqueExtrinsic::from_blob(signed).encode();
        if let Ok(signed) = decode(&signed) {
            into_block(&signed);
        }
    }
}

/// Validates as the pool does, one by one and in a list, then applies what was found valid as a block does.
fn into_block(extrinsic: &UncheckedExtrinsic) {
    let encoded = extrinsic.encode();
    let mut valid = false;
    for source in [
        TransactionSource::External,
        TransactionSource::InBlock,
        TransactionSource::Local,
    ] {
        let alone = on_chain(|| {
            let parent = System::parent_hash();
            Executive::validate_transaction(source, extrinsic.clone(), parent)
        });
        assert_eq!(validated_in_batch(&encoded, source), alone);
        valid = alone.is_ok();
    }
    if valid {
        let alone = on_chain(|| Executive::apply_extrinsic(extrinsic.clone()));
        let listed = on_chain(|| batch::apply(vec![encoded.clone()]).results);
        assert_eq!(listed, [alone]);
    }
}

/// What the pool is told of a transaction when it asks for several at once.
fn validated_in_batch(bytes: &[u8], source: TransactionSource) -> TransactionValidity {
    let answers = on_chain(|| {
        let parent = System::parent_hash();
        batch::validate(vec![(source, bytes.to_vec()); 2], parent)
    });
    let [first, second] = answers.try_into().expect("one answer per transaction");
    assert_eq!(
        first, second,
        "a transaction leaves a trace in the next one's answer"
    );
    first
}

/// Reads a transaction with its length, as the runtime does.
fn decode(bytes: &[u8]) -> Result<UncheckedExtrinsic, codec::Error> {
    UncheckedExtrinsic::decode_all_with_depth_limit(MAX_EXTRINSIC_DEPTH, &mut &bytes[..])
}

/// Number of signatures that the node finds good ahead of a block's execution.
fn prepared(body: &[OpaqueExtrinsic]) -> usize {
    static POOL: LazyLock<ThreadPool> = LazyLock::new(|| {
        ThreadPoolBuilder::new()
            .num_threads(1)
            .build()
            .expect("a thread can be started")
    });
    let (number, births) = on_chain(|| {
        let known = [0, 1].map(|number| (number, System::block_hash(number)));
        (System::block_number(), known)
    });
    let facts = Facts {
        spec_version: VERSION.spec_version,
        transaction_version: VERSION.transaction_version,
        genesis: chain::GENESIS_HASH,
        number,
    };
    let block_hash = |number: BlockNumber| -> Option<Hash> {
        let known = births.iter().find(|(birth, _)| *birth == number);
        known.map(|(_, hash)| *hash)
    };
    let cache = SignatureCache::with_memory(1);
    preverify(body, &facts, block_hash, &cache, &POOL);
    cache.remembered()
}

/// What the runtime says of the signature; `None` where it cannot read the transaction or where it bears
/// none.
fn runtime_accepts(extrinsic: &OpaqueExtrinsic) -> Option<bool> {
    let extrinsic = decode(&extrinsic.encode()).ok()?;
    extrinsic.is_signed().then(|| {
        on_chain(|| {
            extrinsic
                .check(&frame_system::ChainContext::<Runtime>::default())
                .is_ok()
        })
    })
}

/// The transaction with a good signature by a funded account in place of its own, without its length. `None`
/// where it has none, or names something about the chain that does not exist.
fn signed_anew(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let Ok(Preamble::Signed(_, signature, extension)) = Preamble::decode(&mut bytes) else {
        return None;
    };
    let implicit = on_chain(|| extension.implicit()).ok()?;
    let mut payload = bytes.to_vec();
    (&extension, implicit).encode_to(&mut payload);
    if payload.len() > LONGEST_PLAIN_PAYLOAD {
        payload = blake2_256(&payload).to_vec();
    }
    let (account, signature) = match signature {
        MultiSignature::Sr25519(_) => signed_sr25519(&payload),
        MultiSignature::Ed25519(_) => signed_ed25519(&payload),
        MultiSignature::Ecdsa(_) | MultiSignature::Eth(_) => return None,
    };
    let mut signed = Preamble::Signed(Address::Id(account), signature, extension).encode();
    signed.extend(bytes);
    Some(signed)
}

fn signed_sr25519(payload: &[u8]) -> (AccountId32, Signature) {
    static PAIR: LazyLock<sr25519::Pair> = LazyLock::new(|| chain::secret("//Ferdie"));
    (PAIR.public().into(), PAIR.sign(payload).into())
}

fn signed_ed25519(payload: &[u8]) -> (AccountId32, Signature) {
    static PAIR: LazyLock<ed25519::Pair> = LazyLock::new(|| ed25519::Pair::from_seed(&[7; 32]));
    (PAIR.public().into(), PAIR.sign(payload).into())
}

fn extension(era: Era, nonce: Nonce, tip: u128) -> TxExtension {
    (
        frame_system::CheckNonZeroSender::new(),
        frame_system::CheckSpecVersion::new(),
        frame_system::CheckTxVersion::new(),
        frame_system::CheckGenesis::new(),
        frame_system::CheckMortality::from(era),
        frame_system::CheckNonce::from(nonce),
        frame_system::CheckWeight::new(),
        pallet_transaction_payment::ChargeTransactionPayment::from(tip).into(),
        frame_metadata_hash_extension::CheckMetadataHash::new(false),
    )
}

/// Transactions of all kinds, each signed by who it says.
fn extrinsics() -> Vec<UncheckedExtrinsic> {
    let remark = |length| {
        RuntimeCall::System(frame_system::Call::remark {
            remark: vec![5; length],
        })
    };
    let blank = |signature| {
        let account = Address::Id(AccountId32::new([0; 32]));
        let extension = extension(Era::Immortal, 0, 0);
        UncheckedExtrinsic::new_signed(remark(8), account, signature, extension)
    };
    let mut all = vec![
        UncheckedExtrinsic::new_bare(remark(4)),
        UncheckedExtrinsic::new_bare_legacy(remark(4)),
        UncheckedExtrinsic::new_transaction(remark(4), extension(Era::Immortal, 0, 0)),
        blank(MultiSignature::Ecdsa([0; 65].into())),
        blank(MultiSignature::Sr25519([0; 64].into())),
    ];
    let eras = [Era::Immortal, Era::mortal(4, 1), Era::mortal(64, 1)];
    let calls = crate::calls::examples().into_iter().chain([remark(300)]);
    for (number, call) in calls.enumerate() {
        let era = eras[number % eras.len()];
        // Only the first of the two schemes' signers has tokens.
        let scheme = match number % 3 {
            0 | 1 => MultiSignature::Sr25519([0; 64].into()),
            _ => MultiSignature::Ed25519([0; 64].into()),
        };
        let address = Address::Id(AccountId32::new([0; 32]));
        let extension = extension(era, 0, number as u128);
        let unsigned = UncheckedExtrinsic::new_signed(call.clone(), address, scheme, extension);
        let opaque = OpaqueExtrinsic::try_from_encoded_extrinsic(&unsigned.encode())
            .expect("a transaction starts with its length");
        let signed = signed_anew(opaque.inner()).expect("it is signed, and names what exists");
        let signed = OpaqueExtrinsic::from_blob(signed).encode();
        all.push(decode(&signed).expect("it decoded before"));
        all.push(UncheckedExtrinsic::new_bare(call));
    }
    all
}

fn transactions() -> Vec<Vec<u8>> {
    extrinsics().iter().map(Encode::encode).collect()
}

fn bodies() -> Vec<Vec<u8>> {
    let all = extrinsics();
    let mut bodies: Vec<_> = all.chunks(5).map(|body| body.encode()).collect();
    // Without their lengths.
    bodies.extend(all.iter().map(|one| {
        OpaqueExtrinsic::try_from_encoded_extrinsic(&one.encode())
            .expect("a transaction starts with its length")
            .inner()
            .to_vec()
    }));
    bodies
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Without this the targets would find nothing: no seed would come as far as a signature.
    #[test]
    fn seeds_reach_what_is_behind_the_decoders() {
        let extrinsics = extrinsics();
        let opaque = |one: &UncheckedExtrinsic| {
            OpaqueExtrinsic::try_from_encoded_extrinsic(&one.encode()).unwrap()
        };
        let all: Vec<_> = extrinsics.iter().map(opaque).collect();
        let accepted = all.iter().filter(|one| runtime_accepts(one) == Some(true));
        let accepted = accepted.count();
        assert!(accepted > 10, "{accepted} are signed");
        assert_eq!(prepared(&all), accepted);
        let valid = extrinsics.iter().filter(|one| {
            on_chain(|| {
                let parent = System::parent_hash();
                let source = TransactionSource::External;
                Executive::validate_transaction(source, (*one).clone(), parent).is_ok()
            })
        });
        let valid = valid.count();
        assert!(valid > 5, "{valid} are valid");
    }
}
