//! One `parlance` process.

use std::{
    collections::HashSet,
    fs::File,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    sync::{LazyLock, Mutex},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use serde_json::json;
use tokio::process::{Child, Command};

use crate::{
    rpc::Rpc,
    wait::{seconds, until},
};

/// Session keys of a validator: key type, signature scheme.
const SESSION_KEYS: [(&str, &str); 3] = [
    ("aura", "sr25519"),
    ("gran", "ed25519"),
    ("audi", "sr25519"),
];

/// The built node.
#[derive(Clone, Debug)]
pub struct Binary(PathBuf);

impl Binary {
    /// `$PARLANCE_BIN`, or what a release build leaves in the shared target directory.
    pub fn locate() -> Result<Self> {
        let path = match std::env::var_os("PARLANCE_BIN") {
            Some(path) => PathBuf::from(path),
            None => target_directory()?.join("release").join("parlance"),
        };
        ensure!(
            path.is_file(),
            "no node at {}: build it (cargo build --release -p parlance-node) or set PARLANCE_BIN",
            path.display()
        );
        Ok(Self(path))
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Runs a subcommand to its end.
    pub async fn run(&self, args: &[&str]) -> Result<Output> {
        Command::new(&self.0)
            .args(args)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .output()
            .await
            .with_context(|| format!("{} {}", self.0.display(), args.join(" ")))
    }

    /// Runs a subcommand that must succeed, and returns what it printed.
    pub async fn succeed(&self, args: &[&str]) -> Result<String> {
        let output = self.run(args).await?;
        ensure!(
            output.status.success(),
            "parlance {}: {}",
            args.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

/// Whether a process wrote that one of its threads panicked.
///
/// A runtime that is asked to decode what is no extrinsic ends that one call by a trap, and logs the
/// trap as a panic too, without a thread; that is its way to refuse and harms nothing.
pub fn panicked(log: &str) -> bool {
    let native = |line: &str| line.contains("hread '") && line.contains("panicked at");
    log.lines().any(native) || log.contains("This is a bug")
}

fn target_directory() -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("CARGO_TARGET_DIR") {
        return Ok(PathBuf::from(path));
    }
    let cache = match std::env::var_os("XDG_CACHE_HOME") {
        Some(path) => PathBuf::from(path),
        None => PathBuf::from(std::env::var_os("HOME").context("HOME is not set")?).join(".cache"),
    };
    Ok(cache.join("parlance").join("target"))
}

/// A port that nobody listens on and that this process has not given out before.
pub fn free_port() -> Result<u16> {
    static GIVEN: LazyLock<Mutex<HashSet<u16>>> = LazyLock::new(Mutex::default);
    loop {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut given = GIVEN
            .lock()
            .map_err(|_| anyhow::anyhow!("a thread died with the list"))?;
        if given.insert(port) {
            return Ok(port);
        }
    }
}

/// How a node is started.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Name in logs.
    pub name: String,
    /// Chain id or file.
    pub chain: String,
    /// Secret from which all session keys of the validator come; `None` for a node without keys.
    pub suri: Option<String>,
    /// Whether it runs with `--validator`.
    pub validator: bool,
    /// Addresses of the others.
    pub bootnodes: Vec<String>,
    /// Further flags.
    pub flags: Vec<String>,
}

impl Setup {
    /// A node of `chain` that makes blocks alone with the keys of `suri`.
    pub fn alone(chain: &str, suri: &str) -> Self {
        Self {
            name: suri.trim_start_matches('/').to_lowercase(),
            chain: chain.to_owned(),
            suri: Some(suri.to_owned()),
            validator: true,
            bootnodes: Vec::new(),
            // A schedule repeats ids, so the worker takes the set for more than one authority and
            // would wait for peers.
            flags: vec!["--force-authoring".to_owned()],
        }
    }
}

/// A process with its data, which outlives the process.
pub struct Node {
    /// How it is started.
    pub setup: Setup,
    binary: Binary,
    base: PathBuf,
    log: PathBuf,
    secret: String,
    peer: String,
    rpc_port: u16,
    p2p_port: u16,
    child: Option<Child>,
}

impl Node {
    /// Prepares the data directory `base` with network key and session keys; starts nothing.
    pub async fn prepare(binary: &Binary, base: PathBuf, setup: Setup) -> Result<Self> {
        std::fs::create_dir_all(&base)?;
        let secret = base.join("node-key");
        let path = text(&secret)?;
        binary
            .succeed(&["key", "generate-node-key", "--file", &path])
            .await?;
        let peer = binary
            .succeed(&["key", "inspect-node-key", "--file", &path])
            .await?;
        let node = Self {
            log: base.join("node.log"),
            secret: path,
            peer,
            rpc_port: free_port()?,
            p2p_port: free_port()?,
            binary: binary.clone(),
            child: None,
            base,
            setup,
        };
        if let Some(suri) = node.setup.suri.clone() {
            node.insert_keys(&suri).await?;
        }
        Ok(node)
    }

    /// Puts the session keys of `suri` into the keystore.
    pub async fn insert_keys(&self, suri: &str) -> Result<()> {
        for (key_type, scheme) in SESSION_KEYS {
            self.insert_key(suri, key_type, scheme).await?;
        }
        Ok(())
    }

    /// Puts one key of `suri` into the keystore.
    pub async fn insert_key(&self, suri: &str, key_type: &str, scheme: &str) -> Result<()> {
        let data = text(&self.data())?;
        self.binary
            .succeed(&[
                "key",
                "insert",
                "--base-path",
                &data,
                "--chain",
                &self.setup.chain,
                "--scheme",
                scheme,
                "--suri",
                suri,
                "--key-type",
                key_type,
            ])
            .await?;
        Ok(())
    }

    /// Starts the process; returns as soon as it exists.
    pub fn start(&mut self) -> Result<()> {
        ensure!(self.child.is_none(), "{} already runs", self.setup.name);
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = Command::new(self.binary.path());
        command
            .args(self.arguments()?)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true);
        self.child = Some(command.spawn().context("starting the node")?);
        Ok(())
    }

    /// Starts and waits until it answers.
    pub async fn start_and_wait(&mut self) -> Result<()> {
        self.start()?;
        self.ready().await
    }

    /// Waits until the RPC server answers.
    pub async fn ready(&mut self) -> Result<()> {
        let rpc = self.rpc();
        let bound = std::time::Instant::now() + Duration::from_secs(180);
        loop {
            if rpc.call("system_health", json!([])).await.is_ok() {
                return Ok(());
            }
            if let Some(status) = self.exited()? {
                bail!(
                    "{} ended with {status}:\n{}",
                    self.setup.name,
                    self.log_tail(20)
                );
            }
            ensure!(
                std::time::Instant::now() < bound,
                "{} does not answer",
                self.setup.name
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Ends the process at once, as a power cut would.
    pub async fn kill(&mut self) -> Result<()> {
        let mut child = self.child.take().context("not running")?;
        child.kill().await?;
        Ok(())
    }

    /// Asks the process to end and waits for it.
    pub async fn stop(&mut self) -> Result<()> {
        let mut child = self.child.take().context("not running")?;
        let id = child.id().context("already ended")?;
        let sent = Command::new("kill")
            .args(["-TERM", &id.to_string()])
            .status()
            .await?;
        ensure!(sent.success(), "kill -TERM {id} failed");
        tokio::time::timeout(Duration::from_secs(60), child.wait())
            .await
            .with_context(|| format!("{} did not stop within 60 s", self.setup.name))??;
        Ok(())
    }

    /// Waits for the process to end by itself and returns whether it called that a success.
    pub async fn wait_for_exit(&mut self, bound: Duration) -> Result<bool> {
        let child = self.child.as_mut().context("not running")?;
        let status = tokio::time::timeout(bound, child.wait())
            .await
            .with_context(|| format!("still running after {} s", bound.as_secs()))??;
        self.child = None;
        Ok(status.success())
    }

    /// The exit status when the process has ended.
    pub fn exited(&mut self) -> Result<Option<std::process::ExitStatus>> {
        match self.child.as_mut() {
            Some(child) => Ok(child.try_wait()?),
            None => Ok(None),
        }
    }

    /// Whether a process runs.
    pub fn runs(&mut self) -> bool {
        self.child.is_some() && matches!(self.exited(), Ok(None))
    }

    /// Fails when the process has ended by itself.
    pub fn must_run(&mut self) -> Result<()> {
        if self.runs() {
            return Ok(());
        }
        bail!("{} is dead:\n{}", self.setup.name, self.log_tail(20))
    }

    /// JSON-RPC over HTTP.
    pub fn rpc(&self) -> Rpc {
        Rpc::local(self.rpc_port)
    }

    /// Address of the RPC server for clients.
    pub fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.rpc_port)
    }

    /// Port for RPC.
    pub fn rpc_port(&self) -> u16 {
        self.rpc_port
    }

    /// Port for peers.
    pub fn p2p_port(&self) -> u16 {
        self.p2p_port
    }

    /// Address for peers, with the identity.
    pub fn address(&self) -> String {
        format!("/ip4/127.0.0.1/tcp/{}/p2p/{}", self.p2p_port, self.peer)
    }

    /// Directory given as `--base-path`.
    pub fn data(&self) -> PathBuf {
        self.base.join("data")
    }

    /// Everything the node wrote.
    pub fn log(&self) -> String {
        std::fs::read(&self.log)
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Fails when the process has panicked at any time.
    pub fn must_not_have_panicked(&self) -> Result<()> {
        let log = self.log();
        ensure!(!panicked(&log), "{} panicked:\n{log}", self.setup.name);
        Ok(())
    }

    /// The last lines the node wrote.
    pub fn log_tail(&self, lines: usize) -> String {
        let log = self.log();
        let all: Vec<&str> = log.lines().collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }

    /// Waits until the log contains `needle`.
    pub async fn log_has(&self, needle: &str, bound: Duration) -> Result<()> {
        until(
            &format!("{} logs {needle:?}", self.setup.name),
            bound,
            || async { Ok(self.log().contains(needle).then_some(())) },
        )
        .await
    }

    /// Waits until a block of at least this height is best.
    pub async fn best_at_least(&self, height: u64, bound: Duration) -> Result<()> {
        let rpc = self.rpc();
        until(
            &format!("{} has block {height}", self.setup.name),
            bound,
            || async { Ok((crate::facts::best(&rpc).await?.number >= height).then_some(())) },
        )
        .await
    }

    /// Waits until a block of at least this height is final.
    pub async fn final_at_least(&self, height: u64, bound: Duration) -> Result<()> {
        let rpc = self.rpc();
        until(
            &format!("{} has block {height} final", self.setup.name),
            bound,
            || async { Ok((crate::facts::finalized(&rpc).await?.number >= height).then_some(())) },
        )
        .await
    }

    /// Waits until it has its first blocks final: the start of every scenario on one node.
    pub async fn first_blocks(&self) -> Result<()> {
        self.final_at_least(1, seconds(60)).await
    }

    fn arguments(&self) -> Result<Vec<String>> {
        let mut args: Vec<String> = [
            "--chain",
            &self.setup.chain,
            "--name",
            &self.setup.name,
            "--base-path",
            &text(&self.data())?,
            "--node-key-file",
            &self.secret,
            "--rpc-port",
            &self.rpc_port.to_string(),
            "--listen-addr",
            &format!("/ip4/127.0.0.1/tcp/{}", self.p2p_port),
            "--rpc-methods",
            "unsafe",
            "--rpc-cors",
            "all",
            "--no-prometheus",
            "--no-telemetry",
            "--no-mdns",
            "--allow-private-ip",
        ]
        .map(str::to_owned)
        .to_vec();
        // Many nodes start one after the other, and each would compile the runtime.
        if let Some(folder) = std::env::var_os("PARLANCE_COMPILED_RUNTIMES") {
            args.extend(["--compiled-runtimes".to_owned(), text(Path::new(&folder))?]);
        }
        if self.setup.validator {
            args.push("--validator".to_owned());
        }
        for address in &self.setup.bootnodes {
            args.extend(["--bootnodes".to_owned(), address.clone()]);
        }
        args.extend(self.setup.flags.iter().cloned());
        Ok(args)
    }
}

fn text(path: &Path) -> Result<String> {
    Ok(path
        .to_str()
        .with_context(|| format!("{} is no UTF-8", path.display()))?
        .to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_that_panics_is_told_from_a_call_that_traps() {
        assert!(panicked("thread 'main' panicked at node/src/main.rs:1:1:"));
        assert!(panicked(
            "Thread 'tokio-rt-worker' panicked at 'no'\n\nThis is a bug."
        ));
        assert!(!panicked(
            "2026-01-01 panicked at runtime/main/src/apis.rs:27:1:"
        ));
        assert!(!panicked("all is well"));
    }

    #[test]
    fn ports_are_given_out_once() {
        let (first, second) = (free_port().unwrap(), free_port().unwrap());
        assert_ne!(first, second);
    }
}
