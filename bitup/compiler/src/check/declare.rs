//! Names: what each file declares and imports.

use super::{
    Checker, ClassInfo, ConstantInfo, ContractInfo, Declared, EnumInfo, FileNumber, FunctionInfo,
    InterfaceInfo, RecordInfo, Signature, Type, words,
};
use crate::{
    ast::{self, Item, Name},
    diagnostic::{Code, Diagnostic},
    package,
};
use std::collections::HashMap;

impl Checker {
    /// Puts every declaration in its table, with its types still unknown.
    pub(super) fn declare(&mut self) {
        for file in 0..self.program.files.len() {
            self.program.scopes.push(HashMap::new());
            let items = std::mem::take(&mut self.program.files[file].1.items);
            for item in &items {
                self.declare_item(file, item);
            }
            self.program.files[file].1.items = items;
        }
        // Each contract can be called: it is an interface too.
        for number in 0..self.program.contracts.len() {
            let info = &self.program.contracts[number];
            let (file, name) = (info.file, info.ast.name.clone());
            self.program.interfaces.push(InterfaceInfo {
                file,
                name,
                methods: Vec::new(),
                contract: Some(number),
            });
        }
    }

    fn declare_item(&mut self, file: FileNumber, item: &Item) {
        let program = &mut self.program;
        let (name, declared) = match item {
            Item::Contract(one) => {
                program.contracts.push(ContractInfo {
                    file,
                    ast: one.clone(),
                    base: None,
                    storage: Vec::new(),
                    methods: Vec::new(),
                    constructor: None,
                    names: HashMap::new(),
                });
                let number = program.contracts.len() - 1;
                self.declare_inside(file, number, one);
                (&one.name, Declared::Contract(number))
            }
            Item::Interface(one) => {
                program.interfaces.push(InterfaceInfo {
                    file,
                    name: one.name.clone(),
                    methods: Vec::new(),
                    contract: None,
                });
                let number = program.interfaces.len() - 1;
                for event in &one.events {
                    let number = self.push_event(file, event);
                    self.name(file, &event.name, Declared::Event(number));
                }
                for error in &one.errors {
                    let number = self.push_error(file, error);
                    self.name(file, &error.name, Declared::Error(number));
                }
                (&one.name, Declared::Interface(number))
            }
            Item::Class(one) => {
                program.classes.push(ClassInfo {
                    file,
                    ast: one.clone(),
                    type_parameters: Vec::new(),
                    fields: Vec::new(),
                    methods: Vec::new(),
                    constructor: None,
                });
                (&one.name, Declared::Class(program.classes.len() - 1))
            }
            Item::Enum(one) => {
                let name = one.name.clone();
                program.enums.push(EnumInfo {
                    file,
                    name,
                    type_parameters: Vec::new(),
                    variants: Vec::new(),
                });
                (&one.name, Declared::Enum(program.enums.len() - 1))
            }
            Item::Event(one) => (&one.name, Declared::Event(self.push_event(file, one))),
            Item::Error(one) => (&one.name, Declared::Error(self.push_error(file, one))),
            Item::Constant(one) => {
                program.constants.push(ConstantInfo {
                    file,
                    ast: one.clone(),
                    ty: Type::Unknown,
                    contract: None,
                });
                (&one.name, Declared::Constant(program.constants.len() - 1))
            }
            Item::Function(one) => {
                program.functions.push(FunctionInfo {
                    file,
                    ast: one.clone(),
                    signature: Signature::unknown(&one.name),
                });
                (&one.name, Declared::Function(program.functions.len() - 1))
            }
            Item::Test(_) => return,
        };
        self.name(file, name, declared);
    }

    /// Events, errors and constants of a contract are known in it and in those that extend it.
    fn declare_inside(&mut self, file: FileNumber, contract: usize, one: &ast::Contract) {
        let mut names: HashMap<String, Declared> = HashMap::new();
        let mut all: Vec<(&Name, Declared)> = Vec::new();
        for event in &one.events {
            all.push((&event.name, Declared::Event(self.push_event(file, event))));
        }
        for error in &one.errors {
            all.push((&error.name, Declared::Error(self.push_error(file, error))));
        }
        for constant in &one.constants {
            let info = ConstantInfo {
                file,
                ast: constant.clone(),
                ty: Type::Unknown,
                contract: Some(contract),
            };
            self.program.constants.push(info);
            all.push((
                &constant.name,
                Declared::Constant(self.program.constants.len() - 1),
            ));
        }
        for (name, declared) in all {
            if names.insert(name.text.clone(), declared).is_some() {
                self.twice(file, name, None);
            }
        }
        self.program.contracts[contract].names = names;
    }

