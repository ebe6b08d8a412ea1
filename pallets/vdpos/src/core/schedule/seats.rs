//! How many slots of a round each node gets: rules S1 to S5.

use super::{CAPPED_FROM, MAX_NODES, MAX_SLOTS, Phase, ScheduleError};
use alloc::{vec, vec::Vec};

/// Quotas are counted in 2^-32 of a seat.
const SEAT_BITS: u32 = 32;
/// Weights are shortened to this many bits: with 2^16 nodes and 2^20 slots of 2^32 parts all products
/// and sums below fit 112 bits.
const WEIGHT_BITS: u32 = 44;

/// Seats of each node in a round of `slots` slots, in the order of `weights` (S1 to S5).
pub fn seats(weights: &[u128], slots: u32, phase: Phase) -> Result<Vec<u32>, ScheduleError> {
    let bounds = Bounds::new(weights.len(), slots)?;
    Ok(rounded(&quotas(&shortened(weights), slots, bounds), phase))
}

/// Least and most seats of a node.
#[derive(Clone, Copy)]
struct Bounds {
    floor: u32,
    cap: u32,
}

impl Bounds {
    /// S3 and S4. The bounds always leave room: `nodes * floor <= slots <= nodes * cap`.
    fn new(nodes: usize, slots: u32) -> Result<Self, ScheduleError> {
        if nodes == 0 {
            return Err(ScheduleError::NoNodes);
        }
        if nodes > MAX_NODES {
            return Err(ScheduleError::TooManyNodes);
        }
        if slots > MAX_SLOTS {
            return Err(ScheduleError::TooManySlots);
        }
        if slots == 0 || (slots == 1 && nodes > 1) {
            return Err(ScheduleError::TooFewSlots);
        }
        let count = nodes as u32;
        let cap = match nodes {
            1 => slots,
            _ if nodes < CAPPED_FROM => slots * 2 / 3,
            _ => (slots / 10).max(slots.div_ceil(count)),
        };
        Ok(Self {
            floor: u32::from(slots >= count),
            cap,
        })
    }
}

/// Weights with the same proportions, each below 2^[`WEIGHT_BITS`].
fn shortened(weights: &[u128]) -> Vec<u64> {
    let largest = weights.iter().copied().max().unwrap_or(0);
    let excess = (u128::BITS - largest.leading_zeros()).saturating_sub(WEIGHT_BITS);
    weights
        .iter()
        .map(|weight| (weight >> excess) as u64)
        .collect()
}

/// S2: water filling. The quotas add up to exactly `slots`.
///
/// Each turn shares what is left among the free nodes in proportion. When some fall below the floor and
/// some rise above the cap, only the side that is off by more is settled at its bound: settling it
/// moves the shares of the rest towards the other bound, so the smaller side's verdict may still change
/// but that of the settled side cannot. Each turn settles at least one node, so there are at most as
/// many turns as nodes.
fn quotas(weights: &[u64], slots: u32, bounds: Bounds) -> Vec<u64> {
    let floor = u64::from(bounds.floor) << SEAT_BITS;
    let cap = u64::from(bounds.cap) << SEAT_BITS;
    let mut quotas = vec![0; weights.len()];
    let mut free: Vec<usize> = (0..weights.len()).collect();
    let mut left = u64::from(slots) << SEAT_BITS;
    loop {
        let sharing = Sharing::new(weights, &free, left);
        let missing: u128 = free.iter().map(|&node| sharing.below(node, floor)).sum();
        let surplus: u128 = free.iter().map(|&node| sharing.above(node, cap)).sum();
        if missing == 0 && surplus == 0 {
            sharing.deal(&free, &mut quotas);
            return quotas;
        }
        free.retain(|&node| {
            let bound = if missing >= surplus && sharing.below(node, floor) > 0 {
                floor
            } else if surplus >= missing && sharing.above(node, cap) > 0 {
                cap
            } else {
                return true;
            };
            quotas[node] = bound;
            left -= bound;
            false
        });
    }
}

/// One turn of the water filling: `left` parts of seats for nodes with `total` weight together.
struct Sharing<'a> {
    weights: &'a [u64],
    total: u128,
    left: u128,
    equal: bool,
}

impl<'a> Sharing<'a> {
    fn new(weights: &'a [u64], free: &[usize], left: u64) -> Self {
        let total: u128 = free.iter().map(|&node| u128::from(weights[node])).sum();
        let equal = total == 0;
        let total = if equal { free.len() as u128 } else { total };
        Self {
            weights,
            total,
            left: left.into(),
            equal,
        }
    }

    /// The node's share times `total`: exact, because nothing is divided.
    fn share(&self, node: usize) -> u128 {
        self.left
            * if self.equal {
                1
            } else {
                u128::from(self.weights[node])
            }
    }

    fn below(&self, node: usize, floor: u64) -> u128 {
        (u128::from(floor) * self.total).saturating_sub(self.share(node))
    }

    fn above(&self, node: usize, cap: u64) -> u128 {
        self.share(node)
            .saturating_sub(u128::from(cap) * self.total)
    }

    /// Gives each node its share. The parts lost by rounding down are fewer than the shares that are
    /// not whole, and such a share lies strictly below the cap: one part more each keeps the sum exact
    /// and the bounds.
    fn deal(&self, free: &[usize], quotas: &mut [u64]) {
        let mut over = self.left;
        for &node in free {
            let quota = self.share(node) / self.total;
            // At most `left`, which came from 64 bits.
            quotas[node] = quota as u64;
            over -= quota;
        }
        let broken = free
            .iter()
            .filter(|&&node| !self.share(node).is_multiple_of(self.total));
        for (&node, _) in broken.zip(0..over) {
            quotas[node] += 1;
        }
    }
}

/// S5: how many of the points `phase + k` lie on each node's part of the line.
fn rounded(quotas: &[u64], phase: Phase) -> Vec<u32> {
    let points_before = |end: u64| ((end + u64::from(u32::MAX - phase.0)) >> SEAT_BITS) as u32;
    let mut end = 0u64;
    quotas
        .iter()
        .map(|quota| {
            let start = end;
            end += quota;
            points_before(end) - points_before(start)
        })
        .collect()
}
