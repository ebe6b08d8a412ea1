//! Expressions.

use super::{
    Declared, Effect, Type,
    body::{Body, Root, Value},
    words,
};
use crate::{
    ast::{Expr, ExprKind, Location, Name},
    diagnostic::Code,
    kind::Kind,
};
use num_bigint::BigInt;

impl Body<'_> {
    /// An expression whose value is used: an asset in it moves.
    pub(super) fn value(&mut self, value: &Expr, wanted: Option<&Type>) -> Value {
        let found = self.place(value, wanted);
        self.moved(value, &found);
        found
    }

    /// An expression that names where a value is, without taking it.
    pub(super) fn place(&mut self, value: &Expr, wanted: Option<&Type>) -> Value {
        let found = self.find_value(value, wanted);
        self.checker
            .program
            .types
            .insert((self.file, value.span), found.ty.clone());
        found
    }

    fn find_value(&mut self, value: &Expr, wanted: Option<&Type>) -> Value {
        match &value.kind {
            ExprKind::Integer(number) => self.integer(value, &number.clone().into(), wanted),
            ExprKind::Unary(Kind::Minus, inner) if matches!(inner.kind, ExprKind::Integer(_)) => {
                let ExprKind::Integer(number) = &inner.kind else {
                    return Value::unknown();
                };
                self.integer(value, &-BigInt::from(number.clone()), wanted)
            }
            ExprKind::Text(_) => Value::computed(Type::Text),
            ExprKind::Bytes(bytes) => match wanted {
                Some(Type::Hash) if bytes.len() == 32 => Value::computed(Type::Hash),
                Some(Type::Address) if bytes.len() == 32 => Value::computed(Type::Address),
                _ => Value::computed(Type::Bytes),
            },
            ExprKind::Bool(_) => Value::computed(Type::Bool),
            ExprKind::Name(name) => self.name(
                &Name {
                    text: name.clone(),
                    span: value.span,
                },
                wanted,
            ),
            ExprKind::Array(items) => self.array(value, items, wanted),
            ExprKind::New {
                class,
                type_arguments,
                arguments,
            } => self.new_object(class, type_arguments, arguments, wanted),
            ExprKind::Member(object, name) => self.member(object, name, wanted),
            ExprKind::Index(list, index) => self.index(list, index),
            ExprKind::Call {
                function,
                arguments,
                options,
                misplaced,
            } => {
                if let Some(span) = misplaced {
                    self.find(
                        Code::OptionsNotLast,
                        *span,
                        "the options of a call stand last",
                        "move them behind the arguments",
                    );
                }
                self.call(value, function, arguments, options, wanted)
            }
            ExprKind::Unary(operator, inner) => self.unary(*operator, inner, wanted),
            ExprKind::Binary(operator, left, right) => {
                self.binary(value, *operator, left, right, wanted)
            }
            ExprKind::Cast {
                value: inner,
                wraps,
                to,
            } => self.cast(inner, *wraps, to),
            ExprKind::Conditional(condition, yes, no) => {
                self.conditional(condition, yes, no, wanted)
            }
            ExprKind::This | ExprKind::Super => {
                if self.contract.is_none() && self.class.is_none() {
                    self.this_outside(value.span);
                } else {
                    let advice = "name a field or method: `this.field`; the contract's own address is `this.address`";
                    self.find(
                        Code::NotAValue,
                        value.span,
                        "this is no value of its own",
                        advice,
                    );
                }
                Value::unknown()
            }
            ExprKind::Broken => Value::unknown(),
        }
    }

    pub(super) fn this_outside(&mut self, span: crate::span::Span) {
        let advice = "`this` is the contract or object whose method runs; pass what a function needs as parameters";
        self.find(Code::ThisOutside, span, "there is no `this` here", advice);
    }

    /// What a name stands for in this body's file and contract.
    pub(super) fn declared(&self, name: &str) -> Option<Declared> {
        let program = &self.checker.program;
        let inside = self.contract.and_then(|contract| {
            program
                .line(contract)
                .into_iter()
                .find_map(|number| program.contracts[number].names.get(name).copied())
        });
        inside.or_else(|| program.scopes[self.file].get(name).copied())
    }

    fn name(&mut self, name: &Name, wanted: Option<&Type>) -> Value {
        self.not_moved(name);
        if let Some(local) = self
            .locals
            .iter()
            .rev()
            .find(|local| local.name.text == name.text)
        {
            let root = match (local.placed.location, local.changes) {
                (Location::Storage, _) if !local.placed.ty.is_scalar() => Root::Storage,
                (_, true) => Root::Changing,
                (_, false) => Root::Constant(name.text.clone()),
            };
            return Value {
                ty: local.placed.ty.clone(),
                root,
            };
        }
        match self.declared(&name.text) {
            Some(Declared::Constant(number)) => {
                let ty = self.checker.program.constants[number].ty.clone();
                return Value {
                    ty,
                    root: Root::Constant(name.text.clone()),
                };
            }
            Some(_) => {
                let message = format!("`{}` is no value", name.text);
                let advice =
                    "call it, or reach into it: `Shape.Square`, `Token.at(address)`, `new Box(1)`";
                self.find(Code::NotAValue, name.span, message, advice);
                return Value::unknown();
            }
            None => {}
        }
        if name.text == "None" {
            return match wanted {
                Some(Type::Option(item)) => Value::computed(Type::Option(item.clone())),
                _ => Value::computed(Type::Option(Box::new(Type::Unknown))),
            };
        }
        self.unknown_name(name);
        Value::unknown()
    }

    pub(super) fn unknown_name(&mut self, name: &Name) {
        if let Some(word) = words::of(&name.text) {
            self.find(
                word.code,
                name.span,
                format!("`{}` is a name of JavaScript", name.text),
                word.advice,
            );
            return;
        }
        let message = format!("there is no `{}`", name.text);
        let of_contract = self.contract.is_some_and(|contract| {
            let program = &self.checker.program;
            program.storage_field(contract, &name.text).is_some()
                || program.method(contract, &name.text).is_some()
        });
        if of_contract {
            let advice = format!(
                "a field or method of the contract is reached by `this.{}`",
                name.text
            );
            self.find(Code::UnknownName, name.span, message, advice);
            return;
        }
        if matches!(
            name.text.as_str(),
            "msg" | "block" | "transfer" | "mulDiv" | "old" | "Some"
        ) {
            let advice = "write `msg.sender`, `msg.value`, `block.number`, `block.time`, `transfer(to, amount)`, `mulDiv(a, b, c, Rounding.Down)` or `Some(value)`";
            self.find(
                Code::NotAValue,
                name.span,
                format!("`{}` is no value of its own", name.text),
                advice,
            );
            return;
        }
        let scope = self.checker.program.scopes[self.file]
            .keys()
            .map(String::as_str);
        let locals = self.locals.iter().map(|local| local.name.text.as_str());
        let advice = words::nearest(&name.text, locals.chain(scope));
        self.find(Code::UnknownName, name.span, message, advice);
    }

    fn index(&mut self, list: &Expr, index: &Expr) -> Value {
        let found = self.place(list, None);
        let (key, item) = match &found.ty {
            Type::Map(key, item) => ((**key).clone(), (**item).clone()),
            Type::Array(item) | Type::Fixed(item, _) => {
                (super::types::unsigned(32), (**item).clone())
            }
            Type::Bytes => (super::types::unsigned(32), super::types::unsigned(8)),
            Type::Unknown => {
                self.value(index, Some(&Type::Unknown));
                return Value::unknown();
            }
            other => {
                let shown = self.shown(other);
                self.value(index, Some(&Type::Unknown));
                self.find(
                    Code::WrongType,
                    list.span,
                    format!("a `{shown}` has no items"),
                    "`[ ]` reads arrays, `bytes` and maps",
                );
                return Value::unknown();
            }
        };
        self.expect(index, &key);
        Value {
            ty: item,
            root: found.root,
        }
    }

    /// Reading what belongs to the chain.
    pub(super) fn reads(&mut self, span: crate::span::Span) {
        self.need(Effect::View, span, "the chain's state is read");
    }
}
