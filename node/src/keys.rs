//! Keys that sign every block and every vote, kept ready.
//!
//! The SDK's keystore holds secret phrases. For each signature it reads the file and stretches the phrase with 2,048 rounds of
//! HMAC-SHA-512, more than a millisecond; on a node that builds empty blocks this was a third of all processor time. Here a
//! key is derived once. Whether it is there is still asked of the disk each time: removing the file of a key ends its use.

use parking_lot::Mutex;
use sc_keystore::LocalKeystore;
use sp_consensus_aura::sr25519::AuthorityPair as ProducerPair;
use sp_consensus_grandpa::AuthorityPair as VoterPair;
use sp_core::{
    Pair,
    crypto::{ByteArray, KeyTypeId, VrfSecret, key_types},
    ecdsa, ed25519,
    sr25519::{
        self,
        vrf::{VrfInput, VrfPreOutput, VrfSignData, VrfSignature},
    },
};
use sp_keystore::{Error, Keystore, KeystorePtr};
use std::{collections::HashMap, sync::Arc};

/// Most keys of a kind that are kept ready: an operator changes keys now and then.
const MOST: usize = 16;

/// The keystore on disk, with the keys for blocks and votes kept ready.
pub fn ready(disk: Arc<LocalKeystore>) -> KeystorePtr {
    Arc::new(Ready {
        disk,
        producers: Default::default(),
        voters: Default::default(),
    })
}

struct Ready {
    disk: Arc<LocalKeystore>,
    producers: Mutex<HashMap<Vec<u8>, sr25519::Pair>>,
    voters: Mutex<HashMap<Vec<u8>, ed25519::Pair>>,
}

impl Ready {
    fn producer(&self, key_type: KeyTypeId, public: &sr25519::Public) -> Option<sr25519::Pair> {
        self.find(
            &self.producers,
            (key_type, key_types::AURA),
            public,
            |disk| {
                let pair = disk.key_pair::<ProducerPair>(&(*public).into());
                pair.ok().flatten().map(Into::into)
            },
        )
    }

    fn voter(&self, key_type: KeyTypeId, public: &ed25519::Public) -> Option<ed25519::Pair> {
        self.find(
            &self.voters,
            (key_type, key_types::GRANDPA),
            public,
            |disk| {
                let pair = disk.key_pair::<VoterPair>(&(*public).into());
                pair.ok().flatten().map(Into::into)
            },
        )
    }

    /// A key of the wanted type; `None` leaves the question to the disk.
    fn find<P: Pair + Clone>(
        &self,
        known: &Mutex<HashMap<Vec<u8>, P>>,
        (asked, kept): (KeyTypeId, KeyTypeId),
        public: &P::Public,
        derive: impl FnOnce(&LocalKeystore) -> Option<P>,
    ) -> Option<P> {
        let name = public.to_raw_vec();
        if asked != kept || !self.disk.has_keys(&[(name.clone(), asked)]) {
            return None;
        }
        let mut known = known.lock();
        if let Some(pair) = known.get(&name) {
            return Some(pair.clone());
        }
        let pair = derive(&self.disk)?;
        if known.len() == MOST {
            known.clear();
        }
        known.insert(name, pair.clone());
        Some(pair)
    }
}

impl Keystore for Ready {
    fn sr25519_sign(
        &self,
        key_type: KeyTypeId,
        public: &sr25519::Public,
        message: &[u8],
    ) -> Result<Option<sr25519::Signature>, Error> {
        match self.producer(key_type, public) {
            Some(pair) => Ok(Some(pair.sign(message))),
            None => self.disk.sr25519_sign(key_type, public, message),
        }
    }

    fn sr25519_vrf_sign(
        &self,
        key_type: KeyTypeId,
        public: &sr25519::Public,
        data: &VrfSignData,
    ) -> Result<Option<VrfSignature>, Error> {
        match self.producer(key_type, public) {
            Some(pair) => Ok(Some(pair.vrf_sign(data))),
            None => self.disk.sr25519_vrf_sign(key_type, public, data),
        }
    }

    fn ed25519_sign(
        &self,
        key_type: KeyTypeId,
        public: &ed25519::Public,
        message: &[u8],
    ) -> Result<Option<ed25519::Signature>, Error> {
        match self.voter(key_type, public) {
            Some(pair) => Ok(Some(pair.sign(message))),
            None => self.disk.ed25519_sign(key_type, public, message),
        }
    }

