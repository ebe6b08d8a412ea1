//! What the pallet stores.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use frame_support::pallet_prelude::ConstU32;
use parlance_primitives::{
    Balance, BlockNumber, DAYS, MINUTES, UNIT,
    relay::{Period, RelayId, Root, Rules, Seed},
};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};
use sp_core::ed25519;
use sp_runtime::{BoundedVec, Perbill};

use crate::core::health::Health;

/// Longest address of a relay, in bytes.
pub const MAX_ADDRESS: u32 = 64;
/// Most claims of a relay whose fate is open, and most that are proven and not paid.
pub const MAX_PENDING: u32 = 16;

/// Rules that governance may change.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub struct Parameters {
    /// Bond of a relay, in units.
    #[serde(with = "crate::amounts")]
    pub bond: Balance,
    /// Bond for each gibibyte of capacity per period, in units.
    #[serde(with = "crate::amounts")]
    pub bond_per_gibibyte: Balance,
    /// Part of the bond that a false leaf costs.
    pub slash: Perbill,
    /// How long a bond answers after its relay has left, in blocks.
    pub unbonding: BlockNumber,
    /// Blocks of the next period in which a period's claims are taken.
    pub claim_window: BlockNumber,
    /// Part of the price of allowance that relayed bytes are paid at most.
    pub rate: Perbill,
    /// Most that one relay gets of what a period pays.
    pub most_per_relay: Perbill,
    /// How many periods' worth of a day's allowance count in one period.
    pub burst: u32,
    /// Most bytes a day of a free allowance that are paid for, with a deposit.
    pub most_free: u64,
    /// The same without a deposit.
    pub most_free_newcomer: u64,
    /// Part for which a byte counts that a group's fan-out delivered.
    pub fan_out: Perbill,
}

impl Default for Parameters {
    /// Those of the public chains: `docs/decisions/0017-proof-of-relay.md` argues them.
    fn default() -> Self {
        Self {
            bond: 100 * UNIT,
            bond_per_gibibyte: 10 * UNIT,
            slash: Perbill::from_percent(50),
            unbonding: 7 * DAYS,
            claim_window: 2 * MINUTES,
            rate: Perbill::from_percent(50),
            most_per_relay: Perbill::from_percent(20),
            burst: 4,
            most_free: 4 << 20,
            most_free_newcomer: 0,
            fan_out: Perbill::from_percent(2),
        }
    }
}

/// How a network cuts its time.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub struct Calendar {
    /// Blocks in a period: half as many as an epoch of the beacon has slots.
    pub period: BlockNumber,
    /// Periods for which a roster holds.
    pub roster: u32,
}

impl Default for Calendar {
    /// That of the public chains.
    fn default() -> Self {
        Self {
            period: 5 * MINUTES,
            roster: 72,
        }
    }
}

/// Lengths that the runtime fixes, as far as [`Parameters`] depend on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lengths {
    /// Blocks in a period.
    pub period: BlockNumber,
    /// Periods in a day.
    pub periods_per_day: u32,
    /// Blocks after which nothing that a relay did before it left the roster is open any more.
    pub longest_memory: BlockNumber,
}

impl Parameters {
    /// Bond for a capacity in bytes per period, rounded up.
    pub fn bond_for(&self, capacity: u64) -> Balance {
        let more = self
            .bond_per_gibibyte
            .saturating_mul(capacity.into())
            .div_ceil(1 << 30);
        self.bond.saturating_add(more)
    }

    /// The rules by which leaves are judged.
    pub fn rules(&self, periods_per_day: u32) -> Rules {
        Rules {
            burst: self.burst,
            periods_per_day,
            most_free: self.most_free,
            most_free_newcomer: self.most_free_newcomer,
            fan_out: self.fan_out,
        }
    }

    /// Whether they can be kept.
    pub fn are_sound(&self, lengths: &Lengths) -> bool {
        self.bond > 0
            && (1..=lengths.period).contains(&self.claim_window)
            && self.unbonding >= lengths.longest_memory
            && !self.most_per_relay.is_zero()
            && (1..=lengths.periods_per_day).contains(&self.burst)
    }
}

