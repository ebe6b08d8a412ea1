//! Giving the history to another own device (A1-A3).

use super::Engine;
use crate::{
    Encryption, Error, Event, Row, Storage,
    limits::{GRANT_LIFE, MAX_GRANTS, PAGE_BYTES, PAGE_MESSAGES, PIECE_BYTES},
    outbox::Audience,
    transfer::{Facts, Giving, Item, PAGE_VERSION, Page, Wanted},
};
use codec::Encode;
use parlance_bimp::Account;
use parlance_e2ee::{
    Body, Bounded, Content, DeviceAddress,
    content::{Place, Transfer},
};
use rand_core::CryptoRng;

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    /// A2.
    pub(super) fn grant(&mut self, device: u32) {
        let to = DeviceAddress {
            account: self.own.0,
            device,
        };
        let until = self.clock.wall.saturating_add(GRANT_LIFE);
        let wall = self.clock.wall;
        let mut giving = self.giving.clone();
        giving
            .granted
            .retain(|(other, until)| *other != to && *until > wall);
        if giving.granted.len() >= MAX_GRANTS {
            giving.granted.remove(0);
        }
        giving.granted.push((to, until));
        self.put_giving(giving);
    }

    fn put_giving(&mut self, giving: Giving) {
        self.ledger.put(Row::Giving, &giving);
        self.giving = giving;
    }

    fn is_granted(&self, to: DeviceAddress) -> bool {
        let wall = self.clock.wall;
        let mut granted = self.giving.granted.iter();
        granted.any(|(other, until)| *other == to && *until > wall)
    }

    /// Devices of this account that ask for the history and were not granted it.
    pub fn wanted(&self) -> impl Iterator<Item = DeviceAddress> {
        let wanted = self.giving.wanted.iter().map(|wanted| wanted.by);
        wanted.filter(|device| !self.is_granted(*device))
    }

    /// An own device asks for a page.
    pub(super) fn asked_for_history(&mut self, wanted: Wanted) {
        let device = wanted.by;
        let mut giving = self.giving.clone();
        let known = giving.wanted.iter().any(|it| it.by == device);
        giving.wanted.retain(|it| it.by != device);
        if giving.wanted.len() >= MAX_GRANTS {
            giving.wanted.remove(0);
        }
        giving.wanted.push(wanted);
        self.put_giving(giving);
        if !known && !self.is_granted(device) {
            self.tell(Event::HistoryWanted { device });
        }
    }

    /// Answers what was asked before this batch and is granted, so that everything that is there is on the disk.
    pub(super) fn give_history(&mut self) -> Result<(), Error> {
        let wanted = self.giving.wanted.iter();
        let due = wanted.filter(|wanted| self.is_granted(wanted.by));
        let due: Vec<Wanted> = due.copied().collect();
        if due.is_empty() {
            return Ok(());
        }
        let mut giving = self.giving.clone();
        giving.wanted.retain(|wanted| !due.contains(wanted));
        self.put_giving(giving);
        for wanted in due {
            self.give_page(wanted)?;
        }
        Ok(())
    }

    fn give_page(&mut self, wanted: Wanted) -> Result<(), Error> {
        // The same question again, while its answer is on its way.
        let last = self.given.get(&wanted.by);
        if last.is_some_and(|id| self.outbox.named(wanted.by, id).is_some()) {
            return Ok(());
        }
        let page = self.page(wanted.from)?;
        let (done, bytes) = (page.next.is_none(), page.encode());
        let pieces = bytes.chunks(PIECE_BYTES);
        let of = u16::try_from(pieces.len()).unwrap_or(u16::MAX);
        for (number, piece) in (0..of).zip(pieces) {
            let Ok(bytes) = Bounded::new(piece.to_vec(), "piece") else {
                return Ok(());
            };
            let Wanted { transfer, page, .. } = wanted;
            let piece = Transfer::Piece {
                transfer,
                page,
                number,
                of,
                bytes,
            };
            let id = self.say_transfer(Audience::One(wanted.by), piece);
            self.given.insert(wanted.by, id);
        }
        let device = wanted.by;
        self.tell(Event::HistoryGiven { device, done });
        Ok(())
    }

    /// Says a step of a transfer, and which content that is.
    pub(super) fn say_transfer(&mut self, audience: Audience, step: Transfer) -> [u8; 16] {
        let mut id = [0; 16];
        self.rng.fill_bytes(&mut id);
        let content = Content::new(id, self.clock.wall, Body::Transfer(step));
        // Pieces are shorter than what a content holds.
        if let Ok(bytes) = content.to_bytes() {
            self.put_pending(self.own, audience, id, bytes, true);
        }
        id
    }

    /// A3, A4.
    fn page(&self, from: Option<Place>) -> Result<Page, Error> {
        let mut items = Vec::new();
        let mut size = 0_usize;
        let begin = from.map_or([0; 32], |place| place.conversation);
        let mut below = from.map(|place| place.below);
        let with: Vec<Account> = self
            .conversations
            .range(Account(begin)..)
            .map(|(with, _)| *with)
            .collect();
        let mut next = None;
        'all: for with in with {
            // A place is in one conversation, and behind it the others begin.
            let within = |place: &u64| with.0 == begin && *place < u64::MAX;
            let place = below.take().filter(within);
            if place.is_none() {
                if size >= PAGE_BYTES {
                    let (conversation, below) = (with.0, u64::MAX);
                    next = Some(Place {
                        conversation,
                        below,
                    });
                    break;
                }
                let facts = self.facts(with);
                size = size.saturating_add(facts.encoded_size());
                items.push(Item::Conversation(facts));
            }
            let mut below = place.unwrap_or(u64::MAX);
            loop {
                let entries = self.messages(&with, below, PAGE_MESSAGES)?;
                if entries.is_empty() {
                    break;
                }
                for entry in entries {
                    if size >= PAGE_BYTES {
                        let conversation = with.0;
                        next = Some(Place {
                            conversation,
                            below,
                        });
                        break 'all;
                    }
                    below = entry.number;
                    size = size.saturating_add(entry.encoded_size());
                    items.push(Item::Message(Box::new(entry)));
                }
            }
        }
        let counts = self.conversations.values().map(|it| it.next);
        Ok(Page {
            version: PAGE_VERSION,
            items,
            next,
            all: counts.fold(0, u64::saturating_add),
        })
    }

    fn facts(&self, with: Account) -> Facts {
        let known = self.conversation(with);
        Facts {
            with,
            next: known.next,
            timer: known.timer,
            timer_set: known.timer_set,
            read: known.read,
            last: known.last,
        }
    }
}
