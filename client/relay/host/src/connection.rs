//! Between the state machine of the side that answers and a channel: one task for each connection.
//!
//! - **N1** A connection has a place, and its peer has few of them ([`crate::gate`]); it must authenticate in time, and is read no faster than its rate: whoever asks faster
//!   is slowed by its own transport, and costs nobody else anything. A stranger has as many frames as it takes to authenticate; all connections
//!   of a device, or of a relay, have one rate. Requests that make the core do much count as many frames ([`crate::price`]).
//! - **N2** A device authenticates by its signing key on record, a relay by the key of its endpoint, which must be the key that TLS has
//!   seen too. Both sign for this connection alone (O1 of BIMP).
//! - **N3** Messages to deliver are read when the connection has room for them, so that a slow reader takes no memory, and once, so that it takes no
//!   time: from those that were written last, which all share, or from the disk.
//! - **N4** What a connection makes the relay keep is counted: requests without answer, answers and messages that the peer has not read. What goes
//!   beyond a little comes from a budget of all connections ([`crate::budget`]); while that is used up, requests of whoever needs more are
//!   refused with [`Reason::TooFast`]. A peer that lets nothing go of what is kept for it is cut off, sooner when memory is scarce.
//! - **N5** A connection ends when the record by which it authenticated is gone or has another key.
//! - **N6** What a look at the chain's database has to tell waits for a thread that may wait, and there are [`LOOKS`] of them for all
//!   connections; who waits is not read meanwhile.
//! - **N7** What was pushed and then acknowledged (G10 of the core) is told to the directory, which counts receipts by it.
//! - **N8** The core is told of the end of a connection, also when what serves it breaks.

mod closing;
mod deliveries;
mod judge;
mod ledger;
mod look;
mod pushes;
mod requests;

pub use look::LOOKS;

use crate::{
    directory::{Charge, DeviceName, Directory},
    engine::{Event, Events},
    figures::{Figures, count},
    gate::{ConnectionLimits, Gate, Pace, PeerPermit, Permit, Rate},
    peers::Peers,
    price,
    storage::Store,
};
use closing::Closing;
use deliveries::Deliveries;
use ledger::Ledger;
use look::{Look, Next};
use parlance_bimp::{
    Answer, Binding, GroupGrown, Key, Mailbox, MessageId, Push, Reason, Refusal, RelayId,
    SendError, Server, ServerEvent, Settings, Violation,
};
use parlance_endpoint::{Channel, End, Outgoing};
use parlance_relay_core::ConnectionId;
use pushes::Pushes;
use std::{
    collections::BTreeMap,
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};
use tokio::sync::{Semaphore, mpsc, watch};

/// Pushed and not taken by the peer's credit, bytes: more are left on the disk.
const BACKLOG: usize = 64 << 10;
/// Answers and pushes of the core that are taken at once.
const AT_ONCE: usize = 64;
/// A connection that is short of memory looks again after so long.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// What a device, and a relay, may send before it is read, bytes. A stranger may send less.
const DEVICE_WINDOW: u32 = 32 << 10;
const RELAY_WINDOW: u32 = 512 << 10;

/// A message to push.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Which.
    pub key: Key,
    /// Its position.
    pub position: u64,
    /// When it will be thrown away.
    pub expires: u64,
    /// Whether it wakes.
    pub mention: bool,
    /// The message, as long as it is remembered; else it is on the disk.
    pub recent: Option<Weak<[u8]>>,
}

/// What the core says to a connection.
#[derive(Clone, Debug)]
pub enum ToConnection {
    /// Answer a request.
    Answer {
        /// Which.
        request: u32,
        /// What.
        answer: Answer,
    },
    /// Push a message.
    Deliver(Delivery),
    /// The mailbox is served elsewhere.
    Moved(Mailbox),
    /// The order of a group has grown.
    Grown(GroupGrown),
    /// Messages that were pushed are acknowledged.
    Delivered {
        /// Of which mailbox.
        mailbox: Mailbox,
        /// Which.
        ids: Vec<MessageId>,
    },
    /// The subscriber takes nothing.
    CutOff,
}

/// What all connections have in common.
pub struct Shared {
    /// This relay.
    pub me: RelayId,
    /// What is on record.
    pub directory: Arc<dyn Directory>,
    /// To the core.
    pub events: Events,
    /// The disk, for reading.
    pub store: Store,
    /// What is counted.
    pub figures: Arc<Figures>,
    /// Bounds.
    pub limits: ConnectionLimits,
    /// Places, and what may be kept.
    pub gate: Gate,
    /// Places for looks at a database (N6).
    pub looks: Arc<Semaphore>,
    /// The other relays.
    pub peers: Peers,
    /// For how long messages are kept that nobody fetches, milliseconds.
    pub retention: u64,
    /// For the last words of a connection.
    pub close: Duration,
    /// Whether the relay stops.
    pub stop: watch::Receiver<bool>,
}

