//! Journals as files in a folder.
//!
//! | part | bytes |
//! | --- | --- |
//! | head | `"parlance/claims/1\n"` |
//! | each record | its length (4, little-endian), the first 8 of BLAKE2b-256 of it, its SCALE encoding |
//!
//! A file ends with the last record that is whole: what a killed process or a full disk left behind it is cut
//! off before anything is appended. One that is written anew is written beside, brought to the disk, and takes the
//! name of the one before.

use std::{
    collections::BTreeMap,
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use codec::{DecodeAll, Encode};
use parlance_primitives::relay::Period;
use sp_crypto_hashing::blake2_256;

use crate::{Record, Store};

const HEAD: &[u8] = b"parlance/claims/1\n";
const EXTENSION: &str = "claims";
/// Of a file that is being written anew.
const UNFINISHED: &str = "unfinished";
const CHECK: usize = 8;
/// Longest record: a seal that leaves everybody out.
const MOST_BYTES: usize = 8 << 20;

/// Why a journal cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The file system refuses.
    #[error("{}: {error}; see that the folder can be written and the disk has room", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The file is of another program or version.
    #[error("{} is no journal of claims of this version: move it away", .0.display())]
    Foreign(PathBuf),
    /// A record is longer than any that is made.
    #[error("a record of {0} bytes is longer than any")]
    TooLong(usize),
}

/// Journals in a folder of their own.
#[derive(Debug)]
pub struct Files {
    folder: PathBuf,
    /// Journals that end with a record that is whole, to append to.
    open: BTreeMap<Period, File>,
}

impl Files {
    /// The journals in `folder`, which is made if it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, FilesError> {
        let folder = folder.into();
        std::fs::create_dir_all(&folder).map_err(at(&folder))?;
        Ok(Self {
            folder,
            open: BTreeMap::new(),
        })
    }

    fn path(&self, period: Period) -> PathBuf {
        self.folder.join(format!("{period}.{EXTENSION}"))
    }

    fn sync_folder(&self) -> Result<(), FilesError> {
        let folder = File::open(&self.folder).map_err(at(&self.folder))?;
        folder.sync_all().map_err(at(&self.folder))
    }

    /// The journal, ready to append to.
    fn journal(&mut self, period: Period) -> Result<&mut File, FilesError> {
        let path = self.path(period);
        if !self.open.contains_key(&period) {
            let journal = journal(&path)?;
            self.sync_folder()?;
            self.open.insert(period, journal);
        }
        self.open.get_mut(&period).ok_or(FilesError::Foreign(path))
    }
}

fn at(path: &Path) -> impl Fn(io::Error) -> FilesError + use<> {
    let path = path.to_owned();
    move |error| FilesError::Io {
        path: path.clone(),
        error,
    }
}

/// Opens a journal, made if it is not there, behind its last whole record.
fn journal(path: &Path) -> Result<File, FilesError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let mut file = options.open(path).map_err(at(path))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(at(path))?;
    // New, or killed while it was made.
    let is_new = HEAD.starts_with(&bytes);
    let length = if is_new {
        0
    } else {
        let (_, length) = parse(&bytes).ok_or_else(|| FilesError::Foreign(path.to_owned()))?;
        length
    };
    file.set_len(length).map_err(at(path))?;
    file.seek(SeekFrom::Start(length)).map_err(at(path))?;
    if is_new {
        file.write_all(HEAD).map_err(at(path))?;
    }
    Ok(file)
}

/// The records of a journal and the length of what is whole of it; none when it has another head.
fn parse(bytes: &[u8]) -> Option<(Vec<Record>, u64)> {
    let mut rest = bytes.strip_prefix(HEAD)?;
    let mut records = Vec::new();
    while let Some((record, after)) = record(rest) {
        records.push(record);
        rest = after;
    }
    let length = bytes.len().saturating_sub(rest.len());
    Some((records, length as u64))
}

fn record(bytes: &[u8]) -> Option<(Record, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (check, rest) = rest.split_first_chunk::<CHECK>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (payload, rest) = rest.split_at_checked(length)?;
    if blake2_256(payload)[..CHECK] != check[..] {
        return None;
    }
    let record = Record::decode_all(&mut &payload[..]).ok()?;
    Some((record, rest))
}

fn frames(records: &[Record]) -> Result<Vec<u8>, FilesError> {
    let mut bytes = Vec::new();
    for record in records {
        frame(record, &mut bytes)?;
    }
    Ok(bytes)
}

fn frame(record: &Record, out: &mut Vec<u8>) -> Result<(), FilesError> {
    let payload = record.encode();
    let length = payload.len();
    let short = u32::try_from(length).ok().filter(|_| length <= MOST_BYTES);
    let short = short.ok_or(FilesError::TooLong(length))?;
    out.extend(short.to_le_bytes());
    out.extend(&blake2_256(&payload)[..CHECK]);
    out.extend(payload);
    Ok(())
}

impl Store for Files {
    type Error = FilesError;

    fn periods(&self) -> Result<Vec<Period>, FilesError> {
        let mut periods = Vec::new();
        for entry in std::fs::read_dir(&self.folder).map_err(at(&self.folder))? {
            let path = entry.map_err(at(&self.folder))?.path();
            let is_journal = path.extension().is_some_and(|ending| ending == EXTENSION);
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            if is_journal && let Some(period) = stem.and_then(|stem| stem.parse().ok()) {
                periods.push(period);
            }
        }
        periods.sort_unstable();
        Ok(periods)
    }

    fn read(&self, period: Period) -> Result<Vec<Record>, FilesError> {
        let path = self.path(period);
        let bytes = std::fs::read(&path).map_err(at(&path))?;
        if HEAD.starts_with(&bytes) {
            return Ok(Vec::new());
        }
        let (records, _) = parse(&bytes).ok_or(FilesError::Foreign(path))?;
        Ok(records)
    }

    fn append(&mut self, period: Period, records: &[Record]) -> Result<(), FilesError> {
        let bytes = frames(records)?;
        let path = self.path(period);
        let written = self.journal(period)?.write_all(&bytes);
        written.map_err(|error| {
            // Opened again it is cut: what is there of these records must not stand before the next.
            self.open.remove(&period);
            at(&path)(error)
        })
    }

    fn rewrite(&mut self, period: Period, records: &[Record]) -> Result<(), FilesError> {
        let path = self.path(period);
        let beside = path.with_extension(UNFINISHED);
        let bytes = frames(records)?;
        let write = || -> io::Result<()> {
            let mut file = File::create(&beside)?;
            file.write_all(HEAD)?;
            file.write_all(&bytes)?;
            file.sync_all()
        };
        write().map_err(at(&beside))?;
        // What is open is the file of before.
        self.open.remove(&period);
        std::fs::rename(&beside, &path).map_err(at(&path))?;
        self.sync_folder()
    }

    fn sync(&mut self, period: Period) -> Result<(), FilesError> {
        let path = self.path(period);
        let journal = self.journal(period)?;
        journal.sync_all().map_err(at(&path))
    }

    fn remove(&mut self, period: Period) -> Result<(), FilesError> {
        self.open.remove(&period);
        let path = self.path(period);
        for path in [path.with_extension(UNFINISHED), path] {
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(at(&path)(error));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
