//! How many may come in without tokens, and how hard the puzzle is.
//!
//! Rules:
//!
//! 1. **Room.** Each way in takes at most so many registrations per block and per period. The two
//!    ways do not take room from each other: a flood of work leaves invitations as they are.
//! 2. **Difficulty.** After a period that took `n` registrations by work where `target` are wanted,
//!    the difficulty `d` becomes `d * n / target`, but at most twice and at least three quarters of
//!    `d`, and within floor and ceiling.
//! 3. **Memory.** A proof owes the difficulty of the period in which its anchor block lies: what
//!    somebody has begun to solve stays good while the anchor is. Only the running period and the
//!    one before are known.
//!
//! From rule 2: whoever wants more than `target` per period for long pays a price that doubles
//! until it can pay no more. Whatever its hardware, it ends at `target` per period.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use parlance_primitives::{BlockNumber, accounts::Lane};
use scale_info::TypeInfo;
use serde::{Deserialize, Serialize};

/// How the difficulty follows demand.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub struct DifficultyRule {
    /// Never easier.
    pub floor: u32,
    /// Never harder.
    pub ceiling: u32,
    /// Registrations by work per period at which nothing changes.
    pub target: u32,
}

impl DifficultyRule {
    /// The difficulty after a period of difficulty `now` that took `taken` registrations by work.
    pub fn next(&self, now: u32, taken: u32) -> u32 {
        let now = u64::from(self.within(now));
        let wanted = now
            .saturating_mul(taken.into())
            .checked_div(self.target.into())
            .unwrap_or(now);
        let least = now.saturating_mul(3) / 4;
        let most = now.saturating_mul(2);
        self.within(u32::try_from(wanted.clamp(least, most)).unwrap_or(u32::MAX))
    }

    /// `difficulty`, moved between floor and ceiling.
    pub fn within(&self, difficulty: u32) -> u32 {
        difficulty.min(self.ceiling).max(self.floor)
    }
}

/// How many registrations one way takes.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
    Serialize,
    Deserialize,
)]
#[serde(rename_all = "camelCase")]
pub struct Room {
    /// Per block.
    pub per_block: u32,
    /// Per period.
    pub per_period: u32,
    /// Identities without a deposit at a time.
    pub standing: u32,
}

/// Why there is no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// This block has taken its part: the next may do.
    Block,
    /// This period has.
    Period,
}

/// What came in by one way.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Taken {
    /// In the block of the gate.
    pub block: u32,
    /// In the period of the gate.
    pub period: u32,
}

/// State of both ways in.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Gate {
    /// Number of the running period.
    pub period: u32,
    /// Difficulty in the running period.
    pub difficulty: u32,
    /// Difficulty in the period before.
    pub previous: u32,
    /// Block in which somebody came in last.
    pub block: BlockNumber,
    /// By work.
    pub work: Taken,
    /// By invitation.
    pub invitation: Taken,
}

impl Gate {
    /// Opens a period. Periods in between, in which nothing was seen, count as one without
    /// registrations.
    pub fn roll(&mut self, period: u32, rule: &DifficultyRule) {
        if period <= self.period {
            return;
        }
        let before = rule.within(self.difficulty);
        self.previous = before;
        self.difficulty = rule.next(before, self.work.period);
        self.period = period;
        self.work.period = 0;
        self.invitation.period = 0;
    }

    /// What a proof anchored in `period` has to show.
    pub fn difficulty_in(&self, period: u32, rule: &DifficultyRule) -> Option<u32> {
        if period == self.period {
            Some(rule.within(self.difficulty))
        } else if period.checked_add(1) == Some(self.period) {
            Some(rule.within(self.previous))
        } else {
            None
        }
    }

    /// Registrations that the running period still takes.
    pub fn left(&self, lane: Lane, room: &Room) -> u32 {
        room.per_period.saturating_sub(self.taken(lane).period)
    }

    /// Whether block `now` takes one more.
    ///
    /// # Errors
    /// When the block or the period is full.
    pub fn check(&self, lane: Lane, now: BlockNumber, room: &Room) -> Result<(), Full> {
        if self.left(lane, room) == 0 {
            return Err(Full::Period);
        }
        let in_block = if self.block == now {
            self.taken(lane).block
        } else {
            0
        };
        if in_block >= room.per_block {
            return Err(Full::Block);
        }
        Ok(())
    }

    /// Counts one that came in.
    pub fn admit(&mut self, lane: Lane, now: BlockNumber) {
        if self.block != now {
            self.block = now;
            self.work.block = 0;
            self.invitation.block = 0;
        }
        let taken = match lane {
            Lane::Work => &mut self.work,
            Lane::Invitation => &mut self.invitation,
        };
        taken.block = taken.block.saturating_add(1);
        taken.period = taken.period.saturating_add(1);
    }

    fn taken(&self, lane: Lane) -> &Taken {
        match lane {
            Lane::Work => &self.work,
            Lane::Invitation => &self.invitation,
        }
    }
}