struct Connection {
    shared: Arc<Shared>,
    id: ConnectionId,
    seen_at: Option<SocketAddr>,
    channel: Channel,
    machine: Server,
    /// Boxed: the channel has room for a number of them from the beginning on.
    from_core: mpsc::UnboundedReceiver<Box<ToConnection>>,
    #[expect(clippy::vec_box, reason = "the channel gives boxes")]
    told: Vec<Box<ToConnection>>,
    pushes: Pushes,
    deliveries: Deliveries,
    ledger: Ledger,
    out: Outgoing,
    /// N6.
    look: Option<Look>,
    device: Option<DeviceName>,
    /// What was counted for requests that are not answered yet.
    charges: BTreeMap<u32, Charge>,
    /// The key by which it authenticated.
    key: Option<[u8; 32]>,
    changes: watch::Receiver<u64>,
    /// The place of a peer that has authenticated.
    admitted: Option<PeerPermit>,
    deadline: Instant,
    /// Its own as long as it is a stranger's, then that of its peer.
    pace: Pace,
    reconciliations: Rate,
}

/// Serves a connection until its end. `seen_at` is where its packets come from.
pub async fn serve(
    shared: Arc<Shared>,
    channel: Channel,
    (id, seen_at): (ConnectionId, Option<SocketAddr>),
    place: Permit,
) {
    let (to, from_core) = mpsc::unbounded_channel();
    shared.events.send(Event::Connected { connection: id, to });
    let closing = Closing::new(&shared.events, id);
    let binding = Binding {
        genesis: shared.directory.genesis(),
        exporter: channel.exporter(),
        relay: shared.me,
    };
    let now = Instant::now();
    let settings = Settings {
        backlog: BACKLOG,
        ..Settings::default()
    };
    let patience = Duration::from_secs(shared.limits.authenticate_seconds.clamp(1, 600));
    // Boxed, so that it does not stand in this future twice, before and after it is moved for the last words.
    let mut connection = Box::new(Connection {
        id,
        seen_at,
        channel,
        machine: Server::new(settings, binding),
        from_core,
        told: Vec::new(),
        pushes: Pushes::default(),
        deliveries: Deliveries::default(),
        ledger: Ledger::new(shared.gate.budget()),
        out: Outgoing::default(),
        look: None,
        device: None,
        charges: BTreeMap::new(),
        key: None,
        changes: shared.directory.changes(),
        admitted: None,
        deadline: now.checked_add(patience).unwrap_or(now),
        pace: Pace::new(shared.limits.stranger_requests, now),
        reconciliations: Rate::new(shared.limits.reconciliations, now),
        shared,
    });
    let end = match connection.drive().await {
        Ok(never) => match never {},
        Err(end) => end,
    };
    drop(closing);
    connection.finish(&end).await;
    drop(place);
}

impl Connection {
    async fn drive(&mut self) -> Result<Infallible, End> {
        let mut stop = self.shared.stop.clone();
        loop {
            self.take_events();
            self.push_waiting();
            self.transmit();
            if let Some(violation) = self.machine.end() {
                return Err(violation.clone().into());
            }
            let now = Instant::now();
            self.settle(now);
            if self.ledger.is_cut_off(now) {
                return Err(self.end(Violation::SlowReader));
            }
            let wait = self.pace.wait(now);
            let reads = wait.is_none() && self.look.is_none() && self.ledger.may_read();
            let again = match self.ledger.is_short() {
                true => now.checked_add(LOOK_AGAIN),
                false => None,
            };
            let timer = [wait, again, self.ledger.cut_off_at()];
            let timer = timer.into_iter().flatten().min();
            tokio::select! {
                sent = self.out.send(&mut self.channel.writer), if !self.out.is_empty() => sent?,
                read = self.channel.reader.read(), if reads => match read? {
                    Some(bytes) => self.receive(bytes.as_ref())?,
                    None => return Err(End::HungUp),
                },
                count = self.from_core.recv_many(&mut self.told, AT_ONCE) => self.take_told(count),
                () = look::over(&mut self.look), if self.look.is_some() => self.go_on()?,
                Ok(()) = self.changes.changed(), if self.look.is_none() => self.check_record()?,
                () = until(timer), if timer.is_some() => {}
                () = until(Some(self.deadline)), if self.admitted.is_none() => {
                    count(&self.shared.figures.silent_strangers);
                    self.machine.close(Violation::Done);
                }
                _ = stop.wait_for(|stop| *stop) => self.machine.close(Violation::Stopping),
            }
        }
    }

    /// Ends the connection from this side; what is said last leaves in `finish`.
    fn end(&mut self, why: Violation) -> End {
        self.machine.close(why.clone());
        why.into()
    }

