//! Changes of a group on their way into its order (G6, G11).

use super::{Offer, Purpose, Try, passed};
use crate::{
    Encryption, Error, Storage,
    engine::{self, Engine},
    groups::{Group, GroupFault, GroupHandshake, Planned},
    limits::{LONGEST_PATIENCE, LOOK_WAIT, PARTS_AT_ONCE},
};
use parlance_bimp::{
    Account, Answer, Bounded, GroupChange, GroupId, GroupOffer, GroupPart, List, Mailbox,
    MessageId, Reason, RelayId, Request, limits::MAX_PART,
};
use parlance_e2ee::{DeviceAddress, DeviceIdentity};
use rand_core::CryptoRng;
use std::collections::BTreeMap;

/// Mailboxes that come, and those that go.
type ComeAndGo = (Vec<Mailbox>, Vec<Mailbox>);

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    pub(super) fn offer_changes(&mut self) -> Result<(), Error> {
        for id in self.ids(|group| group.takes_part() && !group.lost) {
            self.notice_mailbox(id);
            if std::mem::take(&mut self.live(id).wants_offer) {
                let offer = self.make_offer(id)?;
                let live = self.live(id);
                let place = |offer: &Offer| (offer.position, offer.commit.clone());
                let same = offer.as_ref().map(place) == live.offer.as_ref().map(place);
                if !same {
                    live.offer = offer;
                }
            }
            self.pursue_offer(id)?;
        }
        Ok(())
    }

    /// A list of mailboxes is old: the own one has moved.
    fn notice_mailbox(&mut self, id: GroupId) {
        let mailbox = self.mailbox();
        let known = self.groups.all.get(&id).and_then(|group| group.mailbox);
        match known {
            Some(known) if known != mailbox => {
                let live = self.live(id);
                live.wants_offer |= live.offer.is_none();
            }
            Some(_) => {}
            None => self.note_mailbox(id),
        }
    }

    fn note_mailbox(&mut self, id: GroupId) {
        let mailbox = self.mailbox();
        if let Some(group) = self.groups.all.get(&id) {
            let mut group = group.clone();
            group.mailbox = Some(mailbox);
            self.put_group(group);
        }
    }

    /// The change that waits, for the position that is read next; none if there is nothing to change.
    fn make_offer(&mut self, id: GroupId) -> Result<Option<Offer>, Error> {
        let Some(group) = self.groups.all.get(&id).cloned() else {
            return Ok(None);
        };
        if !group.founded {
            return self.founding(id);
        }
        let rejoin = group.rejoin.as_ref();
        let offered = match rejoin.map(|rejoin| &rejoin.commit) {
            // It waits for its place to be read, or for somebody's word.
            Some(_) if rejoin.is_some_and(|it| it.placed.is_some()) => return Ok(None),
            Some(commit) => Some(GroupHandshake::Commit(commit.clone())),
            None => match passed(self.secrets()?.offer(id))? {
                Ok(offer) => offer,
                Err(GroupFault::NotOnRecord(device)) => {
                    self.put_out(id, device);
                    None
                }
                Err(_) => None,
            },
        };
        self.live(id).changes = offered.is_some() && rejoin.is_none();
        let Some((present, _)) = self.access_key(id)? else {
            return Ok(None);
        };
        let mut named = present.clone();
        let mut change = GroupChange {
            key: named.public().signing,
            ..GroupChange::default()
        };
        let own = self.mailbox();
        let moved = group.mailbox.filter(|told| *told != own);
        let (mut joined, mut left) = (Vec::new(), Vec::new());
        if let Some(told) = moved {
            joined.push(own);
            left.push(told);
        }
        if let Some(GroupHandshake::Commit(_)) = offered {
            let next = match rejoin {
                Some(_) => passed(self.secrets()?.access(id))?.ok(),
                None => passed(self.secrets()?.next_access(id))?.unwrap_or(None),
            };
            let Some(next) = next else {
                return Ok(None);
            };
            named = DeviceIdentity::linked(&next);
            change.key = named.public().signing;
            let Some((come, go)) = self.mailboxes_of(id, &group.planned)? else {
                // Somebody has to be looked up first.
                self.live(id).wants_offer = true;
                return Ok(None);
            };
            joined.extend(come);
            left.extend(go);
        } else if offered.is_none() && moved.is_none() {
            return Ok(None);
        }
        let (Ok(joined), Ok(left)) = (List::new(joined), List::new(left)) else {
            return Ok(None);
        };
        change.joined = joined;
        change.left = left;
        let position = self.live(id).position;
        Ok(sealed(
            (id, position),
            change,
            offered.map_or_else(Vec::new, GroupHandshake::into_bytes),
            (&present, &named),
        ))
    }

    /// The first record: the group's relays learn of it.
    fn founding(&mut self, id: GroupId) -> Result<Option<Offer>, Error> {
        let Some((key, _)) = self.access_key(id)? else {
            return Ok(None);
        };
        let Ok(joined) = List::new(vec![self.mailbox()]) else {
            return Ok(None);
        };
        let change = GroupChange {
            key: key.public().signing,
            joined,
            ..GroupChange::default()
        };
        Ok(sealed((id, 0), change, Vec::new(), (&key, &key)))
    }

    /// Mailboxes that come and go with the change that waits. None: somebody has to be looked up.
    fn mailboxes_of(&mut self, id: GroupId, planned: &Planned) -> Result<Option<ComeAndGo>, Error> {
        let present = self.devices_in(id)?;
        let account = |device: &DeviceAddress| Account(device.account);
        let is_in = |it: &Account| present.iter().any(|device| account(device) == *it);
        let stays = |it: &Account| {
            let mut devices = present.iter().filter(|device| account(device) == *it);
            devices.any(|device| !planned.remove.contains(device))
        };
        let mut come: Vec<Account> = planned.add.iter().map(account).collect();
        let mut go: Vec<Account> = planned.remove.iter().map(account).collect();
        for accounts in [&mut come, &mut go] {
            accounts.sort_unstable();
            accounts.dedup();
        }
        come.retain(|account| !is_in(account));
        go.retain(|account| is_in(account) && !stays(account));
        let count = come.len();
        let now = self.clock.steady;
        let mut known = true;
        let mut mailboxes = |accounts: Vec<Account>| {
            let mut found = Vec::new();
            for account in accounts {
                match self.looks.mailbox(&account) {
                    Some(mailbox) => found.push(mailbox),
                    None => {
                        known = false;
                        self.want_look(account);
                    }
                }
            }
            found
        };
        let come = mailboxes(come);
        // An account that cannot be looked up may be gone for good, and goes all the same.
        let (go, come_known) = (mailboxes(go), come.len() == count);
        let live = self.live(id);
        if known {
            live.looks_until = 0;
        } else if live.looks_until == 0 {
            live.looks_until = now.saturating_add(LOOK_WAIT);
        }
        let over = live.looks_until != 0 && now >= live.looks_until;
        Ok((known || (come_known && over)).then_some((come, go)))
    }

    fn pursue_offer(&mut self, id: GroupId) -> Result<(), Error> {
        let now = self.clock.steady;
        let founded = self.groups.all.get(&id).is_some_and(|group| group.founded);
        let due = self.live(id).offer.as_ref().map(|offer| offer.attempt);
        let Some(attempt) = due.filter(|attempt| attempt.is_due(now)) else {
            return Ok(());
        };
        self.avoid_silent(&attempt);
        let relay = match founded {
            true => self.entrance_of(id, true)?,
            // Nobody can enter what does not exist.
            false => {
                let first = self.me().device;
                self.relays
                    .choose(&id.place(), first, attempt.attempts, now)
            }
        };
        let Some(relay) = relay else {
            return Ok(());
        };
        let Some(offer) = &mut self.live(id).offer else {
            return Ok(());
        };
        if offer.relay != Some(relay) {
            offer.relay = Some(relay);
            offer.missing = parts_of(&id, &offer.commit);
        }
        for (_, asked) in offer.missing.values_mut() {
            *asked = false;
        }
        if offer.missing.is_empty() {
            let request = Request::GroupOffer(offer.request.clone());
            let purpose = engine::Purpose::Group(Purpose::Offer(id));
            let ask = self.ask(relay, purpose, request);
            if let Some(attempt) = self.attempt_of(id, Purpose::Offer(id)) {
                attempt.asked(ask, now);
            }
        } else {
            self.upload(id, relay);
        }
        Ok(())
    }

    /// Some of the parts that the relay does not have yet.
    fn upload(&mut self, id: GroupId, relay: RelayId) {
        let now = self.clock.steady;
        let Some(offer) = &mut self.live(id).offer else {
            return;
        };
        let mut parts = Vec::new();
        for (part, (index, asked)) in offer.missing.iter_mut().take(PARTS_AT_ONCE) {
            *asked = true;
            let bytes = offer.commit.chunks(MAX_PART).nth(*index);
            parts.extend(bytes.map(|bytes| (*part, bytes.to_vec())));
        }
        let mut last = None;
        for (part, bytes) in parts {
            let Ok(bytes) = Bounded::new(bytes) else {
                continue;
            };
            let request = Request::GroupPart(GroupPart { group: id, bytes });
            let purpose = engine::Purpose::Group(Purpose::Part(id, part));
            last = Some(self.ask(relay, purpose, request));
        }
        if let (Some(ask), Some(attempt)) = (last, self.attempt_of(id, Purpose::Offer(id))) {
            attempt.asked(ask, now);
        }
    }

    pub(super) fn part_taken(
        &mut self,
        id: GroupId,
        part: MessageId,
        at: (RelayId, u64),
        answer: &Answer,
    ) {
        if !matches!(answer, Answer::GroupPart(_)) {
            return self.offer_refused(id, at, answer);
        }
        let now = self.clock.steady;
        let Some(offer) = &mut self.live(id).offer else {
            return;
        };
        if offer.relay != Some(at.0) {
            return;
        }
        offer.missing.remove(&part);
        // All that were asked for are there: the next ones, or the offer itself.
        if offer.missing.values().all(|(_, asked)| !asked) {
            offer.attempt = Try {
                rest_until: now,
                ..Try::default()
            };
        }
    }

    pub(super) fn change_offered(&mut self, id: GroupId, at: (RelayId, u64), answer: &Answer) {
        let Answer::GroupOffer(placed) = answer else {
            return self.offer_refused(id, at, answer);
        };
        let Some(group) = self.groups.all.get(&id) else {
            return;
        };
        let mut group = group.clone();
        let live = self.live(id);
        let is_it = |offer: &Offer| offer.position == placed.position;
        if !live.offer.as_ref().is_some_and(is_it) {
            // What became of an earlier one shows in the order.
            return self.order_has_grown(id, Some(placed.next));
        }
        let offer = live.offer.take();
        if !group.founded {
            group.founded = true;
            group.mailbox = Some(self.mailbox());
        }
        if let Some(rejoin) = &mut group.rejoin {
            rejoin.placed = Some(placed.position);
        }
        if offer.is_some_and(|offer| {
            offer
                .request
                .change
                .joined
                .as_slice()
                .contains(&self.mailbox())
        }) {
            group.mailbox = Some(self.mailbox());
        }
        self.put_group(group);
        let next = placed.next.max(placed.position.saturating_add(1));
        self.order_has_grown(id, Some(next));
    }

    fn offer_refused(&mut self, id: GroupId, at: (RelayId, u64), answer: &Answer) {
        let overtaken = matches!(answer, Answer::Refused(it) if it.reason == Reason::Overtaken);
        let joining = self
            .groups
            .all
            .get(&id)
            .is_some_and(|it| it.rejoin.is_some());
        self.group_refused(id, Purpose::Offer(id), at, answer);
        if overtaken && joining {
            // The information that it was made with is old.
            return self.lost_track(id);
        }
        let now = self.clock.steady;
        if let Some(attempt) = self.attempt_of(id, Purpose::Offer(id))
            && overtaken
        {
            // After reading it is made anew.
            attempt.rest_until = now.saturating_add(LONGEST_PATIENCE);
        }
    }

    /// Whether the relays know the group, and nothing of this device's is on its way into its order.
    pub(super) fn is_settled(&self, group: &Group) -> bool {
        let live = self.groups.live.get(&group.id);
        let free = live.is_some_and(|live| live.offer.is_none() && !live.changes);
        group.founded && group.rejoin.is_none() && !group.lost && free
    }
}

