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

    /// A number literal: its type comes from where it stands.
    fn integer(&mut self, value: &Expr, number: &BigInt, wanted: Option<&Type>) -> Value {
        match wanted {
            Some(Type::Integer(integer)) => {
                if !integer.holds(number) {
                    let (least, most) = integer.range();
                    let message = format!("{number} does not fit in `{integer}`");
                    self.find(
                        Code::OutOfRange,
                        value.span,
                        message,
                        format!("`{integer}` reaches from {least} to {most}"),
                    );
                }
                Value::computed(Type::Integer(*integer))
            }
            // Every integer type has the numbers from 0 to 127.
            Some(ty @ Type::Parameter(_, super::Bound::Integer))
                if (0..=127).any(|small| *number == BigInt::from(small)) =>
            {
                Value::computed(ty.clone())
            }
            Some(Type::Unknown) => Value::unknown(),
            // What is no number where a number stands is said by who wanted it, with this as the type.
            Some(other) if !other.is_integer() => match other {
                Type::Option(item) if item.is_integer() => self.integer(value, number, Some(item)),
                _ => Value::computed(super::types::unsigned(256)),
            },
            _ => {
                let advice = "say so: `let total: u64 = 0;` or `0 as u64`";
                self.find(
                    Code::UnknownSize,
                    value.span,
                    "how large this number may become is not known",
                    advice,
                );
                Value::unknown()
            }
        }
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

    fn array(&mut self, value: &Expr, items: &[Expr], wanted: Option<&Type>) -> Value {
        let item = match wanted {
            Some(Type::Array(item) | Type::Fixed(item, _)) => Some((**item).clone()),
            _ => None,
        };
        let item = match (item, items.first()) {
            (Some(item), _) => item,
            (None, Some(first)) => self.value(first, None).ty,
            (None, None) => {
                self.find(
                    Code::UnknownSize,
                    value.span,
                    "the type of the items is not known",
                    "say so: `const list: memory u64[] = [];`",
                );
                return Value::unknown();
            }
        };
        let skip = usize::from(!matches!(wanted, Some(Type::Array(_) | Type::Fixed(..))));
        for one in items.iter().skip(skip) {
            self.expect(one, &item);
        }
        let length = u32::try_from(items.len()).unwrap_or(u32::MAX);
        match wanted {
            Some(Type::Fixed(_, wanted)) if length != *wanted => {
                let message = format!("here {wanted} items are needed, these are {length}");
                self.find(
                    Code::WrongType,
                    value.span,
                    message,
                    "write as many as the type says",
                );
                Value::unknown()
            }
            Some(Type::Fixed(..)) => Value::computed(Type::Fixed(Box::new(item), length)),
            _ => Value::computed(Type::Array(Box::new(item))),
        }
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

    fn conditional(
        &mut self,
        condition: &Expr,
        yes: &Expr,
        no: &Expr,
        wanted: Option<&Type>,
    ) -> Value {
        self.condition(condition);
        let (yes_type, no_type) = self.pair(yes, no, wanted);
        if !yes_type.fits(&no_type) {
            let (a, b) = (self.shown(&yes_type), self.shown(&no_type));
            self.find(
                Code::WrongType,
                no.span,
                format!("both sides of `:` have one type, here are `{a}` and `{b}`"),
                "nothing is converted by itself",
            );
            return Value::unknown();
        }
        self.no_asset_copied(&yes_type, yes.span);
        Value::computed(if yes_type == Type::Unknown {
            no_type
        } else {
            yes_type
        })
    }

    /// Two expressions that shall have one type: a number literal takes that of the other.
    pub(super) fn pair(
        &mut self,
        left: &Expr,
        right: &Expr,
        wanted: Option<&Type>,
    ) -> (Type, Type) {
        if is_bare(left) && !is_bare(right) {
            let right = self.value(right, wanted).ty;
            let left = self.value(left, Some(&right)).ty;
            return (left, right);
        }
        let left = self.value(left, wanted).ty;
        let right = self.value(right, Some(&left)).ty;
        (left, right)
    }

    fn cast(&mut self, inner: &Expr, wraps: bool, to: &Name) -> Value {
        let target = Type::named(&to.text);
        let Some(target) = target.filter(Type::is_integer) else {
            self.value(inner, None);
            if let Some(word) = words::of(&to.text) {
                self.find(
                    word.code,
                    to.span,
                    format!("`{}` is a type of JavaScript", to.text),
                    word.advice,
                );
            } else {
                let message = format!("nothing can be converted to `{}`", to.text);
                self.find(
                    Code::WrongCast,
                    to.span,
                    message,
                    "`as` converts between integer types, `Balance` among them",
                );
            }
            return Value::unknown();
        };
        let found = match (&inner.kind, wraps) {
            (ExprKind::Integer(_), false) => self.value(inner, Some(&target)),
            _ => self.value(inner, None),
        };
        if !found.ty.is_integer() && found.ty != Type::Unknown {
            let shown = self.shown(&found.ty);
            let message = format!("a `{shown}` cannot be converted to `{}`", to.text);
            let advice = if found.ty == Type::Bool {
                "write `condition ? 1 : 0`"
            } else {
                "`as` converts between integer types"
            };
            self.find(Code::WrongCast, inner.span, message, advice);
        }
        Value::computed(target)
    }

    /// Reading what belongs to the chain.
    pub(super) fn reads(&mut self, span: crate::span::Span) {
        self.need(Effect::View, span, "the chain's state is read");
    }
}

/// True for expressions whose integer type is not known by themselves.
fn is_bare(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Integer(_) => true,
        ExprKind::Name(name) => name == "None",
        ExprKind::Unary(Kind::Minus | Kind::Tilde, inner) => is_bare(inner),
        ExprKind::Binary(operator, left, right) => {
            let arithmetic = !matches!(
                operator,
                Kind::Equal
                    | Kind::NotEqual
                    | Kind::Less
                    | Kind::LessEqual
                    | Kind::Greater
                    | Kind::GreaterEqual
                    | Kind::AndAnd
                    | Kind::OrOr
                    | Kind::Coalescing
            );
            arithmetic && is_bare(left) && is_bare(right)
        }
        ExprKind::Conditional(_, yes, no) => is_bare(yes) && is_bare(no),
        ExprKind::Array(items) => items.iter().all(is_bare),
        _ => false,
    }
}