    fn push_event(&mut self, file: FileNumber, event: &ast::Event) -> usize {
        let indexed = event.fields.iter().map(|(_, indexed)| *indexed).collect();
        let (name, docs) = (event.name.clone(), event.docs.clone());
        self.program.events.push(RecordInfo {
            file,
            name,
            fields: Vec::new(),
            indexed,
            docs,
        });
        self.program.events.len() - 1
    }

    fn push_error(&mut self, file: FileNumber, error: &ast::ErrorDeclaration) -> usize {
        let (name, docs) = (error.name.clone(), error.docs.clone());
        self.program.errors.push(RecordInfo {
            file,
            name,
            fields: Vec::new(),
            indexed: Vec::new(),
            docs,
        });
        self.program.errors.len() - 1
    }

    /// Gives a name a meaning in a file.
    fn name(&mut self, file: FileNumber, name: &Name, declared: Declared) {
        if !self.may_be_named(file, name) {
            return;
        }
        let before = self.program.scopes[file].get(&name.text).copied();
        match before {
            None => {
                self.program.scopes[file].insert(name.text.clone(), declared);
            }
            Some(before) => {
                let place = self
                    .place_of(before)
                    .filter(|(other, _)| *other == file)
                    .map(|(_, place)| place);
                self.twice(file, name, place);
            }
        }
    }

    /// False for the names that the language itself gives.
    pub(super) fn may_be_named(&mut self, file: FileNumber, name: &Name) -> bool {
        let taken = words::is_taken(&name.text);
        if taken {
            let message = format!("`{}` has a meaning of its own", name.text);
            self.find(
                file,
                Code::ReservedName,
                name.span,
                message,
                "choose another name",
            );
        }
        !taken
    }

    /// Says that a name is declared twice.
    pub(super) fn twice(
        &mut self,
        file: FileNumber,
        name: &Name,
        before: Option<crate::span::Span>,
    ) {
        let message = format!("`{}` is declared twice", name.text);
        let mut finding = Diagnostic::new(Code::DeclaredTwice, name.span, message)
            .advise("give one of them another name");
        if let Some(place) = before {
            finding = finding.note(place, "declared here first");
        }
        self.report(file, finding);
    }

    /// Where a declaration gives its name.
    pub(super) fn place_of(&self, declared: Declared) -> Option<(FileNumber, crate::span::Span)> {
        let program = &self.program;
        Some(match declared {
            Declared::Contract(number) => program
                .contracts
                .get(number)
                .map(|info| (info.file, info.ast.name.span))?,
            Declared::Interface(number) => program
                .interfaces
                .get(number)
                .map(|info| (info.file, info.name.span))?,
            Declared::Class(number) => program
                .classes
                .get(number)
                .map(|info| (info.file, info.ast.name.span))?,
            Declared::Enum(number) => program
                .enums
                .get(number)
                .map(|info| (info.file, info.name.span))?,
            Declared::Event(number) => program
                .events
                .get(number)
                .map(|info| (info.file, info.name.span))?,
            Declared::Error(number) => program
                .errors
                .get(number)
                .map(|info| (info.file, info.name.span))?,
            Declared::Constant(number) => program
                .constants
                .get(number)
                .map(|info| (info.file, info.ast.name.span))?,
            Declared::Function(number) => program
                .functions
                .get(number)
                .map(|info| (info.file, info.ast.name.span))?,
        })
    }

    /// Takes over what each file imports.
    pub(super) fn import(&mut self) {
        let own: Vec<HashMap<String, Declared>> = self.program.scopes.clone();
        for file in 0..self.program.files.len() {
            let imports = std::mem::take(&mut self.program.files[file].1.imports);
            for import in &imports {
                let wanted = package::imported(&self.program.files[file].0, &import.path);
                let files = &self.program.files;
                let from = files.iter().position(|(path, _)| *path == wanted);
                let Some(from) = from else {
                    let message = format!("there is no file `{}`", import.path);
                    let advice = "the path counts from the folder of the program, for instance \"token.bit\"; the standard library begins with `std/`";
                    self.find(file, Code::UnknownImport, import.span, message, advice);
                    continue;
                };
                for (name, here) in &import.names {
                    match own[from].get(&name.text) {
                        Some(declared) => self.name(file, here, *declared),
                        None => {
                            let message = format!("`{}` declares no `{}`", import.path, name.text);
                            let advice =
                                words::nearest(&name.text, own[from].keys().map(String::as_str));
                            self.find(file, Code::UnknownImport, name.span, message, advice);
                        }
                    }
                }
            }
            self.program.files[file].1.imports = imports;
        }
    }
}

impl Signature {
    /// A method whose types are not resolved yet.
    pub(super) fn unknown(name: &Name) -> Self {
        Self {
            name: name.clone(),
            type_parameters: Vec::new(),
            parameters: Vec::new(),
            result: Type::Unknown,
            effect: super::Effect::Pure,
            payable: false,
            private: false,
            is_abstract: false,
        }
    }
}
