//! Chain specifications by name. Each is made from a genesis preset of the runtime that is compiled in.

use parlance_runtime::{WASM_BINARY, genesis};
use sc_service::{ChainType, Properties};

/// Chain specification of this node.
pub type ChainSpec = sc_service::GenericChainSpec;

/// Makes the specification named `id`, or reads it from the file `id`.
pub fn load(id: &str) -> Result<ChainSpec, String> {
    let preset = match id {
        "" => "local",
        named => named,
    };
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

fn build(preset: &str, network: genesis::Network) -> Result<ChainSpec, String> {
    let code = WASM_BINARY.ok_or(
        "this node was built without a Wasm runtime (SKIP_WASM_BUILD): build it again without that",
    )?;
    let mut properties = Properties::new();
    properties.insert("tokenSymbol".into(), network.token_symbol().into());
    properties.insert("tokenDecimals".into(), 12.into());
    properties.insert(
        "ss58Format".into(),
        parlance_runtime::configs::system::SS58Prefix::get().into(),
    );
    Ok(ChainSpec::builder(code, None)
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
