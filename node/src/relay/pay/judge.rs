//! Judging tickets and receipts as they come. Signatures are checked outside of the lock, so that connections do not wait for each other;
//! the chain is asked once for each device and period.

use super::{
    receipts::{ReceiptError, Receipts},
    tickets::{Known, Now, Presented, Tickets},
};
use crate::relay::{Signed, names::account_of};
use parking_lot::Mutex;
use parlance_bimp::{EnvelopeView, Receipt, Ticket};
use parlance_primitives::{
    AccountId, Hash,
    relay::{LatencyClass, Period, RelayId, Setting, ticket_statement},
};
use parlance_relay::directory::{Charge, Delivered, DeviceName, Judgement, TicketError};
use parlance_relay_claims as claims;
use sp_core::{Pair, ed25519};

/// The chain did not answer.
#[derive(Debug, thiserror::Error)]
#[error("the chain's state cannot be read: {0}")]
pub struct Unanswered(pub String);

/// What the chain has to say for tickets and receipts.
pub trait Facts {
    /// What is known of a device for a period.
    fn known(&self, device: &DeviceName, period: Period) -> Result<Known, Unanswered>;
}

/// Whose pay it is.
#[derive(Clone, Debug)]
pub struct Payee {
    /// Hash of the chain's first block.
    pub genesis: Hash,
    /// The relay's account.
    pub account: AccountId,
    /// Its name in rosters.
    pub id: RelayId,
}

/// Something that the relay may claim, to be handed to the worker.
#[derive(Clone, Debug)]
pub struct Worth {
    /// The period.
    pub period: Period,
    /// What.
    pub signed: Signed,
}

/// Judges for one relay.
pub struct Judge {
    payee: Payee,
    tickets: Mutex<Tickets>,
    receipts: Mutex<Receipts>,
}

impl Judge {
    /// Knows of nobody yet. `run` is another number for each time in a process.
    pub fn new(payee: Payee, run: u64) -> Self {
        Self {
            tickets: Mutex::new(Tickets::new(payee.id)),
            receipts: Mutex::new(Receipts::new(payee.id, run)),
            payee,
        }
    }

    /// Whose pay it is.
    pub fn payee(&self) -> &Payee {
        &self.payee
    }

    /// Where time stands.
    pub fn now(&self) -> Now {
        self.tickets.lock().now()
    }

    /// Accounts whose tickets are counted in the running period.
    pub fn senders(&self) -> usize {
        self.tickets.lock().senders()
    }

    /// Time goes on.
    pub fn turn(&self, now: Now) {
        self.tickets.lock().turn(now);
        self.receipts.lock().turn(now);
    }

    /// Whether the chain has said what a period is judged by.
    pub fn has(&self, period: Period) -> bool {
        self.tickets.lock().has(period)
    }

    /// What the chain says of a period.
    pub fn set(&self, period: Period, setting: Setting) {
        self.receipts.lock().set(period, &setting);
        self.tickets.lock().set(period, setting);
    }

    /// The record of an account has changed.
    pub fn forget(&self, account: &AccountId) {
        self.tickets.lock().forget(account);
        self.receipts.lock().forget(account);
    }

    /// What to say to a message, and what it is worth. `keeps` is whether this relay keeps the mailbox.
    pub fn judge(
        &self,
        facts: &impl Facts,
        sender: &DeviceName,
        envelope: &EnvelopeView<'_>,
        keeps: bool,
    ) -> (Judgement, Option<Worth>) {
        let unpaid = |error| match keeps {
            true => Judgement::Unpaid,
            false => Judgement::Refused(error),
        };
        if envelope.ticket.is_empty() {
            return (unpaid(TicketError::Missing), None);
        }
        let Some(ticket) = Ticket::parse(envelope.ticket) else {
            return (Judgement::Refused(TicketError::Malformed), None);
        };
        match self.count(facts, sender, &ticket, envelope) {
            // T2: as good as none.
            Err(error @ (TicketError::Stranger | TicketError::NotIngress)) => (unpaid(error), None),
            Err(error) => (Judgement::Refused(error), None),
            Ok((judgement, worth)) => (judgement, worth),
        }
    }

