//! Builds the runtime a second time, to the WebAssembly that the chain executes.

fn main() {
    #[cfg(feature = "std")]
    {
        let builder = substrate_wasm_builder::WasmBuilder::init_with_defaults();
        #[cfg(feature = "metadata-hash")]
        let builder = builder.enable_metadata_hash("PARL", 12);
        builder.build();
    }
}
