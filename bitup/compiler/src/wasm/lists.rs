//! Routines for lists, texts, and what is written and read byte by byte.

use super::{
    Shared,
    runtime::{Routine, at, i32c, nothing_there},
};
use wasm_encoder::{BlockType, Instruction as I, ValType};

const GET: fn(u32) -> I<'static> = I::LocalGet;
const SET: fn(u32) -> I<'static> = I::LocalSet;

/// Code, and the locals that it has behind its parameters.
pub(super) type Parts<'a> = (&'a mut Vec<(u32, ValType)>, &'a mut Vec<I<'static>>);

impl Routine {
    /// The code of a routine for lists.
    pub(super) fn list_body(self, shared: &Shared<'_>, parts: Parts<'_>) {
        let (room, moved) = (shared.place_of(Self::Alloc), shared.place_of(Self::Move));
        let fail = [
            I::If(BlockType::Empty),
            i32c(nothing_there()),
            I::Call(shared.place_of(Self::Fail)),
            I::End,
        ];
        let end = shared.layout.out + shared.layout.longest_out;
        match self {
            Self::Alloc => alloc(parts),
            Self::Move => copy(parts),
            Self::Clear => clear(parts),
            Self::SameBytes => same(parts),
            Self::Write => write(parts, moved, end),
            Self::ReadPlain => read_plain(parts, moved),
            Self::Compact => compact(parts, end),
            Self::ReadCompact => read_compact(parts),
            Self::Index => index(parts, &fail),
            Self::Push => push(parts, room, moved),
            Self::Pop => pop(parts, &fail),
            Self::Join => join(parts, room, moved),
            Self::Slice => slice(parts, false, &fail, room, moved),
            Self::SliceText => slice(parts, true, &fail, room, moved),
            Self::IsText => is_text(parts),
            _ => {}
        }
    }
}

/// The most that one list may take; memory has no more.
const MOST_BYTES: u32 = 1 << 20;

/// `alloc(bytes) -> address`: room behind the frames. Memory grows when there is none, and the call ends when it cannot.
fn alloc((locals, code): Parts<'_>) {
    locals.push((2, ValType::I32));
    code.extend([GET(0), i32c(MOST_BYTES), I::I32GtU]);
    code.extend([I::If(BlockType::Empty), I::Unreachable, I::End]);
    code.extend([I::GlobalGet(0), I::LocalTee(1)]);
    code.extend([GET(0), i32c(7), I::I32Add, i32c(!7), I::I32And, I::I32Add]);
    code.push(SET(2));
    code.extend([GET(2), I::MemorySize(0), i32c(16), I::I32Shl, I::I32GtU]);
    code.push(I::If(BlockType::Empty));
    code.extend([GET(2), I::MemorySize(0), i32c(16), I::I32Shl, I::I32Sub]);
    code.extend([i32c(0xffff), I::I32Add, i32c(16), I::I32ShrU]);
    code.extend([I::MemoryGrow(0), I::I32Const(-1), I::I32Eq]);
    code.extend([I::If(BlockType::Empty), I::Unreachable, I::End, I::End]);
    code.extend([GET(2), I::GlobalSet(0), GET(1)]);
}

/// `count`, `bytes` at a time, down to a rest; the body changes the addresses itself.
fn steps(code: &mut Vec<I<'static>>, count: u32, bytes: u32, body: &[I<'static>]) {
    code.extend([I::Block(BlockType::Empty), I::Loop(BlockType::Empty)]);
    code.extend([GET(count), i32c(bytes), I::I32LtU, I::BrIf(1)]);
    code.extend_from_slice(body);
    code.extend([GET(count), i32c(bytes), I::I32Sub, SET(count)]);
    code.extend([I::Br(0), I::End, I::End]);
}

fn on(local: u32, bytes: u32) -> [I<'static>; 4] {
    [GET(local), i32c(bytes), I::I32Add, SET(local)]
}

/// `move(to, from, bytes)`
fn copy((_, code): Parts<'_>) {
    for bytes in [8, 1] {
        let mut body = vec![GET(0), GET(1)];
        body.extend(match bytes {
            8 => [I::I64Load(at(0)), I::I64Store(at(0))],
            _ => [I::I32Load8U(at(0)), I::I32Store8(at(0))],
        });
        body.extend(on(0, bytes));
        body.extend(on(1, bytes));
        steps(code, 2, bytes, &body);
    }
}

