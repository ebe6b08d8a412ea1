//! What other relays say (rules O11 and O12 of BIMP).

use super::{
    Relay,
    groups::{Bearer, Verdict},
    keep::Kept,
};
use crate::{
    effect::{Asker, Effect},
    entry::State,
};
use codec::Decode;
use parlance_bimp::{
    Answer, Entries, Entry as WireEntry, FanOut, Key, List, Mailbox, Message, Reason, RelayId,
    Request, Stored,
};
use std::{collections::BTreeSet, sync::Arc};

/// Keys of entries, by what became of them.
#[derive(Default)]
struct Outcome {
    stored: Vec<Key>,
    refused: Vec<Key>,
}

impl Outcome {
    fn count(&mut self, key: Key, kept: Kept) {
        match kept {
            Kept::New | Kept::Known => self.stored.push(key),
            Kept::NoRoom | Kept::BadTime => self.refused.push(key),
            // News of something that is not here: reconciliation brings it. What the disk has no room for is tried again.
            Kept::Incomplete | Kept::DiskFull => {}
        }
    }

    /// Both lists are no longer than the request's was.
    fn into_stored(self) -> Stored {
        Stored {
            stored: List::new(self.stored).unwrap_or_default(),
            refused: List::new(self.refused).unwrap_or_default(),
        }
    }
}

impl Relay {
    pub(super) fn take_from_relay(&mut self, from: Asker, relay: RelayId, request: Request) {
        match request {
            Request::Replicate(entries) => {
                let stored = self.take_entries(&relay, &entries, Bearer::Coordinating);
                self.answer_durably(from, Answer::Replicate(stored));
            }
            Request::HandOver(entries) => {
                let stored = self.take_entries(&relay, &entries, Bearer::HandingOver);
                self.answer_durably(from, Answer::HandOver(stored));
            }
            Request::FanOut(copies) => {
                let stored = self.take_copies(&copies);
                self.answer_durably(from, Answer::FanOut(stored));
            }
            Request::Reconcile(said) => {
                let answer = self.compare(relay, &said);
                self.answer(from, Answer::Reconcile(answer));
            }
            Request::GroupVote(asked) => self.take_vote_request(from, relay, asked),
            Request::GroupSync(said) => {
                let answer = self.take_sync(relay, &said);
                self.answer(from, Answer::GroupSync(answer));
            }
            _ => self.refuse(from, Reason::NotAllowed),
        }
    }

    pub(super) fn take_answer(&mut self, relay: RelayId, answer: Answer) {
        self.health.heard(relay, self.clock.steady);
        // G9. A refusal may be of something else: then a request leaves a little early.
        let of_entries = matches!(
            answer,
            Answer::Replicate(_) | Answer::FanOut(_) | Answer::HandOver(_) | Answer::Refused(_)
        );
        if of_entries {
            self.outbox.answered(&relay, self.clock.steady);
        }
        match answer {
            Answer::Replicate(stored) | Answer::FanOut(stored) | Answer::HandOver(stored) => {
                for key in stored.stored.as_slice() {
                    self.stored_at(relay, key);
                    self.handed_over(relay, key);
                }
                for key in stored.refused.as_slice() {
                    self.refused_at(relay, key);
                }
            }
            Answer::Reconcile(said) => {
                let next = self.compare(relay, &said);
                if !next.ranges.as_slice().is_empty() || !next.want.as_slice().is_empty() {
                    let request = Request::Reconcile(next);
                    self.effects.push_back(Effect::Ask { relay, request });
                }
            }
            Answer::GroupVote(voted) => self.take_vote(relay, voted),
            Answer::GroupSync(said) => self.take_sync_answer(relay, &said),
            // A probe's answer has said everything by coming; a refusal is tried again.
            _ => {}
        }
    }

    /// `bearer` is what a relay is that is not of the entry's set.
    fn take_entries(&mut self, relay: &RelayId, entries: &Entries, bearer: Bearer) -> Stored {
        let mut outcome = Outcome::default();
        for entry in entries.entries.as_slice() {
            match self.take_entry(relay, entry, bearer) {
                Some(kept) => outcome.count(entry.key, kept),
                None => outcome.refused.push(entry.key),
            }
        }
        outcome.into_stored()
    }

    /// `None` if it is not this relay's, or not what its key says.
    fn take_entry(&mut self, relay: &RelayId, entry: &WireEntry, bearer: Bearer) -> Option<Kept> {
        let key = entry.key;
        let set = self.set_of(&key.mailbox);
        let bearer = match set.contains(relay) {
            true => Bearer::OfTheSet,
            false => bearer,
        };
        if !self.is_responsible(&set) {
            return None;
        }
        let message: Option<Arc<[u8]>> = match &entry.message {
            None => None,
            Some(bytes) => {
                let bytes = bytes.as_slice();
                let mut rest = bytes;
                let message = Message::decode(&mut rest).ok()?;
                if !rest.is_empty() || message.id(&key.mailbox) != Some(key.id) {
                    return None;
                }
                if let Message::Post(post) = &message {
                    let state = State::of(entry);
                    match self.admit_post(relay, post, &key, (&state, bearer)) {
                        Verdict::Good => {}
                        Verdict::Bad => return None,
                        // It comes again, and may be judged then. What nobody of the group has judged is refused at once, so
                        // that its sender does not learn whether there is such a group.
                        Verdict::Unknown if bearer == Bearer::Coordinating => return None,
                        Verdict::Unknown => return Some(Kept::Incomplete),
                    }
                }
                self.owe_for(&message);
                Some(bytes.into())
            }
        };
        let kept = self.keep(key, State::of(entry), message.as_ref(), 2);
        Some(kept)
    }

    fn take_copies(&mut self, copies: &FanOut) -> Stored {
        let mut outcome = Outcome::default();
        let bytes = copies.message.as_slice();
        let mut rest = bytes;
        let message = Message::decode(&mut rest).ok().filter(|_| rest.is_empty());
        let shared: Arc<[u8]> = bytes.into();
        let mentioned: BTreeSet<&Mailbox> = copies.mentioned.as_slice().iter().collect();
        for mailbox in copies.mailboxes.as_slice() {
            // An envelope is for one mailbox, and has no copies.
            let id = match &message {
                Some(message @ Message::Group { .. }) => message.id(mailbox),
                _ => None,
            };
            let Some(id) = id else {
                return Stored::default();
            };
            let key = Key {
                mailbox: *mailbox,
                id,
            };
            if !self.is_responsible(&self.set_of(mailbox)) {
                outcome.refused.push(key);
                continue;
            }
            let state = State {
                expires: copies.expires,
                mention: copies.everybody || mentioned.contains(mailbox),
                ..State::default()
            };
            let kept = self.keep(key, state, Some(&shared), 2);
            outcome.count(key, kept);
        }
        outcome.into_stored()
    }
}
