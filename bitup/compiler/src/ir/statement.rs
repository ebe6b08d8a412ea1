//! Statements.

use super::{
    Expr, ExprKind, Place, REQUIRED, Record, Shape, Stmt,
    lower::{Lowered, Lowering},
};
use crate::{
    ast::{self, StatementKind},
    check::{Declared, Type},
    kind::Kind,
    metadata::type_name,
};
use num_bigint::BigInt;

impl Lowering<'_> {
    pub(super) fn block(&mut self, block: &ast::Block, out: &mut Vec<Stmt>) -> Lowered<()> {
        let known = self.making.names.len();
        for statement in &block.statements {
            self.statement(statement, out)?;
        }
        self.making.names.truncate(known);
        Ok(())
    }

    pub(super) fn inner(&mut self, block: &ast::Block) -> Lowered<Vec<Stmt>> {
        let mut out = Vec::new();
        self.block(block, &mut out)?;
        Ok(out)
    }

    fn statement(&mut self, statement: &ast::Statement, out: &mut Vec<Stmt>) -> Lowered<()> {
        if self.contract.is_none() {
            out.push(Stmt::At(self.site.file, statement.span));
            if self.test_statement(statement, out)? {
                return Ok(());
            }
        }
        match &statement.kind {
            StatementKind::Block(block) => self.block(block, out)?,
            StatementKind::Local { name, value, .. } => {
                let value = self.expr(value)?;
                let local = self.local(&name.text, value.shape);
                out.push(Stmt::Set(local, value));
            }
            StatementKind::If {
                condition,
                then,
                otherwise,
            } => {
                let condition = self.expr(condition)?;
                let then = self.inner(then)?;
                let otherwise = otherwise
                    .as_ref()
                    .map_or(Ok(Vec::new()), |block| self.inner(block))?;
                out.push(Stmt::If(condition, then, otherwise));
            }
            StatementKind::While { condition, body } => {
                let condition = self.expr(condition)?;
                let body = self.inner(body)?;
                out.push(Stmt::Loop(condition, body, Vec::new()));
            }
            StatementKind::For {
                name,
                from,
                to: Some(to),
                body,
            } => self.range(&name.text, from, to, body, out)?,
            StatementKind::Match { value, arms } => self.match_(value, arms, out)?,
            StatementKind::Try {
                name,
                call,
                body,
                error: None,
                catch,
                ..
            } => self.try_(name.as_ref(), call, body, catch, out)?,
            StatementKind::Return(value) => self.return_(value.as_ref(), out)?,
            StatementKind::Break => out.push(Stmt::Break),
            StatementKind::Continue => out.push(Stmt::Continue),
            StatementKind::Require { condition, error } => {
                let holds = self.expr(condition)?;
                let fail = match error {
                    Some(error) => self.fail(error)?,
                    None => Stmt::Fail(REQUIRED, Vec::new()),
                };
                out.push(Stmt::If(holds.negated(), vec![fail], Vec::new()));
            }
            StatementKind::Assert(condition) => {
                let holds = self.expr(condition)?;
                out.push(Stmt::If(
                    holds.negated(),
                    vec![Stmt::Fail(REQUIRED, Vec::new())],
                    Vec::new(),
                ));
            }
            StatementKind::Throw(error) => {
                let fail = self.fail(error)?;
                out.push(fail);
            }
            StatementKind::Emit { event, arguments } => {
                let Some(Declared::Event(number)) = self.declared(&event.text) else {
                    return self.not_built(event.span, "this event");
                };
                let info = &self.program.events[number];
                let fields = info.fields.iter().zip(&info.indexed);
                let fields = fields.map(|(slot, indexed)| {
                    (slot.name.text.clone(), slot.placed.ty.clone(), *indexed)
                });
                let record = self.record(&info.name.text, fields.collect());
                let values = self.values(arguments)?;
                let at = number_of(&mut self.events, record);
                out.push(Stmt::Emit(at, values));
            }
            StatementKind::Delete(target) => {
                let place = self.place(target)?;
                out.push(Stmt::Clear(place));
            }
            StatementKind::Assign {
                target,
                operator,
                value,
            } => self.assign(target, *operator, value, out)?,
            StatementKind::Value(value) => self.value_alone(value, out)?,
            _ => return self.not_built(statement.span, "this statement"),
        }
        Ok(())
    }

    fn record(&self, name: &str, fields: Vec<(String, Type, bool)>) -> Record {
        let types: Vec<String> = fields
            .iter()
            .map(|(_, ty, _)| type_name(self.program, ty))
            .collect();
        Record {
            name: name.to_owned(),
            signature: format!("{name}({})", types.join(",")),
            fields,
        }
    }

    pub(super) fn values(&mut self, arguments: &[ast::Expr]) -> Lowered<Vec<Expr>> {
        arguments
            .iter()
            .map(|argument| self.expr(argument))
            .collect()
    }

    fn fail(&mut self, error: &ast::ErrorValue) -> Lowered<Stmt> {
        let Some(Declared::Error(number)) = self.declared(&error.name.text) else {
            return self.not_built(error.name.span, "this error");
        };
        let info = &self.program.errors[number];
        let fields = info
            .fields
            .iter()
            .map(|slot| (slot.name.text.clone(), slot.placed.ty.clone(), false));
        let record = self.record(&info.name.text, fields.collect());
        let values = self.values(&error.arguments)?;
        let at = number_of(&mut self.errors, record);
        Ok(Stmt::Fail(at, values))
    }

    fn return_(&mut self, value: Option<&ast::Expr>, out: &mut Vec<Stmt>) -> Lowered<()> {
        let value = value.map(|value| self.expr(value)).transpose()?;
        match (value, self.making.result.local) {
            (Some(value), Some(local)) => {
                out.push(Stmt::Set(local, value));
                self.ensured(out);
                out.push(Stmt::Return(Some(Expr::local(
                    local,
                    self.making.result.shape,
                ))));
            }
            (value, _) => {
                self.ensured(out);
                out.push(Stmt::Return(value));
            }
        }
        Ok(())
    }

    /// `for (const name of from..to)`: the end is computed once, and the counter cannot pass it.
    fn range(
        &mut self,
        name: &str,
        from: &ast::Expr,
        to: &ast::Expr,
        body: &ast::Block,
        out: &mut Vec<Stmt>,
    ) -> Lowered<()> {
        let known = self.making.names.len();
        let (from_value, to_value) = (self.expr(from)?, self.expr(to)?);
        let shape = from_value.shape;
        let end = self.local("", shape);
        let counter = self.local(name, shape);
        out.push(Stmt::Set(counter, from_value));
        out.push(Stmt::Set(end, to_value));
        let local = |number| Box::new(Expr::local(number, shape));
        let condition = Expr {
            kind: ExprKind::Compare(Kind::Less, local(counter), local(end)),
            shape: Shape::Bool,
        };
        let one = Box::new(Expr {
            kind: ExprKind::Number(BigInt::from(1)),
            shape,
        });
        let next = Expr {
            kind: ExprKind::Operate(Kind::Plus, local(counter), one),
            shape,
        };
        let body = self.inner(body)?;
        out.push(Stmt::Loop(condition, body, vec![Stmt::Set(counter, next)]));
        self.making.names.truncate(known);
        Ok(())
    }

    /// `match` over numbers, truth values and variants without fields.
    fn match_(&mut self, value: &ast::Expr, arms: &[ast::Arm], out: &mut Vec<Stmt>) -> Lowered<()> {
        let of = self.type_of(value);
        let found = self.expr(value)?;
        let shape = found.shape;
        let kept = self.local("", shape);
        out.push(Stmt::Set(kept, found));
        let mut cases: Vec<(Option<Expr>, Vec<Stmt>)> = Vec::new();
        for arm in arms {
            let wanted = match &arm.pattern {
                ast::Pattern::Any => None,
                ast::Pattern::Bool(truth) => Some(ExprKind::Bool(*truth)),
                ast::Pattern::Integer(negative, number) => {
                    let number = BigInt::from(number.clone());
                    Some(ExprKind::Number(if *negative { -number } else { number }))
                }
                ast::Pattern::Variant { name, .. } => {
                    let number = match &of {
                        Type::Enum(number, _) => self.variant_number(*number, &name.text),
                        _ => None,
                    };
                    match number {
                        Some(number) => Some(ExprKind::Number(BigInt::from(number))),
                        None => return self.not_built(arm.span, "this pattern"),
                    }
                }
            };
            let condition = wanted.map(|kind| {
                let (a, b) = (Expr::local(kept, shape), Expr { kind, shape });
                Expr {
                    kind: ExprKind::Compare(Kind::Equal, Box::new(a), Box::new(b)),
                    shape: Shape::Bool,
                }
            });
            cases.push((condition, self.inner(&arm.body)?));
        }
        let mut rest: Vec<Stmt> = Vec::new();
        for (condition, body) in cases.into_iter().rev() {
            rest = match condition {
                None => body,
                Some(condition) => vec![Stmt::If(condition, body, rest)],
            };
        }
        out.extend(rest);
        Ok(())
    }

    fn assign(
        &mut self,
        target: &ast::Expr,
        operator: Kind,
        value: &ast::Expr,
        out: &mut Vec<Stmt>,
    ) -> Lowered<()> {
        let plain = match operator {
            Kind::Assign => None,
            Kind::PlusAssign => Some(Kind::Plus),
            Kind::MinusAssign => Some(Kind::Minus),
            Kind::StarAssign => Some(Kind::Star),
            Kind::SlashAssign => Some(Kind::Slash),
            Kind::PercentAssign => Some(Kind::Percent),
            Kind::ShiftLeftAssign => Some(Kind::ShiftLeft),
            Kind::ShiftRightAssign => Some(Kind::ShiftRight),
            Kind::AmpersandAssign => Some(Kind::Ampersand),
            Kind::PipeAssign => Some(Kind::Pipe),
            Kind::CaretAssign => Some(Kind::Caret),
            Kind::WrapPlusAssign => Some(Kind::WrapPlus),
            Kind::WrapMinusAssign => Some(Kind::WrapMinus),
            Kind::WrapStarAssign => Some(Kind::WrapStar),
            Kind::WrapShiftAssign => Some(Kind::WrapShift),
            _ => return self.not_built(target.span, "this assignment"),
        };
        if let ast::ExprKind::Name(name) = &target.kind {
            let Some(local) = self
                .making
                .names
                .iter()
                .rev()
                .find(|(known, _)| known == name)
                .map(|(_, number)| *number)
            else {
                return self.not_built(target.span, "this assignment");
            };
            let shape = self.making.locals[local];
            let value = self.expr(value)?;
            let value = self.assigned(target, plain, Expr::local(local, shape), value)?;
            out.push(Stmt::Set(local, value));
            return Ok(());
        }
        let mut place = self.place(target)?;
        if plain.is_some() {
            self.keep_keys(&mut place, out);
        }
        let before = Expr {
            kind: ExprKind::Load(Box::new(place.clone())),
            shape: place.shape,
        };
        let value = self.expr(value)?;
        let value = self.assigned(target, plain, before, value)?;
        out.push(Stmt::Store(place, value));
        Ok(())
    }

    /// The value of `target operator= value`.
    fn assigned(
        &mut self,
        target: &ast::Expr,
        operator: Option<Kind>,
        before: Expr,
        value: Expr,
    ) -> Lowered<Expr> {
        let Some(operator) = operator else {
            return Ok(value);
        };
        let shape = before.shape;
        Ok(Expr {
            kind: self.operated(target.span, operator, before, value)?,
            shape,
        })
    }

    /// Keys that are used twice are computed once.
    fn keep_keys(&mut self, place: &mut Place, out: &mut Vec<Stmt>) {
        for key in &mut place.keys {
            if matches!(
                key.kind,
                ExprKind::Local(_) | ExprKind::Number(_) | ExprKind::Sender
            ) {
                continue;
            }
            let shape = key.shape;
            let local = self.local("", shape);
            let kept = std::mem::replace(key, Expr::local(local, shape));
            out.push(Stmt::Set(local, kept));
        }
    }

    fn value_alone(&mut self, value: &ast::Expr, out: &mut Vec<Stmt>) -> Lowered<()> {
        if let ast::ExprKind::Call {
            function,
            arguments,
            ..
        } = &value.kind
            && matches!(&function.kind, ast::ExprKind::Name(name) if name == "transfer")
            && let [to, amount] = arguments.as_slice()
        {
            let (to, amount) = (self.expr(to)?, self.expr(amount)?);
            out.push(Stmt::Transfer(to, amount));
            return Ok(());
        }
        let value = self.expr(value)?;
        out.push(Stmt::Do(value));
        Ok(())
    }
}

/// The place of a record in a table, where it is put if it is new.
fn number_of(table: &mut Vec<Record>, record: Record) -> usize {
    if let Some(at) = table.iter().position(|known| *known == record) {
        return at;
    }
    table.push(record);
    table.len() - 1
}
