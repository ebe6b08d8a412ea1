//! Deposits are taken when tokens come, and returned; what has neither deposit nor use goes.

use frame_support::{assert_noop, assert_ok, traits::fungible::InspectHold, weights::Weight};
use parlance_primitives::{
    UNIT,
    accounts::{Identities as _, Resource},
};
use sp_runtime::{MultiAddress, transaction_validity::InvalidTransaction};

use super::{mock::*, people::*};
use crate::{Error, Event, HoldReason, Sizes, Standings, WeightInfo};

fn held(who: &Person) -> u128 {
    Balances::balance_on_hold(&HoldReason::Identity.into(), &who.id())
}

fn back_call(who: &Person) -> Call {
    Call::back_identity {
        who: MultiAddress::Id(who.id()),
    }
}

fn prune_call(people: &[&Person]) -> Call {
    let accounts: Vec<_> = people.iter().map(|person| person.id()).collect();
    Call::prune {
        accounts: accounts.try_into().unwrap(),
        invitations: Default::default(),
    }
}

#[test]
fn who_pays_a_fee_makes_the_deposit() {
    run(|| {
        let (ada, bob) = (Person::of("Ada"), Person::of("Bob"));
        ada.settles().with_tokens(20 * UNIT);
        assert!(!ada.is_backed());
        let transfer = pallet_balances::Call::<Test>::transfer_keep_alive {
            dest: MultiAddress::Id(bob.id()),
            value: UNIT,
        };
        assert_ok!(ada.sends(transfer).unwrap());
        assert!(ada.is_backed());
        assert_eq!(held(&ada), 10 * UNIT);
        System::assert_has_event(
            Event::Backed {
                who: ada.id(),
                amount: 10 * UNIT,
            }
            .into(),
        );
        // Bob has tokens and no identity: nothing is taken.
        assert_eq!(held(&bob), 0);
        assert_eq!(Accounts::standing(&ada.id()).unwrap().expires, None);
    });
}

#[test]
fn a_payment_looks_nothing_up_but_for_who_owes_a_deposit() {
    run(|| {
        let (ada, bob) = (Person::of("Ada"), Person::of("Bob"));
        bob.with_tokens(20 * UNIT);
        assert_eq!(Accounts::note_payer(&bob.id()), Weight::zero());
        ada.settles().with_tokens(20 * UNIT);
        let taken = Accounts::note_payer(&ada.id());
        assert_eq!(taken, <() as WeightInfo>::back_identity());
        assert!(ada.is_backed());
        assert_eq!(Accounts::note_payer(&ada.id()), Weight::zero());
    });
}

#[test]
fn an_account_lives_by_its_deposit_until_its_owner_removes_the_identity() {
    run(|| {
        let ada = Person::of("Ada");
        ada.settles().with_tokens(20 * UNIT);
        assert_eq!(System::sufficients(&ada.id()), 1);
        assert_ok!(Accounts::back(&ada.id()));
        assert_eq!(System::sufficients(&ada.id()), 0);
        let all = pallet_balances::Call::<Test>::transfer_all {
            dest: MultiAddress::Id(Person::of("Bob").id()),
            keep_alive: false,
        };
        assert_ok!(ada.sends(all).unwrap());
        assert_eq!(Balances::free_balance(ada.id()), LEAST);
        assert!(ada.has_identity());
        pass(ANCHOR_WINDOW + 1);
        assert_ok!(ada.sends(Call::remove_identity {}).unwrap());
        assert_eq!(Balances::free_balance(ada.id()), LEAST + 10 * UNIT);
    });
}

#[test]
fn who_has_too_little_pays_fees_and_stays_without_deposit() {
    run(|| {
        let ada = Person::of("Ada");
        ada.settles().with_tokens(5 * UNIT);
        let remark = frame_system::Call::<Test>::remark { remark: vec![] };
        assert_ok!(ada.sends(remark).unwrap());
        assert!(!ada.is_backed());
        assert_eq!(held(&ada), 0);
    });
}

#[test]
fn anybody_has_the_deposit_of_a_holder_taken_for_free() {
    run(|| {
        let (ada, bob) = (Person::of("Ada"), Person::of("Bob"));
        ada.settles();
        bob.settles();
        assert_eq!(
            bob.sends(back_call(&ada)),
            Err(InvalidTransaction::Payment.into())
        );
        assert_noop!(Accounts::back(&ada.id()), Error::<Test>::CannotBack);
        ada.with_tokens(11 * UNIT);
        assert_ok!(bob.sends(back_call(&ada)).unwrap());
        assert_eq!(
            (held(&ada), Balances::free_balance(ada.id())),
            (10 * UNIT, UNIT)
        );
        assert_noop!(Accounts::back(&ada.id()), Error::<Test>::AlreadyBacked);
        assert_noop!(
            Accounts::back(&Person::of("Nobody").id()),
            Error::<Test>::NoIdentity
        );
    });
}

#[test]
fn the_deposit_comes_back_with_removal() {
    run(|| {
        let ada = Person::of("Ada");
        ada.settles_with_deposit();
        assert_noop!(
            Accounts::remove_identity(RuntimeOrigin::signed(ada.id())),
            Error::<Test>::TooYoung
        );
        pass(ANCHOR_WINDOW + 1);
        assert_ok!(ada.sends(Call::remove_identity {}).unwrap());
        assert_eq!(held(&ada), 0);
        assert_eq!(Balances::free_balance(ada.id()), 1_000 * UNIT);
        assert_eq!(Sizes::<Test>::get(), Default::default());
        assert_eq!(System::sufficients(&ada.id()), 0);
    });
}

