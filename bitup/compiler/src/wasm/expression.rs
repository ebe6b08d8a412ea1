//! Expressions. A truth value lies on the stack as an `i32`, a narrow number as an `i64`, a wide value and one that is made
//! of parts as its address.

use super::{
    KEY, LENGTH, NARROW, TooLarge,
    body::{Home, Maker, register},
    narrow::low_bits,
    runtime::{Import, Routine, at, i32c},
    tasks::Task,
};
use crate::{
    ir::{CALL_FAILED, Expr, ExprKind, Shape},
    kind::Kind,
};
use num_bigint::BigInt;
use wasm_encoder::{BlockType, Instruction as I, ValType};

impl Maker<'_, '_> {
    pub(super) fn expr(&mut self, value: &Expr) -> Result<(), TooLarge> {
        match &value.kind {
            ExprKind::Number(number) => self.number(number, &value.shape),
            ExprKind::Bool(truth) => self.code.push(i32c(u32::from(*truth))),
            ExprKind::Constant(bytes) => {
                let address = self.constant(bytes, &value.shape);
                self.code.push(i32c(address));
            }
            ExprKind::Local(local) => match self.homes[*local] {
                Home::Register(register) | Home::Pointer(register) => {
                    self.code.push(I::LocalGet(register))
                }
                Home::Slot(slot) => self.push_slot(slot),
            },
            ExprKind::Load(place) => {
                self.load_place(place)?;
            }
            ExprKind::Take(place) => self.take(place)?,
            ExprKind::Zero
            | ExprKind::Copy(_)
            | ExprKind::Parts(_)
            | ExprKind::Variant(..)
            | ExprKind::Field(..)
            | ExprKind::Tag(_)
            | ExprKind::Payload(..)
            | ExprKind::Else(..)
            | ExprKind::Item(..)
            | ExprKind::Length(_)
            | ExprKind::Join(..)
            | ExprKind::Slice(_)
            | ExprKind::Blake2(_) => self.of_parts(value)?,
            ExprKind::Has(place) => {
                let length = self.key(place)?;
                self.code.extend([i32c(KEY), i32c(length)]);
                self.import(Import::ContainsStorage);
                self.code.extend([I::I32Const(-1), I::I32Ne]);
            }
            ExprKind::Call(function, arguments) => self.call(*function, arguments, &value.shape)?,
            ExprKind::Operate(operator, left, right) => {
                self.operate(*operator, left, right, &value.shape)?
            }
            ExprKind::Compare(operator, left, right) => self.compare(*operator, left, right)?,
            ExprKind::And(left, right) => {
                self.expr(left)?;
                self.either(&value.shape, Some(right), None)?;
            }
            ExprKind::Or(left, right) => {
                self.expr(left)?;
                self.either(&value.shape, None, Some(right))?;
            }
            ExprKind::Not(inner) => {
                self.expr(inner)?;
                self.code.push(I::I32Eqz);
            }
            ExprKind::Convert(inner, wraps) => {
                self.expr(inner)?;
                self.convert(&inner.shape, &value.shape, *wraps);
            }
            ExprKind::Choose(condition, yes, no) => {
                self.expr(condition)?;
                self.either(&value.shape, Some(yes), Some(no))?;
            }
            ExprKind::Sender => self.ask(Import::Caller, 32),
            ExprKind::OwnAddress => self.ask(Import::Address, 32),
            ExprKind::Received => self.ask(Import::ValueTransferred, 16),
            ExprKind::OwnBalance => self.ask(Import::Balance, 16),
            ExprKind::BlockNumber => self.ask_narrow(Import::BlockNumber, &value.shape),
            ExprKind::BlockTime => self.ask_narrow(Import::Now, &value.shape),
            ExprKind::MulDiv(numbers, up) => self.mul_div(numbers, *up, &value.shape)?,
            ExprKind::External(target, selector, outside) => {
                let slot = self.external(target, *selector, outside, &value.shape, None)?;
                self.code.push(I::I32Eqz);
                self.fail_if(CALL_FAILED);
                self.outside_result(&value.shape, slot);
            }
            // Tests are never built.
            ExprKind::Deploy(..) | ExprKind::BalanceOf(_) => {
                self.code.push(I::Unreachable);
            }
        }
        Ok(())
    }

    fn number(&mut self, number: &BigInt, shape: &Shape) {
        match shape {
            Shape::Wide { bytes, .. } => {
                let (_, mut encoded) = number.to_bytes_le();
                encoded.resize(*bytes as usize, 0);
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
    fn ask_narrow(&mut self, import: Import, shape: &Shape) {
        self.room(8);
        self.code.extend([i32c(NARROW), i32c(LENGTH)]);
        self.import(import);
        self.load(NARROW, shape);
    }

    /// The condition is on the stack; a missing side is its own truth value.
    fn either(
        &mut self,
        shape: &Shape,
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

    fn call(&mut self, function: usize, arguments: &[Expr], shape: &Shape) -> Result<(), TooLarge> {
        let slot = shape.in_memory().then(|| self.slot(shape.room()));
        if let Some(slot) = slot {
            self.push_slot(slot);
        }
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

    fn compare(&mut self, operator: Kind, left: &Expr, right: &Expr) -> Result<(), TooLarge> {
        self.expr(left)?;
        self.expr(right)?;
        match &left.shape {
            Shape::Unit => {}
            shape if shape.is_whole() => {
                self.task(Task::Same, shape);
                if operator != Kind::Equal {
                    self.code.push(I::I32Eqz);
                }
            }
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
                self.code.push(i32c(*bytes));
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
            _ => {}
        }
        Ok(())
    }

    fn operate(
        &mut self,
        operator: Kind,
        left: &Expr,
        right: &Expr,
        shape: &Shape,
    ) -> Result<(), TooLarge> {
        match shape {
            Shape::Wide { bytes, .. } => self.operate_wide(operator, left, right, *bytes)?,
            Shape::Narrow(integer) => {
                self.expr(left)?;
                self.expr(right)?;
                self.narrow(operator, *integer);
            }
            _ => {}
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

    fn mul_div(&mut self, numbers: &[Expr; 3], up: bool, shape: &Shape) -> Result<(), TooLarge> {
        let [a, b, c] = numbers;
        let bytes = shape.room();
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
}
