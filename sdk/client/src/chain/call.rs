//! What a user can ask of the chain, with the encoding of each call and its meaning in plain words.

use std::fmt;

use codec::{Decode, DecodeLimit, Encode};
use parlance_primitives::{
    AccountId, Balance,
    accounts::{Change, Changes, Version},
};
use sp_core::{crypto::Ss58Codec, ed25519};
use sp_crypto_hashing::blake2_256;
use sp_runtime::MultiAddress;

use super::{amount::Amount, relays::Relays, state::Timepoint};

/// Depth of calls within calls up to which one is decoded.
const MAX_DEPTH: u32 = 8;

/// A call that this client makes. Another one it neither signs nor explains.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Call {
    /// Tokens.
    #[codec(index = 2)]
    Balances(Balances),
    /// Accounts of several people.
    #[codec(index = 31)]
    Multisig(Multisig),
    /// Identities.
    #[codec(index = 33)]
    Accounts(Accounts),
    /// Relays.
    #[codec(index = 50)]
    Relay(Relays),
}

/// Calls about tokens.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Balances {
    /// Pays, unless the payer's account would go.
    #[codec(index = 3)]
    TransferKeepAlive {
        /// Who receives.
        to: MultiAddress<AccountId, ()>,
        /// How much, in units.
        #[codec(compact)]
        amount: Balance,
    },
}

/// Computation that a call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Weight {
    /// Picoseconds.
    #[codec(compact)]
    pub ref_time: u64,
    /// Bytes of proof.
    #[codec(compact)]
    pub proof_size: u64,
}

/// Calls of shared accounts.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Multisig {
    /// Approves a call, and makes it when the approvals suffice.
    #[codec(index = 1)]
    AsMulti {
        /// Approvals that suffice.
        threshold: u16,
        /// The other owners, ascending.
        others: Vec<AccountId>,
        /// The first approval; none to open.
        opened: Option<Timepoint>,
        /// The call.
        call: Box<Call>,
        /// What the call may take.
        limit: Weight,
    },
    /// Takes back what one has opened.
    #[codec(index = 3)]
    Cancel {
        /// Approvals that suffice.
        threshold: u16,
        /// The other owners, ascending.
        others: Vec<AccountId>,
        /// The first approval.
        opened: Timepoint,
        /// Hash of the call.
        call_hash: [u8; 32],
    },
}

/// Calls about identities.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Accounts {
    /// Changes devices or the mailbox.
    #[codec(index = 1)]
    ChangeIdentity {
        /// Version that is changed.
        base: Version,
        /// The changes.
        changes: Changes,
    },
    /// Removes the identity.
    #[codec(index = 2)]
    RemoveIdentity,
    /// Makes the deposit of an identity, whose account must be able to pay it.
    #[codec(index = 3)]
    BackIdentity {
        /// The account.
        who: MultiAddress<AccountId, ()>,
    },
    /// Gives invitations.
    #[codec(index = 4)]
    Invite {
        /// Public keys of the invitations.
        keys: Vec<ed25519::Public>,
    },
    /// Takes invitations back.
    #[codec(index = 5)]
    RevokeInvitations {
        /// Public keys of the invitations.
        keys: Vec<ed25519::Public>,
    },
}

impl Call {
    /// A payment that leaves the payer's account alive.
    pub fn transfer(to: &AccountId, amount: Balance) -> Self {
        Self::Balances(Balances::TransferKeepAlive {
            to: MultiAddress::Id(to.clone()),
            amount,
        })
    }

    /// From its encoding, all of it.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, codec::Error> {
        Self::decode_all_with_depth_limit(MAX_DEPTH, &mut &*bytes)
    }

    /// Hash by which approvals name it.
    pub fn hash(&self) -> [u8; 32] {
        blake2_256(&self.encode())
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Balances(call) => call.fmt(f),
            Self::Multisig(call) => call.fmt(f),
            Self::Accounts(call) => call.fmt(f),
            Self::Relay(call) => call.fmt(f),
        }
    }
}

impl fmt::Display for Balances {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::TransferKeepAlive { to, amount } = self;
        let amount = Amount(*amount);
        match to {
            MultiAddress::Id(to) => write!(f, "pay {amount} tokens to {}", to.to_ss58check()),
            other => write!(f, "pay {amount} tokens to {other:?}"),
        }
    }
}

impl fmt::Display for Multisig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |others: &[AccountId]| {
            let names: Vec<_> = others.iter().map(Ss58Codec::to_ss58check).collect();
            names.join(", ")
        };
        match self {
            Self::AsMulti {
                threshold,
                others,
                call,
                ..
            } => write!(
                f,
                "as one of {threshold} who must agree, out of yourself and {}, approve: {call}",
                names(others)
            ),
            Self::Cancel {
                others, call_hash, ..
            } => write!(
                f,
                "take back call 0x{} of the account shared with {}",
                hex::encode(call_hash),
                names(others)
            ),
        }
    }
}

impl fmt::Display for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ChangeIdentity { base, changes } => {
                write!(f, "change version {base} of your identity: ")?;
                let words: Vec<String> = changes.iter().map(describe).collect();
                f.write_str(&words.join("; "))
            }
            Self::RemoveIdentity => f.write_str("remove your identity from the chain"),
            Self::BackIdentity {
                who: MultiAddress::Id(who),
            } => write!(
                f,
                "make the deposit of the identity of {}",
                who.to_ss58check()
            ),
            Self::BackIdentity { who } => write!(f, "make the deposit of the identity of {who:?}"),
            Self::Invite { keys } => write!(f, "give {} invitations", keys.len()),
            Self::RevokeInvitations { keys } => write!(f, "take {} invitations back", keys.len()),
        }
    }
}

