//! Names in bodies.

mod expression;

use super::{Analysis, Context, Occurrence, Symbol, SymbolKind, SymbolNumber};
use crate::{
    ast::{
        ArrayLength, Block, ErrorValue, Event, Expr, Method, Name, Parameter, Pattern, Statement,
        StatementKind, Type, TypeParameter,
    },
    check::{self, Declared, FileNumber},
    span::Span,
};

/// What is around a body.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Inside {
    pub(super) contract: Option<usize>,
    pub(super) class: Option<usize>,
    pub(super) test: bool,
}

/// Reads a body.
pub(super) struct Walker<'a> {
    analysis: &'a mut Analysis,
    file: FileNumber,
    inside: Inside,
    locals: Vec<SymbolNumber>,
    types: Vec<SymbolNumber>,
}

impl<'a> Walker<'a> {
    pub(super) fn new(analysis: &'a mut Analysis, file: FileNumber, inside: Inside) -> Self {
        Self {
            analysis,
            file,
            inside,
            locals: Vec::new(),
            types: Vec::new(),
        }
    }

    fn named(&self, list: &[SymbolNumber], name: &str) -> Option<SymbolNumber> {
        list.iter()
            .rev()
            .copied()
            .find(|number| self.analysis.symbols[*number].name == name)
    }

    fn note(&mut self, span: Span, symbol: Option<SymbolNumber>) {
        self.analysis.note(self.file, span, symbol);
    }

    fn ask(&mut self, span: Span, context: impl FnOnce() -> Context) {
        self.analysis.ask(self.file, span, context);
    }

    fn declared(&self, name: &str) -> Option<Declared> {
        self.analysis
            .declared(self.file, self.inside.contract, name)
    }

    fn type_of(&self, expr: &Expr) -> Option<check::Type> {
        self.analysis
            .program
            .types
            .get(&(self.file, expr.span))
            .cloned()
    }

    pub(super) fn type_parameters(&mut self, list: &[TypeParameter]) {
        for one in list {
            self.types
                .extend(self.analysis.declared_at(self.file, one.name.span));
        }
    }

    pub(super) fn parameter_types(&mut self, list: &[Parameter]) {
        for one in list {
            self.ty(&one.ty);
        }
    }

    pub(super) fn parameters(&mut self, list: &[Parameter]) {
        for one in list {
            self.ty(&one.ty);
            self.locals.extend(self.analysis.parameter(self.file, one));
        }
    }

    pub(super) fn event(&mut self, event: &Event) {
        for (parameter, _) in &event.fields {
            self.ty(&parameter.ty);
        }
    }

    pub(super) fn method(&mut self, method: &Method) {
        self.type_parameters(&method.type_parameters);
        self.parameters(&method.parameters);
        if let Some(result) = &method.result {
            self.ty(result);
        }
        for (_, condition) in &method.conditions {
            self.expr(condition);
        }
        if let Some(body) = &method.body {
            self.block(body);
        }
    }

    pub(super) fn ty(&mut self, ty: &Type) {
        let parameters = self.types.clone();
        self.ask(ty.name.span, || Context::Type { parameters });
        let symbol = self
            .named(&self.types, &ty.name.text)
            .or_else(|| self.analysis.in_file(self.file, &ty.name.text));
        self.note(ty.name.span, symbol);
        for argument in &ty.arguments {
            self.ty(argument);
        }
        for length in &ty.arrays {
            if let ArrayLength::Constant(name) = length {
                self.constant(name);
            }
        }
    }

    /// An event, error or constant.
    fn constant(&mut self, name: &Name) {
        let symbol = self
            .declared(&name.text)
            .and_then(|declared| self.analysis.symbol_of(declared));
        self.note(name.span, symbol);
    }

    /// A local, with how it would be declared.
    fn local(&mut self, name: &Name, head: String) {
        if name.text.is_empty() {
            return;
        }
        let analysis = &mut *self.analysis;
        let whole = analysis
            .written
            .get(self.file)
            .and_then(|file| file.get(&name.span))
            .map_or(name.span, |written| written.whole);
        let number = analysis.symbols.len();
        analysis.symbols.push(Symbol {
            name: name.text.clone(),
            kind: SymbolKind::Local,
            file: self.file,
            span: name.span,
            whole: whole.to(name.span),
            owner: None,
            head,
            docs: Vec::new(),
        });
        analysis.places.insert((self.file, name.span), number);
        if let Some(list) = analysis.occurrences.get_mut(self.file) {
            list.push(Occurrence {
                span: name.span,
                symbol: number,
                declares: true,
            });
        }
        self.locals.push(number);
    }

    fn head(&self, word: &str, name: &Name, ty: Option<&check::Type>) -> String {
        match ty {
            Some(ty) if *ty != check::Type::Unknown => {
                format!("{word} {}: {}", name.text, self.analysis.program.shown(ty))
            }
            _ => format!("{word} {}", name.text),
        }
    }

