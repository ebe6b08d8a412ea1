//! The accounts that send: `//Bench//0`, `//Bench//1` and so on, under the well-known development
//! phrase, so that anybody can check a run with a wallet.

use anyhow::{Context, Result};
use rayon::prelude::*;
use std::{ops::Range, str::FromStr};
use subxt_signer::{DeriveJunction, SecretUri, sr25519::Keypair};

/// The key pairs of the accounts in `range`, in order.
pub fn keypairs(range: Range<u32>) -> Result<Vec<Keypair>> {
    let parent = SecretUri::from_str("//Bench").context("the parent's derivation path")?;
    let parent = Keypair::from_uri(&parent).context("the parent's key")?;
    Ok(range
        .into_par_iter()
        .map(|index| parent.derive([DeriveJunction::hard(u64::from(index))]))
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_the_one_a_wallet_derives() {
        let ours = keypairs(7..9).unwrap();
        for (keypair, uri) in ours.iter().zip(["//Bench//7", "//Bench//8"]) {
            let wallet = Keypair::from_uri(&SecretUri::from_str(uri).unwrap()).unwrap();
            assert_eq!(keypair.public_key().0, wallet.public_key().0);
        }
    }
}
