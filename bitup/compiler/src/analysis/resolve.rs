//! The second pass: what each name outside of bodies means; bodies are read by [`super::walk`].

use super::{
    Analysis, Context, Occurrence, SymbolKind, SymbolNumber,
    walk::{Inside, Walker},
};
use crate::{
    ast::{self, Contract, Item, Method, Name, Parameter},
    check::{Declared, FileNumber},
    package,
    span::Span,
};

impl Analysis {
    pub(super) fn resolve(&mut self) {
        for file in 0..self.program.files.len() {
            let (path, tree) = std::mem::take(&mut self.program.files[file]);
            self.imports(file, &tree.imports);
            for item in &tree.items {
                self.resolve_item(file, item);
            }
            self.program.files[file] = (path, tree);
        }
    }

    /// Notes that a name stands at a place.
    pub(super) fn note(&mut self, file: FileNumber, span: Span, symbol: Option<SymbolNumber>) {
        if let (Some(symbol), Some(list)) = (symbol, self.occurrences.get_mut(file))
            && !span.is_empty()
        {
            list.push(Occurrence {
                span,
                symbol,
                declares: false,
            });
        }
    }

    /// Keeps what stands around the place that is asked about.
    pub(super) fn ask(&mut self, file: FileNumber, span: Span, context: impl FnOnce() -> Context) {
        if self.wanted == Some((file, span)) && self.context.is_none() {
            self.context = Some(context());
        }
    }

    fn imports(&mut self, file: FileNumber, imports: &[ast::Import]) {
        for import in imports {
            let own = self.files.get(file).map_or("", |(source, _)| &source.path);
            let path = package::imported(own, &import.path);
            for (name, here) in &import.names {
                self.ask(file, name.span, || Context::Import(path.clone()));
                let declared = self
                    .program
                    .scopes
                    .get(file)
                    .and_then(|scope| scope.get(&here.text))
                    .copied();
                let symbol = declared.and_then(|declared| self.symbol_of(declared));
                let right = symbol.filter(|number| self.symbols[*number].name == name.text);
                self.note(file, name.span, right);
                if here.span != name.span {
                    self.note(file, here.span, right);
                }
            }
        }
    }

    fn resolve_item(&mut self, file: FileNumber, item: &Item) {
        match item {
            Item::Contract(one) => self.resolve_contract(file, one),
            Item::Interface(one) => {
                for name in &one.extends {
                    self.type_name(file, name);
                }
                for event in &one.events {
                    self.walker(file, Inside::default()).event(event);
                }
                for error in &one.errors {
                    self.walker(file, Inside::default())
                        .parameter_types(&error.fields);
                }
                for method in &one.methods {
                    self.walker(file, Inside::default()).method(method);
                }
            }
            Item::Class(one) => {
                let number = self
                    .program
                    .classes
                    .iter()
                    .position(|info| info.file == file && info.ast.name.span == one.name.span);
                let inside = Inside {
                    class: number,
                    ..Inside::default()
                };
                for field in &one.fields {
                    let mut walker = self.walker(file, inside);
                    walker.type_parameters(&one.type_parameters);
                    walker.ty(&field.ty);
                    walker.some(field.value.as_ref());
                }
                for method in one.constructors.iter().chain(&one.methods) {
                    let mut walker = self.walker(file, inside);
                    walker.type_parameters(&one.type_parameters);
                    walker.method(method);
                }
            }
            Item::Enum(one) => {
                for (_, fields) in &one.variants {
                    let mut walker = self.walker(file, Inside::default());
                    walker.type_parameters(&one.type_parameters);
                    walker.parameter_types(fields);
                }
            }
            Item::Event(one) => self.walker(file, Inside::default()).event(one),
            Item::Error(one) => self
                .walker(file, Inside::default())
                .parameter_types(&one.fields),
            Item::Constant(one) => {
                let mut walker = self.walker(file, Inside::default());
                walker.ty(&one.ty);
                walker.expr(&one.value);
            }
            Item::Function(one) => self.walker(file, Inside::default()).method(one),
            Item::Test(one) => {
                let inside = Inside {
                    test: true,
                    ..Inside::default()
                };
                let mut walker = self.walker(file, inside);
                walker.parameters(&one.parameters);
                walker.block(&one.body);
            }
        }
    }

    fn resolve_contract(&mut self, file: FileNumber, one: &Contract) {
        for name in one.extends.iter().chain(&one.implements) {
            self.type_name(file, name);
        }
        let contract = self.contract_at(file, one.name.span);
        let inside = Inside {
            contract,
            ..Inside::default()
        };
        for field in &one.storage {
            let mut walker = self.walker(file, inside);
            walker.ty(&field.ty);
            walker.some(field.value.as_ref());
        }
        for event in &one.events {
            self.walker(file, inside).event(event);
        }
        for error in &one.errors {
            self.walker(file, inside).parameter_types(&error.fields);
        }
        for constant in &one.constants {
            let mut walker = self.walker(file, inside);
            walker.ty(&constant.ty);
            walker.expr(&constant.value);
        }
        for invariant in &one.invariants {
            self.walker(file, inside).expr(invariant);
        }
        for method in one.constructors.iter().chain(&one.methods) {
            self.annotations(file, contract, method);
            self.walker(file, inside).method(method);
        }
    }