/// A change with its place and the word of a member: signed with the key of the epoch before and the one that it names.
fn sealed(
    (group, position): (GroupId, u64),
    mut change: GroupChange,
    commit: Vec<u8>,
    (key, named): (&DeviceIdentity, &DeviceIdentity),
) -> Option<Offer> {
    change.size = u32::try_from(commit.len()).ok()?;
    let parts: Vec<MessageId> = commit
        .chunks(MAX_PART)
        .map(|part| MessageId::of_part(&group, part))
        .collect();
    change.parts = List::new(parts).ok()?;
    let signature = key.sign(&change.statement(&group, position));
    let possession = match named.public().signing == key.public().signing {
        true => [0; 64],
        false => named.sign(&change.possession(&group, position)),
    };
    Some(Offer {
        position,
        request: GroupOffer {
            group,
            position,
            change,
            signature,
            possession,
        },
        missing: parts_of(&group, &commit),
        commit,
        relay: None,
        attempt: Try::default(),
    })
}

fn parts_of(group: &GroupId, commit: &[u8]) -> BTreeMap<MessageId, (usize, bool)> {
    let parts = commit.chunks(MAX_PART).enumerate();
    parts
        .map(|(index, part)| (MessageId::of_part(group, part), (index, false)))
        .collect()
}
