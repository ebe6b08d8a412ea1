//! `bimp send`.

use std::{
    io::{Read, stdin},
    time::{Duration, Instant, SystemTime},
};

use parlance_client::{
    bimp::Account,
    chain::amount::Amount,
    chat::{self, ChatError, Told},
    e2ee::{
        Body,
        content::{PaymentKind, TypingState, bounds::MAX_NOTE},
    },
    encryption::EncryptionError,
    identity::Finding,
    messenger::{Command, ContentId, Entry, Event},
    primitives::AccountId,
    vault::Vault,
};
use serde_json::json;

use super::tip;
use crate::{
    arguments::{Directly, Send},
    context::Context,
    failure::{Failure, file},
    hand,
    progress::Progress,
    report::Report,
    talk::{
        self, Talk, groups,
        show::{Names, account_of},
    },
};

/// Bytes that are read of a text: more than fits into a message.
const MAX_TEXT: u64 = 64 * 1_024;

pub async fn run(context: &Context, given: &Send) -> Result<Report, Failure> {
    let present = given
        .red_envelope
        .map(|amount| (PaymentKind::RedEnvelope, amount));
    let what = given
        .tip
        .map(|amount| (PaymentKind::Tip, amount))
        .or(present);
    let text = match given.waiting || what.is_some() {
        true => None,
        false => Some(words(&given.text)?),
    };
    // Whoever has the folder open talks with the relays already. Money goes from here only.
    if what.is_none()
        && let Some(report) = hand::over(context, given, text.as_deref()).await?
    {
        return Ok(report);
    }
    let vault = match context.vault() {
        Err(Failure::InUse) if what.is_none() => {
            return hand::over_soon(context, given, text.as_deref()).await;
        }
        vault => vault?,
    };
    let with = groups::conversation(context, &vault, &given.name)?;
    let names = Names::read(&vault)?;
    let in_group = names.is_group(&with);
    if given.delivered && in_group {
        return Err(Failure::NoDelivery);
    }
    let account = AccountId::new(with.0);
    let body = match what {
        // Nobody is there to be paid.
        Some(_) if in_group => return Err(Failure::NoPayment),
        Some(what) => Some(paid(context, &vault, (given, &account), what).await?),
        None => {
            let text = text.as_deref();
            text.map(|words| groups::text(words, &with, &names))
                .transpose()?
        }
    };
    if given.no_wait {
        return keep(&vault, given, (with, body));
    }
    let mut talk = Talk::open(context, &vault, Directly::Hidden).await?;
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

/// Pays, and makes the message that tells of it.
async fn paid(
    context: &Context,
    vault: &Vault,
    (given, to): (&Send, &AccountId),
    (kind, amount): (PaymentKind, Amount),
) -> Result<Body, Failure> {
    let note = words(&given.text)?;
    // What cannot be told is not paid.
    talk::paid::note::<MAX_NOTE>(&note)?;
    let question = format!("Pay {amount} tokens to {}?", given.name);
    context.agree(&question, given.yes)?;
    let included = tip::pay(context, vault, to, amount).await?;
    let block = included.block;
    context
        .progress()
        .show(&format!("paid, final in block {block}"));
    talk::paid::body((kind, amount), &note, &included)
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
    let value = hand::kept(&given.name, id.map(hex::encode), chat.unsent());
    Ok(hand::report(value))
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
        let far = hand::is_far(&entry, self.given.delivered);
        Ok((far || own).then(|| self.report(Some(&entry))))
    }

    fn report(&self, entry: Option<&Entry>) -> Report {
        hand::report(match entry {
            Some(entry) => hand::sent(&self.given.name, entry, &self.changes),
            None => hand::nothing_waits(&self.changes),
        })
    }
}
