//! One validator run twice: the fault that costs a bond.

use anyhow::{Context, Result, ensure};
use parlance_e2e::{
    chain::{self, Chain},
    facts,
    harness::{Group, Stage},
    network::Network,
    wait::{seconds, until},
};

const TWINS: &str = "the same keys in two processes are reported and slashed";
const AFTER: &str = "the others go on and finalise after the slash";

pub fn group() -> Group {
    Group {
        name: "equivocation",
        scenarios: &[TWINS, AFTER],
        run: |stage| Box::pin(run(stage)),
    }
}

async fn run(stage: &Stage) -> Result<()> {
    let mut network = Network::start(&stage.binary, &stage.directory("net")?, 4).await?;
    stage.scenario(TWINS, twins(stage, &mut network)).await?;
    stage.scenario(AFTER, after(&mut network)).await
}

async fn twins(stage: &Stage, network: &mut Network) -> Result<()> {
    let alice = chain::account(&chain::key("//Alice")?);
    let bob = network.node("bob")?.rpc();
    let before = facts::producer_of(&bob, &alice)
        .await?
        .context("Alice is no producer")?;
    let start = facts::best(&bob).await?.number;

    let mut setup = network.setup("//Alice");
    setup.name = "alice-twin".to_owned();
    let twin = network.prepare(setup).await?;
    network.nodes[twin].start_and_wait().await?;

    let after = until("Alice's bond is lower", seconds(240), || async {
        let now = facts::producer_of(&bob, &alice).await?;
        Ok(match now {
            Some(now) if now.bond < before.bond => Some(now.bond),
            Some(_) => None,
            // Slashed below the least bond and removed.
            None => Some(0),
        })
    })
    .await?;
    let slashed_at = facts::best(&bob).await?.number;
    network.nodes[twin].kill().await?;

    let url = network.node("bob")?.url();
    let client = Chain::connect(&url).await?;
    let names = until("the offence stands in an event", seconds(120), || async {
        let mut names = Vec::new();
        for number in start..=slashed_at {
            names.extend(
                client
                    .events_at(number)
                    .await?
                    .into_iter()
                    .map(|event| event.name),
            );
        }
        Ok(names
            .iter()
            .any(|name| name == "Offences.Offence")
            .then_some(names))
    })
    .await?;
    let slash = names
        .iter()
        .find(|name| name.as_str() == "Vdpos.OffenderSlashed");
    stage.figure(&format!(
        "bond {} -> {after}, {} blocks after the twin started; event {slash:?}",
        before.bond,
        slashed_at.saturating_sub(start),
    ));
    ensure!(slash.is_some(), "no slash among the events: {names:?}");
    Ok(())
}

async fn after(network: &mut Network) -> Result<()> {
    let bob = network.node("bob")?;
    let head = facts::best(&bob.rpc()).await?;
    bob.final_at_least(head.number + 3, seconds(120)).await?;
    for name in ["bob", "charlie", "dave"] {
        network.node(name)?.must_run()?;
    }
    Ok(())
}
