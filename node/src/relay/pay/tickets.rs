//! What is counted of senders' tickets: sums and names in memory, no clock, no chain, no signature.
//!
//! - **T1 period.** A ticket is for the running period, or for the one before while that is [`GRACE`] blocks past at most.
//! - **T2 who.** Its device is on record in the period, and this relay is drawn for its account. Otherwise it is as good as none (T7).
//! - **T3 signature.** It is the device's, over this chain, period, relay and account ([`super::judge`]).
//! - **T4 sum.** It covers at least what was taken of the device in the period, with the message that it comes with. It may say less
//!   than an earlier one, since a sender does not count what was refused; the highest is what the relay claims.
//! - **T5 once.** A message that is among the last [`REMEMBERED`] of its device is counted once, however often it comes.
//! - **T6 cap.** Up to the account's cap it pays. Beyond it, up to what the account's whole allowance leaves it at one relay in one
//!   period, the message is served without pay, and the ticket is kept, because the chain reckons the network's load from it. What is
//!   beyond that is refused. What an account buys in a period counts here from the next one on.
//! - **T7 none.** Without a ticket a message is served within the core's quotas if this relay keeps its mailbox, or may stand in for those
//!   that do.
//! - **T8 bounds.** [`MOST_SENDERS`] accounts in a period; two periods.
//! - **T9 restart.** Sums are not on the disk. After a start they begin at nothing, so that a sender may once show its last ticket again, for
//!   no more bytes than it says.

use parlance_bimp::{DeviceNumber, MessageId, limits::MAX_DEVICES};
use parlance_primitives::{
    AccountId, BlockNumber,
    accounts::DeviceId,
    relay::{
        Correspondent, DeviceStanding, Period, RelayId, Setting, cap, carried, ingress_places,
    },
};
use parlance_relay::directory::{Charge, Judgement, TicketError};
use parlance_relay_claims::MOST_KEPT;
use sp_core::ed25519;
use std::collections::{BTreeMap, HashMap, VecDeque};

/// Blocks for which tickets of the period before are taken.
pub const GRACE: BlockNumber = 3;
/// Messages of a device that are known again.
pub const REMEMBERED: usize = 32;
/// Accounts that are counted in a period: as many as a claim is made from.
pub const MOST_SENDERS: usize = MOST_KEPT;

/// Where the chain's time stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The running period.
    pub period: Period,
    /// Blocks of it that there are.
    pub blocks: BlockNumber,
}

/// What a ticket of a device is judged by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its name on the chain.
    pub device: DeviceId,
    /// Its key, when a ticket of it can count (T2).
    pub key: Result<ed25519::Public, TicketError>,
}

/// A ticket whose signature holds, and the message that it came with.
#[derive(Clone, Copy, Debug)]
pub struct Presented {
    /// Bytes of the ticket.
    pub signed: u64,
    /// The message.
    pub message: MessageId,
    /// Its bytes.
    pub bytes: u64,
}

/// What is known of a device for a period: its name, and what the chain says. None when the account has no such device.
pub type Known = Option<(DeviceId, Correspondent)>;

/// All senders of the running period and of the one before.
#[derive(Debug)]
pub struct Tickets {
    id: RelayId,
    now: Now,
    open: BTreeMap<Period, Open>,
}

#[derive(Debug)]
struct Open {
    setting: Setting,
    senders: HashMap<AccountId, Sender>,
}

#[derive(Debug, Default)]
struct Sender {
    taken: u64,
    paid: u64,
    most: u64,
    devices: BTreeMap<DeviceNumber, Device>,
}

#[derive(Debug)]
struct Device {
    standing: Option<Standing>,
    taken: u64,
    last: VecDeque<MessageId>,
}

impl Tickets {
    /// None yet, at the relay of this name.
    pub fn new(id: RelayId) -> Self {
        let now = Now {
            period: 0,
            blocks: 0,
        };
        Self {
            id,
            now,
            open: BTreeMap::new(),
        }
    }

    /// Where time stands.
    pub fn now(&self) -> Now {
        self.now
    }

    /// Whether the chain has said what a period is judged by.
    pub fn has(&self, period: Period) -> bool {
        self.open.contains_key(&period)
    }

    /// Time goes on. What is older than the period before is forgotten.
    pub fn turn(&mut self, now: Now) {
        self.now = now;
        let first = now.period.saturating_sub(1);
        self.open
            .retain(|period, _| (first..=now.period).contains(period));
    }

    /// What the chain says of a period. When it says something else than before, another chain has become the best: what is known of
    /// senders is asked again, and their sums stay.
    pub fn set(&mut self, period: Period, setting: Setting) {
        match self.open.get_mut(&period) {
            Some(open) if open.setting == setting => {}
            Some(open) => {
                open.setting = setting;
                for sender in open.senders.values_mut() {
                    sender.forget();
                }
            }
            None => {
                let senders = HashMap::new();
                self.open.insert(period, Open { setting, senders });
            }
        }
    }

    /// What is known of an account is asked again: its record has changed.
    pub fn forget(&mut self, account: &AccountId) {
        for open in self.open.values_mut() {
            if let Some(sender) = open.senders.get_mut(account) {
                sender.forget();
            }
        }
    }

