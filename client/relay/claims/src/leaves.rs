//! What comes in, and why it is not taken.

use parlance_primitives::{
    AccountId, Hash,
    accounts::DeviceId,
    relay::{
        Correspondent, Delivered, Doubt, Fault, Flaw, LatencyClass, Opened, Period, ReceiptLeaf,
        RelayId, Rules, Scene, Setting, TicketLeaf, cap, check_receipt, check_ticket,
    },
};
use sp_core::{Pair, ed25519};

/// Whose books these are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// Hash of the chain's first block.
    pub genesis: Hash,
    /// The relay's account.
    pub account: AccountId,
}

/// The period that something is signed for, as the chain sees it.
#[derive(Clone, Copy, Debug)]
pub struct Occasion<'a> {
    /// The period.
    pub period: Period,
    /// The relay's name in rosters.
    pub id: RelayId,
    /// What leaves of the period are judged by.
    pub setting: &'a Setting,
}

/// A sender's signature over all that it sent through the relay in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// The sender.
    pub sender: AccountId,
    /// The device that signed.
    pub device: DeviceId,
    /// Bytes in the period so far.
    pub bytes: u64,
    /// How fast the relay was.
    pub latency: LatencyClass,
    /// Signature of the statement.
    pub signature: ed25519::Signature,
}

/// A recipient's signature over all that the relay delivered to it in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The recipient.
    pub recipient: AccountId,
    /// The device that signed.
    pub device: DeviceId,
    /// What was delivered, as the recipient says.
    pub delivered: Delivered,
    /// Signature of the statement.
    pub signature: ed25519::Signature,
    /// What was delivered, as the relay knows: no more is counted (C9).
    pub pushed: Pushed,
}

/// What a relay has delivered to a device in a period, since it began to count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pushed {
    /// Names the process, or the part of its life, in which it counts: another one begins at nothing.
    pub run: u64,
    /// Bytes of messages to the account alone.
    pub direct: u64,
    /// Bytes out of the fan-out of groups.
    pub fanned: u64,
}

impl Pushed {
    /// All that a recipient says, for whoever hands in what was checked elsewhere.
    pub fn all_of(delivered: &Delivered) -> Self {
        Self {
            run: 0,
            direct: delivered.direct,
            fanned: delivered.fanned,
        }
    }

    /// Bytes that may count of what a recipient says.
    pub(crate) fn worth(&self, said: &Delivered, rules: &Rules) -> u64 {
        let known = Delivered {
            direct: said.direct.min(self.direct),
            fanned: said.fanned.min(self.fanned),
            ..*said
        };
        known.worth(rules.fan_out)
    }
}

/// Why a ticket or a receipt is not taken. None of these is a reason to refuse a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The chain would call it false, and burn a part of the bond.
    #[error("it would not hold on chain ({0:?}): ask the device to sign for this relay and period")]
    False(Fault),
    /// The chain could not judge it, which costs more than leaving it out.
    #[error("the chain cannot judge it ({0:?}): ask a device that is on record")]
    Doubtful(Doubt),
    /// One over more bytes is there already.
    #[error("{bytes} bytes are signed for already: go on from there")]
    NotMore {
        /// Bytes of the last one.
        bytes: u64,
    },
    /// The period is claimed for, or over.
    #[error("period {0} is closed: sign for the running one")]
    Closed(Period),
    /// There is no room for another account in this period.
    #[error("no room for more accounts in this period")]
    Full,
}

impl From<Flaw> for Refusal {
    fn from(flaw: Flaw) -> Self {
        match flaw {
            Flaw::False(fault) => Self::False(fault),
            Flaw::Doubtful(doubt) => Self::Doubtful(doubt),
        }
    }
}

/// Whether signatures are checked, or were before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signatures {
    Check,
    Known,
}

impl Signatures {
    fn holds(self, signature: &ed25519::Signature, message: &[u8], key: &ed25519::Public) -> bool {
        self == Self::Known || ed25519::Pair::verify(signature, message, key)
    }
}

fn scene<'a>(owner: &'a Owner, occasion: &Occasion<'a>) -> Scene<'a, AccountId> {
    Scene {
        genesis: &owner.genesis,
        period: occasion.period,
        relay: &owner.account,
        id: occasion.id,
        roster: &occasion.setting.roster,
        seed: &occasion.setting.seed,
        rules: &occasion.setting.rules,
    }
}

/// A leaf as it would be opened.
fn alone<L>(leaf: L, counted: u64) -> Opened<L> {
    Opened {
        leaf,
        draws: 1,
        bytes: counted,
        in_place: true,
    }
}

/// The leaf of a ticket: as much as counts of it.
pub(crate) fn ticket_leaf(
    owner: &Owner,
    occasion: &Occasion<'_>,
    ticket: Ticket,
    known: &Correspondent,
) -> Result<TicketLeaf<AccountId>, Refusal> {
    let most = cap(&known.allowance, &occasion.setting.rules);
    let leaf = TicketLeaf {
        sender: ticket.sender,
        device: ticket.device,
        counted: ticket.bytes.min(most),
        bytes: ticket.bytes,
        latency: ticket.latency,
        signature: ticket.signature,
    };
    judge_ticket(owner, occasion, leaf, known, Signatures::Check)
}

/// The leaf again, if it holds (C2).
pub(crate) fn judge_ticket(
    owner: &Owner,
    occasion: &Occasion<'_>,
    leaf: TicketLeaf<AccountId>,
    known: &Correspondent,
    signatures: Signatures,
) -> Result<TicketLeaf<AccountId>, Refusal> {
    let counted = leaf.counted;
    let opened = alone(leaf, counted);
    check_ticket(
        &scene(owner, occasion),
        &opened,
        known.device,
        &known.allowance,
        |signature, message, key| signatures.holds(signature, message, key),
    )?;
    Ok(opened.leaf)
}

/// The leaf of a receipt that counts so many bytes.
pub(crate) fn receipt_leaf(
    owner: &Owner,
    occasion: &Occasion<'_>,
    receipt: Receipt,
    counted: u64,
    known: &Correspondent,
) -> Result<ReceiptLeaf<AccountId>, Refusal> {
    let leaf = ReceiptLeaf {
        recipient: receipt.recipient,
        device: receipt.device,
        counted,
        delivered: receipt.delivered,
        signature: receipt.signature,
    };
    judge_receipt(owner, occasion, leaf, known, Signatures::Check)
}

/// The leaf again, if it holds (C2).
pub(crate) fn judge_receipt(
    owner: &Owner,
    occasion: &Occasion<'_>,
    leaf: ReceiptLeaf<AccountId>,
    known: &Correspondent,
    signatures: Signatures,
) -> Result<ReceiptLeaf<AccountId>, Refusal> {
    // Without an identity the device has left, which is judged first.
    let epoch = known.mailbox_epoch.unwrap_or(0);
    let counted = leaf.counted;
    let opened = alone(leaf, counted);
    check_receipt(
        &scene(owner, occasion),
        &opened,
        known.device,
        epoch,
        |signature, message, key| signatures.holds(signature, message, key),
    )?;
    Ok(opened.leaf)
}
