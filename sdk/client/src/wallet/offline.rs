//! The cold wallet: a transaction prepared on line, signed on a machine that has no network, and sent from
//! another one.
//!
//! The files hold what is signed as bytes and nothing that explains it: whoever signs reads the explanation
//! that their own program makes of the bytes ([`explain`]), so that a prepared file cannot say one thing
//! and be another.

use codec::{Decode, DecodeLimit, Encode};
use serde::{Deserialize, Serialize};
use sp_core::crypto::Ss58Codec;

use crate::{
    chain::transaction::{Signed, Unsigned},
    keys::AccountKey,
    submit::to_json,
};

const VERSION: u16 = 1;
/// Longest file.
const MAX_FILE: usize = 256 << 10;
const MAX_DEPTH: u32 = 16;

/// Why a file is none, or is not signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OfflineError {
    /// Not such a file.
    #[error("this is no {kind} file ({cause}): prepare it again")]
    Malformed {
        /// What was expected.
        kind: &'static str,
        /// What is wrong.
        cause: String,
    },
    /// Written by a newer build.
    #[error("the file has version {found}, this program knows {VERSION}: update this program")]
    NewerVersion {
        /// Its version.
        found: u16,
    },
    /// For another account.
    #[error(
        "the transaction is one of {account}, whose key is not here: use the right data folder"
    )]
    OtherAccount {
        /// Its address.
        account: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: u16,
    kind: String,
    bytes: serde_json::Value,
}

/// A signed transaction with what was signed, as one travels back from a cold wallet.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Cold {
    /// What was signed.
    pub unsigned: Unsigned,
    /// What travels.
    pub signed: Signed,
}

const UNSIGNED: &str = "unsigned transaction";
const SIGNED: &str = "signed transaction";

/// The file of a prepared transaction.
pub fn write_unsigned(unsigned: &Unsigned) -> String {
    write(UNSIGNED, &unsigned.encode())
}

/// Reads the file of a prepared transaction.
pub fn read_unsigned(text: &str) -> Result<Unsigned, OfflineError> {
    read(UNSIGNED, text)
}

/// The file of a signed transaction.
pub fn write_signed(cold: &Cold) -> String {
    write(SIGNED, &cold.encode())
}

/// Reads the file of a signed transaction.
pub fn read_signed(text: &str) -> Result<Cold, OfflineError> {
    read(SIGNED, text)
}

/// Signs what was prepared.
pub fn sign(unsigned: Unsigned, key: &AccountKey) -> Result<Cold, OfflineError> {
    if unsigned.account != key.account() {
        let account = unsigned.account.to_ss58check();
        return Err(OfflineError::OtherAccount { account });
    }
    let signed = unsigned.sign(key.pair());
    Ok(Cold { unsigned, signed })
}

/// What is signed, in plain words, line by line.
pub fn explain(unsigned: &Unsigned) -> Vec<(&'static str, String)> {
    vec![
        ("you", unsigned.account.to_ss58check()),
        ("will", unsigned.call.to_string()),
        ("chain", format!("genesis {:?}", unsigned.genesis)),
        ("number", unsigned.nonce.to_string()),
        (
            "good for",
            format!(
                "blocks {} to {} (about {} minutes from when it was prepared)",
                unsigned.from,
                unsigned.expires().saturating_sub(1),
                unsigned.life / 30
            ),
        ),
        ("runtime", format!("version {}", unsigned.spec_version)),
    ]
}

fn write(kind: &str, bytes: &[u8]) -> String {
    let file = File {
        version: VERSION,
        kind: kind.into(),
        bytes: to_json(bytes),
    };
    serde_json::to_string_pretty(&file).expect("its maps have text keys; qed")
}

fn read<T: Decode>(kind: &'static str, text: &str) -> Result<T, OfflineError> {
    let malformed = |cause: String| OfflineError::Malformed { kind, cause };
    if text.len() > MAX_FILE {
        return Err(malformed(format!("{} bytes", text.len())));
    }
    let value: serde_json::Value =
        serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
    if let Some(found) = value["version"].as_u64().filter(|v| *v > VERSION.into()) {
        let found = u16::try_from(found).unwrap_or(u16::MAX);
        return Err(OfflineError::NewerVersion { found });
    }
    let file: File = serde_json::from_value(value).map_err(|error| malformed(error.to_string()))?;
    if file.kind != kind {
        return Err(malformed(format!("it is a file of a {}", file.kind)));
    }
    let bytes = file
        .bytes
        .as_str()
        .and_then(|text| text.strip_prefix("0x"))
        .and_then(|digits| hex::decode(digits).ok())
        .ok_or_else(|| malformed("its bytes are no hex".into()))?;
    T::decode_all_with_depth_limit(MAX_DEPTH, &mut bytes.as_slice())
        .map_err(|error| malformed(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::call::Call;
    use parlance_primitives::{AccountId, Hash, UNIT};

    fn prepared(key: &AccountKey) -> Unsigned {
        Unsigned {
            account: key.account(),
            call: Call::transfer(&AccountId::new([7; 32]), 2 * UNIT),
            nonce: 4,
            tip: 0,
            spec_version: 1,
            genesis: Hash::repeat_byte(3),
            from: 100,
            from_hash: Hash::repeat_byte(4),
            life: 64,
        }
    }

    fn key() -> AccountKey {
        AccountKey::of_test_network("//Alice").unwrap()
    }

    #[test]
    fn a_file_survives_its_way_there_and_back() {
        let unsigned = prepared(&key());
        let there = read_unsigned(&write_unsigned(&unsigned)).unwrap();
        assert_eq!(there, unsigned);
        let cold = sign(there, &key()).unwrap();
        assert_eq!(read_signed(&write_signed(&cold)), Ok(cold));
    }

    #[test]
    fn the_words_are_made_of_the_bytes() {
        let words: Vec<String> = explain(&prepared(&key()))
            .into_iter()
            .map(|(_, words)| words)
            .collect();
        let text = words.join("\n");
        assert!(text.contains("pay 2 tokens to"), "{text}");
        assert!(
            text.contains(&AccountId::new([7; 32]).to_ss58check()),
            "{text}"
        );
        assert!(text.contains("blocks 100 to 163"), "{text}");
    }

    #[test]
    fn a_strange_key_does_not_sign() {
        let bob = AccountKey::of_test_network("//Bob").unwrap();
        assert!(matches!(
            sign(prepared(&key()), &bob),
            Err(OfflineError::OtherAccount { .. })
        ));
    }

    #[test]
    fn damaged_and_wrong_files_are_errors() {
        let unsigned = write_unsigned(&prepared(&key()));
        let newer = unsigned.replace("\"version\": 1", "\"version\": 2");
        assert_eq!(
            read_unsigned(&newer),
            Err(OfflineError::NewerVersion { found: 2 })
        );
        assert!(read_signed(&unsigned).is_err(), "another kind");
        let cut = unsigned.replace("0x", "0x00");
        for text in ["", "{}", "null", &cut, &unsigned[..unsigned.len() / 2]] {
            assert!(read_unsigned(text).is_err(), "{text}");
        }
    }
}
