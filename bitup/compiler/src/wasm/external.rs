//! Calls of other contracts: what goes there and comes back stands where results and events stand.

use super::{
    LENGTH, TooLarge,
    body::Maker,
    runtime::{Import, at, i32c},
    tasks::Task,
};
use crate::ir::{ADDRESS, Expr, ExprKind, Outside, Shape, Stmt};
use wasm_encoder::{BlockType, Instruction as I, ValType};

/// The flag of a call in which nothing may be written.
const READ_ONLY: u32 = 16;

impl Maker<'_, '_> {
    /// Makes the call. On the stack remains whether it was done and gave what its type says; the result is behind two bytes
    /// that say "understood" and "done", or, when it is made of parts, in the slot that is given.
    pub(super) fn external(
        &mut self,
        target: &Expr,
        selector: [u8; 4],
        outside: &Outside,
        shape: &Shape,
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

    pub(super) fn try_(
        &mut self,
        call: &Expr,
        local: Option<usize>,
        body: &[Stmt],
        catch: &[Stmt],
    ) -> Result<(), TooLarge> {
        let ExprKind::External(target, selector, outside) = &call.kind else {
            // Tests are never built.
            self.code.push(I::Unreachable);
            return Ok(());
        };
        let slot = self.external(target, *selector, outside, &call.shape)?;
        self.code.push(I::If(BlockType::Empty));
        if let Some(local) = local.filter(|_| call.shape != Shape::Unit) {
            self.outside_result(&call.shape, slot);
            self.arrived(local);
        }
        self.inside(body)?;
        self.code.push(I::Else);
        self.inside(catch)?;
        self.code.push(I::End);
        Ok(())
    }
}
