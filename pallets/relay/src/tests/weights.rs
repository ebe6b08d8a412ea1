//! Each call fits a block many times over, and records are as large as the README says.

use codec::MaxEncodedLen;
use frame_support::weights::Weight;

use crate::{PeriodRecord, Relay, WeightInfo};

#[test]
fn each_call_fits_a_block() {
    // Half a second of computation and half a mebibyte of proof: a quarter of what a block may
    // take.
    let quarter = Weight::from_parts(500_000_000_000, 512 * 1_024);
    for (name, weight) in [
        ("register", <() as WeightInfo>::register()),
        ("update", <()>::update()),
        ("retire", <()>::retire()),
        ("withdraw", <()>::withdraw()),
        ("resume", <()>::resume()),
        ("claim", <()>::claim()),
        ("open", <()>::open()),
        ("collect", <()>::collect()),
        ("set_parameters", <()>::set_parameters()),
        ("begin_period", <()>::begin_period()),
    ] {
        assert!(weight.all_lte(quarter), "{name} takes {weight:?}");
        assert!(weight.ref_time() > 0, "{name} takes no time");
    }
    // A roster of a thousand relays, renewed a few times a day.
    assert!(<()>::renew_roster(1_000).ref_time() <= quarter.ref_time());
}

#[test]
fn records_are_as_large_as_the_documents_say() {
    assert_eq!(Relay::max_encoded_len(), 1_977);
    assert!(include_str!("../../README.md").contains("at most 1,977 bytes"));
    assert_eq!(PeriodRecord::max_encoded_len(), 117);
}
