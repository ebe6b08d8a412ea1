//! The shuffle of a round: rule S8.

use sp_io::hashing::blake2_256;

/// Longest run of one node (S6).
const LONGEST_RUN: usize = 2;

/// Shuffles the circle `order` by `seed` and keeps S6 where it held before.
pub(super) fn shuffle(order: &mut [u16], seed: &[u8; 32]) {
    // `MAX_SLOTS` fits 32 bits.
    let slots = order.len() as u32;
    if slots < 2 {
        return;
    }
    let mut draws = Draws::new(seed);
    order.rotate_left(draws.below(slots) as usize);
    for _ in 0..swaps(slots) {
        let one = draws.below(slots) as usize;
        let other = draws.below(slots) as usize;
        if order[one] == order[other] {
            continue;
        }
        order.swap(one, other);
        // Elsewhere a swap only shortens runs.
        if run(order, one) > LONGEST_RUN || run(order, other) > LONGEST_RUN {
            order.swap(one, other);
        }
    }
}

/// Half `n log2 n` random swaps mix `n` things; as many again make up for those that S6 turns down.
fn swaps(slots: u32) -> u32 {
    slots * (slots.ilog2() + 1)
}

/// Length of the run around `place` on the circle, or just more than [`LONGEST_RUN`].
fn run(order: &[u16], place: usize) -> usize {
    let slots = order.len();
    let same = |step: usize| order[(place + step) % slots] == order[place];
    let ahead = (1..=LONGEST_RUN)
        .take_while(|&step| same(step % slots))
        .count();
    let behind = (1..=LONGEST_RUN)
        .take_while(|&step| same(slots - step % slots))
        .count();
    1 + ahead + behind
}

/// Uniform numbers from a seed: BLAKE2b over a domain, the seed and a counter.
struct Draws {
    message: [u8; 48],
    block: [u8; 32],
    used: usize,
    counter: u64,
}

impl Draws {
    fn new(seed: &[u8; 32]) -> Self {
        let mut message = [0; 48];
        message[..8].copy_from_slice(b"vdposord");
        message[8..40].copy_from_slice(seed);
        Self {
            message,
            block: [0; 32],
            used: 32,
            counter: 0,
        }
    }

    fn next(&mut self) -> u32 {
        if self.used == self.block.len() {
            self.message[40..].copy_from_slice(&self.counter.to_le_bytes());
            self.block = blake2_256(&self.message);
            self.counter += 1;
            self.used = 0;
        }
        let mut word = [0; 4];
        word.copy_from_slice(&self.block[self.used..self.used + 4]);
        self.used += 4;
        u32::from_le_bytes(word)
    }

    /// A uniform number below `bound > 0`. Draws from the incomplete last stretch of the 32 bits are
    /// thrown away, so that each result has equally many draws.
    fn below(&mut self, bound: u32) -> u32 {
        let incomplete = (u32::MAX % bound + 1) % bound;
        loop {
            let draw = self.next();
            if draw <= u32::MAX - incomplete {
                return draw % bound;
            }
        }
    }
}
