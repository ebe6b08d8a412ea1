//! Several people with several devices, real relays between them, and everything that goes wrong, from one seed.

#[path = "../common/mod.rs"]
mod common;
#[path = "../../../../client/relay/core/tests/simulation/disk.rs"]
#[allow(dead_code)]
mod relay_disk;

mod calls;
mod checker;
mod files;
mod group;
mod network;
mod people;
mod world;

use world::{Plan, World};

fn run(plan: Plan) -> checker::Outcome {
    let outcome = World::new(plan).run();
    assert!(
        outcome.wrong.is_empty(),
        "seed {}: {:#?}",
        plan.seed,
        outcome.wrong
    );
    outcome
}

#[test]
fn every_text_is_shown_once_and_in_order_when_nothing_fails() {
    for seed in 0..3 {
        let outcome = run(Plan::calm(seed));
        assert!(outcome.said > 20, "{outcome:?}");
        assert_eq!(outcome.renewed, 0);
        // Messages go by relays that are paid for them, and hardly by others.
        assert!(outcome.paid > 20 * outcome.unpaid, "{outcome:?}");
    }
}

/// A network without Proof of Relay.
#[test]
fn without_ingress_relays_everything_goes_to_the_recipients_relays() {
    let outcome = run(Plan {
        ingress: 0,
        busy: 30_000,
        ..Plan::calm(10)
    });
    assert_eq!(outcome.paid, 0);
    assert!(outcome.said > 20, "{outcome:?}");
}

/// Devices that are all there need relays to begin with, and hardly afterwards.
#[test]
fn devices_that_are_there_deliver_to_each_other() {
    for seed in 20..23 {
        let plan = Plan {
            busy: 60_000,
            ..Plan::calm(seed)
        };
        let through_relays = run(plan);
        let outcome = run(Plan {
            direct: true,
            ..plan
        });
        assert_eq!(outcome.renewed, 0);
        let sent = |it: &checker::Outcome| it.paid + it.unpaid;
        assert!(outcome.handed_over > 40, "{outcome:?}");
        assert!(
            3 * sent(&outcome) < sent(&through_relays),
            "{outcome:?} {through_relays:?}"
        );
    }
}

/// D8: what they say while no relay is reached goes on its way, and what others are told later is in order all the same.
#[test]
fn devices_that_have_met_go_on_while_no_relay_is_reached() {
    let mut all = checker::Outcome::default();
    for seed in 30..34 {
        let (direct, alone, busy) = (true, true, 60_000);
        all.add(&run(Plan {
            direct,
            alone,
            busy,
            ..Plan::calm(seed)
        }));
    }
    assert!(all.alone > 100, "{all:?}");
    println!("{all:?}");
}

#[test]
fn direct_delivery_loses_and_doubles_nothing_whatever_fails() {
    let mut all = checker::Outcome::default();
    for seed in 200..206 {
        all.add(&run(Plan {
            direct: true,
            ..Plan::rough(seed)
        }));
    }
    assert!(all.handed_over > 100 && all.restarted > 10, "{all:?}");
    assert!(all.paid + all.unpaid > 100, "{all:?}");
    println!("{all:?}");
}

#[test]
fn every_text_is_shown_once_and_in_order_whatever_fails() {
    let mut all = checker::Outcome::default();
    for seed in 100..108 {
        all.add(&run(Plan::rough(seed)));
    }
    // The runs are worth nothing if nothing fails in them.
    assert!(all.killed > 10 && all.restarted > 10, "{all:?}");
    assert!(all.renewed > 0 && all.again > 0, "{all:?}");
    assert!(all.paid > 0 && all.unpaid > 0, "{all:?}");
    println!("{all:?}");
}

#[test]
fn a_group_reads_everything_once_when_nothing_fails() {
    let mut all = checker::Outcome::default();
    for seed in 200..203 {
        all.add(&run(Plan {
            groups: true,
            ..Plan::calm(seed)
        }));
    }
    assert!(all.said_in_groups > 20 && all.epochs > 3, "{all:?}");
}

