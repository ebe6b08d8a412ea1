//! `bitup test` and `bitup run`: contracts on a chain in memory.

use crate::{error::ToolError, files, output};
use bitup_compiler::{Source, build::Findings, contracts, test_program};
use bitup_tester::{Options, Session, run};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Says what is wrong with a program that cannot be built.
pub fn findings(list: &Findings, json: bool) -> ExitCode {
    if json {
        println!("{}", output::findings(list));
    } else {
        for (source, findings) in list {
            eprint!("{}", output::text(source, findings));
        }
    }
    ExitCode::from(1)
}

/// Runs the tests of files and folders.
pub fn test(paths: &[PathBuf], options: &Options, json: bool) -> Result<ExitCode, ToolError> {
    let sources: Vec<Source> = files::program(paths)?;
    let program = match test_program(&sources) {
        Ok(program) => program,
        Err(list) => return Ok(findings(&list, json)),
    };
    let reports = run(&program, options)?;
    let failed = reports.iter().filter(|report| report.failure.is_some());
    let failed = failed.count();
    if json {
        println!("{}", output::reports(&sources, &reports, options.seed));
    } else {
        for report in &reports {
            print!("{}", output::report(&sources, report));
        }
        println!("{} passed, {failed} failed", reports.len() - failed);
        if failed > 0 {
            println!("again: bitup test --seed {}", options.seed);
        }
    }
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

/// Makes a contract and calls it.
pub fn session(
    file: &Path,
    name: Option<&str>,
    calls: &[String],
    json: bool,
) -> Result<ExitCode, ToolError> {
    let sources = files::program(&[file.to_owned()])?;
    let (program, built) = match contracts(&sources) {
        Ok(built) => built,
        Err(list) => return Ok(findings(&list, json)),
    };
    let by_number: BTreeMap<_, _> = built.into_iter().map(|one| (one.number, one)).collect();
    let mut fitting = by_number
        .values()
        .filter(|one| name.is_none_or(|name| one.module.name == name));
    let (Some(contract), None) = (fitting.next(), fitting.next()) else {
        let names: Vec<&str> = by_number
            .values()
            .map(|one| one.module.name.as_str())
            .collect();
        return Err(ToolError::Which(names.join(", ")));
    };
    let mut session = Session::new(&program, &by_number, contract)?;
    let mut answers = Vec::new();
    let mut failed = false;
    for call in calls {
        let answer = session.call(call)?;
        failed |= answer.result.is_err();
        if !json {
            print!("{}", output::answer(call, &answer));
        }
        answers.push((call.clone(), answer));
    }
    if json {
        println!("{}", output::answers(&answers));
    }
    Ok(if failed {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    })
}
