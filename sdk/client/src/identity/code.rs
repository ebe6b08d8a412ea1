//! Codes that travel between people and devices by any way: an invitation, and a device's request to join.
//!
//! A code is a word for its kind, then hex of its bytes and of the first four bytes of their hash, so that
//! a code that was cut or mistyped says so.

use codec::{Decode, DecodeAll, Encode};
use parlance_primitives::{
    AccountId, Hash,
    accounts::{DeviceId, DeviceKeys, Guard, Possession, Version, invitation_statement},
};
use sp_core::{Pair, ed25519};
use sp_crypto_hashing::blake2_256;
use zeroize::Zeroizing;

use crate::keys::{KeyError, random};

const CHECK: usize = 4;
const INVITATION: &str = "invitation1";
const DEVICE: &str = "device1";

/// Why a code is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodeError {
    /// Another kind of code, or none.
    #[error("this is no {kind} code: it must begin with '{kind}1'")]
    OtherKind {
        /// What was expected.
        kind: &'static str,
    },
    /// Cut or mistyped.
    #[error("the {kind} code is cut or mistyped: copy all of it again")]
    Damaged {
        /// What was expected.
        kind: &'static str,
    },
}

fn write(kind: &str, bytes: &[u8]) -> String {
    let check = blake2_256(bytes);
    format!(
        "{kind}{}{}",
        hex::encode(bytes),
        hex::encode(&check[..CHECK])
    )
}

fn read(
    kind: &'static str,
    word: &'static str,
    text: &str,
) -> Result<Zeroizing<Vec<u8>>, CodeError> {
    let digits = text
        .trim()
        .strip_prefix(word)
        .ok_or(CodeError::OtherKind { kind })?;
    let bytes = hex::decode(digits).map_err(|_| CodeError::Damaged { kind })?;
    let bytes = Zeroizing::new(bytes);
    let (body, check) = bytes
        .split_last_chunk::<CHECK>()
        .ok_or(CodeError::Damaged { kind })?;
    if blake2_256(body)[..CHECK] != *check {
        return Err(CodeError::Damaged { kind });
    }
    Ok(Zeroizing::new(body.to_vec()))
}

/// The secret of an invitation: whoever has it can register one account without work.
#[derive(Clone)]
pub struct InvitationSecret(Zeroizing<[u8; 32]>);

impl InvitationSecret {
    /// A new one.
    pub fn generate() -> Result<Self, KeyError> {
        random::<32>().map(Self)
    }

    /// From its seed.
    pub fn from_seed(seed: [u8; 32]) -> Self {
        Self(Zeroizing::new(seed))
    }

    /// The seed.
    pub(crate) fn seed(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key on the chain.
    pub fn public(&self) -> ed25519::Public {
        self.pair().public()
    }

    /// What entitles `account` to register.
    pub fn guard(&self, genesis: &Hash, account: &AccountId) -> Guard {
        Guard::Invitation {
            key: self.public(),
            signature: self.pair().sign(&invitation_statement(genesis, account)),
        }
    }

    /// The code to hand over.
    pub fn to_code(&self) -> Zeroizing<String> {
        Zeroizing::new(write(INVITATION, &*self.0))
    }

    /// From a code that was handed over.
    pub fn from_code(text: &str) -> Result<Self, CodeError> {
        let kind = "invitation";
        let bytes = read(kind, INVITATION, text)?;
        let seed =
            <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| CodeError::Damaged { kind })?;
        Ok(Self::from_seed(seed))
    }

    fn pair(&self) -> ed25519::Pair {
        ed25519::Pair::from_seed(&self.0)
    }
}

/// A device asks an account to list it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct DeviceRequest {
    /// The account.
    pub account: AccountId,
    /// The version that the device saw: the request is good for this one alone.
    pub base: Version,
    /// Its keys.
    pub keys: DeviceKeys,
    /// That it has their secrets.
    pub possession: Possession,
}

impl DeviceRequest {
    /// The device's name.
    pub fn id(&self) -> DeviceId {
        DeviceId::of(&self.keys.signing)
    }

