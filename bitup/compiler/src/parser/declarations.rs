//! A file and what it declares.

use super::{Parser, members::Place};
use crate::{diagnostic::Code, kind::Kind};

impl Parser<'_> {
    /// `SourceFile`, without the node: the tree's root is it.
    pub(super) fn source_file(&mut self) {
        while self.at(Kind::ImportWord) {
            self.import();
        }
        while !self.at(Kind::EndOfFile) {
            let before = self.next;
            self.item();
            if self.next == before {
                self.not_a_declaration();
            }
        }
    }

    fn not_a_declaration(&mut self) {
        if self.at(Kind::ImportWord) {
            let advice = "move the import in front of the first declaration";
            self.report_here(
                Code::NotADeclaration,
                "imports stand at the beginning of a file",
                advice,
            );
        } else if !self.habit() {
            let message = format!("no declaration begins with {}", self.described());
            let advice = "a file declares `contract`, `interface`, `class`, `asset`, `enum`, `event`, `error`, `const`, `test` and `pure` functions";
            self.report_here(Code::NotADeclaration, message, advice);
        }
        let word = self.at_habit_word()
            && matches!(self.text(0), b"export" | b"async" | b"public" | b"static");
        let end = matches!(
            self.kind(),
            Kind::RightBrace | Kind::RightParen | Kind::RightBracket
        );
        if word || end {
            let open = self.open();
            self.bump();
            self.close(open, Kind::Broken);
        } else {
            self.broken_construct();
        }
    }

    fn import(&mut self) {
        let open = self.open();
        self.bump();
        self.expect(Kind::LeftBrace);
        self.list_of_some(Kind::RightBrace, "a name", |parser| {
            if parser.at_name(0) {
                let open = parser.open();
                parser.bump();
                if parser.eat(Kind::AsWord) {
                    parser.name();
                }
                parser.close(open, Kind::ImportName);
            }
            0
        });
        if self.at_word("from") {
            self.bump();
        } else {
            self.missing("`from`");
        }
        if !self.eat(Kind::Text) && !self.eat(Kind::QuotedText) {
            self.missing("the path of a file in double quotes");
        }
        self.semicolon();
        self.close(open, Kind::Import);
    }

    /// True at a word that is a keyword only in front of a name.
    pub(super) fn at_word_before_name(&self, word: &str) -> bool {
        self.at_word(word) && self.at_name(1)
    }

    /// `Item`; takes nothing where none begins.
    fn item(&mut self) {
        match self.kind() {
            Kind::ContractWord => self.contract(),
            Kind::AbstractWord if self.token(1).kind == Kind::ContractWord => self.contract(),
            Kind::InterfaceWord => self.interface(),
            Kind::ClassWord => self.class(),
            Kind::EnumWord => self.enum_(),
            Kind::ConstWord => self.constant(),
            Kind::PureWord => self.function(),
            Kind::Identifier if self.at_word_before_name("event") => self.event(),
            Kind::Identifier if self.at_word_before_name("error") => self.error(),
            Kind::Identifier if self.at_word_before_name("asset") => self.asset(),
            Kind::Identifier if self.at_word("test") && self.token(1).kind == Kind::Text => {
                self.test()
            }
            _ => {}
        }
    }

    fn contract(&mut self) {
        let open = self.open();
        self.eat(Kind::AbstractWord);
        self.bump();
        self.name();
        if self.eat(Kind::ExtendsWord) {
            self.name();
        }
        if self.eat(Kind::ImplementsWord) {
            self.names();
        }
        self.body(Place::Contract);
        self.close(open, Kind::Contract);
    }

    fn names(&mut self) {
        let open = self.open();
        self.name();
        while self.eat(Kind::Comma) {
            self.name();
        }
        self.close(open, Kind::Names);
    }

    fn interface(&mut self) {
        let open = self.open();
        self.bump();
        self.name();
        if self.eat(Kind::ExtendsWord) {
            self.names();
        }
        self.body(Place::Interface);
        self.close(open, Kind::Interface);
    }

    fn class(&mut self) {
        let open = self.open();
        self.bump();
        self.name();
        if self.at(Kind::Less) {
            self.type_parameters();
        }
        self.body(Place::Class);
        self.close(open, Kind::Class);
    }

    fn asset(&mut self) {
        let open = self.open();
        self.bump();
        self.name();
        self.body(Place::Asset);
        self.close(open, Kind::Asset);
    }

    fn enum_(&mut self) {
        let open = self.open();
        self.bump();
        self.name();
        if self.at(Kind::Less) {
            self.type_parameters();
        }
        if self.expect(Kind::LeftBrace) {
            self.list_of_some(Kind::RightBrace, "a variant", |parser| {
                if parser.at_name(0) {
                    let open = parser.open();
                    parser.bump();
                    if parser.at(Kind::LeftParen) {
                        parser.parameters();
                    }
                    parser.close(open, Kind::Variant);
                }
                0
            });
        }
        self.close(open, Kind::Enum);
    }

    pub(super) fn constant(&mut self) {
        let open = self.open();
        self.bump();
        self.name();
        self.expect(Kind::Colon);
        self.type_();
        self.expect(Kind::Assign);
        self.expr();
        self.semicolon();
        self.close(open, Kind::Constant);
    }

    pub(super) fn event(&mut self) {
        let open = self.open();
        self.bump();
        self.name();
        self.expect(Kind::LeftParen);
        self.list(Kind::RightParen, "a field", |parser| {
            if parser.at_name(0) {
                let open = parser.open();
                if parser.at_word_before_name("indexed") {
                    parser.bump();
                }
                parser.typed_name();
                parser.close(open, Kind::EventField);
            }
            0
        });
        self.semicolon();
        self.close(open, Kind::Event);
    }

    pub(super) fn error(&mut self) {
        let open = self.open();
        self.bump();
        self.name();
        self.parameters();
        self.semicolon();
        self.close(open, Kind::Error);
    }

    fn function(&mut self) {
        let open = self.open();
        self.bump();
        if self.at_habit_word() {
            self.habit();
            self.bump();
        }
        self.name();
        if self.at(Kind::Less) {
            self.type_parameters();
        }
        self.parameters();
        self.result_type();
        self.conditions();
        self.block();
        self.close(open, Kind::Function);
    }

    fn test(&mut self) {
        let open = self.open();
        self.bump();
        self.bump();
        if self.at(Kind::LeftParen) {
            self.parameters();
        }
        self.block();
        self.close(open, Kind::Test);
    }

    /// `IDENT ":" Type`.
    pub(super) fn typed_name(&mut self) {
        self.name();
        self.expect(Kind::Colon);
        self.type_();
    }

    pub(super) fn parameters(&mut self) {
        let open = self.open();
        self.expect(Kind::LeftParen);
        self.list(Kind::RightParen, "a parameter", |parser| {
            if parser.at_name(0) {
                let open = parser.open();
                parser.typed_name();
                parser.close(open, Kind::Parameter);
            }
            0
        });
        self.close(open, Kind::Parameters);
    }
}
