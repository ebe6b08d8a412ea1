//! The first pass: everything that is declared outside of bodies.

use super::{Analysis, Occurrence, Symbol, SymbolKind, SymbolNumber};
use crate::{
    ast::{
        Class, Contract, ErrorDeclaration, Event, Field, Interface, Item, Method, Name, Parameter,
    },
    check::FileNumber,
};

impl Analysis {
    pub(super) fn collect(&mut self) {
        for file in 0..self.program.files.len() {
            let items = std::mem::take(&mut self.program.files[file].1.items);
            for item in &items {
                self.item(file, item);
            }
            self.program.files[file].1.items = items;
        }
    }

    /// Makes a name known; a name without letters stands where the program is broken.
    pub(super) fn add(
        &mut self,
        file: FileNumber,
        kind: SymbolKind,
        name: &Name,
        owner: Option<SymbolNumber>,
    ) -> Option<SymbolNumber> {
        if name.text.is_empty() || self.places.contains_key(&(file, name.span)) {
            return None;
        }
        let written = self.written.get(file)?.get(&name.span).cloned();
        let written = written.unwrap_or_default();
        let number = self.symbols.len();
        self.symbols.push(Symbol {
            name: name.text.clone(),
            kind,
            file,
            span: name.span,
            whole: written.whole.to(name.span),
            owner,
            head: written.head,
            docs: written.docs,
        });
        self.places.insert((file, name.span), number);
        self.occurrences.get_mut(file)?.push(Occurrence {
            span: name.span,
            symbol: number,
            declares: true,
        });
        Some(number)
    }

    fn item(&mut self, file: FileNumber, item: &Item) {
        match item {
            Item::Contract(one) => self.contract(file, one),
            Item::Interface(one) => self.interface(file, one),
            Item::Class(one) => self.class(file, one),
            Item::Enum(one) => {
                let owner = self.add(file, SymbolKind::Enum, &one.name, None);
                for parameter in &one.type_parameters {
                    self.add(file, SymbolKind::TypeParameter, &parameter.name, owner);
                }
                for (name, fields) in &one.variants {
                    let variant = self.add(file, SymbolKind::Variant, name, owner);
                    self.fields(file, fields, variant);
                }
            }
            Item::Event(one) => self.event(file, one, None),
            Item::Error(one) => self.error(file, one, None),
            Item::Constant(one) => {
                self.add(file, SymbolKind::Constant, &one.name, None);
            }
            Item::Function(one) => self.method(file, SymbolKind::Function, one, None),
            Item::Test(one) => {
                for parameter in &one.parameters {
                    self.add(file, SymbolKind::Parameter, &parameter.name, None);
                }
            }
        }
    }

    fn contract(&mut self, file: FileNumber, one: &Contract) {
        let owner = self.add(file, SymbolKind::Contract, &one.name, None);
        self.storage(file, &one.storage, owner);
        for event in &one.events {
            self.event(file, event, owner);
        }
        for error in &one.errors {
            self.error(file, error, owner);
        }
        for constant in &one.constants {
            self.add(file, SymbolKind::Constant, &constant.name, owner);
        }
        self.methods(file, &one.constructors, &one.methods, owner);
    }

    fn interface(&mut self, file: FileNumber, one: &Interface) {
        let owner = self.add(file, SymbolKind::Interface, &one.name, None);
        for event in &one.events {
            self.event(file, event, owner);
        }
        for error in &one.errors {
            self.error(file, error, owner);
        }
        self.methods(file, &[], &one.methods, owner);
    }

    fn class(&mut self, file: FileNumber, one: &Class) {
        let kind = if one.is_asset {
            SymbolKind::Asset
        } else {
            SymbolKind::Class
        };
        let owner = self.add(file, kind, &one.name, None);
        for parameter in &one.type_parameters {
            self.add(file, SymbolKind::TypeParameter, &parameter.name, owner);
        }
        self.storage(file, &one.fields, owner);
        self.methods(file, &one.constructors, &one.methods, owner);
    }

    fn storage(&mut self, file: FileNumber, fields: &[Field], owner: Option<SymbolNumber>) {
        for field in fields {
            self.add(file, SymbolKind::Field, &field.name, owner);
        }
    }

    fn methods(
        &mut self,
        file: FileNumber,
        constructors: &[Method],
        methods: &[Method],
        owner: Option<SymbolNumber>,
    ) {
        for one in constructors {
            self.method(file, SymbolKind::Constructor, one, owner);
        }
        for one in methods {
            self.method(file, SymbolKind::Method, one, owner);
        }
    }

    fn method(
        &mut self,
        file: FileNumber,
        kind: SymbolKind,
        one: &Method,
        owner: Option<SymbolNumber>,
    ) {
        let method = self.add(file, kind, &one.name, owner);
        for parameter in &one.type_parameters {
            self.add(file, SymbolKind::TypeParameter, &parameter.name, method);
        }
        for parameter in &one.parameters {
            self.add(file, SymbolKind::Parameter, &parameter.name, method);
        }
    }

    fn event(&mut self, file: FileNumber, one: &Event, owner: Option<SymbolNumber>) {
        let event = self.add(file, SymbolKind::Event, &one.name, owner);
        for (parameter, _) in &one.fields {
            self.add(file, SymbolKind::Field, &parameter.name, event);
        }
    }

    fn error(&mut self, file: FileNumber, one: &ErrorDeclaration, owner: Option<SymbolNumber>) {
        let error = self.add(file, SymbolKind::Error, &one.name, owner);
        self.fields(file, &one.fields, error);
    }

    fn fields(&mut self, file: FileNumber, fields: &[Parameter], owner: Option<SymbolNumber>) {
        for parameter in fields {
            self.add(file, SymbolKind::Field, &parameter.name, owner);
        }
    }
}
