//! Where a contract is entered.

use super::{
    INPUT, LENGTH, Shared, Signature, TooLarge,
    body::Maker,
    runtime::{Import, Routine, at, i32c},
    tasks::Task,
};
use crate::ir::{Entry, NOT_PERMITTED, Shape};
use wasm_encoder::{BlockType, Function, Instruction as I, ValType};

/// The entry that makes a contract.
pub(super) fn deploy(shared: &mut Shared<'_>) -> Result<(Signature, Function), TooLarge> {
    let constructor = shared.module.constructor.clone();
    let mut maker = Maker::new(shared, 0, Shape::Unit);
    maker.read_input();
    maker.entry(&constructor)?;
    maker.routine(Routine::Malformed);
    Ok(((Vec::new(), Vec::new()), maker.finish(false)))
}

/// The entry of all calls.
pub(super) fn call(shared: &mut Shared<'_>) -> Result<(Signature, Function), TooLarge> {
    let messages = shared.module.messages.clone();
    let mut maker = Maker::new(shared, 0, Shape::Unit);
    maker.read_input();
    for message in &messages {
        maker.entry(message)?;
    }
    maker.routine(Routine::Malformed);
    Ok(((Vec::new(), Vec::new()), maker.finish(false)))
}

impl Maker<'_, '_> {
    fn read_input(&mut self) {
        self.room(self.shared.layout.longest_input);
        self.code.extend([i32c(INPUT), i32c(LENGTH)]);
        self.import(Import::Input);
        self.input = self.new_local(ValType::I32);
        self.code
            .extend([i32c(0), I::I32Load(at(LENGTH)), I::LocalSet(self.input)]);
        self.at_least(4);
    }

    /// Refuses an input that is shorter.
    fn at_least(&mut self, bytes: u32) {
        self.code
            .extend([I::LocalGet(self.input), i32c(bytes), I::I32LtU]);
        self.malformed_if();
    }

    /// Refuses the input when the condition on the stack holds.
    fn malformed_if(&mut self) {
        self.code.push(I::If(BlockType::Empty));
        self.routine(Routine::Malformed);
        self.code.push(I::End);
    }

    /// One method or constructor, when the input asks for it.
    fn entry(&mut self, entry: &Entry) -> Result<(), TooLarge> {
        let function = self.shared.module.functions[entry.function].clone();
        let selector = u32::from_le_bytes(entry.selector);
        self.code.extend([
            i32c(0),
            I::I32Load(at(INPUT)),
            i32c(selector),
            I::I32Eq,
            I::If(BlockType::Empty),
        ]);
        self.depth += 1;
        if !entry.payable {
            self.routine(Routine::NoTokens);
        }
        let shapes = &function.locals[..function.parameters];
        let what = format!("the head of `{}`", entry.name);
        let slots = if shapes.iter().any(Shape::is_whole) {
            Some(self.read_parameters(shapes))
        } else {
            let length: u32 = shapes.iter().map(Shape::room).sum();
            if length + 4 > self.shared.layout.longest_input {
                return Err(TooLarge { what });
            }
            if length > 0 {
                self.at_least(4 + length);
            }
            self.check_input(shapes);
            None
        };
        if let Some((first, others)) = entry.callers.split_first() {
            self.expr(first)?;
            for other in others {
                self.expr(other)?;
                self.code.push(I::I32Or);
            }
            self.code.push(I::I32Eqz);
            self.fail_if(NOT_PERMITTED);
        }
        // The result is written last: what is done before may use the same room.
        let result = &function.result;
        let slot = result.in_memory().then(|| self.slot(result.room()));
        if let Some(slot) = slot {
            self.push_slot(slot);
        }
        let mut address = INPUT + 4;
        for (number, shape) in shapes.iter().enumerate() {
            if let Some(slots) = &slots {
                self.push_slot(slots[number]);
                self.load_at(0, shape);
            } else {
                self.load(address, shape);
                address += shape.room();
            }
        }
        let target = self.shared.function(entry.function);
        self.code.push(I::Call(target));
        if let Some(slot) = slot {
            self.push_slot(slot);
        }
        let kept = self.keep(result);
        if let Some(invariants) = self.shared.module.invariants.filter(|_| entry.writes) {
            let target = self.shared.function(invariants);
            self.code.push(I::Call(target));
        }
        let out = self.shared.layout.out;
        let written = self.write_all(2, &[(kept, result.clone())], &what)?;
        self.code.extend([i32c(0), i32c(0), I::I32Store16(at(out))]);
        self.code.extend([i32c(0), i32c(out)]);
        self.push_length(written);
        self.import(Import::Return);
        self.code.extend([I::Unreachable, I::End]);
        self.depth -= 1;
        Ok(())
    }

    /// Reads parameters, of which some have no fixed length, into slots.
    fn read_parameters(&mut self, shapes: &[Shape]) -> Vec<u32> {
        let at = self.new_local(ValType::I32);
        let end = self.new_local(ValType::I32);
        self.code.extend([i32c(INPUT + 4), I::LocalSet(at)]);
        self.code.extend([i32c(INPUT), I::LocalGet(self.input)]);
        self.code.extend([I::I32Add, I::LocalSet(end)]);
        let mut slots = Vec::new();
        for shape in shapes {
            let slot = self.slot(shape.room());
            self.code.extend([I::LocalGet(at), I::LocalGet(end)]);
            self.push_slot(slot);
            self.task(Task::Decode, shape);
            self.code.extend([I::LocalTee(at), I::I32Eqz]);
            self.malformed_if();
            slots.push(slot);
        }
        slots
    }

    /// Truth values of the input are 0 or 1, and variants are there.
    fn check_input(&mut self, shapes: &[Shape]) {
        let mut address = INPUT + 4;
        for shape in shapes {
            let most = match shape {
                Shape::Bool => Some(1),
                Shape::Choice(count) => Some(u32::from(*count).saturating_sub(1)),
                _ => None,
            };
            if let Some(most) = most {
                self.code
                    .extend([i32c(0), I::I32Load8U(at(address)), i32c(most), I::I32GtU]);
                self.malformed_if();
            }
            address += shape.room();
        }
    }
}
