//! What a program declares, resolved.

use super::types::Type;
use crate::{ast, ast::Location, span::Span};
use num_bigint::BigInt;
use std::collections::HashMap;

/// How many contracts may extend each other.
pub const LONGEST_LINE: usize = 64;

/// A file of the program by its number.
pub type FileNumber = usize;

/// What a name of a file stands for; the number counts in its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "named after the declarations")]
pub enum Declared {
    Contract(usize),
    Interface(usize),
    Class(usize),
    Enum(usize),
    Event(usize),
    Error(usize),
    Constant(usize),
    Function(usize),
}

/// A type with where its values lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// The type.
    pub ty: Type,
    /// `Storage` for references into the storage; `Memory` for all others, scalars too.
    pub location: Location,
}

/// A parameter or field.
#[derive(Clone, Debug)]
pub struct Slot {
    /// Its name.
    pub name: ast::Name,
    /// Its type.
    pub placed: Placed,
}

/// What a method may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Computes from its arguments.
    Pure,
    /// Reads the chain's state.
    View,
    /// Changes it.
    Write,
}

/// How a method is called.
#[derive(Clone, Debug)]
pub struct Signature {
    /// Its name.
    pub name: ast::Name,
    /// Names of its type parameters.
    pub type_parameters: Vec<String>,
    /// Its parameters.
    pub parameters: Vec<Slot>,
    /// What it gives; `Unit` for nothing.
    pub result: Type,
    /// What it may do.
    pub effect: Effect,
    /// True behind `payable`.
    pub payable: bool,
    /// True behind `private`.
    pub private: bool,
    /// True behind `abstract`.
    pub is_abstract: bool,
}

/// A contract.
#[derive(Clone, Debug)]
pub struct ContractInfo {
    /// Its file.
    pub file: FileNumber,
    /// As it is written.
    pub ast: ast::Contract,
    /// The contract it extends.
    pub base: Option<usize>,
    /// Its own fields.
    pub storage: Vec<Slot>,
    /// Its own methods, in the order of the source.
    pub methods: Vec<Signature>,
    /// Its own constructor.
    pub constructor: Option<Signature>,
    /// Its own events, errors and constants by name.
    pub names: HashMap<String, Declared>,
}

/// An interface.
#[derive(Clone, Debug)]
pub struct InterfaceInfo {
    /// Its file.
    pub file: FileNumber,
    /// Its name.
    pub name: ast::Name,
    /// Its methods, those of the interfaces it extends among them.
    pub methods: Vec<Signature>,
    /// The contract whose public methods it has, when it was made of one.
    pub contract: Option<usize>,
}

/// A class or asset.
#[derive(Clone, Debug)]
pub struct ClassInfo {
    /// Its file.
    pub file: FileNumber,
    /// As it is written.
    pub ast: ast::Class,
    /// Its type parameters.
    pub type_parameters: Vec<Type>,
    /// Its fields.
    pub fields: Vec<Slot>,
    /// Its methods, in the order of the source.
    pub methods: Vec<Signature>,
    /// Its constructor.
    pub constructor: Option<Signature>,
}

/// An enum.
#[derive(Clone, Debug)]
pub struct EnumInfo {
    /// Its file.
    pub file: FileNumber,
    /// Its name.
    pub name: ast::Name,
    /// Its type parameters.
    pub type_parameters: Vec<Type>,
    /// Its variants with their fields.
    pub variants: Vec<(ast::Name, Vec<Slot>)>,
}

/// An event or error.
#[derive(Clone, Debug)]
pub struct RecordInfo {
    /// Its file.
    pub file: FileNumber,
    /// Its name.
    pub name: ast::Name,
    /// Its fields.
    pub fields: Vec<Slot>,
    /// For events, which fields are indexed.
    pub indexed: Vec<bool>,
    /// Its documentation.
    pub docs: Vec<String>,
}

/// A constant.
#[derive(Clone, Debug)]
pub struct ConstantInfo {
    /// Its file.
    pub file: FileNumber,
    /// As it is written.
    pub ast: ast::Constant,
    /// Its type.
    pub ty: Type,
    /// The contract it stands in.
    pub contract: Option<usize>,
}

/// A function.
#[derive(Clone, Debug)]
pub struct FunctionInfo {
    /// Its file.
    pub file: FileNumber,
    /// As it is written.
    pub ast: ast::Method,
    /// How it is called.
    pub signature: Signature,
}

