//! Senders and devices: what a client does to get on when relays fail.

use parlance_bimp::{
    Account, Bounded, Key, Mailbox, MessageId, RelayId, Request, id::hash,
    limits::MAX_GROUP_CIPHERTEXT,
};
use parlance_relay_core::{RelayInfo, Routing, SET};
use std::collections::BTreeMap;

/// After this without an answer another relay is asked, milliseconds.
pub const PATIENCE: u64 = 350;
/// A relay that did not answer is not chosen for so long.
pub const AVOID: u64 = 1_500;
/// Between two signs of life that a device asks for.
pub const PING: u64 = 200;
/// For so long a sender has the same ingress relays.
pub const PERIOD: u64 = 4_000;
/// After this without a sign of life a device connects elsewhere.
pub const SILENCE: u64 = 600;

/// A message on its way to its relays.
pub struct Outgoing {
    /// The entries that it becomes.
    pub keys: Vec<Key>,
    /// With a ticket, for ingress relays.
    pub request: Request,
    /// Without one, for others.
    pub unpaid: Request,
    /// Whose set is asked when no ingress relay answers.
    pub home: Mailbox,
    pub began: u64,
    pub asked: u64,
    /// The attempt that waits: session and request.
    pub waiting: Option<(u64, u32)>,
    /// Not before.
    pub rest_until: u64,
    pub attempts: usize,
    /// The text, if it is for the group.
    pub group: Option<Bounded<MAX_GROUP_CIPHERTEXT>>,
}

/// Somebody who writes.
#[derive(Default)]
pub struct Sender {
    pub account: Option<Account>,
    pub own: Option<Mailbox>,
    pub left: u32,
    pub next: u64,
    pub sessions: BTreeMap<usize, (u64, u32)>,
    pub avoid: BTreeMap<usize, u64>,
    pub open: Vec<Outgoing>,
}

/// A device that reads.
pub struct Device {
    pub account: Account,
    pub number: u32,
    pub mailbox: Mailbox,
    pub attempts: usize,
    pub avoid: BTreeMap<usize, u64>,
    pub session: Option<u64>,
    pub relay: usize,
    pub subscribed: bool,
    pub opened: u64,
    pub heard: u64,
    pub pinged: u64,
    pub request: u32,
    /// Away until then.
    pub away_until: u64,
    pub present_since: u64,
    /// On its own disk.
    pub seen: BTreeMap<MessageId, ()>,
}

impl Device {
    /// Where it connects: to a member of the set, to a stand-in only when all members have failed.
    pub fn choose(&self, routing: &Routing, places: &[RelayId], now: u64) -> usize {
        let mut candidates = candidates(routing, places, &self.mailbox);
        // Devices of an account are at different members.
        let members = SET.min(candidates.len());
        let first = self.number as usize % members;
        candidates[..members].rotate_left(first);
        let avoided = |relay: &usize| self.avoid.get(relay).is_some_and(|until| *until > now);
        candidates
            .iter()
            .find(|relay| !avoided(relay))
            .copied()
            .unwrap_or(candidates[self.attempts % candidates.len()])
    }

    /// The relay does not serve it.
    pub fn leave(&mut self, now: u64) {
        self.attempts += 1;
        self.avoid.insert(self.relay, now + AVOID);
    }
}

/// The relays that a client tries for a mailbox, best first.
pub fn candidates(routing: &Routing, places: &[RelayId], mailbox: &Mailbox) -> Vec<usize> {
    let set = routing.set(mailbox);
    let more = routing.stand_ins(mailbox, &set);
    set.iter()
        .chain(&more)
        .filter_map(|id| places.iter().position(|place| place == id))
        .collect()
}

/// The relays through which a sender sends in a period, wherever its messages go.
pub fn ingress(
    list: &[RelayInfo],
    places: &[RelayId],
    (sender, period): (usize, u64),
    count: usize,
) -> Vec<usize> {
    let mut drawn: Vec<RelayId> = list.iter().map(|relay| relay.id).collect();
    let (sender, period) = (sender.to_le_bytes(), period.to_le_bytes());
    drawn.sort_by_key(|relay| hash(&[b"ingress", &relay.0, &sender, &period]));
    drawn.truncate(count);
    drawn
        .iter()
        .filter_map(|id| places.iter().position(|place| place == id))
        .collect()
}
