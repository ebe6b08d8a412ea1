//! The program as the code generator reads it: no names, no inheritance, every value with its shape.
//!
//! Tests of the language have the same form. What only they can do (deploy, call from any account, let time pass) is never
//! made into code: [`crate::interpret`] does it.

mod expression;
mod external;
mod lower;
mod operator;
mod statement;
mod testing;

pub use lower::lower;
pub use testing::{Case, Tests, account, tests};

use crate::{
    check::{FileNumber, Integer, Program, Type},
    kind::Kind,
    span::Span,
};
use num_bigint::BigInt;

/// How a value is held and encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// Nothing.
    Unit,
    /// One byte, 0 or 1.
    Bool,
    /// An integer of at most 64 bits, in a register.
    Narrow(Integer),
    /// 16 or 32 bytes in memory: a longer unsigned integer, or an address or hash.
    Wide {
        /// Its bytes.
        bytes: u32,
        /// True for integers.
        number: bool,
    },
    /// The number of one of so many variants without fields, in a register.
    Choice(u16),
}

/// An account's address.
pub const ADDRESS: Shape = Shape::Wide {
    bytes: 32,
    number: false,
};
/// `Balance` and `u128`.
pub const TOKENS: Shape = Shape::Wide {
    bytes: 16,
    number: true,
};

impl Shape {
    /// The shape of a type; none for types that cannot be built yet.
    #[must_use]
    pub fn of(program: &Program, ty: &Type) -> Option<Self> {
        Some(match ty {
            Type::Unit => Self::Unit,
            Type::Bool => Self::Bool,
            Type::Integer(integer) if integer.bits <= 64 => Self::Narrow(*integer),
            Type::Integer(integer) if !integer.signed => Self::Wide {
                bytes: u32::from(integer.bits / 8),
                number: true,
            },
            Type::Address | Type::Hash | Type::Handle(_) => ADDRESS,
            Type::Enum(number, _) => {
                let variants = &program.enums.get(*number)?.variants;
                if variants.is_empty() || variants.iter().any(|(_, fields)| !fields.is_empty()) {
                    return None;
                }
                Self::Choice(
                    u16::try_from(variants.len())
                        .ok()
                        .filter(|count| *count <= 256)?,
                )
            }
            _ => return None,
        })
    }

    /// The length of its encoding (SCALE, little-endian).
    #[must_use]
    pub fn bytes(self) -> u32 {
        match self {
            Self::Unit => 0,
            Self::Bool => 1,
            Self::Narrow(integer) => u32::from(integer.bits / 8),
            Self::Wide { bytes, .. } => bytes,
            Self::Choice(_) => 1,
        }
    }

    /// False for addresses, hashes and variants, of which none stands for "nothing".
    #[must_use]
    pub fn has_zero(self) -> bool {
        !matches!(self, Self::Wide { number: false, .. } | Self::Choice(_))
    }
}

/// A place in storage: a field, or an entry of a map in a field.
#[derive(Clone, Debug)]
pub struct Place {
    /// The field's number.
    pub cell: u32,
    /// The keys of the maps, outermost first.
    pub keys: Vec<Expr>,
    /// What lies there.
    pub shape: Shape,
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
    /// The bytes of an address or hash.
    Constant(Vec<u8>),
    /// A local.
    Local(usize),
    /// What lies in storage.
    Load(Box<Place>),
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
    /// Writes to storage.
    Store(Place, Expr),
    /// Removes from storage.
    Clear(Place),
    /// One of two blocks.
    If(Expr, Vec<Stmt>, Vec<Stmt>),
    /// As long as the condition holds; the last part runs after each turn, `continue` included.
    Loop(Expr, Vec<Stmt>, Vec<Stmt>),
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
    /// A call of another contract, where its result goes, what is done behind it, and what when it fails.
    Try(Expr, Option<usize>, Vec<Stmt>, Vec<Stmt>),
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
/// Nothing lies where an address, hash or variant was read.
pub const NOTHING_THERE: usize = 6;
/// A call of another contract failed outside of `try`.
pub const CALL_FAILED: usize = 7;

impl Expr {
    /// A local.
    #[must_use]
    pub fn local(number: usize, shape: Shape) -> Self {
        Self {
            kind: ExprKind::Local(number),
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
