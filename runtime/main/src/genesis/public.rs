//! Economies at genesis: the two public chains, and the one that test networks mine from.

use super::{Operator, account, session_keys};
use crate::*;
use alloc::{format, vec::Vec};
use frame_support::build_struct_json_patch;
use pallet_issuance::{
    FeeRule,
    core::{
        allocation::{Allocation, Economy, Release, Role},
        schedule::Schedule,
    },
};
use pallet_vdpos::Parameters as VdposParameters;
use parlance_primitives::{EXISTENTIAL_DEPOSIT, UNIT, YEAR_MS};
use serde_json::Value;
use sp_runtime::Perbill;

/// Operators that a public chain starts with: the least with which one of them may fail.
pub const FOUNDING_OPERATORS: u32 = 4;
/// Bond of each founding operator.
pub const FOUNDING_BOND: Balance = 1_000 * UNIT;
/// What each founding operator gets for its bond, its deposits and its first fees. It comes out of the
/// incentives (`toktok`) or the ecosystem share (`bitchat`).
pub const FOUNDING_GRANT: Balance = 1_100 * UNIT;
/// Longest time that one settlement of the schedule counts: two eras of six hours.
const MAX_SETTLEMENT_MS: Moment = 12 * 60 * 60 * 1_000;

/// Mining pool of test networks, with the halving of `toktok`.
const TEST_POOL: Balance = 12_600_000 * UNIT;

/// Issuance of a test network: the schedule of `toktok` under a cap that leaves room for any endowment.
pub fn test_issuance() -> IssuanceConfig {
    IssuanceConfig {
        max_supply: 1_000_000_000 * UNIT,
        schedule: Schedule::Halving {
            total: TEST_POOL,
            period_ms: 4 * YEAR_MS,
        },
        max_settlement_ms: MAX_SETTLEMENT_MS,
        ..Default::default()
    }
}

/// Genesis state of `toktok`.
pub fn toktok() -> Value {
    let fund = |role| account(&format!("//TokTok//{role:?}"));
    let mut issuance = IssuanceConfig::of(&Economy::toktok(), MAX_SETTLEMENT_MS, fund);
    issuance.fee_rule = FeeRule::Author;
    public_chain("TokTok", issuance, Role::EarlyIncentives)
}

/// Genesis state of `bitchat`.
pub fn bitchat() -> Value {
    let fund = |role| account(&format!("//BitChat//{role:?}"));
    let mut issuance = IssuanceConfig::of(&Economy::bitchat(), MAX_SETTLEMENT_MS, fund);
    issuance.fee_rule = FeeRule::Account(fund(Role::Foundation));
    public_chain("BitChat", issuance, Role::Ecosystem)
}

/// A public chain whose founding operators are paid out of the allocation of `source`.
fn public_chain(name: &str, mut issuance: IssuanceConfig, source: Role) -> Value {
    let operators: Vec<Operator> = (1..=FOUNDING_OPERATORS)
        .map(|index| Operator::from_seed(&format!("//{name}//Operator//{index}")))
        .collect();
    for (_, allocation) in issuance
        .allocations
        .iter_mut()
        .filter(|(_, one)| one.role == source)
    {
        take(
            allocation,
            FOUNDING_GRANT * Balance::from(FOUNDING_OPERATORS) + EXISTENTIAL_DEPOSIT,
        );
    }
    let free = |amount| Allocation {
        role: Role::Other,
        amount,
        release: Release::Free,
    };
    for operator in &operators {
        issuance
            .allocations
            .push((operator.account.clone(), free(FOUNDING_GRANT)));
    }
    // The treasury's genesis would else make this amount on top of the cap.
    issuance
        .allocations
        .push((Treasury::account_id(), free(EXISTENTIAL_DEPOSIT)));
    let candidates: Vec<(AccountId, Balance, Perbill)> = operators
        .iter()
        .map(|operator| {
            (
                operator.account.clone(),
                FOUNDING_BOND,
                Perbill::from_percent(10),
            )
        })
        .collect();
    build_struct_json_patch!(RuntimeGenesisConfig {
        issuance,
        vdpos: VdposConfig {
            parameters: VdposParameters::public(),
            candidates,
            votes: Vec::new(),
        },
        session: SessionConfig {
            keys: session_keys(&operators)
        },
    })
}

/// Takes `amount` out of what an allocation gives first, so that its total is less by just that.
fn take(allocation: &mut Allocation, amount: Balance) {
    allocation.amount -= amount;
    if let Release::Vested(steps) = &mut allocation.release {
        steps.at_start -= amount;
    }
}
