//! What this relay has delivered to devices, and no receipt counts yet: sums in memory.
//!
//! - **V1** It is what was pushed to a device and acknowledged by it for the first time (rule G10 of the relay's core). A byte of it counts in
//!   one receipt.
//! - **V2** A receipt of a period counts what was delivered in that period and in the one before, since a device may be ahead of this
//!   node. What is older is forgotten.
//! - **V3** [`MOST_DEVICES`] devices. After a start there are none.

use super::receipts::{MOST_RECIPIENTS, take};
use parlance_bimp::DeviceNumber;
use parlance_primitives::{AccountId, relay::Period};
use parlance_relay::directory::Delivered as Bytes;
use std::collections::BTreeMap;

/// Devices to which something was delivered that no receipt counts yet.
pub const MOST_DEVICES: usize = MOST_RECIPIENTS;

type Place = (AccountId, DeviceNumber);

/// Sums of all devices, by period.
#[derive(Debug, Default)]
pub struct Deliveries(BTreeMap<Place, BTreeMap<Period, Bytes>>);

impl Deliveries {
    /// V2.
    pub fn turn(&mut self, running: Period) {
        let first = running.saturating_sub(2);
        self.0.retain(|_, periods| {
            periods.retain(|period, _| *period >= first);
            !periods.is_empty()
        });
    }

    /// It was delivered in this period.
    pub fn put(&mut self, place: Place, period: Period, delivered: Bytes) {
        let full = self.0.len() >= MOST_DEVICES && !self.0.contains_key(&place);
        if delivered.is_nothing() || full {
            return;
        }
        let sum = self.0.entry(place).or_default().entry(period).or_default();
        sum.direct = sum.direct.saturating_add(delivered.direct);
        sum.fanned = sum.fanned.saturating_add(delivered.fanned);
    }

    /// Takes what a receipt of `period` asks for, the oldest first.
    pub fn take(&mut self, place: &Place, period: Period, mut asked: Bytes) -> Bytes {
        let mut sum = Bytes::default();
        let Some(periods) = self.0.get_mut(place) else {
            return sum;
        };
        let first = period.saturating_sub(1);
        for (_, delivered) in periods.range_mut(first..=period) {
            let taken = take(delivered, asked);
            take(&mut asked, taken);
            sum.direct = sum.direct.saturating_add(taken.direct);
            sum.fanned = sum.fanned.saturating_add(taken.fanned);
        }
        periods.retain(|_, delivered| !delivered.is_nothing());
        if periods.is_empty() {
            self.0.remove(place);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(n: u8) -> Place {
        (AccountId::new([n; 32]), 0)
    }

    fn bytes(direct: u64, fanned: u64) -> Bytes {
        Bytes { direct, fanned }
    }

    #[test]
    fn a_byte_is_taken_once_in_its_period_or_the_next() {
        let mut all = Deliveries::default();
        for (period, direct) in [(5, 10), (6, 20), (7, 40)] {
            all.put(place(1), period, bytes(direct, 1));
        }
        let whole = bytes(u64::MAX, u64::MAX);
        assert_eq!(all.take(&place(2), 6, whole), Bytes::default());
        assert_eq!(all.take(&place(1), 6, bytes(15, 0)), bytes(15, 0));
        assert_eq!(all.take(&place(1), 6, whole), bytes(15, 2));
        assert_eq!(all.take(&place(1), 6, whole), Bytes::default());
        assert_eq!(all.take(&place(1), 8, whole), bytes(40, 1));
        assert!(all.0.is_empty());
    }

    #[test]
    fn what_is_old_or_too_much_is_forgotten() {
        let mut all = Deliveries::default();
        all.put(place(1), 5, bytes(1, 0));
        all.put(place(1), 7, bytes(2, 0));
        all.put(place(2), 5, bytes(3, 0));
        all.put(place(3), 7, Bytes::default());
        all.turn(8);
        assert_eq!(all.0.len(), 1);
        assert_eq!(all.take(&place(1), 6, bytes(9, 0)), Bytes::default());
        for n in 0..MOST_DEVICES + 10 {
            let mut name = [0; 32];
            name[..8].copy_from_slice(&(n as u64).to_le_bytes());
            all.put((AccountId::new(name), 0), 8, bytes(1, 0));
        }
        assert_eq!(all.0.len(), MOST_DEVICES);
        all.put(place(1), 8, bytes(1, 0));
        assert_eq!(all.take(&place(1), 8, bytes(9, 0)), bytes(3, 0));
    }
}
