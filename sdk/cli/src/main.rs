//! `bimp`: a person's identity, devices, contacts and wallet on the command line.
//!
//! | file | job |
//! | --- | --- |
//! | `arguments` | what can be typed |
//! | `context` | data folder, passphrase, node, trust |
//! | `commands` | one file per group of commands |
//! | `memory` | keeps secrets out of core dumps |
//! | `progress` | what is shown while something takes time |
//! | `report` | results, for people and as JSON |
//! | `failure` | errors and exit codes |

mod arguments;
mod commands;
mod context;
mod failure;
mod memory;
mod progress;
mod report;

use std::process::ExitCode;

use clap::Parser;

use arguments::Arguments;

// One thread: the client waits for a node most of the time, and the search for a proof of work has a
// thread of its own.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    // Before anything that is secret is read.
    let forbidden = memory::forbid_core_dumps();
    let arguments = Arguments::parse();
    let json = arguments.global.json;
    let outcome = match forbidden {
        Ok(()) => commands::run(arguments).await,
        Err(cause) => Err(failure::Failure::CoreDumps(cause)),
    };
    match outcome {
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
