//! Invitations: few, once, for a time, from somebody with a deposit, and never somebody else's.

use frame_support::{assert_noop, assert_ok};
use parlance_primitives::accounts::{Guard, invitation_statement};
use sp_core::Pair;
use sp_runtime::transaction_validity::{InvalidTransaction, TransactionValidityError};

use super::{mock::*, people::*};
use crate::{Error, Event, Invitations, Rejection, Standings};

fn refused(rejection: Rejection) -> Result<(), TransactionValidityError> {
    Err(rejection.into())
}

fn outcome(transaction: Transaction) -> Result<(), TransactionValidityError> {
    include(transaction).map(|done| done.unwrap())
}

fn host() -> Person {
    let host = Person::of("Host");
    host.settles_with_deposit();
    host
}

#[test]
fn somebody_invited_needs_no_work() {
    run(|| {
        let (host, guest, key) = (host(), Person::of("Guest"), invitation("a"));
        let balance = Balances::free_balance(host.id());
        assert_ok!(host.sends(invite_call(&[&key])).unwrap());
        assert_eq!(Balances::free_balance(host.id()), balance);
        let transaction = guest.registers_by(&key);
        assert!(offer(&transaction).is_ok());
        assert_ok!(include(transaction).unwrap());
        assert!(guest.has_identity());
        assert!(Invitations::<Test>::get(key.public()).is_none());
        assert_eq!(Standings::<Test>::get(host.id()).unwrap().open, 0);
        System::assert_has_event(
            Event::Registered {
                who: guest.id(),
                lane: parlance_primitives::accounts::Lane::Invitation,
                inviter: Some(host.id()),
            }
            .into(),
        );
    });
}

#[test]
fn an_invitation_serves_once_and_only_who_has_its_secret() {
    run(|| {
        let (host, guest, eve, key) = (
            host(),
            Person::of("Guest"),
            Person::of("Eve"),
            invitation("a"),
        );
        assert_ok!(host.sends(invite_call(&[&key])).unwrap());
        let guests = guest.registers_by(&key);
        // Eve sees the guest's transaction on its way and wants the invitation for herself.
        let seen = guest.takes(&key);
        assert_eq!(
            outcome(eve.registers(eve.registration(now() - 1), seen)),
            refused(Rejection::Proof)
        );
        let guessed = Guard::Invitation {
            key: key.public(),
            signature: invitation("guess").sign(&invitation_statement(&hash_of(0), &eve.id())),
        };
        assert_eq!(
            outcome(eve.registers(eve.registration(now() - 1), guessed)),
            refused(Rejection::Proof)
        );
        // Two who share the secret: the pool holds one of them, the chain takes one.
        let tags = |transaction: &Transaction| offer(transaction).unwrap().provides;
        let second = eve.registers_by(&key);
        assert!(tags(&guests).iter().any(|tag| tags(&second).contains(tag)));
        assert_eq!(outcome(guests), Ok(()));
        assert_eq!(outcome(second), refused(Rejection::NoInvitation));
    });
}

/// Anybody makes keys and signs with them: three signatures more must not be checked for such an invitation.
#[test]
fn a_made_up_invitation_is_refused_before_other_signatures_are_looked_at() {
    run(|| {
        let (guest, made_up) = (Person::of("Guest"), invitation("made up"));
        let mut registration = guest.registration(now() - 1);
        registration.possession.signing = registration.possession.endpoint;
        let transaction = guest.registers(registration, guest.takes(&made_up));
        assert_eq!(
            offer(&transaction).map(|_| ()),
            refused(Rejection::NoInvitation)
        );
        assert_eq!(outcome(transaction), refused(Rejection::NoInvitation));
    });
}

#[test]
fn an_invitation_that_was_never_given_or_taken_back_or_is_too_old_is_void() {
    run(|| {
        let (host, guest, key, other) = (
            host(),
            Person::of("Guest"),
            invitation("a"),
            invitation("b"),
        );
        assert_eq!(
            outcome(guest.registers_by(&key)),
            refused(Rejection::NoInvitation)
        );
        assert_ok!(host.sends(invite_call(&[&key, &other])).unwrap());
        let keys: crate::InvitationKeys = vec![key.public()].try_into().unwrap();
        let revoke = Call::revoke_invitations { keys };
        assert_ok!(host.sends(revoke.clone()).unwrap());
        assert_eq!(
            outcome(guest.registers_by(&key)),
            refused(Rejection::NoInvitation)
        );
        assert_noop!(
            Accounts::do_revoke_invitations(guest.id(), vec![other.public()].try_into().unwrap()),
            Error::<Test>::UnknownInvitation
        );
        let expires = Invitations::<Test>::get(other.public()).unwrap().expires;
        pass_to(expires);
        assert_eq!(
            outcome(guest.registers_by(&other)),
            refused(Rejection::NoInvitation)
        );
    });
}

