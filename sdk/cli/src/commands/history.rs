//! `bimp history`: what was said, from the data folder alone.

use std::time::{Duration, SystemTime};

use parlance_client::{bimp::Account, chat, e2ee::Body, messenger::Entry, primitives::AccountId};
use serde_json::{Value, json};

use crate::{arguments::History, context::Context, failure::Failure, report::Report};

pub fn run(context: &Context, given: &History) -> Result<Report, Failure> {
    let vault = context.vault()?;
    let with = account_of(&context.account(Some(&vault), &given.name)?);
    let own = account_of(&vault.account()?);
    let chat = chat::open(&vault, SystemTime::now(), Duration::ZERO)?;
    let limit = usize::from(given.limit);
    let before = given.before.unwrap_or(u64::MAX);
    let mut entries = match &given.search {
        Some(words) => chat.search(&with, words, limit),
        None => chat.messages(&with, before, limit),
    }
    .map_err(chat::ChatError::from)?;
    // Read from the top down, as it was said.
    entries.reverse();
    let rows: Vec<Value> = entries.iter().map(|entry| object(entry, &own)).collect();
    let report = Report::new(json!({"with": given.name, "messages": rows}));
    if entries.is_empty() {
        return Ok(report.line("no messages"));
    }
    let lines = entries.iter().map(|entry| line(entry, &own, &given.name));
    Ok(lines.fold(report, Report::line))
}

/// An account as the messenger calls it.
pub fn account_of(account: &AccountId) -> Account {
    let bytes: &[u8; 32] = account.as_ref();
    Account(*bytes)
}

/// A message for people.
fn line(entry: &Entry, own: &Account, name: &str) -> String {
    let who = if entry.is_by(own) { "you" } else { name };
    let text = entry.text().unwrap_or_else(|| format!("({})", kind(entry)));
    // One message, one line: what others wrote must not look like a line of its own, or move the cursor.
    let text: String = text
        .chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect();
    let mut line = format!("{:>6}  {who}: {text}", entry.number);
    if entry.edited.is_some() && !entry.deleted {
        line.push_str(" (edited)");
    }
    let emoji = entry.reactions.iter().map(|reaction| &reaction.emoji);
    for emoji in emoji.filter(|emoji| !emoji.is_empty()) {
        line.push_str("  ");
        line.extend(emoji.chars().filter(|letter| !letter.is_control()));
    }
    if entry.is_by(own) {
        line.push_str(&format!("  [{}]", progress(entry)));
    }
    line
}

/// How far a message of this account is.
fn progress(entry: &Entry) -> &'static str {
    let status = &entry.status;
    match (status.read, status.delivered.is_empty(), status.accepted) {
        (true, ..) => "read",
        (_, false, _) => "delivered",
        (_, _, Some(_)) => "accepted",
        _ => "waiting",
    }
}

fn kind(entry: &Entry) -> &'static str {
    match entry.body() {
        None => "deleted",
        Some(Body::Text(_)) => "text",
        Some(Body::Reply(_)) => "reply",
        Some(Body::Mention(_)) => "mention",
        Some(Body::File(_)) => "file",
        Some(Body::Payment(_)) => "payment",
        Some(Body::Call(_)) => "call",
        Some(Body::Timer(_)) => "timer",
        Some(_) => "unknown",
    }
}

/// A message for programs.
pub fn object(entry: &Entry, own: &Account) -> Value {
    let reply = match entry.body() {
        Some(Body::Reply(reply)) => Some(hex::encode(reply.to)),
        _ => None,
    };
    let reactions: Vec<Value> = entry
        .reactions
        .iter()
        .filter(|reaction| !reaction.emoji.is_empty())
        .map(|it| json!({"own": it.account == *own, "emoji": it.emoji, "at": it.at}))
        .collect();
    json!({
        "number": entry.number,
        "id": hex::encode(entry.id),
        "own": entry.is_by(own),
        "kind": kind(entry),
        "text": entry.text(),
        "replyTo": reply,
        "sentAt": entry.sent_at,
        "arrivedAt": entry.arrived,
        "edited": entry.edited.is_some(),
        "deleted": entry.deleted,
        "read": entry.read,
        "reactions": reactions,
        "status": {
            "progress": progress(entry),
            "acceptedBy": entry.status.accepted,
            "deliveredTo": entry.status.delivered.len(),
            "read": entry.status.read,
        },
        "lifetime": entry.lifetime,
        "disappearsAt": entry.expires,
    })
}
