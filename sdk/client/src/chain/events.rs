//! How a transaction ended, read off the proven events of its block.
//!
//! Events describe themselves only through metadata, which a node could make up. But the last event of a
//! transaction is always one of two of the pallet `System`, whose encoding is part of the transaction
//! version: `ExtrinsicSuccess` or `ExtrinsicFailed`, each after the phase that names the transaction's
//! place in the block. These bytes are looked for. That they turn up by chance inside of another event is
//! unlikely; that somebody places them there on purpose is possible, and then both are found, or one of
//! them twice: the answer is [`Outcome::Unclear`] and never a wrong one, for the true one is always there.

use super::relays;
use codec::{Compact, Decode, Encode};
use sp_runtime::{DispatchError, TokenError};

/// Phase of events that belong to a transaction.
const APPLY: u8 = 0;
/// Index of the pallet `System`.
const SYSTEM: u8 = 0;
const SUCCESS: u8 = 0;
const FAILED: u8 = 1;

/// Index of the pallet `Accounts`.
const ACCOUNTS: u8 = 33;
/// Its errors in their order: name, and what to do.
const ACCOUNTS_ERRORS: [(&str, &str); 22] = [
    ("NoIdentity", "the account has no identity: register it"),
    ("Stale", "the identity changed meanwhile: begin again"),
    (
        "ChangedThisBlock",
        "the identity changed in this very block: begin again",
    ),
    ("NothingToChange", "there is nothing to change"),
    (
        "TooManyDevices",
        "there are eight devices: remove one first",
    ),
    ("LastDevice", "no device would be left: add one first"),
    ("UnknownDevice", "the identity has no such device"),
    ("KnownDevice", "the identity has this device already"),
    ("RevokedDevice", "this device was revoked: make new keys"),
    ("WeakKey", "a key of the device is weak: make new keys"),
    (
        "NoPossession",
        "the device did not sign for this account, chain and version: ask it again",
    ),
    ("AlreadyBacked", "the identity has a deposit already"),
    (
        "CannotBack",
        "the account cannot pay the deposit of a tenth of a token",
    ),
    (
        "NotBacked",
        "the identity has no deposit: 'identity back' makes it",
    ),
    (
        "NoInvitationsLeft",
        "no invitation is left this week, or eight are open",
    ),
    ("KnownInvitation", "an invitation with this key is open"),
    ("UnknownInvitation", "there is no such open invitation"),
    (
        "OpenInvitations",
        "invitations are open: wait until they are taken or have expired",
    ),
    (
        "TooYoung",
        "the identity is too young to be removed: wait ten minutes",
    ),
    (
        "NotAnExtension",
        "the purchase does not add to the running one",
    ),
    ("TooLong", "the purchase reaches too far ahead"),
    ("InvalidParameters", "the rules contradict each other"),
];

/// How a transaction ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did what it says.
    Done,
    /// It changed nothing but nonce and fee.
    Failed(DispatchError),
    /// The events do not say it beyond doubt.
    Unclear,
}

/// How the transaction at place `index` of its block ended.
pub fn outcome(events: &[u8], index: u32) -> Outcome {
    let head = (APPLY, index, SYSTEM).encode();
    let mut found = Vec::new();
    for at in 0..events.len() {
        let Some(rest) = events.get(at..).and_then(|rest| rest.strip_prefix(&*head)) else {
            continue;
        };
        found.extend(ending(rest));
    }
    match found.as_slice() {
        [only] => only.clone(),
        _ => Outcome::Unclear,
    }
}

/// The event from its index within the pallet on, if it is one that ends a transaction.
fn ending(mut rest: &[u8]) -> Option<Outcome> {
    let outcome = match u8::decode(&mut rest).ok()? {
        SUCCESS => Outcome::Done,
        FAILED => Outcome::Failed(DispatchError::decode(&mut rest).ok()?),
        _ => return None,
    };
    // Weight, class, whether it pays, and no topics.
    let (_, _, class, pays, topics) =
        <(Compact<u64>, Compact<u64>, u8, u8, u8)>::decode(&mut rest).ok()?;
    (class <= 2 && pays <= 1 && topics == 0).then_some(outcome)
}

