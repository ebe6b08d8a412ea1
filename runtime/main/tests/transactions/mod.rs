//! Transactions as wallets sign them.

use codec::Encode;
use parlance_runtime::{Nonce, RuntimeCall, SignedPayload, TxExtension, UncheckedExtrinsic};
use sp_keyring::Sr25519Keyring;
use sp_runtime::{MultiSignature, generic::Era};

fn extension(nonce: Nonce) -> TxExtension {
    (
        frame_system::CheckNonZeroSender::new(),
        frame_system::CheckSpecVersion::new(),
        frame_system::CheckTxVersion::new(),
        frame_system::CheckGenesis::new(),
        frame_system::CheckMortality::from(Era::Immortal),
        frame_system::CheckNonce::from(nonce),
        frame_system::CheckWeight::new(),
        pallet_transaction_payment::ChargeTransactionPayment::from(0).into(),
        frame_metadata_hash_extension::CheckMetadataHash::new(false),
    )
}

/// A signed transaction. To be called where the state is at hand: what is signed names the chain.
pub fn signed(who: Sr25519Keyring, nonce: Nonce, call: RuntimeCall) -> UncheckedExtrinsic {
    let payload = SignedPayload::new(call, extension(nonce)).expect("the genesis hash is known");
    let signature = payload.using_encoded(|bytes| who.sign(bytes));
    let (call, extension, _) = payload.deconstruct();
    UncheckedExtrinsic::new_signed(
        call,
        who.to_account_id().into(),
        MultiSignature::Sr25519(signature),
        extension,
    )
}

/// A payment that leaves the sender's account alive.
pub fn pay(to: Sr25519Keyring, amount: u128) -> RuntimeCall {
    RuntimeCall::Balances(pallet_balances::Call::transfer_keep_alive {
        dest: to.to_account_id().into(),
        value: amount,
    })
}

/// A remark of that many bytes.
pub fn remark(length: usize) -> RuntimeCall {
    RuntimeCall::System(frame_system::Call::remark {
        remark: vec![7; length],
    })
}
