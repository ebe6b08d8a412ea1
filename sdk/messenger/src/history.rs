//! Conversations and their messages.
//!
//! - **H1** A *conversation* is with an account; the one with the own account is for notes, and reaches the own other devices. Its
//!   messages have numbers, in the order in which this device took them.
//! - **H2** What a person sees is kept as it came, whole, also when this version does not know its kind or what a newer one added
//!   (rule C3 of the encryption core): text, reply, file, mention, payment, call, timer, and unknown kinds. Reactions, edits, deletions and
//!   receipts change the message that they are about; if that is not here yet they wait for it.
//! - **H3** *Edits and deletions* count from the account that wrote the message, from any of its devices. The later edit wins, by the
//!   author's clock; between equal ones the greater text. A deletion is for ever: what was said is wiped, the place stays.
//! - **H4** *Reactions*: one of each account, its latest. A message that was taken back has none.
//! - **H5** *Disappearing*: a message has the life time that it came with, which is that of the conversation's timer when it was written.
//!   It runs from when its reader read it, on whichever device, and for its author from when it was written. Then it is wiped, with its
//!   place, and with what still waits for the author's other devices. Only its random name stays, so that nothing brings it back: what comes about it
//!   later is dropped. Both sides can set the timer; the later setting holds.
//! - **H6** *Status* of what this account wrote. *Accepted* by k relays: each of the other side's devices that the record listed has a copy for it
//!   on k relays at least. *Delivered*: those devices have it on disk, as they said themselves, encrypted. *Read*: their person has read it, if
//!   they tell. No relay can make any of these up but the first. A device's word may come before the relay's answer; a program that ends
//!   between the two does not learn the number of relays any more.
//! - **H7** *Read state* goes to the own other devices, and to the other side unless that is turned off.

use codec::{Decode, Encode};
use parlance_bimp::Account;
use parlance_e2ee::{
    Body, Content, DeviceAddress,
    content::{Edit, Reaction},
};

use crate::limits::MAX_REACTIONS;

/// Identifier of a content, chosen by its sender at random.
pub type ContentId = [u8; 16];

/// A conversation (H1).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Conversation {
    /// With whom.
    pub with: Account,
    /// Number of the next message.
    pub next: u64,
    /// Life time of what is written from now on, seconds (H5).
    pub timer: Option<u32>,
    /// When that was set, by the clock of who set it.
    pub timer_set: u64,
    /// Everything up to here was read or is the own.
    pub read: Option<u64>,
    /// Messages of others that were not read.
    pub unread: u32,
    /// When something was last said, milliseconds since 1970 by this device's clock.
    pub last: u64,
}

impl Conversation {
    /// An empty one.
    pub fn new(with: Account) -> Self {
        Self {
            with,
            next: 0,
            timer: None,
            timer_set: 0,
            read: None,
            unread: 0,
            last: 0,
        }
    }
}

/// A reaction (H4).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Reacted {
    /// Whose.
    pub account: Account,
    /// The emoji; empty when it was taken back.
    pub emoji: String,
    /// When, by their clock.
    pub at: u64,
}

/// What became of a message that this account wrote (H6).
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Status {
    /// By how many relays, at least, for each device.
    pub accepted: Option<u8>,
    /// The other side's devices that have it.
    pub delivered: Vec<u32>,
    /// Whether their person has read it.
    pub read: bool,
}

/// A message of a conversation (H2).
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Entry {
    /// The conversation.
    pub conversation: Account,
    /// Its number there.
    pub number: u64,
    /// Its identifier.
    pub id: ContentId,
    /// Who wrote it.
    pub author: DeviceAddress,
    /// When, milliseconds since 1970 by the author's clock.
    pub sent_at: u64,
    /// When it came here, by this device's.
    pub arrived: u64,
    /// The content as it came; empty after a deletion.
    pub content: Vec<u8>,
    /// The latest edit: when, and the text.
    pub edited: Option<(u64, String)>,
    /// Whether its author took it back.
    pub deleted: bool,
    /// Reactions.
    pub reactions: Vec<Reacted>,
    /// What became of it, if it is the own account's.
    pub status: Status,
    /// By how many relays, at least, for each device that it was accepted for so far.
    pub relays: Option<u8>,
    /// Whether it was read here or on another own device.
    pub read: bool,
    /// Seconds that it lives after it was read.
    pub lifetime: Option<u32>,
    /// When it disappears, milliseconds since 1970.
    pub expires: Option<u64>,
}

impl Entry {
    /// What it says; `None` if it was deleted.
    pub fn body(&self) -> Option<Body> {
        let content = Content::from_bytes(&self.content).ok()?;
        (!self.deleted).then_some(content.body)
    }

    /// Its text, as it was edited last; `None` if it has none, or was deleted.
    pub fn text(&self) -> Option<String> {
        if self.deleted {
            return None;
        }
        if let Some((_, text)) = &self.edited {
            return Some(text.clone());
        }
        match self.body()? {
            Body::Text(body) => Some(body.text.as_str().into()),
            Body::Reply(body) => Some(body.text.as_str().into()),
            Body::Mention(body) => Some(body.text.as_str().into()),
            _ => None,
        }
    }

    /// Whether an account wrote it.
    pub fn is_by(&self, account: &Account) -> bool {
        self.author.account == account.0
    }

    /// H4. Whether it changed.
    pub(crate) fn react(&mut self, account: Account, reaction: &Reaction, at: u64) -> bool {
        let emoji: String = reaction.emoji.as_str().into();
        // What was taken back has none, whichever came first.
        if self.deleted {
            return false;
        }
        let full = self.reactions.len() >= MAX_REACTIONS;
        match self.reactions.iter_mut().find(|it| it.account == account) {
            Some(known) if (known.at, &known.emoji) < (at, &emoji) => {
                known.at = at;
                known.emoji = emoji;
                true
            }
            None if !full => {
                self.reactions.push(Reacted { account, emoji, at });
                true
            }
            _ => false,
        }
    }

    /// H3. Whether it changed.
    pub(crate) fn edit(&mut self, account: &Account, edit: &Edit, at: u64) -> bool {
        let text = edit.text.as_str();
        let before = self.edited.as_ref().map(|(at, text)| (*at, text.as_str()));
        if self.deleted || !self.is_by(account) || before >= Some((at, text)) {
            return false;
        }
        if self.text().is_none() {
            return false;
        }
        self.edited = Some((at, text.into()));
        true
    }

    /// H3. Whether it changed.
    pub(crate) fn delete(&mut self, account: &Account) -> bool {
        if self.deleted || !self.is_by(account) {
            return false;
        }
        self.deleted = true;
        self.content = Vec::new();
        self.edited = None;
        self.reactions = Vec::new();
        true
    }
}

/// Whether a body is a message of its own (H2).
pub fn is_shown(body: &Body) -> bool {
    !matches!(
        body,
        Body::Reaction(_)
            | Body::Edit(_)
            | Body::Delete(_)
            | Body::Receipt(_)
            | Body::Typing(_)
            | Body::Resend(_)
            | Body::Transfer(_)
            | Body::NoTrace(_)
            | Body::FileStep(_)
    )
}
