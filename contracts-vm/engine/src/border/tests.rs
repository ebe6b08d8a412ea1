//! Pointers, lengths and buffers, good and bad.

use super::*;
use parlance_vm_abi::id;

const GAS: Gas = Gas::MAX;

fn arguments(values: &[u64]) -> [u64; MAX_PARAMS] {
    let mut arguments = [0; MAX_PARAMS];
    arguments[..values.len()].copy_from_slice(values);
    arguments
}

fn call(id: parlance_vm_abi::CallId, values: &[u64], memory: &[u8]) -> Result<Call, Trap> {
    read(id.entry().unwrap(), arguments(values), memory, GAS)
}

fn reply(outputs: [Option<Vec<u8>>; MAX_OUTPUTS]) -> Reply {
    Reply {
        result: 0,
        gas: GAS,
        outputs,
    }
}

#[test]
fn inputs_come_along_in_the_order_of_the_table() {
    let memory: Vec<u8> = (0..100).collect();
    let call = call(id::SET_STORAGE_V2, &[10, 3, 97, 3], &memory).unwrap();
    assert_eq!(call.input(0), Some(&[10, 11, 12][..]));
    assert_eq!(call.input(1), Some(&[97, 98, 99][..]));
    assert_eq!(call.input(2), None);
    assert_eq!(call.entry().unwrap().name, "set_storage");
}

#[test]
fn a_value_that_is_left_out_is_none_and_one_that_is_empty_is_empty() {
    let memory = [7; 200];
    // call v2: flags, callee, two of weight, deposit, value, input and its length, output and its length.
    let mut values = [0, 0, 0, 0, u64::from(NONE), 32, 64, 0, u64::from(NONE), 0];
    let without = call(id::CALL_V2, &values, &memory).unwrap();
    assert_eq!(without.input(1), None);
    assert_eq!(without.input(3), Some(&[][..]));
    assert_eq!(without.room, [None, None]);
    (values[4], values[8], values[9]) = (48, 100, 120);
    let with = call(id::CALL_V2, &values, &memory).unwrap();
    assert_eq!(with.input(1), Some(&[7; 16][..]));
    assert_eq!(with.room, [Some(0x0707_0707), None]);
}

#[test]
fn whatever_points_outside_traps() {
    let memory = [0; 100];
    let max = u64::from(u32::MAX);
    for (at, len) in [(100, 1), (0, 101), (max, 1), (1, max), (max, max), (99, 2)] {
        let outcome = call(id::CLEAR_STORAGE_V1, &[at, len], &memory);
        assert_eq!(outcome, Err(Trap::OutOfBounds), "{at} {len}");
    }
    for (at, len) in [(100, 0), (0, 100), (99, 1)] {
        assert!(
            call(id::CLEAR_STORAGE_V1, &[at, len], &memory).is_ok(),
            "{at} {len}"
        );
    }
    assert_eq!(
        call(id::CLEAR_STORAGE_V1, &[0, 1], &[]),
        Err(Trap::OutOfBounds)
    );
}

#[test]
fn a_call_does_not_bring_along_more_than_a_memory() {
    let memory = vec![0; MAX_INPUT_BYTES as usize];
    let half = u64::from(MAX_INPUT_BYTES) / 2;
    assert!(call(id::SET_STORAGE_V2, &[0, half, 0, half], &memory).is_ok());
    let more = call(id::SET_STORAGE_V2, &[0, half, 0, half + 1], &memory);
    assert_eq!(more, Err(Trap::OutOfBounds));
}

#[test]
fn an_answer_is_written_with_its_length() {
    let mut memory = vec![0; 100];
    memory[40..44].copy_from_slice(&8_u32.to_le_bytes());
    let entry = id::CALLER.entry().unwrap();
    let values = arguments(&[10, 40]);
    answer(
        entry,
        &values,
        &mut memory,
        &reply([Some(vec![1, 2, 3]), None]),
    )
    .unwrap();
    assert_eq!(memory[10..14], [1, 2, 3, 0]);
    assert_eq!(memory[40..44], 3_u32.to_le_bytes());
}

#[test]
fn an_answer_that_does_not_fit_is_the_runtimes_fault() {
    let mut memory = vec![0; 100];
    memory[40] = 2;
    let caller = id::CALLER.entry().unwrap();
    let hash = id::HASH_BLAKE2_256.entry().unwrap();
    let cases = [
        (caller, [10, 40, 0], reply([Some(vec![0; 3]), None])),
        (caller, [10, 40, 0], reply([None, Some(vec![])])),
        (hash, [0, 0, 10], reply([Some(vec![0; 31]), None])),
    ];
    for (entry, values, reply) in cases {
        let outcome = answer(entry, &arguments(&values), &mut memory, &reply);
        assert!(
            matches!(outcome, Err(Unwritten::Reply(_))),
            "{}",
            entry.name
        );
    }
    assert_eq!(
        memory.iter().filter(|byte| **byte != 0).count(),
        1,
        "nothing was written"
    );
}

#[test]
fn an_answer_that_goes_outside_is_the_contracts_fault() {
    let mut memory = vec![0; 100];
    memory[40] = 50;
    let caller = id::CALLER.entry().unwrap();
    let hash = id::HASH_BLAKE2_256.entry().unwrap();
    let cases = [
        (caller, [99, 40, 0], reply([Some(vec![0; 2]), None])),
        (caller, [10, 98, 0], reply([Some(vec![]), None])),
        (hash, [0, 0, 70], reply([Some(vec![0; 32]), None])),
    ];
    for (entry, values, reply) in cases {
        let outcome = answer(entry, &arguments(&values), &mut memory, &reply);
        assert!(
            matches!(outcome, Err(Unwritten::Trap(Trap::OutOfBounds))),
            "{}",
            entry.name
        );
    }
}
