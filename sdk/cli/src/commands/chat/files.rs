//! Files in a conversation on the screen.

use std::path::PathBuf;

use parlance_client::{
    bimp::Account,
    chat::files as disk,
    messenger::{ContentId, FileCommand, FileNews},
};

use super::Room;
use crate::{
    failure::Failure,
    talk::{
        files::{Saved, percent, short, words},
        show::clean,
    },
};

impl Room<'_> {
    /// Sends a file.
    pub(super) fn send_file(&mut self, path: &str) -> Result<(), Failure> {
        let home = path.strip_prefix("~/").zip(std::env::var_os("HOME"));
        let path = match home {
            Some((rest, home)) => PathBuf::from(home).join(rest),
            None => PathBuf::from(path),
        };
        let command = disk::read(&path, self.with)?;
        self.talk.file(command).map(drop)
    }

    /// Takes the file of a message, or saves it once more.
    pub(super) fn take_file(&mut self, number: u64) -> Result<(), Failure> {
        let (conversation, id) = (self.with, self.id(number)?);
        self.talk.file(FileCommand::Accept { conversation, id })?;
        // One that is here already.
        self.save_files()
    }

    /// Files that are here are saved, and where is said.
    pub(super) fn save_files(&mut self) -> Result<(), Failure> {
        let saved = self.files.save(&mut self.talk)?;
        self.show_saved(saved)
    }

    pub(super) fn show_saved(&mut self, saved: Vec<Saved>) -> Result<(), Failure> {
        for saved in saved {
            let line = match saved.place {
                Ok(place) => format!("! {} is saved: {}", saved.name, place.display()),
                Err(error) if error.is_last() => return Err(error),
                Err(error) => format!("! {} is not saved: {error}", saved.name),
            };
            self.screen.line(&clean(&line))?;
        }
        Ok(())
    }

    pub(super) fn hear_of_file(
        &mut self,
        (conversation, id): (Account, ContentId),
        news: FileNews,
    ) -> Result<(), Failure> {
        let Some(entry) = self.talk.entry(&conversation, &id)? else {
            return Ok(());
        };
        let name = words(&entry).unwrap_or_default();
        let here = conversation == self.with;
        self.moving = match news {
            FileNews::Arriving { held, of } => Some(format!("{name} {} %", percent(held, of))),
            FileNews::Sending { sent, of } => Some(format!("{name} {} % sent", percent(sent, of))),
            _ => None,
        };
        let line = match news {
            FileNews::Here => return self.save_files(),
            FileNews::Offered if here => format!(
                "! {name} is not taken by itself: '/get {}' takes it",
                entry.number
            ),
            FileNews::Offered => {
                let file = self.talk.chat().file_of(&conversation, &id);
                let id = file.map(|file| short(&file.file)).unwrap_or_default();
                let with = self.talk.names().of(&conversation);
                format!("! {with} offers {name}: 'bimp file get {id}'")
            }
            FileNews::Broken => format!(
                "! {name} came broken: what came is not what was promised; ask for it again"
            ),
            FileNews::Gone => {
                format!("! {name} is kept nowhere any more: ask for it to be sent again")
            }
            FileNews::Sent if here => format!("! {name}: relays have it"),
            _ => return Ok(()),
        };
        self.screen.line(&clean(&line))
    }
}