/// Why it failed, in words.
pub fn reason(error: &DispatchError) -> String {
    match error {
        DispatchError::Module(module) => {
            let number = module.error.first().copied().unwrap_or_default();
            let errors: &[(&str, &str)] = match module.index {
                ACCOUNTS => &ACCOUNTS_ERRORS,
                relays::PALLET => &relays::ERRORS,
                _ => &[],
            };
            match errors.get(usize::from(number)) {
                Some((_, words)) => (*words).into(),
                None => format!("error {number} of pallet {}", module.index),
            }
        }
        DispatchError::Token(TokenError::FundsUnavailable) => "not enough tokens".into(),
        DispatchError::Token(TokenError::NotExpendable) => {
            "so little would be left that the account would go".into()
        }
        DispatchError::Token(TokenError::BelowMinimum) => {
            "the receiver would have less than an account must hold".into()
        }
        other => <&str>::from(*other).to_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use frame_support::{
        dispatch::{DispatchClass, Pays},
        weights::Weight,
    };
    use frame_system::{DispatchEventInfo, Event, EventRecord, Phase};
    use parlance_runtime::{Hash, Runtime, RuntimeEvent};
    use sp_runtime::ModuleError;

    fn info() -> DispatchEventInfo {
        DispatchEventInfo {
            weight: Weight::from_parts(123_456_789, 3_000),
            class: DispatchClass::Normal,
            pays_fee: Pays::Yes,
        }
    }

    fn record(index: u32, event: Event<Runtime>) -> EventRecord<RuntimeEvent, Hash> {
        EventRecord {
            phase: Phase::ApplyExtrinsic(index),
            event: RuntimeEvent::System(event),
            topics: Vec::new(),
        }
    }

    fn done(index: u32) -> EventRecord<RuntimeEvent, Hash> {
        record(
            index,
            Event::ExtrinsicSuccess {
                dispatch_info: info(),
            },
        )
    }

    fn failed(index: u32, dispatch_error: DispatchError) -> EventRecord<RuntimeEvent, Hash> {
        let dispatch_info = info();
        record(
            index,
            Event::ExtrinsicFailed {
                dispatch_error,
                dispatch_info,
            },
        )
    }

    #[test]
    fn each_transaction_has_its_own_end() {
        let module = DispatchError::Module(ModuleError {
            index: 33,
            error: [4, 0, 0, 0],
            message: None,
        });
        let unavailable = DispatchError::Token(TokenError::FundsUnavailable);
        let events = vec![
            done(0),
            record(
                1,
                Event::NewAccount {
                    account: [3; 32].into(),
                },
            ),
            failed(1, unavailable),
            failed(2, module),
            failed(3, DispatchError::BadOrigin),
            done(4),
        ]
        .encode();
        let expected = [
            Outcome::Done,
            Outcome::Failed(unavailable),
            Outcome::Failed(module),
            Outcome::Failed(DispatchError::BadOrigin),
            Outcome::Done,
            Outcome::Unclear,
        ];
        for (index, expected) in expected.into_iter().enumerate() {
            assert_eq!(outcome(&events, index as u32), expected, "{index}");
        }
    }

    #[test]
    fn errors_of_identities_have_words() {
        for (number, (name, words)) in (0_u8..).zip(ACCOUNTS_ERRORS) {
            let error = || pallet_accounts::Error::<Runtime>::decode(&mut &[number][..]).unwrap();
            assert_eq!(<&str>::from(error()), name);
            assert_eq!(reason(&error().into()), words);
        }
        let after = [ACCOUNTS_ERRORS.len() as u8];
        assert!(pallet_accounts::Error::<Runtime>::decode(&mut &after[..]).is_err());
    }

    #[test]
    fn who_plants_an_end_gets_doubt_and_no_lie() {
        let planted = done(1).encode();
        let mut bytes = [0; 32];
        bytes[..planted.len()].copy_from_slice(&planted);
        let events = vec![
            record(
                0,
                Event::NewAccount {
                    account: bytes.into(),
                },
            ),
            failed(1, DispatchError::BadOrigin),
        ]
        .encode();
        assert_eq!(outcome(&events, 1), Outcome::Unclear);
    }

    #[test]
    fn any_bytes_have_an_answer() {
        let events = vec![done(0), failed(1, DispatchError::BadOrigin)].encode();
        for cut in 0..events.len() {
            outcome(&events[..cut], 1);
        }
        assert_eq!(outcome(&[], 0), Outcome::Unclear);
    }
}
