use super::mock::*;
use crate::*;
use codec::Encode;
use frame_support::traits::{EstimateNextSessionRotation, FindAuthor, OnTimestampSet};
use parlance_primitives::{UNIT, traits::SlotLeader};
use sp_consensus_aura::{AURA_ENGINE_ID, ConsensusLog};
use sp_core::Pair;
use sp_runtime::{DigestItem, Permill};
use std::collections::BTreeMap;

fn change_in(header: &sp_runtime::testing::Header) -> Option<Vec<AuraId>> {
    header.digest.logs.iter().find_map(|log| {
        match log.consensus_try_to::<ConsensusLog<AuraId>>(&AURA_ENGINE_ID) {
            Some(ConsensusLog::AuthoritiesChange(keys)) => Some(keys),
            _ => None,
        }
    })
}

#[test]
fn the_authorities_are_the_schedule_slot_by_slot() {
    Genesis::new(4, 4).run(|chain| {
        let keys = Vdpos::authorities();
        assert_eq!(keys.len(), 20);
        for (slot, key) in (0..).zip(&keys) {
            assert_eq!(*key, key_of(Chain::owner(slot)).public());
        }
        chain.next_epoch();
        assert_eq!(Vdpos::authorities().len(), 20);
    });
}

#[test]
fn the_header_of_the_first_block_of_an_epoch_tells_the_new_schedule_and_no_other_does() {
    Genesis::new(4, 4).run(|chain| {
        let mut schedules = Vec::new();
        for _ in 0..70 {
            let epoch = CurrentEpoch::<Test>::get().index;
            chain.pass_slot();
            let change = change_in(chain.last_header.as_ref().unwrap());
            let rotated = CurrentEpoch::<Test>::get().index != epoch;
            assert_eq!(change, rotated.then(Vdpos::authorities));
            schedules.extend(change);
        }
        assert!(schedules.len() >= 3);
        assert_ne!(schedules[0], schedules[1], "each epoch is shuffled anew");
    });
}

#[test]
fn the_first_block_of_an_epoch_belongs_to_the_leader_of_the_old_schedule() {
    Genesis::new(4, 4).run(|chain| {
        for _ in 0..10 {
            chain.pass_slots(1);
            let epoch = CurrentEpoch::<Test>::get();
            let until = *epoch.end() - chain.slot - 1;
            chain.pass_slots(until as u32);
            let owner = Chain::owner(chain.slot + 1);
            chain.pass_slot();
            assert_eq!(CurrentEpoch::<Test>::get().index, epoch.index + 1);
            let digest = System::digest();
            let author =
                Vdpos::find_author(digest.logs.iter().filter_map(DigestItem::as_pre_runtime));
            assert_eq!(author, Some(owner));
            assert_eq!(<Vdpos as SlotLeader>::key(), Some(key_of(owner).public()));
            assert_eq!(*<Vdpos as SlotLeader>::slot(), chain.slot);
        }
    });
}

#[test]
fn an_author_is_found_from_a_digest_of_another_slot_too() {
    Genesis::new(4, 4).run(|_| {
        let slot = 77u64.encode();
        let find = |engine: [u8; 4]| Vdpos::find_author([(engine, slot.as_slice())]);
        assert_eq!(find(AURA_ENGINE_ID), Some(Chain::owner(77)));
        assert_eq!(find(*b"BABE"), None);
    });
}

#[test]
fn skipped_slots_are_charged_to_their_owners() {
    Genesis::new(4, 4).run(|chain| {
        chain.pass_slots(3);
        let charged: Vec<_> = (1..=5)
            .map(|ahead| Chain::owner(chain.slot + ahead))
            .collect();
        let before = tallies();
        chain.block(chain.slot + 6, || {});
        let after = tallies();
        for who in 1..=4 {
            let missed = charged.iter().filter(|owner| **owner == who).count() as u32;
            let own = u32::from(Chain::owner(chain.slot) == who);
            assert_eq!(after[&who].expected - before[&who].expected, missed + own);
            assert_eq!(after[&who].made - before[&who].made, own);
        }
    });
}

