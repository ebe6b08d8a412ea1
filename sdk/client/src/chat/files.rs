//! Files between the messenger and the file system.
//!
//! - A name comes from somebody else. [`tame`] takes what could name another place, hide the file, or fool who reads it.
//! - A file is written beside its place, made durable, and put there under a name that nobody has: nothing is written over, and under its
//!   final name it is whole or not there. What a process that was killed leaves is overwritten by the next one that saves that file.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, ErrorKind, Read, Write},
    path::{Path, PathBuf},
};

use parlance_messenger::{FileCommand, limits::MAX_FILE};

/// Longest name, bytes: with a number before its ending it fits every usual file system.
const LONGEST: usize = 200;
/// Names that are tried for one file.
const TRIES: u32 = 10_000;

/// Why a file was not read or saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// No file.
    #[error("{} is no file: name one, a folder has to be packed first", path.display())]
    NotAFile {
        /// What was named.
        path: PathBuf,
    },
    /// More than goes by relays.
    #[error(
        "{} has {length} bytes, and relays carry {limit} at most: cut it into parts, or make it smaller",
        path.display()
    )]
    TooLarge {
        /// Which.
        path: PathBuf,
        /// Its bytes.
        length: u64,
        /// Bytes at most.
        limit: u64,
    },
    /// The file system.
    #[error("{}: {cause}", path.display())]
    Io {
        /// Where.
        path: PathBuf,
        /// What happened.
        cause: io::Error,
    },
    /// Every name is taken.
    #[error("{} has too many files of this name: save it into another folder", folder.display())]
    NoName {
        /// Where.
        folder: PathBuf,
    },
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> FileError {
    let path = path.to_owned();
    |cause| FileError::Io { path, cause }
}

/// Whether a file can be sent.
///
/// # Errors
///
/// [`FileError::NotAFile`], [`FileError::TooLarge`], [`FileError::Io`].
pub fn check(path: &Path) -> Result<(), FileError> {
    let about = fs::metadata(path).map_err(failed(path))?;
    if !about.is_file() {
        let path = path.to_owned();
        return Err(FileError::NotAFile { path });
    }
    match about.len() > MAX_FILE {
        true => Err(too_large(path, about.len())),
        false => Ok(()),
    }
}

fn too_large(path: &Path, length: u64) -> FileError {
    FileError::TooLarge {
        path: path.to_owned(),
        length,
        limit: MAX_FILE,
    }
}

