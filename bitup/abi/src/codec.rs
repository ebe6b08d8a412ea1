//! Values to and from SCALE, as their types say.

mod decode;

pub use decode::{decode, decode_all, take_compact};

use crate::{
    types::{Field, Primitive, Shape, TypeNumber, Types},
    value::Value,
};
use num_bigint::{BigInt, Sign};

/// Types within each other.
const DEEPEST: usize = 64;

/// Why a value and a type do not go together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodecError {
    /// The type has no such number or is too deep.
    #[error("the metadata has no readable type {0}; build the contract again")]
    Type(TypeNumber),
    /// The value is of another kind.
    #[error("`{value}` is no {wanted}; write one")]
    Kind {
        /// The value.
        value: String,
        /// What is needed.
        wanted: String,
    },
    /// A number that the type does not hold.
    #[error("{value} does not fit in {wanted}; write a number of its range")]
    Range {
        /// The number.
        value: String,
        /// The type.
        wanted: String,
    },
    /// Too few or too many values.
    #[error("{wanted} values are needed, {given} are given; write each once, with a comma between")]
    Count {
        /// How many there should be.
        wanted: usize,
        /// How many there are.
        given: usize,
    },
    /// A variant or field that the type lacks.
    #[error("there is no `{name}` here; there are {known}")]
    Name {
        /// The name.
        name: String,
        /// What there is.
        known: String,
    },
    /// A word that names no account.
    #[error("`{0}` names no account; write an address")]
    Account(String),
    /// Bytes that are not of the type.
    #[error("the answer is not what the metadata says; is this the metadata of that contract?")]
    Bytes,
}

/// Finds the account that a word names.
pub type Accounts<'a> = &'a dyn Fn(&str) -> Option<[u8; 32]>;

/// Writes values.
pub struct Encoder<'a> {
    /// The types.
    pub types: &'a Types,
    /// Accounts by their words.
    pub accounts: Accounts<'a>,
}

/// The compact form of a number.
#[must_use]
pub fn compact(number: u128) -> Vec<u8> {
    match number {
        0..=0x3f => vec![(number as u8) << 2],
        0x40..=0x3fff => (((number as u16) << 2) | 1).to_le_bytes().to_vec(),
        0x4000..=0x3fff_ffff => (((number as u32) << 2) | 2).to_le_bytes().to_vec(),
        _ => {
            let bytes = number.to_le_bytes();
            let length = 16 - bytes.iter().rev().take_while(|byte| **byte == 0).count();
            let mut out = vec![(((length - 4) as u8) << 2) | 3];
            out.extend_from_slice(&bytes[..length]);
            out
        }
    }
}

