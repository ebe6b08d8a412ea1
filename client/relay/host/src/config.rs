//! What a relay is told by whoever runs it: a file in JSON. Paths in it are relative to it.
//!
//! ```json
//! {
//!   "key": "relay.key",
//!   "listen": ["0.0.0.0:4433"],
//!   "data": "data",
//!   "limit_mib": 65536,
//!   "network": "network.json",
//!   "metrics": "127.0.0.1:9615",
//!   "congestion": "udx",
//!   "fallback": true,
//!   "connections": { "connections": 20000, "per_address": 256 }
//! }
//! ```

use crate::gate::ConnectionLimits;
use parlance_endpoint::{Congestion, SecretKey};
use serde::{Deserialize, Deserializer, de::Error as _};
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// It cannot be read.
    #[error("{} cannot be read ({cause}): check that it exists and may be read", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// It is not what it should be.
    #[error("{}: {cause}; the documents of parlance_relay::config show the form", path.display())]
    Wrong {
        /// Which.
        path: PathBuf,
        /// What is wrong, and where.
        cause: serde_json::Error,
    },
    /// No key.
    #[error(
        "{} holds no key: write 64 hexadecimal digits of randomness into it, readable by the relay alone",
        path.display()
    )]
    Key {
        /// Which.
        path: PathBuf,
    },
}

/// What a relay is told.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RelayConfig {
    /// File with the secret key of the endpoint, hexadecimal.
    pub key: PathBuf,
    /// Where it listens for UDP.
    pub listen: Vec<SocketAddr>,
    /// Its data folder.
    pub data: PathBuf,
    /// What it may store, MiB.
    pub limit_mib: u64,
    /// File with the records of the network ([`crate::directory::StaticNetwork`]).
    pub network: PathBuf,
    /// Where its figures can be read, if anywhere. Everybody who reaches that can read them.
    #[serde(default)]
    pub metrics: Option<SocketAddr>,
    /// What decides how fast it sends: `udx`, or `cubic`.
    #[serde(default, deserialize_with = "congestion")]
    pub congestion: Congestion,
    /// Whether it passes packets on between devices, over TCP at the port number of `listen`.
    #[serde(default = "yes")]
    pub fallback: bool,
    /// Bounds for connections.
    #[serde(default)]
    pub connections: ConnectionLimits,
}

fn yes() -> bool {
    true
}

fn congestion<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Congestion, D::Error> {
    let name = String::deserialize(deserializer)?;
    name.parse().map_err(D::Error::custom)
}

impl RelayConfig {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let bytes = std::fs::read(path).map_err(|cause| ConfigError::Unreadable {
            path: path.to_path_buf(),
            cause,
        })?;
        let mut config: Self =
            serde_json::from_slice(&bytes).map_err(|cause| ConfigError::Wrong {
                path: path.to_path_buf(),
                cause,
            })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        for name in [&mut config.key, &mut config.data, &mut config.network] {
            *name = folder.join(&*name);
        }
        Ok(config)
    }

    /// The key in the key file.
    pub fn secret_key(&self) -> Result<SecretKey, ConfigError> {
        read_key(&self.key)
    }
}

/// The secret key of an endpoint in a file: 64 hexadecimal digits.
pub fn read_key(path: &Path) -> Result<SecretKey, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|cause| ConfigError::Unreadable {
        path: path.to_path_buf(),
        cause,
    })?;
    let mut bytes = [0; 32];
    hex::decode_to_slice(text.trim(), &mut bytes).map_err(|_| ConfigError::Key {
        path: path.to_path_buf(),
    })?;
    Ok(SecretKey::from_bytes(&bytes))
}
