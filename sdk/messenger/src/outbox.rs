//! What waits to be sent.
//!
//! - **O1** What a person says is *pending*, on disk, until its recipients have been looked up. Then it becomes a *copy* for each device on
//!   their record, and on the own account's but this one, in one batch. So it survives being off line, and restarts.
//! - **O2** A copy is encrypted and sealed once. The sealed envelope is on disk before it leaves, so each attempt, at any relay, also after a
//!   restart, sends the same bytes but for the ticket: the same message (rule N4 of BIMP).
//! - **O3** A copy is *accepted* when a relay has answered that a quorum has it. It is kept, as it was said, until the device confirms that it has it on
//!   disk, and sent again, encrypted anew, when that device asks (I3) or their session is renewed (I4).
//! - **O4** What is of use only now, typing, is sent once or not at all. Confirmations of delivery, and requests to send again, are done
//!   when they are accepted; everything else is done when it is confirmed.
//! - **O5** Copies for one device leave in their order, at most [`IN_FLIGHT`](crate::limits::IN_FLIGHT) of all at a time, and no more than
//!   [`UNCONFIRMED`](crate::limits::UNCONFIRMED) are unconfirmed.
//! - **O6** A copy for a device that is not on its account's record any more is dropped.
//! - **O7** *A word of confirmation may be lost*: relays that had not heard of a new device yet threw it away with what all others have, or it came in
//!   a session that broke. So what was accepted and is not confirmed is sent again after
//!   [`CONFIRM_WAIT`](crate::limits::CONFIRM_WAIT), and again after twice as long, if something has come from its device since, or shortly before;
//!   for a device from which nothing ever came, twice, on the first day. Whoever has it confirms it once more (I1). One that is away is not sent everything
//!   twice.

use crate::{history::ContentId, inbox::Sequence};
use codec::{Decode, Encode};
use parlance_bimp::{Account, MessageId, RelayId};
use parlance_e2ee::DeviceAddress;
use std::collections::{BTreeMap, BTreeSet};

/// For which devices something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Audience {
    /// All of the conversation's account, and all own ones.
    Both,
    /// All of the conversation's account.
    Others,
    /// All own ones.
    Own,
    /// One.
    One(DeviceAddress),
}

/// Something said that has no copies yet (O1).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Pending {
    /// In the order of saying.
    pub number: u64,
    /// In which conversation.
    pub conversation: Account,
    /// For whom.
    pub audience: Audience,
    /// Its id.
    pub id: ContentId,
    /// The content's encoding.
    pub content: Vec<u8>,
    /// Whether each device has to confirm it (O4).
    pub confirmed: bool,
    /// When, milliseconds since 1970.
    pub created: u64,
}

/// How far a copy is.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Stage {
    /// Not encrypted, or to be encrypted anew.
    Waiting,
    /// Encrypted and sealed, without a ticket (O2).
    Sealed(Vec<u8>),
    /// Relays have it (O3).
    Accepted,
}

/// What one device gets (O1).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Copy {
    /// In the order of making.
    pub number: u64,
    /// In which conversation.
    pub conversation: Account,
    /// For which device.
    pub to: DeviceAddress,
    /// Its place in the stream to the device (I1), if the device has to confirm it.
    pub sequence: Option<Sequence>,
    /// Its id.
    pub id: ContentId,
    /// The content's encoding.
    pub content: Vec<u8>,
    /// When, milliseconds since 1970.
    pub created: u64,
    /// How far it is.
    pub stage: Stage,
    /// By how many relays it was accepted.
    pub relays: Option<u8>,
}

/// An attempt to send a copy.
#[derive(Clone, Debug, Default)]
pub struct Attempt {
    /// The request that waits for its answer.
    pub ask: Option<u64>,
    /// When it was asked.
    pub asked: u64,
    /// Attempts so far.
    pub attempts: usize,
    /// Not before.
    pub rest_until: u64,
    /// Periods and relays whose tickets count it.
    pub charged: Vec<(u32, RelayId)>,
}

/// How long a copy has waited for its device's word (O7).
#[derive(Clone, Copy, Debug, Default)]
pub struct Unconfirmed {
    /// Since when it is accepted, by the steady clock; none until somebody looks.
    pub since: Option<u64>,
    /// How often it was sent again.
    pub again: u32,
}

/// All copies, and the ways to find them.
#[derive(Debug, Default)]
pub struct Outbox {
    copies: BTreeMap<u64, Copy>,
    by_name: BTreeMap<(DeviceAddress, ContentId), u64>,
    by_device: BTreeMap<DeviceAddress, BTreeSet<u64>>,
    /// Copies of each content.
    of_content: BTreeMap<ContentId, usize>,
    /// Not encrypted.
    pub waiting: BTreeSet<u64>,
    /// Encrypted, not accepted.
    pub sealed: BTreeMap<u64, Attempt>,
    /// Accepted, once at least.
    pub unconfirmed: BTreeMap<u64, Unconfirmed>,
    /// Said, without copies.
    pub pending: BTreeMap<u64, Pending>,
}

