//! `bimp wallet`.

use std::{fs, path::Path};

use parlance_client::{
    chain::amount::Amount,
    keys::parse_account,
    primitives::AccountId,
    vault::Vault,
    wallet::{SHORT_LIFE, account, offline, prepare_payment},
};
use serde_json::json;

use super::{address, identity::write, multisig, send};
use crate::{
    arguments::{Payment, Wallet},
    context::Context,
    failure::{Failure, file},
    report::{Report, value},
};

/// Longest file that is read.
const MAX_FILE: u64 = 1 << 20;

pub async fn run(context: &Context, command: Wallet) -> Result<Report, Failure> {
    match command {
        Wallet::Balance { account } => balance(context, account.as_deref()).await,
        Wallet::Send { payment, yes } => pay(context, &payment, yes).await,
        Wallet::Prepare {
            payment,
            from,
            out,
            life,
        } => prepare(context, &payment, (from.as_deref(), life), &out).await,
        Wallet::SignOffline { file, out, yes } => sign(context, &file, &out, yes),
        Wallet::Broadcast { file } => broadcast(context, &file).await,
        Wallet::Multisig(command) => multisig::run(context, command).await,
    }
}

/// The vault, where one is needed or there; commands about others work without.
fn vault_if(context: &Context, needed: bool) -> Result<Option<Vault>, Failure> {
    if needed || context.has_vault() {
        return context.vault().map(Some);
    }
    Ok(None)
}

async fn balance(context: &Context, whose: Option<&str>) -> Result<Report, Failure> {
    let vault = vault_if(context, whose.is_none())?;
    let who = match (whose, &vault) {
        (Some(text), vault) => context.account(vault.as_ref(), text)?,
        (None, Some(vault)) => vault.account()?,
        (None, None) => return Err(parlance_client::vault::VaultError::NoAccount.into()),
    };
    let mut light = context.light(vault.as_ref()).await?;
    let head = context.head(&mut light, vault.as_ref()).await?;
    let state = account(&light, &head, &who).await?;
    let amounts = [
        ("free", state.data.free),
        ("spendable", state.spendable()),
        ("onHold", state.data.reserved),
        ("frozen", state.data.frozen),
    ];
    let mut object = json!({
        "account": address(&who),
        "nonce": state.nonce,
        "block": head.number,
    });
    for (name, amount) in amounts {
        object[name] = value(&Amount(amount));
    }
    Ok(Report::new(object)
        .field("account", address(&who))
        .field("spendable", Amount(state.spendable()))
        .field("free", Amount(state.data.free))
        .field("on hold", Amount(state.data.reserved))
        .field("frozen", Amount(state.data.frozen))
        .field("proven in", format!("block {}", head.number)))
}

async fn pay(context: &Context, payment: &Payment, yes: bool) -> Result<Report, Failure> {
    let vault = context.vault()?;
    let (key, to) = (
        vault.account_key()?,
        context.account(Some(&vault), &payment.to)?,
    );
    let amount = payment.amount;
    let question = format!("Pay {amount} tokens to {}?", address(&to));
    context.agree(&question, yes)?;
    let mut light = context.light(Some(&vault)).await?;
    let head = context.head(&mut light, Some(&vault)).await?;
    let what = (&to, amount.0);
    let unsigned = prepare_payment(&light, &head, &key.account(), what, SHORT_LIFE).await?;
    let signed = unsigned.sign(key.pair());
    let included = send(context, Some(&vault), &mut light, (&unsigned, &signed)).await?;
    Ok(Report::new(json!({
        "to": address(&to),
        "amount": value(&amount),
        "included": value(&included),
    }))
    .field("paid", format!("{amount} tokens to {}", address(&to)))
    .field("final in", format!("block {}, proven", included.block)))
}

async fn prepare(
    context: &Context,
    payment: &Payment,
    (from, life): (Option<&str>, u64),
    out: &Path,
) -> Result<Report, Failure> {
    let vault = vault_if(context, from.is_none())?;
    let payer: AccountId = match (from, &vault) {
        (Some(text), _) => parse_account(text)?,
        (None, Some(vault)) => vault.account()?,
        (None, None) => return Err(parlance_client::vault::VaultError::NoAccount.into()),
    };
    let to = context.account(vault.as_ref(), &payment.to)?;
    let mut light = context.light(vault.as_ref()).await?;
    let head = context.head(&mut light, vault.as_ref()).await?;
    let what = (&to, payment.amount.0);
    let unsigned = prepare_payment(&light, &head, &payer, what, life).await?;
    write(out, &offline::write_unsigned(&unsigned))?;
    let object = json!({"file": out, "expires": unsigned.expires()});
    Ok(explained(Report::new(object), &unsigned)
        .field("written", out.display())
        .line("sign it on the machine that has the key: 'bimp wallet sign-offline'"))
}

fn sign(context: &Context, path: &Path, out: &Path, yes: bool) -> Result<Report, Failure> {
    let unsigned = offline::read_unsigned(&read(path)?)?;
    let key = context.vault()?.account_key()?;
    for (name, words) in offline::explain(&unsigned) {
        eprintln!("{name:<14} {words}");
    }
    context.agree("Sign this?", yes)?;
    let cold = offline::sign(unsigned, &key)?;
    write(out, &offline::write_signed(&cold))?;
    let object = json!({
        "file": out,
        "transaction": value(&cold.signed.hash()),
        "call": cold.unsigned.call.to_string(),
    });
    Ok(explained(Report::new(object), &cold.unsigned)
        .field("written", out.display())
        .line("send it from a machine with network: 'bimp wallet broadcast'"))
}

async fn broadcast(context: &Context, path: &Path) -> Result<Report, Failure> {
    let cold = offline::read_signed(&read(path)?)?;
    let vault = vault_if(context, false)?;
    let mut light = context.light(vault.as_ref()).await?;
    context.head(&mut light, vault.as_ref()).await?;
    let sent = (&cold.unsigned, &cold.signed);
    let included = send(context, vault.as_ref(), &mut light, sent).await?;
    let object = json!({"call": cold.unsigned.call.to_string(), "included": value(&included)});
    Ok(Report::new(object)
        .field("done", &cold.unsigned.call)
        .field("final in", format!("block {}, proven", included.block)))
}

fn explained(report: Report, unsigned: &parlance_client::chain::transaction::Unsigned) -> Report {
    offline::explain(unsigned)
        .into_iter()
        .fold(report, |report, (name, words)| report.field(name, words))
}

fn read(path: &Path) -> Result<String, Failure> {
    let length = fs::metadata(path).map_err(file(path))?.len();
    if length > MAX_FILE {
        let cause = std::io::Error::other(format!("{length} bytes are too many for such a file"));
        return Err(file(path)(cause));
    }
    fs::read_to_string(path).map_err(file(path))
}
