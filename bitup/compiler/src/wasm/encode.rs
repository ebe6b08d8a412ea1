//! What leaves the contract: values behind each other, at one place.

use super::{
    NARROW, TooLarge,
    body::Maker,
    runtime::{Import, Routine, at, i32c},
    tasks::Task,
};
use crate::ir::{Expr, Shape};
use wasm_encoder::{BlockType, Instruction as I, ValType};

/// A value that was computed: its local, and its shape.
pub(super) type Kept = (Option<u32>, Shape);

/// How far values reach that were written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Written {
    /// So many bytes.
    Bytes(u32),
    /// Up to the address in a local.
    Until(u32),
}

impl Maker<'_, '_> {
    /// Computes values, and keeps them.
    pub(super) fn keep_all(&mut self, values: &[Expr]) -> Result<Vec<Kept>, TooLarge> {
        let mut kept = Vec::new();
        for value in values {
            self.expr(value)?;
            kept.push((self.keep(&value.shape), value.shape.clone()));
        }
        Ok(kept)
    }

    /// Writes values behind so many bytes of what leaves the contract.
    pub(super) fn write_all(
        &mut self,
        start: u32,
        values: &[Kept],
        what: &str,
    ) -> Result<Written, TooLarge> {
        let (out, longest) = (self.shared.layout.out, self.shared.layout.longest_out);
        let mut length = start;
        let mut end = None;
        for (local, shape) in values {
            if let (None, Some(bytes)) = (end, shape.fixed()) {
                if length.saturating_add(bytes) > longest {
                    return Err(TooLarge {
                        what: what.to_owned(),
                    });
                }
                self.put(out + length, *local, shape);
                length += bytes;
                continue;
            }
            let end = *end.get_or_insert_with(|| {
                let end = self.new_local(ValType::I32);
                self.code.extend([i32c(out + length), I::LocalSet(end)]);
                end
            });
            if shape.in_memory() {
                self.code.extend(local.map(I::LocalGet));
            } else {
                self.put(NARROW, *local, shape);
                self.code.push(i32c(NARROW));
            }
            self.code.push(I::LocalGet(end));
            self.task(Task::Encode, shape);
            self.code.push(I::LocalSet(end));
        }
        Ok(end.map_or(Written::Bytes(length), Written::Until))
    }

    /// How many bytes were written, those in front among them.
    pub(super) fn push_length(&mut self, written: Written) {
        match written {
            Written::Bytes(length) => self.code.push(i32c(length)),
            Written::Until(end) => {
                let out = self.shared.layout.out;
                self.code.extend([I::LocalGet(end), i32c(out), I::I32Sub]);
            }
        }
    }

    /// A topic of an event: the value, with zeros behind it, or its hash when it is longer.
    pub(super) fn topic(&mut self, address: u32, local: Option<u32>, shape: &Shape) {
        let zeros = |maker: &mut Self| {
            for offset in (0..32).step_by(8) {
                maker
                    .code
                    .extend([i32c(0), I::I64Const(0), I::I64Store(at(address + offset))]);
            }
        };
        if !shape.is_whole() {
            if shape.room() < 32 {
                zeros(self);
            }
            return self.put(address, local, shape);
        }
        let out = self.shared.layout.out;
        self.code.extend(local.map(I::LocalGet));
        self.code.push(i32c(out));
        self.task(Task::Encode, shape);
        let length = self.new_local(ValType::I32);
        self.code
            .extend([i32c(out), I::I32Sub, I::LocalTee(length)]);
        self.code
            .extend([i32c(32), I::I32GtU, I::If(BlockType::Empty)]);
        self.code
            .extend([i32c(out), I::LocalGet(length), i32c(address)]);
        self.import(Import::Blake2);
        self.code.push(I::Else);
        zeros(self);
        self.code
            .extend([i32c(address), i32c(out), I::LocalGet(length)]);
        self.routine(Routine::Move);
        self.code.push(I::End);
    }
}
