//! Amounts in JSON: decimal strings, since the numbers of `serde_json` values end at 64 bits.

/// One amount.
pub mod one {
    use alloc::string::String;
    use parlance_primitives::Balance;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(amount: &Balance, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(amount)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Balance, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// Three of them, by resource.
pub mod three {
    use alloc::string::{String, ToString};
    use parlance_primitives::Balance;
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub fn serialize<S: Serializer>(amounts: &[Balance; 3], to: S) -> Result<S::Ok, S::Error> {
        amounts.map(|amount| amount.to_string()).serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[Balance; 3], D::Error> {
        let mut amounts = [0; 3];
        for (amount, text) in amounts.iter_mut().zip(<[String; 3]>::deserialize(from)?) {
            *amount = text.parse().map_err(D::Error::custom)?;
        }
        Ok(amounts)
    }
}
