//! Values as people write them.

use crate::stage::NAMES;
use bitup_compiler::{
    check::{Program, Slot, Type},
    interpret::{Value, fitting},
    ir::{Shape, account},
};
use num_bigint::BigInt;

/// A value as it is written in the language.
#[must_use]
pub fn shown(program: &Program, ty: &Type, value: &Value) -> String {
    match (ty, value) {
        (Type::Enum(number, _), Value::Number(index)) => {
            let info = program.enums.get(*number);
            let variant = info.and_then(|info| {
                let (name, _) = info.variants.get(usize::try_from(index).ok()?)?;
                Some(format!("{}.{}", info.name.text, name.text))
            });
            variant.unwrap_or_else(|| value.to_string())
        }
        (Type::Address | Type::Handle(_), Value::Bytes(bytes)) => match bytes.as_slice().try_into()
        {
            Ok(bytes) => address(bytes),
            Err(_) => value.to_string(),
        },
        (Type::Text, Value::Bytes(bytes)) => format!("{:?}", String::from_utf8_lossy(bytes)),
        (Type::Array(item) | Type::Fixed(item, _), Value::Parts(parts)) => {
            let items: Vec<String> = parts.iter().map(|one| shown(program, item, one)).collect();
            format!("[{}]", items.join(", "))
        }
        (Type::Option(_), Value::Variant(0, _)) => "None".to_owned(),
        (Type::Option(item), Value::Variant(_, parts)) => match parts.first() {
            Some(inner) => format!("Some({})", shown(program, item, inner)),
            None => value.to_string(),
        },
        (Type::Class(number, _), Value::Parts(parts)) => match program.classes.get(*number) {
            Some(info) => {
                let fields = of_fields(program, ty, &info.fields, parts);
                format!("{}({fields})", info.ast.name.text)
            }
            None => value.to_string(),
        },
        (Type::Enum(number, _), Value::Variant(variant, parts)) => {
            let info = program.enums.get(*number);
            match info.and_then(|info| Some((info, info.variants.get(*variant)?))) {
                Some((info, (name, _))) if parts.is_empty() => {
                    format!("{}.{}", info.name.text, name.text)
                }
                Some((info, (name, slots))) => {
                    let fields = of_fields(program, ty, slots, parts);
                    format!("{}.{}({fields})", info.name.text, name.text)
                }
                None => value.to_string(),
            }
        }
        _ => value.to_string(),
    }
}

/// The fields of an object or variant, by name.
fn of_fields(program: &Program, whole: &Type, slots: &[Slot], parts: &[Value]) -> String {
    let fields = slots.iter().zip(parts).map(|(slot, part)| {
        let ty = program.filled(whole, &slot.placed.ty);
        format!("{}: {}", slot.name.text, shown(program, &ty, part))
    });
    fields.collect::<Vec<_>>().join(", ")
}

/// An address: by its name, or in hexadecimal digits.
#[must_use]
pub fn address(bytes: &[u8; 32]) -> String {
    let known = NAMES.iter().find(|name| account(name) == *bytes);
    match known {
        Some(name) => format!("account(\"{name}\")"),
        None => Value::Bytes(bytes.to_vec()).to_string(),
    }
}

/// A value that is written on a command line: a number, `true`, the name of a variant, 64 hexadecimal digits, for an
/// address any name, a text with or without quotes, bytes as hexadecimal digits.
#[must_use]
pub fn read(program: &Program, ty: &Type, text: &str) -> Option<Value> {
    let shape = Shape::of(program, ty)?;
    match (ty, &shape) {
        (_, Shape::Bool) => match text {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        },
        (Type::Enum(number, _), _) => {
            let info = program.enums.get(*number)?;
            let own = text.strip_prefix(&format!("{}.", info.name.text));
            let name = own.unwrap_or(text);
            let at = info
                .variants
                .iter()
                .position(|(known, _)| known.text == name)?;
            Some(Value::Number(BigInt::from(at)))
        }
        (_, Shape::Narrow(_) | Shape::Wide { number: true, .. }) => {
            let number: BigInt = text.replace('_', "").parse().ok()?;
            fitting(&shape, number).map(Value::Number)
        }
        (_, Shape::Bytes { text: true }) => {
            let inner = text
                .strip_prefix('"')
                .and_then(|rest| rest.strip_suffix('"'));
            Some(Value::Bytes(inner.unwrap_or(text).as_bytes().to_vec()))
        }
        (_, Shape::Bytes { .. }) => hex(text.strip_prefix("0x")?).map(Value::Bytes),
        (_, Shape::Wide { bytes, .. }) => match text.strip_prefix("0x") {
            Some(digits) => hex(digits)
                .filter(|found| found.len() == *bytes as usize)
                .map(Value::Bytes),
            None if *ty == Type::Address && is_name(text) => {
                Some(Value::Bytes(account(text).to_vec()))
            }
            None => None,
        },
        _ => None,
    }
}

fn is_name(text: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !text.is_empty() && text.bytes().all(letters)
}

fn hex(digits: &str) -> Option<Vec<u8>> {
    if !digits.len().is_multiple_of(2) || !digits.is_ascii() {
        return None;
    }
    let pair = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    (0..digits.len()).step_by(2).map(pair).collect()
}
