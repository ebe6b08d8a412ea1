//! People with devices, who register, sign and send.

use codec::Encode;
use frame_support::traits::fungible::Mutate;
use parlance_primitives::{
    AccountId, Balance, BlockNumber, UNIT,
    accounts::{
        Change, DeviceId, DeviceKeys, Guard, Possession, Registration, Version, device_statement,
        invitation_statement, registration_statement, work_challenge,
    },
    puzzle::Solver,
};
use sp_core::{Pair, ed25519, sr25519};
use sp_runtime::{
    ApplyExtrinsicResult, BoundedVec, MultiAddress, MultiSignature, generic::SignedPayload,
};

use super::mock::*;
use crate::{CurrentGate, CurrentParameters, Identities, Standings, core::tally::window_of};

/// A call of the pallet.
pub type Call = crate::Call<Test>;

/// Secrets of a device.
#[derive(Clone)]
pub struct DeviceSecrets {
    pub signing: ed25519::Pair,
    pub endpoint: ed25519::Pair,
    pub agreement: [u8; 32],
}

impl DeviceSecrets {
    pub fn of(name: &str) -> Self {
        let pair = |part: &str| ed25519::Pair::from_string(&format!("//{name}//{part}"), None);
        Self {
            signing: pair("signing").unwrap(),
            endpoint: pair("endpoint").unwrap(),
            agreement: sp_crypto_hashing::blake2_256(name.as_bytes()),
        }
    }

    pub fn keys(&self) -> DeviceKeys {
        DeviceKeys {
            signing: self.signing.public(),
            agreement: self.agreement,
            endpoint: self.endpoint.public(),
        }
    }

    pub fn id(&self) -> DeviceId {
        DeviceId::of(&self.signing.public())
    }

    pub fn proof(&self, account: &AccountId, base: Version) -> Possession {
        let statement = device_statement(&hash_of(0), account, base, &self.keys());
        Possession {
            signing: self.signing.sign(&statement),
            endpoint: self.endpoint.sign(&statement),
        }
    }

    /// Joins `account`, whose version is `base`.
    pub fn joins(&self, account: &AccountId, base: Version) -> Change {
        Change::Add {
            keys: self.keys(),
            possession: self.proof(account, base),
        }
    }

    /// Takes the place of `device`.
    pub fn replaces(&self, device: DeviceId, account: &AccountId, base: Version) -> Change {
        Change::Rotate {
            device,
            keys: self.keys(),
            possession: self.proof(account, base),
        }
    }
}

/// Somebody with a key and a first device.
#[derive(Clone)]
pub struct Person {
    pub pair: sr25519::Pair,
    pub device: DeviceSecrets,
}

impl Person {
    pub fn of(name: &str) -> Self {
        Self {
            pair: sr25519::Pair::from_string(&format!("//{name}"), None).unwrap(),
            device: DeviceSecrets::of(name),
        }
    }

    pub fn id(&self) -> AccountId {
        account_of(sp_runtime::MultiSigner::from(self.pair.public()))
    }

    pub fn registration(&self, anchor: BlockNumber) -> Registration<AccountId> {
        Registration {
            account: self.id(),
            keys: self.device.keys(),
            possession: self.device.proof(&self.id(), anchor),
            anchor,
        }
    }

    /// Work for an anchor that meets `difficulty`.
    pub fn work(&self, anchor: BlockNumber, difficulty: u32) -> Guard {
        let challenge = work_challenge(&hash_of(0), &hash_of(anchor), &self.id());
        let proof = Solver::new(PUZZLE)
            .unwrap()
            .search(&challenge, difficulty, 0, |_| true)
            .unwrap();
        Guard::Work {
            nonce: proof.nonce,
            solution: BoundedVec::truncate_from(proof.solution),
        }
    }

    /// Takes the invitation of `key`.
    pub fn takes(&self, key: &ed25519::Pair) -> Guard {
        Guard::Invitation {
            key: key.public(),
            signature: key.sign(&invitation_statement(&hash_of(0), &self.id())),
        }
    }

