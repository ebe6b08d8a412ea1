//! The program without its white space and commas: what the checker reads. Made from the tree by [`lower`]; what the tree
//! lacks because the program is broken is left out or stands as [`ExprKind::Broken`].

mod lower;
mod lower_body;

pub use lower::lower;

use crate::{kind::Kind, span::Span};
use num_bigint::BigUint;

/// A name with its place.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Name {
    /// Its letters; empty where the program is broken.
    pub text: String,
    /// Its place.
    pub span: Span,
}

/// A file.
#[derive(Clone, Debug, Default)]
pub struct File {
    /// What it imports.
    pub imports: Vec<Import>,
    /// What it declares, in order.
    pub items: Vec<Item>,
}

/// `import { names } from "path";`
#[derive(Clone, Debug)]
pub struct Import {
    /// Each name with the name it gets here.
    pub names: Vec<(Name, Name)>,
    /// The path.
    pub path: String,
    /// The place of the path.
    pub span: Span,
}

/// A declaration of a file.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "named after the rules of the grammar")]
pub enum Item {
    Contract(Contract),
    Interface(Interface),
    Class(Class),
    Enum(Enum),
    Event(Event),
    Error(ErrorDeclaration),
    Constant(Constant),
    Function(Method),
    Test(Test),
}

/// A contract.
#[derive(Clone, Debug, Default)]
pub struct Contract {
    /// Its name.
    pub name: Name,
    /// True behind `abstract`.
    pub is_abstract: bool,
    /// The contract it extends.
    pub extends: Option<Name>,
    /// The interfaces it implements.
    pub implements: Vec<Name>,
    /// Its fields.
    pub storage: Vec<Field>,
    /// Its events.
    pub events: Vec<Event>,
    /// Its errors.
    pub errors: Vec<ErrorDeclaration>,
    /// Its constants.
    pub constants: Vec<Constant>,
    /// Its invariants.
    pub invariants: Vec<Expr>,
    /// Its constructors; the second and further ones are refused by the checker.
    pub constructors: Vec<Method>,
    /// Its methods.
    pub methods: Vec<Method>,
    /// Its documentation.
    pub docs: Vec<String>,
}

/// An interface.
#[derive(Clone, Debug, Default)]
pub struct Interface {
    /// Its name.
    pub name: Name,
    /// The interfaces it extends.
    pub extends: Vec<Name>,
    /// Its events.
    pub events: Vec<Event>,
    /// Its errors.
    pub errors: Vec<ErrorDeclaration>,
    /// Its methods.
    pub methods: Vec<Method>,
}

/// A class, or an asset.
#[derive(Clone, Debug, Default)]
pub struct Class {
    /// Its name.
    pub name: Name,
    /// True for an asset.
    pub is_asset: bool,
    /// Its type parameters.
    pub type_parameters: Vec<TypeParameter>,
    /// Its fields.
    pub fields: Vec<Field>,
    /// Its constructors; a second one is refused by the checker.
    pub constructors: Vec<Method>,
    /// Its methods.
    pub methods: Vec<Method>,
}

/// An enum.
#[derive(Clone, Debug, Default)]
pub struct Enum {
    /// Its name.
    pub name: Name,
    /// Its type parameters.
    pub type_parameters: Vec<TypeParameter>,
    /// Its variants with their fields.
    pub variants: Vec<(Name, Vec<Parameter>)>,
}

/// A type parameter with its bound.
#[derive(Clone, Debug)]
pub struct TypeParameter {
    /// Its name.
    pub name: Name,
    /// What its types can do.
    pub bound: Option<Name>,
}

/// An event.
#[derive(Clone, Debug, Default)]
pub struct Event {
    /// Its name.
    pub name: Name,
    /// Its fields, each with whether it is indexed.
    pub fields: Vec<(Parameter, bool)>,
    /// Its documentation.
    pub docs: Vec<String>,
}

/// An error.
#[derive(Clone, Debug, Default)]
pub struct ErrorDeclaration {
    /// Its name.
    pub name: Name,
    /// Its fields.
    pub fields: Vec<Parameter>,
    /// Its documentation.
    pub docs: Vec<String>,
}

/// A constant.
#[derive(Clone, Debug)]
pub struct Constant {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// Its value.
    pub value: Expr,
}

/// A test.
#[derive(Clone, Debug, Default)]
pub struct Test {
    /// What it shows.
    pub title: String,
    /// What the fuzzer fills in.
    pub parameters: Vec<Parameter>,
    /// What it does.
    pub body: Block,
}

/// A field of a contract, class or asset.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: Type,
    /// Its first value.
    pub value: Option<Expr>,
}

/// A method, constructor or function.
#[derive(Clone, Debug, Default)]
pub struct Method {
    /// Its name; `constructor` for constructors.
    pub name: Name,
    /// `@name(arguments)`.
    pub annotations: Vec<Annotation>,
    /// Words like `view`, in order.
    pub modifiers: Vec<(Kind, Span)>,
    /// Its type parameters.
    pub type_parameters: Vec<TypeParameter>,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// What it gives.
    pub result: Option<Type>,
    /// `requires` and `ensures`, in order; true for `ensures`.
    pub conditions: Vec<(bool, Expr)>,
    /// Its body; none where a `;` stands.
    pub body: Option<Block>,
    /// Its documentation.
    pub docs: Vec<String>,
}

