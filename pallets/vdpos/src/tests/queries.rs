use super::mock::*;
use crate::*;
use frame_support::assert_ok;
use parlance_primitives::{UNIT, vdpos::Standing};

#[test]
fn everybody_can_see_who_stands_where() {
    let mut genesis = Genesis::new(26, 4);
    genesis.votes = vec![(VOTERS, vec![1], 10 * UNIT)];
    genesis.run(|chain| {
        chain.pass_slots(15);
        let list = Vdpos::producers();
        assert_eq!(list.len(), 26);
        let of = |standing| list.iter().filter(|one| one.standing == standing).count();
        assert_eq!(
            (
                of(Standing::Active),
                of(Standing::Standby),
                of(Standing::Waiting)
            ),
            (4, 20, 2)
        );
        assert_eq!(list[0].account, 1, "the strongest first");
        assert_eq!(list[0].bond, BOND);
        // An election counts in 64 bits, so the last digits of a backing are lost.
        assert!(BOND + 10 * UNIT - list[0].backing < 1_000);
        assert_eq!(list.iter().map(|one| one.slots).sum::<u32>(), 20);
        assert_eq!(list.iter().map(|one| one.made).sum::<u32>(), 15);
        assert_eq!(list.iter().map(|one| one.expected).sum::<u32>(), 15);
    });
}

#[test]
fn a_ban_shows() {
    Genesis::new(6, 4).run(|_| {
        Vdpos::ban(&6);
        let list = Vdpos::producers();
        let banned = list.iter().find(|one| one.account == 6).unwrap();
        assert_eq!(banned.standing, Standing::Banned(11));
    });
}

#[test]
fn progress_names_epoch_and_era() {
    Genesis::new(6, 4).run(|chain| {
        chain.next_epochs(4);
        let progress = Vdpos::progress();
        assert_eq!((progress.epoch, progress.era), (4, 1));
        assert_eq!(*progress.epoch_start, 1_000_004 + 80);
        assert_eq!((progress.epoch_length, progress.epochs_per_era), (20, 3));
        assert_eq!((progress.set_size, progress.finality_lag), (4, 0));
    });
}

#[test]
fn what_can_be_claimed_shows_before_it_is() {
    let mut genesis = Genesis::new(4, 4);
    genesis.votes = vec![(VOTERS, vec![1, 2], BOND), (1, vec![2], BOND)];
    genesis.run(|chain| {
        chain.next_era();
        assert!(Vdpos::claimable(&VOTERS) > 0);
        assert_eq!(Vdpos::claimable(&(VOTERS + 1)), 0);
        let both = Vdpos::claimable(&1);
        assert!(
            both > Candidates::<Test>::get(1).unwrap().reward,
            "operator and voter"
        );
        assert_ok!(Vdpos::claim(signed(1)));
        assert!(events().contains(&Event::Claimed {
            who: 1,
            amount: both
        }));
        assert_eq!(Vdpos::claimable(&1), 0);
    });
}