#[test]
fn a_group_reads_everything_once_whatever_fails() {
    let mut all = checker::Outcome::default();
    for seed in 300..304 {
        all.add(&run(Plan {
            groups: true,
            ..Plan::rough(seed)
        }));
    }
    assert!(all.said_in_groups > 20 && all.epochs > 4, "{all:?}");
    assert!(all.killed > 5 && all.restarted > 5, "{all:?}");
    println!("{all:?}");
}

/// A1-A7.
#[test]
fn a_device_that_comes_late_has_everything_at_the_end_whatever_fails() {
    let mut all = checker::Outcome::default();
    for seed in 200..205 {
        let late = true;
        all.add(&run(Plan {
            late,
            ..Plan::rough(seed)
        }));
    }
    assert!(all.histories >= 10 && all.taken > 100, "{all:?}");
    assert!(all.killed > 5 && all.restarted > 5, "{all:?}");
    println!("{all:?}");
}

/// F1-F9.
#[test]
fn every_file_is_whole_at_the_end_on_every_device_whatever_fails() {
    let mut all = checker::Outcome::default();
    for seed in 400..405 {
        let files = true;
        all.add(&run(Plan {
            files,
            ..Plan::rough(seed)
        }));
    }
    assert!(all.files > 20 && all.whole > 50, "{all:?}");
    assert!(all.killed > 5 && all.restarted > 5, "{all:?}");
    println!("{all:?}");
}

/// F11.
#[test]
fn files_of_a_group_are_whole_at_the_end_whatever_fails() {
    let mut all = checker::Outcome::default();
    for seed in 500..504 {
        let (files, groups) = (true, true);
        all.add(&run(Plan {
            files,
            groups,
            ..Plan::rough(seed)
        }));
    }
    assert!(all.files > 15 && all.whole > 30, "{all:?}");
    println!("{all:?}");
}

/// Some runs have a group too, some direct delivery, some a device that comes late, some files.
fn mixed(seed: u64) -> Plan {
    Plan {
        groups: seed % 4 < 2,
        direct: seed % 2 == 1,
        late: seed.is_multiple_of(3),
        files: seed % 5 < 2,
        ..Plan::rough(seed)
    }
}

/// Runs in which a group lost texts once.
#[test]
fn what_a_group_lost_once_it_does_not_lose_again() {
    let mut all = checker::Outcome::default();
    for seed in [2001, 2004, 2008, 5001, 5005] {
        all.add(&run(mixed(seed)));
    }
    assert!(all.said_in_groups > 20 && all.epochs > 4, "{all:?}");
    println!("{all:?}");
}

/// `SEEDS=from..to cargo test --release --test simulation many_runs -- --nocapture` for more of them. Open: 1005, in which a
/// device lacks texts of its group.
#[test]
fn many_runs() {
    let seeds = std::env::var("SEEDS").unwrap_or_else(|_| "1000..1004".into());
    let (from, to) = seeds.split_once("..").unwrap();
    let (from, to): (u64, u64) = (from.parse().unwrap(), to.parse().unwrap());
    let (mut all, mut wrong) = (checker::Outcome::default(), Vec::new());
    for seed in from..to {
        let outcome = World::new(mixed(seed)).run();
        all.add(&outcome);
        if !outcome.wrong.is_empty() {
            println!("seed {seed}: {:#?}", outcome.wrong);
            wrong.push(seed);
        }
    }
    println!("{} runs: {all:?}", to - from);
    assert!(wrong.is_empty(), "seeds {wrong:?}");
}

/// The checks find what they are there for.
#[test]
fn devices_whose_disks_lie_are_found_out() {
    for seed in [6, 7] {
        let mut plan = Plan::rough(seed);
        plan.forgets = true;
        let outcome = World::new(plan).run();
        assert!(!outcome.wrong.is_empty());
    }
}
