//! Power cuts, damaged files, a full disk, and two nodes on one directory.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail, ensure};
use parlance_e2e::{
    chain::{Chain, account, address, call, key},
    facts::{self, Block},
    harness::{Group, Stage},
    node::{Node, Setup, panicked},
    wait::seconds,
};
use serde_json::json;
use subxt::dynamic::Value;

const SHARED: &str = "a second node on the same directory says so and ends";
const KILLED: &str = "a kill under load loses nothing final";
const DAMAGED: &str = "a truncated database is named or repaired, never a panic";
const FULL: &str = "a full disk stops the node with its reason and loses nothing";

/// Free space in MiB below which the node of the full-disk scenario must stop.
const RESERVE: u64 = 64;

pub fn group() -> Group {
    Group {
        name: "storage_faults",
        scenarios: &[SHARED, KILLED, DAMAGED, FULL],
        run: |stage| Box::pin(run(stage)),
    }
}

async fn run(stage: &Stage) -> Result<()> {
    let mut node = prepare(stage, "node", stage.directory("node")?, &[]).await?;
    node.start_and_wait().await?;
    node.first_blocks().await?;
    stage
        .scenario(SHARED, shared_directory(stage, &mut node))
        .await?;
    stage.scenario(KILLED, killed_under_load(&mut node)).await?;
    node.stop().await?;
    stage.scenario(DAMAGED, damaged(stage, &node)).await?;
    match Disk::mount(&stage.directory("disk")?, 512) {
        Ok(disk) => stage.scenario(FULL, full_disk(stage, &disk)).await,
        Err(why) => stage.skip(
            FULL,
            &format!("a small disk cannot be mounted here: {why:#}"),
        ),
    }
}

async fn prepare(stage: &Stage, name: &str, base: PathBuf, flags: &[&str]) -> Result<Node> {
    let mut setup = Setup::alone("fast-1", "//Alice");
    setup.name = name.to_owned();
    setup
        .flags
        .extend(flags.iter().map(|flag| (*flag).to_owned()));
    Node::prepare(&stage.binary, base, setup).await
}

async fn shared_directory(stage: &Stage, first: &mut Node) -> Result<()> {
    let data = first.data();
    let data = data.to_str().context("a path that is no UTF-8")?;
    let port = parlance_e2e::node::free_port()?.to_string();
    let output = tokio::time::timeout(
        seconds(60),
        stage.binary.run(&[
            "--chain",
            "fast-1",
            "--base-path",
            data,
            "--rpc-port",
            &port,
            "--no-prometheus",
            "--no-mdns",
            "--listen-addr",
            "/ip4/127.0.0.1/tcp/0",
        ]),
    )
    .await
    .context("the second node runs on")??;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure!(
        !output.status.success(),
        "the second node ended as if all were well"
    );
    ensure!(
        text.contains(data) && text.contains("is in use") && text.contains("--base-path"),
        "the folder, the reason or the remedy is missing: {text}"
    );
    ensure!(!panicked(&text), "it panicked: {text}");
    first.must_run()?;
    continues(first).await
}

async fn killed_under_load(node: &mut Node) -> Result<()> {
    let chain = Chain::connect(&node.url()).await?;
    let alice = key("//Alice")?;
    let to = address(&account(&key("//Bob")?));
    let transfer = call("Balances", "transfer_keep_alive", vec![to, Value::u128(1)]);
    let start = chain.nonce(&account(&alice)).await?;
    let rpc = node.rpc();
    let mut signed = Vec::new();
    for nonce in start..start + 300 {
        signed.push(subxt::utils::to_hex(
            chain.signed(&transfer, &alice, nonce).await?,
        ));
    }
    // Ends with the node: the first refused connection stops it.
    let load = tokio::spawn(async move {
        for bytes in signed {
            if rpc
                .call("author_submitExtrinsic", json!([bytes]))
                .await
                .is_err()
            {
                return;
            }
        }
    });
    let head = facts::best(&node.rpc()).await?;
    node.final_at_least(head.number + 2, seconds(60)).await?;
    let settled = facts::finalized(&node.rpc()).await?;
    node.kill().await?;
    load.await?;

    node.start_and_wait().await?;
    keeps(node, &settled).await?;
    continues(node).await?;
    let chain = Chain::connect(&node.url()).await?;
    let reached = chain.nonce(&account(&alice)).await?;
    ensure!(reached > start, "no transfer of the load survived");
    Ok(())
}

