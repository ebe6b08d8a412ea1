//! Devices come, change and go; contacts see it; it costs no fee a few times, and never when it
//! fails.

use frame_support::{assert_noop, assert_ok};
use parlance_primitives::{
    UNIT,
    accounts::{Change, Entries, Identities as _, MAX_DEVICES, NO_HISTORY, Version, next_history},
};
use sp_runtime::transaction_validity::InvalidTransaction;

use super::{mock::*, people::*};
use crate::{Error, Event, Identities};

/// Versions, entries and histories that the events of this block show.
fn shown() -> Vec<(Version, Entries, [u8; 32])> {
    System::events()
        .into_iter()
        .filter_map(|record| match record.event {
            RuntimeEvent::Accounts(Event::Changed {
                version,
                entries,
                history,
                ..
            }) => Some((version, entries, history)),
            _ => None,
        })
        .collect()
}

#[test]
fn a_lost_phone_is_revoked_from_the_desktop() {
    run(|| {
        let ada = Person::of("Ada");
        let (phone, desktop) = (&ada.device, DeviceSecrets::of("desktop"));
        ada.settles();
        pass(1);
        assert_ok!(
            ada.changes(vec![desktop.joins(&ada.id(), ada.version())])
                .unwrap()
        );
        let before = ada.version();
        pass(1);
        let revoke = Change::Revoke { device: phone.id() };
        assert_ok!(ada.changes(vec![revoke]).unwrap());

        let identity = Identities::<Test>::get(ada.id()).unwrap();
        assert!(identity.version > before);
        assert_eq!(Accounts::device(&ada.id(), phone.id()), None);
        assert_eq!(
            Accounts::device(&ada.id(), desktop.id()),
            Some(desktop.keys())
        );
        assert_eq!(identity.revoked.len(), 1);
        assert_eq!(identity.revoked[0].device, phone.id());
        assert_eq!(identity.revoked[0].version, identity.version);

        // The thief, who has the phone's keys and even the account's, does not bring it back.
        pass(1);
        let returns = phone.joins(&ada.id(), ada.version());
        let failed = ada.with_tokens(UNIT).changes(vec![returns]).unwrap();
        assert_eq!(failed, Err(Error::<Test>::RevokedDevice.into()));
    });
}

#[test]
fn a_device_takes_new_keys_and_keeps_its_place() {
    run(|| {
        let ada = Person::of("Ada");
        ada.settles();
        pass(1);
        let other = DeviceSecrets::of("other");
        assert_ok!(
            ada.changes(vec![other.joins(&ada.id(), ada.version())])
                .unwrap()
        );
        pass(1);
        // Another agreement key: the device keeps its name.
        let mut fresh = ada.device.clone();
        fresh.agreement = [5; 32];
        let rotates = fresh.replaces(fresh.id(), &ada.id(), ada.version());
        assert_ok!(ada.changes(vec![rotates]).unwrap());
        let identity = Identities::<Test>::get(ada.id()).unwrap();
        assert_eq!(identity.devices[0].keys, fresh.keys());
        assert_eq!(identity.devices[0].since, identity.version);
        assert!(identity.devices[1].since < identity.version);
        assert!(identity.revoked.is_empty());
        // Another signing key: it has another name, and the old one is revoked.
        pass(40);
        let renamed = DeviceSecrets::of("renamed");
        let rotates = renamed.replaces(fresh.id(), &ada.id(), ada.version());
        assert_ok!(ada.changes(vec![rotates]).unwrap());
        let identity = Identities::<Test>::get(ada.id()).unwrap();
        assert_eq!(identity.devices[0].id(), renamed.id());
        assert_eq!(identity.revoked[0].device, fresh.id());
    });
}

#[test]
fn the_history_is_a_chain_that_nobody_can_shorten() {
    run(|| {
        let ada = Person::of("Ada");
        ada.settles();
        let mut log = shown();
        for n in 0..6 {
            pass(25);
            let device = DeviceSecrets::of(&format!("d{n}"));
            let changes = vec![
                device.joins(&ada.id(), ada.version()),
                Change::MoveMailbox,
                Change::Revoke {
                    device: Identities::<Test>::get(ada.id()).unwrap().devices[0].id(),
                },
            ];
            assert_ok!(ada.changes(changes).unwrap());
            log.extend(shown());
        }
        let chained = |log: &[(Version, Entries, [u8; 32])]| {
            log.iter()
                .fold(NO_HISTORY, |history, (version, entries, _)| {
                    next_history(&history, *version, entries)
                })
        };
        let identity = Identities::<Test>::get(ada.id()).unwrap();
        assert_eq!(chained(&log), identity.history);
        assert_eq!(identity.mailbox_epoch, 6);
        assert_eq!(Accounts::mailbox_epoch(&ada.id()), Some(6));
        for left_out in 0..log.len() {
            let mut shorter = log.clone();
            shorter.remove(left_out);
            assert_ne!(chained(&shorter), identity.history);
        }
    });
}

#[test]
fn a_change_made_for_another_version_is_void() {
    run(|| {
        let ada = Person::of("Ada");
        ada.settles();
        let base = ada.version();
        pass(1);
        let (one, two) = (DeviceSecrets::of("one"), DeviceSecrets::of("two"));
        let first = change_call(base, vec![one.joins(&ada.id(), base)]);
        let second = change_call(base, vec![two.joins(&ada.id(), base)]);
        assert_ok!(ada.sends(first.clone()).unwrap());
        pass(1);
        for stale in [first, second] {
            // Not free, and Ada cannot pay: it does not even enter a block.
            assert_eq!(ada.sends(stale), Err(InvalidTransaction::Payment.into()));
        }
        // A proof for the old version does not serve a change of the new one.
        let reused = change_call(ada.version(), vec![two.joins(&ada.id(), base)]);
        assert_eq!(ada.sends(reused), Err(InvalidTransaction::Payment.into()));
    });
}

