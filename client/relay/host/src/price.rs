//! What a request costs of its sender's rate beside its frame (rule N1 of [`crate::connection`]).
//!
//! A frame is a frame, but some make the one thread of the core do far more than others: look through a mailbox of ten thousand messages, change
//! hundreds of entries here and at four other relays, read a piece of a group's order from the disk. Without a price for that one device
//! would have the core to itself, within its rate.

use parlance_bimp::{Answer, Request, Waiting};

/// Messages that are looked through, or pushed again, for a frame.
const LOOKED_AT: u64 = 50;
/// Entries that are changed for a frame, each of them once in its life.
const CHANGED: usize = 8;
/// A subscription pushes a window of messages again.
const WINDOW: u32 = 16;
/// A piece of a group's order is up to so many looks at the disk.
const ORDER: u32 = 16;

/// What is known before a request is done, in frames.
pub fn of(request: &Request) -> u32 {
    match request {
        Request::Subscribe(_) => WINDOW,
        Request::GroupRead(_) => ORDER,
        Request::Acknowledge(body) | Request::Delete(body) => {
            frames(body.ids.as_slice().len() / CHANGED)
        }
        // Again and again, to a later moment each time.
        Request::ExtendRetention(body) => frames(body.which.ids.as_slice().len()),
        Request::PublishPreKeys(body) => frames(body.one_time.as_slice().len() / CHANGED),
        _ => 0,
    }
}

/// What its answer shows, in frames.
pub fn of_answer(answer: &Answer) -> u32 {
    match answer {
        Answer::Subscribe(Waiting { messages, .. }) | Answer::Sync(Waiting { messages, .. }) => {
            let looks = u64::from(*messages).checked_div(LOOKED_AT).unwrap_or(0);
            u32::try_from(looks).unwrap_or(u32::MAX)
        }
        _ => 0,
    }
}

fn frames(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlance_bimp::{
        ExtendRetention, List, Mailbox, MessageId, OfMailbox, Probe, Subscribe, SyncCursor,
    };

    const OWN: Mailbox = Mailbox([1; 32]);

    fn of_many(count: u8) -> OfMailbox {
        let ids = (0..count).map(|n| MessageId([n; 32]));
        OfMailbox {
            mailbox: OWN,
            ids: List::new(ids.collect()).unwrap(),
        }
    }

    #[test]
    fn who_has_much_done_pays_for_it() {
        assert_eq!(of(&Request::Probe(Probe { number: 1 })), 0);
        assert_eq!(of(&Request::Acknowledge(of_many(1))), 0);
        assert_eq!(of(&Request::Acknowledge(of_many(200))), 25);
        assert_eq!(of(&Request::Delete(of_many(200))), 25);
        let extend = ExtendRetention {
            which: of_many(200),
            until: 1,
        };
        assert_eq!(of(&Request::ExtendRetention(extend)), 200);
        let (mailbox, window) = (OWN, 0);
        let subscribe = Request::Subscribe(Subscribe { mailbox, window });
        assert_eq!(of(&subscribe), WINDOW);
        assert_eq!(of(&Request::Sync(SyncCursor { mailbox })), 0);
    }

    #[test]
    fn a_full_mailbox_is_looked_through_a_few_times_a_second() {
        let waiting = |messages| Waiting {
            messages,
            ..Waiting::default()
        };
        assert_eq!(of_answer(&Answer::Sync(waiting(0))), 0);
        assert_eq!(of_answer(&Answer::Sync(waiting(10_000))), 200);
        assert_eq!(of_answer(&Answer::Subscribe(waiting(10_000))), 200);
        assert_eq!(of_answer(&Answer::Unsubscribe(())), 0);
    }
}