impl Encoder<'_> {
    /// The bytes of a value.
    ///
    /// # Errors
    /// If it is not of the type.
    pub fn encode(&self, ty: TypeNumber, value: &Value) -> Result<Vec<u8>, CodecError> {
        let mut out = Vec::new();
        self.put(ty, value, &mut out, 0)?;
        Ok(out)
    }

    /// The bytes of values, one behind the other.
    ///
    /// # Errors
    /// If there are more or fewer than types, or one is not of its type.
    pub fn encode_all(
        &self,
        types: &[TypeNumber],
        values: &[Value],
    ) -> Result<Vec<u8>, CodecError> {
        let mut out = Vec::new();
        self.put_all(types.iter().copied(), values, &mut out, 0)?;
        Ok(out)
    }

    /// The bytes of fields, given by their names in any order.
    ///
    /// # Errors
    /// If one is missing, unknown, or not of its type.
    pub fn encode_fields(
        &self,
        fields: &[Field],
        values: &[(String, Value)],
    ) -> Result<Vec<u8>, CodecError> {
        let mut out = Vec::new();
        self.put_record(fields, values, &mut out, 0)?;
        Ok(out)
    }

    fn put_all(
        &self,
        types: impl ExactSizeIterator<Item = TypeNumber>,
        values: &[Value],
        out: &mut Vec<u8>,
        depth: usize,
    ) -> Result<(), CodecError> {
        if types.len() != values.len() {
            return Err(CodecError::Count {
                wanted: types.len(),
                given: values.len(),
            });
        }
        types
            .zip(values)
            .try_for_each(|(ty, value)| self.put(ty, value, out, depth))
    }

    fn put(
        &self,
        number: TypeNumber,
        value: &Value,
        out: &mut Vec<u8>,
        depth: usize,
    ) -> Result<(), CodecError> {
        let ty = self.types.get(number).filter(|_| depth < DEEPEST);
        let ty = ty.ok_or(CodecError::Type(number))?;
        let wrong = |wanted: &str| CodecError::Kind {
            value: plain(value),
            wanted: wanted.to_owned(),
        };
        if self.types.is_account(number) {
            match value {
                Value::Account(id) => out.extend_from_slice(id),
                Value::Bytes(bytes) if bytes.len() == 32 => out.extend_from_slice(bytes),
                Value::Word(word) => {
                    let id = (self.accounts)(word);
                    out.extend_from_slice(&id.ok_or_else(|| CodecError::Account(word.clone()))?);
                }
                _ => return Err(wrong("account")),
            }
            return Ok(());
        }
        if self.types.is_wide(number) {
            let Value::Integer(whole) = value else {
                return Err(wrong("number"));
            };
            return unsigned(whole, 256, out);
        }
        let deeper = depth + 1;
        match (&ty.shape, value) {
            (Shape::Primitive(primitive), _) => put_primitive(*primitive, value, out),
            (Shape::Composite(fields), _) => match (fields.as_slice(), value) {
                (_, Value::Record(given)) => self.put_record(fields, given, out, deeper),
                (many, Value::List(items)) if many.len() != 1 => {
                    self.put_all(many.iter().map(|field| field.ty), items, out, deeper)
                }
                ([one], _) => self.put(one.ty, value, out, deeper),
                _ => Err(wrong("record: write `{ field: value }`")),
            },
            (Shape::Variant(variants), Value::Word(_) | Value::Variant { .. }) => {
                let (name, given, names) = match value {
                    Value::Variant {
                        name,
                        fields,
                        names,
                    } => (name.as_str(), fields.as_slice(), names.as_slice()),
                    Value::Word(name) => (name.as_str(), &[][..], &[][..]),
                    _ => return Err(wrong("variant")),
                };
                let name = name.rsplit_once('.').map_or(name, |(_, name)| name);
                let Some(variant) = variants.iter().find(|variant| variant.name == name) else {
                    return Err(CodecError::Name {
                        name: name.to_owned(),
                        known: known(variants.iter().map(|variant| variant.name.as_str())),
                    });
                };
                out.push(variant.index);
                if names.len() == given.len() && !names.is_empty() {
                    let named: Vec<_> = names.iter().cloned().zip(given.iter().cloned()).collect();
                    return self.put_record(&variant.fields, &named, out, deeper);
                }
                self.put_all(
                    variant.fields.iter().map(|field| field.ty),
                    given,
                    out,
                    deeper,
                )
            }
            (Shape::Variant(_), _) => Err(wrong("variant: write `Name` or `Name(value)`")),
            (Shape::Sequence(item), Value::Bytes(bytes)) if self.types.is_byte(*item) => {
                out.extend(compact(bytes.len() as u128));
                out.extend_from_slice(bytes);
                Ok(())
            }
            (Shape::Sequence(item), Value::List(items)) => {
                out.extend(compact(items.len() as u128));
                items
                    .iter()
                    .try_for_each(|one| self.put(*item, one, out, deeper))
            }
            (Shape::Sequence(_), _) => Err(wrong("list: write `[a, b]`")),
            (Shape::Array(length, item), Value::Bytes(bytes)) if self.types.is_byte(*item) => {
                if bytes.len() != *length as usize {
                    return Err(CodecError::Count {
                        wanted: *length as usize,
                        given: bytes.len(),
                    });
                }
                out.extend_from_slice(bytes);
                Ok(())
            }
            (Shape::Array(length, item), Value::List(items)) => {
                let types = std::iter::repeat_n(*item, *length as usize);
                self.put_all(types, items, out, deeper)
            }
            (Shape::Array(..), _) => Err(wrong("list: write `[a, b]`")),
            (Shape::Tuple(types), Value::List(items)) => {
                self.put_all(types.iter().copied(), items, out, deeper)
            }
            (Shape::Tuple(_), _) => Err(wrong("list: write `[a, b]`")),
            (Shape::Compact(_), Value::Integer(whole)) => {
                let number = u128::try_from(whole).map_err(|_| CodecError::Range {
                    value: whole.to_string(),
                    wanted: "a compact number".to_owned(),
                })?;
                out.extend(compact(number));
                Ok(())
            }
            (Shape::Compact(_), _) => Err(wrong("number")),
            (Shape::Bits, _) => Err(CodecError::Type(number)),
        }
    }

    /// Fields by their names, in any order.
    fn put_record(
        &self,
        fields: &[Field],
        given: &[(String, Value)],
        out: &mut Vec<u8>,
        depth: usize,
    ) -> Result<(), CodecError> {
        let names = || known(fields.iter().filter_map(|field| field.name.as_deref()));
        if let Some((name, _)) = given
            .iter()
            .find(|(name, _)| !fields.iter().any(|field| field.name.as_ref() == Some(name)))
        {
            return Err(CodecError::Name {
                name: name.clone(),
                known: names(),
            });
        }
        if given.len() != fields.len() {
            return Err(CodecError::Count {
                wanted: fields.len(),
                given: given.len(),
            });
        }
        for field in fields {
            let value = given
                .iter()
                .find(|(name, _)| field.name.as_ref() == Some(name));
            let Some((_, value)) = value else {
                return Err(CodecError::Name {
                    name: String::new(),
                    known: names(),
                });
            };
            self.put(field.ty, value, out, depth)?;
        }
        Ok(())
    }
}