#[test]
fn an_identity_changes_once_per_block() {
    run(|| {
        let ada = Person::of("Ada");
        ada.settles().with_tokens(5 * UNIT);
        assert_eq!(
            ada.changes(vec![Change::MoveMailbox]).unwrap(),
            Err(Error::<Test>::ChangedThisBlock.into())
        );
        pass(1);
        assert_ok!(ada.changes(vec![Change::MoveMailbox]).unwrap());
        assert_eq!(
            ada.changes(vec![Change::MoveMailbox]).unwrap(),
            Err(Error::<Test>::ChangedThisBlock.into())
        );
    });
}

#[test]
fn changes_are_free_a_few_times_per_window() {
    run(|| {
        let ada = Person::of("Ada");
        ada.settles();
        for _ in 0..2 {
            pass(1);
            assert_ok!(ada.changes(vec![Change::MoveMailbox]).unwrap());
        }
        pass(1);
        assert_eq!(
            ada.changes(vec![Change::MoveMailbox]),
            Err(InvalidTransaction::Payment.into())
        );
        // With tokens she pays for more.
        ada.with_tokens(UNIT);
        let balance = Balances::free_balance(ada.id());
        assert_ok!(ada.changes(vec![Change::MoveMailbox]).unwrap());
        assert!(Balances::free_balance(ada.id()) < balance);
        // The next window is free again.
        pass_to(40);
        let balance = Balances::free_balance(ada.id());
        assert_ok!(ada.changes(vec![Change::MoveMailbox]).unwrap());
        assert_eq!(Balances::free_balance(ada.id()), balance);
    });
}

#[test]
fn what_fails_is_charged() {
    run(|| {
        let ada = Person::of("Ada");
        ada.settles().with_tokens(UNIT);
        pass(1);
        let unknown = Change::Revoke {
            device: DeviceSecrets::of("nobody's").id(),
        };
        let balance = Balances::free_balance(ada.id());
        assert_eq!(
            ada.changes(vec![unknown]).unwrap(),
            Err(Error::<Test>::UnknownDevice.into())
        );
        assert!(Balances::free_balance(ada.id()) < balance);
    });
}

#[test]
fn every_rule_refuses_what_breaks_it() {
    run(|| {
        let ada = Person::of("Ada");
        ada.settles();
        pass(1);
        let (id, base) = (ada.id(), ada.version());
        let new = DeviceSecrets::of("new");
        let refuses = |changes: Vec<Change>, error: Error<Test>| {
            assert_noop!(
                Accounts::do_change(id.clone(), base, &changes.try_into().unwrap()),
                error
            );
        };
        refuses(vec![], Error::NothingToChange);
        refuses(
            vec![Change::Revoke {
                device: ada.device.id(),
            }],
            Error::LastDevice,
        );
        refuses(
            vec![Change::Revoke { device: new.id() }],
            Error::UnknownDevice,
        );
        refuses(vec![ada.device.joins(&id, base)], Error::KnownDevice);
        refuses(
            vec![new.replaces(new.id(), &id, base)],
            Error::UnknownDevice,
        );
        refuses(
            vec![new.joins(&id, base), new.joins(&id, base)],
            Error::KnownDevice,
        );
        refuses(
            (0..MAX_DEVICES)
                .map(|n| DeviceSecrets::of(&format!("d{n}")).joins(&id, base))
                .collect(),
            Error::TooManyDevices,
        );
        let mut weak = new.clone();
        weak.agreement = [0; 32];
        weak.agreement[0] = 1;
        refuses(vec![weak.joins(&id, base)], Error::WeakKey);
        refuses(
            vec![weak.replaces(ada.device.id(), &id, base)],
            Error::WeakKey,
        );
        // Proven for somebody else, for another version, or by other keys.
        let bob = Person::of("Bob");
        refuses(vec![new.joins(&bob.id(), base)], Error::NoPossession);
        refuses(vec![new.joins(&id, base + 1)], Error::NoPossession);
        refuses(
            vec![Change::Add {
                keys: new.keys(),
                possession: ada.device.proof(&id, base),
            }],
            Error::NoPossession,
        );
        let nobody = Person::of("Nobody").id();
        assert_noop!(
            Accounts::do_change(nobody, 0, &vec![Change::MoveMailbox].try_into().unwrap()),
            Error::<Test>::NoIdentity
        );
    });
}

#[test]
fn all_devices_can_be_replaced_at_once() {
    run(|| {
        let ada = Person::of("Ada");
        ada.settles();
        pass(1);
        let base = ada.version();
        let mut changes: Vec<_> = (0..7)
            .map(|n| DeviceSecrets::of(&format!("d{n}")).joins(&ada.id(), base))
            .collect();
        assert_ok!(ada.changes(changes.clone()).unwrap());
        pass(1);
        let base = ada.version();
        changes.clear();
        for device in &Identities::<Test>::get(ada.id()).unwrap().devices {
            changes.push(Change::Revoke {
                device: device.id(),
            });
        }
        for n in 0..8 {
            changes.push(DeviceSecrets::of(&format!("e{n}")).joins(&ada.id(), base));
        }
        assert_ok!(ada.changes(changes).unwrap());
        let identity = Identities::<Test>::get(ada.id()).unwrap();
        assert_eq!((identity.devices.len(), identity.revoked.len()), (8, 8));
    });
}
