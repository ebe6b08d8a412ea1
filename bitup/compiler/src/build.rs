//! From files to Wasm and metadata.

use crate::{
    check::{FileNumber, Program, Source, check},
    diagnostic::{Code, Diagnostic, Diagnostics},
    ir, metadata,
    span::Span,
    wasm,
};

/// A contract that can be deployed.
#[derive(Clone, Debug)]
pub struct Built {
    /// Its name.
    pub name: String,
    /// Its code.
    pub wasm: Vec<u8>,
    /// Its metadata, JSON of ink! version 5.
    pub metadata: String,
}

/// Builds all contracts of the first file that are not abstract.
///
/// # Errors
/// With what is wrong with the program or cannot be built yet, by file.
pub fn build(sources: &[Source]) -> Result<Vec<Built>, Vec<(Source, Diagnostics)>> {
    let checked = check(sources);
    if !checked.is_right() {
        return Err(checked.findings);
    }
    let mut findings = checked.findings;
    let mut built = Vec::new();
    let mut wrong: Vec<(FileNumber, Diagnostic)> = Vec::new();
    for (number, contract) in checked.program.contracts.iter().enumerate() {
        if contract.file != 0 || contract.ast.is_abstract {
            continue;
        }
        match one(&checked.program, number) {
            Ok(contract) => built.push(contract),
            Err(more) => wrong.extend(more),
        }
    }
    if built.is_empty() && wrong.is_empty() {
        let message = "this file declares no contract that can be deployed";
        let advice = "name the file with the contract; `abstract` contracts are built with those that extend them";
        wrong.push((
            0,
            Diagnostic::new(Code::NoContract, Span::at(0), message).advise(advice),
        ));
    }
    if wrong.is_empty() {
        return Ok(built);
    }
    for (file, finding) in wrong {
        if let Some((_, list)) = findings.get_mut(file) {
            list.push(finding);
        }
    }
    Err(findings)
}

fn one(program: &Program, contract: usize) -> Result<Built, Vec<(FileNumber, Diagnostic)>> {
    let module = ir::lower(program, contract)?;
    let info = &program.contracts[contract];
    let wasm = wasm::generate(&module).map_err(|error| {
        let advice = "use fewer or shorter fields and parameters";
        vec![(
            info.file,
            Diagnostic::new(Code::NotBuilt, info.ast.name.span, error.to_string()).advise(advice),
        )]
    })?;
    let metadata = metadata::describe(program, contract, &module, &wasm);
    Ok(Built {
        name: module.name,
        wasm,
        metadata,
    })
}
