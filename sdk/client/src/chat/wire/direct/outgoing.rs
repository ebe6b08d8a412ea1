//! A connection to a device (C1).

use std::time::Duration;

use futures::{StreamExt, stream::FuturesUnordered};
use parlance_bimp::{Answer, Bounded, Request, SendMessage, limits::MAX_ENVELOPE};
use parlance_e2ee::DeviceAddress;
use parlance_endpoint::{Client, ConnectError, End, RequestError, Session, Whereabouts};
use parlance_messenger::limits::ANSWER_LIFE;
use tokio::sync::mpsc;

use super::{Heard, IDLE, Me};
use crate::chat::wire::Task;

/// Offers that wait for their connection.
const OFFERS: usize = 256;
/// Offers that wait for their answers.
const RUNNING: usize = 64;
/// What comes later than this the engine does not wait for.
const ANSWER: Duration = Duration::from_millis(ANSWER_LIFE);

/// What is offered.
pub(super) struct Offer {
    pub ask: u64,
    pub envelope: Bounded<MAX_ENVELOPE>,
}

/// The task that has the connection. Dropped, it ends.
pub(super) struct Outgoing {
    pub serial: u64,
    pub offers: mpsc::Sender<Offer>,
    _task: Task,
}

/// Why a connection is over.
#[derive(Debug, thiserror::Error)]
enum Gone {
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error(transparent)]
    End(#[from] End),
    #[error("the program has ended")]
    Dropped,
}

impl Outgoing {
    pub fn begin(
        me: Me,
        (device, serial): (DeviceAddress, u64),
        at: Whereabouts,
        out: mpsc::Sender<Heard>,
    ) -> Self {
        let (offers, queue) = mpsc::channel(OFFERS);
        let task = tokio::spawn(async move {
            // Why does not matter: what was offered goes through relays.
            let _: Result<(), Gone> = talk(me, &at, queue, &out).await;
            // Without a reader nobody needs to know.
            let _ = out.send(Heard::Ended { device, serial }).await;
        });
        Self {
            serial,
            offers,
            _task: Task(task),
        }
    }
}

async fn talk(
    me: Me,
    at: &Whereabouts,
    mut queue: mpsc::Receiver<Offer>,
    out: &mpsc::Sender<Heard>,
) -> Result<(), Gone> {
    let device = me.device.as_ref();
    let session = Client::connect_to_peer(&me.endpoint, at, me.genesis, device).await?;
    let Session {
        client,
        pushes: _pushes,
        ..
    } = session;
    let mut running = FuturesUnordered::new();
    loop {
        tokio::select! {
            offer = queue.recv(), if running.len() < RUNNING => {
                let Some(Offer { ask, envelope }) = offer else {
                    return Ok(());
                };
                let (client, keep) = (client.clone(), 0);
                let request = Request::Send(SendMessage { envelope, keep });
                running.push(async move { (ask, client.request_within(request, ANSWER).await) });
            }
            Some((ask, answer)) = running.next() => {
                let taken = match answer {
                    Ok(answer) => matches!(answer, Answer::Send(_)),
                    // The engine has lost its patience long ago.
                    Err(RequestError::TimeOut { .. }) => continue,
                    Err(gone) => return Err(gone.into()),
                };
                let offered = Heard::Offered { ask, taken };
                out.send(offered).await.map_err(|_| Gone::Dropped)?;
            }
            end = client.closed() => return Err(end.into()),
            () = tokio::time::sleep(IDLE), if running.is_empty() => return Ok(()),
        }
    }
}
