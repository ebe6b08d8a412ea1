//! Literals, and expressions whose type comes from where they stand.

use super::{
    Type,
    body::{Body, Value},
    words,
};
use crate::{
    ast::{Expr, ExprKind, Name},
    diagnostic::Code,
    kind::Kind,
};
use num_bigint::BigInt;

impl Body<'_> {
    /// A number literal: its type comes from where it stands.
    pub(super) fn integer(
        &mut self,
        value: &Expr,
        number: &BigInt,
        wanted: Option<&Type>,
    ) -> Value {
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

    pub(super) fn array(&mut self, value: &Expr, items: &[Expr], wanted: Option<&Type>) -> Value {
        if wanted == Some(&Type::Unknown) {
            self.all(items);
            return Value::unknown();
        }
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

    pub(super) fn conditional(
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

    pub(super) fn cast(&mut self, inner: &Expr, wraps: bool, to: &Name) -> Value {
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
