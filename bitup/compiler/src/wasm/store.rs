//! Storage.

use super::{
    KEY, LENGTH, LONGEST_KEY, NARROW, TooLarge,
    body::Maker,
    runtime::{Import, Routine, at, i32c, nothing_there},
    tasks::Task,
};
use crate::ir::{Expr, Place, Shape};
use wasm_encoder::{BlockType, Instruction as I, ValType};

/// The most items that an array in storage is read into memory with.
const MOST_ITEMS: u32 = 1 << 17;

impl Maker<'_, '_> {
    /// Writes the key of a place; gives its length.
    pub(super) fn key(&mut self, place: &Place) -> Result<u32, TooLarge> {
        // All keys are computed before any is written: computing one may read storage.
        let mut kept = Vec::new();
        for key in &place.keys {
            self.expr(key)?;
            kept.push(self.keep(&key.shape));
        }
        let mut length = 4_u32;
        for (key, local) in place.keys.iter().zip(kept) {
            let hashed = matches!(key.shape, Shape::Bytes { .. });
            let bytes = if hashed { 32 } else { key.shape.room() };
            // Behind the keys of an array stands the number of an item.
            if length + bytes + 4 > LONGEST_KEY {
                return Err(TooLarge {
                    what: "the key of a map".to_owned(),
                });
            }
            if hashed {
                self.hash_key(KEY + length, local, &key.shape);
            } else {
                self.put(KEY + length, local, &key.shape);
            }
            length += bytes;
        }
        self.code
            .extend([i32c(0), i32c(place.cell), I::I32Store(at(KEY))]);
        Ok(length)
    }

    /// Texts and bytes stand in a key as their hashes.
    fn hash_key(&mut self, to: u32, local: Option<u32>, shape: &Shape) {
        let out = self.shared.layout.out;
        self.code.extend(local.map(I::LocalGet));
        self.code.push(i32c(out));
        self.task(Task::Encode, shape);
        let end = self.new_local(ValType::I32);
        self.code.extend([I::LocalSet(end), i32c(out)]);
        self.code
            .extend([I::LocalGet(end), i32c(out), I::I32Sub, i32c(to)]);
        self.import(Import::Blake2);
    }

    /// The value of a place; gives the length of its key, which stays where it is, and for an array the local with its
    /// length.
    pub(super) fn load_place(&mut self, place: &Place) -> Result<(u32, Option<u32>), TooLarge> {
        let length = self.key(place)?;
        let zero = place.shape.has_zero() && !place.must;
        if place.spread {
            let count = self.load_array(place, length, zero);
            return Ok((length, Some(count)));
        }
        if place.shape.is_whole() {
            self.load_whole(&place.shape, length, zero);
            return Ok((length, None));
        }
        let bytes = place.shape.room();
        let slot = match place.shape {
            Shape::Wide { .. } => Some(self.slot(bytes)),
            _ => None,
        };
        if zero {
            for offset in (0..bytes).step_by(8) {
                match slot {
                    Some(slot) => self.push_slot(slot),
                    None => self.code.push(i32c(NARROW)),
                }
                self.code.extend([I::I64Const(0), I::I64Store(at(offset))]);
            }
        }
        self.room(bytes);
        self.code.extend([i32c(KEY), i32c(length)]);
        match slot {
            Some(slot) => self.push_slot(slot),
            None => self.code.push(i32c(NARROW)),
        }
        self.code.push(i32c(LENGTH));
        self.import(Import::GetStorage);
        if zero {
            self.code.push(I::Drop);
        } else {
            self.fail_if_missing();
        }
        match slot {
            Some(slot) => self.push_slot(slot),
            None => self.load(NARROW, &place.shape),
        }
        Ok((length, None))
    }

    /// What a system call says is on the stack: not zero where nothing lies under the key.
    fn fail_if_missing(&mut self) {
        self.code
            .extend([I::If(BlockType::Empty), i32c(nothing_there())]);
        self.routine(Routine::Fail);
        self.code.push(I::End);
    }

    /// Reads what lies under a key of a length; what the system call says remains on the stack.
    fn get(&mut self, length: u32) {
        let (out, room) = (self.shared.layout.out, self.shared.layout.longest_out);
        self.room(room);
        self.code
            .extend([i32c(KEY), i32c(length), i32c(out), i32c(LENGTH)]);
        self.import(Import::GetStorage);
    }

