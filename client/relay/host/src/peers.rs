//! Questions to other relays.
//!
//! - **P1** There is one connection to each relay that is asked, dialled when it is first asked, and again after a pause that doubles with
//!   each failure, from [`FIRST_PAUSE`] to [`LONGEST_PAUSE`], and is spread so that relays do not come all at once. A dead relay is dialled
//!   seldom for that; one that is back calls, and is called back at once.
//! - **P2** What is asked while there is no connection, or no room on it, is dropped: the core asks again, or reconciles. What waits for
//!   answers of all relays is bounded in bytes.
//! - **P3** A relay that does not answer a question in time, or that calls while there is a connection to it, is pinged; one that is silent
//!   then is dialled anew. A process that was killed and is back does not know its old connections.
//! - **P4** A connection ends when the relay's record is gone or names another key or other addresses.

use crate::{
    budget::weight,
    directory::{Directory, RelayRecord},
    engine::{Event, Events},
    figures::{Figures, count},
};
use parlance_bimp::{RelayId, Request};
use parlance_endpoint::{Client, Endpoint, RelayAddress, RelayIdentity, RequestError, Session};
use parlance_relay_core::Input;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, atomic::AtomicU64},
    time::{Duration, Instant},
};
use tokio::{
    runtime::Handle,
    sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc, watch},
    task::JoinSet,
};

/// P1.
pub const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// P1.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// P1: relays are near each other, or dead.
const DIAL: Duration = Duration::from_millis(1_500);
/// A connection that has held for so long was a good one.
const HELD: Duration = Duration::from_secs(5);
/// Questions to one relay that wait for room on its connection.
const QUEUE: usize = 1_024;
/// Bytes of all questions that are not answered.
const BYTES: usize = 64 << 20;
/// Questions on their way to one relay.
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
    /// [`BYTES`].
    room: Arc<Semaphore>,
    lines: Mutex<HashMap<RelayId, Line>>,
}

/// The way to the task of one relay.
struct Line {
    queue: mpsc::Sender<Question>,
    /// It has called.
    heard: Arc<Notify>,
}

struct Question {
    request: Request,
    room: OwnedSemaphorePermit,
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
                room: Arc::new(Semaphore::new(BYTES)),
                lines: Mutex::default(),
            }),
        }
    }

    /// Asks a relay (P2). The answer goes to the core.
    pub fn ask(&self, relay: RelayId, request: Request) {
        let inner = &self.inner;
        // More than a u32 no request weighs.
        let bytes = u32::try_from(weight(&request)).unwrap_or(u32::MAX);
        let Ok(room) = inner.room.clone().try_acquire_many_owned(bytes) else {
            return count(&inner.figures.unasked);
        };
        let mut lines = inner.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let line = lines.entry(relay).or_insert_with(|| {
            let (queue, questions) = mpsc::channel(QUEUE);
            let heard = Arc::new(Notify::new());
            let talking = talk(inner.clone(), relay, questions, heard.clone());
            inner.runtime.spawn(talking);
            Line { queue, heard }
        });
        if line.queue.try_send(Question { request, room }).is_err() {
            count(&inner.figures.unasked);
            // The task has ended because the relay is not on record: the next question begins another.
            if line.queue.is_closed() {
                lines.remove(&relay);
            }
        }
    }

    /// A relay has connected to this one: it is there (P1, P3).
    pub fn heard(&self, relay: RelayId) {
        let lines = self.inner.lines.lock();
        let lines = lines.unwrap_or_else(PoisonError::into_inner);
        if let Some(line) = lines.get(&relay) {
            line.heard.notify_one();
        }
    }
}

/// Grows from try to try (P1).
#[derive(Debug)]
struct Pause(Duration);

impl Pause {
    fn first() -> Self {
        Self(FIRST_PAUSE)
    }

    fn next(&mut self) -> Duration {
        let pause = self.0;
        self.0 = pause.saturating_mul(2).min(LONGEST_PAUSE);
        pause
    }
}

