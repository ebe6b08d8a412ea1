//! How two relays find out what one of them lacks: reconciliation of sets by ranges.
//!
//! - **Y1** The set: all entries, deleted ones too, of the mailboxes whose set holds both relays, ordered by key. Both compute it
//!   from the same list of relays; if their lists differ for a while, they compare a little too much or too little.
//! - **Y2** A message has ranges. For each the reader compares with its own entries there. *Fingerprint* (rule D3): equal, and the
//!   range is done. Not equal: a reader with at most [`MAX_ITEMS`] entries names them; one with more cuts the range
//!   into at most [`PARTS`] and sends the fingerprints of the parts. *Items*: the reader sends what the other lacks or
//!   has in another state, and asks for what itself lacks or has in another state.
//! - **Y3** No state is kept between messages: one that is lost, comes twice or late does no harm. What does not fit into one
//!   message is found again in the next round.
//! - **Y4** Every `timings.reconcile` a relay begins with one of its neighbours, one after the other, with one range over
//!   everything. If nothing differs that is one message and its answer. When a neighbour has died or come back, it does so
//!   with all at once: what a dead relay has left half done reaches the others within two seconds.
//! - **Y5** In a mailbox that changes all the time two relays always differ by what is on its way, and to find that out costs a hash for each
//!   entry. So a reader does not cut a mailbox that has changed within the last `timings.reconcile`, unless a neighbour has died or come back a
//!   moment ago, or [`BUSY`] such times have passed since it was last done; then it does so for [`MOST_HASHED`] entries at a time.
//!   An entry whose write waits for its relays (G2) is not sent because of a comparison.

use super::Relay;
use crate::{
    digest::Sum,
    effect::Effect,
    entry::{Entry, sum_of},
    mailbox::MailboxState,
};
use parlance_bimp::{
    Content, Item, Key, List, Mailbox, MessageId, Range, Reconcile, RelayId, Request,
    limits::{MAX_ENTRIES, MAX_ITEMS, MAX_RANGES},
};
use std::collections::BTreeMap;

/// Into how many parts a range is cut (Y2).
pub const PARTS: usize = 16;
/// Items in one message.
const MOST_ITEMS: usize = 1_024;
/// Entries sent because of one message.
const MOST_REPAIRS: usize = 256;
/// After so many times between two reconciliations a mailbox is cut although it is changing (Y5).
pub const BUSY: u64 = 16;
/// Entries of such mailboxes because of one message, after the first mailbox (Y5).
pub const MOST_HASHED: usize = 8_192;

const FIRST: MessageId = MessageId([0; 32]);

/// A message in the making, and what is sent because of the one before.
#[derive(Default)]
struct Reply {
    ranges: Vec<Range>,
    want: Vec<Key>,
    items: usize,
    repairs: Vec<Key>,
    /// Mailboxes that were cut although they are changing, and how many entries they have.
    busy: Vec<Mailbox>,
    hashed: usize,
}

impl Reply {
    fn push(&mut self, range: Range) {
        let items = match &range.content {
            Content::Items(items) => items.as_slice().len(),
            Content::Fingerprint { .. } => 0,
        };
        let fits = self.ranges.len() < MAX_RANGES && self.items.saturating_add(items) <= MOST_ITEMS;
        if fits {
            self.items = self.items.saturating_add(items);
            self.ranges.push(range);
        }
    }

    fn want(&mut self, key: Key) {
        if self.want.len() < MAX_ENTRIES / 2 {
            self.want.push(key);
        }
    }

    fn repair(&mut self, key: Key) {
        if self.repairs.len() < MOST_REPAIRS {
            self.repairs.push(key);
        }
    }
}

impl Relay {
    /// Begins with the next neighbour that is alive (Y4).
    pub(super) fn reconcile_with_next(&mut self) {
        let after = self.schedule.reconciled;
        let later = self.neighbours.iter().filter(|it| Some(**it) > after);
        let sooner = self.neighbours.iter().filter(|it| Some(**it) <= after);
        let next = later.chain(sooner).find(|relay| self.is_alive(relay));
        let Some(relay) = next.copied() else {
            return;
        };
        self.schedule.reconciled = Some(relay);
        self.reconcile_with(relay);
    }

