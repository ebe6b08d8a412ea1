//! Who may call a method, and which words in front of it go together.

use super::{Checker, Effect, FileNumber, Signature, Type};
use crate::{
    ast::{self, Annotation, ExprKind},
    diagnostic::{Code, Diagnostic},
    kind::Kind,
};

impl Checker {
    /// The rules for the head of a contract's method or constructor.
    pub(super) fn check_head(
        &mut self,
        contract: usize,
        method: &ast::Method,
        signature: &Signature,
    ) {
        let file = self.program.contracts[contract].file;
        self.check_modifiers(file, method);
        let constructor = method.name.text == "constructor";
        let rules: Vec<&Annotation> = method
            .annotations
            .iter()
            .filter(|one| matches!(one.name.text.as_str(), "anyone" | "only"))
            .collect();
        for annotation in &method.annotations {
            self.check_annotation(file, contract, annotation);
        }
        let changes = signature.effect == Effect::Write
            && !signature.private
            && !constructor
            && !signature.is_abstract;
        match (changes, rules.as_slice()) {
            (true, []) => {
                let message = format!("who may call `{}`?", method.name.text);
                let advice = "write `@anyone` in front of it, or `@only(owner)` for one account, or `@only(admins)` for a map or view of accounts";
                self.find(file, Code::AccessMissing, method.name.span, message, advice);
            }
            (true, [_]) => {}
            (true, [first, second, ..]) => {
                let finding =
                    Diagnostic::new(Code::AccessWrong, second.span, "who may call is said twice");
                let finding = finding.note(first.span, "said here first");
                self.report(
                    file,
                    finding.advise("name all of them in one: `@only(owner, admins)`"),
                );
            }
            (false, [rule, ..]) => {
                let (message, advice) = if constructor {
                    (
                        "a constructor runs once, for whoever deploys",
                        "remove the rule",
                    )
                } else if signature.is_abstract {
                    (
                        "an abstract method is not called itself",
                        "move the rule to the methods that override it",
                    )
                } else if signature.private {
                    (
                        "a `private` method is called by the contract alone",
                        "remove the rule, or `private`",
                    )
                } else {
                    (
                        "everyone can read what is on the chain",
                        "remove the rule: it would keep nobody from reading",
                    )
                };
                self.find(file, Code::AccessWrong, rule.span, message, advice);
            }
            (false, []) => {}
        }
        self.check_public_types(file, method, signature);
    }

    /// What others can call takes and gives no references into the storage, and no assets.
    fn check_public_types(
        &mut self,
        file: FileNumber,
        method: &ast::Method,
        signature: &Signature,
    ) {
        if signature.private {
            return;
        }
        for (slot, parameter) in signature.parameters.iter().zip(&method.parameters) {
            if slot.placed.location == ast::Location::Storage {
                let message = "nobody outside has a reference into this storage";
                self.find(
                    file,
                    Code::HiddenReference,
                    parameter.ty.span,
                    message,
                    "write `memory`, or make the method `private`",
                );
            }
            self.no_public_asset(file, &slot.placed.ty, parameter.ty.span);
        }
        if let Some(result) = &method.result {
            self.no_public_asset(file, &signature.result, result.span);
        }
        if let Some(parameter) = method.type_parameters.first() {
            let message = "what others call has one shape";
            self.find(
                file,
                Code::GenericPublic,
                parameter.name.span,
                message,
                "make the method `private`, or name the type",
            );
        }
    }

    fn no_public_asset(&mut self, file: FileNumber, ty: &Type, span: crate::span::Span) {
        if self.program.is_asset(ty) {
            let message = "an asset does not leave its contract";
            self.find(
                file,
                Code::AssetPlace,
                span,
                message,
                "make the method `private`, or pass the key under which it is stored",
            );
        }
    }

