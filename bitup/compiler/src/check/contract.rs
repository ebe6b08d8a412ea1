//! What contracts and classes must keep as a whole.

use super::{Checker, FileNumber};
use crate::{
    ast::{self, Name},
    diagnostic::{Code, Diagnostic},
    kind::Kind,
};

impl Checker {
    /// Ties contracts and interfaces together and checks the rules between them.
    pub(super) fn check_contracts(&mut self) {
        self.tie_bases();
        self.tie_interfaces();
        for number in 0..self.program.contracts.len() {
            self.check_members(number);
            self.check_overrides(number);
            self.check_implements(number);
            let info = self.program.contracts[number].clone();
            let constructors = info.ast.constructors.iter().zip(&info.constructor);
            for (method, signature) in info
                .ast
                .methods
                .iter()
                .zip(&info.methods)
                .chain(constructors)
            {
                self.check_head(number, method, signature);
                self.check_body_there(info.file, method, info.ast.is_abstract);
            }
            self.one_constructor(info.file, &info.ast.constructors);
            self.check_super(number);
        }
        for number in 0..self.program.classes.len() {
            self.check_class(number);
        }
        self.check_signatures();
    }

    /// Fields, methods, events, errors and constants of a contract and of those it extends have names of their own.
    fn check_members(&mut self, number: usize) {
        let info = self.program.contracts[number].clone();
        let mut known: Vec<Name> = Vec::new();
        let own = info
            .storage
            .iter()
            .map(|slot| &slot.name)
            .chain(info.methods.iter().map(|method| &method.name));
        for name in own {
            if matches!(name.text.as_str(), "balance" | "address") {
                let message = format!("`this.{}` has a meaning of its own", name.text);
                self.find(
                    info.file,
                    Code::ReservedName,
                    name.span,
                    message,
                    "choose another name",
                );
            }
            if let Some(before) = known
                .iter()
                .find(|before| before.text == name.text)
                .map(|before| before.span)
            {
                self.twice(info.file, name, Some(before));
            }
            known.push(name.clone());
        }
        let above: Vec<usize> = self.program.line(number).into_iter().skip(1).collect();
        for slot in &info.storage {
            let hidden = above.iter().find_map(|base| {
                let base = &self.program.contracts[*base];
                let field = base
                    .storage
                    .iter()
                    .any(|other| other.name.text == slot.name.text);
                let method = base
                    .methods
                    .iter()
                    .any(|other| other.name.text == slot.name.text);
                (field || method).then(|| base.ast.name.text.clone())
            });
            if let Some(base) = hidden {
                let message = format!("`{base}` has a `{}` already", slot.name.text);
                self.find(
                    info.file,
                    Code::FieldHidden,
                    slot.name.span,
                    message,
                    "use it, or choose another name",
                );
            }
        }
    }

    /// A method has a body, an abstract one has none and stands in an abstract contract.
    fn check_body_there(&mut self, file: FileNumber, method: &ast::Method, in_abstract: bool) {
        let word = method.modifier(Kind::AbstractWord);
        match (word, &method.body) {
            (None, Some(_)) => {}
            (None, None) => {
                let message = format!("`{}` has no body", method.name.text);
                self.find(
                    file,
                    Code::BodyMissing,
                    method.name.span,
                    message,
                    "write `{ ... }`, or `abstract` in front of it",
                );
            }
            (Some(span), Some(_)) => {
                let message = "an abstract method has no body";
                self.find(
                    file,
                    Code::BodyMissing,
                    span,
                    message,
                    "remove `abstract`, or write `;` in the place of the body",
                );
            }
            (Some(span), None) if !in_abstract => {
                let message = "this contract is not abstract";
                self.find(
                    file,
                    Code::AbstractLeft,
                    span,
                    message,
                    "write `abstract contract`, or give the method a body",
                );
            }
            (Some(_), None) => {}
        }
    }

    fn one_constructor(&mut self, file: FileNumber, constructors: &[ast::Method]) {
        if let [first, second, ..] = constructors {
            let finding = Diagnostic::new(
                Code::DeclaredTwice,
                second.name.span,
                "there is one constructor",
            );
            let finding = finding.note(first.name.span, "the first one");
            self.report(
                file,
                finding.advise("give the values as parameters of one constructor"),
            );
        }
    }

    fn check_class(&mut self, number: usize) {
        let info = self.program.classes[number].clone();
        self.one_constructor(info.file, &info.ast.constructors);
        let mut known: Vec<Name> = info.fields.iter().map(|slot| slot.name.clone()).collect();
        for (method, signature) in info.ast.methods.iter().zip(&info.methods) {
            if let Some(before) = known
                .iter()
                .find(|before| before.text == method.name.text)
                .map(|before| before.span)
            {
                self.twice(info.file, &method.name, Some(before));
            }
            known.push(method.name.clone());
            self.check_modifiers(info.file, method);
            self.check_body_there(info.file, method, false);
            for annotation in &method.annotations {
                let message = "nobody calls an object but the contract itself";
                self.find(
                    info.file,
                    Code::AccessWrong,
                    annotation.span,
                    message,
                    "remove it",
                );
            }
            if signature.payable {
                let place = method
                    .modifier(Kind::PayableWord)
                    .unwrap_or(method.name.span);
                self.find(
                    info.file,
                    Code::ModifierConflict,
                    place,
                    "tokens come to contracts, not to objects",
                    "remove `payable`",
                );
            }
        }
    }
}
