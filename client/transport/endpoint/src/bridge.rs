//! A channel that comes by another way than QUIC, such as the node's JSON-RPC (C6).
//!
//! What the peer sends goes through an [`Inbox`] that has as much room as the channel's window, so that whoever sends faster than it is read
//! waits; what goes to the peer comes out as whole frames ([`Frames`]), one piece of the stream ahead and no more.

use crate::{channel::Channel, error::End};
use bytes::Bytes;
use parlance_bimp::{frame::LENGTH, limits::MAX_COST};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Notify, mpsc};

/// What may be handed in at once: a frame of the largest size, or as many small ones as take no more.
pub const MOST_AT_ONCE: usize = MAX_COST;
/// Pieces of the stream that wait for the peer beside the one that is being sent.
const AHEAD: usize = 1;

/// Why bytes were not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InboxError {
    /// Two at a time have no order.
    #[error("the bytes before these are still being taken: wait for the answer to the last call")]
    Busy,
    /// More than may be handed in at once.
    #[error("{size} bytes are more than {MOST_AT_ONCE} at once: hand in one frame after the other")]
    TooMany {
        /// How many they were.
        size: usize,
    },
    /// The connection is over.
    #[error("the session has ended: its last frame says why; open another one")]
    Ended,
}

/// Where what the peer sends is handed in. Clones lead to the same channel.
#[derive(Clone, Debug)]
pub struct Inbox(Arc<Pipe>);

/// What goes to the peer, frame by frame.
#[derive(Debug)]
pub struct Frames {
    pieces: mpsc::Receiver<Bytes>,
    held: Vec<u8>,
}

/// From the peer to the channel.
#[derive(Debug)]
pub(crate) struct Pipe {
    state: Mutex<State>,
    /// Held by the call that hands in.
    turn: tokio::sync::Mutex<()>,
    /// There are bytes, or there will be none.
    filled: Notify,
    /// There is room, or will be none.
    emptied: Notify,
    /// It is over.
    over: Notify,
}

#[derive(Debug)]
struct State {
    bytes: VecDeque<u8>,
    window: usize,
    ended: bool,
}

impl Channel {
    /// A channel whose peer is not known by a key, with the two ends that belong to the peer. `exporter` is what an
    /// authentication is bound to ([`parlance_bimp::Binding::bridged`]), `window` what the peer may send before it is read, bytes.
    pub fn bridged(exporter: [u8; 32], window: u32) -> (Self, Inbox, Frames) {
        let pipe = Arc::new(Pipe {
            state: Mutex::new(State {
                bytes: VecDeque::new(),
                window: size(window),
                ended: false,
            }),
            turn: tokio::sync::Mutex::new(()),
            filled: Notify::new(),
            emptied: Notify::new(),
            over: Notify::new(),
        });
        let (to_peer, pieces) = mpsc::channel(AHEAD);
        let held = Vec::new();
        let channel = Self::through(exporter, pipe.clone(), to_peer);
        (channel, Inbox(pipe), Frames { pieces, held })
    }
}

impl Inbox {
    /// Hands in bytes of the peer's stream, and waits until there was room for all of them.
    ///
    /// # Errors
    /// Nothing was taken when it is busy or these are too many; some may have been taken when it has ended.
    pub async fn put(&self, bytes: &[u8]) -> Result<(), InboxError> {
        let size = bytes.len();
        if size > MOST_AT_ONCE {
            return Err(InboxError::TooMany { size });
        }
        let Ok(_turn) = self.0.turn.try_lock() else {
            return Err(InboxError::Busy);
        };
        let mut rest = bytes;
        loop {
            rest = self.0.put(rest)?;
            if rest.is_empty() {
                return Ok(());
            }
            self.0.emptied.notified().await;
        }
    }

    /// The peer has hung up: what it sent before is still read.
    pub fn end(&self) {
        self.0.end();
    }

    /// Waits until either side has ended it.
    pub async fn ended(&self) {
        loop {
            let over = self.0.over.notified();
            if self.0.lock().ended {
                return;
            }
            over.await;
        }
    }
}

impl Frames {
    /// The next whole frame, with its length before it; none when the channel is closed. May be dropped while it waits without losing any.
    pub async fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(frame) = cut(&mut self.held) {
                return Some(frame);
            }
            let piece = self.pieces.recv().await?;
            self.held.extend_from_slice(&piece);
        }
    }
}

/// Takes the first frame off (F2 of BIMP), if it is there in whole.
fn cut(held: &mut Vec<u8>) -> Option<Vec<u8>> {
    let length = held.first_chunk::<LENGTH>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let end = LENGTH.checked_add(length)?;
    if held.len() < end {
        return None;
    }
    let rest = held.split_off(end);
    Some(std::mem::replace(held, rest))
}

impl Pipe {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes as much as there is room for, and returns the rest.
    fn put<'a>(&self, bytes: &'a [u8]) -> Result<&'a [u8], InboxError> {
        let mut state = self.lock();
        if state.ended {
            return Err(InboxError::Ended);
        }
        let room = state.window.saturating_sub(state.bytes.len());
        let (now, later) = bytes.split_at(room.min(bytes.len()));
        state.bytes.extend(now);
        drop(state);
        self.filled.notify_one();
        Ok(later)
    }

    /// Some bytes; none when the peer has hung up.
    pub(crate) async fn read(&self, most: usize) -> Option<Bytes> {
        loop {
            {
                let mut state = self.lock();
                if !state.bytes.is_empty() {
                    let count = most.min(state.bytes.len());
                    let bytes: Vec<u8> = state.bytes.drain(..count).collect();
                    if state.bytes.is_empty() {
                        // Nobody who is idle keeps a buffer.
                        state.bytes = VecDeque::new();
                    }
                    drop(state);
                    self.emptied.notify_one();
                    return Some(bytes.into());
                }
                if state.ended {
                    return None;
                }
            }
            self.filled.notified().await;
        }
    }

    pub(crate) fn set_window(&self, bytes: u32) {
        self.lock().window = size(bytes);
        self.emptied.notify_one();
    }

    pub(crate) fn end(&self) {
        self.lock().ended = true;
        self.filled.notify_one();
        self.emptied.notify_one();
        self.over.notify_waiters();
    }
}

/// Sends a piece of what goes to the peer, and returns how much of it. May be dropped while it waits without losing or doubling any.
pub(crate) async fn send(to: &mpsc::Sender<Bytes>, bytes: &[u8]) -> Result<usize, End> {
    let place = to.reserve().await.map_err(|_| End::HungUp)?;
    place.send(Bytes::copy_from_slice(bytes));
    Ok(bytes.len())
}

fn size(window: u32) -> usize {
    usize::try_from(window).unwrap_or(usize::MAX)
}
