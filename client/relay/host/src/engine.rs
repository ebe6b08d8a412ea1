//! The loop of the core, in a thread of its own, and the thread that writes its batches beside it.
//!
//! - **E1** Whatever has happened goes into the core, then one batch for all of it to the disk; what happens meanwhile goes into the next
//!   (B1 of the core).
//! - **E2** A batch that failed for another reason than want of room, and a core that cannot go on, end the process: after a failed
//!   synchronisation nobody knows what the disk has. It starts again from what is on it.
//! - **E3** What waits here is bounded by what others may have open: requests of a connection (R2 of BIMP), questions to a relay
//!   ([`crate::peers`]).
//! - **E4** A thread that writes and is gone ends the loop with [`EngineError::Writer`]: nothing would be promised any more.

mod recent;

use crate::{
    connection::{Delivery, ToConnection},
    directory::{DeviceName, Directory},
    figures::Figures,
    peers::Peers,
    storage::Store,
};
use parlance_bimp::{GroupGrown, RelayId};
use parlance_relay_core::{
    Batch, Clock, Config, ConnectionId, Effect, Input, Relay, RelayInfo, Storage, StorageError,
};
use recent::Recent;
use std::{
    collections::HashMap,
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant, SystemTime},
};
use tokio::sync::mpsc::UnboundedSender;

/// Between two ticks of the core.
const TICK: Duration = Duration::from_millis(50);
/// Inputs that are taken before effects are carried out.
const ROUND: usize = 4_096;

/// What goes to the loop.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are inputs, and an allocation for each would cost more than the room"
)]
pub enum Event {
    /// A connection that may ask. Comes before everything else from it.
    Connected {
        /// Its number.
        connection: ConnectionId,
        /// Where its answers go.
        to: UnboundedSender<Box<ToConnection>>,
    },
    /// For the core. [`Input::Closed`] ends what `Connected` began.
    Core(Input),
    /// A batch is written, or is not.
    Committed {
        /// Which.
        number: u64,
        /// How it went.
        result: Result<(), StorageError>,
    },
    /// The end: what is being written is finished first.
    Stop,
}

/// For sending events. Clones go to the same loop.
#[derive(Clone, Debug)]
pub struct Events(Sender<Event>);

impl Events {
    /// Sends one. After the end of the loop it goes nowhere.
    pub fn send(&self, event: Event) {
        let _ = self.0.send(event);
    }
}

/// Why the loop has ended.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The disk.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The thread that writes broke.
    #[error(
        "the thread that writes broke: this is a fault of the relay, report it with the lines before, and start it again"
    )]
    Writer,
    /// No thread.
    #[error("no thread could be started ({0}): raise the limit of processes")]
    Thread(std::io::Error),
}

/// What the loop is made of.
pub struct Engine {
    /// Its place.
    pub me: RelayId,
    /// Bounds and times.
    pub config: Config,
    /// The disk.
    pub store: Store,
    /// What is on record.
    pub directory: Arc<dyn Directory>,
    /// The other relays.
    pub peers: Peers,
    /// What is counted.
    pub figures: Arc<Figures>,
}

/// The inputs and the outlet of a loop that does not run yet, so that what it needs can be made first.
pub fn events() -> (Events, Receiver<Event>) {
    let (sender, receiver) = channel();
    (Events(sender), receiver)
}

/// Both clocks.
pub struct Clocks {
    began: Instant,
}

impl Clocks {
    /// From now on.
    pub fn new() -> Self {
        Self {
            began: Instant::now(),
        }
    }

    /// Now.
    pub fn now(&self) -> Clock {
        let wall = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Clock {
            // The core takes a steady clock of 0 for never.
            steady: milliseconds(self.began.elapsed()).saturating_add(1),
            wall: wall.map_or(0, milliseconds),
        }
    }
}

