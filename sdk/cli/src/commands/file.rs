//! `bimp file`.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use parlance_client::{
    bimp::Account,
    chat::{self, Chat, ChatError, Told, files as disk},
    messenger::{
        Command, ContentId, Entry, Error, Event, File, FileCommand, FileNews, FileStage,
        limits::PUSHED,
    },
    vault::Vault,
};
use serde_json::{Value, json};

use crate::{
    arguments::{Directly, File as Given},
    context::Context,
    failure::Failure,
    progress::Progress,
    report::Report,
    talk::{
        self, Talk,
        files::{percent, reference, row, short, size, stage, words},
        groups,
        show::{Names, clean},
    },
};

/// Fewer digits of an id name too many files.
const LEAST_DIGITS: usize = 4;

pub async fn run(context: &Context, given: Given) -> Result<Report, Failure> {
    match given {
        Given::Send { name, files, wait } => {
            let patience = Duration::from_secs(wait.patience.into());
            send(context, (&name, &files), patience).await
        }
        Given::List { name } => list(context, name.as_deref()),
        Given::Get { id, to, wait } => {
            let patience = Duration::from_secs(wait.patience.into());
            get(context, (&id, &to), patience).await
        }
    }
}

/// What is waited for, and how it goes.
struct Waiting {
    progress: Progress,
    patience: Duration,
    until: Instant,
    cause: Option<String>,
    changes: Vec<String>,
}

impl Waiting {
    fn new(context: &Context, patience: Duration) -> Self {
        Self {
            progress: context.progress(),
            patience,
            until: Instant::now() + patience,
            cause: None,
            changes: Vec::new(),
        }
    }

    fn show(&mut self, text: &str) {
        self.until = Instant::now() + self.patience;
        self.progress.show(text);
    }

    fn hint(&mut self, hint: String) {
        if self.cause.as_ref() != Some(&hint) {
            self.progress.show(&hint);
            self.cause = Some(hint);
        }
    }

    /// What happened to the file of a message, if this is about it.
    fn hear(
        &mut self,
        told: Told,
        (with, message): (&Account, &ContentId),
    ) -> Result<Option<FileNews>, Failure> {
        match told {
            Told::Event(Event::File {
                conversation,
                id,
                news,
            }) if conversation == *with && id == *message => return Ok(Some(news)),
            Told::Changed { who, what } => {
                let line = talk::change(&who, &what);
                self.progress.show(&line);
                self.changes.push(line);
            }
            Told::NotLookedUp { cause, .. } => {
                let failure = Failure::from(cause);
                if !failure.is_silence() {
                    return Err(failure);
                }
                self.hint(failure.to_string());
            }
            Told::Event(Event::Refused { refusal, .. }) => self.hint(refusal.to_string()),
            Told::Event(_) => {}
        }
        Ok(None)
    }

    fn is_over(&self) -> bool {
        Instant::now() >= self.until
    }

    fn cause(&self, talk: &Talk<'_>) -> String {
        let known = self.cause.clone().or_else(|| talk.trouble());
        known.unwrap_or_else(|| {
            "nothing has come from the relays in time; --patience waits longer".into()
        })
    }
}

async fn send(
    context: &Context,
    (name, paths): (&str, &[PathBuf]),
    patience: Duration,
) -> Result<Report, Failure> {
    let vault = context.vault()?;
    let with = groups::conversation(context, &vault, name)?;
    // What cannot be sent is found out before anything is.
    for path in paths {
        disk::check(path)?;
    }
    let mut talk = Talk::open(context, &vault, Directly::Hidden).await?;
    let sent = send_all((context, patience), &mut talk, with, paths).await;
    talk.end().await;
    let rows = sent?;
    let lines: Vec<String> = rows.iter().map(|row| line_of_sent(row, name)).collect();
    let value = json!({"with": name, "files": rows});
    Ok(lines.into_iter().fold(Report::new(value), Report::line))
}

