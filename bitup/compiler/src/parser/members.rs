//! What stands between the braces of contracts, interfaces, classes and assets.

use super::Parser;
use crate::{
    diagnostic::{Code, Diagnostic},
    kind::Kind,
};

/// Whose member it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Contract,
    Interface,
    Class,
    Asset,
}

impl Place {
    fn allows(self, member: Kind) -> bool {
        match self {
            Self::Contract => member != Kind::Field,
            Self::Interface => matches!(member, Kind::Event | Kind::Error | Kind::Method),
            Self::Class => matches!(member, Kind::Field | Kind::Constructor | Kind::Method),
            Self::Asset => member == Kind::Field,
        }
    }

    fn members(self) -> &'static str {
        match self {
            Self::Contract => {
                "a contract has `storage` fields, events, errors, constants, invariants, a constructor and methods"
            }
            Self::Interface => "an interface has methods without bodies, events and errors",
            Self::Class => "a class has fields, a constructor and methods",
            Self::Asset => "an asset has fields",
        }
    }
}

impl Parser<'_> {
    pub(super) fn body(&mut self, place: Place) {
        if !self.expect(Kind::LeftBrace) {
            return;
        }
        while !matches!(self.kind(), Kind::RightBrace | Kind::EndOfFile) {
            let before = self.next;
            self.member(place);
            if self.next == before {
                if !self.habit() {
                    let message = format!("no member begins with {}", self.described());
                    self.report_here(Code::NotADeclaration, message, place.members());
                }
                self.broken_construct();
            }
        }
        self.expect(Kind::RightBrace);
    }

    fn member(&mut self, place: Place) {
        let first = self.token(0).span;
        let member = match self.kind() {
            Kind::StorageWord => self.storage_field(),
            Kind::InvariantWord => self.invariant(),
            Kind::ConstWord => {
                self.constant();
                Kind::Constant
            }
            Kind::Identifier if self.at_word_before_name("event") => {
                self.event();
                Kind::Event
            }
            Kind::Identifier if self.at_word_before_name("error") => {
                self.error();
                Kind::Error
            }
            Kind::Identifier if self.at_name(0) && self.token(1).kind == Kind::Colon => {
                self.field()
            }
            kind if kind == Kind::At
                || kind == Kind::ConstructorWord
                || modifier(kind)
                || self.at_name(0) =>
            {
                self.method(place)
            }
            _ if self.at_habit_word() && self.habit_before_method() => self.method(place),
            _ => return,
        };
        if !place.allows(member) {
            let message = if place == Place::Contract {
                "a field of a contract begins with `storage`"
            } else {
                "this cannot stand here"
            };
            self.diagnostics.push(
                Diagnostic::new(Code::NotADeclaration, first, message).advise(place.members()),
            );
        }
    }

    /// Words of other languages in front of a method are answered by `method`.
    fn habit_before_method(&self) -> bool {
        matches!(
            self.text(0),
            b"function" | b"async" | b"public" | b"static" | b"protected" | b"export"
        )
    }

    fn storage_field(&mut self) -> Kind {
        let open = self.open();
        self.bump();
        self.typed_name();
        self.initial_value();
        self.close(open, Kind::StorageField);
        Kind::StorageField
    }

    fn field(&mut self) -> Kind {
        let open = self.open();
        self.typed_name();
        self.initial_value();
        self.close(open, Kind::Field);
        Kind::Field
    }

    fn initial_value(&mut self) {
        if self.eat(Kind::Assign) {
            self.expr();
        }
        self.semicolon();
    }

    fn invariant(&mut self) -> Kind {
        let open = self.open();
        self.bump();
        self.expr();
        self.semicolon();
        self.close(open, Kind::Invariant);
        Kind::Invariant
    }

    fn method(&mut self, place: Place) -> Kind {
        let open = self.open();
        while self.at(Kind::At) {
            self.annotation();
        }
        let modifiers = self.open();
        while modifier(self.kind()) || self.at_habit_word() {
            self.habit();
            self.bump();
        }
        self.close(modifiers, Kind::Modifiers);
        if self.eat(Kind::ConstructorWord) {
            self.parameters();
            self.conditions();
            self.block();
            self.close(open, Kind::Constructor);
            return Kind::Constructor;
        }
        self.name();
        let signature = place == Place::Interface;
        if self.at(Kind::Less) {
            if signature {
                self.missing("`(`");
            }
            self.type_parameters();
        }
        self.parameters();
        self.result_type();
        if signature {
            self.end_of_signature();
        } else {
            self.conditions();
            if !self.eat(Kind::Semicolon) {
                self.block();
            }
        }
        self.close(open, Kind::Method);
        Kind::Method
    }

    fn end_of_signature(&mut self) {
        if self.at(Kind::LeftBrace) {
            let advice = "end the method with `;`: the contracts that implement the interface have the bodies";
            self.report_here(
                Code::BodyInInterface,
                "a method of an interface has no body",
                advice,
            );
            self.block();
            self.eat(Kind::Semicolon);
        } else {
            self.semicolon();
        }
    }

    fn annotation(&mut self) {
        let open = self.open();
        self.bump();
        self.name();
        if self.at(Kind::LeftParen) {
            self.arguments();
        }
        self.close(open, Kind::Annotation);
    }

    pub(super) fn result_type(&mut self) {
        if self.eat(Kind::Colon) {
            self.type_();
        }
    }

    pub(super) fn conditions(&mut self) {
        while matches!(self.kind(), Kind::RequiresWord | Kind::EnsuresWord) {
            let open = self.open();
            self.bump();
            self.expr();
            self.close(open, Kind::Condition);
        }
    }
}

fn modifier(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::AbstractWord
            | Kind::OverrideWord
            | Kind::PrivateWord
            | Kind::PayableWord
            | Kind::ViewWord
            | Kind::PureWord
    )
}
