//! What is said in groups, on its way to the relays (G7).

use super::{Purpose, Text, Try, passed};
use crate::{
    Encryption, Entry, Error, Storage,
    engine::{self, Engine},
    groups::{Group, GroupFault},
    history::{ContentId, is_shown},
    limits::{MAX_ASKS, MAX_SENT, RETRY_UNSENT, TEXTS_AT_ONCE},
};
use parlance_bimp::{
    Account, Answer, Bounded, EnvelopeView, GroupId, GroupPost, GroupSend, List, Mailbox,
    MessageId, Reason, RelayId, Request, limits::MAX_MENTIONS,
};
use parlance_e2ee::{Body, Content};
use rand_core::CryptoRng;

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    /// G7.
    pub(in crate::engine) fn say_in_group(
        &mut self,
        id: GroupId,
        body: Body,
    ) -> Result<ContentId, Error> {
        let conversation = Account(id.0);
        self.member_of(id)?;
        self.may_say(&conversation, &body)?;
        let mut content: Content = self.new_content(body);
        // An edit has the text once more.
        let text = is_shown(&content.body) || matches!(content.body, Body::Edit(_));
        if text && !matches!(content.body, Body::Timer(_)) {
            let known = self.conversations.get(&conversation);
            content.lifetime = known.and_then(|conversation| conversation.timer);
        }
        self.name_past(&conversation, &mut content);
        let bytes = content.to_bytes()?;
        let sent = self.secrets()?.send(id, &content);
        match sent {
            // It waits, and leaves when the member is out.
            Err(GroupFault::NotOnRecord(device)) => {
                self.put_out(id, device);
                return Err(GroupFault::NotOnRecord(device).into());
            }
            sent => sent?,
        }
        let said = content.id;
        let me = self.me();
        self.apply(me, conversation, content, bytes)?;
        self.live(id).stale = true;
        self.live(id).stale_until = 0;
        self.look_at_one(id);
        Ok(said)
    }

    /// Says something that people do not see (F11). Whether it leaves.
    pub(in crate::engine) fn say_quietly(
        &mut self,
        id: GroupId,
        content: &Content,
    ) -> Result<bool, Error> {
        if self.member_of(id).is_err() || passed(self.secrets()?.send(id, content))?.is_err() {
            return Ok(false);
        }
        self.live(id).stale = true;
        self.live(id).stale_until = 0;
        Ok(true)
    }

    /// Whether what was said in a group waits for its relays.
    pub(in crate::engine) fn waits_in_group(&self, group: GroupId, id: &ContentId) -> bool {
        let takes_part = self.groups.all.get(&group).is_some_and(Group::takes_part);
        let live = self.groups.live.get(&group);
        let waits = live.is_some_and(|it| it.stale || it.texts.iter().any(|text| text.id == *id));
        takes_part && waits
    }

    /// G10: with each text one member is looked up, the next one each time, so that devices that were struck off are
    /// noticed by and by.
    fn look_at_one(&mut self, id: GroupId) {
        let wall = self.clock.wall;
        let turn = self.live(id).turn;
        self.live(id).turn = turn.wrapping_add(1);
        let members = self.groups.all.get(&id).map(|group| &group.members);
        let place = members.and_then(|members| turn.checked_rem(members.len()));
        let account = members
            .zip(place)
            .and_then(|(members, place)| members.get(place));
        let Some(account) = account.copied() else {
            return;
        };
        if self.looks.of(&account, &self.own, wall).is_none() {
            self.want_look(account);
        }
    }

    pub(super) fn send_texts(&mut self) -> Result<(), Error> {
        let now = self.clock.steady;
        for id in self.ids(|group| group.takes_part() && !group.lost) {
            let live = self.live(id);
            if live.stale && now >= live.stale_until {
                self.refresh_texts(id)?;
            }
            if self
                .groups
                .all
                .get(&id)
                .is_none_or(|it| !it.founded || it.rejoin.is_some())
            {
                continue;
            }
            let texts = self.live(id).texts.iter().take(TEXTS_AT_ONCE);
            let due: Vec<Text> = texts
                .filter(|text| text.attempt.is_due(now))
                .cloned()
                .collect();
            for text in due {
                let mentioned = self.mentioned(id, &text.id)?;
                let purpose = Purpose::Text(id, text.id);
                self.send_message((id, purpose), text.attempt, &text.message, mentioned)?;
            }
            let leave = self.live(id).leave.clone();
            if let Some((message, attempt)) = leave
                && attempt.is_due(now)
            {
                self.send_message((id, Purpose::Wish(id)), attempt, &message, Vec::new())?;
            }
        }
        Ok(())
    }

    /// Mailboxes of those whom a text mentions, to be woken.
    fn mentioned(&self, group: GroupId, id: &ContentId) -> Result<Vec<Mailbox>, Error> {
        let entry = self.message(&Account(group.0), id)?;
        let Some(Body::Mention(mention)) = entry.and_then(|entry| entry.body()) else {
            return Ok(Vec::new());
        };
        let accounts = mention
            .ranges
            .as_slice()
            .iter()
            .map(|range| Account(range.account));
        let mut mailboxes: Vec<Mailbox> = accounts
            .filter_map(|account| self.looks.mailbox(&account))
            .collect();
        mailboxes.sort_unstable();
        mailboxes.dedup();
        Ok(mailboxes)
    }

    /// What waits, as the encryption has it now.
    fn refresh_texts(&mut self, id: GroupId) -> Result<(), Error> {
        let now = self.clock.steady;
        let unsent = match passed(self.secrets()?.unsent(id))? {
            Ok(unsent) => unsent,
            Err(fault) => {
                if let GroupFault::NotOnRecord(device) = fault {
                    self.put_out(id, device);
                }
                self.live(id).stale_until = now.saturating_add(RETRY_UNSENT);
                return Ok(());
            }
        };
        let live = self.live(id);
        live.stale = false;
        let before = std::mem::take(&mut live.texts);
        let text = |(id, message): (ContentId, Vec<u8>)| {
            let known = before
                .iter()
                .find(|it| it.id == id && it.message == message);
            let attempt = known.map_or(Try::default(), |it| it.attempt);
            Text {
                id,
                message,
                attempt,
                position: known.map_or(0, |it| it.position),
                asks: known.map_or(Vec::new(), |it| it.asks.clone()),
            }
        };
        live.texts = unsent.into_iter().map(text).collect();
        Ok(())
    }

    /// One upload for all members.
    fn send_message(
        &mut self,
        (id, purpose): (GroupId, Purpose),
        attempt: Try,
        message: &[u8],
        mentioned: Vec<Mailbox>,
    ) -> Result<(), Error> {
        let now = self.clock.steady;
        self.avoid_silent(&attempt);
        let first = self.me().device;
        let chosen = self.relays.way(&id.place(), first, attempt.attempts, now);
        let (Some(relay), Some((key, position))) = (chosen, self.access_key(id)?) else {
            return Ok(());
        };
        // Who is mentioned beyond that finds out without being woken.
        let woken: Vec<Mailbox> = mentioned.into_iter().take(MAX_MENTIONS).collect();
        let sealed = EnvelopeView {
            mailbox: id.posts(),
            ticket: &[],
            sealed: message,
        };
        // P1: the same message to the same relay is counted once in a period.
        let (copies, size) = (MessageId::of_group(&id, message), sealed.bare_size());
        let charge = self.charge_of(relay);
        let charged = &self.live(id).charged;
        let known = charged.get(&(copies, relay)).map(|(period, _)| *period);
        let counted = charge.is_none_or(|(period, _)| known == Some(period));
        let ticket = self.ticket(relay, if counted { 0 } else { size });
        let (Ok(ciphertext), Ok(mentioned), Ok(ticket)) = (
            Bounded::new(message.to_vec()),
            List::new(woken),
            Bounded::new(ticket),
        ) else {
            return Ok(());
        };
        let mut post = GroupPost {
            group: id,
            position,
            ciphertext,
            mentioned,
            everybody: false,
            signature: [0; 64],
        };
        post.signature = key.sign(&post.statement());
        let live = self.live(id);
        if let Some((period, _)) = charge.filter(|_| !counted) {
            live.charged.retain(|_, (other, _)| *other == period);
            live.charged.insert((copies, relay), (period, size));
        }
        live.sent.insert(copies);
        while live.sent.len() > MAX_SENT {
            live.sent.pop_first();
        }
        let reads = live.position;
        let keep = 0;
        let request = Request::GroupSend(GroupSend { post, ticket, keep });
        let number = self.ask(relay, engine::Purpose::Group(purpose), request);
        if let Some(attempt) = self.attempt_of(id, purpose) {
            attempt.asked(number, now);
        }
        if let Purpose::Text(_, text) = purpose {
            let mut texts = self.live(id).texts.iter_mut();
            if let Some(text) = texts.find(|it| it.id == text) {
                text.position = reads;
                text.asks.push(number);
                let excess = text.asks.len().saturating_sub(MAX_ASKS);
                text.asks.drain(..excess);
            }
        }
        Ok(())
    }

    pub(super) fn text_taken(
        &mut self,
        group: GroupId,
        id: ContentId,
        at: (RelayId, u64),
        answer: &Answer,
    ) -> Result<(), Error> {
        let purpose = Purpose::Text(group, id);
        let Answer::GroupSend(accepted) = answer else {
            self.text_refused(group, purpose, at, answer);
            return Ok(());
        };
        let relays = accepted.relays;
        if self
            .groups
            .all
            .get(&group)
            .is_none_or(|it| !it.takes_part())
        {
            return Ok(());
        }
        let mut texts = self.live(group).texts.iter();
        let is = |text: &&Text| text.id == id && text.asks.contains(&at.1);
        // An older message may not open for everybody (S3 of the encryption).
        let Some(sent) = texts.find(is).map(|it| it.position) else {
            return Ok(());
        };
        // The order may have grown before it was taken.
        let known = self.groups.all.get(&group).map_or(0, |it| it.known);
        let next = sent.max(known);
        let done = passed(self.secrets()?.confirmed(group, &id, next))?;
        match done {
            Ok(true) => {
                self.live(group).texts.retain(|text| text.id != id);
                self.text_accepted(group, &id, relays)
            }
            // After the order was read: of an epoch that may be gone, or in doubt.
            _ => {
                let now = self.clock.steady;
                if let Some(attempt) = self.attempt_of(group, purpose) {
                    attempt.failed(at.1, now, RETRY_UNSENT);
                }
                let live = self.live(group);
                live.stale = true;
                live.stale_until = now.saturating_add(RETRY_UNSENT);
                Ok(())
            }
        }
    }

    fn text_accepted(&mut self, group: GroupId, id: &ContentId, relays: u8) -> Result<(), Error> {
        let found: Option<Entry> = self.message(&Account(group.0), id)?;
        if let Some(mut entry) = found
            && entry.status.accepted.is_none()
        {
            entry.relays = Some(relays);
            entry.status.accepted = Some(relays);
            self.put_status(entry);
        }
        Ok(())
    }

    pub(super) fn wish_taken(&mut self, group: GroupId, at: (RelayId, u64), answer: &Answer) {
        match answer {
            Answer::GroupSend(_) => self.live(group).leave = None,
            _ => self.text_refused(group, Purpose::Wish(group), at, answer),
        }
    }

    /// The key may be one that others have overtaken, which an ingress relay cannot say.
    fn text_refused(
        &mut self,
        group: GroupId,
        purpose: Purpose,
        at: (RelayId, u64),
        answer: &Answer,
    ) {
        // A relay does not count what it does not take.
        if matches!(answer, Answer::Refused(_)) {
            self.uncharge(group, purpose, at.0);
        }
        let passes = [Reason::AllowanceUsedUp, Reason::TooFast, Reason::BadTicket];
        if let Answer::Refused(refusal) = answer
            && passes.contains(&refusal.reason)
            && self.relays.is_ingress(&at.0)
        {
            // Others may take what this one does not (R1).
            let now = self.clock.steady;
            self.relays.pause(at.0, refusal.retry_after.into(), now);
        }
        self.group_refused(group, purpose, at, answer);
        self.order_has_grown(group, None);
    }

    fn uncharge(&mut self, group: GroupId, purpose: Purpose, relay: RelayId) {
        let live = self.live(group);
        let message = match purpose {
            Purpose::Text(_, id) => {
                let mut texts = live.texts.iter();
                texts.find(|it| it.id == id).map(|it| &it.message)
            }
            _ => live.leave.as_ref().map(|(message, _)| message),
        };
        let id = message.map(|message| MessageId::of_group(&group, message));
        let charged = id.and_then(|id| live.charged.remove(&(id, relay)));
        if let Some((period, size)) = charged {
            self.uncount((period, relay), size);
        }
    }

    /// Whether anything of a group waits for its relays.
    pub fn group_waits(&self, group: &GroupId) -> bool {
        let live = self.groups.live.get(group);
        let takes_part = self.groups.all.get(group).is_some_and(Group::takes_part);
        takes_part && live.is_some_and(|live| live.stale || !live.texts.is_empty())
    }
}