/// `clear(to, bytes)`
fn clear((_, code): Parts<'_>) {
    for bytes in [8, 1] {
        let mut body = vec![GET(0)];
        body.extend(match bytes {
            8 => [I::I64Const(0), I::I64Store(at(0))],
            _ => [i32c(0), I::I32Store8(at(0))],
        });
        body.extend(on(0, bytes));
        steps(code, 1, bytes, &body);
    }
}

/// `same_bytes(a, b, bytes) -> 0 or 1`
fn same((_, code): Parts<'_>) {
    for bytes in [8, 1] {
        let mut body = Vec::new();
        let (load, differ) = match bytes {
            8 => (I::I64Load(at(0)), I::I64Ne),
            _ => (I::I32Load8U(at(0)), I::I32Ne),
        };
        body.extend([GET(0), load.clone(), GET(1), load, differ]);
        body.extend([I::If(BlockType::Empty), i32c(0), I::Return, I::End]);
        body.extend(on(0, bytes));
        body.extend(on(1, bytes));
        steps(code, 2, bytes, &body);
    }
    code.push(i32c(1));
}

/// `write(from, to, bytes) -> behind`: where results and what goes to storage stand; the call ends when it is full.
fn write((_, code): Parts<'_>, copy: u32, end: u32) {
    code.extend([GET(1), GET(2), I::I32Add, i32c(end), I::I32GtU]);
    code.extend([I::If(BlockType::Empty), I::Unreachable, I::End]);
    code.extend([GET(1), GET(0), GET(2), I::Call(copy)]);
    code.extend([GET(1), GET(2), I::I32Add]);
}

/// `read_plain(from, end, to, bytes) -> behind`, 0 when there are fewer.
fn read_plain((_, code): Parts<'_>, copy: u32) {
    code.extend([GET(1), GET(0), I::I32Sub, GET(3), I::I32LtU]);
    code.extend([I::If(BlockType::Empty), i32c(0), I::Return, I::End]);
    code.extend([GET(2), GET(0), GET(3), I::Call(copy)]);
    code.extend([GET(0), GET(3), I::I32Add]);
}

/// `compact(length, to) -> behind`: a length as SCALE writes it.
fn compact((_, code): Parts<'_>, end: u32) {
    code.extend([GET(1), i32c(end - 4), I::I32GtU]);
    code.extend([I::If(BlockType::Empty), I::Unreachable, I::End]);
    let shifted = [GET(1), GET(0), i32c(2), I::I32Shl];
    for (least, mode, bytes) in [(0x40, 0, 1), (0x4000, 1, 2), (0x4000_0000, 2, 4)] {
        code.extend([GET(0), i32c(least), I::I32LtU, I::If(BlockType::Empty)]);
        code.extend(shifted.clone());
        code.extend([i32c(mode), I::I32Or]);
        code.push(match bytes {
            1 => I::I32Store8(at(0)),
            2 => I::I32Store16(at(0)),
            _ => I::I32Store(at(0)),
        });
        code.extend([GET(1), i32c(bytes), I::I32Add, I::Return, I::End]);
    }
    code.push(I::Unreachable);
}

/// `read_compact(from, end) -> address behind and length, 32 bits each`, 0 when it cannot be read.
fn read_compact((locals, code): Parts<'_>) {
    // The mode, and the length.
    locals.push((2, ValType::I32));
    let none = [I::If(BlockType::Empty), I::I64Const(0), I::Return, I::End];
    code.extend([GET(0), GET(1), I::I32GeU]);
    code.extend(none.clone());
    code.extend([GET(0), I::I32Load8U(at(0)), i32c(3), I::I32And, SET(2)]);
    code.extend([GET(2), i32c(3), I::I32Eq]);
    code.extend(none.clone());
    // One byte, two, or four.
    code.extend([GET(1), GET(0), I::I32Sub]);
    code.extend([i32c(1), GET(2), I::I32Shl, I::I32LtU]);
    code.extend(none.clone());
    code.extend([GET(2), I::I32Eqz, I::If(BlockType::Result(ValType::I32))]);
    code.extend([GET(0), I::I32Load8U(at(0)), I::Else]);
    code.extend([GET(2), i32c(1), I::I32Eq]);
    code.push(I::If(BlockType::Result(ValType::I32)));
    code.extend([GET(0), I::I32Load16U(at(0)), I::Else]);
    code.extend([GET(0), I::I32Load(at(0)), I::End, I::End]);
    code.extend([i32c(2), I::I32ShrU, SET(3)]);
    // It takes as few bytes as it can.
    for (mode, least) in [(1, 0x40), (2, 0x4000)] {
        code.extend([GET(2), i32c(mode), I::I32Eq]);
        code.extend([GET(3), i32c(least), I::I32LtU, I::I32And]);
        code.extend(none.clone());
    }
    code.extend([GET(0), i32c(1), GET(2), I::I32Shl, I::I32Add]);
    code.extend([I::I64ExtendI32U, I::I64Const(32), I::I64Shl]);
    code.extend([GET(3), I::I64ExtendI32U, I::I64Or]);
}

