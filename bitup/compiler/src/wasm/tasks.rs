//! What is done with values that are made of parts: one function for each shape that needs it.
//!
//! A value that is made of parts lies in memory with its parts behind each other, without gaps: numbers as in their
//! encoding, a list as its length, its capacity and the address of its items, a variant as its number in four bytes and
//! its fields.

use super::{
    Shared, Signature,
    runtime::{Routine, at, i32c},
};
use crate::ir::{LIST_ROOM, Shape, TAG_ROOM};
use wasm_encoder::{BlockType, Function, Instruction as I, ValType};

/// What a function does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// `encode(from, to) -> behind`
    Encode,
    /// `decode(from, end, to) -> behind`, 0 when it is no such value.
    Decode,
    /// `own(at)`: the lists of a value that was copied are copied too.
    Own,
    /// `same(a, b) -> 0 or 1`
    Same,
}

impl Task {
    fn signature(self) -> Signature {
        let (parameters, result) = match self {
            Self::Encode | Self::Same => (2, true),
            Self::Decode => (3, true),
            Self::Own => (1, false),
        };
        let results = vec![ValType::I32; usize::from(result)];
        (vec![ValType::I32; parameters], results)
    }
}

const GET: fn(u32) -> I<'static> = I::LocalGet;
const SET: fn(u32) -> I<'static> = I::LocalSet;

/// A function that is being made. The first locals are parameters.
struct Making<'a, 'm> {
    shared: &'a mut Shared<'m>,
    code: Vec<I<'static>>,
    parameters: u32,
    locals: Vec<ValType>,
}

/// The function that does something with values of a shape.
pub(super) fn body(shared: &mut Shared<'_>, task: Task, shape: &Shape) -> (Signature, Function) {
    let signature = task.signature();
    let mut making = Making {
        shared,
        code: Vec::new(),
        parameters: super::count(signature.0.len()),
        locals: Vec::new(),
    };
    match task {
        Task::Encode => making.encode(shape),
        Task::Decode => making.decode(shape),
        Task::Own => making.own(shape),
        Task::Same => making.same(shape),
    }
    let mut function = Function::new_with_locals_types(making.locals);
    for instruction in making.code.iter().chain([&I::End]) {
        function.instruction(instruction);
    }
    (signature, function)
}

