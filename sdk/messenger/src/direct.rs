//! Direct delivery: from device to device, without a relay that stores.
//!
//! - **D1** While this device is present (E1), a copy that is sealed is offered to its device itself first. The device's presence is looked up
//!   at the relays of its account's mailbox, in the window of now and, near its edge, in the one beside it. What is found is good until it
//!   ends; that nothing is there is remembered for [`AWAY`](crate::limits::AWAY), so that a contact who is away costs one question, not one
//!   for each message; less long once something comes from that device, which may be there by now.
//! - **D2** All of it, looking up, connecting, and the other device's answer, has [`DIRECT_PATIENCE`](crate::limits::DIRECT_PATIENCE) from when the copy is
//!   first considered. After that, and at once when the device is not there, cannot be reached or does not take it, the copy goes the way
//!   through relays (R1). An answer that comes later still counts. A device that could not be reached is left alone for
//!   [`UNREACHABLE`](crate::limits::UNREACHABLE).
//! - **D3** What travels is the same sealed envelope, without a ticket: nobody is paid, and nothing is counted. So the message that
//!   comes both ways has one id, and is shown once (I1, I2).
//! - **D4** *Taken* means: that device has it on its disk. Then the copy is as one that relays have accepted (O3): it is kept until the
//!   device confirms it, encrypted. No relay has a copy for that device; the copies for other devices go their own ways.
//! - **D5** Who calls is a device of a contact (E1) that has proved its signing key for this connection; whoever else does is sent away. Of what it
//!   delivers only what is for this account's mailbox is opened, and what cannot be read yet is not taken, so that it comes through the
//!   relays.
//! - **D6** A refusal, or silence, loses nothing: the way through relays does not depend on this one.
//! - **D7** A connection serves both its ends. Who was let in and stays is there, whatever is known of their presence: what is for them goes over
//!   the connection that they made, also if they tell nobody how to be reached. A connection that has worked and ends is made anew once, at
//!   once, for what was on it; only what cannot be reached then is left alone.
//! - **D8** Nothing here needs a relay to be there. Where no relay answers about presence within
//!   [`LOOK_UP_PATIENCE`](crate::limits::LOOK_UP_PATIENCE), the device is dialled where it was last; whatever it answers makes that place good for another
//!   [`PRESENCE_LIFE`](crate::limits::PRESENCE_LIFE). What went the way through relays and is not taken there is offered again every
//!   [`DIRECT_AGAIN`](crate::limits::DIRECT_AGAIN) and then less often, beside the attempts at relays. While this device listens at no relay nobody is left alone
//!   for longer than [`ALONE_PAUSE`](crate::limits::ALONE_PAUSE).
//! - **D9** Devices of contacts alone are dialled, or offered anything: a connection tells an address. What a stranger sends is
//!   confirmed through relays.
//! - **D10** The local network is asked for a record at the same time as relays are, under the same key, and this device answers there as relays would
//!   ([`Input::Sought`](crate::Input::Sought)): two devices find each other without anything else. Who tells nobody how to be reached neither asks nor answers.

use crate::presence::Reach;
use parlance_bimp::{MessageId, PresenceKey};
use parlance_e2ee::DeviceAddress;
use std::collections::{BTreeMap, BTreeSet};

/// What is known of the way to a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Its presence is being looked up since then; so many relays' answers are to come, and whether one of them had nothing.
    Asked {
        since: u64,
        left: usize,
        denied: bool,
    },
    /// It is there, until then by the steady clock.
    There { until: u64 },
    /// It is not, or, where a call was `tried`, cannot be reached; until then it is not tried.
    Away { until: u64, tried: bool },
}

/// Where a device was last.
#[derive(Clone, Debug)]
pub(crate) struct Known {
    pub reach: Reach,
    /// How long that may hold.
    pub until: u64,
}

/// Whose record the local network was asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sought {
    pub device: DeviceAddress,
    pub window: u64,
    pub at: u64,
}

/// A copy that is offered to its device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hand {
    /// When it was first considered, or offered again.
    pub since: u64,
    /// The offer under way, or made.
    pub ask: Option<u64>,
    /// It goes through relays now.
    pub over: bool,
    /// How often it was offered since.
    pub again: u32,
}

/// An offer that is not answered.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer {
    pub copy: u64,
    pub message: MessageId,
    pub to: DeviceAddress,
    pub at: u64,
}

/// Everything that is on its way directly.
#[derive(Debug, Default)]
pub(crate) struct Direct {
    pub ways: BTreeMap<DeviceAddress, Way>,
    pub known: BTreeMap<DeviceAddress, Known>,
    /// With whom there is a connection that has worked.
    pub connected: BTreeSet<DeviceAddress>,
    pub sought: BTreeMap<PresenceKey, Sought>,
    /// By the copies' numbers.
    pub hands: BTreeMap<u64, Hand>,
    /// By their asks.
    pub offers: BTreeMap<u64, Offer>,
}