/// `index(length, index) -> index`: fails beyond the end.
fn index((_, code): Parts<'_>, fail: &[I<'static>]) {
    code.extend([GET(1), GET(0), I::I64ExtendI32U, I::I64GeU]);
    code.extend_from_slice(fail);
    code.extend([GET(1), I::I32WrapI64]);
}

/// `push(list, bytes of an item) -> address of the new item`
fn push((locals, code): Parts<'_>, alloc: u32, copy: u32) {
    // The new capacity, and where the items go.
    locals.push((2, ValType::I32));
    code.extend([
        GET(0),
        I::I32Load(at(0)),
        GET(0),
        I::I32Load(at(4)),
        I::I32Eq,
    ]);
    code.push(I::If(BlockType::Empty));
    code.extend([
        GET(0),
        I::I32Load(at(0)),
        i32c(1),
        I::I32Shl,
        i32c(4),
        I::I32Add,
        SET(2),
    ]);
    code.extend([GET(2), GET(1), I::I32Mul, I::Call(alloc), SET(3)]);
    code.extend([GET(3), GET(0), I::I32Load(at(8))]);
    code.extend([GET(0), I::I32Load(at(0)), GET(1), I::I32Mul, I::Call(copy)]);
    code.extend([GET(0), GET(2), I::I32Store(at(4))]);
    code.extend([GET(0), GET(3), I::I32Store(at(8)), I::End]);
    code.extend([GET(0), I::I32Load(at(8))]);
    code.extend([GET(0), I::I32Load(at(0)), GET(1), I::I32Mul, I::I32Add]);
    code.extend([
        GET(0),
        GET(0),
        I::I32Load(at(0)),
        i32c(1),
        I::I32Add,
        I::I32Store(at(0)),
    ]);
}

/// `pop(list, bytes of an item) -> address of the last item`, which is not in the list any more.
fn pop((_, code): Parts<'_>, fail: &[I<'static>]) {
    code.extend([GET(0), I::I32Load(at(0)), I::I32Eqz]);
    code.extend_from_slice(fail);
    code.extend([
        GET(0),
        GET(0),
        I::I32Load(at(0)),
        i32c(1),
        I::I32Sub,
        I::I32Store(at(0)),
    ]);
    code.extend([GET(0), I::I32Load(at(8))]);
    code.extend([GET(0), I::I32Load(at(0)), GET(1), I::I32Mul, I::I32Add]);
}

/// Sets the length, the capacity and the place of a list.
fn list(code: &mut Vec<I<'static>>, list: u32, length: u32, data: u32) {
    for (offset, local) in [(0, length), (4, length), (8, data)] {
        code.extend([GET(list), GET(local), I::I32Store(at(offset))]);
    }
}

/// `join(to, a, b)`: two lists of bytes behind each other.
fn join((locals, code): Parts<'_>, alloc: u32, copy: u32) {
    // The length of the first, that of both, and where they go.
    locals.push((3, ValType::I32));
    code.extend([GET(1), I::I32Load(at(0)), I::LocalTee(3)]);
    code.extend([GET(2), I::I32Load(at(0)), I::I32Add, I::LocalTee(4)]);
    code.extend([I::Call(alloc), I::LocalTee(5)]);
    code.extend([GET(1), I::I32Load(at(8)), GET(3), I::Call(copy)]);
    code.extend([GET(5), GET(3), I::I32Add, GET(2), I::I32Load(at(8))]);
    code.extend([GET(2), I::I32Load(at(0)), I::Call(copy)]);
    list(code, 0, 4, 5);
}

