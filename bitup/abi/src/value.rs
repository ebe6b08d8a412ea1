//! Values as people and programs see them.

use num_bigint::BigInt;
use serde_json::{Map, Value as Json, json};

/// Numbers of JSON are exact up to here; larger ones are written as texts.
const EXACT: i64 = 1 << 53;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `true` or `false`.
    Bool(bool),
    /// An integer.
    Integer(BigInt),
    /// A text.
    Text(String),
    /// Bytes, hashes among them.
    Bytes(Vec<u8>),
    /// An account.
    Account([u8; 32]),
    /// A word whose meaning its type gives: an account by name or address, or a variant.
    Word(String),
    /// Values of an array or tuple.
    List(Vec<Value>),
    /// Fields with their names.
    Record(Vec<(String, Value)>),
    /// A variant with its fields, and their names where all have one.
    Variant {
        /// The variant.
        name: String,
        /// Its fields.
        fields: Vec<Value>,
        /// The names of its fields, or none.
        names: Vec<String>,
    },
}

impl Value {
    /// A variant without fields.
    #[must_use]
    pub fn unit(name: &str) -> Self {
        Self::Variant {
            name: name.to_owned(),
            fields: Vec::new(),
            names: Vec::new(),
        }
    }

    /// An integer.
    #[must_use]
    pub fn integer(number: impl Into<BigInt>) -> Self {
        Self::Integer(number.into())
    }

    /// The value as JSON: large integers as decimal texts, bytes as `0x` texts, accounts as `account` writes them.
    #[must_use]
    pub fn to_json(&self, account: &dyn Fn(&[u8; 32]) -> String) -> Json {
        match self {
            Self::Bool(value) => json!(value),
            Self::Integer(number) => match i64::try_from(number) {
                Ok(small) if (-EXACT..=EXACT).contains(&small) => json!(small),
                _ => json!(number.to_string()),
            },
            Self::Text(text) | Self::Word(text) => json!(text),
            Self::Bytes(bytes) => json!(digits(bytes, "0x")),
            Self::Account(id) => json!(account(id)),
            Self::List(items) => {
                Json::Array(items.iter().map(|item| item.to_json(account)).collect())
            }
            Self::Record(fields) => fields
                .iter()
                .map(|(name, value)| (name.clone(), value.to_json(account)))
                .collect::<Map<_, _>>()
                .into(),
            Self::Variant {
                name,
                fields,
                names,
            } => {
                let values = fields.iter().map(|field| field.to_json(account));
                match (fields.len(), names.len() == fields.len()) {
                    (0, _) => json!(name),
                    (_, true) => {
                        let fields: Map<_, _> = names.iter().cloned().zip(values).collect();
                        json!({ name: fields })
                    }
                    _ => json!({ name: values.collect::<Vec<_>>() }),
                }
            }
        }
    }

    /// The value as it is written in a call; accounts as `account` writes them.
    #[must_use]
    pub fn shown(&self, account: &dyn Fn(&[u8; 32]) -> String) -> String {
        let list = |items: &[Value]| {
            let items: Vec<String> = items.iter().map(|item| item.shown(account)).collect();
            items.join(", ")
        };
        match self {
            Self::Bool(value) => value.to_string(),
            Self::Integer(number) => number.to_string(),
            Self::Text(text) => format!("{text:?}"),
            Self::Word(text) => text.clone(),
            Self::Bytes(bytes) => format!("hex\"{}\"", digits(bytes, "")),
            Self::Account(id) => account(id),
            Self::List(items) => format!("[{}]", list(items)),
            Self::Record(fields) => {
                let one =
                    |(name, value): &(String, Value)| format!("{name}: {}", value.shown(account));
                let fields: Vec<String> = fields.iter().map(one).collect();
                format!("{{ {} }}", fields.join(", "))
            }
            Self::Variant { name, fields, .. } if fields.is_empty() => name.clone(),
            Self::Variant {
                name,
                fields,
                names,
            } if names.len() == fields.len() => {
                let one =
                    |(name, value): (&String, &Value)| format!("{name}: {}", value.shown(account));
                let fields: Vec<String> = names.iter().zip(fields).map(one).collect();
                format!("{name}({})", fields.join(", "))
            }
            Self::Variant { name, fields, .. } => format!("{name}({})", list(fields)),
        }
    }
}

/// Bytes as hexadecimal digits.
#[must_use]
pub fn digits(bytes: &[u8], front: &str) -> String {
    let mut out = front.to_owned();
    for byte in bytes {
        out += &format!("{byte:02x}");
    }
    out
}
