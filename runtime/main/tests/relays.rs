//! Relays in this chain's runtime: what it answers the pallet, whose own rules are tested where they stand.

mod networks;

use frame_support::traits::{Get, Hooks, InstanceFilter, fungible::Mutate};
use networks::started;
use pallet_accounts::core::standing::{Backing, Standing as IdentityStanding};
use parlance_primitives::{
    AccountId, BlockNumber, DAYS, UNIT,
    accounts::{
        Device, DeviceId, DeviceKeys, Identity, Lane, MAX_REVOKED, NO_HISTORY, NetworkLoad,
        Resource, Revocation,
    },
    relay::{Correspondents, DeviceStanding, Pace, Seeds},
    traits::ServiceFacts,
};
use parlance_runtime::{
    Balances, Relay, Runtime, RuntimeCall, RuntimeOrigin, System,
    configs::{
        accounts::ProxyType,
        relays::{
            BeaconSeeds, ErasOfProducers, People, PeriodLength, PeriodsPerDay, RosterPeriods,
        },
    },
    genesis::account,
};
use sp_core::ed25519;
use sp_runtime::traits::Zero;

const NETWORKS: [&str; 5] = ["dev", "local", "fast-4", "toktok", "bitchat"];

fn signing(index: u8) -> ed25519::Public {
    ed25519::Public::from_raw([index; 32])
}

/// Gives `who` an identity that came with block `registered`.
fn identify(who: &AccountId, registered: BlockNumber, backing: Backing) {
    let device = Device {
        keys: DeviceKeys {
            signing: signing(1),
            agreement: [1; 32],
            endpoint: signing(1),
        },
        since: registered,
    };
    let identity = Identity {
        version: registered,
        mailbox_epoch: 3,
        devices: vec![device].try_into().unwrap(),
        revoked: Default::default(),
        history: NO_HISTORY,
    };
    pallet_accounts::Identities::<Runtime>::insert(who, identity);
    let standing = IdentityStanding {
        backing,
        ..IdentityStanding::new(Lane::Work, registered, DAYS)
    };
    pallet_accounts::Standings::<Runtime>::insert(who, standing);
}

fn revoke(who: &AccountId, index: u8, version: BlockNumber) {
    pallet_accounts::Identities::<Runtime>::mutate(who, |identity| {
        let revocation = Revocation {
            device: DeviceId::of(&signing(index)),
            version,
        };
        identity
            .as_mut()
            .unwrap()
            .revoked
            .try_push(revocation)
            .unwrap();
    });
}

#[test]
fn the_lengths_of_each_network_fit_each_other() {
    for (name, period, roster) in [
        ("dev", 15, 7),
        ("local", 15, 7),
        ("fast-4", 5, 7),
        ("toktok", 150, 72),
        ("bitchat", 150, 72),
    ] {
        started(name).execute_with(|| {
            assert_eq!(PeriodLength::get(), period, "{name}");
            assert_eq!(RosterPeriods::get(), roster, "{name}");
            <Relay as Hooks<BlockNumber>>::integrity_test();
            assert_eq!(
                DAYS,
                PeriodLength::get() * PeriodsPerDay::get(),
                "days of relays and of allowances must begin together on {name}"
            );
            let vdpos = pallet_vdpos::CurrentParameters::<Runtime>::get();
            assert_eq!(vdpos.epoch_slots, 2 * PeriodLength::get(), "{name}");
        });
    }
}

#[test]
fn as_many_bytes_count_in_a_period_of_each_network() {
    for name in NETWORKS {
        started(name).execute_with(|| {
            let who = account("//Somebody");
            let deposit = Backing::Deposit { amount: UNIT };
            identify(&who, 0, deposit);
            System::set_block_number(1);
            pallet_accounts::Pallet::<Runtime>::on_initialize(1);
            Relay::on_initialize(1);
            assert_eq!(Relay::cap_of(&who), 19_418, "{name}");
            assert_eq!(Relay::cap_of(&account("//Nobody")), 0, "{name}");
        });
    }
}

