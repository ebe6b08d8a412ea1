//! What goes to other relays, gathered over a round of inputs.

use super::Relay;
use crate::{config::Timings, effect::Effect, entry::State, storage::Storage};
use parlance_bimp::{
    Bounded, Entries, Entry as WireEntry, FanOut, Key, List, Mailbox, MessageId, RelayId, Request,
    limits::{MAX_ENTRIES, MAX_MENTIONS, MAX_MESSAGE},
};
use std::{
    collections::{BTreeMap, VecDeque, btree_map::Entry as Place},
    sync::Arc,
};

/// Bytes of entries in one request: below the longest frame with the largest entry on top.
const MOST_BYTES: usize = 48 * 1024;
/// Bytes that an entry takes beside its message, at most.
const ENTRY: usize = 128;
/// Requests to one relay whose times are remembered. Beyond them it is no longer known how many are on their way.
const REMEMBERED: usize = 1_024;

/// Where the message of an entry comes from.
#[derive(Clone, Debug)]
enum Source {
    /// It does not go along.
    None,
    /// From the disk.
    Disk,
    /// From memory.
    Memory(Arc<[u8]>),
}

#[derive(Clone, Debug)]
struct Parcel {
    state: State,
    source: Source,
    hand_over: bool,
}

/// Requests on their way to one relay (G9). It answers them in order.
#[derive(Debug, Default)]
struct Asked {
    /// When each left.
    times: VecDeque<u64>,
    last: u64,
    /// When one was answered last.
    answered: u64,
}

/// Entries for other relays.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    parcels: BTreeMap<RelayId, BTreeMap<Key, Parcel>>,
    asked: BTreeMap<RelayId, Asked>,
}

impl Outbox {
    /// Takes what may leave now (G9).
    fn take(
        &mut self,
        now: u64,
        requests: usize,
        retry: u64,
    ) -> BTreeMap<RelayId, BTreeMap<Key, Parcel>> {
        let asked = &mut self.asked;
        let (ready, waiting) =
            std::mem::take(&mut self.parcels)
                .into_iter()
                .partition(|(relay, _)| {
                    let Some(asked) = asked.get_mut(relay) else {
                        return true;
                    };
                    if asked.times.len() < requests {
                        return true;
                    }
                    let late = now.saturating_sub(asked.last) >= retry;
                    if late {
                        // It, or its answer, may be lost, and the others must not wait for that.
                        asked.times.pop_front();
                    }
                    late
                });
        self.parcels = waiting;
        ready
    }

    /// A request with entries leaves.
    fn ask(&mut self, relay: RelayId, now: u64) {
        let asked = self.asked.entry(relay).or_default();
        if asked.times.len() >= REMEMBERED {
            asked.times.pop_front();
        }
        asked.times.push_back(now);
        asked.last = now;
    }

    /// One was answered.
    pub fn answered(&mut self, relay: &RelayId, now: u64) {
        if let Some(asked) = self.asked.get_mut(relay) {
            asked.times.pop_front();
            asked.answered = now;
        }
    }

    /// None of them will be answered.
    pub fn forget_asked(&mut self, relay: &RelayId) {
        self.asked.remove(relay);
    }

    /// Forgets about relays that `keep` does not want.
    pub fn retain_asked(&mut self, keep: impl Fn(&RelayId) -> bool) {
        self.asked.retain(|relay, _| keep(relay));
    }

    /// Whether what was put here for a relay at `since` waits here, or for its answer. It leaves within `timings.retry`, so it is not
    /// answered while a request is on its way that left before that. A relay that answers nothing is not waited for.
    pub fn is_awaited(
        &self,
        relay: &RelayId,
        key: &Key,
        since: u64,
        now: u64,
        timings: &Timings,
    ) -> bool {
        let parcels = self.parcels.get(relay);
        if parcels.is_some_and(|parcels| parcels.contains_key(key)) {
            return true;
        }
        let Some(asked) = self.asked.get(relay) else {
            return false;
        };
        let answers = now.saturating_sub(asked.answered) < timings.retry;
        let oldest = asked.times.front().filter(|_| answers);
        oldest.is_some_and(|left| {
            *left <= since.saturating_add(timings.retry) && now.saturating_sub(*left) < timings.dead
        })
    }

    fn put(&mut self, relay: RelayId, key: Key, parcel: Parcel) {
        match self.parcels.entry(relay).or_default().entry(key) {
            Place::Vacant(place) => {
                place.insert(parcel);
            }
            Place::Occupied(mut place) => {
                let before = place.get_mut();
                before.state.merge(&parcel.state);
                before.hand_over |= parcel.hand_over;
                before.source = match (&before.source, parcel.source) {
                    (Source::Memory(message), _) => Source::Memory(message.clone()),
                    (_, Source::Memory(message)) => Source::Memory(message),
                    (Source::Disk, _) | (_, Source::Disk) => Source::Disk,
                    (Source::None, Source::None) => Source::None,
                };
            }
        }
    }

    /// Only what is known of an entry.
    pub fn tell(&mut self, relay: RelayId, key: Key, state: &State) {
        let parcel = Parcel {
            state: state.clone(),
            source: Source::None,
            hand_over: false,
        };
        self.put(relay, key, parcel);
    }

