//! System calls, and routines that several functions share.

use super::{LENGTH, OUT, Shared, Signature, TOKENS, wide};
use crate::ir::{ARITHMETIC, NOTHING_THERE, TOKENS_NOT_TAKEN};
use wasm_encoder::{BlockType, Function, Instruction as I, MemArg, ValType};

/// A system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Import {
    Input,
    Return,
    SetStorage,
    GetStorage,
    ClearStorage,
    ContainsStorage,
    Caller,
    Address,
    Balance,
    ValueTransferred,
    BlockNumber,
    Now,
    DepositEvent,
    Transfer,
    Call,
    Blake2,
}

impl Import {
    pub(super) const ALL: &'static [Self] = &[
        Self::Input,
        Self::Return,
        Self::SetStorage,
        Self::GetStorage,
        Self::ClearStorage,
        Self::ContainsStorage,
        Self::Caller,
        Self::Address,
        Self::Balance,
        Self::ValueTransferred,
        Self::BlockNumber,
        Self::Now,
        Self::DepositEvent,
        Self::Transfer,
        Self::Call,
        Self::Blake2,
    ];

    /// Its module, name and signature.
    pub(super) fn parts(self) -> (&'static str, &'static str, Signature) {
        let (group, name, parameters, result) = match self {
            Self::Input => ("seal0", "input", 2, false),
            Self::Return => ("seal0", "seal_return", 3, false),
            Self::SetStorage => ("seal2", "set_storage", 4, true),
            Self::GetStorage => ("seal1", "get_storage", 4, true),
            Self::ClearStorage => ("seal1", "clear_storage", 2, true),
            Self::ContainsStorage => ("seal1", "contains_storage", 2, true),
            Self::Caller => ("seal0", "caller", 2, false),
            Self::Address => ("seal0", "address", 2, false),
            Self::Balance => ("seal0", "balance", 2, false),
            Self::ValueTransferred => ("seal0", "value_transferred", 2, false),
            Self::BlockNumber => ("seal0", "block_number", 2, false),
            Self::Now => ("seal0", "now", 2, false),
            Self::DepositEvent => ("seal0", "deposit_event", 4, false),
            Self::Transfer => ("seal0", "transfer", 4, true),
            Self::Call => ("seal1", "call", 8, true),
            Self::Blake2 => ("seal0", "hash_blake2_256", 3, false),
        };
        let mut parameters = vec![ValType::I32; parameters];
        if self == Self::Call {
            // Gas.
            parameters[2] = ValType::I64;
        }
        let results = vec![ValType::I32; usize::from(result)];
        (group, name, (parameters, results))
    }
}

/// A routine of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Routine {
    /// `fail(error)`: undoes everything.
    Fail,
    /// `malformed()`: the input cannot be read.
    Malformed,
    /// `no_tokens()`: fails when tokens came.
    NoTokens,
    /// `at_most(value, most) -> value`, unsigned.
    AtMost,
    /// `between(value, least, most) -> value`, signed.
    Between,
    /// `not_zero(value) -> value`
    NotZero,
    AddU64,
    SubU64,
    MulU64,
    AddI64,
    SubI64,
    MulI64,
    DivI64,
    /// `shift_left(value, count, most) -> value`, unsigned.
    ShiftLeft,
    /// `count(value, bits) -> value`: fails when it is not less.
    Count,
    Copy16,
    Copy32,
    /// `add(to, a, b, bytes)`, fails on overflow.
    AddWide,
    /// `sub(to, a, b, bytes) -> borrow`
    SubRaw,
    /// `sub(to, a, b, bytes)`, fails below zero.
    SubWide,
    /// `compare(a, b, bytes) -> -1, 0 or 1`, unsigned.
    CompareWide,
    /// `multiply(to, a, b, bytes)`: the whole product, twice as long.
    MulWhole,
    /// `divide(quotient, rest, a, b, bytes of a, bytes of b)`, fails when b is zero.
    DivWhole,
    // What these do stands in `lists`.
    Alloc,
    Move,
    Clear,
    SameBytes,
    Write,
    ReadPlain,
    Compact,
    ReadCompact,
    Index,
    Push,
    Pop,
    Join,
    Slice,
    SliceText,
    IsText,
}

