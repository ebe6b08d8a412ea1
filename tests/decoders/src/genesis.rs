//! Genesis states as JSON, from chain specifications that others wrote.

use crate::{Target, chain};
use parlance_runtime::{RuntimeGenesisConfig, genesis::Network};

/// A whole genesis state: what is read is written the same.
pub const GENESIS: Target = Target {
    name: "genesis",
    seeds: || {
        vec![
            chain::genesis_json(),
            b"local-7".to_vec(),
            b"fast-64".to_vec(),
        ]
    },
    run: genesis,
};

fn genesis(bytes: &[u8]) {
    if let Ok(name) = std::str::from_utf8(bytes)
        && let Some(network) = Network::parse(name)
    {
        assert!(!network.title().is_empty());
    }
    let Ok(genesis) = serde_json::from_slice::<RuntimeGenesisConfig>(bytes) else {
        return;
    };
    let written = serde_json::to_vec(&genesis).expect("what was read can be written");
    let again: RuntimeGenesisConfig =
        serde_json::from_slice(&written).expect("what was written can be read");
    assert_eq!(serde_json::to_vec(&again).ok(), Some(written));
}
