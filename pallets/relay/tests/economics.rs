//! The page about the economics of relays says what the chain's code does today.

#[path = "../examples/self_dealing/break_even.rs"]
mod break_even;
#[path = "../examples/self_dealing/documents.rs"]
mod documents;
#[path = "../examples/self_dealing/load.rs"]
mod load;
#[path = "../examples/self_dealing/network.rs"]
mod network;
#[path = "../examples/self_dealing/others.rs"]
mod others;
#[path = "../examples/self_dealing/ring.rs"]
mod ring;
#[path = "../examples/self_dealing/tables.rs"]
mod tables;
#[path = "../examples/self_dealing/text.rs"]
mod text;

use network::{Draws, Network};
use parlance_pictures::Document;
use ring::Ring;

#[test]
fn the_committed_tables_and_pictures_are_the_codes_own() {
    Document::assert_committed(
        &documents::all().unwrap(),
        "cargo run --release -p pallet-relay --example self_dealing",
    );
}

#[test]
fn self_dealing_earns_less_than_its_tickets_cost_up_to_a_sixth_of_the_relays() {
    let (network, draws) = (Network::default(), Draws::all());
    for share in [5, 10, 50, 100, 150] {
        for draws in &draws {
            let ring = Ring::of(share);
            assert!(!ring.day(&network, draws).pays(), "{share}, free");
            let bought = tables::BOUGHT;
            let ring = Ring { bought, ..ring };
            assert!(!ring.day(&network, draws).pays(), "{share}, bought");
        }
    }
    assert!(break_even::gains(&Ring::of(250), &network, &draws));
}

#[test]
fn a_bond_costs_more_than_a_small_ring_earns() {
    let (network, draws) = (Network::default(), Draws::all());
    for share in tables::SHARES {
        for draws in &draws {
            let day = Ring::of(share).day(&network, draws);
            assert!(day.earned < day.tickets() + day.bonds, "{share}");
        }
    }
}

#[test]
fn an_identity_by_proof_of_work_is_paid_nothing() {
    assert_eq!(others::sybils(&Network::default(), 100, 0).earned, 0);
}

#[test]
fn tickets_over_their_cap_earn_less_than_honesty() {
    for part in [1, 2, 5, 10, 50, 100] {
        for times in [2, 10, 100] {
            assert!(others::over_cap(part, times, 1) < 1_000, "{part} % {times}");
        }
    }
}

#[test]
fn pretended_load_takes_no_more_of_what_is_free_than_its_part_of_the_relays() {
    let network = Network::default();
    let of = |census| {
        let points = load::days(&network, 365, |_| census);
        points[points.len() - 1]
    };
    let (calm, full) = (
        of(load::STEADY),
        of(load::Census {
            idle: 4,
            pretended: u64::MAX,
            ..load::STEADY
        }),
    );
    assert!(full.member < calm.member);
    assert!(full.utilisation <= calm.utilisation + 1_000 * 4 / 44 + 1);
}
