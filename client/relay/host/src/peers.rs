//! Questions to other relays.
//!
//! - **P1** There is one connection to each relay that is asked, dialled when it is first asked, and again after a pause that doubles with
//!   each failure, from [`FIRST_PAUSE`] to [`LONGEST_PAUSE`], and is spread so that relays do not come all at once.
//! - **P2** What is asked while there is no connection, or no room on it, is dropped: the core asks again, or reconciles.
//! - **P3** A relay that does not answer a question in time is pinged; one that is silent then is dialled anew. A process that was killed and
//!   is back does not know its old connections.

use crate::{
    directory::Directory,
    engine::{Event, Events},
    figures::{Figures, count},
};
use parlance_bimp::{RelayId, Request};
use parlance_endpoint::{Client, Endpoint, RelayIdentity, RequestError, Session};
use parlance_relay_core::Input;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicU64},
    time::Duration,
};
use tokio::{
    runtime::Handle,
    sync::{mpsc, watch},
    task::JoinSet,
};

/// P1.
pub const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// P1.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(3);
/// Questions that wait for a connection.
const QUEUE: usize = 1_024;
/// Questions on their way.
const ASKED: usize = 128;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a sign of life may take.
const SILENCE: Duration = Duration::from_millis(500);

/// The other relays. Clones are the same ones.
#[derive(Clone)]
pub struct Peers {
    inner: Arc<Inner>,
}

struct Inner {
    endpoint: Endpoint,
    me: RelayId,
    directory: Arc<dyn Directory>,
    events: Events,
    figures: Arc<Figures>,
    runtime: Handle,
    stop: watch::Receiver<bool>,
    queues: Mutex<HashMap<RelayId, mpsc::Sender<Request>>>,
}

impl Peers {
    /// Nobody is asked yet. Runs on the present runtime.
    pub fn new(
        endpoint: Endpoint,
        me: RelayId,
        directory: Arc<dyn Directory>,
        events: Events,
        figures: Arc<Figures>,
        stop: watch::Receiver<bool>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                endpoint,
                me,
                directory,
                events,
                figures,
                runtime: Handle::current(),
                stop,
                queues: Mutex::default(),
            }),
        }
    }

    /// Asks a relay (P2). The answer goes to the core.
    pub fn ask(&self, relay: RelayId, request: Request) {
        let inner = &self.inner;
        let mut queues = inner.queues.lock().unwrap_or_else(PoisonError::into_inner);
        let queue = queues.entry(relay).or_insert_with(|| {
            let (queue, questions) = mpsc::channel(QUEUE);
            inner.runtime.spawn(talk(inner.clone(), relay, questions));
            queue
        });
        if queue.try_send(request).is_err() {
            count(&inner.figures.unasked);
            // The task has ended because the relay is not on record: the next question begins another.
            if queue.is_closed() {
                queues.remove(&relay);
            }
        }
    }
}

/// Keeps the connection to one relay.
async fn talk(inner: Arc<Inner>, relay: RelayId, mut questions: mpsc::Receiver<Request>) {
    let mut pause = FIRST_PAUSE;
    let mut stop = inner.stop.clone();
    loop {
        let Some(record) = inner.directory.relay(&relay) else {
            return unreachable(&inner, relay);
        };
        count(&inner.figures.dials);
        let identity = RelayIdentity {
            relay: inner.me,
            key: inner.endpoint.secret_key().clone(),
        };
        let genesis = inner.directory.genesis();
        let connecting = Client::connect(&inner.endpoint, &record.address, genesis, &identity);
        let session = tokio::select! {
            session = connecting => session,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        match session {
            Ok(session) => {
                pause = FIRST_PAUSE;
                tokio::select! {
                    () = ask_on(&inner, relay, session, &mut questions) => {}
                    _ = stop.wait_for(|stop| *stop) => return,
                }
            }
            Err(error) => {
                count(&inner.figures.failed_dials);
                tracing::debug!(%error, ?relay, "a relay is not reached");
            }
        }
        unreachable(&inner, relay);
        tokio::select! {
            () = tokio::time::sleep(spread(pause, inner.me, relay)) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        // Stale by now (P2).
        while questions.try_recv().is_ok() {
            count(&inner.figures.unasked);
        }
    }
}

fn unreachable(inner: &Inner, relay: RelayId) {
    inner.events.send(Event::Core(Input::Unreachable { relay }));
}

/// Between a half and the whole of a pause, another share for each pair of relays.
fn spread(pause: Duration, me: RelayId, other: RelayId) -> Duration {
    static TRIES: AtomicU64 = AtomicU64::new(0);
    let tries = TRIES.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let hash = parlance_bimp::id::hash(&[&me.0, &other.0, &tries.to_le_bytes()]);
    let share = hash.first().copied().unwrap_or(0);
    let half = pause / 2;
    half.saturating_add(half.saturating_mul(u32::from(share)) / 255)
}

/// Asks until the connection is no good any more.
async fn ask_on(
    inner: &Arc<Inner>,
    relay: RelayId,
    session: Session,
    questions: &mut mpsc::Receiver<Request>,
) {
    let client = session.client;
    let mut asked = JoinSet::new();
    loop {
        tokio::select! {
            end = client.closed() => {
                tracing::debug!(%end, ?relay, "the connection to a relay is over");
                return;
            }
            Some(alive) = asked.join_next(), if !asked.is_empty() => {
                // A question that panicked does not happen; it would not tell that the relay is there.
                if !alive.unwrap_or(false) {
                    return client.close().await;
                }
            }
            request = questions.recv(), if asked.len() < ASKED => {
                let Some(request) = request else { return };
                count(&inner.figures.asked);
                asked.spawn(ask(inner.clone(), relay, client.clone(), request));
            }
        }
    }
}

/// Asks, and says whether the relay is there (P3).
async fn ask(inner: Arc<Inner>, relay: RelayId, client: Client, request: Request) -> bool {
    match client.request_within(request, PATIENCE).await {
        Ok(answer) => {
            let answered = Input::Answered { relay, answer };
            inner.events.send(Event::Core(answered));
            true
        }
        Err(RequestError::TimeOut { .. }) => client.ping(SILENCE).await.is_ok(),
        Err(RequestError::Unsent(error)) => {
            tracing::error!(%error, "a request to a relay cannot be sent");
            true
        }
        Err(_) => false,
    }
}
