//! Files from person to person.

use std::{fs, path::Path};

use anyhow::{Context, Result, ensure};
use parlance_e2e::{bimp::text, harness::Stage};
use serde_json::{Value as Json, json};

use super::Scene;

pub const FILES: &str =
    "a file is whole on the other side, though a relay and its reader are killed in the middle";

/// Less than what is sent unasked.
const LENGTH: usize = 3 << 20;

fn is_file(event: &Json, change: &str) -> bool {
    event["event"] == "file" && event["change"] == change
}

/// Bytes that no compression makes smaller.
fn bytes() -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes = Vec::with_capacity(LENGTH);
    while bytes.len() < LENGTH {
        bytes.extend_from_slice(&next());
    }
    bytes
}

pub async fn run(stage: &Stage, scene: &mut Scene) -> Result<()> {
    let path = scene.root.join("film.bin");
    let sent = bytes();
    fs::write(&path, &sent)?;
    let mut ben = scene.ben.bot()?;
    let listens = |event: &Json| event["event"] == "listening" && event["relay"].is_string();
    ben.event(listens).await?;
    let mut anna = scene.anna.bot()?;
    anna.named("ready").await?;
    let start = std::time::Instant::now();
    let order = json!({"do": "send-file", "with": "ben", "path": path});
    anna.order(&order).await?;
    ben.event(|event| is_file(event, "arriving") && event["done"].as_u64() >= Some(3))
        .await?;
    ben.kill().await?;
    let files = scene.ben.succeed(&["file", "list"]).await?;
    let file = &files["files"][0];
    let (held, pieces) = (file["held"].as_u64(), file["pieces"].as_u64());
    ensure!(
        held >= Some(3) && held < pieces && file["stage"] == "arriving",
        "{files}"
    );
    // Nothing of it is to be seen yet.
    let folder = scene.ben.folder().join("files");
    ensure!(!folder.exists(), "{} is there", folder.display());
    scene.relays.last_mut()?.kill().await?;
    anna.event(|event| is_file(event, "sent")).await?;
    let mut ben = scene.ben.bot()?;
    let saved = ben.event(|event| is_file(event, "saved")).await?;
    let took = start.elapsed().as_secs_f64();
    stage.figure(&format!(
        "a file of 3 MiB, a relay and its reader killed in between: {took:.1} s"
    ));
    let place = text(&saved, "path")?;
    ensure!(fs::read(&place)? == sent, "{place} is another file");
    ensure!(
        Path::new(&place) == folder.join("film.bin") && saved["with"] == "anna",
        "{saved}"
    );
    ben.quit().await?;
    anna.quit().await?;
    scene.relays.last_mut()?.start_and_wait().await?;
    again(scene, (&file["id"], &path), &sent).await
}

/// Taken once more, nothing is written over; sent from one command to another, it is there as well.
async fn again(scene: &Scene, (id, path): (&Json, &Path), sent: &[u8]) -> Result<()> {
    let id = id.as_str().and_then(|id| id.get(..8));
    let id = id.context("no id")?;
    let folder = scene.ben.folder().join("files");
    let to = folder.to_str().context("a path that is no text")?;
    let taken = scene.ben.succeed(&["file", "get", id, "--to", to]).await?;
    ensure!(
        taken["path"]
            .as_str()
            .is_some_and(|it| it.ends_with("film (2).bin")),
        "{taken}"
    );
    ensure!(
        fs::read(folder.join("film (2).bin"))? == sent,
        "another file"
    );
    // From one command to another.
    let path = path.to_str().context("a path that is no text")?;
    let patience = ["--patience", "120"];
    let send = [&["file", "send", "ben", path][..], &patience].concat();
    let said = scene.anna.succeed(&send).await?;
    ensure!(said["files"][0]["progress"] == "sent", "{said}");
    let message = text(&said["files"][0], "message")?;
    let get = ["file", "get", &message, "--to", to, "--patience", "120"];
    // It comes with the next command that talks.
    let mut ben = scene.ben.bot()?;
    ben.event(|event| is_file(event, "saved") && event["id"] == message.as_str())
        .await?;
    ben.quit().await?;
    let taken = scene.ben.succeed(&get).await?;
    ensure!(taken["size"] == LENGTH, "{taken}");
    // What is no file, and what is too large, is refused with the remedy.
    let refused = scene.anna.refusal(7, &["file", "send", "ben", to]).await?;
    ensure!(refused.contains("is no file"), "{refused}");
    let large = scene.root.join("large.bin");
    fs::File::create(&large)?.set_len((16 << 20) + 1)?;
    let large = large.to_str().context("a path that is no text")?;
    let refused = scene
        .anna
        .refusal(7, &["file", "send", "ben", large])
        .await?;
    ensure!(refused.contains("cut it into parts"), "{refused}");
    Ok(())
}