    /// A new message.
    pub fn write(&mut self, relay: RelayId, key: Key, state: &State, message: &Arc<[u8]>) {
        let parcel = Parcel {
            state: state.clone(),
            source: Source::Memory(message.clone()),
            hand_over: false,
        };
        self.put(relay, key, parcel);
    }

    /// An entry from the disk.
    pub fn repair(&mut self, relay: RelayId, key: Key, state: &State, hand_over: bool) {
        let parcel = Parcel {
            state: state.clone(),
            source: Source::Disk,
            hand_over,
        };
        self.put(relay, key, parcel);
    }
}

impl Relay {
    /// Makes requests of everything that was gathered. Nothing is sent to relays that are dead: what they miss is tried
    /// again, or found by reconciliation.
    pub(super) fn post(&mut self, storage: &dyn Storage) {
        let (now, retry) = (self.clock.steady, self.config.timings.retry);
        let ready = self.outbox.take(now, self.config.limits.requests, retry);
        for (relay, parcels) in ready {
            if !self.is_alive(&relay) {
                self.outbox.forget_asked(&relay);
                continue;
            }
            // Copies of a group's message have one id in many mailboxes.
            let mut shared: BTreeMap<(MessageId, u64), Vec<(Key, Parcel)>> = BTreeMap::new();
            let mut single = Vec::new();
            for (key, parcel) in parcels {
                match &parcel.source {
                    Source::Memory(_) if !parcel.hand_over && !parcel.state.deleted => {
                        let copies = shared.entry((key.id, parcel.state.expires)).or_default();
                        copies.push((key, parcel));
                    }
                    _ => single.push((key, parcel)),
                }
            }
            for (_, copies) in shared {
                match copies.len() {
                    1 => single.extend(copies),
                    _ => self.post_copies(relay, &copies),
                }
            }
            self.post_entries(relay, single, storage);
        }
    }

    fn post_copies(&mut self, relay: RelayId, copies: &[(Key, Parcel)]) {
        let mentions = copies.iter().filter(|(_, it)| it.state.mention).count();
        let everybody = mentions == copies.len();
        let at_once = match everybody || mentions <= MAX_MENTIONS {
            true => MAX_ENTRIES,
            false => MAX_MENTIONS,
        };
        for part in copies.chunks(at_once) {
            let Some((
                _,
                Parcel {
                    state,
                    source: Source::Memory(message),
                    ..
                },
            )) = part.first()
            else {
                continue;
            };
            let mailboxes = |wanted: &dyn Fn(&State) -> bool| -> Vec<Mailbox> {
                part.iter()
                    .filter(|(_, it)| wanted(&it.state))
                    .map(|(key, _)| key.mailbox)
                    .collect()
            };
            let mentioned = match everybody {
                true => Vec::new(),
                false => mailboxes(&|state| state.mention),
            };
            let lists = (
                List::new(mailboxes(&|_| true)),
                List::new(mentioned),
                Bounded::<MAX_MESSAGE>::new(&message[..]),
            );
            if let (Ok(mailboxes), Ok(mentioned), Ok(message)) = lists {
                let request = Request::FanOut(FanOut {
                    mailboxes,
                    mentioned,
                    everybody,
                    expires: state.expires,
                    message,
                });
                self.outbox.ask(relay, self.clock.steady);
                self.effects.push_back(Effect::Ask { relay, request });
            }
        }
    }

    fn post_entries(&mut self, relay: RelayId, parcels: Vec<(Key, Parcel)>, storage: &dyn Storage) {
        let mut open: [(Vec<WireEntry>, usize); 2] = Default::default();
        for (key, parcel) in parcels {
            let message = match (&parcel.source, parcel.state.deleted) {
                (_, true) | (Source::None, _) => None,
                (Source::Memory(message), _) => Some(message.clone()),
                (Source::Disk, _) => match storage.message(&key) {
                    Ok(Some(message)) => Some(message),
                    // Deleted or failing meanwhile: the next reconciliation sees what is left.
                    _ => continue,
                },
            };
            let size = message
                .as_ref()
                .map_or(0, |it| it.len())
                .saturating_add(ENTRY);
            let index = usize::from(parcel.hand_over);
            if let Some((entries, bytes)) = open.get_mut(index) {
                let full = bytes.saturating_add(size) > MOST_BYTES || entries.len() >= MAX_ENTRIES;
                if full && !entries.is_empty() {
                    let entries = std::mem::take(entries);
                    *bytes = 0;
                    self.post_request(relay, entries, parcel.hand_over);
                }
            }
            if let Some((entries, bytes)) = open.get_mut(index) {
                entries.push(parcel.state.to_wire(key, message.as_deref()));
                *bytes = bytes.saturating_add(size);
            }
        }
        for ((entries, _), hand_over) in open.into_iter().zip([false, true]) {
            if !entries.is_empty() {
                self.post_request(relay, entries, hand_over);
            }
        }
    }

    fn post_request(&mut self, relay: RelayId, entries: Vec<WireEntry>, hand_over: bool) {
        if let Ok(entries) = List::new(entries) {
            let entries = Entries { entries };
            let request = match hand_over {
                true => Request::HandOver(entries),
                false => Request::Replicate(entries),
            };
            self.outbox.ask(relay, self.clock.steady);
            self.effects.push_back(Effect::Ask { relay, request });
        }
    }
}
