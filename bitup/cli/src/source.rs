//! Commands about sources: `check`, `lint`, `fmt`, `doc`, `explain`.

use crate::{
    arguments::Form,
    error::ToolError,
    files::{self, FileError},
    local, output,
};
use bitup_compiler::{
    Code,
    analysis::Analysis,
    document,
    format::format,
    lint::{self, Rule},
};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// 0 where all is well, 1 where something was found.
pub fn found(anything: bool) -> ExitCode {
    ExitCode::from(u8::from(anything))
}

/// Says what is wrong with programs.
pub fn check(paths: &[PathBuf], json: bool) -> Result<ExitCode, ToolError> {
    let sources = files::program(paths)?;
    let checked = bitup_compiler::check(&sources);
    if json {
        println!("{}", output::findings(&checked.findings));
    } else {
        for (source, list) in &checked.findings {
            eprint!("{}", output::text(source, list));
        }
        let count: usize = checked
            .findings
            .iter()
            .map(|(_, list)| list.list().len() + list.left_out())
            .sum();
        match count {
            0 => println!("{} files, nothing to say", sources.len()),
            _ => eprintln!("{count} findings; `bitup explain CODE` explains one"),
        }
    }
    Ok(found(!checked.is_right()))
}

/// Hints at likely slips in the files named; in what they import it is not looked for.
pub fn lint(paths: &[PathBuf], allow: &[String], json: bool) -> Result<ExitCode, ToolError> {
    let allowed: Vec<Rule> = allow
        .iter()
        .map(|text| Rule::parse(text).ok_or_else(|| ToolError::NoRule(text.clone())))
        .collect::<Result<_, _>>()?;
    let named = files::named(paths)?.len();
    let sources = files::program(paths)?;
    let checked = bitup_compiler::check(&sources);
    if !checked.is_right() {
        return Ok(local::findings(&checked.findings, json));
    }
    let mut hints = lint::lint(&sources);
    hints.truncate(named);
    for list in &mut hints {
        list.retain(|hint| !allowed.contains(&hint.rule));
    }
    let count: usize = hints.iter().map(Vec::len).sum();
    if json {
        println!("{}", output::hints(&sources, &hints));
    } else {
        for (source, list) in sources.iter().zip(&hints) {
            eprint!("{}", output::hint_text(source, list));
        }
        match count {
            0 => println!("{named} files, nothing to say"),
            _ => eprintln!("{count} hints; `bitup explain CODE` explains one"),
        }
    }
    Ok(found(count > 0))
}

/// Brings files in the one form.
pub fn fmt(paths: &[PathBuf], check: bool, json: bool) -> Result<ExitCode, ToolError> {
    let sources = files::named(paths)?;
    let mut changed = Vec::new();
    let mut broken = Vec::new();
    for source in sources {
        match format(&source.text) {
            Ok(text) if text.as_bytes() == source.text => {}
            Ok(text) => {
                if !check {
                    files::write(&source.path, text.as_bytes())?;
                }
                changed.push(source.path);
            }
            Err(list) => broken.push((source, list)),
        }
    }
    if json {
        println!("{}", output::formatted(&changed, &broken));
    } else {
        for path in &changed {
            println!("{} {path}", if check { "differs:" } else { "formatted:" });
        }
        for (source, list) in &broken {
            eprint!("{}", output::text(source, list));
        }
    }
    Ok(found(!broken.is_empty() || (check && !changed.is_empty())))
}

/// Writes what a file's contracts offer to others.
pub fn doc(file: &Path, form: Form, out: Option<&Path>) -> Result<ExitCode, ToolError> {
    let sources = files::program(&[file.to_owned()])?;
    let analysis = Analysis::new(&sources);
    if analysis.files.iter().any(|(_, list)| !list.is_empty()) {
        return Ok(local::findings(&analysis.files, false));
    }
    let entries = document::describe(&analysis, 0);
    if entries.is_empty() {
        return Err(FileError::Undocumented {
            path: file.to_owned(),
        }
        .into());
    }
    let title = file.file_name().unwrap_or(file.as_os_str());
    let title = title.to_string_lossy();
    let text = match form {
        Form::Markdown => document::markdown(&title, &entries),
        Form::Html => document::html(&title, &entries),
    };
    match out {
        Some(path) => files::write(&path.to_string_lossy(), text.as_bytes())?,
        None => print!("{text}"),
    }
    Ok(ExitCode::SUCCESS)
}

/// Explains a code, or lists all.
pub fn explain(code: Option<&str>, json: bool) -> ExitCode {
    let (codes, rules): (Vec<Code>, Vec<Rule>) = match code {
        None => (Code::ALL.to_vec(), Rule::ALL.to_vec()),
        Some(text) => (
            Code::parse(text).into_iter().collect(),
            Rule::parse(text).into_iter().collect(),
        ),
    };
    if codes.is_empty() && rules.is_empty() {
        eprintln!("error: there is no such code; `bitup explain` lists all");
        return ExitCode::from(2);
    }
    if json {
        println!("{}", output::codes(&codes, &rules));
    } else if code.is_some() {
        let texts = codes.iter().map(|code| code.explanation());
        for text in texts.chain(rules.iter().map(|rule| rule.explanation())) {
            println!("{text}");
        }
    } else {
        for code in codes {
            println!("{code} {}", code.title());
        }
        for rule in rules {
            println!("{rule} {}", rule.title());
        }
    }
    ExitCode::SUCCESS
}