#[test]
fn devices_are_on_record_strangers_or_gone() {
    started("dev").execute_with(|| {
        System::set_block_number(100);
        let who = account("//Somebody");
        let standing = |index: u8, at| People::device(&who, DeviceId::of(&signing(index)), at);
        assert_eq!(standing(1, 50), DeviceStanding::Left, "no identity");
        identify(&who, 40, Backing::Deposit { amount: UNIT });
        assert_eq!(standing(1, 40), DeviceStanding::OnRecord(signing(1)));
        assert_eq!(standing(1, 39), DeviceStanding::Left, "it came later");
        assert_eq!(standing(2, 50), DeviceStanding::Stranger);
        revoke(&who, 2, 60);
        assert_eq!(standing(2, 59), DeviceStanding::Left);
        assert_eq!(standing(2, 60), DeviceStanding::Stranger, "revoked before");
        assert_eq!(standing(3, 59), DeviceStanding::Stranger);
        for index in 1..MAX_REVOKED as u8 {
            revoke(&who, 100 + index, 70);
        }
        assert_eq!(
            standing(3, 59),
            DeviceStanding::Left,
            "its trace may have fallen out"
        );
        assert_eq!(standing(3, 60), DeviceStanding::Stranger);
        identify(&who, 40, Backing::Use { expires: 100 });
        assert_eq!(standing(1, 50), DeviceStanding::Left, "it has expired");
    });
}

#[test]
fn allowances_are_those_of_the_day_and_firm_while_it_runs() {
    started("dev").execute_with(|| {
        let who = account("//Somebody");
        identify(&who, 0, Backing::Deposit { amount: UNIT });
        System::set_block_number(1);
        pallet_accounts::Pallet::<Runtime>::on_initialize(1);
        let today = People::allowance(&who, 1);
        assert!(today.backed && today.firm && today.free > 0);
        System::set_block_number(DAYS);
        pallet_accounts::Pallet::<Runtime>::on_initialize(DAYS);
        let yesterday = People::allowance(&who, 1);
        assert!(!yesterday.firm);
        assert_eq!(yesterday.free, today.free);
        assert_eq!(People::mailbox_epoch(&who), Some(3));
        let rules = pallet_accounts::CurrentParameters::<Runtime>::get();
        assert_eq!(People::price(), rules.price(Resource::Relayed));
    });
}

#[test]
fn seeds_are_the_first_from_an_epoch_on_that_has_begun() {
    started("dev").execute_with(|| {
        assert_eq!(BeaconSeeds::epoch(), 0);
        assert!(BeaconSeeds::seed_from(0).is_some());
        assert_eq!(BeaconSeeds::seed_from(1), None);
        // Epoch 5 follows epoch 2.
        for (epoch, seed) in [(2u64, [2; 32]), (5, [5; 32])] {
            pallet_beacon::CurrentEpoch::<Runtime>::put(epoch);
            pallet_beacon::History::<Runtime>::insert(epoch as u32, (epoch, seed));
        }
        assert_eq!(BeaconSeeds::seed_from(2), Some([2; 32]));
        assert_eq!(BeaconSeeds::seed_from(3), Some([5; 32]));
        assert_eq!(BeaconSeeds::seed_from(6), None);
    });
}

#[test]
fn the_pace_counts_down_to_the_end_of_the_era() {
    started("fast-4").execute_with(|| {
        let era = pallet_vdpos::CurrentEra::<Runtime>::get();
        let mut epoch = pallet_vdpos::CurrentEpoch::<Runtime>::get();
        let all = era.end() * epoch.length / PeriodLength::get();
        assert_eq!(ErasOfProducers::periods_left(), all);
        assert_eq!(all, 6);
        epoch.index = era.end() - 1;
        pallet_vdpos::CurrentEpoch::<Runtime>::put(&epoch);
        assert_eq!(ErasOfProducers::periods_left(), 2);
        epoch.index = era.end();
        epoch.length = 0;
        pallet_vdpos::CurrentEpoch::<Runtime>::put(&epoch);
        assert_eq!(ErasOfProducers::periods_left(), 1, "at least one");
    });
}

