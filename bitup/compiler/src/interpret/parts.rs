//! Values that are made of parts.

use super::{Machine, Stop, Value, machine::Done};
use crate::{
    ir::{Expr, ExprKind, NOTHING_THERE, Path, Shape, Step},
    metadata::blake2_256,
};
use num_bigint::BigInt;

impl<'m> Machine<'m, '_> {
    /// An expression over parts.
    pub(super) fn of_parts(&mut self, value: &'m Expr, locals: &mut [Value]) -> Done<Value> {
        match &value.kind {
            ExprKind::Parts(parts) => Ok(Value::Parts(self.all(parts, locals)?)),
            ExprKind::Variant(number, fields) => {
                Ok(Value::Variant(*number, self.all(fields, locals)?))
            }
            ExprKind::Field(whole, field) => match self.expr(whole, locals)? {
                Value::Parts(mut parts) if *field < parts.len() => Ok(parts.swap_remove(*field)),
                _ => Err(Stop::Malformed),
            },
            ExprKind::Tag(whole) => match self.expr(whole, locals)? {
                Value::Variant(number, _) => Ok(Value::Number(BigInt::from(number))),
                _ => Err(Stop::Malformed),
            },
            ExprKind::Payload(whole, variant, field) => match self.expr(whole, locals)? {
                Value::Variant(number, mut fields)
                    if number == *variant && *field < fields.len() =>
                {
                    Ok(fields.swap_remove(*field))
                }
                _ => Err(Stop::Malformed),
            },
            ExprKind::Else(option, other) => match self.expr(option, locals)? {
                Value::Variant(1, mut fields) => fields.pop().ok_or(Stop::Malformed),
                _ => self.expr(other, locals),
            },
            ExprKind::Item(list, index) => {
                let list = self.expr(list, locals)?;
                let index = self.number(index, locals)?;
                item(&list, &index)
            }
            ExprKind::Length(list) => {
                let length = match self.expr(list, locals)? {
                    Value::Bytes(bytes) => bytes.len(),
                    Value::Parts(parts) => parts.len(),
                    _ => return Err(Stop::Malformed),
                };
                Ok(Value::Number(BigInt::from(length)))
            }
            ExprKind::Join(first, second) => {
                let (mut first, second) = (self.bytes(first, locals)?, self.bytes(second, locals)?);
                first.extend(second);
                Ok(Value::Bytes(first))
            }
            ExprKind::Slice(parts) => {
                let [whole, from, to] = &**parts;
                let text = matches!(whole.shape, Shape::Bytes { text: true });
                let whole = self.bytes(whole, locals)?;
                let (from, to) = (self.number(from, locals)?, self.number(to, locals)?);
                slice(&whole, &from, &to, text)
            }
            ExprKind::Blake2(bytes) => {
                let bytes = self.bytes(bytes, locals)?;
                Ok(Value::Bytes(blake2_256(&bytes).to_vec()))
            }
            _ => Err(Stop::Malformed),
        }
    }

    fn all(&mut self, values: &'m [Expr], locals: &mut [Value]) -> Done<Vec<Value>> {
        values.iter().map(|one| self.expr(one, locals)).collect()
    }

    fn bytes(&mut self, value: &'m Expr, locals: &mut [Value]) -> Done<Vec<u8>> {
        match self.expr(value, locals)? {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err(Stop::Malformed),
        }
    }

    /// The number of the part that each step of a path names.
    fn indices(&mut self, path: &'m Path, locals: &mut [Value]) -> Done<Vec<usize>> {
        let mut indices = Vec::new();
        for step in &path.steps {
            indices.push(match step {
                Step::Field(number) => *number,
                Step::Item(index) => {
                    let index = self.number(index, locals)?;
                    // What is too large for this machine is beyond the end of every list.
                    usize::try_from(&index).unwrap_or(usize::MAX)
                }
            });
        }
        Ok(indices)
    }

    /// Changes a part of a local. A byte of bytes is a part too, so the change gets the value and gives another.
    fn at<T>(
        &mut self,
        path: &'m Path,
        locals: &mut [Value],
        change: impl FnOnce(&mut Value) -> Done<T>,
    ) -> Done<T> {
        let indices = self.indices(path, locals)?;
        let mut place = locals.get_mut(path.local).ok_or(Stop::Malformed)?;
        for (number, index) in indices.iter().enumerate() {
            match place {
                Value::Parts(parts) => {
                    place = parts
                        .get_mut(*index)
                        .ok_or(Stop::Failed(NOTHING_THERE, Vec::new()))?;
                }
                Value::Bytes(bytes) if number + 1 == indices.len() => {
                    let byte = bytes
                        .get_mut(*index)
                        .ok_or(Stop::Failed(NOTHING_THERE, Vec::new()))?;
                    let mut value = Value::Number(BigInt::from(*byte));
                    let given = change(&mut value)?;
                    let Value::Number(number) = value else {
                        return Err(Stop::Malformed);
                    };
                    *byte = u8::try_from(&number).map_err(|_| Stop::Malformed)?;
                    return Ok(given);
                }
                _ => return Err(Stop::Malformed),
            }
        }
        change(place)
    }

    pub(super) fn put(&mut self, path: &'m Path, value: Value, locals: &mut [Value]) -> Done<()> {
        self.at(path, locals, |place| {
            *place = value;
            Ok(())
        })
    }

    pub(super) fn push(&mut self, path: &'m Path, value: Value, locals: &mut [Value]) -> Done<()> {
        self.at(path, locals, |place| match place {
            Value::Parts(parts) => {
                parts.push(value);
                Ok(())
            }
            _ => Err(Stop::Malformed),
        })
    }

    pub(super) fn pop(&mut self, path: &'m Path, locals: &mut [Value]) -> Done<Value> {
        self.at(path, locals, |place| match place {
            Value::Parts(parts) => parts.pop().ok_or(Stop::Failed(NOTHING_THERE, Vec::new())),
            _ => Err(Stop::Malformed),
        })
    }

    /// Calls a method that changes its object.
    pub(super) fn change(
        &mut self,
        path: &'m Path,
        function: usize,
        arguments: &'m [Expr],
        local: Option<usize>,
        locals: &mut [Value],
    ) -> Done<()> {
        let arguments = self.all(arguments, locals)?;
        let object = self.at(path, locals, |place| Ok(place.clone()))?;
        let (result, mut own) = self.changed(function, [vec![object], arguments].concat())?;
        if own.is_empty() {
            return Err(Stop::Malformed);
        }
        self.put(path, own.swap_remove(0), locals)?;
        if let Some(local) = local {
            *locals.get_mut(local).ok_or(Stop::Malformed)? = result;
        }
        Ok(())
    }
}

fn item(list: &Value, index: &BigInt) -> Done<Value> {
    let nothing = Stop::Failed(NOTHING_THERE, Vec::new());
    let Ok(index) = usize::try_from(index) else {
        return Err(nothing);
    };
    match list {
        Value::Parts(parts) => parts.get(index).cloned().ok_or(nothing),
        Value::Bytes(bytes) => match bytes.get(index) {
            Some(byte) => Ok(Value::Number(BigInt::from(*byte))),
            None => Err(nothing),
        },
        _ => Err(Stop::Malformed),
    }
}

fn slice(whole: &[u8], from: &BigInt, to: &BigInt, text: bool) -> Done<Value> {
    let ends = usize::try_from(from).ok().zip(usize::try_from(to).ok());
    let part = ends.and_then(|(from, to)| whole.get(from..to));
    let part = part.filter(|part| !text || std::str::from_utf8(part).is_ok());
    let part = part.ok_or(Stop::Failed(NOTHING_THERE, Vec::new()))?;
    Ok(Value::Bytes(part.to_vec()))
}
