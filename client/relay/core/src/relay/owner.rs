//! What owners do with their mailbox. Whoever is not the owner is refused before the mailbox is looked up (rule E3 of BIMP).

use super::{Relay, deliver::Subscription};
use crate::{
    effect::{Asker, Who},
    entry::State,
    mailbox::Owner,
};
use parlance_bimp::{
    Answer, Count, DeviceNumber, ExtendRetention, Extended, Key, Mailbox, MessageId, OfMailbox,
    Reason, Subscribe, SyncCursor, Unsubscribe, Waiting,
};

impl Relay {
    /// The record of the mailbox's owner if the asker is it.
    fn owner(&self, from: Asker, mailbox: &Mailbox) -> Option<Owner> {
        match &self.connections.get(&from.connection)?.who {
            Who::Device {
                mailboxes, owner, ..
            } if mailboxes.contains(mailbox) => Some(owner.clone()),
            _ => None,
        }
    }

    pub(super) fn subscribe(&mut self, from: Asker, device: DeviceNumber, body: Subscribe) {
        let mailbox = body.mailbox;
        let Some(owner) = self.owner(from, &mailbox) else {
            return self.refuse(from, Reason::NotAllowed);
        };
        let set = self.set_of(&mailbox);
        if !self.is_responsible(&set) {
            return self.refuse(from, Reason::NotResponsible);
        }
        let state = self.ensure_box(mailbox);
        let waiting = state.waiting(device);
        let others = state.subscribers.iter();
        let others = others.filter(|it| **it != from.connection).count();
        if others >= self.config.limits.subscriptions {
            return self.refuse(from, Reason::TooFast);
        }
        let known = self.boxes.get(&mailbox).and_then(|it| it.owner.as_ref());
        if known != Some(&owner) {
            self.set_owner(mailbox, owner);
        }
        if let Some(state) = self.boxes.get_mut(&mailbox)
            && !state.subscribers.contains(&from.connection)
        {
            state.subscribers.push(from.connection);
        }
        let window = match usize::from(body.window) {
            0 => self.config.limits.window_messages,
            window => window.min(self.config.limits.window_messages),
        };
        let next = waiting.cursor.saturating_add(1);
        let subscription = Subscription::new(device, window, next, self.clock.steady);
        if let Some(connection) = self.connections.get_mut(&from.connection) {
            connection.subscriptions.insert(mailbox, subscription);
        }
        self.answer(from, Answer::Subscribe(waiting));
        self.pump(&mailbox);
    }

    pub(super) fn unsubscribe(&mut self, from: Asker, body: Unsubscribe) {
        self.end_subscription(from.connection, &body.mailbox);
        self.answer(from, Answer::Unsubscribe(()));
    }

    pub(super) fn sync(&mut self, from: Asker, device: DeviceNumber, body: SyncCursor) {
        if self.owner(from, &body.mailbox).is_none() {
            return self.refuse(from, Reason::NotAllowed);
        }
        let waiting = match self.boxes.get_mut(&body.mailbox) {
            Some(state) => state.waiting(device),
            None => Waiting::default(),
        };
        self.answer(from, Answer::Sync(waiting));
    }

    pub(super) fn acknowledge(&mut self, from: Asker, device: DeviceNumber, body: &OfMailbox) {
        let news = State {
            acknowledged: vec![device],
            ..State::default()
        };
        let Some(changed) = self.change_own(from, body, &news) else {
            return self.refuse(from, Reason::NotAllowed);
        };
        self.progress(from.connection, body, &changed);
        let answer = Answer::Acknowledge(count_of(&changed));
        self.answer_owner(from, answer, body);
        self.pump(&body.mailbox);
    }

    pub(super) fn delete(&mut self, from: Asker, body: &OfMailbox) {
        let news = State {
            deleted: true,
            ..State::default()
        };
        match self.change_own(from, body, &news) {
            Some(changed) => self.answer_owner(from, Answer::Delete(count_of(&changed)), body),
            None => self.refuse(from, Reason::NotAllowed),
        }
    }

    pub(super) fn extend(&mut self, from: Asker, body: &ExtendRetention) {
        let Some(owner) = self.owner(from, &body.which.mailbox) else {
            return self.refuse(from, Reason::NotAllowed);
        };
        let longest = owner.longest.min(self.config.timings.longest);
        let until = body.until.min(self.clock.wall.saturating_add(longest));
        if until <= self.clock.wall {
            return self.refuse(from, Reason::BadTime);
        }
        let news = State {
            expires: until,
            ..State::default()
        };
        let changed = self.change_own(from, &body.which, &news);
        let Count { messages } = count_of(&changed.unwrap_or_default());
        let extended = Extended { messages, until };
        self.answer_owner(from, Answer::ExtendRetention(extended), &body.which);
    }

    /// Merges `news` into messages of the asker's own mailbox and tells the set. Those that changed; none if it is not the
    /// asker's.
    fn change_own(
        &mut self,
        from: Asker,
        body: &OfMailbox,
        news: &State,
    ) -> Option<Vec<MessageId>> {
        self.owner(from, &body.mailbox)?;
        let mut changed = Vec::new();
        for id in body.ids.as_slice() {
            let key = Key {
                mailbox: body.mailbox,
                id: *id,
            };
            if self.merge(&key, news) {
                self.stage.spread.insert(key);
                changed.push(*id);
            }
        }
        Some(changed)
    }
}

fn count_of(changed: &[MessageId]) -> Count {
    Count {
        messages: u32::try_from(changed.len()).unwrap_or(u32::MAX),
    }
}
