//! Every rule holds after any sequence of anything that anybody can do.

use frame_support::{
    assert_ok,
    storage::{storage_prefix, unhashed, with_storage_layer},
    traits::{
        PalletInfoAccess,
        fungible::{InspectHold, Mutate},
    },
};
use parlance_primitives::{
    UNIT,
    relay::{MAX_BYTES, NodeHash, Root},
};
use proptest::prelude::*;
use sp_runtime::{DispatchError, Perbill};

use super::{mock::*, people::*, world::*};
use crate::{Carry, CurrentNetwork, HoldReason, Periods, Relay};

const NODES: usize = 4;
const PEOPLE: u32 = 12;

#[derive(Clone, Debug)]
enum Action {
    Pass(u32),
    Register(usize, u64),
    Update(usize, u64),
    Retire(usize),
    Withdraw(usize),
    Resume(usize),
    /// An honest claim for the period that ended, made at once.
    Serve(usize, u64),
    /// A claim of roots that belong to no tree.
    Invent(usize, u64, u64),
    /// An honest period in which a leaf is changed.
    Cheat(usize, u64),
    /// Opens its claims as far as they are drawn.
    Open(usize),
    /// Sends bytes as an opening.
    Garbage(usize, Vec<u8>),
    Collect(usize),
    /// Somebody's device leaves, or somebody goes.
    Leave(u32, bool),
    Gift(u128),
    Rules(u8),
    Price(u128),
}

fn action() -> impl Strategy<Value = Action> {
    use Action::*;
    let who = || 0..NODES;
    prop_oneof![
        8 => prop_oneof![1u32..12, 1u32..150].prop_map(Pass),
        3 => (who(), 0u64..1 << 34).prop_map(|(n, c)| Register(n, c)),
        2 => (who(), 0u64..1 << 34).prop_map(|(n, c)| Update(n, c)),
        1 => who().prop_map(Retire),
        1 => who().prop_map(Withdraw),
        2 => who().prop_map(Resume),
        9 => (who(), any::<u64>()).prop_map(|(n, s)| Serve(n, s)),
        2 => (who(), any::<u64>(), any::<u64>()).prop_map(|(n, t, r)| Invent(n, t, r)),
        2 => (who(), any::<u64>()).prop_map(|(n, s)| Cheat(n, s)),
        7 => who().prop_map(Open),
        1 => (who(), prop::collection::vec(any::<u8>(), 0..300)).prop_map(|(n, b)| Garbage(n, b)),
        3 => who().prop_map(Collect),
        1 => (0..PEOPLE, any::<bool>()).prop_map(|(p, g)| Leave(p, g)),
        1 => (0..UNIT).prop_map(Gift),
        1 => any::<u8>().prop_map(Rules),
        1 => (0..1_000 * UNIT).prop_map(Price),
    ]
}

/// Whether it succeeds or not.
fn attempt<Outcome>(_: Outcome) {}

fn serve(node: &mut Node, people: &[Person], seed: u64, cheat: bool) {
    let mut book = node.serves(people, &mut rng(seed));
    if cheat && let Some(leaf) = book.tickets.first_mut() {
        leaf.counted += 1;
    }
    pass_to(Relays::period() + 1);
    if book.counts() > 0 {
        attempt(node.claims(book));
    }
}

