//! Amounts in JSON: decimal strings, since the numbers of `serde_json` values end at 64 bits.

use alloc::string::String;
use parlance_primitives::Balance;
use serde::{Deserialize, Deserializer, Serializer, de::Error};

pub fn serialize<S: Serializer>(amount: &Balance, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(amount)
}

pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Balance, D::Error> {
    String::deserialize(from)?.parse().map_err(D::Error::custom)
}
