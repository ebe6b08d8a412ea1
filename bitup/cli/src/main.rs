//! `bitup`: the tool of the contract language.

mod files;
mod local;
mod output;
mod project;

use bitup_compiler::{Checked, Code, build, check, format::format};
use bitup_local::{Chain, CodeRefused};
use bitup_tester::{Options, SessionError};
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use files::FileError;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// The contract language bitUp.
#[derive(Debug, Parser)]
#[command(name = "bitup", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// What the tool could not do.
#[derive(Debug, thiserror::Error)]
enum ToolError {
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The code of a contract.
    #[error("{0}; this is a fault of the compiler")]
    Code(#[from] CodeRefused),
    /// A call.
    #[error(transparent)]
    Call(#[from] SessionError),
    /// It is not clear which contract is meant.
    #[error("name one contract with `--contract`: the file has {0}")]
    Which(String),
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes a folder with a contract and its tests.
    New {
        /// The folder, which does not exist yet or is empty.
        folder: PathBuf,
    },
    /// Says what is wrong with programs: with files, or with all `.bit` files of folders.
    Check {
        /// Files and folders; the folder counts from which imports are found is the working folder.
        #[arg(default_value = ".")]
        paths: Vec<PathBuf>,
        /// One JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
    /// Makes Wasm and metadata of the contracts of a file.
    Build {
        /// The file; imports are found from the working folder.
        file: PathBuf,
        /// The folder for NAME.wasm, NAME.json and NAME.contract.
        #[arg(long, default_value = "build")]
        out: PathBuf,
        /// One JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
    /// Runs the tests of files, or of all `.bit` files of folders.
    Test {
        /// Files and folders; imports are found from the working folder.
        #[arg(default_value = ".")]
        paths: Vec<PathBuf>,
        /// Where the arguments of tests with parameters begin.
        #[arg(long, default_value_t = Options::default().seed)]
        seed: u64,
        /// How often a test with parameters runs.
        #[arg(long, default_value_t = Options::default().runs)]
        runs: u32,
        /// Only tests whose title has this in it.
        #[arg(long)]
        only: Option<String>,
        /// One JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
    /// Makes a contract on a chain in memory and calls it.
    Run {
        /// The file; imports are found from the working folder.
        file: PathBuf,
        /// Calls like `new(1_000)`, `bob: transfer(alice, 5)` or `bob: join() + 100`, the last with tokens.
        #[arg(required = true)]
        calls: Vec<String>,
        /// The contract, where the file has several.
        #[arg(long)]
        contract: Option<String>,
        /// One JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
    /// Brings files in the one form.
    Fmt {
        /// Files and folders.
        #[arg(default_value = ".")]
        paths: Vec<PathBuf>,
        /// Changes nothing; fails when a file is not in the one form.
        #[arg(long)]
        check: bool,
        /// One JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
    /// Explains a code like B0501.
    Explain {
        /// The code; without one, all codes are listed.
        code: Option<String>,
        /// One JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
    /// Prints the completions of a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// Exit codes: 0 for success, 1 for findings, 2 for what could not be done.
fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Command::Check { paths, json } => run_check(&paths, json),
        Command::New { folder } => run_new(&folder),
        Command::Build { file, out, json } => run_build(&file, &out, json),
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
        Command::Fmt { paths, check, json } => run_fmt(&paths, check, json),
        Command::Explain { code, json } => Ok(run_explain(code.as_deref(), json)),
        Command::Completions { shell } => {
            clap_complete::generate(
                shell,
                &mut Arguments::command(),
                "bitup",
                &mut std::io::stdout(),
            );
            Ok(ExitCode::SUCCESS)
        }
    };
    result.unwrap_or_else(|error| {
        eprintln!("error: {error}");
        ExitCode::from(2)
    })
}

fn run_check(paths: &[PathBuf], json: bool) -> Result<ExitCode, ToolError> {
    let sources = files::program(paths)?;
    let checked: Checked = check(&sources);
    let right = checked.is_right();
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
    Ok(if right {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(1)
    })
}

fn run_new(folder: &Path) -> Result<ExitCode, ToolError> {
    for path in project::make(folder)? {
        println!("{}", path.display());
    }
    println!("next: cd {} && bitup test", folder.display());
    Ok(ExitCode::SUCCESS)
}

fn run_build(file: &Path, out: &Path, json: bool) -> Result<ExitCode, ToolError> {
    let sources = files::program(&[file.to_owned()])?;
    let contracts = match build(&sources) {
        Ok(contracts) => contracts,
        Err(findings) => return Ok(local::findings(&findings, json)),
    };
    // What the chain would refuse is not written.
    for contract in &contracts {
        Chain::default().upload(&contract.wasm)?;
    }
    files::folder(out)?;
    for contract in &contracts {
        let path = |ending: &str| {
            out.join(format!("{}.{ending}", contract.name))
                .to_string_lossy()
                .into_owned()
        };
        files::write(&path("wasm"), &contract.wasm)?;
        files::write(&path("json"), contract.metadata.as_bytes())?;
        files::write(&path("contract"), output::bundle(contract).as_bytes())?;
        if !json {
            println!("{}: {} bytes of Wasm", path("wasm"), contract.wasm.len());
        }
    }
    if json {
        println!("{}", output::built(&contracts));
    }
    Ok(ExitCode::SUCCESS)
}

fn run_fmt(paths: &[PathBuf], check: bool, json: bool) -> Result<ExitCode, ToolError> {
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
    let failed = !broken.is_empty() || (check && !changed.is_empty());
    Ok(if failed {
        ExitCode::from(1)
    } else {
        ExitCode::SUCCESS
    })
}

fn run_explain(code: Option<&str>, json: bool) -> ExitCode {
    let codes: Vec<Code> = match code {
        None => Code::ALL.to_vec(),
        Some(text) => Code::parse(text).into_iter().collect(),
    };
    if codes.is_empty() {
        eprintln!("error: there is no such code; `bitup explain` lists all");
        return ExitCode::from(2);
    }
    if json {
        println!("{}", output::codes(&codes));
    } else if code.is_some() {
        println!("{}", codes[0].explanation());
    } else {
        for code in codes {
            println!("{code} {}", code.title());
        }
    }
    ExitCode::SUCCESS
}
