//! Judging leaves that were opened (R9).

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use scale_info::TypeInfo;
use sp_core::ed25519;
use sp_runtime::Perbill;

use super::{
    DRAWS, DayAllowance, INGRESS, MAILBOX, Opened, Period, ReceiptLeaf, RelayId, Seed, TicketLeaf,
    ingress_places, is_near, mailbox_of, receipt_statement, ticket_statement,
};
use crate::Hash;

/// Why a leaf is false. The relay could have known each of these when it claimed.
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
pub enum Fault {
    /// It stands where another account belongs: the account would count more than once.
    Misplaced,
    /// It counts other bytes than those for which it stands in the tree.
    WrongSum,
    /// It counts more than what was signed.
    MoreThanSigned,
    /// The relay is not of the sender's ingress set.
    NotIngress,
    /// The relay is not of the recipient's mailbox set.
    NotMailbox,
    /// The account has and had no such device.
    Stranger,
    /// The signature does not verify: of other bytes, another relay, period, account or chain.
    Signature,
    /// It counts more than the sender's cap.
    OverCap,
}

/// Why a leaf cannot be judged any more. Somebody else than the relay may have caused each of these.
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
pub enum Doubt {
    /// The device left the account, or the account its identity, since the period.
    DeviceLeft,
    /// The allowance of that day may have been more than is known now.
    PastAllowance,
}

/// What is wrong with a leaf.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// It is false.
    False(Fault),
    /// It is in doubt.
    Doubtful(Doubt),
}

impl From<Fault> for Flaw {
    fn from(fault: Fault) -> Self {
        Self::False(fault)
    }
}

impl From<Doubt> for Flaw {
    fn from(doubt: Doubt) -> Self {
        Self::Doubtful(doubt)
    }
}

/// Where a device of an account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum DeviceStanding {
    /// On record, with this signing key.
    OnRecord(ed25519::Public),
    /// It may have been on record in the period, and is not any more.
    Left,
    /// It was not on record in the period.
    Stranger,
}

/// Rules of a period, as they were when it began.
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
pub struct Rules {
    /// How many periods' worth of a day's allowance a sender may use up in one period.
    pub burst: u32,
    /// Periods in a day.
    pub periods_per_day: u32,
    /// Most bytes a day of a free allowance that count, with a deposit.
    pub most_free: u64,
    /// The same without a deposit.
    pub most_free_newcomer: u64,
    /// Part for which a byte counts that a group's fan-out delivered.
    pub fan_out: Perbill,
}

/// Most bytes of a sender that count at one relay in one period (R3): a third of its allowance, free
/// as far as it counts and bought, of as many periods as a burst has. Rounded down.
pub fn cap(allowance: &DayAllowance, rules: &Rules) -> u64 {
    let most = if allowance.backed {
        rules.most_free
    } else {
        rules.most_free_newcomer
    };
    let day = u128::from(allowance.free.min(most)).saturating_add(allowance.bought.into());
    let relays_and_periods = u128::from(rules.periods_per_day).saturating_mul(INGRESS as u128);
    let cap = day
        .saturating_mul(rules.burst.into())
        .checked_div(relays_and_periods)
        .unwrap_or(0);
    u64::try_from(cap).unwrap_or(u64::MAX)
}

/// Bytes that a ticket says were carried, whether they count or not: at most what the sender's whole
/// allowance leaves it at one relay in one period, so that nobody's word makes the network look full.
pub fn carried(bytes: u64, allowance: &DayAllowance, rules: &Rules) -> u64 {
    let rules = Rules {
        most_free: u64::MAX,
        most_free_newcomer: u64::MAX,
        ..*rules
    };
    bytes.min(cap(allowance, &rules))
}

/// What is the same for all leaves of a claim.
#[derive(Debug)]
pub struct Scene<'a, AccountId> {
    /// Hash of the first block.
    pub genesis: &'a Hash,
    /// The period claimed for.
    pub period: Period,
    /// The relay.
    pub relay: &'a AccountId,
    /// Its name in the roster.
    pub id: RelayId,
    /// The roster of the period, in ascending order.
    pub roster: &'a [RelayId],
    /// The beacon's seed at the first block of the period.
    pub seed: &'a Seed,
    /// The rules of the period.
    pub rules: &'a Rules,
}

