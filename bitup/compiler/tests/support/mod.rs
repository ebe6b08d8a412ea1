//! What several tests need.

use std::path::{Path, PathBuf};

/// A path below the crate's folder.
pub fn path(relative: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(relative)
}

/// Compares with a file that was looked at by a person. With `UPDATE_SNAPSHOTS=1` in the environment it is written instead,
/// to be read in the change.
pub fn snapshot(relative: &str, text: &str) {
    let file = path(relative);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, text).unwrap();
        return;
    }
    let known = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(
        known, text,
        "{relative} differs; UPDATE_SNAPSHOTS=1 writes it"
    );
}