    /// `@only(name)` names a field or a view.
    fn annotations(&mut self, file: FileNumber, contract: Option<usize>, method: &Method) {
        for annotation in &method.annotations {
            self.ask(file, annotation.name.span, || Context::Annotation);
            for argument in &annotation.arguments {
                let (ast::ExprKind::Name(name), Some(contract)) = (&argument.kind, contract) else {
                    continue;
                };
                self.ask(file, argument.span, || Context::Caller(contract));
                let symbol = self.own_member(contract, name);
                self.note(file, argument.span, symbol);
            }
        }
    }

    pub(super) fn walker(&mut self, file: FileNumber, inside: Inside) -> Walker<'_> {
        Walker::new(self, file, inside)
    }

    /// The number of the contract that is declared at a place.
    #[must_use]
    pub fn contract_at(&self, file: FileNumber, name: Span) -> Option<usize> {
        self.program
            .contracts
            .iter()
            .position(|info| info.file == file && info.ast.name.span == name)
    }

    /// The name of a type, contract or interface.
    pub(super) fn type_name(&mut self, file: FileNumber, name: &Name) {
        self.ask(file, name.span, || Context::Type {
            parameters: Vec::new(),
        });
        let symbol = self.in_file(file, &name.text);
        self.note(file, name.span, symbol);
    }

    /// What a name means in a file.
    pub(super) fn in_file(&self, file: FileNumber, name: &str) -> Option<SymbolNumber> {
        self.declared(file, None, name)
            .and_then(|declared| self.symbol_of(declared))
    }

    /// What a name means in a contract, or else in its file.
    pub(super) fn declared(
        &self,
        file: FileNumber,
        contract: Option<usize>,
        name: &str,
    ) -> Option<Declared> {
        let inside = contract.and_then(|contract| {
            let line = self.program.line(contract);
            line.into_iter()
                .find_map(|part| self.program.contracts.get(part)?.names.get(name).copied())
        });
        inside.or_else(|| self.program.scopes.get(file)?.get(name).copied())
    }

    /// A field or method of a contract, or of those it extends.
    pub(super) fn own_member(&self, contract: usize, name: &str) -> Option<SymbolNumber> {
        self.program.line(contract).into_iter().find_map(|part| {
            let info = self.program.contracts.get(part)?;
            let fields = info.ast.storage.iter().map(|field| &field.name);
            let methods = info.ast.methods.iter().map(|method| &method.name);
            let found = fields.chain(methods).find(|own| own.text == name)?;
            self.declared_at(info.file, found.span)
        })
    }

    /// A field or method of a class.
    pub(super) fn class_member(&self, class: usize, name: &str) -> Option<SymbolNumber> {
        let info = self.program.classes.get(class)?;
        let fields = info.ast.fields.iter().map(|field| &field.name);
        let methods = info.ast.methods.iter().map(|method| &method.name);
        let found = fields.chain(methods).find(|own| own.text == name)?;
        self.declared_at(info.file, found.span)
    }

    /// A method that is called from outside.
    pub(super) fn interface_member(&self, interface: usize, name: &str) -> Option<SymbolNumber> {
        let info = self.program.interfaces.get(interface)?;
        if let Some(contract) = info.contract {
            return self.own_member(contract, name);
        }
        let method = info.methods.iter().find(|one| one.name.text == name)?;
        let of_kind = |number: &SymbolNumber| self.symbols[*number].kind == SymbolKind::Method;
        // A method of an interface that this one extends may stand in another file.
        self.declared_at(info.file, method.name.span)
            .filter(of_kind)
            .filter(|number| self.symbols[*number].name == name)
            .or_else(|| {
                self.symbols.iter().position(|symbol| {
                    symbol.kind == SymbolKind::Method
                        && symbol.name == name
                        && symbol.span == method.name.span
                })
            })
    }

    /// A variant of an enum.
    pub(super) fn variant(&self, number: usize, name: &str) -> Option<SymbolNumber> {
        let info = self.program.enums.get(number)?;
        let (found, _) = info.variants.iter().find(|(own, _)| own.text == name)?;
        self.declared_at(info.file, found.span)
    }

    /// The parameter that is declared at a place.
    pub(super) fn parameter(&self, file: FileNumber, one: &Parameter) -> Option<SymbolNumber> {
        self.declared_at(file, one.name.span)
    }
}
