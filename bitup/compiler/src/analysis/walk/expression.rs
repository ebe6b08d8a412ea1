//! Names in expressions.

use super::Walker;
use crate::{
    analysis::{Context, context::Receiver},
    ast::{Expr, ExprKind, Name},
    check::{self, Declared, Integer},
    span::Span,
};

impl Walker<'_> {
    pub(in crate::analysis) fn some(&mut self, value: Option<&Expr>) {
        if let Some(value) = value {
            self.expr(value);
        }
    }

    pub(super) fn all(&mut self, list: &[Expr]) {
        for one in list {
            self.expr(one);
        }
    }

    pub(in crate::analysis) fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Name(name) => self.name(name, expr.span),
            ExprKind::Array(items) => self.all(items),
            ExprKind::New {
                class,
                type_arguments,
                arguments,
            } => {
                self.analysis.type_name(self.file, class);
                for ty in type_arguments {
                    self.ty(ty);
                }
                self.all(arguments);
            }
            ExprKind::Member(object, name) => self.member(object, name),
            ExprKind::Index(list, index) => {
                self.expr(list);
                self.expr(index);
            }
            ExprKind::Call {
                function,
                arguments,
                options,
                ..
            } => {
                self.expr(function);
                self.all(arguments);
                for (_, value) in options {
                    self.expr(value);
                }
            }
            ExprKind::Unary(_, inner) => self.expr(inner),
            ExprKind::Binary(_, left, right) => {
                self.expr(left);
                self.expr(right);
            }
            ExprKind::Cast { value, to, .. } => {
                self.expr(value);
                let parameters = self.types.clone();
                self.ask(to.span, || Context::Type { parameters });
                let symbol = self.named(&self.types, &to.text);
                self.note(to.span, symbol);
            }
            ExprKind::Conditional(condition, yes, no) => {
                self.expr(condition);
                self.expr(yes);
                self.expr(no);
            }
            ExprKind::Integer(_)
            | ExprKind::Text(_)
            | ExprKind::Bytes(_)
            | ExprKind::Bool(_)
            | ExprKind::This
            | ExprKind::Super
            | ExprKind::Broken => {}
        }
    }

    fn name(&mut self, name: &str, span: Span) {
        let context = Context::Value {
            contract: self.inside.contract,
            class: self.inside.class.is_some(),
            locals: self.locals.clone(),
            test: self.inside.test,
        };
        self.ask(span, || context);
        let symbol = self.named(&self.locals, name).or_else(|| {
            self.declared(name)
                .and_then(|declared| self.analysis.symbol_of(declared))
        });
        self.note(span, symbol);
    }

    fn member(&mut self, object: &Expr, name: &Name) {
        let receiver = self.receiver(object);
        let symbol = match &receiver {
            Some(Receiver::Contract(number) | Receiver::Super(number)) => {
                self.analysis.own_member(*number, &name.text)
            }
            Some(Receiver::Class(number)) => self.analysis.class_member(*number, &name.text),
            Some(Receiver::Enum(number)) => self.analysis.variant(*number, &name.text),
            Some(Receiver::Value(check::Type::Class(number, _))) => {
                self.analysis.class_member(*number, &name.text)
            }
            Some(Receiver::Value(check::Type::Handle(number))) => {
                self.analysis.interface_member(*number, &name.text)
            }
            _ => None,
        };
        if let Some(receiver) = receiver {
            self.ask(name.span, || Context::Member(receiver));
        }
        self.note(name.span, symbol);
    }

    fn receiver(&mut self, object: &Expr) -> Option<Receiver> {
        let local = match &object.kind {
            ExprKind::Name(base) => self.named(&self.locals, base).is_some(),
            _ => false,
        };
        match &object.kind {
            ExprKind::This => {
                return match (self.inside.contract, self.inside.class) {
                    (Some(contract), _) => Some(Receiver::Contract(contract)),
                    (_, Some(class)) => Some(Receiver::Class(class)),
                    _ => None,
                };
            }
            ExprKind::Super => {
                let contract = self.inside.contract?;
                let base = self.analysis.program.contracts.get(contract)?.base?;
                return Some(Receiver::Super(base));
            }
            ExprKind::Name(base) if !local => {
                self.name(base, object.span);
                if matches!(base.as_str(), "msg" | "block" | "Rounding")
                    || Integer::named(base).is_some()
                {
                    return Some(Receiver::Given(base.clone()));
                }
                match self.declared(base) {
                    Some(Declared::Enum(number)) => return Some(Receiver::Enum(number)),
                    Some(Declared::Contract(_)) => return Some(Receiver::Callable(true)),
                    Some(Declared::Interface(_)) => return Some(Receiver::Callable(false)),
                    _ => {}
                }
            }
            _ => self.expr(object),
        }
        self.type_of(object).map(Receiver::Value)
    }
}
