//! People with identities, who send and receive as they please.

use pallet_accounts::core::standing::{Backing, Standing};
use parlance_primitives::{
    Balance, BlockNumber, DAYS, Hash,
    accounts::{Device, DeviceId, DeviceKeys, Identity, Lane, NO_HISTORY, Revocation},
    relay::{Delivered, LatencyClass, MAX_BYTES, Period, receipt_statement, ticket_statement},
};
use parlance_relay_claims::{Pushed, Receipt, Ticket};
use parlance_runtime::{AccountId, Relay, Runtime, System, genesis::account};
use rand::{Rng, rngs::StdRng};
use sp_core::{Pair, ed25519};
use std::collections::BTreeMap;

use super::Node;

pub struct Person {
    account: AccountId,
    device: ed25519::Pair,
    /// Devices so far.
    devices: u32,
    /// Bytes sent and received through each relay in the period.
    sums: BTreeMap<(Period, AccountId), (u64, u64)>,
}

impl Person {
    pub fn new(index: u32) -> Self {
        let account = account(&format!("//Person{index}"));
        Self {
            device: pair(&account, 0),
            account,
            devices: 1,
            sums: BTreeMap::new(),
        }
    }

    /// Gives itself an identity with a deposit, as of block 0.
    pub fn registers(&self, deposit: Balance) {
        let identity = Identity {
            version: 0,
            mailbox_epoch: 0,
            devices: vec![self.on_record(0)].try_into().unwrap(),
            revoked: Default::default(),
            history: NO_HISTORY,
        };
        pallet_accounts::Identities::<Runtime>::insert(&self.account, identity);
        let standing = Standing {
            backing: Backing::Deposit { amount: deposit },
            ..Standing::new(Lane::Work, 0, DAYS)
        };
        pallet_accounts::Standings::<Runtime>::insert(&self.account, standing);
    }

    fn on_record(&self, since: BlockNumber) -> Device {
        let signing = self.device.public();
        Device {
            keys: DeviceKeys {
                signing,
                agreement: [1; 32],
                endpoint: signing,
            },
            since,
        }
    }

    /// Its device is lost; another takes its place.
    pub fn revokes(&mut self, now: BlockNumber) {
        let device = DeviceId::of(&self.device.public());
        self.device = pair(&self.account, self.devices);
        self.devices += 1;
        let on_record = self.on_record(now);
        pallet_accounts::Identities::<Runtime>::mutate(&self.account, |identity| {
            let identity = identity.as_mut().unwrap();
            if identity.revoked.is_full() {
                identity.revoked.remove(0);
            }
            let revocation = Revocation {
                device,
                version: now,
            };
            identity.revoked.try_push(revocation).unwrap();
            identity.devices = vec![on_record].try_into().unwrap();
        });
    }

    /// Sends and receives something by the relays of its sets.
    pub fn chats(
        &mut self,
        chance: &mut StdRng,
        nodes: &mut [Node],
        mut second: Option<&mut Node>,
    ) {
        let period = Relay::period();
        let ingress = Relay::ingress_of(&self.account);
        let mailboxes = Relay::mailbox_set_of(&self.account);
        for node in nodes.iter_mut() {
            let Some(id) = node.id() else { continue };
            let sum = self.sums.entry((period, node.account.clone()));
            let (sent, received) = sum.or_default();
            if ingress.contains(&id) && chance.gen_bool(0.4) {
                *sent += chance.gen_range(1..9_000);
                let ticket = self.ticket(period, &node.account);
                give_ticket(node, ticket.clone());
                if let Some(second) = second.as_mut()
                    && second.account == node.account
                    && chance.gen_bool(0.5)
                {
                    give_ticket(second, ticket);
                }
            } else if mailboxes.contains(&id) && chance.gen_bool(0.4) {
                *received += chance.gen_range(1..9_000);
                let receipt = self.receipt(period, &node.account);
                give_receipt(node, receipt);
            }
        }
        self.sums.retain(|(of, _), _| *of == period);
    }

    /// Signs for more than all others together have got, and that it was slow, at each relay of its mailbox.
    pub fn boasts(&self, nodes: &mut [Node]) {
        let period = Relay::period();
        let mailboxes = Relay::mailbox_set_of(&self.account);
        for node in nodes {
            if node.id().is_some_and(|id| mailboxes.contains(&id)) {
                let delivered = Delivered {
                    mailbox_epoch: 0,
                    direct: MAX_BYTES,
                    fanned: 0,
                    latency: LatencyClass::SLOWEST,
                };
                let receipt = self.signs(period, &node.account, delivered);
                give_receipt(node, receipt);
            }
        }
    }

    fn sum(&self, period: Period, relay: &AccountId) -> (u64, u64) {
        self.sums[&(period, relay.clone())]
    }

    fn ticket(&self, period: Period, relay: &AccountId) -> Ticket {
        let (bytes, _) = self.sum(period, relay);
        let latency = LatencyClass(1);
        let genesis: Hash = System::block_hash(0);
        let statement = ticket_statement(&genesis, period, relay, &self.account, bytes, latency);
        Ticket {
            sender: self.account.clone(),
            device: DeviceId::of(&self.device.public()),
            bytes,
            latency,
            signature: self.device.sign(&statement),
        }
    }

    fn receipt(&self, period: Period, relay: &AccountId) -> Receipt {
        let (_, bytes) = self.sum(period, relay);
        let delivered = Delivered {
            mailbox_epoch: 0,
            direct: bytes,
            fanned: 0,
            latency: LatencyClass(1),
        };
        self.signs(period, relay, delivered)
    }

    fn signs(&self, period: Period, relay: &AccountId, delivered: Delivered) -> Receipt {
        let genesis: Hash = System::block_hash(0);
        let statement = receipt_statement(&genesis, period, relay, &self.account, &delivered);
        Receipt {
            recipient: self.account.clone(),
            device: DeviceId::of(&self.device.public()),
            delivered,
            signature: self.device.sign(&statement),
            pushed: Pushed::all_of(&delivered),
        }
    }
}

fn pair(account: &AccountId, index: u32) -> ed25519::Pair {
    let who: &[u8] = account.as_ref();
    let seed = sp_crypto_hashing::blake2_256(&[who, &index.to_le_bytes()[..]].concat());
    ed25519::Pair::from_seed(&seed)
}

/// Refused are only those of devices that the chain does not know for the period.
fn give_ticket(node: &mut Node, ticket: Ticket) {
    let period = Relay::period();
    let known = Relay::correspondent(&ticket.sender, ticket.device, period);
    node.occasion(|books, occasion| books.take_ticket(occasion, ticket, &known));
}

fn give_receipt(node: &mut Node, receipt: Receipt) {
    let period = Relay::period();
    let known = Relay::correspondent(&receipt.recipient, receipt.device, period);
    node.occasion(|books, occasion| books.take_receipt(occasion, receipt, &known));
}
