//! A payment to somebody one talks with.

use std::time::Duration;

use parlance_client::{
    chain::amount::Amount,
    primitives::AccountId,
    submit::submit,
    vault::Vault,
    wallet::{
        Included, SHORT_LIFE, WalletError, prepare_payment,
        received::{Claim, ClaimError, prove},
        watch,
    },
};

use crate::{context::Context, failure::Failure};

/// Between two looks for a block that is not final yet.
const PAUSE: Duration = Duration::from_secs(1);
/// Looks for it.
const LOOKS: usize = 120;

/// Pays, and returns once that is final and proven. Shows nothing.
pub async fn pay(
    context: &Context,
    vault: &Vault,
    to: &AccountId,
    amount: Amount,
) -> Result<Included, Failure> {
    let key = vault.account_key()?;
    let mut light = context.light(Some(vault)).await?;
    let head = context.head(&mut light, Some(vault)).await?;
    let what = (to, amount.0);
    let unsigned = prepare_payment(&light, &head, &key.account(), what, SHORT_LIFE).await?;
    let signed = unsigned.sign(key.pair());
    submit(light.node(), &signed.0)
        .await
        .map_err(WalletError::from)?;
    let included = watch(&mut light, (&unsigned, &signed), &mut |_| {})
        .await
        .map_err(WalletError::from)?;
    context.keep(&light, Some(vault))?;
    Ok(included)
}

/// Proves that somebody has paid what a message says. Whether that message was the first to tell of it.
pub async fn check(
    context: &Context,
    vault: &Vault,
    claim: &Claim,
    message: &[u8; 16],
) -> Result<bool, Failure> {
    let mut light = context.light(Some(vault)).await?;
    for look in 1.. {
        let head = context.head(&mut light, Some(vault)).await?;
        match prove(&light, &head, claim).await {
            Err(ClaimError::NotFinal { .. }) if look < LOOKS => tokio::time::sleep(PAUSE).await,
            proven => {
                proven?;
                break;
            }
        }
    }
    Ok(vault.keep_received(&claim.transaction, message)?)
}