async fn send_all(
    (context, patience): (&Context, Duration),
    talk: &mut Talk<'_>,
    with: Account,
    paths: &[PathBuf],
) -> Result<Vec<Value>, Failure> {
    let mut rows = Vec::new();
    for path in paths {
        let waiting = Waiting::new(context, patience);
        rows.push(send_one(talk, with, path, waiting).await?);
    }
    Ok(rows)
}

fn line_of_sent(row: &Value, to: &str) -> String {
    let name = clean(row["name"].as_str().unwrap_or_default());
    match row["progress"].as_str() {
        Some("sent") => format!("{name}: relays have it"),
        _ => format!(
            "{name}: offered; it leaves when {to} takes it, while 'bimp chat', 'bot' or 'file send' runs here"
        ),
    }
}

async fn send_one(
    talk: &mut Talk<'_>,
    with: Account,
    path: &Path,
    mut waiting: Waiting,
) -> Result<Value, Failure> {
    // A person waits: relays that are silent are given up soon.
    talk.command(Command::Attention(true))?;
    let id = talk.file(disk::read(path, with)?)?;
    let id = id.ok_or(ChatError::from(Error::NoSuchFile))?;
    let entry = talk.entry(&with, &id)?;
    let entry = entry.ok_or(ChatError::from(Error::NoSuchMessage))?;
    let name = words(&entry).unwrap_or_default();
    let length = reference(&entry).map_or(0, |it| it.length);
    loop {
        let mut taken = false;
        for told in talk.next().await? {
            match waiting.hear(told, (&with, &id))? {
                Some(FileNews::Sending { sent, of }) => {
                    waiting.show(&format!("{name}: {} % sent", percent(sent, of)));
                }
                Some(FileNews::Sent) => taken = true,
                _ => {}
            }
        }
        let left = talk.chat().is_sending(&with, &id) || talk.chat().unsent() > 0;
        let pushed = length <= PUSHED;
        if !left && (pushed || taken) {
            return Ok(sent(&entry, "sent", &waiting));
        }
        if waiting.is_over() {
            if !left {
                return Ok(sent(&entry, "offered", &waiting));
            }
            return Err(Failure::Waits {
                waiting: talk.chat().unsent().max(1),
                cause: waiting.cause(talk),
            });
        }
    }
}

fn sent(entry: &Entry, progress: &str, waiting: &Waiting) -> Value {
    let mut row = crate::talk::files::object(entry).unwrap_or_default();
    row["message"] = hex::encode(entry.id).into();
    row["number"] = entry.number.into();
    row["progress"] = progress.into();
    row["changes"] = waiting.changes.clone().into();
    row
}

/// All files that messages came with, the newest last.
fn known(chat: &Chat<'_>) -> Result<Vec<(File, Entry)>, Failure> {
    let mut rows = Vec::new();
    for file in chat.files() {
        let Some(named) = file.named else { continue };
        let entry = chat.message(&named.conversation, &named.id);
        let entry = entry.map_err(ChatError::from)?;
        rows.extend(entry.map(|entry| (file.clone(), entry)));
    }
    rows.sort_by_key(|(_, entry)| (entry.arrived, entry.number));
    Ok(rows)
}

fn opened(vault: &Vault) -> Result<Chat<'_>, Failure> {
    Ok(chat::open(vault, SystemTime::now(), Duration::ZERO)?)
}

fn list(context: &Context, name: Option<&str>) -> Result<Report, Failure> {
    let vault = context.vault()?;
    let names = Names::read(&vault)?;
    let with = name.map(|name| groups::conversation(context, &vault, name));
    let with = with.transpose()?;
    let chat = opened(&vault)?;
    let own = names.own();
    let mut rows = known(&chat)?;
    rows.retain(|(_, entry)| with.is_none_or(|with| with == entry.conversation));
    let values: Vec<Value> = rows
        .iter()
        .map(|(file, entry)| {
            let mut row = row(file, entry, own);
            row["with"] = names.of(&entry.conversation).into();
            row
        })
        .collect();
    let report = Report::new(json!({"files": values}));
    if rows.is_empty() {
        return Ok(report.line("no files"));
    }
    let line = |(file, entry): &(File, Entry)| {
        let author = match file.author == *own {
            true => format!("to {}", names.of(&entry.conversation)),
            false => format!("from {}", names.of(&file.author)),
        };
        let far = match stage(file, entry, own) {
            "arriving" => format!("{} %", percent(file.held, file.pieces)),
            word => word.to_owned(),
        };
        let name = words(entry).unwrap_or_default();
        format!("{}  {far:<9} {author}  {name}", short(&file.file))
    };
    Ok(rows.iter().map(line).fold(report, Report::line))
}

