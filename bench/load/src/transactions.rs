//! Signed transfers, one sender each, made before the clock starts.

use crate::accounts;
use anyhow::{Context, Result, ensure};
use rayon::prelude::*;
use sp_crypto_hashing::blake2_256;
use std::{fs, path::Path};
use subxt::{
    OnlineClient, PolkadotConfig, config::DefaultExtrinsicParamsBuilder, dynamic,
    utils::MultiAddress,
};

/// What each transfer moves: the smallest amount, so that no balance matters.
const AMOUNT: u128 = 1;

/// A transaction as it travels.
pub type Encoded = Vec<u8>;

/// Which transfers are wanted.
#[derive(Clone, Copy)]
pub struct Wanted {
    /// Number of the first sender.
    pub first: u32,
    /// How many senders follow each other, each sending once.
    pub count: u32,
}

/// Transfers of `wanted`, valid on the chain behind `url` as long as the senders sent nothing else.
/// If `cache` is given they are read from there, when they fit that chain, and kept there otherwise:
/// every run on the same genesis state then submits the very same bytes.
pub async fn signed(url: &str, wanted: Wanted, cache: Option<&Path>) -> Result<Vec<Encoded>> {
    let client = OnlineClient::<PolkadotConfig>::from_insecure_url(url)
        .await
        .with_context(|| format!("connecting to {url}"))?;
    let at = client.at_current_block().await?;
    let mark = format!(
        "{:?} {} {} {} {}",
        client.genesis_hash(),
        at.spec_version(),
        at.transaction_version(),
        wanted.first,
        wanted.count
    );
    if let Some(kept) = cache.and_then(|path| read(path, &mark)) {
        return Ok(kept);
    }
    let last = wanted
        .first
        .checked_add(wanted.count)
        .context("too many senders")?;
    let senders = accounts::keypairs(wanted.first..last)?;
    ensure!(!senders.is_empty(), "no transfers wanted");
    let offline = at.transactions();
    let encoded = senders
        .par_iter()
        .enumerate()
        .map(|(index, sender)| {
            // The next sender receives, so no account is new and each block has one of each kind.
            let receiver = &senders[(index + 1) % senders.len()];
            let receiver: MultiAddress<_, ()> = receiver.public_key().to_address();
            let call = dynamic::transaction("Balances", "transfer_keep_alive", (receiver, AMOUNT));
            let parameters = DefaultExtrinsicParamsBuilder::<PolkadotConfig>::new()
                .nonce(0)
                .build();
            let transaction = offline
                .create_signable_offline(&call, parameters)?
                .sign(sender)?;
            Ok(transaction.into_encoded())
        })
        .collect::<Result<Vec<_>>>()?;
    if let Some(path) = cache {
        write(path, &mark, &encoded)?;
    }
    Ok(encoded)
}

/// The name by which a transaction is known.
pub fn hash(encoded: &[u8]) -> [u8; 32] {
    blake2_256(encoded)
}

fn read(path: &Path, mark: &str) -> Option<Vec<Encoded>> {
    let text = fs::read_to_string(path).ok()?;
    let mut lines = text.lines();
    if lines.next()? != mark {
        return None;
    }
    lines.map(|line| hex::decode(line).ok()).collect()
}

fn write(path: &Path, mark: &str, transactions: &[Encoded]) -> Result<()> {
    let mut text = format!("{mark}\n");
    for encoded in transactions {
        text.push_str(&hex::encode(encoded));
        text.push('\n');
    }
    fs::write(path, text).with_context(|| format!("writing {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_transactions_are_used_only_for_the_chain_they_were_made_for() {
        let path = std::env::temp_dir().join(format!("parlance-load-{}", std::process::id()));
        let transactions = vec![vec![1, 2, 3], vec![4]];
        write(&path, "chain a", &transactions).unwrap();
        assert_eq!(read(&path, "chain a"), Some(transactions));
        assert_eq!(read(&path, "chain b"), None);
        fs::remove_file(path).unwrap();
    }
}
