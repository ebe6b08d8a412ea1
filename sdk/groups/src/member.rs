//! Who is in a group, and how that is known.
//!
//! - **M1** A member is a device. Its MLS credential is a basic one whose identity is the SCALE encoding of its
//!   address (account, device number: 36 bytes); its signature key is the device's Ed25519 key.
//! - **M2** Who a device is comes from the account's record on the chain ([`Records`]) and from nowhere else:
//!   a leaf is compared with it. A device is in a group once.
//! - **M3** The comparison is each member's own and never decides whether a commit is valid. Records are seen
//!   at different times by different members, so a rule on them would let a group fall apart.
//! - **M4** Instead nothing is *sent* to a group with a member that the record does not know
//!   ([`Error::NotOnRecord`]): a revoked device or an impostor gets no further text, whoever let it in. Any
//!   member removes it.

use crate::{Error, limits::MAX_MEMBERS};
use codec::{DecodeAll, Encode};
use openmls::{
    credentials::{BasicCredential, Credential, CredentialWithKey},
    group::MlsGroup,
    prelude::LeafNodeIndex,
};
use openmls_traits::{
    signatures::{Signer, SignerError},
    types::SignatureScheme,
};
use parlance_e2ee::{DeviceAddress, DeviceIdentity};
use std::collections::BTreeMap;

/// What the chain says of a device now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Record {
    /// The device and its Ed25519 signing key.
    Device([u8; 32]),
    /// The account has no such device.
    NoDevice,
    /// It is not known at the moment, such as without a connection.
    Unavailable,
}

/// Reads records of accounts. The caller keeps what it has verified and answers from that.
pub trait Records {
    /// What is on record of `device`.
    fn record(&self, device: DeviceAddress) -> Record;
}

/// Whether a member is who it says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The record has this device with this key.
    OnRecord,
    /// The record has no such device, or with another key (M4).
    NotOnRecord,
    /// The record could not be read, or the member has left since.
    Unknown,
}

/// A member of a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Which device.
    pub device: DeviceAddress,
    /// Place in the group's tree.
    pub leaf: u32,
    /// Its Ed25519 key in the group.
    pub signing: Vec<u8>,
    /// Whether it is that device.
    pub standing: Standing,
}

pub(crate) fn standing(records: &impl Records, device: DeviceAddress, signing: &[u8]) -> Standing {
    match records.record(device) {
        Record::Device(key) if key.as_slice() == signing => Standing::OnRecord,
        Record::Device(_) | Record::NoDevice => Standing::NotOnRecord,
        Record::Unavailable => Standing::Unknown,
    }
}

/// The device of a credential (M1).
pub(crate) fn device_of(credential: &Credential) -> Result<DeviceAddress, Error> {
    let malformed = || Error::Malformed { what: "credential" };
    let basic = BasicCredential::try_from(credential.clone()).map_err(|_| malformed())?;
    DeviceAddress::decode_all(&mut basic.identity()).map_err(|_| malformed())
}

pub(crate) fn members(group: &MlsGroup, records: &impl Records) -> Result<Vec<Member>, Error> {
    group
        .members()
        .map(|member| {
            let device = device_of(&member.credential)?;
            Ok(Member {
                device,
                leaf: member.index.u32(),
                standing: standing(records, device, &member.signature_key),
                signing: member.signature_key,
            })
        })
        .collect()
}

/// The leaves of a group by device, if each is there once (M2) and there are not too many.
pub(crate) fn leaves(group: &MlsGroup) -> Result<BTreeMap<DeviceAddress, LeafNodeIndex>, Error> {
    let mut leaves = BTreeMap::new();
    for member in group.members() {
        let device = device_of(&member.credential)?;
        if leaves.insert(device, member.index).is_some() {
            return Err(Error::AlreadyMember(device));
        }
    }
    check_size(leaves.len())?;
    Ok(leaves)
}

pub(crate) fn check_size(length: usize) -> Result<(), Error> {
    if length > MAX_MEMBERS {
        return Err(Error::TooMany {
            what: "a group",
            length,
            limit: MAX_MEMBERS,
        });
    }
    Ok(())
}

/// This device as openmls sees it.
pub(crate) struct Own {
    pub(crate) device: DeviceAddress,
    identity: DeviceIdentity,
}

impl Own {
    pub(crate) fn new(device: DeviceAddress, identity: DeviceIdentity) -> Self {
        Self { device, identity }
    }

    pub(crate) fn credential(&self) -> CredentialWithKey {
        CredentialWithKey {
            credential: BasicCredential::new(self.device.encode()).into(),
            signature_key: self.identity.public().signing.to_vec().into(),
        }
    }
}

impl Signer for Own {
    /// MLS puts its own label before everything it signs (RFC 9420 §5.1.2), so that no signature means
    /// something elsewhere.
    fn sign(&self, payload: &[u8]) -> Result<Vec<u8>, SignerError> {
        Ok(self.identity.sign(payload).to_vec())
    }

    fn signature_scheme(&self) -> SignatureScheme {
        SignatureScheme::ED25519
    }
}
