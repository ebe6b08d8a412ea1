//! Files in a chat: what they are called, where they are saved, how far they are.

use std::path::{Path, PathBuf};

use parlance_client::{
    bimp::Account,
    chat::{ChatError, files},
    e2ee::{Body, content::FileReference},
    messenger::{ContentId, Entry, Error, File, FileCommand, FileNews, FileStage},
};
use serde_json::{Value, json};

use super::{
    Talk,
    show::{address, clean},
};
use crate::{arguments::Incoming, context::Context, failure::Failure};

/// Folder in the data folder.
const FOLDER: &str = "files";
/// Digits of an id that tell files apart.
const DIGITS: usize = 8;

/// Where files that come are saved.
pub struct Files {
    folder: PathBuf,
}

/// A file in its place.
pub struct Saved {
    /// In which conversation it came.
    pub conversation: Account,
    /// Its message.
    pub id: ContentId,
    /// Its name, as people read it.
    pub name: String,
    /// Where it lies, or why it does not.
    pub place: Result<PathBuf, Failure>,
}

impl Files {
    /// As was asked for.
    pub fn new(context: &Context, given: &Incoming) -> Self {
        let usual = || context.folder().join(FOLDER);
        let folder = given.files_to.clone().unwrap_or_else(usual);
        Self { folder }
    }

    /// Lets files up to the limit come by themselves, and saves what is here and was not saved, as after a process that
    /// was killed.
    pub fn begin(&self, given: &Incoming, talk: &mut Talk<'_>) -> Result<Vec<Saved>, Failure> {
        talk.file(FileCommand::Automatic {
            bytes: given.files_up_to,
            strangers: false,
        })?;
        self.save(talk)
    }

    /// Saves every file that is here, accepted, and not saved.
    pub fn save(&self, talk: &mut Talk<'_>) -> Result<Vec<Saved>, Failure> {
        let due = |file: &&File| file.stage == FileStage::Here && file.accepted && !file.saved;
        let named = talk.chat().files().filter(due);
        let due: Vec<(Account, ContentId)> = named
            .filter_map(|file| file.named)
            .map(|named| (named.conversation, named.id))
            .collect();
        let mut saved = Vec::new();
        for (conversation, id) in due {
            let Some(entry) = talk.entry(&conversation, &id)? else {
                continue;
            };
            let place = into(talk, &entry, &self.folder);
            if place.is_ok() {
                talk.file(FileCommand::Saved { conversation, id })?;
            }
            saved.push(Saved {
                conversation,
                id,
                name: words(&entry).unwrap_or_default(),
                place,
            });
        }
        Ok(saved)
    }
}

/// Saves the file of a message in a folder.
fn into(talk: &Talk<'_>, entry: &Entry, folder: &Path) -> Result<PathBuf, Failure> {
    let reference = reference(entry).ok_or(ChatError::from(Error::NoSuchFile))?;
    let read = talk.chat().read_file(&entry.conversation, &entry.id);
    let bytes = read.map_err(ChatError::from)?;
    let (name, mark) = (reference.name.as_str(), short(&reference.content));
    let place = files::save(folder, name, &mark, &bytes)?;
    // As others can use it, from wherever.
    Ok(std::path::absolute(&place).unwrap_or(place))
}

/// What a message says of its file.
pub fn reference(entry: &Entry) -> Option<FileReference> {
    match entry.body() {
        Some(Body::File(reference)) => Some(reference),
        _ => None,
    }
}

/// A file by the beginning of its identifier.
pub fn short(id: &[u8; 32]) -> String {
    hex::encode(id).chars().take(DIGITS).collect()
}

/// Name and size, for people.
pub fn words(entry: &Entry) -> Option<String> {
    let reference = reference(entry)?;
    let name = clean(&files::tame(reference.name.as_str()));
    Some(format!("{name} ({})", size(reference.length)))
}

/// Bytes as people read them.
pub fn size(bytes: u64) -> String {
    let tenths = |unit: u64| {
        let tenths = bytes.saturating_mul(10) / unit;
        (tenths / 10, tenths % 10)
    };
    match bytes {
        0..=1_023 => format!("{bytes} B"),
        1_024..=1_048_575 => {
            let (whole, tenths) = tenths(1 << 10);
            format!("{whole}.{tenths} KiB")
        }
        _ => {
            let (whole, tenths) = tenths(1 << 20);
            format!("{whole}.{tenths} MiB")
        }
    }
}

/// The file of a message, for programs.
pub fn object(entry: &Entry) -> Option<Value> {
    let reference = reference(entry)?;
    Some(json!({
        "id": hex::encode(reference.content),
        "name": files::tame(reference.name.as_str()),
        "mediaType": reference.media_type.as_str(),
        "size": reference.length,
    }))
}

/// How far a file is, in a word.
pub fn stage(file: &File, entry: &Entry, own: &Account) -> &'static str {
    // Pieces are due from when somebody's devices are known, the message from before.
    let status = &entry.status;
    let waits = status.accepted.is_none() && status.delivered.is_empty() && !status.read;
    let leaves = waits || !file.uploads.is_empty();
    match file.stage {
        FileStage::Here if file.author == *own && leaves => "sending",
        FileStage::Here if !file.accepted => "offered",
        FileStage::Here => "here",
        FileStage::Broken => "broken",
        FileStage::Gone => "gone",
        FileStage::Lacking if file.accepted => "arriving",
        FileStage::Lacking => "offered",
    }
}

/// A file of the list, for programs.
pub fn row(file: &File, entry: &Entry, own: &Account) -> Value {
    let mut row = object(entry).unwrap_or_default();
    row["message"] = hex::encode(entry.id).into();
    row["number"] = entry.number.into();
    row["account"] = address(&entry.conversation).into();
    row["author"] = address(&file.author).into();
    row["own"] = (file.author == *own).into();
    row["stage"] = stage(file, entry, own).into();
    row["held"] = file.held.into();
    row["pieces"] = file.pieces.into();
    row["saved"] = file.saved.into();
    row
}

/// So much of it, in per cent.
pub fn percent(done: u32, of: u32) -> u32 {
    done.saturating_mul(100).checked_div(of).unwrap_or(100)
}

/// What happened to a file, for programs.
pub fn news(news: FileNews) -> (&'static str, Option<(u32, u32)>) {
    match news {
        FileNews::Offered => ("offered", None),
        FileNews::Arriving { held, of } => ("arriving", Some((held, of))),
        FileNews::Here => ("here", None),
        FileNews::Broken => ("broken", None),
        FileNews::Gone => ("gone", None),
        FileNews::Sending { sent, of } => ("sending", Some((sent, of))),
        FileNews::Sent => ("sent", None),
        // Of a newer engine.
        _ => ("other", None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short() {
        for (bytes, text) in [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_536, "1.5 KiB"),
            (3 << 20, "3.0 MiB"),
            (u64::MAX, "1759218604441.5 MiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
        assert_eq!(
            (percent(1, 3), percent(3, 3), percent(0, 0)),
            (33, 100, 100)
        );
    }
}
