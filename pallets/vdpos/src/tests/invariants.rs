//! Random votes, faults, claims and eras: the invariants hold after every step.

use super::mock::*;
use frame_support::traits::fungible::Inspect;
use parlance_primitives::{Balance, UNIT};
use proptest::prelude::*;
use sp_runtime::Perbill;
use sp_staking::offence::{OffenceDetails, OnOffenceHandler};

const CANDIDATES: u64 = 8;
const PEOPLE: u64 = 12;

/// Something that happens.
#[derive(Clone, Debug)]
enum Step {
    Slots(u32),
    Jump(u64),
    Era,
    Vote {
        who: u64,
        names: Vec<u64>,
        stake: Balance,
    },
    Unvote {
        who: u64,
        permille: u128,
    },
    Withdraw(u64),
    Claim(u64),
    Refresh(u64),
    Fault {
        who: u64,
        percent: u32,
        back: u32,
    },
    Silent(u64),
    Awake,
    Register(u64),
    Retire(u64),
    Commission {
        who: u64,
        percent: u32,
    },
    Release(Balance),
}

fn account() -> impl Strategy<Value = u64> {
    prop_oneof![1..=CANDIDATES, VOTERS..VOTERS + PEOPLE]
}

fn step() -> impl Strategy<Value = Step> {
    let operator = 1..=CANDIDATES;
    prop_oneof![
        4 => (1u32..25).prop_map(Step::Slots),
        1 => (1u64..90).prop_map(Step::Jump),
        3 => Just(Step::Era),
        6 => (
            account(),
            proptest::sample::subsequence((1..=CANDIDATES).collect::<Vec<_>>(), 1..=5),
            prop_oneof![DEPOSIT..UNIT, UNIT..20_000 * UNIT],
        )
            .prop_map(|(who, names, stake)| Step::Vote { who, names, stake }),
        4 => (account(), 1u128..=1_000).prop_map(|(who, permille)| Step::Unvote { who, permille }),
        3 => account().prop_map(Step::Withdraw),
        2 => account().prop_map(Step::Claim),
        2 => account().prop_map(Step::Refresh),
        2 => (operator.clone(), 0u32..=100, 0u32..8)
            .prop_map(|(who, percent, back)| Step::Fault { who, percent, back }),
        1 => operator.clone().prop_map(Step::Silent),
        1 => Just(Step::Awake),
        1 => operator.clone().prop_map(Step::Register),
        1 => operator.clone().prop_map(Step::Retire),
        1 => (operator, 0u32..=20).prop_map(|(who, percent)| Step::Commission { who, percent }),
        1 => (0..100 * UNIT).prop_map(Step::Release),
    ]
}

/// Does it; calls that do not fit the state fail and change nothing.
fn take(chain: &mut Chain, step: Step) {
    match step {
        Step::Slots(slots) => chain.pass_slots(slots),
        Step::Jump(slots) => chain.slot += slots,
        Step::Era => era(chain),
        Step::Vote {
            who,
            names: list,
            stake,
        } => {
            call(|| Vdpos::vote(signed(who), names(&list), stake));
        }
        Step::Unvote { who, permille } => {
            let tokens = crate::Voters::<Test>::get(who).map_or(0, |voter| voter.tokens());
            call(|| Vdpos::unvote(signed(who), tokens * permille / 1_000));
        }
        Step::Withdraw(who) => {
            call(|| {
                Vdpos::withdraw(signed(1), who)
                    .map(|_| ())
                    .map_err(|error| error.error)
            });
        }
        Step::Claim(who) => {
            let due = Vdpos::claimable(&who);
            let before = Balances::balance(&who);
            if call(|| Vdpos::claim(signed(who))) {
                assert_eq!(
                    Balances::balance(&who) - before,
                    due,
                    "what was shown is paid"
                );
            }
        }
        Step::Refresh(who) => {
            call(|| Vdpos::refresh(signed(1), who));
        }
        Step::Fault { who, percent, back } => {
            let now = crate::CurrentEpoch::<Test>::get().index;
            let details = OffenceDetails {
                offender: (who, ()),
                reporters: vec![],
            };
            <Vdpos as OnOffenceHandler<_, _, _>>::on_offence(
                &[details],
                &[Perbill::from_percent(percent)],
                now.saturating_sub(back),
            );
        }
        Step::Silent(who) => {
            // Somebody must go on, or no slot ever has a block.
            if chain.silent.len() < 3 {
                chain.silent.insert(who);
            }
        }
        Step::Awake => chain.silent.clear(),
        Step::Register(who) => {
            call(|| Vdpos::register(signed(who), Perbill::zero(), BOND));
        }
        Step::Retire(who) => {
            // Enough stay to hold elections.
            if who > 4 {
                call(|| Vdpos::retire(signed(who)));
            }
        }
        Step::Commission { who, percent } => {
            call(|| Vdpos::set_commission(signed(who), Perbill::from_percent(percent)));
        }
        Step::Release(amount) => Release::set(amount),
    }
}

