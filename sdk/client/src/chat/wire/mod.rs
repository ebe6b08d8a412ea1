//! The wire to relays: QUIC to each of them, and the list of them from a node.
//!
//! - **W1** Each relay has a task of its own with its connection. An ask goes into that task's queue and never waits; where the queue is
//!   full, the connection counts as lost.
//! - **W2** The first ask makes the connection: by the relay's key, at the address of its record, as this device. All of it takes
//!   no longer than [`CONNECT`](line::CONNECT).
//! - **W3** A refusal is an answer. An answer that does not come is not told: the engine has its own patience, and longer ones.
//! - **W4** The end of a connection is told once. What is asked between the end and the telling is void like what was asked before it. Of a
//!   connection that was closed nothing comes any more.
//! - **W5** The list of relays is the word of the node that is asked: it decides who is asked to carry, not who can read. It is fetched at
//!   the start, when the engine thinks that it is old, when the period ends, and now and then. A node that is
//!   away is asked again after growing pauses.
//! - **W6** The last list lies in the vault, so that messages leave while the node is away.
//! - **W7** Dropping the wire ends all of its tasks.
//! - **W8** Where it is asked to, the wire delivers to devices directly ([`direct`], rules C1-C7). The relay at which the device listens is asked where
//!   it sees it.

mod device;
pub(super) mod direct;
mod follow;
mod line;
mod network;
mod redial;
#[cfg(test)]
mod tests;

pub use direct::FromDevice;
pub use redial::Redial;

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::Arc,
    time::Duration,
};

use parlance_bimp::{
    Answer, Bounded, Observe, Observed, PresenceKey, RelayId, Request,
    limits::{MAX_ENVELOPE, MAX_PRESENCE},
};
use parlance_e2ee::DeviceAddress;
use parlance_endpoint::{
    BindError, Endpoint, Fallback, Options, PublicKey, SecretKey, Whereabouts,
};
use parlance_messenger::Reach;
use parlance_primitives::Hash;
use tokio::sync::{Notify, mpsc};

use self::{
    device::DeviceKey,
    direct::{Direct, Me},
    follow::Follow,
    line::{Ask, Dial, FromLine, Heard, Line},
    network::{Network, Place},
};
use super::{Calls, FromRelay, Wire};
use crate::{
    node::{Node, NodeError},
    vault::{Vault, VaultError},
};

/// What connections have brought and nobody has taken: what is more waits on the connections.
const HEARD: usize = 1_024;
/// The number of the wire's own question, which the engine does not use.
const OBSERVE: u64 = u64::MAX;
/// How long the last words of connections may take.
const GOODBYE: Duration = Duration::from_secs(1);

/// Why there is no wire.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// No sockets.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The vault refuses.
    #[error(transparent)]
    Vault(#[from] VaultError),
}

/// What keeps messages from leaving, as far as the wire can tell.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Trouble {
    /// The list of relays cannot be read.
    #[error("the list of relays cannot be read: {0}")]
    Node(#[from] NodeError),
    /// The node is on another chain.
    #[error(
        "the node's chain begins with {found}, yours with {wanted}: take a node of your chain (--node)"
    )]
    OtherChain {
        /// What is trusted.
        wanted: Hash,
        /// What the node says.
        found: String,
    },
    /// There are none.
    #[error(
        "no relay serves on this chain: what you write is kept and leaves when one does; on a network of your own, start \
         relays"
    )]
    NoRelays,
    /// The connection to a relay ended, or did not come about.
    #[error("relay {}: {cause}", hex::encode(relay.0.get(..4).unwrap_or_default()))]
    Relay {
        /// Which.
        relay: RelayId,
        /// Why.
        cause: String,
    },
    /// The list of relays cannot be kept.
    #[error("the list of relays cannot be kept: {0}")]
    Kept(VaultError),
}

/// A task that ends when this is dropped.
#[derive(Debug)]
struct Task(tokio::task::JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Connections to relays, and what is known of them.
pub struct RelayWire<'v> {
    vault: &'v Vault,
    endpoint: Endpoint,
    device: Arc<DeviceKey>,
    genesis: [u8; 32],
    network: Option<Network>,
    places: BTreeMap<RelayId, Place>,
    lines: BTreeMap<RelayId, Line>,
    serial: u64,
    /// Whose end was found here and is still to be told.
    ended: BTreeSet<RelayId>,
    ready: VecDeque<FromRelay>,
    out: mpsc::Sender<Heard>,
    heard: mpsc::Receiver<Heard>,
    news: mpsc::Receiver<Result<Network, Trouble>>,
    refresh: Arc<Notify>,
    node_trouble: Option<Trouble>,
    relay_trouble: Option<Trouble>,
    direct: Option<Direct>,
    _follow: Task,
}