#[test]
fn an_outage_of_more_than_a_round_is_charged_to_nobody() {
    Genesis::new(4, 4).run(|chain| {
        chain.pass_slots(2);
        chain.block(chain.slot + 5_000, || {});
        let epoch = CurrentEpoch::<Test>::get();
        assert_eq!(epoch.index, 1, "one epoch, however long it took");
        assert_eq!(
            (*epoch.start - 1_000_004) % 20,
            0,
            "the grid of epochs goes on"
        );
        assert!(chain.slot < *epoch.end());
        let sums = EraService::<Test>::iter_values()
            .fold((0, 0), |sum, one| (sum.0 + one.made, sum.1 + one.expected));
        assert_eq!(sums, (3, 3));
    });
}

#[test]
#[should_panic(expected = "slots must increase")]
fn a_block_in_a_slot_that_has_passed_is_invalid() {
    Genesis::new(4, 4).run(|chain| {
        chain.block(2_000_000, || {});
        chain.block(2_000_000, || {});
    });
}

#[test]
#[should_panic(expected = "the timestamp must lie in the slot of the block")]
fn a_block_with_a_time_outside_its_slot_is_invalid() {
    Genesis::new(4, 4).run(|chain| {
        chain.block(2_000_000, || {});
        <Vdpos as OnTimestampSet<u64>>::on_timestamp_set(2_000_001 * SLOT_MS);
    });
}

#[test]
fn the_end_of_an_epoch_is_foreseen() {
    Genesis::new(4, 4).run(|chain| {
        chain.pass_slots(5);
        assert_eq!(
            <Vdpos as EstimateNextSessionRotation<u64>>::average_session_length(),
            20
        );
        let (progress, _) = Vdpos::estimate_current_session_progress(5);
        assert_eq!(progress, Some(Permill::from_percent(25)));
        let (next, _) = Vdpos::estimate_next_session_rotation(5);
        chain.next_epoch();
        assert_eq!(next, Some(System::block_number()));
    });
}

#[test]
fn over_many_epochs_the_share_of_blocks_follows_weight() {
    let mut genesis = Genesis::new(21, 21);
    genesis.parameters.epoch_slots = 300;
    genesis.parameters.epochs_per_era = 4;
    // Backings from 1,000 to 3,000 tokens.
    genesis.bonds = (0..21).map(|i| BOND + i * 100 * UNIT).collect();
    genesis.run(|chain| {
        chain.next_epochs(24);
        let backing: BTreeMap<AccountId, u128> = Active::<Test>::get()
            .iter()
            .map(|one| (one.account, one.backing))
            .collect();
        let total: u128 = backing.values().sum();
        let blocks: u32 = chain.made.values().sum();
        for (who, backing) in backing {
            let share = f64::from(chain.made[&who]) / f64::from(blocks);
            let weight = backing as f64 / total as f64;
            assert!(
                (share / weight - 1.0).abs() < 0.02,
                "{who}: {share} of blocks, {weight}"
            );
        }
    });
}

#[test]
fn no_node_gets_more_than_a_tenth_of_a_large_set_nor_three_slots_in_a_row() {
    let mut genesis = Genesis::new(15, 15);
    genesis.parameters.epoch_slots = 100;
    genesis.bonds[0] = 500 * BOND;
    genesis.run(|chain| {
        for _ in 0..6 {
            assert_eq!(slots_of(1), 10);
            let schedule = Schedule::<Test>::get().into_inner();
            let round = schedule.iter().chain(&schedule[..2]).collect::<Vec<_>>();
            assert!(
                round
                    .windows(3)
                    .all(|three| three[0] != three[1] || three[1] != three[2])
            );
            chain.next_epoch();
        }
    });
}

#[test]
fn one_operator_alone_makes_all_blocks() {
    Genesis::new(1, 1).run(|chain| {
        chain.next_eras(2);
        assert_eq!(slots_of(1), 20);
        assert_eq!(chain.made[&1], System::block_number() as u32);
    });
}

/// What each producer did in this epoch.
fn tallies() -> BTreeMap<AccountId, Service> {
    let seats = Seats::<Test>::get();
    seats
        .iter()
        .map(|seat| seat.account)
        .zip(Tally::<Test>::get())
        .collect()
}
