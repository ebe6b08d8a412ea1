//! Files of a program on the disk.

use crate::{error::ToolError, packages};
use bitup_compiler::{Source, ast, package, parse, standard};
use std::path::{Path, PathBuf};

/// Most files of one program.
const MOST_FILES: usize = 10_000;

/// A file that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("{path} cannot be read: {cause}; check the path and its permissions")]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// It cannot be written.
    #[error("{path} cannot be written: {cause}; check its permissions and the room on the disk")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// Nothing was found.
    #[error("there are no `.bit` files in the paths given; name a file or a folder that has some")]
    Nothing,
    /// A new program would be mixed with what is there.
    #[error("{path} is not empty; name a folder that does not exist yet")]
    Filled {
        /// The folder.
        path: PathBuf,
    },
    /// Nothing that others see.
    #[error("{path} declares nothing that others see; name the file of a contract")]
    Undocumented {
        /// The file.
        path: PathBuf,
    },
    /// The folders hold too much.
    #[error("the paths given hold more than {MOST_FILES} files; name the program's own folder")]
    TooMany,
}

/// The files named, and all `.bit` files of the folders named, sorted.
pub fn named(paths: &[PathBuf]) -> Result<Vec<Source>, FileError> {
    let mut found = Vec::new();
    for path in paths {
        collect(path, true, &mut found)?;
    }
    found.sort();
    found.dedup();
    if found.is_empty() {
        return Err(FileError::Nothing);
    }
    found.iter().map(|path| read(path)).collect()
}

/// The files named with all that they import.
pub fn program(paths: &[PathBuf]) -> Result<Vec<Source>, ToolError> {
    let mut sources = named(paths)?;
    for source in &mut sources {
        // Imports of files in packages need it as the compiler has it.
        source.path = source.path.replace('\\', "/");
    }
    let mut next = 0;
    while next < sources.len() {
        let imports = ast::lower(&parse(&sources[next].text).tree).imports;
        for import in imports {
            let path = package::imported(&sources[next].path, &import.path);
            let known = sources.iter().any(|source| source.path == path);
            // A path that leads nowhere is answered by the compiler, at its place.
            let inside = !path.contains("..") && !Path::new(&path).is_absolute();
            if !known && inside && standard::source(&path).is_none() && Path::new(&path).is_file() {
                sources.push(read(Path::new(&path))?);
            }
        }
        if sources.len() > MOST_FILES {
            return Err(FileError::TooMany.into());
        }
        next += 1;
    }
    packages::are_locked(&sources)?;
    Ok(sources)
}

pub(crate) fn collect(path: &Path, asked: bool, found: &mut Vec<PathBuf>) -> Result<(), FileError> {
    let cause = |cause| FileError::Read {
        path: path.to_owned(),
        cause,
    };
    let kind = std::fs::symlink_metadata(path).map_err(cause)?;
    if kind.is_dir() {
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(path).map_err(cause)? {
            inside.push(entry.map_err(cause)?.path());
        }
        for entry in inside {
            let hidden = entry
                .file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with('.'));
            if !hidden {
                collect(&entry, false, found)?;
            }
        }
    } else if asked || path.extension().is_some_and(|ending| ending == "bit") {
        found.push(path.strip_prefix("./").unwrap_or(path).to_owned());
    }
    if found.len() > MOST_FILES {
        Err(FileError::TooMany)
    } else {
        Ok(())
    }
}

pub(crate) fn read(path: &Path) -> Result<Source, FileError> {
    let text = std::fs::read(path).map_err(|cause| FileError::Read {
        path: path.to_owned(),
        cause,
    })?;
    Ok(Source {
        path: path.to_string_lossy().into_owned(),
        text,
    })
}

/// Writes a file whole or not at all.
pub fn write(path: &str, text: &[u8]) -> Result<(), FileError> {
    let cause = |cause| FileError::Write {
        path: path.into(),
        cause,
    };
    let beside = format!("{path}.new");
    std::fs::write(&beside, text).map_err(cause)?;
    std::fs::rename(&beside, path).map_err(cause)
}

/// Makes a folder where there is none.
pub fn folder(path: &Path) -> Result<(), FileError> {
    let cause = |cause| FileError::Write {
        path: path.to_owned(),
        cause,
    };
    std::fs::create_dir_all(path).map_err(cause)
}
