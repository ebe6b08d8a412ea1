//! Types.

use super::{Closed, Parser};
use crate::kind::Kind;

impl Parser<'_> {
    pub(super) fn type_(&mut self) -> Closed {
        self.deeper(|parser| {
            let open = parser.open();
            if !parser.eat(Kind::StorageWord) {
                parser.eat(Kind::MemoryWord);
            }
            if parser.at_name(0) {
                parser.bump();
                if parser.at(Kind::Less) {
                    parser.type_arguments();
                }
                while parser.at(Kind::LeftBracket) {
                    parser.bump();
                    if !parser.at(Kind::RightBracket)
                        && !parser.eat(Kind::Integer)
                        && !parser.eat(Kind::Identifier)
                    {
                        parser.missing("a length or `]`");
                    }
                    parser.expect(Kind::RightBracket);
                }
            } else {
                parser.missing("a type");
                parser.eat_habit();
            }
            parser.close(open, Kind::Type)
        })
    }

    pub(super) fn type_arguments(&mut self) {
        let open = self.open();
        self.bump();
        loop {
            self.type_();
            if !self.eat(Kind::Comma) || self.at_greater() {
                break;
            }
        }
        if self.at_greater() {
            self.bump_greater();
        } else {
            self.missing("`>`");
        }
        self.close(open, Kind::TypeArguments);
    }

    fn at_greater(&self) -> bool {
        matches!(
            self.kind(),
            Kind::Greater
                | Kind::ShiftRight
                | Kind::GreaterEqual
                | Kind::ShiftRightAssign
                | Kind::UnsignedShift
        )
    }

    pub(super) fn type_parameters(&mut self) {
        let open = self.open();
        self.bump();
        self.list_of_some(Kind::Greater, "the name of a type", |parser| {
            if parser.at_name(0) {
                let open = parser.open();
                parser.bump();
                if parser.eat(Kind::ExtendsWord) {
                    parser.name();
                }
                parser.close(open, Kind::TypeParameter);
            }
            0
        });
        self.close(open, Kind::TypeParameters);
    }
}
