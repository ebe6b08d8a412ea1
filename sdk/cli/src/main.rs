//! `bimp`: a person's identity, devices, contacts and wallet on the command line.
//!
//! | file | job |
//! | --- | --- |
//! | `arguments` | what can be typed |
//! | `context` | data folder, passphrase, node, trust |
//! | `commands` | one file per group of commands |
//! | `progress` | what is shown while something takes time |
//! | `report` | results, for people and as JSON |
//! | `failure` | errors and exit codes |

mod arguments;
mod commands;
mod context;
mod failure;
mod progress;
mod report;

use std::process::ExitCode;

use clap::Parser;

use arguments::Arguments;

// One thread: the client waits for a node most of the time, and the search for a proof of work has a
// thread of its own.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let json = arguments.global.json;
    match commands::run(arguments).await {
        Ok(report) => {
            report.print(json);
            ExitCode::SUCCESS
        }
        Err(failure) => {
            failure.print(json);
            failure.code()
        }
    }
}
