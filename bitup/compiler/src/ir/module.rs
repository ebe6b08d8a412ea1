//! What of a contract is entered from outside, and what holds behind it.

use super::{
    ADDRESS, CONDITION_BROKEN, Entry, Expr, ExprKind, Function, Module, Place, Shape, Stmt,
    lower::{Key, Lowered, Lowering, Site, selector, selector_of},
};
use crate::{
    ast,
    check::{Signature, Type},
    diagnostic::{Code, Diagnostic},
    kind::Kind,
};

impl Lowering<'_> {
    pub(super) fn module(&mut self, contract: usize) -> Lowered<Module> {
        let info = &self.program.contracts[contract];
        let name = info.ast.name.text.clone();
        let constructor_payable = info.constructor.as_ref().is_some_and(|one| one.payable);
        let constructor = Entry {
            name: "new".to_owned(),
            selector: selector("new"),
            function: self.number(Key::Constructor(contract)),
            payable: constructor_payable,
            writes: true,
            callers: Vec::new(),
        };
        let mut messages: Vec<Entry> = Vec::new();
        let mut seen: Vec<String> = Vec::new();
        for part in self.program.line(contract) {
            for (number, method) in self.program.contracts[part].methods.iter().enumerate() {
                if method.private || seen.contains(&method.name.text) {
                    continue;
                }
                seen.push(method.name.text.clone());
                let entry = self.entry(part, number, method)?;
                let same = |one: &&Entry| one.selector == entry.selector;
                if let Some(before) = messages.iter().find(same) {
                    let message = format!("`{}` has the selector of `{}`", entry.name, before.name);
                    let advice = "give one of them another one: `@selector(\"another name\")`";
                    let finding = Diagnostic::new(Code::NotBuilt, method.name.span, message);
                    self.findings.push((self.site.file, finding.advise(advice)));
                }
                messages.push(entry);
            }
        }
        let invariants = self.invariants(contract)?;
        let functions = self.all_functions()?;
        Ok(Module {
            name,
            functions,
            constructor,
            messages,
            invariants,
            errors: std::mem::take(&mut self.errors),
            events: std::mem::take(&mut self.events),
            whole: self.whole,
        })
    }

    /// One function for all invariants of a contract and of those above it.
    fn invariants(&mut self, contract: usize) -> Lowered<Option<usize>> {
        let mut body = Vec::new();
        for part in self.program.line(contract) {
            let info = &self.program.contracts[part];
            self.site = Site {
                file: info.file,
                written_in: Some(part),
            };
            for invariant in &info.ast.invariants {
                let holds = self.expr(invariant)?;
                let fail = vec![Stmt::Fail(CONDITION_BROKEN, Vec::new())];
                body.push(Stmt::If(holds.negated(), fail, Vec::new()));
            }
        }
        if body.is_empty() {
            return Ok(None);
        }
        self.functions.push(Some(Function {
            name: "invariants".to_owned(),
            parameters: 0,
            locals: Vec::new(),
            result: Shape::Unit,
            changes: false,
            body,
        }));
        Ok(Some(self.functions.len() - 1))
    }

    fn entry(&mut self, part: usize, number: usize, method: &Signature) -> Lowered<Entry> {
        let info = &self.program.contracts[part];
        let written = &info.ast.methods[number];
        self.site = Site {
            file: info.file,
            written_in: Some(part),
        };
        let mut callers = Vec::new();
        for annotation in &written.annotations {
            match annotation.name.text.as_str() {
                "only" => {
                    for argument in &annotation.arguments {
                        callers.push(self.caller(argument)?);
                    }
                }
                "reentrant" => return self.not_built(annotation.span, "`@reentrant`"),
                _ => {}
            }
        }
        Ok(Entry {
            name: method.name.text.clone(),
            selector: selector_of(written),
            function: self.number(Key::Method(part, number, Vec::new(), Vec::new())),
            payable: method.payable,
            writes: method.effect == crate::check::Effect::Write,
            callers,
        })
    }

    /// Whether the caller is the one, or one of those, that a name in `@only` stands for.
    fn caller(&mut self, argument: &ast::Expr) -> Lowered<Expr> {
        let ast::ExprKind::Name(name) = &argument.kind else {
            return self.not_built(argument.span, "this rule");
        };
        let sender = Expr {
            kind: ExprKind::Sender,
            shape: ADDRESS,
        };
        if let (Some(contract), Some(cell)) = (self.contract, self.cell(name)) {
            let slot = self.program.storage_field(contract, name);
            let is_map = slot.is_some_and(|slot| matches!(slot.placed.ty, Type::Map(..)));
            let (keys, shape) = if is_map {
                (vec![sender.clone()], Shape::Bool)
            } else {
                (Vec::new(), ADDRESS)
            };
            let load = super::path::load(Place {
                cell,
                keys,
                shape,
                must: false,
                spread: false,
            });
            return Ok(if is_map {
                load
            } else {
                Expr {
                    kind: ExprKind::Compare(Kind::Equal, Box::new(load), Box::new(sender)),
                    shape: Shape::Bool,
                }
            });
        }
        match self.contract.and_then(|own| self.method_at(own, name)) {
            Some((part, number)) => {
                let key = Key::Method(part, number, Vec::new(), Vec::new());
                let number = self.number(key);
                Ok(Expr {
                    kind: ExprKind::Call(number, vec![sender]),
                    shape: Shape::Bool,
                })
            }
            None => self.not_built(argument.span, "this rule"),
        }
    }
}
