//! Any bytes: an answer, and a second time the same one.

#![no_main]

use libfuzzer_sys::fuzz_target;
use parlance_vm_prepare::{Age, Rules, prepare};

fuzz_target!(|data: &[u8]| {
    let once = prepare(data, Age::New, &Rules::V1);
    assert_eq!(once, prepare(data, Age::New, &Rules::V1));
    // Old code may import more, and nothing less.
    assert!(once.is_err() || prepare(data, Age::OnChain, &Rules::V1) == once);
});
