//! Amounts in JSON: decimal strings.
//!
//! A chain spec passes through `serde_json::Value`, whose numbers end at 2^64 - 1: 18.4 million tokens
//! at twelve decimals, less than either supply. A string keeps every digit. Small numbers are read too.

use core::fmt;
use parlance_primitives::Balance;
use serde::{
    Deserializer, Serializer,
    de::{Error, Visitor},
};

/// Writes an amount as a decimal string.
///
/// # Errors
/// Those of the serializer.
pub fn serialize<S: Serializer>(amount: &Balance, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(amount)
}

/// Reads an amount from a decimal string or from a whole number.
///
/// # Errors
/// When the text is not a whole number of at most 128 bits, or when a number was given that JSON could
/// not keep exactly.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Balance, D::Error> {
    deserializer.deserialize_any(AmountVisitor)
}

struct AmountVisitor;

impl Visitor<'_> for AmountVisitor {
    type Value = Balance;

    fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("an amount as a decimal string, like \"21000000000000000000\"")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Balance, E> {
        text.parse()
            .map_err(|_| E::invalid_value(serde::de::Unexpected::Str(text), &self))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Balance, E> {
        Ok(number.into())
    }

    fn visit_u128<E: Error>(self, number: u128) -> Result<Balance, E> {
        Ok(number)
    }
}
