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
    /// A number, or that of a variant without fields.
    Number(BigInt),
    /// An address or hash, bytes, or a text.
    Bytes(Vec<u8>),
    /// The items of an array, or the fields of an object.
    Parts(Vec<Value>),
    /// A variant by its number, with its fields.
    Variant(usize, Vec<Value>),
}

impl Value {
    /// Zero, `false`, empty, the first variant, or zero bytes.
    #[must_use]
    pub fn zero(shape: &Shape) -> Self {
        match shape {
            Shape::Unit => Self::Unit,
            Shape::Bool => Self::Bool(false),
            Shape::Narrow(_) | Shape::Choice(_) | Shape::Wide { number: true, .. } => {
                Self::Number(BigInt::ZERO)
            }
            Shape::Wide { bytes, .. } => Self::Bytes(vec![0; *bytes as usize]),
            Shape::Bytes { .. } => Self::Bytes(Vec::new()),
            Shape::List(_) => Self::Parts(Vec::new()),
            Shape::Row(item, count) => Self::Parts(vec![Self::zero(item); *count as usize]),
            Shape::Record(fields) => Self::Parts(fields.iter().map(Self::zero).collect()),
            Shape::Union { variants, .. } => {
                let fields = variants.first().map(Vec::as_slice).unwrap_or_default();
                Self::Variant(0, fields.iter().map(Self::zero).collect())
            }
        }
    }

    /// Its bytes (SCALE: little-endian, lengths in front of lists, numbers in front of variants).
    #[must_use]
    pub fn encode(&self, shape: &Shape) -> Vec<u8> {
        match (self, shape) {
            (Self::Unit, _) => Vec::new(),
            (Self::Bool(truth), _) => vec![u8::from(*truth)],
            (Self::Bytes(bytes), Shape::Bytes { .. }) => {
                [compact(bytes.len()), bytes.clone()].concat()
            }
            (Self::Bytes(bytes), _) => bytes.clone(),
            (Self::Number(number), _) => {
                let length = shape.room() as usize;
                let all = BigInt::from(1) << (8 * length);
                let low = ((number % &all) + &all) % &all;
                let (_, mut bytes) = low.to_bytes_le();
                bytes.resize(length, 0);
                bytes
            }
            (Self::Parts(parts), Shape::List(item)) => {
                let items = parts.iter().flat_map(|one| one.encode(item));
                compact(parts.len()).into_iter().chain(items).collect()
            }
            (Self::Parts(parts), Shape::Row(item, _)) => {
                parts.iter().flat_map(|one| one.encode(item)).collect()
            }
            (Self::Parts(parts), Shape::Record(fields)) => {
                let pairs = parts.iter().zip(fields.iter());
                pairs.flat_map(|(one, shape)| one.encode(shape)).collect()
            }
            (Self::Variant(number, parts), Shape::Union { variants, .. }) => {
                let shapes = variants.get(*number).map(Vec::as_slice).unwrap_or_default();
                let pairs = parts.iter().zip(shapes);
                let fields = pairs.flat_map(|(one, shape)| one.encode(shape));
                let number = u8::try_from(*number).unwrap_or(u8::MAX);
                std::iter::once(number).chain(fields).collect()
            }
            (Self::Parts(_) | Self::Variant(..), _) => Vec::new(),
        }
    }

    /// The value for people, as far as a shape tells: texts in quotes.
    #[must_use]
    pub fn shown(&self, shape: &Shape) -> String {
        match (self, shape) {
            (Self::Bytes(bytes), Shape::Bytes { text: true }) => {
                format!("{:?}", String::from_utf8_lossy(bytes))
            }
            (Self::Parts(parts), Shape::List(item) | Shape::Row(item, _)) => {
                let items: Vec<String> = parts.iter().map(|one| one.shown(item)).collect();
                format!("[{}]", items.join(", "))
            }
            _ => self.to_string(),
        }
    }

