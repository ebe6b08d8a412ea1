//! Genesis states by name, for the genesis builder and so for `--chain`.
//!
//! `dev`, `local`, `local-N` and `fast-N` are networks for tests: every secret in them is public.
//! `toktok` and `bitchat` have what `docs/economy.md` says; until launch the accounts of their founders and
//! first operators are derived from public seeds too, see there, "Before launch".

use crate::*;
use alloc::{format, string::String, vec, vec::Vec};
use frame_support::build_struct_json_patch;
use pallet_accounts::{Parameters as IdentityParameters, core::gate::DifficultyRule};
use pallet_relay::{Calendar, Parameters as RelayParameters};
use pallet_vdpos::Parameters as VdposParameters;
use parlance_primitives::{EXISTENTIAL_DEPOSIT, MINUTES, UNIT};
use serde_json::Value;
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_core::crypto::{Pair, Public, get_public_from_string_or_panic};
use sp_genesis_builder::PresetId;
use sp_runtime::Perbill;

mod public;

/// Most validators that a test network may start with.
pub const MAX_TEST_VALIDATORS: u32 = 64;
/// What each account of a test network starts with.
pub const TEST_ENDOWMENT: Balance = 100_000 * UNIT;
/// Bond and votes for itself of each validator of a test network.
pub const TEST_BOND: Balance = 10_000 * UNIT;

/// A network that has a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Network {
    /// One validator, Alice.
    Dev,
    /// So many validators; epochs of a minute, eras of three.
    Local(u32),
    /// So many validators; epochs of 20 seconds, eras of a minute, for tests.
    Fast(u32),
    /// Supply 21,000,000, halving every four years.
    TokTok,
    /// Supply 20,000,000,000, release by active users.
    BitChat,
}

impl Network {
    /// Reads a name such as `dev` or `local-7`.
    pub fn parse(name: &str) -> Option<Self> {
        let size = |digits: &str| {
            let size = digits.parse::<u32>().ok()?;
            (1..=MAX_TEST_VALIDATORS).contains(&size).then_some(size)
        };
        match name {
            "dev" => Some(Network::Dev),
            "local" => Some(Network::Local(4)),
            "toktok" => Some(Network::TokTok),
            "bitchat" => Some(Network::BitChat),
            _ => match name.split_once('-') {
                Some(("local", digits)) => size(digits).map(Network::Local),
                Some(("fast", digits)) => size(digits).map(Network::Fast),
                _ => None,
            },
        }
    }

    /// Name for people.
    pub fn title(&self) -> &'static str {
        match self {
            Network::Dev => "Parlance Development",
            Network::Local(_) => "Parlance Local Testnet",
            Network::Fast(_) => "Parlance Fast Testnet",
            Network::TokTok => "TokTok",
            Network::BitChat => "BitChat",
        }
    }

    /// Symbol of the token.
    pub fn token_symbol(&self) -> &'static str {
        match self {
            Network::TokTok => "TOK",
            Network::BitChat => "BIT",
            _ => "PARL",
        }
    }
}

/// An operator at genesis with its session keys.
pub struct Operator {
    account: AccountId,
    keys: SessionKeys,
}

impl Operator {
    /// Account and keys derived from one seed, as `parlance key insert --suri SEED` derives them.
    fn from_seed(seed: &str) -> Self {
        Operator {
            account: account(seed),
            keys: SessionKeys {
                aura: public::<AuraId>(seed),
                grandpa: public::<sp_consensus_grandpa::AuthorityId>(seed),
                authority_discovery: public::<sp_authority_discovery::AuthorityId>(seed),
            },
        }
    }
}

/// Account of the sr25519 key with this seed.
pub fn account(seed: &str) -> AccountId {
    AccountId::from(public::<sp_core::sr25519::Public>(seed).0)
}

/// Public key of a seed such as `//Alice`.
fn public<Key: Public>(seed: &str) -> <Key::Pair as Pair>::Public {
    get_public_from_string_or_panic::<Key>(seed.trim_start_matches('/'))
}

/// Seed of the `index`th validator of a test network, counted from 1.
pub fn validator_seed(index: u32) -> String {
    const NAMES: [&str; 6] = ["Alice", "Bob", "Charlie", "Dave", "Eve", "Ferdie"];
    match NAMES.get(index.saturating_sub(1) as usize) {
        Some(name) => format!("//{name}"),
        None => format!("//Validator{index}"),
    }
}

