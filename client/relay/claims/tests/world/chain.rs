//! Blocks of the runtime without consensus: the hooks of the pallets that relays go by, and a queue of
//! transactions that the next block applies.

use std::{cell::RefCell, convert::Infallible};

use frame_support::{
    genesis_builder_helper::build_state,
    traits::{Get, Hooks, fungible::Mutate},
};
use parlance_primitives::{
    Balance, BlockNumber, UNIT,
    accounts::DeviceId,
    relay::{Correspondent, Period, Setting},
};
use parlance_relay_claims::{Deed, State};
use parlance_runtime::{
    AccountId, Accounts, Balances, Relay, Runtime, RuntimeEvent, RuntimeGenesisConfig,
    RuntimeOrigin, System,
    configs::relays::{PeriodLength, RosterPeriods},
    genesis,
};
use sp_core::ed25519;
use sp_runtime::MultiAddress;

/// Blocks in an epoch of the beacon.
const EPOCH: BlockNumber = 10;

/// What the pallet said.
pub enum Said {
    Claimed,
    Proven,
    Falsified,
    Silent,
    Paid(Balance),
}

/// The chain's clockwork.
pub struct Chain {
    salt: u64,
    queue: RefCell<Vec<(AccountId, Deed)>>,
}

/// The state that the preset `name` starts with.
pub fn started(name: &str) -> sp_io::TestExternalities {
    let preset = genesis::preset(&name.into()).expect("the preset exists");
    let mut defaults = serde_json::to_value(RuntimeGenesisConfig::default()).unwrap();
    merge(&mut defaults, serde_json::from_slice(&preset).unwrap());
    let mut state = sp_io::TestExternalities::default();
    state.execute_with(|| {
        build_state::<RuntimeGenesisConfig>(serde_json::to_vec(&defaults).unwrap())
            .expect("the preset is a valid genesis");
    });
    state
}

fn merge(into: &mut serde_json::Value, patch: serde_json::Value) {
    match (into, patch) {
        (serde_json::Value::Object(into), serde_json::Value::Object(patch)) => {
            for (key, value) in patch {
                merge(into.entry(key).or_insert(serde_json::Value::Null), value);
            }
        }
        (into, patch) => *into = patch,
    }
}

impl Chain {
    pub fn new(salt: u64) -> Self {
        Self {
            salt,
            queue: RefCell::default(),
        }
    }

    pub fn roster(&self) -> Period {
        RosterPeriods::get()
    }

    pub fn first_block(&self, period: Period) -> BlockNumber {
        period * PeriodLength::get()
    }

    /// Begins a block and applies what is queued.
    pub fn begin_block(&self, number: BlockNumber) {
        System::reset_events();
        System::set_block_number(number);
        let epoch = u64::from(number / EPOCH);
        if number.is_multiple_of(EPOCH) {
            let seed = sp_crypto_hashing::blake2_256(
                &[self.salt.to_le_bytes(), epoch.to_le_bytes()].concat(),
            );
            pallet_beacon::CurrentEpoch::<Runtime>::put(epoch);
            pallet_beacon::CurrentSeed::<Runtime>::put(seed);
            let place = (epoch % u64::from(pallet_beacon::HISTORY)) as u32;
            pallet_beacon::History::<Runtime>::insert(place, (epoch, seed));
            pallet_issuance::Available::<Runtime>::mutate(|shares| shares.relay = 10 * UNIT);
        }
        Accounts::on_initialize(number);
        Relay::on_initialize(number);
        for (who, deed) in self.queue.take() {
            let origin = RuntimeOrigin::signed(who.clone());
            // One that comes twice is refused the second time.
            let _ = match deed {
                Deed::Claim {
                    period,
                    tickets,
                    receipts,
                } => Relay::claim(origin, period, tickets, receipts),
                Deed::Open { period, opening } => {
                    let opening = opening.try_into().expect("it fits into a transaction");
                    Relay::open(origin, MultiAddress::Id(who), period, opening)
                }
            };
        }
    }

    pub fn queue(&self, who: AccountId, deed: Deed) {
        self.queue.borrow_mut().push((who, deed));
    }
}

impl State for Chain {
    type Error = Infallible;

    fn setting(&self, period: Period) -> Result<Option<Setting>, Infallible> {
        Ok(Relay::setting(period))
    }

    fn correspondent(
        &self,
        who: &AccountId,
        device: DeviceId,
        period: Period,
    ) -> Result<Correspondent, Infallible> {
        Ok(Relay::correspondent(who, device, period))
    }
}

/// Registers a relay of a gibibyte.
pub fn register(who: &AccountId) {
    Balances::set_balance(who, 1_000 * UNIT);
    let endpoint = pallet_relay::Endpoint {
        key: ed25519::Public::from_raw([9; 32]),
        address: b"relay.example:4433".to_vec().try_into().unwrap(),
    };
    Relay::register(RuntimeOrigin::signed(who.clone()), endpoint, 1 << 30).unwrap();
}

/// What the pallet said in this block.
pub fn said() -> Vec<Said> {
    use pallet_relay::Event;
    let events = System::events().into_iter();
    events
        .filter_map(|record| match record.event {
            RuntimeEvent::Relay(Event::Claimed { .. }) => Some(Said::Claimed),
            RuntimeEvent::Relay(Event::Proven { .. }) => Some(Said::Proven),
            RuntimeEvent::Relay(Event::Falsified { .. }) => Some(Said::Falsified),
            RuntimeEvent::Relay(Event::Silent { .. }) => Some(Said::Silent),
            RuntimeEvent::Relay(Event::Paid { amount, .. }) => Some(Said::Paid(amount)),
            _ => None,
        })
        .collect()
}

/// What closed periods pay.
pub fn pools() -> Vec<(Period, pallet_relay::Pool)> {
    pallet_relay::Periods::<Runtime>::iter()
        .filter_map(|(period, record)| Some((period, record.pool?)))
        .collect()
}
