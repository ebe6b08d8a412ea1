//! Answers to what comes from JavaScript.

use super::{Closed, Parser};
use crate::{
    diagnostic::{Code, Diagnostic},
    habits::{self, Habit},
    kind::Kind,
};

impl Parser<'_> {
    fn habit_here(&self) -> Option<&'static Habit> {
        match self.kind() {
            Kind::Identifier => habits::of_word(self.text(0)),
            mark => habits::of_mark(mark),
        }
    }

    /// Answers a habit at the next token, if it is one.
    pub(super) fn habit(&mut self) -> bool {
        let Some(habit) = self.habit_here() else {
            return false;
        };
        let place = self.token(0).span;
        self.report(Diagnostic::new(habit.code, place, habit.message).advise(habit.advice));
        true
    }

    /// True at a word that only a habit uses.
    pub(super) fn at_habit_word(&self) -> bool {
        self.at(Kind::Identifier) && self.habit_here().is_some()
    }

    /// Takes a word that only a habit uses, which has been answered.
    pub(super) fn eat_habit(&mut self) -> bool {
        let found = self.at_habit_word();
        if found {
            self.bump();
        }
        found
    }

    /// Answers an operator of JavaScript that stands for one of bitUp.
    pub(super) fn operator_habit(&mut self) {
        if matches!(
            self.kind(),
            Kind::LooseEqual | Kind::LooseNotEqual | Kind::UnsignedShift | Kind::OptionalDot
        ) {
            self.habit();
        }
    }

    /// `parameters => body`, where the parameters are closed and the arrow is next.
    pub(super) fn arrow_function(&mut self, parameters: Closed) -> Closed {
        self.habit();
        let open = self.open_around(parameters);
        self.bump();
        self.skip_balanced(&[Kind::Comma]);
        let closed = self.close(open, Kind::Broken);
        Closed {
            height: parameters.height.saturating_add(1),
            ..closed
        }
    }

    /// Where a value is expected and none begins.
    pub(super) fn no_value(&mut self) {
        if self.at(Kind::LeftBrace) {
            let advice = "declare a class and write `new Point(1, 2)`; braces in a call hold only its options, like `{ value: amount }`";
            self.report_here(Code::ObjectLiteral, "there are no object literals", advice);
            self.bump();
            while !matches!(self.kind(), Kind::RightBrace | Kind::EndOfFile) {
                self.skip_balanced(&[]);
                if !self.at(Kind::RightBrace) && !self.at(Kind::EndOfFile) {
                    self.bump();
                }
            }
            self.eat(Kind::RightBrace);
        } else if self.at_habit_word() {
            let alone = matches!(self.text(0), b"undefined" | b"null");
            self.habit();
            self.bump();
            if !alone {
                self.skip_balanced(&[Kind::Comma]);
            }
        } else {
            self.missing("a value");
        }
    }

    /// The head of a loop from JavaScript, behind its `(`; up to its `)`.
    pub(super) fn loop_head(&mut self) {
        let advice = "write `for (const i of 0..n) { ... }` to count and `for (const item of items) { ... }` to walk an array";
        self.report_here(
            Code::LoopHead,
            "a loop goes over a range or an array",
            advice,
        );
        let open = self.open();
        loop {
            self.skip_balanced(&[Kind::LeftBrace]);
            if !self.eat(Kind::Semicolon) {
                break;
            }
        }
        self.close(open, Kind::Broken);
    }
}
