//! Benchmarks of every call, and of what happens at the first block of a period.
//!
//! Each meets its worst case: a relay with as much pay waiting as it has room for, a roster that is
//! full, an opening of sixteen leaves deep in large trees.

use alloc::{vec, vec::Vec};
use frame_benchmarking::v2::*;
use frame_support::{
    BoundedVec,
    traits::{EnsureOrigin, Get, fungible::Mutate},
};
use frame_system::RawOrigin;
use parlance_primitives::{
    Balance, BlockNumber, UNIT,
    accounts::DeviceId,
    relay::{
        Correspondents, DRAWS, Delivered, LatencyClass, Leaf, MAILBOX, Period, ReceiptLeaf,
        RelayId, Root, TicketLeaf, Tree, cap, ingress_places, is_near, mailbox_of,
        receipt_statement, ticket_statement, verify,
    },
};
use sp_core::ed25519;
use sp_runtime::{KeyTypeId, SaturatedConversion, traits::StaticLookup};

use crate::*;

/// Makes what other pallets answer in benchmarks.
pub trait BenchmarkHelper<AccountId> {
    /// Makes `who` an account with a deposit, bought allowance of some gibibytes a day, and a device
    /// with this signing key.
    fn correspondent(who: &AccountId, signing: ed25519::Public);
    /// Makes `epoch` the running epoch of the beacon, with a seed.
    fn begin_epoch(epoch: u64);
    /// Lets so much be available to relays.
    fn release(amount: Balance);
}

const KEYS: KeyTypeId = KeyTypeId(*b"bnch");
/// Free balance of whoever acts.
const ENDOWMENT: Balance = 1_000_000 * UNIT;
/// Most bytes that a relay may register for: any bond is within the endowment.
const CAPACITY: u64 = 1 << 40;
/// Accounts with leaves that are drawn: so many that positions seldom fall on one twice.
const PEOPLE: usize = 48;
/// The beacon's epoch in which benchmarks run.
const STAGE: u64 = 100;
/// Epochs from it on whose seeds are tried until each position falls on a leaf of its own.
const TRIES: u64 = 200;
/// Leaves that are never drawn, but make each tree as deep as that of a large relay.
const DECOYS: u32 = 4_000;
/// Bytes of a decoy.
const SPECK: u64 = 1;

fn endpoint() -> Endpoint {
    Endpoint {
        key: ed25519::Public::from_raw([7; 32]),
        address: BoundedVec::truncate_from(vec![b'a'; MAX_ADDRESS as usize]),
    }
}

fn funded<T: Config>(name: &'static str, index: u32) -> T::AccountId {
    let who: T::AccountId = account(name, index, 0);
    T::Currency::set_balance(&who, ENDOWMENT);
    who
}

/// The period in whose first block benchmarks run: far enough from genesis that everything is due.
fn stage_period<T: Config>() -> Period {
    let open = T::OpeningPeriods::get().saturating_add(2);
    let far = T::KeptPeriods::get().saturating_add(open);
    let rosters = far / T::RosterPeriods::get() + 3;
    // Not the first of a roster: that is a benchmark of its own.
    rosters * T::RosterPeriods::get() + 1
}

fn go_to<T: Config>(period: Period) {
    let block: BlockNumber = period.saturating_mul(T::PeriodLength::get());
    frame_system::Pallet::<T>::set_block_number(block.saturated_into());
}

fn record<T: Config>(pool: Option<Pool>) -> PeriodRecord {
    PeriodRecord {
        seed: [5; 32],
        rules: CurrentParameters::<T>::get().rules(T::PeriodsPerDay::get()),
        bytes: 1 << 40,
        work: 1 << 60,
        pool,
    }
}

/// A relay in a full roster of the stage, with its name.
fn member<T: Config>() -> (T::AccountId, RelayId) {
    T::BenchmarkHelper::begin_epoch(STAGE);
    let who = funded::<T>("relay", 0);
    let bond = CurrentParameters::<T>::get().bond_for(CAPACITY);
    Pallet::<T>::do_register(who.clone(), endpoint(), CAPACITY).expect("it has the tokens");
    let period = stage_period::<T>();
    go_to::<T>(period);
    let mut roster: Vec<RelayId> = (0..T::MaxRelays::get())
        .map(|index| RelayId::given(&[index as u8; 32], &index))
        .collect();
    let id = roster[0];
    roster.sort_unstable();
    for number in [0, 1] {
        let number = Pallet::<T>::roster_of(period).saturating_sub(number);
        Rosters::<T>::insert(number, BoundedVec::truncate_from(roster.clone()));
    }
    Names::<T>::insert(id, &who);
    Relays::<T>::mutate(&who, |relay| {
        if let Some(relay) = relay {
            assert_eq!(relay.bond, bond);
            relay.id = Some(id);
        }
    });
    Periods::<T>::insert(period, record::<T>(None));
    Periods::<T>::insert(period.saturating_sub(1), record::<T>(None));
    (who, id)
}

