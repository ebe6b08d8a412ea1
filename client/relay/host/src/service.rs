//! A relay that runs.

#[cfg(feature = "fallback")]
use crate::fallback::FallbackRelay;
use crate::{
    bridge::{Arrival, Bridge},
    connection::{LOOKS, Shared, serve},
    directory::Directory,
    engine::{Engine, EngineError, Event, Events, events, records, routing},
    figures::{Figures, count},
    gate::{ConnectionLimits, Gate, Permit},
    peers::Peers,
    storage::Store,
};
use parlance_endpoint::{BindError, Congestion, Endpoint, Incoming, Options, SecretKey};
use parlance_relay_core::{Config, ConnectionId, Input};
use std::{
    net::SocketAddr,
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, Instant},
};
use tokio::{
    sync::{Semaphore, mpsc, watch},
    task::JoinSet,
};

/// How long connections may take to end when the relay stops.
const GOODBYE: Duration = Duration::from_secs(3);
/// Handshakes on their way from which on newcomers must prove their addresses first.
const TRUSTING: usize = 64;

/// Why a relay does not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// It is nobody's.
    #[error(
        "no relay on record has this key ({key}): register it, or use the key that is registered"
    )]
    NotOnRecord {
        /// The public key.
        key: String,
    },
    /// No sockets.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The core or its disk.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The core's thread broke.
    #[error(
        "the core's thread broke: this is a fault of the relay, report it with the lines before"
    )]
    Broken,
}

/// How a relay sends.
#[derive(Clone, Debug)]
pub struct Transport {
    /// What decides how fast.
    pub congestion: Congestion,
    /// Whether it passes packets on between devices too, if it was built so.
    pub fallback: bool,
}

impl Default for Transport {
    fn default() -> Self {
        Self {
            congestion: Congestion::default(),
            fallback: true,
        }
    }
}

/// What a relay is made of.
pub struct Parts {
    /// The key of its endpoint.
    pub key: SecretKey,
    /// Where it listens.
    pub listen: Vec<SocketAddr>,
    /// How it sends.
    pub transport: Transport,
    /// Its disk.
    pub store: Store,
    /// What is on record.
    pub directory: Arc<dyn Directory>,
    /// Bounds and times of the core.
    pub config: Config,
    /// Bounds for connections.
    pub limits: ConnectionLimits,
}

/// A relay that runs.
pub struct Service {
    endpoint: Endpoint,
    figures: Arc<Figures>,
    bridge: Bridge,
    events: Events,
    stop: watch::Sender<bool>,
    core: JoinHandle<Result<(), EngineError>>,
    tasks: JoinSet<()>,
    #[cfg(feature = "fallback")]
    fallback: Option<FallbackRelay>,
    accepting: tokio::task::JoinHandle<()>,
}

impl Service {
    /// Starts a relay on the present runtime.
    pub async fn start(parts: Parts) -> Result<Self, ServiceError> {
        let key = parts.key.public();
        let me = parts.directory.place(&key);
        let me = me.ok_or_else(|| ServiceError::NotOnRecord {
            key: hex::encode(key.as_bytes()),
        })?;
        let mut options = Options::listening(parts.key, parts.listen);
        options.congestion = parts.transport.congestion;
        let endpoint = Endpoint::bind(options).await?;
        let figures = Arc::new(Figures::default());
        #[cfg(feature = "fallback")]
        let fallback = match parts.transport.fallback {
            true => fallback(&endpoint, figures.clone()).await,
            false => None,
        };
        let (stop, stopped) = watch::channel(false);
        let (events, inputs) = events();
        let peers = Peers::new(
            endpoint.clone(),
            me,
            parts.directory.clone(),
            events.clone(),
            figures.clone(),
            stopped.clone(),
        );
        let engine = Engine {
            me,
            config: parts.config,
            store: parts.store.clone(),
            directory: parts.directory.clone(),
            peers: peers.clone(),
            figures: figures.clone(),
        };
        let core = engine.start(events.clone(), inputs)?;
        let mut tasks = JoinSet::new();
        tasks.spawn(follow(parts.directory.clone(), events.clone()));
        let gate = Gate::new(parts.limits);
        figures.watch(gate.budget());
        let genesis = parts.directory.genesis();
        let (bridge, arrivals) = Bridge::new(me, genesis, gate.clone(), figures.clone());
        let shared = Arc::new(Shared {
            me,
            directory: parts.directory,
            events: events.clone(),
            store: parts.store,
            figures: figures.clone(),
            limits: parts.limits,
            gate,
            looks: Arc::new(Semaphore::new(LOOKS)),
            peers,
            retention: parts.config.timings.retention,
            close: endpoint.timings().close,
            stop: stopped,
        });
        let accepting = tokio::spawn(accept(endpoint.clone(), shared, arrivals));
        Ok(Self {
            endpoint,
            figures,
            bridge,
            events,
            stop,
            core,
            tasks,
            #[cfg(feature = "fallback")]
            fallback,
            accepting,
        })
    }

