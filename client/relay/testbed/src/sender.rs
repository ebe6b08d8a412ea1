//! A device that sends, and turns to another relay when one is silent.

use crate::device::{Device, GENESIS};
use parlance_bimp::{Accepted, Answer, Reason, Refusal, Request};
use parlance_endpoint::{Client, Endpoint, RelayAddress};
use std::{sync::Arc, time::Duration};

/// With so many attempts without an answer the patience doubles, and how often it does.
const ATTEMPTS: u32 = 5;
const DOUBLINGS: u32 = 4;
/// After a refusal that time may mend.
const PAUSE: Duration = Duration::from_millis(50);
/// After an attempt that failed at once, so that nobody runs in circles.
const BREATH: Duration = Duration::from_millis(5);

/// How long a client waits for relays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For an answer, with the connection before it, until another relay is asked.
    pub answer: Duration,
    /// Between two signs of life that a subscriber asks for.
    pub ping: Duration,
    /// For one of them.
    pub silence: Duration,
}

/// Those of `sdk/messenger`: 350 ms, 200 ms, 600 ms.
impl Default for Patience {
    fn default() -> Self {
        Self {
            answer: Duration::from_millis(350),
            ping: Duration::from_millis(200),
            silence: Duration::from_millis(600),
        }
    }
}

impl Patience {
    /// For an attempt, of which there were so many before.
    pub(crate) fn of_attempt(&self, before: u32) -> Duration {
        self.answer * (1 << (before / ATTEMPTS).min(DOUBLINGS))
    }
}

/// Why it is of no use to go on.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// Time does not mend it.
    #[error("refused: {:?}: look at what is sent", .0.reason)]
    Refused(Refusal),
    /// The answer to something else.
    #[error("a message was answered by operation {0}: the relay is broken")]
    Answered(u16),
}

/// A message that is safe.
#[derive(Clone, Copy, Debug)]
pub struct Sent {
    /// What the relay said.
    pub accepted: Accepted,
    /// The relay that was asked first, by its place in the list.
    pub first: usize,
    /// How many times one was asked.
    pub attempts: u32,
}

/// A device that sends one message after the other.
#[derive(Debug)]
pub struct Sender {
    endpoint: Endpoint,
    relays: Arc<Vec<RelayAddress>>,
    device: Device,
    patience: Patience,
    at: usize,
    client: Option<Client>,
}

impl Sender {
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
            client: None,
        }
    }

    /// The relay that is asked next.
    pub fn relay(&self) -> usize {
        self.at % self.relays.len().max(1)
    }

    /// Asks relays until one says that the message is safe, which may take for ever.
    pub async fn send(&mut self, request: &Request) -> Result<Sent, SendError> {
        let (first, mut attempts) = (self.relay(), 0);
        loop {
            let patience = self.patience.of_attempt(attempts);
            attempts = attempts.saturating_add(1);
            let answer = tokio::time::timeout(patience, self.attempt(request)).await;
            match answer.ok().flatten() {
                Some(Answer::Send(accepted)) => {
                    return Ok(Sent {
                        accepted,
                        first,
                        attempts,
                    });
                }
                Some(Answer::Refused(refusal)) if is_mended(refusal.reason) => {
                    tokio::time::sleep(PAUSE).await;
                }
                Some(Answer::Refused(refusal)) => return Err(SendError::Refused(refusal)),
                Some(other) => return Err(SendError::Answered(other.number())),
                // Dead or slow: the same to another is safe.
                None => tokio::time::sleep(BREATH).await,
            }
            self.client = None;
            self.at = self.at.wrapping_add(1);
        }
    }

    /// The relay's answer, if it has one.
    async fn attempt(&mut self, request: &Request) -> Option<Answer> {
        let client = match &self.client {
            Some(client) => client.clone(),
            None => {
                let relay = self.relays.get(self.relay())?;
                let session = Client::connect(&self.endpoint, relay, GENESIS, &self.device).await;
                self.client.insert(session.ok()?.client).clone()
            }
        };
        client.request(request.clone()).await.ok()
    }
}

/// Whether the same may be taken later, or by another relay.
fn is_mended(reason: Reason) -> bool {
    matches!(
        reason,
        Reason::NoQuorum
            | Reason::TooFast
            | Reason::Stopping
            | Reason::AllowanceUsedUp
            | Reason::NoRoom
    )
}
