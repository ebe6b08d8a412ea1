//! Expressions and statements.

use super::{Standing, Stop, Value, World, arithmetic, compares, fitting, mul_div, wrapped};
use crate::{
    ir::{ARITHMETIC, Bodies, Expr, ExprKind, Stmt, TRANSFER_FAILED},
    kind::Kind,
};
use num_bigint::BigInt;

/// How deep functions call each other.
pub const MOST_DEPTH: u32 = 64;

/// Runs functions.
pub struct Machine<'m, 'w> {
    pub(super) bodies: Bodies<'m>,
    pub(super) world: &'w mut dyn World,
    steps: u64,
    depth: u32,
    standing: Standing,
}

/// How a statement ended.
enum Flow {
    On,
    Break,
    Continue,
    Return(Value),
}

pub(super) type Done<T> = Result<T, Stop>;

impl<'m, 'w> Machine<'m, 'w> {
    /// A machine that takes at most so many steps.
    pub fn new(bodies: Bodies<'m>, world: &'w mut dyn World, steps: u64) -> Self {
        Self {
            bodies,
            world,
            steps,
            depth: 0,
            standing: None,
        }
    }

    /// Tests: the statement that began last.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Calls a function.
    ///
    /// # Errors
    /// When it does not come to its end.
    pub fn function(&mut self, number: usize, arguments: Vec<Value>) -> Done<Value> {
        self.changed(number, arguments).map(|(result, _)| result)
    }

    /// Calls a function; gives its result and its locals as they are at its end.
    pub(super) fn changed(
        &mut self,
        number: usize,
        arguments: Vec<Value>,
    ) -> Done<(Value, Vec<Value>)> {
        let function = self.bodies.functions.get(number).ok_or(Stop::Malformed)?;
        if self.depth >= MOST_DEPTH {
            return Err(Stop::Depth);
        }
        let mut locals = arguments;
        let rest = function.locals.iter().skip(locals.len());
        locals.extend(rest.map(Value::zero).collect::<Vec<_>>());
        self.depth += 1;
        let flow = self.statements(&function.body, &mut locals);
        self.depth -= 1;
        let result = match flow? {
            Flow::Return(value) => value,
            _ => Value::zero(&function.result),
        };
        Ok((result, locals))
    }

    pub(super) fn step(&mut self) -> Done<()> {
        self.steps = self.steps.checked_sub(1).ok_or(Stop::Steps)?;
        Ok(())
    }

    fn statements(&mut self, statements: &'m [Stmt], locals: &mut [Value]) -> Done<Flow> {
        for statement in statements {
            match self.statement(statement, locals)? {
                Flow::On => {}
                other => return Ok(other),
            }
        }
        Ok(Flow::On)
    }

    fn statement(&mut self, statement: &'m Stmt, locals: &mut [Value]) -> Done<Flow> {
        self.step()?;
        match statement {
            Stmt::Set(local, value) => {
                let value = self.expr(value, locals)?;
                *locals.get_mut(*local).ok_or(Stop::Malformed)? = value;
            }
            Stmt::Put(path, value) => {
                let value = self.expr(value, locals)?;
                self.put(path, value, locals)?;
            }
            Stmt::Push(path, value) => {
                let value = self.expr(value, locals)?;
                self.push(path, value, locals)?;
            }
            Stmt::Pop(path, local) => {
                let value = self.pop(path, locals)?;
                *locals.get_mut(*local).ok_or(Stop::Malformed)? = value;
            }
            Stmt::Change(path, function, arguments, local) => {
                self.change(path, *function, arguments, *local, locals)?;
            }
            Stmt::Store(place, value) => {
                let value = self.expr(value, locals)?;
                let key = self.key(place, locals)?;
                self.store(place, &key, &value)?;
            }
            Stmt::Clear(place) => {
                let key = self.key(place, locals)?;
                self.clear(place, &key)?;
            }
            Stmt::If(condition, then, otherwise) => {
                let way = if self.truth(condition, locals)? {
                    then
                } else {
                    otherwise
                };
                return self.statements(way, locals);
            }
            Stmt::Loop(condition, body, last, _) => {
                return self.repeat(condition, body, last, locals);
            }
            Stmt::Break => return Ok(Flow::Break),
            Stmt::Continue => return Ok(Flow::Continue),
            Stmt::Return(value) => {
                let value = value.as_ref().map(|value| self.expr(value, locals));
                return Ok(Flow::Return(value.transpose()?.unwrap_or(Value::Unit)));
            }
            Stmt::Fail(error, fields) => {
                let mut bytes = Vec::new();
                for field in fields {
                    bytes.extend(self.encoded(field, locals)?);
                }
                return Err(Stop::Failed(*error, bytes));
            }
            Stmt::Emit(event, fields) => self.emit(*event, fields, locals)?,
            Stmt::Transfer(to, amount) => {
                let (to, amount) = (self.address(to, locals)?, self.tokens(amount, locals)?);
                if !self.world.transfer(&to, amount) {
                    return Err(Stop::Failed(TRANSFER_FAILED, Vec::new()));
                }
            }
            Stmt::Do(value) => {
                self.expr(value, locals)?;
            }
            Stmt::At(file, span) => {
                if self.depth <= 1 {
                    self.standing = Some((*file, *span));
                }
            }
            Stmt::Check(condition) => self.check(condition, locals)?,
            Stmt::Assume(condition) => {
                if !self.truth(condition, locals)? {
                    return Err(Stop::Unfit);
                }
            }
            Stmt::Wait(time) => {
                let Value::Number(time) = self.expr(time, locals)? else {
                    return Err(Stop::Malformed);
                };
                let time = u64::try_from(&time).map_err(|_| Stop::Malformed)?;
                self.world.wait(time);
            }
            Stmt::MustFail(call, error) => match self.expr(call, locals) {
                Err(Stop::Refused(refusal)) if refusal.error == *error => {}
                Err(Stop::Refused(refusal)) => {
                    let text = format!("it fails with {}, not with {error}", refusal.shown);
                    return Err(Stop::Unmet(text));
                }
                Ok(_) => return Err(Stop::Unmet(format!("it does not fail with {error}"))),
                Err(other) => return Err(other),
            },
            Stmt::Try(tried) => {
                let call = &tried.call;
                let answer = match &call.kind {
                    ExprKind::External(target, selector, outside) => {
                        self.outside(target, *selector, outside, call, locals)?
                    }
                    _ => match self.expr(call, locals) {
                        Err(Stop::Refused(refusal)) => Err(refusal),
                        other => Ok(other?),
                    },
                };
                let (local, value, way) = match answer {
                    Ok(value) => (tried.result, value, &tried.body),
                    Err(refusal) => (tried.error, Value::Bytes(refusal.output), &tried.catch),
                };
                if let Some(local) = local {
                    *locals.get_mut(local).ok_or(Stop::Malformed)? = value;
                }
                return self.statements(way, locals);
            }
        }
        Ok(Flow::On)
    }

