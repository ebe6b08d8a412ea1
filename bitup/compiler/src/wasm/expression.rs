//! Expressions. A truth value lies on the stack as an `i32`, a narrow number as an `i64`, a wide value as its address.

use super::{
    KEY, LENGTH, LONGEST_KEY, NARROW, TooLarge,
    body::{Home, Maker, register},
    runtime::{Import, Routine, at, i32c, nothing_there},
};
use crate::{
    check::Integer,
    ir::{ARITHMETIC, CALL_FAILED, Expr, ExprKind, Place, Shape},
    kind::Kind,
};
use num_bigint::BigInt;
use wasm_encoder::{BlockType, Instruction as I, ValType};

/// The lowest 64 bits of a number, as Wasm writes them.
fn low_bits(value: &BigInt) -> i64 {
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
    pub(super) fn expr(&mut self, value: &Expr) -> Result<(), TooLarge> {
        match &value.kind {
            ExprKind::Number(number) => self.number(number, value.shape),
            ExprKind::Bool(truth) => self.code.push(i32c(u32::from(*truth))),
            ExprKind::Constant(bytes) => {
                let address = self.shared.constant(bytes);
                self.code.push(i32c(address));
            }
            ExprKind::Local(local) => match self.homes[*local] {
                Home::Register(register) | Home::Pointer(register) => {
                    self.code.push(I::LocalGet(register))
                }
                Home::Slot(slot) => self.push_slot(slot),
            },
            ExprKind::Load(place) => self.load_place(place)?,
            ExprKind::Has(place) => {
                let length = self.key(place)?;
                self.code.extend([i32c(KEY), i32c(length)]);
                self.import(Import::ContainsStorage);
                self.code.extend([I::I32Const(-1), I::I32Ne]);
            }
            ExprKind::Call(function, arguments) => self.call(*function, arguments, value.shape)?,
            ExprKind::Operate(operator, left, right) => {
                self.operate(*operator, left, right, value.shape)?
            }
            ExprKind::Compare(operator, left, right) => self.compare(*operator, left, right)?,
            ExprKind::And(left, right) => {
                self.expr(left)?;
                self.either(value.shape, Some(right), None)?;
            }
            ExprKind::Or(left, right) => {
                self.expr(left)?;
                self.either(value.shape, None, Some(right))?;
            }
            ExprKind::Not(inner) => {
                self.expr(inner)?;
                self.code.push(I::I32Eqz);
            }
            ExprKind::Convert(inner, wraps) => {
                self.expr(inner)?;
                self.convert(inner.shape, value.shape, *wraps);
            }
            ExprKind::Choose(condition, yes, no) => {
                self.expr(condition)?;
                self.either(value.shape, Some(yes), Some(no))?;
            }
            ExprKind::Sender => self.ask(Import::Caller, 32),
            ExprKind::OwnAddress => self.ask(Import::Address, 32),
            ExprKind::Received => self.ask(Import::ValueTransferred, 16),
            ExprKind::OwnBalance => self.ask(Import::Balance, 16),
            ExprKind::BlockNumber => self.ask_narrow(Import::BlockNumber, value.shape),
            ExprKind::BlockTime => self.ask_narrow(Import::Now, value.shape),
            ExprKind::MulDiv(numbers, up) => self.mul_div(numbers, *up, value.shape)?,
            ExprKind::External(target, selector, outside) => {
                self.external(target, *selector, outside, value.shape)?;
                self.code.push(I::I32Eqz);
                self.fail_if(CALL_FAILED);
                self.outside_result(value.shape);
            }
            // Tests are never built.
            ExprKind::Deploy(..) | ExprKind::BalanceOf(_) => {
                self.code.push(I::Unreachable);
            }
        }
        Ok(())
    }

    fn number(&mut self, number: &BigInt, shape: Shape) {
        match shape {
            Shape::Wide { bytes, .. } => {
                let (_, mut encoded) = number.to_bytes_le();
                encoded.resize(bytes as usize, 0);
                let address = self.shared.constant(&encoded);
                self.code.push(i32c(address));
            }
            _ => self.code.push(I::I64Const(low_bits(number))),
        }
    }

    /// A system call that gives a wide value.
    fn ask(&mut self, import: Import, bytes: u32) {
        let slot = self.slot(bytes);
        self.room(bytes);
        self.push_slot(slot);
        self.code.push(i32c(LENGTH));
        self.import(import);
        self.push_slot(slot);
    }

    /// A system call that gives a narrow value.
    fn ask_narrow(&mut self, import: Import, shape: Shape) {
        self.room(8);
        self.code.extend([i32c(NARROW), i32c(LENGTH)]);
        self.import(import);
        self.load(NARROW, shape);
    }

    /// The condition is on the stack; a missing side is its own truth value.
    fn either(
        &mut self,
        shape: Shape,
        yes: Option<&Expr>,
        no: Option<&Expr>,
    ) -> Result<(), TooLarge> {
        let ty = register(shape).map_or(BlockType::Empty, BlockType::Result);
        self.code.push(I::If(ty));
        self.depth += 1;
        match yes {
            Some(yes) => self.expr(yes)?,
            None => self.code.push(i32c(1)),
        }
        self.code.push(I::Else);
        match no {
            Some(no) => self.expr(no)?,
            None => self.code.push(i32c(0)),
        }
        self.depth -= 1;
        self.code.push(I::End);
        Ok(())
    }

    fn call(&mut self, function: usize, arguments: &[Expr], shape: Shape) -> Result<(), TooLarge> {
        let slot = match shape {
            Shape::Wide { bytes, .. } => {
                let slot = self.slot(bytes);
                self.push_slot(slot);
                Some(slot)
            }
            _ => None,
        };
        for argument in arguments {
            self.expr(argument)?;
        }
        let target = self.shared.function(function);
        self.code.push(I::Call(target));
        if let Some(slot) = slot {
            self.push_slot(slot);
        }
        Ok(())
    }

    /// Writes the key of a place; gives its length.
    pub(super) fn key(&mut self, place: &Place) -> Result<u32, TooLarge> {
        // All keys are computed before any is written: computing one may read storage.
        let mut kept = Vec::new();
        for key in &place.keys {
            self.expr(key)?;
            kept.push(self.keep(key.shape));
        }
        self.code
            .extend([i32c(0), i32c(place.cell), I::I32Store(at(KEY))]);
        let mut length = 4_u32;
        for (key, local) in place.keys.iter().zip(kept) {
            if length + key.shape.bytes() > LONGEST_KEY {
                return Err(TooLarge {
                    what: "the key of a map".to_owned(),
                });
            }
            self.put(KEY + length, local, key.shape);
            length += key.shape.bytes();
        }
        Ok(length)
    }

    fn load_place(&mut self, place: &Place) -> Result<(), TooLarge> {
        let length = self.key(place)?;
        let bytes = place.shape.bytes();
        let slot = match place.shape {
            Shape::Wide { .. } => Some(self.slot(bytes)),
            _ => None,
        };
        if place.shape.has_zero() {
            for offset in (0..bytes).step_by(8) {
                match slot {
                    Some(slot) => self.push_slot(slot),
                    None => self.code.push(i32c(NARROW)),
                }
                self.code.extend([I::I64Const(0), I::I64Store(at(offset))]);
            }
        }
        self.room(bytes);
        self.code.extend([i32c(KEY), i32c(length)]);
        match slot {
            Some(slot) => self.push_slot(slot),
            None => self.code.push(i32c(NARROW)),
        }
        self.code.push(i32c(LENGTH));
        self.import(Import::GetStorage);
        if place.shape.has_zero() {
            self.code.push(I::Drop);
        } else {
            self.code
                .extend([I::If(BlockType::Empty), i32c(nothing_there())]);
            self.routine(Routine::Fail);
            self.code.push(I::End);
        }
        match slot {
            Some(slot) => self.push_slot(slot),
            None => self.load(NARROW, place.shape),
        }
        Ok(())
    }

    pub(super) fn store(&mut self, place: &Place, value: &Expr) -> Result<(), TooLarge> {
        self.expr(value)?;
        let kept = self.keep(value.shape);
        let length = self.key(place)?;
        let bytes = value.shape.bytes();
        if matches!(value.shape, Shape::Wide { .. }) {
            self.code.extend([i32c(KEY), i32c(length)]);
            self.code.extend(kept.map(I::LocalGet));
        } else {
            self.put(NARROW, kept, value.shape);
            self.code.extend([i32c(KEY), i32c(length), i32c(NARROW)]);
        }
        self.code.push(i32c(bytes));
        self.import(Import::SetStorage);
        self.code.push(I::Drop);
        Ok(())
    }

    fn compare(&mut self, operator: Kind, left: &Expr, right: &Expr) -> Result<(), TooLarge> {
        self.expr(left)?;
        self.expr(right)?;
        match left.shape {
            Shape::Unit => {}
            Shape::Bool => self.code.push(if operator == Kind::Equal {
                I::I32Eq
            } else {
                I::I32Ne
            }),
            Shape::Choice(_) => self.code.push(if operator == Kind::Equal {
                I::I64Eq
            } else {
                I::I64Ne
            }),
            Shape::Narrow(integer) => {
                let signed = integer.signed;
                self.code.push(match operator {
                    Kind::Equal => I::I64Eq,
                    Kind::NotEqual => I::I64Ne,
                    Kind::Less if signed => I::I64LtS,
                    Kind::Less => I::I64LtU,
                    Kind::LessEqual if signed => I::I64LeS,
                    Kind::LessEqual => I::I64LeU,
                    Kind::Greater if signed => I::I64GtS,
                    Kind::Greater => I::I64GtU,
                    _ if signed => I::I64GeS,
                    _ => I::I64GeU,
                });
            }
            Shape::Wide { bytes, .. } => {
                self.code.push(i32c(bytes));
                self.routine(Routine::CompareWide);
                self.code.push(i32c(0));
                self.code.push(match operator {
                    Kind::Equal => I::I32Eq,
                    Kind::NotEqual => I::I32Ne,
                    Kind::Less => I::I32LtS,
                    Kind::LessEqual => I::I32LeS,
                    Kind::Greater => I::I32GtS,
                    _ => I::I32GeS,
                });
            }
        }
        Ok(())
    }

    fn operate(
        &mut self,
        operator: Kind,
        left: &Expr,
        right: &Expr,
        shape: Shape,
    ) -> Result<(), TooLarge> {
        match shape {
            Shape::Wide { bytes, .. } => self.operate_wide(operator, left, right, bytes)?,
            Shape::Narrow(integer) => {
                self.expr(left)?;
                self.expr(right)?;
                self.narrow(operator, integer);
            }
            Shape::Unit | Shape::Bool | Shape::Choice(_) => {}
        }
        Ok(())
    }

    fn operate_wide(
        &mut self,
        operator: Kind,
        left: &Expr,
        right: &Expr,
        bytes: u32,
    ) -> Result<(), TooLarge> {
        if operator == Kind::Star {
            let whole = self.multiply(left, right, bytes)?;
            let kept = self.kept_slot(whole);
            self.upper_is_zero(kept, bytes, 2 * bytes);
            self.code.push(I::LocalGet(kept));
            return Ok(());
        }
        let slot = self.slot(bytes);
        self.push_slot(slot);
        let routine = match operator {
            Kind::Plus => Routine::AddWide,
            Kind::Minus => Routine::SubWide,
            _ => Routine::DivWhole,
        };
        let rest = (routine == Routine::DivWhole).then(|| self.slot(bytes));
        if let Some(rest) = rest {
            self.push_slot(rest);
        }
        self.expr(left)?;
        self.expr(right)?;
        self.code.push(i32c(bytes));
        if rest.is_some() {
            self.code.push(i32c(bytes));
        }
        self.routine(routine);
        let result = rest.filter(|_| operator == Kind::Percent);
        self.push_slot(result.unwrap_or(slot));
        Ok(())
    }

    /// The whole product of two wide numbers, in a slot of twice their length.
    fn multiply(&mut self, left: &Expr, right: &Expr, bytes: u32) -> Result<u32, TooLarge> {
        let whole = self.slot(2 * bytes);
        self.push_slot(whole);
        self.expr(left)?;
        self.expr(right)?;
        self.code.push(i32c(bytes));
        self.routine(Routine::MulWhole);
        Ok(whole)
    }

    /// A local with the address of a slot.
    fn kept_slot(&mut self, slot: u32) -> u32 {
        let local = self.new_local(ValType::I32);
        self.push_slot(slot);
        self.code.push(I::LocalSet(local));
        local
    }

    fn mul_div(&mut self, numbers: &[Expr; 3], up: bool, shape: Shape) -> Result<(), TooLarge> {
        let [a, b, c] = numbers;
        let bytes = shape.bytes();
        let whole = self.multiply(a, b, bytes)?;
        let (quotient, rest) = (self.slot(2 * bytes), self.slot(bytes));
        self.push_slot(quotient);
        self.push_slot(rest);
        self.push_slot(whole);
        self.expr(c)?;
        self.code.extend([i32c(2 * bytes), i32c(bytes)]);
        self.routine(Routine::DivWhole);
        let kept = self.kept_slot(quotient);
        if up {
            let mut one = vec![0; 2 * bytes as usize];
            one[0] = 1;
            let one = self.shared.constant(&one);
            self.code.push(I::I64Const(0));
            for offset in (0..bytes).step_by(8) {
                self.push_slot(rest);
                self.code.extend([I::I64Load(at(offset)), I::I64Or]);
            }
            self.code
                .extend([I::I64Eqz, I::I32Eqz, I::If(BlockType::Empty)]);
            self.code.extend([
                I::LocalGet(kept),
                I::LocalGet(kept),
                i32c(one),
                i32c(2 * bytes),
            ]);
            self.routine(Routine::AddWide);
            self.code.push(I::End);
        }
        self.upper_is_zero(kept, bytes, 2 * bytes);
        self.code.push(I::LocalGet(kept));
        Ok(())
    }

    /// An operation on the two narrow numbers on the stack.
    fn narrow(&mut self, operator: Kind, integer: Integer) {
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

    fn convert(&mut self, from: Shape, to: Shape, wraps: bool) {
        match (from, to) {
            (Shape::Narrow(_), Shape::Narrow(target)) if wraps => self.wrap(target),
            (Shape::Narrow(source), Shape::Narrow(target)) => self.convert_narrow(source, target),
            (Shape::Narrow(source), Shape::Wide { bytes, .. }) => {
                if source.signed && !wraps {
                    self.code.push(I::I64Const(i64::MAX));
                    self.routine(Routine::AtMost);
                }
                let kept = self.keep(from).unwrap_or(0);
                let slot = self.slot(bytes);
                for offset in (0..bytes).step_by(8) {
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
                    self.upper_is_zero(kept, 8, bytes);
                }
                self.code.extend([I::LocalGet(kept), I::I64Load(at(0))]);
                if wraps {
                    self.wrap(target);
                } else if target.bits < 64 || target.signed {
                    self.code.push(I::I64Const(most(target)));
                    self.routine(Routine::AtMost);
                }
            }
            (Shape::Wide { bytes, .. }, Shape::Wide { bytes: target, .. }) if bytes != target => {
                let kept = self.keep(from).unwrap_or(0);
                if !wraps && target < bytes {
                    self.upper_is_zero(kept, target, bytes);
                }
                let slot = self.slot(target);
                for offset in (0..target).step_by(8) {
                    self.push_slot(slot);
                    if offset < bytes {
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
    fn upper_is_zero(&mut self, address: u32, from: u32, bytes: u32) {
        self.code.push(I::I64Const(0));
        for offset in (from..bytes).step_by(8) {
            self.code
                .extend([I::LocalGet(address), I::I64Load(at(offset)), I::I64Or]);
        }
        self.code.extend([I::I64Eqz, I::I32Eqz]);
        self.fail_if(ARITHMETIC);
    }
}
