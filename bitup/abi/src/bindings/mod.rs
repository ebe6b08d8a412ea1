//! Code in other languages that writes the calls of a contract and reads its answers and events. What is written stands alone
//! but for Rust's `parity-scale-codec`; how calls travel is up to the program that uses it.

mod javascript;
mod plan;
mod python;
mod rust;

use crate::contract::Abi;

/// A language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the languages' names")]
pub enum Language {
    Rust,
    TypeScript,
    Python,
}

/// A file that is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its name.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Why no code is written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BindingsError {
    /// A type that is not written in the languages.
    #[error(
        "type {0} of the metadata holds bits or itself, which bindings do not have; use a client that reads metadata"
    )]
    Type(usize),
}

/// The files for a language.
///
/// # Errors
/// If the contract has a type that is not written.
pub fn write(abi: &Abi, language: Language) -> Result<Vec<Written>, BindingsError> {
    let plan = plan::Plan::new(abi)?.avoid(match language {
        Language::Rust => rust::TAKEN,
        Language::TypeScript => javascript::TAKEN,
        Language::Python => &[],
    });
    Ok(match language {
        Language::Rust => vec![Written {
            name: format!("{}.rs", plan::snake(&abi.name)),
            text: rust::write(&plan),
        }],
        Language::TypeScript => javascript::write(&plan),
        Language::Python => vec![Written {
            name: format!("{}.py", plan::snake(&abi.name)),
            text: python::write(&plan),
        }],
    })
}
