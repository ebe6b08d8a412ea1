//! Genesis presets: one authority or four, with the usual development accounts.

use crate::{AccountId, Balance, BalancesConfig, RuntimeGenesisConfig, SudoConfig};
use alloc::{vec, vec::Vec};
use frame_support::build_struct_json_patch;
use serde_json::Value;
use sp_genesis_builder::PresetId;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave};

/// What each development account starts with.
const ENDOWMENT: Balance = 1 << 60;

/// The patch that the preset `id` stands for.
pub fn preset(id: &PresetId) -> Option<Vec<u8>> {
    let authorities = match id.as_str() {
        sp_genesis_builder::DEV_RUNTIME_PRESET => vec![Alice],
        sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET => vec![Alice, Bob, Charlie, Dave],
        _ => return None,
    };
    let patch = patch(&authorities);
    Some(
        serde_json::to_string(&patch)
            .expect("a JSON value always serialises")
            .into_bytes(),
    )
}

/// The names of the presets.
pub fn names() -> Vec<PresetId> {
    vec![
        PresetId::from(sp_genesis_builder::DEV_RUNTIME_PRESET),
        PresetId::from(sp_genesis_builder::LOCAL_TESTNET_RUNTIME_PRESET),
    ]
}

fn patch(authorities: &[Sr25519Keyring]) -> Value {
    build_struct_json_patch!(RuntimeGenesisConfig {
        balances: BalancesConfig {
            balances: Sr25519Keyring::well_known()
                .map(|key| (AccountId::from(key.public()), ENDOWMENT))
                .collect::<Vec<_>>(),
        },
        aura: pallet_aura::GenesisConfig {
            authorities: authorities
                .iter()
                .map(|key| key.public().into())
                .collect::<Vec<_>>(),
        },
        grandpa: pallet_grandpa::GenesisConfig {
            authorities: authorities
                .iter()
                .map(|key| (ed25519_of(*key).into(), 1))
                .collect::<Vec<_>>(),
        },
        sudo: SudoConfig {
            key: Some(AccountId::from(Alice.public()))
        },
    })
}

/// The finality key that `--alice` and its like put into a node's keystore.
fn ed25519_of(key: Sr25519Keyring) -> sp_core::ed25519::Public {
    use sp_keyring::Ed25519Keyring;
    match key {
        Bob => Ed25519Keyring::Bob,
        Charlie => Ed25519Keyring::Charlie,
        Dave => Ed25519Keyring::Dave,
        _ => Ed25519Keyring::Alice,
    }
    .public()
}