    pub(super) fn reconcile_with(&mut self, relay: RelayId) {
        let whole = fingerprint(
            Key::FIRST,
            None,
            &self.sum_between(&relay, &Key::FIRST, None),
        );
        let request = Request::Reconcile(Reconcile {
            ranges: List::new(vec![whole]).unwrap_or_default(),
            want: List::default(),
        });
        self.effects.push_back(Effect::Ask { relay, request });
    }

    /// Y2. The answer may be empty.
    pub(super) fn compare(&mut self, peer: RelayId, said: &Reconcile) -> Reconcile {
        let mut reply = Reply::default();
        for key in said.want.as_slice() {
            reply.repair(*key);
        }
        for range in said.ranges.as_slice() {
            match &range.content {
                Content::Fingerprint { count, fingerprint } => {
                    self.compare_fingerprint(&peer, range, (*count, fingerprint), &mut reply);
                }
                Content::Items(items) => {
                    self.compare_items(&peer, range, items.as_slice(), &mut reply);
                }
            }
        }
        let now = self.clock.steady;
        for mailbox in std::mem::take(&mut reply.busy) {
            if let Some(state) = self.boxes.get_mut(&mailbox) {
                state.compared = now;
            }
        }
        for key in std::mem::take(&mut reply.repairs) {
            if self.writes.contains(&key) {
                continue;
            }
            let state = self.boxes.get(&key.mailbox);
            let state = state.filter(|it| self.is_shared(it, &peer));
            let entry = state.and_then(|it| it.get(&key.id));
            if let Some(entry) = entry.filter(|_| self.is_settled(&key)) {
                self.outbox.repair(peer, key, &entry.state, false);
                self.counters.repaired = self.counters.repaired.saturating_add(1);
            }
        }
        Reconcile {
            ranges: List::new(reply.ranges).unwrap_or_default(),
            want: List::new(reply.want).unwrap_or_default(),
        }
    }

    fn compare_fingerprint(
        &self,
        peer: &RelayId,
        range: &Range,
        theirs: (u32, &[u8; 16]),
        reply: &mut Reply,
    ) {
        let (from, to) = (&range.from, range.to.as_ref());
        let ours = self.sum_between(peer, from, to);
        if ours.count() == u64::from(theirs.0) && ours.fingerprint() == *theirs.1 {
            return;
        }
        if ours.count() > MAX_ITEMS as u64 {
            if self.may_cut(peer, from, to, reply) {
                self.cut(peer, from, to, reply);
            }
            return;
        }
        let items: Vec<Item> = self
            .between(peer, from, to)
            .map(|(key, entry)| Item {
                key,
                state: entry.state.short_hash(&key),
            })
            .collect();
        if let Ok(items) = List::new(items) {
            reply.push(Range {
                from: *from,
                to: range.to,
                content: Content::Items(items),
            });
        }
    }

    /// Y5. Parts of a mailbox may be cut: the other relay has begun to.
    fn may_cut(&self, peer: &RelayId, from: &Key, to: Option<&Key>, reply: &mut Reply) -> bool {
        let mut shared = self.shared(peer, from, to);
        let (Some((mailbox, state)), None) = (shared.next(), shared.next()) else {
            return true;
        };
        let (now, every) = (self.clock.steady, self.config.timings.reconcile);
        let since = |time: u64| now.saturating_sub(time);
        let is_whole = part(mailbox, from, to) == (FIRST, None);
        if !is_whole || since(state.changed) >= every || now < self.schedule.thorough {
            return true;
        }
        let is_due = since(state.compared) >= every.saturating_mul(BUSY);
        if is_due && reply.hashed < MOST_HASHED {
            reply.hashed = reply.hashed.saturating_add(state.entries().len());
            reply.busy.push(*mailbox);
            return true;
        }
        false
    }

