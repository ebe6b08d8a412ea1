//! Commands with their arguments.

use bitup_tester::Options;
use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use std::path::PathBuf;

/// The contract language bitUp.
#[derive(Debug, Parser)]
#[command(name = "bitup", version, arg_required_else_help = true)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
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
    /// Hints at what compiles and is likely a slip.
    Lint {
        /// Files and folders; imports are found from the working folder.
        #[arg(default_value = ".")]
        paths: Vec<PathBuf>,
        /// A rule that is left out, like L08; more than one with `--allow` for each.
        #[arg(long)]
        allow: Vec<String>,
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
    /// Builds again and says whether the same bytes come out: against a file, a hash, or the chain.
    Verify(Verify),
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
    /// Writes what a file's contracts offer to others.
    Doc {
        /// The file; imports are found from the working folder.
        file: PathBuf,
        /// How it is written.
        #[arg(long, value_enum, default_value_t = Form::Markdown)]
        form: Form,
        /// The file to write; without one it is printed.
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// Explains a code like B0501 or L09.
    Explain {
        /// The code; without one, all codes are listed.
        code: Option<String>,
        /// One JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
    /// Writes code of another language that calls a contract.
    Bindings {
        /// The source, or the `.json` or `.contract` file of the contract.
        file: PathBuf,
        /// The language.
        #[arg(long, value_enum)]
        language: Language,
        /// The contract, where the source has several.
        #[arg(long)]
        contract: Option<String>,
        /// The folder for the files.
        #[arg(long, default_value = "bindings")]
        out: PathBuf,
        /// One JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
    /// Takes a program of others in as a package; without one, says whether all packages are as they were taken in.
    Add {
        /// A folder, or an archive that ends in `.tar`, `.tar.gz` or `.tgz`.
        source: Option<PathBuf>,
        /// The package's name; without one, that of the folder or archive.
        #[arg(long)]
        name: Option<String>,
        /// The hash that the package has to have, as its author tells it.
        #[arg(long)]
        hash: Option<String>,
        /// Replaces a package that is there.
        #[arg(long)]
        replace: bool,
        /// One JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
    /// Uses one of the ready-made contracts with your parameters; without one, lists them.
    Use(Use),
    /// Makes a contract on a chain.
    Deploy {
        /// The source, or the `.contract` file.
        file: PathBuf,
        /// The constructor with its arguments, like `new(1_000)`.
        #[arg(default_value = "new()")]
        call: String,
        /// The contract, where the source has several.
        #[arg(long)]
        contract: Option<String>,
        /// Bytes in hexadecimal digits that make the address another one.
        #[arg(long, default_value = "")]
        salt: String,
        /// How it is sent.
        #[command(flatten)]
        send: Send,
    },
    /// Calls a contract on a chain.
    Call {
        /// The source, or the `.json` or `.contract` file.
        file: PathBuf,
        /// The contract's address.
        address: String,
        /// The call, like `transfer(5Grw..., 1_000)`.
        call: String,
        /// The contract, where the source has several.
        #[arg(long)]
        contract: Option<String>,
        /// How it is sent.
        #[command(flatten)]
        send: Send,
    },
    /// Asks a contract on a chain; nothing is sent.
    Query {
        /// The source, or the `.json` or `.contract` file.
        file: PathBuf,
        /// The contract's address.
        address: String,
        /// The call, like `balanceOf(5Grw...)`.
        call: String,
        /// The contract, where the source has several.
        #[arg(long)]
        contract: Option<String>,
        /// Who asks.
        #[arg(
            long,
            default_value = "0x0000000000000000000000000000000000000000000000000000000000000000"
        )]
        from: String,
        /// Tokens that would come with it, in the smallest unit.
        #[arg(long, default_value_t = 0)]
        value: u128,
        /// The node.
        #[arg(long, default_value = NODE)]
        node: String,
        /// One JSON object on standard output.
        #[arg(long)]
        json: bool,
    },
    /// Serves an editor over standard input and output.
    Lsp {
        /// Says that standard input and output are meant, as some editors do; there is nothing else.
        #[arg(long, hide = true)]
        stdio: bool,
    },
    /// Prints the completions of a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// A node on this machine.
const NODE: &str = "http://127.0.0.1:9944";

/// How documentation is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Form {
    /// Markdown.
    Markdown,
    /// A page for browsers.
    Html,
}

/// A language for bindings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// JavaScript with types.
    Typescript,
    /// Rust.
    Rust,
    /// Python.
    Python,
}

/// How a transaction is sent.
#[derive(Clone, Debug, Args)]
pub struct Send {
    /// The file with the key: a phrase, or a seed as `0x` and 64 digits, a path like `//name` behind it.
    #[arg(long)]
    pub key_file: Option<PathBuf>,
    /// A key of test networks, like `//Alice`, which everybody knows.
    #[arg(long, conflicts_with = "key_file")]
    pub test_key: Option<String>,
    /// The node.
    #[arg(long, default_value = NODE)]
    pub node: String,
    /// Tokens that go with the call, in the smallest unit.
    #[arg(long, default_value_t = 0)]
    pub value: u128,
    /// The most that may be held for storage, in the smallest unit.
    #[arg(long)]
    pub deposit_limit: Option<u128>,
    /// Waits until the block is final.
    #[arg(long)]
    pub finalized: bool,
    /// Only prints the bytes of the call; no node is asked.
    #[arg(long)]
    pub encode: bool,
    /// Only says what it would cost and give; nothing is sent.
    #[arg(long, conflicts_with = "encode")]
    pub dry_run: bool,
    /// One JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

/// Against what a build is held.
#[derive(Clone, Debug, Args)]
pub struct Verify {
    /// The source; imports are found from the working folder.
    pub file: PathBuf,
    /// The contract, where the source has several.
    #[arg(long)]
    pub contract: Option<String>,
    /// A `.wasm`, `.json` or `.contract` file.
    #[arg(long, conflicts_with_all = ["hash", "address"])]
    pub against: Option<PathBuf>,
    /// The hash of code, as explorers show it.
    #[arg(long, conflicts_with = "address")]
    pub hash: Option<String>,
    /// The address of a contract on the chain.
    #[arg(long)]
    pub address: Option<String>,
    /// The node.
    #[arg(long, default_value = NODE)]
    pub node: String,
    /// One JSON object on standard output.
    #[arg(long)]
    pub json: bool,
}

/// Which ready-made contract, and how.
#[derive(Clone, Debug, Args)]
pub struct Use {
    /// The contract; without one, all are listed.
    pub module: Option<String>,
    /// A parameter, like `price=5`; once for each.
    #[arg(long)]
    pub set: Vec<String>,
    /// Copies the contract and its tests into this folder, to be changed, instead of deploying it.
    #[arg(long)]
    pub copy: Option<PathBuf>,
    /// Bytes in hexadecimal digits that make the address another one.
    #[arg(long, default_value = "")]
    pub salt: String,
    /// How it is sent.
    #[command(flatten)]
    pub send: Send,
}
