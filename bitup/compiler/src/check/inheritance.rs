//! What a contract takes over from the one it extends.

use super::{Checker, Declared, Effect, FileNumber, Signature, program::LONGEST_LINE};
use crate::{
    ast::{self, ExprKind, StatementKind},
    diagnostic::Code,
    kind::Kind,
    span::Span,
};

impl Checker {
    pub(super) fn tie_bases(&mut self) {
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

    pub(super) fn check_overrides(&mut self, number: usize) {
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
    pub(super) fn same_shape(
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
    pub(super) fn shape(&self, method: &Signature) -> String {
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

    /// A constructor hands on what the one above needs, first of all and once.
    pub(super) fn check_super(&mut self, number: usize) {
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
