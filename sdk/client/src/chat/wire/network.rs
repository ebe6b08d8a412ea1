//! The list of relays: what a node says of it, and the last one in the vault (W5, W6).

use std::{collections::BTreeMap, time::Duration};

use codec::{Decode, DecodeAll, Encode};
use parlance_bimp::RelayId;
use parlance_endpoint::PublicKey;
use parlance_messenger::{Directory, Listed, RelayInfo};
use parlance_primitives::{AccountId, BlockNumber, SLOT_DURATION};
use parlance_store::{Key, Table};
use serde::Deserialize;
use serde_json::Value;
use sp_core::crypto::Ss58Codec;

use crate::{
    node::NodeError,
    vault::{Vault, VaultError},
};

/// Bytes of a relay's name on the chain.
const NAME: usize = 16;
/// Longest address that is looked at, bytes: a host name and a port.
const MAX_ADDRESS: usize = 261;
/// What is trusted and known of the chain.
const CHAIN: Table = Table::new("chain");
/// The last list.
const KEPT: &str = "relays";

/// The relays that serve, and those of this account.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct Network {
    genesis: [u8; 32],
    period: Option<u32>,
    ingress: Vec<[u8; NAME]>,
    relays: Vec<Member>,
}

/// A relay that serves.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct Member {
    name: [u8; NAME],
    account: [u8; 32],
    key: [u8; 32],
    address: String,
    quality: u32,
}

/// How a relay is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub key: PublicKey,
    /// Host and port.
    pub address: String,
}

/// What a node answers.
pub(super) struct Answers<'a> {
    pub genesis: [u8; 32],
    pub header: &'a Value,
    pub relays: Value,
    pub sets: Value,
}

#[derive(Deserialize)]
struct RelayJson {
    account: String,
    id: Option<String>,
    key: String,
    address: String,
    health: u16,
    member: bool,
}

#[derive(Deserialize)]
struct SetsJson {
    period: u32,
    ends: BlockNumber,
    ingress: Vec<String>,
}

impl Network {
    /// From a node's answers, and how long the period lasts.
    pub fn read(answers: Answers<'_>) -> Result<(Self, Duration), NodeError> {
        let (method, expected) = ("parlance_relays", "a list of relays");
        let no_list = || NodeError::Malformed { method, expected };
        let relays: Vec<RelayJson> =
            serde_json::from_value(answers.relays).map_err(|_| no_list())?;
        let (method, expected) = ("parlance_relaySets", "an account's relays");
        let no_sets = || NodeError::Malformed { method, expected };
        let sets: SetsJson = serde_json::from_value(answers.sets).map_err(|_| no_sets())?;
        let ingress: Option<_> = sets.ingress.iter().map(|name| bytes(name)).collect();
        let members = relays.iter().filter(|relay| relay.member);
        // Who has no name yet has no place yet.
        let members: Option<_> = members.filter_map(member).collect();
        let network = Self {
            genesis: answers.genesis,
            period: Some(sets.period),
            ingress: ingress.ok_or_else(no_sets)?,
            relays: members.ok_or_else(no_list)?,
        };
        let left = sets.ends.saturating_sub(height(answers.header)?);
        let left = u64::from(left).saturating_mul(SLOT_DURATION);
        Ok((network, Duration::from_millis(left)))
    }

    pub fn is_empty(&self) -> bool {
        self.relays.is_empty()
    }

    /// For the engine. Who cannot be reached has its place there like everybody: all compute the same sets.
    pub fn directory(&self) -> Directory {
        let listed = |relay: &Member| Listed {
            info: RelayInfo {
                id: id(&relay.name),
                quality: relay.quality,
            },
            account: relay.account,
        };
        Directory {
            genesis: self.genesis,
            period: self.period,
            ingress: self.ingress.iter().map(id).collect(),
            relays: self.relays.iter().map(listed).collect(),
        }
    }

    /// Where relays are reached; without those whose key or address is none.
    pub fn places(&self) -> BTreeMap<RelayId, Place> {
        let place = |relay: &Member| {
            let key = PublicKey::from_bytes(&relay.key).ok()?;
            let address = relay.address.clone();
            let fits = !address.is_empty() && address.len() <= MAX_ADDRESS;
            fits.then_some((id(&relay.name), Place { key, address }))
        };
        self.relays.iter().filter_map(place).collect()
    }
}

/// The name on the wire: what the chain calls it, and zeros.
fn id(name: &[u8; NAME]) -> RelayId {
    let mut id = [0; 32];
    for (to, from) in id.iter_mut().zip(name) {
        *to = *from;
    }
    RelayId(id)
}

/// None is left out; one that cannot be read spoils the list.
fn member(relay: &RelayJson) -> Option<Option<Member>> {
    let name = relay.id.as_ref()?;
    let read = || {
        let account = AccountId::from_ss58check(&relay.account).ok()?;
        Some(Member {
            name: bytes(name)?,
            account: account.into(),
            key: bytes(&relay.key)?,
            address: relay.address.clone(),
            quality: relay.health.into(),
        })
    };
    Some(read())
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text.strip_prefix("0x")?, &mut bytes).ok()?;
    Some(bytes)
}

