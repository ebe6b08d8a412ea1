//! What relays, clients and a relay's worker ask the runtime.

use alloc::vec::Vec;
use codec::{Decode, Encode};
use scale_info::TypeInfo;
use sp_core::ed25519;

use super::{DRAWS, DayAllowance, DeviceStanding, Period, RelayId, Root, Rules, Seed};
use crate::{Balance, BlockNumber, accounts::DeviceId};

/// A registered relay.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct RelayInfo<AccountId> {
    /// Its account.
    pub account: AccountId,
    /// Its name in rosters, once it was in one.
    pub id: Option<RelayId>,
    /// Its key in QUIC handshakes.
    pub key: ed25519::Public,
    /// Host and port, or a multiaddress, as text. The chain has not read it: whoever dials it checks it.
    pub address: Vec<u8>,
    /// Bytes that it can carry in a period.
    pub capacity: u64,
    /// What is held of its account, in units.
    pub bond: Balance,
    /// How reliably it proved what it claimed, in thousandths.
    pub health: u16,
    /// Whether the running roster has it.
    pub is_member: bool,
    /// Whether it leaves, or is left out of the next roster because it was silent.
    pub is_going: bool,
}

/// Where the running period stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Clock {
    /// The running period.
    pub period: Period,
    /// Its first block.
    pub begins: BlockNumber,
    /// First block of the next one.
    pub ends: BlockNumber,
    /// First block in which the claims of the period before are not taken any more.
    pub claims_until: BlockNumber,
}

/// What leaves of a period are judged by.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Setting {
    /// The beacon's seed at its first block.
    pub seed: Seed,
    /// Its rules.
    pub rules: Rules,
    /// Names of its relays, in ascending order.
    pub roster: Vec<RelayId>,
}

/// What the chain knows of somebody for a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Correspondent {
    /// Where the device stands.
    pub device: DeviceStanding,
    /// What the account may send in the day of the period.
    pub allowance: DayAllowance,
    /// Its mailbox epoch; none without an identity.
    pub mailbox_epoch: Option<u32>,
}

/// Positions to open, in ascending order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Challenge {
    /// In the tree of tickets.
    pub tickets: [u64; DRAWS],
    /// In the tree of receipts.
    pub receipts: [u64; DRAWS],
}

/// A claim whose fate is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct OpenClaim {
    /// The period claimed for.
    pub period: Period,
    /// The tree of tickets.
    pub tickets: Root,
    /// The tree of receipts.
    pub receipts: Root,
    /// What to open, once the beacon has drawn it.
    pub challenge: Option<Challenge>,
    /// First block in which it cannot be opened any more.
    pub until: BlockNumber,
}

/// What a relay has to do.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Agenda {
    /// Where the running period stands.
    pub clock: Clock,
    /// Its name in rosters, once it was in one.
    pub id: Option<RelayId>,
    /// The period that it may claim for in the next block, if it has not.
    pub claimable: Option<Period>,
    /// Claims whose fate is open, the oldest first.
    pub open: Vec<OpenClaim>,
    /// Pay that waits for it, in units.
    pub waiting: Balance,
}

sp_api::decl_runtime_apis! {
    /// Proof of Relay. What these functions say is a node's word.
    pub trait RelayApi<AccountId> where AccountId: codec::Codec {
        /// All registered relays, in no order.
        fn relays() -> Vec<RelayInfo<AccountId>>;
        /// The account of a relay.
        fn account_of(id: RelayId) -> Option<AccountId>;
        /// Names of the relays through which an account may send in the running period.
        fn ingress_of(sender: AccountId) -> Vec<RelayId>;
        /// Names of the relays that keep the mailbox of an account, the nearest first.
        fn mailbox_set_of(recipient: AccountId) -> Vec<RelayId>;
        /// Bytes of an account that count at each of its ingress relays in the running period.
        fn cap_of(sender: AccountId) -> u64;
        /// Where the running period stands.
        fn clock() -> Clock;
        /// What leaves of a period are judged by; none when it has not begun or is forgotten.
        fn setting(period: Period) -> Option<Setting>;
        /// What is known of somebody and its device for a period.
        fn correspondent(who: AccountId, device: DeviceId, period: Period) -> Correspondent;
        /// What a relay has to open for its claim of a period; none without a claim, or while nothing is
        /// drawn.
        fn challenge(relay: AccountId, period: Period) -> Option<Challenge>;
        /// What a relay has to do, as of the next block; none for who is no relay.
        fn agenda(relay: AccountId) -> Option<Agenda>;
    }
}
