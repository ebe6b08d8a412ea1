//! Statements.

use super::{
    Expr, ExprKind, INDEX, REQUIRED, Record, Shape, Stmt,
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
            StatementKind::Local {
                name,
                changes,
                ty,
                value,
            } => self.local_(&name.text, *changes, ty.as_ref(), value, out)?,
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
                let first = self.making.locals.len();
                let body = self.inner(body)?;
                out.push(Stmt::Loop(condition, body, Vec::new(), first));
            }
            StatementKind::For {
                name,
                from,
                to: Some(to),
                body,
            } => self.range(&name.text, from, to, body, out)?,
            StatementKind::For {
                name,
                from,
                to: None,
                body,
            } => self.items(&name.text, from, body, out)?,
            StatementKind::Match { value, arms } => self.match_(value, arms, out)?,
            kind @ StatementKind::Try { .. } => self.try_(kind, out)?,
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
            StatementKind::Destroy(value) => {
                let value = self.value(value, out)?;
                out.push(Stmt::Do(value));
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
        let value = match value {
            Some(value) => {
                let found = self.value(value, out)?;
                Some(self.leaving(found))
            }
            // A constructor of a class gives its object.
            None => self
                .making
                .makes
                .map(|local| Expr::local(local, self.making.locals[local].clone())),
        };
        match (value, self.making.result.local) {
            (Some(value), Some(local)) => {
                out.push(Stmt::Set(local, value));
                self.ensured(out);
                let shape = self.making.result.shape.clone();
                out.push(Stmt::Return(Some(Expr::local(local, shape))));
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
        let shape = from_value.shape.clone();
        let end = self.local("", shape.clone());
        let counter = self.local(name, shape.clone());
        out.push(Stmt::Set(counter, from_value));
        out.push(Stmt::Set(end, to_value));
        let local = |number| Box::new(Expr::local(number, shape.clone()));
        let condition = Expr {
            kind: ExprKind::Compare(Kind::Less, local(counter), local(end)),
            shape: Shape::Bool,
        };
        let one = Box::new(Expr {
            kind: ExprKind::Number(BigInt::from(1)),
            shape: shape.clone(),
        });
        let next = Expr {
            kind: ExprKind::Operate(Kind::Plus, local(counter), one),
            shape: shape.clone(),
        };
        let first = self.making.locals.len();
        let body = self.inner(body)?;
        let last = vec![Stmt::Set(counter, next)];
        out.push(Stmt::Loop(condition, body, last, first));
        self.making.names.truncate(known);
        Ok(())
    }

    /// `match` over numbers, truth values, variants and options.
    fn match_(&mut self, value: &ast::Expr, arms: &[ast::Arm], out: &mut Vec<Stmt>) -> Lowered<()> {
        let of = self.type_of(value);
        let found = self.value(value, out)?;
        let shape = found.shape.clone();
        let kept = self.local("", shape.clone());
        let found = self.kept(kept, found);
        out.push(Stmt::Set(kept, found));
        let whole = Expr::local(kept, shape);
        let mut cases: Vec<(Option<Expr>, Vec<Stmt>)> = Vec::new();
        for arm in arms {
            let known = self.making.names.len();
            let mut body = Vec::new();
            let wanted = match &arm.pattern {
                ast::Pattern::Any => None,
                ast::Pattern::Bool(truth) => Some(ExprKind::Bool(*truth)),
                ast::Pattern::Integer(negative, number) => {
                    let number = BigInt::from(number.clone());
                    Some(ExprKind::Number(if *negative { -number } else { number }))
                }
                ast::Pattern::Variant { name, bindings, .. } => {
                    let number = match (&of, name.text.as_str()) {
                        (Type::Enum(number, _), name) => self.variant_number(*number, name),
                        (Type::Option(_), "Some") => Some(1),
                        (Type::Option(_), "None") => Some(0),
                        _ => None,
                    };
                    let Some(number) = number else {
                        return self.not_built(arm.span, "this pattern");
                    };
                    let bindings = bindings.as_deref().unwrap_or_default();
                    self.bindings(&whole, number, bindings, &mut body);
                    Some(ExprKind::Number(BigInt::from(number)))
                }
            };
            let condition = wanted.map(|kind| equal(whole.clone(), kind));
            self.block(&arm.body, &mut body)?;
            self.making.names.truncate(known);
            cases.push((condition, body));
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

    /// The fields of a variant get names.
    fn bindings(
        &mut self,
        whole: &Expr,
        variant: usize,
        bindings: &[Option<ast::Name>],
        body: &mut Vec<Stmt>,
    ) {
        for (field, binding) in bindings.iter().enumerate() {
            let (Some(name), Some((_, shape))) = (binding, whole.shape.payload(variant, field))
            else {
                continue;
            };
            let local = self.local(&name.text, shape.clone());
            let kind = ExprKind::Payload(Box::new(whole.clone()), variant, field);
            let value = self.kept(local, Expr { kind, shape });
            body.push(Stmt::Set(local, value));
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
        if let ast::ExprKind::Call {
            function,
            arguments,
            ..
        } = &value.kind
            && let ast::ExprKind::Member(map, name) = &function.kind
            && let ("put", [key, entry]) = (name.text.as_str(), arguments.as_slice())
            && matches!(self.type_of(map), Type::Map(..))
        {
            return self.put(map, key, entry, out);
        }
        if self.changing(value, out)?.is_none() {
            let value = self.expr(value)?;
            out.push(Stmt::Do(value));
        }
        Ok(())
    }
}

/// Whether a value is a number, a truth value, or of a variant.
fn equal(whole: Expr, kind: ExprKind) -> Expr {
    let (whole, shape) = match whole.shape.clone() {
        Shape::Union { .. } => {
            let kind = ExprKind::Tag(Box::new(whole));
            (Expr { kind, shape: INDEX }, INDEX)
        }
        shape => (whole, shape),
    };
    Expr {
        kind: ExprKind::Compare(Kind::Equal, Box::new(whole), Box::new(Expr { kind, shape })),
        shape: Shape::Bool,
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
