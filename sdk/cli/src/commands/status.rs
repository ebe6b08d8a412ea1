//! `bimp status`.

use std::time::{Duration, SystemTime};

use parlance_client::{
    chain::amount::Amount, chat, identity::change, vault::Vault, wallet::account,
};
use serde_json::{Value, json};

use super::{address, contact, identity_of};
use crate::{
    context::Context,
    failure::Failure,
    report::{Report, value},
};

pub async fn run(context: &Context) -> Result<Report, Failure> {
    let vault = context.vault()?;
    let me = vault.account()?;
    let device = vault.device()?.id();
    let mut light = context.light(Some(&vault)).await?;
    let head = context.head(&mut light, Some(&vault)).await?;
    let state = account(&light, &head, &me).await?;
    let record = identity_of(&light, &head, &me).await?;
    let listed = record
        .as_ref()
        .is_some_and(|record| change::has(record, device));
    let people = contact::refresh(&light, &head, &vault).await?;
    let changes: Vec<_> = people
        .iter()
        .filter(|(_, findings)| !findings.is_empty())
        .map(|(person, findings)| contact::object(person, findings))
        .collect();
    let (messages, words) = messages(&vault);
    let report = Report::new(json!({
        "folder": context.folder(),
        "account": address(&me),
        "accountKey": vault.has_account_key()?,
        "registered": record.is_some(),
        "device": hex::encode(device.0),
        "listed": listed,
        "spendable": value(&Amount(state.spendable())),
        "block": head.number,
        "contacts": people.len(),
        "changes": changes,
        "messages": messages,
    }))
    .field("folder", context.folder().display())
    .field("account", address(&me))
    .field(
        "identity",
        record.as_ref().map_or("none".into(), |record| {
            format!(
                "version {}, {} devices",
                record.version,
                record.devices.len()
            )
        }),
    )
    .field(
        "this device",
        format!(
            "{} ({})",
            hex::encode(device.0),
            if listed { "listed" } else { "not listed" }
        ),
    )
    .field("spendable", Amount(state.spendable()))
    .field("contacts", people.len())
    .field("messages", words)
    .field("final", format!("block {}", head.number));
    let told = people.iter().flat_map(|(person, findings)| {
        findings
            .iter()
            .map(move |finding| format!("! {} {finding}", person.name))
    });
    Ok(told.fold(report, Report::line))
}

/// What waits, for programs and for people.
fn messages(vault: &Vault) -> (Value, String) {
    match chat::open(vault, SystemTime::now(), Duration::ZERO) {
        Ok(chat) => {
            let (unsent, unconfirmed) = (chat.unsent(), chat.waiting());
            let unread = chat.conversations().map(|it| u64::from(it.unread));
            let unread: u64 = unread.sum();
            let value = json!({
                "unsent": unsent,
                "unconfirmed": unconfirmed,
                "unread": unread,
            });
            let words =
                format!("{unread} unread; {unsent} wait to be sent, {unconfirmed} to be confirmed");
            (value, words)
        }
        // The rest is worth showing all the same.
        Err(error) => (json!({"error": error.to_string()}), error.to_string()),
    }
}
