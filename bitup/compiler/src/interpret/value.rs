//! Values, and their bytes on the chain.

use crate::ir::Shape;
use num_bigint::{BigInt, Sign};

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Unit,
    /// A truth value.
    Bool(bool),
    /// A number, or that of a variant.
    Number(BigInt),
    /// An address or hash.
    Bytes(Vec<u8>),
}

impl Value {
    /// Zero, `false`, the first variant, or zero bytes.
    #[must_use]
    pub fn zero(shape: Shape) -> Self {
        match shape {
            Shape::Unit => Self::Unit,
            Shape::Bool => Self::Bool(false),
            Shape::Narrow(_) | Shape::Choice(_) | Shape::Wide { number: true, .. } => {
                Self::Number(BigInt::ZERO)
            }
            Shape::Wide { bytes, .. } => Self::Bytes(vec![0; bytes as usize]),
        }
    }

    /// Its bytes (SCALE: little-endian, as long as the shape).
    #[must_use]
    pub fn encode(&self, shape: Shape) -> Vec<u8> {
        let length = shape.bytes() as usize;
        match self {
            Self::Unit => Vec::new(),
            Self::Bool(truth) => vec![u8::from(*truth)],
            Self::Bytes(bytes) => bytes.clone(),
            Self::Number(number) => {
                let all = BigInt::from(1) << (8 * length);
                let low = ((number % &all) + &all) % &all;
                let (_, mut bytes) = low.to_bytes_le();
                bytes.resize(length, 0);
                bytes
            }
        }
    }

    /// The value at the beginning of bytes; none when they are too few, or no value of this shape.
    #[must_use]
    pub fn decode(shape: Shape, bytes: &[u8]) -> Option<Self> {
        let own = bytes.get(..shape.bytes() as usize)?;
        Some(match shape {
            Shape::Unit => Self::Unit,
            Shape::Bool => match own {
                [0] => Self::Bool(false),
                [1] => Self::Bool(true),
                _ => return None,
            },
            Shape::Narrow(integer) if integer.signed => {
                Self::Number(BigInt::from_signed_bytes_le(own))
            }
            Shape::Narrow(_) | Shape::Wide { number: true, .. } => {
                Self::Number(BigInt::from_bytes_le(Sign::Plus, own))
            }
            Shape::Choice(count) => match own {
                [number] if u16::from(*number) < count => Self::Number(BigInt::from(*number)),
                _ => return None,
            },
            Shape::Wide { .. } => Self::Bytes(own.to_vec()),
        })
    }
}

impl std::fmt::Display for Value {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unit => out.write_str("nothing"),
            Self::Bool(truth) => write!(out, "{truth}"),
            Self::Number(number) => write!(out, "{number}"),
            Self::Bytes(bytes) => {
                out.write_str("0x")?;
                bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
            }
        }
    }
}
