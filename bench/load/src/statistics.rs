//! Percentiles.

use serde::{Deserialize, Serialize};

/// Spread of a set of times, in milliseconds.
#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
pub struct Spread {
    /// Half of the values are not above this.
    pub p50: f64,
    /// 95 of 100 are not above this.
    pub p95: f64,
    /// 99 of 100 are not above this.
    pub p99: f64,
    /// The largest.
    pub max: f64,
}

/// The spread of `values`, by the nearest-rank method; `None` if there are none.
pub fn spread(mut values: Vec<f64>) -> Option<Spread> {
    values.sort_by(f64::total_cmp);
    let max = *values.last()?;
    let at = |percent: usize| values[(values.len() * percent).div_ceil(100).max(1) - 1];
    Some(Spread {
        p50: at(50),
        p95: at(95),
        p99: at(99),
        max,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let values = (1..=100).rev().map(f64::from).collect();
        let expected = Spread {
            p50: 50.0,
            p95: 95.0,
            p99: 99.0,
            max: 100.0,
        };
        assert_eq!(spread(values), Some(expected));
        let one = Spread {
            p50: 7.0,
            p95: 7.0,
            p99: 7.0,
            max: 7.0,
        };
        assert_eq!(spread(vec![7.0]), Some(one));
        assert_eq!(spread(Vec::new()), None);
    }
}
