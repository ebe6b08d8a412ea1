//! The part of the state that this instance has seen.
//!
//! Rules:
//!
//! 1. Every write goes to the host at once; what is remembered never differs from what the host would answer.
//! 2. A key has one place, given by its hash. Whatever comes there next displaces what was there.
//! 3. Within an open storage transaction each write notes its place. A rollback forgets the places that were written
//!    since the transaction began; a commit leaves the notes to the transaction around it.
//! 4. What cannot be noted, a prefix that is cleared or more than [`MOST_NOTES`] writes, makes each rollback until the
//!    outermost transaction ends forget everything.
//! 5. Long keys, long values and the roots of child tries, which the host writes by itself, are not remembered.

use alloc::{boxed::Box, vec::Vec};
use bytes::Bytes;

/// Number of places, a power of two.
const PLACES: usize = 512;
/// Longest key that is remembered, in bytes.
const LONGEST_KEY: usize = 192;
/// Longest value that is remembered, in bytes.
const LONGEST_VALUE: usize = 1024;
/// Most writes that are noted.
const MOST_NOTES: usize = 16 * 1024;
/// Beginning of keys under which the host keeps the roots of child tries.
const CHILD_ROOTS: &[u8] = b":child_storage:";

/// The functions of the host, as `sp_io::storage` has them.
pub trait State {
    /// Value of a key.
    fn get(&mut self, key: &[u8]) -> Option<Bytes>;
    /// Whether a key has a value.
    fn exists(&mut self, key: &[u8]) -> bool;
    /// Gives a key a value.
    fn set(&mut self, key: &[u8], value: &[u8]);
    /// Takes a key's value away.
    fn clear(&mut self, key: &[u8]);
    /// Adds an item to a list.
    fn append(&mut self, key: &[u8], item: Vec<u8>);
    /// Opens a storage transaction.
    fn start_transaction(&mut self);
    /// Closes the innermost storage transaction and keeps what it did.
    fn commit_transaction(&mut self);
    /// Closes the innermost storage transaction and undoes what it did.
    fn rollback_transaction(&mut self);
}

#[derive(Default)]
struct Place {
    taken: bool,
    key: Vec<u8>,
    value: Option<Bytes>,
}

impl Place {
    fn holds(&self, key: &[u8]) -> bool {
        self.taken && self.key == key
    }

    fn forget(&mut self) {
        self.taken = false;
        self.value = None;
    }
}

/// What is remembered of the state.
pub struct Cache {
    places: Box<[Place]>,
    /// Places that were written while a transaction was open, oldest first.
    notes: Vec<u16>,
    /// For each open transaction, the number of notes when it began.
    open: Vec<usize>,
    /// Whether the notes are incomplete.
    lost: bool,
}

impl Cache {
    /// Remembers nothing.
    pub fn new() -> Self {
        Self {
            places: (0..PLACES).map(|_| Place::default()).collect(),
            notes: Vec::new(),
            open: Vec::new(),
            lost: false,
        }
    }

    /// The value of a key.
    pub fn get(&mut self, state: &mut impl State, key: &[u8]) -> Option<Bytes> {
        let place = place_of(key);
        let known = &self.places[place];
        if known.holds(key) {
            return known.value.clone();
        }
        let value = state.get(key);
        self.remember(place, key, value.clone());
        value
    }

    /// Whether a key has a value.
    pub fn exists(&mut self, state: &mut impl State, key: &[u8]) -> bool {
        let known = &self.places[place_of(key)];
        match known.holds(key) {
            true => known.value.is_some(),
            false => state.exists(key),
        }
    }

    /// Gives a key a value.
    pub fn set(&mut self, state: &mut impl State, key: &[u8], value: &[u8]) {
        state.set(key, value);
        let place = place_of(key);
        self.note(place);
        let value = (value.len() <= LONGEST_VALUE).then(|| Bytes::copy_from_slice(value));
        match value {
            Some(value) => self.remember(place, key, Some(value)),
            None => self.places[place].forget(),
        }
    }

    /// Takes a key's value away.
    pub fn clear(&mut self, state: &mut impl State, key: &[u8]) {
        state.clear(key);
        let place = place_of(key);
        self.note(place);
        self.remember(place, key, None);
    }

    /// Adds an item to a list, which is not remembered: lists are long and seldom read.
    pub fn append(&mut self, state: &mut impl State, key: &[u8], item: Vec<u8>) {
        state.append(key, item);
        let place = place_of(key);
        self.note(place);
        if self.places[place].holds(key) {
            self.places[place].forget();
        }
    }

    /// Forgets everything, since the host changed keys that nobody counts.
    pub fn changed_at_large(&mut self) {
        self.forget_all();
        self.lost = !self.open.is_empty();
    }

    /// Opens a storage transaction.
    pub fn start_transaction(&mut self, state: &mut impl State) {
        state.start_transaction();
        self.open.push(self.notes.len());
    }

    /// Closes the innermost storage transaction and keeps what it did.
    pub fn commit_transaction(&mut self, state: &mut impl State) {
        state.commit_transaction();
        self.open.pop();
        self.closed();
    }

    /// Closes the innermost storage transaction and undoes what it did.
    pub fn rollback_transaction(&mut self, state: &mut impl State) {
        state.rollback_transaction();
        match self.open.pop() {
            Some(begin) if !self.lost => {
                for place in self.notes.drain(begin..) {
                    self.places[usize::from(place)].forget();
                }
            }
            _ => self.forget_all(),
        }
        self.closed();
    }

    /// With no transaction open, nothing can be rolled back.
    fn closed(&mut self) {
        if self.open.is_empty() {
            self.notes.clear();
            self.lost = false;
        }
    }

    fn note(&mut self, place: usize) {
        if self.open.is_empty() || self.lost {
            return;
        }
        if self.notes.len() == MOST_NOTES {
            self.lost = true;
            return;
        }
        // Places are numbered below 2^16.
        self.notes.push(place as u16);
    }

    fn remember(&mut self, place: usize, key: &[u8], value: Option<Bytes>) {
        let length = value.as_ref().map_or(0, |value| value.len());
        let place = &mut self.places[place];
        if key.len() > LONGEST_KEY || length > LONGEST_VALUE || key.starts_with(CHILD_ROOTS) {
            if place.holds(key) {
                place.forget();
            }
            return;
        }
        place.taken = true;
        place.key.clear();
        place.key.extend_from_slice(key);
        place.value = value;
    }

    fn forget_all(&mut self) {
        self.places.iter_mut().for_each(Place::forget);
    }
}

impl Default for Cache {
    fn default() -> Self {
        Self::new()
    }
}

/// The place of a key. Keys of FRAME are hashes for the most part, so that little is asked of this function; whoever finds
/// keys that share a place makes reads slower, by what remembering saves.
fn place_of(key: &[u8]) -> usize {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut mixed = key.len() as u64;
    let mut words = key.chunks_exact(8);
    for word in words.by_ref() {
        let word = word.try_into().map_or(0, u64::from_le_bytes);
        mixed = (mixed.rotate_left(5) ^ word).wrapping_mul(FACTOR);
    }
    for byte in words.remainder() {
        mixed = (mixed.rotate_left(5) ^ u64::from(*byte)).wrapping_mul(FACTOR);
    }
    (mixed >> 32) as usize % PLACES
}
