//! What the pallet of relays asks of others. The runtime joins them.

use codec::{Decode, Encode};
use scale_info::TypeInfo;

use super::{DeviceStanding, Seed};
use crate::{Balance, BlockNumber, accounts::DeviceId};

/// What an account may send in a day, as far as the chain still knows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct DayAllowance {
    /// Bytes free of charge.
    pub free: u64,
    /// Bytes paid for.
    pub bought: u64,
    /// Whether a deposit stands behind the identity.
    pub backed: bool,
    /// Whether it can only have been less. A day that is over may have had more than what is known
    /// of it, since a later purchase takes the place of an earlier one.
    pub firm: bool,
}

/// Those who send and receive through relays. Implemented over `pallet-accounts`.
pub trait Correspondents<AccountId> {
    /// Where a device of `who` stands, for something that it signed in a period that began at block
    /// `at`. [`DeviceStanding::Left`] when it was revoked since, when the traces of revocations since
    /// are not complete, and when `who` has no identity or one that came after `at`.
    fn device(who: &AccountId, device: DeviceId, at: BlockNumber) -> DeviceStanding;
    /// Bytes that `who` may send in the day of block `at`, which is the running one or the one before.
    fn allowance(who: &AccountId, at: BlockNumber) -> DayAllowance;
    /// The mailbox epoch of `who`; none without an identity.
    fn mailbox_epoch(who: &AccountId) -> Option<u32>;
    /// `who` provably used the network.
    fn note_use(who: &AccountId);
    /// What a mebibyte of relaying costs beyond the free allowance, in units.
    fn price() -> Balance;
}

/// The beacon's seeds. Implemented over `pallet-beacon`, whose rule for challenges is: what was
/// committed to in epoch `c` may be challenged with the seed of epoch `c + 2` or later.
pub trait Seeds {
    /// The running epoch.
    fn epoch() -> u64;
    /// The seed of the first epoch from `epoch` on, once it has begun and while it is remembered.
    fn seed_from(epoch: u64) -> Option<Seed>;
}

/// How the relay share of a settlement is spread over time.
pub trait Pace {
    /// Periods that still close before the schedule is settled next, the one that closes now included;
    /// at least one. What is not paid until then lapses.
    fn periods_left() -> u32;
}

impl Pace for () {
    fn periods_left() -> u32 {
        1
    }
}
