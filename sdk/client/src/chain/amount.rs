//! Amounts of tokens as people write them.

use std::{fmt, str::FromStr};

use parlance_primitives::{Balance, UNIT};
use serde::{Serialize, Serializer};

/// Decimals of a token.
const DECIMALS: usize = 12;

/// An amount in units, written in tokens: `1.5`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Amount(pub Balance);

/// Why a text is no amount.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{text}' is no amount of tokens: write a number like 1.5, with at most twelve decimals")]
pub struct NoAmount {
    text: String,
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / UNIT, self.0 % UNIT);
        if part == 0 {
            return write!(f, "{whole}");
        }
        let digits = format!("{part:0DECIMALS$}");
        write!(f, "{whole}.{}", digits.trim_end_matches('0'))
    }
}

impl FromStr for Amount {
    type Err = NoAmount;

    fn from_str(text: &str) -> Result<Self, NoAmount> {
        let no_amount = || NoAmount {
            text: text.to_owned(),
        };
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let all_digits = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || part.len() > DECIMALS || !all_digits(whole) || !all_digits(part) {
            return Err(no_amount());
        }
        if text.contains('.') && part.is_empty() {
            return Err(no_amount());
        }
        let tokens: Balance = whole.parse().map_err(|_| no_amount())?;
        let units: Balance = format!("{part:0<DECIMALS$}")
            .parse()
            .map_err(|_| no_amount())?;
        tokens
            .checked_mul(UNIT)
            .and_then(|amount| amount.checked_add(units))
            .map(Self)
            .ok_or_else(no_amount)
    }
}

/// As a decimal string, since readers of JSON lose digits above 2^53.
impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn amounts_are_read_as_they_are_written() {
        for (text, units) in [
            ("0", 0),
            ("1", UNIT),
            ("1.5", 3 * UNIT / 2),
            ("0.000000000001", 1),
            ("20000000000", 20_000_000_000 * UNIT),
        ] {
            assert_eq!(text.parse(), Ok(Amount(units)));
            assert_eq!(Amount(units).to_string(), text);
        }
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in [
            "",
            ".",
            "1.",
            ".5",
            "-1",
            "+1",
            "1e3",
            "1,5",
            " 1",
            "0.0000000000001",
        ] {
            assert!(text.parse::<Amount>().is_err(), "{text}");
        }
        assert!("999999999999999999999999999999".parse::<Amount>().is_err());
    }

    proptest! {
        #[test]
        fn every_amount_survives_its_text(units in any::<u128>()) {
            prop_assert_eq!(Amount(units).to_string().parse(), Ok(Amount(units)));
        }
    }
}