/// Registers `who` as a relay with the account's first gibibyte.
fn register(who: &AccountId) {
    Balances::set_balance(who, 1_000 * UNIT);
    let endpoint = pallet_relay::Endpoint {
        key: signing(9),
        address: b"relay.example:4433".to_vec().try_into().unwrap(),
    };
    Relay::register(RuntimeOrigin::signed(who.clone()), endpoint, 1 << 30).unwrap();
}

#[test]
fn a_relay_shows_in_the_api_in_allowances_and_in_service() {
    started("fast-4").execute_with(|| {
        let who = account("//Bob");
        assert_eq!(Relay::agenda(&who), None);
        System::set_block_number(1);
        Relay::on_initialize(1);
        register(&who);
        let info = Relay::relays().pop().unwrap();
        assert_eq!(
            (info.account.clone(), info.capacity),
            (who.clone(), 1 << 30)
        );
        assert!(!info.is_member && info.id.is_none());
        assert_eq!(Relay::agenda(&who).unwrap().claimable, None);

        pallet_beacon::CurrentEpoch::<Runtime>::put(2);
        let first = PeriodLength::get() * RosterPeriods::get();
        System::set_block_number(first);
        Relay::on_initialize(first);
        let info = Relay::relays().pop().unwrap();
        assert!(info.is_member && info.id.is_some());
        let setting = Relay::setting(RosterPeriods::get()).unwrap();
        assert_eq!(setting.roster, vec![info.id.unwrap()]);
        assert_eq!(Relay::ingress_of(&account("//Alice")), setting.roster);

        // The last block of a period: the next may bring the claim.
        let before = first + PeriodLength::get() - 2;
        System::set_block_number(before);
        assert_eq!(Relay::agenda(&who).unwrap().claimable, None);
        System::set_block_number(before + 1);
        let agenda = Relay::agenda(&who).unwrap();
        assert_eq!(agenda.claimable, Some(RosterPeriods::get()));
        assert_eq!(agenda.clock.period, RosterPeriods::get() + 1);

        let load = <Relay as NetworkLoad>::load(Resource::Relayed);
        assert_eq!(load.capacity, u64::from(PeriodsPerDay::get()) << 30);
        assert_eq!(<Relay as ServiceFacts<AccountId>>::relayed(&who), None);
    });
}

#[test]
fn delegates_who_may_not_move_money_may_not_move_bonds() {
    let endpoint = pallet_relay::Endpoint {
        key: signing(9),
        address: Default::default(),
    };
    let bond = RuntimeCall::Relay(pallet_relay::Call::update {
        endpoint,
        capacity: 1,
    });
    let work = RuntimeCall::Relay(pallet_relay::Call::resume {});
    for kind in [ProxyType::NonTransfer, ProxyType::Staking] {
        assert!(!kind.filter(&bond), "{kind:?}");
        assert!(kind.filter(&work), "{kind:?}");
    }
    assert!(!ProxyType::Governance.filter(&work));
    assert!(ProxyType::Any.filter(&bond));
}

#[test]
fn pay_of_a_period_comes_from_the_relay_share_and_no_more() {
    started("fast-4").execute_with(|| {
        System::set_block_number(1);
        pallet_accounts::Pallet::<Runtime>::on_initialize(1);
        Relay::on_initialize(1);
        pallet_issuance::Available::<Runtime>::mutate(|shares| shares.relay = 60 * UNIT);
        pallet_relay::Periods::<Runtime>::mutate(0, |record| {
            // A tebibyte at the highest speed.
            record.as_mut().unwrap().work = 1_500 << 40;
        });
        let closing = PeriodLength::get() * 7;
        System::set_block_number(closing);
        let left = ErasOfProducers::periods_left();
        Relay::on_initialize(closing);
        let pool = pallet_relay::Periods::<Runtime>::get(0)
            .unwrap()
            .pool
            .unwrap();
        let share = 60 * UNIT / u128::from(left);
        assert!(!pool.payable.is_zero());
        assert!(pool.payable <= share, "{} of {share}", pool.payable);
        let pot = Balances::free_balance(Relay::pot());
        assert!(pot >= pool.payable);
    });
}
