//! `bimp identity`.

use std::{fs, path::Path, time::SystemTime};

use parlance_client::{
    chain::call::{Accounts, Call},
    identity::{
        Attempt, ChangeError, InvitationSecret, RegisterError, Registrar, Work, change,
        fingerprint_of,
    },
    keys::{Phrase, Words},
    light::Light,
    node::WsNode,
    primitives::{
        AccountId,
        accounts::{Guard, Identity as Record},
    },
    store::Options,
    vault::Vault,
};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{address, device, identity_of, transact};
use crate::{
    arguments::{ExportPassphrase, Identity, WordCount},
    context::{Context, export_passphrase, secret},
    failure::{Failure, file},
    report::{Report, value},
};

pub async fn run(context: &Context, command: Identity) -> Result<Report, Failure> {
    match command {
        Identity::New {
            words,
            invitation,
            offline,
        } => new(context, words, invitation.as_deref(), offline).await,
        Identity::Register { invitation } => {
            let vault = context.vault()?;
            let record = register(context, &vault, invitation.as_deref()).await?;
            let account = vault.account()?;
            Ok(describe(&account, Some(&record), None).line("registered and final"))
        }
        Identity::Show { account } => show(context, account.as_deref()).await,
        Identity::Phrase => phrase(context),
        Identity::Export { file, passphrase } => export(context, &file, &passphrase),
        Identity::Restore {
            phrase_file,
            path,
            file,
            passphrase,
        } => match file {
            Some(export) => restore_export(context, &export, &passphrase),
            None => restore_phrase(context, phrase_file.as_deref(), &path),
        },
        Identity::Rotate => rotate(context).await,
        Identity::Revoke { device: name } => device::remove(context, &name).await,
        Identity::Back => back(context).await,
        Identity::Invite { count } => invite(context, count).await,
        Identity::Remove { yes } => remove(context, yes).await,
    }
}

async fn new(
    context: &Context,
    words: WordCount,
    invitation: Option<&str>,
    offline: bool,
) -> Result<Report, Failure> {
    let phrase = Phrase::generate(match words {
        WordCount::Twelve => Words::Twelve,
        WordCount::TwentyFour => Words::TwentyFour,
    })?;
    let vault = context.new_vault()?;
    let account = vault.adopt(&phrase, "")?.account();
    // Shown before the network is asked: what comes after may fail, the words must be written down first.
    if !offline {
        let mut progress = context.progress();
        progress.show(&format!("account {}", address(&account)));
    }
    let record = match offline {
        true => None,
        false => Some(register(context, &vault, invitation).await?),
    };
    let report = describe(&account, record.as_ref(), Some(phrase.words()));
    let report = match record {
        Some(_) => report.line("registered and final"),
        None => report.line("not registered yet: 'bimp identity register'"),
    };
    Ok(report
        .line("")
        .line(
            "Write these words down. They are the account: who has them owns it, and without them",
        )
        .line("it is lost with this device.")
        .line("")
        .line(format!("  {}", phrase.words())))
}

/// Registers the vault's account with this device.
async fn register(
    context: &Context,
    vault: &Vault,
    invitation: Option<&str>,
) -> Result<Record, Failure> {
    let invitation = invitation.map(InvitationSecret::from_code).transpose()?;
    let (key, device) = (vault.account_key()?, vault.device()?);
    let mut light = context.light(Some(vault)).await?;
    let registrar = Registrar::begin(&mut light, key.account(), SystemTime::now()).await?;
    let guard = match invitation {
        Some(invitation) => invitation.guard(&light.genesis(), &key.account()),
        None => {
            let work = registrar.work(&light).await?;
            solve(context, work).await?
        }
    };
    let mut progress = context.progress();
    let transaction = registrar.transaction(&light, &key, &device, &guard);
    let record = registrar
        .register(&mut light, &transaction, |height| {
            progress.show(&format!("sent; final so far: block {height}"));
        })
        .await?;
    context.keep(&light, Some(vault))?;
    Ok(record)
}

