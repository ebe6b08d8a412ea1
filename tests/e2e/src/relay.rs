//! People who send and receive through relays, and relays of which the harness is the worker.

use anyhow::{Context, Result, ensure};
use codec::{Decode, Encode};
use parlance_primitives::{
    AccountId, Hash,
    relay::{
        Challenge, Delivered, LatencyClass, Period, ReceiptLeaf, Root, TicketLeaf, Tree,
        receipt_statement, ticket_statement,
    },
};
use serde_json::json;
use subxt::dynamic::Value;

use crate::{
    chain::{Call, Chain, Event, account_in, call, number},
    facts::{self, unhex},
    newcomer::{Device, Newcomer},
    rpc::Rpc,
};

/// The class of all latencies here: up to 100 ms.
const LATENCY: LatencyClass = LatencyClass(1);

/// Where in time the relays of an account stand: `parlance_relaySets`.
#[derive(Clone, Copy, Debug)]
pub struct Sets {
    /// The running period.
    pub period: Period,
    /// Relays through which it may send.
    pub ingress: usize,
    /// Relays that keep its mailbox.
    pub mailbox: usize,
    /// Bytes that count at each of the first.
    pub cap: u64,
}

/// Asks it.
pub async fn sets(rpc: &Rpc, who: &AccountId) -> Result<Sets> {
    let answer = rpc.call("parlance_relaySets", json!([who])).await?;
    let count = |name: &str| {
        let list = answer[name].as_array();
        list.map(Vec::len)
            .with_context(|| format!("no list {name} in {answer}"))
    };
    let period = answer["period"].as_u64().context("no period")?;
    Ok(Sets {
        period: Period::try_from(period)?,
        ingress: count("ingress")?,
        mailbox: count("mailbox")?,
        cap: u64::try_from(facts::amount(&answer["cap"])?)?,
    })
}

/// Whether the running roster has the relay.
pub async fn is_member(rpc: &Rpc, relay: &AccountId) -> Result<bool> {
    let relays = rpc.call("parlance_relays", json!([])).await?;
    let account = json!(relay);
    let list = relays.as_array().context("relays are no list")?;
    Ok(list
        .iter()
        .any(|one| one["account"] == account && one["member"] == true))
}

/// Somebody with an identity and a device.
pub struct Person {
    /// The identity.
    pub who: Newcomer,
    device: Device,
    genesis: Hash,
}

impl Person {
    /// Whoever has the secret `suri`, with the device `phone`.
    pub fn of(suri: &str, genesis: Hash) -> Result<Self> {
        let who = Newcomer::of(suri)?;
        Ok(Self {
            device: who.device("phone")?,
            who,
            genesis,
        })
    }

    /// Their device.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// A ticket over so many bytes.
    pub fn ticket(&self, period: Period, relay: &AccountId, bytes: u64) -> TicketLeaf<AccountId> {
        let sender = self.who.account();
        let statement = ticket_statement(&self.genesis, period, relay, &sender, bytes, LATENCY);
        TicketLeaf {
            sender,
            device: self.device.id(),
            counted: bytes,
            bytes,
            latency: LATENCY,
            signature: self.device.signs(&statement),
        }
    }

    /// A receipt over so many bytes.
    pub fn receipt(&self, period: Period, relay: &AccountId, bytes: u64) -> ReceiptLeaf<AccountId> {
        let recipient = self.who.account();
        let delivered = Delivered {
            mailbox_epoch: 0,
            direct: bytes,
            fanned: 0,
            latency: LATENCY,
        };
        let statement = receipt_statement(&self.genesis, period, relay, &recipient, &delivered);
        ReceiptLeaf {
            recipient,
            device: self.device.id(),
            counted: bytes,
            delivered,
            signature: self.device.signs(&statement),
        }
    }
}

/// Hands a ticket or a receipt to a node's worker; returns the bytes that count.
pub async fn hand(rpc: &Rpc, method: &str, period: Period, leaf: &impl Encode) -> Result<u64> {
    let hex = subxt::utils::to_hex(leaf.encode());
    let counted = rpc.call(method, json!([period, hex])).await?;
    Ok(u64::try_from(facts::amount(&counted)?)?)
}

