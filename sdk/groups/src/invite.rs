//! Invitations: one for each new device, and the tree that all of them need.
//!
//! - **I1** A Welcome (RFC 9420 §12.4.3.1) has secrets for each new device, and the group information for all. Each device
//!   gets a Welcome of its own, with its secrets and the group information.
//! - **I2** The ratchet tree, about 1.4 kB for each member, stands in the group information as long as it is small for all
//!   who come ([`SHARED_FROM`](crate::limits::SHARED_FROM)). Otherwise it is left out (§12.4.3.3) and goes into the relays' order once,
//!   encrypted under a key that stands in the invitations. The group information has the tree's hash, and is signed.
//! - **I3** The tree comes before its commit: the commit is offered when the tree has been read in the order, so that each
//!   invitation names the position where it is. If the commit loses its epoch, the next one has a tree of its own.
//! - **I4** In the order a tree is [`TREE`], SHA-256 of the rest (32 bytes), ciphertext (ChaCha20-Poly1305, nonce of zeros, since the key is
//!   used once) of the TLS encoding of `ratchet_tree`. It is no MLS message, so everybody passes over it, and whoever knows from its beginning
//!   that it is another's need not read the rest.
//! - **I5** A tree that is not the invitation's is refused before anything is spent ([`Error::OtherTree`]).

use crate::{
    Error,
    limits::{MAX_HANDSHAKE, SHARED_FROM, SPLIT, VERSION},
    state::{OwnTree, hash},
    wire::{body, check_length},
};
use openmls::{
    framing::{MlsMessageBodyIn, MlsMessageOut},
    key_packages::KeyPackage,
    messages::Welcome,
    prelude::{
        RatchetTreeIn,
        tls_codec::{DeserializeBytes, Serialize},
    },
    treesync::RatchetTree,
    versions::ProtocolVersion,
};
use openmls_traits::{crypto::OpenMlsCrypto, random::OpenMlsRand, types::AeadType};
use parlance_e2ee::DeviceAddress;
use std::collections::BTreeMap;

/// How a tree begins in the order. An MLS message begins with the version of the protocol, 0x0001.
const TREE: [u8; 5] = *b"tree\x01";
/// Bytes before a tree's ciphertext.
const HEAD: usize = TREE.len() + 32;
const NONCE: [u8; 12] = [0; 12];
const SPLIT_HEAD: usize = 1 + 8 + 8 + 32 + 32;

/// Whether the tree of an invitation of so many devices into a group of so many is left out (I2).
pub(crate) fn is_split(new: usize, members: usize) -> bool {
    new >= 2 && new.saturating_mul(members) >= SHARED_FROM
}

/// An invitation (F3).
#[derive(Debug)]
pub(crate) enum Invitation {
    /// With the tree inside.
    Whole { position: u64, welcome: Welcome },
    /// The tree is in the order.
    Split {
        position: u64,
        tree: TreeAt,
        welcome: Welcome,
    },
}

/// Where an invitation's tree is, and how it is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TreeAt {
    pub(crate) position: u64,
    key: [u8; 32],
    hash: [u8; 32],
}

impl Invitation {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Error> {
        let what = "invitation";
        check_length(bytes, MAX_HANDSHAKE, what)?;
        let malformed = || Error::Malformed { what };
        let (version, rest) = bytes.split_first().ok_or_else(malformed)?;
        let (position, rest) = rest.split_first_chunk().ok_or_else(malformed)?;
        let position = u64::from_le_bytes(*position);
        let welcome = |bytes: &[u8]| match body(bytes, what)? {
            MlsMessageBodyIn::Welcome(welcome) => Ok(welcome),
            _ => Err(malformed()),
        };
        match *version {
            VERSION => Ok(Self::Whole {
                position,
                welcome: welcome(rest)?,
            }),
            SPLIT => {
                let (at, rest) = rest.split_first_chunk().ok_or_else(malformed)?;
                let (key, rest) = rest.split_first_chunk().ok_or_else(malformed)?;
                let (hash, rest) = rest.split_first_chunk().ok_or_else(malformed)?;
                let tree = TreeAt {
                    position: u64::from_le_bytes(*at),
                    key: *key,
                    hash: *hash,
                };
                Ok(Self::Split {
                    position,
                    tree,
                    welcome: welcome(rest)?,
                })
            }
            found => Err(Error::UnsupportedVersion { what, found }),
        }
    }

