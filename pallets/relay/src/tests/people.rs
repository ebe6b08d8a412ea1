//! People with a device that signs tickets and receipts.

use codec::Encode;
use parlance_primitives::{
    AccountId, Hash,
    accounts::DeviceId,
    relay::{
        DayAllowance, Delivered, LatencyClass, Period, ReceiptLeaf, TicketLeaf, receipt_statement,
        ticket_statement,
    },
};
use sp_core::{Pair, ed25519};

use super::mock::*;

/// Hash of the first block.
pub fn genesis() -> Hash {
    System::block_hash(0)
}

/// The account of a name.
pub fn account(name: &str) -> AccountId {
    AccountId::new(sp_crypto_hashing::blake2_256(&("account", name).encode()))
}

/// Somebody with a device.
#[derive(Clone)]
pub struct Person {
    pub id: AccountId,
    pub device: ed25519::Pair,
}

impl Person {
    pub fn of(name: &str) -> Self {
        Self {
            id: account(name),
            device: ed25519::Pair::from_string(&format!("//{name}"), None).unwrap(),
        }
    }

    /// Has an identity with a deposit, and more allowance than counts.
    pub fn settles(self) -> Self {
        self.settles_with(DayAllowance {
            free: 10_000_000,
            bought: 0,
            backed: true,
            firm: true,
        })
    }

    pub fn settles_with(self, allowance: DayAllowance) -> Self {
        let known = Known {
            devices: vec![self.device.public()],
            allowance,
            ..Default::default()
        };
        People::put(&self.id, known);
        self
    }

    pub fn device_id(&self) -> DeviceId {
        DeviceId::of(&self.device.public())
    }

    /// A ticket for `bytes`, all of which the relay counts.
    pub fn ticket(&self, relay: &AccountId, period: Period, bytes: u64) -> TicketLeaf<AccountId> {
        self.ticket_of(relay, period, bytes, LatencyClass(4))
    }

    pub fn ticket_of(
        &self,
        relay: &AccountId,
        period: Period,
        bytes: u64,
        latency: LatencyClass,
    ) -> TicketLeaf<AccountId> {
        let statement = ticket_statement(&genesis(), period, relay, &self.id, bytes, latency);
        TicketLeaf {
            sender: self.id.clone(),
            device: self.device_id(),
            counted: bytes,
            bytes,
            latency,
            signature: self.device.sign(&statement),
        }
    }

    /// A receipt for `bytes` out of no fan-out, all of which the relay counts.
    pub fn receipt(&self, relay: &AccountId, period: Period, bytes: u64) -> ReceiptLeaf<AccountId> {
        let delivered = Delivered {
            mailbox_epoch: People::get(&self.id).map_or(0, |known| known.mailbox_epoch),
            direct: bytes,
            fanned: 0,
            latency: LatencyClass(4),
        };
        self.receipt_of(relay, period, bytes, delivered)
    }

    pub fn receipt_of(
        &self,
        relay: &AccountId,
        period: Period,
        counted: u64,
        delivered: Delivered,
    ) -> ReceiptLeaf<AccountId> {
        let statement = receipt_statement(&genesis(), period, relay, &self.id, &delivered);
        ReceiptLeaf {
            recipient: self.id.clone(),
            device: self.device_id(),
            counted,
            delivered,
            signature: self.device.sign(&statement),
        }
    }
}

/// So many people of one kind.
pub fn crowd(kind: &str, count: u32) -> Vec<Person> {
    (0..count)
        .map(|n| Person::of(&format!("{kind}{n}")).settles())
        .collect()
}
