//! Functions and statements.

use super::{
    INPUT, LENGTH, LONGEST_INPUT, LONGEST_OUT, MOST_TOPICS, OUT, Shared, Signature, TOPICS,
    TooLarge,
    runtime::{Import, Routine, at, i32c},
};
use crate::{
    ir::{self, Entry, Expr, NOT_PERMITTED, Shape, Stmt, TRANSFER_FAILED},
    metadata,
};
use wasm_encoder::{BlockType, Function, Instruction as I, ValType};

/// Where a local lives.
#[derive(Clone, Copy, Debug)]
pub(super) enum Home {
    Register(u32),
    /// In the frame, at this offset.
    Slot(u32),
    /// Wherever this local points; it does not change.
    Pointer(u32),
}

/// A function that is being made.
pub(super) struct Maker<'a, 'm> {
    pub(super) shared: &'a mut Shared<'m>,
    pub(super) homes: Vec<Home>,
    parameters: u32,
    locals: Vec<ValType>,
    pub(super) code: Vec<I<'static>>,
    pub(super) frame: u32,
    /// The local that holds the frame's address.
    pub(super) base: u32,
    /// How many blocks are open.
    pub(super) depth: u32,
    /// For each loop, the depths of its outer block and of the block of one turn.
    loops: Vec<(u32, u32)>,
    result: Shape,
    /// The local of the result, or of the address to which it goes.
    outcome: Option<u32>,
    /// Entries: the local with the length of the input; system calls write over the place where it comes.
    input: u32,
}

/// How a value of this shape is passed.
pub(super) fn register(shape: Shape) -> Option<ValType> {
    match shape {
        Shape::Unit => None,
        Shape::Bool | Shape::Wide { .. } => Some(ValType::I32),
        Shape::Narrow(_) | Shape::Choice(_) => Some(ValType::I64),
    }
}

pub(super) fn number(value: usize) -> I<'static> {
    i32c(u32::try_from(value).unwrap_or(u32::MAX))
}

/// A function of the program.
pub(super) fn function(
    shared: &mut Shared<'_>,
    function: &ir::Function,
) -> Result<(Signature, Function), TooLarge> {
    let wide_result = matches!(function.result, Shape::Wide { .. });
    let mut parameters: Vec<ValType> = Vec::new();
    if wide_result {
        parameters.push(ValType::I32);
    }
    let shapes = &function.locals[..function.parameters];
    parameters.extend(shapes.iter().filter_map(|shape| register(*shape)));
    let results: Vec<ValType> = if wide_result {
        Vec::new()
    } else {
        register(function.result).into_iter().collect()
    };
    let mut maker = Maker::new(shared, super::count(parameters.len()), function.result);
    let mut next = u32::from(wide_result);
    for (at, shape) in function.locals.iter().enumerate() {
        let home = if at < function.parameters {
            next += 1;
            if matches!(shape, Shape::Wide { .. }) {
                Home::Pointer(next - 1)
            } else {
                Home::Register(next - 1)
            }
        } else if let Shape::Wide { bytes, .. } = shape {
            Home::Slot(maker.slot(*bytes))
        } else {
            Home::Register(maker.new_local(register(*shape).unwrap_or(ValType::I32)))
        };
        maker.homes.push(home);
    }
    maker.outcome = if wide_result {
        Some(0)
    } else {
        register(function.result).map(|ty| maker.new_local(ty))
    };
    maker.code.push(I::Block(BlockType::Empty));
    maker.depth = 1;
    maker.statements(&function.body)?;
    maker.code.push(I::End);
    let body = maker.finish(!wide_result);
    Ok(((parameters, results), body))
}

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

impl<'a, 'm> Maker<'a, 'm> {
    fn new(shared: &'a mut Shared<'m>, parameters: u32, result: Shape) -> Self {
        Self {
            shared,
            homes: Vec::new(),
            parameters,
            locals: vec![ValType::I32],
            code: Vec::new(),
            frame: 0,
            base: parameters,
            depth: 0,
            loops: Vec::new(),
            result,
            outcome: None,
            input: 0,
        }
    }

    pub(super) fn new_local(&mut self, ty: ValType) -> u32 {
        self.locals.push(ty);
        self.parameters + super::count(self.locals.len()) - 1
    }

    /// Room in the frame.
    pub(super) fn slot(&mut self, bytes: u32) -> u32 {
        let at = self.frame;
        self.frame = self.frame.saturating_add(bytes.next_multiple_of(8));
        at
    }

    /// The address of a slot.
    pub(super) fn push_slot(&mut self, slot: u32) {
        self.code.push(I::LocalGet(self.base));
        if slot > 0 {
            self.code.extend([i32c(slot), I::I32Add]);
        }
    }