/// How a relay is reached.
#[derive(
    Clone, Debug, PartialEq, Eq, Encode, Decode, DecodeWithMemTracking, MaxEncodedLen, TypeInfo,
)]
pub struct Endpoint {
    /// Its key in QUIC handshakes; Ed25519.
    pub key: ed25519::Public,
    /// Host and port, or a multiaddress, as text for clients. The chain does not read it.
    pub address: BoundedVec<u8, ConstU32<MAX_ADDRESS>>,
}

/// Where a relay stands.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub enum Standing {
    /// The next roster has it.
    Active,
    /// It was silent for a whole roster; the next has it when it resumes.
    Dormant,
    /// No roster has it any more.
    Leaving {
        /// Block from which on its bond is free.
        free_from: BlockNumber,
    },
}

/// A claim whose fate is open.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Pending {
    /// The period claimed for.
    pub period: Period,
    /// The beacon's epoch in which it came.
    pub epoch: u64,
    /// The tree of tickets.
    pub tickets: Root,
    /// The tree of receipts.
    pub receipts: Root,
}

/// A claim that is proven and not paid.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Earned {
    /// The period.
    pub period: Period,
    /// Work that was proven before it in the period.
    pub before: u128,
    /// Its work.
    pub work: u128,
}

/// Bytes by day: proven by a relay, or carried by all.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Service {
    /// The day of [`Self::bytes`].
    pub day: u32,
    /// Bytes in it.
    pub bytes: u64,
    /// Bytes in the day before.
    pub before: u64,
}

impl Service {
    /// Adds bytes of a day that is not before the last one.
    pub fn add(&mut self, day: u32, bytes: u64) {
        self.turn(day);
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Makes `day` the running one.
    pub fn turn(&mut self, day: u32) {
        if day != self.day {
            self.before = self.of_day(day.saturating_sub(1));
            self.bytes = 0;
            self.day = day;
        }
    }

    /// Bytes of a day, the running one or the one before.
    pub fn of_day(&self, day: u32) -> u64 {
        if day == self.day {
            self.bytes
        } else if day.checked_add(1) == Some(self.day) {
            self.before
        } else {
            0
        }
    }
}

/// A registered relay.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, MaxEncodedLen, TypeInfo)]
pub struct Relay {
    /// Its name in rosters, from its first one on.
    pub id: Option<RelayId>,
    /// How it is reached.
    pub endpoint: Endpoint,
    /// Bytes that it can carry in a period: most that is counted for it.
    pub capacity: u64,
    /// What is held of its account, in units.
    pub bond: Balance,
    /// Where it stands.
    pub standing: Standing,
    /// The beacon's epoch in which it was registered.
    pub registered: u64,
    /// The last period that it claimed for.
    pub last_claim: Option<Period>,
    /// How reliably it proved what it claimed.
    pub health: Health,
    /// What it proved.
    pub service: Service,
    /// Claims whose fate is open.
    pub pending: BoundedVec<Pending, ConstU32<MAX_PENDING>>,
    /// Claims that are proven and not paid.
    pub earned: BoundedVec<Earned, ConstU32<MAX_PENDING>>,
}

impl Relay {
    /// One that has just come.
    pub fn new(endpoint: Endpoint, capacity: u64, bond: Balance, epoch: u64) -> Self {
        Self {
            id: None,
            endpoint,
            capacity,
            bond,
            standing: Standing::Active,
            registered: epoch,
            last_claim: None,
            health: Health::default(),
            service: Service::default(),
            pending: Default::default(),
            earned: Default::default(),
        }
    }
}

/// What a period pays.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Pool {
    /// To all, in units.
    pub payable: Balance,
    /// Not yet fetched, in units.
    pub left: Balance,
}

/// A period from its first block on.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct PeriodRecord {
    /// The beacon's seed at its first block: draws ingress sets.
    pub seed: Seed,
    /// The rules at its first block.
    pub rules: Rules,
    /// Bytes proven.
    pub bytes: u64,
    /// Work proven.
    pub work: u128,
    /// What it pays, once it is closed.
    pub pool: Option<Pool>,
}

/// What the network carries.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Network {
    /// Bytes that the roster can carry in a period.
    pub capacity: u64,
    /// Bytes carried, whether they count or not, by day.
    pub carried: Service,
    /// The most that one relay proved in the running day.
    pub best: u64,
    /// The most that one relay proved in the day before.
    pub best_before: u64,
}
