//! Statements. Each tells whether the ones behind it can be reached.

use super::{Effect, Placed, Type, body::Body, resolve::Spot};
use crate::{
    ast::{Block, Expr, ExprKind, Location, Name, Statement, StatementKind},
    diagnostic::Code,
    span::Span,
};

impl Body<'_> {
    /// A block; true when its end cannot be reached.
    pub(super) fn block(&mut self, block: &Block) -> bool {
        let known = self.locals.len();
        let mut ends = false;
        for statement in &block.statements {
            if ends {
                self.find(
                    Code::Unreachable,
                    statement.span,
                    "this is never reached",
                    "remove it",
                );
                break;
            }
            ends = self.statement(statement);
        }
        if !ends {
            self.assets_are_gone(
                known,
                Span::new(block.span.end.saturating_sub(1), block.span.end),
            );
        }
        self.locals.truncate(known);
        ends
    }

    fn statement(&mut self, statement: &Statement) -> bool {
        match &statement.kind {
            StatementKind::Block(block) => return self.block(block),
            StatementKind::Local {
                name,
                changes,
                ty,
                value,
            } => self.local(name, *changes, ty.as_ref(), value),
            StatementKind::If {
                condition,
                then,
                otherwise,
            } => return self.if_(condition, then, otherwise.as_ref()),
            StatementKind::While { condition, body } => {
                self.condition(condition);
                self.looped(body);
                return matches!(condition.kind, ExprKind::Bool(true)) && !breaks(body);
            }
            StatementKind::For {
                name,
                from,
                to,
                body,
            } => self.for_(name, from, to.as_ref(), body),
            StatementKind::Match { value, arms } => {
                return self.match_(value, arms, statement.span);
            }
            StatementKind::Try {
                name,
                ty,
                call,
                body,
                error,
                catch,
            } => {
                return self.try_(
                    name.as_ref(),
                    ty.as_ref(),
                    call,
                    body,
                    error.as_ref(),
                    catch,
                );
            }
            StatementKind::Return(value) => {
                self.return_(value.as_ref(), statement.span);
                return true;
            }
            StatementKind::Break | StatementKind::Continue => {
                if self.loops == 0 {
                    self.find(
                        Code::OutsideLoop,
                        statement.span,
                        "this stands in no loop",
                        "write `return;` to leave the method",
                    );
                }
                let inside = self
                    .locals
                    .iter()
                    .position(|local| local.loops >= self.loops);
                self.assets_are_gone(inside.unwrap_or(self.locals.len()), statement.span);
                return true;
            }
            StatementKind::Require { condition, error } => {
                self.condition(condition);
                if let Some(error) = error {
                    self.error_value(&error.name, &error.arguments);
                }
            }
            StatementKind::Assert(condition) => self.condition(condition),
            StatementKind::Throw(error) => {
                self.error_value(&error.name, &error.arguments);
                return true;
            }
            StatementKind::Emit { event, arguments } => self.emit(event, arguments, statement.span),
            StatementKind::Delete(target) => self.delete(target),
            StatementKind::Destroy(value) => self.destroy(value),
            StatementKind::Assign {
                target,
                operator,
                value,
            } => self.assign(target, *operator, value),
            StatementKind::Value(value) => self.value_alone(value),
            StatementKind::Broken => {}
        }
        false
    }

    fn if_(&mut self, condition: &Expr, then: &Block, otherwise: Option<&Block>) -> bool {
        self.condition(condition);
        let before = self.moves();
        let then_ends = self.block(then);
        let after_then = self.moves();
        self.set_moves(&before);
        let otherwise_ends = otherwise.is_some_and(|block| self.block(block));
        let after_otherwise = self.moves();
        let ways = [(then_ends, after_then), (otherwise_ends, after_otherwise)];
        self.join(&ways, then.span);
        then_ends && otherwise_ends
    }

    /// The body of a loop: assets from outside cannot leave in it, it may run twice.
    pub(super) fn looped(&mut self, body: &Block) {
        self.loops += 1;
        self.block(body);
        self.loops -= 1;
    }

    fn return_(&mut self, value: Option<&Expr>, span: Span) {
        let wanted = self.result.clone();
        match value {
            Some(value) if wanted == Type::Unit => {
                self.value(value, Some(&Type::Unknown));
                self.find(
                    Code::WrongType,
                    value.span,
                    "this method gives nothing",
                    "write the type of the result behind the parameters: `: u64`",
                );
            }
            Some(value) => {
                self.expect(value, &wanted);
            }
            None if !matches!(wanted, Type::Unit | Type::Unknown) => {
                let shown = self.shown(&wanted);
                self.find(
                    Code::WrongType,
                    span,
                    format!("a `{shown}` is missing"),
                    "write it behind `return`",
                );
            }
            None => {}
        }
        self.assets_are_gone(0, span);
    }

    fn emit(&mut self, event: &Name, arguments: &[Expr], span: Span) {
        self.need(Effect::Write, span, "an event is written");
        match self.declared(&event.text) {
            Some(super::Declared::Event(number)) => {
                let fields = self.checker.program.events[number].fields.clone();
                self.arguments(&event.text, event.span, &fields, arguments);
            }
            _ => {
                self.all(arguments);
                let message = format!("there is no event `{}`", event.text);
                self.find(
                    Code::UnknownName,
                    event.span,
                    message,
                    format!("declare it: `event {}(...);`", event.text),
                );
            }
        }
    }

    pub(super) fn error_value(&mut self, name: &Name, arguments: &[Expr]) {
        match self.declared(&name.text) {
            Some(super::Declared::Error(number)) => {
                let fields = self.checker.program.errors[number].fields.clone();
                self.arguments(&name.text, name.span, &fields, arguments);
            }
            _ => {
                self.all(arguments);
                if let Some(word) = super::words::of(&name.text) {
                    self.find(
                        word.code,
                        name.span,
                        format!("`{}` is a name of JavaScript", name.text),
                        word.advice,
                    );
                    return;
                }
                let message = format!("there is no error `{}`", name.text);
                self.find(
                    Code::UnknownName,
                    name.span,
                    message,
                    format!("declare it: `error {}(...);`", name.text),
                );
            }
        }
    }

    /// Checks expressions whose types nobody wants.
    pub(super) fn all(&mut self, values: &[Expr]) {
        for value in values {
            if !matches!(value.kind, ExprKind::Integer(_)) {
                self.value(value, None);
            }
        }
    }

    /// An expression as a statement: a call without a result.
    fn value_alone(&mut self, value: &Expr) {
        let found = self.value(value, None);
        if !matches!(value.kind, ExprKind::Call { .. }) {
            if found.ty != Type::Unknown {
                self.find(
                    Code::ResultIgnored,
                    value.span,
                    "this computes a value and does nothing with it",
                    "assign it, return it, or remove the line",
                );
            }
        } else if !matches!(found.ty, Type::Unit | Type::Unknown) {
            let shown = self.shown(&found.ty);
            let advice = "use it: `const result = ...;`, or `require(...)` when it is a `bool`";
            self.find(
                Code::ResultIgnored,
                value.span,
                format!("the result of this call, a `{shown}`, is ignored"),
                advice,
            );
        }
    }

    fn try_(
        &mut self,
        name: Option<&Name>,
        ty: Option<&crate::ast::Type>,
        call: &Expr,
        body: &Block,
        error: Option<&Name>,
        catch: &Block,
    ) -> bool {
        let found = self.value(call, None);
        let outside = self.is_external(call) || self.deployed(call).is_some();
        if !outside && found.ty != Type::Unknown {
            let advice = "write `try (const result = Token.at(address).method(...)) { ... } catch { ... }`; an error of this contract undoes everything";
            self.find(
                Code::TryWithoutCall,
                call.span,
                "only a call to another contract can be tried",
                advice,
            );
        }
        let known = self.locals.len();
        if let Some(name) = name {
            let types = self.types.clone();
            if let Some(ty) = ty {
                let placed = self.checker.place(self.file, ty, &types, Spot::Value);
                if !found.ty.fits(&placed.ty) {
                    let (is, should) = (self.shown(&found.ty), self.shown(&placed.ty));
                    self.find(
                        Code::WrongType,
                        call.span,
                        format!("here a `{should}` is needed, this is a `{is}`"),
                        "nothing is converted by itself",
                    );
                }
            }
            self.declare(
                name,
                Placed {
                    ty: found.ty.clone(),
                    location: Location::Memory,
                },
                false,
            );
        } else if !matches!(found.ty, Type::Unit | Type::Unknown) {
            self.find(
                Code::ResultIgnored,
                call.span,
                "the result of this call is ignored",
                "name it: `try (const result = ...)`",
            );
        }
        let before = self.moves();
        let body_ends = self.block(body);
        self.locals.truncate(known);
        let after_body = self.moves();
        self.set_moves(&before);
        if let Some(error) = error {
            self.declare(
                error,
                Placed {
                    ty: Type::Bytes,
                    location: Location::Memory,
                },
                false,
            );
        }
        let catch_ends = self.block(catch);
        self.locals.truncate(known);
        let after_catch = self.moves();
        self.join(
            &[(body_ends, after_body), (catch_ends, after_catch)],
            body.span,
        );
        body_ends && catch_ends
    }
}

/// Whether a loop's body has a `break` of its own.
fn breaks(body: &Block) -> bool {
    body.statements
        .iter()
        .any(|statement| match &statement.kind {
            StatementKind::Break => true,
            StatementKind::Block(block) => breaks(block),
            StatementKind::If {
                then, otherwise, ..
            } => breaks(then) || otherwise.as_ref().is_some_and(breaks),
            StatementKind::Match { arms, .. } => arms.iter().any(|arm| breaks(&arm.body)),
            StatementKind::Try { body, catch, .. } => breaks(body) || breaks(catch),
            _ => false,
        })
}