    /// Cuts a range between mailboxes, or within the only one.
    fn cut(&self, peer: &RelayId, from: &Key, to: Option<&Key>, reply: &mut Reply) {
        let mailboxes: Vec<Mailbox> = self
            .shared(peer, from, to)
            .map(|(mailbox, _)| *mailbox)
            .collect();
        let borders: Vec<Key> = match mailboxes.len() {
            0 | 1 => {
                let keys: Vec<Key> = self.between(peer, from, to).map(|(key, _)| key).collect();
                let step = keys.len().div_ceil(PARTS).max(1);
                keys.into_iter().step_by(step).skip(1).collect()
            }
            count => {
                let step = count.div_ceil(PARTS).max(1);
                let firsts = mailboxes.into_iter().step_by(step).skip(1);
                firsts.map(|mailbox| Key { mailbox, id: FIRST }).collect()
            }
        };
        let mut start = *from;
        for end in borders.into_iter().map(Some).chain([to.copied()]) {
            let sum = self.sum_between(peer, &start, end.as_ref());
            reply.push(fingerprint(start, end, &sum));
            if let Some(end) = end {
                start = end;
            }
        }
    }

    fn compare_items(&self, peer: &RelayId, range: &Range, items: &[Item], reply: &mut Reply) {
        let mut theirs: BTreeMap<Key, u64> =
            items.iter().map(|item| (item.key, item.state)).collect();
        for (key, entry) in self.between(peer, &range.from, range.to.as_ref()) {
            match theirs.remove(&key) {
                None => reply.repair(key),
                Some(state) if state != entry.state.short_hash(&key) => {
                    reply.repair(key);
                    reply.want(key);
                }
                Some(_) => {}
            }
        }
        for key in theirs.into_keys() {
            reply.want(key);
        }
    }

    fn is_shared(&self, state: &MailboxState, peer: &RelayId) -> bool {
        state.set.contains(&self.me) && state.set.contains(peer)
    }

    /// Mailboxes of a range that both keep.
    fn shared<'a>(
        &'a self,
        peer: &'a RelayId,
        from: &Key,
        to: Option<&'a Key>,
    ) -> impl Iterator<Item = (&'a Mailbox, &'a MailboxState)> + use<'a> {
        self.boxes
            .range(from.mailbox..)
            .take_while(move |(mailbox, _)| {
                to.is_none_or(|to| {
                    **mailbox < to.mailbox || (**mailbox == to.mailbox && to.id > FIRST)
                })
            })
            .filter(move |(_, state)| self.is_shared(state, peer))
    }

    /// Entries of a range that both keep.
    fn between<'a>(
        &'a self,
        peer: &'a RelayId,
        from: &'a Key,
        to: Option<&'a Key>,
    ) -> impl Iterator<Item = (Key, &'a Entry)> + use<'a> {
        self.shared(peer, from, to)
            .flat_map(move |(mailbox, state)| {
                let (low, high) = part(mailbox, from, to);
                state.range(&low, high).map(move |(id, entry)| {
                    let key = Key {
                        mailbox: *mailbox,
                        id: *id,
                    };
                    (key, entry)
                })
            })
    }

    fn sum_between(&self, peer: &RelayId, from: &Key, to: Option<&Key>) -> Sum {
        let mut sum = Sum::default();
        for (mailbox, state) in self.shared(peer, from, to) {
            match part(mailbox, from, to) {
                (FIRST, None) => sum.combine(state.sum()),
                (low, high) => {
                    for (id, entry) in state.range(&low, high) {
                        let key = Key {
                            mailbox: *mailbox,
                            id: *id,
                        };
                        sum.combine(&sum_of(&key, &entry.state));
                    }
                }
            }
        }
        sum
    }
}

/// The part of a mailbox that lies in a range.
fn part<'a>(
    mailbox: &Mailbox,
    from: &Key,
    to: Option<&'a Key>,
) -> (MessageId, Option<&'a MessageId>) {
    let low = match *mailbox == from.mailbox {
        true => from.id,
        false => FIRST,
    };
    let high = to.filter(|to| to.mailbox == *mailbox).map(|to| &to.id);
    (low, high)
}

fn fingerprint(from: Key, to: Option<Key>, sum: &Sum) -> Range {
    Range {
        from,
        to,
        content: Content::Fingerprint {
            count: u32::try_from(sum.count()).unwrap_or(u32::MAX),
            fingerprint: sum.fingerprint(),
        },
    }
}