    fn sr25519_public_keys(&self, key_type: KeyTypeId) -> Vec<sr25519::Public> {
        self.disk.sr25519_public_keys(key_type)
    }

    fn sr25519_generate_new(
        &self,
        key_type: KeyTypeId,
        seed: Option<&str>,
    ) -> Result<sr25519::Public, Error> {
        self.disk.sr25519_generate_new(key_type, seed)
    }

    fn sr25519_vrf_pre_output(
        &self,
        key_type: KeyTypeId,
        public: &sr25519::Public,
        input: &VrfInput,
    ) -> Result<Option<VrfPreOutput>, Error> {
        self.disk.sr25519_vrf_pre_output(key_type, public, input)
    }

    fn ed25519_public_keys(&self, key_type: KeyTypeId) -> Vec<ed25519::Public> {
        self.disk.ed25519_public_keys(key_type)
    }

    fn ed25519_generate_new(
        &self,
        key_type: KeyTypeId,
        seed: Option<&str>,
    ) -> Result<ed25519::Public, Error> {
        self.disk.ed25519_generate_new(key_type, seed)
    }

    fn ecdsa_public_keys(&self, key_type: KeyTypeId) -> Vec<ecdsa::Public> {
        self.disk.ecdsa_public_keys(key_type)
    }

    fn ecdsa_generate_new(
        &self,
        key_type: KeyTypeId,
        seed: Option<&str>,
    ) -> Result<ecdsa::Public, Error> {
        self.disk.ecdsa_generate_new(key_type, seed)
    }

    fn ecdsa_sign(
        &self,
        key_type: KeyTypeId,
        public: &ecdsa::Public,
        message: &[u8],
    ) -> Result<Option<ecdsa::Signature>, Error> {
        self.disk.ecdsa_sign(key_type, public, message)
    }

    fn ecdsa_sign_prehashed(
        &self,
        key_type: KeyTypeId,
        public: &ecdsa::Public,
        message: &[u8; 32],
    ) -> Result<Option<ecdsa::Signature>, Error> {
        self.disk.ecdsa_sign_prehashed(key_type, public, message)
    }

    fn insert(&self, key_type: KeyTypeId, suri: &str, public: &[u8]) -> Result<(), ()> {
        self.disk.insert(key_type, suri, public)
    }

    fn keys(&self, key_type: KeyTypeId) -> Result<Vec<Vec<u8>>, Error> {
        self.disk.keys(key_type)
    }

    fn has_keys(&self, public_keys: &[(Vec<u8>, KeyTypeId)]) -> bool {
        self.disk.has_keys(public_keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on_disk() -> (tempfile::TempDir, KeystorePtr) {
        let folder = tempfile::tempdir().unwrap();
        let disk = LocalKeystore::open(folder.path(), None).unwrap();
        (folder, ready(Arc::new(disk)))
    }

    #[test]
    fn kept_keys_sign_as_those_on_disk() {
        let (_folder, keys) = on_disk();
        let producer = keys.sr25519_generate_new(key_types::AURA, None).unwrap();
        let voter = keys.ed25519_generate_new(key_types::GRANDPA, None).unwrap();
        for message in [b"first".as_slice(), b"second"] {
            let signature = keys.sr25519_sign(key_types::AURA, &producer, message);
            assert!(sr25519::Pair::verify(
                &signature.unwrap().unwrap(),
                message,
                &producer
            ));
            let signature = keys.ed25519_sign(key_types::GRANDPA, &voter, message);
            assert!(ed25519::Pair::verify(
                &signature.unwrap().unwrap(),
                message,
                &voter
            ));
        }
    }

    #[test]
    fn a_key_of_another_type_or_a_removed_one_does_not_sign() {
        let (folder, keys) = on_disk();
        let voter = keys.ed25519_generate_new(key_types::GRANDPA, None).unwrap();
        let signed = |key_type| keys.ed25519_sign(key_type, &voter, b"vote").ok().flatten();
        assert!(signed(key_types::GRANDPA).is_some());
        assert!(signed(key_types::AURA).is_none());
        for entry in std::fs::read_dir(folder.path()).unwrap() {
            std::fs::remove_file(entry.unwrap().path()).unwrap();
        }
        assert!(signed(key_types::GRANDPA).is_none());
    }
}
