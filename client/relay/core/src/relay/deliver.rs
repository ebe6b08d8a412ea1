//! Pushing what waits (G4, G5, G10).

use super::Relay;
use crate::{
    effect::{ConnectionId, Effect},
    entry::Entry,
    mailbox::MailboxState,
};
use parlance_bimp::{DeviceNumber, Key, Mailbox, MessageId, OfMailbox};
use std::collections::BTreeMap;

/// One subscriber of one mailbox.
#[derive(Clone, Debug)]
pub(super) struct Subscription {
    device: DeviceNumber,
    window: usize,
    /// The position from which on nothing was pushed.
    next: u64,
    /// Pushed and not acknowledged, with sizes. Some may be deleted or acknowledged elsewhere: see [`Self::prune`].
    pushed: BTreeMap<MessageId, u32>,
    /// Their bytes.
    bytes: u64,
    /// When something was acknowledged last, or nothing was on its way.
    progress: u64,
    began: u64,
}

impl Subscription {
    pub fn new(device: DeviceNumber, window: usize, next: u64, now: u64) -> Self {
        Self {
            device,
            window,
            next,
            pushed: BTreeMap::new(),
            bytes: 0,
            progress: now,
            began: now,
        }
    }

    fn push(&mut self, id: MessageId, entry: &Entry) {
        self.next = entry.position.saturating_add(1);
        if self.pushed.insert(id, entry.size).is_none() {
            self.bytes = self.bytes.saturating_add(u64::from(entry.size));
        }
    }

    /// It was acknowledged here. Whether it had been pushed here.
    fn take(&mut self, id: &MessageId) -> bool {
        let size = self.pushed.remove(id);
        let bytes = size.map_or(0, u64::from);
        self.bytes = self.bytes.saturating_sub(bytes);
        size.is_some()
    }

    /// Forgets what does not wait any more. It looks at everything that was pushed, so not for each message.
    fn prune(&mut self, state: &MailboxState) {
        let device = self.device;
        self.pushed.retain(|id, _| {
            state.get(id).is_some_and(|entry| {
                !entry.state.deleted && !entry.state.acknowledged.contains(&device)
            })
        });
        self.bytes = self.pushed.values().map(|size| u64::from(*size)).sum();
    }

    /// Whether there is no room for a message.
    fn is_full(&self, entry: &Entry, window_bytes: u64) -> bool {
        let bytes = self.bytes.saturating_add(u64::from(entry.size));
        self.pushed.len() >= self.window || (self.bytes > 0 && bytes > window_bytes)
    }
}

impl Relay {
    /// Pushes to all subscribers of a mailbox what their windows allow.
    pub(super) fn pump(&mut self, mailbox: &Mailbox) {
        let subscribers = match self.boxes.get(mailbox) {
            Some(state) => state.subscribers.clone(),
            None => return,
        };
        for connection in subscribers {
            self.pump_one(connection, mailbox);
        }
    }

    fn pump_one(&mut self, connection: ConnectionId, mailbox: &Mailbox) {
        let Some(state) = self.boxes.get(mailbox) else {
            return;
        };
        let taken = self
            .connections
            .get_mut(&connection)
            .and_then(|it| it.subscriptions.remove(mailbox));
        let Some(mut subscription) = taken else {
            return;
        };
        if subscription.pushed.is_empty() {
            subscription.progress = self.clock.steady;
        }
        let (most, mut pruned) = (self.config.limits.window_bytes, false);
        for (id, entry) in state.waiting_for(subscription.device, subscription.next) {
            let key = Key {
                mailbox: *mailbox,
                id,
            };
            // What is not on disk yet is pushed when it is.
            if !self.is_settled(&key) {
                break;
            }
            if subscription.is_full(entry, most) {
                if pruned {
                    break;
                }
                pruned = true;
                subscription.prune(state);
                if subscription.is_full(entry, most) {
                    break;
                }
            }
            subscription.push(id, entry);
            self.counters.delivered = self.counters.delivered.saturating_add(1);
            self.effects.push_back(Effect::Deliver {
                connection,
                key,
                position: entry.position,
                expires: entry.state.expires,
                mention: entry.state.mention,
            });
        }
        if let Some(it) = self.connections.get_mut(&connection) {
            it.subscriptions.insert(*mailbox, subscription);
        }
    }

