//! One attempt to decide on a position (P6, P7).

use parlance_bimp::{Ballot, GroupRecord, RelayId, Vote};
use std::collections::BTreeSet;

/// How far an attempt is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Phase {
    /// It gathers promises, and the highest of what was accepted.
    Promises(Option<(Ballot, GroupRecord)>),
    /// It gathers acceptances.
    Acceptances(GroupRecord),
}

/// What to do after a vote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Wait for more.
    Wait,
    /// Ask all for acceptance of this record.
    Accept(GroupRecord),
    /// Nothing was accepted before, and there is nothing to propose.
    Idle,
    /// The record is decided.
    Decided(GroupRecord),
    /// Somebody has promised a higher ballot.
    Outbid(Ballot),
}

/// One attempt, by the relay that its ballot names.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// What for.
    pub position: u64,
    /// Its ballot.
    pub ballot: Ballot,
    relays: Vec<RelayId>,
    phase: Phase,
    said: BTreeSet<RelayId>,
    /// When it began, and when it asked last, by the steady clock.
    pub began: u64,
    /// See `began`.
    pub asked: u64,
}

impl Attempt {
    /// Begins: ask all `relays` for promises, the own one among them.
    pub fn new(position: u64, ballot: Ballot, relays: Vec<RelayId>, now: u64) -> Self {
        Self {
            position,
            ballot,
            relays,
            phase: Phase::Promises(None),
            said: BTreeSet::new(),
            began: now,
            asked: now,
        }
    }

    /// The record that is to be accepted; none while promises are gathered.
    pub fn record(&self) -> Option<&GroupRecord> {
        match &self.phase {
            Phase::Promises(_) => None,
            Phase::Acceptances(record) => Some(record),
        }
    }

    /// Relays that have not said what is asked for.
    pub fn missing(&self) -> impl Iterator<Item = &RelayId> {
        self.relays
            .iter()
            .filter(|relay| !self.said.contains(*relay))
    }

    /// A relay votes; its own vote comes when it is on disk. `own` is what to propose if nothing was accepted before.
    pub fn take(&mut self, relay: RelayId, vote: &Vote, own: Option<&GroupRecord>) -> Step {
        if !self.relays.contains(&relay) {
            return Step::Wait;
        }
        match (&mut self.phase, vote) {
            (_, Vote::Outbid(ballot)) if *ballot > self.ballot => Step::Outbid(*ballot),
            (Phase::Promises(highest), Vote::Promised(accepted)) => {
                if let Some(accepted) = accepted
                    && highest
                        .as_ref()
                        .is_none_or(|(known, _)| accepted.0 > *known)
                {
                    *highest = Some(accepted.as_ref().clone());
                }
                self.said.insert(relay);
                self.propose(own)
            }
            (Phase::Acceptances(record), Vote::Accepted) => {
                self.said.insert(relay);
                match self.said.len() >= super::majority(self.relays.len()) {
                    true => Step::Decided(record.clone()),
                    false => Step::Wait,
                }
            }
            _ => Step::Wait,
        }
    }

    /// P6.
    fn propose(&mut self, own: Option<&GroupRecord>) -> Step {
        let majority = super::majority(self.relays.len());
        if self.said.len() < majority || !self.said.contains(&self.ballot.relay) {
            return Step::Wait;
        }
        let Phase::Promises(highest) = &self.phase else {
            return Step::Wait;
        };
        let highest = highest.as_ref().map(|(_, record)| record);
        let Some(record) = highest.or(own).cloned() else {
            return Step::Idle;
        };
        self.phase = Phase::Acceptances(record.clone());
        self.said.clear();
        Step::Accept(record)
    }
}
