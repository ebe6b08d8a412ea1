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

use crate::presence::Reach;
use parlance_bimp::MessageId;
use parlance_e2ee::DeviceAddress;
use std::collections::BTreeMap;

/// What is known of the way to a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Its presence is being looked up; so many answers are to come.
    Asked { left: usize },
    /// It is there, until then by the steady clock.
    There { reach: Reach, until: u64 },
    /// It is not, or, where a call was `tried`, cannot be reached; until then it is not tried.
    Away { until: u64, tried: bool },
}

/// A copy that is offered to its device.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hand {
    /// When it was first considered.
    pub since: u64,
    /// The offer under way, or made.
    pub ask: Option<u64>,
    /// It goes through relays now.
    pub over: bool,
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
    /// By the copies' numbers.
    pub hands: BTreeMap<u64, Hand>,
    /// By their asks.
    pub offers: BTreeMap<u64, Offer>,
}