    /// The value at the beginning of bytes, and the bytes behind it; none when they are too few, or no value of this shape.
    #[must_use]
    pub fn decode<'b>(shape: &Shape, bytes: &'b [u8]) -> Option<(Self, &'b [u8])> {
        if let Some(length) = shape.fixed().filter(|_| !shape.is_whole()) {
            let (own, rest) = bytes.split_at_checked(length as usize)?;
            return Some((scalar(shape, own)?, rest));
        }
        match shape {
            Shape::Bytes { text } => {
                let (length, rest) = length(bytes)?;
                let (own, rest) = rest.split_at_checked(length)?;
                if *text && std::str::from_utf8(own).is_err() {
                    return None;
                }
                Some((Self::Bytes(own.to_vec()), rest))
            }
            Shape::List(item) => {
                let (length, rest) = length(bytes)?;
                let (parts, rest) = all(std::iter::repeat_n(&**item, length), rest)?;
                Some((Self::Parts(parts), rest))
            }
            Shape::Row(item, count) => {
                let (parts, rest) = all(std::iter::repeat_n(&**item, *count as usize), bytes)?;
                Some((Self::Parts(parts), rest))
            }
            Shape::Record(fields) => {
                let (parts, rest) = all(fields.iter(), bytes)?;
                Some((Self::Parts(parts), rest))
            }
            Shape::Union { variants, .. } => {
                let (number, rest) = bytes.split_first()?;
                let number = usize::from(*number);
                let (parts, rest) = all(variants.get(number)?.iter(), rest)?;
                Some((Self::Variant(number, parts), rest))
            }
            _ => None,
        }
    }
}

/// A value that is not made of parts.
fn scalar(shape: &Shape, own: &[u8]) -> Option<Value> {
    Some(match shape {
        Shape::Unit => Value::Unit,
        Shape::Bool => match own {
            [0] => Value::Bool(false),
            [1] => Value::Bool(true),
            _ => return None,
        },
        Shape::Narrow(integer) if integer.signed => {
            Value::Number(BigInt::from_signed_bytes_le(own))
        }
        Shape::Narrow(_) | Shape::Wide { number: true, .. } => {
            Value::Number(BigInt::from_bytes_le(Sign::Plus, own))
        }
        Shape::Choice(count) => match own {
            [number] if u16::from(*number) < *count => Value::Number(BigInt::from(*number)),
            _ => return None,
        },
        _ => Value::Bytes(own.to_vec()),
    })
}

/// Values behind each other. Each takes at least one byte, so that there are not more than bytes.
fn all<'s, 'b>(
    shapes: impl Iterator<Item = &'s Shape>,
    mut bytes: &'b [u8],
) -> Option<(Vec<Value>, &'b [u8])> {
    let mut parts = Vec::new();
    for shape in shapes {
        let (part, rest) = Value::decode(shape, bytes)?;
        parts.push(part);
        bytes = rest;
    }
    Some((parts, bytes))
}

/// A length as SCALE writes it, in as few bytes as it needs.
#[must_use]
pub fn compact(length: usize) -> Vec<u8> {
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    match length {
        0..0x40 => vec![(length << 2).to_le_bytes()[0]],
        0x40..0x4000 => ((length << 2) | 1).to_le_bytes()[..2].to_vec(),
        0x4000..0x4000_0000 => ((length << 2) | 2).to_le_bytes().to_vec(),
        _ => [vec![3], length.to_le_bytes().to_vec()].concat(),
    }
}

/// A length at the beginning of bytes; none where it takes more bytes than it needs, or is too long for a contract.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let first = *bytes.first()?;
    let (size, least) = match first & 3 {
        0 => (1, 0),
        1 => (2, 0x40),
        2 => (4, 0x4000),
        _ => return None,
    };
    let (own, rest) = bytes.split_at_checked(size)?;
    let mut whole = [0; 4];
    whole[..size].copy_from_slice(own);
    let length = u32::from_le_bytes(whole) >> 2;
    (length >= least).then_some((length as usize, rest))
}

impl std::fmt::Display for Value {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let list = |out: &mut std::fmt::Formatter<'_>, parts: &[Value]| {
            for (number, part) in parts.iter().enumerate() {
                let comma = if number == 0 { "" } else { ", " };
                write!(out, "{comma}{part}")?;
            }
            Ok(())
        };
        match self {
            Self::Unit => out.write_str("nothing"),
            Self::Bool(truth) => write!(out, "{truth}"),
            Self::Number(number) => write!(out, "{number}"),
            Self::Bytes(bytes) => {
                out.write_str("0x")?;
                bytes.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
            }
            Self::Parts(parts) => {
                out.write_str("[")?;
                list(out, parts)?;
                out.write_str("]")
            }
            Self::Variant(number, parts) => {
                write!(out, "variant {number}(")?;
                list(out, parts)?;
                out.write_str(")")
            }
        }
    }
}
