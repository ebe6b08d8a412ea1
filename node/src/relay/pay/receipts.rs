//! What is counted of recipients' receipts.
//!
//! - **Q1** A receipt is for the running period, or for the one before while that can be claimed for, in which case the worker knows.
//! - **Q2** The device is on record, and this relay is among the nearest to a mailbox of its account: that of the present epoch, or of the one
//!   before. The receipt does not say which; the signature does.
//! - **Q3** The latest of a device is claimed: one over no more bytes than the last is dropped.
//! - **Q4** [`MOST_RECIPIENTS`] devices in a period; two periods.
//! - **Q5** No more of it counts than was delivered ([`super::delivered`]). What is signed for and not delivered yet counts when it is.

use super::{
    delivered::Deliveries,
    judge::{Payee, Unanswered, Worth},
    tickets::{GRACE, Known, Now},
};
use crate::relay::Signed;
use parlance_bimp::{DeviceNumber, Receipt};
use parlance_primitives::{
    AccountId,
    accounts::DeviceId,
    relay::{
        Delivered, DeviceStanding, LatencyClass, MAILBOX, Period, RelayId, Setting, is_near,
        mailbox_of, receipt_statement,
    },
};
use parlance_relay::directory::Delivered as Bytes;
use parlance_relay_claims::{self as claims, MOST_KEPT, Pushed};
use sp_core::{Pair, ed25519};
use std::collections::BTreeMap;

/// Devices whose receipts are counted in a period.
pub const MOST_RECIPIENTS: usize = MOST_KEPT;

/// Why a receipt is dropped. Its recipient is not told: nothing it could do would help it.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// Its period is over, or has not begun.
    #[error("period {0} is not open: the device's clock of periods is behind or ahead")]
    Period(Period),
    /// No such device.
    #[error("the device was not on record in the period")]
    Stranger,
    /// Not of the mailbox's set.
    #[error("the chain does not count this relay among those that keep the mailbox")]
    NotMailbox,
    /// The signature.
    #[error("the signature does not hold for this relay, period, account and chain")]
    Signature,
    /// Old news.
    #[error("{0} bytes are confirmed already")]
    NotMore(u64),
    /// Too many.
    #[error("no room for more recipients in this period")]
    Full,
    /// The chain.
    #[error(transparent)]
    Unanswered(#[from] Unanswered),
}

/// A receipt that holds.
#[derive(Debug)]
pub struct Checked {
    /// The period.
    pub period: Period,
    /// What the worker takes.
    pub signed: claims::Receipt,
}

/// What receipts of a device are judged by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    device: DeviceId,
    key: Option<ed25519::Public>,
    /// Mailbox epochs that this relay is near to, the newest first.
    epochs: Vec<u32>,
}

/// All recipients of the running period and of the one before.
#[derive(Debug)]
pub struct Receipts {
    id: RelayId,
    run: u64,
    now: Now,
    open: BTreeMap<Period, Open>,
    deliveries: Deliveries,
}

#[derive(Debug)]
struct Open {
    roster: Vec<RelayId>,
    recipients: BTreeMap<(AccountId, DeviceNumber), Recipient>,
}

#[derive(Debug)]
struct Recipient {
    standing: Option<Standing>,
    /// The latest, and what counts of it.
    signed: Option<claims::Receipt>,
    counted: Bytes,
}

impl Standing {
    /// The receipt as the chain takes it.
    ///
    /// # Errors
    /// Q2.
    pub fn check(
        &self,
        payee: &Payee,
        recipient: &AccountId,
        receipt: &Receipt,
    ) -> Result<Checked, ReceiptError> {
        let key = self.key.ok_or(ReceiptError::Stranger)?;
        if self.epochs.is_empty() {
            return Err(ReceiptError::NotMailbox);
        }
        let signature = ed25519::Signature::from_raw(receipt.signature);
        for epoch in &self.epochs {
            let delivered = Delivered {
                mailbox_epoch: *epoch,
                direct: receipt.bytes,
                fanned: receipt.fanned,
                latency: LatencyClass(receipt.latency),
            };
            let statement = receipt_statement(
                &payee.genesis,
                receipt.period,
                &payee.account,
                recipient,
                &delivered,
            );
            if ed25519::Pair::verify(&signature, statement, &key) {
                return Ok(Checked {
                    period: receipt.period,
                    signed: claims::Receipt {
                        recipient: recipient.clone(),
                        device: self.device,
                        delivered,
                        signature,
                        // Q5.
                        pushed: Pushed::default(),
                    },
                });
            }
        }
        Err(ReceiptError::Signature)
    }
}

