//! `bimp chat --no-trace`: a conversation that is in two memories, and on two screens, only.

use std::time::{Duration, Instant};

use parlance_client::{
    bimp::Account,
    chat::Told,
    e2ee::{Body, content::TypingState},
    messenger::{Command, ContentId, Event, NoTraceEnd, NoTraceNews, NoTraceWish},
};

use serde_json::json;

use super::{
    LAST, TYPING,
    news::News,
    screen::{Screen, Typing},
    time,
};
use crate::{
    arguments::{Chat, Directly},
    context::Context,
    failure::Failure,
    report::Report,
    talk::{
        Stop, Talk, body,
        show::{account_of, clean, device_name},
    },
};

/// At the end, for the other side to hear of it.
const FAREWELL: Duration = Duration::from_millis(800);
/// The commands, for people.
const HELP: &[&str] = &[
    "/quit     ends it on both sides; so do Ctrl-D, Ctrl-C, and twenty seconds without a connection",
    "//TEXT    says /TEXT",
];

pub async fn run(context: &Context, given: &Chat) -> Result<Report, Failure> {
    let vault = context.vault()?;
    let account = context.account(Some(&vault), &given.name)?;
    let with = account_of(&account);
    let contacts = vault.contacts()?;
    if !contacts.iter().any(|contact| contact.account == account) {
        let name = given.name.clone();
        return Err(Failure::NotContact { name });
    }
    let mut stop = Stop::listen()?;
    let talk = Talk::open(context, &vault, Directly::Off).await?;
    let mut room = Room {
        name: talk.names().of(&with),
        with,
        talk,
        screen: Screen::open()?,
        begun: false,
        unconfirmed: Vec::new(),
        typing: None,
        typed_at: None,
        said: String::new(),
        last: None,
    };
    let outcome = match room.begin() {
        Ok(()) => room.run(&mut stop).await,
        Err(failure) => Err(failure),
    };
    let left = room.leave().await;
    let closed = room.screen.end();
    room.talk.end().await;
    outcome.and(left).and(closed)?;
    Ok(match room.last {
        Some(line) => Report::new(json!({"ended": line})).line(line),
        None => Report::silent(),
    })
}

struct Room<'v> {
    talk: Talk<'v>,
    with: Account,
    name: String,
    screen: Screen,
    begun: bool,
    /// What was said here and the other side has not shown yet.
    unconfirmed: Vec<ContentId>,
    typing: Option<Instant>,
    typed_at: Option<Instant>,
    said: String,
    /// What is said when the screen is as it was.
    last: Option<String>,
}