    pub(super) fn import(&mut self, import: Import) {
        let function = self.shared.import(import);
        self.code.push(I::Call(function));
    }

    pub(super) fn routine(&mut self, routine: Routine) {
        let function = self.shared.routine(routine);
        self.code.push(I::Call(function));
    }

    /// Fails with an error of the language when the condition on the stack holds.
    pub(super) fn fail_if(&mut self, error: usize) {
        self.code.extend([I::If(BlockType::Empty), number(error)]);
        self.routine(Routine::Fail);
        self.code.push(I::End);
    }

    /// Says how much room a system call may fill.
    pub(super) fn room(&mut self, bytes: u32) {
        self.code
            .extend([i32c(0), i32c(bytes), I::I32Store(at(LENGTH))]);
    }

    /// Copies a wide value; both addresses are on the stack.
    pub(super) fn copy(&mut self, bytes: u32) {
        self.routine(if bytes <= 16 {
            Routine::Copy16
        } else {
            Routine::Copy32
        });
    }

    /// Puts the value on the stack in a local.
    pub(super) fn keep(&mut self, shape: Shape) -> Option<u32> {
        let local = self.new_local(register(shape)?);
        self.code.push(I::LocalSet(local));
        Some(local)
    }

    /// Writes a kept value to a fixed address.
    pub(super) fn put(&mut self, address: u32, local: Option<u32>, shape: Shape) {
        let Some(local) = local else { return };
        match shape {
            Shape::Unit => {}
            Shape::Bool => {
                self.code
                    .extend([i32c(0), I::LocalGet(local), I::I32Store8(at(address))])
            }
            Shape::Narrow(integer) => {
                let store = match integer.bits {
                    8 => I::I64Store8(at(address)),
                    16 => I::I64Store16(at(address)),
                    32 => I::I64Store32(at(address)),
                    _ => I::I64Store(at(address)),
                };
                self.code.extend([i32c(0), I::LocalGet(local), store]);
            }
            Shape::Choice(_) => {
                self.code
                    .extend([i32c(0), I::LocalGet(local), I::I64Store8(at(address))]);
            }
            Shape::Wide { bytes, .. } => {
                self.code.extend([i32c(address), I::LocalGet(local)]);
                self.copy(bytes);
            }
        }
    }

    /// Computes values and writes them behind each other; gives the length.
    fn put_all(
        &mut self,
        address: u32,
        room: u32,
        values: &[Expr],
        what: &str,
    ) -> Result<u32, TooLarge> {
        let mut kept = Vec::new();
        for value in values {
            self.expr(value)?;
            kept.push(self.keep(value.shape));
        }
        let mut length = 0_u32;
        for (value, local) in values.iter().zip(kept) {
            if length.saturating_add(value.shape.bytes()) > room {
                return Err(TooLarge {
                    what: what.to_owned(),
                });
            }
            self.put(address + length, local, value.shape);
            length += value.shape.bytes();
        }
        Ok(length)
    }

    pub(super) fn statements(&mut self, statements: &[Stmt]) -> Result<(), TooLarge> {
        statements
            .iter()
            .try_for_each(|statement| self.statement(statement))
    }

    pub(super) fn inside(&mut self, statements: &[Stmt]) -> Result<(), TooLarge> {
        self.depth += 1;
        self.statements(statements)?;
        self.depth -= 1;
        Ok(())
    }

    /// A jump behind the block that was opened at a depth.
    fn leave(&mut self, depth: u32) {
        self.code.push(I::Br(self.depth - depth));
    }

