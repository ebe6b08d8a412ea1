//! Endowed accounts, written straight into the raw genesis state: that works for every runtime with
//! the SDK's account layout, whatever its presets are called.

use crate::accounts;
use anyhow::{Context, Result, bail};
use codec::{Decode, Encode};
use rayon::prelude::*;
use serde_json::{Map, Value};
use sp_crypto_hashing::{blake2_128, twox_128};
use std::{fs, path::Path};

/// Marks an account whose balance follows the present rules for holds and freezes
/// (`pallet_balances::ExtraFlags`).
const NEW_LOGIC: u128 = 1 << 127;

/// Reads the raw specification `spec`, adds `count` accounts with `balance` each, writes `out`.
pub fn endow(spec: &Path, out: &Path, count: u32, balance: u128) -> Result<()> {
    let text = fs::read_to_string(spec).with_context(|| format!("reading {}", spec.display()))?;
    let mut spec: Value = serde_json::from_str(&text).context("the specification is no JSON")?;
    let Some(top) = spec
        .pointer_mut("/genesis/raw/top")
        .and_then(Value::as_object_mut)
    else {
        bail!("the specification is not in raw form: export it with --raw");
    };
    let added = add_accounts(top, count, balance)?;
    raise_issuance(top, balance.saturating_mul(added))?;
    fs::write(out, serde_json::to_string(&spec)?)
        .with_context(|| format!("writing {}", out.display()))
}

/// Adds the accounts that are not there yet and says how many those were.
fn add_accounts(top: &mut Map<String, Value>, count: u32, balance: u128) -> Result<u128> {
    // Nonce, consumers, providers, sufficients; free, reserved, frozen, flags.
    let account = (0u32, 0u32, 1u32, 0u32, balance, 0u128, 0u128, NEW_LOGIC).encode();
    let keys: Vec<_> = accounts::keypairs(0..count)?
        .par_iter()
        .map(|keypair| account_key(&keypair.public_key().0))
        .collect();
    let value = Value::String(hex_of(&account));
    let fresh = keys
        .into_iter()
        .filter(|key| top.insert(key.clone(), value.clone()).is_none());
    Ok(fresh.count() as u128)
}

fn raise_issuance(top: &mut Map<String, Value>, by: u128) -> Result<()> {
    let key = hex_of(&[twox_128(b"Balances"), twox_128(b"TotalIssuance")].concat());
    let before = match top.get(&key).and_then(Value::as_str) {
        Some(text) => {
            let bytes = hex::decode(text.trim_start_matches("0x"))?;
            u128::decode(&mut &bytes[..]).context("the total issuance is not a u128")?
        }
        None => 0,
    };
    let after = before
        .checked_add(by)
        .context("the issuance would overflow")?;
    top.insert(key, Value::String(hex_of(&after.encode())));
    Ok(())
}

fn account_key(account: &[u8; 32]) -> String {
    let prefix = [twox_128(b"System"), twox_128(b"Account")].concat();
    hex_of(&[&prefix[..], &blake2_128(account)[..], &account[..]].concat())
}

fn hex_of(bytes: &[u8]) -> String {
    format!("0x{}", hex::encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuance_grows_by_what_was_endowed_and_no_account_counts_twice() {
        let mut top = Map::new();
        assert_eq!(add_accounts(&mut top, 3, 10).unwrap(), 3);
        assert_eq!(add_accounts(&mut top, 4, 10).unwrap(), 1);
        assert_eq!(top.len(), 4);
        raise_issuance(&mut top, 30).unwrap();
        raise_issuance(&mut top, 10).unwrap();
        let key = hex_of(&[twox_128(b"Balances"), twox_128(b"TotalIssuance")].concat());
        assert_eq!(top[&key], Value::String(hex_of(&40u128.encode())));
    }

    #[test]
    fn the_key_of_an_account_is_the_well_known_one() {
        // Any explorer shows this prefix for System.Account.
        let key = account_key(&[0; 32]);
        assert!(
            key.starts_with("0x26aa394eea5630e07c48ae0c9558cef7b99d880ec681799c0cf30e8886371da9")
        );
        assert_eq!(key.len(), 2 + 2 * (16 + 16 + 16 + 32));
    }
}
