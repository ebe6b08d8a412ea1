//! The types of all declarations.

use super::{Bound, Checker, Effect, FileNumber, Signature, Slot, Type};
use crate::{
    ast::{self, Location},
    diagnostic::Code,
    kind::Kind,
};

/// Where a type stands, which decides whether it says where its values lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    /// A field of a contract: it lies in storage.
    Field,
    /// A parameter, result, local or constant: a type that is not scalar says where it lies.
    Value,
    /// The value of a map.
    Entry,
    /// Inside of another type, or a field of a class, enum, event or error: it lies where the whole lies.
    Inside,
}

impl Checker {
    /// Resolves all types that declarations name.
    pub(super) fn resolve(&mut self) {
        self.resolve_enums_and_classes();
        for number in 0..self.program.constants.len() {
            let info = &self.program.constants[number];
            let (file, ty) = (info.file, info.ast.ty.clone());
            self.program.constants[number].ty = self.place(file, &ty, &[], Spot::Value).ty;
        }
        self.resolve_records();
        for number in 0..self.program.functions.len() {
            let info = &self.program.functions[number];
            let (file, ast) = (info.file, info.ast.clone());
            self.program.functions[number].signature = self.signature(file, &ast, &[]);
        }
        self.resolve_contracts();
        self.resolve_interfaces();
    }

    fn resolve_enums_and_classes(&mut self) {
        // Parameters first, so that types can be counted whichever stands first.
        for number in 0..self.program.enums.len() {
            let file = self.program.enums[number].file;
            let parameters = self.enum_ast(number).type_parameters;
            self.program.enums[number].type_parameters = self.type_parameters(file, &parameters);
        }
        for number in 0..self.program.classes.len() {
            let info = &self.program.classes[number];
            let (file, parameters) = (info.file, info.ast.type_parameters.clone());
            self.program.classes[number].type_parameters = self.type_parameters(file, &parameters);
        }
        for number in 0..self.program.enums.len() {
            let (file, ast) = (self.program.enums[number].file, self.enum_ast(number));
            let parameters = self.program.enums[number].type_parameters.clone();
            let mut variants: Vec<(ast::Name, Vec<Slot>)> = Vec::new();
            for (name, fields) in &ast.variants {
                if variants.iter().any(|(known, _)| known.text == name.text) {
                    self.twice(file, name, None);
                }
                let slots = self.slots(file, fields, &parameters, Spot::Inside);
                variants.push((name.clone(), slots));
            }
            self.program.enums[number].variants = variants;
        }
        for number in 0..self.program.classes.len() {
            let info = &self.program.classes[number];
            let (file, ast, parameters) =
                (info.file, info.ast.clone(), info.type_parameters.clone());
            let fields = self.fields(file, &ast.fields, &parameters, Spot::Inside);
            let methods = ast
                .methods
                .iter()
                .map(|method| self.signature(file, method, &parameters))
                .collect();
            let constructor = ast
                .constructors
                .first()
                .map(|method| self.signature(file, method, &parameters));
            let info = &mut self.program.classes[number];
            (info.fields, info.methods, info.constructor) = (fields, methods, constructor);
        }
        self.refuse_endless_types();
    }

    /// The enum as it is written.
    pub(super) fn enum_ast(&self, number: usize) -> ast::Enum {
        let info = &self.program.enums[number];
        let items = &self.program.files[info.file].1.items;
        let same = |item: &ast::Item| match item {
            ast::Item::Enum(one) if one.name == info.name => Some(one.clone()),
            _ => None,
        };
        items.iter().find_map(same).unwrap_or_default()
    }

    fn type_parameters(
        &mut self,
        file: FileNumber,
        parameters: &[ast::TypeParameter],
    ) -> Vec<Type> {
        let mut types: Vec<Type> = Vec::new();
        for parameter in parameters {
            let bound = match &parameter.bound {
                None => Bound::None,
                Some(name) => match name.text.as_str() {
                    "Integer" => Bound::Integer,
                    "Comparable" => Bound::Comparable,
                    _ => {
                        let message = format!("`{}` is no bound", name.text);
                        self.find(
                            file,
                            Code::UnknownType,
                            name.span,
                            message,
                            "the bounds are `Integer` and `Comparable`",
                        );
                        Bound::Integer
                    }
                },
            };
            if self.may_be_named(file, &parameter.name) {
                types.push(Type::Parameter(parameter.name.text.clone(), bound));
            }
        }
        types
    }

