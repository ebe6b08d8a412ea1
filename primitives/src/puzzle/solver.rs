//! Finds solutions, on one core: Wagner's algorithm over buckets.
//!
//! Rows of a round lie in buckets by the upper bits of their next step, so that a bucket and its
//! table fit a core's nearest cache; only the writes go all over memory. A row remembers the two
//! rows that it came from in 32 bits: bucket and two places.

use alloc::{vec, vec::Vec};

use super::{Puzzle, Shape, leaves, pack, seed, work_of};

/// Bits of a step that are looked up within a bucket.
const INNER_BITS: u32 = 8;
/// Bits of a place within a bucket.
const PLACE_BITS: u32 = 10;
const PLACE_MASK: u32 = (1 << PLACE_BITS) - 1;
/// End of a chain of rows.
const END: u16 = u16::MAX;

/// A solution that meets a difficulty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// Number of the attempt.
    pub nonce: u64,
    /// Indices, packed.
    pub solution: Vec<u8>,
}

/// Memory for one attempt after the other.
pub struct Solver {
    shape: Shape,
    bucket_bits: u32,
    room: usize,
    /// Hashes of the last round and of the one in the making, shifted by what collided.
    rows: [Vec<u128>; 2],
    /// Rows per bucket, of both.
    counts: [Vec<u16>; 2],
    /// Index of each leaf's row.
    leaf: Vec<u32>,
    /// Where the rows of rounds 1 to `k - 1` came from.
    origins: Vec<Vec<u32>>,
}

impl Solver {
    /// Takes the memory. `None` for a shape that is not served.
    pub fn new(puzzle: Puzzle) -> Option<Self> {
        let shape = Shape::new(puzzle)?;
        let bucket_bits = shape.step().saturating_sub(INNER_BITS).max(1);
        let mean = (shape.leaves() >> bucket_bits) as usize;
        // Six standard deviations above the mean: what overflows is lost, and hardly ever does.
        let room = mean + 6 * mean.isqrt() + 16;
        debug_assert!(room <= 1 << PLACE_BITS);
        let total = room << bucket_bits;
        let buckets = 1 << bucket_bits;
        Some(Self {
            shape,
            bucket_bits,
            room,
            rows: [vec![0; total], vec![0; total]],
            counts: [vec![0; buckets], vec![0; buckets]],
            leaf: vec![0; total],
            origins: (1..shape.levels()).map(|_| vec![0; total]).collect(),
        })
    }

    /// Bytes that it takes.
    pub fn memory(&self) -> usize {
        let words = 2 * 16 + 4 + 4 * self.origins.len();
        self.leaf.len() * words
    }

    /// Tries nonces from `first` on until a solution meets `difficulty`. `go_on` is asked before
    /// each run with the number of solutions seen so far, and may end the search.
    pub fn search(
        &mut self,
        challenge: &[u8; 32],
        difficulty: u32,
        first: u64,
        mut go_on: impl FnMut(u64) -> bool,
    ) -> Option<Proof> {
        let mut seen = 0;
        let mut nonce = first;
        while go_on(seen) {
            let seed = seed(challenge, nonce);
            for solution in self.run(&seed) {
                seen += 1;
                if work_of(&seed, &solution) >= u64::from(difficulty) {
                    return Some(Proof { nonce, solution });
                }
            }
            nonce = nonce.wrapping_add(1);
        }
        None
    }

    /// All solutions of a seed that the memory held: two on average.
    pub fn run(&mut self, seed: &[u8; 32]) -> Vec<Vec<u8>> {
        self.plant(seed);
        for round in 1..self.shape.levels() {
            self.collide(round as usize);
        }
        self.harvest()
    }

    /// Fills the first round with leaves.
    fn plant(&mut self, seed: &[u8; 32]) {
        self.counts[0].fill(0);
        for pair in 0..self.shape.leaves() / 2 {
            for (side, hash) in leaves(self.shape, seed, pair).into_iter().enumerate() {
                let bucket = (hash >> (128 - self.bucket_bits)) as usize;
                let count = usize::from(self.counts[0][bucket]);
                if count < self.room {
                    let row = bucket * self.room + count;
                    self.rows[0][row] = hash;
                    self.leaf[row] = 2 * pair + side as u32;
                    self.counts[0][bucket] += 1;
                }
            }
        }
    }

