//! Where trust begins (L1), as a file and as bytes.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use codec::{Decode, DecodeAll, Encode};
use parlance_primitives::{BlockNumber, Hash, Moment, SLOT_DURATION, light::Header};
use serde::{Deserialize, Serialize};
use sp_consensus_grandpa::{AuthorityId, AuthorityList, SetId};
use sp_core::crypto::ByteArray;
use sp_crypto_hashing::blake2_256;
use sp_runtime::{generic::DigestItem, traits::Header as _};

use super::{
    MAX_CHECKPOINT_AGE,
    finality::{Finalised, MAX_VOTERS},
};

/// Version of the file and of the bytes.
const VERSION: u16 = 1;
/// Longest file. A set of 101 voters takes 12 KiB.
const MAX_FILE: usize = 256 << 10;
/// Engine whose entry in a header's digest is the slot in which the block was made.
const SLOTS: [u8; 4] = *b"aura";
const DAY: u64 = 24 * 3_600;

/// Why there is nothing to begin from.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// Not a checkpoint.
    #[error("this is no checkpoint ({cause}): get the file again from where you had it")]
    Malformed {
        /// What is wrong.
        cause: String,
    },
    /// Written by a newer build.
    #[error(
        "the checkpoint has version {found}, this program knows {VERSION}: update this program"
    )]
    NewerVersion {
        /// Its version.
        found: u16,
    },
    /// The node is on another chain.
    #[error(
        "the node is on the chain with genesis {found:?}, not {wanted:?}: take a node of the right chain"
    )]
    OtherChain {
        /// Genesis of what is trusted.
        wanted: Hash,
        /// Genesis that the node states.
        found: Hash,
    },
    /// The header is that of another block than it should be.
    #[error("block {hash:?} is no genesis block: check the hash")]
    NoGenesis {
        /// The hash.
        hash: Hash,
    },
    /// The voters that it names answer for nothing any more (L8).
    #[error(
        "what is trusted of the chain is {days} days old, and voters answer for seven days: whoever has the \
         keys of those of then could show a false chain since; get a newer checkpoint file from somebody who \
         follows the chain, or compare a fresh fingerprint ('chain show') with them, and begin anew with \
         --trust; if this device's clock is fast, set it"
    )]
    TooOld {
        /// Its age in days of 24 hours.
        days: u64,
    },
    /// The node has no genesis state to prove the first set of voters from.
    #[error(
        "the node does not prove the first voters out of the genesis state ({cause}): take a node that \
         keeps all states (--state-pruning archive), or begin from a checkpoint file"
    )]
    NoGenesisState {
        /// The node's words.
        cause: String,
    },
}

/// A header that is final and the voters on what comes after it, on a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Hash of the chain's first block.
    pub genesis: Hash,
    /// What is known to be final.
    pub finalised: Finalised,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    version: u16,
    genesis: Hash,
    /// For readers; the header decides.
    number: BlockNumber,
    header: Header,
    set_id: SetId,
    authorities: Vec<Voter>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Voter {
    key: Hash,
    weight: u64,
}

impl Checkpoint {
    /// As a file: JSON.
    pub fn to_json(&self) -> String {
        let voter = |(id, weight): &(AuthorityId, u64)| Voter {
            key: Hash::from_slice(id.as_slice()),
            weight: *weight,
        };
        let Finalised {
            header,
            set_id,
            authorities,
        } = &self.finalised;
        let file = File {
            version: VERSION,
            genesis: self.genesis,
            number: *header.number(),
            header: header.clone(),
            set_id: *set_id,
            authorities: authorities.iter().map(voter).collect(),
        };
        serde_json::to_string_pretty(&file).expect("its maps have text keys; qed")
    }

    /// From a file.
    pub fn from_json(text: &str) -> Result<Self, CheckpointError> {
        let malformed = |cause: String| CheckpointError::Malformed { cause };
        if text.len() > MAX_FILE {
            return Err(malformed(format!("{} bytes", text.len())));
        }
        let value: serde_json::Value =
            serde_json::from_str(text).map_err(|error| malformed(error.to_string()))?;
        if let Some(found) = value["version"].as_u64().filter(|v| *v > VERSION.into()) {
            let found = u16::try_from(found).unwrap_or(u16::MAX);
            return Err(CheckpointError::NewerVersion { found });
        }
        let file: File =
            serde_json::from_value(value).map_err(|error| malformed(error.to_string()))?;
        let voter = |voter: &Voter| {
            let id = AuthorityId::from_slice(voter.key.as_bytes())
                .expect("a key of the right length; qed");
            (id, voter.weight)
        };
        let checkpoint = Self {
            genesis: file.genesis,
            finalised: Finalised {
                authorities: file.authorities.iter().map(voter).collect(),
                header: file.header,
                set_id: file.set_id,
            },
        };
        checkpoint.check(file.number).map(|()| checkpoint)
    }

