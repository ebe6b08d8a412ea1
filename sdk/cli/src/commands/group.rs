//! `bimp group`.

use std::time::{Duration, Instant, SystemTime};

use parlance_client::{
    bimp::{Account, GroupId},
    chat::{self, Told},
    messenger::{Command, Event, Group, GroupCommand, GroupNews, groups::Stage},
    vault::Vault,
};
use serde_json::{Value, json};

use super::send;
use crate::{
    arguments::{Directly, Group as Given},
    context::Context,
    failure::Failure,
    report::Report,
    talk::{
        self, Talk,
        groups::{id, named, object, people, stage},
        show::{Names, account_of, address},
    },
};

pub async fn run(context: &Context, given: Given) -> Result<Report, Failure> {
    let (command, wait) = match given {
        Given::Send(given) => return send::run(context, &given).await,
        Given::List => return list(&context.vault()?),
        Given::Show { group } => return show(&context.vault()?, &group),
        Given::New { name, wait } => (Wanted::New(name), wait),
        Given::Invite {
            group,
            people,
            wait,
        } => (Wanted::Invite(group, people), wait),
        Given::Join { group, wait } => (Wanted::Join(group), wait),
        Given::Leave { group, wait } => (Wanted::Leave(group), wait),
        Given::Remove { group, who, wait } => (Wanted::Remove(group, who), wait),
        Given::Rename { group, name, wait } => (Wanted::Rename(group, name), wait),
    };
    let vault = context.vault()?;
    let command = command.read(context, &vault)?;
    let mut talk = Talk::open(context, &vault, Directly::Off).await?;
    let until = Instant::now() + Duration::from_secs(wait.patience.into());
    let report = carry_out(context, &mut talk, command, until).await;
    talk.end().await;
    report
}

/// What was typed.
enum Wanted {
    New(String),
    Invite(String, Vec<String>),
    Join(String),
    Leave(String),
    Remove(String, String),
    Rename(String, String),
}

impl Wanted {
    fn read(self, context: &Context, vault: &Vault) -> Result<GroupCommand, Failure> {
        let group = |name: &str| named(vault, name).map(|group| group.id);
        let person = |name: &str| -> Result<Account, Failure> {
            Ok(account_of(&context.account(Some(vault), name)?))
        };
        Ok(match self {
            Self::New(name) => {
                // Who is meant by the name would be unclear ever after.
                if vault.contact(&name).is_ok() || named(vault, &name).is_ok() {
                    return Err(Failure::NameTaken { name });
                }
                GroupCommand::New { name }
            }
            Self::Invite(name, people) => {
                let accounts: Result<Vec<Account>, Failure> =
                    people.iter().map(|name| person(name)).collect();
                GroupCommand::Invite {
                    group: group(&name)?,
                    accounts: accounts?,
                }
            }
            Self::Join(name) => GroupCommand::Join(group(&name)?),
            Self::Leave(name) => GroupCommand::Leave(group(&name)?),
            Self::Remove(name, who) => GroupCommand::Remove {
                group: group(&name)?,
                account: person(&who)?,
            },
            Self::Rename(old, name) => GroupCommand::Rename {
                group: group(&old)?,
                name,
            },
        })
    }
}

async fn carry_out(
    context: &Context,
    talk: &mut Talk<'_>,
    command: GroupCommand,
    until: Instant,
) -> Result<Report, Failure> {
    // A person waits: relays that are silent are given up soon.
    talk.command(Command::Attention(true))?;
    let wanted = command.clone();
    let group = talk.group(command)?;
    let (mut notes, mut progress) = (Vec::new(), context.progress());
    loop {
        for told in talk.next().await? {
            let note = match told {
                Told::Changed { who, what } => Some(talk::change(&who, &what)),
                Told::NotLookedUp { cause, .. } => {
                    let failure = Failure::from(cause);
                    if !failure.is_silence() {
                        return Err(failure);
                    }
                    Some(failure.to_string())
                }
                Told::Event(Event::Group { group: of, news }) if of == group => match news {
                    GroupNews::BadInvitation { cause, .. } => {
                        return Err(Failure::BadInvitation { cause });
                    }
                    GroupNews::NoDevices { account } => {
                        let name = talk.names().of(&account);
                        return Err(Failure::NobodyToInvite { name });
                    }
                    news => note(&news, talk.names()),
                },
                Told::Event(Event::Refused { refusal, .. }) => Some(refusal.to_string()),
                Told::Event(_) => None,
            };
            if let Some(note) = note.filter(|note| notes.last() != Some(note)) {
                progress.show(&note);
                notes.push(note);
            }
        }
        let known = found(talk, group).filter(|group| is_done(talk, group, &wanted));
        if let Some(group) = known {
            return Ok(report(&group, talk.names(), notes));
        }
        if Instant::now() >= until {
            let known = notes.pop().or_else(|| talk.trouble());
            let silent = || "relays have not answered in time; --patience waits longer".into();
            return Err(Failure::Waits {
                waiting: talk.chat().unsent().max(1),
                cause: known.unwrap_or_else(silent),
            });
        }
    }
}