    fn statement(&mut self, statement: &Stmt) -> Result<(), TooLarge> {
        match statement {
            Stmt::Set(local, value) => self.set(*local, value)?,
            Stmt::Store(place, value) => self.store(place, value)?,
            Stmt::Clear(place) => {
                let length = self.key(place)?;
                self.code.extend([i32c(super::KEY), i32c(length)]);
                self.import(Import::ClearStorage);
                self.code.push(I::Drop);
            }
            Stmt::If(condition, then, otherwise) => {
                self.expr(condition)?;
                self.code.push(I::If(BlockType::Empty));
                self.inside(then)?;
                if !otherwise.is_empty() {
                    self.code.push(I::Else);
                    self.inside(otherwise)?;
                }
                self.code.push(I::End);
            }
            Stmt::Loop(condition, body, step) => {
                self.code
                    .extend([I::Block(BlockType::Empty), I::Loop(BlockType::Empty)]);
                self.depth += 2;
                let outer = self.depth - 1;
                self.expr(condition)?;
                self.code
                    .extend([I::I32Eqz, I::BrIf(1), I::Block(BlockType::Empty)]);
                self.loops.push((outer, self.depth + 1));
                self.inside(body)?;
                self.loops.pop();
                self.code.push(I::End);
                self.statements(step)?;
                self.code.extend([I::Br(0), I::End, I::End]);
                self.depth -= 2;
            }
            Stmt::Break => {
                if let Some((outer, _)) = self.loops.last().copied() {
                    self.leave(outer);
                }
            }
            Stmt::Continue => {
                if let Some((_, turn)) = self.loops.last().copied() {
                    self.leave(turn);
                }
            }
            Stmt::Return(value) => self.return_(value.as_ref())?,
            Stmt::Fail(error, fields) => self.fail(*error, fields)?,
            Stmt::Emit(event, fields) => self.emit(*event, fields)?,
            Stmt::Transfer(to, amount) => {
                self.expr(to)?;
                self.code.push(i32c(32));
                self.expr(amount)?;
                self.code.push(i32c(16));
                self.import(Import::Transfer);
                self.fail_if(TRANSFER_FAILED);
            }
            Stmt::Do(value) => {
                self.expr(value)?;
                if value.shape != Shape::Unit {
                    self.code.push(I::Drop);
                }
            }
            // Tests are never built.
            Stmt::At(..)
            | Stmt::Assume(_)
            | Stmt::Check(_)
            | Stmt::Wait(_)
            | Stmt::MustFail(..) => self.code.push(I::Unreachable),
            Stmt::Try(call, local, body, catch) => self.try_(call, *local, body, catch)?,
        }
        Ok(())
    }

    fn set(&mut self, local: usize, value: &Expr) -> Result<(), TooLarge> {
        match self.homes[local] {
            Home::Register(register) => {
                self.expr(value)?;
                self.code.push(I::LocalSet(register));
            }
            Home::Slot(slot) => {
                self.push_slot(slot);
                self.expr(value)?;
                self.copy(value.shape.bytes());
            }
            // Parameters do not change.
            Home::Pointer(_) => {}
        }
        Ok(())
    }

    fn return_(&mut self, value: Option<&Expr>) -> Result<(), TooLarge> {
        if let (Some(value), Some(outcome)) = (value, self.outcome) {
            if let Shape::Wide { bytes, .. } = self.result {
                self.code.push(I::LocalGet(outcome));
                self.expr(value)?;
                self.copy(bytes);
            } else {
                self.expr(value)?;
                self.code.push(I::LocalSet(outcome));
            }
        }
        self.leave(1);
        Ok(())
    }

    fn fail(&mut self, error: usize, fields: &[Expr]) -> Result<(), TooLarge> {
        if fields.is_empty() {
            self.code.push(number(error));
            self.routine(Routine::Fail);
            return Ok(());
        }
        let what = format!("the error `{}`", self.shared.module.errors[error].name);
        let length = self.put_all(OUT + 3, LONGEST_OUT - 3, fields, &what)?;
        self.code.extend([
            i32c(0),
            i32c(256),
            I::I32Store16(at(OUT)),
            i32c(0),
            number(error),
            I::I32Store8(at(OUT + 2)),
        ]);
        self.code.extend([i32c(1), i32c(OUT), i32c(length + 3)]);
        self.import(Import::Return);
        self.code.push(I::Unreachable);
        Ok(())
    }

    /// An event: its signature and indexed fields are topics, all fields its data.
    fn emit(&mut self, event: usize, fields: &[Expr]) -> Result<(), TooLarge> {
        let record = self.shared.module.events[event].clone();
        let what = format!("the event `{}`", record.name);
        let mut kept = Vec::new();
        for field in fields {
            self.expr(field)?;
            kept.push(self.keep(field.shape));
        }
        let mut length = 0_u32;
        for (field, local) in fields.iter().zip(&kept) {
            if length.saturating_add(field.shape.bytes()) > LONGEST_OUT {
                return Err(TooLarge { what });
            }
            self.put(OUT + length, *local, field.shape);
            length += field.shape.bytes();
        }
        let indexed: Vec<usize> = (0..fields.len())
            .filter(|number| record.fields[*number].2)
            .collect();
        if indexed.len() >= MOST_TOPICS {
            return Err(TooLarge { what });
        }
        let topics = super::count(indexed.len()) + 1;
        self.code
            .extend([i32c(0), i32c(topics << 2), I::I32Store8(at(TOPICS))]);
        let signature = self.shared.constant(&metadata::event_signature(&record));
        self.code.extend([i32c(TOPICS + 1), i32c(signature)]);
        self.copy(32);
        for (number, field) in indexed.into_iter().enumerate() {
            let address = TOPICS + 33 + 32 * super::count(number);
            if fields[field].shape.bytes() < 32 {
                for offset in (0..32).step_by(8) {
                    self.code
                        .extend([i32c(0), I::I64Const(0), I::I64Store(at(address + offset))]);
                }
            }
            self.put(address, kept[field], fields[field].shape);
        }
        self.code
            .extend([i32c(TOPICS), i32c(1 + 32 * topics), i32c(OUT), i32c(length)]);
        self.import(Import::DepositEvent);
        Ok(())
    }