    /// What a ticket is judged by; none when the chain has to be asked ([`Self::learn`]).
    ///
    /// # Errors
    /// T1, T2, T8.
    pub fn look(
        &self,
        account: &AccountId,
        device: DeviceNumber,
        period: Period,
    ) -> Result<Option<Standing>, TicketError> {
        let open = self.period(period)?;
        let Some(sender) = open.senders.get(account) else {
            return match open.senders.len() < MOST_SENDERS {
                true => Ok(None),
                false => Err(TicketError::Full),
            };
        };
        Ok(sender.devices.get(&device).and_then(|it| it.standing))
    }

    /// Takes what the chain says of a device.
    ///
    /// # Errors
    /// T1, T2, T8.
    pub fn learn(
        &mut self,
        account: &AccountId,
        number: DeviceNumber,
        period: Period,
        known: &Known,
    ) -> Result<Standing, TicketError> {
        let id = self.id;
        self.period(period)?;
        let open = self.open.get_mut(&period).ok_or(TicketError::Unavailable)?;
        let full = open.senders.len() >= MOST_SENDERS && !open.senders.contains_key(account);
        if full {
            return Err(TicketError::Full);
        }
        // Nobody authenticates as a device that is not there: nothing is kept of it.
        let Some((device, known)) = known else {
            return Err(TicketError::Stranger);
        };
        let standing = Standing {
            device: *device,
            key: match known.device {
                _ if !is_drawn(&open.setting, id, account, period) => Err(TicketError::NotIngress),
                DeviceStanding::OnRecord(key) => Ok(key),
                DeviceStanding::Left | DeviceStanding::Stranger => Err(TicketError::Stranger),
            },
        };
        let rules = &open.setting.rules;
        let sender = open.senders.entry(account.clone()).or_default();
        // More than an account has at a time are numbers of keys that it gave up within the period.
        if sender.devices.len() >= 2 * MAX_DEVICES && !sender.devices.contains_key(&number) {
            return Err(TicketError::Full);
        }
        sender.paid = cap(&known.allowance, rules);
        sender.most = carried(u64::MAX, &known.allowance, rules);
        let device = sender.devices.entry(number).or_insert_with(|| Device {
            standing: None,
            taken: 0,
            last: VecDeque::new(),
        });
        device.standing = Some(standing);
        Ok(standing)
    }

    /// Counts a message whose ticket is signed as it should be (T4 to T6).
    pub fn count(
        &mut self,
        account: &AccountId,
        number: DeviceNumber,
        period: Period,
        shown: &Presented,
    ) -> Judgement {
        let open = self.open.get_mut(&period);
        let Some(sender) = open.and_then(|open| open.senders.get_mut(account)) else {
            // The period ended since it was looked up.
            let running = self.now.period;
            return Judgement::Refused(TicketError::Period {
                signed: period,
                running,
            });
        };
        let (paid, most, all) = (sender.paid, sender.most, sender.taken);
        let Some(device) = sender.devices.get_mut(&number) else {
            return Judgement::Refused(TicketError::Unavailable);
        };
        let is_known = device.last.contains(&shown.message);
        let more = if is_known { 0 } else { shown.bytes };
        let needed = device.taken.saturating_add(more);
        if shown.signed < needed {
            let signed = shown.signed;
            return Judgement::Refused(TicketError::TooFew { signed, needed });
        }
        let all = all.saturating_add(more);
        if all > most && !is_known {
            return Judgement::Refused(TicketError::UsedUp { most });
        }
        let charge = (!is_known).then_some(Charge {
            period,
            message: shown.message,
            bytes: shown.bytes,
        });
        if charge.is_some() {
            if device.last.len() >= REMEMBERED {
                device.last.pop_front();
            }
            device.last.push_back(shown.message);
            device.taken = needed;
            sender.taken = all;
        }
        match all <= paid {
            true => Judgement::Paid(charge),
            false => Judgement::Surplus(charge),
        }
    }

    /// A message that was counted was not taken. Once: what is not remembered is not given back.
    pub fn give_back(&mut self, account: &AccountId, number: DeviceNumber, charge: &Charge) {
        let open = self.open.get_mut(&charge.period);
        let Some(sender) = open.and_then(|open| open.senders.get_mut(account)) else {
            return;
        };
        let Some(device) = sender.devices.get_mut(&number) else {
            return;
        };
        let place = device.last.iter().position(|it| *it == charge.message);
        if let Some(place) = place {
            device.last.remove(place);
            device.taken = device.taken.saturating_sub(charge.bytes);
            sender.taken = sender.taken.saturating_sub(charge.bytes);
        }
    }

    /// Accounts that are counted in the running period.
    pub fn senders(&self) -> usize {
        let running = self.open.get(&self.now.period);
        running.map_or(0, |open| open.senders.len())
    }

    /// T1.
    fn period(&self, period: Period) -> Result<&Open, TicketError> {
        let Now {
            period: running,
            blocks,
        } = self.now;
        let just_over = period.checked_add(1) == Some(running) && blocks <= GRACE;
        if period != running && !just_over {
            let signed = period;
            return Err(TicketError::Period { signed, running });
        }
        self.open.get(&period).ok_or(TicketError::Unavailable)
    }
}

impl Sender {
    fn forget(&mut self) {
        for device in self.devices.values_mut() {
            device.standing = None;
        }
    }
}

/// T2.
fn is_drawn(setting: &Setting, id: RelayId, account: &AccountId, period: Period) -> bool {
    let Ok(own) = setting.roster.binary_search(&id) else {
        return false;
    };
    let Ok(relays) = u32::try_from(setting.roster.len()) else {
        return false;
    };
    let places = ingress_places(&setting.seed, period, account, relays);
    places
        .into_iter()
        .any(|place| usize::try_from(place) == Ok(own))
}