/// The message of the file that was meant.
fn meant(chat: &Chat<'_>, id: &str) -> Result<Entry, Failure> {
    let typed = id.to_ascii_lowercase();
    let none = || Failure::NoFile { id: id.to_owned() };
    if typed.len() < LEAST_DIGITS {
        return Err(none());
    }
    let mut found: Vec<Entry> = Vec::new();
    for (file, entry) in known(chat)? {
        if hex::encode(file.file).starts_with(&typed) || hex::encode(entry.id) == typed {
            found.push(entry);
        }
    }
    match (found.pop(), found.is_empty()) {
        (Some(entry), true) => Ok(entry),
        (Some(_), false) => Err(Failure::FileUnclear { id: id.to_owned() }),
        (None, _) => Err(none()),
    }
}

async fn get(
    context: &Context,
    (id, to): (&str, &Path),
    patience: Duration,
) -> Result<Report, Failure> {
    let vault = context.vault()?;
    let entry = {
        let mut chat = opened(&vault)?;
        let entry = meant(&chat, id)?;
        let file = chat.file_of(&entry.conversation, &entry.id);
        if file.is_some_and(|file| file.stage == FileStage::Here) {
            return save(&mut chat, &entry, to);
        }
        entry
    };
    let mut talk = Talk::open(context, &vault, Directly::Hidden).await?;
    let waiting = Waiting::new(context, patience);
    let outcome = fetch(&mut talk, &entry, waiting).await;
    talk.end().await;
    outcome?;
    save(&mut opened(&vault)?, &entry, to)
}

async fn fetch(talk: &mut Talk<'_>, entry: &Entry, mut waiting: Waiting) -> Result<(), Failure> {
    let (conversation, id) = (entry.conversation, entry.id);
    talk.command(Command::Attention(true))?;
    talk.file(FileCommand::Accept { conversation, id })?;
    let name = words(entry).unwrap_or_default();
    loop {
        for told in talk.next().await? {
            match waiting.hear(told, (&conversation, &id))? {
                Some(FileNews::Arriving { held, of }) => {
                    waiting.show(&format!("{name}: {} %", percent(held, of)));
                }
                Some(FileNews::Here) => return Ok(()),
                Some(FileNews::Broken) => return Err(ChatError::from(Error::FileBroken).into()),
                Some(FileNews::Gone) => return Err(ChatError::from(Error::NoSuchFile).into()),
                _ => {}
            }
        }
        if waiting.is_over() {
            let file = talk.chat().file_of(&conversation, &id);
            return Err(Failure::NotHere {
                held: file.map_or(0, |file| file.held),
                of: file.map_or(0, |file| file.pieces),
                cause: waiting.cause(talk),
            });
        }
    }
}

/// Saves a file that is here.
fn save(chat: &mut Chat<'_>, entry: &Entry, to: &Path) -> Result<Report, Failure> {
    let (conversation, id) = (entry.conversation, entry.id);
    let said = reference(entry).ok_or(ChatError::from(Error::NoSuchFile))?;
    let bytes = chat
        .read_file(&conversation, &id)
        .map_err(ChatError::from)?;
    let place = disk::save(to, said.name.as_str(), &short(&said.content), &bytes)?;
    let clock = chat::clock(SystemTime::now(), Duration::ZERO);
    for command in [
        FileCommand::Accept { conversation, id },
        FileCommand::Saved { conversation, id },
    ] {
        chat.file(clock, command).map_err(ChatError::from)?;
    }
    let mut value = crate::talk::files::object(entry).unwrap_or_default();
    value["path"] = place.display().to_string().into();
    Ok(Report::new(value)
        .field("saved", place.display())
        .field("size", size(said.length)))
}