/// The height of a header in a node's words.
fn height(header: &Value) -> Result<BlockNumber, NodeError> {
    let number = header.get("number").and_then(Value::as_str);
    let digits = number.and_then(|number| number.strip_prefix("0x"));
    let height = digits.and_then(|digits| BlockNumber::from_str_radix(digits, 16).ok());
    let (method, expected) = ("chain_getHeader", "a header");
    height.ok_or(NodeError::Malformed { method, expected })
}

/// The last list, if it is of this chain.
pub(super) fn kept(vault: &Vault, genesis: [u8; 32]) -> Result<Option<Network>, VaultError> {
    let found = vault.store().begin_read()?.get(CHAIN, &Key::of(KEPT))?;
    // What an older or newer program kept is fetched anew.
    let network = found.and_then(|bytes| Network::decode_all(&mut bytes.as_slice()).ok());
    Ok(network.filter(|network| network.genesis == genesis))
}

/// Keeps a list.
pub(super) fn keep(vault: &Vault, network: &Network) -> Result<(), VaultError> {
    let changes = vault.store().begin_write()?;
    changes.put(CHAIN, &Key::of(KEPT), &network.encode())?;
    Ok(changes.commit()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn name(byte: u8) -> String {
        format!("0x{}", hex::encode([byte; NAME]))
    }

    fn relay(byte: u8) -> Value {
        let key = parlance_endpoint::SecretKey::from_bytes(&[byte; 32]).public();
        json!({
            "account": AccountId::new([byte; 32]).to_ss58check(),
            "id": name(byte),
            "key": format!("0x{}", hex::encode(key.as_bytes())),
            "address": format!("relay{byte}.example:4433"),
            "capacity": "1000",
            "bond": "5",
            "health": 900,
            "member": true,
            "going": false,
        })
    }

    fn read(relays: Value, ends: u32) -> Result<(Network, Duration), NodeError> {
        Network::read(Answers {
            genesis: [9; 32],
            header: &json!({"number": "0x64"}),
            relays,
            sets: json!({
                "period": 7, "ends": ends, "ingress": [name(2)], "mailbox": [], "cap": "0",
            }),
        })
    }

    #[test]
    fn who_serves_is_listed_and_who_has_an_address_can_be_asked() {
        let (mut candidate, mut nameless, mut lost) = (relay(3), relay(4), relay(5));
        candidate["member"] = false.into();
        nameless["id"] = Value::Null;
        lost["address"] = "".into();
        let list = json!([relay(1), relay(2), candidate, nameless, lost]);
        let (network, left) = read(list, 130).unwrap();
        assert_eq!(left, Duration::from_secs(60));
        let directory = network.directory();
        assert_eq!((directory.genesis, directory.period), ([9; 32], Some(7)));
        let mut second = [0; 32];
        second[..NAME].fill(2);
        assert_eq!(directory.ingress, [RelayId(second)]);
        let listed: Vec<u8> = directory.relays.iter().map(|it| it.account[0]).collect();
        assert_eq!(listed, [1, 2, 5]);
        assert_eq!(
            directory.relays[1].info,
            RelayInfo {
                id: RelayId(second),
                quality: 900
            }
        );
        let places = network.places();
        assert_eq!(places.len(), 2);
        assert_eq!(places[&RelayId(second)].address, "relay2.example:4433");
        // A period that should have ended is looked at again at once.
        assert_eq!(read(json!([]), 99).unwrap().1, Duration::ZERO);
    }

    #[test]
    fn an_answer_that_is_none_is_refused() {
        let mut short = relay(1);
        short["id"] = "0x0102".into();
        for wrong in [
            json!({}),
            json!(null),
            json!([1]),
            json!([short]),
            json!([{"member": true}]),
        ] {
            let error = read(wrong, 130).unwrap_err();
            assert!(matches!(
                error,
                NodeError::Malformed {
                    method: "parlance_relays",
                    ..
                }
            ));
        }
    }

    #[test]
    fn the_last_list_lies_in_the_vault_for_its_chain_alone() {
        let (_folder, _path, vault) = super::super::super::tests::vault();
        assert_eq!(kept(&vault, [9; 32]).unwrap(), None);
        let (network, _) = read(json!([relay(1), relay(2)]), 130).unwrap();
        keep(&vault, &network).unwrap();
        assert_eq!(kept(&vault, [9; 32]).unwrap(), Some(network));
        assert_eq!(kept(&vault, [8; 32]).unwrap(), None);
    }

    proptest! {
        #[test]
        fn no_bytes_in_the_vault_break_it(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = Network::decode_all(&mut bytes.as_slice());
        }
    }
}
