//! `bimp bot`: orders on standard input, events on standard output, one JSON object a line.

mod event;
mod order;

use std::{
    io::{Write, stdout},
    time::{Duration, Instant},
};

use parlance_client::{
    bimp::{Account, GroupId},
    chat::{ChatError, Told, files as disk},
    e2ee::{Body, content::TypingState},
    messenger::{Command, ContentId, Entry, Event, FileCommand, FileNews, GroupCommand},
    vault::Vault,
};
use serde_json::{Value, json};

use self::order::{Given, Order};
use super::{address, contact};
use crate::{
    arguments::{Bot as Arguments, Directly, Switch},
    context::Context,
    failure::{Failure, file},
    hand::Door,
    input::{self, Line},
    report::Report,
    talk::{
        Stop, Talk, body,
        files::{Files, Saved},
        groups as group,
        show::{account_of, object},
    },
};

/// Version of what is read and written.
const PROTOCOL: u32 = 1;
/// Messages of a history where none is asked for, and at most.
const MESSAGES: (u16, u16) = (50, 500);
/// After the end of the orders, for what they said to leave.
const LAST: Duration = Duration::from_secs(30);

pub async fn run(context: &Context, given: &Arguments) -> Result<Report, Failure> {
    let vault = context.vault()?;
    let mut stop = Stop::listen()?;
    let door = Door::open(context, &vault);
    let mut bot = Bot {
        context,
        vault: &vault,
        talk: Talk::open(context, &vault, Directly::Off).await?,
        door,
        files: Files::new(context, &given.files),
        trouble: None,
    };
    if let Some(told) = given.read_receipts {
        let told = told == Switch::On;
        bot.talk.command(Command::ReadReceipts(told))?;
    }
    let saved = bot.files.begin(&given.files, &mut bot.talk)?;
    let outcome = bot.run(&mut stop, (given.stay, saved)).await;
    bot.talk.end().await;
    outcome.map(|()| Report::silent())
}

struct Bot<'a, 'v> {
    context: &'a Context,
    vault: &'v Vault,
    talk: Talk<'v>,
    door: Door<'v>,
    files: Files,
    trouble: Option<String>,
}

impl Bot<'_, '_> {
    async fn run(
        &mut self,
        stop: &mut Stop,
        (stay, saved): (bool, Vec<Saved>),
    ) -> Result<(), Failure> {
        say(&json!({
            "event": "ready",
            "protocol": PROTOCOL,
            "account": address(&self.vault.account()?),
            "device": hex::encode(self.vault.device()?.id().0),
        }))?;
        self.tell_saved(saved)?;
        let mut lines = input::lines();
        let (mut open, mut until) = (true, None);
        loop {
            tokio::select! {
                told = self.talk.next() => {
                    for told in told? {
                        self.door.hear(&told);
                        let (moves, here) = of_file(&told);
                        // A file that moves is not silent.
                        if moves && !open {
                            until = Some(Instant::now() + LAST);
                        }
                        say(&event::of(told, self.talk.names()))?;
                        if here {
                            let saved = self.files.save(&mut self.talk)?;
                            self.tell_saved(saved)?;
                        }
                    }
                }
                line = lines.recv(), if open => match line {
                    Some(line) => {
                        if self.take(line)? {
                            break;
                        }
                    }
                    None => {
                        open = false;
                        until = Some(Instant::now() + LAST);
                    }
                },
                order = self.door.next() => self.door.take(order, &mut self.talk)?,
                () = stop.wanted() => break,
            }
            self.door.look_around(&self.talk)?;
            self.tell_trouble()?;
            let late = until.is_some_and(|until| Instant::now() >= until);
            let left = self.talk.chat().unsent() > 0 || self.talk.chat().sends_files();
            if !open && !stay && (late || !left) {
                break;
            }
        }
        say(&json!({"event": "bye", "waiting": self.talk.chat().unsent()}))
    }

    fn tell_saved(&mut self, saved: Vec<Saved>) -> Result<(), Failure> {
        for saved in &saved {
            say(&event::saved(saved, self.talk.names()))?;
        }
        Ok(())
    }