    fn receive(&mut self, bytes: &[u8]) -> Result<(), End> {
        let before = self.machine.frames();
        let received = self.machine.receive(bytes);
        // Of all kinds: pings and credit cost no credit.
        let frames = self.machine.frames().saturating_sub(before);
        let frames = u32::try_from(frames).unwrap_or(u32::MAX);
        self.pace.take(frames, Instant::now());
        if let Err(violation) = received {
            self.take_events();
            return Err(violation.into());
        }
        Ok(())
    }

    fn transmit(&mut self) {
        if !self.out.is_empty() || !self.ledger.may_write() {
            return;
        }
        if let Some(number) = self.ledger.ping() {
            self.machine.ping(number);
        }
        if self.machine.wants_to_transmit() {
            let out = self.out.fill();
            self.machine.transmit(out, Outgoing::LIMIT);
            self.ledger.written(out.len());
        }
    }

    /// N4.
    fn settle(&mut self, now: Instant) {
        let pushed = self.pushes.bytes().saturating_add(self.deliveries.bytes());
        let others = self.machine.kept().saturating_add(pushed);
        self.ledger.settle(others, now);
    }

    fn take_told(&mut self, count: usize) {
        if count == 0 {
            // The core is gone: nothing here will be answered.
            return self.machine.close(Violation::Stopping);
        }
        for told in std::mem::take(&mut self.told) {
            self.take_from_core(*told);
        }
    }

    fn take_events(&mut self) {
        while self.look.is_none() {
            let Some(event) = self.machine.poll() else {
                return;
            };
            match self.unknown(self.question_of(&event)) {
                Some(question) => self.look_up(question, Next::Take(Box::new(event))),
                None => self.take_event(event),
            }
        }
    }

    fn take_event(&mut self, event: ServerEvent) {
        match event {
            ServerEvent::Connected { .. } => {}
            ServerEvent::Pong { number } => self.ledger.pong(number, Instant::now()),
            ServerEvent::Authenticate {
                request,
                credential,
                statement,
                signature,
            } => self.judge(request, credential, &statement, &signature),
            ServerEvent::Request { request, body } => self.take_request(request, body),
        }
    }

    fn take_from_core(&mut self, told: ToConnection) {
        match told {
            ToConnection::Answer { request, answer } => {
                self.settle_charge(request, &answer);
                self.pace.take(price::of_answer(&answer), Instant::now());
                self.ledger.answered(request);
                // Any other error: the connection has ended, or will with its next event.
                if let Err(SendError::TooLong { size }) = self.machine.answer(request, &answer) {
                    tracing::error!(size, "an answer does not fit into a frame");
                    self.refuse(request, Reason::Internal);
                }
            }
            ToConnection::CutOff => self.machine.close(Violation::SlowReader),
            ToConnection::Delivered { mailbox, ids } => {
                let delivered = self.deliveries.take(mailbox, &ids);
                if let Some(device) = self.device.filter(|_| !delivered.is_nothing()) {
                    self.shared.directory.note_delivered(&device, delivered);
                }
            }
            push => self.pushes.add(Box::new(push)),
        }
    }

    /// N3.
    fn push_waiting(&mut self) {
        if self.pushes.is_empty() || self.ledger.is_short() {
            return;
        }
        let (store, figures) = (&self.shared.store, &self.shared.figures);
        while let Some(push) = self.pushes.next(store, figures) {
            match self.machine.push(&push) {
                Err(SendError::Full) => return self.pushes.put_back(push),
                // Any other error: the connection has ended, or will with its next event.
                Err(_) => {}
                Ok(()) => {
                    if let Push::Deliver(message) = &push {
                        self.deliveries.push(message);
                    }
                }
            }
        }
    }

    fn refuse(&mut self, request: u32, reason: Reason) {
        let refusal = Answer::Refused(Refusal::new(reason));
        // The request is open: it has come just now.
        let _ = self.machine.answer(request, &refusal);
    }

    async fn finish(mut self: Box<Self>, end: &End) {
        match end {
            End::Violation(Violation::ByPeer { .. } | Violation::Done | Violation::Stopping) => {}
            End::Violation(violation) => {
                count(&self.shared.figures.violations);
                tracing::debug!(%violation, connection = self.id, "a connection was ended");
            }
            _ => return self.channel.abort(),
        }
        let last_words = async {
            self.out.send_all(&mut self.channel.writer).await?;
            self.machine.transmit(self.out.fill(), Outgoing::LIMIT);
            self.out.send_all(&mut self.channel.writer).await
        };
        // The peer may be gone already.
        let _ = tokio::time::timeout(self.shared.close, last_words).await;
        self.channel.close(self.shared.close).await;
    }
}

async fn until(when: Option<Instant>) {
    match when {
        Some(when) => tokio::time::sleep_until(when.into()).await,
        None => std::future::pending().await,
    }
}