    /// The subscriber has acknowledged something; `news` is what it had not acknowledged before, at any relay (G10).
    pub(super) fn progress(
        &mut self,
        connection: ConnectionId,
        body: &OfMailbox,
        news: &[MessageId],
    ) {
        let now = self.clock.steady;
        let mailbox = body.mailbox;
        let subscription = self
            .connections
            .get_mut(&connection)
            .and_then(|it| it.subscriptions.get_mut(&mailbox));
        let Some(subscription) = subscription else {
            return;
        };
        subscription.progress = now;
        let mut delivered = news.to_vec();
        delivered.retain(|id| subscription.take(id));
        for id in body.ids.as_slice() {
            subscription.take(id);
        }
        if !delivered.is_empty() {
            self.effects.push_back(Effect::Delivered {
                connection,
                mailbox,
                ids: delivered,
            });
        }
    }

    /// After a mailbox was read from disk again its positions are other ones.
    pub(super) fn rewind(&mut self, mailbox: &Mailbox) {
        for connection in self.connections.values_mut() {
            if let Some(subscription) = connection.subscriptions.get_mut(mailbox) {
                subscription.next = 0;
                subscription.pushed.clear();
                subscription.bytes = 0;
            }
        }
        self.pump(mailbox);
    }

    pub(super) fn end_subscription(&mut self, connection: ConnectionId, mailbox: &Mailbox) {
        if let Some(it) = self.connections.get_mut(&connection) {
            it.subscriptions.remove(mailbox);
        }
        if let Some(state) = self.boxes.get_mut(mailbox) {
            state.subscribers.retain(|other| *other != connection);
        }
    }

    /// Cuts off who takes nothing (G4).
    pub(super) fn cut_off_slow_readers(&mut self) {
        let now = self.clock.steady;
        let patience = self.config.timings.slow_reader;
        let mut slow = Vec::new();
        for (id, connection) in &mut self.connections {
            for (mailbox, it) in &mut connection.subscriptions {
                let late = !it.pushed.is_empty() && now.saturating_sub(it.progress) >= patience;
                let Some(state) = self.boxes.get(mailbox).filter(|_| late) else {
                    continue;
                };
                it.prune(state);
                if it.pushed.is_empty() {
                    it.progress = now;
                } else {
                    slow.push(*id);
                    break;
                }
            }
        }
        for connection in slow {
            self.close(connection);
            self.counters.cut_off = self.counters.cut_off.saturating_add(1);
            self.effects.push_back(Effect::CutOff { connection });
        }
    }

    /// Sends subscribers elsewhere (G5).
    pub(super) fn move_subscribers(&mut self) {
        let (now, patience) = (
            self.clock.steady,
            self.config.timings.dead.saturating_mul(2),
        );
        let mut moved = Vec::new();
        for (connection, it) in &self.connections {
            for (mailbox, subscription) in &it.subscriptions {
                let Some(state) = self.boxes.get(mailbox) else {
                    continue;
                };
                let alive = state
                    .set
                    .iter()
                    .filter(|relay| self.is_alive(relay))
                    .count();
                let enough = alive >= self.quorum(&state.set);
                let served_elsewhere = state.set.contains(&self.me) != enough;
                // A while after it came, so that one that finds nobody else is not sent round and round.
                if served_elsewhere && now.saturating_sub(subscription.began) >= patience {
                    moved.push((*connection, *mailbox));
                }
            }
        }
        for (connection, mailbox) in moved {
            self.end_subscription(connection, &mailbox);
            self.effects.push_back(Effect::Moved {
                connection,
                mailbox,
            });
        }
    }
}
