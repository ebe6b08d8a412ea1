//! The system calls of contracts: a table, and what it takes to read it.
//!
//! A contract imports functions by module and name (`seal1.get_storage`). [`find`] says which system call that is, and
//! its [`Entry`] tells everything that whoever stands between a contract and the chain has to know: the type of the
//! function, which arguments point at bytes that the call reads ([`Input`]), and which at bytes that it writes
//! ([`Output`]). So the bytes cross to the runtime together with the call, and what is to be written comes back with
//! its result: one crossing of the border for one system call.
//!
//! # Rules
//!
//! - A1. An id is never given to another call, and an entry never changes: contracts on the chain have been prepared
//!   with it. A new call is a new line at the end of the table.
//! - A2. Names and types are those of the stable surface that ink! 5.1 contracts import. The module is `seal` and the
//!   version; most functions go by a second name with `seal_` before it.
//! - A3. Old calls ([`Entry::deprecated`]) exist for code that is on the chain, and are refused in new code.
//! - A4. Not in the table: what that surface calls unstable, and the two calls of XCM, which this chain does not speak.

#![no_std]
#![forbid(unsafe_code)]

mod table;

pub use table::{ENTRIES, id};

/// The most parameters that a system call has.
pub const MAX_PARAMS: usize = 13;
/// The most inputs that a system call has.
pub const MAX_INPUTS: usize = 5;
/// The most outputs that a system call has.
pub const MAX_OUTPUTS: usize = 2;
/// A pointer that says "no value" where an input is [`Input::Optional`], and "do not write" where an output is
/// [`Output::Skippable`].
pub const NONE: u32 = u32::MAX;
/// The module and the name of the memory that a contract imports.
pub const MEMORY: (&str, &str) = ("env", "memory");
/// The export that runs once, when a contract is made.
pub const DEPLOY: &str = "deploy";
/// The export that runs when a contract is called.
pub const CALL: &str = "call";

/// The id of a system call: its place in [`ENTRIES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub u16);

impl CallId {
    /// What is known of the call. `None` for an id that is not in the table.
    pub fn entry(self) -> Option<&'static Entry> {
        ENTRIES.get(usize::from(self.0))
    }
}

/// The type of a parameter or of a result. There are no others in a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValType {
    /// A 32-bit integer or a pointer.
    I32,
    /// A 64-bit integer.
    I64,
}

/// Bytes of the contract's memory that a call reads. The numbers are places of arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// So many bytes where the argument `at` points.
    Fixed {
        /// The pointer.
        at: u8,
        /// Bytes.
        len: u32,
    },
    /// The same, or nothing if the pointer is [`NONE`].
    Optional {
        /// The pointer.
        at: u8,
        /// Bytes.
        len: u32,
    },
    /// As many bytes as another argument says.
    Slice {
        /// The pointer.
        at: u8,
        /// The number of bytes.
        len: u8,
    },
}

/// Bytes of the contract's memory that a call writes. The numbers are places of arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// So many bytes where the argument `at` points.
    Fixed {
        /// The pointer.
        at: u8,
        /// Bytes.
        len: u32,
    },
    /// A buffer, and a pointer to its length: the contract writes there how much it has room for, the call how much
    /// it wrote (`u32`, little endian).
    Buffer {
        /// The pointer to the buffer.
        at: u8,
        /// The pointer to the length.
        len_at: u8,
    },
    /// The same, or nothing if the pointer to the buffer is [`NONE`].
    Skippable {
        /// The pointer to the buffer.
        at: u8,
        /// The pointer to the length.
        len_at: u8,
    },
}

/// A system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The id.
    pub id: CallId,
    /// The name, without `seal_` where the call goes by both.
    pub name: &'static str,
    /// The version: the number behind `seal` in the module's name.
    pub version: u8,
    /// Whether it goes by the name with `seal_` before it, too.
    pub alias: bool,
    /// Whether new code may not import it (A3).
    pub deprecated: bool,
    /// The parameters' types.
    pub params: &'static [ValType],
    /// The result's type: none or one.
    pub results: &'static [ValType],
    /// What it reads, in the order of the arguments.
    pub inputs: &'static [Input],
    /// What it may write.
    pub outputs: &'static [Output],
}

impl Entry {
    /// The name of the module that it is imported from.
    pub fn module(&self) -> &'static str {
        match self.version {
            0 => "seal0",
            1 => "seal1",
            _ => "seal2",
        }
    }

    /// Whether a contract that imports `name` means this call.
    fn goes_by(&self, name: &str) -> bool {
        self.name == name
            || (self.alias
                && name
                    .strip_prefix("seal_")
                    .is_some_and(|rest| rest == self.name))
    }
}

/// The system call that a contract means with this import. `None` if there is none: the module is to be refused.
pub fn find(module: &str, name: &str) -> Option<&'static Entry> {
    ENTRIES
        .iter()
        .find(|entry| entry.module() == module && entry.goes_by(name))
}

#[cfg(test)]
mod tests;
