//! What was pushed over a connection and is not acknowledged yet (N7).

use crate::directory::Delivered;
use parlance_bimp::{Deliver, Key, Mailbox, MessageId};
use std::collections::HashMap;

/// Most that is remembered: far more than the core's window. A device that lets others delete what it was pushed is counted anew.
const MOST: usize = 1_024;
/// How the SCALE of a copy out of a group's fan-out begins: the index of `Message::Group`.
const COPY: u8 = 1;

/// Messages by their keys.
#[derive(Debug, Default)]
pub(super) struct Deliveries(HashMap<Key, Pushed>);

#[derive(Clone, Copy, Debug)]
struct Pushed {
    bytes: u32,
    is_copy: bool,
}

impl Deliveries {
    /// It is on its way.
    pub fn push(&mut self, message: &Deliver) {
        if self.0.len() >= MOST {
            self.0.clear();
        }
        let key = Key {
            mailbox: message.mailbox,
            id: message.id,
        };
        let bytes = message.message.as_slice();
        let pushed = Pushed {
            bytes: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
            is_copy: bytes.first() == Some(&COPY),
        };
        self.0.insert(key, pushed);
    }

    /// They are acknowledged. What was not pushed is not counted: whoever sent a message may have told its id.
    pub fn take(&mut self, mailbox: Mailbox, ids: &[MessageId]) -> Delivered {
        let mut sum = Delivered::default();
        for id in ids {
            let Some(pushed) = self.0.remove(&Key { mailbox, id: *id }) else {
                continue;
            };
            let part = match pushed.is_copy {
                true => &mut sum.fanned,
                false => &mut sum.direct,
            };
            *part = part.saturating_add(pushed.bytes.into());
        }
        if self.0.is_empty() {
            // Nobody who is idle keeps a table.
            self.0 = HashMap::new();
        }
        sum
    }

    /// What it takes, bytes.
    pub fn bytes(&self) -> usize {
        self.0
            .len()
            .saturating_mul(size_of::<Key>().saturating_add(size_of::<Pushed>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use codec::Encode;
    use parlance_bimp::{Bounded, GroupId, Message};

    const OWN: Mailbox = Mailbox([1; 32]);

    fn deliver(id: MessageId, message: &Message) -> Deliver {
        Deliver {
            mailbox: OWN,
            id,
            position: 1,
            expires: 0,
            mention: false,
            message: Bounded::new(message.encode()).unwrap(),
        }
    }

    #[test]
    fn what_was_pushed_counts_once_by_its_kind() {
        let [first, second, third] = [1, 2, 3].map(|n| MessageId([n; 32]));
        let sealed = Message::Sealed(Bounded::new(vec![0; 600]).unwrap());
        let copy = Message::Group {
            group: GroupId([1; 32]),
            ciphertext: Bounded::new(vec![0; 5_000]).unwrap(),
        };
        let size = |message: &Message| message.encode().len() as u64;
        let mut deliveries = Deliveries::default();
        deliveries.push(&deliver(first, &sealed));
        // Again, after it was asked for once more.
        deliveries.push(&deliver(first, &sealed));
        deliveries.push(&deliver(second, &copy));
        assert!(deliveries.bytes() > 0);
        let other = deliveries.take(Mailbox([2; 32]), &[first, second]);
        assert_eq!(other, Delivered::default());
        let all = deliveries.take(OWN, &[first, second, third]);
        let expected = Delivered {
            direct: size(&sealed),
            fanned: size(&copy),
        };
        assert_eq!(all, expected);
        assert_eq!(deliveries.take(OWN, &[first]), Delivered::default());
        assert_eq!(deliveries.bytes(), 0);
    }

    #[test]
    fn it_is_bounded() {
        let mut deliveries = Deliveries::default();
        let message = Message::Sealed(Bounded::new(vec![0; 10]).unwrap());
        for n in 0..10_000u32 {
            let mut id = [0; 32];
            id[..4].copy_from_slice(&n.to_le_bytes());
            deliveries.push(&deliver(MessageId(id), &message));
            assert!(deliveries.0.len() <= MOST);
        }
    }
}
