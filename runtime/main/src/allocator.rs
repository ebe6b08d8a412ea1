//! The runtime's own memory allocator.
//!
//! In the SDK each allocation and each release of a runtime is a call out of the Wasm code into the host.
//! A transfer makes hundreds, which was a sixth of the time of building a block. Here small blocks
//! are handed out by the runtime itself; only what is large, and the memory for small blocks in bulk, comes
//! from the host. Measured in docs/decisions/0015-runtime-memory.md.
//!
//! Rules:
//!
//! 1. A small block has a size that is a power of two from 16 to [`LARGEST`] bytes. It lies in a *chunk* that the
//!    host gave, is aligned to 16 bytes, and when released is kept for the next request of its size.
//! 2. Chunks grow twofold from [`FIRST_CHUNK`] to the host's limit, so that there are few, and whether a
//!    block is ours is a matter of a few comparisons. They are never given back: an instance lives for one call.
//! 3. Everything else comes from the host and goes back to it: larger blocks, wider alignments, small blocks
//!    when there can be no more chunks, and what host functions returned, whoever releases it.
//! 4. What is handed out depends on nothing but the requests before, so all nodes run out of memory at the
//!    same point, if any does.

#![allow(unsafe_code, reason = "an allocator hands out memory")]

/// Where memory comes from in bulk.
pub trait Host {
    /// `size` bytes, aligned to 8; 0 when there are none.
    fn take(&mut self, size: usize) -> usize;
    /// Gives back what [`Self::take`] or a host function returned.
    fn give_back(&mut self, block: usize);
}

/// Largest block that is handed out from chunks.
pub const LARGEST: usize = 1 << LAST_ORDER;
/// Bytes of the first chunk.
pub const FIRST_CHUNK: usize = 128 * 1024;
/// The orders of the sizes: 2^4 to 2^14 bytes.
const FIRST_ORDER: u32 = 4;
const LAST_ORDER: u32 = 14;
const ORDERS: usize = (LAST_ORDER - FIRST_ORDER + 1) as usize;
/// 128 KiB to 32 MiB, the most that the host gives at once.
const CHUNKS: usize = 9;
/// Alignment of blocks in chunks: what an integer of 128 bits wants. The host's own are aligned to 8.
const ALIGNMENT: usize = 16;

/// The state of the allocator. Addresses are numbers; 0 is none.
pub struct Allocator {
    /// Released blocks by order: the first of each list. A released block holds the address of the next.
    free: [usize; ORDERS],
    /// Start and end of each chunk.
    chunks: [(usize, usize); CHUNKS],
    count: usize,
    /// The part of the newest chunk that nobody has had.
    fresh: (usize, usize),
}

impl Allocator {
    /// Owns nothing.
    pub const fn new() -> Self {
        Self {
            free: [0; ORDERS],
            chunks: [(0, 0); CHUNKS],
            count: 0,
            fresh: (0, 0),
        }
    }

    /// A block of at least `size` bytes, or 0.
    ///
    /// # Safety
    /// The addresses that `host` gives must be memory that nobody else uses.
    pub unsafe fn allocate(
        &mut self,
        host: &mut impl Host,
        size: usize,
        alignment: usize,
    ) -> usize {
        let Some(order) = order(size, alignment) else {
            return host.take(size);
        };
        let list = &mut self.free[(order - FIRST_ORDER) as usize];
        if *list != 0 {
            let block = *list;
            // SAFETY: the block was released by `release`, which wrote the address of the next one into it.
            *list = unsafe { (block as *const usize).read() };
            return block;
        }
        let wanted = 1 << order;
        if self.fresh.1 - self.fresh.0 < wanted && !self.grow(host) {
            return host.take(size);
        }
        let block = self.fresh.0;
        self.fresh.0 += wanted;
        block
    }

    /// Takes back a block that [`Self::allocate`] or a host function returned for this size.
    ///
    /// # Safety
    /// The block must not be used any more, and size and alignment must be those that it was asked for with.
    pub unsafe fn release(
        &mut self,
        host: &mut impl Host,
        block: usize,
        size: usize,
        alignment: usize,
    ) {
        match order(size, alignment) {
            Some(order) if self.owns(block) => {
                let list = &mut self.free[(order - FIRST_ORDER) as usize];
                // SAFETY: the block is ours, nobody uses it, and it has room for an address: 16 bytes.
                unsafe { (block as *mut usize).write(*list) };
                *list = block;
            }
            _ => host.give_back(block),
        }
    }

    /// Whether a block has room for `size` bytes already.
    pub fn fits(&self, block: usize, old_size: usize, size: usize, alignment: usize) -> bool {
        order(old_size, alignment).is_some_and(|order_before| {
            order(size, alignment) == Some(order_before) && self.owns(block)
        })
    }

    fn owns(&self, block: usize) -> bool {
        self.chunks[..self.count]
            .iter()
            .rev()
            .any(|(start, end)| (*start..*end).contains(&block))
    }

    /// Takes the next chunk. What was left of the one before stays unused.
    fn grow(&mut self, host: &mut impl Host) -> bool {
        if self.count == CHUNKS {
            return false;
        }
        let size = FIRST_CHUNK << self.count;
        let start = host.take(size);
        if start == 0 {
            return false;
        }
        self.chunks[self.count] = (start, start + size);
        self.count += 1;
        self.fresh = (start.next_multiple_of(ALIGNMENT), start + size);
        true
    }
}

impl Default for Allocator {
    fn default() -> Self {
        Self::new()
    }
}

/// Order of the block for a request; `None` when it is none for chunks.
fn order(size: usize, alignment: usize) -> Option<u32> {
    if size > LARGEST || alignment > ALIGNMENT {
        return None;
    }
    Some(
        size.max(1 << FIRST_ORDER)
            .next_power_of_two()
            .trailing_zeros(),
    )
}

#[cfg(target_arch = "wasm32")]
mod global {
    use super::{Allocator, Host};
    use core::{
        alloc::{GlobalAlloc, Layout},
        cell::UnsafeCell,
        ptr::copy_nonoverlapping,
    };

    struct TheHost;

    impl Host for TheHost {
        fn take(&mut self, size: usize) -> usize {
            sp_io::allocator::malloc(size as u32) as usize
        }

        fn give_back(&mut self, block: usize) {
            sp_io::allocator::free(block as *mut u8)
        }
    }

    struct Global(UnsafeCell<Allocator>);

    // SAFETY: a runtime has one thread.
    unsafe impl Sync for Global {}

    #[global_allocator]
    static GLOBAL: Global = Global(UnsafeCell::new(Allocator::new()));

    // SAFETY: blocks come from the host, are handed out once until they are released, and have the size and
    // the alignment that the host's own allocator would give; see the rules above.
    unsafe impl GlobalAlloc for Global {
        unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
            let state = unsafe { &mut *self.0.get() };
            unsafe { state.allocate(&mut TheHost, layout.size(), layout.align()) as *mut u8 }
        }

        unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
            let state = unsafe { &mut *self.0.get() };
            unsafe { state.release(&mut TheHost, block as usize, layout.size(), layout.align()) }
        }

        unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
            let state = unsafe { &mut *self.0.get() };
            if state.fits(block as usize, layout.size(), size, layout.align()) {
                return block;
            }
            unsafe {
                let larger = state.allocate(&mut TheHost, size, layout.align());
                if larger != 0 {
                    copy_nonoverlapping(block, larger as *mut u8, layout.size().min(size));
                    state.release(&mut TheHost, block as usize, layout.size(), layout.align());
                }
                larger as *mut u8
            }
        }
    }
}

#[cfg(test)]
mod tests;
