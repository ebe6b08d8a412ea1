//! `bimp chain`.

use std::path::Path;

use parlance_client::{
    light::{Checkpoint, Head},
    primitives::Hash,
};
use serde_json::json;

use super::identity::write;
use crate::{
    arguments::Chain,
    context::{Context, parse_trust},
    failure::Failure,
    report::{Report, value},
};

pub async fn run(context: &Context, command: Chain) -> Result<Report, Failure> {
    let vault = context.has_vault().then(|| context.vault()).transpose()?;
    let mut light = match &command {
        Chain::Trust { what } => context.begin(parse_trust(what)?).await?,
        _ => context.light(vault.as_ref()).await?,
    };
    let head = match (&command, &vault) {
        (Chain::Trust { .. }, Some(vault)) => {
            let head = context.head(&mut light, None).await?;
            vault.trust_anew(light.checkpoint())?;
            head
        }
        (_, vault) => context.head(&mut light, vault.as_ref()).await?,
    };
    let report = show(light.checkpoint(), &head);
    match command {
        Chain::Show => Ok(report),
        Chain::Trust { .. } => Ok(report.line(
            "compare the fingerprint with somebody who sees it at the same block, if you believed a node",
        )),
        Chain::Checkpoint { file } => save(light.checkpoint(), &file, report),
    }
}

fn show(checkpoint: &Checkpoint, head: &Head) -> Report {
    let genesis: Hash = checkpoint.genesis;
    let finalised = &checkpoint.finalised;
    Report::new(json!({
        "genesis": value(&genesis),
        "block": head.number,
        "hash": value(&head.hash),
        "time": head.time,
        "setId": finalised.set_id,
        "voters": finalised.authorities.len(),
        "fingerprint": checkpoint.fingerprint(),
    }))
    .field("genesis", format!("{genesis:?}"))
    .field("final", format!("block {} {:?}", head.number, head.hash))
    .field(
        "voters",
        format!("{} (set {})", finalised.authorities.len(), finalised.set_id),
    )
    .field("fingerprint", checkpoint.fingerprint())
}

fn save(checkpoint: &Checkpoint, path: &Path, report: Report) -> Result<Report, Failure> {
    write(path, &checkpoint.to_json())?;
    Ok(report.field("written", path.display()))
}