async fn damaged(stage: &Stage, healthy: &Node) -> Result<()> {
    for (kind, wanted) in [
        ("tables", ".sst"),
        ("manifest", "MANIFEST"),
        ("log", ".log"),
        ("pointer", "CURRENT"),
    ] {
        let base = stage.directory(&format!("damaged-{kind}"))?;
        let mut node = prepare(stage, kind, base, &[]).await?;
        copy_tree(&healthy.data(), &node.data())?;
        let hit = truncate(&node.data().join("chains"), wanted)?;
        if hit == 0 {
            stage.figure(&format!("{kind}: the database has no such file"));
            continue;
        }
        node.start()?;
        let outcome = match node.ready().await {
            Ok(()) => {
                continues(&node)
                    .await
                    .with_context(|| format!("{kind} truncated"))?;
                node.stop().await?;
                "repaired"
            }
            Err(error) => {
                ensure!(!node.runs(), "{kind} truncated: it hangs: {error:#}");
                let log = node.log();
                ensure!(
                    log.contains("cannot be opened") && log.contains("purge-chain"),
                    "{kind} truncated: no reason and remedy in:\n{log}"
                );
                "refused with a reason"
            }
        };
        node.must_not_have_panicked()?;
        stage.figure(&format!("{kind}: {hit} files truncated: {outcome}"));
    }
    Ok(())
}

async fn full_disk(stage: &Stage, disk: &Disk) -> Result<()> {
    let reserve = RESERVE.to_string();
    let flags = [
        "--db-storage-threshold",
        &reserve,
        "--db-storage-polling-period",
        "1",
    ];
    let mut node = prepare(stage, "full", disk.0.join("node"), &flags).await?;
    node.start_and_wait().await?;
    node.first_blocks().await?;
    let settled = facts::finalized(&node.rpc()).await?;

    let ballast = disk.0.join("ballast");
    disk.fill(&ballast, RESERVE / 2)?;
    let success = node.wait_for_exit(seconds(60)).await?;
    ensure!(!success, "it ended as if all were well");
    let log = node.log().to_lowercase();
    ensure!(
        log.contains("space"),
        "the reason is missing:\n{}",
        node.log_tail(20)
    );
    node.must_not_have_panicked()?;

    node.start()?;
    ensure!(node.ready().await.is_err(), "it starts on a full disk");
    // The failed start is over; its process handle is all that is left.
    node.wait_for_exit(seconds(60)).await?;

    fs::remove_file(&ballast)?;
    node.start_and_wait().await?;
    keeps(&node, &settled).await?;
    continues(&node).await?;
    node.stop().await
}

/// The node still has a block that was final.
async fn keeps(node: &Node, block: &Block) -> Result<()> {
    let hash = facts::hash_at(&node.rpc(), block.number).await?;
    ensure!(
        hash.as_deref() == Some(block.hash.as_str()),
        "{block:?} became {hash:?}"
    );
    let finalized = facts::finalized(&node.rpc()).await?;
    ensure!(
        finalized.number >= block.number,
        "finality fell back to {finalized:?}"
    );
    Ok(())
}

/// The node makes and finalises new blocks.
async fn continues(node: &Node) -> Result<()> {
    let head = facts::best(&node.rpc()).await?;
    node.final_at_least(head.number + 2, seconds(60)).await
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), target)?;
        }
    }
    Ok(())
}

/// Cuts every database file whose name contains `wanted` to half its length; returns how many.
fn truncate(directory: &Path, wanted: &str) -> Result<usize> {
    let mut hit = 0;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            hit += truncate(&entry.path(), wanted)?;
        } else if entry.file_name().to_string_lossy().contains(wanted) {
            let length = entry.metadata()?.len();
            if length > 1 {
                fs::File::options()
                    .write(true)
                    .open(entry.path())?
                    .set_len(length / 2)?;
                hit += 1;
            }
        }
    }
    Ok(hit)
}

/// A small file system in memory, unmounted when dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path, mebibytes: u64) -> Result<Self> {
        let output = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={mebibytes}m"), "tmpfs"])
            .arg(at)
            .output()
            .context("mount")?;
        if !output.status.success() {
            bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(Self(at.to_owned()))
    }

    /// Writes a file until only `leave` MiB are free.
    fn fill(&self, file: &Path, leave: u64) -> Result<()> {
        let output = Command::new("df")
            .args(["--output=avail", "-m"])
            .arg(&self.0)
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let free: u64 = text
            .lines()
            .nth(1)
            .and_then(|line| line.trim().parse().ok())
            .with_context(|| format!("df says {text}"))?;
        let block = vec![0u8; 1 << 20];
        let mut out = fs::File::create(file)?;
        for _ in 0..free.saturating_sub(leave) {
            std::io::Write::write_all(&mut out, &block)?;
        }
        Ok(())
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazy, because a node that was just killed may still hold files for a moment.
        let _status = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}
