//! What goes into a relay, and what comes out.

use crate::{mailbox::Owner, routing::RelayInfo};
use parlance_bimp::{
    Account, Answer, DeviceNumber, GroupId, Key, Mailbox, MessageId, Receipt, RelayId, Request,
};

/// A connection, by the host's number for it.
pub type ConnectionId = u64;

/// Who waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asker {
    /// The connection.
    pub connection: ConnectionId,
    /// The request's id there.
    pub request: u32,
}

/// Who is at the other end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// A device that has authenticated.
    Device {
        /// Its account.
        account: Account,
        /// Its number.
        device: DeviceNumber,
        /// The account's mailboxes: of the present mailbox epoch, and of the one before while it is emptied.
        mailboxes: Vec<Mailbox>,
        /// What the chain says of the account.
        owner: Owner,
    },
    /// A relay that has authenticated.
    Relay(RelayId),
}

/// What happens to a relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Somebody has authenticated. Requests of others the host does not pass on, except probes, which it answers itself.
    Opened {
        /// Where.
        connection: ConnectionId,
        /// Who.
        who: Who,
    },
    /// A connection has ended.
    Closed {
        /// Which.
        connection: ConnectionId,
    },
    /// A request. Its ticket has been checked by the host.
    Request {
        /// Whose.
        from: Asker,
        /// What.
        request: Request,
    },
    /// Another relay has answered an [`Effect::Ask`].
    Answered {
        /// Which relay.
        relay: RelayId,
        /// What it says.
        answer: Answer,
    },
    /// Another relay cannot be reached, or the connection to it is lost.
    Unreachable {
        /// Which.
        relay: RelayId,
    },
    /// The chain's list of relays.
    Routing(Vec<RelayInfo>),
    /// The record of a mailbox's owner has changed.
    Owner {
        /// Which mailbox.
        mailbox: Mailbox,
        /// What the chain says.
        owner: Owner,
    },
    /// Time has passed. Every 50 to 100 milliseconds.
    Tick,
}

/// What a relay wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Answer a request.
    Answer {
        /// Whose.
        to: Asker,
        /// What.
        answer: Answer,
    },
    /// Push a message, which the host reads from the storage. If it is gone there, or the connection is, nothing is to be done.
    Deliver {
        /// To whom.
        connection: ConnectionId,
        /// Which.
        key: Key,
        /// Its position.
        position: u64,
        /// When it will be thrown away.
        expires: u64,
        /// Whether it wakes.
        mention: bool,
    },
    /// Tell a subscriber that the mailbox is served elsewhere.
    Moved {
        /// Whom.
        connection: ConnectionId,
        /// Which mailbox.
        mailbox: Mailbox,
    },
    /// Tell a member that a group's order has grown.
    Grown {
        /// Whom.
        connection: ConnectionId,
        /// Which group.
        group: GroupId,
        /// The position that is free now.
        next: u64,
    },
    /// End the connection of a subscriber that takes nothing.
    CutOff {
        /// Whose.
        connection: ConnectionId,
    },
    /// Ask another relay, over a connection that the host keeps. The answer comes back as [`Input::Answered`]; none needs to.
    Ask {
        /// Which.
        relay: RelayId,
        /// What.
        request: Request,
    },
    /// A subscriber has acknowledged messages that were pushed to it, each for the first time at any relay (G10).
    Delivered {
        /// Who.
        connection: ConnectionId,
        /// Of which mailbox.
        mailbox: Mailbox,
        /// Which.
        ids: Vec<MessageId>,
    },
    /// A recipient's word on what this relay delivered, for the claim.
    Receipt {
        /// Whose.
        account: Account,
        /// Which device.
        device: DeviceNumber,
        /// What.
        receipt: Receipt,
    },
}
