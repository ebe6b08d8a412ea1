//! Calls of other contracts: what goes there and comes back stands where results and events stand.

use super::{
    LENGTH, TooLarge,
    body::Maker,
    runtime::{Import, Routine, at, i32c},
    tasks::Task,
};
use crate::ir::{ADDRESS, Expr, ExprKind, LIST_ROOM, Outside, Shape, Tried};
use wasm_encoder::{BlockType, Instruction as I, ValType};

/// The flag of a call in which nothing may be written.
const READ_ONLY: u32 = 16;
/// What the system call says when the other contract undid what it did.
const REVERTED: u32 = 2;

impl Maker<'_, '_> {
    /// Makes the call. On the stack remains whether it was done and gave what its type says; the result is behind two bytes
    /// that say "understood" and "done", or, when it is made of parts, in the slot that is given. What the system call says
    /// goes into a local.
    pub(super) fn external(
        &mut self,
        target: &Expr,
        selector: [u8; 4],
        outside: &Outside,
        shape: &Shape,
        says: Option<u32>,
    ) -> Result<Option<u32>, TooLarge> {
        self.expr(target)?;
        let target = self.keep(&ADDRESS).unwrap_or(0);
        let arguments = self.keep_all(&outside.arguments)?;
        let mut options = [None, None];
        for (kept, option) in options.iter_mut().zip([&outside.value, &outside.gas]) {
            if let Some(option) = option {
                self.expr(option)?;
                *kept = self.keep(&option.shape);
            }
        }
        let [value, gas] = options;
        let selector = u32::from_le_bytes(selector);
        let out = self.shared.layout.out;
        let what = format!("the call of `{}`", outside.name);
        let written = self.write_all(4, &arguments, &what)?;
        self.code
            .extend([i32c(0), i32c(selector), I::I32Store(at(out))]);
        self.room(self.shared.layout.longest_out);
        let flags = if outside.reads { READ_ONLY } else { 0 };
        self.code.extend([i32c(flags), I::LocalGet(target)]);
        self.code.push(gas.map_or(I::I64Const(0), I::LocalGet));
        let nothing = self.shared.constant(&[0; 16]);
        self.code.push(value.map_or(i32c(nothing), I::LocalGet));
        self.code.push(i32c(out));
        self.push_length(written);
        self.code.extend([i32c(out), i32c(LENGTH)]);
        self.import(Import::Call);
        self.code.extend(says.map(I::LocalTee));
        self.code.push(I::I32Eqz);
        // Long enough, understood and done.
        let least = if shape.is_whole() { 0 } else { shape.room() };
        self.code.extend([i32c(0), I::I32Load(at(LENGTH))]);
        self.code.extend([i32c(2 + least), I::I32GeU, I::I32And]);
        self.code
            .extend([i32c(0), I::I32Load16U(at(out)), I::I32Eqz, I::I32And]);
        if shape.is_whole() {
            let slot = self.slot(shape.room());
            self.code.push(I::If(BlockType::Result(ValType::I32)));
            self.code.push(i32c(out + 2));
            self.code
                .extend([i32c(out), i32c(0), I::I32Load(at(LENGTH)), I::I32Add]);
            self.push_slot(slot);
            self.task(Task::Decode, shape);
            self.code
                .extend([i32c(0), I::I32Ne, I::Else, i32c(0), I::End]);
            return Ok(Some(slot));
        }
        let most = match shape {
            Shape::Bool => Some(1),
            Shape::Choice(count) => Some(u32::from(*count).saturating_sub(1)),
            _ => None,
        };
        if let Some(most) = most {
            self.code.extend([i32c(0), I::I32Load8U(at(out + 2))]);
            self.code.extend([i32c(most), I::I32LeU, I::I32And]);
        }
        Ok(None)
    }

    /// What the call gave; what is made of parts is in a slot already.
    pub(super) fn outside_result(&mut self, shape: &Shape, slot: Option<u32>) {
        let out = self.shared.layout.out;
        match (slot, shape) {
            (Some(slot), _) => self.push_slot(slot),
            (None, Shape::Wide { bytes, .. }) => {
                let slot = self.slot(*bytes);
                self.push_slot(slot);
                self.code.push(i32c(out + 2));
                self.copy(*bytes);
                self.push_slot(slot);
            }
            _ => self.load(out + 2, shape),
        }
    }

    pub(super) fn try_(&mut self, tried: &Tried) -> Result<(), TooLarge> {
        let call = &tried.call;
        let ExprKind::External(target, selector, outside) = &call.kind else {
            // Tests are never built.
            self.code.push(I::Unreachable);
            return Ok(());
        };
        let says = tried.error.map(|_| self.new_local(ValType::I32));
        let slot = self.external(target, *selector, outside, &call.shape, says)?;
        self.code.push(I::If(BlockType::Empty));
        if let Some(local) = tried.result.filter(|_| call.shape != Shape::Unit) {
            self.outside_result(&call.shape, slot);
            self.arrived(local);
        }
        self.inside(&tried.body)?;
        self.code.push(I::Else);
        if let (Some(says), Some(local)) = (says, tried.error) {
            self.failed_with(says);
            self.arrived(local);
        }
        self.inside(&tried.catch)?;
        self.code.push(I::End);
        Ok(())
    }

    /// The bytes that a failed call gave back: none where it trapped or was not made.
    fn failed_with(&mut self, says: u32) {
        let out = self.shared.layout.out;
        let slot = self.slot(LIST_ROOM);
        let (count, items) = (self.new_local(ValType::I32), self.new_local(ValType::I32));
        self.clear(slot, LIST_ROOM);
        self.code
            .extend([I::LocalGet(says), i32c(REVERTED), I::I32Eq]);
        self.code.push(I::If(BlockType::Empty));
        self.code
            .extend([i32c(0), I::I32Load(at(LENGTH)), I::LocalTee(count)]);
        self.routine(Routine::Alloc);
        self.code
            .extend([I::LocalTee(items), i32c(out), I::LocalGet(count)]);
        self.routine(Routine::Move);
        self.list(slot, count, items);
        self.code.push(I::End);
        self.push_slot(slot);
    }
}