/// Reads a file that is to be sent into a conversation.
///
/// # Errors
///
/// Those of [`check`].
pub fn read(path: &Path, conversation: parlance_bimp::Account) -> Result<FileCommand, FileError> {
    check(path)?;
    let file = File::open(path).map_err(failed(path))?;
    let mut bytes = Vec::new();
    // It may grow while it is read.
    let mut file = file.take(MAX_FILE.saturating_add(1));
    file.read_to_end(&mut bytes).map_err(failed(path))?;
    let length = bytes.len() as u64;
    if length > MAX_FILE {
        return Err(too_large(path, length));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = tame(&name);
    let media_type = media_type(&name).to_owned();
    Ok(FileCommand::Send {
        conversation,
        name,
        media_type,
        bytes,
    })
}

/// Saves the bytes of a file in a folder, which is made if it is not there, under its name or the next free one. Where it
/// is then. `mark` tells files apart that are saved at the same time, such as the beginning of their identifiers.
///
/// # Errors
///
/// [`FileError::Io`], [`FileError::NoName`].
pub fn save(folder: &Path, name: &str, mark: &str, bytes: &[u8]) -> Result<PathBuf, FileError> {
    fs::create_dir_all(folder).map_err(failed(folder))?;
    let beside = folder.join(format!(".{}.part", tame(mark)));
    write(&beside, bytes).map_err(failed(&beside))?;
    let name = tame(name);
    let saved = place(&beside, folder, &name);
    // Where it was not put in its place the part is of no use.
    let _gone = fs::remove_file(&beside);
    let path = saved?;
    // The name is durable as well.
    let entry = File::open(folder).and_then(|folder| folder.sync_all());
    entry.map_err(failed(folder))?;
    Ok(path)
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // Not through a link that somebody has put there.
    match fs::remove_file(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Puts a whole file under the first name that is free.
fn place(beside: &Path, folder: &Path, name: &str) -> Result<PathBuf, FileError> {
    for number in 1..=TRIES {
        let path = folder.join(numbered(name, number));
        match fs::hard_link(beside, &path) {
            Ok(()) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            // A file system without links.
            Err(_) if path.symlink_metadata().is_ok() => {}
            Err(_) => {
                fs::rename(beside, &path).map_err(failed(&path))?;
                return Ok(path);
            }
        }
    }
    let folder = folder.to_owned();
    Err(FileError::NoName { folder })
}

/// `name.ext`, `name (2).ext`, `name (3).ext`.
fn numbered(name: &str, number: u32) -> String {
    if number < 2 {
        return name.to_owned();
    }
    match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() => format!("{stem} ({number}).{ending}"),
        _ => format!("{name} ({number})"),
    }
}

/// A name that names a file in a folder and nothing else.
pub fn tame(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let fools = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    // What some file systems do not take.
    let taken = |letter: char| match letter {
        '<' | '>' | ':' | '"' | '|' | '?' | '*' => '_',
        letter => letter,
    };
    let plain: String = last
        .chars()
        .filter(|letter| !fools(*letter))
        .map(taken)
        .collect();
    let plain = plain.trim_start_matches(['.', ' ', '-']);
    let plain = plain.trim_end_matches(['.', ' ']);
    match plain.is_empty() {
        true => "file".into(),
        false => shortened(plain),
    }
}

/// The ending stays.
fn shortened(name: &str) -> String {
    if name.len() <= LONGEST {
        return name.to_owned();
    }
    let ending = match name.rsplit_once('.') {
        Some((_, ending)) if ending.len() <= 16 => format!(".{ending}"),
        _ => String::new(),
    };
    let mut end = LONGEST.saturating_sub(ending.len());
    while !name.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    format!("{}{ending}", name.get(..end).unwrap_or_default())
}

/// The media type of a name's ending.
fn media_type(name: &str) -> &'static str {
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    match ending.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "svg" => "image/svg+xml",
        "mp3" => "audio/mpeg",
        "ogg" | "opus" => "audio/ogg",
        "flac" => "audio/flac",
        "wav" => "audio/wav",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "mkv" => "video/matroska",
        "pdf" => "application/pdf",
        "zip" => "application/zip",
        "gz" => "application/gzip",
        "json" => "application/json",
        "txt" | "md" | "log" => "text/plain",
        "csv" => "text/csv",
        "html" | "htm" => "text/html",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlance_bimp::Account;

    #[test]
    fn a_name_of_somebody_else_names_no_other_place() {
        for (name, tamed) in [
            ("photo.jpg", "photo.jpg"),
            ("grün 👍.png", "grün 👍.png"),
            ("../../etc/passwd", "passwd"),
            ("/etc/passwd", "passwd"),
            ("C:\\windows\\system.ini", "system.ini"),
            ("..", "file"),
            ("", "file"),
            ("a/", "file"),
            (".bashrc", "bashrc"),
            ("-rf", "rf"),
            ("one\ntwo\r\x1b[2J\0", "onetwo[2J"),
            ("gpj.\u{202e}exe", "gpj.exe"),
            ("a:b?.txt", "a_b_.txt"),
            ("name. . ", "name"),
        ] {
            assert_eq!(tame(name), tamed, "{name:?}");
            assert_eq!(tame(tamed), tamed);
        }
    }

    #[test]
    fn a_long_name_keeps_its_ending_and_its_letters_whole() {
        let long = format!("{}.tar", "ü".repeat(300));
        let short = tame(&long);
        assert!(
            short.len() <= LONGEST && short.ends_with("ü.tar"),
            "{short}"
        );
        assert!(tame(&"a".repeat(1_000)).len() <= LONGEST);
        assert!(tame(&format!("a.{}", "b".repeat(1_000))).len() <= LONGEST);
    }

    #[test]
    fn nothing_is_written_over_and_nothing_is_left_beside() {
        let folder = tempfile::tempdir().unwrap();
        let into = folder.path().join("new/folder");
        let save = |name: &str, bytes: &[u8]| save(&into, name, "abcd", bytes).unwrap();
        for (name, place, bytes) in [
            ("a.txt", "a.txt", "one"),
            ("a.txt", "a (2).txt", "two"),
            ("../a.txt", "a (3).txt", "three"),
            ("b", "b", "four"),
            ("b", "b (2)", "five"),
        ] {
            assert_eq!(save(name, bytes.as_bytes()), into.join(place));
            assert_eq!(fs::read(into.join(place)).unwrap(), bytes.as_bytes());
        }
        assert_eq!(fs::read(into.join("a.txt")).unwrap(), b"one");
        assert_eq!(fs::read_dir(&into).unwrap().count(), 5);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_way_is_not_followed_and_what_a_killed_process_left_is_no_hindrance() {
        let folder = tempfile::tempdir().unwrap();
        let precious = folder.path().join("precious");
        fs::write(&precious, "gold").unwrap();
        let into = folder.path().join("into");
        fs::create_dir(&into).unwrap();
        std::os::unix::fs::symlink(&precious, into.join("a.txt")).unwrap();
        std::os::unix::fs::symlink(&precious, into.join(".abcd.part")).unwrap();
        let saved = save(&into, "a.txt", "abcd", b"new").unwrap();
        assert_eq!(saved, into.join("a (2).txt"));
        assert_eq!(fs::read(&precious).unwrap(), b"gold");
        fs::write(into.join(".ef.part"), "half of it").unwrap();
        let saved = save(&into, "c.txt", "ef", b"whole").unwrap();
        assert_eq!(fs::read(saved).unwrap(), b"whole");
        assert!(!into.join(".ef.part").exists());
    }

    #[test]
    fn what_is_sent_is_a_file_and_not_too_large() {
        let folder = tempfile::tempdir().unwrap();
        let with = Account([1; 32]);
        let refused = read(folder.path(), with).unwrap_err();
        assert!(matches!(refused, FileError::NotAFile { .. }));
        let path = folder.path().join("nothing.png");
        let refused = read(&path, with).unwrap_err();
        assert!(matches!(refused, FileError::Io { .. }));
        fs::write(&path, "picture").unwrap();
        let expected = FileCommand::Send {
            conversation: with,
            name: "nothing.png".into(),
            media_type: "image/png".into(),
            bytes: b"picture".to_vec(),
        };
        assert_eq!(read(&path, with).unwrap(), expected);
        let file = File::create(&path).unwrap();
        file.set_len(MAX_FILE + 1).unwrap();
        let refused = read(&path, with).unwrap_err();
        assert!(matches!(refused, FileError::TooLarge { .. }));
    }
}
