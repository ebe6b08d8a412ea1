//! Blocks and statements.

use super::{Closed, Parser};
use crate::{diagnostic::Code, kind::Kind};

impl Parser<'_> {
    pub(super) fn block(&mut self) -> Closed {
        self.deeper(|parser| {
            let open = parser.open();
            if parser.expect(Kind::LeftBrace) {
                while !matches!(parser.kind(), Kind::RightBrace | Kind::EndOfFile) {
                    let before = parser.next;
                    parser.statement();
                    if parser.next == before {
                        parser.missing("a statement");
                        parser.broken_construct();
                    }
                }
                parser.expect(Kind::RightBrace);
            }
            parser.close(open, Kind::Block)
        })
    }

    fn statement(&mut self) {
        match self.kind() {
            Kind::LeftBrace => {
                self.block();
            }
            Kind::LetWord | Kind::ConstWord => self.local(),
            Kind::IfWord => self.if_(),
            Kind::WhileWord => self.while_(),
            Kind::ForWord => self.for_(),
            Kind::MatchWord => self.match_(),
            Kind::TryWord => self.try_(),
            Kind::ReturnWord => self.return_(),
            Kind::BreakWord => self.word_alone(Kind::Break),
            Kind::ContinueWord => self.word_alone(Kind::Continue),
            Kind::RequireWord => self.require(),
            Kind::AssertWord => self.assert(),
            Kind::ThrowWord => self.throw(),
            Kind::EmitWord => self.emit(),
            Kind::DeleteWord => self.word_and_value(Kind::Delete),
            Kind::DestroyWord => self.word_and_value(Kind::Destroy),
            Kind::Identifier if self.at_habit_word() => self.habit_statement(),
            _ => self.expression_statement(),
        }
    }

    fn habit_statement(&mut self) {
        match self.text(0) {
            b"var" => {
                self.habit();
                self.local();
            }
            b"undefined" | b"null" | b"typeof" => self.expression_statement(),
            _ => {
                self.habit();
                let tail = self.text(0) == b"do";
                self.broken_construct();
                if tail && self.at(Kind::WhileWord) {
                    self.broken_construct();
                }
            }
        }
    }

    fn local(&mut self) {
        let open = self.open();
        self.bump();
        self.name();
        if self.eat(Kind::Colon) {
            self.type_();
        }
        if self.at(Kind::Semicolon) {
            let advice = "give it its first value here: `let total: u64 = 0;`";
            self.report_here(Code::LocalWithoutValue, "this local has no value", advice);
        } else if self.expect(Kind::Assign) {
            self.expr();
        }
        self.semicolon();
        self.close(open, Kind::Local);
    }

    /// `"(" Expr ")"`.
    fn condition(&mut self) {
        let begun = self.expect(Kind::LeftParen);
        self.expr();
        if begun {
            self.expect(Kind::RightParen);
        } else {
            self.eat(Kind::RightParen);
        }
    }

    /// The block of an `if` or loop; what stands there without braces is parsed as if they were there.
    fn body_block(&mut self) {
        if self.at(Kind::LeftBrace) {
            self.block();
            return;
        }
        self.deeper(|parser| {
            let advice = "put braces around it, also when it is one statement";
            parser.report_here(Code::MissingBraces, "this body has no braces", advice);
            let open = parser.open();
            if !matches!(parser.kind(), Kind::RightBrace | Kind::EndOfFile) {
                parser.statement();
            }
            parser.close(open, Kind::Block)
        });
    }

    fn if_(&mut self) {
        self.deeper(|parser| {
            let open = parser.open();
            parser.bump();
            parser.condition();
            parser.body_block();
            if parser.eat(Kind::ElseWord) {
                if parser.at(Kind::IfWord) {
                    parser.if_();
                } else {
                    parser.body_block();
                }
            }
            parser.close(open, Kind::If)
        });
    }

    fn while_(&mut self) {
        let open = self.open();
        self.bump();
        self.condition();
        self.body_block();
        self.close(open, Kind::While);
    }

    fn for_(&mut self) {
        let open = self.open();
        self.bump();
        self.expect(Kind::LeftParen);
        let of = self.token(2).kind == Kind::Identifier && self.text(2) == b"of";
        if self.at(Kind::ConstWord) && self.at_name(1) && of {
            self.bump();
            self.bump();
            self.bump();
            self.expr();
            if self.eat(Kind::DotDot) {
                self.expr();
            }
        } else {
            self.loop_head();
        }
        self.expect(Kind::RightParen);
        self.body_block();
        self.close(open, Kind::For);
    }

    fn match_(&mut self) {
        let open = self.open();
        self.bump();
        self.condition();
        if self.expect(Kind::LeftBrace) {
            while !matches!(self.kind(), Kind::RightBrace | Kind::EndOfFile) {
                let before = self.next;
                self.arm();
                if self.next == before {
                    self.missing("a pattern");
                    self.broken_construct();
                }
            }
            self.expect(Kind::RightBrace);
        }
        self.close(open, Kind::Match);
    }

    fn arm(&mut self) {
        if !self.at_pattern() {
            return;
        }
        let open = self.open();
        self.pattern();
        if self.at(Kind::Arrow) {
            self.bump();
        } else {
            self.missing("`=>`");
        }
        self.body_block();
        self.close(open, Kind::Arm);
    }

    fn at_pattern(&self) -> bool {
        let literal = matches!(
            self.kind(),
            Kind::Underscore | Kind::Minus | Kind::Integer | Kind::TrueWord | Kind::FalseWord
        );
        literal || self.at_name(0)
    }

    fn pattern(&mut self) {
        let open = self.open();
        match self.kind() {
            Kind::Minus => {
                self.bump();
                self.expect(Kind::Integer);
            }
            Kind::Identifier => {
                self.bump();
                if self.eat(Kind::Dot) {
                    self.name();
                }
                if self.eat(Kind::LeftParen) {
                    self.list_of_some(Kind::RightParen, "a name or `_`", |parser| {
                        if parser.at_name(0) || parser.at(Kind::Underscore) {
                            let open = parser.open();
                            parser.bump();
                            parser.close(open, Kind::Binding);
                        }
                        0
                    });
                }
            }
            _ => self.bump(),
        }
        self.close(open, Kind::Pattern);
    }

    fn try_(&mut self) {
        let open = self.open();
        self.bump();
        if self.at(Kind::LeftBrace) {
            let message = "`try` stands around one call";
            let advice = "write `try (const result = Token.at(address).transfer(to, amount)) { ... } catch (error) { ... }`";
            self.report_here(Code::Expected, message, advice);
        } else {
            self.expect(Kind::LeftParen);
            if self.eat(Kind::ConstWord) {
                self.name();
                if self.eat(Kind::Colon) {
                    self.type_();
                }
                self.expect(Kind::Assign);
            }
            self.expr();
            self.expect(Kind::RightParen);
        }
        self.block();
        if self.expect(Kind::CatchWord) {
            if self.eat(Kind::LeftParen) {
                self.name();
                self.expect(Kind::RightParen);
            }
            self.block();
        }
        self.close(open, Kind::Try);
    }

    fn return_(&mut self) {
        let open = self.open();
        self.bump();
        if !self.at(Kind::Semicolon) && !self.at(Kind::RightBrace) {
            self.expr();
        }
        self.semicolon();
        self.close(open, Kind::Return);
    }

    fn word_alone(&mut self, kind: Kind) {
        let open = self.open();
        self.bump();
        self.semicolon();
        self.close(open, kind);
    }

    fn word_and_value(&mut self, kind: Kind) {
        let open = self.open();
        self.bump();
        self.expr();
        self.semicolon();
        self.close(open, kind);
    }

    fn require(&mut self) {
        let open = self.open();
        self.bump();
        self.expect(Kind::LeftParen);
        self.expr();
        if self.eat(Kind::Comma) && !self.at(Kind::RightParen) {
            self.error_value();
            self.eat(Kind::Comma);
        }
        self.expect(Kind::RightParen);
        self.semicolon();
        self.close(open, Kind::Require);
    }

    fn assert(&mut self) {
        let open = self.open();
        self.bump();
        self.condition();
        self.semicolon();
        self.close(open, Kind::Assert);
    }

    fn throw(&mut self) {
        let open = self.open();
        self.bump();
        self.error_value();
        self.semicolon();
        self.close(open, Kind::Throw);
    }

    fn error_value(&mut self) {
        let open = self.open();
        if self.at(Kind::NewWord) {
            let advice = "declare the error, `error TooLate(deadline: u64);`, and write `throw TooLate(this.deadline);`";
            self.report_here(Code::ThrowNew, "an error is thrown without `new`", advice);
            self.bump();
        }
        if self.at_name(0) {
            self.bump();
            if self.at(Kind::LeftParen) {
                self.arguments();
            } else {
                self.missing("`(`");
            }
        } else {
            self.missing("the name of an error");
        }
        self.close(open, Kind::ErrorValue);
    }

    fn emit(&mut self) {
        let open = self.open();
        self.bump();
        self.name();
        if self.at(Kind::LeftParen) {
            self.arguments();
        } else {
            self.missing("`(`");
        }
        self.semicolon();
        self.close(open, Kind::Emit);
    }

    fn expression_statement(&mut self) {
        let before = self.next;
        let open = self.open();
        self.expr();
        if self.next == before {
            // Nothing begins here; the node stays empty and the caller skips what stands here.
            self.close(open, Kind::Broken);
            return;
        }
        if assignment(self.kind()) {
            self.bump();
            self.expr();
        }
        self.semicolon();
        self.close(open, Kind::ExprStatement);
    }
}

/// True for the operators that assign.
pub(crate) fn assignment(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Assign
            | Kind::PlusAssign
            | Kind::MinusAssign
            | Kind::StarAssign
            | Kind::SlashAssign
            | Kind::PercentAssign
            | Kind::PowerAssign
            | Kind::ShiftLeftAssign
            | Kind::ShiftRightAssign
            | Kind::AmpersandAssign
            | Kind::PipeAssign
            | Kind::CaretAssign
            | Kind::WrapPlusAssign
            | Kind::WrapMinusAssign
            | Kind::WrapStarAssign
            | Kind::WrapShiftAssign
    )
}