    /// An invitation's bytes; none if its tree is not in the order yet (I3).
    pub(crate) fn write(position: u64, tree: Option<&OwnTree>, welcome: &[u8]) -> Option<Vec<u8>> {
        let position = position.to_le_bytes();
        let Some(tree) = tree else {
            return Some([&[VERSION][..], &position, welcome].concat());
        };
        let at = tree.at?.to_le_bytes();
        let mut bytes = Vec::with_capacity(SPLIT_HEAD.saturating_add(welcome.len()));
        for part in [&[SPLIT][..], &position, &at, &tree.key, &tree.hash, welcome] {
            bytes.extend_from_slice(part);
        }
        Some(bytes)
    }
}

/// Encrypts a tree for the order (I4). What is known of it, and the bytes that are offered.
pub(crate) fn seal(
    tree: &RatchetTree,
    crypto: &impl OpenMlsCrypto,
    rand: &impl OpenMlsRand,
) -> Result<(OwnTree, Vec<u8>), Error> {
    let plain = tree.tls_serialize_detached();
    let plain = plain.map_err(Error::library("encode the tree"))?;
    let key: [u8; 32] = rand
        .random_array()
        .map_err(Error::library("draw random bytes"))?;
    let sealed = crypto
        .aead_encrypt(AeadType::ChaCha20Poly1305, &key, &plain, &NONCE, &[])
        .map_err(Error::library("encrypt the tree"))?;
    let hash = hash(&sealed);
    let bytes = [&TREE[..], &hash, &sealed].concat();
    check_length(&bytes, MAX_HANDSHAKE, "tree")?;
    let at = None;
    Ok((OwnTree { key, hash, at }, bytes))
}

/// The hash that a tree in the order names; none for what is no tree. The beginning is enough.
pub(crate) fn tree_named(handshake: &[u8]) -> Option<[u8; 32]> {
    let named = handshake.strip_prefix(&TREE)?.first_chunk();
    named.copied()
}

/// Whether a tree in the order is whole and the one with this hash.
pub(crate) fn is_tree(handshake: &[u8], wanted: &[u8; 32]) -> bool {
    let is_named = tree_named(handshake).as_ref() == Some(wanted);
    is_named && handshake.get(HEAD..).map(hash).as_ref() == Some(wanted)
}

impl TreeAt {
    /// The tree, from what stands in the order (I5).
    pub(crate) fn open(
        &self,
        handshake: &[u8],
        crypto: &impl OpenMlsCrypto,
    ) -> Result<RatchetTreeIn, Error> {
        check_length(handshake, MAX_HANDSHAKE, "tree")?;
        if !is_tree(handshake, &self.hash) {
            return Err(Error::OtherTree);
        }
        let sealed = handshake.get(HEAD..).unwrap_or_default();
        let plain = crypto
            .aead_decrypt(AeadType::ChaCha20Poly1305, &self.key, sealed, &NONCE, &[])
            .map_err(|_| Error::OtherTree)?;
        RatchetTreeIn::tls_deserialize_exact_bytes(&plain)
            .map_err(|_| Error::Malformed { what: "tree" })
    }
}

/// Whose secrets are whose, by the reference of the key package (RFC 9420 §5.2).
pub(crate) type Guests = BTreeMap<Vec<u8>, DeviceAddress>;

