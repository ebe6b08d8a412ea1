//! The rows of the design's table, each a test: seeded, in simulated time, over the library's own connections.
//!
//! A row that holds here with two seeds is run with five, beside the other controllers, by `scripts/bench P8`.

use parlance_link_sim::{
    contender::Contender,
    scenario::{Outcome, Row},
};

const SEEDS: [u64; 2] = [1, 2];

fn outcomes(row: &Row, contender: Contender, seeds: &[u64]) -> Vec<Outcome> {
    let run = |seed: &u64| row.run(contender, *seed).expect("the connection lives").0;
    seeds.iter().map(run).collect()
}

/// Runs a row with UDX and with those that a demand compares it to.
#[track_caller]
fn holds(name: &str) {
    holds_with(name, &SEEDS);
}

#[track_caller]
fn holds_with(name: &str, seeds: &[u64]) {
    let row = Row::named(name).expect("the row exists");
    assert!(!row.demands.is_empty(), "nothing is demanded of {name}");
    let others: Vec<_> = [Contender::Cubic, Contender::Bbr]
        .into_iter()
        .filter(|other| {
            row.demands
                .iter()
                .any(|demand| demand.other() == Some(*other))
        })
        .map(|other| (other, outcomes(&row, other, &SEEDS[..1])))
        .collect();
    let ours = outcomes(&row, Contender::Udx, seeds);
    for demand in row.demands {
        let found = |wanted| {
            let found = others.iter().find(|(other, _)| *other == wanted);
            found.map_or(&[][..], |(_, runs)| runs.as_slice())
        };
        assert!(
            demand.holds(&ours, found),
            "{name}: {}: {ours:#?}",
            demand.words()
        );
    }
}

#[test]
fn a_clean_link_is_filled_and_its_queue_stays_short() {
    holds("clean");
}

#[test]
fn one_lost_packet_in_a_hundred_costs_little() {
    holds("loss-1");
}

#[test]
fn one_lost_packet_in_twenty_leaves_most_of_a_long_link() {
    holds("loss-5");
}

#[test]
fn the_queue_drains_after_the_rate_dropped() {
    holds("drop");
}

#[test]
fn two_flows_share_a_link() {
    holds("two");
}

#[test]
fn neither_we_nor_cubic_starve() {
    holds("cubic");
}

/// What jitter does depends on the seed more than anything else, so it is tried with all five.
#[test]
fn jitter_is_no_queue() {
    holds_with("jitter", &[1, 2, 3, 4, 5]);
}

#[test]
fn packets_that_overtake_each_other_are_not_lost() {
    holds("reorder");
}

#[test]
fn a_seed_gives_one_result() {
    let row = Row::named("loss-5").expect("the row exists");
    let figures = |seed| {
        let mut setup = row.setup(Contender::Udx, seed);
        setup.lasts = std::time::Duration::from_secs(5);
        let trace = parlance_link_sim::simulation::run(&setup).expect("the connection lives");
        (trace.queue, trace.flows[0].received.clone())
    };
    assert_eq!(figures(3), figures(3));
    assert_ne!(figures(3), figures(4));
}
