//! From files to Wasm and metadata.

use crate::{
    check::{FileNumber, Program, Source, check},
    diagnostic::{Code, Diagnostic, Diagnostics},
    ir, metadata,
    span::Span,
    wasm,
};
use std::collections::BTreeMap;

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

/// A contract in the forms on the way to its code.
#[derive(Clone, Debug)]
pub struct Contract {
    /// Its number in the program.
    pub number: usize,
    /// The form that is run step by step.
    pub module: ir::Module,
    /// Its code.
    pub wasm: Vec<u8>,
}

/// A program with its tests and the contracts that they make.
#[derive(Clone, Debug)]
pub struct TestProgram {
    /// The program.
    pub program: Program,
    /// Its tests.
    pub tests: ir::Tests,
    /// The contracts by their numbers.
    pub contracts: BTreeMap<usize, Contract>,
}

/// What is wrong with each file.
pub type Findings = Vec<(Source, Diagnostics)>;
type Wrong = Vec<(FileNumber, Diagnostic)>;

/// Builds all contracts of the first file that are not abstract.
///
/// # Errors
/// With what is wrong with the program or cannot be built yet, by file.
pub fn build(sources: &[Source]) -> Result<Vec<Built>, Findings> {
    let (program, contracts) = contracts(sources)?;
    let built = contracts.into_iter().map(|contract| Built {
        metadata: metadata::describe(&program, contract.number, &contract.module, &contract.wasm),
        name: contract.module.name,
        wasm: contract.wasm,
    });
    Ok(built.collect())
}

/// The program, and all contracts of its first file that are not abstract.
///
/// # Errors
/// With what is wrong with the program or cannot be built yet, by file.
pub fn contracts(sources: &[Source]) -> Result<(Program, Vec<Contract>), Findings> {
    let (program, findings) = checked(sources)?;
    let mut built = Vec::new();
    let mut wrong = Wrong::new();
    for (number, contract) in program.contracts.iter().enumerate() {
        if contract.file != 0 || contract.ast.is_abstract {
            continue;
        }
        match one(&program, number) {
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
    right_or(wrong, findings)?;
    Ok((program, built))
}

/// The tests of a program and what they need.
///
/// # Errors
/// With what is wrong with the program or cannot be built yet, by file.
pub fn test_program(sources: &[Source]) -> Result<TestProgram, Findings> {
    let (program, findings) = checked(sources)?;
    let tests = match ir::tests(&program) {
        Ok(tests) => tests,
        Err(wrong) => return Err(with(wrong, findings)),
    };
    let mut contracts = BTreeMap::new();
    let mut wrong = Wrong::new();
    for number in &tests.contracts {
        match one(&program, *number) {
            Ok(contract) => {
                contracts.insert(*number, contract);
            }
            Err(more) => wrong.extend(more),
        }
    }
    right_or(wrong, findings)?;
    Ok(TestProgram {
        program,
        tests,
        contracts,
    })
}

fn checked(sources: &[Source]) -> Result<(Program, Findings), Findings> {
    let checked = check(sources);
    if checked.is_right() {
        Ok((checked.program, checked.findings))
    } else {
        Err(checked.findings)
    }
}

fn right_or(wrong: Wrong, findings: Findings) -> Result<(), Findings> {
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(with(wrong, findings))
    }
}

fn with(wrong: Wrong, mut findings: Findings) -> Findings {
    for (file, finding) in wrong {
        if let Some((_, list)) = findings.get_mut(file) {
            list.push(finding);
        }
    }
    findings
}

fn one(program: &Program, number: usize) -> Result<Contract, Wrong> {
    let module = ir::lower(program, number)?;
    let info = &program.contracts[number];
    let wasm = wasm::generate(&module).map_err(|error| {
        let advice = "use fewer or shorter fields and parameters";
        vec![(
            info.file,
            Diagnostic::new(Code::NotBuilt, info.ast.name.span, error.to_string()).advise(advice),
        )]
    })?;
    Ok(Contract {
        number,
        module,
        wasm,
    })
}