impl Default for Clocks {
    fn default() -> Self {
        Self::new()
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The relays on record as the core wants them.
pub fn routing(directory: &dyn Directory) -> Vec<RelayInfo> {
    let relays = directory.relays().into_iter();
    relays
        .map(|record| RelayInfo {
            id: record.address.relay,
            quality: record.quality,
        })
        .collect()
}

/// What the core is told of the records: owners that are new.
pub fn records(directory: &dyn Directory) -> Vec<Input> {
    let owners = directory.take_owners().into_iter();
    owners
        .map(|(mailbox, owner)| Input::Owner { mailbox, owner })
        .collect()
}

impl Engine {
    /// Reads the disk and starts the threads. The handle gives why the loop has ended.
    pub fn start(
        self,
        events: Events,
        inputs: Receiver<Event>,
    ) -> Result<JoinHandle<Result<(), EngineError>>, EngineError> {
        let disk = self.store.clone();
        self.start_on(disk, events, inputs)
    }

    /// The same with the disk that is written.
    fn start_on(
        self,
        disk: impl Storage + Send + 'static,
        events: Events,
        inputs: Receiver<Event>,
    ) -> Result<JoinHandle<Result<(), EngineError>>, EngineError> {
        let clocks = Clocks::new();
        let relays = routing(self.directory.as_ref());
        let mut relay = Relay::start(self.me, self.config, clocks.now(), &relays, &self.store)?;
        for input in records(self.directory.as_ref()) {
            relay.handle(clocks.now(), input);
        }
        let (batches, written) = channel::<Batch>();
        let writer = write(disk, written, events)?;
        let mut running = Running {
            relay,
            engine: self,
            clocks,
            connections: HashMap::new(),
            batches,
            writer,
            writing: false,
            recent: Recent::default(),
            ticked: Instant::now(),
        };
        std::thread::Builder::new()
            .name("relay-core".into())
            .spawn(move || {
                let result = running.run(&inputs);
                let Running {
                    batches, writer, ..
                } = running;
                // Without a channel the writer ends.
                drop(batches);
                let written = writer.join().map_err(|_| EngineError::Writer);
                result.and(written)
            })
            .map_err(EngineError::Thread)
    }
}

/// The thread that writes.
fn write(
    mut disk: impl Storage + Send + 'static,
    batches: Receiver<Batch>,
    events: Events,
) -> Result<JoinHandle<()>, EngineError> {
    let writer = std::thread::Builder::new().name("relay-writer".into());
    let writing = move || {
        while let Ok(batch) = batches.recv() {
            let result = disk.commit_durable(&batch);
            let number = batch.number;
            events.send(Event::Committed { number, result });
        }
    };
    writer.spawn(writing).map_err(EngineError::Thread)
}

struct Running {
    relay: Relay,
    engine: Engine,
    clocks: Clocks,
    connections: HashMap<ConnectionId, UnboundedSender<Box<ToConnection>>>,
    batches: Sender<Batch>,
    writer: JoinHandle<()>,
    writing: bool,
    recent: Recent,
    ticked: Instant,
}

/// Whether the loop goes on.
#[derive(PartialEq, Eq)]
enum Next {
    On,
    Stop,
}

impl Running {
    fn run(&mut self, inputs: &Receiver<Event>) -> Result<(), EngineError> {
        let mut next = Next::On;
        while next == Next::On || self.writing {
            let wait = TICK.saturating_sub(self.ticked.elapsed());
            match inputs.recv_timeout(wait) {
                Ok(event) => {
                    if self.take(event)? == Next::Stop {
                        next = Next::Stop;
                    }
                    for event in inputs.try_iter().take(ROUND) {
                        if self.take(event)? == Next::Stop {
                            next = Next::Stop;
                        }
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                // Whoever could ask to stop is gone.
                Err(RecvTimeoutError::Disconnected) => next = Next::Stop,
            }
            if self.ticked.elapsed() >= TICK {
                self.ticked = Instant::now();
                self.relay.handle(self.clocks.now(), Input::Tick);
            }
            self.write();
            self.carry_out();
            // E4. It ends by itself only when the loop has.
            if self.writer.is_finished() {
                return Err(EngineError::Writer);
            }
        }
        let counters = self.relay.counters();
        self.engine.figures.take(counters, &self.engine.store);
        Ok(())
    }

    fn take(&mut self, event: Event) -> Result<Next, EngineError> {
        match event {
            Event::Connected { connection, to } => {
                self.connections.insert(connection, to);
            }
            Event::Core(input) => {
                if let Input::Closed { connection } = &input {
                    self.connections.remove(connection);
                }
                self.relay.handle(self.clocks.now(), input);
            }
            Event::Committed { number, result } => {
                self.writing = false;
                let failed = result.as_ref().err().cloned();
                let now = self.clocks.now();
                self.relay
                    .committed(now, number, result, &self.engine.store)?;
                // E2.
                if let Some(StorageError::Failed(cause)) = failed {
                    return Err(StorageError::Failed(cause).into());
                }
            }
            Event::Stop => return Ok(Next::Stop),
        }
        Ok(Next::On)
    }

    fn write(&mut self) {
        let began = Instant::now();
        if let Some(batch) = self.relay.flush(&self.engine.store) {
            self.engine.figures.count_batch(&batch);
            self.recent.take(&batch);
            // E4, if it is gone.
            self.writing = self.batches.send(batch).is_ok();
        }
        let figures = &self.engine.figures;
        figures.set_round(began.elapsed());
        figures.take(self.relay.counters(), &self.engine.store);
        figures.set_connections(self.connections.len());
    }

    fn carry_out(&mut self) {
        while let Some(effect) = self.relay.next_effect() {
            match effect {
                Effect::Answer { to, answer } => {
                    let request = to.request;
                    self.tell(to.connection, ToConnection::Answer { request, answer });
                }
                Effect::Deliver {
                    connection,
                    key,
                    position,
                    expires,
                    mention,
                } => {
                    let delivery = Delivery {
                        key,
                        position,
                        expires,
                        mention,
                        recent: self.recent.get(&key),
                    };
                    self.tell(connection, ToConnection::Deliver(delivery));
                }
                Effect::Moved {
                    connection,
                    mailbox,
                } => self.tell(connection, ToConnection::Moved(mailbox)),
                Effect::Grown {
                    connection,
                    group,
                    next,
                } => self.tell(connection, ToConnection::Grown(GroupGrown { group, next })),
                Effect::CutOff { connection } => self.tell(connection, ToConnection::CutOff),
                Effect::Delivered {
                    connection,
                    mailbox,
                    ids,
                } => self.tell(connection, ToConnection::Delivered { mailbox, ids }),
                Effect::Ask { relay, request } => self.engine.peers.ask(relay, request),
                Effect::Receipt {
                    account,
                    device,
                    receipt,
                } => {
                    self.engine.figures.count_receipt(&receipt);
                    let recipient = DeviceName {
                        account,
                        number: device,
                    };
                    self.engine.directory.take_receipt(&recipient, receipt);
                }
            }
        }
    }

    fn tell(&self, connection: ConnectionId, what: ToConnection) {
        if let Some(to) = self.connections.get(&connection) {
            // It may have ended just now.
            let _ = to.send(Box::new(what));
        }
    }
}

#[cfg(test)]
mod tests;
