//! From a chain spec to the first state.

use frame_support::{
    genesis_builder_helper::{build_state, get_preset},
    traits::fungible::Inspect,
};
use parlance_primitives::{DAY_MS, UNIT};

use crate::{
    FeeRule, Fees, GenesisConfig, Listing, Splits, Terms,
    core::{
        allocation::{Economy, Release},
        schedule::Schedule,
        split::Splits as Parts,
        vesting::Steps,
    },
    mock::*,
};

fn toktok() -> GenesisConfig<Test> {
    GenesisConfig::of(&Economy::toktok(), MAX_STEP, account_of)
}

#[test]
fn toktok_and_bitchat_start_with_forty_and_sixty_percent() {
    for (economy, tokens) in [
        (Economy::toktok(), 8_400_000),
        (Economy::bitchat(), 12_000_000_000),
    ] {
        run(
            build(GenesisConfig::of(&economy, MAX_STEP, account_of), &[]),
            || {
                assert_eq!(Balances::total_issuance(), tokens * UNIT);
                let terms = Terms::<Test>::get();
                assert_eq!(terms.genesis_supply, tokens * UNIT);
                assert_eq!(terms.max_supply, economy.max_supply);
                assert_eq!(terms.schedule, economy.schedule);
                assert_eq!(Splits::<Test>::get(), Parts::default());
            },
        );
    }
}

#[test]
#[should_panic(expected = "genesis supply and mining pool pass the cap")]
fn a_unit_too_much_at_genesis_is_refused() {
    let genesis = GenesisConfig {
        fully_allocated: false,
        ..toktok()
    };
    build(genesis, &[(ALICE, UNIT)]);
}

#[test]
#[should_panic(expected = "genesis supply and mining pool are not the cap")]
fn a_forgotten_allocation_is_refused() {
    let mut genesis = toktok();
    genesis.allocations.pop();
    build(genesis, &[]);
}

#[test]
#[should_panic(expected = "the splits do not add up to one")]
fn splits_that_do_not_add_up_are_refused() {
    let splits = Parts {
        relay: sp_runtime::Perbill::from_percent(34),
        ..Parts::default()
    };
    build(GenesisConfig { splits, ..toktok() }, &[]);
}

#[test]
#[should_panic(expected = "a settlement counts a day at most")]
fn a_step_longer_than_a_day_is_refused() {
    build(
        GenesisConfig {
            max_settlement_ms: DAY_MS + 1,
            ..toktok()
        },
        &[],
    );
}

#[test]
#[should_panic(expected = "the schedule has no period")]
fn a_schedule_without_a_period_is_refused() {
    let schedule = Schedule::Halving {
        total: 1,
        period_ms: 0,
    };
    build(
        GenesisConfig {
            schedule,
            ..toktok()
        },
        &[],
    );
}

fn with_first_plan(change: impl FnOnce(&mut Steps)) -> GenesisConfig<Test> {
    let mut genesis = toktok();
    let Release::Vested(steps) = &mut genesis.allocations[0].1.release else {
        unreachable!("the team's share vests");
    };
    change(steps);
    genesis
}

#[test]
#[should_panic(expected = "a vesting does not release its allocation")]
fn a_plan_that_does_not_add_up_is_refused() {
    build(with_first_plan(|steps| steps.steps += 1), &[]);
}

#[test]
#[should_panic(expected = "a vesting cannot be followed")]
fn a_plan_of_dust_is_refused() {
    build(with_first_plan(|steps| steps.at_start = LEAST - 1), &[]);
}

#[test]
#[should_panic(expected = "an account has too many vestings")]
fn more_plans_than_the_bound_are_refused() {
    let mut genesis = GenesisConfig {
        fully_allocated: false,
        ..toktok()
    };
    genesis.max_supply *= 10;
    let plan = genesis.allocations[0];
    genesis.allocations = vec![plan; 5];
    build(genesis, &[]);
}

/// The genesis of a chain spec is JSON on its way into the runtime; amounts pass 2^64 there.
#[test]
fn json_keeps_every_unit() {
    let json = r#"{
        "system": {}, "balances": { "balances": [], "devAccounts": null },
        "issuance": {
            "maxSupply": "21000000000000000000",
            "schedule": { "kind": "halving", "total": "12600000000000000001", "periodMs": 7 },
            "maxSettlementMs": 43200000,
            "splits": { "production": 250000000, "relay": 350000000, "storage": 350000000,
                        "contribution": 50000000 },
            "feeRule": { "account": 5 },
            "listing": 1832923800000,
            "fullyAllocated": false,
            "allocations": [
                [3, { "role": "other", "amount": 18446744073709551615, "release": "free" }],
                [4, { "role": "team", "amount": "40000000000000000001", "release": { "vested": {
                    "start": { "at": 8 }, "atStart": "40000000000000000000", "perStep": 1,
                    "steps": 1, "firstMonth": 0, "stepMonths": 1 } } }]
            ]
        }
    }"#;
    // One unit per step is dust, so that only reading is asked of this text.
    let refused = json.replace("\"perStep\": 1,", "\"perStep\": -1,");
    sp_io::TestExternalities::default().execute_with(|| {
        let error = build_state::<RuntimeGenesisConfig>(refused.into_bytes()).unwrap_err();
        assert!(error.contains("amount as a decimal string"), "{error}");
    });
    let good = json
        .replace("\"perStep\": 1,", "\"perStep\": \"1000000000\",")
        .replace("40000000000000000001", "40000000001000000000")
        .replace("21000000000000000000", "99000000000000000000");
    sp_io::TestExternalities::default().execute_with(|| {
        build_state::<RuntimeGenesisConfig>(good.into_bytes()).unwrap();
        assert_eq!(
            Terms::<Test>::get().schedule,
            Schedule::Halving {
                total: 12_600_000_000_000_000_001,
                period_ms: 7
            }
        );
        assert_eq!(Terms::<Test>::get().max_supply, 99_000_000_000_000_000_000);
        assert_eq!(Balances::balance(&3), u64::MAX.into());
        assert_eq!(Balances::total_balance(&4), 40_000_000_001_000_000_000);
        assert_eq!(Fees::<Test>::get(), FeeRule::Account(5));
        assert_eq!(Listing::<Test>::get(), Some(1_832_923_800_000));
    });
}

#[test]
fn the_default_genesis_is_json_that_reads_back() {
    let json = get_preset::<RuntimeGenesisConfig>(&None, |_| None).unwrap();
    let text = String::from_utf8(json.clone()).unwrap();
    assert!(
        text.contains("\"maxSupply\":\"340282366920938463463374607431768211455\""),
        "{text}"
    );
    sp_io::TestExternalities::default().execute_with(|| {
        build_state::<RuntimeGenesisConfig>(json).unwrap();
        Issuance::check_invariants().unwrap();
    });
}
