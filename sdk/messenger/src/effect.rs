//! What goes into the engine, and what comes out.

use crate::{
    files::FileNews,
    history::{ContentId, Entry, Status},
    no_trace::{NoTraceNews, NoTraceWish},
    presence::Reach,
    relays::Directory,
};
use parlance_bimp::{
    Account, Answer, Bounded, Deliver, GroupGrown, GroupId, Mailbox, MessageId, PresenceKey,
    RelayId, Request,
    limits::{MAX_ENVELOPE, MAX_PRESENCE},
};
use parlance_e2ee::{Body, DeviceAddress, content::TypingState};

/// What happens to the engine. `P` is a proof of recipients ([`Encryption::Recipients`](crate::Encryption::Recipients)).
#[derive(Debug)]
pub enum Input<P> {
    /// The chain's list of relays, or a new period.
    Directory(Directory),
    /// An account was looked up, and every change told ([`Effect::Look`]).
    Looked {
        /// Which.
        account: Account,
        /// Its mailbox epoch.
        epoch: u32,
        /// The own account's.
        own_epoch: u32,
        /// Its devices and the own ones.
        recipients: P,
    },
    /// It could not be looked up: no node, no identity, a record that is refused.
    LookFailed {
        /// Which.
        account: Account,
    },
    /// A relay has answered.
    Answered {
        /// The number of the [`Effect::Ask`].
        ask: u64,
        /// What.
        answer: Answer,
    },
    /// The connection to a relay has ended, or does not come about. What was asked there will not be answered.
    Lost {
        /// Which.
        relay: RelayId,
    },
    /// A relay delivers.
    Delivered {
        /// Which.
        relay: RelayId,
        /// What.
        message: Deliver,
    },
    /// A mailbox is served elsewhere.
    Moved {
        /// Who says so.
        relay: RelayId,
        /// Which.
        mailbox: Mailbox,
    },
    /// A relay that this device has entered a group at tells that the group's order has grown.
    Grown(GroupGrown),
    /// How others reach this device from now on, or that they do not: it leaves (E1, E5). Without it nothing is delivered directly.
    Reach(Option<Reach>),
    /// A device has answered an offer.
    Offered {
        /// The number of the [`Effect::Offer`].
        ask: u64,
        /// Whether it is on its disk.
        taken: bool,
    },
    /// There is no connection to a device, or it has ended. What was offered there will not be answered.
    Unreached {
        /// Which.
        device: DeviceAddress,
    },
    /// A device that has proved its key as one that may call has stayed: what is offered to it goes over its connection (D7). The end of that
    /// is [`Input::Unreached`].
    Connected {
        /// Which.
        device: DeviceAddress,
    },
    /// Somebody in the local network asks for a record (D10).
    Sought {
        /// For [`Effect::Show`].
        seek: u64,
        /// Where it would lie.
        key: PresenceKey,
    },
    /// A record from the local network.
    Sighted {
        /// Where it would lie.
        key: PresenceKey,
        /// The record.
        record: Vec<u8>,
    },
    /// A device that has proved its key delivers (D5).
    Called {
        /// For [`Effect::Took`].
        call: u64,
        /// Which.
        from: DeviceAddress,
        /// What.
        envelope: Vec<u8>,
    },
    /// Time has passed. Every 50 to 100 milliseconds while there is something to do, at least every second.
    Tick,
}

/// What the user wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Says something: a text, a reply, a reaction, an edit, a deletion, a timer, or anything else that people see.
    Say {
        /// In which conversation.
        conversation: Account,
        /// What.
        body: Body,
    },
    /// Everything up to a message has been read.
    Read {
        /// In which conversation.
        conversation: Account,
        /// The number of the message.
        up_to: u64,
    },
    /// The user types, or stopped.
    Typing {
        /// In which conversation.
        conversation: Account,
        /// Which of both.
        state: TypingState,
    },
    /// Whether a person waits at the screen (R3).
    Attention(bool),
    /// Whether others are told what was read (H7).
    ReadReceipts(bool),
    /// Something about a conversation without a trace (N1). For something said its id.
    NoTrace {
        /// With whom.
        with: Account,
        /// What.
        wish: NoTraceWish,
    },
    /// Asks the own other devices for the history (A1).
    AskHistory {
        /// Whether a transfer that has not come to its end begins anew, as when its device is gone.
        anew: bool,
    },
    /// Lets an own device have the history (A2).
    GiveHistory {
        /// Its number.
        device: u32,
    },
}

