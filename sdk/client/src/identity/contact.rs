//! Contacts: whose record on the chain is watched, and whom the user has compared safety numbers with.
//!
//! - **C1** What is known of a contact comes from proven records alone.
//! - **C2** A record older than one that was seen, or another one of the same version, is refused.
//! - **C3** Each change is a [`Finding`] that the user is told once: devices that came, went or changed keys.
//! - **C4** A verification is bound to the devices that were compared. It is broken when a device comes or
//!   changes its keys, and holds when one is merely revoked: who is left was compared.

use std::fmt;

use codec::{Decode, Encode};
use parlance_primitives::{
    AccountId,
    accounts::{Device, DeviceId, Identity, Version},
};
use parlance_safety::Fingerprint;

/// Longest name of a contact, in bytes.
pub const MAX_NAME: usize = 64;

/// Why a record is refused (C2).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// An older one.
    #[error(
        "the record of {name} is version {found}, but {seen} was seen before: the node shows an old \
         state; take another node"
    )]
    Older {
        /// The contact.
        name: String,
        /// Version now.
        found: Version,
        /// Version before.
        seen: Version,
    },
    /// Another one.
    #[error(
        "two different records of {name} are proven for version {version}: this must not happen; do not \
         write to {name} before you have spoken to each other"
    )]
    Contradiction {
        /// The contact.
        name: String,
        /// The version.
        version: Version,
    },
    /// A name that cannot be used.
    #[error("'{name}' cannot be a name: use up to {MAX_NAME} bytes without control characters")]
    BadName {
        /// The name.
        name: String,
    },
}

/// Something about a contact that the user is to know (C3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It has an identity now.
    Registered,
    /// It has no identity any more.
    Removed,
    /// A device came.
    Added(DeviceId),
    /// A device went.
    Revoked(DeviceId),
    /// A device that is called as before has other keys.
    Rotated(DeviceId),
    /// The mailbox moved.
    MailboxMoved,
    /// A verification does not hold any more (C4).
    VerificationBroken,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |id: &DeviceId| hex::encode(id.0);
        match self {
            Self::Registered => f.write_str("has an identity now"),
            Self::Removed => f.write_str("has no identity any more"),
            Self::Added(id) => write!(f, "has a new device {}", name(id)),
            Self::Revoked(id) => write!(f, "does not use device {} any more", name(id)),
            Self::Rotated(id) => write!(f, "has new keys on device {}", name(id)),
            Self::MailboxMoved => f.write_str("has moved the mailbox"),
            Self::VerificationBroken => {
                f.write_str("is not verified any more: compare the safety number again")
            }
        }
    }
}

/// How sure the user can be of a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verification {
    /// Never compared.
    Never,
    /// Compared, and nobody came since.
    Holds,
    /// Compared, but devices came since.
    Broken,
}

/// Somebody the user knows.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Contact {
    /// What the user calls them.
    pub name: String,
    /// Their account.
    pub account: AccountId,
    /// Their record as it was last proven.
    pub record: Option<Identity>,
    /// The highest version that was ever seen.
    pub seen: Version,
    /// The devices that were compared, with their keys.
    pub compared: Option<Vec<Device>>,
}

impl Contact {
    /// Somebody whose record is not known yet.
    pub fn new(name: &str, account: AccountId) -> Result<Self, RecordError> {
        if name.trim().is_empty() || name.len() > MAX_NAME || name.chars().any(char::is_control) {
            return Err(RecordError::BadName { name: name.into() });
        }
        Ok(Self {
            name: name.into(),
            account,
            record: None,
            seen: 0,
            compared: None,
        })
    }

    /// Takes a proven record in, and says what changed. On an error nothing did.
    pub fn observe(&mut self, record: Option<Identity>) -> Result<Vec<Finding>, RecordError> {
        let (name, before) = (self.name.clone(), self.verification());
        if let Some(now) = &record {
            if now.version < self.seen {
                return Err(RecordError::Older {
                    name,
                    found: now.version,
                    seen: self.seen,
                });
            }
            let contradicts = |known: &Identity| known.version == now.version && known != now;
            if self.record.as_ref().is_some_and(contradicts) {
                let version = now.version;
                return Err(RecordError::Contradiction { name, version });
            }
            self.seen = now.version;
        }
        let mut findings = compare(self.record.as_ref(), record.as_ref());
        self.record = record;
        if before == Verification::Holds && self.verification() == Verification::Broken {
            findings.push(Finding::VerificationBroken);
        }
        Ok(findings)
    }

