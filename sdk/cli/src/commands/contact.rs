//! `bimp contact`.

use parlance_client::{
    identity::{ChangeError, Contact as Person, Finding, Verification, fingerprint_of, look},
    light::{Head, Light},
    node::WsNode,
    primitives::AccountId,
    safety::{Fingerprint, safety_number},
    vault::Vault,
};
use serde_json::{Value, json};

use super::{address, device, identity_of};
use crate::{arguments::Contact, context::Context, failure::Failure, report::Report};

pub async fn run(context: &Context, command: Contact) -> Result<Report, Failure> {
    let vault = context.vault()?;
    if let Contact::Remove { name } = &command {
        vault.remove_contact(name)?;
        return Ok(Report::new(json!({"removed": name})).field("removed", name));
    }
    let mut light = context.light(Some(&vault)).await?;
    let head = context.head(&mut light, Some(&vault)).await?;
    match command {
        Contact::Add { name, account } => {
            let account = context.account(None, &account)?;
            let mut person = Person::new(&name, account)?;
            let findings = look(&light, &head, &mut person).await?;
            vault.add_contact(&person)?;
            let number = number_with(&light, &head, &vault, &person).await?;
            Ok(show(&person, &findings, number.as_deref()))
        }
        Contact::Verify { name, number } => {
            verify(&light, &head, &vault, (&name, number.as_deref())).await
        }
        _ => list(&light, &head, &vault).await,
    }
}

/// Looks every contact up, says what changed, and remembers it.
async fn list(light: &Light<WsNode>, head: &Head, vault: &Vault) -> Result<Report, Failure> {
    let mut rows = Vec::new();
    let mut lines = Vec::new();
    for (person, findings) in refresh(light, head, vault).await? {
        lines.push(format!(
            "{:<16} {}  {}",
            person.name,
            address(&person.account),
            word(&person)
        ));
        let told = findings
            .iter()
            .map(|one| format!("  ! {} {one}", person.name));
        lines.extend(told);
        rows.push(object(&person, &findings));
    }
    let report = Report::new(json!({"contacts": rows}));
    if lines.is_empty() {
        return Ok(report.line("no contacts: 'bimp contact add NAME ACCOUNT'"));
    }
    Ok(lines.into_iter().fold(report, Report::line))
}

/// Every contact with what changed about it since the last look.
pub async fn refresh(
    light: &Light<WsNode>,
    head: &Head,
    vault: &Vault,
) -> Result<Vec<(Person, Vec<Finding>)>, Failure> {
    let mut looked = Vec::new();
    for mut person in vault.contacts()? {
        let before = person.clone();
        let findings = look(light, head, &mut person).await?;
        if person != before {
            vault.put_contact(&person)?;
        }
        looked.push((person, findings));
    }
    Ok(looked)
}

async fn verify(
    light: &Light<WsNode>,
    head: &Head,
    vault: &Vault,
    (name, given): (&str, Option<&str>),
) -> Result<Report, Failure> {
    let mut person = vault.contact(name)?;
    let findings = look(light, head, &mut person).await?;
    vault.put_contact(&person)?;
    let number = number_with(light, head, vault, &person)
        .await?
        .ok_or(ChangeError::NoIdentity)?;
    if let Some(given) = given {
        let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
        if digits(given) != digits(&number) {
            return Err(Failure::NumbersDiffer);
        }
        person.verified();
        vault.put_contact(&person)?;
    }
    Ok(show(&person, &findings, Some(&number)))
}

/// The safety number of the vault's account and a contact; `None` when one of them has no identity.
async fn number_with(
    light: &Light<WsNode>,
    head: &Head,
    vault: &Vault,
    person: &Person,
) -> Result<Option<String>, Failure> {
    let me = vault.account()?;
    let mine = identity_of(light, head, &me).await?;
    let fingerprint =
        |account: &AccountId, record| -> Fingerprint { fingerprint_of(account, record) };
    Ok(match (&mine, &person.record) {
        (Some(mine), Some(theirs)) => Some(safety_number(
            &fingerprint(&me, mine),
            &fingerprint(&person.account, theirs),
        )),
        _ => None,
    })
}

fn show(person: &Person, findings: &[Finding], number: Option<&str>) -> Report {
    let mut value = object(person, findings);
    value["safetyNumber"] = number.into();
    let mut report = Report::new(value)
        .field("contact", &person.name)
        .field("account", address(&person.account))
        .field("verified", word(person));
    for finding in findings {
        report = report.line(format!("! {} {finding}", person.name));
    }
    match number {
        Some(number) => report
            .field("safety number", "")
            .line(format!("  {}", &number[..number.len() / 2].trim()))
            .line(format!("  {}", &number[number.len() / 2..].trim()))
            .line("Both of you must see the same digits: compare them by voice or in person."),
        None => report.line("no safety number: one of you has no identity"),
    }
}

/// A contact for programs.
pub fn object(person: &Person, findings: &[Finding]) -> Value {
    let devices = person
        .record
        .as_ref()
        .map(|record| device::values(record, None))
        .unwrap_or_default();
    json!({
        "name": person.name,
        "account": address(&person.account),
        "registered": person.record.is_some(),
        "version": person.record.as_ref().map(|record| record.version),
        "devices": devices,
        "verification": word(person),
        "changes": findings.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

/// How sure the user can be of a contact.
pub fn word(person: &Person) -> &'static str {
    match person.verification() {
        Verification::Never => "not verified",
        Verification::Holds => "verified",
        Verification::Broken => "verification broken",
    }
}
