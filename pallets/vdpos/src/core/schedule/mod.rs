//! The weighted slot schedule: which node may make the block of which slot.
//!
//! A round of `slots` slots is dealt to `n` nodes with given weights in three steps: [`seats`] says how
//! many slots each node gets, an order without clusters is laid out, and a seed shuffles it.
//!
//! # Rules
//!
//! **S1, total.** Every slot of the round belongs to exactly one node: the seats add up to `slots`.
//!
//! **S2, proportion.** The *quota* of a node is its exact, fractional share of the round. Between the
//! bounds of S3 and S4 quotas are proportional to weights: there is one factor `f` with
//! `quota = f * weight` for each node that no bound holds. What the bounds take or give is shared by the
//! others in proportion (water filling). Nodes whose weights are all zero share equally what is left
//! to them. Weights count to a precision of 2^-44 of the largest.
//!
//! **S3, floor.** Each node has at least one seat, whatever its weight, when `slots >= n`.
//!
//! **S4, cap.** From [`CAPPED_FROM`] nodes on no node has more than a tenth of the slots, rounded down
//! (or `slots / n` rounded up, where a round is so short that a tenth for each would not fill it). With
//! two to fourteen nodes only the run rule limits: at most two thirds of the slots, rounded down. Any
//! more could not be laid out by S6.
//!
//! **S5, rounding.** Seats are the quota rounded down or up, never further away. Which of both is
//! decided by one number for the whole round, its [`Phase`] `u` in `[0, 1)`: with the quotas laid end to
//! end on a line, a node has a seat for each point `u, u + 1, u + 2, ...` on its part. The points add up
//! to `slots` (S1), and a node has rounded-up seats in exactly the fraction of phases by which its
//! quota exceeds a whole number. So rounding favours nobody in the long run. (Rounding by largest
//! remainder does: of 21 equal nodes and 300 slots the same six would get 15 seats and the other
//! fifteen 14 in every round, five percent off their weight for ever.) [`Phase::of_epoch`] runs
//! through the phases so evenly that a node whose quota stays the same is never as much as three
//! seats off it over any 60 rounds together, nor six over a year of ten-minute epochs;
//! [`Phase::of_seed`] picks a phase at random.
//!
//! **S6, runs.** No node has more than two slots in a row, also where the end of a round meets the
//! start of its repetition. With one node this cannot hold, and does not: it owns every slot.
//!
//! **S7, order.** The layout before the shuffle is smooth weighted round robin: each slot goes to the
//! node that waited longest for its share.
//!
//! **S8, shuffle.** The layout is turned by a uniform number of places, then a fixed number of
//! uniform pairs of slots is drawn and swapped where S6 still holds after. Everything drawn comes from
//! BLAKE2b in counter mode over the seed, without modulo bias. The shuffle is *fair*: over all seeds each
//! slot belongs to node `i` with probability `seats[i] / slots`, exactly. Proof: the turn makes all
//! rotations of an order equally likely; the pairs are drawn without regard to where the order starts, and
//! S6 is a rule of the circle, so this stays true after each swap; hence all slots have the same
//! probability for node `i`, and these add up to `seats[i]`. Swaps are symmetric, so the more are
//! made the closer all orders that can be reached by swaps come to being equally likely.
//!
//! The schedule is a function of weights, slots, phase and seed: whoever knows the parent state computes
//! the same one.

mod order;
mod seats;
mod shuffle;

#[cfg(test)]
mod tests;

pub use seats::seats;

use ::core::fmt;
use alloc::vec::Vec;
use sp_io::hashing::blake2_256;

/// Number of nodes from which on the cap of a tenth holds (S4).
pub const CAPPED_FROM: usize = 15;
/// Most nodes in one schedule: their numbers are 16 bits wide.
pub const MAX_NODES: usize = 1 << 16;
/// Most slots in one round; keeps every product of the water filling inside 128 bits.
pub const MAX_SLOTS: u32 = 1 << 20;

/// Why there can be no schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScheduleError {
    /// Nobody to give slots to.
    NoNodes,
    /// More nodes than [`MAX_NODES`].
    TooManyNodes,
    /// No slot at all, or a single slot for several nodes, where S6 cannot hold.
    TooFewSlots,
    /// More slots than [`MAX_SLOTS`].
    TooManySlots,
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::NoNodes => "a schedule needs at least one node",
            Self::TooManyNodes => "a schedule holds at most 65,536 nodes",
            Self::TooFewSlots => "a round needs one slot, and two when there are several nodes",
            Self::TooManySlots => "a round has at most 1,048,576 slots",
        })
    }
}

/// Where on a seat the count of seats starts, in 2^-32 of a seat (S5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phase(pub u32);

impl Phase {
    /// Phases of successive epochs, spread as evenly as numbers can be: multiples of the golden ratio.
    pub fn of_epoch(epoch: u32) -> Self {
        // 2^32 divided by the golden ratio, made odd.
        Self(epoch.wrapping_mul(0x9E37_79B9))
    }

    /// A phase for whoever has no count of epochs.
    pub fn of_seed(seed: &[u8; 32]) -> Self {
        let mut message = [0u8; 40];
        message[..8].copy_from_slice(b"vdposphs");
        message[8..].copy_from_slice(seed);
        let hash = blake2_256(&message);
        Self(u32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]]))
    }
}

/// The schedule of a round: slot `s` belongs to the node with number `result[s]`.
///
/// `weights[i]` is the weight of node `i`, in any unit. The phase comes from the seed.
pub fn build(weights: &[u128], slots: u32, seed: &[u8; 32]) -> Result<Vec<u16>, ScheduleError> {
    build_in_phase(weights, slots, Phase::of_seed(seed), seed)
}

/// [`build`] with the phase given, for whoever counts epochs: see S5.
pub fn build_in_phase(
    weights: &[u128],
    slots: u32,
    phase: Phase,
    seed: &[u8; 32],
) -> Result<Vec<u16>, ScheduleError> {
    let seats = seats(weights, slots, phase)?;
    let mut schedule = order::smooth(&seats);
    shuffle::shuffle(&mut schedule, seed);
    Ok(schedule)
}
