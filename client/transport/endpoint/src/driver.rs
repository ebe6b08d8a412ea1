//! Between the state machine of the side that asks and a channel.

use crate::{
    channel::{Channel, Outgoing},
    error::{End, RequestError},
};
use parlance_bimp::{
    Answer, Client as Machine, ClientEvent, Push, Request, SendError, Settings, Violation,
};
use std::{collections::BTreeMap, time::Duration};
use tokio::sync::{mpsc, oneshot, watch};

type Reply = oneshot::Sender<Result<Answer, RequestError>>;

/// What a handle wants.
#[expect(
    clippy::large_enum_variant,
    reason = "nearly all are requests, and few wait"
)]
#[derive(Debug)]
pub(crate) enum Command {
    Request { request: Request, reply: Reply },
    Ping { reply: oneshot::Sender<()> },
    Close,
}

pub(crate) struct Driver {
    machine: Machine,
    channel: Channel,
    close: Duration,
    commands: mpsc::Receiver<Command>,
    pushes: mpsc::Sender<Push>,
    /// Unanswered, as many as the peer's hello allows.
    waiting: BTreeMap<u32, Reply>,
    /// What the connection has no room for yet.
    held: Option<(Request, Reply)>,
    pings: BTreeMap<u64, oneshot::Sender<()>>,
    pinged: u64,
    out: Outgoing,
}

impl Driver {
    pub fn new(
        channel: Channel,
        settings: Settings,
        close: Duration,
        commands: mpsc::Receiver<Command>,
        pushes: mpsc::Sender<Push>,
    ) -> Self {
        Self {
            machine: Machine::new(settings),
            channel,
            close,
            commands,
            pushes,
            waiting: BTreeMap::new(),
            held: None,
            pings: BTreeMap::new(),
            pinged: 0,
            out: Outgoing::default(),
        }
    }

    /// Until the connection ends.
    pub async fn run(mut self, ended: watch::Sender<Option<End>>) {
        let end = match self.drive().await {
            Ok(never) => match never {},
            Err(end) => end,
        };
        // What came before the end counts.
        self.take_events();
        ended.send_replace(Some(end.clone()));
        let held = self.held.take().map(|(_, reply)| reply);
        for reply in std::mem::take(&mut self.waiting).into_values().chain(held) {
            let _ = reply.send(Err(end.clone().into()));
        }
        // Pushes that came last are read, and then the end is.
        drop((self.pushes, self.commands, self.pings));
        if matches!(end, End::Lost { .. }) {
            return self.channel.abort();
        }
        let (mut out, machine, mut channel) = (self.out, &mut self.machine, self.channel);
        let last_words = async {
            out.send_all(&mut channel.writer).await?;
            machine.transmit(out.fill(), Outgoing::LIMIT);
            out.send_all(&mut channel.writer).await
        };
        // The peer may be gone already.
        let _ = tokio::time::timeout(self.close, last_words).await;
        channel.close(self.close).await;
    }

    async fn drive(&mut self) -> Result<std::convert::Infallible, End> {
        loop {
            self.take_events();
            self.take_commands()?;
            if self.out.is_empty() && self.machine.wants_to_transmit() {
                self.machine.transmit(self.out.fill(), Outgoing::LIMIT);
            }
            let full = self.is_full();
            tokio::select! {
                sent = self.out.send(&mut self.channel.writer), if !self.out.is_empty() => sent?,
                read = self.channel.reader.read() => match read? {
                    Some(bytes) => self.machine.receive(bytes.as_ref())?,
                    None => return Err(End::HungUp),
                },
                // Nobody is left to ask if there is none.
                command = self.commands.recv(), if self.held.is_none() => {
                    self.obey(command.unwrap_or(Command::Close))?;
                }
                () = room(&self.pushes), if full => {}
            }
        }
    }

    /// Whether pushes wait that nobody reads. Events stay with the machine then, and the peer's credit with us.
    fn is_full(&self) -> bool {
        self.pushes.capacity() == 0 && !self.pushes.is_closed()
    }

    fn take_events(&mut self) {
        while !self.is_full() {
            match self.machine.poll() {
                None => return,
                Some(ClientEvent::Connected { .. }) => {}
                Some(ClientEvent::Answer { request, answer }) => {
                    if let Some(reply) = self.waiting.remove(&request) {
                        // Whoever asked may have lost patience.
                        let _ = reply.send(Ok(answer));
                    }
                }
                // There is room, or nobody who would read it.
                Some(ClientEvent::Push(push)) => drop(self.pushes.try_send(push)),
                // Of several pings the last is answered (rule Q5 of BIMP).
                Some(ClientEvent::Pong { number }) => {
                    let later = self.pings.split_off(&number.saturating_add(1));
                    for reply in std::mem::replace(&mut self.pings, later).into_values() {
                        let _ = reply.send(());
                    }
                }
            }
        }
    }

    /// All that wait, so that they leave together.
    fn take_commands(&mut self) -> Result<(), End> {
        loop {
            self.ask_held();
            if self.held.is_some() {
                return Ok(());
            }
            match self.commands.try_recv() {
                Ok(command) => self.obey(command)?,
                Err(_) => return Ok(()),
            }
        }
    }

    fn obey(&mut self, command: Command) -> Result<(), End> {
        match command {
            Command::Request { request, reply } => self.held = Some((request, reply)),
            Command::Ping { reply } => self.ping(reply),
            Command::Close => {
                self.machine.close(Violation::Done);
                return Err(Violation::Done.into());
            }
        }
        Ok(())
    }

    fn ask_held(&mut self) {
        let Some((request, reply)) = self.held.take() else {
            return;
        };
        // Nobody waits for it any more.
        if reply.is_closed() {
            return;
        }
        match self.machine.request(&request) {
            Ok(id) => {
                self.waiting.insert(id, reply);
            }
            Err(SendError::Full) => self.held = Some((request, reply)),
            Err(error) => {
                let _ = reply.send(Err(error.into()));
            }
        }
    }

    fn ping(&mut self, reply: oneshot::Sender<()>) {
        self.pings.retain(|_, reply| !reply.is_closed());
        self.pinged = self.pinged.saturating_add(1);
        self.pings.insert(self.pinged, reply);
        self.machine.ping(self.pinged);
    }
}

/// Until a push could go to its reader, or nobody reads them any more.
async fn room(pushes: &mpsc::Sender<Push>) {
    let _ = pushes.reserve().await;
}
