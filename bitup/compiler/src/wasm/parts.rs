//! Values that are made of parts, and changes of their parts.

use super::{
    TooLarge,
    body::{Home, Maker, register},
    runtime::{Import, Routine, at, i32c},
    tasks::{self, Task},
};
use crate::ir::{Expr, ExprKind, LIST_ROOM, Path, Shape, Step};
use wasm_encoder::{BlockType, Instruction as I, ValType};

impl Maker<'_, '_> {
    /// Does something with a value; the arguments are on the stack.
    pub(super) fn task(&mut self, task: Task, shape: &Shape) {
        let code = tasks::instructions(self.shared, task, shape);
        self.code.extend(code);
    }

    /// Literal bytes; bytes of any number and texts as lists.
    pub(super) fn constant(&mut self, bytes: &[u8], shape: &Shape) -> u32 {
        let at = self.shared.constant(bytes);
        if !matches!(shape, Shape::Bytes { .. }) {
            return at;
        }
        let length = super::count(bytes.len());
        let list: Vec<u8> = [length, length, at]
            .iter()
            .flat_map(|number| number.to_le_bytes())
            .collect();
        self.shared.constant(&list)
    }

    /// The value at the address on the stack, behind so many bytes.
    pub(super) fn load_at(&mut self, offset: u32, shape: &Shape) {
        let load = match shape {
            Shape::Unit => I::Drop,
            Shape::Bool => I::I32Load8U(at(offset)),
            Shape::Choice(_) => I::I64Load8U(at(offset)),
            Shape::Narrow(integer) => match (integer.bits, integer.signed) {
                (8, false) => I::I64Load8U(at(offset)),
                (8, true) => I::I64Load8S(at(offset)),
                (16, false) => I::I64Load16U(at(offset)),
                (16, true) => I::I64Load16S(at(offset)),
                (32, false) => I::I64Load32U(at(offset)),
                (32, true) => I::I64Load32S(at(offset)),
                _ => I::I64Load(at(offset)),
            },
            _ if offset == 0 => return,
            _ => {
                self.code.push(i32c(offset));
                I::I32Add
            }
        };
        self.code.push(load);
    }

    /// Writes a value; the address and the value are on the stack.
    fn store_at(&mut self, shape: &Shape) {
        match shape {
            Shape::Unit => self.code.push(I::Drop),
            Shape::Bool => self.code.push(I::I32Store8(at(0))),
            Shape::Choice(_) => self.code.push(I::I64Store8(at(0))),
            Shape::Narrow(integer) => self.code.push(match integer.bits {
                8 => I::I64Store8(at(0)),
                16 => I::I64Store16(at(0)),
                32 => I::I64Store32(at(0)),
                _ => I::I64Store(at(0)),
            }),
            _ => self.copy(shape.room()),
        }
    }

    fn push_part(&mut self, slot: u32, offset: u32) {
        self.push_slot(slot);
        if offset > 0 {
            self.code.extend([i32c(offset), I::I32Add]);
        }
    }

    /// A local with what is on the stack.
    fn held(&mut self, ty: ValType) -> u32 {
        let local = self.new_local(ty);
        self.code.push(I::LocalSet(local));
        local
    }