    /// Where it listens.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.endpoint.addresses()
    }

    /// The fallback relay, if one runs here.
    #[cfg(feature = "fallback")]
    pub fn fallback(&self) -> Option<&FallbackRelay> {
        self.fallback.as_ref()
    }

    /// What it counts.
    pub fn figures(&self) -> &Arc<Figures> {
        &self.figures
    }

    /// Where connections come in that do not speak QUIC.
    pub fn bridge(&self) -> &Bridge {
        &self.bridge
    }

    /// Waits until the core has ended by itself, which it does for a fault alone.
    pub async fn failed(&self) {
        while !self.core.is_finished() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Tells everybody to go elsewhere, finishes what is being written, and ends.
    pub async fn stop(mut self) -> Result<(), ServiceError> {
        self.stop.send_replace(true);
        self.tasks.shutdown().await;
        #[cfg(feature = "fallback")]
        if let Some(fallback) = self.fallback {
            // Its clients go elsewhere by themselves.
            let _ = tokio::time::timeout(GOODBYE, fallback.stop()).await;
        }
        // Connections end by themselves; those that do not are ended with the endpoint.
        let mut accepting = self.accepting;
        if tokio::time::timeout(GOODBYE, &mut accepting).await.is_err() {
            accepting.abort();
        }
        self.events.send(Event::Stop);
        let core = self.core;
        let joined = tokio::task::spawn_blocking(move || core.join()).await;
        let _ = tokio::time::timeout(GOODBYE, self.endpoint.close()).await;
        match joined {
            Ok(Ok(result)) => Ok(result?),
            _ => Err(ServiceError::Broken),
        }
    }
}

/// The fallback relay beside an endpoint. A relay serves without one as well.
#[cfg(feature = "fallback")]
async fn fallback(endpoint: &Endpoint, figures: Arc<Figures>) -> Option<FallbackRelay> {
    let address = crate::fallback::place(&endpoint.addresses())?;
    match FallbackRelay::start(address, figures).await {
        Ok(fallback) => Some(fallback),
        Err(error) => {
            tracing::warn!(%error, "devices cannot reach each other through this relay");
            None
        }
    }
}

/// Tells the core what changes on record.
async fn follow(directory: Arc<dyn Directory>, events: Events) {
    let mut changes = directory.changes();
    while changes.changed().await.is_ok() {
        let relays = routing(directory.as_ref());
        events.send(Event::Core(Input::Routing(relays)));
        for input in records(directory.as_ref()) {
            events.send(Event::Core(input));
        }
    }
}

/// Accepts until the relay stops, then waits for the connections that are there.
async fn accept(endpoint: Endpoint, shared: Arc<Shared>, mut bridged: mpsc::Receiver<Arrival>) {
    let mut stop = shared.stop.clone();
    let mut connections = JoinSet::new();
    let handshakes = Arc::new(());
    let mut last: ConnectionId = 0;
    loop {
        let incoming = tokio::select! {
            incoming = endpoint.accept() => incoming,
            Some(arrival) = bridged.recv() => {
                last = last.saturating_add(1);
                let Arrival { channel, place } = arrival;
                connections.spawn(serve(shared.clone(), channel, (last, None), place));
                continue;
            }
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            _ = stop.wait_for(|stop| *stop) => break,
        };
        let Some(incoming) = incoming else { break };
        let Some((incoming, place)) = admit(&shared, incoming, &handshakes) else {
            continue;
        };
        last = last.saturating_add(1);
        let (shared, id, shaking) = (shared.clone(), last, handshakes.clone());
        let seen_at = incoming.address();
        connections.spawn(async move {
            // Boxed: what a handshake takes is not kept for as long as the connection lives.
            let accepted = Box::pin(incoming.accept()).await;
            drop(shaking);
            match accepted {
                Ok(channel) => {
                    count(&shared.figures.accepted_connections);
                    serve(shared, channel, (id, seen_at), place).await;
                }
                Err(error) => {
                    count(&shared.figures.failed_handshakes);
                    tracing::debug!(%error, "a connection was not accepted");
                }
            }
        });
    }
    // Whoever comes now is told so.
    drop(bridged);
    while connections.join_next().await.is_some() {}
}

/// Whether there is a place, and whether its sender is where it says.
fn admit(shared: &Shared, incoming: Incoming, handshakes: &Arc<()>) -> Option<(Incoming, Permit)> {
    let Some(address) = incoming.address() else {
        incoming.refuse();
        return None;
    };
    // One for the counter itself.
    let crowded = Arc::strong_count(handshakes) > TRUSTING;
    if crowded && !incoming.is_validated() {
        incoming.retry();
        return None;
    }
    match shared.gate.enter(address.ip(), Instant::now()) {
        Some(place) => Some((incoming, place)),
        None => {
            count(&shared.figures.refused_connections);
            incoming.refuse();
            None
        }
    }
}
