//! The program as the code generator reads it: no names, no inheritance, every value with its shape.
//!
//! Tests of the language have the same form. What only they can do (deploy, call from any account, let time pass) is never
//! made into code: [`crate::interpret`] does it.

mod assign;
mod change;
mod expression;
mod external;
mod list;
mod lower;
mod method;
mod module;
mod object;
mod operator;
mod path;
mod shape;
mod statement;
mod testing;

pub use lower::lower;
pub use shape::{ADDRESS, BYTE, INDEX, LIST_ROOM, Shape, TAG_ROOM, TOKENS};
pub use testing::{Case, Tests, account, tests};

use crate::{
    check::{FileNumber, Type},
    kind::Kind,
    span::Span,
};
use num_bigint::BigInt;

/// A place in storage: a field, an entry of a map in a field, or an item of an array in either.
///
/// An array that grows has a cell for its length, and one for each item, whose key ends with the item's number.
#[derive(Clone, Debug)]
pub struct Place {
    /// The field's number.
    pub cell: u32,
    /// The keys of the maps, outermost first; behind them the number of an item.
    pub keys: Vec<Expr>,
    /// What lies there.
    pub shape: Shape,
    /// True where reading nothing fails whatever the shape is: items of arrays, and what is taken out of a map.
    pub must: bool,
    /// True for an array that has a cell for each item.
    pub spread: bool,
}

/// A place in a local: the local itself, or a part of it.
#[derive(Clone, Debug)]
pub struct Path {
    /// The local.
    pub local: usize,
    /// From the whole to the part.
    pub steps: Vec<Step>,
}

/// From a value to a part of it.
#[derive(Clone, Debug)]
pub enum Step {
    /// A field of an object, by its number.
    Field(usize),
    /// An item of an array or of bytes; fails beyond its end.
    Item(Expr),
}

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it computes.
    pub kind: ExprKind,
    /// The shape of the result.
    pub shape: Shape,
}

/// What an expression computes.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// A number.
    Number(BigInt),
    /// A truth value.
    Bool(bool),
    /// The bytes of an address, a hash, a text or bytes.
    Constant(Vec<u8>),
    /// Zero, `false`, empty, the first variant, whatever the shape is.
    Zero,
    /// Another value of the same content. Values share lists where nobody sees a change; this one shares nothing.
    Copy(Box<Expr>),
    /// An object or array of its fields or items.
    Parts(Vec<Expr>),
    /// A variant by its number, with its fields.
    Variant(usize, Vec<Expr>),
    /// A field of an object, by its number.
    Field(Box<Expr>, usize),
    /// The number of the variant that a value is.
    Tag(Box<Expr>),
    /// A field of a variant: its number, and that of the field. The value is this variant.
    Payload(Box<Expr>, usize, usize),
    /// What is in an option, or the other value.
    Else(Box<Expr>, Box<Expr>),
    /// An item of an array or of bytes; fails beyond its end.
    Item(Box<Expr>, Box<Expr>),
    /// How many items an array, bytes or a text has.
    Length(Box<Expr>),
    /// The first bytes, and the second behind them.
    Join(Box<Expr>, Box<Expr>),
    /// The bytes from one place to another; fails beyond the end, and in the middle of a character.
    Slice(Box<[Expr; 3]>),
    /// The hash of bytes.
    Blake2(Box<Expr>),
    /// A local.
    Local(usize),
    /// What lies in storage.
    Load(Box<Place>),
    /// What lies in storage, which is empty behind it.
    Take(Box<Place>),
    /// Whether something lies in storage.
    Has(Box<Place>),
    /// A call of another function of the contract.
    Call(usize, Vec<Expr>),
    /// A checked or wrapping operation on two numbers of one shape; shifts count with the second.
    Operate(Kind, Box<Expr>, Box<Expr>),
    /// The first times the second by the third, three numbers of one wide shape; true when it is rounded up.
    MulDiv(Box<[Expr; 3]>, bool),
    /// A comparison of two values of one shape.
    Compare(Kind, Box<Expr>, Box<Expr>),
    /// Both; the second is computed only when needed.
    And(Box<Expr>, Box<Expr>),
    /// One of both; the second is computed only when needed.
    Or(Box<Expr>, Box<Expr>),
    /// The other truth value.
    Not(Box<Expr>),
    /// The number in another shape; true when bits may be lost.
    Convert(Box<Expr>, bool),
    /// The second or the third, as the first says.
    Choose(Box<Expr>, Box<Expr>, Box<Expr>),
    /// Who called.
    Sender,
    /// The tokens that came with the call.
    Received,
    /// The block's number.
    BlockNumber,
    /// The block's time in milliseconds.
    BlockTime,
    /// The contract's address.
    OwnAddress,
    /// The contract's balance.
    OwnBalance,
    /// Tests: makes the contract with this number in the program; gives its address.
    Deploy(usize, Box<Outside>),
    /// Calls the contract at an address by a selector.
    External(Box<Expr>, [u8; 4], Box<Outside>),
    /// Tests: what an account has.
    BalanceOf(Box<Expr>),
}

