//! Functions and statements.

use super::{
    LENGTH, MOST_TOPICS, Shared, Signature, TOPICS, TooLarge, release,
    runtime::{Import, Routine, at, i32c},
};
use crate::{
    ir::{self, Expr, Shape, Stmt, TRANSFER_FAILED},
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
    /// The shapes of the program's locals.
    pub(super) shapes: Vec<Shape>,
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
    pub(super) input: u32,
    /// True where what lies behind the frame stays when the function ends: its caller has values in it.
    keeps: bool,
}

/// How a value of this shape is passed.
pub(super) fn register(shape: &Shape) -> Option<ValType> {
    match shape {
        Shape::Unit => None,
        Shape::Narrow(_) | Shape::Choice(_) => Some(ValType::I64),
        _ => Some(ValType::I32),
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
    let wide_result = function.result.in_memory();
    let mut parameters: Vec<ValType> = Vec::new();
    if wide_result {
        parameters.push(ValType::I32);
    }
    let shapes = &function.locals[..function.parameters];
    parameters.extend(shapes.iter().filter_map(register));
    let results: Vec<ValType> = if wide_result {
        Vec::new()
    } else {
        register(&function.result).into_iter().collect()
    };
    let mut maker = Maker::new(
        shared,
        super::count(parameters.len()),
        function.result.clone(),
    );
    maker.shapes.clone_from(&function.locals);
    maker.keeps = function.changes || function.result.has_list();
    let mut next = u32::from(wide_result);
    for (at, shape) in function.locals.iter().enumerate() {
        let home = if at < function.parameters {
            next += 1;
            if shape.in_memory() {
                Home::Pointer(next - 1)
            } else {
                Home::Register(next - 1)
            }
        } else if shape.in_memory() {
            Home::Slot(maker.slot(shape.room()))
        } else {
            Home::Register(maker.new_local(register(shape).unwrap_or(ValType::I32)))
        };
        maker.homes.push(home);
    }
    maker.outcome = if wide_result {
        Some(0)
    } else {
        register(&function.result).map(|ty| maker.new_local(ty))
    };
    maker.code.push(I::Block(BlockType::Empty));
    maker.depth = 1;
    maker.statements(&function.body)?;
    maker.code.push(I::End);
    let body = maker.finish(!wide_result);
    Ok(((parameters, results), body))
}

impl<'a, 'm> Maker<'a, 'm> {
    pub(super) fn new(shared: &'a mut Shared<'m>, parameters: u32, result: Shape) -> Self {
        Self {
            shared,
            homes: Vec::new(),
            shapes: Vec::new(),
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
            keeps: false,
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

    /// Copies a value in memory; both addresses are on the stack.
    pub(super) fn copy(&mut self, bytes: u32) {
        let routine = match bytes {
            16 => Routine::Copy16,
            32 => Routine::Copy32,
            _ => {
                self.code.push(i32c(bytes));
                Routine::Move
            }
        };
        self.routine(routine);
    }

    /// Puts the value on the stack in a local.
    pub(super) fn keep(&mut self, shape: &Shape) -> Option<u32> {
        let local = self.new_local(register(shape)?);
        self.code.push(I::LocalSet(local));
        Some(local)
    }

    /// Writes a kept value to a fixed address.
    pub(super) fn put(&mut self, address: u32, local: Option<u32>, shape: &Shape) {
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
            // What has no fixed length is encoded.
            _ => {
                self.code.extend([i32c(address), I::LocalGet(local)]);
                self.copy(shape.room());
            }
        }
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
            Stmt::Clear(place) => self.clear_place(place)?,
            Stmt::Put(path, value) => self.put_part(path, value)?,
            Stmt::Push(path, value) => self.push_item(path, value)?,
            Stmt::Pop(path, local) => self.pop_item(path, *local)?,
            Stmt::Change(path, function, arguments, local) => {
                self.change(path, *function, arguments, *local)?;
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
            Stmt::Loop(condition, body, step, first) => {
                self.code
                    .extend([I::Block(BlockType::Empty), I::Loop(BlockType::Empty)]);
                self.depth += 2;
                let outer = self.depth - 1;
                let frees = self.shared.module.whole && release::may(body, *first, &self.shapes);
                let free = frees.then(|| self.new_local(ValType::I32));
                if let Some(free) = free {
                    self.code.extend([I::GlobalGet(0), I::LocalSet(free)]);
                }
                self.expr(condition)?;
                self.code
                    .extend([I::I32Eqz, I::BrIf(1), I::Block(BlockType::Empty)]);
                self.loops.push((outer, self.depth + 1));
                self.inside(body)?;
                self.loops.pop();
                self.code.push(I::End);
                self.statements(step)?;
                if let Some(free) = free {
                    self.code.extend([I::LocalGet(free), I::GlobalSet(0)]);
                }
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
                if register(&value.shape).is_some() {
                    self.code.push(I::Drop);
                }
            }
            // Tests are never built.
            Stmt::At(..)
            | Stmt::Assume(_)
            | Stmt::Check(_)
            | Stmt::Wait(_)
            | Stmt::MustFail(..) => self.code.push(I::Unreachable),
            Stmt::Try(tried) => self.try_(tried)?,
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
                self.copy(value.shape.room());
            }
            // Parameters do not change.
            Home::Pointer(_) => {}
        }
        Ok(())
    }

    fn return_(&mut self, value: Option<&Expr>) -> Result<(), TooLarge> {
        if let (Some(value), Some(outcome)) = (value, self.outcome) {
            if self.result.in_memory() {
                self.code.push(I::LocalGet(outcome));
                self.expr(value)?;
                self.copy(self.result.room());
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
        let out = self.shared.layout.out;
        let kept = self.keep_all(fields)?;
        let written = self.write_all(3, &kept, &what)?;
        self.code.extend([
            i32c(0),
            i32c(256),
            I::I32Store16(at(out)),
            i32c(0),
            number(error),
            I::I32Store8(at(out + 2)),
        ]);
        self.code.extend([i32c(1), i32c(out)]);
        self.push_length(written);
        self.import(Import::Return);
        self.code.push(I::Unreachable);
        Ok(())
    }

    /// An event: its signature and indexed fields are topics, all fields its data.
    fn emit(&mut self, event: usize, fields: &[Expr]) -> Result<(), TooLarge> {
        let record = self.shared.module.events[event].clone();
        let what = format!("the event `{}`", record.name);
        let kept = self.keep_all(fields)?;
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
            self.topic(address, kept[field].0, &kept[field].1);
        }
        let written = self.write_all(0, &kept, &what)?;
        let out = self.shared.layout.out;
        self.code
            .extend([i32c(TOPICS), i32c(1 + 32 * topics), i32c(out)]);
        self.push_length(written);
        self.import(Import::DepositEvent);
        Ok(())
    }

    /// The value at a fixed address; for a wide one, the address.
    pub(super) fn load(&mut self, address: u32, shape: &Shape) {
        match shape {
            Shape::Unit => {}
            Shape::Bool => self.code.extend([i32c(0), I::I32Load8U(at(address))]),
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
            _ => self.code.push(i32c(address)),
        }
    }

    /// The whole function, with its frame taken at the beginning and given back at the end.
    pub(super) fn finish(self, with_result: bool) -> Function {
        let mut function = Function::new_with_locals_types(self.locals);
        let frame = self.frame.next_multiple_of(16);
        if self.frame > 0 && self.shared.module.whole {
            // Memory may have to grow for the frame.
            let alloc = self.shared.routine(Routine::Alloc);
            for instruction in [i32c(frame), I::Call(alloc), I::LocalSet(self.base)] {
                function.instruction(&instruction);
            }
        } else if self.frame > 0 {
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
        if self.frame > 0 && !self.keeps {
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