fn found(talk: &Talk<'_>, id: GroupId) -> Option<Group> {
    let mut groups = talk.chat().groups();
    groups.find(|group| group.id == id).cloned()
}

fn is_done(talk: &Talk<'_>, group: &Group, wanted: &GroupCommand) -> bool {
    let nothing_waits = talk.chat().unsent() == 0;
    nothing_waits
        && match wanted {
            GroupCommand::Join(_) => group.stage == Stage::Member,
            _ => true,
        }
}

/// What a person who waits is told.
fn note(news: &GroupNews, names: &Names) -> Option<String> {
    let whose = |account: &[u8; 32]| names.of(&Account(*account));
    Some(match news {
        GroupNews::NoKeyPackages { device } => format!(
            "a device of {} has put no key packages on its relays yet: it comes in when it has run 'bimp chat' or 'bimp bot'",
            whose(&device.account)
        ),
        GroupNews::NotOnRecord { device } => format!(
            "a device of {} is not on record any more and is removed",
            whose(&device.account)
        ),
        GroupNews::NotChanged { cause } => format!("the change is tried again: {cause}"),
        GroupNews::Changed { came, went, .. } if went.is_empty() => {
            format!("{} came in", people(came, names))
        }
        GroupNews::Changed { went, .. } => format!("{} went out", people(went, names)),
        GroupNews::LostTrack => "this device has lost track of the group and joins it anew".into(),
        _ => return None,
    })
}

fn report(group: &Group, names: &Names, notes: Vec<String>) -> Report {
    let mut value = object(group, names);
    value["notes"] = notes.clone().into();
    let report = described(Report::new(value), group, names);
    notes
        .into_iter()
        .fold(report, |report, note| report.line(format!("! {note}")))
}

fn described(report: Report, group: &Group, names: &Names) -> Report {
    let mut report = report
        .field("group", &group.name)
        .field("id", id(&group.id))
        .field("you are", stage(group));
    if let Stage::Invited { by, .. } = &group.stage {
        report = report.field("invited by", names.of(&Account(by.account)));
    } else if !group.members.is_empty() {
        report = report.field("members", people(&group.members, names));
    }
    report
}

fn list(vault: &Vault) -> Result<Report, Failure> {
    let (names, groups) = (Names::read(vault)?, chat::groups(vault)?);
    let shown = groups.iter().filter(|group| group.stage != Stage::Out);
    let rows: Vec<Value> = shown.clone().map(|group| object(group, &names)).collect();
    let report = Report::new(json!({"groups": rows}));
    if rows.is_empty() {
        return Ok(report.line("no groups: 'bimp group new NAME' makes one"));
    }
    let line = |group: &Group| {
        let count = group.members.len();
        let short = id(&group.id).chars().take(8).collect::<String>();
        format!(
            "{:<16} +{short}  {}, {count} people",
            group.name,
            stage(group)
        )
    };
    Ok(shown.map(line).fold(report, Report::line))
}

fn show(vault: &Vault, name: &str) -> Result<Report, Failure> {
    let names = Names::read(vault)?;
    let group = named(vault, name)?;
    let mut devices = Vec::new();
    if group.takes_part() {
        let mut chat = chat::open(vault, SystemTime::now(), Duration::ZERO)?;
        let members = chat.group_members(group.id);
        devices = members.map_err(chat::ChatError::from)?;
    }
    let rows: Vec<Value> = devices
        .iter()
        .map(|(device, _)| {
            json!({
                "account": address(&Account(device.account)),
                "device": device.device,
            })
        })
        .collect();
    let mut value = object(&group, &names);
    value["devices"] = rows.into();
    let report = described(Report::new(value), &group, &names);
    Ok(report.field("devices", devices.len()))
}
