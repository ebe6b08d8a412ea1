//! Numbers of 128 and more bits, in memory, lowest byte first.

use super::runtime::{at, i32c};
use wasm_encoder::{BlockType, Instruction as I, ValType};

type Locals = Vec<(u32, ValType)>;
type Code = Vec<I<'static>>;

const LOCAL: fn(u32) -> I<'static> = I::LocalGet;
const SET: fn(u32) -> I<'static> = I::LocalSet;

/// The address of limb `$4` of a number at local `number`.
fn limb(number: u32) -> [I<'static>; 3] {
    [LOCAL(number), LOCAL(4), I::I32Add]
}

/// One turn for each limb, lowest first; local 4 counts bytes.
fn each_limb(code: &mut Code, turn: Code) {
    code.push(I::Loop(BlockType::Empty));
    code.extend(turn);
    code.extend([
        LOCAL(4),
        i32c(8),
        I::I32Add,
        I::LocalTee(4),
        LOCAL(3),
        I::I32LtU,
        I::BrIf(0),
        I::End,
    ]);
}

/// `add(to, a, b, bytes)`: fails on overflow.
pub(super) fn add(locals: &mut Locals, code: &mut Code, check: &[I<'static>]) {
    // 4: offset, 5: carry, 6: sum.
    locals.extend([(1, ValType::I32), (2, ValType::I64)]);
    let mut turn = Vec::new();
    turn.extend(limb(0));
    turn.extend(limb(1));
    turn.extend([I::I64Load(at(0)), LOCAL(5), I::I64Add, I::LocalTee(6)]);
    // The carry in overflows only from all ones to zero.
    turn.extend([LOCAL(5), I::I64LtU, I::I64ExtendI32U, I::LocalSet(5)]);
    turn.extend([LOCAL(6)]);
    turn.extend(limb(2));
    turn.extend([I::I64Load(at(0)), I::I64Add, I::LocalTee(6)]);
    turn.extend(limb(2));
    turn.extend([
        I::I64Load(at(0)),
        I::I64LtU,
        I::I64ExtendI32U,
        LOCAL(5),
        I::I64Or,
        I::LocalSet(5),
    ]);
    turn.extend([LOCAL(6), I::I64Store(at(0))]);
    each_limb(code, turn);
    code.extend([LOCAL(5), I::I64Eqz, I::I32Eqz]);
    code.extend(check.iter().cloned());
}

/// `sub(to, a, b, bytes) -> borrow`
pub(super) fn subtract(locals: &mut Locals, code: &mut Code) {
    // 4: offset, 5: borrow, 6: limb of a, 7: limb of b.
    locals.extend([(1, ValType::I32), (3, ValType::I64)]);
    let mut turn = Vec::new();
    turn.extend(limb(1));
    turn.extend([I::I64Load(at(0)), I::LocalSet(6)]);
    turn.extend(limb(2));
    turn.extend([I::I64Load(at(0)), I::LocalSet(7)]);
    turn.extend(limb(0));
    turn.extend([
        LOCAL(6),
        LOCAL(7),
        I::I64Sub,
        LOCAL(5),
        I::I64Sub,
        I::I64Store(at(0)),
    ]);
    // Borrow: a < b, or a = b and a borrow came in.
    turn.extend([
        LOCAL(6),
        LOCAL(7),
        I::I64LtU,
        LOCAL(6),
        LOCAL(7),
        I::I64Eq,
        LOCAL(5),
        I::I32WrapI64,
        I::I32And,
        I::I32Or,
    ]);
    turn.extend([I::I64ExtendI32U, I::LocalSet(5)]);
    each_limb(code, turn);
    code.push(LOCAL(5));
}

/// `compare(a, b, bytes) -> -1, 0 or 1`
pub(super) fn compare(locals: &mut Locals, code: &mut Code) {
    // 0: a, 1: b, 2: bytes, counted down; 3: limb of a, 4: limb of b.
    locals.extend([(2, ValType::I64)]);
    code.push(I::Loop(BlockType::Empty));
    code.extend([LOCAL(2), i32c(8), I::I32Sub, I::LocalSet(2)]);
    code.extend([
        LOCAL(0),
        LOCAL(2),
        I::I32Add,
        I::I64Load(at(0)),
        I::LocalSet(3),
    ]);
    code.extend([
        LOCAL(1),
        LOCAL(2),
        I::I32Add,
        I::I64Load(at(0)),
        I::LocalSet(4),
    ]);
    code.extend([LOCAL(3), LOCAL(4), I::I64Ne, I::If(BlockType::Empty)]);
    code.extend([
        I::I32Const(-1),
        i32c(1),
        LOCAL(3),
        LOCAL(4),
        I::I64LtU,
        I::Select,
        I::Return,
        I::End,
    ]);
    code.extend([LOCAL(2), I::BrIf(0), I::End, i32c(0)]);
}

/// The sum of local numbers, an address.
fn sum(parts: &[u32]) -> Code {
    let mut code = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        code.push(LOCAL(*part));
        if number > 0 {
            code.push(I::I32Add);
        }
    }
    code
}

