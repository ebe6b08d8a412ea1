//! What is told of contacts, and what breaks a verification.

use super::*;
use crate::{
    identity::testing::{Life, someone},
    keys::DeviceSecrets,
};
use codec::DecodeAll;
use parlance_primitives::accounts::NO_HISTORY;

fn device(since: Version) -> Device {
    Device {
        keys: DeviceSecrets::generate().unwrap().keys(),
        since,
    }
}

fn record(version: Version, devices: &[Device]) -> Option<Identity> {
    Some(Identity {
        version,
        mailbox_epoch: 0,
        devices: devices.to_vec().try_into().unwrap(),
        revoked: Default::default(),
        history: NO_HISTORY,
    })
}

fn bob() -> Contact {
    Contact::new("Bob", AccountId::new([2; 32])).unwrap()
}

/// Without the history, which these records do not have.
fn look(person: &mut Contact, record: Option<Identity>) -> Result<Vec<Finding>, RecordError> {
    let mut findings = person.observe(record, None)?;
    findings.retain(|finding| !matches!(finding, Finding::HistoryUnread { .. }));
    Ok(findings)
}

#[test]
fn a_new_device_is_told_and_breaks_the_verification() {
    let (first, second) = (device(5), device(9));
    let mut bob = bob();
    assert_eq!(
        look(&mut bob, record(5, &[first])),
        Ok(vec![Finding::Registered])
    );
    assert_eq!(bob.verification(), Verification::Never);
    bob.verified();
    assert_eq!(bob.verification(), Verification::Holds);
    assert_eq!(
        look(&mut bob, record(9, &[first, second])),
        Ok(vec![
            Finding::Added(second.id()),
            Finding::VerificationBroken
        ])
    );
    assert_eq!(
        look(&mut bob, record(9, &[first, second])),
        Ok(Vec::new()),
        "told once"
    );
    bob.verified();
    assert_eq!(
        look(&mut bob, record(10, &[second])),
        Ok(vec![Finding::Revoked(first.id())])
    );
    assert_eq!(bob.verification(), Verification::Holds);
}

#[test]
fn other_keys_under_the_same_name_are_told() {
    let first = device(5);
    let mut changed = device(6);
    changed.keys.signing = first.keys.signing;
    let mut bob = bob();
    look(&mut bob, record(5, &[first])).unwrap();
    bob.verified();
    assert_eq!(
        look(&mut bob, record(6, &[changed])),
        Ok(vec![
            Finding::Rotated(first.id()),
            Finding::VerificationBroken
        ])
    );
}

#[test]
fn an_old_record_and_a_contradiction_change_nothing() {
    let (first, second) = (device(5), device(5));
    let mut bob = bob();
    look(&mut bob, record(7, &[first])).unwrap();
    let before = bob.clone();
    assert!(matches!(
        look(&mut bob, record(5, &[first])),
        Err(RecordError::Older {
            found: 5,
            seen: 7,
            ..
        })
    ));
    assert!(matches!(
        look(&mut bob, record(7, &[second])),
        Err(RecordError::Contradiction { version: 7, .. })
    ));
    assert_eq!(bob, before);
}

#[test]
fn who_is_removed_and_comes_back_is_told_and_not_verified() {
    let (first, second) = (device(5), device(50));
    let mut bob = bob();
    look(&mut bob, record(5, &[first])).unwrap();
    bob.verified();
    let gone = look(&mut bob, None).unwrap();
    assert_eq!(gone, vec![Finding::Removed, Finding::VerificationBroken]);
    assert_eq!(
        look(&mut bob, record(50, &[second])),
        Ok(vec![Finding::Registered])
    );
    assert_eq!(bob.verification(), Verification::Broken);
    assert!(
        look(&mut bob, record(4, &[first])).is_err(),
        "the version is remembered"
    );
}

/// A device comes and goes between two looks; a verified contact sees the first and the last record.
fn visited() -> (Life, Contact) {
    let mut life = Life::registered(someone(2), 7);
    life.add(1);
    life.add(2);
    life.revoke(2);
    let mut bob = bob();
    bob.observe(Some(life.records()[1].clone()), None).unwrap();
    bob.verified();
    (life, bob)
}

