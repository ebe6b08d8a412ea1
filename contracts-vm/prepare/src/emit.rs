//! One function with the metering in it.
//!
//! The instructions of the contract are copied byte by byte; only `return` becomes a branch. What is added touches no
//! number of a function, a type or a global: the two globals come behind the contract's own, which has therefore no
//! name for them.
//!
//! ```text
//! if stack < FRAME { stack = -1; unreachable }         S1
//! stack = stack - FRAME                                not in a leaf (S2)
//! block
//!     if gas < COST { gas = -1; unreachable }          G2, before each basic block
//!     gas = gas - COST
//!     ...
//! end
//! stack = stack + FRAME                                not in a leaf
//! ```
//!
//! Nothing wraps around: `gas` and `stack` are compared before anything is taken from them, and a value below zero is
//! never there but as the mark of what ran out, behind which nothing runs.

use crate::{
    function::{Change, Plan},
    rules::Rules,
};
use alloc::vec::Vec;
use wasm_encoder::{BlockType, Function, Instruction as I, ValType};

/// Where the metering keeps its state, and by which rules it goes.
pub(crate) struct Metering<'r> {
    /// The global with the gas that is left.
    pub gas: u32,
    /// The global with the slots of stack that are left.
    pub stack: u32,
    /// The rules.
    pub rules: &'r Rules,
}

/// The same type for the encoder. Only these two can be in a module that has been validated.
pub(crate) fn val_type(ty: wasmparser::ValType) -> ValType {
    if ty == wasmparser::ValType::I64 {
        ValType::I64
    } else {
        ValType::I32
    }
}

impl Metering<'_> {
    /// The function of a plan; `code` is the module that the plan was made for.
    pub fn function(&self, code: &[u8], plan: &Plan) -> Function {
        let mut locals: Vec<(u32, ValType)> = plan
            .locals
            .iter()
            .map(|(count, ty)| (*count, val_type(*ty)))
            .collect();
        if plan.grows {
            locals.extend([(1, ValType::I32), (1, ValType::I64)]);
        }
        let mut out = Function::new(locals);
        let frame = i32::try_from(plan.frame).unwrap_or(i32::MAX);
        self.enter(&mut out, frame);
        if !plan.leaf {
            self.take(&mut out, frame);
            let ty = plan
                .result
                .map_or(BlockType::Empty, |ty| BlockType::Result(val_type(ty)));
            out.instruction(&I::Block(ty));
        }
        self.body(&mut out, code, plan);
        if !plan.leaf {
            out.instruction(&I::GlobalGet(self.stack))
                .instruction(&I::I32Const(frame))
                .instruction(&I::I32Add)
                .instruction(&I::GlobalSet(self.stack))
                .instruction(&I::End);
        }
        out
    }

    /// The contract's own instructions, and the charges between them.
    fn body(&self, out: &mut Function, code: &[u8], plan: &Plan) {
        let mut copied = plan.start;
        for edit in &plan.edits {
            copy(out, code, copied, edit.at);
            copied = edit.at;
            match edit.what {
                Change::Charge(cost) => self.charge(out, cost),
                Change::Return(depth) if !plan.leaf => {
                    out.instruction(&I::Br(depth));
                    // `return` is one byte.
                    copied = copied.saturating_add(1);
                }
                Change::Return(_) => (),
                Change::Grow => self.charge_grow(out, plan.local_count),
            }
        }
        copy(out, code, copied, plan.end);
    }

    fn enter(&self, out: &mut Function, frame: i32) {
        out.instruction(&I::GlobalGet(self.stack))
            .instruction(&I::I32Const(frame))
            .instruction(&I::I32LtU)
            .instruction(&I::If(BlockType::Empty))
            .instruction(&I::I32Const(-1))
            .instruction(&I::GlobalSet(self.stack))
            .instruction(&I::Unreachable)
            .instruction(&I::End);
    }

    fn take(&self, out: &mut Function, frame: i32) {
        out.instruction(&I::GlobalGet(self.stack))
            .instruction(&I::I32Const(frame))
            .instruction(&I::I32Sub)
            .instruction(&I::GlobalSet(self.stack));
    }

    fn charge(&self, out: &mut Function, cost: u64) {
        let cost = I::I64Const(i64::try_from(cost).unwrap_or(i64::MAX));
        self.charge_value(out, &cost);
    }

    /// Charges what `cost` pushes.
    fn charge_value(&self, out: &mut Function, cost: &I<'_>) {
        out.instruction(&I::GlobalGet(self.gas))
            .instruction(cost)
            .instruction(&I::I64LtU)
            .instruction(&I::If(BlockType::Empty))
            .instruction(&I::I64Const(-1))
            .instruction(&I::GlobalSet(self.gas))
            .instruction(&I::Unreachable)
            .instruction(&I::End)
            .instruction(&I::GlobalGet(self.gas))
            .instruction(cost)
            .instruction(&I::I64Sub)
            .instruction(&I::GlobalSet(self.gas));
    }

    /// Charges for the pages on top of the stack, which stay there. No more than the limit is paid for: what is asked
    /// for beyond it is not given.
    fn charge_grow(&self, out: &mut Function, first: u32) {
        let (pages, cost) = (first, first.saturating_add(1));
        let limit = i32::try_from(self.rules.limits.memory_pages).unwrap_or(i32::MAX);
        out.instruction(&I::LocalTee(pages))
            .instruction(&I::I32Const(limit))
            .instruction(&I::LocalGet(pages))
            .instruction(&I::I32Const(limit))
            .instruction(&I::I32LtU)
            .instruction(&I::Select)
            .instruction(&I::I64ExtendI32U)
            .instruction(&I::I64Const(i64::from(self.rules.costs.page)))
            .instruction(&I::I64Mul)
            .instruction(&I::LocalSet(cost));
        self.charge_value(out, &I::LocalGet(cost));
        out.instruction(&I::LocalGet(pages));
    }
}

/// Copies bytes of the module. The places come from the parser and lie within it.
fn copy(out: &mut Function, code: &[u8], from: usize, to: usize) {
    out.raw(code.get(from..to).unwrap_or_default().iter().copied());
}
