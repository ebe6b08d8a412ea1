//! How identities change.
//!
//! Rules, each a [`Refusal`]:
//!
//! 1. A change names the version that it was made for, and is void for any other: nothing is
//!    applied twice, and two devices that change something at once do not undo each other.
//! 2. One version per block. Together with "the version is the block's number" it only ever grows,
//!    also when an identity is removed and comes back, so no trace of removed ones is needed.
//! 3. At least one device and at most [`MAX_DEVICES`], no two of one name.
//! 4. Keys come with proof of possession, for this account, this chain and this version. An
//!    agreement key of small order, which would make every secret known, is refused.
//! 5. A revoked name does not come back while it is remembered, and the last [`MAX_REVOKED`] are.
//!    Should one come back after that, `since` tells it from the former one, and the history shows
//!    both.

use alloc::vec::Vec;
use parlance_primitives::accounts::{
    Change, Changes, Device, DeviceId, DeviceKeys, Entries, Entry, Identity, MAX_DEVICES,
    MAX_REVOKED, NO_HISTORY, Possession, Revocation, Version, next_history,
};
use sp_runtime::BoundedVec;

/// Why a change is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It was made for another version.
    Stale,
    /// The identity has changed in this block already.
    ChangedThisBlock,
    /// There is nothing to change.
    Nothing,
    /// There would be too many devices.
    TooManyDevices,
    /// No device would be left.
    LastDevice,
    /// There is no such device.
    UnknownDevice,
    /// There is such a device already.
    KnownDevice,
    /// A device of that name was revoked.
    RevokedDevice,
    /// The agreement key has small order.
    WeakKey,
    /// The device has not proven that it has the keys.
    NoPossession,
}

/// The identity that a registration starts, and what its history begins with.
pub fn first(keys: DeviceKeys, version: Version) -> (Identity, Entries) {
    let mut devices = BoundedVec::default();
    let mut entries = Entries::default();
    devices
        .try_push(Device {
            keys,
            since: version,
        })
        .expect("an empty list takes one device");
    entries
        .try_push(Entry::Added { keys })
        .expect("an empty list takes one entry");
    let identity = Identity {
        version,
        mailbox_epoch: 0,
        devices,
        revoked: BoundedVec::default(),
        history: next_history(&NO_HISTORY, version, &entries),
    };
    (identity, entries)
}

/// The identity after `changes` made for version `base` in block `now`, and what enters the
/// history. `possesses` checks a proof of possession and is asked last.
///
/// # Errors
/// The first rule that is broken.
pub fn changed(
    identity: &Identity,
    base: Version,
    now: Version,
    changes: &Changes,
    mut possesses: impl FnMut(&DeviceKeys, &Possession) -> bool,
) -> Result<(Identity, Entries), Refusal> {
    if base != identity.version {
        return Err(Refusal::Stale);
    }
    if now <= identity.version {
        return Err(Refusal::ChangedThisBlock);
    }
    if changes.is_empty() {
        return Err(Refusal::Nothing);
    }
    let mut draft = Draft::of(identity, now);
    let mut entries = Entries::default();
    for change in changes {
        let entry = draft.apply(change)?;
        entries
            .try_push(entry)
            .expect("as many entries as changes, within the same bound");
    }
    let next = draft.finish(identity, &entries)?;
    for change in changes {
        if let Change::Add { keys, possession }
        | Change::Rotate {
            keys, possession, ..
        } = change
            && !possesses(keys, possession)
        {
            return Err(Refusal::NoPossession);
        }
    }
    Ok((next, entries))
}

/// An identity in the making.
struct Draft {
    now: Version,
    mailbox_epoch: u32,
    devices: Vec<Device>,
    revoked: Vec<Revocation>,
}

impl Draft {
    fn of(identity: &Identity, now: Version) -> Self {
        Self {
            now,
            mailbox_epoch: identity.mailbox_epoch,
            devices: identity.devices.to_vec(),
            revoked: identity.revoked.to_vec(),
        }
    }