impl<'v> RelayWire<'v> {
    /// Opens a socket and begins to ask the node for the list of relays. `genesis` is the trusted hash of the chain's first
    /// block. Runs on the tokio runtime that it is called in.
    pub async fn open<N: Node + 'static>(
        vault: &'v Vault,
        genesis: Hash,
        node: N,
    ) -> Result<Self, WireError> {
        let account = vault.account()?;
        let device = Arc::new(DeviceKey::new(&account, vault.device()?));
        let mut options = Options::dialling(SecretKey::from_bytes(device.endpoint_seed()));
        options.timings.connect = line::CONNECT;
        options.timings.request = line::ANSWER;
        options.fallback = true;
        let endpoint = Endpoint::bind(options).await?;
        let refresh = Arc::new(Notify::new());
        let (tell, news) = mpsc::channel(1);
        let follow = Follow {
            node,
            account,
            genesis,
            tell,
            refresh: refresh.clone(),
        };
        let (out, heard) = mpsc::channel(HEARD);
        let mut wire = Self {
            vault,
            endpoint,
            device,
            genesis: genesis.0,
            network: None,
            places: BTreeMap::new(),
            lines: BTreeMap::new(),
            serial: 0,
            ended: BTreeSet::new(),
            ready: VecDeque::new(),
            out,
            heard,
            news,
            refresh,
            node_trouble: None,
            relay_trouble: None,
            direct: None,
            _follow: Task(tokio::spawn(follow.run())),
        };
        if let Some(kept) = network::kept(vault, genesis.0)? {
            wire.set(kept);
        }
        Ok(wire)
    }

    /// Delivers to devices directly from now on, and lets those of contacts deliver here. Who is `hidden` tells nobody how this device is
    /// reached, and is not dialled.
    pub fn deliver_directly(&mut self, hidden: bool) {
        let me = Me {
            endpoint: self.endpoint.clone(),
            device: self.device.clone(),
            genesis: self.genesis,
        };
        self.direct = Some(Direct::begin(me, hidden));
    }

    /// What keeps messages from leaving, the most likely first.
    pub fn trouble(&self) -> Option<&Trouble> {
        match &self.network {
            // Without a list the node is what is missing, with one a relay is.
            None => self.node_trouble.as_ref(),
            Some(network) if network.is_empty() => {
                self.node_trouble.as_ref().or(Some(&Trouble::NoRelays))
            }
            Some(_) => self.relay_trouble.as_ref().or(self.node_trouble.as_ref()),
        }
    }

    /// Whether a list of relays is known.
    pub fn has_network(&self) -> bool {
        self.network.is_some()
    }

    /// Ends all connections, and waits a moment until the relays were told.
    pub async fn end(mut self) {
        self.lines.clear();
        // Whoever is not told by then finds out.
        let _ = tokio::time::timeout(GOODBYE, self.endpoint.close()).await;
    }

    fn set(&mut self, network: Network) {
        self.places = network.places();
        self.ready
            .push_back(FromRelay::Directory(network.directory()));
        self.network = Some(network);
    }

    fn take_news(&mut self, news: Result<Network, Trouble>) {
        match news {
            Err(trouble) => self.node_trouble = Some(trouble),
            Ok(network) => {
                self.node_trouble = None;
                if self.network.as_ref() == Some(&network) {
                    return;
                }
                if let Err(error) = network::keep(self.vault, &network) {
                    self.node_trouble = Some(Trouble::Kept(error));
                }
                self.set(network);
            }
        }
    }

    /// W4.
    fn take(
        &mut self,
        Heard {
            relay,
            serial,
            what,
        }: Heard,
    ) -> Option<FromRelay> {
        let line = self.lines.get(&relay);
        if line.is_none_or(|line| line.serial != serial) {
            return None;
        }
        match what {
            FromLine::Answered {
                ask: OBSERVE,
                answer,
            } => {
                // An older relay does not say.
                if let (
                    Some(direct),
                    Answer::Observe(Observed {
                        address: Some(seen),
                    }),
                ) = (&mut self.direct, answer)
                {
                    direct.seen_at(seen.into());
                }
                None
            }
            FromLine::Answered { ask, answer } => {
                self.relay_trouble = None;
                Some(FromRelay::Answered { ask, answer })
            }
            FromLine::Pushed(push) => Some(FromRelay::Pushed { relay, push }),
            FromLine::Ended { cause } => {
                self.lines.remove(&relay);
                self.relay_trouble = Some(Trouble::Relay { relay, cause });
                Some(FromRelay::Lost { relay })
            }
        }
    }

    /// What needs no waiting.
    fn own(&mut self) -> Option<FromRelay> {
        if let Some(relay) = self.ended.pop_first() {
            return Some(FromRelay::Lost { relay });
        }
        let ready = self.ready.pop_front();
        ready.or_else(|| Some(FromRelay::Device(self.direct.as_mut()?.try_next()?)))
    }

    /// Where a device is, as its presence says; of fallback relays only those beside relays that are known (C1).
    fn whereabouts(&self, reach: &Reach) -> Option<Whereabouts> {
        let beside = |fallback: &Fallback| {
            let mut places = self.places.values();
            places.any(|place| Fallback::beside(&place.address).is_ok_and(|it| it == *fallback))
        };
        let fallback = reach.fallback().and_then(|url| url.parse().ok());
        Some(Whereabouts {
            key: PublicKey::from_bytes(&reach.endpoint).ok()?,
            addresses: reach
                .addresses
                .as_slice()
                .iter()
                .map(|address| (*address).into())
                .collect(),
            fallback: fallback.filter(beside),
        })
    }

    fn end_here(&mut self, relay: RelayId, cause: &str) {
        self.lines.remove(&relay);
        self.ended.insert(relay);
        let cause = cause.into();
        self.relay_trouble = Some(Trouble::Relay { relay, cause });
    }

    /// The connection to a relay, or the task that makes it.
    fn line(&mut self, relay: RelayId) -> Option<&Line> {
        if !self.lines.contains_key(&relay) {
            let place = self.places.get(&relay)?.clone();
            self.serial = self.serial.wrapping_add(1);
            let dial = Dial {
                endpoint: self.endpoint.clone(),
                device: self.device.clone(),
                genesis: self.genesis,
                relay,
                place,
            };
            let line = Line::begin(dial, self.serial, self.out.clone());
            self.lines.insert(relay, line);
        }
        self.lines.get(&relay)
    }
}