/// All that the files of a program declare.
#[derive(Clone, Debug, Default)]
pub struct Program {
    /// The files' names and trees.
    pub files: Vec<(String, ast::File)>,
    /// What the names of each file stand for.
    pub scopes: Vec<HashMap<String, Declared>>,
    /// The contracts.
    pub contracts: Vec<ContractInfo>,
    /// The interfaces, one made of each contract among them.
    pub interfaces: Vec<InterfaceInfo>,
    /// The classes and assets.
    pub classes: Vec<ClassInfo>,
    /// The enums.
    pub enums: Vec<EnumInfo>,
    /// The events.
    pub events: Vec<RecordInfo>,
    /// The errors.
    pub errors: Vec<RecordInfo>,
    /// The constants.
    pub constants: Vec<ConstantInfo>,
    /// The values of integer constants, by their numbers.
    pub constant_values: HashMap<usize, BigInt>,
    /// The functions.
    pub functions: Vec<FunctionInfo>,
    /// The type of each expression, by file and place.
    pub types: HashMap<(FileNumber, Span), Type>,
}

impl Program {
    /// A contract, the one it extends, and so on; stops at a circle and after [`LONGEST_LINE`].
    #[must_use]
    pub fn line(&self, contract: usize) -> Vec<usize> {
        let mut line = Vec::new();
        let mut next = Some(contract);
        while let Some(number) =
            next.filter(|number| line.len() < LONGEST_LINE && !line.contains(number))
        {
            line.push(number);
            next = self.contracts.get(number).and_then(|info| info.base);
        }
        line
    }

    /// A field of a contract or of those it extends.
    #[must_use]
    pub fn storage_field(&self, contract: usize, name: &str) -> Option<&Slot> {
        let line = self.line(contract);
        line.into_iter().find_map(|number| {
            self.contracts[number]
                .storage
                .iter()
                .find(|field| field.name.text == name)
        })
    }

    /// A method of a contract or, nearest first, of those it extends.
    #[must_use]
    pub fn method(&self, contract: usize, name: &str) -> Option<&Signature> {
        let line = self.line(contract);
        line.into_iter().find_map(|number| {
            self.contracts[number]
                .methods
                .iter()
                .find(|method| method.name.text == name)
        })
    }

    /// True for assets.
    #[must_use]
    pub fn is_asset(&self, ty: &Type) -> bool {
        matches!(ty, Type::Class(number, _) if self.classes.get(*number).is_some_and(|info| info.ast.is_asset))
    }

    /// The type of a field of a class or of a variant, with the type arguments of `whole` put in.
    #[must_use]
    pub fn filled(&self, whole: &Type, field: &Type) -> Type {
        let (parameters, arguments) = match whole {
            Type::Class(number, arguments) => (
                self.classes.get(*number).map(|info| &info.type_parameters),
                arguments,
            ),
            Type::Enum(number, arguments) => (
                self.enums.get(*number).map(|info| &info.type_parameters),
                arguments,
            ),
            _ => return field.clone(),
        };
        field.replace(&|name| {
            let same = |ty: &Type| matches!(ty, Type::Parameter(own, _) if own == name);
            let at = parameters?.iter().position(same)?;
            arguments.get(at).cloned()
        })
    }

    /// The type as a message shows it.
    #[must_use]
    pub fn shown(&self, ty: &Type) -> String {
        let list = |name: &str, arguments: &[Type]| {
            let shown: Vec<_> = arguments.iter().map(|one| self.shown(one)).collect();
            if shown.is_empty() {
                name.to_owned()
            } else {
                format!("{name}<{}>", shown.join(", "))
            }
        };
        match ty {
            Type::Unknown => "?".to_owned(),
            Type::Unit => "nothing".to_owned(),
            Type::Bool => "bool".to_owned(),
            Type::Integer(integer) => integer.to_string(),
            Type::Address => "Address".to_owned(),
            Type::Hash => "Hash".to_owned(),
            Type::Bytes => "bytes".to_owned(),
            Type::Text => "string".to_owned(),
            Type::Array(item) => format!("{}[]", self.shown(item)),
            Type::Fixed(item, length) => format!("{}[{length}]", self.shown(item)),
            Type::Option(item) => format!("Option<{}>", self.shown(item)),
            Type::Map(key, value) => format!("Map<{}, {}>", self.shown(key), self.shown(value)),
            Type::Class(number, arguments) => list(&self.classes[*number].ast.name.text, arguments),
            Type::Enum(number, arguments) => list(&self.enums[*number].name.text, arguments),
            Type::Handle(number) => self.interfaces[*number].name.text.clone(),
            Type::Parameter(name, _) => name.clone(),
        }
    }
}
