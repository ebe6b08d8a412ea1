//! What a relay counts, and how it shows it: Prometheus' text format over HTTP.

use crate::{budget::Budget, storage::Store};
use http_body_util::Full;
use hyper::{Method, Request, Response, StatusCode, body::Bytes, service::service_fn};
use parlance_bimp::{Reason, Receipt};
use parlance_relay_core::{Batch, Counters};
use std::{
    convert::Infallible,
    fmt::Write,
    net::SocketAddr,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{net::TcpListener, sync::Semaphore};

/// Readers of the figures at the same time.
const READERS: usize = 4;
/// How long one may take.
const PATIENCE: Duration = Duration::from_secs(5);

macro_rules! figures {
    ($($name:ident $kind:literal $text:literal)*) => {
        /// What is counted outside of the core.
        #[derive(Debug, Default)]
        pub struct Figures {
            $(#[doc = $text] pub $name: AtomicU64,)*
            connections: AtomicUsize,
            budget: OnceLock<Budget>,
            core: Mutex<(Counters, u64)>,
        }

        impl Figures {
            fn own(&self, out: &mut String) {
                $(put(out, stringify!($name), $kind, $text, self.$name.load(Ordering::Relaxed));)*
            }
        }
    };
}

figures! {
    accepted_connections "counter" "Connections that were accepted."
    bridged_connections "counter" "Connections that came over the node's JSON-RPC."
    refused_connections "counter" "Connections that were sent away because there was no place for them."
    failed_handshakes "counter" "Connections whose handshake failed or took too long."
    violations "counter" "Connections that were ended because the peer broke the protocol."
    refused_credentials "counter" "Authentications that were refused."
    refused_tickets "counter" "Messages whose ticket was not taken."
    refused_for_memory "counter" "Requests that were refused because their connections keep more than there is memory for."
    off_record "counter" "Connections that were ended because the record of the device or relay is gone or has another key."
    silent_strangers "counter" "Connections that did not authenticate in time."
    batches "counter" "Batches that were given to the disk."
    writes "counter" "Changes in them."
    longest_round_microseconds "gauge" "The longest time that the core took to make a batch."
    read_messages "counter" "Messages that were read from the disk to be pushed."
    asked "counter" "Requests to other relays."
    unasked "counter" "Requests to other relays that were dropped because there was no connection, or no room on it."
    dials "counter" "Attempts to connect to other relays."
    failed_dials "counter" "Those that failed."
    receipts "counter" "Receipts of recipients."
    fallback_connections "gauge" "Connections to the fallback relay that have shown a key."
    fallback_strangers "gauge" "Connections to the fallback relay that have not shown a key yet."
    fallback_refused "counter" "Connections to the fallback relay that were sent away because there was no place for them."
    fallback_overdue "counter" "Connections to the fallback relay that were ended because they showed no key in time."
    fallback_packets "counter" "Packets that the fallback relay has passed on."
}

/// Adds one.
pub fn count(figure: &AtomicU64) {
    figure.fetch_add(1, Ordering::Relaxed);
}

impl Figures {
    /// What the core has counted, and what the disk has.
    pub fn take(&self, counters: &Counters, store: &Store) {
        let mut core = self.core.lock().unwrap_or_else(PoisonError::into_inner);
        if core.0 != *counters {
            core.0.clone_from(counters);
        }
        // Also while nothing is counted: after a start, and when room was given back.
        core.1 = store.used();
    }

    /// A batch goes to the disk.
    pub fn count_batch(&self, batch: &Batch) {
        count(&self.batches);
        let writes = u64::try_from(batch.writes.len()).unwrap_or(u64::MAX);
        self.writes.fetch_add(writes, Ordering::Relaxed);
    }

    /// A recipient's word.
    pub fn count_receipt(&self, _: &Receipt) {
        count(&self.receipts);
    }

    /// How long a batch took to make.
    pub fn set_round(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.longest_round_microseconds
            .fetch_max(took, Ordering::Relaxed);
    }

    /// How many are there.
    pub fn set_connections(&self, connections: usize) {
        self.connections.store(connections, Ordering::Relaxed);
    }

    /// Shows what is taken of a budget. The first that it is told.
    pub fn watch(&self, budget: &Budget) {
        let _ = self.budget.set(budget.clone());
    }

    /// All of them, as Prometheus reads them.
    pub fn text(&self) -> String {
        let mut out = String::new();
        self.own(&mut out);
        let connections = self.connections.load(Ordering::Relaxed);
        let text = "Connections that are there.";
        put(&mut out, "connections", "gauge", text, connections as u64);
        let kept = self.budget.get().map_or(0, Budget::taken);
        let text = "Bytes that connections keep beyond what each may have.";
        put(&mut out, "kept_bytes", "gauge", text, kept as u64);
        let core = self.core.lock().unwrap_or_else(PoisonError::into_inner);
        let (counters, stored) = &*core;
        let text = "Bytes that are stored.";
        put(&mut out, "stored_bytes", "gauge", text, *stored);
        let of_core = [
            (
                "accepted",
                "Messages that were accepted with a quorum.",
                counters.accepted,
            ),
            (
                "delivered",
                "Messages that were pushed to subscribers.",
                counters.delivered,
            ),
            (
                "repaired",
                "Entries that were sent to other relays to repair them.",
                counters.repaired,
            ),
            (
                "handed_over",
                "Entries that were handed over and forgotten.",
                counters.handed_over,
            ),
            (
                "stand_ins",
                "Stand-ins that were asked.",
                counters.stand_ins,
            ),
            (
                "cut_off",
                "Subscribers that were cut off.",
                counters.cut_off,
            ),
            (
                "failed_batches",
                "Batches that the disk refused.",
                counters.failed_batches,
            ),
            (
                "placed",
                "Positions of groups that were decided by attempts of this relay.",
                counters.placed,
            ),
            (
                "fanned",
                "Texts of groups whose copies this relay has written.",
                counters.fanned,
            ),
        ];
        for (name, text, value) in of_core {
            put(&mut out, name, "counter", text, value);
        }
        let name = "parlance_relay_refused";
        let _ = writeln!(
            out,
            "# HELP {name} Refused requests by reason.\n# TYPE {name} counter"
        );
        for (code, value) in &counters.refused {
            let reason = Reason::from_code(*code);
            let _ = writeln!(out, "{name}{{reason=\"{reason:?}\"}} {value}");
        }
        out
    }
}

fn put(out: &mut String, name: &str, kind: &str, text: &str, value: u64) {
    let name = format!("parlance_relay_{name}");
    // Writing into a string does not fail.
    let _ = writeln!(
        out,
        "# HELP {name} {text}\n# TYPE {name} {kind}\n{name} {value}"
    );
}

/// Serves the figures at `/metrics` for ever.
pub async fn serve(figures: Arc<Figures>, listener: TcpListener) {
    let readers = Arc::new(Semaphore::new(READERS));
    loop {
        let Ok(place) = readers.clone().acquire_owned().await else {
            return;
        };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a reader of the figures was lost");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let figures = figures.clone();
        tokio::spawn(async move {
            let service = service_fn(move |request| {
                let answer = answer(&figures, &request);
                async move { Ok::<_, Infallible>(answer) }
            });
            let serving = hyper::server::conn::http1::Builder::new()
                .keep_alive(false)
                .max_buf_size(16 << 10)
                .serve_connection(hyper_util::rt::TokioIo::new(stream), service);
            // A reader that breaks off is nobody's concern.
            let _ = tokio::time::timeout(PATIENCE, serving).await;
            drop(place);
        });
    }
}

fn answer(figures: &Figures, request: &Request<hyper::body::Incoming>) -> Response<Full<Bytes>> {
    let (status, text) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/metrics") => (StatusCode::OK, figures.text()),
        _ => (
            StatusCode::NOT_FOUND,
            "the figures are at /metrics\n".into(),
        ),
    };
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let kind = hyper::header::HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response
        .headers_mut()
        .insert(hyper::header::CONTENT_TYPE, kind);
    response
}

/// Where figures can be read.
pub async fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    TcpListener::bind(address).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::MIN_LIMIT;
    use parlance_bimp::{Key, Mailbox, MessageId};
    use parlance_relay_core::{Body, Entry, State, Storage, Write};

    /// A relay that has just started has counted nothing yet, and has what it had.
    #[test]
    fn what_is_stored_is_shown_before_anything_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let mut store = Store::open(folder.path(), MIN_LIMIT).unwrap();
        let write = Write::Put {
            key: Key {
                mailbox: Mailbox([1; 32]),
                id: MessageId([2; 32]),
            },
            entry: Entry {
                position: 1,
                size: 100_000,
                state: State::default(),
            },
            body: Body::Set(vec![3; 100_000].into()),
        };
        let writes = vec![write];
        store.commit_durable(&Batch { number: 1, writes }).unwrap();
        let stored = store.used();
        assert!(stored >= 100_000);
        let figures = Figures::default();
        figures.take(&Counters::default(), &store);
        let line = format!("\nparlance_relay_stored_bytes {stored}\n");
        assert!(figures.text().contains(&line), "{}", figures.text());
    }
}