    /// An expression over parts.
    pub(super) fn of_parts(&mut self, value: &Expr) -> Result<(), TooLarge> {
        let shape = &value.shape;
        match &value.kind {
            ExprKind::Zero => match register(shape) {
                Some(ValType::I32) if shape.in_memory() => {
                    let slot = self.slot(shape.room());
                    self.clear(slot, shape.room());
                    self.push_slot(slot);
                }
                Some(ValType::I32) => self.code.push(i32c(0)),
                Some(_) => self.code.push(I::I64Const(0)),
                None => {}
            },
            ExprKind::Copy(inner) => {
                if !shape.in_memory() {
                    return self.expr(inner);
                }
                let slot = self.slot(shape.room());
                self.push_slot(slot);
                self.expr(inner)?;
                self.copy(shape.room());
                if shape.has_list() {
                    self.push_slot(slot);
                    self.task(Task::Own, shape);
                }
                self.push_slot(slot);
            }
            ExprKind::Parts(parts) => self.parts(parts, shape)?,
            ExprKind::Variant(number, fields) => {
                let slot = self.slot(shape.room());
                for (field, part) in fields.iter().enumerate() {
                    let offset = shape
                        .payload(*number, field)
                        .map_or(0, |(offset, _)| offset);
                    self.push_part(slot, offset);
                    self.expr(part)?;
                    self.store_at(&part.shape);
                }
                self.push_slot(slot);
                self.code
                    .extend([i32c(super::count(*number)), I::I32Store(at(0))]);
                self.push_slot(slot);
            }
            ExprKind::Field(whole, field) => {
                self.expr(whole)?;
                let offset = whole.shape.field(*field).map_or(0, |(offset, _)| offset);
                self.load_at(offset, shape);
            }
            ExprKind::Tag(whole) => {
                self.expr(whole)?;
                self.code.push(I::I64Load32U(at(0)));
            }
            ExprKind::Payload(whole, variant, field) => {
                self.expr(whole)?;
                let found = whole.shape.payload(*variant, *field);
                self.load_at(found.map_or(0, |(offset, _)| offset), shape);
            }
            ExprKind::Else(option, other) => {
                self.expr(option)?;
                let kept = self.held(ValType::I32);
                self.code.extend([I::LocalGet(kept), I::I32Load(at(0))]);
                let ty = register(shape).map_or(BlockType::Empty, BlockType::Result);
                self.code.push(I::If(ty));
                self.code.push(I::LocalGet(kept));
                let offset = option.shape.payload(1, 0).map_or(0, |(offset, _)| offset);
                self.load_at(offset, shape);
                self.code.push(I::Else);
                self.depth += 1;
                self.expr(other)?;
                self.depth -= 1;
                self.code.push(I::End);
            }
            ExprKind::Item(list, index) => {
                self.expr(list)?;
                self.item(&list.shape, index)?;
                self.load_at(0, shape);
            }
            ExprKind::Length(list) => {
                self.expr(list)?;
                self.code.push(I::I64Load32U(at(0)));
            }
            ExprKind::Join(first, second) => {
                let slot = self.slot(LIST_ROOM);
                self.push_slot(slot);
                self.expr(first)?;
                self.expr(second)?;
                self.routine(Routine::Join);
                self.push_slot(slot);
            }
            ExprKind::Slice(parts) => {
                let slot = self.slot(LIST_ROOM);
                self.push_slot(slot);
                for part in parts.iter() {
                    self.expr(part)?;
                }
                self.routine(match shape {
                    Shape::Bytes { text: true } => Routine::SliceText,
                    _ => Routine::Slice,
                });
                self.push_slot(slot);
            }
            ExprKind::Blake2(bytes) => {
                self.expr(bytes)?;
                let list = self.held(ValType::I32);
                let slot = self.slot(32);
                self.code.extend([I::LocalGet(list), I::I32Load(at(8))]);
                self.code.extend([I::LocalGet(list), I::I32Load(at(0))]);
                self.push_slot(slot);
                self.import(Import::Blake2);
                self.push_slot(slot);
            }
            _ => {}
        }
        Ok(())
    }

    /// An object or an array of its parts.
    fn parts(&mut self, parts: &[Expr], shape: &Shape) -> Result<(), TooLarge> {
        let slot = self.slot(shape.room());
        if let Shape::List(item) = shape {
            let count = super::count(parts.len());
            self.code.push(i32c(count.saturating_mul(item.room())));
            self.routine(Routine::Alloc);
            let items = self.held(ValType::I32);
            for (number, part) in (0..count).zip(parts) {
                self.code.push(I::LocalGet(items));
                self.code
                    .extend([i32c(number.saturating_mul(item.room())), I::I32Add]);
                self.expr(part)?;
                self.store_at(&part.shape);
            }
            self.code.push(i32c(count));
            let count = self.held(ValType::I32);
            self.list(slot, count, items);
        } else {
            let mut offset = 0;
            for part in parts {
                self.push_part(slot, offset);
                self.expr(part)?;
                self.store_at(&part.shape);
                offset += part.shape.room();
            }
        }
        self.push_slot(slot);
        Ok(())
    }

