//! Transactions that a node signs for itself.

use crate::{
    AccountId, BlockNumber, Hash, Nonce, RuntimeCall, SignedPayload, TxExtension,
    UncheckedExtrinsic, VERSION,
};
use parlance_primitives::{
    Signature,
    relay::{MAX_OPENING, Period, Root},
};
use sp_core::ConstU32;
use sp_runtime::{BoundedVec, generic::Era};

/// Blocks for which such a transaction is good: it is made again where it was lost.
const LIFETIME: u64 = 64;

/// What a transaction is good for.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    /// Hash of the first block.
    pub genesis: Hash,
    /// Version of the chain's runtime.
    pub spec_version: u32,
    /// Number of the block that it is made on.
    pub number: BlockNumber,
    /// Hash of that block.
    pub hash: Hash,
    /// The account's nonce.
    pub nonce: Nonce,
}

/// What is to be signed, by the account's key, for a chain whose transactions are those of this runtime.
pub fn payload(call: RuntimeCall, terms: &Terms) -> SignedPayload {
    let era = Era::mortal(LIFETIME, terms.number.into());
    let extension: TxExtension = (
        frame_system::CheckNonZeroSender::new(),
        frame_system::CheckSpecVersion::new(),
        frame_system::CheckTxVersion::new(),
        frame_system::CheckGenesis::new(),
        frame_system::CheckMortality::from(era),
        frame_system::CheckNonce::from(terms.nonce),
        frame_system::CheckWeight::new(),
        pallet_transaction_payment::ChargeTransactionPayment::from(0).into(),
        frame_metadata_hash_extension::CheckMetadataHash::new(false),
    );
    let implicit = (
        (),
        terms.spec_version,
        VERSION.transaction_version,
        terms.genesis,
        terms.hash,
        (),
        (),
        (),
        None,
    );
    SignedPayload::from_raw(call, extension, implicit)
}

/// The transaction with its signature.
pub fn signed(who: AccountId, payload: SignedPayload, signature: Signature) -> UncheckedExtrinsic {
    let (call, extension, _) = payload.deconstruct();
    UncheckedExtrinsic::new_signed(call, who.into(), signature, extension)
}

/// A relay's claim.
pub fn claim(period: Period, tickets: Root, receipts: Root) -> RuntimeCall {
    RuntimeCall::Relay(pallet_relay::Call::claim {
        period,
        tickets,
        receipts,
    })
}

/// The opening of a relay's claim; none when it is too long.
pub fn open(relay: AccountId, period: Period, opening: Vec<u8>) -> Option<RuntimeCall> {
    let opening = BoundedVec::<u8, ConstU32<MAX_OPENING>>::try_from(opening).ok()?;
    Some(RuntimeCall::Relay(pallet_relay::Call::open {
        relay: relay.into(),
        period,
        opening,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec::{Decode, Encode};
    use sp_core::{Pair, sr25519};
    use sp_runtime::traits::{BlakeTwo256, Checkable, Hash as _};

    #[test]
    fn what_is_signed_is_what_the_chain_checks() {
        sp_io::TestExternalities::default().execute_with(|| {
            let genesis = BlakeTwo256::hash(b"genesis");
            let hash = BlakeTwo256::hash(b"parent");
            frame_system::BlockHash::<crate::Runtime>::insert(0, genesis);
            frame_system::BlockHash::<crate::Runtime>::insert(70, hash);
            crate::System::set_block_number(71);
            let pair = sr25519::Pair::from_string("//Relay", None).unwrap();
            let who = AccountId::from(pair.public());
            let terms = Terms {
                genesis,
                spec_version: VERSION.spec_version,
                number: 70,
                hash,
                nonce: 3,
            };
            let payload = payload(claim(7, Root::default(), Root::default()), &terms);
            let signature = payload.using_encoded(|bytes| pair.sign(bytes)).into();
            let transaction = signed(who.clone(), payload, signature);
            let bytes = transaction.encode();
            assert!(bytes.len() <= 200, "{} bytes", bytes.len());
            let read = UncheckedExtrinsic::decode(&mut &bytes[..]).unwrap();
            let checked = Checkable::check(
                read,
                &frame_system::ChainContext::<crate::Runtime>::default(),
            );
            assert!(checked.is_ok(), "{:?}", checked.err());
        });
    }

    #[test]
    fn an_opening_that_is_too_long_makes_no_call() {
        let who = AccountId::from([1; 32]);
        assert!(open(who.clone(), 1, vec![0; MAX_OPENING as usize]).is_some());
        assert!(open(who, 1, vec![0; MAX_OPENING as usize + 1]).is_none());
    }
}
