//! What people send of their identities: registrations without tokens, changes of devices, proofs of work.

use crate::{Target, decoded};
use codec::{Encode, MaxEncodedLen};
use pallet_accounts::core::identity;
use parlance_primitives::{
    AccountId,
    accounts::{
        Change, Changes, Device, DeviceKeys, Entries, Guard, Identity, MAX_DEVICES, Possession,
        Registration, Version,
    },
    puzzle::{self, Puzzle, vector},
};
use sp_core::ed25519;
use std::collections::BTreeSet;

/// A byte that chooses the decoder, and its input.
pub const ACCOUNTS: Target = Target {
    name: "accounts",
    seeds,
    run: accounts,
};

/// Block of the identity that is changed.
const VERSION: Version = 7;

fn accounts(bytes: &[u8]) {
    let Some((kind, bytes)) = bytes.split_first() else {
        return;
    };
    match kind % 5 {
        0 => bounded::<Identity>(bytes),
        1 => bounded::<Registration<AccountId>>(bytes),
        2 => {
            bounded::<Guard>(bytes);
            guard(bytes);
        }
        3 => {
            bounded::<Changes>(bytes);
            changes(bytes);
        }
        _ => {
            bounded::<Entries>(bytes);
            any_puzzle(bytes);
        }
    }
}

/// What decodes takes no more room than its type says.
fn bounded<Value: codec::Decode + Encode + MaxEncodedLen>(bytes: &[u8]) {
    if decoded::<Value>(bytes).is_some() {
        assert!(bytes.len() <= Value::max_encoded_len());
    }
}

/// No other bytes than a solution of the public puzzle show work.
fn guard(bytes: &[u8]) {
    let Some(Guard::Work { nonce, solution }) = decoded::<Guard>(bytes) else {
        return;
    };
    let work = puzzle::work(puzzle::PUBLIC, &vector::CHALLENGE, nonce, &solution);
    let solved = nonce == vector::NONCE && solution[..] == vector::SOLUTION;
    assert_eq!(work.is_ok(), solved, "{work:?}");
}

/// Puzzles of any shape, with small ones among them that chance solves.
fn any_puzzle(bytes: &[u8]) {
    let Some((puzzle, nonce, solution)) = decoded::<(Puzzle, u64, Vec<u8>)>(bytes) else {
        return;
    };
    if let Ok(work) = puzzle::work(puzzle, &vector::CHALLENGE, nonce, &solution) {
        assert!(work > 0);
        let shape = puzzle::Shape::new(puzzle).expect("a solution fits a shape");
        assert_eq!(solution.len(), shape.solution_len());
    }
}

/// Whatever the changes, the rules of identities hold after them.
fn changes(bytes: &[u8]) {
    let Some(changes) = decoded::<Changes>(bytes) else {
        return;
    };
    let before = before();
    let now = VERSION + 1;
    let Ok((after, entries)) = identity::changed(&before, VERSION, now, &changes, |_, _| true)
    else {
        return;
    };
    let names: BTreeSet<_> = after.devices.iter().map(Device::id).collect();
    assert_eq!(names.len(), after.devices.len(), "two devices of one name");
    assert!((1..=MAX_DEVICES as usize).contains(&names.len()));
    assert!(
        !after.revoked.iter().any(|one| names.contains(&one.device)),
        "a revoked device is back"
    );
    assert_eq!((after.version, entries.len()), (now, changes.len()));
    assert!(after.mailbox_epoch >= before.mailbox_epoch);
    assert_ne!(after.history, before.history);
    bounded::<Identity>(&after.encode());
}

fn keys(mark: u8) -> DeviceKeys {
    DeviceKeys {
        signing: ed25519::Public::from_raw([mark; 32]),
        agreement: [mark; 32],
        endpoint: ed25519::Public::from_raw([mark + 100; 32]),
    }
}

fn possession() -> Possession {
    Possession {
        signing: ed25519::Signature::from_raw([1; 64]),
        endpoint: ed25519::Signature::from_raw([2; 64]),
    }
}

/// An identity of three devices.
fn before() -> Identity {
    let (mut identity, _) = identity::first(keys(10), VERSION);
    for mark in [11, 12] {
        let device = Device {
            keys: keys(mark),
            since: VERSION,
        };
        identity
            .devices
            .try_push(device)
            .expect("three devices are allowed");
    }
    identity
}

fn example_changes() -> Changes {
    let names = before().devices.iter().map(Device::id).collect::<Vec<_>>();
    let changes = vec![
        Change::Add {
            keys: keys(20),
            possession: possession(),
        },
        Change::Rotate {
            device: names[1],
            keys: keys(21),
            possession: possession(),
        },
        Change::Revoke { device: names[0] },
        Change::MoveMailbox,
    ];
    changes
        .try_into()
        .expect("four changes are allowed at once")
}

fn seeds() -> Vec<Vec<u8>> {
    let registration = Registration {
        account: AccountId::new([4; 32]),
        keys: keys(30),
        possession: possession(),
        anchor: 3,
    };
    let work = Guard::Work {
        nonce: vector::NONCE,
        solution: vector::SOLUTION
            .to_vec()
            .try_into()
            .expect("a solution has room"),
    };
    let invitation = Guard::Invitation {
        key: ed25519::Public::from_raw([5; 32]),
        signature: ed25519::Signature::from_raw([6; 64]),
    };
    let changes = example_changes();
    let (_, entries) = identity::changed(&before(), VERSION, VERSION + 1, &changes, |_, _| true)
        .expect("the example follows the rules");
    // The smallest puzzle: four indices of five bits.
    let small = Puzzle {
        bits: 12,
        levels: 2,
    };
    vec![
        (0u8, before()).encode(),
        (1u8, registration).encode(),
        (2u8, work).encode(),
        (2u8, invitation).encode(),
        (3u8, &changes).encode(),
        (3u8, &changes[..1]).encode(),
        (4u8, entries).encode(),
        (4u8, puzzle::PUBLIC, 0u64, vector::SOLUTION.to_vec()).encode(),
        (4u8, small, 0u64, vec![0u8; 3]).encode(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_what_the_decoders_take() {
        assert!(decoded::<Guard>(&seeds()[2][1..]).is_some());
        let flaw = puzzle::work(puzzle::PUBLIC, &vector::CHALLENGE, 1, &vector::SOLUTION);
        assert!(flaw.is_err(), "a solution belongs to its nonce");
        assert!(decoded::<Registration<AccountId>>(&seeds()[1][1..]).is_some());
        assert_eq!(
            decoded::<Changes>(&seeds()[4][1..]),
            Some(example_changes())
        );
    }
}