    /// As bytes, for a store.
    pub fn to_bytes(&self) -> Vec<u8> {
        let Finalised {
            header,
            set_id,
            authorities,
        } = &self.finalised;
        (VERSION, self.genesis, header, set_id, authorities).encode()
    }

    /// From bytes.
    pub fn from_bytes(mut bytes: &[u8]) -> Result<Self, CheckpointError> {
        let malformed = |error: codec::Error| CheckpointError::Malformed {
            cause: error.to_string(),
        };
        let version = u16::decode(&mut bytes).map_err(malformed)?;
        if version > VERSION {
            return Err(CheckpointError::NewerVersion { found: version });
        }
        let (genesis, header, set_id, authorities) =
            <(Hash, Header, SetId, AuthorityList)>::decode_all(&mut bytes).map_err(malformed)?;
        let number = *header.number();
        let checkpoint = Self {
            genesis,
            finalised: Finalised {
                header,
                set_id,
                authorities,
            },
        };
        checkpoint.check(number).map(|()| checkpoint)
    }

    /// A name for people to compare: the first 16 bytes of a hash over all of it, in hex.
    pub fn fingerprint(&self) -> String {
        hex::encode(&blake2_256(&self.to_bytes())[..16])
    }

    /// When its block was made, in milliseconds since 1970, as the header says. The first block says nothing.
    pub fn time(&self) -> Option<Moment> {
        let mut logs = self.finalised.header.digest().logs().iter();
        let slot = logs.find_map(|item| match item {
            DigestItem::PreRuntime(SLOTS, slot) => u64::decode_all(&mut slot.as_slice()).ok(),
            _ => None,
        })?;
        slot.checked_mul(SLOT_DURATION)
    }

    /// Whether the voters that it names still answer for what they sign, at `now` (L8).
    ///
    /// # Errors
    ///
    /// [`CheckpointError::TooOld`] beyond [`MAX_CHECKPOINT_AGE`]; [`CheckpointError::Malformed`] if the header of a
    /// later block than the first does not say when it was made.
    pub fn check_age(&self, now: SystemTime) -> Result<(), CheckpointError> {
        let Some(time) = self.time() else {
            return match self.finalised.block().0 {
                // Whoever begins from a genesis hash has to know how old the chain is: nothing in it says so.
                0 => Ok(()),
                _ => Err(CheckpointError::Malformed {
                    cause: String::from("a header that does not say when it was made"),
                }),
            };
        };
        let made = UNIX_EPOCH.checked_add(Duration::from_millis(time));
        // One of the future is not old; that it is none is seen when the newest header is read (L4).
        let age = made.and_then(|made| now.duration_since(made).ok());
        match age {
            Some(age) if age > MAX_CHECKPOINT_AGE => Err(CheckpointError::TooOld {
                days: age.as_secs() / DAY,
            }),
            _ => Ok(()),
        }
    }

