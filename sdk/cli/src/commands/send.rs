//! `bimp send`.

use std::{
    io::{Read, stdin},
    time::{Duration, Instant, SystemTime},
};

use parlance_client::{
    bimp::Account,
    chat::{self, ChatError, Told},
    e2ee::{Body, content::TypingState},
    encryption::EncryptionError,
    identity::Finding,
    messenger::{Command, ContentId, Entry, Event},
    vault::Vault,
};
use serde_json::json;

use crate::{
    arguments::Send,
    context::Context,
    failure::{Failure, file},
    progress::Progress,
    report::Report,
    talk::{
        self, Talk, groups,
        show::{Names, account_of, progress, status},
    },
};

/// Bytes that are read of a text: more than fits into a message.
const MAX_TEXT: u64 = 64 * 1_024;

pub async fn run(context: &Context, given: &Send) -> Result<Report, Failure> {
    let vault = context.vault()?;
    let with = groups::conversation(context, &vault, &given.name)?;
    if given.delivered && Names::read(&vault)?.is_group(&with) {
        return Err(Failure::NoDelivery);
    }
    let body = match given.waiting {
        true => None,
        false => {
            let names = Names::read(&vault)?;
            Some(groups::text(&words(&given.text)?, &with, &names)?)
        }
    };
    if given.no_wait {
        return keep(&vault, given, (with, body));
    }
    let mut talk = Talk::open(context, &vault).await?;
    let sending = Sending {
        with,
        given,
        id: None,
        changes: Vec::new(),
        hints: Vec::new(),
        context,
        progress: context.progress(),
    };
    let report = sending.run(&mut talk, body).await;
    talk.end().await;
    report
}

fn words(typed: &[String]) -> Result<String, Failure> {
    if typed != ["-"] {
        return Ok(typed.join(" "));
    }
    let mut text = String::new();
    let mut input = stdin().lock().take(MAX_TEXT);
    input
        .read_to_string(&mut text)
        .map_err(file("standard input"))?;
    Ok(text.trim_end_matches('\n').to_owned())
}

/// Keeps a message, without anybody who could be asked.
fn keep(vault: &Vault, given: &Send, said: (Account, Option<Body>)) -> Result<Report, Failure> {
    let (conversation, Some(body)) = said else {
        return Ok(Report::new(json!({})));
    };
    let now = SystemTime::now();
    let mut chat = chat::open(vault, now, Duration::ZERO)?;
    let clock = chat::clock(now, Duration::ZERO);
    let command = Command::Say { conversation, body };
    let id = chat
        .command(clock, command)
        .map_err(chat::ChatError::from)?;
    let waiting = chat.unsent();
    let value = json!({
        "with": given.name,
        "id": id.map(hex::encode),
        "progress": "waiting",
        "waiting": waiting,
    });
    Ok(Report::new(value).line(format!(
        "kept; {waiting} wait, and leave with the next 'send', 'chat' or 'bot'"
    )))
}

/// A message on its way.
struct Sending<'a> {
    with: Account,
    given: &'a Send,
    id: Option<ContentId>,
    changes: Vec<String>,
    hints: Vec<String>,
    context: &'a Context,
    progress: Progress,
}

impl Sending<'_> {
    async fn run(mut self, talk: &mut Talk<'_>, body: Option<Body>) -> Result<Report, Failure> {
        // A person waits: relays that are silent are given up soon.
        talk.command(Command::Attention(true))?;
        if let Some(body) = body {
            let conversation = self.with;
            self.id = talk.command(Command::Say { conversation, body })?;
        }
        let until = Instant::now() + Duration::from_secs(self.given.patience.into());
        loop {
            for told in talk.next().await? {
                self.hear(talk, told)?;
            }
            if let Some(report) = self.done(talk)? {
                return Ok(report);
            }
            if Instant::now() >= until {
                return Err(Failure::Waits {
                    waiting: talk.chat().unsent().max(1),
                    cause: self.cause(talk),
                });
            }
        }
    }

    fn hear(&mut self, talk: &Talk<'_>, told: Told) -> Result<(), Failure> {
        match told {
            Told::Changed { who, what } => {
                let line = talk::change(&who, &what);
                if !self.context.json() {
                    eprintln!("{line}");
                }
                self.changes.push(line);
                let broken = what == Finding::VerificationBroken;
                let is_them = account_of(&who.account) == self.with;
                if broken && is_them && self.id.is_some() {
                    return Err(Failure::Changed { name: who.name });
                }
            }
            Told::NotLookedUp {
                account,
                cause: ChatError::Encryption(EncryptionError::NoIdentity { .. }),
            } if account == self.with => {
                let name = talk.names().of(&account);
                return Err(Failure::NobodyThere { name });
            }
            Told::NotLookedUp { cause, .. } => {
                let failure = Failure::from(cause);
                if !failure.is_silence() {
                    return Err(failure);
                }
                self.hint(failure.to_string());
            }
            Told::Event(Event::NoPreKeys { device }) if device.account == self.with.0 => {
                self.hint(format!(
                    "a device of {} has put no keys on its relays yet: it has to run 'bimp chat' or 'bimp bot' once",
                    talk.names().of(&self.with)
                ));
            }
            Told::Event(Event::Refused { refusal, .. }) => self.hint(refusal.to_string()),
            Told::Event(Event::Typing {
                conversation,
                state: TypingState::Typing,
            }) if conversation == self.with => {
                self.progress
                    .show(&format!("{} is typing", talk.names().of(&self.with)));
            }
            Told::Event(_) => {}
        }
        Ok(())
    }

    fn hint(&mut self, hint: String) {
        if self.hints.last() != Some(&hint) {
            self.progress.show(&hint);
            self.hints.push(hint);
        }
    }

    fn cause(&self, talk: &Talk<'_>) -> String {
        let known = self.hints.last().cloned();
        known
            .or_else(|| talk.trouble())
            .unwrap_or_else(|| "relays have not answered in time; --patience waits longer".into())
    }

    /// The report, once it is as far as was wanted.
    fn done(&self, talk: &Talk<'_>) -> Result<Option<Report>, Failure> {
        let Some(id) = &self.id else {
            return Ok((talk.chat().unsent() == 0).then(|| self.report(None)));
        };
        let Some(entry) = talk.entry(&self.with, id)? else {
            return Ok(None);
        };
        // Notes have nobody else to be accepted or delivered for.
        let own = self.with == *talk.own() && talk.chat().unsent() == 0;
        let far = match self.given.delivered {
            true => entry.status.read || !entry.status.delivered.is_empty(),
            false => entry.status.accepted.is_some() || !entry.status.delivered.is_empty(),
        };
        Ok((far || own).then(|| self.report(Some(&entry))))
    }

    fn report(&self, entry: Option<&Entry>) -> Report {
        let Some(entry) = entry else {
            let value = json!({"changes": self.changes, "waiting": 0});
            return Report::new(value).line("nothing waits");
        };
        let value = json!({
            "with": self.given.name,
            "number": entry.number,
            "id": hex::encode(entry.id),
            "progress": progress(&entry.status),
            "status": status(&entry.status),
            "changes": self.changes,
        });
        let mut report = Report::new(value).field("sent", progress(&entry.status));
        if let Some(relays) = entry.status.accepted {
            report = report.field("relays", format!("{relays} have it for each device"));
        }
        report
    }
}
