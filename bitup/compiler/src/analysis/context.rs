//! What stands around a place at which an editor asks what can be written.

use super::SymbolNumber;
use crate::check::Type;

/// What stands in front of the dot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Receiver {
    /// `this` of a contract.
    Contract(usize),
    /// `super` in a contract that extends this one.
    Super(usize),
    /// `this` of a class.
    Class(usize),
    /// The name of an enum.
    Enum(usize),
    /// The name of a contract or an interface; true for contracts.
    Callable(bool),
    /// A value.
    Value(Type),
    /// A name that the language gives: `msg`, `block`, an integer type.
    Given(String),
}

/// What kind of word is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Context {
    Member(Receiver),
    /// An expression or the start of a statement.
    Value {
        contract: Option<usize>,
        class: bool,
        locals: Vec<SymbolNumber>,
        test: bool,
    },
    Type {
        parameters: Vec<SymbolNumber>,
    },
    Event(Option<usize>),
    Error(Option<usize>),
    /// A variant of an enum, or of `Option`.
    Variant(Option<usize>),
    /// Who may call: fields and views of a contract.
    Caller(usize),
    Annotation,
    /// A name that the file with this path declares.
    Import(String),
}
