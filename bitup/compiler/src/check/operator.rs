//! Operators: both sides have one type, and nothing is converted.

use super::{
    Type,
    body::{Body, Value},
};
use crate::{ast::Expr, diagnostic::Code, kind::Kind};

impl Body<'_> {
    pub(super) fn unary(&mut self, operator: Kind, inner: &Expr, wanted: Option<&Type>) -> Value {
        match operator {
            Kind::Bang => {
                self.condition(inner);
                Value::computed(Type::Bool)
            }
            _ => {
                let found = self.value(inner, wanted);
                let signed = match &found.ty {
                    Type::Unknown => return Value::unknown(),
                    Type::Integer(integer) => integer.signed,
                    _ => false,
                };
                if (operator == Kind::Minus && !signed) || !found.ty.is_integer() {
                    let shown = self.shown(&found.ty);
                    let message = format!("a `{shown}` has no `{}`", operator.text());
                    let advice = if operator == Kind::Minus {
                        "only `i8` to `i256` can be negative; convert first: `-(x as i64)`"
                    } else {
                        "only integers have it"
                    };
                    self.find(Code::NoOperator, inner.span, message, advice);
                    return Value::unknown();
                }
                Value::computed(found.ty)
            }
        }
    }

    pub(super) fn binary(
        &mut self,
        value: &Expr,
        operator: Kind,
        left: &Expr,
        right: &Expr,
        wanted: Option<&Type>,
    ) -> Value {
        match operator {
            Kind::AndAnd | Kind::OrOr => {
                self.condition(left);
                self.condition(right);
                Value::computed(Type::Bool)
            }
            Kind::Coalescing => self.coalescing(left, right, wanted),
            Kind::Equal | Kind::NotEqual => self.equality(value, left, right),
            Kind::Less | Kind::LessEqual | Kind::Greater | Kind::GreaterEqual => {
                let (a, b) = self.pair(left, right, None);
                self.arithmetic(value, operator, &a, &b);
                Value::computed(Type::Bool)
            }
            Kind::ShiftLeft | Kind::WrapShift | Kind::ShiftRight | Kind::Power => {
                let base = self.value(left, wanted).ty;
                self.count(right);
                Value::computed(self.arithmetic(value, operator, &base, &base))
            }
            _ => {
                let wanted = wanted.filter(|ty| ty.is_integer());
                let (a, b) = self.pair(left, right, wanted);
                Value::computed(self.arithmetic(value, operator, &a, &b))
            }
        }
    }

    /// `x += y` and its like.
    pub(super) fn assigned_operator(
        &mut self,
        operator: Kind,
        ty: &Type,
        target: &Expr,
        value: &Expr,
    ) {
        let plain = match operator {
            Kind::PlusAssign => Kind::Plus,
            Kind::MinusAssign => Kind::Minus,
            Kind::StarAssign => Kind::Star,
            Kind::SlashAssign => Kind::Slash,
            Kind::PercentAssign => Kind::Percent,
            Kind::PowerAssign => Kind::Power,
            Kind::ShiftLeftAssign => Kind::ShiftLeft,
            Kind::ShiftRightAssign => Kind::ShiftRight,
            Kind::AmpersandAssign => Kind::Ampersand,
            Kind::PipeAssign => Kind::Pipe,
            Kind::CaretAssign => Kind::Caret,
            Kind::WrapPlusAssign => Kind::WrapPlus,
            Kind::WrapMinusAssign => Kind::WrapMinus,
            Kind::WrapStarAssign => Kind::WrapStar,
            _ => Kind::WrapShift,
        };
        if matches!(
            plain,
            Kind::Power | Kind::ShiftLeft | Kind::ShiftRight | Kind::WrapShift
        ) {
            self.count(value);
            self.arithmetic(target, plain, ty, ty);
        } else {
            let found = self.value(value, Some(ty)).ty;
            self.arithmetic(value, plain, ty, &found);
        }
    }

    /// The right side of shifts and powers.
    fn count(&mut self, value: &Expr) {
        let small = super::types::unsigned(32);
        let found = self.value(value, Some(&small)).ty;
        let unsigned = match &found {
            Type::Integer(integer) => !integer.signed && !integer.balance,
            other => *other == Type::Unknown,
        };
        if !unsigned {
            let shown = self.shown(&found);
            let message = format!("a shift or power counts with a `u` type, not with `{shown}`");
            self.find(
                Code::NoOperator,
                value.span,
                message,
                "convert it: `... as u32`",
            );
        }
    }

    fn coalescing(&mut self, left: &Expr, right: &Expr, wanted: Option<&Type>) -> Value {
        let option = wanted.map(|ty| Type::Option(Box::new(ty.clone())));
        let found = self.value(left, option.as_ref());
        match found.ty {
            Type::Option(item) => {
                let other = self.expect(right, &item);
                Value::computed(if *item == Type::Unknown {
                    other.ty
                } else {
                    *item
                })
            }
            Type::Unknown => Value::computed(self.value(right, wanted).ty),
            other => {
                let shown = self.shown(&other);
                self.value(right, Some(&other));
                let message = format!("a `{shown}` is always there");
                self.find(
                    Code::NoOperator,
                    left.span,
                    message,
                    "remove `??` and what is behind it",
                );
                Value::computed(other)
            }
        }
    }

    fn equality(&mut self, value: &Expr, left: &Expr, right: &Expr) -> Value {
        let (a, b) = self.pair(left, right, None);
        let (one, other) = (self.shown(&a), self.shown(&b));
        if !a.fits(&b) {
            let message = format!("`{one}` and `{other}` are never the same");
            let advice = "compare values of one type; convert numbers: `... as u64`";
            self.find(Code::WrongType, value.span, message, advice);
        } else if !(a.is_comparable() && b.is_comparable()) {
            let message = format!("`{one}` cannot be compared");
            let advice = "compare its fields; a type parameter needs `extends Comparable`";
            self.find(Code::NoOperator, value.span, message, advice);
        }
        Value::computed(Type::Bool)
    }

    /// The type of an operation on two integers.
    fn arithmetic(&mut self, value: &Expr, operator: Kind, left: &Type, right: &Type) -> Type {
        if *left == Type::Unknown || *right == Type::Unknown {
            return if left.is_integer() {
                left.clone()
            } else {
                right.clone()
            };
        }
        let (one, other) = (self.shown(left), self.shown(right));
        if operator == Kind::Plus && (*left == Type::Text || *right == Type::Text) {
            let advice = "write `first.concat(second)`; better, give the parts to an event or error, and let the wallet show them";
            self.find(
                Code::TextPlus,
                value.span,
                "`+` adds numbers, it does not join texts",
                advice,
            );
            return Type::Unknown;
        }
        if !left.is_integer() || !right.is_integer() {
            let wrong = if left.is_integer() { other } else { one };
            let message = format!("a `{wrong}` has no `{}`", operator.text());
            self.find(
                Code::NoOperator,
                value.span,
                message,
                "only integers have it",
            );
            return Type::Unknown;
        }
        if left != right {
            let message = format!(
                "`{}` needs one type on both sides, here are `{one}` and `{other}`",
                operator.text()
            );
            let advice =
                format!("convert one side: `... as {one}` fails when the value does not fit");
            self.find(Code::WrongType, value.span, message, advice);
            return Type::Unknown;
        }
        left.clone()
    }
}