    fn apply(&mut self, change: &Change) -> Result<Entry, Refusal> {
        match change {
            Change::Add { keys, .. } => {
                self.check_new(keys)?;
                self.devices.push(self.device(keys));
                Ok(Entry::Added { keys: *keys })
            }
            Change::Rotate { device, keys, .. } => {
                let place = self.place(*device)?;
                if DeviceId::of(&keys.signing) == *device {
                    if has_small_order(&keys.agreement) {
                        return Err(Refusal::WeakKey);
                    }
                } else {
                    self.check_new(keys)?;
                    self.note_revoked(*device);
                }
                self.devices[place] = self.device(keys);
                Ok(Entry::Rotated {
                    device: *device,
                    keys: *keys,
                })
            }
            Change::Revoke { device } => {
                let place = self.place(*device)?;
                self.devices.remove(place);
                self.note_revoked(*device);
                Ok(Entry::Revoked { device: *device })
            }
            Change::MoveMailbox => {
                self.mailbox_epoch = self.mailbox_epoch.wrapping_add(1);
                Ok(Entry::MailboxMoved {
                    epoch: self.mailbox_epoch,
                })
            }
        }
    }

    /// A name may be taken once and must not have been revoked.
    fn check_new(&self, keys: &DeviceKeys) -> Result<(), Refusal> {
        let id = DeviceId::of(&keys.signing);
        if has_small_order(&keys.agreement) {
            return Err(Refusal::WeakKey);
        }
        if self.devices.iter().any(|device| device.id() == id) {
            return Err(Refusal::KnownDevice);
        }
        if self.revoked.iter().any(|revoked| revoked.device == id) {
            return Err(Refusal::RevokedDevice);
        }
        Ok(())
    }

    fn place(&self, id: DeviceId) -> Result<usize, Refusal> {
        self.devices
            .iter()
            .position(|device| device.id() == id)
            .ok_or(Refusal::UnknownDevice)
    }

    fn device(&self, keys: &DeviceKeys) -> Device {
        Device {
            keys: *keys,
            since: self.now,
        }
    }

    fn note_revoked(&mut self, device: DeviceId) {
        if self.revoked.len() >= MAX_REVOKED as usize {
            self.revoked.remove(0);
        }
        self.revoked.push(Revocation {
            device,
            version: self.now,
        });
    }

    fn finish(self, before: &Identity, entries: &Entries) -> Result<Identity, Refusal> {
        if self.devices.is_empty() {
            return Err(Refusal::LastDevice);
        }
        if self.devices.len() > MAX_DEVICES as usize {
            return Err(Refusal::TooManyDevices);
        }
        Ok(Identity {
            version: self.now,
            mailbox_epoch: self.mailbox_epoch,
            devices: BoundedVec::truncate_from(self.devices),
            revoked: BoundedVec::truncate_from(self.revoked),
            history: next_history(&before.history, self.now, entries),
        })
    }
}

/// The points of Curve25519 and its twist whose order divides eight, as `u` coordinates of 255
/// bits, with those that stand above the field's prime. They follow from the curve's equation; a
/// test multiplies each by eight.
const SMALL_ORDER: [[u8; 32]; 7] = [
    [0; 32],
    {
        let mut one = [0; 32];
        one[0] = 1;
        one
    },
    [
        0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4,
        0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49,
        0xb8, 0x00,
    ],
    [
        0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1, 0x55, 0x9c, 0x83, 0xef,
        0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c, 0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f,
        0x11, 0x57,
    ],
    near_the_prime(0xec),
    near_the_prime(0xed),
    near_the_prime(0xee),
];

/// 2^255 - 256 + `low`: around the prime 2^255 - 19.
const fn near_the_prime(low: u8) -> [u8; 32] {
    let mut bytes = [0xff; 32];
    bytes[0] = low;
    bytes[31] = 0x7f;
    bytes
}

/// Whether a key for X25519 gives a secret that everybody knows. The uppermost bit does not count
/// (RFC 7748, 5).
pub fn has_small_order(agreement: &[u8; 32]) -> bool {
    let mut key = *agreement;
    key[31] &= 0x7f;
    SMALL_ORDER.contains(&key)
}
