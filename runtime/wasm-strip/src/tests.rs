//! Modules by hand.

use super::*;

/// A section: its id, its length, its bytes.
fn section(id: u8, bytes: &[u8]) -> Vec<u8> {
    let length = u8::try_from(bytes.len()).unwrap();
    assert!(length < 0x80, "lengths of one byte will do");
    [&[id, length], bytes].concat()
}

fn custom(name: &str, bytes: &[u8]) -> Vec<u8> {
    let length = u8::try_from(name.len()).unwrap();
    section(0, &[&[length], name.as_bytes(), bytes].concat())
}

fn module(sections: &[Vec<u8>]) -> Vec<u8> {
    [b"\0asm\x01\0\0\0".to_vec(), sections.concat()].concat()
}

/// The sections of a module with one function of these instructions, which turns an i32 into an i32.
fn function(instructions: &[u8]) -> Vec<Vec<u8>> {
    let body = [&[0], instructions, &[0x0b]].concat();
    let length = u8::try_from(body.len()).unwrap();
    vec![
        section(1, &[1, 0x60, 1, 0x7f, 1, 0x7f]),
        section(3, &[1, 0]),
        section(10, &[&[1, length], &body[..]].concat()),
    ]
}

const GET: [u8; 2] = [0x20, 0];
const EXTEND_8: u8 = 0xc0;

#[test]
fn dwarf_goes_and_everything_else_stays_in_order() {
    let code = function(&GET);
    let with = [
        vec![custom("before", &[1, 2])],
        code.clone(),
        vec![
            custom(".debug_info", &[9; 50]),
            custom("name", &[]),
            custom(".debug_line", &[]),
        ],
        vec![custom("runtime_version", &[4])],
    ]
    .concat();
    let without = [
        vec![custom("before", &[1, 2])],
        code,
        vec![custom("name", &[]), custom("runtime_version", &[4])],
    ]
    .concat();
    assert_eq!(strip(&module(&with), true).unwrap(), module(&without));
    assert_eq!(strip(&module(&with), false).unwrap(), module(&with));
}

#[test]
fn sign_extension_is_refused_and_not_passed_on() {
    let error = strip(&module(&function(&[GET[0], GET[1], EXTEND_8])), true).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("sign extension"), "{text}");
    assert!(text.contains("wasm32v1-none"), "{text}");
}

#[test]
fn mutable_globals_are_allowed() {
    // A global i32, mutable, exported as "g": beyond the first edition of the standard, and used by the linker.
    let sections = vec![
        section(6, &[1, 0x7f, 1, 0x41, 0, 0x0b]),
        section(7, &[1, 1, b'g', 3, 0]),
    ];
    assert_eq!(strip(&module(&sections), true).unwrap(), module(&sections));
}

#[test]
fn a_run_writes_in_place_and_names_the_file_that_fails() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runtime.wasm");
    let sections = [function(&GET), vec![custom(".debug_str", &[1])]].concat();
    fs::write(&path, module(&sections)).unwrap();
    let mut options = OptimizationOptions::new_opt_level_0();
    options
        .mvp_features_only()
        .debug_info(true)
        .add_pass(Pass::StripDwarf)
        .add_pass(Pass::SignextLowering);
    options.run(&path, &path).unwrap();
    assert_eq!(fs::read(&path).unwrap(), module(&function(&GET)));

    let missing = folder.path().join("missing.wasm");
    let error = options.run(&missing, &path).unwrap_err().to_string();
    assert!(error.contains("missing.wasm"), "{error}");
    fs::write(&path, b"no module").unwrap();
    let error = options.run(&path, &path).unwrap_err().to_string();
    assert!(error.contains("runtime.wasm"), "{error}");
}

/// Bytes that are the same in every run: a generator by Marsaglia (xorshift64*).
fn bytes(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let draw = |_| {
        state ^= state >> 12;
        state ^= state << 25;
        state ^= state >> 27;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d).to_be_bytes()[0]
    };
    (0..length).map(draw).collect()
}

#[test]
fn any_bytes_are_a_module_or_an_error() {
    for seed in 0..4_000 {
        let noise = bytes(seed, usize::try_from(seed % 400).unwrap());
        let _ = strip(&noise, true);
        let _ = strip(&module(&[noise]), true);
    }
}

#[test]
fn a_module_with_any_bit_turned_is_a_module_or_an_error() {
    let whole = module(
        &[
            function(&GET),
            vec![custom(".debug_str", &[1]), custom("name", &[])],
        ]
        .concat(),
    );
    for bit in 0..whole.len() * 8 {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        if let Ok(stripped) = strip(&damaged, true) {
            assert!(strip(&stripped, true).is_ok(), "bit {bit}");
        }
    }
}