fn act(action: &Action, nodes: &mut [Node], people: &[Person]) {
    match action {
        Action::Pass(blocks) => pass(*blocks),
        Action::Register(n, capacity) => {
            let node = &nodes[*n];
            attempt(Relays::register(node.origin(), node.endpoint(), *capacity));
        }
        Action::Update(n, capacity) => {
            let node = &nodes[*n];
            attempt(Relays::update(node.origin(), node.endpoint(), *capacity));
        }
        Action::Retire(n) => attempt(Relays::retire(nodes[*n].origin())),
        Action::Withdraw(n) => attempt(Relays::withdraw(nodes[*n].origin())),
        Action::Resume(n) => attempt(Relays::resume(nodes[*n].origin())),
        Action::Serve(n, seed) => serve(&mut nodes[*n], people, *seed, false),
        Action::Cheat(n, seed) => serve(&mut nodes[*n], people, *seed, true),
        Action::Invent(n, tickets, receipts) => {
            let root = |bytes: &u64| Root {
                hash: NodeHash([3; 24]),
                bytes: *bytes >> (bytes % 64),
            };
            let period = Relays::period().saturating_sub(1);
            let origin = nodes[*n].origin();
            attempt(Relays::claim(origin, period, root(tickets), root(receipts)));
        }
        Action::Open(n) => {
            let node = &nodes[*n];
            for period in node.kept.keys() {
                if Relays::challenge(&node.id, *period).is_some() {
                    attempt(node.opens(*period));
                }
            }
        }
        Action::Garbage(n, bytes) => {
            let node = &nodes[*n];
            let pending = crate::Relays::<Test>::get(&node.id)
                .and_then(|relay| relay.pending.first().copied());
            if let Some(pending) = pending {
                assert!(node.sends(pending.period, bytes.clone()).is_err());
            }
        }
        Action::Collect(n) => {
            let node = &nodes[*n];
            attempt(Relays::collect(node.origin(), node.id.clone()));
        }
        Action::Leave(p, entirely) => {
            let who = &people[*p as usize].id;
            if *entirely {
                People::forget(who);
            } else {
                People::change(who, |known| known.devices.clear());
            }
        }
        Action::Gift(amount) => attempt(Balances::mint_into(&Relays::pot(), *amount)),
        Action::Rules(n) => {
            let mut rules = parameters();
            rules.bond = UNIT * (1 + u128::from(n % 200));
            rules.most_free = u64::from(*n) * 10_000;
            rules.slash = Perbill::from_percent(u32::from(n % 101));
            rules.most_per_relay = Perbill::from_percent(1 + u32::from(n % 100));
            Relays::set_parameters(RuntimeOrigin::root(), rules).unwrap();
        }
        Action::Price(price) => Price::set(*price),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn anything_keeps_every_rule(actions in prop::collection::vec(action(), 1..120)) {
        new_test_ext().execute_with(|| {
            let mut nodes: Vec<_> = (0..NODES)
                .map(|n| Node::of(&n.to_string()))
                .enumerate()
                .map(|(n, node)| if n < 3 { node.registers() } else { node })
                .collect();
            let people = crowd("person", PEOPLE);
            pass_to(ROSTER);
            for action in &actions {
                let (issued, minted) = (Balances::total_issuance(), Minted::get());
                act(action, &mut nodes, &people);
                Relays::check_invariants().unwrap_or_else(|rule| panic!("{rule:?} by {action:?}"));
                if !matches!(action, Action::Gift(_)) {
                    let made = Minted::get() - minted;
                    assert!(Balances::total_issuance() <= issued + made, "{action:?} made tokens");
                }
                for node in &nodes {
                    let held = Balances::balance_on_hold(&HoldReason::Bond.into(), &node.id);
                    let bond = crate::Relays::<Test>::get(&node.id).map_or(0, |relay| relay.bond);
                    assert_eq!(held, bond, "what is held is the bond");
                }
            }
            // Once nothing is open any more, all that was minted was paid or is there for the next.
            pass_to(Relays::period() + KEPT + OPENING + 3);
            let left: u128 = Periods::<Test>::iter_values()
                .filter_map(|record| record.pool)
                .map(|pool| pool.left)
                .sum();
            assert_eq!(left, 0);
            assert!(Balances::free_balance(Relays::pot()) >= Carry::<Test>::get());
        });
    }
}

/// Whether the rules notice a change, which is undone.
fn is_noticed(change: impl FnOnce()) -> bool {
    let checked = with_storage_layer::<(), DispatchError, _>(|| {
        change();
        Relays::check_invariants()
    });
    checked.is_err()
}

#[test]
fn work_that_is_miscounted_is_noticed() {
    run(|| {
        let (node, _, period) = claimed(60, |_, _, _, _| {});
        pass_to_challenge();
        assert_ok!(node.opens(period));
        let change = |with: &dyn Fn(&mut Relay)| {
            crate::Relays::<Test>::mutate(&node.id, |relay| with(relay.as_mut().unwrap()));
        };
        let more_work = || Periods::<Test>::mutate_extant(period, |record| record.work += 1);
        assert!(is_noticed(more_work));
        assert!(is_noticed(|| change(&|relay| relay.earned.clear())));
        assert!(is_noticed(|| change(&|relay| {
            let again = relay.earned[0];
            relay.earned.try_push(again).unwrap();
        })));
        assert!(is_noticed(|| change(
            &|relay| relay.last_claim = Some(Relays::period())
        )));
        assert!(is_noticed(|| CurrentNetwork::<Test>::mutate(|network| {
            network.best -= 1
        })));
        let counter = storage_prefix(Relays::name().as_bytes(), b"CounterForRelays");
        assert!(unhashed::exists(&counter));
        assert!(is_noticed(|| unhashed::put(&counter, &1u32)));
        pass_to(period + 2 + OPENING);
        let pool = |record: &mut crate::PeriodRecord| record.pool.as_mut().unwrap().left -= 1;
        assert!(is_noticed(|| Periods::<Test>::mutate_extant(period, pool)));
        assert_ok!(Relays::check_invariants());
    });
}

#[test]
fn claims_that_nobody_could_make_are_noticed() {
    run(|| {
        let (node, _, period) = claimed(60, |_, _, _, _| {});
        let change = |with: &dyn Fn(&mut Relay)| {
            crate::Relays::<Test>::mutate(&node.id, |relay| with(relay.as_mut().unwrap()));
        };
        let wrong: [&dyn Fn(&mut Relay); 7] = [
            &|relay| relay.capacity = 0,
            &|relay| relay.capacity = MAX_BYTES + 1,
            &|relay| relay.pending[0].tickets.bytes = MAX_BYTES + 1,
            &|relay| relay.pending[0].receipts.bytes = MAX_BYTES + 1,
            &|relay| relay.pending[0].receipts.bytes = 0,
            &|relay| relay.pending[0].epoch = u64::MAX,
            &|relay| relay.pending[0].period += 1,
        ];
        for wrong in wrong {
            assert!(is_noticed(|| change(wrong)));
        }
        for forgotten in [period, period + 1] {
            assert!(is_noticed(|| Periods::<Test>::remove(forgotten)));
        }
    });
}