    /// Makes the rows of a round out of pairs of the round before.
    fn collide(&mut self, round: usize) {
        let [even, odd] = &mut self.rows;
        let [even_counts, odd_counts] = &mut self.counts;
        let (from, to, from_counts, to_counts) = if round % 2 == 1 {
            (even, odd, even_counts, odd_counts)
        } else {
            (odd, even, odd_counts, even_counts)
        };
        let origins = &mut self.origins[round - 1];
        let (step, bucket_bits, room) = (self.shape.step(), self.bucket_bits, self.room);
        to_counts.fill(0);
        let mut chains = Chains::new(step - bucket_bits, room);
        for (bucket, count) in from_counts.iter().enumerate() {
            let rows = &from[bucket * room..][..usize::from(*count)];
            chains.clear();
            for (place, hash) in rows.iter().enumerate() {
                let key = (hash << bucket_bits) >> (128 - (step - bucket_bits));
                chains.insert(key as usize, place, |other| {
                    let next = (hash ^ rows[other]) << step;
                    let to_bucket = (next >> (128 - bucket_bits)) as usize;
                    let at = usize::from(to_counts[to_bucket]);
                    // Rows that share all their leaves cancel out: they lead nowhere.
                    if next != 0 && at < room {
                        let row = to_bucket * room + at;
                        to[row] = next;
                        origins[row] = origin(bucket, other, place);
                        to_counts[to_bucket] += 1;
                    }
                });
            }
        }
    }

    /// Pairs of the last round whose hashes cancel out.
    fn harvest(&self) -> Vec<Vec<u8>> {
        let last = self.shape.levels() as usize - 1;
        let (rows, counts) = (&self.rows[last % 2], &self.counts[last % 2]);
        let (step, bucket_bits) = (self.shape.step(), self.bucket_bits);
        let mut chains = Chains::new(step - bucket_bits, self.room);
        let mut found = Vec::new();
        for (bucket, count) in counts.iter().enumerate() {
            let rows = &rows[bucket * self.room..][..usize::from(*count)];
            chains.clear();
            for (place, hash) in rows.iter().enumerate() {
                let key = (hash << bucket_bits) >> (128 - (step - bucket_bits));
                chains.insert(key as usize, place, |other| {
                    if *hash == rows[other] {
                        found.push(self.indices_of_pair(last, origin(bucket, other, place)));
                    }
                });
            }
        }
        found.retain(|indices| all_differ(indices));
        found
            .iter()
            .map(|indices| pack(self.shape, indices))
            .collect()
    }

    /// Indices below two rows of a round, in the order that the encoding wants.
    fn indices_of_pair(&self, round: usize, origin: u32) -> Vec<u32> {
        let bucket = (origin >> (2 * PLACE_BITS)) as usize;
        let place = |shift| ((origin >> shift) & PLACE_MASK) as usize;
        let mut left = self.indices(round, bucket * self.room + place(PLACE_BITS));
        let mut right = self.indices(round, bucket * self.room + place(0));
        if right[0] < left[0] {
            core::mem::swap(&mut left, &mut right);
        }
        left.append(&mut right);
        left
    }

    fn indices(&self, round: usize, row: usize) -> Vec<u32> {
        match round.checked_sub(1) {
            None => vec![self.leaf[row]],
            Some(before) => self.indices_of_pair(before, self.origins[before][row]),
        }
    }
}

fn origin(bucket: usize, first: usize, second: usize) -> u32 {
    ((bucket as u32) << (2 * PLACE_BITS)) | ((first as u32) << PLACE_BITS) | second as u32
}

fn all_differ(indices: &[u32]) -> bool {
    let mut sorted = indices.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).all(|pair| pair[0] != pair[1])
}

/// Rows of a bucket by the lower bits of their step, as linked lists.
struct Chains {
    heads: Vec<u16>,
    next: Vec<u16>,
}

impl Chains {
    fn new(key_bits: u32, room: usize) -> Self {
        Self {
            heads: vec![END; 1 << key_bits],
            next: vec![END; room],
        }
    }

    fn clear(&mut self) {
        self.heads.fill(END);
    }

    /// Adds a row, after showing it all rows of its key.
    fn insert(&mut self, key: usize, place: usize, mut meet: impl FnMut(usize)) {
        let mut other = self.heads[key];
        self.next[place] = other;
        while other != END {
            meet(usize::from(other));
            other = self.next[usize::from(other)];
        }
        self.heads[key] = place as u16;
    }
}