/// What the user wants with groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GroupCommand {
    /// Makes one.
    New {
        /// Its name.
        name: String,
    },
    /// Invites people.
    Invite {
        /// To which.
        group: GroupId,
        /// Whom.
        accounts: Vec<Account>,
    },
    /// Accepts an invitation.
    Join(GroupId),
    /// Leaves, or declines an invitation.
    Leave(GroupId),
    /// Removes somebody.
    Remove {
        /// From which.
        group: GroupId,
        /// Whom.
        account: Account,
    },
    /// Gives it another name.
    Rename {
        /// Which.
        group: GroupId,
        /// The name.
        name: String,
    },
}

/// What happened to a group.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GroupNews {
    /// Somebody invites this account.
    Invited {
        /// Who.
        by: DeviceAddress,
        /// The group's name.
        name: String,
    },
    /// This device is in.
    Joined,
    /// People came, or went.
    Changed {
        /// By whose hand.
        by: Account,
        /// Who came.
        came: Vec<Account>,
        /// Who went.
        went: Vec<Account>,
    },
    /// It has another name.
    Named {
        /// Which.
        name: String,
    },
    /// This account is out.
    Out {
        /// Who removed it; none if it left when nobody else was there, or learned of it from members who do not say by whom (G13).
        by: Option<Account>,
    },
    /// An invitation that cannot be used.
    BadInvitation {
        /// Whose.
        by: DeviceAddress,
        /// Why.
        cause: String,
    },
    /// A device that was invited has put no key packages on its relays: it comes in when it has.
    NoKeyPackages {
        /// Which.
        device: DeviceAddress,
    },
    /// Somebody who was invited has no devices on record.
    NoDevices {
        /// Who.
        account: Account,
    },
    /// A member device is not on its account's record. It is removed before anything else is said.
    NotOnRecord {
        /// Which.
        device: DeviceAddress,
    },
    /// A change could not be made. It is tried again.
    NotChanged {
        /// Why.
        cause: String,
    },
    /// A handshake is forged, or was missed. Members are asked.
    InDoubt,
    /// This device has lost track, and joins anew as soon as a member answers.
    LostTrack,
    /// It is in step again.
    Rejoined,
}

/// What the engine wants done. Whatever it rests on is on disk.
#[derive(Debug)]
pub enum Effect {
    /// Ask a relay, over a connection that the host makes if there is none. The answer comes back as [`Input::Answered`].
    Ask {
        /// Which.
        relay: RelayId,
        /// Comes back.
        ask: u64,
        /// What.
        request: Request,
    },
    /// Nobody needs the connection to a relay any more, or it is silent. Asks on it are void.
    Close {
        /// Which.
        relay: RelayId,
    },
    /// Look an account up, and the own one, and tell what changed. [`Input::Looked`] or [`Input::LookFailed`] is the answer.
    Look {
        /// Which; the own one if nobody else's devices are needed.
        account: Account,
    },
    /// Deliver to a device itself, over a connection that the host makes if there is none. [`Input::Offered`] or
    /// [`Input::Unreached`] is the answer.
    Offer {
        /// Which.
        to: DeviceAddress,
        /// Where to dial it, as far as that is known: there may be a connection already.
        reach: Option<Reach>,
        /// Comes back.
        ask: u64,
        /// What, without a ticket.
        envelope: Bounded<MAX_ENVELOPE>,
    },
    /// Answer a device that delivered.
    Took {
        /// The number of the [`Input::Called`].
        call: u64,
        /// Whether it is on this disk.
        taken: bool,
    },
    /// Ask the local network for records (D10). [`Input::Sighted`] is the answer, if there is one.
    Seek {
        /// Where they would lie.
        keys: Vec<PresenceKey>,
    },
    /// Answer who asks in the local network.
    Show {
        /// The number of the [`Input::Sought`].
        seek: u64,
        /// The record.
        record: Bounded<MAX_PRESENCE>,
    },
    /// The list of relays seems to be old.
    Directory,
    /// Tell the user.
    Tell(Event),
}

