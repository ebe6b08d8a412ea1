//! The engine's host: clocks, looks, relays.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    time::{Duration, Instant, SystemTime},
};

use parlance_bimp::{
    Account, Answer, Bounded, GroupId, PresenceKey, Push, RelayId, Request,
    limits::{MAX_ENVELOPE, MAX_PRESENCE},
};
use parlance_e2ee::DeviceAddress;
use parlance_messenger::{
    Command, ContentId, Directory, Effect, Event, FileCommand, GroupCommand, Input, Reach,
};
use parlance_primitives::AccountId;

use super::{Chat, ChatError, FromDevice, clock, people};
use crate::{
    encryption::{EncryptionError, Look, Recipients},
    identity::{Contact, Finding, LookError},
    light::Light,
    node::Node,
    vault::Vault,
};

/// Between two ticks of the engine.
const TICK: Duration = Duration::from_millis(50);
/// What is taken in one batch.
const BATCH: usize = 256;
/// How long relays may take to hear that a device leaves.
const LEAVING: Duration = Duration::from_millis(700);

/// What carries requests to relays.
pub trait Wire {
    /// Asks a relay, over a connection that is made if there is none. Does not wait.
    fn ask(&mut self, relay: RelayId, ask: u64, request: Request);

    /// Ends the connection to a relay. Nothing of it comes any more.
    fn close(&mut self, relay: RelayId);

    /// What happens next. Dropped while it waits, it loses nothing.
    fn next(&mut self) -> impl Future<Output = FromRelay>;

    /// What has happened already.
    fn try_next(&mut self) -> Option<FromRelay>;

    /// The list of relays seems to be old.
    fn refresh(&mut self);

    /// Connections to devices themselves, for a wire that has them.
    fn calls(&mut self) -> Option<&mut dyn Calls> {
        None
    }
}

/// What carries messages between devices.
pub trait Calls {
    /// Offers a message to a device, over a connection that is made if there is none and it is known where. Does not wait.
    fn offer(
        &mut self,
        to: DeviceAddress,
        reach: Option<&Reach>,
        ask: u64,
        envelope: Bounded<MAX_ENVELOPE>,
    );

    /// Answers a device that delivered: whether it is on this disk.
    fn took(&mut self, call: u64, taken: bool);

    /// Answers a device that knocks: the signing key that it has to prove, if it may call.
    fn admit(&mut self, knock: u64, key: Option<[u8; 32]>);

    /// The device listens at a relay now, or at none.
    fn listens(&mut self, relay: Option<RelayId>);

    /// Asks the local network for records.
    fn seek(&mut self, keys: Vec<PresenceKey>);

    /// Answers who has asked there.
    fn show(&mut self, seek: u64, record: Bounded<MAX_PRESENCE>);

    /// Lets nobody in any more.
    fn leave(&mut self);
}

/// What a wire brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromRelay {
    /// The network as it is now.
    Directory(Directory),
    /// An answer.
    Answered {
        /// To this request.
        ask: u64,
        /// What.
        answer: Answer,
    },
    /// Something unasked.
    Pushed {
        /// By this relay.
        relay: RelayId,
        /// What.
        push: Push,
    },
    /// The connection has ended, or does not come about.
    Lost {
        /// To this relay.
        relay: RelayId,
    },
    /// Something of a connection to a device itself.
    Device(FromDevice),
}

/// What the user is told.
#[derive(Debug)]
pub enum Told {
    /// By the engine.
    Event(Event),
    /// What changed about somebody, before anything is encrypted for them.
    Changed {
        /// About whom.
        who: Contact,
        /// What.
        what: Finding,
    },
    /// Somebody could not be looked up: nothing is encrypted for them until they are.
    NotLookedUp {
        /// Who.
        account: Account,
        /// Why.
        cause: ChatError,
    },
}

type Looking<N> = Pin<Box<dyn Future<Output = (Light<N>, Result<Look, LookError>)>>>;

/// The engine with everything that it needs. The node is asked while the chat goes on.
pub struct Host<'v, N, W> {
    vault: &'v Vault,
    chat: Chat<'v>,
    wire: W,
    wall: Box<dyn Fn() -> SystemTime>,
    began: Instant,
    light: Option<Light<N>>,
    looking: Option<(Account, Looking<N>)>,
    wanted: VecDeque<Account>,
    told: Vec<Told>,
    /// What a look found, until what it tells has been taken.
    found: Vec<Input<Recipients>>,
}

