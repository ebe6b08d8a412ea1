//! The pictures and tables of the documentation are what the pallet's code draws today.

#[path = "../examples/supply_curve/chart.rs"]
mod chart;
#[path = "../examples/supply_curve/curve.rs"]
mod curve;
#[path = "../examples/supply_curve/documents.rs"]
mod documents;

#[test]
fn the_committed_pictures_and_tables_are_the_codes_own() {
    for document in documents::all().unwrap() {
        let committed = std::fs::read_to_string(&document.path).unwrap();
        assert!(
            committed == document.content,
            "{} is out of date: cargo run -p pallet-issuance --example supply_curve",
            document.path.display()
        );
    }
}
