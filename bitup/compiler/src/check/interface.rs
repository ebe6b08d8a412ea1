//! Interfaces, and the contracts that implement them.

use super::{Checker, Declared, FileNumber, Signature};
use crate::{
    ast::{self, Name},
    diagnostic::Code,
    kind::Kind,
};

impl Checker {
    /// Interfaces take over the methods of those they extend; contracts offer their public methods.
    pub(super) fn tie_interfaces(&mut self) {
        for number in 0..self.program.interfaces.len() {
            if let Some(contract) = self.program.interfaces[number].contract {
                let mut methods: Vec<Signature> = Vec::new();
                for part in self.program.line(contract) {
                    for method in &self.program.contracts[part].methods {
                        if !method.private
                            && !methods
                                .iter()
                                .any(|known| known.name.text == method.name.text)
                        {
                            methods.push(method.clone());
                        }
                    }
                }
                self.program.interfaces[number].methods = methods;
            }
        }
        for file in 0..self.program.files.len() {
            let items = self.program.files[file].1.items.clone();
            for item in &items {
                let ast::Item::Interface(one) = item else {
                    continue;
                };
                let mut seen = Vec::new();
                let methods = self.inherited_methods(file, one, &mut seen);
                let place = self
                    .program
                    .interfaces
                    .iter_mut()
                    .find(|info| info.file == file && info.name == one.name);
                if let Some(info) = place {
                    info.methods.extend(methods);
                }
            }
        }
    }

    /// The methods of all interfaces that one extends, near ones first.
    pub(super) fn inherited_methods(
        &mut self,
        file: FileNumber,
        one: &ast::Interface,
        seen: &mut Vec<usize>,
    ) -> Vec<Signature> {
        let mut methods = Vec::new();
        for name in &one.extends {
            let Some(Declared::Interface(number)) =
                self.program.scopes[file].get(&name.text).copied()
            else {
                if seen.is_empty() {
                    let message = format!("there is no interface `{}`", name.text);
                    self.find(
                        file,
                        Code::UnknownBase,
                        name.span,
                        message,
                        "an interface extends interfaces",
                    );
                }
                continue;
            };
            if self.program.interfaces[number].name == one.name
                && self.program.interfaces[number].file == file
            {
                let message = format!("`{}` extends itself", one.name.text);
                self.find(
                    file,
                    Code::InheritanceCircle,
                    name.span,
                    message,
                    "remove it",
                );
                continue;
            }
            if seen.contains(&number) {
                continue;
            }
            seen.push(number);
            let info = self.program.interfaces[number].clone();
            let items = self.program.files[info.file].1.items.clone();
            let written = items.iter().find_map(|item| match item {
                ast::Item::Interface(other) if other.name == info.name => Some(other.clone()),
                _ => None,
            });
            if let Some(written) = written {
                let own = written.methods.len().min(info.methods.len());
                methods.extend(info.methods[..own].iter().cloned());
                methods.extend(self.inherited_methods(info.file, &written, seen));
            }
        }
        methods
    }

    pub(super) fn check_implements(&mut self, number: usize) {
        let info = self.program.contracts[number].clone();
        for name in &info.ast.implements {
            let Some(Declared::Interface(interface)) =
                self.program.scopes[info.file].get(&name.text).copied()
            else {
                let message = format!("there is no interface `{}`", name.text);
                self.find(
                    info.file,
                    Code::UnknownBase,
                    name.span,
                    message,
                    "declare or import it: `interface ... { ... }`",
                );
                continue;
            };
            for wanted in self.program.interfaces[interface].methods.clone() {
                match self.program.method(number, &wanted.name.text).cloned() {
                    Some(method) => {
                        let own = info.methods.iter().any(|one| one.name == method.name);
                        if own {
                            self.same_shape(
                                info.file,
                                &method,
                                &wanted,
                                Code::InterfaceBroken,
                                "the interface says",
                            );
                        } else if self.shape(&method) != self.shape(&wanted) {
                            let message = format!(
                                "`{}` above has another shape than the interface says",
                                method.name.text
                            );
                            self.find(
                                info.file,
                                Code::InterfaceBroken,
                                name.span,
                                message,
                                format!("write it as `{}`", self.shape(&wanted)),
                            );
                        }
                    }
                    None if info.ast.is_abstract => {}
                    None => {
                        let message = format!(
                            "the method `{}` of `{}` is missing",
                            wanted.name.text, name.text
                        );
                        let advice = format!("write `{} {{ ... }}`", self.shape(&wanted));
                        self.find(info.file, Code::InterfaceBroken, name.span, message, advice);
                    }
                }
            }
        }
    }

    /// Rules for the heads of functions and of methods of interfaces.
    pub(super) fn check_signatures(&mut self) {
        for file in 0..self.program.files.len() {
            let items = self.program.files[file].1.items.clone();
            for item in &items {
                let ast::Item::Interface(one) = item else {
                    continue;
                };
                let mut known: Vec<Name> = Vec::new();
                for method in &one.methods {
                    if let Some(before) = known
                        .iter()
                        .find(|before| before.text == method.name.text)
                        .map(|before| before.span)
                    {
                        self.twice(file, &method.name, Some(before));
                    }
                    known.push(method.name.clone());
                    self.check_modifiers(file, method);
                    let wrong = [Kind::AbstractWord, Kind::OverrideWord, Kind::PrivateWord];
                    for (kind, span) in method
                        .modifiers
                        .iter()
                        .filter(|(kind, _)| wrong.contains(kind))
                    {
                        let message =
                            format!("a method of an interface is never `{}`", kind.text());
                        self.find(file, Code::ModifierConflict, *span, message, "remove it");
                    }
                    let rule = method
                        .annotations
                        .iter()
                        .find(|one| one.name.text != "selector");
                    if let Some(rule) = rule {
                        let message = "who may call is said by the contract";
                        self.find(file, Code::AccessWrong, rule.span, message, "remove it");
                    }
                }
            }
        }
    }
}
