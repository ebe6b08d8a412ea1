//! The port of the fallback relay: accepting, and what becomes of a connection (F4).

use super::door::{Door, Visit};
use crate::figures::count;
use http_body_util::Full;
use hyper::{
    Method, Request, Response,
    body::{Bytes, Incoming},
    header::HeaderName,
    http::response::Builder,
    server::conn::http1,
};
use hyper_util::rt::TokioIo;
use iroh_relay::{
    http::RELAY_PROBE_PATH,
    server::{
        Access, AccessControl, ClientRequest, ConnectionId, Handlers, Metrics, RelayService,
        http_server::{BytesBody, HyperError, RelayServiceWithNotify},
        streams::MaybeTlsStream,
    },
};
use parlance_endpoint::PublicKey;
use std::{
    collections::HashMap,
    future::Ready,
    net::Shutdown,
    os::fd::AsFd,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::JoinSet,
};

/// Where the number of a connection stands in its requests, whatever a client wrote there.
static NUMBER: HeaderName = HeaderName::from_static("parlance-connection");
/// What a request may take before it is whole, bytes.
const REQUEST: usize = 16 << 10;
/// After the system gave no connection, as when there are no more files.
const PAUSE: Duration = Duration::from_millis(100);
/// Between two times that figures are shown.
const SHOW: Duration = Duration::from_secs(1);

/// The places of those who have shown a key.
#[derive(Debug)]
pub struct Keys {
    door: Arc<Door>,
    there: Mutex<HashMap<ConnectionId, Arc<Visit>>>,
}

impl Keys {
    /// Nobody is there.
    pub fn new(door: Arc<Door>) -> Self {
        Self {
            door,
            there: Mutex::default(),
        }
    }

    fn visit_of(&self, request: &ClientRequest) -> Option<Arc<Visit>> {
        let number = request.headers().get(&NUMBER)?.to_str().ok()?;
        self.door.visit(number.parse().ok()?)
    }
}

impl AccessControl for Keys {
    async fn on_connect(&self, request: &ClientRequest) -> Access {
        match self.visit_of(request) {
            Some(visit) if visit.settle() => {
                let mut there = self.there.lock().unwrap_or_else(PoisonError::into_inner);
                there.insert(request.connection_id(), visit);
                Access::Allow
            }
            _ => {
                count(&self.door.figures().fallback_refused);
                Access::Deny {
                    reason: Some("no place is free".into()),
                }
            }
        }
    }

    fn on_disconnect(&self, _: PublicKey, connection: ConnectionId) {
        let mut there = self.there.lock().unwrap_or_else(PoisonError::into_inner);
        let visit = there.remove(&connection);
        drop(there);
        drop(visit);
    }
}

/// Clients measure with these which fallback relay is near.
pub fn answer_probes(handlers: &mut Handlers) {
    let answer = |_: Request<Incoming>, answer: Builder| {
        let empty: BytesBody = Box::<Full<Bytes>>::default();
        answer
            .body(empty)
            .map_err(|error| Box::new(error) as HyperError)
    };
    handlers.insert((Method::GET, RELAY_PROBE_PATH), Box::new(answer));
}

/// Accepts for ever. Dropped, it ends all that have shown no key.
pub async fn accept(
    listener: TcpListener,
    door: Arc<Door>,
    service: RelayService,
    metrics: Arc<Metrics>,
) {
    let mut strangers = JoinSet::new();
    let mut show = tokio::time::interval(SHOW);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = strangers.join_next(), if !strangers.is_empty() => continue,
            _ = show.tick() => {
                door.show(metrics.send_packets_sent.get());
                continue;
            }
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "a connection to the fallback relay was lost");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        // Who finds no place is hung up on: a word would be more than it has said.
        if let Some((visit, shown)) = door.enter(address.ip(), Instant::now()) {
            let (door, service) = (door.clone(), service.clone());
            strangers.spawn(async move { attend(&door, service, stream, visit, shown).await });
        }
    }
}

/// From the first packet until a connection has shown its key, or is over.
async fn attend(
    door: &Door,
    service: RelayService,
    stream: TcpStream,
    visit: Arc<Visit>,
    shown: oneshot::Receiver<()>,
) {
    let Ok(mut leash) = Leash::of(&stream) else {
        return;
    };
    let numbered = Numbered {
        service: RelayServiceWithNotify::new(service, Arc::default()),
        visit,
    };
    let until_shown = async move {
        let io = TokioIo::new(MaybeTlsStream::Plain(stream));
        let serving = http1::Builder::new()
            .max_buf_size(REQUEST)
            .serve_connection(io, numbered)
            .with_upgrades();
        if let Err(error) = serving.await {
            tracing::debug!(%error, "a connection to the fallback relay broke");
        }
        // An error: it is over without a key.
        let _ = shown.await;
    };
    match tokio::time::timeout(door.patience(), until_shown).await {
        Ok(()) => leash.release(),
        Err(_) => count(&door.figures().fallback_overdue),
    }
}

/// Ends a connection when it is dropped. Once a stream is a WebSocket it is in a task of the library's, which waits for ever.
struct Leash(Option<std::net::TcpStream>);

impl Leash {
    fn of(stream: &TcpStream) -> std::io::Result<Self> {
        let same = stream.as_fd().try_clone_to_owned()?;
        Ok(Self(Some(same.into())))
    }

    fn release(&mut self) {
        self.0 = None;
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        if let Some(stream) = &self.0 {
            // It may have ended just now.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// The library's service, with requests that say which connection they are of, and keep its place.
struct Numbered {
    service: RelayServiceWithNotify,
    visit: Arc<Visit>,
}

impl hyper::service::Service<Request<Incoming>> for Numbered {
    type Response = Response<BytesBody>;
    type Error = HyperError;
    type Future = Ready<Result<Self::Response, Self::Error>>;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        let headers = request.headers_mut();
        headers.insert(&NUMBER, self.visit.number().into());
        request.extensions_mut().insert(self.visit.clone());
        self.service.call(request)
    }
}
