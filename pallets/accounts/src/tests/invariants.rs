//! Every rule holds after any sequence of anything that anybody can do.

use frame_support::traits::fungible::{InspectHold, Mutate};
use parlance_primitives::{
    UNIT,
    accounts::{Change, Identities as _, Resource},
};
use proptest::prelude::*;
use sp_core::Pair;
use sp_runtime::MultiAddress;

use super::{mock::*, people::*};
use crate::{CurrentGate, CurrentParameters, HoldReason, Sizes};

const PEOPLE: usize = 7;

#[derive(Clone, Debug)]
enum Action {
    Pass(u32),
    Work(usize),
    Invited(usize, u8),
    Join(usize, u8),
    Rotate(usize, u8),
    Revoke(usize, usize),
    Remove(usize),
    Back(usize, usize),
    Invite(usize, u8),
    TakeBack(usize, u8),
    Prune(usize, usize, u8),
    Buy(usize, u64, u32),
    Use(usize),
    Gift(usize, u128),
    Spend(usize),
    Rules(u8),
}

fn action() -> impl Strategy<Value = Action> {
    use Action::*;
    let who = || 0..PEOPLE;
    prop_oneof![
        6 => prop_oneof![0u32..4, 0u32..70].prop_map(Pass),
        6 => who().prop_map(Work),
        5 => (who(), 0u8..6).prop_map(|(w, k)| Invited(w, k)),
        3 => (who(), 0u8..12).prop_map(|(w, d)| Join(w, d)),
        2 => (who(), 0u8..12).prop_map(|(w, d)| Rotate(w, d)),
        2 => (who(), 0usize..8).prop_map(|(w, d)| Revoke(w, d)),
        2 => who().prop_map(Remove),
        3 => (who(), who()).prop_map(|(b, w)| Back(b, w)),
        4 => (who(), 0u8..6).prop_map(|(w, k)| Invite(w, k)),
        2 => (who(), 0u8..6).prop_map(|(w, k)| TakeBack(w, k)),
        3 => (who(), who(), 0u8..6).prop_map(|(b, w, k)| Prune(b, w, k)),
        2 => (who(), 0u64..1 << 22, 0u32..12).prop_map(|(w, b, p)| Buy(w, b, p)),
        2 => who().prop_map(Use),
        4 => (who(), 0..40 * UNIT).prop_map(|(w, a)| Gift(w, a)),
        2 => who().prop_map(Spend),
        1 => any::<u8>().prop_map(Rules),
    ]
}

/// Does it by transactions, whether they succeed or not.
fn act(action: &Action, people: &[Person]) {
    let key = |k: &u8| invitation(&k.to_string());
    match action {
        Action::Pass(blocks) => pass(*blocks),
        Action::Work(who) => attempt(include(people[*who].registers_by_work())),
        Action::Invited(who, k) => attempt(include(people[*who].registers_by(&key(k)))),
        Action::Join(who, d) => change(&people[*who], |person, base| {
            DeviceSecrets::of(&d.to_string()).joins(&person.id(), base)
        }),
        Action::Rotate(who, d) => change(&people[*who], |person, base| {
            DeviceSecrets::of(&d.to_string()).replaces(person.device.id(), &person.id(), base)
        }),
        Action::Revoke(who, at) => change(&people[*who], |person, _| {
            let devices = Accounts::identity(&person.id()).unwrap().devices;
            Change::Revoke {
                device: devices[at % devices.len()].id(),
            }
        }),
        Action::Remove(who) => attempt(people[*who].sends(Call::remove_identity {})),
        Action::Back(by, who) => attempt(people[*by].sends(Call::back_identity {
            who: MultiAddress::Id(people[*who].id()),
        })),
        Action::Invite(who, k) => attempt(people[*who].sends(invite_call(&[&key(k)]))),
        Action::TakeBack(who, k) => attempt(people[*who].sends(Call::revoke_invitations {
            keys: vec![key(k).public()].try_into().unwrap(),
        })),
        Action::Prune(by, who, k) => attempt(people[*by].sends(Call::prune {
            accounts: vec![people[*who].id()].try_into().unwrap(),
            invitations: vec![key(k).public()].try_into().unwrap(),
        })),
        Action::Buy(who, bytes, periods) => attempt(people[*who].sends(Call::buy_allowance {
            resource: Resource::Relayed,
            bytes: *bytes,
            periods: *periods,
        })),
        Action::Use(who) => Accounts::note_use(&people[*who].id()),
        Action::Gift(who, amount) => attempt(Balances::mint_into(&people[*who].id(), *amount)),
        Action::Spend(who) => attempt(people[*who].sends(pallet_balances::Call::transfer_all {
            dest: MultiAddress::Id(people[0].id()),
            keep_alive: false,
        })),
        Action::Rules(n) => {
            let mut rules = parameters();
            rules.difficulty.floor = 1 + u32::from(n % 4);
            rules.work.standing = u32::from(n % 6);
            rules.invitations = u32::from(n % 5);
            rules.deposit = UNIT * (1 + u128::from(n % 20));
            Accounts::set_parameters(RuntimeOrigin::root(), rules).unwrap();
        }
    }
}

/// Whether it succeeds or not.
fn attempt<Outcome>(_: Outcome) {}

fn change(person: &Person, make: impl Fn(&Person, u32) -> Change) {
    if person.has_identity() {
        let one = make(person, person.version());
        attempt(person.changes(vec![one]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn anything_keeps_every_rule(actions in prop::collection::vec(action(), 1..120)) {
        new_test_ext().execute_with(|| {
            let people: Vec<_> = (0..PEOPLE).map(|n| Person::of(&format!("P{n}"))).collect();
            let mut versions = [0; PEOPLE];
            for action in &actions {
                let (sizes, issued) = (Sizes::<Test>::get(), Balances::total_issuance());
                act(action, &people);
                Accounts::check_invariants().unwrap_or_else(|rule| panic!("{rule:?} by {action:?}"));
                let after = Sizes::<Test>::get();
                let rules = CurrentParameters::<Test>::get();
                assert!(after.work <= sizes.work.max(rules.work.standing));
                assert!(after.invitation <= rules.invitation.standing);
                let gate = CurrentGate::<Test>::get();
                assert!(gate.work.period <= rules.work.per_period);
                assert!(gate.work.block <= rules.work.per_block);
                if !matches!(action, Action::Gift(..)) {
                    assert!(Balances::total_issuance() <= issued, "{action:?} made tokens");
                }
                for (person, version) in people.iter().zip(&mut versions) {
                    if let Some(identity) = Accounts::identity(&person.id()) {
                        assert!(identity.version >= *version, "{action:?} turned time back");
                        *version = identity.version;
                    } else {
                        let held = Balances::balance_on_hold(&HoldReason::Identity.into(), &person.id());
                        assert_eq!(held, 0, "a deposit without an identity");
                        assert_eq!(Accounts::allowance(&person.id(), Resource::Relayed, Accounts::period()), 0);
                    }
                }
            }
        });
    }
}