/// Judges a ticket. `device` and `allowance` are the sender's; `verify` checks a signature of a
/// message by a key.
///
/// # Errors
/// What is wrong with it.
pub fn check_ticket<AccountId: Encode>(
    scene: &Scene<AccountId>,
    opened: &Opened<TicketLeaf<AccountId>>,
    device: DeviceStanding,
    allowance: &DayAllowance,
    verify: impl FnOnce(&ed25519::Signature, &[u8], &ed25519::Public) -> bool,
) -> Result<(), Flaw> {
    let leaf = &opened.leaf;
    check_place(opened.in_place, leaf.counted, opened.bytes)?;
    ensure(leaf.counted <= leaf.bytes, Fault::MoreThanSigned)?;
    let relays = scene.roster.len() as u32;
    let places = ingress_places(scene.seed, scene.period, &leaf.sender, relays);
    let own = scene.roster.binary_search(&scene.id).ok();
    let drawn = own.is_some_and(|own| places.contains(&(own as u32)));
    ensure(drawn, Fault::NotIngress)?;
    let key = key_of(device)?;
    let statement = ticket_statement(
        scene.genesis,
        scene.period,
        scene.relay,
        &leaf.sender,
        leaf.bytes,
        leaf.latency,
    );
    ensure(verify(&leaf.signature, &statement, &key), Fault::Signature)?;
    if leaf.counted <= cap(allowance, scene.rules) {
        Ok(())
    } else if allowance.firm {
        Err(Fault::OverCap.into())
    } else {
        Err(Doubt::PastAllowance.into())
    }
}

/// Judges a receipt. `device` and `mailbox_epoch` are the recipient's, as they are now.
///
/// # Errors
/// What is wrong with it.
pub fn check_receipt<AccountId: Encode>(
    scene: &Scene<AccountId>,
    opened: &Opened<ReceiptLeaf<AccountId>>,
    device: DeviceStanding,
    mailbox_epoch: u32,
    verify: impl FnOnce(&ed25519::Signature, &[u8], &ed25519::Public) -> bool,
) -> Result<(), Flaw> {
    let leaf = &opened.leaf;
    check_place(opened.in_place, leaf.counted, opened.bytes)?;
    let worth = leaf.delivered.worth(scene.rules.fan_out);
    ensure(leaf.counted <= worth, Fault::MoreThanSigned)?;
    let key = key_of(device)?;
    // A mailbox that has moved since was where the receipt says; one of the future was nowhere.
    let epoch = leaf.delivered.mailbox_epoch;
    let mailbox = mailbox_of(&leaf.recipient, epoch);
    let near = is_near(scene.roster, scene.id, mailbox, MAILBOX);
    ensure(epoch <= mailbox_epoch && near, Fault::NotMailbox)?;
    let statement = receipt_statement(
        scene.genesis,
        scene.period,
        scene.relay,
        &leaf.recipient,
        &leaf.delivered,
    );
    ensure(verify(&leaf.signature, &statement, &key), Fault::Signature)
}

fn check_place(in_place: bool, counted: u64, bytes: u64) -> Result<(), Flaw> {
    ensure(in_place, Fault::Misplaced)?;
    ensure(counted == bytes, Fault::WrongSum)
}

fn key_of(device: DeviceStanding) -> Result<ed25519::Public, Flaw> {
    match device {
        DeviceStanding::OnRecord(key) => Ok(key),
        DeviceStanding::Left => Err(Doubt::DeviceLeft.into()),
        DeviceStanding::Stranger => Err(Fault::Stranger.into()),
    }
}

fn ensure(holds: bool, fault: Fault) -> Result<(), Flaw> {
    if holds { Ok(()) } else { Err(fault.into()) }
}

/// What is left of a sum when so many of its [`DRAWS`] were in doubt (R9), rounded down: each takes
/// twice its part, so that leaves nobody can judge are worth less than leaving them out.
pub fn credited(bytes: u64, doubts: u32) -> u64 {
    let draws = DRAWS as u128;
    let left = draws.saturating_sub(u128::from(doubts).saturating_mul(2));
    let credited = u128::from(bytes)
        .saturating_mul(left)
        .checked_div(draws)
        .unwrap_or(0);
    u64::try_from(credited).unwrap_or(u64::MAX)
}