fn session_keys(operators: &[Operator]) -> Vec<(AccountId, AccountId, SessionKeys)> {
    operators
        .iter()
        .map(|operator| {
            (
                operator.account.clone(),
                operator.account.clone(),
                operator.keys.clone(),
            )
        })
        .collect()
}

/// Rules of identities on a test network: those of the public chains, but a proof is found in a second
/// or two for as long as few want one.
fn test_identities() -> IdentityParameters {
    let public = IdentityParameters::default();
    IdentityParameters {
        difficulty: DifficultyRule {
            floor: 1,
            ..public.difficulty
        },
        ..public
    }
}

/// Rules and calendar of relays on a test network with so many slots in an epoch: periods are half an
/// epoch as on the public chains, rosters as short as can be, and as many bytes count in a period as on
/// the public chains, where it is longer.
fn test_relays(epoch_slots: u32) -> (RelayParameters, Calendar) {
    let public = RelayParameters::default();
    let public_period = Calendar::default().period;
    let period = epoch_slots.div_euclid(2).max(1);
    let calendar = Calendar {
        period,
        roster: configs::relays::OPENING_PERIODS.saturating_add(2),
    };
    let shorter = public_period.div_euclid(period).max(1);
    let parameters = RelayParameters {
        claim_window: public.claim_window.min(period),
        burst: public.burst.saturating_mul(shorter),
        ..public
    };
    (parameters, calendar)
}

fn test_network(
    validators: u32,
    parameters: VdposParameters,
    identities: IdentityParameters,
) -> Value {
    let operators: Vec<Operator> = (1..=validators)
        .map(|index| Operator::from_seed(&validator_seed(index)))
        .collect();
    let mut endowed: Vec<AccountId> = operators
        .iter()
        .map(|operator| operator.account.clone())
        .collect();
    for index in validators.saturating_add(1)..=6 {
        endowed.push(account(&validator_seed(index)));
    }
    let mut balances: Vec<(AccountId, Balance)> = endowed
        .into_iter()
        .map(|account| (account, TEST_ENDOWMENT))
        .collect();
    // The treasury's genesis would else make this amount after issuance has counted the supply.
    balances.push((Treasury::account_id(), EXISTENTIAL_DEPOSIT));
    let candidates: Vec<(AccountId, Balance, Perbill)> = operators
        .iter()
        .map(|operator| {
            (
                operator.account.clone(),
                TEST_BOND,
                Perbill::from_percent(10),
            )
        })
        .collect();
    let (relay_parameters, calendar) = test_relays(parameters.epoch_slots);
    build_struct_json_patch!(RuntimeGenesisConfig {
        balances: BalancesConfig { balances },
        issuance: public::test_issuance(),
        accounts: AccountsConfig {
            parameters: identities
        },
        vdpos: VdposConfig {
            parameters,
            candidates,
            votes: vec![]
        },
        session: SessionConfig {
            keys: session_keys(&operators)
        },
        relay: RelayConfig {
            parameters: relay_parameters,
            calendar,
        },
        sudo: SudoConfig {
            key: Some(account("//Alice"))
        },
    })
}

/// Genesis state of a network as a patch of the default state.
pub fn patch(network: Network) -> Value {
    match network {
        Network::Dev => test_network(
            1,
            VdposParameters {
                initial_set: 1,
                ..VdposParameters::development()
            },
            test_identities(),
        ),
        Network::Local(validators) => test_network(
            validators,
            VdposParameters {
                initial_set: validators.min(21),
                min_set: validators.min(4),
                ..VdposParameters::development()
            },
            test_identities(),
        ),
        Network::Fast(validators) => test_network(
            validators,
            VdposParameters {
                epoch_slots: 10,
                initial_set: validators.min(21),
                min_set: validators.min(4),
                ..VdposParameters::development()
            },
            // An anchor is good for a minute, so that an identity may be removed after one.
            IdentityParameters {
                anchor_window: MINUTES,
                ..test_identities()
            },
        ),
        Network::TokTok => public::toktok(),
        Network::BitChat => public::bitchat(),
    }
}

/// Genesis state by the name of its preset.
pub fn preset(id: &PresetId) -> Option<Vec<u8>> {
    let network = Network::parse(id.as_ref())?;
    serde_json::to_string(&patch(network))
        .ok()
        .map(String::into_bytes)
}

/// Presets that a chain-spec builder lists. `local-N` and `fast-N` exist for every N up to
/// [`MAX_TEST_VALIDATORS`].
pub fn preset_names() -> Vec<PresetId> {
    ["dev", "local", "fast-4", "toktok", "bitchat"]
        .map(PresetId::from)
        .to_vec()
}