impl Receipts {
    /// None yet, at the relay of this name. `run` tells this from what counted before it (rule C9 of the claims).
    pub fn new(id: RelayId, run: u64) -> Self {
        Self {
            id,
            run,
            now: Now {
                period: 0,
                blocks: 0,
            },
            open: BTreeMap::new(),
            deliveries: Deliveries::default(),
        }
    }

    /// Time goes on. What is older than the period before is forgotten.
    pub fn turn(&mut self, now: Now) {
        self.now = now;
        let first = now.period.saturating_sub(1);
        self.open
            .retain(|period, _| (first..=now.period).contains(period));
        self.deliveries.turn(now.period);
    }

    /// What the chain says of a period.
    pub fn set(&mut self, period: Period, setting: &Setting) {
        match self.open.get_mut(&period) {
            Some(open) if open.roster == setting.roster => {}
            Some(open) => {
                open.roster.clone_from(&setting.roster);
                for recipient in open.recipients.values_mut() {
                    recipient.standing = None;
                }
            }
            None => {
                let open = Open {
                    roster: setting.roster.clone(),
                    recipients: BTreeMap::new(),
                };
                self.open.insert(period, open);
            }
        }
    }

    /// What is known of an account is asked again.
    pub fn forget(&mut self, account: &AccountId) {
        for open in self.open.values_mut() {
            let all = (account.clone(), DeviceNumber::MIN)..=(account.clone(), DeviceNumber::MAX);
            for (_, recipient) in open.recipients.range_mut(all) {
                recipient.standing = None;
            }
        }
    }

    /// What a receipt is judged by; none when the chain has to be asked.
    ///
    /// # Errors
    /// Q1, Q4.
    pub fn look(
        &self,
        account: &AccountId,
        number: DeviceNumber,
        period: Period,
    ) -> Result<Option<Standing>, ReceiptError> {
        let open = self.open.get(&period).ok_or(ReceiptError::Period(period))?;
        match open.recipients.get(&(account.clone(), number)) {
            Some(recipient) => Ok(recipient.standing.clone()),
            None if open.recipients.len() >= MOST_RECIPIENTS => Err(ReceiptError::Full),
            None => Ok(None),
        }
    }

    /// Takes what the chain says of a device.
    ///
    /// # Errors
    /// Q1, Q2, Q4.
    pub fn learn(
        &mut self,
        account: &AccountId,
        number: DeviceNumber,
        period: Period,
        known: &Known,
    ) -> Result<Standing, ReceiptError> {
        let id = self.id;
        let open = self.open.get_mut(&period);
        let open = open.ok_or(ReceiptError::Period(period))?;
        let (device, known) = known.as_ref().ok_or(ReceiptError::Stranger)?;
        let newest = known.mailbox_epoch.unwrap_or(0);
        let roster = &open.roster;
        let is_own = |epoch: &u32| is_near(roster, id, mailbox_of(account, *epoch), MAILBOX);
        let epochs = [Some(newest), newest.checked_sub(1)];
        let standing = Standing {
            device: *device,
            key: match known.device {
                DeviceStanding::OnRecord(key) => Some(key),
                DeviceStanding::Left | DeviceStanding::Stranger => None,
            },
            epochs: epochs.into_iter().flatten().filter(is_own).collect(),
        };
        let place = (account.clone(), number);
        if open.recipients.len() >= MOST_RECIPIENTS && !open.recipients.contains_key(&place) {
            return Err(ReceiptError::Full);
        }
        let recipient = open.recipients.entry(place).or_insert(Recipient {
            standing: None,
            signed: None,
            counted: Bytes::default(),
        });
        recipient.standing = Some(standing.clone());
        Ok(standing)
    }

