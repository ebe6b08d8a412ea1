//! Each named network starts, and starts with what its economy says.

mod networks;

use networks::started;
use parlance_primitives::{DAYS, MINUTES, UNIT};
use parlance_runtime::{
    Balances, Issuance, Runtime, Session, Vdpos,
    genesis::{self, Network},
};

#[test]
fn toktok_starts_with_two_fifths_of_its_supply_to_the_unit() {
    started("toktok").execute_with(|| {
        assert_eq!(Balances::total_issuance(), 21_000_000 * UNIT / 100 * 40);
        let supply = Issuance::supply();
        assert_eq!(supply.cap, 21_000_000 * UNIT);
        assert_eq!(supply.genesis, Balances::total_issuance());
    });
}

#[test]
fn bitchat_starts_with_three_fifths_of_its_supply_to_the_unit() {
    started("bitchat").execute_with(|| {
        assert_eq!(Balances::total_issuance(), 20_000_000_000 * UNIT / 100 * 60);
        let supply = Issuance::supply();
        assert_eq!(supply.cap, 20_000_000_000 * UNIT);
        assert_eq!(supply.genesis, Balances::total_issuance());
    });
}

#[test]
fn every_named_network_elects_and_counts_its_supply() {
    for name in ["dev", "local", "local-7", "fast-4", "toktok", "bitchat"] {
        started(name).execute_with(|| {
            assert!(
                !Session::validators().is_empty(),
                "{name} has no validators"
            );
            assert!(!Vdpos::authorities().is_empty(), "{name} has no schedule");
            assert_eq!(
                Issuance::supply().genesis,
                Balances::total_issuance(),
                "{name} makes money after issuance has counted it"
            );
        });
    }
}

#[test]
fn only_test_networks_have_a_sudo_key() {
    for (name, has_key) in [
        ("dev", true),
        ("local", true),
        ("fast-4", true),
        ("toktok", false),
        ("bitchat", false),
    ] {
        started(name).execute_with(|| {
            assert_eq!(
                pallet_sudo::Key::<Runtime>::get().is_some(),
                has_key,
                "{name}"
            );
        });
    }
}

#[test]
fn only_test_networks_make_registration_easy() {
    for (name, floor, window) in [
        ("dev", 1, 10 * MINUTES),
        ("local", 1, 10 * MINUTES),
        ("fast-4", 1, MINUTES),
        ("toktok", 32, 10 * MINUTES),
        ("bitchat", 32, 10 * MINUTES),
    ] {
        started(name).execute_with(|| {
            let rules = pallet_accounts::CurrentParameters::<Runtime>::get();
            assert_eq!(rules.difficulty.floor, floor, "{name}");
            assert_eq!(rules.anchor_window, window, "{name}");
            assert_eq!(rules.unused_lifetime, 30 * DAYS, "{name}");
        });
    }
}

#[test]
fn no_super_node_can_leave_the_finality_set_without_a_vote() {
    use frame_support::{assert_noop, dispatch::RawOrigin};
    use sp_runtime::traits::Dispatchable;
    started("local").execute_with(|| {
        let operator = genesis::account("//Alice");
        let call = parlance_runtime::RuntimeCall::Session(pallet_session::Call::purge_keys {});
        assert_noop!(
            call.dispatch(RawOrigin::Signed(operator.clone()).into()),
            frame_system::Error::<Runtime>::CallFiltered
        );
        assert!(pallet_session::NextKeys::<Runtime>::contains_key(&operator));
    });
}

#[test]
fn names_that_are_no_network_are_refused() {
    for name in [
        "", "main", "local-", "local-0", "local-65", "local-x", "fast", "toktok-4",
    ] {
        assert_eq!(Network::parse(name), None, "{name}");
    }
    assert_eq!(Network::parse("local-7"), Some(Network::Local(7)));
}