/// A call of a contract by another one or by a test.
#[derive(Clone, Debug)]
pub struct Outside {
    /// What is called, for people.
    pub name: String,
    /// Its arguments.
    pub arguments: Vec<Expr>,
    /// Tests: the account that calls.
    pub from: Option<Expr>,
    /// The tokens that go with it.
    pub value: Option<Expr>,
    /// The gas that it may use; none: all.
    pub gas: Option<Expr>,
    /// True where nothing may be written.
    pub reads: bool,
}

/// A statement.
#[derive(Clone, Debug)]
pub enum Stmt {
    /// Sets a local.
    Set(usize, Expr),
    /// Sets a part of a local.
    Put(Path, Expr),
    /// Puts an item behind the others of an array.
    Push(Path, Expr),
    /// Takes the last item of an array into a local; fails when there is none.
    Pop(Path, usize),
    /// Calls a method that changes its object, which is its first parameter; the result goes into a local.
    Change(Path, usize, Vec<Expr>, Option<usize>),
    /// Writes to storage.
    Store(Place, Expr),
    /// Removes from storage.
    Clear(Place),
    /// One of two blocks.
    If(Expr, Vec<Stmt>, Vec<Stmt>),
    /// As long as the condition holds; the last part runs after each turn, `continue` included. Locals from the number on
    /// have no value from one turn to the next.
    Loop(Expr, Vec<Stmt>, Vec<Stmt>, usize),
    /// Leaves the loop.
    Break,
    /// Next turn of the loop.
    Continue,
    /// Leaves the function.
    Return(Option<Expr>),
    /// Undoes everything, with an error and its fields.
    Fail(usize, Vec<Expr>),
    /// Writes an event.
    Emit(usize, Vec<Expr>),
    /// Sends tokens.
    Transfer(Expr, Expr),
    /// Computes and forgets.
    Do(Expr),
    /// Tests: here begins the statement at this place of a file.
    At(FileNumber, Span),
    /// Tests: fails unless it holds, and says what both sides of a comparison are.
    Check(Expr),
    /// Tests: arguments that were made up do not fit unless it holds.
    Assume(Expr),
    /// Tests: so many milliseconds pass.
    Wait(Expr),
    /// Tests: the call has to fail with the error of this name.
    MustFail(Expr, String),
    /// A call of another contract, and what is done behind it.
    Try(Box<Tried>),
}

/// A call of another contract that may fail.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The call.
    pub call: Expr,
    /// Where its result goes.
    pub result: Option<usize>,
    /// What is done behind it.
    pub body: Vec<Stmt>,
    /// Where the bytes go that it failed with.
    pub error: Option<usize>,
    /// What is done when it fails.
    pub catch: Vec<Stmt>,
}

