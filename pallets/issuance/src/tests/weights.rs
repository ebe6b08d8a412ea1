//! Each call fits a block many times over.

use frame_support::weights::Weight;

use crate::{MAX_PRUNED, WeightInfo};

#[test]
fn each_call_fits_a_block() {
    // Half a second of computation and half a mebibyte of proof: a quarter of what a block may take.
    let quarter = Weight::from_parts(500_000_000_000, 512 * 1_024);
    for (name, weight) in [
        ("settle", <() as WeightInfo>::settle()),
        ("mint", <()>::mint()),
        ("note_active", <()>::note_active()),
        ("release", <()>::release(4)),
        ("pay_pool", <()>::pay_pool()),
        ("prune_inactive", <()>::prune_inactive(MAX_PRUNED)),
        ("set_listing", <()>::set_listing()),
        ("set_splits", <()>::set_splits()),
        ("set_fee_rule", <()>::set_fee_rule()),
    ] {
        assert!(weight.all_lte(quarter), "{name} takes {weight:?}");
        assert!(weight.ref_time() > 0, "{name} takes no time");
    }
}
