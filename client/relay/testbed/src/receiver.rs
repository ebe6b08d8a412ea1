//! A device that listens, and turns to another relay when one is silent.

use crate::{
    device::{Device, GENESIS},
    sender::Patience,
};
use parlance_bimp::{
    Answer, Deliver, List, Mailbox, MessageId, OfMailbox, Push, Request, Subscribe, limits::MAX_IDS,
};
use parlance_endpoint::{Client, Endpoint, Pushes, RelayAddress};
use std::{sync::Arc, time::Duration};
use tokio::{sync::mpsc, task::JoinSet};

/// After an attempt that failed at once, so that nobody runs in circles.
const BREATH: Duration = Duration::from_millis(5);

/// What happens to a device that listens. Relays are named by their places in the list.
#[derive(Debug)]
pub enum Event {
    /// A relay has its subscription.
    Subscribed {
        /// Which.
        relay: usize,
    },
    /// A message, for the first time or again.
    Delivered(Deliver),
    /// The relay was silent, or has hung up.
    Lost {
        /// Which.
        relay: usize,
    },
}

/// A device that listens.
#[derive(Debug)]
pub struct Receiver {
    endpoint: Endpoint,
    relays: Arc<Vec<RelayAddress>>,
    device: Device,
    patience: Patience,
    at: usize,
    failed: u32,
    listening: Option<Listening>,
}

#[derive(Debug)]
struct Listening {
    relay: usize,
    pushes: Pushes,
    taken: mpsc::UnboundedSender<MessageId>,
    /// One asks for signs of life, one acknowledges. If one ends the relay is lost.
    tasks: JoinSet<()>,
}

impl Receiver {
    /// One that begins at the relay with this place in the list.
    pub fn new(
        endpoint: Endpoint,
        relays: Arc<Vec<RelayAddress>>,
        device: Device,
        first: usize,
        patience: Patience,
    ) -> Self {
        Self {
            endpoint,
            relays,
            device,
            patience,
            at: first,
            failed: 0,
            listening: None,
        }
    }

    /// The next event; relays are tried until one answers. Nothing is lost if the caller stops waiting.
    pub async fn next(&mut self) -> Event {
        loop {
            let Some(listening) = &mut self.listening else {
                let relay = self.at % self.relays.len().max(1);
                self.at = self.at.wrapping_add(1);
                let patience = self.patience.of_attempt(self.failed);
                let subscribed = tokio::time::timeout(patience, self.subscribe(relay)).await;
                self.listening = subscribed.ok().flatten();
                if self.listening.is_some() {
                    self.failed = 0;
                    return Event::Subscribed { relay };
                }
                self.failed = self.failed.saturating_add(1);
                tokio::time::sleep(BREATH).await;
                continue;
            };
            let push = tokio::select! {
                push = listening.pushes.next() => push.ok(),
                _ = listening.tasks.join_next() => None,
            };
            let relay = listening.relay;
            return match push {
                Some(Push::Deliver(message)) => Event::Delivered(message),
                Some(Push::Moved(_) | Push::Grown(_)) | None => {
                    self.listening = None;
                    Event::Lost { relay }
                }
            };
        }
    }

    /// Has a message acknowledged, with what else is to be acknowledged at the time. If that does not reach the relay, the message comes again.
    pub fn acknowledge(&self, id: MessageId) {
        if let Some(listening) = &self.listening {
            // Whoever acknowledges has ended: the relay is lost, which shows next.
            let _ = listening.taken.send(id);
        }
    }

    async fn subscribe(&self, n: usize) -> Option<Listening> {
        let relay = self.relays.get(n)?;
        let session = Client::connect(&self.endpoint, relay, GENESIS, &self.device).await;
        let session = session.ok()?;
        let mailbox = self.device.mailbox();
        let subscribe = Request::Subscribe(Subscribe { mailbox, window: 0 });
        let Ok(Answer::Subscribe(_)) = session.client.request(subscribe).await else {
            return None;
        };
        let (taken, to_acknowledge) = mpsc::unbounded_channel();
        let mut tasks = JoinSet::new();
        tasks.spawn(watch(session.client.clone(), self.patience));
        tasks.spawn(acknowledge_all(session.client, mailbox, to_acknowledge));
        Some(Listening {
            relay: n,
            pushes: session.pushes,
            taken,
            tasks,
        })
    }
}

/// Until the relay gives no sign of life.
async fn watch(client: Client, patience: Patience) {
    while client.ping(patience.silence).await.is_ok() {
        tokio::time::sleep(patience.ping).await;
    }
}

/// Acknowledges what came meanwhile at once, until the relay does not answer.
async fn acknowledge_all(
    client: Client,
    mailbox: Mailbox,
    mut taken: mpsc::UnboundedReceiver<MessageId>,
) {
    let mut ids = Vec::new();
    while taken.recv_many(&mut ids, MAX_IDS).await > 0 {
        let Ok(ids) = List::new(std::mem::take(&mut ids)) else {
            return;
        };
        let request = Request::Acknowledge(OfMailbox { mailbox, ids });
        // Refused, it comes again.
        if client.request(request).await.is_err() {
            return;
        }
    }
}
