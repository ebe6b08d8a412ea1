//! Members read the order (O16), from the disk.

use super::Relay;
use crate::{
    effect::Asker,
    order::Group,
    storage::{Storage, StorageError},
};
use codec::{DecodeAll, Encode};
use parlance_bimp::{
    Answer, Bounded, GroupId, GroupOrder, GroupRead, Key, List, Message, MessageId, Piece, Reason,
    limits::{MAX_ORDERED, MAX_PART},
};

/// Bytes of an answer: with the largest record and a whole part it fits into a frame.
const MOST_BYTES: usize = 104 * 1024;
/// Bytes of a piece beside record and part.
const PIECE: usize = 32;

impl Relay {
    pub(in crate::relay) fn read_group(&mut self, from: Asker, body: GroupRead) {
        if self.entered(from, &body.group).is_none() {
            return self.refuse_stranger(from, &body.group);
        }
        if self.orders.reads.len() >= self.config.limits.writes {
            return self.refuse_for(from, Reason::TooFast, self.config.timings.stand_in);
        }
        self.orders.reads.push((from, body));
    }

    /// Answers what members want to read, and reads the texts whose copies are due.
    pub(in crate::relay) fn serve_groups(&mut self, storage: &dyn Storage) {
        for (to, read) in std::mem::take(&mut self.orders.reads) {
            match self.order(read, storage) {
                Ok(Some(order)) => self.answer(to, Answer::GroupRead(order)),
                // It has moved away, or was forgotten, since it was asked for.
                Ok(None) => self.refuse_stranger(to, &read.group),
                Err(_) => self.refuse(to, Reason::Internal),
            }
        }
        self.read_posts(storage);
    }

    fn order(
        &self,
        read: GroupRead,
        storage: &dyn Storage,
    ) -> Result<Option<GroupOrder>, StorageError> {
        let Some(seat) = self.orders.seats.get(&read.group) else {
            return Ok(None);
        };
        let group = &seat.group;
        let (first, next) = (group.first(), group.next());
        let (mut pieces, mut bytes) = (Vec::new(), 0usize);
        let mut offset = read.offset;
        let from = match read.from < first {
            // What is asked for is gone.
            true => next,
            false => read.from,
        };
        for position in from..next {
            let Some(record) = group.record(position) else {
                break;
            };
            let Some(part) = part_at(&read.group, Group::parts(record), offset, storage)? else {
                break;
            };
            let size = record.encoded_size().saturating_add(part.len());
            bytes = bytes.saturating_add(size.saturating_add(PIECE));
            let full = bytes > MOST_BYTES || pieces.len() >= MAX_ORDERED;
            if full && !pieces.is_empty() {
                break;
            }
            let piece = Piece {
                position,
                record: record.clone(),
                offset,
                bytes: Bounded::new(part).unwrap_or_default(),
            };
            let whole = piece.is_last();
            pieces.push(piece);
            offset = 0;
            if !whole {
                break;
            }
        }
        Ok(Some(GroupOrder {
            first,
            next,
            pieces: List::new(pieces).unwrap_or_default(),
        }))
    }
}

/// What a handshake has from a byte on to the end of the part that it is in; none if that is not here.
fn part_at(
    group: &GroupId,
    parts: &[MessageId],
    offset: u32,
    storage: &dyn Storage,
) -> Result<Option<Vec<u8>>, StorageError> {
    let offset = offset as usize;
    let Some(id) = parts.get(offset / MAX_PART) else {
        // The handshake is empty, or ends there.
        return Ok(Some(Vec::new()));
    };
    let key = Key {
        mailbox: group.parts(),
        id: *id,
    };
    let Some(message) = storage.message(&key)? else {
        return Ok(None);
    };
    Ok(match Message::decode_all(&mut &message[..]) {
        Ok(Message::Part { bytes, .. }) => {
            let rest = bytes.as_slice().get(offset % MAX_PART..);
            Some(rest.unwrap_or_default().to_vec())
        }
        _ => None,
    })
}
