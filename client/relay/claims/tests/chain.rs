//! Relays that keep their books by this crate, against the runtime itself: its calendar, its pallets, its
//! checks. Processes are killed, transactions are lost, blocks are missed, devices are revoked; no honest
//! relay is ever slashed, and what is proven is paid.
//!
//! A seed makes a run. `SEEDS=N cargo test --release --test chain -- --nocapture` runs more of them.

mod world;

use parlance_relay_claims::GivenUp;
use world::{Faults, Outcome, run};

#[test]
fn without_faults_every_period_is_proven_and_paid_to_the_unit() {
    let outcome = run(1, Faults::none(), 24);
    // All but those of the last periods, whose time has not come.
    assert!(outcome.claims >= 6 * 22, "{outcome:?}");
    assert!(outcome.proven >= 6 * 15, "{outcome:?}");
    assert_eq!(outcome.proven, outcome.closed_claims, "{outcome:?}");
    assert_eq!(outcome.falsified, 0);
    assert_eq!(outcome.silent, 0);
    assert!(outcome.given_up.is_empty(), "{outcome:?}");
    assert!(outcome.paid > 0);
    assert_eq!(outcome.paid, outcome.payable - outcome.left, "{outcome:?}");
}

#[test]
fn faults_cost_pay_and_never_the_bond() {
    let seeds: u64 = std::env::var("SEEDS").map_or(6, |text| text.parse().unwrap());
    let (mut proven, mut claims) = (0, 0);
    for seed in 0..seeds {
        let outcome = run(seed, Faults::many(), 24);
        assert_eq!(outcome.falsified, 0, "seed {seed}: {outcome:?}");
        let strange = outcome
            .given_up
            .iter()
            .find(|(_, why)| *why != GivenUp::NotClaimed);
        assert_eq!(strange, None, "seed {seed}: {outcome:?}");
        assert_eq!(outcome.paid, outcome.payable - outcome.left, "seed {seed}");
        proven += outcome.proven;
        claims += outcome.closed_claims;
    }
    println!("{proven} of {claims} claims were proven in spite of faults");
    assert!(proven > claims / 2, "{proven} of {claims}");
}

/// C8. Its device is in doubt when the relays open, and says that they were slow.
#[test]
fn a_recipient_that_boasts_and_leaves_costs_its_relays_little() {
    let honest = run(3, Faults::none(), 24);
    let faults = Faults {
        boaster: true,
        ..Faults::none()
    };
    let boasted = run(3, faults, 24);
    println!("{} paid, {} with a boaster", honest.paid, boasted.paid);
    assert_eq!(boasted.falsified, 0, "{boasted:?}");
    assert!(boasted.given_up.is_empty(), "{boasted:?}");
    assert!(boasted.paid > honest.paid / 4 * 3, "{boasted:?} {honest:?}");
}

#[test]
fn a_second_host_with_the_key_is_noticed() {
    let faults = Faults {
        second_host: true,
        ..Faults::none()
    };
    let Outcome {
        given_up,
        falsified,
        ..
    } = run(2, faults, 20);
    let others = |(_, why): &(_, GivenUp)| *why == GivenUp::OtherTrees;
    assert!(given_up.iter().any(others), "{given_up:?}");
    assert_eq!(falsified, 0);
}