    fn resolve_records(&mut self) {
        let records = |items: &[ast::Item], file: FileNumber| {
            let mut events: Vec<(FileNumber, ast::Event)> = Vec::new();
            let mut errors: Vec<(FileNumber, ast::ErrorDeclaration)> = Vec::new();
            for item in items {
                let (more_events, more_errors) = match item {
                    ast::Item::Event(one) => (vec![one.clone()], Vec::new()),
                    ast::Item::Error(one) => (Vec::new(), vec![one.clone()]),
                    ast::Item::Contract(one) => (one.events.clone(), one.errors.clone()),
                    ast::Item::Interface(one) => (one.events.clone(), one.errors.clone()),
                    _ => (Vec::new(), Vec::new()),
                };
                events.extend(more_events.into_iter().map(|one| (file, one)));
                errors.extend(more_errors.into_iter().map(|one| (file, one)));
            }
            (events, errors)
        };
        let files = self.program.files.iter().enumerate();
        let all: Vec<_> = files
            .map(|(file, (_, ast))| records(&ast.items, file))
            .collect();
        let (events, errors): (Vec<_>, Vec<_>) = all.into_iter().unzip();
        // The tables were filled in the same order.
        for (number, (file, event)) in events.into_iter().flatten().enumerate() {
            let fields: Vec<ast::Parameter> =
                event.fields.into_iter().map(|(field, _)| field).collect();
            self.program.events[number].fields = self.slots(file, &fields, &[], Spot::Inside);
        }
        for (number, (file, error)) in errors.into_iter().flatten().enumerate() {
            self.program.errors[number].fields = self.slots(file, &error.fields, &[], Spot::Inside);
        }
    }

    fn resolve_contracts(&mut self) {
        for number in 0..self.program.contracts.len() {
            let info = &self.program.contracts[number];
            let (file, ast) = (info.file, info.ast.clone());
            let storage = self.fields(file, &ast.storage, &[], Spot::Field);
            let methods = ast
                .methods
                .iter()
                .map(|method| self.signature(file, method, &[]))
                .collect();
            let constructor = ast
                .constructors
                .first()
                .map(|method| self.signature(file, method, &[]));
            let info = &mut self.program.contracts[number];
            (info.storage, info.methods, info.constructor) = (storage, methods, constructor);
        }
    }

    fn resolve_interfaces(&mut self) {
        for file in 0..self.program.files.len() {
            let items = self.program.files[file].1.items.clone();
            for item in &items {
                let ast::Item::Interface(one) = item else {
                    continue;
                };
                let methods: Vec<_> = one
                    .methods
                    .iter()
                    .map(|method| self.signature(file, method, &[]))
                    .collect();
                let place = self
                    .program
                    .interfaces
                    .iter_mut()
                    .find(|info| info.file == file && info.name == one.name);
                if let Some(info) = place {
                    info.methods = methods;
                }
            }
        }
    }

    /// Fields of a contract or class.
    fn fields(
        &mut self,
        file: FileNumber,
        fields: &[ast::Field],
        parameters: &[Type],
        spot: Spot,
    ) -> Vec<Slot> {
        let mut slots: Vec<Slot> = Vec::new();
        for field in fields {
            if let Some(before) = slots
                .iter()
                .find(|slot| slot.name.text == field.name.text)
                .map(|slot| slot.name.span)
            {
                self.twice(file, &field.name, Some(before));
            }
            let placed = self.place(file, &field.ty, parameters, spot);
            slots.push(Slot {
                name: field.name.clone(),
                placed,
            });
        }
        slots
    }

    /// Parameters of a method, or fields of a variant, event or error.
    pub(super) fn slots(
        &mut self,
        file: FileNumber,
        parameters: &[ast::Parameter],
        types: &[Type],
        spot: Spot,
    ) -> Vec<Slot> {
        let mut slots: Vec<Slot> = Vec::new();
        for parameter in parameters {
            if let Some(before) = slots
                .iter()
                .find(|slot| slot.name.text == parameter.name.text)
                .map(|slot| slot.name.span)
            {
                self.twice(file, &parameter.name, Some(before));
            }
            let placed = self.place(file, &parameter.ty, types, spot);
            slots.push(Slot {
                name: parameter.name.clone(),
                placed,
            });
        }
        slots
    }

    /// How a method is called.
    fn signature(&mut self, file: FileNumber, method: &ast::Method, outer: &[Type]) -> Signature {
        let own = self.type_parameters(file, &method.type_parameters);
        let types: Vec<Type> = outer.iter().chain(&own).cloned().collect();
        let name = |ty: &Type| match ty {
            Type::Parameter(name, _) => Some(name.clone()),
            _ => None,
        };
        let result = method
            .result
            .as_ref()
            .map(|ty| self.place(file, ty, &types, Spot::Value));
        if let (Some(placed), Some(ty)) = (&result, &method.result)
            && placed.location == Location::Storage
        {
            let advice = "give the value itself, `memory T`, or read the field where it is needed";
            self.find(
                file,
                Code::HiddenReference,
                ty.span,
                "a method cannot give a reference into the storage",
                advice,
            );
        }
        let effect = match () {
            () if method.modifier(Kind::PureWord).is_some() => Effect::Pure,
            () if method.modifier(Kind::ViewWord).is_some() => Effect::View,
            () => Effect::Write,
        };
        Signature {
            name: method.name.clone(),
            type_parameters: own.iter().filter_map(name).collect(),
            parameters: self.slots(file, &method.parameters, &types, Spot::Value),
            result: result.map_or(Type::Unit, |placed| placed.ty),
            effect,
            payable: method.modifier(Kind::PayableWord).is_some(),
            private: method.modifier(Kind::PrivateWord).is_some(),
            is_abstract: method.modifier(Kind::AbstractWord).is_some(),
        }
    }
}