/// Pay of as many periods as a relay has room for.
fn earn<T: Config>(who: &T::AccountId) {
    let payable = UNIT;
    let count = MAX_PENDING.saturating_sub(1);
    T::Currency::set_balance(&Pallet::<T>::pot(), ENDOWMENT);
    let now = Pallet::<T>::period();
    for age in 0..count {
        let period = now.saturating_sub(2).saturating_sub(age);
        let pool = Pool {
            payable,
            left: payable,
        };
        Periods::<T>::insert(period, record::<T>(Some(pool)));
        Relays::<T>::mutate(who, |relay| {
            if let Some(relay) = relay {
                let earned = Earned {
                    period,
                    before: 0,
                    work: 1 << 60,
                };
                relay.earned.try_push(earned).expect("it has room for them");
            }
        });
    }
}

/// Claims that were never opened: as many as a relay can have made when it is heard of again.
fn neglect<T: Config>(who: &T::AccountId) {
    let closed = Pallet::<T>::period().saturating_sub(Pallet::<T>::closes_in(0));
    let count = T::OpeningPeriods::get().saturating_add(2);
    Relays::<T>::mutate(who, |relay| {
        let Some(relay) = relay else { return };
        for age in (0..count).rev() {
            let pending = Pending {
                period: closed.saturating_sub(age),
                epoch: STAGE,
                tickets: some_root(),
                receipts: some_root(),
            };
            relay
                .pending
                .try_push(pending)
                .expect("it has room for them");
        }
        relay.last_claim = Some(closed);
    });
}

/// So many accounts of a kind for which `suits` holds, with devices that can sign.
fn crowd<T: Config>(
    kind: &'static str,
    count: usize,
    suits: impl Fn(&T::AccountId) -> bool,
) -> Vec<(T::AccountId, ed25519::Public)> {
    let all = (0..).map(|index| account::<T::AccountId>(kind, index, 0));
    let some: Vec<_> = all.filter(|who| suits(who)).take(count).collect();
    let signing = |(index, who): (usize, T::AccountId)| {
        let path = alloc::format!("//{kind}//{index}");
        let key = sp_io::crypto::ed25519_generate(KEYS, Some(path.into_bytes()));
        T::BenchmarkHelper::correspondent(&who, key);
        (who, key)
    };
    some.into_iter().enumerate().map(signing).collect()
}

fn signed(key: &ed25519::Public, message: &[u8]) -> ed25519::Signature {
    sp_io::crypto::ed25519_sign(KEYS, key, message).expect("the key is in the keystore")
}

/// Real leaves and decoys as one tree.
fn tree<L: Leaf>(real: Vec<L>, decoys: impl Iterator<Item = L>) -> Tree<L> {
    let leaves = real.into_iter().chain(decoys).collect();
    Tree::new(leaves).expect("accounts of one kind have places of their own")
}

