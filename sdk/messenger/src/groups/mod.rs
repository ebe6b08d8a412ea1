//! Groups: who is in, what is said there, and how the order of their handshakes is followed.
//!
//! - **G1** A group is a conversation like others ([`history`](crate::history)), named by its identifier in place of an account. What is said
//!   there is sent once, to the group's relays, and never in single copies. Its members are devices; to people they are accounts,
//!   so all devices of an account come in and go out together. Reading receipts stay among the own devices.
//! - **G2** Every member may invite and remove; the group's encryption proves who did.
//! - **G3** The encryption is whatever implements [`GroupSecrets`]; in Parlance's client `sdk/groups`, whose rules O, T, S, P, R are meant
//!   here by *its* rules. Its states are in the batch of the engine (S1), so a ratchet, the text that it gave, and the place in
//!   the history are durable together.
//! - **G4** *Key packages* lie on the own relays as prekeys do (K1), of a use of their own, each for one invitation; the relays keep one of
//!   last resort for when none is left. Each relay gets others.
//! - **G5** *Invitations.* Who invites an account looks it up, fetches a key package of each of its devices, and makes a change. When its
//!   commit has been accepted each new device gets its own invitation through the sessions of pairs, in parts, so that who invites is known; nobody
//!   else's invitation counts. A person accepts it; on one device for all. What a device of the own account invites to
//!   is accepted without asking. What is said meanwhile waits (I2) and is read then.
//! - **G6** *Order.* Handshakes are read in the order of the group's relays. The device reads on when a relay or a message tells that the order
//!   has grown, when it starts, and every [`ORDER_PAUSE`](crate::limits::ORDER_PAUSE). A commit that loses its epoch is made
//!   anew for the next one (its rule O4): the wish stays until it is true.
//! - **G7** *Texts* are kept until the relays have confirmed them for an epoch that all can open (its rules S1-S4), offered again to other
//!   relays (R2), and shown by each member once. What a removed member says after its removal is not read.
//! - **G8** *After an absence* the mailbox comes before the order (its rule T7): as long as messages come in, at most four new epochs are read,
//!   and messages that are too far ahead are held and read again after each reading of the order.
//! - **G9** *Leaving.* A device says that its account wishes to leave. The others wait, each for another while of up to
//!   [`LEAVE_PAUSE`](crate::limits::LEAVE_PAUSE), and the first removes all devices of the account. Whoever has left reads nothing more.
//! - **G10** *Devices on record.* A member device that is not on its account's record any more is removed by whoever notices, before anything
//!   else is said. A new device of the own account is added by the own devices.
//! - **G11** *Access.* The group's relays know a public key for each epoch, whose private half follows from the epoch (rule N6 of BIMP). By it a
//!   device enters the group at one of its relays, which then tells when the order grows, and offers commits and texts. Who is invited,
//!   or joins anew, is told which record named the key.
//! - **G12** *Doubt* (its rules P1-P6). Who is in doubt tells its place to members of two other accounts, and they tell theirs; who gives way asks
//!   for information and joins anew. All that goes through the sessions of pairs, and counts from members alone.
//! - **G13** *Removed meanwhile.* Whoever looks for information, or waits for its joining, may have been removed without having read so. A member that is
//!   asked by somebody who is not in reads the order and says so. That is believed from members of two accounts, or from
//!   one that says it to [`DENIALS`](crate::limits::DENIALS) questions while nobody gives information: it leads out, and an invitation leads in again.
//! - **G14** *The tree.* Where many are invited, or few into a large group, the encryption leaves the group's tree out of the invitations (its rules I1-I5)
//!   and has it put into the order once, before the commit. Such an invitation goes with the access key of the epoch that the commit begins. When
//!   the person has accepted it, the device enters the group with that key, reads the tree, and joins. A tree that is not the right one is asked for at
//!   another relay, up to [`SPOILED`](crate::limits::SPOILED) times. Members read the beginning of a tree alone. If the relays keep the tree no longer, the
//!   device asks who has invited it for information, and joins anew by that: for the others it is in.

mod said;
mod secrets;

pub use said::{About, GroupSaid, MAX_NAME, PART, kind};
pub use secrets::{Change, Comparison, GroupEvent, GroupFault, GroupHandshake, GroupSecrets};

use codec::{Decode, Encode};
use parlance_bimp::{Account, GroupId, Mailbox};
use parlance_e2ee::DeviceAddress;

/// How far this device is in a group.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Stage {
    /// Invited, and not in yet (G5).
    Invited {
        /// By whom.
        by: DeviceAddress,
        /// Whether the person wants to join.
        accepted: bool,
    },
    /// A member.
    Member,
    /// It wants to leave, and is a member until somebody removes it (G9).
    Leaving,
    /// Not a member any more.
    Out,
}

/// A change that this device wants and that is not true yet (G6).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Wish {
    /// An account comes in, with all its devices.
    Add(Account),
    /// An account goes out.
    Remove {
        /// Whose.
        account: Account,
        /// Not before, milliseconds since 1970 (G9).
        after: u64,
    },
    /// A single device goes out (G10).
    RemoveDevice(DeviceAddress),
}

/// Joining anew, under way (G12).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Rejoin {
    /// The commit from outside.
    pub commit: Vec<u8>,
    /// The access key of the epoch before it, and the record that named it, as the helping member told.
    pub key: ([u8; 32], u64),
    /// Where the commit stands, once it does.
    pub placed: Option<u64>,
}

/// Devices that come and go with the change that waits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Planned {
    /// Who comes.
    pub add: Vec<DeviceAddress>,
    /// Who goes.
    pub remove: Vec<DeviceAddress>,
}

/// A group, as this device keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Group {
    /// Which.
    pub id: GroupId,
    /// Its name, as it was set last.
    pub name: String,
    /// When that was set, by the clock of who set it.
    pub named: u64,
    /// How far this device is.
    pub stage: Stage,
    /// Accounts of the members, as this device knows them.
    pub members: Vec<Account>,
    /// What is wanted and not true yet.
    pub wishes: Vec<Wish>,
    /// What the change that waits does.
    pub planned: Planned,
    /// Whether its relays know it.
    pub founded: bool,
    /// The order is known to reach this position.
    pub known: u64,
    /// The record that named the access key of the present epoch.
    pub key_at: u64,
    /// The own mailbox, as the relays were told of it.
    pub mailbox: Option<Mailbox>,
    /// Whether this device has to join anew, and asks members for information.
    pub lost: bool,
    /// The commit by which it does.
    pub rejoin: Option<Rejoin>,
}

impl Group {
    /// One that this device knows nothing of yet.
    pub fn new(id: GroupId, name: String, stage: Stage) -> Self {
        Self {
            id,
            name,
            named: 0,
            stage,
            members: Vec::new(),
            wishes: Vec::new(),
            planned: Planned::default(),
            founded: true,
            known: 0,
            key_at: 0,
            mailbox: None,
            lost: false,
            rejoin: None,
        }
    }

    /// The conversation (G1).
    pub fn conversation(&self) -> Account {
        Account(self.id.0)
    }

    /// Whether this device takes part: it reads the order, and what is said.
    pub fn takes_part(&self) -> bool {
        matches!(self.stage, Stage::Member | Stage::Leaving)
    }
}
