//! `bimp`: a person's identity, devices, contacts, messages and wallet on the command line.
//!
//! | file | job |
//! | --- | --- |
//! | `arguments` | what can be typed |
//! | `context` | data folder, passphrase, node, trust |
//! | `commands` | one file per group of commands |
//! | `talk` | the chat, for the commands that talk |
//! | `hand` | messages that are handed to whoever has the data folder open |
//! | `input` | what comes on standard input |
//! | `memory` | keeps secrets out of core dumps |
//! | `progress` | what is shown while something takes time |
//! | `report` | results, for people and as JSON |
//! | `failure` | errors and exit codes |

mod arguments;
mod commands;
mod context;
mod failure;
mod hand;
mod input;
mod memory;
mod progress;
mod report;
mod talk;

use std::process::ExitCode;

use clap::Parser;

use arguments::Arguments;

// Commands run on the main thread, and wait for the node and the disk most of the time. Connections to relays go on
// meanwhile on one more; the search for a proof of work has a thread of its own.
#[tokio::main(flavor = "multi_thread", worker_threads = 1)]
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
