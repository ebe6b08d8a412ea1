//! What was sent, accepted and shown. Messages say by themselves which they are.

use crate::people::{self, Person, SEALED};
use parlance_bimp::{Deliver, Mailbox, MessageId};
use std::{
    collections::HashSet,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

const ACCEPTED: u8 = 1;
const SHOWN: u8 = 2;

/// The messages of a run. A lane is what sends one message after the other.
pub struct Book {
    /// Tells the messages of this run from those of others in the same folder.
    run: u64,
    recipients: u32,
    lanes: Vec<Mutex<Vec<u8>>>,
    accepted: AtomicU64,
    /// Messages that a relay delivered once more, and that were known by their id.
    pub again: AtomicU64,
    /// Messages that were shown under two ids, or to two recipients.
    pub twice: AtomicU64,
    /// Messages that nobody has sent, that were changed on the way, or that are somebody else's.
    pub foreign: AtomicU64,
    /// Messages of runs before, whose acknowledgement had got lost.
    pub earlier: AtomicU64,
}

/// A message to be sent.
pub struct Written {
    /// Which of its lane.
    pub number: u64,
    /// To whom.
    pub to: Mailbox,
    /// The sealed part.
    pub sealed: Vec<u8>,
}

/// What a recipient has been shown.
pub struct Reader {
    number: u32,
    mailbox: Mailbox,
    /// As any client knows messages.
    known: HashSet<MessageId>,
}

impl Reader {
    /// The recipient with this number.
    pub fn of(number: u32) -> Self {
        Self {
            number,
            mailbox: Person::of(number).mailbox(),
            known: HashSet::new(),
        }
    }
}

impl Book {
    /// An empty one.
    pub fn new(run: u64, lanes: u32, recipients: u32) -> Self {
        Self {
            run,
            recipients: recipients.max(1),
            lanes: (0..lanes).map(|_| Mutex::default()).collect(),
            accepted: AtomicU64::new(0),
            again: AtomicU64::new(0),
            twice: AtomicU64::new(0),
            foreign: AtomicU64::new(0),
            earlier: AtomicU64::new(0),
        }
    }

    /// How many were accepted.
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }

    /// The next message of a lane, each to the next recipient.
    pub fn write(&self, lane: u32) -> Written {
        let number = self.lane(lane).map_or(0, |mut messages| {
            messages.push(0);
            messages.len() as u64 - 1
        });
        let mut sealed = Vec::with_capacity(SEALED);
        sealed.extend(self.run.to_le_bytes());
        sealed.extend(lane.to_le_bytes());
        sealed.extend(number.to_le_bytes());
        sealed.resize(SEALED, lane as u8);
        Written {
            number,
            to: Person::of(self.recipient(lane, number)).mailbox(),
            sealed,
        }
    }

    fn recipient(&self, lane: u32, number: u64) -> u32 {
        let at = u64::from(lane).saturating_add(number) % u64::from(self.recipients);
        at as u32
    }

    /// A message of a lane was said to be safe.
    pub fn accept(&self, lane: u32, number: u64) {
        self.mark(lane, number, ACCEPTED);
        self.accepted.fetch_add(1, Ordering::Relaxed);
    }

    /// A recipient gets a message. Whether it is shown.
    pub fn show(&self, reader: &mut Reader, message: &Deliver) -> bool {
        let count = |counter: &AtomicU64| {
            counter.fetch_add(1, Ordering::Relaxed);
            false
        };
        if !reader.known.insert(message.id) {
            return count(&self.again);
        }
        let Some((run, lane, number)) = named(reader, message) else {
            return count(&self.foreign);
        };
        if run != self.run {
            return count(&self.earlier);
        }
        if self.recipient(lane, number) != reader.number {
            return count(&self.foreign);
        }
        match self.mark(lane, number, SHOWN) {
            None => count(&self.foreign),
            Some(before) if before & SHOWN > 0 => count(&self.twice),
            Some(_) => true,
        }
    }

    /// How many were accepted and not shown.
    pub fn missing(&self) -> u64 {
        let lanes = self.lanes.iter().map(|lane| {
            let messages = locked(lane);
            let missing = messages.iter().filter(|it| **it == ACCEPTED);
            missing.count() as u64
        });
        lanes.sum()
    }

    /// What it was before; none if there is no such message.
    fn mark(&self, lane: u32, number: u64, mark: u8) -> Option<u8> {
        let mut messages = self.lane(lane)?;
        let message = messages.get_mut(usize::try_from(number).ok()?)?;
        let before = *message;
        *message |= mark;
        Some(before)
    }

    fn lane(&self, lane: u32) -> Option<MutexGuard<'_, Vec<u8>>> {
        Some(locked(self.lanes.get(lane as usize)?))
    }
}

fn locked(lane: &Mutex<Vec<u8>>) -> MutexGuard<'_, Vec<u8>> {
    lane.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Run, lane and number, if the message is what its id says and nothing of it was changed.
fn named(reader: &Reader, message: &Deliver) -> Option<(u64, u32, u64)> {
    let sealed = people::sealed(message.message.as_slice())?;
    if MessageId::of_sealed(&reader.mailbox, sealed) != message.id {
        return None;
    }
    let (run, rest) = sealed.split_first_chunk()?;
    let (lane, rest) = rest.split_first_chunk()?;
    let (number, _) = rest.split_first_chunk()?;
    Some((
        u64::from_le_bytes(*run),
        u32::from_le_bytes(*lane),
        u64::from_le_bytes(*number),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlance_bimp::Bounded;

    fn delivered(written: &Written) -> Deliver {
        Deliver {
            mailbox: written.to,
            id: MessageId::of_sealed(&written.to, &written.sealed),
            position: 0,
            expires: 0,
            mention: false,
            message: Bounded::new(written.sealed.clone()).unwrap(),
        }
    }

    #[test]
    fn what_is_lost_doubled_changed_or_of_another_run_is_counted() {
        let book = Book::new(7, 2, 3);
        let mut readers: Vec<Reader> = (0..3).map(Reader::of).collect();
        let first = book.write(1);
        assert_eq!(first.number, 0);
        book.accept(1, 0);
        assert_eq!((book.accepted(), book.missing()), (1, 1));
        assert!(book.show(&mut readers[1], &delivered(&first)));
        assert_eq!(book.missing(), 0);
        // By its id.
        assert!(!book.show(&mut readers[1], &delivered(&first)));
        assert_eq!(book.again.load(Ordering::Relaxed), 1);
        // The same under another id.
        let mut other = book.write(0);
        other.sealed[..20].copy_from_slice(&first.sealed[..20]);
        other.to = first.to;
        assert!(!book.show(&mut readers[1], &delivered(&other)));
        assert_eq!(book.twice.load(Ordering::Relaxed), 1);
        // To somebody else, and changed on the way.
        let second = book.write(1);
        let mut astray = delivered(&second);
        astray.id = MessageId::of_sealed(&readers[0].mailbox, &second.sealed);
        assert!(!book.show(&mut readers[0], &astray));
        let mut changed = delivered(&second);
        changed.id.0[0] ^= 1;
        assert!(!book.show(&mut readers[2], &changed));
        assert_eq!(book.foreign.load(Ordering::Relaxed), 2);
        let earlier = Book::new(6, 2, 3).write(0);
        assert!(!book.show(&mut readers[0], &delivered(&earlier)));
        assert_eq!(book.earlier.load(Ordering::Relaxed), 1);
    }
}
