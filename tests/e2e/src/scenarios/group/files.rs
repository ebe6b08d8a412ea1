//! A file of a group.

use std::fs;

use anyhow::{Result, ensure};
use parlance_e2e::{bimp::text, harness::Stage};

use super::Scene;

pub const FILE: &str = "a file for a group leaves its sender once and is whole with each member";

pub async fn run(stage: &Stage, scene: &Scene) -> Result<()> {
    let root = stage.directory("people")?;
    let path = root.join("map.bin");
    let sent: Vec<u8> = (0..1_000_000_u32)
        .flat_map(|n| {
            n.wrapping_mul(0x9E37_79B1)
                .to_le_bytes()
                .into_iter()
                .take(1)
        })
        .collect();
    fs::write(&path, &sent)?;
    let path = path.to_string_lossy();
    let start = std::time::Instant::now();
    let send = ["file", "send", "walkers", &path, "--patience", "120"];
    let said = scene.anna.succeed(&send).await?;
    ensure!(said["files"][0]["progress"] == "sent", "{said}");
    stage.figure(&format!(
        "a file of 1 MB to the relays of a group: {:.1} s",
        start.elapsed().as_secs_f64()
    ));
    let message = text(&said["files"][0], "message")?;
    for person in [&scene.ben, &scene.cleo] {
        let mut bot = person.bot()?;
        let saved = bot
            .event(|event| event["event"] == "file" && event["change"] == "saved")
            .await?;
        ensure!(
            saved["with"] == "walkers" && saved["id"] == message.as_str(),
            "{saved}"
        );
        let place = text(&saved, "path")?;
        ensure!(fs::read(&place)? == sent, "{place} is another file");
        bot.quit().await?;
    }
    Ok(())
}
