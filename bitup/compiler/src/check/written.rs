//! Types as they are written.

use super::{Checker, Declared, FileNumber, Placed, Type, resolve::Spot, words};
use crate::{
    ast::{self, ArrayLength, Location},
    diagnostic::Code,
};

/// Longest array with a fixed length.
const LONGEST_FIXED: u32 = 65_536;

impl Checker {
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

    pub(super) fn array_length(&mut self, file: FileNumber, length: &ArrayLength) -> Option<u32> {
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

    pub(super) fn base_type(
        &mut self,
        file: FileNumber,
        written: &ast::Type,
        parameters: &[Type],
    ) -> Type {
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

    pub(super) fn map(
        &mut self,
        file: FileNumber,
        written: &ast::Type,
        arguments: &[Type],
    ) -> Type {
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

    pub(super) fn count_arguments(
        &mut self,
        file: FileNumber,
        written: &ast::Type,
        wanted: usize,
    ) -> bool {
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

    pub(super) fn unknown_type(&mut self, file: FileNumber, name: &ast::Name) {
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
}
