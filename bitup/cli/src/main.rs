//! `bitup`: the tool of the contract language.

mod arguments;
mod artifact;
mod chain;
mod error;
mod files;
mod local;
mod make;
mod modules;
mod output;
mod packages;
mod project;
mod source;

use arguments::{Arguments, Command};
use bitup_tester::Options;
use clap::{CommandFactory, Parser};
use error::ToolError;
use std::process::ExitCode;

/// Exit codes: 0 for success, 1 for findings, 2 for what could not be done.
fn main() -> ExitCode {
    run(Arguments::parse().command).unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::from(2)
    })
}

fn run(command: Command) -> Result<ExitCode, ToolError> {
    match command {
        Command::New { folder } => make::new(&folder),
        Command::Check { paths, json } => source::check(&paths, json),
        Command::Lint { paths, allow, json } => source::lint(&paths, &allow, json),
        Command::Build { file, out, json } => make::build(&file, &out, json),
        Command::Verify(what) => make::verify(&what),
        Command::Test {
            paths,
            seed,
            runs,
            only,
            json,
        } => local::test(&paths, &Options { seed, runs, only }, json),
        Command::Run {
            file,
            calls,
            contract,
            json,
        } => local::session(&file, contract.as_deref(), &calls, json),
        Command::Fmt { paths, check, json } => source::fmt(&paths, check, json),
        Command::Doc { file, form, out } => source::doc(&file, form, out.as_deref()),
        Command::Explain { code, json } => Ok(source::explain(code.as_deref(), json)),
        Command::Bindings {
            file,
            language,
            contract,
            out,
            json,
        } => make::bindings(&file, language, contract.as_deref(), &out, json),
        Command::Add {
            source,
            name,
            hash,
            replace,
            json,
        } => match source {
            Some(source) => packages::add(&source, name.as_deref(), hash.as_deref(), replace, json),
            None => packages::check_all(json),
        },
        Command::Use(what) => modules::run(&what),
        Command::Deploy {
            file,
            call,
            contract,
            salt,
            send,
        } => chain::deploy(&file, contract.as_deref(), &call, &salt, &send),
        Command::Call {
            file,
            address,
            call,
            contract,
            send,
        } => chain::call(&file, contract.as_deref(), &address, &call, &send),
        Command::Query {
            file,
            address,
            call,
            contract,
            from,
            value,
            node,
            json,
        } => {
            let question = chain::Question {
                address: &address,
                call: &call,
                from: &from,
                value,
                node: &node,
                json,
            };
            chain::query(&file, contract.as_deref(), &question)
        }
        Command::Lsp { stdio: _ } => {
            bitup_lsp::serve_stdio()?;
            Ok(ExitCode::SUCCESS)
        }
        Command::Completions { shell } => {
            let mut command = Arguments::command();
            clap_complete::generate(shell, &mut command, "bitup", &mut std::io::stdout());
            Ok(ExitCode::SUCCESS)
        }
    }
}
