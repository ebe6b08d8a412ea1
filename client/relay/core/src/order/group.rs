//! One group, as one relay knows it.

use super::standing::{Standing, Unfit};
use codec::{Decode, Encode};
use parlance_bimp::{Ballot, GroupId, GroupRecord, MessageId, RelayId, Vote};
use std::collections::{BTreeMap, VecDeque};

/// Keys of that many records back are good for a text that was on its way (rule O4 of BIMP).
const BEHIND: u64 = 2;

/// What a relay has said about the position that is free (P3-P5).
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Votes {
    /// The position.
    pub position: u64,
    /// From which position on the relay votes (P8); `u64::MAX` while it does not know.
    pub from: u64,
    /// Nothing lower is accepted.
    pub promised: Option<Ballot>,
    /// What was accepted last.
    pub accepted: Option<(Ballot, GroupRecord)>,
}

/// A key that was overtaken a moment ago.
#[derive(Clone, Copy, Debug)]
struct Overtaken {
    key: ([u8; 32], u64),
    /// The record that names the next one.
    by: u64,
    at: u64,
}

/// A group's order, as far as a relay knows and keeps it.
#[derive(Clone, Debug)]
pub struct Group {
    base: Standing,
    records: VecDeque<GroupRecord>,
    now: Standing,
    votes: Votes,
    /// How far others said to be, since this relay has no memory of the group (P8).
    heard: BTreeMap<RelayId, u64>,
    overtaken: Vec<Overtaken>,
}

impl Group {
    /// A group that is not made yet. Its relay votes from the beginning.
    pub fn unmade() -> Self {
        Self::at(Standing::default(), 0)
    }

    /// A group of which this relay had no memory, as another one tells it (P8).
    pub fn learned(base: Standing) -> Self {
        Self::at(base, u64::MAX)
    }

    fn at(base: Standing, from: u64) -> Self {
        Self {
            votes: Votes {
                position: base.position,
                from,
                ..Votes::default()
            },
            now: base.clone(),
            base,
            records: VecDeque::new(),
            heard: BTreeMap::new(),
            overtaken: Vec::new(),
        }
    }

    /// From disk: records in their order behind the base. None if they do not fit together.
    pub fn load(base: Standing, records: Vec<GroupRecord>, votes: Votes) -> Option<Self> {
        let mut group = Self::at(base, votes.from);
        for record in records {
            group.now.apply(&record);
            group.records.push_back(record);
        }
        if votes.position > group.now.position {
            return None;
        }
        if votes.position == group.now.position {
            group.votes = votes;
        }
        group.votes.position = group.now.position;
        Some(group)
    }

    /// Where the records that are kept begin.
    pub fn base(&self) -> &Standing {
        &self.base
    }

    /// What the group is now.
    pub fn now(&self) -> &Standing {
        &self.now
    }

    /// What this relay has said about the free position.
    pub fn votes(&self) -> &Votes {
        &self.votes
    }

    /// The first position whose record is kept.
    pub fn first(&self) -> u64 {
        self.base.position
    }

    /// The position that is free.
    pub fn next(&self) -> u64 {
        self.now.position
    }

    /// Records that are kept.
    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Whether none are kept.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// Whether this relay votes on the free position (P8).
    pub fn may_vote(&self) -> bool {
        self.votes.from <= self.now.position
    }

    /// The record at a position, if it is kept.
    pub fn record(&self, position: u64) -> Option<&GroupRecord> {
        let index = position.checked_sub(self.base.position)?;
        self.records.get(usize::try_from(index).ok()?)
    }

    /// The access key at a position, and the record that named it, while that can be told.
    pub fn key_at(&self, position: u64) -> Option<([u8; 32], u64)> {
        if position == self.now.position {
            return Some(self.now.key);
        }
        let count = usize::try_from(position.checked_sub(self.base.position)?).ok()?;
        if count > self.records.len() {
            return None;
        }
        let mut key = self.base.key;
        for (place, record) in (self.base.position..).zip(self.records.iter().take(count)) {
            if let Some(offered) = &record.offered
                && (place == 0 || offered.change.key != key.0)
            {
                key = (offered.change.key, place);
            }
        }
        Some(key)
    }

    /// The key that the record at `position` named, while that is kept or the key is the last one.
    pub fn key_of(&self, position: u64) -> Option<[u8; 32]> {
        if self.now.position == 0 {
            return None;
        }
        for standing in [&self.now, &self.base] {
            let (key, named) = standing.key;
            if standing.position > 0 && named == position {
                return Some(key);
            }
        }
        let (key, named) = self.key_at(position.checked_add(1)?)?;
        (named == position).then_some(key)
    }

