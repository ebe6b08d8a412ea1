//! Who acts: honest voters, operators, and people who try to get more than their due. Nobody is
//! expected to succeed; every call goes through the dispatcher, and a refused one must leave no trace.

use super::{CANDIDATES, checks::Seen, dice::Dice, faults::Faults};
use crate::{tests::mock::*, *};
use frame_support::assert_storage_noop;
use parlance_primitives::{Balance, UNIT};
use sp_core::Pair;
use sp_runtime::{Perbill, traits::Dispatchable};

/// Honest voters.
const HONEST: u64 = VOTERS;
/// Swing between two camps with all they have.
const FLIPPERS: u64 = VOTERS + 80;
/// Vote with the least stake for sixteen names.
const TINY: u64 = VOTERS + 90;
/// One whale under many names.
const SPLITTERS: u64 = VOTERS + 120;
/// Vote, take back, vote again, as fast as they can.
const RESTLESS: u64 = VOTERS + 160;
const END: u64 = VOTERS + 200;
/// Operators with keys, candidates or not.
pub const OPERATORS_END: u64 = OPERATORS + CANDIDATES as u64 + 5;

/// An operator's second set of keys is made from its account and this.
pub const SPARE: u64 = 10_000;

/// Dispatches a call; whether it was accepted.
pub fn does(who: AccountId, call: Call<Test>) -> bool {
    RuntimeCall::Vdpos(call).dispatch(signed(who)).is_ok()
}

/// Somebody does something.
pub fn act(dice: &mut Dice, seen: &mut Seen, faults: &mut Faults) {
    match dice.below(40) {
        0..=9 => honest(dice, seen),
        10..=12 => flip(dice, seen),
        13..=15 => be_tiny(dice, seen),
        16..=18 => split_up(dice, seen),
        19..=24 => be_restless(dice, seen),
        25..=28 => claim(dice, seen),
        29..=31 => help_others(dice, seen),
        32..=36 => operate(dice, seen),
        37 => break_the_rules(dice, seen),
        38 if dice.one_in(4) => change_keys(dice, seen),
        // Stand-ins are rare, so each of them is tempted.
        39 if Faults::stand_in_leads() || dice.one_in(12) => faults.commit(dice, seen),
        _ => (),
    }
}

/// Candidates that may be voted for.
fn candidates() -> Vec<AccountId> {
    let mut list: Vec<_> = Candidates::<Test>::iter()
        .filter(|(_, candidate)| candidate.leaves.is_none())
        .map(|(who, _)| who)
        .collect();
    list.sort();
    list
}

/// Votes, after taking out what has matured: moves under way are limited.
fn vote(who: AccountId, list: Vec<AccountId>, stake: Balance, seen: &mut Seen) {
    seen.note("withdraw", does(who, Call::withdraw { who }));
    let accepted = does(
        who,
        Call::vote {
            names: names(&list),
            stake,
        },
    );
    seen.note("vote", accepted);
}

fn honest(dice: &mut Dice, seen: &mut Seen) {
    let who = HONEST + dice.below(80);
    let list = dice.some_of(candidates());
    vote(who, list, dice.stake(), seen);
}

/// Moves a large stake between the first and the second half of the candidates, so that what an
/// election counted is elsewhere when a fault is punished.
fn flip(dice: &mut Dice, seen: &mut Seen) {
    let list = candidates();
    let half = list.len() / 2;
    let camp = if dice.one_in(2) {
        &list[..half]
    } else {
        &list[half..]
    };
    let camp = dice.some_of(camp.iter().copied());
    vote(FLIPPERS + dice.below(10), camp, 300_000 * UNIT, seen);
}

fn be_tiny(dice: &mut Dice, seen: &mut Seen) {
    let list = dice.some_of(candidates());
    let stake = DEPOSIT + dice.between(0, 20);
    vote(TINY + dice.below(30), list, stake, seen);
}

/// The same names and a fortieth of the stake each: the election reads the heaviest voters only.
fn split_up(dice: &mut Dice, seen: &mut Seen) {
    let list = candidates();
    let favourites: Vec<_> = list.iter().rev().take(4).copied().collect();
    vote(SPLITTERS + dice.below(40), favourites, 5_000 * UNIT, seen);
}

fn be_restless(dice: &mut Dice, seen: &mut Seen) {
    let who = RESTLESS + dice.below(END - RESTLESS);
    match dice.below(4) {
        0 => {
            let list = dice.some_of(candidates());
            vote(who, list, dice.between(1, 50_000) * UNIT, seen);
        }
        1 => {
            let tokens = Voters::<Test>::get(who).map_or(1, |voter| voter.tokens());
            let amount = dice.between(0, tokens);
            seen.note("unvote", does(who, Call::unvote { amount }));
        }
        2 => {
            let amount = Voters::<Test>::get(who).map_or(1, |voter| voter.tokens());
            seen.note("unvote all", does(who, Call::unvote { amount }));
        }
        _ => seen.note("withdraw", does(who, Call::withdraw { who })),
    }
}