/// Turns of a loop while the local grows by a step up to another local; it begins at `from`.
fn up_to(code: &mut Code, counter: u32, from: u32, step: u32, end: u32, turn: Code) {
    code.extend([i32c(from), SET(counter), I::Loop(BlockType::Empty)]);
    code.extend(turn);
    code.extend([LOCAL(counter), i32c(step), I::I32Add, I::LocalTee(counter)]);
    code.extend([LOCAL(end), I::I32LtU, I::BrIf(0), I::End]);
}

/// Writes zeros from `from` on.
fn zeros(code: &mut Code, number: u32, counter: u32, from: u32, end: u32) {
    let mut turn = sum(&[number, counter]);
    turn.extend([I::I64Const(0), I::I64Store(at(0))]);
    up_to(code, counter, from, 8, end, turn);
}

/// `multiply(to, a, b, bytes)`: as on paper, with digits of 32 bits. A digit times a digit, a digit and a carry fit in 64 bits.
pub(super) fn multiply(locals: &mut Locals, code: &mut Code) {
    let (to, a, b, bytes) = (0, 1, 2, 3);
    let (row, column, place) = (4, 5, 6);
    let (digit, carry, whole) = (7, 8, 9);
    locals.extend([(3, ValType::I32), (3, ValType::I64)]);
    zeros(code, to, row, 0, bytes);
    let mut turn = sum(&[to, row, column]);
    turn.push(SET(place));
    turn.push(LOCAL(digit));
    turn.extend(sum(&[b, column]));
    turn.extend([I::I64Load32U(at(0)), I::I64Mul]);
    turn.extend([LOCAL(place), I::I64Load32U(at(0)), I::I64Add]);
    turn.extend([LOCAL(carry), I::I64Add, SET(whole)]);
    turn.extend([LOCAL(place), LOCAL(whole), I::I64Store32(at(0))]);
    turn.extend([LOCAL(whole), I::I64Const(32), I::I64ShrU, SET(carry)]);
    let mut line = sum(&[a, row]);
    line.extend([I::I64Load32U(at(0)), SET(digit), I::I64Const(0), SET(carry)]);
    up_to(&mut line, column, 0, 4, bytes, turn);
    line.extend(sum(&[to, row, bytes]));
    line.extend([LOCAL(carry), I::I64Store32(at(0))]);
    up_to(code, row, 0, 4, bytes, line);
}

const QUOTIENT: u32 = 0;
const REST: u32 = 1;
const A: u32 = 2;
const B: u32 = 3;
const A_BYTES: u32 = 4;
const B_BYTES: u32 = 5;
/// A place in a number.
const AT: u32 = 6;
/// A place in another number.
const LIMB: u32 = 7;
const CARRY: u32 = 8;
const HERE: u32 = 9;
const SMALL: u32 = 10;

