//! `bimp history`: what was said, from the data folder alone.

use std::time::{Duration, SystemTime};

use parlance_client::chat;
use serde_json::json;

use crate::{
    arguments::History,
    context::Context,
    failure::Failure,
    report::Report,
    talk::{
        groups, paid,
        show::{Names, account_of, line, object, progress},
    },
};

pub fn run(context: &Context, given: &History) -> Result<Report, Failure> {
    let vault = context.vault()?;
    let with = groups::conversation(context, &vault, &given.name)?;
    let names = Names::read(&vault)?;
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
    let mut rows = Vec::new();
    let mut proven = Vec::new();
    for entry in &entries {
        let sure = paid::sureness(entry, &own, &vault)?;
        let mut row = object(entry, &own);
        if let Some(sure) = sure {
            row["payment"]["proven"] = sure.into();
        }
        rows.push(row);
        proven.push(sure);
    }
    let report = Report::new(json!({"with": given.name, "messages": rows}));
    if entries.is_empty() {
        return Ok(report.line("no messages"));
    }
    let lines = entries.iter().zip(proven).map(|(entry, proven)| {
        let author = match names.is_group(&with) {
            true => names.author(entry),
            false => given.name.clone(),
        };
        let line = line(entry, &own, &author);
        match (entry.is_by(&own), proven) {
            (true, _) => format!("{line}  [{}]", progress(&entry.status)),
            (_, Some(true)) => format!("{line}  [received, proven]"),
            (_, Some(false)) => format!("{line}  [not proven: 'bimp chat' looks]"),
            _ => line,
        }
    });
    Ok(lines.fold(report, Report::line))
}
