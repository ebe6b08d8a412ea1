//! Contracts, made up: any seed gives one, the same one every time.
//!
//! They have the shape of a contract (system calls, a memory, `deploy` and `call`), and whatever a generator of modules
//! puts into it. Half of them are made so that few instructions trap, as the others seldom get far.

use arbitrary::Unstructured;
use rand_chacha::ChaCha20Rng;
use rand_core::{Rng, SeedableRng};
use wasm_smith::{Config, Module};

/// What a contract may import: module, name and type, with every shape of argument there is.
const IMPORTS: &[(&str, &str, &str)] = &[
    (
        "seal2",
        "set_storage",
        "(param i32 i32 i32 i32) (result i32)",
    ),
    (
        "seal1",
        "get_storage",
        "(param i32 i32 i32 i32) (result i32)",
    ),
    (
        "seal0",
        "seal_get_storage",
        "(param i32 i32 i32) (result i32)",
    ),
    ("seal0", "input", "(param i32 i32)"),
    ("seal0", "caller", "(param i32 i32)"),
    ("seal0", "caller_is_origin", "(result i32)"),
    ("seal0", "instantiation_nonce", "(result i64)"),
    ("seal0", "weight_to_fee", "(param i64 i32 i32)"),
    ("seal0", "hash_blake2_256", "(param i32 i32 i32)"),
    (
        "seal0",
        "sr25519_verify",
        "(param i32 i32 i32 i32) (result i32)",
    ),
    (
        "seal2",
        "call",
        "(param i32 i32 i64 i64 i32 i32 i32 i32 i32 i32) (result i32)",
    ),
    (
        "seal2",
        "instantiate",
        "(param i32 i64 i64 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)",
    ),
];

/// The text of a module with the imports and exports that a contract is to have.
fn shape(random: &mut ChaCha20Rng) -> String {
    let mut text = String::from("(module");
    for (module, name, ty) in IMPORTS {
        if random.next_u32().is_multiple_of(3) {
            text += &format!("(import \"{module}\" \"{name}\" (func {ty}))");
        }
    }
    if !random.next_u32().is_multiple_of(8) {
        let initial = random.next_u32() % 3;
        let maximum = initial + random.next_u32() % 4;
        text += &format!("(import \"env\" \"memory\" (memory {initial} {maximum}))");
    }
    let result = if random.next_u32().is_multiple_of(2) {
        "(result i32)"
    } else {
        ""
    };
    text += &format!("(func (export \"deploy\") {result} unreachable)");
    text += &format!("(func (export \"call\") {result} unreachable))");
    text
}

/// The contract of a seed. `None` for the few seeds of which the generator makes nothing.
pub fn contract(seed: u64) -> Option<Vec<u8>> {
    let mut random = ChaCha20Rng::seed_from_u64(seed);
    let mut bytes = vec![0; 2048 + random.next_u32() as usize % 14_000];
    random.fill_bytes(&mut bytes);
    make(&mut random, &bytes)
}

/// The contract of bytes that somebody else chose, such as a fuzzer: the first eight are the seed of its shape.
pub fn contract_of(bytes: &[u8]) -> Option<Vec<u8>> {
    let (seed, bytes) = bytes.split_first_chunk::<8>()?;
    make(
        &mut ChaCha20Rng::seed_from_u64(u64::from_le_bytes(*seed)),
        bytes,
    )
}

fn make(random: &mut ChaCha20Rng, bytes: &[u8]) -> Option<Vec<u8>> {
    let config = Config {
        module_shape: Some(wat::parse_str(shape(random)).expect("the text is Wasm")),
        allow_floats: false,
        allow_start_export: false,
        bulk_memory_enabled: false,
        custom_page_sizes_enabled: false,
        disallow_traps: random.next_u32().is_multiple_of(2),
        exceptions_enabled: false,
        extended_const_enabled: false,
        gc_enabled: false,
        max_elements: 16,
        max_funcs: 24,
        max_globals: 8,
        max_instructions: 40 + random.next_u32() as usize % 400,
        max_memories: 1,
        max_memory32_bytes: 8 * 65536,
        max_nesting_depth: 12,
        max_table_elements: 64,
        max_types: 24,
        memory64_enabled: false,
        memory_max_size_required: true,
        min_funcs: 4,
        multi_value_enabled: false,
        reference_types_enabled: false,
        relaxed_simd_enabled: false,
        saturating_float_to_int_enabled: false,
        shared_everything_threads_enabled: false,
        simd_enabled: false,
        table_max_size_required: true,
        tail_call_enabled: false,
        threads_enabled: false,
        wide_arithmetic_enabled: false,
        ..Config::default()
    };
    Module::new(config, &mut Unstructured::new(bytes))
        .ok()
        .map(|module| module.to_bytes())
}

/// So many bytes of a seed.
pub fn bytes(seed: u64, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    ChaCha20Rng::seed_from_u64(seed).fill_bytes(&mut bytes);
    bytes
}
