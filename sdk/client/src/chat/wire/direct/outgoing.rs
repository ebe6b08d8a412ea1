//! A connection to a device (C1, C6).

use std::{future::Future, pin::Pin, time::Duration};

use codec::Decode;
use futures::{StreamExt, stream::FuturesUnordered};
use parlance_bimp::{
    Answer, Bounded, Deliver, EnvelopeView, List, Mailbox, Message, MessageId, OfMailbox, Push,
    Request, SendMessage, Subscribe, limits::MAX_ENVELOPE,
};
use parlance_e2ee::DeviceAddress;
use parlance_endpoint::{Client, ConnectError, End, RequestError, Session, Whereabouts};
use parlance_messenger::limits::ANSWER_LIFE;
use tokio::sync::{mpsc, oneshot};

use super::{Heard, IDLE, Me};
use crate::chat::wire::Task;

/// Offers that wait for their connection.
pub(super) const OFFERS: usize = 256;
/// Offers that wait for their answers.
pub(super) const RUNNING: usize = 64;
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
            let _: Result<(), Gone> = talk(me, (device, &at), queue, &out).await;
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
    (peer, at): (DeviceAddress, &Whereabouts),
    mut queue: mpsc::Receiver<Offer>,
    out: &mpsc::Sender<Heard>,
) -> Result<(), Gone> {
    let device = me.device.as_ref();
    let session = Client::connect_to_peer(&me.endpoint, at, me.genesis, device).await?;
    let Session {
        client, mut pushes, ..
    } = session;
    let mut running = FuturesUnordered::new();
    let mut said: FuturesUnordered<Saying> = FuturesUnordered::new();
    let (mailbox, window) = (device.mailbox(), 0);
    let subscribe = Request::Subscribe(Subscribe { mailbox, window });
    said.push(Box::pin(say(client.clone(), subscribe)));
    loop {
        let is_idle = running.is_empty() && said.is_empty();
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
            Some(said) = said.next() => said?,
            push = pushes.next(), if said.len() < RUNNING => {
                let Some((of, envelope)) = pushed(push?) else {
                    continue;
                };
                let (took, taken) = oneshot::channel();
                let from = peer;
                let call = Heard::Call { from, envelope, took };
                out.send(call).await.map_err(|_| Gone::Dropped)?;
                said.push(Box::pin(acknowledge(client.clone(), of, taken)));
            }
            end = client.closed() => return Err(end.into()),
            () = tokio::time::sleep(IDLE), if is_idle => return Ok(()),
        }
    }
}

/// What is said without an answer that would matter.
type Saying = Pin<Box<dyn Future<Output = Result<(), RequestError>> + Send>>;

/// A refusal is as good as an answer.
async fn say(client: Client, request: Request) -> Result<(), RequestError> {
    match client.request_within(request, ANSWER).await {
        Ok(_) | Err(RequestError::TimeOut { .. }) => Ok(()),
        Err(gone) => Err(gone),
    }
}

/// Says that a delivery is on this disk, once it is. What is not taken comes through relays.
async fn acknowledge(
    client: Client,
    (mailbox, id): (Mailbox, MessageId),
    taken: oneshot::Receiver<bool>,
) -> Result<(), RequestError> {
    match (taken.await, List::new(vec![id])) {
        (Ok(true), Ok(ids)) => {
            let request = Request::Acknowledge(OfMailbox { mailbox, ids });
            say(client, request).await
        }
        _ => Ok(()),
    }
}

/// What the other device has for this one: its name, and the envelope.
fn pushed(push: Push) -> Option<((Mailbox, MessageId), Vec<u8>)> {
    let Push::Deliver(Deliver { message, .. }) = push else {
        return None;
    };
    let Ok(Message::Sealed(sealed)) = Message::decode(&mut message.as_slice()) else {
        return None;
    };
    let envelope = sealed.into_vec();
    let view = EnvelopeView::parse(&envelope)?;
    let of = (view.mailbox, view.id());
    Some((of, envelope))
}