    /// A message that was counted was not taken.
    pub fn give_back(&self, sender: &DeviceName, charge: &Charge) {
        let account = account_of(&sender.account);
        let mut tickets = self.tickets.lock();
        tickets.give_back(&account, sender.number, charge);
    }

    /// Whether it is in memory what tickets of a device are judged by, or that they are not taken.
    pub fn is_known(&self, sender: &DeviceName, period: Period) -> bool {
        let account = account_of(&sender.account);
        let look = self.tickets.lock().look(&account, sender.number, period);
        !matches!(look, Ok(None))
    }

    /// Asks the chain what tickets of a device are judged by. What does not come of it is told with a ticket.
    pub fn look_up(&self, facts: &impl Facts, sender: &DeviceName, period: Period) {
        if let Ok(known) = facts.known(sender, period) {
            let account = account_of(&sender.account);
            let mut tickets = self.tickets.lock();
            let _ = tickets.learn(&account, sender.number, period, &known);
        }
    }

    /// Whether receipts of a period may count. What is of another one need not wait to be refused.
    pub fn takes_receipts_of(&self, period: Period) -> bool {
        let running = self.now().period;
        (running.saturating_sub(1)..=running).contains(&period)
    }

    /// Something was delivered: what more the receipts of its device are worth by that.
    pub fn deliver(&self, recipient: &DeviceName, delivered: Delivered) -> Vec<Worth> {
        let account = account_of(&recipient.account);
        let mut receipts = self.receipts.lock();
        receipts.deliver(&account, recipient.number, delivered)
    }

    /// What a recipient's word is worth; nothing as long as nothing of it is delivered.
    ///
    /// # Errors
    /// Why it may not be claimed.
    pub fn judge_receipt(
        &self,
        facts: &impl Facts,
        recipient: &DeviceName,
        receipt: &Receipt,
    ) -> Result<Option<Worth>, ReceiptError> {
        let account = account_of(&recipient.account);
        let number = recipient.number;
        let look = self
            .receipts
            .lock()
            .look(&account, number, receipt.period)?;
        let standing = match look {
            Some(standing) => standing,
            None => {
                let known = facts.known(recipient, receipt.period)?;
                let mut receipts = self.receipts.lock();
                receipts.learn(&account, number, receipt.period, &known)?
            }
        };
        let checked = standing.check(&self.payee, &account, receipt)?;
        self.receipts.lock().count(&account, number, checked)
    }

    fn count(
        &self,
        facts: &impl Facts,
        sender: &DeviceName,
        ticket: &Ticket,
        envelope: &EnvelopeView<'_>,
    ) -> Result<(Judgement, Option<Worth>), TicketError> {
        let account = account_of(&sender.account);
        let (number, period) = (sender.number, ticket.period);
        let look = self.tickets.lock().look(&account, number, period)?;
        let standing = match look {
            Some(standing) => standing,
            None => {
                let known = facts.known(sender, period).map_err(|error| {
                    log::warn!(target: crate::relay::LOG_TARGET, "a ticket is not judged: {error}");
                    TicketError::Unavailable
                })?;
                let mut tickets = self.tickets.lock();
                tickets.learn(&account, number, period, &known)?
            }
        };
        let key = standing.key?;
        let latency = LatencyClass(ticket.latency);
        let payee = &self.payee;
        let statement = ticket_statement(
            &payee.genesis,
            period,
            &payee.account,
            &account,
            ticket.bytes,
            latency,
        );
        let signature = ed25519::Signature::from_raw(ticket.signature);
        if !ed25519::Pair::verify(&signature, statement, &key) {
            return Err(TicketError::Signature);
        }
        let shown = Presented {
            signed: ticket.bytes,
            message: envelope.id(),
            bytes: u64::try_from(envelope.bare_size()).unwrap_or(u64::MAX),
        };
        let judgement = self.tickets.lock().count(&account, number, period, &shown);
        let worth = match judgement {
            Judgement::Paid(_) | Judgement::Surplus(_) => Some(Worth {
                period,
                signed: Signed::Ticket(claims::Ticket {
                    sender: account,
                    device: standing.device,
                    bytes: ticket.bytes,
                    latency,
                    signature,
                }),
            }),
            Judgement::Unpaid | Judgement::Refused(_) => None,
        };
        Ok((judgement, worth))
    }
}
