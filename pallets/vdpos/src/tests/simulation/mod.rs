//! A long life of the chain: seeded voters, liars, crashes and faults over 10^5 blocks of the real
//! pallet.
//!
//! What happens comes from one number, the seed; the same seed is the same life. A failing test prints
//! it. `VDPOS_SEED=N cargo test -p pallet-vdpos simulation` replays one, and a seed that failed once is
//! added to [`REGRESSIONS`] with what it found.
//!
//! - [`world`] lets slots pass: nodes crash and come back, finality is quick, slow or stuck, now and then
//!   the whole network stands still.
//! - [`actors`] act in the blocks: one function per kind of voter, operator and attacker.
//! - [`faults`] are committed on purpose, by operators that change their keys around it, and reported at once or
//!   much later. Every one of them must be slashed.
//! - [`checks`] compares the chain with a model of its own and with the rules: every block, every epoch,
//!   every era, and at the end, when everybody takes their money home.

mod actors;
mod checks;
mod dice;
mod faults;
mod world;

use super::mock::*;
use crate::Parameters;
use dice::Dice;
use parlance_primitives::{Balance, UNIT};
use sp_runtime::Perbill;
use world::{Temper, World};

/// Seeds that failed once, and why.
const REGRESSIONS: &[u64] = &[
    // A node failed an epoch, was not elected, and came back from standby in the same block: its failed
    // epoch was forgotten.
    102,
];

/// Candidates at genesis. Five more operators have keys and may register.
const CANDIDATES: usize = 36;

/// A chain with 18 of 36 candidates, epochs of 60 slots and eras of five epochs.
fn genesis(dice: &mut Dice) -> Genesis {
    let mut genesis = Genesis::new(CANDIDATES, 18);
    genesis.parameters = Parameters {
        epoch_slots: 60,
        epochs_per_era: 5,
        min_set: 4,
        max_set: 24,
        initial_set: 18,
        unbonding_eras: 3,
        vote_half_life_eras: 40,
        ban_eras: 4,
        ..Parameters::public()
    };
    genesis.bonds = (0..CANDIDATES)
        .map(|_| BOND * dice.between(1, 30))
        .collect();
    genesis.commission = Perbill::from_percent(dice.below(21) as u32);
    genesis.votes = (0..40)
        .map(|voter| {
            (
                VOTERS + voter,
                dice.some_of(1..=CANDIDATES as u64),
                dice.stake(),
            )
        })
        .collect();
    genesis
}

/// Lets `blocks` blocks happen. Changes go to the backend now and then, so that the root of a state is
/// made from what changed.
fn run(seed: u64, blocks: u32) -> (sp_io::TestExternalities, World) {
    println!("seed {seed}; replay with VDPOS_SEED={seed}");
    let mut dice = Dice::new(seed);
    let mut state = genesis(&mut dice).build();
    let mut world = state.execute_with(|| World::new(dice, Temper::rough()));
    while world.blocks < blocks {
        state.execute_with(|| (0..60).for_each(|_| world.pass_slot()));
        state.commit_all().expect("no transaction is open");
    }
    (state, world)
}

/// A whole life: `blocks` blocks, then the way home.
fn live(seed: u64, blocks: u32) {
    let (mut state, mut world) = run(seed, blocks);
    world.seen.assert_everything_happened(blocks);
    state.execute_with(|| world.everybody_goes_home());
    println!("{:#?}", world.seen);
}

/// The seed asked for, or the one given.
fn seed_or(default: u64) -> u64 {
    match std::env::var("VDPOS_SEED") {
        Ok(seed) => seed.parse().expect("VDPOS_SEED is a number"),
        Err(_) => default,
    }
}

#[test]
fn a_hundred_thousand_blocks_among_liars_and_crashes_keep_every_rule() {
    live(seed_or(20_261_120), 100_000);
}

#[test]
fn many_short_lives_keep_every_rule() {
    for seed in 0..4 {
        live(seed, 4_000);
    }
}

#[test]
fn seeds_that_failed_once_pass() {
    for seed in REGRESSIONS {
        live(*seed, 10_000);
    }
}

#[test]
fn the_same_seed_is_the_same_life() {
    let life = || {
        let mut state = run(7, 700).0;
        state.execute_with(|| sp_io::storage::root(sp_runtime::StateVersion::V1))
    };
    assert_eq!(life(), life());
}

/// Where nobody fails and nobody votes anew, blocks follow weight within 2 % after 24 epochs.
#[test]
fn blocks_follow_weight_within_two_percent() {
    let mut genesis = Genesis::new(25, 21);
    genesis.parameters.epoch_slots = 300;
    genesis.parameters.epochs_per_era = 36;
    genesis.votes = (1..=25)
        .map(|who| (VOTERS + who, vec![who], Balance::from(who) * 777 * UNIT))
        .collect();
    genesis.run(|chain| {
        chain.next_epoch();
        chain.made.clear();
        let mut expected = checks::quotas();
        expected.values_mut().for_each(|quota| *quota *= 24.0);
        // The first block of an epoch is made under the schedule of the one before: whole rounds lie
        // between first blocks.
        chain.next_epochs(24);
        let total: u32 = chain.made.values().sum();
        assert_eq!(total, 24 * 300);
        for (who, quota) in expected {
            let made = f64::from(chain.made[&who]);
            assert!(
                (made - quota).abs() <= 0.02 * quota,
                "{who} made {made} blocks for {quota}"
            );
            assert!(
                made <= f64::from(total) / 10.0,
                "{who} made more than a tenth"
            );
        }
    });
}