/// Keeps the connection to one relay.
async fn talk(
    inner: Arc<Inner>,
    relay: RelayId,
    mut questions: mpsc::Receiver<Question>,
    heard: Arc<Notify>,
) {
    let mut pause = Pause::first();
    let mut stop = inner.stop.clone();
    loop {
        // Before the record is read, so that no change is missed.
        let mut changes = inner.directory.changes();
        let Some(record) = inner.directory.relay(&relay) else {
            return unreachable(&inner, relay);
        };
        count(&inner.figures.dials);
        let session = tokio::select! {
            session = dial(&inner, &record.address) => session,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        match session {
            Some(session) => {
                let began = Instant::now();
                tokio::select! {
                    () = ask_on(&inner, &record, session, &mut questions, &heard) => {}
                    () = changed(&inner, &record, &mut changes) => {}
                    _ = stop.wait_for(|stop| *stop) => return,
                }
                if began.elapsed() >= HELD {
                    pause = Pause::first();
                }
            }
            None => count(&inner.figures.failed_dials),
        }
        unreachable(&inner, relay);
        let until = tokio::time::sleep(spread(pause.next(), inner.me, relay));
        tokio::pin!(until);
        loop {
            tokio::select! {
                () = &mut until => break,
                () = heard.notified() => {
                    pause = Pause::first();
                    break;
                }
                question = questions.recv() => match question {
                    // P2: the core asks again.
                    Some(_) => count(&inner.figures.unasked),
                    None => return,
                },
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }
}

async fn dial(inner: &Inner, address: &RelayAddress) -> Option<Session> {
    let identity = RelayIdentity {
        relay: inner.me,
        key: inner.endpoint.secret_key().clone(),
    };
    let genesis = inner.directory.genesis();
    let connecting = Client::connect(&inner.endpoint, address, genesis, &identity);
    match tokio::time::timeout(DIAL, connecting).await {
        Ok(Ok(session)) => Some(session),
        Ok(Err(error)) => {
            tracing::debug!(%error, relay = ?address.relay, "a relay is not reached");
            None
        }
        Err(_) => {
            tracing::debug!(relay = ?address.relay, "a relay does not answer");
            None
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
    record: &RelayRecord,
    session: Session,
    questions: &mut mpsc::Receiver<Question>,
    heard: &Notify,
) {
    let (client, relay) = (session.client, record.address.relay);
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
            question = questions.recv(), if asked.len() < ASKED => {
                let Some(question) = question else { return };
                count(&inner.figures.asked);
                asked.spawn(ask(inner.clone(), relay, client.clone(), question));
            }
            () = heard.notified() => {
                let client = client.clone();
                asked.spawn(async move { client.ping(SILENCE).await.is_ok() });
            }
        }
    }
}

/// Waits until the record of a relay is another one (P4).
async fn changed(inner: &Inner, record: &RelayRecord, changes: &mut watch::Receiver<u64>) {
    while changes.changed().await.is_ok() {
        let now = inner.directory.relay(&record.address.relay);
        if now.is_none_or(|now| now.address != record.address) {
            return;
        }
    }
    // Nothing changes any more.
    std::future::pending().await
}

/// Asks, and says whether the relay is there (P3).
async fn ask(inner: Arc<Inner>, relay: RelayId, client: Client, question: Question) -> bool {
    let Question { request, room } = question;
    let answer = client.request_within(request, PATIENCE).await;
    drop(room);
    match answer {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_bound_and_differ_between_relays() {
        let mut pause = Pause::first();
        let pauses: Vec<Duration> = (0..10).map(|_| pause.next()).collect();
        assert_eq!(pauses[0], FIRST_PAUSE);
        assert!(pauses.windows(2).all(|two| two[0] <= two[1]));
        assert_eq!(pauses[9], LONGEST_PAUSE);
        let (me, other) = (RelayId([1; 32]), RelayId([2; 32]));
        for _ in 0..100 {
            let spread = spread(LONGEST_PAUSE, me, other);
            assert!(spread >= LONGEST_PAUSE / 2 && spread <= LONGEST_PAUSE);
        }
    }
}
