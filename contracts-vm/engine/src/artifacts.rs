//! Compiled code on disk.
//!
//! Machine code that is read from a file and executed is as powerful as the node itself. So a file is believed only
//! under a message authentication code by a key that this node drew for itself and that lies beside the files, readable
//! by its user alone. A file from another node, of another engine, of other rules, with another name, half written or
//! with one bit turned is as good as none: it is removed, and the contract is compiled again.
//!
//! # Rules
//!
//! - C1. A file is written under another name, flushed, and renamed: it is there whole or not at all.
//! - C2. What a file is for ([`Key`]) is in its name and under the code, so that files cannot change places.
//! - C3. Nothing that happens to a file is an error of the caller's: reading gives the bytes or nothing, and writing
//!   says whether it worked, for the log.
//! - C4. The folder has a size, beyond which those files go that were used longest ago.
//!
//! Not defended against: whoever can read the key. They run as the node's user, and need no cache.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::SystemTime,
};

/// The first bytes of a file. Another layout gets another number.
const MAGIC: &[u8; 8] = b"PVMART\x00\x01";
/// Bytes of the magic and of the code.
const HEAD: usize = MAGIC.len() + 32;
/// The largest artifact that is read or written.
const MAX_ARTIFACT: u64 = 64 << 20;
/// What the key is called.
const SECRET: &str = "secret";
/// How the files end.
const ENDING: &str = ".artifact";
/// How files end that are being written.
const UNFINISHED: &str = ".unfinished";

/// What an artifact is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    /// The hash of the contract's code as it was uploaded.
    pub code: [u8; 32],
    /// The version of the rules it was prepared by.
    pub rules: u16,
    /// The engine: [`Engine::build`](crate::Engine::build).
    pub build: [u8; 32],
}

impl Key {
    fn digest(&self) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_derive_key("parlance contract artifact name 1");
        hasher
            .update(&self.code)
            .update(&self.rules.to_le_bytes())
            .update(&self.build);
        hasher.finalize()
    }

    fn file(&self) -> String {
        format!("{}{ENDING}", self.digest().to_hex())
    }
}

/// Bytes that this node has written itself. [`Artifacts::get`] alone makes one.
pub struct Authentic(Vec<u8>);

impl Authentic {
    /// The artifact.
    pub fn bytes(&self) -> &[u8] {
        self.0.get(HEAD..).unwrap_or_default()
    }
}

/// A folder of artifacts.
pub struct Artifacts {
    folder: PathBuf,
    secret: [u8; 32],
    /// The most bytes that all files may have together.
    capacity: u64,
    /// For names of files that are being written.
    counter: AtomicU64,
    /// What they have. Held while files are removed, too.
    used: Mutex<u64>,
    /// Files that were there and were not believed.
    refused: AtomicU64,
}

