//! From a seed: people who do this and that, processes that end, relays that die, networks that are gone.

use crate::{join, make, world::World};
use parlance_bimp::Account;
use parlance_messenger::{GroupCommand, groups::Stage};

/// What a run was like.
#[derive(Debug, Default)]
struct Outcome {
    said: usize,
    epochs: u64,
    overtaken: u32,
    restarts: u32,
    out_of_turn: usize,
}

fn run(seed: u64) -> Outcome {
    let mut outcome = Outcome::default();
    let mut world = World::new(seed, &[2, 1, 2, 1, 1]);
    let group = make(&mut world);
    let accounts: Vec<Account> = (2..=5).map(|n| Account([n; 32])).collect();
    let command = GroupCommand::Invite {
        group,
        accounts: accounts.clone(),
    };
    world.group(0, command).unwrap();
    world.pass(5_000);
    let invited: Vec<usize> = (2..world.devices.len()).collect();
    join(&mut world, &invited, group);
    for turn in 0..120 {
        let n = world.below(world.devices.len() as u64) as usize;
        if world.devices[n].engine.is_some() {
            act(&mut world, n, group, turn, &accounts, &mut outcome);
        }
        let pause = 20 + world.below(900);
        world.pass(pause);
    }
    // Everything is in order again, and everybody is there.
    for n in 0..world.devices.len() {
        world.set_away(n, false);
    }
    world.pass(30_000);
    for n in 0..world.devices.len() {
        if matches!(world.stage(n, group), Some(Stage::Invited { .. })) {
            world.group(n, GroupCommand::Join(group)).unwrap();
        }
    }
    world.pass(150_000);
    world.judge();
    let epoch = world.epoch(0, group);
    for n in 0..world.devices.len() {
        if world.stage(n, group) == Some(Stage::Member) {
            assert_eq!(world.epoch(n, group), epoch, "seed {seed}, device {n}");
        }
    }
    outcome.said = world.said.len();
    outcome.epochs = epoch.unwrap_or(0);
    outcome.overtaken = world.relays.overtaken;
    outcome.out_of_turn = world.out_of_turn();
    outcome
}

fn act(
    world: &mut World,
    n: usize,
    group: parlance_bimp::GroupId,
    turn: u32,
    accounts: &[Account],
    outcome: &mut Outcome,
) {
    let whom = accounts[world.below(accounts.len() as u64) as usize];
    let own = world.devices[n].account;
    match world.below(20) {
        0 if whom != own => {
            let account = whom;
            drop(world.group(n, GroupCommand::Remove { group, account }));
        }
        1..=3 => {
            let accounts = vec![whom];
            drop(world.group(n, GroupCommand::Invite { group, accounts }));
        }
        4 => {
            outcome.restarts += 1;
            let pause = 10 + world.below(3_000);
            world.restart(n, pause);
        }
        5 => {
            let (relay, pause) = (world.below(8) as u8, 500 + world.below(5_000));
            world.kill(relay, pause);
        }
        6 => {
            let away = !world.devices[n].away;
            world.set_away(n, away);
        }
        7 | 8 => {
            if matches!(world.stage(n, group), Some(Stage::Invited { .. })) {
                drop(world.group(n, GroupCommand::Join(group)));
            }
        }
        _ => {
            world.say(n, group, &format!("text {turn} of device {n}"));
        }
    }
}

#[test]
fn whatever_fails_everybody_reads_everything_once_and_all_are_in_one_group() {
    let mut all = Outcome::default();
    for seed in 100..108 {
        let outcome = run(seed);
        all.said += outcome.said;
        all.epochs += outcome.epochs;
        all.overtaken += outcome.overtaken;
        all.restarts += outcome.restarts;
        all.out_of_turn += outcome.out_of_turn;
    }
    println!("{all:?}");
    // The runs are worth nothing if nothing happens in them.
    assert!(all.said > 200 && all.epochs > 40, "{all:?}");
    assert!(all.overtaken > 0 && all.restarts > 10, "{all:?}");
    // Nothing was lost, so hardly anything was waited for too long.
    assert!(50 * all.out_of_turn < all.said, "{all:?}");
}

/// `SEEDS=from..to cargo test --release --test groups many_groups -- --nocapture` for more of them.
#[test]
fn many_groups() {
    let seeds = std::env::var("SEEDS").unwrap_or_else(|_| "1000..1002".into());
    let (from, to) = seeds.split_once("..").unwrap();
    let (from, to): (u64, u64) = (from.parse().unwrap(), to.parse().unwrap());
    for seed in from..to {
        let outcome = run(seed);
        println!("seed {seed}: {outcome:?}");
    }
}
