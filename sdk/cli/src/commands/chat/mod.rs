//! `bimp chat`: a conversation.

mod complete;
mod editor;
mod files;
mod money;
mod news;
mod no_trace;
mod pay;
mod screen;
mod typed;

use std::time::{Duration, Instant};

use chrono::{DateTime, Local};
use parlance_client::{
    bimp::Account,
    chat::{ChatError, Told},
    e2ee::{Body, content::TypingState},
    messenger::{Command, Entry, Event},
    primitives::AccountId,
    vault::Vault,
};

use self::{
    complete::Words,
    news::News,
    pay::Payments,
    screen::{Screen, Typing},
    typed::{HELP, Typed},
};
use super::contact;
use crate::{
    arguments::{Chat, Directly, Switch},
    context::Context,
    failure::Failure,
    hand::Door,
    report::Report,
    talk::{
        Stop, Talk, body,
        files::Files,
        groups, paid,
        show::{line, marks},
    },
};

/// After the end of the input, for what was said to leave.
const LAST: Duration = Duration::from_secs(30);
/// Between two notices that the user types, and after the last letter until they do not any more.
const TYPING: Duration = Duration::from_secs(5);
/// Messages that are shown of a conversation that is opened.
const SHOWN: usize = 20;
/// Messages that a search shows.
const FOUND: usize = 50;

pub async fn run(context: &Context, given: &Chat) -> Result<Report, Failure> {
    if given.no_trace {
        return no_trace::run(context, given).await;
    }
    let vault = context.vault()?;
    let with = groups::conversation(context, &vault, &given.name)?;
    let account = AccountId::new(with.0);
    let mut stop = Stop::listen()?;
    let door = Door::open(context, &vault);
    let talk = Talk::open(context, &vault, Directly::On).await?;
    let mut room = Room {
        context,
        vault: &vault,
        payments: Payments::new(context, &vault),
        name: talk.names().of(&with),
        with,
        talk,
        door,
        screen: Screen::open()?,
        last: None,
        files: Files::new(context, &given.files),
        moving: None,
        typing: None,
        typed_at: None,
        trouble: None,
        said: String::new(),
    };
    let outcome = match room.begin(given, &account) {
        Ok(()) => room.run(&mut stop, given.stay).await,
        Err(failure) => Err(failure),
    };
    let outcome = match outcome {
        Ok(()) => room.settle(&mut stop).await,
        failed => failed,
    };
    let closed = room.screen.end();
    room.talk.end().await;
    outcome.and(closed).map(|()| Report::silent())
}

/// A conversation that is on the screen.
struct Room<'v> {
    context: &'v Context,
    vault: &'v Vault,
    payments: Payments<'v>,
    talk: Talk<'v>,
    door: Door<'v>,
    with: Account,
    name: String,
    screen: Screen,
    /// The own message that was said last, and how far it is.
    last: Option<(u64, &'static str)>,
    files: Files,
    /// How far a file is that moves.
    moving: Option<String>,
    /// Until when the other side types.
    typing: Option<Instant>,
    /// When the other side was told that the user types.
    typed_at: Option<Instant>,
    trouble: Option<String>,
    /// The last thing that was said of what is not as it should be.
    said: String,
}

