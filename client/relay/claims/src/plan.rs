//! What to do at a block.

use std::collections::BTreeMap;

use parlance_primitives::{
    AccountId, BlockNumber,
    accounts::DeviceId,
    relay::{Agenda, Correspondent, MAX_OPENING, OpenClaim, Period, Root, Setting},
};

use crate::{Books, Error, Store, schedule};

/// Something to submit, signed by the relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// `Relay.claim`.
    Claim {
        /// The period claimed for.
        period: Period,
        /// The tree of tickets.
        tickets: Root,
        /// The tree of receipts.
        receipts: Root,
    },
    /// `Relay.open` for the relay itself.
    Open {
        /// The period of the claim.
        period: Period,
        /// That of the tree of tickets, then that of the tree of receipts.
        opening: Vec<u8>,
    },
}

/// Why a period's pay is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GivenUp {
    /// There were leaves, and no claim came into a block in time.
    #[error("no claim was made in time: see that transactions of this node reach blocks")]
    NotClaimed,
    /// The chain has a claim whose trees are not here.
    #[error("the claim on chain is of trees that are not here: was the journal lost?")]
    Lost,
    /// The chain has a claim of other trees.
    #[error("the claim on chain is of other trees: run one node with this key only")]
    OtherTrees,
    /// The opening does not fit into a transaction.
    #[error("the opening takes {bytes} bytes, and {MAX_OPENING} is the most")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

/// What to do, and what cannot be done any more.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// To submit now.
    pub deeds: Vec<Deed>,
    /// Said once each.
    pub given_up: Vec<(Period, GivenUp)>,
}

/// The chain's state at the block to which an agenda belongs.
pub trait State {
    /// Why it cannot be asked.
    type Error: core::error::Error + 'static;

    /// What leaves of a period are judged by, if it is known.
    ///
    /// # Errors
    /// When the state cannot be asked.
    fn setting(&self, period: Period) -> Result<Option<Setting>, Self::Error>;

    /// What is known of somebody for a period.
    ///
    /// # Errors
    /// When the state cannot be asked.
    fn correspondent(
        &self,
        who: &AccountId,
        device: DeviceId,
        period: Period,
    ) -> Result<Correspondent, Self::Error>;
}

/// What was handed out, and when.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    claims: BTreeMap<Period, BlockNumber>,
    openings: BTreeMap<Period, Opening>,
    given_up: BTreeMap<Period, GivenUp>,
}

#[derive(Debug)]
struct Opening {
    seen: BlockNumber,
    last: Option<BlockNumber>,
}

impl Attempts {
    /// Notes that a period is lost; whether that is news.
    pub(crate) fn give_up(&mut self, period: Period, why: GivenUp) -> bool {
        self.given_up.insert(period, why) != Some(why)
    }

    pub(crate) fn forget(&mut self, period: Period) {
        self.claims.remove(&period);
        self.openings.remove(&period);
        self.given_up.remove(&period);
    }

    /// Forgets all before a period.
    pub(crate) fn forget_before(&mut self, period: Period) {
        self.claims = self.claims.split_off(&period);
        self.openings = self.openings.split_off(&period);
        self.given_up = self.given_up.split_off(&period);
    }
}

impl<S: Store> Books<S> {
    /// What to do so that it stands in block `next`, by the agenda of the block before it. Ask at each
    /// best block.
    ///
    /// # Errors
    /// When the journal or the state fails; ask again at the next block.
    pub fn plan<C: State>(
        &mut self,
        next: BlockNumber,
        agenda: &Agenda,
        state: &C,
    ) -> Result<Plan, Error<S::Error, C::Error>> {
        self.flush().map_err(Error::Store)?;
        let mut plan = Plan::default();
        for open in &agenda.open {
            self.plan_opening(next, open, &mut plan);
        }
        if let Some(period) = agenda.claimable {
            let turns = schedule::of_claim(&agenda.clock, &self.owner.account);
            let last = self.attempts.claims.get(&period).copied();
            if turns.is_due(next, last) {
                let (tickets, receipts) = self.claimed(period, agenda, state)?;
                self.attempts.claims.insert(period, next);
                plan.deeds.push(Deed::Claim {
                    period,
                    tickets,
                    receipts,
                });
            }
        }
        Ok(plan)
    }

    fn plan_opening(&mut self, next: BlockNumber, open: &OpenClaim, plan: &mut Plan) {
        let period = open.period;
        let trees = self.kept.get(&period).and_then(|kept| kept.sealed.as_ref());
        let lost = match trees {
            None => Some(GivenUp::Lost),
            Some(trees) if trees.roots() != (open.tickets, open.receipts) => {
                Some(GivenUp::OtherTrees)
            }
            Some(_) => None,
        };
        if let Some(why) = lost {
            if self.attempts.give_up(period, why) {
                plan.given_up.push((period, why));
            }
            return;
        }
        let (Some(trees), Some(challenge)) = (trees, &open.challenge) else {
            return;
        };
        let attempts = &mut self.attempts.openings;
        let attempt = attempts.entry(period).or_insert(Opening {
            seen: next,
            last: None,
        });
        let seen = attempt.seen;
        let turns = schedule::of_opening(&self.owner.account, period, seen, open.until);
        if !turns.is_due(next, attempt.last) {
            return;
        }
        attempt.last = Some(next);
        let opening = trees.open(challenge);
        if opening.len() > MAX_OPENING as usize {
            let bytes = opening.len();
            let why = GivenUp::TooLong { bytes };
            if self.attempts.give_up(period, why) {
                plan.given_up.push((period, why));
            }
            return;
        }
        plan.deeds.push(Deed::Open { period, opening });
    }
}