/// The call that registers a relay of so many bytes per period.
pub fn registers(key: [u8; 32], address: &str, capacity: u64) -> Call {
    let endpoint = Value::named_composite([
        ("key", Value::from_bytes(key)),
        ("address", Value::from_bytes(address.as_bytes())),
    ]);
    let capacity = Value::u128(capacity.into());
    call("Relay", "register", vec![endpoint, capacity])
}

/// The two trees of a claim that the harness makes.
pub struct Trees {
    /// Of tickets.
    pub tickets: Tree<TicketLeaf<AccountId>>,
    /// Of receipts.
    pub receipts: Tree<ReceiptLeaf<AccountId>>,
}

impl Trees {
    /// The call that claims them.
    pub fn claims(&self, period: Period) -> Call {
        let root = |root: Root| {
            Value::named_composite([
                ("hash", Value::from_bytes(root.hash.0)),
                ("bytes", Value::u128(root.bytes.into())),
            ])
        };
        let period = Value::u128(period.into());
        let roots = [self.tickets.root(), self.receipts.root()].map(root);
        let [tickets, receipts] = roots;
        call("Relay", "claim", vec![period, tickets, receipts])
    }

    /// The call that opens them.
    pub fn opens(&self, relay: &AccountId, period: Period, challenge: &Challenge) -> Call {
        let mut opening = self.tickets.open(&challenge.tickets);
        opening.extend(self.receipts.open(&challenge.receipts));
        let account = Value::from_bytes(<AccountId as AsRef<[u8]>>::as_ref(relay));
        let address = Value::unnamed_variant("Id", [account]);
        let period = Value::u128(period.into());
        let opening = Value::from_bytes(opening);
        call("Relay", "open", vec![address, period, opening])
    }
}

/// What the beacon drew for a claim, once it has.
pub async fn challenge(rpc: &Rpc, relay: &AccountId, period: Period) -> Result<Option<Challenge>> {
    let arguments = subxt::utils::to_hex((relay, period).encode());
    let answer = rpc
        .call("state_call", json!(["RelayApi_challenge", arguments]))
        .await?;
    let raw = unhex(answer.as_str().context("no bytes")?)?;
    Option::<Challenge>::decode(&mut raw.as_slice()).context("a challenge that does not decode")
}

/// The events of a relay in final blocks, from one height on.
pub struct Watch {
    chain: Chain,
    relay: AccountId,
    next: u64,
}

impl Watch {
    /// From the block of that height on.
    pub fn from(chain: &Chain, relay: &AccountId, next: u64) -> Self {
        Self {
            chain: chain.clone(),
            relay: relay.clone(),
            next,
        }
    }

    /// The next event of that name for which the fields hold these numbers, and its block. `None` when the
    /// final chain has no such one yet; blocks before it are not looked at again.
    pub async fn find(
        &mut self,
        rpc: &Rpc,
        name: &str,
        fields: &[(&str, u128)],
    ) -> Result<Option<(u64, Event)>> {
        let last = facts::finalized(rpc).await?.number;
        while self.next <= last {
            let height = self.next;
            for event in self.chain.events_at(height).await? {
                if event.name == name && self.is_of_it(&event)? && holds(&event, fields)? {
                    return Ok(Some((height, event)));
                }
            }
            self.next += 1;
        }
        Ok(None)
    }

    fn is_of_it(&self, event: &Event) -> Result<bool> {
        let relay = account_in(event.field("relay")?)?;
        let own: &[u8] = self.relay.as_ref();
        Ok(relay.0 == own)
    }
}

fn holds(event: &Event, fields: &[(&str, u128)]) -> Result<bool> {
    for (name, expected) in fields {
        if number(event.field(name)?)? != *expected {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What one relay that proved so many bytes at a speed in thousandths alone in its period is paid of a
/// price per mebibyte, by the default rules: half of the price at the highest speed, and of what the
/// period pays a fifth.
pub fn pay_of_the_only_one(bytes: u128, speed: u128, price: u128) -> Result<u128> {
    ensure!(speed <= 1_500, "no such speed");
    let worth = price / 2 * bytes * speed / ((1 << 20) * 1_500);
    Ok(worth / 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mebibyte_at_full_speed_is_paid_half_its_price() {
        let pay = pay_of_the_only_one(1 << 20, 1_500, 1_000).unwrap();
        assert_eq!(pay, 100);
        assert!(pay_of_the_only_one(1, 1_501, 1).is_err());
    }
}
