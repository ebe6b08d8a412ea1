//! Calls as anybody may send them in a signed transaction, straight into the pallets.

use crate::{
    Target,
    chain::{self, on_chain},
    consensus,
};
use codec::{DecodeLimit, Encode};
use frame_support::{MAX_EXTRINSIC_DEPTH, dispatch::GetDispatchInfo};
use parlance_primitives::{AccountId, UNIT};
use parlance_runtime::{Balances, RuntimeCall, RuntimeOrigin, SessionKeys};
use sp_core::Pair;
use sp_runtime::{Perbill, traits::Dispatchable};

/// A byte that chooses the sender, and a call. No call of a sender without powers makes tokens.
pub const CALL: Target = Target {
    name: "call",
    seeds,
    run: call,
};

/// Senders without powers: a validator, an account with tokens, one without.
const SENDERS: [&str; 3] = ["//Bob", "//Ferdie", "//Nobody"];

fn call(bytes: &[u8]) {
    let Some((sender, mut bytes)) = bytes.split_first() else {
        return;
    };
    let Ok(call) = RuntimeCall::decode_all_with_depth_limit(MAX_EXTRINSIC_DEPTH, &mut bytes) else {
        return;
    };
    let again = RuntimeCall::decode_all_with_depth_limit(
        MAX_EXTRINSIC_DEPTH,
        &mut call.encode().as_slice(),
    );
    assert_eq!(again.as_ref(), Ok(&call), "a call changes on its way");
    let _ = call.get_dispatch_info();
    let sender = account(SENDERS[usize::from(*sender) % SENDERS.len()]);
    on_chain(|| {
        let before = Balances::total_issuance();
        let _ = call.dispatch(RuntimeOrigin::signed(sender));
        assert!(Balances::total_issuance() <= before, "a call made tokens");
    });
}

fn account(seed: &str) -> AccountId {
    chain::secret(seed).public().into()
}

/// Calls of each kind that strangers send.
pub fn examples() -> Vec<RuntimeCall> {
    let (bob, ferdie) = (account("//Bob"), account("//Ferdie"));
    let transfer = RuntimeCall::Balances(pallet_balances::Call::transfer_keep_alive {
        dest: bob.clone().into(),
        value: UNIT,
    });
    let batch = RuntimeCall::Utility(pallet_utility::Call::batch_all {
        calls: vec![transfer.clone(); 3],
    });
    let vote = RuntimeCall::Vdpos(pallet_vdpos::Call::vote {
        names: vec![bob.clone(), account("//Charlie")],
        stake: 100 * UNIT,
    });
    let register = RuntimeCall::Vdpos(pallet_vdpos::Call::register {
        commission: Perbill::from_percent(5),
        bond: 10_000 * UNIT,
    });
    let generated =
        on_chain(|| SessionKeys::generate(&ferdie.encode(), Some(b"//Ferdie".to_vec())));
    let keys = RuntimeCall::Session(pallet_session::Call::set_keys {
        keys: generated.keys,
        proof: generated.proof.encode(),
    });
    let multisig = RuntimeCall::Multisig(pallet_multisig::Call::as_multi {
        threshold: 2,
        other_signatories: vec![bob.clone()],
        maybe_timepoint: None,
        call: Box::new(transfer.clone()),
        max_weight: Default::default(),
    });
    let proxy = RuntimeCall::Proxy(pallet_proxy::Call::add_proxy {
        delegate: bob.clone().into(),
        proxy_type: Default::default(),
        delay: 0,
    });
    let withdraw = RuntimeCall::Vdpos(pallet_vdpos::Call::withdraw { who: bob });
    let mut all = vec![
        transfer, batch, vote, register, keys, multisig, proxy, withdraw,
    ];
    all.extend(consensus::reports());
    all
}

fn seeds() -> Vec<Vec<u8>> {
    let examples = examples();
    let encoded = examples.iter().map(Encode::encode);
    encoded
        .enumerate()
        .map(|(number, call)| [vec![number as u8], call].concat())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn examples_do_what_they_say() {
        let sender = account("//Ferdie");
        let done = examples().into_iter().filter(|call| {
            on_chain(|| {
                call.clone()
                    .dispatch(RuntimeOrigin::signed(sender.clone()))
                    .is_ok()
            })
        });
        assert!(done.count() >= 6);
    }
}