#[test]
fn there_are_few_per_window_and_revoking_gives_none_back() {
    run(|| {
        let host = host();
        let keys: Vec<_> = (0..5).map(|n| invitation(&n.to_string())).collect();
        assert_ok!(host.sends(invite_call(&[&keys[0], &keys[1]])).unwrap());
        let revoke = Call::revoke_invitations {
            keys: vec![keys[0].public(), keys[1].public()].try_into().unwrap(),
        };
        assert_ok!(host.sends(revoke).unwrap());
        let invite = |keys: &[&sp_core::ed25519::Pair]| {
            let keys: Vec<_> = keys.iter().map(|key| key.public()).collect();
            Accounts::do_invite(host.id(), keys.try_into().unwrap())
        };
        assert_noop!(
            invite(&[&keys[2], &keys[3]]),
            Error::<Test>::NoInvitationsLeft
        );
        assert_ok!(invite(&[&keys[2]]));
        pass_to(60);
        // A new window; what is open counts.
        assert_noop!(
            invite(&[&keys[3], &keys[4], &keys[0]]),
            Error::<Test>::NoInvitationsLeft
        );
        assert_ok!(invite(&[&keys[3], &keys[4]]));
        assert_eq!(Accounts::standing(&host.id()).unwrap().invitations, 0);
    });
}

#[test]
fn inviting_takes_a_deposit() {
    run(|| {
        let (ada, nobody, key) = (Person::of("Ada"), Person::of("Nobody"), invitation("a"));
        ada.settles();
        let keys = || vec![key.public()].try_into().unwrap();
        assert_noop!(
            Accounts::do_invite(ada.id(), keys()),
            Error::<Test>::NotBacked
        );
        assert_noop!(
            Accounts::do_invite(nobody.id(), keys()),
            Error::<Test>::NoIdentity
        );
        assert_eq!(
            ada.sends(invite_call(&[&key])),
            Err(InvalidTransaction::Payment.into())
        );
    });
}

#[test]
fn a_key_stands_for_one_invitation() {
    run(|| {
        let (host, key) = (host(), invitation("a"));
        let keys = |count: usize| vec![key.public(); count].try_into().unwrap();
        assert_noop!(
            Accounts::do_invite(host.id(), keys(2)),
            Error::<Test>::KnownInvitation
        );
        assert_ok!(Accounts::do_invite(host.id(), keys(1)));
        assert_noop!(
            Accounts::do_invite(host.id(), keys(1)),
            Error::<Test>::KnownInvitation
        );
        assert_noop!(
            Accounts::do_revoke_invitations(host.id(), keys(2)),
            Error::<Test>::UnknownInvitation
        );
        assert_noop!(
            Accounts::do_invite(host.id(), keys(0)),
            Error::<Test>::NothingToChange
        );
    });
}

#[test]
fn a_flood_of_work_takes_no_room_from_guests() {
    run(|| {
        let (host, key) = (host(), invitation("a"));
        assert_ok!(host.sends(invite_call(&[&key])).unwrap());
        for n in 0..7 {
            pass(1);
            Person::of(&format!("P{n}")).settles();
        }
        let late = Person::of("Late").registers_by_work();
        assert_eq!(outcome(late), refused(Rejection::PeriodFull));
        assert_eq!(outcome(Person::of("Guest").registers_by(&key)), Ok(()));
    });
}

#[test]
fn an_identity_with_open_invitations_stays() {
    run(|| {
        let (host, key) = (host(), invitation("a"));
        pass(ANCHOR_WINDOW + 1);
        assert_ok!(host.sends(invite_call(&[&key])).unwrap());
        assert_noop!(
            Accounts::remove_identity(RuntimeOrigin::signed(host.id())),
            Error::<Test>::OpenInvitations
        );
        pass(50);
        // Anybody clears away what has expired, for nothing.
        let ada = Person::of("Ada");
        ada.settles();
        let prune = Call::prune {
            accounts: Default::default(),
            invitations: vec![key.public()].try_into().unwrap(),
        };
        assert_ok!(ada.sends(prune).unwrap());
        assert_ok!(host.sends(Call::remove_identity {}).unwrap());
        assert_eq!(
            Balances::free_balance(host.id()),
            1_000 * parlance_primitives::UNIT
        );
    });
}