    fn repeat(
        &mut self,
        condition: &'m Expr,
        body: &'m [Stmt],
        last: &'m [Stmt],
        locals: &mut [Value],
    ) -> Done<Flow> {
        while self.truth(condition, locals)? {
            self.step()?;
            match self.statements(body, locals)? {
                Flow::Break => break,
                Flow::Return(value) => return Ok(Flow::Return(value)),
                Flow::On | Flow::Continue => {}
            }
            self.statements(last, locals)?;
        }
        Ok(Flow::On)
    }

    /// What has to hold in a test; of a comparison both sides are told.
    fn check(&mut self, condition: &'m Expr, locals: &mut [Value]) -> Done<()> {
        let (holds, text) = match &condition.kind {
            ExprKind::Compare(operator, left, right) => {
                let (a, b) = (self.expr(left, locals)?, self.expr(right, locals)?);
                let holds = compared(*operator, &a, &b)?;
                (
                    holds,
                    format!(
                        "`{}` does not hold between {} and {}",
                        operator.text(),
                        a.shown(&left.shape),
                        b.shown(&right.shape)
                    ),
                )
            }
            _ => (
                self.truth(condition, locals)?,
                "it does not hold".to_owned(),
            ),
        };
        if holds {
            Ok(())
        } else {
            Err(Stop::Unmet(text))
        }
    }

