//! The allocator on memory of the test's own.

use super::*;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Gives memory of the process, aligned as the Wasm host's, and counts.
struct Memory {
    taken: BTreeMap<usize, Box<[u64]>>,
    limit: usize,
}

impl Memory {
    fn new(limit: usize) -> Self {
        Self {
            taken: BTreeMap::new(),
            limit,
        }
    }
}

impl Host for Memory {
    fn take(&mut self, size: usize) -> usize {
        let used: usize = self.taken.values().map(|block| block.len() * 8).sum();
        if used + size > self.limit {
            return 0;
        }
        let mut block = vec![0_u64; size.div_ceil(8).max(1)].into_boxed_slice();
        let address = block.as_mut_ptr() as usize;
        self.taken.insert(address, block);
        address
    }

    fn give_back(&mut self, block: usize) {
        assert!(
            self.taken.remove(&block).is_some(),
            "{block:#x} was never given"
        );
    }
}

#[derive(Debug, Clone)]
enum Step {
    Allocate(usize, usize),
    Release(prop::sample::Index),
    /// A host function returns a buffer that the runtime will release.
    FromHost(usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let size = prop_oneof![8 => 0_usize..300, 2 => 300_usize..40_000];
    let step = prop_oneof![
        5 => (size.clone(), prop::sample::select(vec![1_usize, 4, 8, 16, 64])).prop_map(|(size, align)| Step::Allocate(size, align)),
        4 => any::<prop::sample::Index>().prop_map(Step::Release),
        1 => size.prop_map(Step::FromHost),
    ];
    prop::collection::vec(step, 0..400)
}

/// Fills a block with a pattern of its own.
fn mark(block: usize, size: usize, with: u8) {
    // SAFETY: the block was handed out for this size.
    unsafe { std::slice::from_raw_parts_mut(block as *mut u8, size).fill(with) };
}

fn holds(block: usize, size: usize, with: u8) -> bool {
    // SAFETY: as above.
    unsafe { std::slice::from_raw_parts(block as *const u8, size) }
        .iter()
        .all(|byte| *byte == with)
}

proptest! {
    #[test]
    fn no_two_blocks_share_a_byte_and_all_that_is_the_hosts_goes_back(steps in steps()) {
        let mut host = Memory::new(1 << 28);
        let mut ours = Allocator::new();
        let mut live: Vec<(usize, usize, usize, u8)> = Vec::new();
        for (index, step) in steps.into_iter().enumerate() {
            let pattern = index as u8;
            match step {
                Step::Allocate(size, align) => {
                    let block = unsafe { ours.allocate(&mut host, size, align) };
                    prop_assert_ne!(block, 0);
                    prop_assert_eq!(block % if ours.owns(block) { 16 } else { 8 }, 0);
                    mark(block, size, pattern);
                    live.push((block, size, align, pattern));
                }
                Step::FromHost(size) => {
                    let block = host.take(size);
                    mark(block, size, pattern);
                    live.push((block, size, 1, pattern));
                }
                Step::Release(which) if !live.is_empty() => {
                    let (block, size, align, pattern) = live.swap_remove(which.index(live.len()));
                    prop_assert!(holds(block, size, pattern), "somebody wrote into a live block");
                    unsafe { ours.release(&mut host, block, size, align) };
                }
                Step::Release(_) => {}
            }
        }
        for (block, size, align, pattern) in live.drain(..) {
            prop_assert!(holds(block, size, pattern), "somebody wrote into a live block");
            unsafe { ours.release(&mut host, block, size, align) };
        }
        let chunks: BTreeSet<_> = ours.chunks[..ours.count].iter().map(|(start, _)| *start).collect();
        let left: BTreeSet<_> = host.taken.keys().copied().collect();
        prop_assert_eq!(left, chunks, "what is not a chunk has gone back");
    }
}

#[test]
fn a_released_block_is_the_next_of_its_size() {
    let mut host = Memory::new(1 << 24);
    let mut ours = Allocator::new();
    let first = unsafe { ours.allocate(&mut host, 100, 8) };
    unsafe { ours.release(&mut host, first, 100, 8) };
    assert_eq!(unsafe { ours.allocate(&mut host, 65, 1) }, first);
    assert_ne!(unsafe { ours.allocate(&mut host, 128, 8) }, first);
}

#[test]
fn a_block_grows_in_place_within_its_size() {
    let mut host = Memory::new(1 << 24);
    let mut ours = Allocator::new();
    let block = unsafe { ours.allocate(&mut host, 33, 8) };
    assert!(ours.fits(block, 33, 64, 8));
    assert!(!ours.fits(block, 33, 65, 8));
    assert!(!ours.fits(block, 33, 32, 8));
    let foreign = host.take(33);
    assert!(!ours.fits(foreign, 33, 64, 8));
}

#[test]
fn thousands_of_small_blocks_ask_the_host_a_few_times() {
    let mut host = Memory::new(1 << 28);
    let mut ours = Allocator::new();
    for _ in 0..100_000 {
        assert_ne!(unsafe { ours.allocate(&mut host, 64, 8) }, 0);
    }
    assert!(host.taken.len() <= 6, "{} chunks", host.taken.len());
}

#[test]
fn without_memory_there_is_no_block_and_no_harm() {
    let mut host = Memory::new(FIRST_CHUNK);
    let mut ours = Allocator::new();
    let mut blocks = Vec::new();
    loop {
        let block = unsafe { ours.allocate(&mut host, LARGEST, 8) };
        if block == 0 {
            break;
        }
        blocks.push(block);
    }
    assert!(blocks.len() >= FIRST_CHUNK / LARGEST - 1);
    unsafe { ours.release(&mut host, blocks[0], LARGEST, 8) };
    assert_eq!(unsafe { ours.allocate(&mut host, LARGEST, 8) }, blocks[0]);
}