#[test]
fn an_account_without_tokens_ends_with_its_identity_and_its_version_still_grows() {
    run(|| {
        let ada = Person::of("Ada");
        ada.settles();
        let first = ada.version();
        pass(ANCHOR_WINDOW + 1);
        assert_ok!(ada.sends(Call::remove_identity {}).unwrap());
        assert!(!frame_system::Account::<Test>::contains_key(ada.id()));
        ada.settles();
        assert!(ada.version() > first);
    });
}

#[test]
fn an_identity_that_was_never_used_goes() {
    run(|| {
        let (ada, bob, eve) = (Person::of("Ada"), Person::of("Bob"), Person::of("Eve"));
        ada.settles();
        bob.settles();
        pass(50);
        eve.settles();
        // Too early; Eve cannot pay for an attempt that removes nothing.
        assert_eq!(
            eve.sends(prune_call(&[&ada])),
            Err(InvalidTransaction::Payment.into())
        );
        Accounts::note_use(&bob.id());
        pass(50);
        assert_eq!(
            eve.sends(prune_call(&[&ada, &bob])),
            Err(InvalidTransaction::Payment.into()),
            "Bob was used"
        );
        assert_eq!(
            eve.sends(prune_call(&[&ada, &ada])),
            Err(InvalidTransaction::Payment.into()),
            "once each"
        );
        assert_ok!(eve.sends(prune_call(&[&ada])).unwrap());
        assert!(!ada.has_identity() && bob.has_identity());
        System::assert_has_event(
            Event::Removed {
                who: ada.id(),
                version: 1,
                expired: true,
            }
            .into(),
        );
        pass_to(1 + 50 + 200);
        assert_ok!(Accounts::do_prune(&[bob.id()], &[]));
        assert!(!bob.has_identity());
    });
}

#[test]
fn an_expired_identity_gets_no_allowance_and_lives_on_when_used_again() {
    run(|| {
        let ada = Person::of("Ada");
        ada.settles();
        let allowance =
            |ada: &Person| Accounts::allowance(&ada.id(), Resource::Relayed, Accounts::period());
        assert!(allowance(&ada) > 0);
        pass(100);
        assert_eq!(allowance(&ada), 0);
        Accounts::note_use(&ada.id());
        assert!(allowance(&ada) > 0);
        assert_ok!(Accounts::do_prune(&[ada.id()], &[]));
        assert!(ada.has_identity());
    });
}

#[test]
fn an_expired_identity_that_came_to_tokens_is_kept() {
    run(|| {
        let (ada, eve) = (Person::of("Ada"), Person::of("Eve"));
        ada.settles().with_tokens(11 * UNIT);
        pass(100);
        eve.settles();
        assert_ok!(eve.sends(prune_call(&[&ada])).unwrap());
        assert!(ada.is_backed());
        pass(500);
        assert_ok!(Accounts::do_prune(&[ada.id()], &[]));
        assert!(ada.has_identity());
    });
}

#[test]
fn a_later_deposit_rule_does_not_touch_earlier_deposits() {
    run(|| {
        let (ada, bob) = (Person::of("Ada"), Person::of("Bob"));
        ada.settles_with_deposit();
        let mut dearer = parameters();
        dearer.deposit = 50 * UNIT;
        assert_ok!(Accounts::set_parameters(RuntimeOrigin::root(), dearer));
        bob.settles_with_deposit();
        assert_eq!((held(&ada), held(&bob)), (10 * UNIT, 50 * UNIT));
        pass(ANCHOR_WINDOW + 1);
        assert_ok!(ada.sends(Call::remove_identity {}).unwrap());
        assert_eq!(Balances::free_balance(ada.id()), 1_000 * UNIT);
        assert!(Standings::<Test>::get(ada.id()).is_none());
    });
}

#[test]
fn rules_that_contradict_each_other_are_refused() {
    run(|| {
        type Spoil = fn(&mut crate::Parameters);
        let spoilt: [Spoil; 10] = [
            |p| p.anchor_window = 0,
            |p| p.anchor_window = ANCHOR_WINDOW + 1,
            |p| p.difficulty.floor = 0,
            |p| p.difficulty.ceiling = 1,
            |p| p.difficulty.target = 0,
            |p| p.unused_lifetime = ANCHOR_WINDOW,
            |p| p.used_lifetime = 99,
            |p| p.invitations = crate::MAX_INVITATIONS + 1,
            |p| p.allowances[2].floor = 19,
            |p| p.deposit = 0,
        ];
        for spoil in spoilt {
            let mut rules = parameters();
            spoil(&mut rules);
            assert_noop!(
                Accounts::set_parameters(RuntimeOrigin::root(), rules),
                Error::<Test>::InvalidParameters
            );
        }
        assert_noop!(
            Accounts::set_parameters(RuntimeOrigin::signed(Person::of("Ada").id()), parameters()),
            sp_runtime::DispatchError::BadOrigin
        );
        assert!(crate::Parameters::default().are_sound(300));
        assert!(!crate::Parameters::default().are_sound(299));
    });
}