impl<'v, N: Node + 'static, W: Wire> Host<'v, N, W> {
    /// Opens the chat of a vault. Without a light client nobody is looked up, and what is said waits for
    /// [`set_light`](Self::set_light). `wall` reads the clock.
    pub fn open(
        vault: &'v Vault,
        light: Option<Light<N>>,
        wire: W,
        wall: impl Fn() -> SystemTime + 'static,
    ) -> Result<Self, ChatError> {
        let began = Instant::now();
        Ok(Self {
            vault,
            chat: super::open(vault, wall(), Duration::ZERO)?,
            wire,
            wall: Box::new(wall),
            began,
            light,
            looking: None,
            wanted: VecDeque::new(),
            told: Vec::new(),
            found: Vec::new(),
        })
    }

    /// The engine, to read from.
    pub fn chat(&self) -> &Chat<'v> {
        &self.chat
    }

    /// What carries requests.
    pub fn wire(&self) -> &W {
        &self.wire
    }

    /// Ends the chat, and gives the wire back to be ended.
    pub fn into_wire(self) -> W {
        self.wire
    }

    /// Looks people up with this light client from now on.
    pub fn set_light(&mut self, light: Light<N>) {
        self.light = Some(light);
    }

    /// Whether there is a light client.
    pub fn has_light(&self) -> bool {
        self.light.is_some() || self.looking.is_some()
    }

    /// Does what the user wants. What it leads to is told by [`next`](Self::next).
    pub fn command(&mut self, command: Command) -> Result<Option<ContentId>, ChatError> {
        let now = clock((self.wall)(), self.began.elapsed());
        let id = self.chat.command(now, command)?;
        self.effects();
        Ok(id)
    }

    /// Does what the user wants with groups.
    pub fn group(&mut self, command: GroupCommand) -> Result<GroupId, ChatError> {
        let now = clock((self.wall)(), self.began.elapsed());
        let id = self.chat.group(now, command)?;
        self.effects();
        Ok(id)
    }

    /// Does what the user wants with files.
    pub fn file(&mut self, command: FileCommand) -> Result<Option<ContentId>, ChatError> {
        let now = clock((self.wall)(), self.began.elapsed());
        let id = self.chat.file(now, command)?;
        self.effects();
        Ok(id)
    }

    /// Waits until something happens, and says what the user is to be told. Dropped while it waits, it loses nothing. What
    /// changed about somebody is said by one call, and nothing is encrypted for them before the next one.
    pub async fn next(&mut self) -> Result<Vec<Told>, ChatError> {
        if self.told.is_empty() {
            self.wait().await?;
        }
        Ok(std::mem::take(&mut self.told))
    }

    async fn wait(&mut self) -> Result<(), ChatError> {
        let found = std::mem::take(&mut self.found);
        if !found.is_empty() {
            return self.handle(found);
        }
        self.begin_look()?;
        let (wire, looking) = (&mut self.wire, &mut self.looking);
        let look = async {
            match looking {
                Some((_, look)) => look.await,
                None => std::future::pending().await,
            }
        };
        let inputs = tokio::select! {
            first = wire.next() => self.batch(first),
            (light, look) = look => {
                self.found = self.looked(light, look);
                return Ok(());
            }
            () = tokio::time::sleep(TICK) => vec![Input::Tick],
        };
        self.handle(inputs)
    }

    /// Everything that is there, for one commit.
    fn batch(&mut self, first: FromRelay) -> Vec<Input<Recipients>> {
        let mut inputs = Vec::from_iter(self.input(first));
        while inputs.len() < BATCH
            && let Some(more) = self.wire.try_next()
        {
            inputs.extend(self.input(more));
        }
        inputs
    }

    /// What the engine is told of it, if anything.
    fn input(&mut self, from: FromRelay) -> Option<Input<Recipients>> {
        match from {
            FromRelay::Device(FromDevice::Knocks { knock, device }) => {
                let key = self.chat.may_call(&device).map(|known| known.signing);
                if let Some(calls) = self.wire.calls() {
                    calls.admit(knock, key);
                }
                None
            }
            other => input(other),
        }
    }

    /// Takes back what contacts were told of how this device is reached, and waits a moment until relays know.
    pub async fn leave(&mut self) -> Result<(), ChatError> {
        if let Some(calls) = self.wire.calls() {
            calls.leave();
        }
        self.handle(vec![Input::Reach(None)])?;
        let withdrawn = async {
            while !self.chat.is_withdrawn() {
                self.wait().await?;
            }
            Ok(())
        };
        // What relays have not heard by then ends by itself.
        let done = tokio::time::timeout(LEAVING, withdrawn).await;
        done.unwrap_or(Ok(()))
    }

    fn begin_look(&mut self) -> Result<(), ChatError> {
        if self.looking.is_some() || self.light.is_none() {
            return Ok(());
        }
        let Some(account) = self.wanted.pop_front() else {
            return Ok(());
        };
        let own = people::known(self.vault, &self.vault.account()?)?;
        let person = people::known(self.vault, &AccountId::new(account.0))?;
        if let Some(mut light) = self.light.take() {
            let now = (self.wall)();
            let look = async move {
                let look = Look::at(&mut light, now, own, vec![person]).await;
                (light, look)
            };
            self.looking = Some((account, Box::pin(look)));
        }
        Ok(())
    }

    fn looked(&mut self, light: Light<N>, look: Result<Look, LookError>) -> Vec<Input<Recipients>> {
        let Some((account, _)) = self.looking.take() else {
            return Vec::new();
        };
        let told = &mut self.told;
        let mut knows = |who: &Contact, what: &Finding| {
            told.push(Told::Changed {
                who: who.clone(),
                what: what.clone(),
            });
        };
        let found = look.map_err(ChatError::from).and_then(|look| {
            self.vault.keep_checkpoint(light.checkpoint())?;
            people::tell((&mut self.chat, self.vault), look, account, &mut knows)
        });
        self.light = Some(light);
        match found.and_then(|input| self.somebody(account).map(|()| input)) {
            Ok(input) => vec![input],
            Err(cause) => {
                self.told.push(Told::NotLookedUp { account, cause });
                vec![Input::LookFailed { account }]
            }
        }
    }

    /// T4.
    fn somebody(&self, account: Account) -> Result<(), ChatError> {
        let talks = self.chat.conversations().any(|it| it.with == account);
        if !talks || self.chat.unsent() == 0 {
            return Ok(());
        }
        let account = AccountId::new(account.0);
        match people::known(self.vault, &account)?.record {
            Some(_) => Ok(()),
            None => Err(EncryptionError::NoIdentity { account }.into()),
        }
    }

    fn handle(&mut self, inputs: Vec<Input<Recipients>>) -> Result<(), ChatError> {
        let now = clock((self.wall)(), self.began.elapsed());
        self.chat.handle(now, inputs)?;
        self.effects();
        Ok(())
    }

    fn effects(&mut self) {
        while let Some(effect) = self.chat.next_effect() {
            match effect {
                Effect::Ask {
                    relay,
                    ask,
                    request,
                } => self.wire.ask(relay, ask, request),
                Effect::Close { relay } => self.wire.close(relay),
                Effect::Directory => self.wire.refresh(),
                Effect::Offer {
                    to,
                    reach,
                    ask,
                    envelope,
                } => {
                    if let Some(calls) = self.wire.calls() {
                        calls.offer(to, reach.as_ref(), ask, envelope);
                    }
                }
                Effect::Took { call, taken } => {
                    if let Some(calls) = self.wire.calls() {
                        calls.took(call, taken);
                    }
                }
                Effect::Seek { keys } => {
                    if let Some(calls) = self.wire.calls() {
                        calls.seek(keys);
                    }
                }
                Effect::Show { seek, record } => {
                    if let Some(calls) = self.wire.calls() {
                        calls.show(seek, record);
                    }
                }
                Effect::Tell(event) => {
                    if let (Event::Listening { relay }, Some(calls)) = (&event, self.wire.calls()) {
                        calls.listens(*relay);
                    }
                    self.told.push(Told::Event(event));
                }
                // The engine asks again for what takes long.
                Effect::Look { account } if self.wanted.contains(&account) => {}
                Effect::Look { account } => self.wanted.push_back(account),
            }
        }
    }
}