    pub(super) fn expr(&mut self, value: &'m Expr, locals: &mut [Value]) -> Done<Value> {
        self.step()?;
        Ok(match &value.kind {
            ExprKind::Number(number) => Value::Number(number.clone()),
            ExprKind::Bool(truth) => Value::Bool(*truth),
            ExprKind::Constant(bytes) => Value::Bytes(bytes.clone()),
            ExprKind::Local(local) => locals.get(*local).cloned().ok_or(Stop::Malformed)?,
            ExprKind::Zero => Value::zero(&value.shape),
            ExprKind::Copy(inner) => self.expr(inner, locals)?,
            ExprKind::Parts(_)
            | ExprKind::Variant(..)
            | ExprKind::Field(..)
            | ExprKind::Tag(_)
            | ExprKind::Payload(..)
            | ExprKind::Else(..)
            | ExprKind::Item(..)
            | ExprKind::Length(_)
            | ExprKind::Join(..)
            | ExprKind::Slice(_)
            | ExprKind::Blake2(_) => self.of_parts(value, locals)?,
            ExprKind::Load(place) => {
                let key = self.key(place, locals)?;
                self.load(place, &key)?
            }
            ExprKind::Take(place) => {
                let key = self.key(place, locals)?;
                let value = self.load(place, &key)?;
                self.clear(place, &key)?;
                value
            }
            ExprKind::Has(place) => {
                let key = self.key(place, locals)?;
                Value::Bool(self.world.read(&key).is_some())
            }
            ExprKind::Call(function, arguments) => {
                let mut values = Vec::new();
                for argument in arguments {
                    values.push(self.expr(argument, locals)?);
                }
                self.function(*function, values)?
            }
            ExprKind::Operate(operator, left, right) => {
                let (a, b) = (self.number(left, locals)?, self.number(right, locals)?);
                number_or_fail(arithmetic(*operator, &value.shape, &a, &b))?
            }
            ExprKind::MulDiv(numbers, up) => {
                let [a, b, c] = &**numbers;
                let (a, b) = (self.number(a, locals)?, self.number(b, locals)?);
                let c = self.number(c, locals)?;
                number_or_fail(mul_div(&value.shape, &a, &b, &c, *up))?
            }
            ExprKind::Compare(operator, left, right) => {
                let (a, b) = (self.expr(left, locals)?, self.expr(right, locals)?);
                Value::Bool(compared(*operator, &a, &b)?)
            }
            ExprKind::And(left, right) => {
                Value::Bool(self.truth(left, locals)? && self.truth(right, locals)?)
            }
            ExprKind::Or(left, right) => {
                Value::Bool(self.truth(left, locals)? || self.truth(right, locals)?)
            }
            ExprKind::Not(inner) => Value::Bool(!self.truth(inner, locals)?),
            ExprKind::Convert(inner, wraps) => {
                let number = self.number(inner, locals)?;
                number_or_fail(if *wraps {
                    wrapped(&value.shape, &number)
                } else {
                    fitting(&value.shape, number)
                })?
            }
            ExprKind::Choose(condition, yes, no) => {
                let way = if self.truth(condition, locals)? {
                    yes
                } else {
                    no
                };
                self.expr(way, locals)?
            }
            ExprKind::Sender => Value::Bytes(self.world.sender().to_vec()),
            ExprKind::Received => Value::Number(self.world.received().into()),
            ExprKind::BlockNumber => Value::Number(self.world.block().into()),
            ExprKind::BlockTime => Value::Number(self.world.time().into()),
            ExprKind::OwnAddress => Value::Bytes(self.world.address().to_vec()),
            ExprKind::OwnBalance => {
                let own = self.world.address();
                Value::Number(self.world.balance(&own).into())
            }
            ExprKind::BalanceOf(who) => {
                let who = self.address(who, locals)?;
                Value::Number(self.world.balance(&who).into())
            }
            ExprKind::Deploy(contract, outside) => {
                let asked = self.asked([0; 4], outside, locals)?;
                let made = self.world.deploy(*contract, asked).map_err(Stop::Refused)?;
                Value::Bytes(made.to_vec())
            }
            ExprKind::External(target, selector, outside) => {
                let answer = self.outside(target, *selector, outside, value, locals)?;
                answer.map_err(Stop::Refused)?
            }
        })
    }

    pub(super) fn encoded(&mut self, value: &'m Expr, locals: &mut [Value]) -> Done<Vec<u8>> {
        Ok(self.expr(value, locals)?.encode(&value.shape))
    }

    pub(super) fn truth(&mut self, value: &'m Expr, locals: &mut [Value]) -> Done<bool> {
        match self.expr(value, locals)? {
            Value::Bool(truth) => Ok(truth),
            _ => Err(Stop::Malformed),
        }
    }

    pub(super) fn number(&mut self, value: &'m Expr, locals: &mut [Value]) -> Done<BigInt> {
        match self.expr(value, locals)? {
            Value::Number(number) => Ok(number),
            _ => Err(Stop::Malformed),
        }
    }

    pub(super) fn tokens(&mut self, value: &'m Expr, locals: &mut [Value]) -> Done<u128> {
        u128::try_from(self.number(value, locals)?).map_err(|_| Stop::Malformed)
    }

    pub(super) fn address(&mut self, value: &'m Expr, locals: &mut [Value]) -> Done<[u8; 32]> {
        match self.expr(value, locals)? {
            Value::Bytes(bytes) => bytes.try_into().map_err(|_| Stop::Malformed),
            _ => Err(Stop::Malformed),
        }
    }
}

fn number_or_fail(number: Option<BigInt>) -> Done<Value> {
    let number = number.ok_or(Stop::Failed(ARITHMETIC, Vec::new()))?;
    Ok(Value::Number(number))
}

fn compared(operator: Kind, a: &Value, b: &Value) -> Done<bool> {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => Ok(compares(operator, a, b)),
        (Value::Bool(a), Value::Bool(b)) => Ok(compares(operator, a, b)),
        (Value::Bytes(a), Value::Bytes(b)) => Ok(compares(operator, a, b)),
        // What is made of parts is the same or not, and has no order.
        (Value::Parts(_), Value::Parts(_)) | (Value::Variant(..), Value::Variant(..)) => {
            Ok((a == b) == (operator == Kind::Equal))
        }
        _ => Err(Stop::Malformed),
    }
}
