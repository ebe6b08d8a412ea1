//! What is stored is paid for, to the unit, by whoever stores it; what is removed is paid back to whoever removes it.

use super::mock::*;
use crate::{ContractInfoOf, Error, Event, StorageDeposit};
use sp_runtime::AccountId32;

fn with_limit(contract: &AccountId32, limit: Balance, data: Vec<u8>) -> Called {
    let limit = Some(limit);
    Contracts::bare_call(ALICE, contract.clone(), 0, GAS, limit, data, false)
}

/// The record and the balance agree.
fn agree(contract: &AccountId32) {
    let info = ContractInfoOf::<Test>::get(contract).unwrap();
    assert_eq!(info.total_deposit(), held(contract));
}

#[test]
fn a_value_costs_its_bytes_and_one_item() {
    chain().execute_with(|| {
        let contract = make(keeper());
        let (alice, bob) = (free(&ALICE), free(&BOB));
        events();
        let stored = call_as(BOB, &contract, 0, &op(1, b"12345678"));
        let price = PER_ITEM + 8 * PER_BYTE;
        assert_eq!(stored.storage_deposit, StorageDeposit::Charge(price));
        assert_eq!(free(&BOB), bob - price);
        assert_eq!(
            events()[1],
            Event::StorageDepositTransferredAndHeld {
                from: BOB,
                to: contract.clone(),
                amount: price
            }
        );
        agree(&contract);

        // More bytes, then fewer: Alice pays for the one and gets for the other.
        let longer = call(&contract, &op(1, b"1234567890ab"));
        assert_eq!(longer.storage_deposit, StorageDeposit::Charge(4 * PER_BYTE));
        let shorter = call(&contract, &op(1, b"123"));
        assert_eq!(
            shorter.storage_deposit,
            StorageDeposit::Refund(9 * PER_BYTE)
        );
        assert_eq!(free(&ALICE), alice + 5 * PER_BYTE);
        agree(&contract);

        // The same length costs nothing.
        let same = call(&contract, &op(1, b"321"));
        assert!(same.storage_deposit.is_zero());

        // The rest goes to whoever removes it.
        let removed = call(&contract, &op(2, &[]));
        assert_eq!(
            removed.storage_deposit,
            StorageDeposit::Refund(PER_ITEM + 3 * PER_BYTE)
        );
        let nothing = call(&contract, &op(2, &[]));
        assert!(nothing.storage_deposit.is_zero());
        agree(&contract);
        let info = ContractInfoOf::<Test>::get(&contract).unwrap();
        assert_eq!((info.storage_bytes, info.storage_items), (0, 0));
        assert_eq!(held(&contract), info.storage_base_deposit);
    });
}

#[test]
fn the_limit_of_a_transaction_holds_to_the_unit() {
    chain().execute_with(|| {
        let contract = make(keeper());
        let price = PER_ITEM + 5 * PER_BYTE;
        let before = held(&contract);
        let short = with_limit(&contract, price - 1, op(1, b"12345"));
        let expected = Err(Error::<Test>::StorageDepositLimitExhausted.into());
        assert_eq!(short.result, expected);
        assert_eq!(held(&contract), before);
        assert_eq!(returned(&contract, &op(0, &[])), b"");
        let enough = with_limit(&contract, price, op(1, b"12345"));
        assert!(enough.result.is_ok());
        agree(&contract);
    });
}

#[test]
fn a_limit_that_cannot_be_paid_is_refused_before_anything_runs() {
    chain().execute_with(|| {
        let contract = make(keeper());
        let result = with_limit(&contract, 2 * ENDOWMENT, op(0, &[])).result;
        let expected = Err(Error::<Test>::StorageDepositNotEnoughFunds.into());
        assert_eq!(result, expected);
    });
}

#[test]
fn no_unit_is_made_or_lost() {
    chain().execute_with(|| {
        let contract = make_with(keeper(), 3_000, b"first")
            .result
            .unwrap()
            .account_id;
        let all = |more: &[&AccountId32]| -> Balance {
            let more = more
                .iter()
                .map(|who| free(who) + held(who))
                .sum::<Balance>();
            [ALICE, BOB]
                .iter()
                .map(|who| free(who) + held(who))
                .sum::<Balance>()
                + more
        };
        for data in [
            op(1, &[7; 500]),
            op(4, &[7; 900]),
            op(5, &[7; 900]),
            op(2, &[]),
            op(1, b"x"),
            op(8, BOB.as_ref()),
        ] {
            drop(call_as(BOB, &contract, 10, &data));
            assert_eq!(all(&[&contract]), 2 * ENDOWMENT, "{}", data[0]);
            agree(&contract);
        }
        call(&contract, &op(7, BOB.as_ref())).result.unwrap();
        assert_eq!(all(&[]), 2 * ENDOWMENT);
    });
}