/// Searches on a thread of its own, so that the connection to the node stays alive.
async fn solve(context: &Context, work: Work) -> Result<Guard, Failure> {
    let mut progress = context.progress();
    let search = tokio::task::spawn_blocking(move || {
        work.solve(|attempt: Attempt| {
            let Attempt { tried, difficulty } = attempt;
            let percent = attempt.percent();
            progress.show(&format!(
                "proof of work: {tried} solutions tried, {difficulty} are needed on average ({percent} % \
                 of searches have ended by now)"
            ));
            true
        })
    });
    Ok(search.await.unwrap_or(Err(RegisterError::Cancelled))?)
}

async fn show(context: &Context, account: Option<&str>) -> Result<Report, Failure> {
    let vault = if context.has_vault() || account.is_none() {
        Some(context.vault()?)
    } else {
        None
    };
    let account = match (account, &vault) {
        (Some(text), vault) => context.account(vault.as_ref(), text)?,
        (None, Some(vault)) => vault.account()?,
        (None, None) => return Err(parlance_client::vault::VaultError::NoAccount.into()),
    };
    let mut light = context.light(vault.as_ref()).await?;
    let head = context.head(&mut light, vault.as_ref()).await?;
    let record = identity_of(&light, &head, &account).await?;
    Ok(describe(&account, record.as_ref(), None)
        .field("proven in", format!("block {}", head.number)))
}

fn describe(account: &AccountId, record: Option<&Record>, phrase: Option<&str>) -> Report {
    let devices: Vec<Value> = record
        .map(|record| device::values(record, None))
        .unwrap_or_default();
    let mut object = json!({
        "account": address(account),
        "registered": record.is_some(),
        "devices": devices,
    });
    if let Some(record) = record {
        object["version"] = record.version.into();
        object["fingerprint"] = hex::encode(fingerprint_of(account, record).as_bytes()).into();
    }
    if let Some(phrase) = phrase {
        object["phrase"] = phrase.into();
    }
    let mut report = Report::new(object).field("account", address(account));
    match record {
        None => report = report.field("identity", "none"),
        Some(record) => {
            report = report.field("identity", format!("version {}", record.version));
            for device in &record.devices {
                let line = format!("{} since {}", hex::encode(device.id().0), device.since);
                report = report.field("device", line);
            }
        }
    }
    report
}

fn phrase(context: &Context) -> Result<Report, Failure> {
    let (phrase, path) = context.vault()?.phrase()?;
    let object = json!({"phrase": phrase.words(), "path": path});
    let report = Report::new(object).line(phrase.words());
    Ok(if path.is_empty() {
        report
    } else {
        report.field("path", path)
    })
}

fn export(context: &Context, path: &Path, given: &ExportPassphrase) -> Result<Report, Failure> {
    let vault = context.vault()?;
    let passphrase = export_passphrase(given, true)?;
    vault.export(path, passphrase.as_bytes(), Options::default())?;
    let object = json!({"file": path, "account": address(&vault.account()?)});
    Ok(Report::new(object).field("written", path.display()).line(
        "restore it with 'bimp identity restore --file'; then do not use this folder any more",
    ))
}

fn restore_export(
    context: &Context,
    export: &Path,
    given: &ExportPassphrase,
) -> Result<Report, Failure> {
    let vault = context.restore_vault(export, given)?;
    let account = address(&vault.account()?);
    let device = hex::encode(vault.device()?.id().0);
    Ok(Report::new(json!({"account": account, "device": device}))
        .field("account", account)
        .field("device", device))
}

fn restore_phrase(context: &Context, given: Option<&Path>, path: &str) -> Result<Report, Failure> {
    let words = secret(given, "BIMP_PHRASE", "Backup phrase")?.ok_or(Failure::NoPhrase)?;
    let phrase = Phrase::parse(&Zeroizing::new(words.trim().to_owned()))?;
    let vault = context.new_vault()?;
    let account = address(&vault.adopt(&phrase, path)?.account());
    let device = hex::encode(vault.device()?.id().0);
    Ok(Report::new(json!({"account": account, "device": device}))
        .field("account", account)
        .field("device", format!("{device} (new)"))
        .line("'bimp device add --this' lists this device, 'bimp device remove' revokes lost ones"))
}