#[test]
fn a_device_that_came_and_went_between_two_looks_is_told() {
    let (life, mut bob) = visited();
    let now = Some(life.records()[3].clone());
    let marks = life.marks();
    assert_eq!(bob.gap(now.as_ref()), Some((marks[1], marks[3])));
    let trail = life.trail(1, 3);
    assert_eq!(
        bob.observe(now.clone(), Some(&trail)),
        Ok(vec![Finding::CameAndWent(life.name(2))])
    );
    assert_eq!(bob.verification(), Verification::Holds);
    assert_eq!(bob.gap(now.as_ref()), None);
    assert_eq!(bob.observe(now, None), Ok(Vec::new()), "told once");
}

#[test]
fn what_cannot_be_read_is_told_once_and_read_when_somebody_shows_it() {
    let (mut life, mut bob) = visited();
    let now = Some(life.records()[3].clone());
    let (from, to) = (life.truth()[1].0, life.truth()[3].0);
    // The way from elsewhere fills nothing.
    let other = life.trail(0, 3);
    assert_eq!(
        bob.observe(now.clone(), Some(&other)),
        Ok(vec![Finding::HistoryUnread { from, to }])
    );
    assert_eq!(bob.observe(now, None), Ok(Vec::new()));
    life.add(4);
    let later = Some(life.records()[4].clone());
    assert_eq!(
        bob.observe(later.clone(), Some(&life.trail(1, 4))),
        Ok(vec![
            Finding::Added(life.name(4)),
            Finding::CameAndWent(life.name(2)),
            Finding::VerificationBroken
        ])
    );
    assert_eq!(bob.gap(later.as_ref()), None);
}

#[test]
fn who_registers_anew_between_two_looks_is_told() {
    let (mut life, mut bob) = visited();
    life.registers_anew();
    life.add(5);
    life.revoke(5);
    let findings = bob
        .observe(Some(life.records()[6].clone()), Some(&life.trail(1, 6)))
        .unwrap();
    for expected in [
        Finding::Anew,
        Finding::Added(life.name(99)),
        Finding::Revoked(life.name(7)),
        Finding::CameAndWent(life.name(5)),
        Finding::VerificationBroken,
    ] {
        assert!(findings.contains(&expected), "{expected:?}: {findings:?}");
    }
}

#[test]
fn rows_survive_and_those_of_before_histories_were_read_too() {
    let (life, bob) = visited();
    let bytes = bob.encode();
    assert_eq!(Contact::decode_all(&mut bytes.as_slice()), Ok(bob.clone()));
    let old = (
        &bob.name,
        &bob.account,
        &bob.record,
        bob.seen,
        &bob.compared,
    )
        .encode();
    let read = Contact::decode_all(&mut old.as_slice()).unwrap();
    assert_eq!(read.read, Some(life.marks()[1]));
    assert_eq!(read, bob);
    for cut in (0..bytes.len()).filter(|cut| *cut != old.len()) {
        assert!(Contact::decode_all(&mut &bytes[..cut]).is_err(), "{cut}");
    }
}

/// The vectors of `parlance-e2ee`, whose Python twin computes them too.
#[test]
fn safety_numbers_are_those_of_the_encryption_core() {
    let text = include_str!("../../../../e2ee/vectors/safety.json");
    let vectors: serde_json::Value = serde_json::from_str(text).unwrap();
    let bytes = |value: &serde_json::Value| hex::decode(value.as_str().unwrap()).unwrap();
    let fingerprints: Vec<_> = [0, 1]
        .into_iter()
        .map(|side| {
            let account = <[u8; 32]>::try_from(bytes(&vectors["accounts"][side])).unwrap();
            let devices: Vec<Device> = vectors["devices"][side]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| {
                    let mut listed = device(1);
                    let both = bytes(one);
                    listed.keys.signing.0.copy_from_slice(&both[..32]);
                    listed.keys.agreement.copy_from_slice(&both[32..]);
                    listed
                })
                .collect();
            fingerprint_of(&AccountId::new(account), &record(1, &devices).unwrap())
        })
        .collect();
    let number = parlance_safety::safety_number(&fingerprints[0], &fingerprints[1]);
    assert_eq!(vectors["safety_number"], number.as_str());
}

#[test]
fn names_are_plain() {
    for name in ["", "  ", "a\nb", &"x".repeat(MAX_NAME + 1)] {
        assert!(Contact::new(name, AccountId::new([0; 32])).is_err());
    }
}
