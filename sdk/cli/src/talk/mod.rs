//! What the commands that talk have in common: the chat on the vault, with the node and the relays.

pub mod body;
pub mod files;
pub mod groups;
pub mod paid;
pub mod show;
mod stop;

pub use stop::Stop;

use std::{
    future::Future,
    pin::Pin,
    time::{Duration, SystemTime},
};

use parlance_client::{
    bimp::{Account, GroupId},
    chat::{Chat, ChatError, Host, Redial, RelayWire, Told},
    identity::{Contact, Finding},
    light::{Checkpoint, Light, Trust},
    messenger::{Command, ContentId, Entry, Event, FileCommand, GroupCommand},
    vault::Vault,
};

use self::show::Names;
use crate::{arguments::Directly, context::Context, failure::Failure};

/// Longest pause between two calls of a node that is away.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

type Beginning = Pin<Box<dyn Future<Output = Light<Redial>>>>;

/// A chat that goes on.
pub struct Talk<'v> {
    host: Host<'v, Redial, RelayWire<'v>>,
    names: Names,
    /// The node's answer to the first question.
    beginning: Option<Beginning>,
}

impl<'v> Talk<'v> {
    /// Opens the chat. What is known serves at once; the node is waited for only where nothing is trusted yet. Between devices messages
    /// go as `usually`, where nothing else was said.
    pub async fn open(
        context: &Context,
        vault: &'v Vault,
        usually: Directly,
    ) -> Result<Self, Failure> {
        let names = Names::read(vault)?;
        let node = Redial::new(context.node());
        let mut trusted = None;
        let checkpoint = match context.trust(Some(vault))? {
            Trust::Checkpoint(checkpoint) => checkpoint,
            other => {
                let light = Light::begin(node.clone(), other).await?;
                vault.keep_checkpoint(light.checkpoint())?;
                let checkpoint = light.checkpoint().clone();
                trusted = Some(light);
                checkpoint
            }
        };
        let wire = RelayWire::open(vault, checkpoint.genesis, node.clone());
        let mut wire = wire.await.map_err(ChatError::from)?;
        match context.direct().unwrap_or(usually) {
            Directly::On => wire.deliver_directly(false),
            Directly::Hidden => wire.deliver_directly(true),
            Directly::Off => {}
        }
        let beginning: Option<Beginning> = match &trusted {
            Some(_) => None,
            None => Some(Box::pin(begin(node, checkpoint))),
        };
        Ok(Self {
            host: Host::open(vault, trusted, wire, SystemTime::now)?,
            names,
            beginning,
        })
    }

    /// What people are called.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The own account.
    pub fn own(&self) -> &Account {
        self.names.own()
    }

    /// The engine, to read from.
    pub fn chat(&self) -> &Chat<'v> {
        self.host.chat()
    }

    /// Does what the user wants.
    pub fn command(&mut self, command: Command) -> Result<Option<ContentId>, Failure> {
        Ok(self.host.command(command)?)
    }

    /// Does what the user wants with groups.
    pub fn group(&mut self, command: GroupCommand) -> Result<GroupId, Failure> {
        let group = self.host.group(command)?;
        self.names.set_groups(self.host.chat().groups());
        Ok(group)
    }

    /// Does what the user wants with files.
    pub fn file(&mut self, command: FileCommand) -> Result<Option<ContentId>, Failure> {
        Ok(self.host.file(command)?)
    }

    /// Waits until something happens, or for a moment. Dropped while it waits, it loses nothing.
    pub async fn next(&mut self) -> Result<Vec<Told>, Failure> {
        let told = self.wait().await?;
        if told
            .iter()
            .any(|it| matches!(it, Told::Event(Event::Group { .. })))
        {
            self.names.set_groups(self.host.chat().groups());
        }
        Ok(told)
    }

    async fn wait(&mut self) -> Result<Vec<Told>, Failure> {
        if let Some(beginning) = &mut self.beginning {
            tokio::select! {
                told = self.host.next() => return Ok(told?),
                light = beginning => self.host.set_light(light),
            }
            self.beginning = None;
        }
        Ok(self.host.next().await?)
    }

    /// A message by its id.
    pub fn entry(&self, with: &Account, id: &ContentId) -> Result<Option<Entry>, Failure> {
        let found = self.chat().message(with, id);
        Ok(found.map_err(ChatError::from)?)
    }

    /// A message by its number.
    pub fn numbered(&self, with: &Account, number: u64) -> Result<Entry, Failure> {
        let before = number.saturating_add(1);
        let found = self.chat().messages(with, before, 1);
        let found = found.map_err(ChatError::from)?.into_iter().next();
        let found = found.filter(|entry| entry.number == number);
        found.ok_or(Failure::NoMessage { number })
    }

    /// What keeps messages from leaving, as far as can be told.
    pub fn trouble(&self) -> Option<String> {
        self.host.wire().trouble().map(ToString::to_string)
    }

    /// Ends the connections.
    pub async fn end(mut self) {
        // What goes wrong now costs nobody anything: what was published ends by itself.
        let _ = self.host.leave().await;
        self.host.into_wire().end().await;
    }
}

/// Calls until the node is there. Why it is not, the wire tells, which asks the same node.
async fn begin(node: Redial, from: Checkpoint) -> Light<Redial> {
    let mut pause = Duration::from_secs(1);
    loop {
        let trust = Trust::Checkpoint(from.clone());
        if let Ok(light) = Light::begin(node.clone(), trust).await {
            return light;
        }
        tokio::time::sleep(pause).await;
        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
    }
}

/// What changed about somebody, as a line.
pub fn change(who: &Contact, what: &Finding) -> String {
    show::clean(&format!("! {} {what}", who.name))
}
