//! Chain specifications by name. Each is made from a genesis preset of the runtime that is compiled in.

use frame_support::genesis_builder_helper::{build_state, get_preset};
use parlance_runtime::{RuntimeGenesisConfig, WASM_BINARY, genesis};
use sc_service::{ChainSpec as _, ChainType, Properties};
use sp_core::storage::{Storage, well_known_keys::CODE};
use sp_state_machine::BasicExternalities;

/// Chain specification of this node.
pub type ChainSpec = sc_service::GenericChainSpec;

/// Makes the specification named `id`, or reads it from the file `id`.
pub fn load(id: &str) -> Result<ChainSpec, String> {
    let preset = preset_name(id);
    match genesis::Network::parse(preset) {
        Some(network) => build(preset, network),
        None if std::path::Path::new(id).exists() => ChainSpec::from_json_file(id.into()),
        None => Err(format!(
            "no chain is named '{id}' and no such file exists. Names: dev, local, local-N, fast-N \
             (N validators, 1 to {}), toktok, bitchat; anything else is the path of a chain \
             specification in JSON.",
            genesis::MAX_TEST_VALIDATORS
        )),
    }
}

/// [`load`] with the genesis state of a named network ready made.
///
/// A specification with a preset asks the Wasm runtime for its state, and compiles it for that twice, at each
/// start. The same code is part of this program, and needs milliseconds.
pub fn load_with_state(id: &str) -> Result<ChainSpec, String> {
    let mut spec = load(id)?;
    if let Some(network) = genesis::Network::parse(preset_name(id)) {
        spec.set_storage(state(network)?);
    }
    Ok(spec)
}

fn preset_name(id: &str) -> &str {
    if id.is_empty() { "local" } else { id }
}

fn state(network: genesis::Network) -> Result<Storage, String> {
    let written = |error: serde_json::Error| format!("the genesis cannot be written: {error}");
    let defaults = get_preset::<RuntimeGenesisConfig>(&None, |_| None)
        .ok_or("the runtime has no default genesis")?;
    let mut config = serde_json::from_slice(&defaults).map_err(written)?;
    sc_chain_spec::json_merge(&mut config, genesis::patch(network));
    let config = serde_json::to_vec(&config).map_err(written)?;
    let mut state = Storage::default();
    BasicExternalities::execute_with_storage(&mut state, || {
        build_state::<RuntimeGenesisConfig>(config)
    })?;
    state.top.insert(CODE.to_vec(), code()?.to_vec());
    Ok(state)
}

fn code() -> Result<&'static [u8], String> {
    let message =
        "this node was built without a Wasm runtime (SKIP_WASM_BUILD): build it again without that";
    WASM_BINARY.ok_or_else(|| message.into())
}

fn build(preset: &str, network: genesis::Network) -> Result<ChainSpec, String> {
    let mut properties = Properties::new();
    properties.insert("tokenSymbol".into(), network.token_symbol().into());
    properties.insert("tokenDecimals".into(), 12.into());
    properties.insert(
        "ss58Format".into(),
        parlance_runtime::configs::system::SS58Prefix::get().into(),
    );
    Ok(ChainSpec::builder(code()?, None)
        .with_name(network.title())
        .with_id(&format!("parlance_{}", preset.replace('-', "_")))
        .with_protocol_id(&format!("parlance-{preset}"))
        .with_chain_type(match network {
            genesis::Network::Dev => ChainType::Development,
            genesis::Network::Local(_) | genesis::Network::Fast(_) => ChainType::Local,
            genesis::Network::TokTok | genesis::Network::BitChat => ChainType::Live,
        })
        .with_properties(properties)
        .with_genesis_config_preset_name(preset)
        .build())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> Vec<u8> {
        let spec = ChainSpec::builder(&[1, 2, 3], None)
            .with_name("Test")
            .with_id("test")
            .with_genesis_config_patch(serde_json::json!({ "balances": { "balances": [] } }))
            .build();
        spec.as_json(false).unwrap().into_bytes()
    }

    fn read(bytes: &[u8]) -> Result<ChainSpec, String> {
        ChainSpec::from_json_bytes(bytes.to_vec())
    }

    #[test]
    fn native_code_makes_the_genesis_that_the_wasm_runtime_makes() {
        let wasm = sc_chain_spec::GenesisConfigBuilderRuntimeCaller::<()>::new(code().unwrap());
        for name in ["dev", "local-4", "toktok", "bitchat"] {
            let by_wasm = wasm.get_storage_for_named_preset(Some(&name.into()));
            let mut by_wasm = by_wasm.unwrap();
            by_wasm.top.insert(CODE.to_vec(), code().unwrap().to_vec());
            let native = load_with_state(name).unwrap();
            let native = native.as_storage_builder().build_storage().unwrap();
            assert!(native.top.len() > 50);
            assert!(native.top == by_wasm.top, "{name}");
            assert!(native.children_default == by_wasm.children_default);
        }
    }

    #[test]
    fn a_specification_that_ends_early_is_an_error() {
        let whole = written();
        assert!(read(&whole).is_ok());
        let end = whole.trim_ascii_end().len();
        for length in 0..end {
            assert!(read(&whole[..length]).is_err(), "{length} bytes of {end}");
        }
    }

    #[test]
    fn a_specification_with_a_wrong_byte_is_an_error_or_another_specification() {
        let whole = written();
        let mut refused = 0;
        for position in 0..whole.len() {
            for byte in [0x00, b'"', b'{', b'9', b'-', b'\\', 0xff] {
                let mut damaged = whole.clone();
                damaged[position] = byte;
                // Some damage shows only when the genesis is looked at.
                let written = read(&damaged).and_then(|spec| spec.as_json(false));
                refused += usize::from(written.is_err());
            }
        }
        assert!(refused > whole.len(), "{refused} of {}", whole.len() * 7);
    }
}
