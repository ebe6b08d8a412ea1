//! The layout of a round before its shuffle: rules S6 and S7.

use alloc::{vec, vec::Vec};

/// Lays `seats` out smoothly on a circle.
///
/// - Nobody has more than half: then no two neighbours are the same ([`Line::spread`]).
/// - One node has more than half, `a` seats against `b` of all others, and by S4 `a <= 2 b`: the others
///   keep each other's smooth order, and behind each stand one or two slots of the large node. So nobody
///   else has two in a row, and the large node never three (S6).
/// - One node has all seats: it is alone.
pub(super) fn smooth(seats: &[u32]) -> Vec<u16> {
    let slots: u32 = seats.iter().sum();
    let Some(large) = seats.iter().position(|&own| own > slots / 2) else {
        return Line::new(seats).spread();
    };
    let own = u64::from(seats[large]);
    let mut rest = seats.to_vec();
    rest[large] = 0;
    let others = Line::new(&rest).smooth();
    if others.is_empty() {
        return vec![large as u16; slots as usize];
    }
    let gaps = others.len() as u64;
    let mut order = Vec::with_capacity(slots as usize);
    for (gap, other) in (0u64..).zip(others) {
        order.push(other);
        for _ in gap * own / gaps..(gap + 1) * own / gaps {
            order.push(large as u16);
        }
    }
    order
}

/// A line of slots that is being filled from its start.
struct Line {
    seats: Vec<u32>,
    /// Seats not yet laid out.
    left: Vec<u32>,
    /// What each node is owed, in `1 / slots` of a slot. Adds up to nothing before each slot.
    owed: Vec<i64>,
    order: Vec<u16>,
    slots: u32,
}

impl Line {
    fn new(seats: &[u32]) -> Self {
        let slots = seats.iter().sum();
        Self {
            seats: seats.to_vec(),
            left: seats.to_vec(),
            owed: vec![0; seats.len()],
            order: Vec::with_capacity(slots as usize),
            slots,
        }
    }

    /// Smooth weighted round robin without further rule.
    fn smooth(mut self) -> Vec<u16> {
        for _ in 0..self.slots {
            self.accrue();
            if let Some(next) = self.most_owed(None) {
                self.take(next);
            }
        }
        self.order
    }

    /// Smooth weighted round robin with no two neighbours the same, also around the end. Every node has
    /// at most half of the slots.
    ///
    /// Let `m` slots be left, `last` be the node laid last and `first` the node at the start, before
    /// which the line ends. A node with `s` seats left can still be laid out if
    /// `2 s <= m + 1 - [it is last] - [it is first]`. This holds for all after the first slot, since
    /// nobody has more than half. A node is *due* when it would no longer hold with one slot less. Two
    /// nodes cannot be due together: they would need more than `m` seats. So: if a node is due, it is
    /// next; else the most owed one but `last`. Either way it holds again with one slot less, and
    /// with no slot left it says that the end does not meet its own start.
    fn spread(mut self) -> Vec<u16> {
        for laid in 0..self.slots {
            self.accrue();
            let left = self.slots - laid;
            let last = self.order.last().map(|&node| usize::from(node));
            let first = self.order.first().map(|&node| usize::from(node));
            let due = first.and_then(|first| {
                (0..self.left.len()).find(|&node| {
                    Some(node) != last && self.left[node] > (left - u32::from(node == first)) / 2
                })
            });
            if let Some(next) = due.or_else(|| self.most_owed(last)) {
                self.take(next);
            }
        }
        self.order
    }

    fn accrue(&mut self) {
        for (owed, &seats) in self.owed.iter_mut().zip(&self.seats) {
            *owed += i64::from(seats);
        }
    }

    /// The node to which most is owed, the first of equals.
    fn most_owed(&self, but: Option<usize>) -> Option<usize> {
        (0..self.left.len())
            .filter(|&node| self.left[node] > 0 && Some(node) != but)
            .max_by_key(|&node| (self.owed[node], ::core::cmp::Reverse(node)))
    }

    fn take(&mut self, node: usize) {
        self.left[node] -= 1;
        self.owed[node] -= i64::from(self.slots);
        // Fewer than `MAX_NODES` nodes.
        self.order.push(node as u16);
    }
}