/// A function.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name, for people.
    pub name: String,
    /// How many of the locals are parameters.
    pub parameters: usize,
    /// The shapes of all locals.
    pub locals: Vec<Shape>,
    /// The shape of the result.
    pub result: Shape,
    /// True where the first parameter changes with the caller's value.
    pub changes: bool,
    /// What it does.
    pub body: Vec<Stmt>,
}

/// What can be called from outside.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// The first four bytes of the input.
    pub selector: [u8; 4],
    /// The function that does it.
    pub function: usize,
    /// Whether tokens may come with the call.
    pub payable: bool,
    /// Whether it may write.
    pub writes: bool,
    /// One of them must hold; none: everyone may call.
    pub callers: Vec<Expr>,
}

/// An error or event with its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Its name.
    pub name: String,
    /// Its fields: name, type, whether it is indexed.
    pub fields: Vec<(String, Type, bool)>,
    /// Its name and the types of its fields, as ink! writes them: `Transfer(AccountId,AccountId,Balance)`.
    pub signature: String,
}

/// Functions that call each other by their numbers, and what they fail with.
#[derive(Clone, Copy, Debug)]
pub struct Bodies<'m> {
    /// The functions.
    pub functions: &'m [Function],
    /// The errors.
    pub errors: &'m [Record],
    /// The events.
    pub events: &'m [Record],
}

/// A contract, whole.
#[derive(Clone, Debug)]
pub struct Module {
    /// Its name.
    pub name: String,
    /// Its functions.
    pub functions: Vec<Function>,
    /// Its constructor.
    pub constructor: Entry,
    /// Its public methods.
    pub messages: Vec<Entry>,
    /// The function that fails unless what has to hold behind every method that writes does.
    pub invariants: Option<usize>,
    /// The errors it fails with; the first ones are those of the language.
    pub errors: Vec<Record>,
    /// The events it writes.
    pub events: Vec<Record>,
    /// True where values that are made of parts are in it: it needs more memory.
    pub whole: bool,
}

impl Module {
    /// Its functions with what they need.
    #[must_use]
    pub fn bodies(&self) -> Bodies<'_> {
        Bodies {
            functions: &self.functions,
            errors: &self.errors,
            events: &self.events,
        }
    }
}

/// The errors of the language, by their numbers.
pub const LANGUAGE_ERRORS: &[&str] = &[
    "Arithmetic",
    "Required",
    "NotPermitted",
    "TokensNotTaken",
    "ConditionBroken",
    "TransferFailed",
    "NothingThere",
    "CallFailed",
    "AlreadyThere",
];
/// A result does not fit, or a divisor is zero.
pub const ARITHMETIC: usize = 0;
/// `require` or `assert` without an error of its own.
pub const REQUIRED: usize = 1;
/// The caller is not named by the rule.
pub const NOT_PERMITTED: usize = 2;
/// Tokens came to a method that is not `payable`.
pub const TOKENS_NOT_TAKEN: usize = 3;
/// `requires`, `ensures` or `invariant` does not hold.
pub const CONDITION_BROKEN: usize = 4;
/// Tokens could not be sent.
pub const TRANSFER_FAILED: usize = 5;
/// Nothing lies where an address, hash, variant or object was read, or an array, bytes or a text end before.
pub const NOTHING_THERE: usize = 6;
/// A call of another contract failed outside of `try`.
pub const CALL_FAILED: usize = 7;
/// Something lies where `put` adds an entry.
pub const ALREADY_THERE: usize = 8;

impl Expr {
    /// A local.
    #[must_use]
    pub fn local(number: usize, shape: Shape) -> Self {
        Self {
            kind: ExprKind::Local(number),
            shape,
        }
    }

    /// A small number.
    #[must_use]
    pub fn number(value: u32, shape: Shape) -> Self {
        Self {
            kind: ExprKind::Number(BigInt::from(value)),
            shape,
        }
    }

    /// The other truth value.
    #[must_use]
    pub fn negated(self) -> Self {
        Self {
            kind: ExprKind::Not(Box::new(self)),
            shape: Shape::Bool,
        }
    }
}
