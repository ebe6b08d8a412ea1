//! Channels that do not come by QUIC.

#![allow(
    clippy::unwrap_used,
    reason = "a test ends where something is not as it should be"
)]

use parlance_bimp::{Server, Settings};
use parlance_endpoint::{Channel, End, Frames, Inbox, InboxError, Outgoing, bridge::MOST_AT_ONCE};
use std::time::Duration;

const WINDOW: u32 = 4_096;

fn bridged() -> (Channel, Inbox, Frames) {
    Channel::bridged([9; 32], WINDOW)
}

/// A frame of so many bytes in its body.
fn frame(body: usize) -> Vec<u8> {
    let length = u32::try_from(body + 6).unwrap();
    let mut frame = length.to_le_bytes().to_vec();
    frame.resize(body + 10, 7);
    frame
}

/// Reads until so many bytes have come.
async fn read(channel: &mut Channel, count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while bytes.len() < count {
        bytes.extend(channel.reader.read().await.unwrap().unwrap());
    }
    bytes
}

#[tokio::test]
async fn frames_come_out_whole_however_the_stream_was_cut() {
    let (mut channel, _inbox, mut frames) = bridged();
    let sent: Vec<Vec<u8>> = [0, 1, 500, 70_000, 3].map(frame).to_vec();
    let stream = sent.concat();
    let write = async move {
        for piece in stream.chunks(9_973) {
            let mut out = Outgoing::default();
            out.fill().extend_from_slice(piece);
            out.send_all(&mut channel.writer).await.unwrap();
        }
        channel.close(Duration::from_secs(1)).await;
    };
    let take = async move {
        let mut taken = Vec::new();
        while let Some(frame) = frames.next().await {
            taken.push(frame);
        }
        taken
    };
    let ((), taken) = tokio::join!(write, take);
    assert_eq!(taken, sent);
}

#[tokio::test]
async fn a_state_machine_says_hello_in_a_frame() {
    let (mut channel, _inbox, mut frames) = bridged();
    let binding =
        parlance_bimp::Binding::bridged([1; 32], &[2; 32], parlance_bimp::RelayId([3; 32]));
    let mut server = Server::new(Settings::default(), binding);
    let mut out = Outgoing::default();
    server.transmit(out.fill(), Outgoing::LIMIT);
    out.send_all(&mut channel.writer).await.unwrap();
    let hello = frames.next().await.unwrap();
    let mut client = parlance_bimp::Client::new(Settings::default());
    client.receive(&hello).unwrap();
    assert!(client.poll().is_some());
    assert!(channel.peer().is_none() && channel.congestion().is_none());
}

#[tokio::test]
async fn who_sends_faster_than_it_is_read_waits() {
    let (mut channel, inbox, _frames) = bridged();
    let bytes: Vec<u8> = (0..20_000u32).map(|n| n.to_le_bytes()[0]).collect();
    let (sender, sent) = (inbox.clone(), bytes.clone());
    let sending = tokio::spawn(async move { sender.put(&sent).await });
    // It has taken its turn once a call at the same time is refused.
    while inbox.put(&[]).await != Err(InboxError::Busy) {
        tokio::task::yield_now().await;
    }
    let first = channel.reader.read().await.unwrap().unwrap();
    assert!(first.len() <= WINDOW as usize, "{}", first.len());
    let rest = read(&mut channel, bytes.len() - first.len()).await;
    assert_eq!([first.to_vec(), rest].concat(), bytes);
    assert_eq!(sending.await.unwrap(), Ok(()));
    // A wider window takes it at once.
    channel.set_window(32 << 10);
    assert_eq!(inbox.put(&bytes).await, Ok(()));
}

#[tokio::test]
async fn too_much_at_once_is_refused_in_whole() {
    let (mut channel, inbox, _frames) = bridged();
    let size = MOST_AT_ONCE + 1;
    let refused = inbox.put(&vec![0; size]).await;
    assert_eq!(refused, Err(InboxError::TooMany { size }));
    inbox.put(&[1, 2, 3]).await.unwrap();
    assert_eq!(read(&mut channel, 3).await, [1, 2, 3]);
}

#[tokio::test]
async fn what_was_sent_before_the_peer_hung_up_is_read() {
    let (mut channel, inbox, frames) = bridged();
    inbox.put(&[1, 2, 3]).await.unwrap();
    inbox.end();
    drop(frames);
    assert_eq!(read(&mut channel, 3).await, [1, 2, 3]);
    assert_eq!(channel.reader.read().await, Ok(None));
    let mut out = Outgoing::default();
    out.fill().push(1);
    assert_eq!(out.send_all(&mut channel.writer).await, Err(End::HungUp));
}

#[tokio::test]
async fn the_end_of_a_channel_wakes_whoever_waits_for_it() {
    let (channel, inbox, mut frames) = bridged();
    let waiting = inbox.clone();
    let sender = tokio::spawn(async move { waiting.put(&[0; 3 * WINDOW as usize]).await });
    while inbox.put(&[]).await != Err(InboxError::Busy) {
        tokio::task::yield_now().await;
    }
    channel.abort();
    inbox.ended().await;
    assert_eq!(sender.await.unwrap(), Err(InboxError::Ended));
    assert_eq!(inbox.put(&[1]).await, Err(InboxError::Ended));
    assert_eq!(frames.next().await, None);
}
