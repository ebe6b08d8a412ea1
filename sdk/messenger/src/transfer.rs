//! The history, for a device that is new.
//!
//! - **A1** The new device *asks* all own devices for the history, page by page; the first that answers gives all of it. Question and pages are
//!   contents like all others: encrypted from device to device, in the own mailbox, in order, confirmed, sent again when lost. No relay
//!   can read them, or tell them from other messages. From another account they count for nothing.
//! - **A2** An account's key can put a device on its record; it cannot take what was said. So a device gives only what its person *granted*
//!   ([`Command::GiveHistory`](crate::Command::GiveHistory)), to one device, for [`GRANT_LIFE`](crate::limits::GRANT_LIFE). Until then the question waits, and the person is told.
//! - **A3** A *page* is at most [`PAGE_BYTES`](crate::limits::PAGE_BYTES) and one message more, in pieces. The next one is asked for when the last one is on disk, so
//!   nothing is made before there is room for it, and both may end at any time: the new device asks again for the page that it lacks, the giving one
//!   keeps nothing but the grant.
//! - **A4** Conversations come one after another, in each the newest first. A conversation of which the new device has something already makes room:
//!   its messages get numbers behind those that come, once. What is here already is not doubled: the later edit, the later reaction, and any deletion hold.
//! - **A5** What does not fit into that room, because another device gave the rest or the new device has more than [`MAX_MOVED`](crate::limits::MAX_MOVED) messages, comes
//!   behind all others, as what arrives late.
//! - **A6** What has disappeared, on either device, does not come back, and life times go on (H5).
//! - **A7** What arrives at the old device alone while a contact has not seen yet that there is a new one, a later transfer brings.

use crate::history::{ContentId, Entry};
use codec::{Decode, Encode};
use parlance_bimp::Account;
use parlance_e2ee::{DeviceAddress, content::Place};

/// The form of a page.
pub const PAGE_VERSION: u8 = 1;

/// What is known of a conversation besides its messages.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Facts {
    /// With whom.
    pub with: Account,
    /// Number of its next message at the giving device.
    pub next: u64,
    /// Life time of what is written.
    pub timer: Option<u32>,
    /// When that was set.
    pub timer_set: u64,
    /// Everything up to here was read.
    pub read: Option<u64>,
    /// When something was last said.
    pub last: u64,
}

/// A part of a page.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum Item {
    /// The messages that follow are of this conversation.
    #[codec(index = 0)]
    Conversation(Facts),
    /// A message, with its number at the giving device.
    #[codec(index = 1)]
    Message(Box<Entry>),
}

/// A page (A3).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Page {
    /// [`PAGE_VERSION`].
    pub version: u8,
    /// What is in it.
    pub items: Vec<Item>,
    /// Where the next one begins; none: this was the last.
    pub next: Option<Place>,
    /// Messages that the giving device has, about.
    pub all: u64,
}

/// What the new device knows of a transfer.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Taking {
    /// Which.
    pub transfer: [u8; 16],
    /// Who gives; none: nobody has answered.
    pub giver: Option<DeviceAddress>,
    /// The page that is expected.
    pub page: u32,
    /// Where it begins.
    pub from: Option<Place>,
    /// Its pieces so far.
    pub pieces: Vec<Vec<u8>>,
    /// How many there will be; 0 before the first.
    pub of: u16,
    /// The content that asks for it.
    pub ask: ContentId,
    /// When it was asked, milliseconds since 1970.
    pub asked: u64,
    /// When to look whether it has to be asked again, in so many milliseconds.
    pub pause: u64,
    /// Messages that were taken.
    pub taken: u64,
    /// Messages that the giving device has, about.
    pub all: u64,
    /// Whether that was all.
    pub done: bool,
}

impl Taking {
    /// Whether the page is complete.
    pub fn is_complete(&self) -> bool {
        self.of > 0 && self.pieces.len() >= usize::from(self.of)
    }
}

/// A question that waits for its answer (A2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Wanted {
    /// Whose.
    pub by: DeviceAddress,
    /// The transfer.
    pub transfer: [u8; 16],
    /// Which page.
    pub page: u32,
    /// Where it begins.
    pub from: Option<Place>,
}

/// What the giving device knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Giving {
    /// To whom, and until when, milliseconds since 1970.
    pub granted: Vec<(DeviceAddress, u64)>,
    /// What was asked and is not answered, the latest of each device: it waits for its grant, or for the next batch.
    pub wanted: Vec<Wanted>,
}

/// Where the messages of a conversation go (A4, A5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Room {
    /// The conversation.
    pub with: Account,
    /// Who gives; none: everything goes behind.
    pub giver: Option<DeviceAddress>,
    /// Numbers below this one are for what they give.
    pub below: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec::DecodeAll;
    use rand_chacha::ChaCha20Rng;
    use rand_core::{Rng, SeedableRng};

    fn page() -> Page {
        let with = Account([2; 32]);
        let entry = Entry {
            conversation: with,
            number: 7,
            id: [3; 16],
            author: DeviceAddress {
                account: [2; 32],
                device: 5,
            },
            sent_at: 1_700_000_000_000,
            arrived: 1_700_000_000_100,
            content: vec![4; 100],
            edited: Some((1, "edited".into())),
            deleted: false,
            reactions: Vec::new(),
            status: crate::Status::default(),
            relays: Some(3),
            read: true,
            lifetime: Some(60),
            expires: None,
        };
        Page {
            version: PAGE_VERSION,
            items: vec![
                Item::Conversation(Facts {
                    with,
                    next: 8,
                    timer: Some(60),
                    timer_set: 5,
                    read: Some(7),
                    last: 9,
                }),
                Item::Message(Box::new(entry)),
            ],
            next: Some(Place {
                conversation: [2; 32],
                below: 7,
            }),
            all: 8,
        }
    }

    #[test]
    fn a_page_comes_back_and_any_bytes_are_a_page_or_none() {
        let bytes = page().encode();
        assert_eq!(Page::decode_all(&mut bytes.as_slice()).unwrap(), page());
        for cut in 0..bytes.len() {
            assert!(Page::decode_all(&mut &bytes[..cut]).is_err());
        }
        let mut rng = ChaCha20Rng::seed_from_u64(5);
        for _ in 0..20_000 {
            let mut changed = bytes.clone();
            for _ in 0..1 + rng.next_u32() % 3 {
                let place = rng.next_u32() as usize % changed.len();
                changed[place] = rng.next_u32() as u8;
            }
            if let Ok(page) = Page::decode_all(&mut changed.as_slice()) {
                assert_eq!(page.encode().len(), changed.len());
            }
        }
    }
}
