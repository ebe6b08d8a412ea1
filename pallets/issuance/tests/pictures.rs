//! The pictures and tables of the documentation are what the pallet's code draws today.

#[path = "../examples/supply_curve/curve.rs"]
mod curve;
#[path = "../examples/supply_curve/documents.rs"]
mod documents;

use parlance_pictures::Document;

#[test]
fn the_committed_pictures_and_tables_are_the_codes_own() {
    Document::assert_committed(
        &documents::all().unwrap(),
        "cargo run -p pallet-issuance --example supply_curve",
    );
}