/// A claim of `who` for the period before the stage's, and its opening.
fn claimed<T: Config>(who: &T::AccountId, id: RelayId) -> (Period, Vec<u8>) {
    let period = stage_period::<T>().saturating_sub(1);
    let genesis = frame_system::Pallet::<T>::block_hash(
        frame_system::pallet_prelude::BlockNumberFor::<T>::default(),
    );
    let seed = record::<T>(None).seed;
    let roster = Rosters::<T>::get(Pallet::<T>::roster_of(period));
    let place = roster.binary_search(&id).expect("it is a member") as u32;
    let all = roster.len() as u32;
    let senders = crowd::<T>("sender", PEOPLE, |one| {
        ingress_places(&seed, period, one, all).contains(&place)
    });
    let recipients = crowd::<T>("recipient", PEOPLE, |one| {
        is_near(&roster, id, mailbox_of(one, 0), MAILBOX)
    });
    let rules = record::<T>(None).rules;
    let at = Pallet::<T>::first_block(period);
    let latency = LatencyClass(1);
    let ticket = |(sender, key): &(T::AccountId, ed25519::Public)| {
        let bytes = cap(&T::Correspondents::allowance(sender, at), &rules);
        let statement = ticket_statement(&genesis, period, who, sender, bytes, latency);
        TicketLeaf {
            sender: sender.clone(),
            device: DeviceId::of(key),
            counted: bytes.min(1 << 30),
            bytes,
            latency,
            signature: signed(key, &statement),
        }
    };
    let receipt = |(recipient, key): &(T::AccountId, ed25519::Public)| {
        let delivered = Delivered {
            mailbox_epoch: 0,
            direct: 1 << 30,
            fanned: 0,
            latency,
        };
        let statement = receipt_statement(&genesis, period, who, recipient, &delivered);
        ReceiptLeaf {
            recipient: recipient.clone(),
            device: DeviceId::of(key),
            counted: 1 << 30,
            delivered,
            signature: signed(key, &statement),
        }
    };
    let tickets: Vec<_> = senders.iter().map(ticket).collect();
    let receipts: Vec<_> = recipients.iter().map(receipt).collect();
    let (one, other) = (tickets[0].clone(), receipts[0].clone());
    let tickets = tree(
        tickets,
        (0..DECOYS).map(|index| TicketLeaf {
            sender: account("decoy", index, 0),
            counted: SPECK,
            ..one.clone()
        }),
    );
    let receipts = tree(
        receipts,
        (0..DECOYS).map(|index| ReceiptLeaf {
            recipient: account("decoy", index, 0),
            counted: SPECK,
            ..other.clone()
        }),
    );
    Relays::<T>::mutate(who, |relay| {
        if let Some(relay) = relay {
            relay.last_claim = Some(period);
        }
    });
    // The worst case: as many signatures as there are positions.
    let (sent, received) = (tickets.root(), receipts.root());
    for epoch in STAGE..STAGE + TRIES {
        T::BenchmarkHelper::begin_epoch(epoch);
        Relays::<T>::mutate(who, |relay| {
            if let Some(relay) = relay {
                let pending = Pending {
                    period,
                    epoch: epoch - 2,
                    tickets: sent,
                    receipts: received,
                };
                relay.pending = BoundedVec::truncate_from(vec![pending]);
            }
        });
        let (first, second) = Pallet::<T>::challenge(who, period).expect("the seed is there");
        let openings = (
            opening_of_all(&tickets, &sent, &first),
            opening_of_all(&receipts, &received, &second),
        );
        if let (Some(first), Some(second)) = openings {
            return (period, [first, second].concat());
        }
    }
    panic!("no seed drew a leaf for each position: try more of them");
}

/// The opening, if each position falls on a leaf of its own.
fn opening_of_all<L: Leaf>(tree: &Tree<L>, root: &Root, positions: &[u64]) -> Option<Vec<u8>> {
    let opening = tree.open(positions);
    let opened = verify::<L>(root, positions, &mut &opening[..]).expect("a tree opens itself");
    (opened.len() == DRAWS).then_some(opening)
}

fn some_root() -> Root {
    Root {
        bytes: 1 << 30,
        ..Root::default()
    }
}

#[benchmarks]
mod benchmarks {
    use super::*;