    /// Reads a value from where storage was read to; the address to which it goes is pushed by `to`. What the contract wrote
    /// itself can be read.
    fn decode(&mut self, shape: &Shape, to: impl FnOnce(&mut Self)) {
        let out = self.shared.layout.out;
        self.code.push(i32c(out));
        self.code
            .extend([i32c(out), i32c(0), I::I32Load(at(LENGTH)), I::I32Add]);
        to(self);
        self.task(Task::Decode, shape);
        self.code
            .extend([I::I32Eqz, I::If(BlockType::Empty), I::Unreachable, I::End]);
    }

    fn load_whole(&mut self, shape: &Shape, length: u32, zero: bool) {
        let slot = self.slot(shape.room());
        self.get(length);
        if zero {
            self.code.push(I::If(BlockType::Empty));
            self.clear(slot, shape.room());
            self.code.push(I::Else);
            self.decode(shape, |maker| maker.push_slot(slot));
            self.code.push(I::End);
        } else {
            self.fail_if_missing();
            self.decode(shape, |maker| maker.push_slot(slot));
        }
        self.push_slot(slot);
    }

    /// The length of an array in storage, in a local.
    fn array_length(&mut self, length: u32, zero: bool) -> u32 {
        let count = self.new_local(ValType::I32);
        self.code
            .extend([i32c(0), I::I64Const(0), I::I64Store(at(NARROW))]);
        self.room(4);
        self.code
            .extend([i32c(KEY), i32c(length), i32c(NARROW), i32c(LENGTH)]);
        self.import(Import::GetStorage);
        if zero {
            self.code.push(I::Drop);
        } else {
            self.fail_if_missing();
        }
        self.code
            .extend([i32c(0), I::I32Load(at(NARROW)), I::LocalSet(count)]);
        count
    }

    /// The number in a local from one on, as long as it is less than another; the number stands behind the key.
    fn each(
        &mut self,
        length: u32,
        from: u32,
        count: u32,
        turn: impl FnOnce(&mut Self) -> Result<(), TooLarge>,
    ) -> Result<(), TooLarge> {
        self.code
            .extend([I::Block(BlockType::Empty), I::Loop(BlockType::Empty)]);
        self.code
            .extend([I::LocalGet(from), I::LocalGet(count), I::I32GeU, I::BrIf(1)]);
        self.code
            .extend([i32c(0), I::LocalGet(from), I::I32Store(at(KEY + length))]);
        turn(self)?;
        self.code
            .extend([I::LocalGet(from), i32c(1), I::I32Add, I::LocalSet(from)]);
        self.code.extend([I::Br(0), I::End, I::End]);
        Ok(())
    }

    fn load_array(&mut self, place: &Place, length: u32, zero: bool) -> u32 {
        let (item, _) = place.shape.items().unwrap_or((Shape::Unit, None));
        let count = self.array_length(length, zero);
        let (items, to, number) = (
            self.new_local(ValType::I32),
            self.new_local(ValType::I32),
            self.new_local(ValType::I32),
        );
        let slot = self.slot(place.shape.room());
        self.code
            .extend([I::LocalGet(count), i32c(MOST_ITEMS), I::I32GtU]);
        self.code
            .extend([I::If(BlockType::Empty), I::Unreachable, I::End]);
        self.code
            .extend([I::LocalGet(count), i32c(item.room()), I::I32Mul]);
        self.routine(Routine::Alloc);
        self.code.extend([
            I::LocalTee(items),
            I::LocalSet(to),
            i32c(0),
            I::LocalSet(number),
        ]);
        let _ = self.each(length, number, count, |maker| {
            maker.get(length + 4);
            maker.fail_if_missing();
            maker.decode(&item, |maker| maker.code.push(I::LocalGet(to)));
            maker.code.extend([
                I::LocalGet(to),
                i32c(item.room()),
                I::I32Add,
                I::LocalSet(to),
            ]);
            Ok(())
        });
        self.list(slot, count, items);
        self.push_slot(slot);
        count
    }

    /// Writes a list's length, capacity and the address of its items to a slot.
    pub(super) fn list(&mut self, slot: u32, count: u32, items: u32) {
        for (offset, local) in [(0, count), (4, count), (8, items)] {
            self.push_slot(slot);
            self.code
                .extend([I::LocalGet(local), I::I32Store(at(offset))]);
        }
    }

    /// Writes zeros to a slot.
    pub(super) fn clear(&mut self, slot: u32, bytes: u32) {
        self.push_slot(slot);
        self.code.push(i32c(bytes));
        self.routine(Routine::Clear);
    }

