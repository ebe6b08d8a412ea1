//! `bitup new`: a folder with a contract and its tests.

use crate::files::{self, FileError};
use std::path::{Path, PathBuf};

/// The files of a new program.
const FILES: [(&str, &str); 3] = [
    ("counter.bit", include_str!("../templates/counter.bit")),
    (
        "counter.test.bit",
        include_str!("../templates/counter.test.bit"),
    ),
    (".gitignore", "/build\n"),
];

/// Makes the folder. Nothing that is there is changed.
pub fn make(folder: &Path) -> Result<Vec<PathBuf>, FileError> {
    let filled = std::fs::read_dir(folder).is_ok_and(|mut list| list.next().is_some());
    if filled {
        return Err(FileError::Filled {
            path: folder.to_owned(),
        });
    }
    files::folder(folder)?;
    let mut made = Vec::new();
    for (name, text) in FILES {
        let path = folder.join(name);
        files::write(&path.to_string_lossy(), text.as_bytes())?;
        made.push(path);
    }
    Ok(made)
}
