//! What lies in storage. An array that grows has a cell for its length and one for each item.

use super::{Machine, Stop, Value, machine::Done};
use crate::{
    ir::{INDEX, NOTHING_THERE, Place, Shape},
    metadata::blake2_256,
};
use num_bigint::BigInt;

impl<'m> Machine<'m, '_> {
    /// The key of a place. Bytes and texts stand in it as their hashes, so that no key is too long.
    pub(super) fn key(&mut self, place: &'m Place, locals: &mut [Value]) -> Done<Vec<u8>> {
        let mut parts = Vec::new();
        for part in &place.keys {
            let bytes = self.encoded(part, locals)?;
            parts.push(match part.shape {
                Shape::Bytes { .. } => blake2_256(&bytes).to_vec(),
                _ => bytes,
            });
        }
        Ok([place.cell.to_le_bytes().to_vec(), parts.concat()].concat())
    }

    pub(super) fn load(&mut self, place: &'m Place, key: &[u8]) -> Done<Value> {
        if !place.spread {
            return self.cell(&place.shape, key, place.must);
        }
        let Some((item, _)) = place.shape.items() else {
            return Err(Stop::Malformed);
        };
        let mut items = Vec::new();
        for number in 0..self.length(key, place.must)? {
            self.step()?;
            items.push(self.cell(&item, &item_key(key, number), true)?);
        }
        Ok(Value::Parts(items))
    }

    fn cell(&mut self, shape: &Shape, key: &[u8], must: bool) -> Done<Value> {
        match self.world.read(key) {
            Some(bytes) => {
                let found = Value::decode(shape, &bytes);
                found.map(|(value, _)| value).ok_or(Stop::Malformed)
            }
            None if shape.has_zero() && !must => Ok(Value::zero(shape)),
            None => Err(Stop::Failed(NOTHING_THERE, Vec::new())),
        }
    }

    fn length(&mut self, key: &[u8], must: bool) -> Done<u32> {
        match self.cell(&INDEX, key, must)? {
            Value::Number(length) => u32::try_from(&length).map_err(|_| Stop::Malformed),
            _ => Err(Stop::Malformed),
        }
    }

    pub(super) fn store(&mut self, place: &'m Place, key: &[u8], value: &Value) -> Done<()> {
        if !place.spread {
            self.world.write(key, Some(&value.encode(&place.shape)));
            return Ok(());
        }
        let (Some((item, _)), Value::Parts(parts)) = (place.shape.items(), value) else {
            return Err(Stop::Malformed);
        };
        let before = self.length(key, false)?;
        let length = u32::try_from(parts.len()).map_err(|_| Stop::Malformed)?;
        for (number, part) in (0..length).zip(parts) {
            self.step()?;
            let bytes = part.encode(&item);
            self.world.write(&item_key(key, number), Some(&bytes));
        }
        for number in length..before {
            self.step()?;
            self.world.write(&item_key(key, number), None);
        }
        let bytes = Value::Number(BigInt::from(length)).encode(&INDEX);
        self.world.write(key, Some(&bytes));
        Ok(())
    }

    pub(super) fn clear(&mut self, place: &'m Place, key: &[u8]) -> Done<()> {
        if place.spread {
            for number in 0..self.length(key, false)? {
                self.step()?;
                self.world.write(&item_key(key, number), None);
            }
        }
        self.world.write(key, None);
        Ok(())
    }
}

fn item_key(key: &[u8], number: u32) -> Vec<u8> {
    [key, &number.to_le_bytes()].concat()
}
