//! Values out of SCALE.

use super::{CodecError, DEEPEST};
use crate::{
    types::{Field, Primitive, Shape, TypeNumber, Types},
    value::Value,
};
use num_bigint::{BigInt, BigUint};

/// Values within one value, so that many values without bytes do not make work without end.
const MOST_VALUES: usize = 1_000_000;

/// Reads a value from the front of bytes.
///
/// # Errors
/// If they are not of the type.
pub fn decode(types: &Types, ty: TypeNumber, bytes: &mut &[u8]) -> Result<Value, CodecError> {
    let mut left = MOST_VALUES;
    Decoder { types }.get(ty, bytes, 0, &mut left)
}

/// Reads a value that takes all of the bytes.
///
/// # Errors
/// If they are not of the type, or more.
pub fn decode_all(types: &Types, ty: TypeNumber, mut bytes: &[u8]) -> Result<Value, CodecError> {
    let value = decode(types, ty, &mut bytes)?;
    if bytes.is_empty() {
        Ok(value)
    } else {
        Err(CodecError::Bytes)
    }
}

/// Takes bytes from the front.
fn take<'b>(bytes: &mut &'b [u8], count: usize) -> Result<&'b [u8], CodecError> {
    let (front, rest) = bytes.split_at_checked(count).ok_or(CodecError::Bytes)?;
    *bytes = rest;
    Ok(front)
}

/// Reads a compact number.
///
/// # Errors
/// If there is none of at most 128 bits.
pub fn take_compact(bytes: &mut &[u8]) -> Result<u128, CodecError> {
    let first = *bytes.first().ok_or(CodecError::Bytes)?;
    let length = match first & 3 {
        0 => 1,
        1 => 2,
        2 => 4,
        _ => {
            take(bytes, 1)?;
            let length = usize::from(first >> 2) + 4;
            let digits = take(bytes, length)?;
            return u128::try_from(BigUint::from_bytes_le(digits)).map_err(|_| CodecError::Bytes);
        }
    };
    let mut whole = [0; 4];
    whole[..length].copy_from_slice(take(bytes, length)?);
    Ok(u128::from(u32::from_le_bytes(whole) >> 2))
}

struct Decoder<'a> {
    types: &'a Types,
}

impl Decoder<'_> {
    fn get(
        &self,
        number: TypeNumber,
        bytes: &mut &[u8],
        depth: usize,
        left: &mut usize,
    ) -> Result<Value, CodecError> {
        let ty = self.types.get(number).filter(|_| depth < DEEPEST);
        let ty = ty.ok_or(CodecError::Type(number))?;
        *left = left.checked_sub(1).ok_or(CodecError::Bytes)?;
        if self.types.is_account(number) {
            let id = <[u8; 32]>::try_from(take(bytes, 32)?).map_err(|_| CodecError::Bytes)?;
            return Ok(Value::Account(id));
        }
        if self.types.is_wide(number) {
            return Ok(Value::Integer(
                BigUint::from_bytes_le(take(bytes, 32)?).into(),
            ));
        }
        let deeper = depth + 1;
        match &ty.shape {
            Shape::Primitive(primitive) => get_primitive(*primitive, bytes),
            Shape::Composite(fields) => match fields.as_slice() {
                [one] if one.name.is_none() => self.get(one.ty, bytes, deeper, left),
                _ => {
                    let (values, names) = self.fields(fields, bytes, deeper, left)?;
                    Ok(if names.len() == values.len() && !names.is_empty() {
                        Value::Record(names.into_iter().zip(values).collect())
                    } else {
                        Value::List(values)
                    })
                }
            },
            Shape::Variant(variants) => {
                let index = take(bytes, 1)?[0];
                let variant = variants.iter().find(|variant| variant.index == index);
                let variant = variant.ok_or(CodecError::Bytes)?;
                let (fields, names) = self.fields(&variant.fields, bytes, deeper, left)?;
                Ok(Value::Variant {
                    name: variant.name.clone(),
                    fields,
                    names,
                })
            }
            Shape::Sequence(item) => {
                let count = usize::try_from(take_compact(bytes)?).map_err(|_| CodecError::Bytes)?;
                self.items(*item, count, bytes, deeper, left)
            }
            Shape::Array(count, item) => self.items(*item, *count as usize, bytes, deeper, left),
            Shape::Tuple(types) => {
                let items = types.iter().map(|ty| self.get(*ty, bytes, deeper, left));
                Ok(Value::List(items.collect::<Result<_, _>>()?))
            }
            Shape::Compact(_) => Ok(Value::integer(take_compact(bytes)?)),
            Shape::Bits => {
                let bits = usize::try_from(take_compact(bytes)?).map_err(|_| CodecError::Bytes)?;
                Ok(Value::Bytes(take(bytes, bits.div_ceil(8))?.to_vec()))
            }
        }
    }

    fn items(
        &self,
        item: TypeNumber,
        count: usize,
        bytes: &mut &[u8],
        depth: usize,
        left: &mut usize,
    ) -> Result<Value, CodecError> {
        if self.types.is_byte(item) {
            return Ok(Value::Bytes(take(bytes, count)?.to_vec()));
        }
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(self.get(item, bytes, depth, left)?);
        }
        Ok(Value::List(items))
    }

    fn fields(
        &self,
        fields: &[Field],
        bytes: &mut &[u8],
        depth: usize,
        left: &mut usize,
    ) -> Result<(Vec<Value>, Vec<String>), CodecError> {
        let mut values = Vec::with_capacity(fields.len());
        for field in fields {
            values.push(self.get(field.ty, bytes, depth, left)?);
        }
        let names = fields.iter().filter_map(|field| field.name.clone());
        let names: Vec<String> = names.collect();
        Ok((
            values,
            if names.len() == fields.len() {
                names
            } else {
                Vec::new()
            },
        ))
    }
}

fn get_primitive(primitive: Primitive, bytes: &mut &[u8]) -> Result<Value, CodecError> {
    Ok(match primitive {
        Primitive::Bool => match take(bytes, 1)?[0] {
            0 => Value::Bool(false),
            1 => Value::Bool(true),
            _ => return Err(CodecError::Bytes),
        },
        Primitive::Char => {
            let code = <[u8; 4]>::try_from(take(bytes, 4)?).map_err(|_| CodecError::Bytes)?;
            let letter = char::from_u32(u32::from_le_bytes(code)).ok_or(CodecError::Bytes)?;
            Value::Text(letter.to_string())
        }
        Primitive::Str => {
            let length = usize::try_from(take_compact(bytes)?).map_err(|_| CodecError::Bytes)?;
            let text = take(bytes, length)?.to_vec();
            Value::Text(String::from_utf8(text).map_err(|_| CodecError::Bytes)?)
        }
        Primitive::Unsigned(bits) => {
            Value::Integer(BigUint::from_bytes_le(take(bytes, usize::from(bits / 8))?).into())
        }
        Primitive::Signed(bits) => Value::Integer(BigInt::from_signed_bytes_le(take(
            bytes,
            usize::from(bits / 8),
        )?)),
    })
}
