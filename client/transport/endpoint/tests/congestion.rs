//! Both congestion controllers on the loopback interface.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use parlance_bimp::{RelayId, limits::WINDOW};
use parlance_endpoint::{
    Channel, Congestion, Endpoint, Options, Outgoing, RelayAddress, SecretKey,
};
use std::{net::SocketAddr, time::Duration};

/// More than any initial window, and than the stream may carry unread.
const BYTES: usize = 8 << 20;

async fn endpoint(n: u8, congestion: Congestion) -> Endpoint {
    let address = SocketAddr::from(([127, 0, 0, 1], 0));
    let mut options = Options::listening(SecretKey::from_bytes(&[n; 32]), vec![address]);
    options.congestion = congestion;
    Endpoint::bind(options).await.unwrap()
}

/// The two ends of a connection, as they are after all bytes came.
async fn transfer(from: Congestion, to: Congestion) -> (Channel, Channel) {
    let (listening, dialling) = (endpoint(1, to).await, endpoint(2, from).await);
    let address = RelayAddress {
        relay: RelayId([3; 32]),
        key: listening.key(),
        addresses: listening.addresses(),
    };
    let sends = async {
        let mut channel = dialling.dial(&address).await.unwrap();
        let mut out = Outgoing::default();
        let mut left = BYTES;
        while left > 0 {
            let some = left.min(Outgoing::LIMIT);
            out.fill().resize(some, 7);
            out.send_all(&mut channel.writer).await.unwrap();
            left -= some;
        }
        channel
    };
    let receives = async {
        let incoming = listening.accept().await.unwrap();
        let mut channel = incoming.accept().await.unwrap();
        channel.set_window(WINDOW);
        let mut left = BYTES;
        while left > 0 {
            left -= channel.reader.read().await.unwrap().unwrap().len();
        }
        channel
    };
    let both = async { tokio::join!(sends, receives) };
    tokio::time::timeout(Duration::from_secs(30), both)
        .await
        .unwrap()
}

#[tokio::test]
async fn an_endpoint_sends_with_udx_unless_it_is_told_otherwise() {
    let (sender, _receiver) = transfer(Congestion::default(), Congestion::Cubic).await;
    let state = sender.congestion().unwrap();
    // It has taken part, whatever window a busy machine left it: nobody else measures the path. That its window opens where there is time is
    // shown without a machine (`src/congestion.rs`).
    let udx = state.udx().unwrap();
    assert!(udx.core().base_rtt().is_some());
}

#[tokio::test]
async fn cubic_is_taken_where_it_is_chosen_by_each_side_for_itself() {
    let (sender, receiver) = transfer(Congestion::Cubic, Congestion::Udx).await;
    let state = sender.congestion().unwrap();
    assert!(state.window() > state.initial_window());
    assert!(state.udx().is_none());
    assert!(receiver.congestion().unwrap().udx().is_some());
}