impl Outbox {
    /// Takes a copy in, or what became of it.
    pub fn put(&mut self, copy: Copy) {
        let number = copy.number;
        match copy.stage {
            Stage::Waiting => {
                self.sealed.remove(&number);
                self.waiting.insert(number);
            }
            Stage::Sealed(_) => {
                self.waiting.remove(&number);
                self.sealed.entry(number).or_default();
            }
            Stage::Accepted => {
                self.waiting.remove(&number);
                self.sealed.remove(&number);
                self.unconfirmed.entry(number).or_default().since = None;
            }
        }
        self.by_name.insert((copy.to, copy.id), number);
        self.by_device.entry(copy.to).or_default().insert(number);
        let id = copy.id;
        if self.copies.insert(number, copy).is_none() {
            let copies = self.of_content.entry(id).or_default();
            *copies = copies.saturating_add(1);
        }
    }

    /// It is done.
    pub fn remove(&mut self, number: u64) -> Option<Copy> {
        let copy = self.copies.remove(&number)?;
        self.waiting.remove(&number);
        self.sealed.remove(&number);
        self.unconfirmed.remove(&number);
        self.by_name.remove(&(copy.to, copy.id));
        if let Some(copies) = self.of_content.get_mut(&copy.id) {
            *copies = copies.saturating_sub(1);
            if *copies == 0 {
                self.of_content.remove(&copy.id);
            }
        }
        if let Some(numbers) = self.by_device.get_mut(&copy.to) {
            numbers.remove(&number);
            if numbers.is_empty() {
                self.by_device.remove(&copy.to);
            }
        }
        Some(copy)
    }

    /// A copy.
    pub fn get(&self, number: u64) -> Option<&Copy> {
        self.copies.get(&number)
    }

    /// The copy of a content for a device.
    pub fn named(&self, to: DeviceAddress, id: &ContentId) -> Option<&Copy> {
        self.copies.get(self.by_name.get(&(to, *id))?)
    }

    /// All copies for a device, in their order.
    pub fn of_device(&self, to: &DeviceAddress) -> impl Iterator<Item = &Copy> {
        let numbers = self.by_device.get(to);
        numbers
            .into_iter()
            .flatten()
            .filter_map(|number| self.copies.get(number))
    }

    /// How many devices have not got a content; none before it has copies.
    pub fn left(&self, id: &ContentId) -> Option<usize> {
        match self.pending.values().any(|pending| pending.id == *id) {
            true => None,
            false => Some(self.of_content.get(id).copied().unwrap_or(0)),
        }
    }

    /// The devices that there are copies for.
    pub fn devices(&self) -> impl Iterator<Item = &DeviceAddress> {
        self.by_device.keys()
    }

    /// All copies.
    pub fn copies(&self) -> impl Iterator<Item = &Copy> {
        self.copies.values()
    }

    /// How much there is.
    pub fn len(&self) -> usize {
        self.copies.len().saturating_add(self.pending.len())
    }

    /// Whether everything is done.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The id of a sealed copy's message.
    pub fn message(sealed: &[u8]) -> Option<MessageId> {
        Some(parlance_bimp::EnvelopeView::parse(sealed)?.id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(number: u64, device: u32, stage: Stage) -> Copy {
        Copy {
            number,
            conversation: Account([1; 32]),
            to: DeviceAddress {
                account: [1; 32],
                device,
            },
            sequence: Some(Sequence { stream: 1, number }),
            id: [number as u8; 16],
            content: Vec::new(),
            created: 0,
            stage,
            relays: None,
        }
    }

    #[test]
    fn a_copy_is_found_by_stage_name_and_device_until_it_is_done() {
        let mut outbox = Outbox::default();
        let to = copy(1, 7, Stage::Waiting).to;
        outbox.put(copy(1, 7, Stage::Waiting));
        outbox.put(copy(2, 7, Stage::Waiting));
        outbox.put(copy(3, 8, Stage::Sealed(vec![1])));
        assert_eq!(outbox.waiting.iter().copied().collect::<Vec<_>>(), [1, 2]);
        assert!(outbox.sealed.contains_key(&3));
        outbox.put(copy(1, 7, Stage::Accepted));
        assert!(!outbox.waiting.contains(&1) && !outbox.sealed.contains_key(&1));
        let numbers: Vec<u64> = outbox.of_device(&to).map(|copy| copy.number).collect();
        assert_eq!(numbers, [1, 2]);
        assert_eq!(outbox.named(to, &[2; 16]).unwrap().number, 2);
        assert_eq!(outbox.left(&[1; 16]), Some(1));
        for number in [1, 2, 3] {
            assert!(outbox.remove(number).is_some());
            assert!(outbox.remove(number).is_none());
        }
        assert!(outbox.is_empty() && outbox.devices().next().is_none());
        assert_eq!(outbox.left(&[1; 16]), Some(0));
        assert!(outbox.waiting.is_empty() && outbox.sealed.is_empty());
        assert!(outbox.unconfirmed.is_empty());
    }
}