    /// From the address of a list, on the stack, to that of one of its items.
    fn item(&mut self, list: &Shape, index: &Expr) -> Result<(), TooLarge> {
        let (item, fixed) = list.items().unwrap_or((Shape::Unit, None));
        let kept = self.held(ValType::I32);
        match fixed {
            Some(count) => self.code.push(i32c(count)),
            None => self.code.extend([I::LocalGet(kept), I::I32Load(at(0))]),
        }
        self.expr(index)?;
        self.routine(Routine::Index);
        if item.room() != 1 {
            self.code.extend([i32c(item.room()), I::I32Mul]);
        }
        self.code.push(I::LocalGet(kept));
        if fixed.is_none() {
            self.code.push(I::I32Load(at(8)));
        }
        self.code.push(I::I32Add);
        Ok(())
    }

    /// The address of a part of a local; gives the part's shape.
    fn path(&mut self, path: &Path) -> Result<Shape, TooLarge> {
        match self.homes[path.local] {
            Home::Slot(slot) => self.push_slot(slot),
            Home::Pointer(local) | Home::Register(local) => self.code.push(I::LocalGet(local)),
        }
        let mut shape = self.shapes[path.local].clone();
        for step in &path.steps {
            let part = match step {
                Step::Field(number) => {
                    let (offset, part) = shape.field(*number).unwrap_or((0, Shape::Unit));
                    if offset > 0 {
                        self.code.extend([i32c(offset), I::I32Add]);
                    }
                    part
                }
                Step::Item(index) => {
                    self.item(&shape, index)?;
                    shape.items().map_or(Shape::Unit, |(item, _)| item)
                }
            };
            shape = part;
        }
        Ok(shape)
    }

    pub(super) fn put_part(&mut self, path: &Path, value: &Expr) -> Result<(), TooLarge> {
        self.expr(value)?;
        let kept = self.keep(&value.shape);
        self.path(path)?;
        self.code.extend(kept.map(I::LocalGet));
        self.store_at(&value.shape);
        Ok(())
    }

    pub(super) fn push_item(&mut self, path: &Path, value: &Expr) -> Result<(), TooLarge> {
        self.expr(value)?;
        let kept = self.keep(&value.shape);
        self.path(path)?;
        self.code.push(i32c(value.shape.room()));
        self.routine(Routine::Push);
        self.code.extend(kept.map(I::LocalGet));
        self.store_at(&value.shape);
        Ok(())
    }

    pub(super) fn pop_item(&mut self, path: &Path, local: usize) -> Result<(), TooLarge> {
        self.path(path)?;
        let shape = self.shapes[local].clone();
        self.code.push(i32c(shape.room()));
        self.routine(Routine::Pop);
        self.load_at(0, &shape);
        self.arrived(local);
        Ok(())
    }

    /// Puts the value on the stack in a local of the program.
    pub(super) fn arrived(&mut self, local: usize) {
        let shape = self.shapes[local].clone();
        match self.homes[local] {
            Home::Register(register) => self.code.push(I::LocalSet(register)),
            Home::Slot(slot) => {
                let kept = self.held(ValType::I32);
                self.push_slot(slot);
                self.code.push(I::LocalGet(kept));
                self.copy(shape.room());
            }
            // Parameters do not change.
            Home::Pointer(_) => self.code.push(I::Drop),
        }
    }

    pub(super) fn change(
        &mut self,
        path: &Path,
        function: usize,
        arguments: &[Expr],
        local: Option<usize>,
    ) -> Result<(), TooLarge> {
        let mut kept = Vec::new();
        for argument in arguments {
            self.expr(argument)?;
            kept.push(self.keep(&argument.shape));
        }
        let result = local.map(|local| self.shapes[local].clone());
        let slot = result
            .filter(Shape::in_memory)
            .map(|shape| self.slot(shape.room()));
        if let Some(slot) = slot {
            self.push_slot(slot);
        }
        self.path(path)?;
        self.code
            .extend(kept.into_iter().flatten().map(I::LocalGet));
        let target = self.shared.function(function);
        self.code.push(I::Call(target));
        if let Some(slot) = slot {
            self.push_slot(slot);
        }
        if let Some(local) = local {
            self.arrived(local);
        }
        Ok(())
    }
}