async fn rotate(context: &Context) -> Result<Report, Failure> {
    let vault = context.vault()?;
    let (mut light, account, record) = own(context, &vault).await?;
    let (old, next) = (vault.device()?, vault.begin_rotation()?);
    // A rotation that was final before this program could remember it is only settled.
    if !change::has(&record, next.id()) {
        let call = change::rotate(&light.genesis(), &account, &record, old.id(), &next)?;
        let head = context.head(&mut light, Some(&vault)).await?;
        transact(context, &vault, &mut light, &head, call).await?;
    }
    vault.settle_rotation()?;
    let (old, new) = (hex::encode(old.id().0), hex::encode(next.id().0));
    Ok(Report::new(json!({"old": old, "device": new}))
        .field("device", new)
        .field("was", old))
}

/// The vault's account and its identity, which it must have.
async fn own(
    context: &Context,
    vault: &Vault,
) -> Result<(Light<WsNode>, AccountId, Record), Failure> {
    let account = vault.account()?;
    let mut light = context.light(Some(vault)).await?;
    let head = context.head(&mut light, Some(vault)).await?;
    let record = identity_of(&light, &head, &account)
        .await?
        .ok_or(ChangeError::NoIdentity)?;
    Ok((light, account, record))
}

async fn back(context: &Context) -> Result<Report, Failure> {
    let vault = context.vault()?;
    let (mut light, account, _) = own(context, &vault).await?;
    let head = context.head(&mut light, Some(&vault)).await?;
    let call = Call::Accounts(Accounts::BackIdentity {
        who: account.into(),
    });
    let included = transact(context, &vault, &mut light, &head, call).await?;
    Ok(Report::new(value(&included)).line("the deposit is made, the identity stays"))
}

async fn invite(context: &Context, count: u8) -> Result<Report, Failure> {
    let vault = context.vault()?;
    let mut light = context.light(Some(&vault)).await?;
    let head = context.head(&mut light, Some(&vault)).await?;
    let secrets = (0..count)
        .map(|_| InvitationSecret::generate())
        .collect::<Result<Vec<_>, _>>()?;
    // Before the chain hears of them: who is killed in between has invitations, not lost deposits.
    vault.keep_invitations(&secrets)?;
    let keys = secrets.iter().map(InvitationSecret::public).collect();
    let call = Call::Accounts(Accounts::Invite { keys });
    let sent = transact(context, &vault, &mut light, &head, call).await;
    if sent.is_err() {
        for secret in &secrets {
            vault.forget_invitation(&secret.public())?;
        }
    }
    let included = sent?;
    let codes: Vec<_> = secrets.iter().map(InvitationSecret::to_code).collect();
    let plain: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    let object = json!({"invitations": plain, "included": value(&included)});
    let report =
        Report::new(object).line("Give each code to one person, by a way that nobody else reads:");
    Ok(plain
        .into_iter()
        .fold(report, |report, code| report.line(code)))
}

async fn remove(context: &Context, yes: bool) -> Result<Report, Failure> {
    let vault = context.vault()?;
    let (mut light, account, _) = own(context, &vault).await?;
    let question = format!(
        "Remove the identity of {} from the chain?",
        address(&account)
    );
    context.agree(&question, yes)?;
    let head = context.head(&mut light, Some(&vault)).await?;
    let call = Call::Accounts(Accounts::RemoveIdentity);
    let included = transact(context, &vault, &mut light, &head, call).await?;
    Ok(Report::new(value(&included)).line("removed and final"))
}

/// Writes a file that only its owner reads.
pub fn write(path: &Path, text: &str) -> Result<(), Failure> {
    fs::write(path, text).map_err(file(path))
}
