//! What is left of a message that has disappeared (H5).

use super::Engine;
use crate::{Encryption, Entry, Storage, history::ContentId};
use parlance_e2ee::{Body, Content, DeviceAddress, content::TypingState};
use rand_core::CryptoRng;

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    /// What waits for the own other devices has had its time as well. The copies stay, since their numbers count (I1), and say nothing. What waits
    /// for the other side stays as it is: its time has not begun.
    pub(super) fn hollow(&mut self, entry: &Entry) {
        if !entry.is_by(&self.own) {
            return;
        }
        let own: Vec<DeviceAddress> = self
            .outbox
            .devices()
            .filter(|device| device.account == self.own.0)
            .copied()
            .collect();
        let Some(empty) = nothing(entry.id, entry.sent_at) else {
            return;
        };
        for device in own {
            let copy = self.outbox.named(device, &entry.id).cloned();
            if let Some(mut copy) = copy {
                copy.content.clone_from(&empty);
                self.put_copy(copy);
            }
        }
    }
}

/// A content that does nothing when it comes.
fn nothing(id: ContentId, sent_at: u64) -> Option<Vec<u8>> {
    let body = Body::Typing(TypingState::Stopped);
    Content::new(id, sent_at, body).to_bytes().ok()
}
