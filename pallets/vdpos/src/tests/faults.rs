use super::mock::*;
use crate::*;
use frame_support::assert_ok;
use pallet_session::SessionInterface;
use parlance_primitives::UNIT;

/// Operators in the order of their backing: 1 is the strongest.
fn ranked(operators: usize, set: u32) -> Genesis {
    let mut genesis = Genesis::new(operators, set);
    genesis.bonds = (0..operators)
        .map(|i| BOND + (100 - i as u128) * UNIT)
        .collect();
    genesis
}

fn validators() -> Vec<AccountId> {
    let mut set = Session::validators();
    set.sort();
    set
}

#[test]
fn a_dead_node_loses_its_slots_after_two_epochs_and_the_first_standby_takes_them() {
    ranked(6, 4).run(|chain| {
        chain.next_era();
        assert_eq!(active(), vec![1, 2, 3, 4]);
        chain.silent.insert(2);
        chain.next_epoch();
        assert!(slots_of(2) > 0, "one bad epoch is an accident");
        chain.next_epoch();
        assert_eq!(active(), vec![1, 3, 4, 5]);
        assert_eq!(
            (slots_of(2), slots_of(5) > 0),
            (0, true),
            "in the very next schedule"
        );
        let made = chain.made.get(&5).copied().unwrap_or_default();
        chain.pass_slots(20);
        assert!(chain.made[&5] > made);
        assert_eq!(Candidates::<Test>::get(2).unwrap().strikes, 1);
    });
}

#[test]
fn the_stand_in_votes_on_finality_from_the_session_after() {
    let mut genesis = ranked(6, 4);
    genesis.parameters.epochs_per_era = 8;
    genesis.run(|chain| {
        chain.silent.insert(1);
        chain.next_epochs(2);
        assert_eq!(active(), vec![2, 3, 4, 5]);
        assert_eq!(validators(), vec![1, 2, 3, 4]);
        let record = Epochs::<Test>::get(2).unwrap();
        assert_eq!(
            record
                .stand_ins
                .iter()
                .map(|seat| seat.account)
                .collect::<Vec<_>>(),
            [5]
        );
        chain.next_epoch();
        assert_eq!(validators(), vec![2, 3, 4, 5]);
        assert!(Epochs::<Test>::get(3).unwrap().stand_ins.is_empty());
    });
}

#[test]
fn who_comes_back_from_standby_in_the_same_block_keeps_its_failed_epoch() {
    ranked(6, 4).run(|chain| {
        // Before the election for era 1: the fifth overtakes the fourth, who is first in line then.
        assert_ok!(Vdpos::bond_more(signed(5), 200 * UNIT));
        chain.next_epochs(2);
        let planned = Planned::<Test>::get().expect("the election was held");
        assert!(planned.active.iter().all(|one| one.account != 4));
        assert_eq!(planned.standby[0].0, 4);
        // One of the elected throws its keys away while the fourth fails the last epoch of the era.
        <Session as SessionInterface>::purge_keys(&3).unwrap();
        chain.silent.insert(4);
        chain.next_epoch();
        assert_eq!(CurrentEra::<Test>::get().index, 1);
        assert_eq!(active(), vec![1, 2, 4, 5]);
        let failed = |who| {
            let set = Active::<Test>::get();
            set.iter().find(|one| one.account == who).unwrap().failed
        };
        assert!(failed(4), "its slots were never anybody else's");
        assert!(![1, 2, 5].into_iter().any(failed));
        chain.next_epoch();
        assert_eq!(active(), vec![1, 2, 5, 6], "the second failed epoch");
        assert_eq!(Candidates::<Test>::get(4).unwrap().strikes, 1);
    });
}

#[test]
fn without_a_standby_the_set_keeps_its_size_and_the_slots_move() {
    let mut genesis = ranked(4, 4);
    genesis.parameters.epochs_per_era = 8;
    genesis.run(|chain| {
        chain.silent = [1, 2].into();
        chain.next_epochs(2);
        assert_eq!((slots_of(1), slots_of(2)), (0, 0));
        assert_eq!(slots_of(3) + slots_of(4), 20);
        assert_eq!(
            validators(),
            vec![1, 2, 3, 4],
            "who votes on finality must not shrink"
        );
        chain.silent.clear();
        chain.next_era();
        assert!(slots_of(1) > 0, "elected again, it serves again");
    });
}

#[test]
fn the_last_node_keeps_its_slots() {
    let mut genesis = ranked(3, 3);
    genesis.parameters.epochs_per_era = 20;
    genesis.run(|chain| {
        chain.silent = [1, 2].into();
        chain.next_epochs(3);
        chain.silent = [3].into();
        // Nobody makes blocks: time passes, then it comes back.
        chain.slot += 15;
        chain.silent.clear();
        chain.next_epochs(3);
        assert_eq!(slots_of(3), 20);
    });
}

#[test]
fn three_eras_with_a_strike_lead_to_a_ban_of_ten() {
    ranked(6, 4).run(|chain| {
        chain.silent.insert(2);
        let mut banned_in = None;
        for _ in 0..6 {
            chain.next_era();
            if Candidates::<Test>::get(2).unwrap().banned_until > 0 {
                banned_in = Some(CurrentEra::<Test>::get().index - 1);
                break;
            }
        }
        let banned_in = banned_in.expect("three eras are enough");
        assert_eq!(banned_in, 2);
        let until = Candidates::<Test>::get(2).unwrap().banned_until;
        assert_eq!(until, banned_in + 1 + 10);
        chain.silent.clear();
        while CurrentEra::<Test>::get().index < until {
            assert!(!active().contains(&2));
            chain.next_era();
        }
        assert!(active().contains(&2));
    });
}

#[test]
fn a_clean_era_takes_a_strike_off() {
    ranked(6, 4).run(|chain| {
        let strikes = || Candidates::<Test>::get(1).unwrap().strikes;
        chain.silent.insert(1);
        chain.next_era();
        assert_eq!(strikes(), 1);
        chain.silent.clear();
        chain.next_era();
        assert_eq!(strikes(), 0);
    });
}

#[test]
fn a_node_back_in_time_keeps_its_place() {
    ranked(6, 4).run(|chain| {
        for _ in 0..4 {
            chain.silent.insert(1);
            chain.next_epoch();
            chain.silent.clear();
            chain.next_epoch();
        }
        assert!(active().contains(&1));
    });
}

#[test]
fn who_throws_its_keys_away_is_replaced() {
    ranked(6, 4).run(|chain| {
        <Session as SessionInterface>::purge_keys(&1).unwrap();
        chain.next_epoch();
        assert_eq!(active(), vec![2, 3, 4, 5]);
        chain.next_epochs(2);
        assert_eq!(validators(), vec![2, 3, 4, 5]);
    });
}

#[test]
fn a_set_that_throws_all_keys_away_keeps_the_last_schedule() {
    ranked(4, 4).run(|chain| {
        let schedule = Vdpos::authorities();
        for who in 1..=9 {
            let _ = <Session as SessionInterface>::purge_keys(&who);
        }
        chain.next_epochs(4);
        assert_eq!(Vdpos::authorities().len(), schedule.len());
        assert!(!Seats::<Test>::get().is_empty());
    });
}
