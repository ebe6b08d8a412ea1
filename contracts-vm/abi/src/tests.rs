//! The table agrees with itself, and with what is known of the surface.

use super::*;

fn is_i32(entry: &Entry, at: u8) -> bool {
    entry.params.get(usize::from(at)) == Some(&ValType::I32)
}

#[test]
fn an_id_is_the_place_in_the_table() {
    for (place, entry) in ENTRIES.iter().enumerate() {
        assert_eq!(usize::from(entry.id.0), place, "{}", entry.name);
        assert_eq!(entry.id.entry(), Some(entry));
    }
    assert_eq!(CallId(u16::MAX).entry(), None);
}

#[test]
fn every_pointer_and_every_length_is_an_i32() {
    for entry in ENTRIES {
        for input in entry.inputs {
            match *input {
                Input::Fixed { at, .. } | Input::Optional { at, .. } => assert!(is_i32(entry, at)),
                Input::Slice { at, len } => assert!(is_i32(entry, at) && is_i32(entry, len)),
            }
        }
        for output in entry.outputs {
            match *output {
                Output::Fixed { at, .. } => assert!(is_i32(entry, at)),
                Output::Buffer { at, len_at } | Output::Skippable { at, len_at } => {
                    assert!(is_i32(entry, at) && is_i32(entry, len_at));
                }
            }
        }
    }
}

#[test]
fn no_argument_is_read_as_two_things() {
    for entry in ENTRIES {
        let mut used = [0u8; MAX_PARAMS];
        let mut mark = |at: u8| used[usize::from(at)] += 1;
        for input in entry.inputs {
            match *input {
                Input::Fixed { at, .. } | Input::Optional { at, .. } => mark(at),
                Input::Slice { at, len } => {
                    mark(at);
                    mark(len);
                }
            }
        }
        for output in entry.outputs {
            match *output {
                Output::Fixed { at, .. } => mark(at),
                Output::Buffer { at, len_at } | Output::Skippable { at, len_at } => {
                    mark(at);
                    mark(len_at);
                }
            }
        }
        assert!(
            used.iter().all(|count| *count <= 1),
            "{} {}",
            entry.name,
            entry.version
        );
    }
}

#[test]
fn nothing_has_more_of_anything_than_the_constants_say() {
    let most = |of: fn(&Entry) -> usize| ENTRIES.iter().map(of).max();
    assert_eq!(most(|entry| entry.params.len()), Some(MAX_PARAMS));
    assert_eq!(most(|entry| entry.inputs.len()), Some(MAX_INPUTS));
    assert_eq!(most(|entry| entry.outputs.len()), Some(MAX_OUTPUTS));
    assert!(
        ENTRIES
            .iter()
            .all(|entry| entry.results.len() <= 1 && entry.version <= 2)
    );
}

#[test]
fn a_call_is_found_by_both_of_its_names_and_by_no_other() {
    assert_eq!(
        find("seal1", "get_storage").map(|entry| entry.id),
        Some(id::GET_STORAGE_V1)
    );
    assert_eq!(
        find("seal1", "seal_get_storage").map(|entry| entry.id),
        Some(id::GET_STORAGE_V1)
    );
    assert_eq!(
        find("seal0", "seal_return").map(|entry| entry.id),
        Some(id::RETURN)
    );
    assert_eq!(
        find("seal2", "call").map(|entry| entry.id),
        Some(id::CALL_V2)
    );
    for (module, name) in [
        ("seal2", "seal_call"),
        ("seal0", "return"),
        ("seal0", "seal_seal_return"),
        ("seal3", "call"),
        ("env", "call"),
        ("seal1", "input"),
        ("seal0", "seal_"),
        ("seal0", ""),
        ("seal0", "xcm_send"),
    ] {
        assert_eq!(find(module, name), None, "{module}.{name}");
    }
}

#[test]
fn every_name_means_one_call() {
    for (place, entry) in ENTRIES.iter().enumerate() {
        let twice = ENTRIES[place + 1..]
            .iter()
            .any(|other| other.module() == entry.module() && other.name == entry.name);
        assert!(!twice, "{}.{}", entry.module(), entry.name);
        assert_eq!(find(entry.module(), entry.name), Some(entry));
    }
    // The stable surface has 112 names; the two of XCM are not ours (A4).
    let names: usize = ENTRIES
        .iter()
        .map(|entry| 1 + usize::from(entry.alias))
        .sum();
    assert_eq!(names, 110);
}

#[test]
fn what_ink_5_1_imports_is_there() {
    let imports = [
        ("seal0", "transfer"),
        ("seal0", "input"),
        ("seal0", "seal_return"),
        ("seal0", "caller"),
        ("seal0", "value_transferred"),
        ("seal0", "address"),
        ("seal0", "balance"),
        ("seal0", "block_number"),
        ("seal0", "now"),
        ("seal0", "minimum_balance"),
        ("seal0", "gas_left"),
        ("seal0", "weight_to_fee"),
        ("seal0", "deposit_event"),
        ("seal0", "hash_sha2_256"),
        ("seal0", "hash_keccak_256"),
        ("seal0", "hash_blake2_256"),
        ("seal0", "hash_blake2_128"),
        ("seal0", "ecdsa_recover"),
        ("seal0", "ecdsa_to_eth_address"),
        ("seal0", "sr25519_verify"),
        ("seal0", "is_contract"),
        ("seal0", "code_hash"),
        ("seal0", "own_code_hash"),
        ("seal0", "caller_is_origin"),
        ("seal0", "caller_is_root"),
        ("seal0", "set_code_hash"),
        ("seal0", "call_runtime"),
        ("seal0", "debug_message"),
        ("seal0", "call_chain_extension"),
        ("seal0", "delegate_call"),
        ("seal0", "take_storage"),
        ("seal0", "lock_delegate_dependency"),
        ("seal0", "unlock_delegate_dependency"),
        ("seal0", "instantiation_nonce"),
        ("seal1", "terminate"),
        ("seal1", "call"),
        ("seal1", "instantiate"),
        ("seal1", "get_storage"),
        ("seal1", "contains_storage"),
        ("seal1", "clear_storage"),
        ("seal2", "set_storage"),
        ("seal2", "call"),
        ("seal2", "instantiate"),
    ];
    for (module, name) in imports {
        let entry = find(module, name).unwrap_or_else(|| panic!("{module}.{name}"));
        assert!(!entry.deprecated, "{module}.{name}");
    }
}
