//! Damages inputs at random, in the ways that find faults in decoders.

use rand::{Rng, seq::SliceRandom};

/// Longest input that is made of shorter ones.
const LONGEST: usize = 8_192;
/// Bytes at the edges of lengths, tags and numbers.
const EDGES: [u8; 8] = [0x00, 0x01, 0x02, 0x03, 0x7f, 0x80, 0xfe, 0xff];

/// One of `inputs`, damaged one to five times.
pub fn damaged(inputs: &[Vec<u8>], random: &mut impl Rng) -> Vec<u8> {
    let mut input = chosen(inputs, random).to_vec();
    // Mostly one damage: many at once seldom come past the first check.
    let times = [1, 1, 1, 2, 3, 5][random.gen_range(0..6)];
    for _ in 0..times {
        damage(&mut input, inputs, random);
    }
    input
}

fn chosen<'a>(inputs: &'a [Vec<u8>], random: &mut impl Rng) -> &'a [u8] {
    inputs.choose(random).map_or(&[], Vec::as_slice)
}

fn damage(input: &mut Vec<u8>, inputs: &[Vec<u8>], random: &mut impl Rng) {
    let at = random.gen_range(0..=input.len());
    let length = random.gen_range(1..=16).min(input.len() - at);
    match random.gen_range(0..9) {
        0 => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << random.gen_range(0..8);
            }
        }
        1 => {
            if let Some(byte) = input.get_mut(at) {
                *byte = random.r#gen();
            }
        }
        2 => {
            let edge = EDGES[random.gen_range(0..EDGES.len())];
            input[at..at + length].fill(edge);
        }
        3 => input.truncate(at),
        4 => drop(input.drain(at..at + length)),
        5 => drop(input.splice(at..at, [random.r#gen::<u8>()])),
        6 => {
            let again = input[at..at + length].to_vec();
            input.splice(at..at, again);
        }
        7 => {
            // The beginning of this one, the end of another.
            let other = chosen(inputs, random);
            let from = random.gen_range(0..=other.len());
            input.truncate(at);
            input.extend(&other[from..]);
        }
        _ => {
            // A piece of another one in place of its own.
            let other = chosen(inputs, random);
            let from = random.gen_range(0..=other.len());
            let piece = &other[from..][..length.min(other.len() - from)];
            input[at..at + piece.len()].copy_from_slice(piece);
        }
    }
    input.truncate(LONGEST.max(at));
}