impl Artifacts {
    /// Opens a folder, and makes it if it is not there. No other process may use it.
    ///
    /// # Errors
    /// If the folder or the key cannot be read or written.
    pub fn open(folder: &Path, capacity: u64) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        private(folder, 0o700)?;
        let secret = secret(folder)?;
        let mut used = 0;
        for entry in fs::read_dir(folder)?.flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.ends_with(UNFINISHED) {
                // From a crash.
                drop(fs::remove_file(entry.path()));
            } else if name.ends_with(ENDING) {
                used += entry.metadata().map_or(0, |metadata| metadata.len());
            }
        }
        let (folder, counter) = (folder.to_path_buf(), AtomicU64::new(0));
        let artifacts = Artifacts {
            folder,
            secret,
            capacity,
            counter,
            used: Mutex::new(used),
            refused: AtomicU64::new(0),
        };
        artifacts.make_room(0);
        Ok(artifacts)
    }

    /// The code over what a file says.
    fn authenticate(&self, key: &Key, artifact: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.secret);
        hasher
            .update(MAGIC)
            .update(key.digest().as_bytes())
            .update(artifact);
        hasher.finalize()
    }

    /// An artifact. `None` if there is none that can be believed.
    pub fn get(&self, key: &Key) -> Option<Authentic> {
        let path = self.folder.join(key.file());
        let file = File::open(&path).ok()?;
        let mut bytes = Vec::new();
        let read = (&file)
            .take(MAX_ARTIFACT + HEAD as u64)
            .read_to_end(&mut bytes);
        if read.is_err() || !self.is_authentic(key, &bytes) {
            self.refused.fetch_add(1, Ordering::Relaxed);
            self.remove(&path);
            return None;
        }
        // For C4. If it does not work, the file only looks older than it is.
        drop(file.set_modified(SystemTime::now()));
        Some(Authentic(bytes))
    }

    /// How many files were there and were not believed, since the start.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Bytes of all files together.
    pub fn bytes(&self) -> u64 {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_authentic(&self, key: &Key, bytes: &[u8]) -> bool {
        let Some((head, artifact)) = bytes.split_at_checked(HEAD) else {
            return false;
        };
        let (magic, code) = head.split_at(MAGIC.len());
        let Ok(code) = <[u8; 32]>::try_from(code) else {
            return false;
        };
        // Hashes compare in constant time.
        magic == MAGIC && self.authenticate(key, artifact) == blake3::Hash::from_bytes(code)
    }

    /// Keeps an artifact.
    ///
    /// # Errors
    /// If it cannot be written. Nothing is lost but time.
    pub fn put(&self, key: &Key, artifact: &[u8]) -> io::Result<()> {
        if artifact.len() as u64 > MAX_ARTIFACT {
            return Err(io::Error::other("the artifact is too large to be kept"));
        }
        let len = (artifact.len() + HEAD) as u64;
        self.make_room(len);
        let path = self.folder.join(key.file());
        let number = self.counter.fetch_add(1, Ordering::Relaxed);
        let unfinished = self.folder.join(format!("{number}{UNFINISHED}"));
        let written = self.write(&unfinished, key, artifact).and_then(|()| {
            let before = fs::metadata(&path).map_or(0, |metadata| metadata.len());
            fs::rename(&unfinished, &path)?;
            Ok(before)
        });
        match written {
            Ok(before) => {
                let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
                *used = used.saturating_add(len).saturating_sub(before);
                Ok(())
            }
            Err(error) => {
                drop(fs::remove_file(&unfinished));
                Err(error)
            }
        }
    }

    fn write(&self, path: &Path, key: &Key, artifact: &[u8]) -> io::Result<()> {
        let mut file = create(path)?;
        file.write_all(MAGIC)?;
        file.write_all(self.authenticate(key, artifact).as_bytes())?;
        file.write_all(artifact)?;
        file.sync_all()
    }

    fn remove(&self, path: &Path) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let len = fs::metadata(path).map_or(0, |metadata| metadata.len());
        if fs::remove_file(path).is_ok() {
            *used = used.saturating_sub(len);
        }
    }

    /// Removes what was used longest ago, until so many bytes more fit.
    fn make_room(&self, more: u64) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.saturating_add(more) <= self.capacity {
            return;
        }
        let Ok(entries) = fs::read_dir(&self.folder) else {
            return;
        };
        let mut files: Vec<(SystemTime, u64, PathBuf)> = entries
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().ends_with(ENDING))
            .filter_map(|entry| {
                let metadata = entry.metadata().ok()?;
                Some((metadata.modified().ok()?, metadata.len(), entry.path()))
            })
            .collect();
        files.sort();
        *used = files.iter().map(|file| file.1).sum();
        for (_, len, path) in files {
            if used.saturating_add(more) <= self.capacity {
                break;
            }
            if fs::remove_file(path).is_ok() {
                *used = used.saturating_sub(len);
            }
        }
    }
}

/// This node's key; a new one if there is none, under which no old file can be believed.
fn secret(folder: &Path) -> io::Result<[u8; 32]> {
    let path = folder.join(SECRET);
    if let Ok(bytes) = fs::read(&path)
        && let Ok(secret) = <[u8; 32]>::try_from(bytes)
    {
        private(&path, 0o600)?;
        return Ok(secret);
    }
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| io::Error::other(error.to_string()))?;
    let unfinished = folder.join(format!("{SECRET}{UNFINISHED}"));
    drop(fs::remove_file(&unfinished));
    let mut file = create(&unfinished)?;
    file.write_all(&secret)?;
    file.sync_all()?;
    fs::rename(&unfinished, &path)?;
    Ok(secret)
}

/// A new file that only its owner can read.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(unix)]
fn private(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn private(_path: &Path, _mode: u32) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests;
