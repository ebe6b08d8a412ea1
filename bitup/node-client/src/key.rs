//! Keys of accounts: sr25519, derived as wallets of Substrate chains do.

use crate::blake2_256;
use parity_scale_codec::Encode;
use schnorrkel::{
    ExpansionMode, Keypair, MiniSecretKey,
    derive::{ChainCode, Derivation},
};
use zeroize::Zeroizing;

/// The phrase that everybody knows, for test networks.
const TEST_PHRASE: &str = "bottom drive obey lake curtain smoke basket hold race lonely fit walk";
/// The context of all signatures of Substrate chains.
const CONTEXT: &[u8] = b"substrate";

/// Why there is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Neither a phrase nor a seed.
    #[error(
        "this is no key: write the words of a phrase, or a seed of 32 bytes as `0x` and 64 digits, with a path like `//name` behind \
         it, or only the path for a test network"
    )]
    Unknown,
    /// A path with an empty part.
    #[error("the path of the key has an empty part; write `//name` or `/name`")]
    Path,
}

/// A key.
pub struct Key(Keypair);

impl std::fmt::Debug for Key {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            out,
            "Key({})",
            bitup_abi::value::digits(&self.account(), "0x")
        )
    }
}

impl Key {
    /// From a phrase or seed with a path, or a path alone, which is of the test networks' phrase.
    ///
    /// # Errors
    /// If it is none.
    pub fn read(text: &str) -> Result<Self, KeyError> {
        let text = text.trim();
        let (secret, path) = text.split_at(text.find('/').unwrap_or(text.len()));
        let mut mini = mini(secret.trim_end())?;
        let mut soft: Option<Keypair> = None;
        for (hard, part) in parts(path)? {
            let code = ChainCode(junction(part));
            match (hard, soft.take()) {
                (true, None) => mini = mini_of(&mini, code),
                (true, Some(pair)) => {
                    let (next, _) = pair.secret.hard_derive_mini_secret_key(Some(code), b"");
                    mini = next;
                }
                (false, pair) => {
                    let pair = pair.unwrap_or_else(|| expanded(&mini));
                    soft = Some(pair.derived_key_simple(code, b"").0);
                }
            }
        }
        Ok(Self(soft.unwrap_or_else(|| expanded(&mini))))
    }

    /// Its account.
    #[must_use]
    pub fn account(&self) -> [u8; 32] {
        self.0.public.to_bytes()
    }

    /// Signs.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign_simple(CONTEXT, message).to_bytes()
    }

    /// Whether a signature is of an account.
    #[must_use]
    pub fn verify(account: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
        let key = schnorrkel::PublicKey::from_bytes(account);
        let signature = schnorrkel::Signature::from_bytes(signature);
        match (key, signature) {
            (Ok(key), Ok(signature)) => key.verify_simple(CONTEXT, message, &signature).is_ok(),
            _ => false,
        }
    }
}

/// The account that a word names: an address of any network, `0x` and 64 digits, or a path of the test networks' phrase.
#[must_use]
pub fn account(word: &str) -> Option<[u8; 32]> {
    if word.starts_with("//") {
        return Key::read(word).ok().map(|key| key.account());
    }
    match word.strip_prefix("0x") {
        Some(digits) => bitup_abi::contract::hex(digits)?.try_into().ok(),
        None => bitup_abi::account::parse(word).map(|(_, id)| id),
    }
}

fn expanded(mini: &MiniSecretKey) -> Keypair {
    mini.expand_to_keypair(ExpansionMode::Ed25519)
}

fn mini_of(mini: &MiniSecretKey, code: ChainCode) -> MiniSecretKey {
    expanded(mini)
        .secret
        .hard_derive_mini_secret_key(Some(code), b"")
        .0
}

fn mini(secret: &str) -> Result<MiniSecretKey, KeyError> {
    if let Some(digits) = secret.strip_prefix("0x") {
        let seed = Zeroizing::new(bitup_abi::contract::hex(digits).ok_or(KeyError::Unknown)?);
        return MiniSecretKey::from_bytes(&seed).map_err(|_| KeyError::Unknown);
    }
    let words = if secret.is_empty() {
        TEST_PHRASE
    } else {
        secret
    };
    let phrase = bip39::Mnemonic::parse_in_normalized(bip39::Language::English, words)
        .map_err(|_| KeyError::Unknown)?;
    let entropy = Zeroizing::new(phrase.to_entropy());
    substrate_bip39::mini_secret_from_entropy(&entropy, "").map_err(|_| KeyError::Unknown)
}

/// The parts of a path, each with whether it is hard.
fn parts(path: &str) -> Result<Vec<(bool, &str)>, KeyError> {
    let mut found = Vec::new();
    let mut rest = path;
    while let Some(behind) = rest.strip_prefix('/') {
        let (hard, behind) = match behind.strip_prefix('/') {
            Some(behind) => (true, behind),
            None => (false, behind),
        };
        let (part, next) = behind.split_at(behind.find('/').unwrap_or(behind.len()));
        if part.is_empty() {
            return Err(KeyError::Path);
        }
        found.push((hard, part));
        rest = next;
    }
    Ok(found)
}

/// A part of a path as the chain code: a number in eight bytes, or a text in SCALE, hashed where it is long.
fn junction(part: &str) -> [u8; 32] {
    let bytes = match part.parse::<u64>() {
        Ok(number) => number.encode(),
        Err(_) => part.encode(),
    };
    if bytes.len() > 32 {
        return blake2_256(&bytes);
    }
    let mut code = [0; 32];
    code[..bytes.len()].copy_from_slice(&bytes);
    code
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitup_abi::account;

    fn address(text: &str) -> String {
        account::shown(42, &Key::read(text).unwrap().account())
    }

    /// `subkey inspect` of the same texts.
    #[test]
    fn accounts_are_those_of_other_tools() {
        for (text, expected) in [
            (
                "//Alice",
                "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
            ),
            ("//Bob", "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty"),
            (
                "//Alice//stash",
                "5GNJqTPyNqANBkUVMN1LPPrxXnFouWXoe2wNSmmEoLctxiZY",
            ),
            (
                TEST_PHRASE,
                "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV",
            ),
            (
                "0xe5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a",
                "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
            ),
        ] {
            assert_eq!(address(text), expected, "{text}");
        }
        assert_ne!(address("/soft"), address("//soft"));
        assert_ne!(address("/soft//hard"), address("/soft"));
    }

    #[test]
    fn what_is_no_key_is_refused_without_telling_it() {
        for text in ["abandon", "0x12", "hello world", "0xzz"] {
            let error = Key::read(text).unwrap_err();
            assert_eq!(error, KeyError::Unknown);
            assert!(!error.to_string().contains(text));
        }
        for text in ["//", "//Alice//", "/", "///Alice"] {
            assert_eq!(Key::read(text).unwrap_err(), KeyError::Path, "{text}");
        }
    }

    #[test]
    fn a_signature_is_of_its_key_and_its_message() {
        let key = Key::read("//Alice").unwrap();
        let signature = key.sign(b"one");
        assert!(Key::verify(&key.account(), b"one", &signature));
        assert!(!Key::verify(&key.account(), b"two", &signature));
        let bob = Key::read("//Bob").unwrap().account();
        assert!(!Key::verify(&bob, b"one", &signature));
        assert!(!format!("{key:?}").contains("e5be9a50"));
    }
}
