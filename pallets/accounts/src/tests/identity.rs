//! Identities by themselves, under any sequence of changes.

use curve25519_dalek::{MontgomeryPoint, Scalar};
use parlance_primitives::accounts::{
    Change, Changes, DeviceId, DeviceKeys, Entry, Identity, MAX_DEVICES, MAX_REVOKED, NO_HISTORY,
    Possession, next_history,
};
use proptest::prelude::*;
use sp_core::ed25519;

use crate::core::identity::{Refusal, changed, first, has_small_order};

fn keys(device: u8, agreement: u8) -> DeviceKeys {
    DeviceKeys {
        signing: ed25519::Public::from_raw([device; 32]),
        agreement: [agreement.max(2); 32],
        endpoint: ed25519::Public::from_raw([device.wrapping_add(100); 32]),
    }
}

fn id(device: u8) -> DeviceId {
    DeviceId::of(&keys(device, 0).signing)
}

/// A proof that says whether it holds.
fn proof(holds: bool) -> Possession {
    Possession {
        signing: ed25519::Signature::from_raw([u8::from(holds); 64]),
        endpoint: ed25519::Signature::from_raw([0; 64]),
    }
}

fn holds(_: &DeviceKeys, possession: &Possession) -> bool {
    possession.signing.0[0] == 1
}

fn change() -> impl Strategy<Value = Change> {
    let device = || 0u8..14;
    prop_oneof![
        5 => (device(), any::<u8>(), prop::bool::weighted(0.95)).prop_map(|(d, a, good)| Change::Add {
            keys: keys(d, a), possession: proof(good),
        }),
        4 => (device(), device(), any::<u8>()).prop_map(|(old, d, a)| Change::Rotate {
            device: id(old), keys: keys(d, a), possession: proof(true),
        }),
        4 => device().prop_map(|d| Change::Revoke { device: id(d) }),
        1 => Just(Change::MoveMailbox),
    ]
}

/// What the chain must hold after a version.
fn check(identity: &Identity, now: u32) {
    assert_eq!(identity.version, now);
    assert!((1..=MAX_DEVICES as usize).contains(&identity.devices.len()));
    assert!(identity.revoked.len() <= MAX_REVOKED as usize);
    let mut ids: Vec<_> = identity.devices.iter().map(|device| device.id()).collect();
    assert!(
        identity
            .revoked
            .iter()
            .all(|revoked| !ids.contains(&revoked.device))
    );
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), identity.devices.len());
    assert!(identity.devices.iter().all(|device| device.since <= now));
    assert!(identity.revoked.is_sorted_by_key(|revoked| revoked.version));
}

