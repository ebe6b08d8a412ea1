//! Keys: the account's from words on paper, the device's from the device's own randomness.

mod account;
mod device;
mod phrase;

pub use account::{AccountKey, parse_account};
pub use device::DeviceSecrets;
pub use phrase::{Phrase, Words};

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A word that is none, or words in another order.
    #[error("these words are no backup phrase ({cause}): check each word and their order")]
    BadPhrase {
        /// What is wrong.
        cause: String,
    },
    /// A number of words that is not offered.
    #[error("a backup phrase here has 12 or 24 words, not {count}")]
    BadLength {
        /// How many there were.
        count: usize,
    },
    /// A derivation path that is none.
    #[error("'{path}' is no derivation path: write it like //hard/soft")]
    BadPath {
        /// The path.
        path: String,
    },
    /// Not an address.
    #[error("'{text}' is no address ({cause}): copy all of it")]
    BadAddress {
        /// What was given.
        text: String,
        /// What is wrong.
        cause: String,
    },
    /// Not keys of a device.
    #[error("the stored keys of this device do not decode: restore a backup of the data folder")]
    BadDevice,
    /// No random bytes.
    #[error("the operating system gives no random bytes ({0}): try again after it has started")]
    NoRandomness(String),
}

/// Random bytes from the operating system.
pub(crate) fn random<const N: usize>() -> Result<zeroize::Zeroizing<[u8; N]>, KeyError> {
    use rand::{RngCore, rngs::OsRng};
    let mut bytes = zeroize::Zeroizing::new([0; N]);
    OsRng
        .try_fill_bytes(&mut *bytes)
        .map_err(|error| KeyError::NoRandomness(error.to_string()))?;
    Ok(bytes)
}
