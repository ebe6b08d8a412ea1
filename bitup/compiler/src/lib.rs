//! The compiler of bitUp, the language of contracts.
//!
//! A pure library: source text in, diagnostics, a formatted text, Wasm and metadata out. It has no file system, no clock and
//! no randomness, so the tool on the command line, the editor's server and a web page run the same code. Each phase is a
//! module:
//!
//! | phase | module | from, to |
//! | --- | --- | --- |
//! | tokens | [`lexer`] | bytes, tokens that cover every byte |
//! | tree | [`parser`], [`tree`] | tokens, a lossless tree; recovers from every mistake |
//! | form | [`format`] | a tree, its text in the one form |
//!
//! The language is described in docs/bitup: grammar.md, reference.md, diagnostics.md, javascript-habits.md.

pub mod diagnostic;
pub mod format;
pub mod habits;
pub mod kind;
pub mod lexer;
pub mod parser;
pub mod span;
pub mod tree;

pub use diagnostic::{Code, Diagnostic, Diagnostics, render};
pub use parser::{Parsed, parse};
pub use span::Span;
