//! `bimp status`.

use std::{
    cmp::Reverse,
    time::{Duration, SystemTime},
};

use parlance_client::{
    bimp::Account, chain::amount::Amount, chat, identity::change, vault::Vault, wallet::account,
};
use serde_json::{Value, json};

use super::{address, contact, identity_of};
use crate::{
    context::Context,
    failure::Failure,
    report::{Report, value},
    talk::show::{self, Names},
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
    let (messages, words, lines) = messages(&vault);
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
    let report = lines.into_iter().fold(report, Report::line);
    Ok(told.fold(report, Report::line))
}

/// What waits, for programs and for people.
fn messages(vault: &Vault) -> (Value, String, Vec<String>) {
    match chat::open(vault, SystemTime::now(), Duration::ZERO) {
        Ok(chat) => {
            let (unsent, unconfirmed) = (chat.unsent(), chat.waiting());
            let names = Names::read(vault).ok();
            let name = |with: &Account| match &names {
                Some(names) => names.of(with),
                None => show::address(with),
            };
            let mut by: Vec<_> = chat
                .conversations()
                .filter(|it| it.unread > 0)
                .map(|it| (name(&it.with), it.unread, it.last))
                .collect();
            by.sort_by_key(|(_, _, last)| Reverse(*last));
            let unread: u64 = by.iter().map(|(_, unread, _)| u64::from(*unread)).sum();
            let wanted: Vec<String> = chat.wanted().map(|it| show::device_name(&it)).collect();
            let mut lines: Vec<String> = by
                .iter()
                .map(|(name, unread, _)| format!("{unread:>6} unread from {name}"))
                .collect();
            lines.extend(wanted.iter().map(|device| {
                format!("! your device {device} asks for what was said: 'bimp device sync --give {device}' gives it")
            }));
            let unread_by: Vec<Value> = by
                .into_iter()
                .map(|(with, unread, last)| json!({"with": with, "unread": unread, "last": last}))
                .collect();
            let value = json!({
                "unsent": unsent,
                "unconfirmed": unconfirmed,
                "unread": unread,
                "unreadBy": unread_by,
                "historyWantedBy": wanted,
            });
            let words =
                format!("{unread} unread; {unsent} wait to be sent, {unconfirmed} to be confirmed");
            (value, words, lines)
        }
        // The rest is worth showing all the same.
        Err(error) => {
            let error = error.to_string();
            (json!({"error": error}), error, Vec::new())
        }
    }
}
