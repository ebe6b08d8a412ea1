//! Arithmetic of narrow numbers, and conversions.

use super::{
    body::Maker,
    runtime::{Routine, at},
};
use crate::{
    check::Integer,
    ir::{ARITHMETIC, Shape},
    kind::Kind,
};
use num_bigint::BigInt;
use wasm_encoder::Instruction as I;

/// The lowest 64 bits of a number, as Wasm writes them.
pub(super) fn low_bits(value: &BigInt) -> i64 {
    let modulus = BigInt::from(1) << 64_u32;
    let low = ((value % &modulus) + &modulus) % &modulus;
    let low = u64::try_from(low).unwrap_or(0);
    i64::from_le_bytes(low.to_le_bytes())
}

/// The greatest value of a narrow type, as Wasm writes it.
fn most(integer: Integer) -> i64 {
    low_bits(&integer.range().1)
}

impl Maker<'_, '_> {
    /// An operation on the two narrow numbers on the stack.
    pub(super) fn narrow(&mut self, operator: Kind, integer: Integer) {
        let (signed, full) = (integer.signed, integer.bits == 64);
        let routine = match (operator, full, signed) {
            (Kind::Plus, true, false) => Some(Routine::AddU64),
            (Kind::Minus, true, false) => Some(Routine::SubU64),
            (Kind::Star, true, false) => Some(Routine::MulU64),
            (Kind::Plus, true, true) => Some(Routine::AddI64),
            (Kind::Minus, true, true) => Some(Routine::SubI64),
            (Kind::Star, true, true) => Some(Routine::MulI64),
            (Kind::Slash, true, true) => Some(Routine::DivI64),
            _ => None,
        };
        if let Some(routine) = routine {
            return self.routine(routine);
        }
        match operator {
            Kind::Plus | Kind::Minus | Kind::Star => {
                self.code.push(match operator {
                    Kind::Plus => I::I64Add,
                    Kind::Minus => I::I64Sub,
                    _ => I::I64Mul,
                });
                self.in_range(integer);
            }
            Kind::Slash | Kind::Percent => {
                self.routine(Routine::NotZero);
                self.code.push(match (operator, signed) {
                    (Kind::Slash, false) => I::I64DivU,
                    (Kind::Slash, true) => I::I64DivS,
                    (_, false) => I::I64RemU,
                    (_, true) => I::I64RemS,
                });
                if signed && !full {
                    self.in_range(integer);
                }
            }
            Kind::Ampersand => self.code.push(I::I64And),
            Kind::Pipe => self.code.push(I::I64Or),
            Kind::Caret => self.code.push(I::I64Xor),
            Kind::WrapPlus | Kind::WrapMinus | Kind::WrapStar => {
                self.code.push(match operator {
                    Kind::WrapPlus => I::I64Add,
                    Kind::WrapMinus => I::I64Sub,
                    _ => I::I64Mul,
                });
                self.wrap(integer);
            }
            _ => {
                self.code.push(I::I64Const(i64::from(integer.bits)));
                self.routine(Routine::Count);
                if operator == Kind::ShiftRight {
                    self.code.push(if signed { I::I64ShrS } else { I::I64ShrU });
                } else if operator == Kind::WrapShift {
                    self.code.push(I::I64Shl);
                    self.wrap(integer);
                } else {
                    self.code.push(I::I64Const(most(integer)));
                    self.routine(Routine::ShiftLeft);
                }
            }
        }
    }

    /// Fails unless the number on the stack is one of the type; types of 64 bits hold every number.
    fn in_range(&mut self, integer: Integer) {
        if integer.bits == 64 {
            return;
        }
        if integer.signed {
            self.code.extend([
                I::I64Const(low_bits(&integer.range().0)),
                I::I64Const(most(integer)),
            ]);
            self.routine(Routine::Between);
        } else {
            self.code.push(I::I64Const(most(integer)));
            self.routine(Routine::AtMost);
        }
    }