fn describe(change: &Change) -> String {
    let name = |id: &parlance_primitives::accounts::DeviceId| hex::encode(id.0);
    match change {
        Change::Add { keys, .. } => {
            let id = parlance_primitives::accounts::DeviceId::of(&keys.signing);
            format!("add device {}", name(&id))
        }
        Change::Rotate { device, keys, .. } => {
            let id = parlance_primitives::accounts::DeviceId::of(&keys.signing);
            format!("give device {} new keys, as {}", name(device), name(&id))
        }
        Change::Revoke { device } => format!("revoke device {}", name(device)),
        Change::MoveMailbox => String::from("move the mailbox"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlance_primitives::{UNIT, accounts::DeviceId};
    use parlance_runtime::RuntimeCall;

    fn someone(seed: u8) -> AccountId {
        AccountId::new([seed; 32])
    }

    fn limit() -> Weight {
        Weight {
            ref_time: 2_000_000_000,
            proof_size: 100_000,
        }
    }

    #[test]
    fn a_payment_is_what_the_runtime_reads() {
        let ours = Call::transfer(&someone(7), 3 * UNIT);
        let theirs = RuntimeCall::Balances(pallet_balances::Call::transfer_keep_alive {
            dest: MultiAddress::Id(someone(7)),
            value: 3 * UNIT,
        });
        assert_eq!(ours.encode(), theirs.encode());
        assert_eq!(Call::from_bytes(&theirs.encode()), Ok(ours));
    }

    #[test]
    fn approvals_are_what_the_runtime_reads() {
        let opened = Timepoint {
            height: 9,
            index: 2,
        };
        let inner = Call::transfer(&someone(7), UNIT);
        let ours = Call::Multisig(Multisig::AsMulti {
            threshold: 2,
            others: vec![someone(1), someone(2)],
            opened: Some(opened),
            call: Box::new(inner.clone()),
            limit: limit(),
        });
        let read = |bytes: &[u8]| RuntimeCall::decode(&mut &*bytes).unwrap();
        let RuntimeCall::Multisig(pallet_multisig::Call::as_multi {
            threshold,
            other_signatories,
            maybe_timepoint,
            call,
            max_weight,
        }) = read(&ours.encode())
        else {
            panic!("another call");
        };
        assert_eq!((threshold, other_signatories.len()), (2, 2));
        assert_eq!(
            maybe_timepoint.map(|when| (when.height, when.index)),
            Some((9, 2))
        );
        assert_eq!(call.encode(), inner.encode());
        assert_eq!(
            (max_weight.ref_time(), max_weight.proof_size()),
            (2_000_000_000, 100_000)
        );

        let cancel = Call::Multisig(Multisig::Cancel {
            threshold: 2,
            others: vec![someone(1)],
            opened,
            call_hash: inner.hash(),
        });
        assert!(matches!(
            read(&cancel.encode()),
            RuntimeCall::Multisig(pallet_multisig::Call::cancel_as_multi { call_hash, .. })
                if call_hash == inner.hash()
        ));
    }

    #[test]
    fn changes_of_an_identity_are_what_the_runtime_reads() {
        let device = DeviceId([3; 16]);
        let changes: Changes = vec![Change::Revoke { device }, Change::MoveMailbox]
            .try_into()
            .unwrap();
        let keys = vec![ed25519::Public::from_raw([4; 32])];
        let calls = [
            Call::Accounts(Accounts::ChangeIdentity { base: 7, changes }),
            Call::Accounts(Accounts::RemoveIdentity),
            Call::Accounts(Accounts::BackIdentity {
                who: MultiAddress::Id(someone(5)),
            }),
            Call::Accounts(Accounts::Invite { keys: keys.clone() }),
            Call::Accounts(Accounts::RevokeInvitations { keys }),
        ];
        for ours in calls {
            let theirs = RuntimeCall::decode(&mut ours.encode().as_slice()).unwrap();
            let same = match (&ours, &theirs) {
                (Call::Accounts(ours), RuntimeCall::Accounts(theirs)) => matches!(
                    (ours, theirs),
                    (
                        Accounts::ChangeIdentity { .. },
                        pallet_accounts::Call::change_identity { .. }
                    ) | (
                        Accounts::RemoveIdentity,
                        pallet_accounts::Call::remove_identity {}
                    ) | (
                        Accounts::BackIdentity { .. },
                        pallet_accounts::Call::back_identity { .. }
                    ) | (
                        Accounts::Invite { .. },
                        pallet_accounts::Call::invite { .. }
                    ) | (
                        Accounts::RevokeInvitations { .. },
                        pallet_accounts::Call::revoke_invitations { .. }
                    )
                ),
                _ => false,
            };
            assert!(same, "{ours} became {theirs:?}");
            assert_eq!(theirs.encode(), ours.encode());
        }
    }

    #[test]
    fn plain_words_name_receiver_and_amount() {
        let call = Call::transfer(&someone(7), UNIT / 2);
        let words = call.to_string();
        assert!(words.contains("pay 0.5 tokens"), "{words}");
        assert!(words.contains(&someone(7).to_ss58check()), "{words}");
    }

    #[test]
    fn calls_that_are_not_known_and_calls_without_end_are_refused() {
        let remark = RuntimeCall::System(frame_system::Call::remark { remark: vec![1] });
        assert!(Call::from_bytes(&remark.encode()).is_err());
        let mut call = Call::transfer(&someone(7), 1);
        for _ in 0..=MAX_DEPTH {
            call = Call::Multisig(Multisig::AsMulti {
                threshold: 1,
                others: Vec::new(),
                opened: None,
                call: Box::new(call),
                limit: limit(),
            });
        }
        assert!(Call::from_bytes(&call.encode()).is_err());
    }
}