    #[benchmark]
    fn register() {
        let who = funded::<T>("relay", 0);
        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), endpoint(), CAPACITY);
        assert!(Relays::<T>::contains_key(&who));
    }

    #[benchmark]
    fn update() {
        let (who, _) = member::<T>();
        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), endpoint(), 2 * CAPACITY);
        let relay = Relays::<T>::get(&who).expect("it is registered");
        assert_eq!(relay.capacity, 2 * CAPACITY);
    }

    #[benchmark]
    fn retire() {
        let (who, _) = member::<T>();
        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()));
        let relay = Relays::<T>::get(&who).expect("it is registered");
        assert!(matches!(relay.standing, Standing::Leaving { .. }));
    }

    #[benchmark]
    fn withdraw() {
        let (who, _) = member::<T>();
        earn::<T>(&who);
        Relays::<T>::mutate(&who, |relay| {
            if let Some(relay) = relay {
                relay.standing = Standing::Leaving { free_from: 0 };
            }
        });
        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()));
        assert!(!Relays::<T>::contains_key(&who));
    }

    #[benchmark]
    fn resume() {
        let (who, _) = member::<T>();
        Relays::<T>::mutate(&who, |relay| {
            if let Some(relay) = relay {
                relay.standing = Standing::Dormant;
            }
        });
        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()));
        let relay = Relays::<T>::get(&who).expect("it is registered");
        assert_eq!(relay.standing, Standing::Active);
    }

    #[benchmark]
    fn claim() {
        let (who, _) = member::<T>();
        earn::<T>(&who);
        neglect::<T>(&who);
        let period = stage_period::<T>().saturating_sub(1);
        #[extrinsic_call]
        _(
            RawOrigin::Signed(who.clone()),
            period,
            some_root(),
            some_root(),
        );
        let relay = Relays::<T>::get(&who).expect("it is registered");
        assert_eq!(relay.pending.len(), 1);
        assert!(relay.earned.is_empty());
    }

    #[benchmark]
    fn open() {
        let (who, id) = member::<T>();
        earn::<T>(&who);
        let (period, opening) = claimed::<T>(&who, id);
        let opening = BoundedVec::try_from(opening).expect("it is within the bound of openings");
        let relay = T::Lookup::unlookup(who.clone());
        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), relay, period, opening);
        let relay = Relays::<T>::get(&who).expect("it is registered");
        assert!(relay.pending.is_empty());
        assert_eq!(relay.earned.len(), 1, "the claim is proven");
    }

    #[benchmark]
    fn collect() {
        let (who, _) = member::<T>();
        earn::<T>(&who);
        neglect::<T>(&who);
        let relay = T::Lookup::unlookup(who.clone());
        #[extrinsic_call]
        _(RawOrigin::Signed(who.clone()), relay);
        let relay = Relays::<T>::get(&who).expect("it is registered");
        assert!(relay.earned.is_empty() && relay.pending.is_empty());
    }

    #[benchmark]
    fn set_parameters() -> Result<(), BenchmarkError> {
        let origin = T::AdminOrigin::try_successful_origin()
            .map_err(|_| "governance has no origin in this runtime")?;
        let parameters = CurrentParameters::<T>::get();
        #[extrinsic_call]
        _(origin as T::RuntimeOrigin, parameters);
        Ok(())
    }

    #[benchmark]
    fn begin_period() {
        let (_, _) = member::<T>();
        let period = stage_period::<T>().saturating_add(1);
        let closing = period.saturating_sub(Pallet::<T>::closes_in(0));
        let old = closing.saturating_sub(T::KeptPeriods::get());
        Periods::<T>::insert(closing, record::<T>(None));
        Periods::<T>::insert(old, record::<T>(Some(Pool::default())));
        T::BenchmarkHelper::release(ENDOWMENT);
        T::Currency::set_balance(&Pallet::<T>::pot(), ENDOWMENT);
        go_to::<T>(period);
        #[block]
        {
            Pallet::<T>::begin_period(period);
        }
        assert!(Periods::<T>::get(closing).is_some_and(|record| record.pool.is_some()));
        assert!(!Periods::<T>::contains_key(old));
    }

    /// All `n` relays come into the roster and are named, where a full one of others was.
    #[benchmark]
    fn renew_roster(n: Linear<0, { T::MaxRelays::get() }>) {
        T::BenchmarkHelper::begin_epoch(STAGE);
        for index in 0..n {
            let who = funded::<T>("relay", index);
            Pallet::<T>::do_register(who, endpoint(), 1).expect("it has the tokens");
        }
        let number = 7;
        let others: Vec<RelayId> = (0..T::MaxRelays::get())
            .map(|index| RelayId::given(&[4; 32], &(index, number)))
            .collect();
        for before in [number - 1, number - 2] {
            let mut others = others.clone();
            others.sort_unstable();
            Rosters::<T>::insert(before, BoundedVec::truncate_from(others));
        }
        #[block]
        {
            Pallet::<T>::renew_roster(number, [3; 32], 200);
        }
        assert_eq!(Rosters::<T>::get(number).len() as u32, n);
        assert!(!Rosters::<T>::contains_key(number - 2));
    }

    impl_benchmark_test_suite!(
        Pallet,
        crate::tests::mock::new_test_ext(),
        crate::tests::mock::Test
    );
}
