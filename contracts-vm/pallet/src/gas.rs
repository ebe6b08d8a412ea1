//! The gas of one call.
//!
//! - G1. The weight that is left is what counts. A contract's own meter gets what of it is time, in its own unit, whenever
//!   it goes on, and what it used is taken off whenever it stands still.
//! - G2. A call within a call takes its limit out of its caller's, and gives back what is left.
//! - G3. What is taken is at least what is used: fractions of a unit stay with the chain.

use frame_support::weights::Weight;

/// The gas did not reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfGas;

/// What one call may use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GasMeter {
    limit: Weight,
    left: Weight,
}

impl GasMeter {
    /// A full meter.
    pub fn new(limit: Weight) -> Self {
        GasMeter { limit, left: limit }
    }

    /// What is left.
    pub fn left(&self) -> Weight {
        self.left
    }

    /// What was used. It is also the limit with which the same would have succeeded: a call within takes its limit, or what
    /// there is (G2).
    pub fn consumed(&self) -> Weight {
        self.limit.saturating_sub(self.left)
    }

    /// Takes a weight. If it does not reach, nothing is left of what fell short.
    ///
    /// # Errors
    /// If it does not reach.
    pub fn charge(&mut self, amount: Weight) -> Result<(), OutOfGas> {
        let reaches = amount.all_lte(self.left);
        self.left = self.left.saturating_sub(amount);
        if reaches { Ok(()) } else { Err(OutOfGas) }
    }

    /// What is left of time, in the unit of a contract's meter, which is worth `price` of it.
    pub fn fuel(&self, price: u64) -> u64 {
        self.left.ref_time().checked_div(price).unwrap_or_default()
    }

    /// Takes what a contract used of the fuel that it was given.
    pub fn burn(&mut self, given: u64, left: u64, price: u64) {
        let used = given.saturating_sub(left).saturating_mul(price);
        self.left = self.left.saturating_sub(Weight::from_parts(used, 0));
    }

    /// The meter of a call within this one. A part of the limit that is zero stands for all that is left.
    pub fn nested(&mut self, limit: Weight) -> GasMeter {
        let or_all = |part: u64, all: u64| if part == 0 { all } else { part.min(all) };
        let limit = Weight::from_parts(
            or_all(limit.ref_time(), self.left.ref_time()),
            or_all(limit.proof_size(), self.left.proof_size()),
        );
        self.left = self.left.saturating_sub(limit);
        GasMeter::new(limit)
    }

    /// Takes back the meter of a call within this one.
    pub fn absorb(&mut self, nested: GasMeter) {
        self.left = self.left.saturating_add(nested.left);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn weight(time: u64, proof: u64) -> Weight {
        Weight::from_parts(time, proof)
    }

    #[test]
    fn what_does_not_reach_leaves_nothing_of_what_fell_short() {
        let mut meter = GasMeter::new(weight(100, 10));
        assert_eq!(meter.charge(weight(40, 4)), Ok(()));
        assert_eq!(meter.charge(weight(10, 7)), Err(OutOfGas));
        assert_eq!(meter.left(), weight(50, 0));
    }

    #[test]
    fn a_fraction_of_fuel_stays_with_the_chain() {
        let mut meter = GasMeter::new(weight(105, 0));
        assert_eq!(meter.fuel(10), 10);
        meter.burn(10, 3, 10);
        assert_eq!(meter.left(), weight(35, 0));
        assert_eq!(meter.fuel(10), 3);
        assert_eq!(meter.fuel(0), 0);
    }

    #[test]
    fn a_call_within_takes_its_limit_and_gives_back_the_rest() {
        let mut meter = GasMeter::new(weight(100, 10));
        meter.charge(weight(20, 0)).unwrap();
        let mut all = meter.nested(Weight::zero());
        assert_eq!((all.left(), meter.left()), (weight(80, 10), Weight::zero()));
        all.charge(weight(30, 1)).unwrap();
        meter.absorb(all);
        assert_eq!(meter.left(), weight(50, 9));
        let some = meter.nested(weight(1000, 5));
        assert_eq!(some.left(), weight(50, 5));
        meter.absorb(some);
        assert_eq!(meter.consumed(), weight(50, 1));
    }

    #[test]
    fn the_same_succeeds_with_what_was_used_as_the_limit() {
        let run = |limit| {
            let mut meter = GasMeter::new(weight(limit, 0));
            let mut outer = meter.nested(weight(60, 0));
            let mut inner = outer.nested(weight(50, 0));
            let mut reached = inner.charge(weight(40, 0)).is_ok();
            outer.absorb(inner);
            reached &= outer.charge(weight(5, 0)).is_ok();
            meter.absorb(outer);
            (reached, meter.consumed().ref_time())
        };
        assert_eq!(run(100), (true, 45));
        assert_eq!(run(45), (true, 45));
        assert!(!run(44).0);
    }
}
