//! The side that asks (C5).

use crate::{
    channel::Channel,
    driver::{Command, Driver},
    endpoint::{Endpoint, RelayAddress, Timings},
    error::{ConnectError, End, RequestError},
    peer::Whereabouts,
};
use iroh::SecretKey;
use parlance_bimp::{
    Answer, Authenticate, Authenticated, Binding, Credential, Push, RelayId, Request, Settings,
};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot, watch};

/// Pushes that wait for their reader before the peer is stopped (C5).
pub const PUSHES: usize = 1_024;
/// Requests that wait for room on the connection before their callers do.
const COMMANDS: usize = 64;

/// Who connects. The key stays where it is.
pub trait Identity: Send + Sync {
    /// Who.
    fn credential(&self) -> Credential;

    /// Ed25519 over the statement, by the key that the record of the credential names.
    fn sign(&self, statement: &[u8]) -> [u8; 64];
}

/// A relay: signs with the key of its endpoint.
#[derive(Clone, Debug)]
pub struct RelayIdentity {
    /// Its place.
    pub relay: RelayId,
    /// The key of its endpoint.
    pub key: SecretKey,
}

impl Identity for RelayIdentity {
    fn credential(&self) -> Credential {
        Credential::Relay { relay: self.relay }
    }

    fn sign(&self, statement: &[u8]) -> [u8; 64] {
        self.key.sign(statement).to_bytes()
    }
}

/// A connection that has authenticated.
#[derive(Debug)]
pub struct Session {
    /// For asking.
    pub client: Client,
    /// What comes unasked.
    pub pushes: Pushes,
    /// What the relay said when it let us in.
    pub welcome: Authenticated,
}

/// The side that asks, on one connection. Clones ask on the same one; when the last is dropped it ends.
#[derive(Clone, Debug)]
pub struct Client {
    commands: mpsc::Sender<Command>,
    end: watch::Receiver<Option<End>>,
    patience: Duration,
}

/// What a relay sends unasked.
#[derive(Debug)]
pub struct Pushes {
    pushes: mpsc::Receiver<Push>,
    end: watch::Receiver<Option<End>>,
}

impl Client {
    /// Connects and authenticates. All of it takes no longer than `timings.connect` of the endpoint. `genesis` is the hash of the
    /// chain's first block.
    pub async fn connect(
        endpoint: &Endpoint,
        relay: &RelayAddress,
        genesis: [u8; 32],
        identity: &dyn Identity,
    ) -> Result<Session, ConnectError> {
        Self::meet(
            endpoint,
            endpoint.dial(relay),
            relay.relay,
            genesis,
            identity,
        )
        .await
    }

    /// The same with a device, which answers like a relay whose place is its endpoint's key.
    pub async fn connect_to_peer(
        endpoint: &Endpoint,
        peer: &Whereabouts,
        genesis: [u8; 32],
        identity: &dyn Identity,
    ) -> Result<Session, ConnectError> {
        let place = RelayId(*peer.key.as_bytes());
        Self::meet(endpoint, endpoint.dial_peer(peer), place, genesis, identity).await
    }

    async fn meet(
        endpoint: &Endpoint,
        dialled: impl Future<Output = Result<Channel, ConnectError>>,
        relay: RelayId,
        genesis: [u8; 32],
        identity: &dyn Identity,
    ) -> Result<Session, ConnectError> {
        let timings = *endpoint.timings();
        let limit = timings.connect;
        let connected = async {
            let channel = dialled.await?;
            let binding = Binding {
                genesis,
                exporter: channel.exporter(),
                relay,
            };
            let (client, pushes) = Self::over(channel, Settings::default(), timings);
            let credential = identity.credential();
            let signature = identity.sign(&credential.statement(&binding));
            let request = Request::Authenticate(Authenticate {
                credential,
                signature,
            });
            match client.request(request).await {
                Ok(Answer::Authenticate(welcome)) => Ok(Session {
                    client,
                    pushes,
                    welcome,
                }),
                Ok(Answer::Refused(refusal)) => Err(ConnectError::Refused(refusal)),
                // The state machine lets no other answer through, and the request fits into a frame.
                Ok(_) | Err(RequestError::Unsent(_)) => Err(End::HungUp.into()),
                Err(RequestError::TimeOut { milliseconds }) => {
                    Err(ConnectError::TimeOut { milliseconds })
                }
                Err(RequestError::Ended(end)) => Err(end.into()),
            }
        };
        tokio::time::timeout(limit, connected)
            .await
            .unwrap_or(Err(ConnectError::TimeOut {
                milliseconds: limit.as_millis(),
            }))
    }