/// The reference by which a Welcome names a key package.
pub(crate) fn reference(
    key_package: &KeyPackage,
    crypto: &impl OpenMlsCrypto,
) -> Result<Vec<u8>, Error> {
    let reference = key_package.hash_ref(crypto);
    let reference = reference.map_err(Error::library("hash a key package"))?;
    Ok(reference.as_slice().to_vec())
}

/// A Welcome for each new device alone (I1), as MLS messages.
pub(crate) fn divide(
    welcome: &Welcome,
    guests: &Guests,
) -> Result<Vec<(DeviceAddress, Vec<u8>)>, Error> {
    let all = welcome.tls_serialize_detached().map_err(indivisible)?;
    let suite = welcome.ciphersuite().tls_serialize_detached();
    let suite = suite.map_err(indivisible)?;
    let secrets = welcome.secrets().to_vec().tls_serialize_detached();
    let secrets = secrets.map_err(indivisible)?;
    // What follows the secrets is the same for all.
    let shared = suite.len().saturating_add(secrets.len());
    let shared = all
        .get(shared..)
        .ok_or_else(|| indivisible("it is short"))?;
    let mut divided = Vec::with_capacity(welcome.secrets().len());
    for own in welcome.secrets() {
        let device = guests.get(own.new_member().as_slice());
        let device = device.ok_or_else(|| indivisible("it is for somebody else"))?;
        let secrets = vec![own.clone()].tls_serialize_detached();
        let secrets = secrets.map_err(indivisible)?;
        let bytes = [&suite[..], &secrets, shared].concat();
        let one = Welcome::tls_deserialize_exact_bytes(&bytes).map_err(indivisible)?;
        let message = MlsMessageOut::from_welcome(one, ProtocolVersion::Mls10);
        let bytes = message.to_bytes().map_err(indivisible)?;
        divided.push((*device, bytes));
    }
    Ok(divided)
}

fn indivisible(error: impl ToString) -> Error {
    Error::library("divide a Welcome")(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tree_is_shared_where_many_would_get_much() {
        assert!(!is_split(1, 500), "there is nobody to share it with");
        assert!(!is_split(19, 20) && is_split(20, 21));
        assert!(is_split(2, 200) && is_split(499, 500));
        assert!(is_split(usize::MAX, usize::MAX));
    }

    #[test]
    fn what_begins_like_a_tree_names_its_hash_and_is_no_mls_message() {
        let sealed = [7; 40];
        let tree = [&TREE[..], &hash(&sealed), &sealed].concat();
        assert_eq!(tree_named(&tree[..HEAD]), Some(hash(&sealed)));
        assert!(is_tree(&tree, &hash(&sealed)));
        assert!(!is_tree(&tree[..HEAD + 39], &hash(&sealed)));
        assert!(!is_tree(&tree, &[1; 32]));
        assert_eq!(tree_named(&tree[..HEAD - 1]), None);
        assert_eq!(tree_named(&[]), None);
        assert!(body(&tree, "handshake").is_err());
    }

    #[test]
    fn an_invitation_names_its_tree_once_the_tree_has_a_place() {
        let mut tree = OwnTree {
            key: [2; 32],
            hash: [3; 32],
            at: None,
        };
        assert_eq!(Invitation::write(9, Some(&tree), &[1]), None);
        tree.at = Some(8);
        let split = Invitation::write(9, Some(&tree), &[1]).unwrap();
        assert_eq!(split.len(), SPLIT_HEAD + 1);
        for bytes in [
            &split[..],
            &split[..SPLIT_HEAD],
            &split[..40],
            &[SPLIT],
            &[],
        ] {
            let refused = Invitation::read(bytes);
            assert!(matches!(refused, Err(Error::Malformed { .. })));
        }
        let newer = Invitation::read(&[3; 100]);
        let is_newer = |error| matches!(error, Error::UnsupportedVersion { found: 3, .. });
        assert!(newer.is_err_and(is_newer));
    }
}
