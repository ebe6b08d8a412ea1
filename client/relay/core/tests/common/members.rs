//! Members of a group, as relays see them: keys, and what they sign.

use super::{Net, place};
use ed25519_dalek::{Signer, SigningKey};
use parlance_bimp::{
    Account, Answer, Bounded, GroupAccepted, GroupChange, GroupEnter, GroupExtent, GroupId,
    GroupOffer, GroupOrder, GroupPart, GroupPlaced, GroupPost, GroupRead, GroupSend, List, Mailbox,
    MessageId, Request, limits::MAX_PART,
};

pub const GROUP: GroupId = GroupId([0x90; 32]);

/// The access key with this number.
pub fn secret(n: u8) -> SigningKey {
    SigningKey::from_bytes(&[n; 32])
}

pub fn public(n: u8) -> [u8; 32] {
    secret(n).verifying_key().to_bytes()
}

/// A change that names the key with this number.
pub fn change(key: u8, handshake: &[u8], joined: &[Mailbox], left: &[Mailbox]) -> GroupChange {
    let parts = handshake.chunks(MAX_PART);
    let parts = parts.map(|part| MessageId::of_part(&GROUP, part)).collect();
    GroupChange {
        key: public(key),
        size: handshake.len() as u32,
        parts: List::new(parts).unwrap(),
        joined: List::new(joined.to_vec()).unwrap(),
        left: List::new(left.to_vec()).unwrap(),
    }
}

pub fn offer(group: GroupId, position: u64, signer: u8, change: &GroupChange) -> Request {
    let statement = change.statement(&group, position);
    let possession = change.possession(&group, position);
    let named = (0..=u8::MAX).find(|n| public(*n) == change.key);
    Request::GroupOffer(GroupOffer {
        group,
        position,
        change: change.clone(),
        signature: secret(signer).sign(&statement).to_bytes(),
        possession: named.map_or([0; 64], |n| secret(n).sign(&possession).to_bytes()),
    })
}

/// With a key and the position of the record that named it.
pub fn enter(group: GroupId, n: usize, connection: u64, (signer, position): (u8, u64)) -> Request {
    let mut enter = GroupEnter {
        group,
        position,
        signature: [0; 64],
    };
    let account = Account([connection as u8; 32]);
    let statement = enter.statement(&place(n), &account);
    enter.signature = secret(signer).sign(&statement).to_bytes();
    Request::GroupEnter(enter)
}

pub fn post_of(
    group: GroupId,
    (signer, position): (u8, u64),
    text: u8,
    mentioned: &[Mailbox],
) -> GroupPost {
    let mut post = GroupPost {
        group,
        position,
        ciphertext: Bounded::new(vec![text; 300]).unwrap(),
        mentioned: List::new(mentioned.to_vec()).unwrap(),
        everybody: false,
        signature: [0; 64],
    };
    post.signature = secret(signer).sign(&post.statement()).to_bytes();
    post
}

pub fn send(post: GroupPost, ticket: &[u8]) -> Request {
    Request::GroupSend(GroupSend {
        post,
        ticket: Bounded::new(ticket.to_vec()).unwrap(),
        keep: 0,
    })
}

pub fn placed(answer: Option<Answer>) -> GroupPlaced {
    match answer {
        Some(Answer::GroupOffer(placed)) => placed,
        other => panic!("{other:?}"),
    }
}

pub fn sent(answer: Option<Answer>) -> GroupAccepted {
    match answer {
        Some(Answer::GroupSend(accepted)) => accepted,
        other => panic!("{other:?}"),
    }
}

impl Net {
    /// Makes the group at a relay, with key 0.
    pub fn make(&mut self, n: usize, connection: u64, members: &[Mailbox]) {
        let made = change(0, &[], members, &[]);
        let answer = self.ask(n, connection, offer(GROUP, 0, 0, &made));
        assert_eq!(
            placed(answer),
            GroupPlaced {
                position: 0,
                next: 1
            }
        );
    }

    pub fn enter(&mut self, n: usize, connection: u64, with: (u8, u64)) -> GroupExtent {
        match self.ask(n, connection, enter(GROUP, n, connection, with)) {
            Some(Answer::GroupEnter(extent)) => extent,
            other => panic!("{other:?}"),
        }
    }

    /// Uploads a handshake at a relay that was entered.
    pub fn upload(&mut self, n: usize, connection: u64, handshake: &[u8]) {
        for part in handshake.chunks(MAX_PART) {
            let bytes = Bounded::new(part).unwrap();
            let request = Request::GroupPart(GroupPart {
                group: GROUP,
                bytes,
            });
            match self.ask(n, connection, request) {
                Some(Answer::GroupPart(accepted)) => {
                    assert_eq!(accepted.id, MessageId::of_part(&GROUP, part));
                    assert!(accepted.relays >= 3);
                }
                other => panic!("{other:?}"),
            }
        }
    }

    pub fn read(&mut self, n: usize, connection: u64, from: u64, offset: u32) -> GroupOrder {
        let read = Request::GroupRead(GroupRead {
            group: GROUP,
            from,
            offset,
        });
        match self.ask(n, connection, read) {
            Some(Answer::GroupRead(order)) => order,
            other => panic!("{other:?}"),
        }
    }

    /// All handshakes from a position on.
    pub fn handshakes(&mut self, n: usize, connection: u64, from: u64) -> Vec<Vec<u8>> {
        let (mut found, mut open, mut at) = (Vec::new(), Vec::new(), (from, 0));
        loop {
            let order = self.read(n, connection, at.0, at.1);
            let done = at.0 >= order.next;
            for piece in order.pieces.into_vec() {
                assert_eq!((piece.position, piece.offset), at);
                open.extend_from_slice(piece.bytes.as_slice());
                at = match piece.is_last() {
                    true => {
                        found.push(std::mem::take(&mut open));
                        (piece.position + 1, 0)
                    }
                    false => (piece.position, open.len() as u32),
                };
            }
            if done {
                return found;
            }
        }
    }
}