    /// Counts a receipt that holds, as far as what it is about was delivered.
    ///
    /// # Errors
    /// Q3.
    pub fn count(
        &mut self,
        account: &AccountId,
        number: DeviceNumber,
        checked: Checked,
    ) -> Result<Option<Worth>, ReceiptError> {
        let Checked { period, signed } = checked;
        let place = (account.clone(), number);
        let open = self.open.get_mut(&period);
        let recipient = open.and_then(|open| open.recipients.get_mut(&place));
        let recipient = recipient.ok_or(ReceiptError::Period(period))?;
        let confirmed = recipient.signed.as_ref().map_or(0, bytes_of);
        if bytes_of(&signed) <= confirmed {
            return Err(ReceiptError::NotMore(confirmed));
        }
        recipient.signed = Some(signed);
        let open = recipient.open();
        let more = self.deliveries.take(&place, period, open);
        Ok(recipient.raise(period, more, self.run))
    }

    /// Something was delivered to a device. What more its receipts are worth by that.
    pub fn deliver(
        &mut self,
        account: &AccountId,
        number: DeviceNumber,
        mut delivered: Bytes,
    ) -> Vec<Worth> {
        let (running, place) = (self.now.period, (account.clone(), number));
        let mut worth = Vec::new();
        // Signed for in the period before, and acknowledged when that was over.
        let before = running.checked_sub(1);
        if let Some(before) = before.filter(|_| self.now.blocks <= GRACE)
            && let Some(recipient) = recipient_of(&mut self.open, before, &place)
        {
            let more = take(&mut delivered, recipient.open());
            worth.extend(recipient.raise(before, more, self.run));
        }
        if let Some(recipient) = recipient_of(&mut self.open, running, &place) {
            let more = take(&mut delivered, recipient.open());
            worth.extend(recipient.raise(running, more, self.run));
        }
        self.deliveries.put(place, running, delivered);
        worth
    }
}

impl Recipient {
    /// What is signed for, and does not count yet.
    fn open(&self) -> Bytes {
        let said = self.signed.as_ref().map(|signed| signed.delivered);
        said.map_or_else(Bytes::default, |said| Bytes {
            direct: said.direct.saturating_sub(self.counted.direct),
            fanned: said.fanned.saturating_sub(self.counted.fanned),
        })
    }

    /// So much more of it was delivered.
    fn raise(&mut self, period: Period, more: Bytes, run: u64) -> Option<Worth> {
        if more.is_nothing() {
            return None;
        }
        let Bytes { direct, fanned } = more;
        let counted = &mut self.counted;
        counted.direct = counted.direct.saturating_add(direct);
        counted.fanned = counted.fanned.saturating_add(fanned);
        let mut signed = self.signed.clone()?;
        signed.pushed = Pushed {
            run,
            direct: counted.direct,
            fanned: counted.fanned,
        };
        Some(Worth {
            period,
            signed: Signed::Receipt(signed),
        })
    }
}

fn recipient_of<'a>(
    open: &'a mut BTreeMap<Period, Open>,
    period: Period,
    place: &(AccountId, DeviceNumber),
) -> Option<&'a mut Recipient> {
    open.get_mut(&period)?.recipients.get_mut(place)
}

fn bytes_of(receipt: &claims::Receipt) -> u64 {
    let delivered = &receipt.delivered;
    delivered.direct.saturating_add(delivered.fanned)
}

/// Takes as much of each kind as is asked for and there.
pub(super) fn take(from: &mut Bytes, asked: Bytes) -> Bytes {
    let taken = Bytes {
        direct: from.direct.min(asked.direct),
        fanned: from.fanned.min(asked.fanned),
    };
    from.direct = from.direct.saturating_sub(taken.direct);
    from.fanned = from.fanned.saturating_sub(taken.fanned);
    taken
}