    fn check(&self, number: BlockNumber) -> Result<(), CheckpointError> {
        let voters = self.finalised.authorities.len();
        let (found, hash) = self.finalised.block();
        let cause = if voters == 0 || voters > MAX_VOTERS {
            format!("{voters} voters")
        } else if found != number {
            format!("number {number} with the header of block {found}")
        } else if found == 0 && hash != self.genesis {
            String::from("a first block that is not the chain's")
        } else {
            return Ok(());
        };
        Err(CheckpointError::Malformed { cause })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::light::testing::{ChainOf, FIRST_SLOT, Voters};
    use proptest::prelude::*;

    fn checkpoint() -> Checkpoint {
        let voters = Voters::new(0..4);
        let mut chain = ChainOf::new(&voters);
        let genesis = chain.tip().hash();
        chain.announce(&voters);
        let mut finalised = chain.finalised();
        finalised.header = chain.tip().clone();
        Checkpoint { genesis, finalised }
    }

    #[test]
    fn it_survives_file_and_bytes() {
        let checkpoint = checkpoint();
        assert_eq!(
            Checkpoint::from_json(&checkpoint.to_json()).unwrap(),
            checkpoint
        );
        assert_eq!(
            Checkpoint::from_bytes(&checkpoint.to_bytes()).unwrap(),
            checkpoint
        );
    }

    #[test]
    fn its_fingerprint_depends_on_voters_and_header() {
        let (one, mut other) = (checkpoint(), checkpoint());
        assert_eq!(one.fingerprint(), other.fingerprint());
        other.finalised.authorities.pop();
        assert_ne!(one.fingerprint(), other.fingerprint());
    }

    #[test]
    fn a_newer_version_says_so() {
        let text = checkpoint()
            .to_json()
            .replace("\"version\": 1", "\"version\": 2");
        let newer = Checkpoint::from_json(&text);
        assert!(matches!(
            newer,
            Err(CheckpointError::NewerVersion { found: 2 })
        ));
    }

    #[test]
    fn garbage_is_an_error() {
        let good = checkpoint();
        let number = good.to_json().replace("\"number\": 1", "\"number\": 7");
        for text in ["", "{}", "[]", "{\"version\": 1}", &number] {
            assert!(Checkpoint::from_json(text).is_err(), "{text}");
        }
        let bytes = good.to_bytes();
        for cut in 0..bytes.len() {
            assert!(Checkpoint::from_bytes(&bytes[..cut]).is_err());
        }
        let mut empty = good;
        empty.finalised.authorities.clear();
        assert!(Checkpoint::from_json(&empty.to_json()).is_err());
    }

    /// Seconds after the block of [`checkpoint`] was made.
    fn after(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs((FIRST_SLOT + 1) * SLOT_DURATION / 1_000 + seconds)
    }

    #[test]
    fn it_is_good_for_as_long_as_voters_answer() {
        let checkpoint = checkpoint();
        let week = MAX_CHECKPOINT_AGE.as_secs();
        assert_eq!(week, 7 * DAY);
        for seconds in [0, 1, week - 1, week] {
            assert!(checkpoint.check_age(after(seconds)).is_ok(), "{seconds}");
        }
        for (seconds, expected) in [(week + 1, 7), (8 * DAY, 8), (1_000 * DAY, 1_000)] {
            assert!(matches!(
                checkpoint.check_age(after(seconds)),
                Err(CheckpointError::TooOld { days }) if days == expected
            ));
        }
        let early = after(0) - Duration::from_secs(3_600);
        assert!(checkpoint.check_age(early).is_ok(), "of the future");
    }

    #[test]
    fn the_error_of_an_old_one_names_the_remedy() {
        let error = checkpoint().check_age(after(9 * DAY)).unwrap_err();
        let words = error.to_string();
        for part in ["9 days old", "fingerprint", "--trust"] {
            assert!(words.contains(part), "{words}");
        }
    }

    #[test]
    fn only_the_first_block_may_hide_its_age() {
        let voters = Voters::new(0..4);
        let chain = ChainOf::new(&voters);
        let mut hidden = Checkpoint {
            genesis: chain.tip().hash(),
            finalised: chain.finalised(),
        };
        assert_eq!(hidden.time(), None);
        assert!(hidden.check_age(after(100 * DAY)).is_ok());
        hidden.finalised.header.number = 7;
        assert!(matches!(
            hidden.check_age(after(0)),
            Err(CheckpointError::Malformed { .. })
        ));
    }

    proptest! {
        #[test]
        fn any_slot_and_any_clock_have_an_answer(slot in any::<u64>(), clock in 0_u64..1 << 40) {
            let mut checkpoint = checkpoint();
            let item = DigestItem::PreRuntime(SLOTS, slot.encode());
            checkpoint.finalised.header.digest.logs[0] = item;
            let now = UNIX_EPOCH + Duration::from_secs(clock);
            let made = u128::from(slot) * u128::from(SLOT_DURATION);
            let old = u128::from(clock) * 1_000 > made + MAX_CHECKPOINT_AGE.as_millis();
            prop_assert_eq!(checkpoint.check_age(now).is_err(), old || u64::try_from(made).is_err());
        }
    }
}