    fn tell_trouble(&mut self) -> Result<(), Failure> {
        let trouble = self.talk.trouble();
        if trouble == self.trouble {
            return Ok(());
        }
        self.trouble.clone_from(&trouble);
        say(&json!({"event": "trouble", "error": trouble}))
    }

    /// Whether that was the last.
    fn take(&mut self, line: Line) -> Result<bool, Failure> {
        let Given { reference, order } = match order::read(line) {
            Ok(None) => return Ok(false),
            Ok(Some(given)) => given,
            Err((reference, error)) => {
                say(&json!({
                    "event": "error",
                    "ref": reference,
                    "error": error.to_string(),
                    "kind": error.name(),
                }))?;
                return Ok(false);
            }
        };
        if order == (Order::Quit {}) {
            return Ok(true);
        }
        let mut answer = match self.carry_out(order) {
            Ok(answer) => answer,
            // The vault cannot be written to any more: nothing that follows would be kept.
            Err(error) if error.is_last() => return Err(error),
            Err(error) => {
                let mut answer = error.object();
                answer["event"] = "error".into();
                answer
            }
        };
        answer["ref"] = reference.into();
        say(&answer)?;
        Ok(false)
    }

    fn carry_out(&mut self, order: Order) -> Result<Value, Failure> {
        match order {
            Order::Send { with, text } => {
                let conversation = self.account(&with)?;
                let body = group::text(&text, &conversation, self.talk.names())?;
                self.say(&with, body)
            }
            Order::Reply {
                with,
                message,
                text,
            } => self.say(&with, body::reply(message.0, &text)?),
            Order::React {
                with,
                message,
                emoji,
            } => self.say(&with, body::react(message.0, &emoji)?),
            Order::Edit {
                with,
                message,
                text,
            } => self.say(&with, body::edit(message.0, &text)?),
            Order::Delete { with, message } => self.say(&with, body::delete(message.0)),
            Order::Timer { with, seconds } => self.say(&with, body::timer(seconds)?),
            Order::Read { with, up_to } => {
                let conversation = self.account(&with)?;
                self.done(Command::Read {
                    conversation,
                    up_to,
                })
            }
            Order::Typing { with, typing } => {
                let conversation = self.account(&with)?;
                let state = match typing {
                    true => TypingState::Typing,
                    false => TypingState::Stopped,
                };
                self.done(Command::Typing {
                    conversation,
                    state,
                })
            }
            Order::History {
                with,
                limit,
                before,
            } => {
                let account = self.account(&with)?;
                let before = before.unwrap_or(u64::MAX);
                let found = self.talk.chat().messages(&account, before, count(limit));
                self.history(&account, found.map_err(ChatError::from)?)
            }
            Order::Search { with, words, limit } => {
                let account = self.account(&with)?;
                let found = self.talk.chat().search(&account, &words, count(limit));
                self.history(&account, found.map_err(ChatError::from)?)
            }
            Order::Contacts {} => {
                let people = self.vault.contacts()?;
                let people: Vec<_> = people.iter().map(|it| contact::object(it, &[])).collect();
                Ok(json!({"event": "contacts", "contacts": people}))
            }
            Order::State {} => Ok(self.state()),
            Order::ReadReceipts { on } => self.done(Command::ReadReceipts(on)),
            Order::Attention { on } => self.done(Command::Attention(on)),
            Order::Quit {} => Ok(json!({"event": "done"})),
            Order::SendFile { with, path } => {
                let conversation = self.account(&with)?;
                let id = self.talk.file(disk::read(&path, conversation)?)?;
                self.said(&conversation, id)
            }
            Order::GetFile { with, message } => {
                let (conversation, id) = (self.account(&with)?, message.0);
                self.talk.file(FileCommand::Accept { conversation, id })?;
                Ok(json!({"event": "done"}))
            }
            Order::Groups {} => {
                let groups = self.talk.chat().groups();
                let rows: Vec<_> = groups
                    .map(|it| group::object(it, self.talk.names()))
                    .collect();
                Ok(json!({"event": "groups", "groups": rows}))
            }
            Order::GroupNew { name } => self.group(GroupCommand::New { name }),
            Order::GroupInvite { group, who } => {
                let accounts: Result<Vec<_>, _> = who.iter().map(|who| self.person(who)).collect();
                let group = self.group_of(&group)?;
                let accounts = accounts?;
                self.group(GroupCommand::Invite { group, accounts })
            }
            Order::GroupJoin { group } => {
                let group = self.group_of(&group)?;
                self.group(GroupCommand::Join(group))
            }
            Order::GroupLeave { group } => {
                let group = self.group_of(&group)?;
                self.group(GroupCommand::Leave(group))
            }
            Order::GroupRemove { group, who } => {
                let (group, account) = (self.group_of(&group)?, self.person(&who)?);
                self.group(GroupCommand::Remove { group, account })
            }
            Order::GroupRename { group, name } => {
                let group = self.group_of(&group)?;
                self.group(GroupCommand::Rename { group, name })
            }
        }
    }

