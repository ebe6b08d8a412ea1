//! The account's key: sr25519, derived as `subkey` and wallets for polkadot-sdk chains derive it.

use std::fmt;

use parlance_primitives::AccountId;
use sp_core::{
    Pair,
    crypto::{DEV_PHRASE, Ss58Codec},
    sr25519,
};
use zeroize::Zeroizing;

use super::{KeyError, Phrase};

/// Longest derivation path.
const MAX_PATH: usize = 256;

/// An account with its key.
#[derive(Clone)]
pub struct AccountKey {
    pair: sr25519::Pair,
}

impl AccountKey {
    /// From a phrase, and a derivation path such as `//savings/1`; none is the phrase's own account.
    pub fn from_phrase(phrase: &Phrase, path: &str) -> Result<Self, KeyError> {
        if !path.is_empty() && !path.starts_with('/')
            || path.len() > MAX_PATH
            || path.contains("///")
        {
            return Err(KeyError::BadPath { path: path.into() });
        }
        let uri = Zeroizing::new(format!("{}{path}", phrase.words()));
        let pair = sr25519::Pair::from_string(&uri, None)
            .map_err(|_| KeyError::BadPath { path: path.into() })?;
        Ok(Self { pair })
    }

    /// One of the accounts of test networks, such as `//Alice`, whose phrase everybody knows.
    pub fn of_test_network(path: &str) -> Result<Self, KeyError> {
        Self::from_phrase(&Phrase::parse(DEV_PHRASE)?, path)
    }

    /// The account.
    pub fn account(&self) -> AccountId {
        self.pair.public().into()
    }

    /// The key, to sign with.
    pub fn pair(&self) -> &sr25519::Pair {
        &self.pair
    }
}

impl fmt::Debug for AccountKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccountKey({})", self.account().to_ss58check())
    }
}

/// An account by its address, or by its public key in hex.
pub fn parse_account(text: &str) -> Result<AccountId, KeyError> {
    let bad = |cause: String| KeyError::BadAddress {
        text: text.chars().take(64).collect(),
        cause,
    };
    if let Some(digits) = text.strip_prefix("0x") {
        let mut key = [0; 32];
        hex::decode_to_slice(digits, &mut key).map_err(|error| bad(error.to_string()))?;
        return Ok(AccountId::new(key));
    }
    AccountId::from_ss58check(text).map_err(|error| bad(format!("{error:?}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `subkey inspect` with the development phrase and these paths.
    #[test]
    fn the_accounts_of_the_development_phrase() {
        for (path, address) in [
            ("", "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV"),
            (
                "//Alice",
                "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
            ),
            (
                "//Alice//stash",
                "5GNJqTPyNqANBkUVMN1LPPrxXnFouWXoe2wNSmmEoLctxiZY",
            ),
            ("//Bob", "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty"),
        ] {
            let key = AccountKey::of_test_network(path).unwrap();
            assert_eq!(key.account().to_ss58check(), address);
            assert_eq!(parse_account(address).unwrap(), key.account());
        }
    }

    /// The vector of `substrate-bip39` without a password: the mini secret of a phrase.
    #[test]
    fn a_phrase_gives_the_key_that_other_wallets_make_of_it() {
        let words = "legal winner thank year wave sausage worth useful legal winner thank yellow";
        let phrase = Phrase::parse(words).unwrap();
        let key = AccountKey::from_phrase(&phrase, "").unwrap();
        let (other, _) = sr25519::Pair::from_phrase(words, None).unwrap();
        assert_eq!(key.account(), AccountId::from(other.public()));
    }

    #[test]
    fn paths_and_addresses_that_are_none_are_refused() {
        let phrase = Phrase::parse(DEV_PHRASE).unwrap();
        for path in ["Alice", "///password", "//a///b"] {
            assert!(AccountKey::from_phrase(&phrase, path).is_err(), "{path}");
        }
        for text in [
            "",
            "5Grw",
            "0x12",
            "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQZ",
        ] {
            assert!(parse_account(text).is_err(), "{text}");
        }
        let hex = format!("0x{}", "07".repeat(32));
        assert_eq!(parse_account(&hex).unwrap(), AccountId::new([7; 32]));
    }

    #[test]
    fn it_does_not_show_its_secret() {
        let key = AccountKey::of_test_network("//Alice").unwrap();
        let shown = format!("{key:?}");
        assert_eq!(
            shown,
            "AccountKey(5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY)"
        );
    }
}
