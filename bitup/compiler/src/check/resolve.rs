//! Types as they are written, and all signatures.

use super::{Bound, Checker, Declared, Effect, FileNumber, Placed, Signature, Slot, Type, words};
use crate::{
    ast::{self, ArrayLength, Location},
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

/// Longest array with a fixed length.
const LONGEST_FIXED: u32 = 65_536;

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

    /// A type with where its values lie; says what is wrong with it.
    pub(super) fn place(
        &mut self,
        file: FileNumber,
        written: &ast::Type,
        parameters: &[Type],
        spot: Spot,
    ) -> Placed {
        let ty = self.type_(file, written, parameters);
        let scalar = ty.is_scalar();
        let shown = self.program.shown(&ty);
        let location = match (written.location, spot) {
            (None, Spot::Field) => Location::Storage,
            (None, Spot::Inside | Spot::Entry) => Location::Memory,
            (None, Spot::Value) => {
                if !scalar {
                    let message = format!("where does this `{shown}` lie?");
                    let advice = format!(
                        "write `memory {shown}` for a value of its own, `storage {shown}` for a reference to a field"
                    );
                    self.find(file, Code::LocationMissing, written.span, message, advice);
                }
                Location::Memory
            }
            (Some((location, span)), _) => {
                if scalar && ty != Type::Unknown {
                    let message = format!("a `{shown}` is copied whole, it needs no place");
                    self.find(
                        file,
                        Code::LocationUnwanted,
                        span,
                        message,
                        format!("write `{shown}`"),
                    );
                } else if spot != Spot::Value {
                    let message = "the place is that of the whole";
                    self.find(
                        file,
                        Code::LocationUnwanted,
                        span,
                        message,
                        format!("write `{shown}`"),
                    );
                }
                if spot == Spot::Field {
                    Location::Storage
                } else {
                    location
                }
            }
        };
        if self.program.is_asset(&ty) && matches!(spot, Spot::Field | Spot::Inside) {
            let advice = "keep assets in locals, hand them to `private` methods, and store them in a `Map<K, T>` field";
            self.find(
                file,
                Code::AssetPlace,
                written.span,
                "an asset cannot lie here",
                advice,
            );
        }
        if ty.has_map() && location == Location::Memory && spot == Spot::Value {
            let advice = "pass a reference, `storage`, or the values that are needed";
            self.find(
                file,
                Code::MapOutside,
                written.span,
                "a `Map` lies in storage only",
                advice,
            );
        }
        Placed { ty, location }
    }

    /// A type without its place.
    pub(super) fn type_(
        &mut self,
        file: FileNumber,
        written: &ast::Type,
        parameters: &[Type],
    ) -> Type {
        let mut ty = self.base_type(file, written, parameters);
        for length in &written.arrays {
            if self.program.is_asset(&ty) {
                let advice = "keep assets in a `Map<K, T>` field";
                self.find(
                    file,
                    Code::AssetPlace,
                    written.span,
                    "an array holds no assets",
                    advice,
                );
                return Type::Unknown;
            }
            if ty.has_map() {
                let advice = "put the array in the map: `Map<K, V[]>`";
                self.find(
                    file,
                    Code::MapOutside,
                    written.span,
                    "an array holds no maps",
                    advice,
                );
                return Type::Unknown;
            }
            ty = match length {
                ArrayLength::Growing => Type::Array(Box::new(ty)),
                _ => match self.array_length(file, length) {
                    Some(length) => Type::Fixed(Box::new(ty), length),
                    None => Type::Unknown,
                },
            };
        }
        ty
    }

    fn array_length(&mut self, file: FileNumber, length: &ArrayLength) -> Option<u32> {
        let (value, span) = match length {
            ArrayLength::Growing => return None,
            ArrayLength::Number(value, span) => (Some(value.clone().into()), *span),
            ArrayLength::Constant(name) => (self.constant_named(file, None, name), name.span),
        };
        let value = value?;
        let length = u32::try_from(value)
            .ok()
            .filter(|length| (1..=LONGEST_FIXED).contains(length));
        if length.is_none() {
            let message = format!("an array has 1 to {LONGEST_FIXED} items");
            self.find(
                file,
                Code::OutOfRange,
                span,
                message,
                "for an array that grows, write `[]`",
            );
        }
        length
    }

    fn base_type(&mut self, file: FileNumber, written: &ast::Type, parameters: &[Type]) -> Type {
        let name = &written.name;
        let mut arguments: Vec<Type> = Vec::new();
        for (number, ty) in written.arguments.iter().enumerate() {
            let spot = if name.text == "Map" && number == 1 {
                Spot::Entry
            } else {
                Spot::Inside
            };
            arguments.push(self.place(file, ty, parameters, spot).ty);
        }
        let known = parameters
            .iter()
            .find(|ty| matches!(ty, Type::Parameter(own, _) if *own == name.text));
        if let Some(ty) = known.cloned().or_else(|| Type::named(&name.text)) {
            self.count_arguments(file, written, 0);
            return ty;
        }
        match name.text.as_str() {
            "Option" if self.count_arguments(file, written, 1) => {
                return Type::Option(Box::new(arguments[0].clone()));
            }
            "Map" if self.count_arguments(file, written, 2) => {
                return self.map(file, written, &arguments);
            }
            "Option" | "Map" => return Type::Unknown,
            _ => {}
        }
        match self.program.scopes[file].get(&name.text).copied() {
            Some(Declared::Class(number)) => {
                let count = self.program.classes[number].type_parameters.len();
                if self.count_arguments(file, written, count) {
                    Type::Class(number, arguments)
                } else {
                    Type::Unknown
                }
            }
            Some(Declared::Enum(number)) => {
                let count = self.program.enums[number].type_parameters.len();
                if self.count_arguments(file, written, count) {
                    Type::Enum(number, arguments)
                } else {
                    Type::Unknown
                }
            }
            Some(Declared::Interface(number)) => Type::Handle(number),
            Some(Declared::Contract(number)) => self.handle_of(number),
            Some(_) => {
                let message = format!("`{}` is no type", name.text);
                self.find(file, Code::UnknownType, name.span, message, "types are the language's own, classes, enums, assets, interfaces and contracts");
                Type::Unknown
            }
            None => {
                self.unknown_type(file, name);
                Type::Unknown
            }
        }
    }

    /// The type of a contract that is called.
    pub(super) fn handle_of(&self, contract: usize) -> Type {
        let found = self
            .program
            .interfaces
            .iter()
            .position(|info| info.contract == Some(contract));
        found.map_or(Type::Unknown, Type::Handle)
    }

    fn map(&mut self, file: FileNumber, written: &ast::Type, arguments: &[Type]) -> Type {
        let (key, value) = (arguments[0].clone(), arguments[1].clone());
        let can_be_key = match &key {
            Type::Bytes | Type::Text => true,
            Type::Fixed(item, _) => item.is_scalar(),
            Type::Handle(_) | Type::Parameter(..) => false,
            other => other.is_scalar(),
        };
        if !can_be_key {
            let message = format!("`{}` cannot be the key of a map", self.program.shown(&key));
            let advice = "keys are numbers, `bool`, `Address`, `Hash`, `bytes`, `string` and arrays of fixed length of scalars";
            self.find(
                file,
                Code::MapOutside,
                written.arguments[0].span,
                message,
                advice,
            );
        }
        Type::Map(Box::new(key), Box::new(value))
    }

    fn count_arguments(&mut self, file: FileNumber, written: &ast::Type, wanted: usize) -> bool {
        let given = written.arguments.len();
        if given != wanted {
            let message = format!(
                "`{}` has {wanted} type arguments, here are {given}",
                written.name.text
            );
            self.find(
                file,
                Code::TypeArguments,
                written.span,
                message,
                "give each type parameter one type",
            );
        }
        given == wanted
    }

    fn unknown_type(&mut self, file: FileNumber, name: &ast::Name) {
        if let Some(word) = words::of(&name.text) {
            let message = format!("`{}` is a type of JavaScript", name.text);
            self.find(file, word.code, name.span, message, word.advice);
            return;
        }
        let message = format!("there is no type `{}`", name.text);
        let own = [
            "bool", "u8", "u16", "u32", "u64", "u128", "u256", "Address", "Hash", "Balance",
            "bytes", "string", "Option", "Map",
        ];
        let known = self.program.scopes[file]
            .keys()
            .map(String::as_str)
            .chain(own);
        let advice = words::nearest(&name.text, known);
        self.find(file, Code::UnknownType, name.span, message, advice);
    }

    /// Refuses types that contain themselves: their values would have no end.
    fn refuse_endless_types(&mut self) {
        for number in 0..self.program.classes.len() {
            let mut seen = Vec::new();
            let fields: Vec<Type> = self.program.classes[number]
                .fields
                .iter()
                .map(|slot| slot.placed.ty.clone())
                .collect();
            if fields
                .iter()
                .any(|ty| self.reaches(ty, &Type::Class(number, Vec::new()), &mut seen))
            {
                let (file, name) = (
                    self.program.classes[number].file,
                    self.program.classes[number].ast.name.clone(),
                );
                self.endless(file, &name);
            }
        }
        for number in 0..self.program.enums.len() {
            let mut seen = Vec::new();
            let fields = self.program.enums[number]
                .variants
                .iter()
                .flat_map(|(_, slots)| slots);
            let fields: Vec<Type> = fields.map(|slot| slot.placed.ty.clone()).collect();
            if fields
                .iter()
                .any(|ty| self.reaches(ty, &Type::Enum(number, Vec::new()), &mut seen))
            {
                let (file, name) = (
                    self.program.enums[number].file,
                    self.program.enums[number].name.clone(),
                );
                self.endless(file, &name);
            }
        }
    }

    fn endless(&mut self, file: FileNumber, name: &ast::Name) {
        let message = format!("`{}` contains itself", name.text);
        self.find(
            file,
            Code::EndlessType,
            name.span,
            message,
            "keep the parts in a map and a key in their place",
        );
    }

    /// Whether a type contains another, arguments aside.
    fn reaches(&self, ty: &Type, wanted: &Type, seen: &mut Vec<Type>) -> bool {
        let inner = |types: &[Type], seen: &mut Vec<Type>| {
            types.iter().any(|one| self.reaches(one, wanted, seen))
        };
        match ty {
            Type::Array(item) | Type::Fixed(item, _) | Type::Option(item) => {
                self.reaches(item, wanted, seen)
            }
            Type::Map(key, value) => {
                self.reaches(key, wanted, seen) || self.reaches(value, wanted, seen)
            }
            Type::Class(number, arguments) => {
                let plain = Type::Class(*number, Vec::new());
                if plain == *wanted || inner(arguments, seen) {
                    return true;
                }
                if seen.contains(&plain) {
                    return false;
                }
                seen.push(plain);
                let fields = &self.program.classes[*number].fields;
                fields
                    .iter()
                    .any(|slot| self.reaches(&slot.placed.ty, wanted, seen))
            }
            Type::Enum(number, arguments) => {
                let plain = Type::Enum(*number, Vec::new());
                if plain == *wanted || inner(arguments, seen) {
                    return true;
                }
                if seen.contains(&plain) {
                    return false;
                }
                seen.push(plain);
                let slots = self.program.enums[*number]
                    .variants
                    .iter()
                    .flat_map(|(_, slots)| slots);
                let mut slots = slots;
                slots.any(|slot| self.reaches(&slot.placed.ty, wanted, seen))
            }
            _ => false,
        }
    }
}
