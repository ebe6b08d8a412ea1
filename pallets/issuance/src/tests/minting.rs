//! Minting: never more than is available, never past the cap.

use frame_support::traits::fungible::{Inspect, Mutate};
use parlance_primitives::{Balance, UNIT, issuance::Share, traits::Emission};

use crate::{Event, Ledger, Terms, core::allocation::Economy, mock::*};

const START: u64 = 1_800_000_000_000;

#[test]
fn a_share_pays_what_it_has_and_no_unit_more() {
    run(ext(&Economy::toktok()), || {
        first_block(START);
        settle_at(START + 600_000);
        for share in Share::ALL {
            let available = <Issuance as Emission<u64, Balance>>::available(share);
            let before = (Balances::balance(&ALICE), Balances::total_issuance());
            assert!(available > UNIT);
            assert_eq!(Issuance::mint(share, &ALICE, UNIT), UNIT);
            System::assert_last_event(
                Event::Minted {
                    share,
                    who: ALICE,
                    amount: UNIT,
                }
                .into(),
            );
            assert_eq!(
                Issuance::mint(share, &ALICE, Balance::MAX),
                available - UNIT
            );
            assert_eq!(Issuance::mint(share, &ALICE, 1), 0);
            assert_eq!(Balances::balance(&ALICE), before.0 + available);
            assert_eq!(Balances::total_issuance(), before.1 + available);
        }
        assert_eq!(Ledger::<Test>::get().minted, Ledger::<Test>::get().released);
    });
}

#[test]
fn nothing_is_counted_when_the_account_cannot_take_it() {
    run(ext(&Economy::toktok()), || {
        first_block(START);
        settle_at(START + 600_000);
        let available = <Issuance as Emission<u64, Balance>>::available(Share::Storage);
        assert_eq!(Issuance::mint(Share::Storage, &4_242, LEAST - 1), 0);
        assert_eq!(
            <Issuance as Emission<u64, Balance>>::available(Share::Storage),
            available
        );
        assert_eq!(Ledger::<Test>::get().minted, 0);
        assert_eq!(Issuance::mint(Share::Storage, &4_242, LEAST), LEAST);
    });
}

#[test]
fn the_cap_holds_even_when_another_pallet_mints_what_it_should_not() {
    ext(&Economy::toktok()).execute_with(|| {
        first_block(START);
        settle_at(START + 600_000);
        let cap = Terms::<Test>::get().max_supply;
        let room = cap - Balances::total_issuance();
        Balances::mint_into(&9, room - 5).unwrap();
        assert_eq!(Issuance::mint(Share::Relay, &ALICE, UNIT), 5);
        assert_eq!(Balances::total_issuance(), cap);
        assert_eq!(Issuance::mint(Share::Production, &ALICE, UNIT), 0);
    });
}

#[test]
fn a_chain_without_an_economy_mints_nothing() {
    run(empty(), || {
        first_block(START);
        assert_eq!(settle_at(START + 600_000), 0);
        assert_eq!(Issuance::mint(Share::Production, &ALICE, UNIT), 0);
    });
}
