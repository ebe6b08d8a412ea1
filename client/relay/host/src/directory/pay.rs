//! What relays are paid by: what a directory says to tickets, and takes of receipts.

use parlance_bimp::{Account, DeviceNumber, MessageId, Reason};

/// A device, by its account and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceName {
    /// Whose.
    pub account: Account,
    /// Which.
    pub number: DeviceNumber,
}

/// What was counted for a message when its ticket was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Charge {
    /// The ticket's period.
    pub period: u32,
    /// The message.
    pub message: MessageId,
    /// Bytes of its envelope without the ticket.
    pub bytes: u64,
}

/// Bytes that were delivered, as receipts count them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Of messages to the account alone.
    pub direct: u64,
    /// Of copies out of the fan-out of groups.
    pub fanned: u64,
}

impl Delivered {
    /// Whether it is none at all.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// What a directory says to the ticket of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// The ticket pays for the message. None when the message was counted before.
    Paid(Option<Charge>),
    /// The ticket holds and the message is counted, but no more of this sender's bytes are paid in the period.
    Surplus(Option<Charge>),
    /// There is no ticket, and none is needed: this relay keeps the mailbox.
    Unpaid,
    /// The message is refused.
    Refused(TicketError),
}

impl Judgement {
    /// What was counted.
    pub fn charge(&self) -> Option<Charge> {
        match self {
            Self::Paid(charge) | Self::Surplus(charge) => *charge,
            Self::Unpaid | Self::Refused(_) => None,
        }
    }
}

/// Why a ticket is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TicketError {
    /// There is none, and the mailbox lies on other relays.
    #[error("this relay does not keep the mailbox: send a ticket, or send to a relay of its set")]
    Missing,
    /// It cannot be read.
    #[error("the ticket cannot be read: this application or the relay is broken, update it")]
    Malformed,
    /// Its period is not the running one, and not the one that has just ended.
    #[error(
        "the ticket is for period {signed}, and {running} is running: sign for the running one"
    )]
    Period {
        /// Of the ticket.
        signed: u32,
        /// The running one.
        running: u32,
    },
    /// The device was not on record in the period.
    #[error("the device was not on record in the period: wait for the next one")]
    Stranger,
    /// This relay is none of those through which the account may send in the period.
    #[error("this relay is not drawn for the sender: send through one of its ingress relays")]
    NotIngress,
    /// The signature does not hold.
    #[error("the signature does not hold: sign for this relay, period, account and chain")]
    Signature,
    /// It covers less than what was taken.
    #[error("the ticket covers {signed} bytes, and {needed} are taken with this message")]
    TooFew {
        /// Bytes of the ticket.
        signed: u64,
        /// Bytes that it has to cover.
        needed: u64,
    },
    /// The sender has no more allowance at this relay in this period.
    #[error("the period's allowance at this relay, {most} bytes, is used up: wait, or buy more")]
    UsedUp {
        /// Bytes that it is.
        most: u64,
    },
    /// As many senders as there is room for are counted.
    #[error("no room for more senders in this period: send through another relay")]
    Full,
    /// The chain could not be asked.
    #[error("the relay's node did not answer: send the same through another relay")]
    Unavailable,
}

impl TicketError {
    /// What the sender is told.
    pub fn reason(&self) -> Reason {
        match self {
            Self::Missing => Reason::NotResponsible,
            Self::UsedUp { .. } => Reason::AllowanceUsedUp,
            Self::Full => Reason::TooFast,
            Self::Unavailable => Reason::Internal,
            _ => Reason::BadTicket,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn senders_hear_what_helps_them() {
        let reasons = [
            (TicketError::Missing, Reason::NotResponsible),
            (TicketError::Signature, Reason::BadTicket),
            (TicketError::UsedUp { most: 7 }, Reason::AllowanceUsedUp),
            (TicketError::Full, Reason::TooFast),
            (TicketError::Unavailable, Reason::Internal),
        ];
        for (error, reason) in reasons {
            assert_eq!(error.reason(), reason, "{error}");
        }
    }

    #[test]
    fn only_what_was_counted_can_be_given_back() {
        let charge = Charge {
            period: 1,
            message: MessageId([2; 32]),
            bytes: 3,
        };
        assert_eq!(Judgement::Paid(Some(charge)).charge(), Some(charge));
        assert_eq!(Judgement::Surplus(Some(charge)).charge(), Some(charge));
        assert_eq!(Judgement::Paid(None).charge(), None);
        assert_eq!(Judgement::Unpaid.charge(), None);
        let refused = Judgement::Refused(TicketError::Malformed);
        assert_eq!(refused.charge(), None);
    }
}
