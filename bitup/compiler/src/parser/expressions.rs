//! Expressions, by the strength with which operators bind.

use super::{Closed, DEEPEST, Parser};
use crate::{
    diagnostic::{Code, Diagnostic},
    kind::Kind,
};

/// Weakest binary operator.
const WEAKEST: u8 = 1;
const COMPARISON: u8 = 4;

/// How strong a binary operator binds.
fn strength(kind: Kind) -> Option<u8> {
    Some(match kind {
        Kind::Coalescing => WEAKEST,
        Kind::OrOr => 2,
        Kind::AndAnd => 3,
        Kind::Equal
        | Kind::NotEqual
        | Kind::Less
        | Kind::LessEqual
        | Kind::Greater
        | Kind::GreaterEqual => COMPARISON,
        Kind::LooseEqual | Kind::LooseNotEqual => COMPARISON,
        Kind::Pipe => 5,
        Kind::Caret => 6,
        Kind::Ampersand => 7,
        Kind::ShiftLeft | Kind::WrapShift | Kind::ShiftRight | Kind::UnsignedShift => 8,
        Kind::Plus | Kind::Minus | Kind::WrapPlus | Kind::WrapMinus => 9,
        Kind::Star | Kind::Slash | Kind::Percent | Kind::WrapStar => 10,
        _ => return None,
    })
}

