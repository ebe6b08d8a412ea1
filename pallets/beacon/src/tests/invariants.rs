//! Properties over random histories of authors, missed slots and rotations.

use crate::{HISTORY, History, mock::*};
use parlance_primitives::{
    beacon::{OUTPUT_CONTEXT, transcript},
    traits::EpochSeed,
};
use proptest::prelude::*;
use sp_io::hashing::blake2_256;

/// One block: slots skipped before it, its author, and whether its start rotates.
#[derive(Clone, Debug)]
struct Step {
    missed: u64,
    author: u8,
    rotates: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0..3_u64, 1..6_u8, prop::bool::weighted(0.3));
    let step = step.prop_map(|(missed, author, rotates)| Step {
        missed,
        author,
        rotates,
    });
    prop::collection::vec(step, 1..25)
}

/// The beacon again, from the text of the README and the secret keys alone.
struct Model {
    seed: [u8; 32],
    mix: [u8; 32],
    seeds: Vec<[u8; 32]>,
}

impl Model {
    fn block(&mut self, step: &Step, slot: u64) {
        let signed_from = self.seed;
        if step.rotates {
            let epoch = self.seeds.len() as u64;
            let mut bytes = b"parlance/beacon/seed/v1".to_vec();
            bytes.extend(self.seed);
            bytes.extend(epoch.to_le_bytes());
            bytes.extend(self.mix);
            self.seed = blake2_256(&bytes);
            self.seeds.push(self.seed);
            self.mix = [0; 32];
        }
        let output: [u8; 32] =
            author(step.author).make_bytes(OUTPUT_CONTEXT, &transcript(&signed_from, slot.into()));
        let mut bytes = b"parlance/beacon/mix/v1".to_vec();
        bytes.extend(self.mix);
        bytes.extend(output);
        self.mix = blake2_256(&bytes);
    }
}

/// Plays `steps` and returns the seeds of all epochs.
fn play(steps: &[Step]) -> Vec<[u8; 32]> {
    new_test_ext().execute_with(|| {
        let mut seeds = vec![Beacon::current()];
        let mut slot = 0;
        for step in steps {
            slot += 1 + step.missed;
            let new_epoch = step.rotates.then_some(seeds.len() as u64);
            honest_block(slot, &author(step.author), new_epoch);
            if step.rotates {
                seeds.push(Beacon::current());
            }
        }
        for (epoch, seed) in seeds.iter().enumerate() {
            assert_eq!(Beacon::seed_of(epoch as u64), Some(*seed));
        }
        assert!(History::<Test>::iter().count() <= HISTORY as usize);
        seeds
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn seeds_follow_from_the_outputs_and_the_rules_alone(steps in steps()) {
        let mut model = Model { seed: GENESIS_SEED, mix: [0; 32], seeds: vec![GENESIS_SEED] };
        let mut slot = 0;
        for step in &steps {
            slot += 1 + step.missed;
            model.block(step, slot);
        }
        prop_assert_eq!(play(&steps), model.seeds);
    }

    #[test]
    fn another_author_in_any_block_changes_every_later_epoch_and_no_earlier_one(
        steps in steps(),
        chosen in any::<prop::sample::Index>(),
    ) {
        let chosen = chosen.index(steps.len());
        let mut changed = steps.clone();
        changed[chosen].author += 10;
        // Epochs whose seed was fixed when that block was made, its own rotation included.
        let fixed = 1 + steps[..=chosen].iter().filter(|step| step.rotates).count();
        let (one, other) = (play(&steps), play(&changed));
        prop_assert_eq!(&one[..fixed], &other[..fixed]);
        for (epoch, (one, other)) in one.iter().zip(&other).enumerate().skip(fixed) {
            prop_assert_ne!(one, other, "epoch {}", epoch);
        }
    }
}