/// `slice(to, from, start, end)`: a part of a list of bytes. A text is not cut in the middle of a character.
fn slice((locals, code): Parts<'_>, text: bool, fail: &[I<'static>], alloc: u32, copy: u32) {
    // The length of the part, where it is, and where it goes.
    locals.push((3, ValType::I32));
    code.extend([
        GET(3),
        GET(1),
        I::I32Load(at(0)),
        I::I64ExtendI32U,
        I::I64GtU,
    ]);
    code.extend([GET(2), GET(3), I::I64GtU, I::I32Or]);
    code.extend_from_slice(fail);
    code.extend([GET(3), GET(2), I::I64Sub, I::I32WrapI64, SET(4)]);
    code.extend([
        GET(1),
        I::I32Load(at(8)),
        GET(2),
        I::I32WrapI64,
        I::I32Add,
        SET(5),
    ]);
    if text {
        let inside = [
            I::I32Load8U(at(0)),
            i32c(0xc0),
            I::I32And,
            i32c(0x80),
            I::I32Eq,
        ];
        code.extend([GET(4), I::If(BlockType::Empty), GET(5)]);
        code.extend(inside.clone());
        code.extend_from_slice(fail);
        code.extend([GET(3), I::I32WrapI64, GET(1), I::I32Load(at(0)), I::I32LtU]);
        code.extend([I::If(BlockType::Empty), GET(5), GET(4), I::I32Add]);
        code.extend(inside);
        code.extend_from_slice(fail);
        code.extend([I::End, I::End]);
    }
    code.extend([
        GET(4),
        I::Call(alloc),
        I::LocalTee(6),
        GET(5),
        GET(4),
        I::Call(copy),
    ]);
    list(code, 0, 4, 6);
}

/// `is_text(at, length) -> 0 or 1`: whether bytes are UTF-8 (table 3-7 of the Unicode standard).
fn is_text((locals, code): Parts<'_>) {
    // The first byte of a character, how many follow, and the least and the greatest second byte.
    locals.push((4, ValType::I32));
    let (first, more, least, most) = (2, 3, 4, 5);
    let no = [I::If(BlockType::Empty), i32c(0), I::Return, I::End];
    code.extend([I::Block(BlockType::Empty), I::Loop(BlockType::Empty)]);
    code.extend([GET(1), I::I32Eqz, I::BrIf(1)]);
    code.extend([GET(0), I::I32Load8U(at(0)), SET(first)]);
    code.extend([
        i32c(0),
        SET(more),
        i32c(0x80),
        SET(least),
        i32c(0xbf),
        SET(most),
    ]);
    code.extend([GET(first), i32c(0x80), I::I32GeU, I::If(BlockType::Empty)]);
    // 0x80 to 0xc1 begin nothing, nor does what is above 0xf4.
    code.extend([GET(first), i32c(0xc2), I::I32LtU]);
    code.extend([GET(first), i32c(0xf4), I::I32GtU, I::I32Or]);
    code.extend(no.clone());
    code.extend([i32c(1)]);
    code.extend([GET(first), i32c(0xe0), I::I32GeU, I::I32Add]);
    code.extend([GET(first), i32c(0xf0), I::I32GeU, I::I32Add, SET(more)]);
    for (byte, local, end) in [
        (0xe0, least, 0xa0),
        (0xed, most, 0x9f),
        (0xf0, least, 0x90),
        (0xf4, most, 0x8f),
    ] {
        code.extend([GET(first), i32c(byte), I::I32Eq, I::If(BlockType::Empty)]);
        code.extend([i32c(end), SET(local), I::End]);
    }
    code.push(I::End);
    // The character, and what follows of it.
    code.extend([GET(1), GET(more), I::I32LeU]);
    code.extend(no.clone());
    code.extend(on(0, 1));
    code.extend([GET(1), i32c(1), I::I32Sub, SET(1)]);
    code.extend([I::Block(BlockType::Empty), I::Loop(BlockType::Empty)]);
    code.extend([GET(more), I::I32Eqz, I::BrIf(1)]);
    code.extend([
        GET(0),
        I::I32Load8U(at(0)),
        I::LocalTee(first),
        GET(least),
        I::I32LtU,
    ]);
    code.extend([GET(first), GET(most), I::I32GtU, I::I32Or]);
    code.extend(no);
    code.extend([i32c(0x80), SET(least), i32c(0xbf), SET(most)]);
    code.extend(on(0, 1));
    code.extend([GET(1), i32c(1), I::I32Sub, SET(1)]);
    code.extend([
        GET(more),
        i32c(1),
        I::I32Sub,
        SET(more),
        I::Br(0),
        I::End,
        I::End,
    ]);
    code.extend([I::Br(0), I::End, I::End, i32c(1)]);
}