    /// The key of the record at `position`, if a text may be signed by it: it is the last one, or was overtaken within `grace`
    /// milliseconds and not by much (rule O4 of BIMP).
    pub fn key_to_post(&self, position: u64, now: u64, grace: u64) -> Option<[u8; 32]> {
        if self.now.position > 0 && self.now.key.1 == position {
            return Some(self.now.key.0);
        }
        let late = |it: &&Overtaken| {
            it.key.1 == position
                && self.now.position.saturating_sub(it.by) <= BEHIND
                && now.saturating_sub(it.at) < grace
        };
        self.overtaken.iter().find(late).map(|it| it.key.0)
    }

    /// A record is decided and follows on what is known (P7).
    pub fn push(&mut self, id: &GroupId, record: GroupRecord, now: u64) -> Result<(), Unfit> {
        self.now.check(id, &record)?;
        let before = self.now.key;
        self.now.apply(&record);
        if before.1 != self.now.key.1 && self.now.position > 1 {
            let by = self.now.key.1;
            let next = self.now.position;
            self.overtaken
                .retain(|it| next.saturating_sub(it.by) <= BEHIND);
            self.overtaken.push(Overtaken {
                key: before,
                by,
                at: now,
            });
        }
        // Who has not accepted the record that makes the group might have, before it lost its disk (P8).
        let accepted = self.votes.accepted.as_ref().map(|(_, record)| record);
        let from = match self.now.position {
            1 if accepted != Some(&record) => u64::MAX,
            _ => self.votes.from,
        };
        self.records.push_back(record);
        self.votes = Votes {
            position: self.now.position,
            from,
            ..Votes::default()
        };
        Ok(())
    }

    /// Jumps to where another relay says that the group is: the records between are gone there.
    pub fn jump(&mut self, base: Standing) {
        if base.position <= self.now.position {
            return;
        }
        let (from, heard) = (self.votes.from, std::mem::take(&mut self.heard));
        *self = Self::at(base, from);
        self.heard = heard;
    }

    /// Lets go of the first record. Its position.
    pub fn trim(&mut self) -> Option<u64> {
        let record = self.records.pop_front()?;
        let position = self.base.position;
        self.base.apply(&record);
        Some(position)
    }

    /// P3. Whether something must go to disk.
    pub fn promise(&mut self, ballot: Ballot) -> (Vote, bool) {
        match self.bar(ballot) {
            Some(vote) => (vote, false),
            None => {
                let new = self.votes.promised != Some(ballot);
                self.votes.promised = Some(ballot);
                let accepted = self.votes.accepted.clone().map(Box::new);
                (Vote::Promised(accepted), new)
            }
        }
    }

    /// P4, for a record whose parts are here. Whether something must go to disk.
    pub fn accept(&mut self, id: &GroupId, ballot: Ballot, record: &GroupRecord) -> (Vote, bool) {
        if let Some(vote) = self.bar(ballot) {
            return (vote, false);
        }
        if self.now.check(id, record).is_err() {
            return (Vote::Abstains, false);
        }
        let accepted = Some((ballot, record.clone()));
        let new = self.votes.accepted != accepted;
        self.votes.promised = Some(ballot);
        self.votes.accepted = accepted;
        (Vote::Accepted, new)
    }

    fn bar(&self, ballot: Ballot) -> Option<Vote> {
        if !self.may_vote() {
            return Some(Vote::Abstains);
        }
        let promised = self.votes.promised?;
        (promised > ballot).then_some(Vote::Outbid(promised))
    }

    /// Parts of a record's handshake, in their order.
    pub fn parts(record: &GroupRecord) -> &[MessageId] {
        match &record.offered {
            Some(offered) => offered.change.parts.as_slice(),
            None => &[],
        }
    }

    /// Another relay of the group says how far it is (P8). Whether this one may say now from where on it votes, and did not before.
    pub fn hear(&mut self, relay: RelayId, next: u64, me: &RelayId) -> bool {
        if self.votes.from != u64::MAX {
            return false;
        }
        self.heard.insert(relay, next);
        let relays = &self.now.relays;
        let others = relays.iter().filter(|relay| *relay != me);
        let heard: Vec<u64> = others
            .filter_map(|relay| self.heard.get(relay).copied())
            .collect();
        if heard.len() < super::witnesses(relays.len()) {
            return false;
        }
        let highest = heard.into_iter().max().unwrap_or_default();
        self.votes.from = highest.max(self.now.position).saturating_add(2);
        self.heard.clear();
        true
    }
}