    pub(super) fn block(&mut self, block: &Block) {
        let depth = self.locals.len();
        for statement in &block.statements {
            self.statement(statement);
        }
        self.locals.truncate(depth);
    }

    /// A block in which a name is known.
    fn block_with(&mut self, name: &Name, head: String, block: &Block) {
        let depth = self.locals.len();
        self.local(name, head);
        self.block(block);
        self.locals.truncate(depth);
    }

    fn statement(&mut self, statement: &Statement) {
        match &statement.kind {
            StatementKind::Block(block) => self.block(block),
            StatementKind::Local {
                name,
                changes,
                ty,
                value,
            } => {
                self.expr(value);
                let word = if *changes { "let" } else { "const" };
                let head = match ty {
                    Some(ty) => {
                        self.ty(ty);
                        let written = self.analysis.text(self.file, ty.span);
                        format!("{word} {}: {written}", name.text)
                    }
                    None => self.head(word, name, self.type_of(value).as_ref()),
                };
                self.local(name, head);
            }
            StatementKind::If {
                condition,
                then,
                otherwise,
            } => {
                self.expr(condition);
                self.block(then);
                if let Some(otherwise) = otherwise {
                    self.block(otherwise);
                }
            }
            StatementKind::While { condition, body } => {
                self.expr(condition);
                self.block(body);
            }
            StatementKind::For {
                name,
                from,
                to,
                body,
            } => {
                self.expr(from);
                self.some(to.as_ref());
                let ty = match self.type_of(from) {
                    Some(check::Type::Array(item) | check::Type::Fixed(item, _))
                        if to.is_none() =>
                    {
                        Some(*item)
                    }
                    other => other,
                };
                let head = self.head("const", name, ty.as_ref());
                self.block_with(name, head, body);
            }
            StatementKind::Match { value, arms } => {
                self.expr(value);
                let ty = self.type_of(value);
                for arm in arms {
                    let depth = self.locals.len();
                    self.pattern(&arm.pattern, ty.as_ref());
                    self.block(&arm.body);
                    self.locals.truncate(depth);
                }
            }
            StatementKind::Try {
                name,
                ty,
                call,
                body,
                error,
                catch,
            } => {
                self.expr(call);
                if let Some(ty) = ty {
                    self.ty(ty);
                }
                match name {
                    Some(name) => {
                        let head = self.head("const", name, self.type_of(call).as_ref());
                        self.block_with(name, head, body);
                    }
                    None => self.block(body),
                }
                match error {
                    Some(error) => self.block_with(error, format!("const {}", error.text), catch),
                    None => self.block(catch),
                }
            }
            StatementKind::Return(value) => self.some(value.as_ref()),
            StatementKind::Require { condition, error } => {
                self.expr(condition);
                if let Some(error) = error {
                    self.error(error);
                }
            }
            StatementKind::Throw(error) => self.error(error),
            StatementKind::Emit { event, arguments } => {
                let contract = self.inside.contract;
                self.ask(event.span, || Context::Event(contract));
                self.constant(event);
                self.all(arguments);
            }
            StatementKind::Assign { target, value, .. } => {
                self.expr(target);
                self.expr(value);
            }
            StatementKind::Assert(value)
            | StatementKind::Delete(value)
            | StatementKind::Destroy(value)
            | StatementKind::Value(value) => self.expr(value),
            StatementKind::Break | StatementKind::Continue | StatementKind::Broken => {}
        }
    }

    fn error(&mut self, error: &ErrorValue) {
        let contract = self.inside.contract;
        self.ask(error.name.span, || Context::Error(contract));
        self.constant(&error.name);
        self.all(&error.arguments);
    }

    fn pattern(&mut self, pattern: &Pattern, ty: Option<&check::Type>) {
        let Pattern::Variant { of, name, bindings } = pattern else {
            return;
        };
        if let Some(of) = of {
            self.constant(of);
        }
        let number = match of.as_ref().and_then(|of| self.declared(&of.text)) {
            Some(Declared::Enum(number)) => Some(number),
            _ => match ty {
                Some(check::Type::Enum(number, _)) => Some(*number),
                _ => None,
            },
        };
        self.ask(name.span, || Context::Variant(number));
        let symbol = number.and_then(|number| self.analysis.variant(number, &name.text));
        self.note(name.span, symbol);
        let fields: Vec<String> = number
            .and_then(|number| self.analysis.program.enums.get(number))
            .and_then(|info| info.variants.iter().find(|(own, _)| own.text == name.text))
            .map(|(_, slots)| {
                let shown = |slot: &check::Slot| self.analysis.program.shown(&slot.placed.ty);
                slots.iter().map(shown).collect()
            })
            .unwrap_or_default();
        for (at, binding) in bindings.iter().flatten().enumerate() {
            if let Some(binding) = binding {
                let head = match (ty, fields.get(at)) {
                    (Some(check::Type::Option(item)), _) => self.head("const", binding, Some(item)),
                    (_, Some(field)) => format!("const {}: {field}", binding.text),
                    _ => format!("const {}", binding.text),
                };
                self.local(binding, head);
            }
        }
    }
}