    /// Asks over a channel, as a stranger at first. Runs in a task of its own.
    pub fn over(channel: Channel, settings: Settings, timings: Timings) -> (Self, Pushes) {
        let (commands, asked) = mpsc::channel(COMMANDS);
        let (pushed, pushes) = mpsc::channel(PUSHES);
        let (ended, end) = watch::channel(None);
        let driver = Driver::new(channel, settings, timings.close, asked, pushed);
        tokio::spawn(driver.run(ended));
        let client = Self {
            commands,
            end: end.clone(),
            patience: timings.request,
        };
        (client, Pushes { pushes, end })
    }

    /// Asks, and waits for the answer no longer than the endpoint's `timings.request`. A refusal is an answer.
    pub async fn request(&self, request: Request) -> Result<Answer, RequestError> {
        self.request_within(request, self.patience).await
    }

    /// Asks, and waits for the answer no longer than `limit`.
    pub async fn request_within(
        &self,
        request: Request,
        limit: Duration,
    ) -> Result<Answer, RequestError> {
        let asked = async {
            let (reply, answer) = oneshot::channel();
            self.command(Command::Request { request, reply }).await?;
            answer.await.unwrap_or_else(|_| Err(self.ended().into()))
        };
        within(limit, asked).await
    }

    /// Waits for a sign of life no longer than `limit`, and says how long it took.
    pub async fn ping(&self, limit: Duration) -> Result<Duration, RequestError> {
        let began = Instant::now();
        let asked = async {
            let (reply, pong) = oneshot::channel();
            self.command(Command::Ping { reply }).await?;
            pong.await.map_err(|_| RequestError::from(self.ended()))
        };
        within(limit, asked).await?;
        Ok(began.elapsed())
    }

    /// Ends the connection, also for all clones.
    pub async fn close(&self) {
        // One that has ended already needs no ending.
        let _ = self.command(Command::Close).await;
    }

    /// Why the connection has ended, if it has.
    pub fn end(&self) -> Option<End> {
        self.end.borrow().clone()
    }

    /// Waits for the end of the connection.
    pub async fn closed(&self) -> End {
        wait_for_end(self.end.clone()).await
    }

    async fn command(&self, command: Command) -> Result<(), RequestError> {
        let sent = self.commands.send(command).await;
        sent.map_err(|_| self.ended().into())
    }

    fn ended(&self) -> End {
        self.end().unwrap_or(End::HungUp)
    }
}

impl Pushes {
    /// The next; an error once the connection has ended and all that came before was taken.
    pub async fn next(&mut self) -> Result<Push, End> {
        match self.pushes.recv().await {
            Some(push) => Ok(push),
            None => Err(wait_for_end(self.end.clone()).await),
        }
    }
}

async fn wait_for_end(mut end: watch::Receiver<Option<End>>) -> End {
    match end.wait_for(Option::is_some).await {
        Ok(end) => end.clone().unwrap_or(End::HungUp),
        Err(_) => End::HungUp,
    }
}

async fn within<T>(
    limit: Duration,
    asked: impl Future<Output = Result<T, RequestError>>,
) -> Result<T, RequestError> {
    tokio::time::timeout(limit, asked)
        .await
        .unwrap_or(Err(RequestError::TimeOut {
            milliseconds: limit.as_millis(),
        }))
}