impl Wire for RelayWire<'_> {
    fn ask(&mut self, relay: RelayId, ask: u64, request: Request) {
        // Its end is on its way, and covers this too.
        if self.ended.contains(&relay) {
            return;
        }
        let Some(line) = self.line(relay) else {
            return self.end_here(relay, "its record has no address that can be used");
        };
        // A task that has ended has said so, or is about to.
        if let Err(mpsc::error::TrySendError::Full(_)) = line.asks.try_send(Ask { ask, request }) {
            self.end_here(relay, "it does not take what is sent");
        }
    }

    fn close(&mut self, relay: RelayId) {
        self.lines.remove(&relay);
        self.ended.remove(&relay);
    }

    async fn next(&mut self) -> FromRelay {
        loop {
            if let Some(from) = self.try_next() {
                return from;
            }
            tokio::select! {
                Some(heard) = self.heard.recv() => {
                    if let Some(from) = self.take(heard) {
                        return from;
                    }
                }
                Some(news) = self.news.recv() => self.take_news(news),
                from = from_devices(&mut self.direct) => return FromRelay::Device(from),
                // Neither ends while this is there; if one did, there would be nothing to wait for.
                else => std::future::pending().await,
            }
        }
    }

    fn try_next(&mut self) -> Option<FromRelay> {
        while let Ok(news) = self.news.try_recv() {
            self.take_news(news);
        }
        if let Some(from) = self.own() {
            return Some(from);
        }
        while let Ok(heard) = self.heard.try_recv() {
            if let Some(from) = self.take(heard) {
                return Some(from);
            }
        }
        None
    }

    fn refresh(&mut self) {
        self.refresh.notify_one();
    }

    fn calls(&mut self) -> Option<&mut dyn Calls> {
        match self.direct.is_some() {
            true => Some(self),
            false => None,
        }
    }
}

impl Calls for RelayWire<'_> {
    fn offer(
        &mut self,
        to: DeviceAddress,
        reach: Option<&Reach>,
        ask: u64,
        envelope: Bounded<MAX_ENVELOPE>,
    ) {
        let at = reach.and_then(|reach| self.whereabouts(reach));
        if let Some(direct) = &mut self.direct {
            direct.offer(to, at, ask, envelope);
        }
    }

    fn took(&mut self, call: u64, taken: bool) {
        if let Some(direct) = &mut self.direct {
            direct.took(call, taken);
        }
    }

    fn admit(&mut self, knock: u64, key: Option<[u8; 32]>) {
        if let Some(direct) = &mut self.direct {
            direct.admit(knock, key);
        }
    }

    fn listens(&mut self, relay: Option<RelayId>) {
        let place = relay.and_then(|relay| self.places.get(&relay));
        let fallback = place.and_then(|place| Fallback::beside(&place.address).ok());
        if let Some(direct) = &mut self.direct {
            direct.listens(fallback);
        }
        // Where it is not asked now it is after the next subscription.
        if let Some(line) = relay.and_then(|relay| self.lines.get(&relay)) {
            let (ask, request) = (OBSERVE, Request::Observe(Observe {}));
            let _ = line.asks.try_send(Ask { ask, request });
        }
    }

    fn seek(&mut self, keys: Vec<PresenceKey>) {
        if let Some(direct) = &self.direct {
            direct.seek(keys);
        }
    }

    fn show(&mut self, seek: u64, record: Bounded<MAX_PRESENCE>) {
        if let Some(direct) = &mut self.direct {
            direct.show(seek, record);
        }
    }

    fn leave(&mut self) {
        if let Some(direct) = &mut self.direct {
            direct.leave();
        }
    }
}

/// What comes from devices, for a wire that has connections to them.
async fn from_devices(direct: &mut Option<Direct>) -> FromDevice {
    match direct {
        Some(direct) => direct.next().await,
        None => std::future::pending().await,
    }
}
