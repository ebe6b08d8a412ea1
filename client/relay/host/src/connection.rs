//! Between the state machine of the side that answers and a channel: one task for each connection.
//!
//! - **N1** A connection has a place, and its peer has few of them ([`crate::gate`]); it must authenticate in time, and is read no faster than its rate: whoever asks faster
//!   is slowed by its own transport, and costs nobody else anything.
//! - **N2** A device authenticates by its signing key on record, a relay by the key of its endpoint, which must be the key that TLS has
//!   seen too. Both sign for this connection alone (O1 of BIMP).
//! - **N3** Messages to deliver are read from the disk when the connection has room for them, so that a slow reader takes no memory.

use crate::{
    directory::{Charge, DeviceName, Directory, Judgement},
    engine::{Clocks, Event, Events},
    figures::{Figures, count},
    gate::{ConnectionLimits, Gate, PeerPermit, Permit, Rate},
    storage::Store,
};
use ed25519_dalek::{Signature, VerifyingKey};
use parlance_bimp::{
    Answer, Authenticated, Binding, Credential, Deliver, EnvelopeView, Key, Mailbox, Push, Reason,
    Refusal, RelayId, Request, SendError, Server, ServerEvent, Settings, Violation,
};
use parlance_endpoint::{Channel, End, Outgoing};
use parlance_relay_core::{Asker, ConnectionId, Input, Storage, Who};
use std::{
    collections::{BTreeMap, VecDeque},
    convert::Infallible,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, watch};

/// A message to push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Which.
    pub key: Key,
    /// Its position.
    pub position: u64,
    /// When it will be thrown away.
    pub expires: u64,
    /// Whether it wakes.
    pub mention: bool,
}

/// What the core says to a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Places.
    pub gate: Gate,
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
    channel: Channel,
    machine: Server,
    from_core: mpsc::UnboundedReceiver<ToConnection>,
    /// Pushes that there was no room for: bounded by the core's windows.
    waiting: VecDeque<ToConnection>,
    out: Outgoing,
    device: Option<DeviceName>,
    /// What was counted for requests that are not answered yet.
    charges: BTreeMap<u32, Charge>,
    /// The place of a peer that has authenticated.
    admitted: Option<PeerPermit>,
    deadline: Instant,
    rate: Rate,
    reconciliations: Rate,
}

/// Serves a connection until its end.
pub async fn serve(shared: Arc<Shared>, channel: Channel, id: ConnectionId, place: Permit) {
    let (to, from_core) = mpsc::unbounded_channel();
    shared.events.send(Event::Connected { connection: id, to });
    let binding = Binding {
        genesis: shared.directory.genesis(),
        exporter: channel.exporter(),
        relay: shared.me,
    };
    let now = Instant::now();
    let patience = Duration::from_secs(shared.limits.authenticate_seconds.clamp(1, 600));
    let mut connection = Connection {
        id,
        channel,
        machine: Server::new(Settings::default(), binding),
        from_core,
        waiting: VecDeque::new(),
        out: Outgoing::default(),
        device: None,
        charges: BTreeMap::new(),
        admitted: None,
        deadline: now.checked_add(patience).unwrap_or(now),
        rate: Rate::new(shared.limits.device_requests, now),
        reconciliations: Rate::new(shared.limits.reconciliations, now),
        shared,
    };
    let end = match connection.drive().await {
        Ok(never) => match never {},
        Err(end) => end,
    };
    let closed = Event::Core(Input::Closed { connection: id });
    connection.shared.events.send(closed);
    connection.finish(&end).await;
    drop(place);
}

impl Connection {
    async fn drive(&mut self) -> Result<Infallible, End> {
        let mut stop = self.shared.stop.clone();
        loop {
            self.take_events();
            self.push_waiting();
            if self.out.is_empty() && self.machine.wants_to_transmit() {
                self.machine.transmit(self.out.fill(), Outgoing::LIMIT);
            }
            if let Some(violation) = self.machine.end() {
                return Err(violation.clone().into());
            }
            let wait = self.rate.wait(Instant::now());
            tokio::select! {
                sent = self.out.send(&mut self.channel.writer), if !self.out.is_empty() => sent?,
                read = self.channel.reader.read(), if wait.is_none() => match read? {
                    Some(bytes) => {
                        let received = self.machine.receive(bytes.as_ref());
                        if let Err(violation) = received {
                            self.take_events();
                            return Err(violation.into());
                        }
                    }
                    None => return Err(End::HungUp),
                },
                Some(told) = self.from_core.recv() => self.take_from_core(told),
                () = until(wait), if wait.is_some() => {}
                () = until(Some(self.deadline)), if self.admitted.is_none() => {
                    count(&self.shared.figures.silent_strangers);
                    self.machine.close(Violation::Done);
                }
                _ = stop.wait_for(|stop| *stop) => self.machine.close(Violation::Stopping),
            }
        }
    }

    fn take_events(&mut self) {
        while let Some(event) = self.machine.poll() {
            match event {
                ServerEvent::Connected { .. } | ServerEvent::Pong { .. } => {}
                ServerEvent::Authenticate {
                    request,
                    credential,
                    statement,
                    signature,
                } => self.judge(request, credential, &statement, &signature),
                ServerEvent::Request { request, body } => self.take_request(request, body),
            }
        }
    }