/// What the user is told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A message was written here, on another own device, or by the other side.
    Message(Entry),
    /// A message has changed: it was edited, taken back, or reacted to.
    Changed(Entry),
    /// A message of this account got further.
    Status {
        /// In which conversation.
        conversation: Account,
        /// Its number.
        number: u64,
        /// Its id.
        id: ContentId,
        /// How far.
        status: Status,
    },
    /// A message has disappeared.
    Disappeared {
        /// From which conversation.
        conversation: Account,
        /// Its number.
        number: u64,
    },
    /// Messages were read on another own device.
    ReadElsewhere {
        /// In which conversation.
        conversation: Account,
        /// How many are unread now.
        unread: u32,
    },
    /// The other side types, or stopped.
    Typing {
        /// In which conversation.
        conversation: Account,
        /// Which of both.
        state: TypingState,
    },
    /// A session was begun without a one-time prekey: the first messages are as safe as the device's signed prekey until
    /// it answers.
    LastResort {
        /// With which device.
        device: DeviceAddress,
    },
    /// A device has put no prekeys on its relays: what is for it waits.
    NoPreKeys {
        /// Which.
        device: DeviceAddress,
    },
    /// Prekeys that a relay gave out are not the device's.
    BadPreKeys {
        /// Whose they claim to be.
        device: DeviceAddress,
        /// Who gave them out.
        relay: RelayId,
        /// What is wrong.
        cause: String,
    },
    /// The session with a device broke and was begun anew.
    Renewed {
        /// Which device.
        device: DeviceAddress,
    },
    /// A device is not on its account's record any more: a copy for it was dropped.
    DeviceGone {
        /// Which.
        device: DeviceAddress,
        /// The content.
        id: ContentId,
    },
    /// A copy was never confirmed and was given up.
    GivenUp {
        /// For which device.
        device: DeviceAddress,
        /// The content.
        id: ContentId,
    },
    /// Messages of a device were not sent again when asked: the conversation goes on without them.
    Missing {
        /// Whose.
        device: DeviceAddress,
        /// How many.
        messages: u64,
    },
    /// A message, told of just before, is shown although something that its author had read before is missing (B4). It may
    /// still come, and stands behind then.
    OutOfTurn {
        /// In which conversation.
        conversation: Account,
        /// Its id.
        id: ContentId,
        /// What is missing.
        lacks: Vec<ContentId>,
    },
    /// A device has taken a content from this one directly: no relay has it (D4).
    HandedOver {
        /// Which device.
        device: DeviceAddress,
        /// The content.
        id: ContentId,
    },
    /// A message cannot be read by this part of the program and is kept for another.
    Kept {
        /// Which.
        id: MessageId,
    },
    /// Something happened to a group.
    Group {
        /// Which.
        group: GroupId,
        /// What.
        news: GroupNews,
    },
    /// Something about a conversation without a trace. Nothing but this event has it.
    NoTrace {
        /// With whom.
        with: Account,
        /// What.
        news: NoTraceNews,
    },
    /// An own device asks for the history, which it gets once that is granted (A2).
    HistoryWanted {
        /// Which.
        device: DeviceAddress,
    },
    /// An own device was given a page of the history.
    HistoryGiven {
        /// Which.
        device: DeviceAddress,
        /// Whether it was the last.
        done: bool,
    },
    /// A page of the history has come.
    HistoryTaken {
        /// From which own device.
        device: DeviceAddress,
        /// Messages so far.
        messages: u64,
        /// Messages that it has, about: those that have disappeared are counted.
        all: u64,
        /// Whether that was all.
        done: bool,
    },
    /// A file got further, or did not.
    File {
        /// In which conversation.
        conversation: Account,
        /// The message that it came with.
        id: ContentId,
        /// What.
        news: FileNews,
    },
    /// The device listens at a relay, or at none.
    Listening {
        /// Which.
        relay: Option<RelayId>,
    },
    /// A relay refused a message for a reason that passes.
    Refused {
        /// Which.
        relay: RelayId,
        /// Its words.
        refusal: parlance_bimp::Refusal,
    },
}