fn input(from: FromRelay) -> Option<Input<Recipients>> {
    Some(match from {
        FromRelay::Directory(directory) => Input::Directory(directory),
        FromRelay::Answered { ask, answer } => Input::Answered { ask, answer },
        FromRelay::Lost { relay } => Input::Lost { relay },
        FromRelay::Pushed {
            relay,
            push: Push::Deliver(message),
        } => Input::Delivered { relay, message },
        FromRelay::Pushed {
            relay,
            push: Push::Moved(mailbox),
        } => Input::Moved { relay, mailbox },
        FromRelay::Pushed {
            push: Push::Grown(grown),
            ..
        } => Input::Grown(grown),
        FromRelay::Device(from) => match from {
            FromDevice::Reach(reach) => Input::Reach(Some(reach)),
            FromDevice::Offered { ask, taken } => Input::Offered { ask, taken },
            FromDevice::Unreached { device } => Input::Unreached { device },
            FromDevice::Connected { device } => Input::Connected { device },
            FromDevice::Sought { seek, key } => Input::Sought { seek, key },
            FromDevice::Sighted { key, record } => Input::Sighted { key, record },
            FromDevice::Called {
                call,
                from,
                envelope,
            } => Input::Called {
                call,
                from,
                envelope,
            },
            // Not the engine's.
            FromDevice::Knocks { .. } => return None,
        },
    })
}