    fn read_input(&mut self) {
        self.room(LONGEST_INPUT);
        self.code.extend([i32c(INPUT), i32c(LENGTH)]);
        self.import(Import::Input);
        self.input = self.new_local(ValType::I32);
        self.code
            .extend([i32c(0), I::I32Load(at(LENGTH)), I::LocalSet(self.input)]);
        self.at_least(4);
    }

    /// Refuses an input that is shorter.
    fn at_least(&mut self, bytes: u32) {
        self.code.extend([
            I::LocalGet(self.input),
            i32c(bytes),
            I::I32LtU,
            I::If(BlockType::Empty),
        ]);
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
        let length: u32 = shapes.iter().map(|shape| shape.bytes()).sum();
        if length + 4 > LONGEST_INPUT || function.result.bytes() + 2 > LONGEST_OUT {
            return Err(TooLarge {
                what: format!("the head of `{}`", entry.name),
            });
        }
        if length > 0 {
            self.at_least(4 + length);
        }
        self.check_input(shapes);
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
        let wide = match function.result {
            Shape::Wide { bytes, .. } => Some((self.slot(bytes), bytes)),
            _ => None,
        };
        if let Some((slot, _)) = wide {
            self.push_slot(slot);
        }
        let mut address = INPUT + 4;
        for shape in shapes {
            self.load(address, *shape);
            address += shape.bytes();
        }
        let target = self.shared.function(entry.function);
        self.code.push(I::Call(target));
        let kept = match wide {
            Some(_) => None,
            None => self.keep(function.result),
        };
        if let Some(invariants) = self.shared.module.invariants.filter(|_| entry.writes) {
            let target = self.shared.function(invariants);
            self.code.push(I::Call(target));
        }
        match wide {
            Some((slot, bytes)) => {
                self.code.push(i32c(OUT + 2));
                self.push_slot(slot);
                self.copy(bytes);
            }
            None => self.put(OUT + 2, kept, function.result),
        }
        self.code.extend([i32c(0), i32c(0), I::I32Store16(at(OUT))]);
        self.code
            .extend([i32c(0), i32c(OUT), i32c(2 + function.result.bytes())]);
        self.import(Import::Return);
        self.code.extend([I::Unreachable, I::End]);
        self.depth -= 1;
        Ok(())
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
                self.code.extend([
                    i32c(0),
                    I::I32Load8U(at(address)),
                    i32c(most),
                    I::I32GtU,
                    I::If(BlockType::Empty),
                ]);
                self.routine(Routine::Malformed);
                self.code.push(I::End);
            }
            address += shape.bytes();
        }
    }

    /// The value at a fixed address; for a wide one, the address.
    pub(super) fn load(&mut self, address: u32, shape: Shape) {
        match shape {
            Shape::Unit => {}
            Shape::Bool => self.code.extend([i32c(0), I::I32Load8U(at(address))]),
            Shape::Wide { .. } => self.code.push(i32c(address)),
            Shape::Choice(_) => self.code.extend([i32c(0), I::I64Load8U(at(address))]),
            Shape::Narrow(integer) => {
                let load = match (integer.bits, integer.signed) {
                    (8, false) => I::I64Load8U(at(address)),
                    (8, true) => I::I64Load8S(at(address)),
                    (16, false) => I::I64Load16U(at(address)),
                    (16, true) => I::I64Load16S(at(address)),
                    (32, false) => I::I64Load32U(at(address)),
                    (32, true) => I::I64Load32S(at(address)),
                    _ => I::I64Load(at(address)),
                };
                self.code.extend([i32c(0), load]);
            }
        }
    }

    /// The whole function, with its frame taken at the beginning and given back at the end.
    fn finish(self, with_result: bool) -> Function {
        let mut function = Function::new_with_locals_types(self.locals);
        if self.frame > 0 {
            let frame = self.frame.next_multiple_of(16);
            for instruction in [
                I::GlobalGet(0),
                I::LocalTee(self.base),
                i32c(frame),
                I::I32Add,
                I::GlobalSet(0),
            ] {
                function.instruction(&instruction);
            }
        }
        for instruction in &self.code {
            function.instruction(instruction);
        }
        if self.frame > 0 {
            function.instruction(&I::LocalGet(self.base));
            function.instruction(&I::GlobalSet(0));
        }
        if let (true, Some(outcome)) = (with_result, self.outcome) {
            function.instruction(&I::LocalGet(outcome));
        }
        function.instruction(&I::End);
        function
    }
}
