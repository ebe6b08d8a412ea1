//! A chain of a few facts, and people who sign.

mod many;
mod receipts;
mod tickets;
mod till;

use super::{Facts, Judge, Known, Now, Payee, Unanswered, judge::Worth};
use codec::Encode;
use parlance_bimp::{Account, EnvelopeView, Mailbox, Ticket};
use parlance_primitives::{
    AccountId, Hash,
    accounts::DeviceId,
    relay::{
        Correspondent, DayAllowance, DeviceStanding, INGRESS, LatencyClass, Period, RelayId, Rules,
        Setting, ingress_places, ticket_statement,
    },
};
use parlance_relay::directory::{DeviceName, Judgement};
use sp_core::{Pair, ed25519};
use sp_runtime::Perbill;
use std::{cell::Cell, collections::BTreeMap};

/// The number of this judge.
const RUN: u64 = 3;
/// The running period of most tests.
const PERIOD: Period = 7;
/// Bytes of one of these messages.
const SIZE: u64 = 1 + 32 + 1 + 2 + 512;

/// What the chain says.
struct Chain {
    people: BTreeMap<DeviceName, (DeviceId, Correspondent)>,
    asked: Cell<u32>,
    answers: bool,
}

impl Facts for Chain {
    fn known(&self, device: &DeviceName, _: Period) -> Result<Known, Unanswered> {
        self.asked.set(self.asked.get() + 1);
        match self.answers {
            true => Ok(self.people.get(device).copied()),
            false => Err(Unanswered("a fault".into())),
        }
    }
}

fn payee() -> Payee {
    Payee {
        genesis: Hash::repeat_byte(1),
        account: AccountId::new([2; 32]),
        id: RelayId([0x40; 16]),
    }
}

/// Twelve relays, of which this is the fifth.
fn setting() -> Setting {
    Setting {
        seed: [5; 32],
        rules: Rules {
            burst: 4,
            periods_per_day: 288,
            most_free: 4 << 20,
            most_free_newcomer: 0,
            fan_out: Perbill::from_percent(10),
        },
        roster: (0..12).map(|n| RelayId([n * 16; 16])).collect(),
    }
}

/// Somebody with one device.
#[derive(Clone)]
struct Person {
    name: DeviceName,
    pair: ed25519::Pair,
}

impl Person {
    fn of(account: [u8; 32]) -> Self {
        Self {
            name: DeviceName {
                account: Account(account),
                number: 9,
            },
            pair: ed25519::Pair::from_seed(&account),
        }
    }

    fn id(&self) -> AccountId {
        AccountId::new(self.name.account.0)
    }

    /// For whom this relay is drawn, or is not.
    fn drawn(is_drawn: bool, period: Period, skip: usize) -> Self {
        let all = (0..=u16::MAX).map(|n| {
            let mut account = [3; 32];
            account[..2].copy_from_slice(&n.to_le_bytes());
            Self::of(account)
        });
        let own = |person: &Self| {
            let places = ingress_places(&setting().seed, period, &person.id(), 12);
            assert_eq!(places.len(), INGRESS);
            places.contains(&4) == is_drawn
        };
        all.filter(own).nth(skip).unwrap()
    }

    fn ticket(&self, period: Period, bytes: u64) -> Ticket {
        let Payee {
            genesis, account, ..
        } = payee();
        let latency = LatencyClass(2);
        let statement = ticket_statement(&genesis, period, &account, &self.id(), bytes, latency);
        Ticket {
            period,
            bytes,
            latency: 2,
            signature: self.pair.sign(&statement).0,
        }
    }
}

/// Message `number` with a ticket.
fn envelope(number: u64, ticket: &[u8]) -> Vec<u8> {
    let mut bytes = vec![1];
    bytes.extend(Mailbox([8; 32]).0);
    ticket.to_vec().encode_to(&mut bytes);
    let mut sealed = vec![6; 512];
    sealed[..8].copy_from_slice(&number.to_le_bytes());
    sealed.encode_to(&mut bytes);
    bytes
}

/// The cap and the whole allowance of those in [`Scene`], at one relay in one period.
const CAP: u64 = (4 << 20) * 4 / (3 * 288);
const MOST: u64 = (16 << 20) * 4 / (3 * 288);

struct Scene {
    chain: Chain,
    judge: Judge,
}

impl Scene {
    /// The third block of [`PERIOD`], with these people on record.
    fn with(people: &[&Person]) -> Self {
        let known = |person: &&Person| {
            let known = Correspondent {
                device: DeviceStanding::OnRecord(person.pair.public()),
                allowance: DayAllowance {
                    free: 16 << 20,
                    bought: 0,
                    backed: true,
                    firm: true,
                },
                mailbox_epoch: Some(3),
            };
            (person.name, (DeviceId([4; 16]), known))
        };
        let judge = Judge::new(payee(), RUN);
        judge.set(PERIOD, setting());
        judge.set(PERIOD - 1, setting());
        judge.turn(Now {
            period: PERIOD,
            blocks: 3,
        });
        Self {
            chain: Chain {
                people: people.iter().map(known).collect(),
                asked: Cell::new(0),
                answers: true,
            },
            judge,
        }
    }

    fn change(&mut self, person: &Person, change: impl FnOnce(&mut Correspondent)) {
        change(&mut self.chain.people.get_mut(&person.name).unwrap().1);
    }

    fn show(&self, from: &Person, number: u64, ticket: &[u8], keeps: bool) -> Shown {
        let bytes = envelope(number, ticket);
        let view = EnvelopeView::parse(&bytes).unwrap();
        assert_eq!(view.bare_size() as u64, SIZE);
        let (judgement, worth) = self.judge.judge(&self.chain, &from.name, &view, keeps);
        Shown { judgement, worth }
    }

    /// A message to a mailbox of other relays, with a ticket over so many bytes.
    fn send(&self, from: &Person, number: u64, bytes: u64) -> Judgement {
        let ticket = from.ticket(PERIOD, bytes).encode();
        self.show(from, number, &ticket, false).judgement
    }
}

struct Shown {
    judgement: Judgement,
    worth: Option<Worth>,
}