impl Parser<'_> {
    /// `Expr`.
    pub(super) fn expr(&mut self) -> Closed {
        self.deeper(|parser| {
            let condition = parser.binary(WEAKEST);
            if parser.at(Kind::Arrow) {
                return parser.arrow_function(condition);
            }
            if !parser.at(Kind::Question) {
                return condition;
            }
            let open = parser.open_around(condition);
            parser.bump();
            let yes = parser.expr();
            parser.expect(Kind::Colon);
            let no = parser.expr();
            let height = condition.height.max(yes.height).max(no.height);
            parser.close_above(open, Kind::Conditional, height)
        })
    }

    /// Closes a node whose children are at most `below` high.
    fn close_above(&mut self, open: super::Open, kind: Kind, below: usize) -> Closed {
        let closed = self.close(open, kind);
        Closed {
            height: below.saturating_add(1),
            ..closed
        }
    }

    fn binary(&mut self, weakest: u8) -> Closed {
        let mut left = self.cast();
        let mut compared = false;
        while let Some(level) = strength(self.kind()).filter(|level| *level >= weakest) {
            if left.height >= DEEPEST {
                self.too_deep();
                return left;
            }
            if level == COMPARISON {
                if compared {
                    let advice = "join two comparisons with `&&`: `a < b && b < c`";
                    self.report_here(
                        Code::ChainedComparison,
                        "this compares the result of a comparison",
                        advice,
                    );
                }
                compared = true;
            }
            self.operator_habit();
            let open = self.open_around(left);
            self.bump();
            // `??` groups from the right, all others from the left.
            let next = if level == WEAKEST { WEAKEST } else { level + 1 };
            let right = self.deeper(|parser| parser.binary(next));
            left = self.close_above(open, Kind::Binary, left.height.max(right.height));
        }
        left
    }

    fn cast(&mut self) -> Closed {
        let mut value = self.unary();
        while self.at(Kind::AsWord) {
            if value.height >= DEEPEST {
                self.too_deep();
                return value;
            }
            let open = self.open_around(value);
            self.bump();
            self.eat(Kind::Percent);
            self.name();
            value = self.close_above(open, Kind::Cast, value.height);
        }
        value
    }

    fn unary(&mut self) -> Closed {
        if matches!(self.kind(), Kind::Bang | Kind::Minus | Kind::Tilde) {
            return self.deeper(|parser| {
                let open = parser.open();
                parser.bump();
                let inner = parser.unary();
                parser.close_above(open, Kind::Unary, inner.height)
            });
        }
        if matches!(
            self.kind(),
            Kind::PlusPlus | Kind::MinusMinus | Kind::Spread
        ) {
            self.habit();
            return self.deeper(|parser| {
                let open = parser.open();
                parser.bump();
                let inner = parser.unary();
                parser.close_above(open, Kind::Broken, inner.height)
            });
        }
        self.power()
    }

    fn power(&mut self) -> Closed {
        let base = self.postfix();
        if !self.at(Kind::Power) {
            return base;
        }
        let open = self.open_around(base);
        self.bump();
        let exponent = self.deeper(Self::power);
        self.close_above(open, Kind::Binary, base.height.max(exponent.height))
    }

    fn postfix(&mut self) -> Closed {
        let mut value = self.primary();
        loop {
            if !matches!(
                self.kind(),
                Kind::Dot
                    | Kind::OptionalDot
                    | Kind::LeftBracket
                    | Kind::LeftParen
                    | Kind::PlusPlus
                    | Kind::MinusMinus
            ) {
                return value;
            }
            if value.height >= DEEPEST {
                self.too_deep();
                return value;
            }
            let height = value.height;
            let open = self.open_around(value);
            value = match self.kind() {
                Kind::LeftBracket => {
                    self.bump();
                    let index = self.expr();
                    self.expect(Kind::RightBracket);
                    self.close_above(open, Kind::Index, height.max(index.height))
                }
                Kind::LeftParen => {
                    let arguments = self.arguments();
                    self.close_above(open, Kind::Call, height.max(arguments))
                }
                Kind::PlusPlus | Kind::MinusMinus => {
                    self.habit();
                    self.bump();
                    self.close_above(open, Kind::Broken, height)
                }
                _ => {
                    self.operator_habit();
                    self.bump();
                    self.name();
                    self.close_above(open, Kind::Member, height)
                }
            };
        }
    }

    /// `Arguments`; gives their height.
    pub(super) fn arguments(&mut self) -> usize {
        let open = self.open();
        self.expect(Kind::LeftParen);
        let height = self.list(Kind::RightParen, "an argument", |parser| {
            if parser.at(Kind::LeftBrace) {
                parser.call_options()
            } else {
                parser.expr().height
            }
        });
        self.close(open, Kind::Arguments);
        height.saturating_add(1)
    }

    fn call_options(&mut self) -> usize {
        let open = self.open();
        self.bump();
        let height = self.list_of_some(
            Kind::RightBrace,
            "an option like `value: amount`",
            |parser| {
                let open = parser.open();
                parser.name();
                parser.expect(Kind::Colon);
                let value = parser.expr();
                parser.close(open, Kind::CallOption);
                value.height
            },
        );
        self.close(open, Kind::CallOptions);
        height.saturating_add(2)
    }

    fn primary(&mut self) -> Closed {
        let open = self.open();
        match self.kind() {
            Kind::Integer | Kind::Text | Kind::Bytes | Kind::TrueWord | Kind::FalseWord => {
                self.bump();
                self.close(open, Kind::Literal)
            }
            // The lexer has answered these.
            Kind::Fraction | Kind::TemplateText | Kind::QuotedText => {
                self.bump();
                self.close(open, Kind::Literal)
            }
            Kind::ThisWord => {
                self.bump();
                self.close(open, Kind::This)
            }
            Kind::SuperWord => {
                self.bump();
                self.close(open, Kind::Super)
            }
            Kind::Identifier if self.at_name(0) => {
                self.bump();
                self.close(open, Kind::Name)
            }
            Kind::LeftParen => {
                self.bump();
                if self.at(Kind::RightParen) && self.token(1).kind == Kind::Arrow {
                    self.bump();
                    return self.close(open, Kind::Broken);
                }
                let inner = self.expr();
                self.end_of_parenthesised();
                self.close_above(open, Kind::Parenthesised, inner.height)
            }
            Kind::LeftBracket => {
                self.bump();
                let height =
                    self.list(Kind::RightBracket, "a value", |parser| parser.expr().height);
                self.close_above(open, Kind::Array, height)
            }
            Kind::NewWord => self.new_object(open),
            _ => {
                self.no_value();
                self.close(open, Kind::Broken)
            }
        }
    }

    /// `)`, also behind the parameters of an arrow function.
    fn end_of_parenthesised(&mut self) {
        if !self.at(Kind::Comma) {
            self.expect(Kind::RightParen);
            return;
        }
        let comma = self.token(0).span;
        self.broken(&[]);
        if !self.at(Kind::RightParen) || self.token(1).kind != Kind::Arrow {
            let advice = "parentheses hold one value; a list stands in `[` and `]`";
            let message = "expected `)`, found `,`";
            self.report(Diagnostic::new(Code::Expected, comma, message).advise(advice));
        }
        self.eat(Kind::RightParen);
    }

    fn new_object(&mut self, open: super::Open) -> Closed {
        self.bump();
        self.name();
        if self.at(Kind::Less) {
            self.type_arguments();
        }
        let height = if self.at(Kind::LeftParen) {
            self.arguments()
        } else {
            self.missing("`(`");
            0
        };
        self.close_above(open, Kind::New, height)
    }
}
