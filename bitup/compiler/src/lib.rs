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
//! | program | [`ast`] | a tree, declarations without white space |
//! | names and types | [`check`] | files, a program or findings |
//! | code | [`ir`], [`wasm`], [`metadata`], [`mod@build`] | a program, Wasm and its ink! v5 metadata |
//! | a second reading | [`interpret`] | `ir`, what it does, step by step |
//! | form | [`format`] | a tree, its text in the one form |
//! | for editors and readers | [`analysis`], [`lint`], [`document`] | a program, what stands where, hints, its public face |
//!
//! The language is described in docs/bitup: grammar.md, reference.md, diagnostics.md, javascript-habits.md.

pub mod analysis;
pub mod ast;
pub mod build;
pub mod check;
pub mod diagnostic;
pub mod document;
pub mod format;
pub mod habits;
pub mod interpret;
pub mod ir;
pub mod kind;
pub mod lexer;
pub mod lint;
pub mod metadata;
pub mod package;
pub mod parser;
pub mod span;
pub mod standard;
pub mod tree;
pub mod wasm;

pub use build::{Built, build, contracts, test_program};
pub use check::{Checked, Source, check, check_broken, check_one};
pub use diagnostic::{Code, Diagnostic, Diagnostics, render};
pub use parser::{Parsed, parse};
pub use span::Span;
