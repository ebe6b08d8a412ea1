//! Every rule holds after any sequence of anything that anybody can do; no unit is made or lost.

use super::mock::*;
use crate::{Code, ContractInfoOf, Pallet};
use codec::Encode;
use frame_support::{traits::Hooks, weights::Weight};
use sp_runtime::AccountId32;

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let len = self.below(most);
        (0..len).map(|_| self.below(256) as u8).collect()
    }
}

/// Something for a keeper to do: mostly what the bytes say, and now and then nonsense.
fn for_keeper(dice: &mut Dice) -> Vec<u8> {
    match dice.below(16) as u8 {
        6 => dice.bytes(40),
        // One keeper in many removes itself.
        7 if dice.below(4) > 0 => op(0, &[]),
        what @ (7 | 8 | 11) => op(what, dice.of(&[ALICE, BOB]).as_ref()),
        what @ (10 | 13 | 14) => op(
            what,
            hash_of(dice.of::<Vec<u8>>(&[keeper(), agent()])).as_ref(),
        ),
        what => op(what, &dice.bytes(300)),
    }
}

/// Something for an agent to do with other contracts.
fn for_agent(dice: &mut Dice, contracts: &[AccountId32], depth: u32) -> Vec<u8> {
    let hash = hash_of(dice.of::<Vec<u8>>(&[keeper(), agent()]));
    let value = dice.below(3) as Balance * 700;
    match dice.below(6) {
        0 => op(1, &[&(hash, value).encode()[..], &dice.bytes(30)].concat()),
        1 => op(2, &[hash.as_ref(), &for_keeper(dice)[..]].concat()),
        2 if depth < 4 => {
            let callee = dice.of(contracts).clone();
            let flags = *dice.of(&[0_u32, 8, 24]);
            let inner = for_agent(dice, contracts, depth + 1);
            op(0, &[&(callee, flags, value).encode()[..], &inner].concat())
        }
        _ => {
            let callee = dice.of(contracts).clone();
            let flags = *dice.of(&[0_u32, 4, 8, 16, 99]);
            let inner = for_keeper(dice);
            op(0, &[&(callee, flags, value).encode()[..], &inner].concat())
        }
    }
}

fn all_units() -> Balance {
    pallet_balances::TotalIssuance::<Test>::get()
}

fn run(seed: u64) {
    let mut dice = Dice(seed);
    chain().execute_with(|| {
        let units = all_units();
        let mut contracts: Vec<AccountId32> = vec![make(keeper()), make(agent())];
        let mut succeeded = 0;
        for _ in 0..120 {
            let who = dice.of(&[ALICE, BOB]).clone();
            let value = dice.below(2) as Balance * 2_500;
            match dice.below(10) {
                0 => {
                    let code = dice.of(&[keeper(), agent()]).clone();
                    let data = dice.bytes(50);
                    let made = Contracts::bare_instantiate(
                        who,
                        value,
                        GAS,
                        None,
                        Code::Upload(code),
                        Vec::new(),
                        data,
                        false,
                    );
                    contracts.extend(made.result.map(|made| made.account_id));
                }
                1 => {
                    let hash = hash_of(dice.of::<Vec<u8>>(&[keeper(), agent()]));
                    let _ = Contracts::remove_code(RuntimeOrigin::signed(who), hash);
                }
                2 => {
                    Contracts::on_idle(1, Weight::from_parts(300_000_000, 10_000));
                }
                _ => {
                    let contract = dice.of(&contracts).clone();
                    let data = if dice.below(3) == 0 {
                        for_keeper(&mut dice)
                    } else {
                        for_agent(&mut dice, &contracts, 0)
                    };
                    // Too little of it at times, so that calls end anywhere.
                    let time = GAS.ref_time() / *dice.of(&[1, 1, 500, 1_000]);
                    let gas = Weight::from_parts(time, GAS.proof_size());
                    let limit = *dice.of(&[None, None, Some(2_000)]);
                    let called =
                        Contracts::bare_call(who, contract, value, gas, limit, data, false);
                    assert!(called.gas_consumed.all_lte(gas));
                    succeeded += u32::from(called.result.is_ok());
                }
            }
            Pallet::<Test>::check_invariants().unwrap();
            // Nobody was Root here, so what the records say is what is held.
            for (account, info) in ContractInfoOf::<Test>::iter() {
                assert_eq!(info.total_deposit(), held(&account), "seed {seed}");
            }
            assert_eq!(all_units(), units, "seed {seed}");
        }
        assert!(succeeded > 10, "seed {seed}: {succeeded}");
    });
}

#[test]
fn the_rules_hold_whatever_is_done() {
    let first = std::env::var("CONTRACTS_SEED").map_or(1, |seed| seed.parse().unwrap());
    (first..first + 12).for_each(run);
}