    /// Keeps the low bits of the number on the stack.
    fn wrap(&mut self, integer: Integer) {
        match (integer.bits, integer.signed) {
            (64, _) => {}
            (8, true) => self.code.push(I::I64Extend8S),
            (16, true) => self.code.push(I::I64Extend16S),
            (_, true) => self.code.push(I::I64Extend32S),
            (_, false) => self.code.extend([I::I64Const(most(integer)), I::I64And]),
        }
    }

    pub(super) fn convert(&mut self, from: &Shape, to: &Shape, wraps: bool) {
        match (from, to) {
            (Shape::Narrow(_), Shape::Narrow(target)) if wraps => self.wrap(*target),
            (Shape::Narrow(source), Shape::Narrow(target)) => self.convert_narrow(*source, *target),
            (Shape::Narrow(source), Shape::Wide { bytes, .. }) => {
                if source.signed && !wraps {
                    self.code.push(I::I64Const(i64::MAX));
                    self.routine(Routine::AtMost);
                }
                let kept = self.keep(from).unwrap_or(0);
                let slot = self.slot(*bytes);
                for offset in (0..*bytes).step_by(8) {
                    self.push_slot(slot);
                    match offset {
                        0 => self.code.push(I::LocalGet(kept)),
                        // The sign goes on in the limbs above.
                        _ if source.signed => {
                            self.code
                                .extend([I::LocalGet(kept), I::I64Const(63), I::I64ShrS])
                        }
                        _ => self.code.push(I::I64Const(0)),
                    }
                    self.code.push(I::I64Store(at(offset)));
                }
                self.push_slot(slot);
            }
            (Shape::Wide { bytes, .. }, Shape::Narrow(target)) => {
                let kept = self.keep(from).unwrap_or(0);
                if !wraps {
                    self.upper_is_zero(kept, 8, *bytes);
                }
                self.code.extend([I::LocalGet(kept), I::I64Load(at(0))]);
                if wraps {
                    self.wrap(*target);
                } else if target.bits < 64 || target.signed {
                    self.code.push(I::I64Const(most(*target)));
                    self.routine(Routine::AtMost);
                }
            }
            (Shape::Wide { bytes, .. }, Shape::Wide { bytes: target, .. }) if bytes != target => {
                let kept = self.keep(from).unwrap_or(0);
                if !wraps && target < bytes {
                    self.upper_is_zero(kept, *target, *bytes);
                }
                let slot = self.slot(*target);
                for offset in (0..*target).step_by(8) {
                    self.push_slot(slot);
                    if offset < *bytes {
                        self.code
                            .extend([I::LocalGet(kept), I::I64Load(at(offset))]);
                    } else {
                        self.code.push(I::I64Const(0));
                    }
                    self.code.push(I::I64Store(at(offset)));
                }
                self.push_slot(slot);
            }
            _ => {}
        }
    }

    fn convert_narrow(&mut self, source: Integer, target: Integer) {
        let wider = source.range().0 >= target.range().0 && source.range().1 <= target.range().1;
        if wider {
            return;
        }
        match (source.signed, target.signed) {
            (true, true) => self.in_range(target),
            // A negative number counts as a very large one.
            (true, false) if target.bits == 64 => {
                self.code.push(I::I64Const(i64::MAX));
                self.routine(Routine::AtMost);
            }
            _ => {
                self.code.push(I::I64Const(most(target)));
                self.routine(Routine::AtMost);
            }
        }
    }

    /// Fails unless the limbs from one offset on are zero.
    pub(super) fn upper_is_zero(&mut self, address: u32, from: u32, bytes: u32) {
        self.code.push(I::I64Const(0));
        for offset in (from..bytes).step_by(8) {
            self.code
                .extend([I::LocalGet(address), I::I64Load(at(offset)), I::I64Or]);
        }
        self.code.extend([I::I64Eqz, I::I32Eqz]);
        self.fail_if(ARITHMETIC);
    }
}