    /// The transaction of a registration, signed as it is.
    pub fn registers(&self, registration: Registration<AccountId>, guard: Guard) -> Transaction {
        let statement = registration_statement(
            &hash_of(0),
            &hash_of(registration.anchor),
            &registration.account,
            &registration.keys,
        );
        let signature = MultiSignature::from(self.pair.sign(&statement));
        Transaction::new_bare(
            Call::register {
                registration,
                guard,
                signature,
            }
            .into(),
        )
    }

    /// A registration by as much work as is wanted now, anchored to the last block.
    pub fn registers_by_work(&self) -> Transaction {
        let anchor = now() - 1;
        self.registers(self.registration(anchor), self.work(anchor, wanted(anchor)))
    }

    pub fn registers_by(&self, key: &ed25519::Pair) -> Transaction {
        self.registers(self.registration(now() - 1), self.takes(key))
    }

    /// Has an identity from this block on.
    pub fn settles(&self) -> &Self {
        include(self.registers_by_work()).unwrap().unwrap();
        self
    }

    /// Has tokens, and with them a deposit.
    pub fn with_tokens(&self, amount: Balance) -> &Self {
        Balances::mint_into(&self.id(), amount).unwrap();
        self
    }

    /// Has an identity with a deposit.
    pub fn settles_with_deposit(&self) -> &Self {
        self.settles().with_tokens(1_000 * UNIT);
        Accounts::back(&self.id()).unwrap();
        self
    }

    /// A signed transaction with the next nonce.
    pub fn signs(&self, call: impl Into<RuntimeCall>) -> Transaction {
        let call = call.into();
        let extension = extension(System::account_nonce(self.id()));
        let payload = SignedPayload::new(call, extension).unwrap();
        let signature = payload.using_encoded(|bytes| self.pair.sign(bytes));
        let (call, extension, _) = payload.deconstruct();
        Transaction::new_signed(
            call,
            MultiAddress::Id(self.id()),
            MultiSignature::from(signature),
            extension,
        )
    }

    pub fn sends(&self, call: impl Into<RuntimeCall>) -> ApplyExtrinsicResult {
        include(self.signs(call))
    }

    /// Changes its identity as it is now.
    pub fn changes(&self, changes: Vec<Change>) -> ApplyExtrinsicResult {
        self.sends(change_call(self.version(), changes))
    }

    pub fn version(&self) -> Version {
        Identities::<Test>::get(self.id()).unwrap().version
    }

    pub fn has_identity(&self) -> bool {
        Identities::<Test>::contains_key(self.id())
    }

    pub fn is_backed(&self) -> bool {
        Standings::<Test>::get(self.id()).unwrap().is_backed()
    }
}

/// Work that a proof anchored to `anchor` has to show.
pub fn wanted(anchor: BlockNumber) -> u32 {
    CurrentGate::<Test>::get()
        .difficulty_in(
            window_of(anchor, REGISTRATION_PERIOD),
            &CurrentParameters::<Test>::get().difficulty,
        )
        .unwrap()
}

/// Key of an invitation.
pub fn invitation(name: &str) -> ed25519::Pair {
    ed25519::Pair::from_string(&format!("//invitation//{name}"), None).unwrap()
}

pub fn change_call(base: Version, changes: Vec<Change>) -> Call {
    Call::change_identity {
        base,
        changes: changes.try_into().unwrap(),
    }
}

pub fn invite_call(keys: &[&ed25519::Pair]) -> Call {
    let keys: Vec<_> = keys.iter().map(|key| key.public()).collect();
    Call::invite {
        keys: keys.try_into().unwrap(),
    }
}

/// A transaction that has extensions, but no signer.
pub fn general(call: impl Into<RuntimeCall>) -> Transaction {
    Transaction::new_transaction(call.into(), extension(0))
}

/// Length of a transaction on the wire.
pub fn len_of(transaction: &Transaction) -> usize {
    transaction.encoded_size()
}
