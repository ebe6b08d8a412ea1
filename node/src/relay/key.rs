//! The key of the relay's endpoint, in a file that the node makes when there is none.

use clap::Parser;
use parlance_endpoint::SecretKey;
use parlance_relay::config::{ConfigError, read_key};
use sc_cli::{SharedParams, SubstrateCli};
use sc_service::BasePath;
use std::{
    fs::{self, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// Who may do what with the file.
const MODE: u32 = 0o600;

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] ConfigError),
    /// Others can read it.
    #[error("{} may be read by others (mode {mode:o}): chmod 600 it, and make a new key if somebody may have", path.display())]
    Open {
        /// Which.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It cannot be written.
    #[error("a key cannot be written to {}: {cause}; name another file with --relay-key", path.display())]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
}

/// The file: what the operator names, or the one in the chain's folder.
pub fn file(named: Option<&Path>, folder: &Path) -> PathBuf {
    match named {
        Some(path) => path.to_path_buf(),
        None => folder.join("relay").join("endpoint.key"),
    }
}

/// Shows the public key of the relay's endpoint.
#[derive(Debug, Parser)]
pub struct ShowKeyCmd {
    /// File of the secret key, as the node is told it.
    #[arg(long, value_name = "FILE")]
    relay_key: Option<PathBuf>,

    /// Which chain, and where its data lie.
    #[clap(flatten)]
    shared: SharedParams,
}

impl ShowKeyCmd {
    /// Writes the key to standard output, and where the secret one lies to standard error.
    ///
    /// # Errors
    /// When the chain is not known, and what [`read_or_make`] says.
    pub fn run<C: SubstrateCli>(&self, cli: &C) -> sc_cli::Result<()> {
        let spec = cli.load_spec(&self.shared.chain_id(self.shared.is_dev()))?;
        let base = match &self.shared.base_path {
            Some(path) => BasePath::new(path),
            None => BasePath::from_project("", "", &C::executable_name()),
        };
        let path = file(self.relay_key.as_deref(), &base.config_dir(spec.id()));
        let key = read_or_make(&path).map_err(|error| sc_cli::Error::Application(error.into()))?;
        eprintln!("the secret key lies in {}", path.display());
        println!("0x{}", hex::encode(key.public().as_bytes()));
        Ok(())
    }
}

/// Reads the key, or makes one if there is no such file.
///
/// # Errors
/// When there is a file and it holds no key, when others may read it, or when none can be written.
pub fn read_or_make(path: &Path) -> Result<SecretKey, KeyError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => make(path),
        Ok(metadata) => {
            let mode = metadata.permissions().mode() & 0o777;
            if mode & 0o077 != 0 {
                let path = path.to_path_buf();
                return Err(KeyError::Open { path, mode });
            }
            Ok(read_key(path)?)
        }
        // Reading it says why.
        Err(_) => Ok(read_key(path)?),
    }
}

fn make(path: &Path) -> Result<SecretKey, KeyError> {
    let key = SecretKey::generate();
    write(path, &key).map_err(|cause| KeyError::Unwritable {
        path: path.to_path_buf(),
        cause,
    })?;
    Ok(key)
}

/// Under another name first: a process that dies on the way leaves no half of a key, and a key that was registered is
/// never written over.
fn write(path: &Path, key: &SecretKey) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let draft = path.with_extension(format!("new-{}", std::process::id()));
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(MODE)
        .open(&draft)?;
    file.set_permissions(Permissions::from_mode(MODE))?;
    writeln!(file, "{}", hex::encode(key.to_bytes()))?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    linked?;
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_is_its_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("relay").join("endpoint.key");
        let key = read_or_make(&path).unwrap();
        let again = read_or_make(&path).unwrap();
        assert_eq!(key.public(), again.public());
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let files = fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert_eq!(files, 1, "nothing else is left");
    }

    #[test]
    fn a_file_that_holds_no_key_is_left_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, "no key").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let error = read_or_make(&path).unwrap_err();
        assert!(matches!(error, KeyError::Unreadable(_)), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "no key");
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        read_or_make(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let error = read_or_make(&path).unwrap_err();
        assert!(
            matches!(error, KeyError::Open { mode: 0o640, .. }),
            "{error}"
        );
    }

    #[test]
    fn where_nothing_can_be_written_that_is_said() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let path = folder.path().join("file").join("key");
        let error = read_or_make(&path).unwrap_err();
        let said = error.to_string();
        assert!(said.contains("key"), "{said}");
    }

    #[test]
    fn two_that_start_at_once_do_not_write_over_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let key = read_or_make(&path).unwrap();
        assert!(make(&path).is_err());
        assert_eq!(read_or_make(&path).unwrap().public(), key.public());
    }
}
