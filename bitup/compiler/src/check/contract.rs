//! Inheritance, interfaces, and what the heads of classes and contracts must keep.

use super::{Checker, Declared, Effect, FileNumber, Signature, program::LONGEST_LINE};
use crate::{
    ast::{self, ExprKind, Name, StatementKind},
    diagnostic::{Code, Diagnostic},
    kind::Kind,
    span::Span,
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

    fn tie_bases(&mut self) {
        for number in 0..self.program.contracts.len() {
            let info = &self.program.contracts[number];
            let (file, Some(name)) = (info.file, info.ast.extends.clone()) else {
                continue;
            };
            match self.program.scopes[file].get(&name.text).copied() {
                Some(Declared::Contract(base)) => self.program.contracts[number].base = Some(base),
                Some(_) => {
                    let message = format!("`{}` is no contract", name.text);
                    let advice =
                        "a contract extends one contract; for an interface write `implements`";
                    self.find(file, Code::UnknownBase, name.span, message, advice);
                }
                None => {
                    let message = format!("there is no contract `{}`", name.text);
                    let advice = match name.text.as_str() {
                        "Ownable" => {
                            "import it: `import { Ownable } from \"std/ownable\";`".to_owned()
                        }
                        _ => super::words::nearest(
                            &name.text,
                            self.program.scopes[file].keys().map(String::as_str),
                        ),
                    };
                    self.find(file, Code::UnknownBase, name.span, message, advice);
                }
            }
        }
        for number in 0..self.program.contracts.len() {
            let line = self.program.line(number);
            let last = line.last().copied().unwrap_or(number);
            let Some(again) = self.program.contracts[last].base else {
                continue;
            };
            let info = &self.program.contracts[number];
            let (file, place) = (info.file, info.ast.name.span);
            // Those outside of a circle that lead into it have no fault of their own.
            if again == number {
                let message = format!("`{}` extends itself in the end", info.ast.name.text);
                let advice = "remove one `extends` of the circle";
                self.find(file, Code::InheritanceCircle, place, message, advice);
            } else if line.len() >= LONGEST_LINE {
                let message =
                    format!("more than {LONGEST_LINE} contracts stand above each other here");
                self.find(
                    file,
                    Code::InheritanceTooLong,
                    place,
                    message,
                    "join some of them",
                );
            }
        }
    }

    /// Interfaces take over the methods of those they extend; contracts offer their public methods.
    fn tie_interfaces(&mut self) {
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
    fn inherited_methods(
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

    fn check_overrides(&mut self, number: usize) {
        let info = self.program.contracts[number].clone();
        for (method, written) in info.methods.iter().zip(&info.ast.methods) {
            let above = info
                .base
                .and_then(|base| self.program.method(base, &method.name.text))
                .cloned();
            let word = written.modifier(Kind::OverrideWord);
            match (above, word) {
                (None, None) => {}
                (None, Some(span)) => {
                    let message = format!("no contract above has a method `{}`", method.name.text);
                    self.find(
                        info.file,
                        Code::OverrideNothing,
                        span,
                        message,
                        "remove `override`, or look for a slip in the name",
                    );
                }
                (Some(_), None) => {
                    let message = format!(
                        "a contract above has a method `{}` already",
                        method.name.text
                    );
                    let advice = "write `override` in front of it if it takes its place, else choose another name";
                    self.find(
                        info.file,
                        Code::OverrideMissing,
                        method.name.span,
                        message,
                        advice,
                    );
                }
                (Some(above), Some(_)) => self.same_shape(
                    info.file,
                    method,
                    &above,
                    Code::OverrideDiffers,
                    "the method that it overrides",
                ),
            }
        }
        if info.ast.is_abstract {
            return;
        }
        let mut missing: Vec<String> = Vec::new();
        for part in self.program.line(number) {
            for method in &self.program.contracts[part].methods {
                let last = self.program.method(number, &method.name.text);
                if last.is_some_and(|last| last.is_abstract) && !missing.contains(&method.name.text)
                {
                    missing.push(method.name.text.clone());
                }
            }
        }
        if !missing.is_empty() {
            let message = format!("these methods have no body: `{}`", missing.join("`, `"));
            let advice = "write them with `override`, or make the contract `abstract`";
            self.find(
                info.file,
                Code::AbstractLeft,
                info.ast.name.span,
                message,
                advice,
            );
        }
    }

    /// Says so where a method is called otherwise than the one it stands for.
    fn same_shape(
        &mut self,
        file: FileNumber,
        method: &Signature,
        wanted: &Signature,
        code: Code,
        what: &str,
    ) {
        let types = |one: &Signature| -> Vec<_> {
            one.parameters
                .iter()
                .map(|slot| slot.placed.clone())
                .collect()
        };
        let same = types(method) == types(wanted)
            && method.result == wanted.result
            && method.payable == wanted.payable
            && method.private == wanted.private
            && (method.effect == wanted.effect
                || (wanted.effect == Effect::View && method.effect == Effect::Pure));
        if !same {
            let message = format!("`{}` has another shape than {what}", method.name.text);
            let shape = self.shape(wanted);
            self.find(
                file,
                code,
                method.name.span,
                message,
                format!("write it as `{shape}`"),
            );
        }
    }

    /// The head of a method as it is written.
    fn shape(&self, method: &Signature) -> String {
        let mut words = String::new();
        for (word, there) in [
            ("private ", method.private),
            ("payable ", method.payable),
            ("view ", method.effect == Effect::View),
            ("pure ", method.effect == Effect::Pure),
        ] {
            if there {
                words += word;
            }
        }
        let place = |placed: &super::Placed| {
            let word = match placed.location {
                _ if placed.ty.is_scalar() => "",
                ast::Location::Storage => "storage ",
                ast::Location::Memory => "memory ",
            };
            format!("{word}{}", self.program.shown(&placed.ty))
        };
        let parameters: Vec<String> = method
            .parameters
            .iter()
            .map(|slot| format!("{}: {}", slot.name.text, place(&slot.placed)))
            .collect();
        let result = match &method.result {
            super::Type::Unit => String::new(),
            ty => format!(
                ": {}",
                place(&super::Placed {
                    ty: ty.clone(),
                    location: ast::Location::Memory
                })
            ),
        };
        format!(
            "{words}{}({}){result}",
            method.name.text,
            parameters.join(", ")
        )
    }

    fn check_implements(&mut self, number: usize) {
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

    /// A constructor hands on what the one above needs, first of all and once.
    fn check_super(&mut self, number: usize) {
        let info = &self.program.contracts[number];
        let file = info.file;
        let needs = info.base.and_then(|base| {
            let base = &self.program.contracts[base];
            let parameters = base
                .constructor
                .as_ref()
                .map_or(0, |one| one.parameters.len());
            (parameters > 0).then(|| base.ast.name.text.clone())
        });
        let constructor = info.ast.constructors.first().cloned();
        let statements = constructor
            .as_ref()
            .and_then(|one| one.body.as_ref())
            .map(|body| body.statements.clone())
            .unwrap_or_default();
        let calls: Vec<(usize, Span)> = statements
            .iter()
            .enumerate()
            .filter(|(_, one)| is_super_call(one))
            .map(|(at, one)| (at, one.span))
            .collect();
        match calls.first() {
            Some((0, _)) => {}
            Some((_, span)) => {
                self.find(
                    file,
                    Code::SuperCall,
                    *span,
                    "`super(...)` stands first",
                    "move it to the beginning of the constructor",
                );
            }
            None => {
                if let Some(base) = needs {
                    let place = constructor
                        .map_or(self.program.contracts[number].ast.name.span, |one| {
                            one.name.span
                        });
                    let message = format!("the constructor of `{base}` needs its arguments");
                    self.find(
                        file,
                        Code::SuperCall,
                        place,
                        message,
                        "begin the constructor with `super(...);`",
                    );
                }
            }
        }
        if let Some((_, span)) = calls.get(1) {
            self.find(
                file,
                Code::SuperCall,
                *span,
                "`super(...)` stands once",
                "remove the second one",
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

    /// Rules for the heads of functions and of methods of interfaces.
    fn check_signatures(&mut self) {
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

fn is_super_call(statement: &ast::Statement) -> bool {
    match &statement.kind {
        StatementKind::Value(ast::Expr {
            kind: ExprKind::Call { function, .. },
            ..
        }) => matches!(function.kind, ExprKind::Super),
        _ => false,
    }
}