    /// Words in front of a method: each once, and none that excludes another.
    pub(super) fn check_modifiers(&mut self, file: FileNumber, method: &ast::Method) {
        for (number, (kind, span)) in method.modifiers.iter().enumerate() {
            let earlier = &method.modifiers[..number];
            let excludes: &[Kind] = match kind {
                Kind::ViewWord => &[Kind::PureWord, Kind::PayableWord],
                Kind::PureWord => &[Kind::ViewWord, Kind::PayableWord],
                Kind::PayableWord => &[Kind::ViewWord, Kind::PureWord],
                Kind::AbstractWord => &[Kind::PrivateWord],
                Kind::PrivateWord => &[Kind::AbstractWord],
                _ => &[],
            };
            let against = earlier
                .iter()
                .find(|(other, _)| other == kind || excludes.contains(other));
            if let Some((other, place)) = against {
                let message = format!(
                    "`{}` and `{}` do not go together",
                    other.text(),
                    kind.text()
                );
                let finding = Diagnostic::new(Code::ModifierConflict, *span, message)
                    .note(*place, "the other one");
                self.report(file, finding.advise("remove one of them"));
            }
        }
        if method.name.text == "constructor" {
            let wrong = method
                .modifiers
                .iter()
                .find(|(kind, _)| *kind != Kind::PayableWord);
            if let Some((kind, span)) = wrong {
                let message = format!("a constructor is never `{}`", kind.text());
                self.find(
                    file,
                    Code::ModifierConflict,
                    *span,
                    message,
                    "a constructor may be `payable`, nothing else",
                );
            }
        }
    }

    fn check_annotation(&mut self, file: FileNumber, contract: usize, annotation: &Annotation) {
        let count = annotation.arguments.len();
        match annotation.name.text.as_str() {
            "anyone" | "reentrant" if count == 0 => {}
            "selector" if count == 1 => {
                let right = match &annotation.arguments[0].kind {
                    ExprKind::Bytes(bytes) => bytes.len() == 4,
                    ExprKind::Text(text) => !text.is_empty(),
                    _ => false,
                };
                if !right {
                    let message = "a selector is a text that is hashed, or four bytes";
                    let advice =
                        "write `@selector(\"PSP22::transfer\")` or `@selector(hex\"84a15da1\")`";
                    self.find(
                        file,
                        Code::AnnotationWrong,
                        annotation.span,
                        message,
                        advice,
                    );
                }
            }
            "only" if count > 0 => {
                for argument in &annotation.arguments {
                    self.check_caller(file, contract, argument);
                }
            }
            "anyone" | "reentrant" | "selector" | "only" => {
                let message = format!("`@{}` has other arguments", annotation.name.text);
                let advice =
                    "write `@anyone`, `@only(owner)`, `@selector(\"name\")` or `@reentrant`";
                self.find(
                    file,
                    Code::AnnotationWrong,
                    annotation.span,
                    message,
                    advice,
                );
            }
            _ => {
                let message = format!("there is no annotation `@{}`", annotation.name.text);
                let advice = "there are `@anyone`, `@only(...)`, `@selector(...)` and `@reentrant`";
                self.find(
                    file,
                    Code::AnnotationWrong,
                    annotation.span,
                    message,
                    advice,
                );
            }
        }
    }

    /// Who is named in `@only`: a field with an account, a map of accounts, or a view that is asked.
    fn check_caller(&mut self, file: FileNumber, contract: usize, argument: &ast::Expr) {
        let advice = "name a field of type `Address` or `Map<Address, bool>`, or a view `name(who: Address): bool`";
        let ExprKind::Name(name) = &argument.kind else {
            self.find(
                file,
                Code::AccessWrong,
                argument.span,
                "this names nobody",
                advice,
            );
            return;
        };
        let accounts = Type::Map(Box::new(Type::Address), Box::new(Type::Bool));
        let field = self
            .program
            .storage_field(contract, name)
            .map(|slot| slot.placed.ty.clone());
        let right = match (field, self.program.method(contract, name)) {
            (Some(ty), _) => ty == Type::Address || ty == accounts || ty == Type::Unknown,
            (None, Some(view)) => {
                let types: Vec<&Type> =
                    view.parameters.iter().map(|slot| &slot.placed.ty).collect();
                view.effect < Effect::Write
                    && types == [&Type::Address]
                    && view.result == Type::Bool
            }
            (None, None) => false,
        };
        if !right {
            self.find(
                file,
                Code::AccessWrong,
                argument.span,
                format!("`{name}` names nobody"),
                advice,
            );
        }
    }
}
