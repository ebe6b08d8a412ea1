//! The keys of this device. They never leave it, and no phrase restores them: a new device has new keys.
//!
//! Signing and agreement key are those of `parlance_e2ee::DeviceIdentity`, which a session is begun with:
//! `from_secrets` takes what [`DeviceSecrets::signing_seed`] and [`DeviceSecrets::agreement_secret`] give.
//! The tests compare with its vectors.

use std::fmt;

use parlance_primitives::{
    AccountId, Hash,
    accounts::{DeviceId, DeviceKeys, Possession, Version, device_statement},
};
use sp_core::{Pair, ed25519};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use super::{KeyError, random};

/// Version of the stored form.
const VERSION: u8 = 1;

/// Secrets of a device: signing (Ed25519), key agreement (X25519), and its network endpoint (Ed25519).
pub struct DeviceSecrets {
    signing: Zeroizing<[u8; 32]>,
    agreement: Zeroizing<[u8; 32]>,
    endpoint: Zeroizing<[u8; 32]>,
}

impl DeviceSecrets {
    /// New ones.
    pub fn generate() -> Result<Self, KeyError> {
        Ok(Self {
            signing: random()?,
            agreement: random()?,
            endpoint: random()?,
        })
    }

    /// Seed of the signing key.
    pub fn signing_seed(&self) -> &[u8; 32] {
        &self.signing
    }

    /// Secret of the agreement key.
    pub fn agreement_secret(&self) -> &[u8; 32] {
        &self.agreement
    }

    /// Seed of the network endpoint's key.
    pub fn endpoint_seed(&self) -> &[u8; 32] {
        &self.endpoint
    }

    /// The public halves, as the chain lists them.
    pub fn keys(&self) -> DeviceKeys {
        let agreement = PublicKey::from(&StaticSecret::from(*self.agreement));
        DeviceKeys {
            signing: pair(&self.signing).public(),
            agreement: agreement.to_bytes(),
            endpoint: pair(&self.endpoint).public(),
        }
    }

    /// The device's name on the chain.
    pub fn id(&self) -> DeviceId {
        DeviceId::of(&pair(&self.signing).public())
    }

    /// Shows that these keys belong to `account`, for a change of version `base`.
    pub fn possession(&self, genesis: &Hash, account: &AccountId, base: Version) -> Possession {
        let statement = device_statement(genesis, account, base, &self.keys());
        Possession {
            signing: pair(&self.signing).sign(&statement),
            endpoint: pair(&self.endpoint).sign(&statement),
        }
    }

    /// For the store, which encrypts it.
    pub(crate) fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(97));
        bytes.push(VERSION);
        for secret in [&self.signing, &self.agreement, &self.endpoint] {
            bytes.extend_from_slice(secret.as_slice());
        }
        bytes
    }

    /// From the store.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, KeyError> {
        let rest = bytes.strip_prefix(&[VERSION]).ok_or(KeyError::BadDevice)?;
        let (signing, rest) = rest.split_first_chunk::<32>().ok_or(KeyError::BadDevice)?;
        let (agreement, rest) = rest.split_first_chunk::<32>().ok_or(KeyError::BadDevice)?;
        let endpoint = <&[u8; 32]>::try_from(rest).map_err(|_| KeyError::BadDevice)?;
        Ok(Self {
            signing: Zeroizing::new(*signing),
            agreement: Zeroizing::new(*agreement),
            endpoint: Zeroizing::new(*endpoint),
        })
    }
}

fn pair(seed: &[u8; 32]) -> ed25519::Pair {
    ed25519::Pair::from_seed(seed)
}

impl fmt::Debug for DeviceSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceSecrets({})", hex::encode(self.id().0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn it_shows_that_it_has_its_keys() {
        let (device, other) = (
            DeviceSecrets::generate().unwrap(),
            DeviceSecrets::generate().unwrap(),
        );
        let (genesis, account) = (Hash::repeat_byte(1), AccountId::new([2; 32]));
        let keys = device.keys();
        let possession = device.possession(&genesis, &account, 5);
        let statement = device_statement(&genesis, &account, 5, &keys);
        let signs = |signature: &ed25519::Signature, key: &ed25519::Public| {
            ed25519::Pair::verify(signature, &statement, key)
        };
        assert!(signs(&possession.signing, &keys.signing));
        assert!(signs(&possession.endpoint, &keys.endpoint));
        assert!(!signs(&possession.signing, &other.keys().signing));
        let another = device.possession(&genesis, &account, 6);
        assert!(!signs(&another.signing, &keys.signing));
    }

    #[test]
    fn its_keys_are_those_of_the_encryption_core() {
        let text = include_str!("../../../e2ee/vectors/x3dh.json");
        let vectors: Value = serde_json::from_str(text).unwrap();
        let bytes = |value: &Value| -> [u8; 32] {
            let decoded = hex::decode(value.as_str().unwrap()).unwrap();
            decoded.try_into().unwrap()
        };
        for side in ["alice", "bob"] {
            let identity = &vectors["handshakes"][0][side];
            let device = DeviceSecrets {
                signing: Zeroizing::new(bytes(&identity["signing_seed"])),
                agreement: Zeroizing::new(bytes(&identity["agreement_secret"])),
                endpoint: Zeroizing::new([0; 32]),
            };
            let keys = device.keys();
            assert_eq!(keys.signing.0, bytes(&identity["signing_public"]));
            assert_eq!(keys.agreement, bytes(&identity["agreement_public"]));
        }
    }

    #[test]
    fn it_survives_the_store_and_nothing_else() {
        let device = DeviceSecrets::generate().unwrap();
        let bytes = device.to_bytes();
        let back = DeviceSecrets::from_bytes(&bytes).unwrap();
        assert_eq!(back.keys(), device.keys());
        for cut in 0..bytes.len() {
            assert!(DeviceSecrets::from_bytes(&bytes[..cut]).is_err());
        }
        let longer = [bytes.as_slice(), &[0]].concat();
        assert!(DeviceSecrets::from_bytes(&longer).is_err());
    }
}