impl Method {
    /// The place of a modifier.
    #[must_use]
    pub fn modifier(&self, kind: Kind) -> Option<Span> {
        self.modifiers
            .iter()
            .find(|(known, _)| *known == kind)
            .map(|(_, span)| *span)
    }
}

/// `@name(arguments)`
#[derive(Clone, Debug)]
pub struct Annotation {
    /// Its name.
    pub name: Name,
    /// Its arguments.
    pub arguments: Vec<Expr>,
    /// Its place.
    pub span: Span,
}

/// A name with a type.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: Name,
    /// Its type.
    pub ty: Type,
}

/// Where a value lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Location {
    /// In the contract's storage.
    Storage,
    /// In the memory of the call.
    Memory,
}

/// A type as it is written.
#[derive(Clone, Debug, Default)]
pub struct Type {
    /// `storage` or `memory`.
    pub location: Option<(Location, Span)>,
    /// Its name; empty where the program is broken.
    pub name: Name,
    /// Its arguments.
    pub arguments: Vec<Type>,
    /// `[]` and `[length]` behind it, in order.
    pub arrays: Vec<ArrayLength>,
    /// Its place.
    pub span: Span,
}

/// What stands between `[` and `]` of a type.
#[derive(Clone, Debug)]
pub enum ArrayLength {
    /// Nothing: the array grows.
    Growing,
    /// A number.
    Number(BigUint, Span),
    /// The name of a constant.
    Constant(Name),
}

/// Statements between braces.
#[derive(Clone, Debug, Default)]
pub struct Block {
    /// The statements.
    pub statements: Vec<Statement>,
    /// The place, braces included.
    pub span: Span,
}

/// A statement.
#[derive(Clone, Debug)]
pub struct Statement {
    /// What it does.
    pub kind: StatementKind,
    /// Its place.
    pub span: Span,
}

/// What a statement does.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "named after the rules of the grammar")]
pub enum StatementKind {
    Block(Block),
    Local {
        name: Name,
        changes: bool,
        ty: Option<Type>,
        value: Expr,
    },
    If {
        condition: Expr,
        then: Block,
        otherwise: Option<Block>,
    },
    While {
        condition: Expr,
        body: Block,
    },
    For {
        name: Name,
        from: Expr,
        to: Option<Expr>,
        body: Block,
    },
    Match {
        value: Expr,
        arms: Vec<Arm>,
    },
    Try {
        name: Option<Name>,
        ty: Option<Type>,
        call: Expr,
        body: Block,
        error: Option<Name>,
        catch: Block,
    },
    Return(Option<Expr>),
    Break,
    Continue,
    Require {
        condition: Expr,
        error: Option<ErrorValue>,
    },
    Assert(Expr),
    Throw(ErrorValue),
    Emit {
        event: Name,
        arguments: Vec<Expr>,
    },
    Delete(Expr),
    Destroy(Expr),
    Assign {
        target: Expr,
        operator: Kind,
        value: Expr,
    },
    Value(Expr),
    Broken,
}

/// `Name(arguments)` behind `throw` and in `require`.
#[derive(Clone, Debug, Default)]
pub struct ErrorValue {
    /// The error.
    pub name: Name,
    /// Its fields.
    pub arguments: Vec<Expr>,
}

/// A case of a `match`.
#[derive(Clone, Debug)]
pub struct Arm {
    /// What it covers.
    pub pattern: Pattern,
    /// The place of the pattern.
    pub span: Span,
    /// What happens.
    pub body: Block,
}

/// What a case covers.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// `_`
    Any,
    /// A number; true for a negative one.
    Integer(bool, BigUint),
    /// `true` or `false`.
    Bool(bool),
    /// A variant, perhaps behind its enum's name, and the names that its fields get; `None` for `_`.
    Variant {
        /// The enum.
        of: Option<Name>,
        /// The variant.
        name: Name,
        /// Its fields' names; none without parentheses.
        bindings: Option<Vec<Option<Name>>>,
    },
}

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it computes.
    pub kind: ExprKind,
    /// Its place.
    pub span: Span,
}

/// What an expression computes.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "named after the rules of the grammar")]
pub enum ExprKind {
    Integer(BigUint),
    Text(String),
    Bytes(Vec<u8>),
    Bool(bool),
    This,
    Super,
    Name(String),
    Array(Vec<Expr>),
    New {
        class: Name,
        type_arguments: Vec<Type>,
        arguments: Vec<Expr>,
    },
    Member(Box<Expr>, Name),
    Index(Box<Expr>, Box<Expr>),
    Call {
        function: Box<Expr>,
        arguments: Vec<Expr>,
        options: Vec<(Name, Expr)>,
        misplaced: Option<Span>,
    },
    Unary(Kind, Box<Expr>),
    Binary(Kind, Box<Expr>, Box<Expr>),
    Cast {
        value: Box<Expr>,
        wraps: bool,
        to: Name,
    },
    Conditional(Box<Expr>, Box<Expr>, Box<Expr>),
    Broken,
}

impl Expr {
    /// What stands where the program is broken.
    #[must_use]
    pub fn broken(span: Span) -> Self {
        Self {
            kind: ExprKind::Broken,
            span,
        }
    }
}