    fn group_of(&self, name: &str) -> Result<GroupId, Failure> {
        Ok(group::named(self.vault, name)?.id)
    }

    fn person(&self, name: &str) -> Result<Account, Failure> {
        Ok(account_of(&self.context.account(Some(self.vault), name)?))
    }

    fn group(&mut self, command: GroupCommand) -> Result<Value, Failure> {
        let group = self.talk.group(command)?;
        Ok(json!({"event": "done", "group": group::id(&group)}))
    }

    fn account(&self, with: &str) -> Result<Account, Failure> {
        group::conversation(self.context, self.vault, with)
    }

    fn done(&mut self, command: Command) -> Result<Value, Failure> {
        self.talk.command(command)?;
        Ok(json!({"event": "done"}))
    }

    fn say(&mut self, with: &str, body: Body) -> Result<Value, Failure> {
        let conversation = self.account(with)?;
        let id = self.talk.command(Command::Say { conversation, body })?;
        self.said(&conversation, id)
    }

    fn said(&self, conversation: &Account, id: Option<ContentId>) -> Result<Value, Failure> {
        let entry = match &id {
            Some(id) => self.talk.entry(conversation, id)?,
            None => None,
        };
        Ok(json!({
            "event": "done",
            "id": id.map(hex::encode),
            "number": entry.map(|entry| entry.number),
        }))
    }

    fn history(&self, account: &Account, found: Vec<Entry>) -> Result<Value, Failure> {
        let own = self.talk.own();
        let messages: Vec<_> = found.iter().rev().map(|it| object(it, own)).collect();
        let mut event = event::with("history", account, self.talk.names());
        event["messages"] = messages.into();
        Ok(event)
    }

    fn state(&self) -> Value {
        let chat = self.talk.chat();
        let conversations = chat.conversations().map(|it| {
            json!({
                "with": self.talk.names().of(&it.with),
                "account": crate::talk::show::address(&it.with),
                "messages": it.next,
                "unread": it.unread,
                "timer": it.timer,
                "last": it.last,
            })
        });
        let conversations: Vec<_> = conversations.collect();
        json!({
            "event": "state",
            "listening": chat.listens_at().map(|relay| hex::encode(relay.0)),
            "unsent": chat.unsent(),
            "unconfirmed": chat.waiting(),
            "keysPublished": chat.key_packages_lie(),
            "trouble": self.talk.trouble(),
            "conversations": conversations,
        })
    }
}

/// Whether it is about a file, and whether one is here.
fn of_file(told: &Told) -> (bool, bool) {
    match told {
        Told::Event(Event::File { news, .. }) => (true, *news == FileNews::Here),
        _ => (false, false),
    }
}

fn count(limit: Option<u16>) -> usize {
    let (usual, most) = MESSAGES;
    limit.unwrap_or(usual).clamp(1, most).into()
}

/// Writes an event; whoever reads has it at once.
fn say(event: &Value) -> Result<(), Failure> {
    let mut out = stdout().lock();
    writeln!(out, "{event}")
        .and_then(|()| out.flush())
        .map_err(file("standard output"))
}
