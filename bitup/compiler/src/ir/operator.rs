//! Operators, and which of them can be built.

use super::{
    Expr, ExprKind, Shape,
    lower::{Lowered, Lowering},
};
use crate::{
    ast,
    check::Integer,
    interpret::{arithmetic, compares},
    kind::Kind,
    span::Span,
};
use num_bigint::BigInt;

impl Lowering<'_> {
    pub(super) fn unary(
        &mut self,
        operator: Kind,
        inner: &ast::Expr,
        shape: Shape,
    ) -> Lowered<Expr> {
        if let (Kind::Minus, ast::ExprKind::Integer(number)) = (operator, &inner.kind) {
            return Ok(Expr {
                kind: ExprKind::Number(-BigInt::from(number.clone())),
                shape,
            });
        }
        let found = self.expr(inner)?;
        let number = |value: BigInt| Expr {
            kind: ExprKind::Number(value),
            shape: shape.clone(),
        };
        let kind = match (operator, &shape) {
            (Kind::Bang, _) => folded(ExprKind::Not(Box::new(found))),
            (Kind::Minus, Shape::Narrow(_)) => {
                self.operated(inner.span, Kind::Minus, number(BigInt::ZERO), found)?
            }
            (Kind::Tilde, Shape::Narrow(integer)) => {
                let all = if integer.signed {
                    BigInt::from(-1)
                } else {
                    integer.range().1
                };
                self.operated(inner.span, Kind::Caret, found, number(all))?
            }
            _ => return self.not_built(inner.span, "this operator on a wide number"),
        };
        Ok(Expr { kind, shape })
    }

    pub(super) fn binary(
        &mut self,
        value: &ast::Expr,
        operator: Kind,
        left: &ast::Expr,
        right: &ast::Expr,
    ) -> Lowered<ExprKind> {
        let (a, b) = (self.expr(left)?, self.expr(right)?);
        Ok(match operator {
            Kind::Coalescing => ExprKind::Else(Box::new(a), Box::new(b)),
            Kind::AndAnd => folded(ExprKind::And(Box::new(a), Box::new(b))),
            Kind::OrOr => folded(ExprKind::Or(Box::new(a), Box::new(b))),
            Kind::Equal
            | Kind::NotEqual
            | Kind::Less
            | Kind::LessEqual
            | Kind::Greater
            | Kind::GreaterEqual => folded(ExprKind::Compare(operator, Box::new(a), Box::new(b))),
            _ => self.operated(value.span, operator, a, b)?,
        })
    }

    /// An operation on two numbers; constants are computed here.
    pub(super) fn operated(
        &mut self,
        span: Span,
        operator: Kind,
        a: Expr,
        b: Expr,
    ) -> Lowered<ExprKind> {
        if let (ExprKind::Number(one), ExprKind::Number(other)) = (&a.kind, &b.kind)
            && let Some(value) = arithmetic(operator, &a.shape, one, other)
        {
            return Ok(ExprKind::Number(value));
        }
        let counts = matches!(
            operator,
            Kind::ShiftLeft | Kind::ShiftRight | Kind::WrapShift
        );
        if counts && !matches!(b.shape, Shape::Narrow(_)) {
            return self.not_built(span, "a shift by a wide number");
        }
        if !can_operate(operator, &a.shape) {
            let what = format!("`{}` of these numbers", operator.text());
            return self.not_built(span, &what);
        }
        Ok(ExprKind::Operate(operator, Box::new(a), Box::new(b)))
    }

    /// `mulDiv(a, b, c, Rounding.Down)`: in 128 bits at least, so that narrow numbers do not overflow between.
    pub(super) fn mul_div(
        &mut self,
        call: &ast::Expr,
        arguments: &[ast::Expr],
    ) -> Lowered<ExprKind> {
        let [a, b, c, rounding] = arguments else {
            return self.not_built(call.span, "this call");
        };
        let up = matches!(&rounding.kind, ast::ExprKind::Member(_, way) if way.text == "Up");
        let numbers = [self.expr(a)?, self.expr(b)?, self.expr(c)?];
        match &numbers[0].shape {
            Shape::Wide { number: true, .. } => Ok(ExprKind::MulDiv(Box::new(numbers), up)),
            Shape::Narrow(Integer { signed: false, .. }) => {
                let wide = |value: Expr| Expr {
                    kind: ExprKind::Convert(Box::new(value), false),
                    shape: super::TOKENS,
                };
                let whole = Expr {
                    kind: ExprKind::MulDiv(Box::new(numbers.map(wide)), up),
                    shape: super::TOKENS,
                };
                Ok(ExprKind::Convert(Box::new(whole), false))
            }
            _ => self.not_built(call.span, "`mulDiv` of these numbers"),
        }
    }
}

/// A truth value where both sides are known.
fn folded(kind: ExprKind) -> ExprKind {
    let known = match &kind {
        ExprKind::Not(inner) => match inner.kind {
            ExprKind::Bool(truth) => Some(!truth),
            _ => None,
        },
        ExprKind::And(a, b) | ExprKind::Or(a, b) => match (&a.kind, &b.kind) {
            (ExprKind::Bool(a), ExprKind::Bool(b)) => Some(match kind {
                ExprKind::And(..) => *a && *b,
                _ => *a || *b,
            }),
            _ => None,
        },
        ExprKind::Compare(operator, a, b) => match (&a.kind, &b.kind) {
            (ExprKind::Number(a), ExprKind::Number(b)) => Some(compares(*operator, a, b)),
            (ExprKind::Bool(a), ExprKind::Bool(b)) => Some(compares(*operator, a, b)),
            (ExprKind::Constant(a), ExprKind::Constant(b)) => Some(compares(*operator, a, b)),
            _ => None,
        },
        _ => None,
    };
    known.map_or(kind, ExprKind::Bool)
}

/// Which operators the code generator has.
fn can_operate(operator: Kind, shape: &Shape) -> bool {
    let wide = matches!(shape, Shape::Wide { .. });
    let signed = matches!(shape, Shape::Narrow(Integer { signed: true, .. }));
    match operator {
        Kind::Plus | Kind::Minus | Kind::Star | Kind::Slash | Kind::Percent => true,
        Kind::Ampersand
        | Kind::Pipe
        | Kind::Caret
        | Kind::WrapPlus
        | Kind::WrapMinus
        | Kind::WrapStar
        | Kind::ShiftRight
        | Kind::WrapShift => !wide,
        Kind::ShiftLeft => !wide && !signed,
        _ => false,
    }
}
