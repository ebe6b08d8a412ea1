//! Named networks at their genesis.

use frame_support::genesis_builder_helper::build_state;
use parlance_runtime::{RuntimeGenesisConfig, genesis};
use sp_io::TestExternalities;

/// The state that the preset `name` starts with.
pub fn started(name: &str) -> TestExternalities {
    let preset = genesis::preset(&name.into()).expect("the preset exists");
    let mut defaults = serde_json::to_value(RuntimeGenesisConfig::default()).unwrap();
    merge(&mut defaults, serde_json::from_slice(&preset).unwrap());
    let mut state = TestExternalities::default();
    state.execute_with(|| {
        build_state::<RuntimeGenesisConfig>(serde_json::to_vec(&defaults).unwrap())
            .expect("the preset is a valid genesis");
    });
    state
}

fn merge(into: &mut serde_json::Value, patch: serde_json::Value) {
    match (into, patch) {
        (serde_json::Value::Object(into), serde_json::Value::Object(patch)) => {
            for (key, value) in patch {
                merge(into.entry(key).or_insert(serde_json::Value::Null), value);
            }
        }
        (into, patch) => *into = patch,
    }
}
