//! Contacts: whose record on the chain is watched, and whom the user has compared safety numbers with.
//!
//! - **C1** What is known of a contact comes from proven records alone.
//! - **C2** A record older than one that was seen, or another one of the same version, is refused.
//! - **C3** Each change is a [`Finding`] that the user is told once: devices that came, went or changed keys.
//! - **C4** A verification is bound to the devices that were compared. It is broken when a device comes or
//!   changes its keys, and holds when one is merely revoked: who is left was compared.
//! - **C5** From the first look on the history is read without a gap ([`history`](super::history)): a device that
//!   came and went between two looks is told. What cannot be read is told too, and tried again at each look.

#[cfg(test)]
mod tests;

use std::fmt;

use codec::{Decode, Encode, Error as CodecError, Input};
use parlance_primitives::{
    AccountId,
    accounts::{Device, DeviceId, Identity, Version},
};
use parlance_safety::Fingerprint;

use super::history::{Mark, Trail};

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
    /// A device came and went since the last look (C5).
    CameAndWent(DeviceId),
    /// The identity was removed and registered anew since the last look (C5).
    Anew,
    /// What happened between two versions could not be read (C5).
    HistoryUnread {
        /// Up to where it was read.
        from: Version,
        /// The version now.
        to: Version,
    },
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
            Self::CameAndWent(id) => write!(
                f,
                "had a device {} for a time since you last looked: ask whether it was theirs",
                name(id)
            ),
            Self::Anew => f.write_str("has removed the identity and registered it anew"),
            Self::HistoryUnread { from, to } => write!(
                f,
                "has changed between version {from} and {to} in ways that this node does not show: a device \
                 may have come and gone; ask another node"
            ),
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
#[derive(Clone, Debug, PartialEq, Eq, Encode)]
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
    /// How far the history was read (C5).
    pub read: Option<Mark>,
}

impl Decode for Contact {
    fn decode<I: Input>(input: &mut I) -> Result<Self, CodecError> {
        let (name, account, record, seen, compared) = Decode::decode(input)?;
        let record: Option<Identity> = record;
        // A row that was written before histories were read ends here.
        let read = match input.remaining_len()? {
            Some(0) => record.as_ref().map(Mark::of),
            _ => Decode::decode(input)?,
        };
        Ok(Self {
            name,
            account,
            record,
            seen,
            compared,
            read,
        })
    }
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
            read: None,
        })
    }

    /// Whether a proven record may follow what was seen (C2).
    pub fn check(&self, record: Option<&Identity>) -> Result<(), RecordError> {
        let Some(now) = record else {
            return Ok(());
        };
        let name = self.name.clone();
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
        Ok(())
    }

    /// From where to where the history has to be read before that record is taken in (C5).
    pub fn gap(&self, record: Option<&Identity>) -> Option<(Mark, Mark)> {
        let (from, to) = (self.read?, Mark::of(record?));
        (from != to).then_some((from, to))
    }

    /// Takes a proven record in, with what fills the [`gap`](Self::gap), and says what changed. On an error
    /// nothing did.
    pub fn observe(
        &mut self,
        record: Option<Identity>,
        trail: Option<&Trail>,
    ) -> Result<Vec<Finding>, RecordError> {
        self.check(record.as_ref())?;
        let before = self.verification();
        let mut findings = compare(self.record.as_ref(), record.as_ref());
        let gap = self.gap(record.as_ref());
        let filled = gap
            .zip(trail)
            .filter(|((from, to), trail)| trail.leads(from, to));
        let changed = self.record != record;
        match (gap, filled, &record) {
            (Some(_), Some(((_, to), trail)), Some(now)) => {
                findings.extend(passed(trail, self.record.as_ref(), now));
                self.read = Some(to);
            }
            // Told once for each version, and read again until somebody shows it.
            (Some((from, to)), ..) if changed => findings.push(Finding::HistoryUnread {
                from: from.version,
                to: to.version,
            }),
            (Some(_), ..) => {}
            (None, _, now) => self.read = now.as_ref().map(Mark::of),
        }
        if let Some(now) = &record {
            self.seen = now.version;
        }
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

/// What a history tells beyond the records at its ends.
fn passed(trail: &Trail, before: Option<&Identity>, now: &Identity) -> Vec<Finding> {
    let listed =
        |record: &Identity, id: DeviceId| record.devices.iter().any(|device| device.id() == id);
    let told = |id: DeviceId| listed(now, id) || before.is_some_and(|before| listed(before, id));
    let anew = trail.anew().then_some(Finding::Anew);
    let went = trail.came().into_iter().filter(|id| !told(*id));
    anew.into_iter()
        .chain(went.map(Finding::CameAndWent))
        .collect()
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
