//! `bimp device sync`: what was said, from one device of an account to another.

use std::time::{Duration, Instant, SystemTime};

use parlance_client::{
    chat::{self, ChatError, Told},
    e2ee::DeviceAddress,
    encryption::address_of,
    messenger::{Command, Event},
    vault::Vault,
};
use serde_json::json;

use super::device::listed;
use crate::{
    arguments::{Directly, Sync},
    context::Context,
    failure::Failure,
    report::Report,
    talk::{self, Talk, show::device_name},
};

/// Who takes part.
#[derive(Clone, Copy)]
enum Part {
    Takes,
    Gives(DeviceAddress),
}

pub async fn run(context: &Context, given: &Sync) -> Result<Report, Failure> {
    let vault = context.vault()?;
    let part = match &given.give {
        Some(prefix) => {
            let device = listed(context, &vault, prefix).await?;
            Part::Gives(address_of(&vault.account()?, device))
        }
        None => Part::Takes,
    };
    let command = match part {
        Part::Gives(DeviceAddress { device, .. }) => Command::GiveHistory { device },
        Part::Takes => Command::AskHistory { anew: given.anew },
    };
    if given.no_wait {
        return grant(&vault, part, command);
    }
    let mut talk = Talk::open(context, &vault, Directly::On).await?;
    let patience = Duration::from_secs(given.patience.into());
    let report = go_on(context, &mut talk, (part, command), patience).await;
    talk.end().await;
    report
}

/// Lets a device have the history, without anybody who could be asked.
fn grant(vault: &Vault, part: Part, command: Command) -> Result<Report, Failure> {
    let now = SystemTime::now();
    let mut chat = chat::open(vault, now, Duration::ZERO)?;
    let clock = chat::clock(now, Duration::ZERO);
    chat.command(clock, command).map_err(ChatError::from)?;
    let Part::Gives(device) = part else {
        return Ok(Report::new(json!({})));
    };
    let name = device_name(&device);
    Ok(Report::new(json!({"device": name, "granted": true})).line(format!(
        "device {name} gets what was said while 'chat', 'bot' or 'device sync --give' runs here, within seven days"
    )))
}

async fn go_on(
    context: &Context,
    talk: &mut Talk<'_>,
    (part, command): (Part, Command),
    patience: Duration,
) -> Result<Report, Failure> {
    talk.command(Command::Attention(true))?;
    talk.command(command)?;
    let mut progress = context.progress();
    let (mut since, mut given) = (Instant::now(), false);
    loop {
        for told in talk.next().await? {
            let event = match told {
                Told::Event(event) => event,
                Told::Changed { who, what } => {
                    if !context.json() {
                        eprintln!("{}", talk::change(&who, &what));
                    }
                    continue;
                }
                Told::NotLookedUp { .. } => continue,
            };
            match (part, event) {
                (
                    Part::Takes,
                    Event::HistoryTaken {
                        device,
                        messages,
                        all,
                        done,
                    },
                ) => {
                    if done {
                        return Ok(taken(&device, messages));
                    }
                    progress.show(&format!("{messages} messages of about {all}"));
                    since = Instant::now();
                }
                (Part::Gives(to), Event::HistoryGiven { device, done }) if device == to => {
                    given |= done;
                    progress.show("a page is on its way");
                    since = Instant::now();
                }
                _ => {}
            }
        }
        if let Part::Gives(to) = part
            && given
            && talk.chat().unsent() == 0
        {
            let name = device_name(&to);
            return Ok(Report::new(json!({"device": name, "done": true}))
                .line(format!("device {name} was given everything")));
        }
        if since.elapsed() >= patience {
            let cause = cause(talk, part);
            return Err(Failure::NoHistory { cause });
        }
    }
}

fn taken(from: &DeviceAddress, messages: u64) -> Report {
    let name = device_name(from);
    Report::new(json!({"device": name, "messages": messages, "done": true}))
        .field("messages", messages)
        .field("from device", name)
}

fn cause(talk: &Talk<'_>, part: Part) -> String {
    if let Some(trouble) = talk.trouble() {
        return trouble;
    }
    match part {
        Part::Gives(to) => format!(
            "device {} has not asked for it in time: run 'bimp device sync' there; it may for seven days",
            device_name(&to)
        ),
        Part::Takes => {
            let me = talk.chat().address();
            format!(
                "no other device has answered in time: run 'bimp device sync --give {}' on one that has it, and this \
                 command again",
                device_name(&me)
            )
        }
    }
}