    pub(super) fn store(&mut self, place: &Place, value: &Expr) -> Result<(), TooLarge> {
        self.expr(value)?;
        let kept = self.keep(&value.shape);
        let length = self.key(place)?;
        if place.spread {
            return self.store_array(&place.shape, length, kept);
        }
        let shape = &value.shape;
        if shape.is_whole() {
            let out = self.shared.layout.out;
            self.code.extend(kept.map(I::LocalGet));
            self.code.push(i32c(out));
            self.task(Task::Encode, shape);
            self.set_encoded(length, out);
            return Ok(());
        }
        if matches!(shape, Shape::Wide { .. }) {
            self.code.extend([i32c(KEY), i32c(length)]);
            self.code.extend(kept.map(I::LocalGet));
        } else {
            self.put(NARROW, kept, shape);
            self.code.extend([i32c(KEY), i32c(length), i32c(NARROW)]);
        }
        self.code.push(i32c(shape.room()));
        self.import(Import::SetStorage);
        self.code.push(I::Drop);
        Ok(())
    }

    /// Puts what was encoded under the key; the address behind it is on the stack.
    fn set_encoded(&mut self, length: u32, out: u32) {
        let end = self.new_local(ValType::I32);
        self.code.push(I::LocalSet(end));
        self.code.extend([i32c(KEY), i32c(length), i32c(out)]);
        self.code.extend([I::LocalGet(end), i32c(out), I::I32Sub]);
        self.import(Import::SetStorage);
        self.code.push(I::Drop);
    }

    /// Each item goes under its own key; what a longer array left behind is removed.
    fn store_array(
        &mut self,
        shape: &Shape,
        length: u32,
        kept: Option<u32>,
    ) -> Result<(), TooLarge> {
        let (item, _) = shape.items().unwrap_or((Shape::Unit, None));
        let before = self.array_length(length, true);
        let (count, from, number) = (
            self.new_local(ValType::I32),
            self.new_local(ValType::I32),
            self.new_local(ValType::I32),
        );
        let list = kept.unwrap_or(0);
        self.code.extend([I::LocalGet(list), I::I32Load(at(0))]);
        self.code.extend([I::LocalSet(count), I::LocalGet(list)]);
        self.code.extend([I::I32Load(at(8)), I::LocalSet(from)]);
        self.code.extend([i32c(0), I::LocalSet(number)]);
        let out = self.shared.layout.out;
        self.each(length, number, count, |maker| {
            maker.code.extend([I::LocalGet(from), i32c(out)]);
            maker.task(Task::Encode, &item);
            maker.set_encoded(length + 4, out);
            maker.code.extend([
                I::LocalGet(from),
                i32c(item.room()),
                I::I32Add,
                I::LocalSet(from),
            ]);
            Ok(())
        })?;
        self.clear_items(length, number, before)?;
        self.code
            .extend([i32c(0), I::LocalGet(count), I::I32Store(at(NARROW))]);
        self.code
            .extend([i32c(KEY), i32c(length), i32c(NARROW), i32c(4)]);
        self.import(Import::SetStorage);
        self.code.push(I::Drop);
        Ok(())
    }

    fn clear_items(&mut self, length: u32, from: u32, count: u32) -> Result<(), TooLarge> {
        self.each(length, from, count, |maker| {
            maker.clear_key(length + 4);
            Ok(())
        })
    }

    fn clear_key(&mut self, length: u32) {
        self.code.extend([i32c(KEY), i32c(length)]);
        self.import(Import::ClearStorage);
        self.code.push(I::Drop);
    }

    /// Removes what lies at a place.
    pub(super) fn clear_place(&mut self, place: &Place) -> Result<(), TooLarge> {
        let length = self.key(place)?;
        if place.spread {
            let count = self.array_length(length, true);
            self.clear_array(length, count)?;
        }
        self.clear_key(length);
        Ok(())
    }

    fn clear_array(&mut self, length: u32, count: u32) -> Result<(), TooLarge> {
        let number = self.new_local(ValType::I32);
        self.code.extend([i32c(0), I::LocalSet(number)]);
        self.clear_items(length, number, count)
    }

    /// The value of a place, which is empty behind it.
    pub(super) fn take(&mut self, place: &Place) -> Result<(), TooLarge> {
        let (length, count) = self.load_place(place)?;
        if let Some(count) = count {
            self.clear_array(length, count)?;
        }
        self.clear_key(length);
        Ok(())
    }
}
