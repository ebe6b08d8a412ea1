//! Who is elected, and with which backing.
//!
//! # Rules
//!
//! **E1, one unit.** Phragmen counts in 64 bits, money in 128. Before an election all bonds and votes are
//! divided by one factor, from the supply ([`VoteScale`]); candidates' bonds and voters' weights given
//! to [`elect`] are both in that unit, and so is the backing that it returns.
//!
//! **E2, method.** Sequential Phragmen: place after place goes to the candidate whose backers carry the
//! smallest load, and a voter's weight is split between its elected names such that load is even. A
//! minority that names the same candidates gets its part of the places. A candidate's own bond is a vote
//! for itself.
//!
//! **E3, conservation.** The whole weight of each voter that has an elected name, and the whole bond of
//! each elected candidate, is backing of somebody; no other weight is.
//!
//! **E4, tolerance.** Names that are no candidates and repeated names do not count. Fewer candidates than
//! places: all are elected.
//!
//! **E5, order does not matter.** The result depends on who is candidate and who votes how, not on the
//! order in which they are listed. Equal claims are settled by account.
//!
//! **E6, ranking.** The elected are listed by backing, the largest first, equal ones by account.

use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec,
    vec::Vec,
};
use sp_arithmetic::Perquintill;
pub use sp_npos_elections::IdentifierT;
use sp_npos_elections::{Assignment, VoteWeight, seq_phragmen};

/// Why an election has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ElectionError {
    /// A candidate is listed twice.
    DuplicateCandidate,
    /// More candidates and voters than 32 bits can count, or sums out of range.
    Arithmetic,
}

/// Conversion between money and the unit of an election (E1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VoteScale {
    factor: u128,
}

impl VoteScale {
    /// Scale for a chain on which `issuance` units of money exist: no amount of it overflows.
    pub fn new(issuance: u128) -> Self {
        Self {
            factor: (issuance / u128::from(VoteWeight::MAX)).saturating_add(1),
        }
    }

    /// Money to weight, rounded down. More money than exists counts as the largest weight.
    pub fn weight(&self, money: u128) -> VoteWeight {
        VoteWeight::try_from(money / self.factor).unwrap_or(VoteWeight::MAX)
    }

    /// Weight, or a sum of weights, to money: at most what it was made from.
    pub fn money(&self, weight: u128) -> u128 {
        weight.saturating_mul(self.factor)
    }
}

/// Elects `wanted` of `candidates` (with their bonds) by `voters` (with weights and names).
///
/// Bonds and weights are in the unit of [`VoteScale`]; see E1 to E6.
pub fn elect<A: IdentifierT>(
    candidates: &[(A, u128)],
    voters: &[(A, VoteWeight, Vec<A>)],
    wanted: u32,
) -> Result<Vec<(A, u128)>, ElectionError> {
    let mut ranked: Vec<&(A, u128)> = candidates.iter().collect();
    ranked.sort_unstable_by(|one, other| one.0.cmp(&other.0));
    if ranked.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(ElectionError::DuplicateCandidate);
    }
    let ballots = ballots(&ranked, voters)?;
    let numbers = (0u32..).take(ranked.len()).collect();
    let votes = (0u32..)
        .zip(&ballots)
        .map(|(ballot, (weight, names))| (ballot, *weight, names.iter().copied()))
        .collect();
    let result = seq_phragmen::<u32, Perquintill>(wanted as usize, numbers, votes, None)
        .map_err(|_| ElectionError::Arithmetic)?;
    let winners: BTreeSet<u32> = result.winners.iter().map(|(number, _)| *number).collect();
    let backing = backing(ranked.len(), &ballots, result.assignments, &winners)?;
    let mut elected: Vec<(A, u128)> = result
        .winners
        .into_iter()
        .map(|(number, _)| (ranked[number as usize].0.clone(), backing[number as usize]))
        .collect();
    elected.sort_unstable_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    Ok(elected)
}

/// A weight and the numbers of the candidates that it names.
type Ballot = (VoteWeight, Vec<u32>);

/// Bonds and votes as ballots. Their place in the list stands for the voter, because one account may
/// stand for election and vote, and the method would take both for one voter.
fn ballots<A: IdentifierT>(
    ranked: &[&(A, u128)],
    voters: &[(A, VoteWeight, Vec<A>)],
) -> Result<Vec<Ballot>, ElectionError> {
    let all = ranked.len().saturating_add(voters.len());
    u32::try_from(all).map_err(|_| ElectionError::Arithmetic)?;
    let number_of: BTreeMap<&A, u32> = ranked
        .iter()
        .zip(0u32..)
        .map(|(candidate, number)| (&candidate.0, number))
        .collect();

    let bonds = ranked.iter().zip(0u32..).map(|(candidate, number)| {
        (
            VoteWeight::try_from(candidate.1).unwrap_or(VoteWeight::MAX),
            vec![number],
        )
    });
    let mut listed: Vec<&(A, VoteWeight, Vec<A>)> = voters.iter().collect();
    listed.sort_unstable();
    let votes = listed.into_iter().map(|(_, weight, names)| {
        let names = names
            .iter()
            .filter_map(|name| number_of.get(name).copied())
            .collect();
        (*weight, names)
    });
    Ok(bonds
        .chain(votes)
        .filter(|(weight, _)| *weight > 0)
        .collect())
}

/// E3: adds the weight of each ballot to the backing of its elected names, whole.
fn backing(
    candidates: usize,
    ballots: &[Ballot],
    assignments: Vec<Assignment<u32, Perquintill>>,
    winners: &BTreeSet<u32>,
) -> Result<Vec<u128>, ElectionError> {
    let mut backing = vec![0u128; candidates];
    let mut add = |number: u32, weight: u128| {
        let sum = &mut backing[number as usize];
        *sum = sum.checked_add(weight).ok_or(ElectionError::Arithmetic)?;
        Ok(())
    };
    let mut counted = vec![false; ballots.len()];
    for assignment in assignments {
        let ballot = assignment.who as usize;
        let weight = u128::from(ballots[ballot].0);
        let mut staked = assignment.into_staked(weight);
        staked
            .try_normalize(weight)
            .map_err(|_| ElectionError::Arithmetic)?;
        staked
            .distribution
            .into_iter()
            .try_for_each(|(number, part)| add(number, part))?;
        counted[ballot] = true;
    }
    // A weight of a few units, split between several names, is rounded to nothing for each of them:
    // the first elected name has it whole.
    for ((weight, names), counted) in ballots.iter().zip(counted) {
        if let (false, Some(&name)) = (counted, names.iter().find(|name| winners.contains(name))) {
            add(name, (*weight).into())?;
        }
    }
    Ok(backing)
}

#[cfg(test)]
mod tests;