    /// What people compare on the screens of both devices before one is added: 32 digits in groups of four, the
    /// first 16 bytes of a hash of the account and of all keys.
    pub fn fingerprint(&self) -> String {
        let subject = (b"parlance/device-fingerprint/1", &self.account, &self.keys).encode();
        let digits = hex::encode(&blake2_256(&subject)[..16]);
        let groups = digits.as_bytes().chunks(4).map(String::from_utf8_lossy);
        groups.collect::<Vec<_>>().join(" ")
    }

    /// The code to show to the device that has the account's key.
    pub fn to_code(&self) -> String {
        write(DEVICE, &self.encode())
    }

    /// From a code.
    pub fn from_code(text: &str) -> Result<Self, CodeError> {
        let kind = "device";
        let bytes = read(kind, DEVICE, text)?;
        Self::decode_all(&mut bytes.as_slice()).map_err(|_| CodeError::Damaged { kind })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::DeviceSecrets;

    fn request() -> DeviceRequest {
        let device = DeviceSecrets::generate().unwrap();
        let account = AccountId::new([3; 32]);
        DeviceRequest {
            possession: device.possession(&Hash::zero(), &account, 9),
            keys: device.keys(),
            account,
            base: 9,
        }
    }

    #[test]
    fn codes_survive_and_damage_is_noticed() {
        let request = request();
        let code = request.to_code();
        assert_eq!(DeviceRequest::from_code(&format!(" {code}\n")), Ok(request));
        let damaged = CodeError::Damaged { kind: "device" };
        for cut in DEVICE.len()..code.len() {
            assert_eq!(DeviceRequest::from_code(&code[..cut]), Err(damaged.clone()));
        }
        let last = code.chars().last().unwrap();
        let other = if last == '0' { "1" } else { "0" };
        let changed = format!("{}{other}", &code[..code.len() - 1]);
        assert_eq!(DeviceRequest::from_code(&changed), Err(damaged));
    }

    #[test]
    fn a_fingerprint_is_of_the_account_and_of_every_key() {
        let request = request();
        let read = DeviceRequest::from_code(&request.to_code()).unwrap();
        let fingerprint = read.fingerprint();
        assert_eq!(fingerprint, request.fingerprint());
        let groups: Vec<&str> = fingerprint.split(' ').collect();
        assert_eq!(groups.len(), 8);
        assert!(groups.iter().all(|group| group.len() == 4));

        let mut others = vec![request.clone(); 4];
        others[0].account = AccountId::new([4; 32]);
        others[1].keys.signing.0[0] ^= 1;
        others[2].keys.agreement[0] ^= 1;
        others[3].keys.endpoint.0[0] ^= 1;
        for other in others {
            assert_ne!(other.fingerprint(), fingerprint, "{other:?}");
        }
        // The version that it is asked for is not: it changes with every attempt.
        let later = DeviceRequest {
            base: 10,
            ..request
        };
        assert_eq!(later.fingerprint(), fingerprint);
    }

    #[test]
    fn an_invitation_is_for_one_account_of_one_chain() {
        let secret = InvitationSecret::generate().unwrap();
        let back = InvitationSecret::from_code(&secret.to_code()).unwrap();
        assert_eq!(back.public(), secret.public());
        let (genesis, account) = (Hash::repeat_byte(1), AccountId::new([2; 32]));
        let Guard::Invitation { key, signature } = back.guard(&genesis, &account) else {
            panic!("another guard");
        };
        let good = |genesis: &Hash, account: &AccountId| {
            ed25519::Pair::verify(&signature, invitation_statement(genesis, account), &key)
        };
        assert!(good(&genesis, &account));
        assert!(!good(&Hash::zero(), &account));
        assert!(!good(&genesis, &AccountId::new([9; 32])));
    }

    #[test]
    fn one_kind_is_not_taken_for_another() {
        let code = InvitationSecret::generate().unwrap().to_code();
        assert_eq!(
            DeviceRequest::from_code(&code),
            Err(CodeError::OtherKind { kind: "device" })
        );
    }
}