    /// N2.
    fn judge(
        &mut self,
        request: u32,
        credential: Credential,
        statement: &[u8],
        signature: &[u8; 64],
    ) {
        let Some(who) = self.who(credential, statement, signature) else {
            count(&self.shared.figures.refused_credentials);
            return self.refuse(request, Reason::BadCredentials);
        };
        let Some(place) = self.shared.gate.admit(&credential) else {
            count(&self.shared.figures.refused_connections);
            return self.refuse(request, Reason::TooFast);
        };
        if matches!(who, Who::Relay(_)) {
            self.rate = Rate::new(self.shared.limits.relay_requests, Instant::now());
        }
        let (connection, limit) = (self.id, self.shared.retention);
        // Before the requests that wait for it.
        let opened = Input::Opened { connection, who };
        self.shared.events.send(Event::Core(opened));
        let welcome = Authenticated {
            clock: Clocks::new().now().wall,
            retention: limit,
        };
        // Fails only for a request that is not the one being judged.
        if self.machine.admit(request, welcome).is_ok() {
            self.admitted = Some(place);
        }
    }

    fn who(
        &mut self,
        credential: Credential,
        statement: &[u8],
        signature: &[u8; 64],
    ) -> Option<Who> {
        let directory = self.shared.directory.as_ref();
        match credential {
            Credential::Device { account, device } => {
                let record = directory.device(&account, device)?;
                verify(&record.key, statement, signature)?;
                self.device = Some(DeviceName {
                    account,
                    number: device,
                });
                Some(Who::Device {
                    account,
                    device,
                    mailboxes: record.mailboxes,
                    owner: record.owner,
                })
            }
            Credential::Relay { relay } => {
                let record = directory.relay(&relay)?;
                if self.channel.peer() != record.address.key || relay == self.shared.me {
                    return None;
                }
                verify(record.address.key.as_bytes(), statement, signature)?;
                Some(Who::Relay(relay))
            }
        }
    }

    fn take_request(&mut self, request: u32, body: Request) {
        let now = Instant::now();
        self.rate.take(now);
        if matches!(body, Request::Reconcile(_)) {
            if self.reconciliations.wait(now).is_some() {
                return self.refuse(request, Reason::TooFast);
            }
            self.reconciliations.take(now);
        }
        if let Err(reason) = self.take_ticket(request, &body) {
            count(&self.shared.figures.refused_tickets);
            return self.refuse(request, reason);
        }
        let from = Asker {
            connection: self.id,
            request,
        };
        let input = Input::Request {
            from,
            request: body,
        };
        self.shared.events.send(Event::Core(input));
    }

    /// What cannot be read the core refuses.
    fn take_ticket(&mut self, request: u32, body: &Request) -> Result<(), Reason> {
        let (Request::Send(body), Some(device)) = (body, &self.device) else {
            return Ok(());
        };
        let Some(envelope) = EnvelopeView::parse(body.envelope.as_slice()) else {
            return Ok(());
        };
        match self.shared.directory.judge(device, &envelope) {
            Judgement::Refused(error) => {
                tracing::debug!(%error, connection = self.id, "a ticket is refused");
                Err(error.reason())
            }
            judgement => {
                let charge = judgement.charge();
                self.charges.extend(charge.map(|charge| (request, charge)));
                Ok(())
            }
        }
    }

    /// What was not taken is not counted.
    fn settle(&mut self, request: u32, answer: &Answer) {
        let charge = self.charges.remove(&request);
        if let (Some(charge), Some(device), Answer::Refused(_)) = (charge, &self.device, answer) {
            self.shared.directory.give_back(device, &charge);
        }
    }

    fn take_from_core(&mut self, told: ToConnection) {
        match told {
            ToConnection::Answer { request, answer } => {
                self.settle(request, &answer);
                // Any other error: the connection has ended, or will with its next event.
                if let Err(SendError::TooLong { size }) = self.machine.answer(request, &answer) {
                    tracing::error!(size, "an answer does not fit into a frame");
                    self.refuse(request, Reason::Internal);
                }
            }
            ToConnection::CutOff => self.machine.close(Violation::SlowReader),
            push => self.waiting.push_back(push),
        }
    }

    /// N3.
    fn push_waiting(&mut self) {
        while let Some(next) = self.waiting.front() {
            let push = match next {
                ToConnection::Moved(mailbox) => Some(Push::Moved(*mailbox)),
                ToConnection::Deliver(delivery) => self.read(delivery),
                _ => None,
            };
            if let Some(push) = push
                && self.machine.push(&push) == Err(SendError::Full)
            {
                return;
            }
            self.waiting.pop_front();
        }
    }

    fn read(&self, delivery: &Delivery) -> Option<Push> {
        let message = match self.shared.store.message(&delivery.key) {
            // Deleted meanwhile.
            Ok(None) => return None,
            Ok(Some(message)) => message,
            Err(error) => {
                tracing::error!(%error, "a message cannot be delivered");
                return None;
            }
        };
        Some(Push::Deliver(Deliver {
            mailbox: delivery.key.mailbox,
            id: delivery.key.id,
            position: delivery.position,
            expires: delivery.expires,
            mention: delivery.mention,
            message: parlance_bimp::Bounded::new(message.as_ref()).ok()?,
        }))
    }

    fn refuse(&mut self, request: u32, reason: Reason) {
        let refusal = Answer::Refused(Refusal::new(reason));
        // The request is open: it has come just now.
        let _ = self.machine.answer(request, &refusal);
    }

    async fn finish(mut self, end: &End) {
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

fn verify(key: &[u8; 32], statement: &[u8], signature: &[u8; 64]) -> Option<()> {
    let key = VerifyingKey::from_bytes(key).ok()?;
    let signature = Signature::from_bytes(signature);
    key.verify_strict(statement, &signature).ok()
}

async fn until(when: Option<Instant>) {
    match when {
        Some(when) => tokio::time::sleep_until(when.into()).await,
        None => std::future::pending().await,
    }
}