/// `divide(quotient, rest, a, b, bytes of a, bytes of b)`: digit by digit where b has 32 bits, else bit by bit.
pub(super) fn divide(
    locals: &mut Locals,
    code: &mut Code,
    check: &[I<'static>],
    compare: u32,
    subtract: u32,
) {
    locals.extend([(2, ValType::I32), (3, ValType::I64)]);
    zeros(code, REST, LIMB, 0, B_BYTES);
    // What of b lies above 32 bits.
    code.extend([
        LOCAL(B),
        I::I64Load(at(0)),
        I::I64Const(32),
        I::I64ShrU,
        SET(HERE),
    ]);
    let mut turn = vec![LOCAL(HERE)];
    turn.extend(sum(&[B, LIMB]));
    turn.extend([I::I64Load(at(0)), I::I64Or, SET(HERE)]);
    up_to(code, LIMB, 8, 8, B_BYTES, turn);
    code.extend([LOCAL(HERE), I::I64Eqz, I::If(BlockType::Empty)]);
    divide_small(code, check);
    code.extend([I::Return, I::End]);
    divide_bits(code, compare, subtract);
}

fn divide_small(code: &mut Code, check: &[I<'static>]) {
    code.extend([LOCAL(B), I::I64Load(at(0)), I::LocalTee(SMALL), I::I64Eqz]);
    code.extend(check.iter().cloned());
    code.extend([LOCAL(A_BYTES), SET(AT), I::Loop(BlockType::Empty)]);
    code.extend([LOCAL(AT), i32c(4), I::I32Sub, SET(AT)]);
    code.extend([LOCAL(CARRY), I::I64Const(32), I::I64Shl]);
    code.extend(sum(&[A, AT]));
    code.extend([I::I64Load32U(at(0)), I::I64Or, SET(HERE)]);
    code.extend(sum(&[QUOTIENT, AT]));
    code.extend([LOCAL(HERE), LOCAL(SMALL), I::I64DivU, I::I64Store32(at(0))]);
    code.extend([LOCAL(HERE), LOCAL(SMALL), I::I64RemU, SET(CARRY)]);
    code.extend([LOCAL(AT), I::BrIf(0), I::End]);
    code.extend([LOCAL(REST), LOCAL(CARRY), I::I64Store(at(0))]);
}

fn divide_bits(code: &mut Code, compare: u32, subtract: u32) {
    zeros(code, QUOTIENT, LIMB, 0, A_BYTES);
    // From here on AT counts bits. Limbs of a that are zero are passed over.
    code.extend([LOCAL(A_BYTES), i32c(3), I::I32Shl, SET(AT)]);
    code.push(I::Loop(BlockType::Empty));
    code.extend([
        LOCAL(AT),
        I::I32Eqz,
        I::If(BlockType::Empty),
        I::Return,
        I::End,
    ]);
    code.extend([
        LOCAL(A),
        LOCAL(AT),
        i32c(3),
        I::I32ShrU,
        I::I32Add,
        i32c(8),
        I::I32Sub,
    ]);
    code.extend([I::I64Load(at(0)), I::I64Eqz, I::If(BlockType::Empty)]);
    code.extend([LOCAL(AT), i32c(64), I::I32Sub, SET(AT), I::Br(1), I::End]);
    code.push(I::End);

    code.push(I::Loop(BlockType::Empty));
    code.extend([LOCAL(AT), i32c(1), I::I32Sub, SET(AT)]);
    // The next bit of a goes in at the bottom of the rest.
    code.extend(byte(A));
    code.extend([
        I::I64Load8U(at(0)),
        LOCAL(AT),
        i32c(7),
        I::I32And,
        I::I64ExtendI32U,
    ]);
    code.extend([I::I64ShrU, I::I64Const(1), I::I64And, SET(CARRY)]);
    let mut turn = sum(&[REST, LIMB]);
    turn.extend([I::I64Load(at(0)), SET(HERE)]);
    turn.extend(sum(&[REST, LIMB]));
    turn.extend([
        LOCAL(HERE),
        I::I64Const(1),
        I::I64Shl,
        LOCAL(CARRY),
        I::I64Or,
        I::I64Store(at(0)),
    ]);
    turn.extend([LOCAL(HERE), I::I64Const(63), I::I64ShrU, SET(CARRY)]);
    up_to(code, LIMB, 0, 8, B_BYTES, turn);
    // A bit that left the rest at its top makes it greater than b.
    code.extend([LOCAL(CARRY), I::I32WrapI64]);
    code.extend([LOCAL(REST), LOCAL(B), LOCAL(B_BYTES), I::Call(compare)]);
    code.extend([I::I32Const(-1), I::I32Ne, I::I32Or, I::If(BlockType::Empty)]);
    code.extend([
        LOCAL(REST),
        LOCAL(REST),
        LOCAL(B),
        LOCAL(B_BYTES),
        I::Call(subtract),
        I::Drop,
    ]);
    code.extend(byte(QUOTIENT));
    code.extend(byte(QUOTIENT));
    code.extend([
        I::I32Load8U(at(0)),
        i32c(1),
        LOCAL(AT),
        i32c(7),
        I::I32And,
        I::I32Shl,
    ]);
    code.extend([I::I32Or, I::I32Store8(at(0)), I::End]);
    code.extend([LOCAL(AT), I::BrIf(0), I::End]);
}

/// The address of the byte in which the bit AT of a number lies.
fn byte(number: u32) -> [I<'static>; 5] {
    [LOCAL(number), LOCAL(AT), i32c(3), I::I32ShrU, I::I32Add]
}
