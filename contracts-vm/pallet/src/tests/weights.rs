//! Each call fits a block, without what contracts do in it; no system call is free.

use super::mock::Test;
use crate::{WeightInfo, costs::Cost};
use frame_support::weights::Weight;

#[test]
fn each_call_fits_a_block() {
    // One and a half seconds of computation and a mebibyte and a half of proof: what a block has for transactions, about.
    let block = Weight::from_parts(1_500_000_000_000, 1_536 * 1_024);
    let longest = 128 * 1_024;
    for (name, weight) in [
        ("call", <() as WeightInfo>::call()),
        ("instantiate", <()>::instantiate(longest, 64)),
        (
            "instantiate_with_code",
            <()>::instantiate_with_code(longest, 1_024, 64),
        ),
        ("upload_code", <()>::upload_code(longest)),
        ("remove_code", <()>::remove_code()),
        ("set_code", <()>::set_code()),
        ("delete_begin", <()>::delete_begin()),
        ("delete_key", <()>::delete_key()),
    ] {
        assert!(weight.all_lte(block), "{name} takes {weight:?}");
        assert!(weight.ref_time() > 0, "{name} takes no time");
    }
}

#[test]
fn prices_grow_with_what_is_handled_and_nothing_is_free() {
    let grows = |of: fn(u32) -> Cost| {
        let [small, large] = [0, 10_000].map(|bytes| of(bytes).weight::<Test>().ref_time());
        assert!(small < large, "{:?}", of(0));
    };
    grows(Cost::Copy);
    grows(Cost::Read);
    grows(Cost::Write);
    grows(Cost::Load);
    grows(Cost::Hash);
    grows(Cost::Signature);
    grows(|bytes| Cost::Event(0, bytes));
    grows(|topics| Cost::Event(topics, 0));
    for cost in [
        Cost::SystemCall,
        Cost::LookUp,
        Cost::Transfer,
        Cost::Nest,
        Cost::Instantiate,
        Cost::Terminate,
    ] {
        assert!(cost.weight::<Test>().ref_time() > 0, "{cost:?}");
    }
}