impl Room<'_> {
    fn begin(&mut self, given: &Chat, account: &AccountId) -> Result<(), Failure> {
        self.head(account)?;
        if let Some(told) = given.read_receipts {
            let told = told == Switch::On;
            self.talk.command(Command::ReadReceipts(told))?;
        }
        self.history(given.history.into())?;
        let saved = self.files.begin(&given.files, &mut self.talk)?;
        self.show_saved(saved)?;
        self.talk.command(Command::Attention(true))?;
        self.read(u64::MAX)
    }

    /// With whom, and how sure that is.
    fn head(&mut self, account: &AccountId) -> Result<(), Failure> {
        let people = self.vault.contacts()?;
        let known = people.iter().find(|it| it.account == *account);
        let sure = match self.talk.names().is_group(&self.with) {
            true => "a group",
            false => known.map_or("no contact of yours", contact::word),
        };
        let head = format!("{} ({sure}); /help lists the commands", self.name);
        let people = people.into_iter().map(|contact| contact.name).collect();
        self.screen.set_words(Words { people });
        match self.screen.is_terminal() {
            true => self.screen.line(&head),
            false => Ok(()),
        }
    }

    /// The conversation with somebody else.
    fn open(&mut self, name: &str) -> Result<(), Failure> {
        let with = groups::conversation(self.context, self.vault, name)?;
        let account = AccountId::new(with.0);
        self.type_state(TypingState::Stopped)?;
        self.with = with;
        self.name = self.talk.names().of(&self.with);
        (self.last, self.typing, self.typed_at) = (None, None, None);
        self.payments.asked = None;
        self.head(&account)?;
        self.history(SHOWN)?;
        self.read(u64::MAX)
    }

    async fn run(&mut self, stop: &mut Stop, stay: bool) -> Result<(), Failure> {
        let (mut open, mut until) = (true, None);
        loop {
            tokio::select! {
                told = self.talk.next() => {
                    for told in told? {
                        self.door.hear(&told);
                        // A file that moves is not silent.
                        if matches!(told, Told::Event(Event::File { .. })) && !open {
                            until = Some(Instant::now() + LAST);
                        }
                        self.hear(told)?;
                    }
                }
                typed = self.screen.typed(), if open => match typed? {
                    Typing::Line(line) => {
                        self.typed_at = None;
                        if self.line(&line)? {
                            return Ok(());
                        }
                    }
                    Typing::NoLine => self.screen.line("! that line is too long, or no text")?,
                    Typing::Letters => self.types()?,
                    Typing::Nothing => {}
                    Typing::End if self.screen.is_terminal() => return Ok(()),
                    Typing::End => {
                        open = false;
                        until = Some(Instant::now() + LAST);
                    }
                },
                done = self.payments.next() => self.paid(done)?,
                order = self.door.next() => self.door.take(order, &mut self.talk)?,
                () = stop.wanted() => return Ok(()),
            }
            self.door.look_around(&self.talk)?;
            self.look_around()?;
            let waiting = self.talk.chat().unsent();
            if !open && !stay && !self.payments.is_busy() {
                if waiting == 0 && !self.talk.chat().sends_files() {
                    return Ok(());
                }
                if until.is_some_and(|until| Instant::now() >= until) {
                    let cause = self.trouble.take().unwrap_or_else(|| self.said.clone());
                    return Err(Failure::Waits { waiting, cause });
                }
            }
        }
    }

    /// What changes without being told.
    fn look_around(&mut self) -> Result<(), Failure> {
        if self.typing.is_some_and(|until| Instant::now() >= until) {
            self.typing = None;
        }
        if self.typed_at.is_some_and(|at| at.elapsed() >= TYPING) {
            self.typed_at = None;
            self.type_state(TypingState::Stopped)?;
        }
        let trouble = self.talk.trouble();
        if trouble != self.trouble {
            if let Some(trouble) = &trouble {
                self.remark(trouble.clone())?;
            }
            self.trouble = trouble;
        }
        let mut parts = Vec::new();
        if self.talk.chat().listens_at().is_none() {
            parts.push("not connected".to_owned());
        }
        if let Some((number, marks)) = self.last {
            parts.push(format!("{number} {marks}"));
        }
        parts.extend(self.moving.clone());
        if self.typing.is_some() {
            parts.push(format!("{} is typing", self.name));
        }
        self.screen.notice(&parts.join(", "))
    }

    /// Says something that is not as it should be, once.
    fn remark(&mut self, text: String) -> Result<(), Failure> {
        if self.said == text {
            return Ok(());
        }
        let line = format!("! {}", crate::talk::show::clean(&text));
        self.said = text;
        self.screen.line(&line)
    }

    fn hear(&mut self, told: Told) -> Result<(), Failure> {
        if let Told::Event(Event::File {
            conversation,
            id,
            news,
        }) = told
        {
            return self.hear_of_file((conversation, id), news);
        }
        match News::of(told, &self.with, self.talk.names()) {
            News::Message(entry) => {
                self.show(&entry)?;
                self.prove(&entry)?;
                if entry.is_by(self.talk.own()) {
                    self.last = Some((entry.number, marks(&entry.status)));
                    return Ok(());
                }
                self.typing = None;
                self.read(entry.number)
            }
            News::Changed(entry) => self.show(&entry),
            News::Status { number, marks } => {
                if self.last.is_some_and(|(last, _)| last == number) {
                    self.last = Some((number, marks));
                }
                match self.screen.is_terminal() {
                    true => Ok(()),
                    false => self.screen.line(&format!("{number:>6}  {marks}")),
                }
            }
            News::Typing(true) => {
                self.typing = Some(Instant::now() + 2 * TYPING);
                Ok(())
            }
            News::Typing(false) => {
                self.typing = None;
                Ok(())
            }
            News::Line(line) => self.screen.line(&line),
            News::Remark(text) => self.remark(text),
            News::Nothing => Ok(()),
        }
    }

    fn show(&mut self, entry: &Entry) -> Result<(), Failure> {
        let (own, names) = (self.talk.own(), self.talk.names());
        let name = match names.is_group(&self.with) {
            true => names.author(entry),
            false => self.name.clone(),
        };
        let mut text = format!("{}{}", time(entry.sent_at), line(entry, own, &name));
        if let Some(Body::Reply(reply)) = entry.body() {
            let to = self.talk.entry(&self.with, &reply.to)?;
            let to = to.map_or("one that is gone".into(), |to| to.number.to_string());
            text.push_str(&format!("  (answers {to})"));
        }
        if paid::sureness(entry, own, self.vault)? == Some(true) {
            text.push_str("  received, proven");
        }
        if entry.is_by(own) && !entry.deleted {
            text.push_str("  ");
            text.push_str(marks(&entry.status));
        }
        self.screen.line(&text)
    }

    fn history(&mut self, count: usize) -> Result<(), Failure> {
        if count == 0 {
            return Ok(());
        }
        let found = self.talk.chat().messages(&self.with, u64::MAX, count);
        let found = found.map_err(ChatError::from)?;
        for entry in found.iter().rev() {
            self.show(entry)?;
            self.prove(entry)?;
        }
        Ok(())
    }

    fn read(&mut self, up_to: u64) -> Result<(), Failure> {
        let conversation = self.with;
        // One command marks so many at most.
        loop {
            let before = self.read_so_far();
            self.talk.command(Command::Read {
                conversation,
                up_to,
            })?;
            let after = self.read_so_far();
            if after == before || after >= Some(up_to) {
                return Ok(());
            }
        }
    }

    fn read_so_far(&self) -> Option<u64> {
        let mut all = self.talk.chat().conversations();
        all.find(|it| it.with == self.with)?.read
    }

    /// The other side is told that the user types, now and then.
    fn types(&mut self) -> Result<(), Failure> {
        if self.typed_at.is_some_and(|at| at.elapsed() < TYPING / 2) {
            return Ok(());
        }
        self.typed_at = Some(Instant::now());
        self.type_state(TypingState::Typing)
    }

    fn type_state(&mut self, state: TypingState) -> Result<(), Failure> {
        let conversation = self.with;
        let command = Command::Typing {
            conversation,
            state,
        };
        self.talk.command(command).map(drop)
    }

    /// Whether that was the last.
    fn line(&mut self, line: &str) -> Result<bool, Failure> {
        let done = match typed::read(line) {
            Ok(Typed::Quit) => return Ok(true),
            Ok(typed) => self.carry_out(typed),
            Err(error) => Err(error),
        };
        match done {
            Err(error) if error.is_last() => Err(error),
            Err(error) => self.screen.line(&format!("! {error}")).map(|()| false),
            Ok(()) => Ok(false),
        }
    }

    fn carry_out(&mut self, typed: Typed) -> Result<(), Failure> {
        match typed {
            Typed::Nothing | Typed::Quit => Ok(()),
            Typed::Say(text) => {
                let body = groups::text(&text, &self.with, self.talk.names())?;
                self.say(body)
            }
            Typed::Reply(number, text) => self.say(body::reply(self.id(number)?, &text)?),
            Typed::React(number, emoji) => self.say(body::react(self.id(number)?, &emoji)?),
            Typed::Edit(number, text) => self.say(body::edit(self.id(number)?, &text)?),
            Typed::Delete(number) => self.say(body::delete(self.id(number)?)),
            Typed::Timer(lifetime) => self.say(body::timer(lifetime)?),
            Typed::Search(words) => {
                let found = self.talk.chat().search(&self.with, &words, FOUND);
                let found = found.map_err(ChatError::from)?;
                if found.is_empty() {
                    return self.screen.line("nothing is found");
                }
                found.iter().rev().try_for_each(|entry| self.show(entry))
            }
            Typed::History(count) => self.history(count.into()),
            Typed::Open(name) => self.open(&name),
            Typed::Pay(kind, amount, note) => self.ask_to_pay(kind, amount, note),
            Typed::File(path) => self.send_file(&path),
            Typed::Get(number) => self.take_file(number),
            Typed::Yes => self.agree(),
            Typed::Receipts(on) => {
                self.talk.command(Command::ReadReceipts(on))?;
                let told = if on { "are told" } else { "are not told" };
                let line = format!("others {told} what you have read");
                self.screen.line(&line)
            }
            Typed::Status => self.status(),
            Typed::Help => HELP.iter().try_for_each(|it| self.screen.line(it)),
        }
    }

    fn say(&mut self, body: Body) -> Result<(), Failure> {
        let conversation = self.with;
        self.talk
            .command(Command::Say { conversation, body })
            .map(drop)
    }

    fn id(&self, number: u64) -> Result<[u8; 16], Failure> {
        Ok(self.talk.numbered(&self.with, number)?.id)
    }

    fn status(&mut self) -> Result<(), Failure> {
        let chat = self.talk.chat();
        let at = match chat.listens_at() {
            Some(relay) => format!("listens at relay {}", news::short(&relay)),
            None => "listens at no relay".into(),
        };
        let (unsent, unconfirmed) = (chat.unsent(), chat.waiting());
        let line = format!("{unsent} wait to be sent, {unconfirmed} to be confirmed; {at}");
        self.screen.line(&line)?;
        match self.talk.trouble() {
            Some(trouble) => self.screen.line(&format!("! {trouble}")),
            None => Ok(()),
        }
    }
}

/// The time of day, with the day if that is another one.
fn time(milliseconds: u64) -> String {
    let time = i64::try_from(milliseconds).ok();
    let time = time.and_then(DateTime::from_timestamp_millis);
    let Some(time) = time.map(|time| time.with_timezone(&Local)) else {
        return "--:--".into();
    };
    let today = time.date_naive() == Local::now().date_naive();
    let form = if today { "%H:%M" } else { "%Y-%m-%d %H:%M" };
    time.format(form).to_string()
}
