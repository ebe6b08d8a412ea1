//! Packages out of archives. Nothing is unpacked: the files are read in memory, and only then written, under names that were looked at.

use super::{Files, PackageError};
use crate::{error::ToolError, files::FileError};
use bitup_compiler::package;
use flate2::read::GzDecoder;
use std::{
    io::Read,
    path::{Component, Path},
};

/// Most bytes of an archive that are read, unpacked: one that unpacks to more is no package.
const LONGEST: u64 = 64 * 1024 * 1024;
/// Most files of a package.
const MOST_FILES: usize = 10_000;

/// The `.bit` files of an archive.
pub(super) fn read(path: &Path) -> Result<Files, ToolError> {
    let file = std::fs::File::open(path).map_err(|cause| FileError::Read {
        path: path.to_owned(),
        cause,
    })?;
    let name = path.to_string_lossy().to_lowercase();
    let mut found = if name.ends_with(".tar.gz") || name.ends_with(".tgz") {
        of_tar(GzDecoder::new(file).take(LONGEST))?
    } else if name.ends_with(".tar") {
        of_tar(file.take(LONGEST))?
    } else {
        return Err(wrong("it ends neither in `.tar` nor in `.tar.gz`").into());
    };
    without_folder(&mut found);
    found.retain(|name, _| !name.starts_with(package::FOLDER));
    Ok(found)
}

fn wrong(why: impl Into<String>) -> PackageError {
    PackageError::Archive(why.into())
}

fn of_tar(bytes: impl Read) -> Result<Files, PackageError> {
    let mut archive = tar::Archive::new(bytes);
    let broken = |error: std::io::Error| wrong(error.to_string());
    let mut found = Files::new();
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let path = entry.path().map_err(broken)?.into_owned();
        let name = inside(&path)?;
        if !entry.header().entry_type().is_file() || !name.ends_with(".bit") {
            continue;
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(broken)?;
        if found.insert(name.clone(), bytes).is_some() {
            return Err(wrong(format!("`{name}` is in it twice")));
        }
        if found.len() > MOST_FILES {
            return Err(wrong(format!("it has more than {MOST_FILES} files")));
        }
    }
    Ok(found)
}

/// A path that leads nowhere but into the package.
fn inside(path: &Path) -> Result<String, PackageError> {
    let mut parts = Vec::new();
    for part in path.components() {
        match part {
            Component::Normal(part) => parts.push(part.to_string_lossy().into_owned()),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                return Err(wrong(format!("`{}` leads out of it", path.display())));
            }
        }
    }
    Ok(parts.join("/"))
}

/// Archives have the folder that was packed around all files; the package does not.
fn without_folder(files: &mut Files) {
    let Some(folder) = files.keys().next().and_then(|name| name.split_once('/')) else {
        return;
    };
    let folder = format!("{}/", folder.0);
    if files.keys().all(|name| name.starts_with(&folder)) {
        let all = std::mem::take(files);
        let named = all.into_iter();
        *files = named
            .map(|(name, bytes)| (name[folder.len()..].to_owned(), bytes))
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_that_leads_out_is_refused() {
        for path in ["../a.bit", "/a.bit", "a/../../b.bit"] {
            assert!(inside(Path::new(path)).is_err(), "{path}");
        }
        assert_eq!(
            inside(Path::new("./a/b.bit")).ok(),
            Some("a/b.bit".to_owned())
        );
    }
}
