//! `bitup add`: programs of others, each in a folder of its own below `packages`, and the lock `bitup.lock`, which holds the hash
//! of each. A program is not read with a package that was changed: whoever reviewed a package reviewed what is built.

use crate::{
    error::ToolError,
    files::{self, FileError},
    source::found,
};
use bitup_compiler::{Source, metadata::blake2_256, package};
use serde_json::{Map, Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::ExitCode,
};

mod archive;

/// The lock's file in the program's folder.
const LOCK: &str = "bitup.lock";

/// What is wrong with a package.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// The lock is no lock.
    #[error(
        "{LOCK} is not readable; take it back from your version control, or remove it and add the packages again"
    )]
    Lock,
    /// It is not in the lock.
    #[error("the package `{0}` is not in {LOCK}; add it with `bitup add`, or remove its folder")]
    Unlocked(String),
    /// It was changed.
    #[error(
        "the package `{0}` is not what {LOCK} says; add it again with `bitup add --replace`, or copy what you changed into your own files"
    )]
    Changed(String),
    /// It is missing.
    #[error(
        "the package `{0}` is in {LOCK}, its folder is not there; add it again with `bitup add --replace`"
    )]
    Missing(String),
    /// It is there.
    #[error(
        "there is a package `{0}` already; `--replace` replaces it, `--name` gives this one another name"
    )]
    There(String),
    /// A name that is none.
    #[error(
        "`{0}` is no name for a package; write lower case letters, digits and `-` with `--name`"
    )]
    Name(String),
    /// Another hash than the one that was given.
    #[error(
        "the package has the hash {is}, not {wanted}; do not use it, and ask who gave you the hash"
    )]
    Hash {
        /// The hash of what is there.
        is: String,
        /// The hash that was given.
        wanted: String,
    },
    /// It needs another one.
    #[error("the package needs the package `{0}`; add that one first")]
    Needs(String),
    /// An archive that is none or dangerous.
    #[error("the archive cannot be used: {0}; make it with `tar -czf name.tar.gz folder`")]
    Archive(String),
}

/// Files of a package by their paths in it.
type Files = BTreeMap<String, Vec<u8>>;

/// A package in the lock.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Locked {
    hash: String,
    from: String,
}

/// The hash of a package: of each file's path and bytes, in the order of the paths.
fn hash_of(files: &Files) -> String {
    let mut all = Vec::new();
    for (path, bytes) in files {
        for part in [path.as_bytes(), bytes] {
            all.extend((part.len() as u64).to_le_bytes());
            all.extend_from_slice(part);
        }
    }
    bitup_abi::value::digits(&blake2_256(&all), "0x")
}

fn read_lock() -> Result<BTreeMap<String, Locked>, ToolError> {
    let path = Path::new(LOCK);
    if !path.exists() {
        return Ok(BTreeMap::new());
    }
    let text = files::read(path)?.text;
    let whole: Value = serde_json::from_slice(&text).map_err(|_| PackageError::Lock)?;
    let list = whole.get("packages").and_then(Value::as_object);
    let mut found = BTreeMap::new();
    for (name, one) in list.ok_or(PackageError::Lock)? {
        let part = |part: &str| one.get(part).and_then(Value::as_str).map(str::to_owned);
        let (Some(hash), Some(from)) = (part("hash"), part("from")) else {
            return Err(PackageError::Lock.into());
        };
        found.insert(name.clone(), Locked { hash, from });
    }
    Ok(found)
}

fn write_lock(lock: &BTreeMap<String, Locked>) -> Result<(), ToolError> {
    let one = |(name, locked): (&String, &Locked)| {
        (
            name.clone(),
            json!({ "hash": locked.hash, "from": locked.from }),
        )
    };
    let packages: Map<String, Value> = lock.iter().map(one).collect();
    let text = format!("{:#}\n", json!({ "packages": packages }));
    Ok(files::write(LOCK, text.as_bytes())?)
}

/// The `.bit` files of a folder.
fn of_folder(folder: &Path) -> Result<Files, FileError> {
    let mut paths = Vec::new();
    files::collect(folder, false, &mut paths)?;
    let mut found = Files::new();
    let folder = folder.strip_prefix("./").unwrap_or(folder);
    for path in paths {
        let name = path.strip_prefix(folder).unwrap_or(&path);
        let name = name.to_string_lossy().replace('\\', "/");
        found.insert(name, files::read(&path)?.text);
    }
    // What a package has of others is its own program's, not the package's.
    found.retain(|name, _| !name.starts_with(package::FOLDER));
    Ok(found)
}

fn is_name(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.is_empty() && name.len() <= 64 && name.bytes().all(letter)
}