const LOCAL: fn(u32) -> I<'static> = I::LocalGet;

/// A place of memory for 8-byte accesses.
pub(super) fn at(offset: u32) -> MemArg {
    MemArg {
        offset: u64::from(offset),
        align: 0,
        memory_index: 0,
    }
}

pub(super) fn i32c(value: u32) -> I<'static> {
    I::I32Const(i32::from_le_bytes(value.to_le_bytes()))
}

impl Routine {
    pub(super) const ALL: &'static [Self] = &[
        Self::Fail,
        Self::Malformed,
        Self::NoTokens,
        Self::AtMost,
        Self::Between,
        Self::NotZero,
        Self::AddU64,
        Self::SubU64,
        Self::MulU64,
        Self::AddI64,
        Self::SubI64,
        Self::MulI64,
        Self::DivI64,
        Self::ShiftLeft,
        Self::Count,
        Self::Copy16,
        Self::Copy32,
        Self::AddWide,
        Self::SubRaw,
        Self::SubWide,
        Self::CompareWide,
        Self::MulWhole,
        Self::DivWhole,
        Self::Alloc,
        Self::Move,
        Self::Clear,
        Self::SameBytes,
        Self::Write,
        Self::ReadPlain,
        Self::Compact,
        Self::ReadCompact,
        Self::Index,
        Self::Push,
        Self::Pop,
        Self::Join,
        Self::Slice,
        Self::SliceText,
        Self::IsText,
    ];

    /// The routines that it calls.
    pub(super) fn calls(self) -> &'static [Self] {
        match self {
            Self::Fail
            | Self::Malformed
            | Self::Copy16
            | Self::Copy32
            | Self::SubRaw
            | Self::CompareWide
            | Self::MulWhole
            | Self::Alloc
            | Self::Move
            | Self::Clear
            | Self::SameBytes
            | Self::Compact
            | Self::ReadCompact
            | Self::IsText => &[],
            Self::Write | Self::ReadPlain => &[Self::Move],
            Self::Push | Self::Join => &[Self::Alloc, Self::Move],
            Self::Slice | Self::SliceText => &[Self::Fail, Self::Alloc, Self::Move],
            Self::SubWide => &[Self::Fail, Self::SubRaw],
            Self::DivWhole => &[Self::Fail, Self::CompareWide, Self::SubRaw],
            _ => &[Self::Fail],
        }
    }

    /// The system calls that it makes.
    pub(super) fn imports(self) -> &'static [Import] {
        match self {
            Self::Fail | Self::Malformed => &[Import::Return],
            Self::NoTokens => &[Import::ValueTransferred],
            _ => &[],
        }
    }

    fn signature(self) -> Signature {
        let (i32s, i64s, result) = match self {
            Self::Fail => (1, 0, None),
            Self::Malformed | Self::NoTokens => (0, 0, None),
            Self::AtMost | Self::Count => (0, 2, Some(ValType::I64)),
            Self::Between | Self::ShiftLeft => (0, 3, Some(ValType::I64)),
            Self::NotZero => (0, 1, Some(ValType::I64)),
            Self::AddU64
            | Self::SubU64
            | Self::MulU64
            | Self::AddI64
            | Self::SubI64
            | Self::MulI64
            | Self::DivI64 => (0, 2, Some(ValType::I64)),
            Self::Copy16 | Self::Copy32 => (2, 0, None),
            Self::AddWide | Self::SubWide | Self::MulWhole => (4, 0, None),
            Self::SubRaw => (4, 0, Some(ValType::I64)),
            Self::DivWhole => (6, 0, None),
            Self::CompareWide | Self::SameBytes | Self::Write => (3, 0, Some(ValType::I32)),
            Self::Alloc => (1, 0, Some(ValType::I32)),
            Self::Move | Self::Join => (3, 0, None),
            Self::Clear => (2, 0, None),
            Self::ReadPlain => (4, 0, Some(ValType::I32)),
            Self::Compact | Self::Push | Self::Pop | Self::IsText => (2, 0, Some(ValType::I32)),
            Self::ReadCompact => (2, 0, Some(ValType::I64)),
            Self::Index => (1, 1, Some(ValType::I32)),
            Self::Slice | Self::SliceText => (2, 2, None),
        };
        let parameters = [vec![ValType::I32; i32s], vec![ValType::I64; i64s]].concat();
        (parameters, result.into_iter().collect())
    }

    /// Its signature and code.
    pub(super) fn body(self, shared: &mut Shared<'_>) -> (Signature, Function) {
        let fail = shared.place_of(Self::Fail);
        let arithmetic = i32c(u32::try_from(ARITHMETIC).unwrap_or(0));
        let check = [
            I::If(BlockType::Empty),
            arithmetic.clone(),
            I::Call(fail),
            I::End,
        ];
        let mut locals: Vec<(u32, ValType)> = Vec::new();
        let mut code: Vec<I<'static>> = Vec::new();
        match self {
            Self::Fail => {
                // OUT: 0 (understood), 1 (failed), the error.
                code.extend([
                    i32c(0),
                    i32c(256),
                    I::I32Store16(at(OUT)),
                    i32c(0),
                    LOCAL(0),
                    I::I32Store8(at(OUT + 2)),
                ]);
                code.extend([
                    i32c(1),
                    i32c(OUT),
                    i32c(3),
                    I::Call(shared.import(Import::Return)),
                    I::Unreachable,
                ]);
            }
            Self::Malformed => {
                // OUT: 1 (not understood), 1 (the input cannot be read).
                code.extend([i32c(0), i32c(257), I::I32Store16(at(OUT))]);
                code.extend([
                    i32c(1),
                    i32c(OUT),
                    i32c(2),
                    I::Call(shared.import(Import::Return)),
                    I::Unreachable,
                ]);
            }
            Self::NoTokens => {
                code.extend([
                    i32c(0),
                    i32c(16),
                    I::I32Store(at(LENGTH)),
                    i32c(TOKENS),
                    i32c(LENGTH),
                ]);
                code.push(I::Call(shared.import(Import::ValueTransferred)));
                code.extend([
                    i32c(0),
                    I::I64Load(at(TOKENS)),
                    i32c(0),
                    I::I64Load(at(TOKENS + 8)),
                    I::I64Or,
                    I::I64Eqz,
                    I::I32Eqz,
                ]);
                code.extend([
                    I::If(BlockType::Empty),
                    i32c(u32::try_from(TOKENS_NOT_TAKEN).unwrap_or(0)),
                    I::Call(fail),
                    I::End,
                ]);
            }
            Self::AtMost => {
                code.extend([LOCAL(0), LOCAL(1), I::I64GtU]);
                code.extend(check);
                code.push(LOCAL(0));
            }
            Self::Between => {
                code.extend([
                    LOCAL(0),
                    LOCAL(1),
                    I::I64LtS,
                    LOCAL(0),
                    LOCAL(2),
                    I::I64GtS,
                    I::I32Or,
                ]);
                code.extend(check);
                code.push(LOCAL(0));
            }
            Self::NotZero => {
                code.extend([LOCAL(0), I::I64Eqz]);
                code.extend(check);
                code.push(LOCAL(0));
            }
            Self::Count => {
                code.extend([LOCAL(0), LOCAL(1), I::I64GeU]);
                code.extend(check);
                code.push(LOCAL(0));
            }
            Self::AddU64 => {
                locals.push((1, ValType::I64));
                code.extend([
                    LOCAL(0),
                    LOCAL(1),
                    I::I64Add,
                    I::LocalTee(2),
                    LOCAL(0),
                    I::I64LtU,
                ]);
                code.extend(check);
                code.push(LOCAL(2));
            }
            Self::SubU64 => {
                code.extend([LOCAL(0), LOCAL(1), I::I64LtU]);
                code.extend(check);
                code.extend([LOCAL(0), LOCAL(1), I::I64Sub]);
            }
            Self::MulU64 => {
                locals.push((1, ValType::I64));
                code.extend([LOCAL(0), LOCAL(1), I::I64Mul, I::LocalSet(2)]);
                code.extend([LOCAL(0), I::I64Eqz, I::I32Eqz, I::If(BlockType::Empty)]);
                code.extend([LOCAL(2), LOCAL(0), I::I64DivU, LOCAL(1), I::I64Ne]);
                code.extend(check);
                code.extend([I::End, LOCAL(2)]);
            }
            Self::AddI64 | Self::SubI64 => {
                locals.push((1, ValType::I64));
                let add = self == Self::AddI64;
                code.extend([
                    LOCAL(0),
                    LOCAL(1),
                    if add { I::I64Add } else { I::I64Sub },
                    I::LocalSet(2),
                ]);
                // The sign of the result is wrong: for a sum both signs were equal, for a difference they were not.
                code.extend([
                    LOCAL(0),
                    LOCAL(2),
                    I::I64Xor,
                    LOCAL(1),
                    if add { LOCAL(2) } else { LOCAL(0) },
                    I::I64Xor,
                ]);
                code.extend([I::I64And, I::I64Const(0), I::I64LtS]);
                code.extend(check);
                code.push(LOCAL(2));
            }
            Self::MulI64 => {
                locals.push((1, ValType::I64));
                code.extend([LOCAL(0), LOCAL(1), I::I64Mul, I::LocalSet(2)]);
                // -1 times the least number has no result, and dividing by -1 would trap.
                code.extend([LOCAL(0), I::I64Const(-1), I::I64Eq, I::If(BlockType::Empty)]);
                code.extend([LOCAL(1), I::I64Const(i64::MIN), I::I64Eq]);
                code.extend(check.clone());
                code.extend([
                    I::Else,
                    LOCAL(0),
                    I::I64Eqz,
                    I::I32Eqz,
                    I::If(BlockType::Empty),
                ]);
                code.extend([LOCAL(2), LOCAL(0), I::I64DivS, LOCAL(1), I::I64Ne]);
                code.extend(check);
                code.extend([I::End, I::End, LOCAL(2)]);
            }
            Self::DivI64 => {
                code.extend([LOCAL(1), I::I64Eqz]);
                code.extend(check.clone());
                // The least number divided by -1 has no result.
                code.extend([LOCAL(0), I::I64Const(i64::MIN), I::I64Eq]);
                code.extend([LOCAL(1), I::I64Const(-1), I::I64Eq, I::I32And]);
                code.extend(check);
                code.extend([LOCAL(0), LOCAL(1), I::I64DivS]);
            }
            Self::ShiftLeft => {
                locals.push((1, ValType::I64));
                code.extend([
                    LOCAL(0),
                    LOCAL(1),
                    I::I64Shl,
                    I::LocalTee(3),
                    LOCAL(2),
                    I::I64GtU,
                ]);
                code.extend([LOCAL(3), LOCAL(1), I::I64ShrU, LOCAL(0), I::I64Ne, I::I32Or]);
                code.extend(check);
                code.push(LOCAL(3));
            }
            Self::Copy16 | Self::Copy32 => {
                for offset in (0..if self == Self::Copy16 { 16 } else { 32 }).step_by(8) {
                    code.extend([
                        LOCAL(0),
                        LOCAL(1),
                        I::I64Load(at(offset)),
                        I::I64Store(at(offset)),
                    ]);
                }
            }
            Self::AddWide => wide::add(&mut locals, &mut code, &check),
            Self::SubRaw => wide::subtract(&mut locals, &mut code),
            Self::SubWide => {
                code.extend([LOCAL(0), LOCAL(1), LOCAL(2), LOCAL(3)]);
                code.extend([I::Call(shared.place_of(Self::SubRaw)), I::I32WrapI64]);
                code.extend(check);
            }
            Self::CompareWide => wide::compare(&mut locals, &mut code),
            Self::MulWhole => wide::multiply(&mut locals, &mut code),
            Self::DivWhole => {
                let (compare, subtract) = (
                    shared.place_of(Self::CompareWide),
                    shared.place_of(Self::SubRaw),
                );
                wide::divide(&mut locals, &mut code, &check, compare, subtract);
            }
            _ => self.list_body(shared, (&mut locals, &mut code)),
        }
        let mut function = Function::new(locals);
        for instruction in code.iter().chain([&I::End]) {
            function.instruction(instruction);
        }
        (self.signature(), function)
    }
}

/// The number of the error for what is not there.
pub(super) fn nothing_there() -> u32 {
    u32::try_from(NOTHING_THERE).unwrap_or(0)
}
