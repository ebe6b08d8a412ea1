//! How often something was done in a window of blocks.

use codec::{Decode, DecodeWithMemTracking, Encode, MaxEncodedLen};
use parlance_primitives::BlockNumber;
use scale_info::TypeInfo;

/// A count that starts anew with each window.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Encode,
    Decode,
    DecodeWithMemTracking,
    MaxEncodedLen,
    TypeInfo,
)]
pub struct Tally {
    /// Number of the window.
    pub window: u32,
    /// How often in it.
    pub count: u32,
}

impl Tally {
    /// What `most` leaves in the window of block `now`.
    pub fn left(&self, now: BlockNumber, window_length: BlockNumber, most: u32) -> u32 {
        if self.window == window_of(now, window_length) {
            most.saturating_sub(self.count)
        } else {
            most
        }
    }

    /// Counts `more` in the window of block `now`.
    pub fn add(&mut self, now: BlockNumber, window_length: BlockNumber, more: u32) {
        let window = window_of(now, window_length);
        if self.window != window {
            *self = Self { window, count: 0 };
        }
        self.count = self.count.saturating_add(more);
    }
}

/// Number of the window of a block.
pub fn window_of(now: BlockNumber, window_length: BlockNumber) -> u32 {
    now.checked_div(window_length).unwrap_or(0)
}
