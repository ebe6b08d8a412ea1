//! The connection to one relay (W1-W4).

use std::{net::SocketAddr, sync::Arc, time::Duration};

use futures::{StreamExt, stream::FuturesUnordered};
use parlance_bimp::{Answer, Push, RelayId, Request};
use parlance_endpoint::{Client, ConnectError, End, Endpoint, RelayAddress, RequestError, Session};
use parlance_messenger::limits::ANSWER_LIFE;
use tokio::sync::mpsc;

use super::{Task, device::DeviceKey, network::Place};

/// A connection takes no longer.
pub(super) const CONNECT: Duration = Duration::from_secs(2);
/// What comes later than this the engine does not wait for.
pub(super) const ANSWER: Duration = Duration::from_millis(ANSWER_LIFE);
/// The name of a relay's host is looked up no longer.
const RESOLVE: Duration = Duration::from_secs(1);
/// Addresses of one name that are tried.
const ADDRESSES: usize = 8;
/// Asks that wait for their connection: more than the engine has under way.
pub(super) const ASKS: usize = 1_024;
/// Asks that wait for their answers.
const RUNNING: usize = 256;

/// What is asked.
pub(super) struct Ask {
    pub ask: u64,
    pub request: Request,
}

/// What a connection brings, and which one it was.
pub(super) struct Heard {
    pub relay: RelayId,
    pub serial: u64,
    pub what: FromLine,
}

pub(super) enum FromLine {
    Answered { ask: u64, answer: Answer },
    Pushed(Push),
    Ended { cause: String },
}

/// Whom to connect to, and as whom.
pub(super) struct Dial {
    pub endpoint: Endpoint,
    pub device: Arc<DeviceKey>,
    pub genesis: [u8; 32],
    pub relay: RelayId,
    pub place: Place,
}

/// The task that has the connection. Dropped, it ends.
pub(super) struct Line {
    pub serial: u64,
    pub asks: mpsc::Sender<Ask>,
    _task: Task,
}

impl Line {
    pub fn begin(dial: Dial, serial: u64, out: mpsc::Sender<Heard>) -> Self {
        let (asks, queue) = mpsc::channel(ASKS);
        let relay = dial.relay;
        let out = Out { relay, serial, out };
        let task = tokio::spawn(async move {
            if let Err(gone) = talk(dial, queue, &out).await {
                let cause = gone.to_string();
                // Without a reader nobody needs to know.
                let _ = out.tell(FromLine::Ended { cause }).await;
            }
        });
        Self {
            serial,
            asks,
            _task: Task(task),
        }
    }
}

struct Out {
    relay: RelayId,
    serial: u64,
    out: mpsc::Sender<Heard>,
}

impl Out {
    async fn tell(&self, what: FromLine) -> Result<(), Gone> {
        let (relay, serial) = (self.relay, self.serial);
        let heard = Heard {
            relay,
            serial,
            what,
        };
        self.out.send(heard).await.map_err(|_| Gone::Dropped)
    }
}

/// Why a connection is over.
#[derive(Debug, thiserror::Error)]
enum Gone {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error("{address} has no address ({cause}): its operator has to see to it")]
    NoAddress { address: String, cause: String },
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error(transparent)]
    End(#[from] End),
    #[error("the program that asks has ended")]
    Dropped,
}

async fn talk(dial: Dial, mut queue: mpsc::Receiver<Ask>, out: &Out) -> Result<(), Gone> {
    let Session {
        client, mut pushes, ..
    } = dial.connect().await?;
    let mut running = FuturesUnordered::new();
    loop {
        tokio::select! {
            ask = queue.recv(), if running.len() < RUNNING => {
                let Some(Ask { ask, request }) = ask else {
                    return Ok(());
                };
                let client = client.clone();
                running.push(async move { (ask, client.request_within(request, ANSWER).await) });
            }
            Some((ask, answer)) = running.next() => match answer {
                Ok(answer) => out.tell(FromLine::Answered { ask, answer }).await?,
                // W3.
                Err(RequestError::TimeOut { .. }) => {}
                Err(gone) => return Err(gone.into()),
            },
            push = pushes.next() => out.tell(FromLine::Pushed(push?)).await?,
        }
    }
}

impl Dial {
    async fn connect(&self) -> Result<Session, Gone> {
        let addresses = resolve(&self.place.address).await?;
        let address = RelayAddress {
            relay: self.relay,
            key: self.place.key,
            addresses,
        };
        let device = self.device.as_ref();
        Ok(Client::connect(&self.endpoint, &address, self.genesis, device).await?)
    }
}

/// The addresses of a host and port.
async fn resolve(address: &str) -> Result<Vec<SocketAddr>, Gone> {
    if let Ok(address) = address.parse() {
        return Ok(vec![address]);
    }
    let failed = |cause: String| Gone::NoAddress {
        address: address.into(),
        cause,
    };
    let found = tokio::time::timeout(RESOLVE, tokio::net::lookup_host(address)).await;
    let found = found.map_err(|_| failed("no answer to its name".into()))?;
    let found = found.map_err(|error| failed(error.to_string()))?;
    let addresses: Vec<SocketAddr> = found.take(ADDRESSES).collect();
    match addresses.is_empty() {
        true => Err(failed("its name stands for none".into())),
        false => Ok(addresses),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn addresses_are_numbers_or_names_and_always_with_a_port() {
        assert_eq!(
            resolve("127.0.0.1:4433").await.unwrap(),
            [SocketAddr::from(([127, 0, 0, 1], 4433))]
        );
        assert_eq!(resolve("[::1]:9").await.unwrap().len(), 1);
        let named = resolve("localhost:4433").await.unwrap();
        assert!(
            named
                .iter()
                .all(|it| it.ip().is_loopback() && it.port() == 4433)
        );
        for wrong in [
            "",
            "127.0.0.1",
            "localhost",
            ":",
            "a b:1",
            "127.0.0.1:70000",
        ] {
            let error = resolve(wrong).await.unwrap_err();
            assert!(matches!(error, Gone::NoAddress { .. }), "{wrong}");
        }
    }
}
