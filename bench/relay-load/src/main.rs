//! Puts a known load on relays, or on an MQTT broker, and tells what was stored and delivered, and how fast.

mod faults;
mod flood;
mod group;
mod idle;
mod mqtt;
mod network;
mod offline;
mod people;
// The same figures as of the chain's load.
#[path = "../../load/src/statistics.rs"]
mod statistics;
mod throughput;
mod xmpp;

use clap::{Parser, Subcommand};
use serde::Serialize;

#[derive(Parser)]
#[command(about, version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Write the files of a static network: records, and for each relay its key and configuration.
    Prepare(network::Options),
    /// Send messages from many to many and time each until it is delivered.
    Throughput(throughput::Options),
    /// The same through an MQTT broker, QoS 1, with sessions that persist.
    Mqtt(mqtt::Options),
    /// Send messages to many who are away, and then let these come and fetch them.
    Offline(throughput::Options),
    /// The same through an XMPP server.
    Xmpp(xmpp::Options),
    /// Connect subscribers that do nothing, and tell what memory the relay takes for each.
    Idle(idle::Options),
    /// Make a group of hundreds, and send texts to all of it.
    Group(group::Options),
    /// Run relays, kill and stop up to two at a time, and see whether anything is lost.
    Faults(faults::Options),
    /// Be some of those subscribers, until the standard input ends.
    Crowd(idle::Crowd),
    /// Send messages while many others flood the relay.
    Flood(flood::Options),
    /// Be those others, until ended.
    Attack(flood::Attackers),
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Prepare(options) => network::prepare(&options),
        Command::Throughput(options) => print(&throughput::measure(&options).await?),
        Command::Mqtt(options) => print(&mqtt::measure(&options).await?),
        Command::Offline(options) => print(&offline::measure(&options).await?),
        Command::Xmpp(options) => print(&xmpp::measure(&options).await?),
        Command::Idle(options) => print(&idle::measure(&options).await?),
        Command::Group(options) => print(&group::measure(&options).await?),
        Command::Faults(options) => print(&faults::measure(&options).await?),
        Command::Crowd(options) => idle::crowd(&options).await,
        Command::Flood(options) => print(&flood::measure(&options).await?),
        Command::Attack(options) => flood::rage(&options).await,
    }
}

fn print(report: &impl Serialize) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(report)?);
    Ok(())
}
