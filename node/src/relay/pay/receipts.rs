//! What is counted of recipients' receipts.
//!
//! - **Q1** A receipt is for the running period, or for the one before while that can be claimed for, in which case the worker knows.
//! - **Q2** The device is on record, and this relay is among the nearest to a mailbox of its account: that of the present epoch, or of the one
//!   before. The receipt does not say which; the signature does.
//! - **Q3** The latest of a device is claimed: one over no more bytes than the last is dropped.
//! - **Q4** [`MOST_RECIPIENTS`] devices in a period; two periods.

use super::{
    judge::{Payee, Unanswered},
    tickets::{Known, Now},
};
use parlance_bimp::{DeviceNumber, Receipt};
use parlance_primitives::{
    AccountId,
    accounts::DeviceId,
    relay::{
        Delivered, DeviceStanding, LatencyClass, MAILBOX, Period, RelayId, Setting, is_near,
        mailbox_of, receipt_statement,
    },
};
use parlance_relay_claims::{self as claims, MOST_KEPT};
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
    running: Period,
    open: BTreeMap<Period, Open>,
}

#[derive(Debug)]
struct Open {
    roster: Vec<RelayId>,
    recipients: BTreeMap<(AccountId, DeviceNumber), Recipient>,
}

#[derive(Debug)]
struct Recipient {
    standing: Option<Standing>,
    confirmed: u64,
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
                    },
                });
            }
        }
        Err(ReceiptError::Signature)
    }
}

impl Receipts {
    /// None yet, at the relay of this name.
    pub fn new(id: RelayId) -> Self {
        Self {
            id,
            running: 0,
            open: BTreeMap::new(),
        }
    }

    /// Time goes on. What is older than the period before is forgotten.
    pub fn turn(&mut self, now: Now) {
        self.running = now.period;
        let first = now.period.saturating_sub(1);
        self.open
            .retain(|period, _| (first..=now.period).contains(period));
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
            confirmed: 0,
        });
        recipient.standing = Some(standing.clone());
        Ok(standing)
    }

    /// Counts a receipt that holds.
    ///
    /// # Errors
    /// Q3.
    pub fn count(
        &mut self,
        account: &AccountId,
        number: DeviceNumber,
        period: Period,
        bytes: u64,
    ) -> Result<(), ReceiptError> {
        let open = self.open.get_mut(&period);
        let open = open.ok_or(ReceiptError::Period(period))?;
        let recipient = open.recipients.get_mut(&(account.clone(), number));
        let recipient = recipient.ok_or(ReceiptError::Period(period))?;
        if bytes <= recipient.confirmed {
            return Err(ReceiptError::NotMore(recipient.confirmed));
        }
        recipient.confirmed = bytes;
        Ok(())
    }
}
