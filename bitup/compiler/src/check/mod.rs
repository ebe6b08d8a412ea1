//! Names, types and rules: what a program must keep beyond its form.
//!
//! | step | module |
//! | --- | --- |
//! | names of all files and what they import | `declare` |
//! | types of declarations, constants | `resolve`, `written`, `endless`, `constant` |
//! | inheritance, interfaces, who may call | `contract`, `inheritance`, `interface`, `access` |
//! | bodies | `body`, `statement`, `local`, `matching`, `asset` |
//! | expressions | `expression`, `literal`, `operator`, `member`, `call`, `builtin`, `testing`, `object`, `generic` |
//!
//! The rules are told in docs/bitup/reference.md, each finding in docs/bitup/diagnostics.md.

mod access;
mod asset;
mod body;
mod builtin;
mod call;
mod constant;
mod contract;
mod declare;
mod endless;
mod expression;
mod generic;
mod inheritance;
mod interface;
mod literal;
mod local;
mod matching;
mod member;
mod object;
mod operator;
mod program;
mod resolve;
mod statement;
mod testing;
mod types;
mod words;
mod written;

pub(crate) use generic::unify;
pub use program::{
    ClassInfo, ConstantInfo, ContractInfo, Declared, Effect, EnumInfo, FileNumber, FunctionInfo,
    InterfaceInfo, LONGEST_LINE, Placed, Program, RecordInfo, Signature, Slot,
};
pub use types::{BALANCE, Bound, Integer, Type};
pub use words::{WORDS, Word};

use crate::{
    ast,
    diagnostic::{Code, Diagnostic, Diagnostics},
    parser::parse,
    span::Span,
    standard,
};

/// A file of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The path by which other files import it.
    pub path: String,
    /// Its bytes.
    pub text: Vec<u8>,
}

/// A program with what is wrong with it.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What it declares. Whole only without findings.
    pub program: Program,
    /// The findings in each file, in the order of the files; those of the standard library stand behind.
    pub findings: Vec<(Source, Diagnostics)>,
}

impl Checked {
    /// True for a program without a finding.
    #[must_use]
    pub fn is_right(&self) -> bool {
        self.findings.iter().all(|(_, list)| list.is_empty())
    }
}

/// Checks a program of several files. Files of the standard library are added where they are imported.
#[must_use]
pub fn check(sources: &[Source]) -> Checked {
    read(sources, false)
}

/// The same, but what a broken program means is read as far as it can be: for editors, whose programs are broken most of the
/// time. The findings are those of [`check`].
#[must_use]
pub fn check_broken(sources: &[Source]) -> Checked {
    read(sources, true)
}

fn read(sources: &[Source], guess: bool) -> Checked {
    let mut files: Vec<Source> = sources.to_vec();
    let mut checker = Checker::default();
    let mut next = 0;
    while next < files.len() {
        let parsed = parse(&files[next].text);
        let file = ast::lower(&parsed.tree);
        for import in &file.imports {
            let known = files.iter().any(|file| file.path == import.path);
            if let Some(text) = standard::source(&import.path).filter(|_| !known) {
                files.push(Source {
                    path: import.path.clone(),
                    text: text.as_bytes().to_vec(),
                });
            }
        }
        checker.broken.push(!parsed.diagnostics.is_empty());
        checker.findings.push(parsed.diagnostics);
        checker.program.files.push((files[next].path.clone(), file));
        next += 1;
    }
    // What stands in a broken file is not known; findings about its meaning would be guesses.
    if !checker.broken.contains(&true) {
        checker.run();
    } else if guess {
        let form = checker.findings.clone();
        checker.run();
        checker.findings = form;
    }
    for list in &mut checker.findings {
        list.sort();
    }
    Checked {
        program: checker.program,
        findings: files.into_iter().zip(checker.findings).collect(),
    }
}

/// Checks a program of one file and gives what is wrong with that file.
#[must_use]
pub fn check_one(source: &[u8]) -> Diagnostics {
    let file = Source {
        path: "main.bit".to_owned(),
        text: source.to_vec(),
    };
    let mut findings = check(&[file]).findings;
    if findings.is_empty() {
        Diagnostics::default()
    } else {
        findings.swap_remove(0).1
    }
}

#[derive(Default)]
struct Checker {
    program: Program,
    constants: std::collections::HashMap<usize, constant::Evaluation>,
    findings: Vec<Diagnostics>,
    broken: Vec<bool>,
}

impl Checker {
    fn run(&mut self) {
        self.declare();
        self.import();
        self.resolve();
        self.check_contracts();
        self.check_constants();
        self.check_bodies();
    }

    fn report(&mut self, file: FileNumber, diagnostic: Diagnostic) {
        if let Some(list) = self.findings.get_mut(file) {
            list.push(diagnostic);
        }
    }

    /// A finding with advice.
    fn find(
        &mut self,
        file: FileNumber,
        code: Code,
        span: Span,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.report(file, Diagnostic::new(code, span, message).advise(advice));
    }
}

#[cfg(test)]
mod tests;
