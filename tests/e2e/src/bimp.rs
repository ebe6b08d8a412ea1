//! The user's client `bimp`, run as a person runs it: a data folder each, one command at a time.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context, Result, ensure};
use parlance_client::{store::Options, vault::Vault};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

/// Longest run of one command. A proof of work may be unlucky.
const PATIENCE: Duration = Duration::from_secs(240);
const PASSPHRASE: &str = "correct horse battery staple";

/// A person with a data folder.
#[derive(Clone, Debug)]
pub struct Person {
    binary: PathBuf,
    folder: PathBuf,
    node: String,
    trust: String,
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// Exit code.
    pub code: i32,
    /// What it said: the result, or the error.
    pub said: Value,
}

impl Person {
    /// Somebody with an empty folder, who knows a node and the chain's genesis hash.
    pub fn new(folder: PathBuf, node: &str, genesis: &str) -> Result<Self> {
        Ok(Self {
            binary: locate()?,
            folder,
            node: node.to_owned(),
            trust: genesis.to_owned(),
        })
    }

    /// The same folder with another node.
    pub fn with_node(&self, node: &str) -> Self {
        Self {
            node: node.to_owned(),
            ..self.clone()
        }
    }

    /// The program.
    pub fn binary(&self) -> &Path {
        &self.binary
    }

    /// The data folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The variables of the environment that its commands need.
    pub fn variables(&self) -> Vec<(&'static str, String)> {
        vec![
            ("BIMP_FOLDER", self.folder.display().to_string()),
            ("BIMP_NODE", self.node.clone()),
            ("BIMP_TRUST", self.trust.clone()),
            ("BIMP_PASSPHRASE", PASSPHRASE.to_owned()),
        ]
    }

    /// What is in the folder: no command can run while it is open.
    pub fn vault(&self) -> Result<Vault> {
        let path = self.folder.join("vault");
        Ok(Vault::open(
            &path,
            PASSPHRASE.as_bytes(),
            Options::default(),
        )?)
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Result<Ended> {
        self.run_with(arguments, &[], &[]).await
    }

    /// Runs a command that must succeed, and returns what it said.
    pub async fn succeed(&self, arguments: &[&str]) -> Result<Value> {
        let ended = self.run(arguments).await?;
        ensure!(
            ended.code == 0,
            "bimp {}: exit code {}: {}",
            arguments.join(" "),
            ended.code,
            ended.said
        );
        Ok(ended.said)
    }

    /// Runs a command that must fail with that exit code, and returns the error's text.
    pub async fn refusal(&self, code: i32, arguments: &[&str]) -> Result<String> {
        let ended = self.run(arguments).await?;
        ensure!(
            ended.code == code,
            "bimp {}: exit code {}, not {code}: {}",
            arguments.join(" "),
            ended.code,
            ended.said
        );
        text(&ended.said, "error")
    }

    /// Runs a command below a wrapper such as `unshare`, with further variables.
    pub async fn run_with(
        &self,
        arguments: &[&str],
        wrapper: &[&str],
        variables: &[(&str, &str)],
    ) -> Result<Ended> {
        let mut command = match wrapper.split_first() {
            Some((program, rest)) => {
                let mut command = Command::new(program);
                command.args(rest).arg(&self.binary);
                command
            }
            None => Command::new(&self.binary),
        };
        self.settings(&mut command);
        command
            .args(arguments)
            .arg("--json")
            .envs(variables.iter().copied())
            .stdin(Stdio::null());
        let output = tokio::time::timeout(PATIENCE, command.output())
            .await
            .with_context(|| format!("bimp {} does not end", arguments.join(" ")))?
            .with_context(|| format!("running {}", self.binary.display()))?;
        let code = output.status.code().context("bimp was killed")?;
        let spoken = if code == 0 {
            &output.stdout
        } else {
            &output.stderr
        };
        let spoken = String::from_utf8_lossy(spoken);
        let last = spoken.lines().last().unwrap_or_default();
        let said = serde_json::from_str(last)
            .with_context(|| format!("bimp {}: no JSON in {spoken:?}", arguments.join(" ")))?;
        Ok(Ended { code, said })
    }

    /// Runs `bimp chat` on what is typed beforehand, and returns what it shows.
    pub async fn chat(&self, with: &str, lines: &str, patience: Duration) -> Result<String> {
        let mut command = Command::new(&self.binary);
        self.settings(&mut command);
        let mut child = command
            .args(["chat", with])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("running {}", self.binary.display()))?;
        let mut input = child.stdin.take().context("no standard input")?;
        input.write_all(lines.as_bytes()).await?;
        drop(input);
        let output = tokio::time::timeout(patience, child.wait_with_output()).await??;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let wrong = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "bimp chat: {said}\n{wrong}");
        Ok(said)
    }

    /// Starts `bimp bot`.
    pub fn bot(&self) -> Result<Bot> {
        let mut command = Command::new(&self.binary);
        self.settings(&mut command);
        let mut child = command
            .arg("bot")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("running {}", self.binary.display()))?;
        let orders = child.stdin.take().context("no standard input")?;
        let events = child.stdout.take().context("no standard output")?;
        let events = BufReader::new(events).lines();
        Ok(Bot {
            child,
            orders,
            events,
        })
    }

    fn settings(&self, command: &mut Command) {
        command.envs(self.variables()).kill_on_drop(true);
    }
}

/// `bimp bot`, which takes orders and tells events.
#[derive(Debug)]
pub struct Bot {
    child: Child,
    orders: ChildStdin,
    events: Lines<BufReader<ChildStdout>>,
}

impl Bot {
    /// Gives an order.
    pub async fn order(&mut self, order: &Value) -> Result<()> {
        let line = format!("{order}\n");
        Ok(self.orders.write_all(line.as_bytes()).await?)
    }

    /// The next event that is the one; those before it are passed over.
    pub async fn event(&mut self, is: impl Fn(&Value) -> bool) -> Result<Value> {
        let mut passed = Vec::new();
        let found = async {
            while let Some(line) = self.events.next_line().await? {
                let event: Value = serde_json::from_str(&line)?;
                if is(&event) {
                    return Ok(event);
                }
                passed.push(line);
            }
            anyhow::bail!("bimp bot has ended")
        };
        let found = tokio::time::timeout(PATIENCE, found).await;
        let found = found.unwrap_or_else(|_| Err(anyhow::anyhow!("it does not come")));
        found.with_context(|| format!("after {}", passed.join("\n")))
    }

    /// The next event of that name.
    pub async fn named(&mut self, name: &str) -> Result<Value> {
        self.event(|event| event["event"] == name).await
    }

    /// Ends it as a loss of power does.
    pub async fn kill(mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Ends it as its user does.
    pub async fn quit(mut self) -> Result<()> {
        self.order(&serde_json::json!({"do": "quit"})).await?;
        self.named("bye").await?;
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await??;
        ensure!(status.success(), "bimp bot: {status}");
        Ok(())
    }
}

/// A text field of what was said.
pub fn text(said: &Value, field: &str) -> Result<String> {
    said[field]
        .as_str()
        .map(str::to_owned)
        .with_context(|| format!("no text {field} in {said}"))
}

/// `$BIMP_BIN`, or the program that was built beside this one.
fn locate() -> Result<PathBuf> {
    let path = match std::env::var_os("BIMP_BIN") {
        Some(path) => PathBuf::from(path),
        None => std::env::current_exe()?.with_file_name("bimp"),
    };
    ensure!(
        path.is_file(),
        "no bimp at {}: build it (cargo build --release), or set BIMP_BIN",
        path.display()
    );
    Ok(path)
}