proptest! {
    #[test]
    fn any_changes_keep_every_rule(
        steps in prop::collection::vec((prop::collection::vec(change(), 1..5), 0u32..3, 0u32..2), 1..60),
    ) {
        let (mut identity, entries) = first(keys(0, 0), 10);
        let mut history = next_history(&NO_HISTORY, 10, &entries);
        // What a contact knows who applies the entries one by one.
        let mut known = vec![id(0)];
        let mut now = 10;
        for (changes, pass, stale) in steps {
            now += pass;
            let base = identity.version - stale;
            let changes: Changes = changes.try_into().unwrap();
            match changed(&identity, base, now, &changes, holds) {
                Ok((next, entries)) => {
                    prop_assert!(stale == 0 && now > identity.version);
                    prop_assert_eq!(entries.len(), changes.len());
                    check(&next, now);
                    history = next_history(&history, now, &entries);
                    for entry in &entries {
                        match entry {
                            Entry::Added { keys } => known.push(DeviceId::of(&keys.signing)),
                            Entry::Revoked { device } => known.retain(|one| one != device),
                            Entry::Rotated { device, keys } => {
                                known.retain(|one| one != device);
                                known.push(DeviceId::of(&keys.signing));
                            }
                            Entry::MailboxMoved { epoch } => prop_assert!(*epoch <= next.mailbox_epoch),
                        }
                    }
                    identity = next;
                }
                Err(refusal) => {
                    prop_assert_eq!(refusal == Refusal::Stale, stale > 0);
                    if now == identity.version && stale == 0 {
                        prop_assert_eq!(refusal, Refusal::ChangedThisBlock);
                    }
                }
            }
            let mut listed: Vec<_> = identity.devices.iter().map(|device| device.id()).collect();
            listed.sort();
            known.sort();
            prop_assert_eq!(&listed, &known);
            prop_assert_eq!(identity.history, history);
        }
    }

    #[test]
    fn a_proof_that_fails_stops_everything(good in prop::collection::vec(any::<bool>(), 1..7)) {
        let (identity, _) = first(keys(0, 0), 1);
        let changes: Vec<_> = good.iter().enumerate().map(|(n, good)| Change::Add {
            keys: keys(n as u8 + 1, 0), possession: proof(*good),
        }).collect();
        let result = changed(&identity, 1, 2, &changes.try_into().unwrap(), holds);
        prop_assert_eq!(result.is_ok(), good.iter().all(|one| *one));
    }

    #[test]
    fn keys_that_are_refused_are_those_of_small_order(bytes: [u8; 32]) {
        let times_eight = MontgomeryPoint(bytes) * Scalar::from(8u8);
        prop_assert_eq!(has_small_order(&bytes), times_eight.0 == [0; 32]);
    }
}

#[test]
fn every_listed_key_has_small_order() {
    let near = |low| {
        let mut bytes = [0xff; 32];
        bytes[0] = low;
        bytes[31] = 0x7f;
        bytes
    };
    let mut one = [0; 32];
    one[0] = 1;
    let mut listed = vec![[0; 32], one, near(0xec), near(0xed), near(0xee)];
    for text in [
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    ] {
        listed.push(sp_core::bytes::from_hex(text).unwrap().try_into().unwrap());
    }
    for key in listed {
        let mut high = key;
        high[31] |= 0x80;
        for key in [key, high] {
            assert!(has_small_order(&key), "{key:02x?}");
            // Clamped secrets are multiples of eight: the shared secret is zero, whatever they are.
            let secret = MontgomeryPoint(key).mul_clamped([77; 32]);
            assert_eq!(secret.0, [0; 32], "{key:02x?}");
        }
    }
    let base = curve25519_dalek::constants::X25519_BASEPOINT.0;
    assert!(!has_small_order(&base));
}

#[test]
fn a_revoked_name_is_remembered_for_sixteen_revocations_and_since_tells_it_apart_after() {
    let (mut identity, _) = first(keys(0, 0), 1);
    let step = |identity: &Identity, changes: Vec<Change>| {
        let (base, now) = (identity.version, identity.version + 1);
        changed(identity, base, now, &changes.try_into().unwrap(), holds).map(|done| done.0)
    };
    let add = |device| Change::Add {
        keys: keys(device, 0),
        possession: proof(true),
    };
    identity = step(&identity, vec![add(1), Change::Revoke { device: id(0) }]).unwrap();
    let mut current = 1;
    for device in 2..=MAX_REVOKED as u8 {
        assert_eq!(step(&identity, vec![add(0)]), Err(Refusal::RevokedDevice));
        identity = step(
            &identity,
            vec![
                add(device),
                Change::Revoke {
                    device: id(current),
                },
            ],
        )
        .unwrap();
        current = device;
    }
    assert_eq!(identity.revoked.len(), MAX_REVOKED as usize);
    assert_eq!(step(&identity, vec![add(0)]), Err(Refusal::RevokedDevice));
    identity = step(
        &identity,
        vec![
            add(99),
            Change::Revoke {
                device: id(current),
            },
        ],
    )
    .unwrap();
    let again = step(&identity, vec![add(0)]).unwrap();
    assert_eq!(again.devices[1].id(), id(0));
    assert_eq!(again.devices[1].since, again.version);
}
