//! `bimp device`.

use parlance_client::{
    identity::{ChangeError, DeviceRequest, change},
    light::{Head, Light},
    node::WsNode,
    primitives::{
        AccountId,
        accounts::{DeviceId, Identity as Record},
    },
    vault::{Vault, VaultError},
};
use serde_json::{Value, json};

use super::{identity_of, sync, transact};
use crate::{
    arguments::Device,
    context::Context,
    failure::Failure,
    report::{Report, value},
};

pub async fn run(context: &Context, command: Device) -> Result<Report, Failure> {
    match command {
        Device::List => list(context).await,
        Device::Request { account } => request(context, &account).await,
        Device::Add { code, yes, .. } => add(context, code.as_deref(), yes).await,
        Device::Remove { device } => remove(context, &device).await,
        Device::Sync(given) => sync::run(context, &given).await,
    }
}

/// Devices of a record for programs; `own` is this one.
pub fn values(record: &Record, own: Option<DeviceId>) -> Vec<Value> {
    let device = |one: &parlance_client::primitives::accounts::Device| {
        let id = one.id();
        let mut object = json!({"id": hex::encode(id.0), "since": one.since});
        if let Some(own) = own {
            object["this"] = (id == own).into();
        }
        object
    };
    record.devices.iter().map(device).collect()
}

async fn list(context: &Context) -> Result<Report, Failure> {
    let vault = context.vault()?;
    let (_, _, _, record) = own(context, &vault).await?;
    let own = vault.device()?.id();
    let object = json!({"version": record.version, "devices": values(&record, Some(own))});
    let report = record
        .devices
        .iter()
        .fold(Report::new(object), |report, device| {
            let this = if device.id() == own {
                "  this device"
            } else {
                ""
            };
            let name = hex::encode(device.id().0);
            report.line(format!("{name}  since {}{this}", device.since))
        });
    Ok(match change::has(&record, own) {
        true => report,
        false => report.line("this device is not listed: 'bimp device add --this'"),
    })
}

async fn request(context: &Context, account: &str) -> Result<Report, Failure> {
    let vault = context.new_vault()?;
    let account = context.account(None, account)?;
    match vault.account() {
        Err(VaultError::NoAccount) => vault.link(account.clone())?,
        Ok(known) if known == account => {}
        Ok(_) => return Err(VaultError::AccountExists.into()),
        Err(error) => return Err(error.into()),
    }
    let (light, _, account, record) = own(context, &vault).await?;
    let request = change::request(&light.genesis(), &account, &record, &vault.device()?);
    let (code, id) = (request.to_code(), hex::encode(request.id().0));
    let fingerprint = request.fingerprint();
    Ok(
        Report::new(json!({"code": code, "device": id, "fingerprint": fingerprint}))
            .field("device", id)
            .field("fingerprint", fingerprint)
            .line("On a device that has the account's key, which shows the same fingerprint:")
            .line(format!("  bimp device add {code}")),
    )
}

async fn add(context: &Context, code: Option<&str>, yes: bool) -> Result<Report, Failure> {
    let vault = context.vault()?;
    let (mut light, _, account, record) = own(context, &vault).await?;
    let request = match code {
        Some(code) => DeviceRequest::from_code(code)?,
        None => change::request(&light.genesis(), &account, &record, &vault.device()?),
    };
    let call = change::add(&account, &record, &request)?;
    let (id, fingerprint) = (hex::encode(request.id().0), request.fingerprint());
    // Whose code it is can only be seen on the screen of the device that made it. This one is before the user.
    if code.is_some() {
        let question = format!(
            "The code names device {id}\n\n    {fingerprint}\n\nThe new device must show the same fingerprint. If it does \
             not, the code is of somebody else, who would read along.\nAdd it?"
        );
        context.agree(&question, yes)?;
    }
    // Comparing takes a while, and a transaction counts from a block of the present.
    let head = context.head(&mut light, Some(&vault)).await?;
    let included = transact(context, &vault, &mut light, &head, call).await?;
    let object = json!({
        "device": id,
        "fingerprint": fingerprint,
        "included": value(&included),
    });
    Ok(Report::new(object)
        .field("device", id)
        .field("fingerprint", fingerprint)
        .line("listed and final"))
}

/// Revokes the device whose name begins with `prefix`.
pub async fn remove(context: &Context, prefix: &str) -> Result<Report, Failure> {
    let vault = context.vault()?;
    let (mut light, head, _, record) = own(context, &vault).await?;
    let device = find(&record, prefix)?;
    let call = change::revoke(&record, device)?;
    let included = transact(context, &vault, &mut light, &head, call).await?;
    let id = hex::encode(device.0);
    Ok(
        Report::new(json!({"device": id, "included": value(&included)}))
            .field("device", id)
            .line("revoked and final"),
    )
}

/// The listed device of this account whose name begins with `prefix`.
pub async fn listed(context: &Context, vault: &Vault, prefix: &str) -> Result<DeviceId, Failure> {
    let (_, _, _, record) = own(context, vault).await?;
    find(&record, prefix)
}

fn find(record: &Record, prefix: &str) -> Result<DeviceId, Failure> {
    let lower = prefix.to_lowercase();
    let mut found = record
        .devices
        .iter()
        .map(|device| device.id())
        .filter(|id| !lower.is_empty() && hex::encode(id.0).starts_with(&lower));
    match (found.next(), found.count()) {
        (Some(only), 0) => Ok(only),
        (Some(_), more) => Err(Failure::Ambiguous {
            prefix: prefix.into(),
            count: more.saturating_add(1),
        }),
        (None, _) => Err(ChangeError::NoDevice {
            device: prefix.into(),
        }
        .into()),
    }
}

/// Client, head, and the vault's account with its identity, which it must have.
async fn own(
    context: &Context,
    vault: &Vault,
) -> Result<(Light<WsNode>, Head, AccountId, Record), Failure> {
    let account = vault.account()?;
    let mut light = context.light(Some(vault)).await?;
    let head = context.head(&mut light, Some(vault)).await?;
    let record = identity_of(&light, &head, &account)
        .await?
        .ok_or(ChangeError::NoIdentity)?;
    Ok((light, head, account, record))
}
