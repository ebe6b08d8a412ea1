//! Every rule holds after any sequence of anything that anybody can do.

use frame_support::traits::fungible::Inspect;
use parlance_primitives::{
    Balance, DAY_MS, Moment, UNIT, YEAR_MS, issuance::Share, traits::Emission,
};
use proptest::prelude::*;

use crate::{
    Available, Clock, Ledger, Terms,
    core::{allocation::Economy, allocation::Role, schedule::Schedule, schedule::halving_released},
    mock::*,
};

const START: Moment = 20_500 * DAY_MS;

#[derive(Clone, Debug)]
enum Action {
    Pass(Moment),
    Jump(Moment),
    Back(Moment),
    Settle,
    Mint(usize, u64, Balance),
    Active(u64),
    Repay(u64, Balance),
    Release(u64),
    Prune(u64),
    Drain(u64),
}

fn action() -> impl Strategy<Value = Action> {
    let amount = prop_oneof![0..10 * UNIT, Just(Balance::MAX), 0..1_000_000_000 * UNIT];
    prop_oneof![
        6 => (0..DAY_MS).prop_map(Action::Pass),
        1 => (0..50 * YEAR_MS).prop_map(Action::Jump),
        1 => (0..10 * DAY_MS).prop_map(Action::Back),
        5 => Just(Action::Settle),
        8 => (0usize..4, 0u64..6, amount.clone()).prop_map(|(s, w, a)| Action::Mint(s, w, a)),
        5 => (0u64..30).prop_map(Action::Active),
        3 => (0u64..6, amount).prop_map(|(w, a)| Action::Repay(w, a)),
        2 => (99u64..110).prop_map(Action::Release),
        1 => (0u64..30).prop_map(Action::Prune),
        1 => (0u64..6).prop_map(Action::Drain),
    ]
}

/// Does it, whether it succeeds or not, and checks what it may at most have changed.
fn act(action: &Action, now: &mut Moment) {
    let issued = Balances::total_issuance();
    match *action {
        Action::Pass(ms) | Action::Jump(ms) => *now = now.saturating_add(ms),
        Action::Back(ms) => *now = now.saturating_sub(ms),
        Action::Settle => <Issuance as Emission<_, _>>::settle(),
        Action::Mint(share, who, amount) => {
            let available = Available::<Test>::get().of(Share::ALL[share]);
            let minted = Issuance::mint(Share::ALL[share], &who, amount);
            assert!(minted <= amount.min(available));
            assert_eq!(Balances::total_issuance(), issued + minted);
        }
        Action::Active(who) => Issuance::note_active(&who),
        Action::Repay(who, amount) => {
            let paid = Issuance::pay_pool(RuntimeOrigin::signed(who), amount).is_ok();
            let burnt = if paid { amount } else { 0 };
            assert_eq!(Balances::total_issuance(), issued - burnt);
        }
        Action::Release(who) => {
            let due = Issuance::releasable(&who);
            let done = Issuance::release(RuntimeOrigin::signed(1), who).is_ok();
            assert_eq!(done, due > 0);
            assert_eq!(Balances::total_issuance(), issued);
        }
        Action::Prune(who) => {
            let named = vec![who, who + 1, who].try_into().unwrap();
            Issuance::prune_inactive(RuntimeOrigin::signed(1), named).unwrap();
        }
        Action::Drain(who) => {
            let _ = Balances::transfer_all(RuntimeOrigin::signed(who), who + 1, false);
        }
    }
    at(*now);
}

fn live(economy: &Economy, actions: &[Action]) {
    ext(economy).execute_with(|| {
        first_block(START);
        let mut now = START;
        let mut furthest = START;
        for action in actions {
            act(action, &mut now);
            furthest = furthest.max(now);
            Issuance::check_invariants().unwrap_or_else(|rule| panic!("{rule:?} by {action:?}"));
            assert!(Clock::<Test>::get().elapsed <= furthest - START);
        }
        let (ledger, clock) = (Ledger::<Test>::get(), Clock::<Test>::get());
        match Terms::<Test>::get().schedule {
            Schedule::Halving { total, period_ms } => {
                assert_eq!(
                    ledger.released,
                    halving_released(total, period_ms, clock.elapsed)
                );
            }
            Schedule::ActiveUsers { cap, .. } => {
                let days = Balance::from(clock.elapsed.div_ceil(DAY_MS));
                assert!(ledger.released <= cap * days);
            }
        }
        assert_eq!(clock.elapsed + clock.skipped, clock.last - clock.started);
        // Vesting is untouched by all of it: what was released and what is held is the allocation.
        let team = account_of(Role::Team);
        let allocated = economy.allocations[0].amount;
        assert!(Balances::total_balance(&team) >= allocated);
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn toktok_keeps_every_rule(actions in prop::collection::vec(action(), 1..80)) {
        live(&Economy::toktok(), &actions);
    }

    #[test]
    fn bitchat_keeps_every_rule(actions in prop::collection::vec(action(), 1..80)) {
        live(&Economy::bitchat(), &actions);
    }

    /// A pool of a day and a half: runs dry, is paid back, runs dry again.
    #[test]
    fn a_small_pool_keeps_every_rule(actions in prop::collection::vec(action(), 1..80)) {
        let mut economy = Economy::bitchat();
        economy.schedule = Schedule::ActiveUsers {
            pool: 4_000 * UNIT, base: 1_000 * UNIT, per_user: UNIT, cap: 2_000 * UNIT,
        };
        economy.max_supply = economy.genesis_supply() + 4_000 * UNIT;
        live(&economy, &actions);
    }
}