    /// Remembers that the user compared the safety number of the record as it is now.
    pub fn verified(&mut self) {
        self.compared = self.record.as_ref().map(|record| record.devices.to_vec());
    }

    /// Whether the comparison holds (C4).
    pub fn verification(&self) -> Verification {
        let Some(compared) = &self.compared else {
            return Verification::Never;
        };
        let known = |device: &Device| compared.contains(device);
        match &self.record {
            Some(record) if record.devices.iter().all(known) => Verification::Holds,
            _ => Verification::Broken,
        }
    }
}

/// Fingerprint of an account with the devices of its record, for safety numbers.
pub fn fingerprint_of(account: &AccountId, record: &Identity) -> Fingerprint {
    let identity = |device: &Device| {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&device.keys.signing.0);
        bytes[32..].copy_from_slice(&device.keys.agreement);
        bytes
    };
    Fingerprint::new(account.as_ref(), record.devices.iter().map(identity))
}

fn compare(before: Option<&Identity>, now: Option<&Identity>) -> Vec<Finding> {
    let (before, now) = match (before, now) {
        (None, None) => return Vec::new(),
        (None, Some(_)) => return vec![Finding::Registered],
        (Some(_), None) => return vec![Finding::Removed],
        (Some(before), Some(now)) => (before, now),
    };
    let mut findings = Vec::new();
    for device in &now.devices {
        match before.devices.iter().find(|old| old.id() == device.id()) {
            None => findings.push(Finding::Added(device.id())),
            Some(old) if old != device => findings.push(Finding::Rotated(device.id())),
            Some(_) => {}
        }
    }
    for old in &before.devices {
        if now.devices.iter().all(|device| device.id() != old.id()) {
            findings.push(Finding::Revoked(old.id()));
        }
    }
    if before.mailbox_epoch != now.mailbox_epoch {
        findings.push(Finding::MailboxMoved);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::DeviceSecrets;
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

    #[test]
    fn a_new_device_is_told_and_breaks_the_verification() {
        let (first, second) = (device(5), device(9));
        let mut bob = bob();
        assert_eq!(
            bob.observe(record(5, &[first])),
            Ok(vec![Finding::Registered])
        );
        assert_eq!(bob.verification(), Verification::Never);
        bob.verified();
        assert_eq!(bob.verification(), Verification::Holds);
        assert_eq!(
            bob.observe(record(9, &[first, second])),
            Ok(vec![
                Finding::Added(second.id()),
                Finding::VerificationBroken
            ])
        );
        assert_eq!(
            bob.observe(record(9, &[first, second])),
            Ok(Vec::new()),
            "told once"
        );
        bob.verified();
        assert_eq!(
            bob.observe(record(10, &[second])),
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
        bob.observe(record(5, &[first])).unwrap();
        bob.verified();
        assert_eq!(
            bob.observe(record(6, &[changed])),
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
        bob.observe(record(7, &[first])).unwrap();
        let before = bob.clone();
        assert!(matches!(
            bob.observe(record(5, &[first])),
            Err(RecordError::Older {
                found: 5,
                seen: 7,
                ..
            })
        ));
        assert!(matches!(
            bob.observe(record(7, &[second])),
            Err(RecordError::Contradiction { version: 7, .. })
        ));
        assert_eq!(bob, before);
    }

    #[test]
    fn who_is_removed_and_comes_back_is_told_and_not_verified() {
        let (first, second) = (device(5), device(50));
        let mut bob = bob();
        bob.observe(record(5, &[first])).unwrap();
        bob.verified();
        let gone = bob.observe(None).unwrap();
        assert_eq!(gone, vec![Finding::Removed, Finding::VerificationBroken]);
        assert_eq!(
            bob.observe(record(50, &[second])),
            Ok(vec![Finding::Registered])
        );
        assert_eq!(bob.verification(), Verification::Broken);
        assert!(
            bob.observe(record(4, &[first])).is_err(),
            "the version is remembered"
        );
    }

    /// The vectors of `parlance-e2ee`, whose Python twin computes them too.
    #[test]
    fn safety_numbers_are_those_of_the_encryption_core() {
        let text = include_str!("../../../e2ee/vectors/safety.json");
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
}