fn known<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.take(50).map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

fn plain(value: &Value) -> String {
    let mut text = value.shown(&|id| crate::value::digits(id, "0x"));
    if text.chars().count() > 64 {
        text = text.chars().take(64).collect::<String>() + "...";
    }
    text
}

fn unsigned(number: &BigInt, bits: u16, out: &mut Vec<u8>) -> Result<(), CodecError> {
    let length = usize::from(bits / 8);
    let (sign, mut bytes) = number.to_bytes_le();
    if sign == Sign::Minus || number.bits() > u64::from(bits) {
        return Err(CodecError::Range {
            value: number.to_string(),
            wanted: format!("a `u{bits}`"),
        });
    }
    bytes.resize(length, 0);
    out.extend(bytes);
    Ok(())
}

fn put_primitive(primitive: Primitive, value: &Value, out: &mut Vec<u8>) -> Result<(), CodecError> {
    match (primitive, value) {
        (Primitive::Bool, Value::Bool(value)) => out.push(u8::from(*value)),
        (Primitive::Str, Value::Text(text)) => {
            out.extend(compact(text.len() as u128));
            out.extend_from_slice(text.as_bytes());
        }
        (Primitive::Char, Value::Text(text)) if text.chars().count() == 1 => {
            let letter = text.chars().next().map_or(0, u32::from);
            out.extend(letter.to_le_bytes());
        }
        (Primitive::Unsigned(bits), Value::Integer(number)) => return unsigned(number, bits, out),
        (Primitive::Signed(bits), Value::Integer(number)) => {
            let half = BigInt::from(1) << (bits - 1);
            if *number >= half || *number < -half {
                return Err(CodecError::Range {
                    value: number.to_string(),
                    wanted: format!("an `i{bits}`"),
                });
            }
            let whole = if number.sign() == Sign::Minus {
                number + (BigInt::from(1) << bits)
            } else {
                number.clone()
            };
            return unsigned(&whole, bits, out);
        }
        (primitive, _) => {
            let wanted = match primitive {
                Primitive::Bool => "`bool`: write `true` or `false`",
                Primitive::Char => "single letter in quotes",
                Primitive::Str => "text in quotes",
                Primitive::Unsigned(_) | Primitive::Signed(_) => "number",
            };
            return Err(CodecError::Kind {
                value: plain(value),
                wanted: wanted.to_owned(),
            });
        }
    }
    Ok(())
}
