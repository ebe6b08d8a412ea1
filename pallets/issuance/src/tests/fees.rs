//! Fees and tips, as the fee adapter of the runtime hands them over.

use frame_support::{
    assert_noop, assert_ok,
    traits::{
        OnUnbalanced,
        fungible::{Balanced, Credit, Inspect},
        tokens::{Fortitude, Precision, Preservation},
    },
};
use parlance_primitives::{Balance, UNIT};
use sp_runtime::{Perbill, traits::BadOrigin};

use crate::{
    DealWithFees, Error, Event, FeeRule, Fees, Splits,
    core::{allocation::Economy, split::Splits as Parts},
    mock::*,
};

const FOUNDATION: AccountId = 77;

fn withdraw(amount: Balance) -> Credit<AccountId, Balances> {
    Balances::withdraw(
        &ALICE,
        amount,
        Precision::Exact,
        Preservation::Preserve,
        Fortitude::Polite,
    )
    .unwrap()
}

fn charge(fee: Balance, tip: Balance) {
    let parts = [withdraw(fee), withdraw(tip)];
    DealWithFees::<Test>::on_unbalanceds(parts.into_iter());
}

#[test]
fn the_author_gets_fee_and_tip() {
    run(ext(&Economy::toktok()), || {
        let supply = Balances::total_issuance();
        charge(3 * UNIT, 2 * UNIT);
        assert_eq!(Balances::balance(&AUTHOR), 5 * UNIT);
        assert_eq!(Balances::total_issuance(), supply);
    });
}

#[test]
fn an_account_gets_the_fee_and_the_author_the_tip() {
    run(ext(&Economy::bitchat()), || {
        Fees::<Test>::put(FeeRule::Account(FOUNDATION));
        let supply = Balances::total_issuance();
        charge(3 * UNIT, 2 * UNIT);
        assert_eq!(Balances::balance(&FOUNDATION), 3 * UNIT);
        assert_eq!(Balances::balance(&AUTHOR), 2 * UNIT);
        charge(UNIT, 0);
        assert_eq!(Balances::balance(&FOUNDATION), 4 * UNIT);
        DealWithFees::<Test>::on_unbalanced(withdraw(UNIT));
        assert_eq!(Balances::balance(&FOUNDATION), 5 * UNIT);
        assert_eq!(Balances::total_issuance(), supply);
    });
}

#[test]
fn what_nobody_can_take_is_burnt() {
    run(ext(&Economy::toktok()), || {
        let supply = Balances::total_issuance();
        BlockAuthor::set(None);
        charge(3 * UNIT, 2 * UNIT);
        assert_eq!(Balances::total_issuance(), supply - 5 * UNIT);
        // Below the least balance of an account that does not exist yet.
        BlockAuthor::set(Some(AUTHOR));
        charge(LEAST - 1, 0);
        assert_eq!(Balances::balance(&AUTHOR), 0);
        assert_eq!(Balances::total_issuance(), supply - 5 * UNIT - (LEAST - 1));
    });
}

#[test]
fn only_the_admin_changes_rules() {
    run(ext(&Economy::bitchat()), || {
        let rule = FeeRule::Account(FOUNDATION);
        let alice = || RuntimeOrigin::signed(ALICE);
        assert_noop!(Issuance::set_fee_rule(alice(), rule.clone()), BadOrigin);
        assert_ok!(Issuance::set_fee_rule(RuntimeOrigin::root(), rule.clone()));
        System::assert_last_event(Event::FeeRuleSet { rule: rule.clone() }.into());
        assert_eq!(Fees::<Test>::get(), rule);

        let ten = Perbill::from_percent(10);
        let splits = Parts {
            production: ten,
            relay: ten,
            storage: ten,
            contribution: ten,
        };
        assert_noop!(Issuance::set_splits(alice(), Parts::default()), BadOrigin);
        assert_noop!(
            Issuance::set_splits(RuntimeOrigin::root(), splits),
            Error::<Test>::SplitsNotWhole
        );
        let splits = Parts {
            relay: Perbill::from_percent(70),
            ..splits
        };
        assert_ok!(Issuance::set_splits(RuntimeOrigin::root(), splits));
        System::assert_last_event(Event::SplitsSet { splits }.into());
        assert_eq!(Splits::<Test>::get(), splits);
        assert_noop!(Issuance::set_listing(alice(), 5), BadOrigin);
    });
}
