//! The four chains: one authority or four, at six seconds or at two.

use codec::Encode;
use parlance_bench_stock_runtime::{SlotDurationMs, WASM_BINARY};
use sc_service::{ChainType, GenericChainSpec};
use sp_genesis_builder::{DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};
use sp_runtime::BuildStorage;

/// The slot of the chains whose name ends in `-2s`: that of the main chain.
const SHORT_SLOT_MS: u64 = 2_000;

/// The chain called `id`, or the one in the file of that name.
pub fn load(id: &str) -> Result<GenericChainSpec, String> {
    match id {
        "dev" => chain("Stock development", "stock_dev", DEV_RUNTIME_PRESET, None),
        "dev-2s" => chain(
            "Stock development, 2 s",
            "stock_dev_2s",
            DEV_RUNTIME_PRESET,
            Some(SHORT_SLOT_MS),
        ),
        "" | "local" => chain(
            "Stock local",
            "stock_local",
            LOCAL_TESTNET_RUNTIME_PRESET,
            None,
        ),
        "local-2s" => chain(
            "Stock local, 2 s",
            "stock_local_2s",
            LOCAL_TESTNET_RUNTIME_PRESET,
            Some(SHORT_SLOT_MS),
        ),
        path => GenericChainSpec::from_json_file(path.into()),
    }
}

fn chain(
    name: &str,
    id: &str,
    preset: &str,
    slot_ms: Option<u64>,
) -> Result<GenericChainSpec, String> {
    let wasm = WASM_BINARY.ok_or("the runtime was built without its WebAssembly form")?;
    let mut spec = GenericChainSpec::builder(wasm, None)
        .with_name(name)
        .with_id(id)
        .with_chain_type(if preset == DEV_RUNTIME_PRESET {
            ChainType::Development
        } else {
            ChainType::Local
        })
        .with_genesis_config_preset_name(preset)
        .build();
    if let Some(slot_ms) = slot_ms {
        // The slot is no pallet's genesis setting, so it goes straight into the state.
        let mut storage = spec.build_storage()?;
        storage
            .top
            .insert(SlotDurationMs::key().to_vec(), slot_ms.encode());
        sc_service::ChainSpec::set_storage(&mut spec, storage);
    }
    Ok(spec)
}