/// The name that a folder or archive gives its package.
fn name_of(source: &Path) -> String {
    let whole = source.canonicalize().unwrap_or_else(|_| source.to_owned());
    let name = whole.file_name().unwrap_or_default().to_string_lossy();
    let mut name = name.to_lowercase().replace('_', "-");
    for ending in [".tar.gz", ".tgz", ".tar"] {
        name = name.trim_end_matches(ending).to_owned();
    }
    name
}

/// Takes a package in.
pub fn add(
    source: &Path,
    name: Option<&str>,
    hash: Option<&str>,
    replace: bool,
    json: bool,
) -> Result<ExitCode, ToolError> {
    if let Err(cause) = std::fs::metadata(source) {
        let path = source.to_owned();
        return Err(FileError::Read { path, cause }.into());
    }
    let name = name.map_or_else(|| name_of(source), str::to_owned);
    if !is_name(&name) {
        return Err(PackageError::Name(name).into());
    }
    let files = if source.is_dir() {
        of_folder(source)?
    } else {
        archive::read(source)?
    };
    if files.is_empty() {
        return Err(FileError::Nothing.into());
    }
    let is = hash_of(&files);
    if let Some(wanted) = hash.filter(|wanted| *wanted != is) {
        let wanted = wanted.to_owned();
        return Err(PackageError::Hash { is, wanted }.into());
    }
    let mut lock = read_lock()?;
    let folder = PathBuf::from(package::FOLDER).join(&name);
    if (lock.contains_key(&name) || folder.exists()) && !replace {
        return Err(PackageError::There(name).into());
    }
    for (path, text) in &files {
        if let Some(needed) = needed(path, text).find(|other| !lock.contains_key(other)) {
            return Err(PackageError::Needs(needed).into());
        }
    }
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(|cause| FileError::Write {
            path: folder.clone(),
            cause,
        })?;
    }
    for (path, bytes) in &files {
        let path = folder.join(path);
        files::folder(path.parent().unwrap_or(&folder))?;
        files::write(&path.to_string_lossy(), bytes)?;
    }
    let from = source.to_string_lossy().into_owned();
    lock.insert(
        name.clone(),
        Locked {
            hash: is.clone(),
            from,
        },
    );
    write_lock(&lock)?;
    if json {
        let paths: Vec<&String> = files.keys().collect();
        println!("{}", json!({ "name": name, "hash": is, "files": paths }));
    } else {
        println!("{name}: {} files, {is}", files.len());
        let first = files.keys().next().map_or("", String::as_str);
        println!(
            "import with: import {{ Name }} from \"{}{name}/{first}\";",
            package::FOLDER
        );
    }
    Ok(ExitCode::SUCCESS)
}

/// The packages that a file of a package imports.
fn needed(path: &str, text: &[u8]) -> impl Iterator<Item = String> {
    let imports = bitup_compiler::ast::lower(&bitup_compiler::parse(text).tree).imports;
    let own = format!("{}itself/{path}", package::FOLDER);
    imports.into_iter().filter_map(move |import| {
        let path = package::imported(&own, &import.path);
        package::name(&path)
            .filter(|name| *name != "itself")
            .map(str::to_owned)
    })
}

/// Whether a package is what the lock says.
fn is_locked(name: &str, lock: &BTreeMap<String, Locked>) -> Result<(), ToolError> {
    let locked = lock
        .get(name)
        .ok_or_else(|| PackageError::Unlocked(name.to_owned()))?;
    let folder = PathBuf::from(package::FOLDER).join(name);
    if !folder.is_dir() {
        return Err(PackageError::Missing(name.to_owned()).into());
    }
    if hash_of(&of_folder(&folder)?) != locked.hash {
        return Err(PackageError::Changed(name.to_owned()).into());
    }
    Ok(())
}

/// Whether the packages that a program uses are what the lock says.
pub fn are_locked(sources: &[Source]) -> Result<(), ToolError> {
    let used: BTreeSet<&str> = sources
        .iter()
        .filter_map(|source| package::name(&source.path))
        .collect();
    if used.is_empty() {
        return Ok(());
    }
    let lock = read_lock()?;
    used.into_iter().try_for_each(|name| is_locked(name, &lock))
}

/// Says of all packages whether they are what the lock says.
pub fn check_all(json: bool) -> Result<ExitCode, ToolError> {
    let lock = read_lock()?;
    let mut list = Vec::new();
    let mut wrong = false;
    for (name, locked) in &lock {
        let said = match is_locked(name, &lock) {
            Ok(()) => None,
            Err(ToolError::Package(error)) => Some(error.to_string()),
            Err(other) => return Err(other),
        };
        wrong |= said.is_some();
        if !json {
            match &said {
                None => println!("{name}: {}", locked.hash),
                Some(said) => println!("{name}: {said}"),
            }
        }
        list.push(json!({ "name": name, "hash": locked.hash, "from": locked.from, "wrong": said }));
    }
    if json {
        println!("{}", json!({ "packages": list }));
    } else if list.is_empty() {
        println!("no packages");
    }
    Ok(found(wrong))
}