/// Runs into the next era. When all slots belong to silent ones they come back: a chain that stands
/// still has no next state to look at.
fn era(chain: &mut Chain) {
    let era = crate::CurrentEra::<Test>::get().index;
    let mut missed = 0;
    while crate::CurrentEra::<Test>::get().index == era {
        missed = if chain.pass_slot() { 0 } else { missed + 1 };
        if missed > 100 {
            chain.silent.clear();
        }
    }
}

/// A call as a block makes it: what fails leaves no trace.
fn call(run: impl FnOnce() -> sp_runtime::DispatchResult) -> bool {
    frame_support::storage::with_storage_layer(run).is_ok()
}

/// All tokens that exist, by where they are.
fn conserved(start: Balance) {
    let minted = Minted::get();
    let now = Balances::total_issuance();
    assert!(now <= start + minted, "nothing is made but by the emission");
}

/// A hundred cases each, or as many as `PROPTEST_CASES` says for a long run.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|cases| cases.parse().ok());
    ProptestConfig {
        cases: cases.unwrap_or(100),
        max_shrink_iters: 2_000,
        ..Default::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn invariants_hold_whatever_happens(steps in proptest::collection::vec(step(), 1..70)) {
        let mut genesis = Genesis::new(CANDIDATES as usize, 4);
        genesis.parameters.max_set = 6;
        genesis.parameters.ban_eras = 1;
        genesis.parameters.candidate_bond = BOND / 4;
        genesis.parameters.epoch_slots = 12;
        genesis.run(|chain| {
            let start = Balances::total_issuance();
            for step in steps {
                take(chain, step);
                assert_invariants();
                conserved(start);
            }
        });
    }

    #[test]
    fn everybody_can_leave_and_takes_what_slashes_left(
        steps in proptest::collection::vec(step(), 1..40),
    ) {
        Genesis::new(CANDIDATES as usize, 4).run(|chain| {
            let start = Balances::total_issuance();
            for step in steps {
                take(chain, step);
            }
            let people: Vec<_> = (1..=CANDIDATES).chain(VOTERS..VOTERS + PEOPLE).collect();
            for who in &people {
                let _ = Vdpos::refresh(signed(1), *who);
                let tokens = crate::Voters::<Test>::get(who).map_or(0, |voter| voter.tokens());
                // A voter with all chunks in use has to wait for them first.
                let full = crate::Unbonding::<Test>::get(who).is_full();
                assert!(tokens == 0 || call(|| Vdpos::unvote(signed(*who), tokens)) || full);
            }
            chain.silent.clear();
            chain.next_eras(5);
            for who in &people {
                let _ = Vdpos::withdraw(signed(1), *who);
                let _ = Vdpos::claim(signed(*who));
                let left = crate::Voters::<Test>::get(who).map_or(0, |voter| voter.tokens());
                assert!(left == stake_on_hold(*who), "nothing is stuck on hold");
            }
            conserved(start);
        });
    }
}
