//! Traits between the pallet of identities and those that serve them.

use sp_runtime::DispatchResult;

use super::{DeviceId, DeviceKeys, Load, Resource};
use crate::Balance;

/// What the network carries: asked once per period. Answers come from sums that are kept, never
/// from a walk over claims.
pub trait NetworkLoad {
    /// Capacity, and use over the last period.
    fn load(resource: Resource) -> Load;
}

impl NetworkLoad for () {
    fn load(_: Resource) -> Load {
        Load::default()
    }
}

/// Where tokens go that users pay for services of the network: burnt or back to the mining pool, by
/// the chain's rule.
pub trait ServicePayment<AccountId> {
    /// Takes `amount` from `who`, or changes nothing.
    fn pay(who: &AccountId, amount: Balance) -> DispatchResult;
}

/// Identities, for the pallets that serve them.
pub trait Identities<AccountId> {
    /// Bytes that `who` may use in `period`, free and bought. The running period and the one before
    /// are known; for any other the answer is none.
    fn allowance(who: &AccountId, resource: Resource, period: u32) -> u64;
    /// The running period.
    fn period() -> u32;
    /// Keys of a device of `who`, if it is one now.
    fn device(who: &AccountId, device: DeviceId) -> Option<DeviceKeys>;
    /// Where the mailbox of `who` is.
    fn mailbox_epoch(who: &AccountId) -> Option<u32>;
    /// `who` provably used the network: an identity without tokens lives on.
    fn note_use(who: &AccountId);
}