impl Room<'_> {
    fn begin(&mut self) -> Result<(), Failure> {
        self.screen.pass()?;
        let name = &self.name;
        let head = format!(
            "waiting for {name}, who has to run 'bimp chat --no-trace' with you as well; nothing that is said here is kept"
        );
        self.screen.line(&head)?;
        self.talk.command(Command::Attention(true))?;
        self.wish(NoTraceWish::Open).map(drop)
    }

    fn wish(&mut self, wish: NoTraceWish) -> Result<Option<ContentId>, Failure> {
        let with = self.with;
        self.talk.command(Command::NoTrace { with, wish })
    }

    async fn run(&mut self, stop: &mut Stop) -> Result<(), Failure> {
        let (mut open, mut until) = (true, None);
        loop {
            // What comes from a pipe waits until there is somebody to hear it.
            let reads = open && (self.begun || self.screen.is_terminal());
            tokio::select! {
                told = self.talk.next() => {
                    for told in told? {
                        if self.hear(told)? {
                            return Ok(());
                        }
                    }
                }
                typed = self.screen.typed(), if reads => match typed? {
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
                () = stop.wanted() => return Ok(()),
            }
            self.look_around()?;
            if !open && self.unconfirmed.is_empty() {
                return Ok(());
            }
            if until.is_some_and(|until| Instant::now() >= until) {
                return Err(parlance_client::chat::ChatError::from(
                    parlance_client::messenger::Error::NobodyWithoutTrace,
                )
                .into());
            }
        }
    }

    /// Tells the other side, and gives that a moment.
    async fn leave(&mut self) -> Result<(), Failure> {
        self.wish(NoTraceWish::Close)?;
        let until = Instant::now() + FAREWELL;
        while self.begun && Instant::now() < until {
            self.talk.next().await?;
        }
        Ok(())
    }

    fn look_around(&mut self) -> Result<(), Failure> {
        if self.typing.is_some_and(|until| Instant::now() >= until) {
            self.typing = None;
        }
        if self.typed_at.is_some_and(|at| at.elapsed() >= TYPING) {
            self.typed_at = None;
            self.wish(NoTraceWish::Typing(TypingState::Stopped))?;
        }
        let mut parts = vec!["no trace".to_owned()];
        if !self.begun {
            parts.push("waiting".to_owned());
        }
        if let Some(trouble) = self.talk.trouble() {
            self.remark(&trouble)?;
        }
        if !self.unconfirmed.is_empty() {
            parts.push(format!("{} on the way", self.unconfirmed.len()));
        }
        if self.typing.is_some() {
            parts.push(format!("{} is typing", self.name));
        }
        self.screen.notice(&parts.join(", "))
    }

    fn remark(&mut self, text: &str) -> Result<(), Failure> {
        if self.said == text {
            return Ok(());
        }
        text.clone_into(&mut self.said);
        self.screen.line(&format!("! {}", clean(text)))
    }

    /// Whether it is over.
    fn hear(&mut self, told: Told) -> Result<bool, Failure> {
        let news = match told {
            Told::Event(Event::NoTrace { with, news }) if with == self.with => news,
            other => {
                return match News::of(other, &self.with, self.talk.names()) {
                    News::Line(line) => self.screen.line(&line),
                    News::Remark(text) => self.remark(&text),
                    // An ordinary message of theirs is in the ordinary history.
                    News::Message(entry) if !entry.is_by(self.talk.own()) => {
                        let line = format!("! {} wrote a message that is kept", self.name);
                        self.screen.line(&line)
                    }
                    _ => Ok(()),
                }
                .map(|()| false);
            }
        };
        match news {
            NoTraceNews::Opened { device } => {
                self.begun = true;
                let (name, device) = (&self.name, device_name(&device));
                let line = format!("* it has begun, with device {device} of {name}; /quit ends it");
                self.screen.line(&line)?;
            }
            NoTraceNews::Said { id, own, body, at } => {
                let who = if own { "you" } else { &self.name };
                let line = format!("{}  {who}: {}", time(at), clean(&words(&body)));
                self.screen.line(&line)?;
                match own {
                    true => self.unconfirmed.push(id),
                    false => self.typing = None,
                }
            }
            NoTraceNews::Delivered { id } => {
                self.unconfirmed.retain(|it| *it != id);
                if !self.screen.is_terminal() {
                    self.screen.line("✓✓")?;
                }
            }
            NoTraceNews::Typing(state) => {
                let typing = state == TypingState::Typing;
                self.typing = typing.then(|| Instant::now() + 2 * TYPING);
            }
            NoTraceNews::Ended(end) => {
                self.begun = false;
                let why = match end {
                    NoTraceEnd::They => format!("{} has ended it", self.name),
                    NoTraceEnd::Silence => format!("{} is not on line any more", self.name),
                    NoTraceEnd::Here => "you have ended it".to_owned(),
                };
                self.farewell(&why)?;
                return Ok(true);
            }
            _ => {}
        }
        Ok(false)
    }

    /// On a terminal it would go with the screen: it is said afterwards.
    fn farewell(&mut self, why: &str) -> Result<(), Failure> {
        let line = format!("{why}; nothing of it is left here");
        match self.screen.is_terminal() {
            true => {
                self.last = Some(line);
                Ok(())
            }
            false => self.screen.line(&format!("* {line}")),
        }
    }

    /// Whether that was the last.
    fn line(&mut self, line: &str) -> Result<bool, Failure> {
        let line = line.trim();
        let text = match line.strip_prefix('/') {
            None if line.is_empty() => return Ok(false),
            None => line,
            Some("quit") => return Ok(true),
            Some("help") => {
                HELP.iter().try_for_each(|it| self.screen.line(it))?;
                return Ok(false);
            }
            Some(text) if text.starts_with('/') => text,
            Some(command) => {
                let command = format!("/{command}");
                let error = Failure::BadCommand { command };
                return self.screen.line(&format!("! {error}")).map(|()| false);
            }
        };
        let said = body::text(text).and_then(|body| self.wish(NoTraceWish::Say(body)));
        match said {
            Err(error) if error.is_last() => Err(error),
            Err(error) => self.screen.line(&format!("! {error}")).map(|()| false),
            Ok(_) => Ok(false),
        }
    }

    fn types(&mut self) -> Result<(), Failure> {
        if !self.begun || self.typed_at.is_some_and(|at| at.elapsed() < TYPING / 2) {
            return Ok(());
        }
        self.typed_at = Some(Instant::now());
        self.wish(NoTraceWish::Typing(TypingState::Typing))
            .map(drop)
    }
}

fn words(body: &Body) -> String {
    match body {
        Body::Text(body) => body.text.as_str().to_owned(),
        Body::Reply(body) => body.text.as_str().to_owned(),
        _ => String::new(),
    }
}