/// The instructions that do something with a value; its arguments are on the stack.
pub(super) fn instructions(shared: &mut Shared<'_>, task: Task, shape: &Shape) -> Vec<I<'static>> {
    let routine = match task {
        Task::Encode if shape.is_flat() => Some(Routine::Write),
        Task::Decode if shape.is_plain() => Some(Routine::ReadPlain),
        Task::Same if shape.is_flat() => Some(Routine::SameBytes),
        Task::Own if !shape.has_list() => return vec![I::Drop],
        _ => None,
    };
    match routine {
        Some(routine) => vec![i32c(shape.room()), I::Call(shared.routine(routine))],
        None => vec![I::Call(shared.task(task, shape))],
    }
}

impl Making<'_, '_> {
    fn local(&mut self) -> u32 {
        self.locals.push(ValType::I32);
        self.parameters + super::count(self.locals.len()) - 1
    }

    fn extend(&mut self, code: impl IntoIterator<Item = I<'static>>) {
        self.code.extend(code);
    }

    fn routine(&mut self, routine: Routine) {
        let number = self.shared.routine(routine);
        self.code.push(I::Call(number));
    }

    fn does(&mut self, task: Task, shape: &Shape) {
        let code = instructions(self.shared, task, shape);
        self.code.extend(code);
    }

    /// The parts of an object or of a variant, with where they lie.
    fn fields(fields: &[Shape], start: u32) -> Vec<(u32, Shape)> {
        let mut offset = start;
        let mut list = Vec::new();
        for field in fields {
            list.push((offset, field.clone()));
            offset += field.room();
        }
        list
    }

    /// For each variant, what is done when the number on the stack is its; the number is put in a local.
    fn variants(
        &mut self,
        variants: &[Vec<Shape>],
        mut each: impl FnMut(&mut Self, &[(u32, Shape)]),
    ) {
        let tag = self.local();
        self.code.push(SET(tag));
        for (number, fields) in variants.iter().enumerate() {
            if fields.is_empty() {
                continue;
            }
            let number = super::count(number);
            self.extend([GET(tag), i32c(number), I::I32Eq, I::If(BlockType::Empty)]);
            each(self, &Self::fields(fields, TAG_ROOM));
            self.code.push(I::End);
        }
    }

    /// A turn for each of so many items; a local counts them down.
    fn turns(&mut self, count: u32, turn: impl FnOnce(&mut Self)) {
        self.extend([I::Block(BlockType::Empty), I::Loop(BlockType::Empty)]);
        self.extend([GET(count), I::I32Eqz, I::BrIf(1)]);
        turn(self);
        self.extend([GET(count), i32c(1), I::I32Sub, SET(count), I::Br(0)]);
        self.extend([I::End, I::End]);
    }

    fn on(&mut self, local: u32, bytes: u32) {
        self.extend([GET(local), i32c(bytes), I::I32Add, SET(local)]);
    }

    fn address(&mut self, local: u32, offset: u32) {
        self.code.push(GET(local));
        if offset > 0 {
            self.extend([i32c(offset), I::I32Add]);
        }
    }

    fn encode(&mut self, shape: &Shape) {
        let (from, to) = (0, 1);
        match shape {
            Shape::Bytes { .. } | Shape::List(_) => {
                let (item, _) = shape.items().unwrap_or((Shape::Unit, None));
                let (count, items) = (self.local(), self.local());
                self.extend([GET(from), I::I32Load(at(0)), I::LocalTee(count), GET(to)]);
                self.routine(Routine::Compact);
                self.code.push(SET(to));
                self.extend([GET(from), I::I32Load(at(8)), SET(items)]);
                self.encode_items(&item, count, items);
            }
            Shape::Row(item, length) => {
                let count = self.local();
                self.extend([i32c(*length), SET(count)]);
                self.encode_items(item, count, from);
            }
            Shape::Record(fields) => self.encode_fields(&Self::fields(fields, 0)),
            Shape::Union { variants, .. } => {
                self.extend([GET(from), GET(to), i32c(1)]);
                self.routine(Routine::Write);
                self.extend([SET(to), GET(from), I::I32Load(at(0))]);
                self.variants(variants, |making, fields| making.encode_fields(fields));
            }
            _ => {}
        }
        self.code.push(GET(to));
    }

    fn encode_fields(&mut self, fields: &[(u32, Shape)]) {
        for (offset, field) in fields {
            self.address(0, *offset);
            self.code.push(GET(1));
            self.does(Task::Encode, field);
            self.code.push(SET(1));
        }
    }

    fn encode_items(&mut self, item: &Shape, count: u32, items: u32) {
        if item.is_flat() {
            self.extend([GET(items), GET(1), GET(count), i32c(item.room()), I::I32Mul]);
            self.routine(Routine::Write);
            return self.code.push(SET(1));
        }
        self.turns(count, |making| {
            making.extend([GET(items), GET(1)]);
            making.does(Task::Encode, item);
            making.code.push(SET(1));
            making.on(items, item.room());
        });
    }

    /// Gives 0 when the condition on the stack holds.
    fn none_if(&mut self) {
        self.extend([I::If(BlockType::Empty), i32c(0), I::Return, I::End]);
    }

    /// A part that is read: the address to which it goes is on the stack behind the others.
    fn decode_part(&mut self, part: &Shape) {
        self.does(Task::Decode, part);
        self.extend([I::LocalTee(0), I::I32Eqz]);
        self.none_if();
    }

    fn decode_fields(&mut self, fields: &[(u32, Shape)]) {
        for (offset, field) in fields {
            self.extend([GET(0), GET(1)]);
            self.address(2, *offset);
            self.decode_part(field);
        }
    }

    fn decode_items(&mut self, item: &Shape, count: u32, items: u32) {
        self.turns(count, |making| {
            making.extend([GET(0), GET(1), GET(items)]);
            making.decode_part(item);
            making.on(items, item.room());
        });
    }

    fn decode(&mut self, shape: &Shape) {
        let (from, end, to) = (0, 1, 2);
        match shape {
            Shape::Bool | Shape::Choice(_) => {
                let most = match shape {
                    Shape::Choice(count) => u32::from(*count).saturating_sub(1),
                    _ => 1,
                };
                self.extend([GET(from), GET(end), I::I32GeU]);
                self.none_if();
                self.extend([GET(from), I::I32Load8U(at(0)), i32c(most), I::I32GtU]);
                self.none_if();
                self.extend([GET(to), GET(from), I::I32Load8U(at(0)), I::I32Store8(at(0))]);
                self.on(from, 1);
            }
            Shape::Bytes { .. } | Shape::List(_) => self.decode_list(shape),
            Shape::Row(item, length) => {
                let count = self.local();
                self.extend([i32c(*length), SET(count)]);
                self.decode_items(item, count, to);
            }
            Shape::Record(fields) => self.decode_fields(&Self::fields(fields, 0)),
            Shape::Union { variants, .. } => {
                let number = self.local();
                self.extend([GET(from), GET(end), I::I32GeU]);
                self.none_if();
                self.extend([GET(from), I::I32Load8U(at(0)), I::LocalTee(number)]);
                self.extend([i32c(super::count(variants.len())), I::I32GeU]);
                self.none_if();
                self.extend([GET(to), GET(number), I::I32Store(at(0))]);
                self.on(from, 1);
                self.code.push(GET(number));
                self.variants(variants, |making, fields| making.decode_fields(fields));
            }
            _ => {}
        }
        self.code.push(GET(from));
    }

    fn decode_list(&mut self, shape: &Shape) {
        let (from, end, to) = (0, 1, 2);
        let (item, _) = shape.items().unwrap_or((Shape::Unit, None));
        let (count, items) = (self.local(), self.local());
        self.locals.push(ValType::I64);
        let both = self.parameters + super::count(self.locals.len()) - 1;
        self.extend([GET(from), GET(end)]);
        self.routine(Routine::ReadCompact);
        self.extend([I::LocalTee(both), I::I64Eqz]);
        self.none_if();
        self.extend([GET(both), I::I32WrapI64, SET(count)]);
        self.extend([
            GET(both),
            I::I64Const(32),
            I::I64ShrU,
            I::I32WrapI64,
            SET(from),
        ]);
        // Each item takes a byte at least: what is longer is refused before it takes memory.
        self.extend([GET(end), GET(from), I::I32Sub, GET(count), I::I32LtU]);
        self.none_if();
        if *shape == (Shape::Bytes { text: true }) {
            self.extend([GET(from), GET(count)]);
            self.routine(Routine::IsText);
            self.code.push(I::I32Eqz);
            self.none_if();
        }
        self.extend([GET(count), i32c(item.room()), I::I32Mul]);
        self.routine(Routine::Alloc);
        self.code.push(SET(items));
        for (offset, local) in [(0, count), (4, count), (8, items)] {
            self.extend([GET(to), GET(local), I::I32Store(at(offset))]);
        }
        if !item.is_plain() {
            return self.decode_items(&item, count, items);
        }
        self.extend([GET(from), GET(end), GET(items)]);
        self.extend([GET(count), i32c(item.room()), I::I32Mul]);
        self.routine(Routine::ReadPlain);
        self.extend([I::LocalTee(from), I::I32Eqz]);
        self.none_if();
    }

    fn own(&mut self, shape: &Shape) {
        match shape {
            Shape::Bytes { .. } | Shape::List(_) => {
                let (item, _) = shape.items().unwrap_or((Shape::Unit, None));
                let (count, bytes, items) = (self.local(), self.local(), self.local());
                self.extend([GET(0), I::I32Load(at(0)), I::LocalTee(count)]);
                self.extend([i32c(item.room()), I::I32Mul, I::LocalTee(bytes)]);
                self.routine(Routine::Alloc);
                self.extend([I::LocalTee(items), GET(0), I::I32Load(at(8)), GET(bytes)]);
                self.routine(Routine::Move);
                self.extend([GET(0), GET(count), I::I32Store(at(4))]);
                self.extend([GET(0), GET(items), I::I32Store(at(8))]);
                self.own_items(&item, count, items);
            }
            Shape::Row(item, length) => {
                let count = self.local();
                self.extend([i32c(*length), SET(count)]);
                self.own_items(item, count, 0);
            }
            Shape::Record(fields) => self.own_fields(&Self::fields(fields, 0)),
            Shape::Union { variants, .. } => {
                self.extend([GET(0), I::I32Load(at(0))]);
                self.variants(variants, |making, fields| making.own_fields(fields));
            }
            _ => {}
        }
    }

    fn own_items(&mut self, item: &Shape, count: u32, items: u32) {
        if item.has_list() {
            self.turns(count, |making| {
                making.code.push(GET(items));
                making.does(Task::Own, item);
                making.on(items, item.room());
            });
        }
    }

    fn own_fields(&mut self, fields: &[(u32, Shape)]) {
        for (offset, field) in fields.iter().filter(|(_, field)| field.has_list()) {
            self.address(0, *offset);
            self.does(Task::Own, field);
        }
    }

    fn same(&mut self, shape: &Shape) {
        match shape {
            Shape::Bytes { .. } | Shape::List(_) => {
                let (item, _) = shape.items().unwrap_or((Shape::Unit, None));
                let (count, a, b) = (self.local(), self.local(), self.local());
                self.extend([GET(0), I::I32Load(at(0)), I::LocalTee(count)]);
                self.extend([GET(1), I::I32Load(at(0)), I::I32Ne]);
                self.none_if();
                self.extend([GET(0), I::I32Load(at(8)), SET(a)]);
                self.extend([GET(1), I::I32Load(at(8)), SET(b)]);
                self.same_items(&item, count, a, b);
            }
            Shape::Row(item, length) => {
                let count = self.local();
                self.extend([i32c(*length), SET(count)]);
                self.same_items(item, count, 0, 1);
            }
            Shape::Record(fields) => self.same_fields(&Self::fields(fields, 0)),
            Shape::Union { variants, .. } => {
                self.extend([
                    GET(0),
                    I::I32Load(at(0)),
                    GET(1),
                    I::I32Load(at(0)),
                    I::I32Ne,
                ]);
                self.none_if();
                self.extend([GET(0), I::I32Load(at(0))]);
                self.variants(variants, |making, fields| making.same_fields(fields));
            }
            _ => {}
        }
        self.code.push(i32c(1));
    }

    fn same_items(&mut self, item: &Shape, count: u32, a: u32, b: u32) {
        if item.is_flat() {
            self.extend([GET(a), GET(b), GET(count), i32c(item.room()), I::I32Mul]);
            self.routine(Routine::SameBytes);
            self.code.push(I::I32Eqz);
            return self.none_if();
        }
        self.turns(count, |making| {
            making.extend([GET(a), GET(b)]);
            making.does(Task::Same, item);
            making.code.push(I::I32Eqz);
            making.none_if();
            making.on(a, item.room());
            making.on(b, item.room());
        });
    }

    fn same_fields(&mut self, fields: &[(u32, Shape)]) {
        for (offset, field) in fields {
            self.address(0, *offset);
            self.address(1, *offset);
            self.does(Task::Same, field);
            self.code.push(I::I32Eqz);
            self.none_if();
        }
    }
}

// A list in memory is three numbers of four bytes.
const _: () = assert!(LIST_ROOM == 12);
