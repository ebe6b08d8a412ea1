//! Calls of other contracts: what goes there and comes back stands where results and events stand.

use super::{
    LENGTH, LONGEST_OUT, OUT, TooLarge,
    body::{Home, Maker},
    runtime::{Import, at, i32c},
};
use crate::ir::{ADDRESS, Expr, ExprKind, Outside, Shape, Stmt};
use wasm_encoder::{BlockType, Instruction as I};

/// The flag of a call in which nothing may be written.
const READ_ONLY: u32 = 16;

impl Maker<'_, '_> {
    /// Makes the call. On the stack remains whether it was done and gave what its type says; the result is behind two bytes
    /// that say "understood" and "done".
    pub(super) fn external(
        &mut self,
        target: &Expr,
        selector: [u8; 4],
        outside: &Outside,
        shape: Shape,
    ) -> Result<(), TooLarge> {
        self.expr(target)?;
        let target = self.keep(ADDRESS).unwrap_or(0);
        let mut kept = Vec::new();
        for argument in &outside.arguments {
            self.expr(argument)?;
            kept.push(self.keep(argument.shape));
        }
        let mut options = [None, None];
        for (kept, option) in options.iter_mut().zip([&outside.value, &outside.gas]) {
            if let Some(option) = option {
                self.expr(option)?;
                *kept = self.keep(option.shape);
            }
        }
        let [value, gas] = options;
        let selector = u32::from_le_bytes(selector);
        self.code
            .extend([i32c(0), i32c(selector), I::I32Store(at(OUT))]);
        let mut length = 4_u32;
        for (argument, local) in outside.arguments.iter().zip(kept) {
            if length.saturating_add(argument.shape.bytes()) > LONGEST_OUT {
                return Err(TooLarge {
                    what: format!("the call of `{}`", outside.name),
                });
            }
            self.put(OUT + length, local, argument.shape);
            length += argument.shape.bytes();
        }
        self.room(LONGEST_OUT);
        let flags = if outside.reads { READ_ONLY } else { 0 };
        self.code.extend([i32c(flags), I::LocalGet(target)]);
        self.code.push(gas.map_or(I::I64Const(0), I::LocalGet));
        let nothing = self.shared.constant(&[0; 16]);
        self.code.push(value.map_or(i32c(nothing), I::LocalGet));
        self.code
            .extend([i32c(OUT), i32c(length), i32c(OUT), i32c(LENGTH)]);
        self.import(Import::Call);
        self.code.push(I::I32Eqz);
        // Long enough, understood and done.
        self.code.extend([i32c(0), I::I32Load(at(LENGTH))]);
        self.code
            .extend([i32c(2 + shape.bytes()), I::I32GeU, I::I32And]);
        self.code
            .extend([i32c(0), I::I32Load16U(at(OUT)), I::I32Eqz, I::I32And]);
        let most = match shape {
            Shape::Bool => Some(1),
            Shape::Choice(count) => Some(u32::from(count).saturating_sub(1)),
            _ => None,
        };
        if let Some(most) = most {
            self.code.extend([i32c(0), I::I32Load8U(at(OUT + 2))]);
            self.code.extend([i32c(most), I::I32LeU, I::I32And]);
        }
        Ok(())
    }

    /// What the call gave.
    pub(super) fn outside_result(&mut self, shape: Shape) {
        if let Shape::Wide { bytes, .. } = shape {
            let slot = self.slot(bytes);
            self.push_slot(slot);
            self.code.push(i32c(OUT + 2));
            self.copy(bytes);
            self.push_slot(slot);
        } else {
            self.load(OUT + 2, shape);
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
        self.external(target, *selector, outside, call.shape)?;
        self.code.push(I::If(BlockType::Empty));
        let local = local.filter(|_| call.shape != Shape::Unit);
        match local.map(|local| self.homes[local]) {
            Some(Home::Register(register)) => {
                self.load(OUT + 2, call.shape);
                self.code.push(I::LocalSet(register));
            }
            Some(Home::Slot(slot)) => {
                self.push_slot(slot);
                self.code.push(i32c(OUT + 2));
                self.copy(call.shape.bytes());
            }
            Some(Home::Pointer(_)) | None => {}
        }
        self.inside(body)?;
        self.code.push(I::Else);
        self.inside(catch)?;
        self.code.push(I::End);
        Ok(())
    }
}