/// Claims, and checks that the payment is what was promised.
fn claim(dice: &mut Dice, seen: &mut Seen) {
    let who = if dice.one_in(4) {
        OPERATORS + dice.below(OPERATORS_END - OPERATORS)
    } else {
        VOTERS + dice.below(END - VOTERS)
    };
    let promised = Vdpos::claimable(&who);
    let before = frame_system::Account::<Test>::get(who).data.free;
    let accepted = does(who, Call::claim {});
    let paid = frame_system::Account::<Test>::get(who).data.free - before;
    assert_eq!(
        accepted,
        promised > 0,
        "who is owed something can claim, and nobody else"
    );
    assert_eq!(
        paid, promised,
        "a claim pays what was promised, to the last unit"
    );
    seen.note("claim", accepted);
    seen.tiny_claims += u32::from(accepted && (TINY..SPLITTERS).contains(&who));
}

/// Calls that anybody may make for anybody.
fn help_others(dice: &mut Dice, seen: &mut Seen) {
    let helper = VOTERS + dice.below(END - VOTERS);
    let voter = VOTERS + dice.below(END - VOTERS);
    if dice.one_in(2) {
        seen.note("refresh", does(helper, Call::refresh { voter }));
    } else {
        let who = if dice.one_in(3) {
            OPERATORS + dice.below(OPERATORS_END - OPERATORS)
        } else {
            voter
        };
        seen.note("withdraw", does(helper, Call::withdraw { who }));
    }
}

fn operate(dice: &mut Dice, seen: &mut Seen) {
    let who = OPERATORS + dice.below(OPERATORS_END - OPERATORS);
    match dice.below(5) {
        0 => {
            let commission = Perbill::from_percent(dice.below(30) as u32);
            seen.note("commission", does(who, Call::set_commission { commission }));
        }
        // Those who lost their bond to a slash stand again.
        1 | 2 => {
            let amount = dice.between(1, 3_000) * UNIT;
            seen.note("bond more", does(who, Call::bond_more { amount }));
        }
        3 if dice.one_in(8) && candidates().len() > 32 => {
            seen.note("retire", does(who, Call::retire {}));
        }
        _ => {
            let commission = Perbill::from_percent(dice.below(25) as u32);
            let bond = BOND * dice.between(1, 10) - dice.between(0, 1);
            seen.note("register", does(who, Call::register { commission, bond }));
        }
    }
}

/// Calls that can only be refused, and must then have changed nothing at all.
fn break_the_rules(dice: &mut Dice, seen: &mut Seen) {
    let who = VOTERS + dice.below(END - VOTERS);
    let someone = candidates()[0];
    let call = match dice.below(8) {
        0 => Call::vote {
            names: names(&[someone, someone]),
            stake: 5 * UNIT,
        },
        1 => Call::vote {
            names: names(&[who]),
            stake: 5 * UNIT,
        },
        2 => Call::vote {
            names: names(&[]),
            stake: 5 * UNIT,
        },
        3 => Call::vote {
            names: names(&[someone]),
            stake: 2 * ENDOWMENT * 1_000,
        },
        4 => Call::vote {
            names: names(&[someone]),
            stake: DEPOSIT - 1,
        },
        5 => Call::unvote {
            amount: Balance::MAX,
        },
        6 => Call::register {
            commission: Perbill::from_percent(21),
            bond: BOND,
        },
        _ => Call::set_parameters {
            parameters: CurrentParameters::<Test>::get(),
        },
    };
    assert_storage_noop!({
        let accepted = does(who, call);
        assert!(!accepted, "the rules hold");
        seen.note("breach", accepted);
    });
}

/// An operator without keys cannot make blocks; with new ones it must be able to.
fn change_keys(dice: &mut Dice, seen: &mut Seen) {
    let who = OPERATORS + dice.below(OPERATORS_END - OPERATORS);
    if dice.one_in(4) {
        let purge = pallet_session::Call::<Test>::purge_keys {};
        let accepted = RuntimeCall::Session(purge).dispatch(signed(who)).is_ok();
        seen.note("purge keys", accepted);
    } else if dice.one_in(4) {
        // Keys that another operator gave up, if it did.
        let other = OPERATORS + dice.below(OPERATORS_END - OPERATORS);
        let number = if dice.one_in(2) { other } else { other + SPARE };
        let accepted = rekey(who, number);
        seen.note("keys of others", accepted && other != who);
    } else {
        take_other_keys(who, seen);
    }
}

/// Changes back and forth between the two sets of keys of an operator.
pub fn take_other_keys(who: AccountId, seen: &mut Seen) {
    let now = <Keys as OperatorKeys<AccountId>>::slot_key(&who);
    let spare = now == Some(key_of(who).public());
    let number = if spare { who + SPARE } else { who };
    seen.note("new keys", rekey(who, number));
}
