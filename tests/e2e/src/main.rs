//! Runs the scenarios against a built node.

mod scenarios;

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use parlance_e2e::{
    harness::{self, Choice},
    node::{Binary, Node, Setup},
};

/// End-to-end scenarios of a Parlance network. Without a subcommand every scenario runs.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    job: Option<Job>,
    /// Runs only this group; may be repeated.
    #[arg(long, value_name = "GROUP")]
    only: Vec<String>,
    /// Groups at a time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Prints groups and scenarios and ends.
    #[arg(long)]
    list: bool,
    /// Keeps data and logs of the nodes.
    #[arg(long)]
    keep: bool,
}

#[derive(Subcommand)]
enum Job {
    /// Starts a node that makes blocks alone, and runs a command against it with PARLANCE_URL set.
    WithNode {
        /// Chain id.
        #[arg(long, default_value = "fast-1")]
        chain: String,
        /// The command and its arguments.
        #[arg(required = true, trailing_var_arg = true)]
        command: Vec<String>,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    // Without the backtrace that anyhow's Debug would add: these errors are for the person who runs it.
    run(Cli::parse()).await.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::FAILURE
    })
}

async fn run(cli: Cli) -> Result<ExitCode> {
    if let Some(Job::WithNode { chain, command }) = cli.job {
        return with_node(&chain, &command).await;
    }
    let groups = scenarios::all();
    if cli.list {
        for group in groups {
            println!("{}", group.name);
            group
                .scenarios
                .iter()
                .for_each(|scenario| println!("    {scenario}"));
        }
        return Ok(ExitCode::SUCCESS);
    }
    let choice = Choice {
        only: cli.only,
        jobs: cli.jobs,
        keep: cli.keep,
    };
    let (passed, failed) = harness::run(groups, choice).await?;
    println!("{passed} passed, {failed} failed");
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn with_node(chain: &str, command: &[String]) -> Result<ExitCode> {
    let binary = Binary::locate()?;
    let root = tempfile::Builder::new().prefix("parlance-e2e-").tempdir()?;
    let setup = Setup::alone(chain, "//Alice");
    let mut node = Node::prepare(&binary, root.path().join("node"), setup).await?;
    node.start_and_wait().await?;
    node.first_blocks().await?;
    let (program, arguments) = command.split_first().context("no command")?;
    let status = tokio::process::Command::new(program)
        .args(arguments)
        .env("PARLANCE_URL", node.url())
        .kill_on_drop(true)
        .status()
        .await
        .with_context(|| format!("running {program}"))?;
    if !status.success() {
        println!("--- the node's last lines\n{}", node.log_tail(40));
        return Ok(ExitCode::FAILURE);
    }
    node.must_run()?;
    Ok(ExitCode::SUCCESS)
}
