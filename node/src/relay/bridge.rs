//! Sessions at this node's relay over JSON-RPC, for clients that cannot speak QUIC.
//!
//! - **B4** A WebSocket has few sessions ([`PER_SOCKET`]). A session is known by a number that nobody can guess, and belongs to the WebSocket
//!   that opened it.
//! - **B5** It ends with its subscription, with its WebSocket and with the relay's connection, whichever is first; and where another WebSocket
//!   needs its place (B6 of the relay), since WebSockets share the places. Who is behind one the node's RPC server does not say.

use parking_lot::Mutex;
use parlance_bimp::Binding;
use parlance_endpoint::{Frames, Inbox, InboxError};
use parlance_relay::bridge::{Bridge, BridgeError, Session, Share};
use std::{collections::HashMap, sync::Arc};

/// Sessions of one WebSocket.
pub const PER_SOCKET: usize = 4;

/// The number of a session.
pub type Number = [u8; 16];

/// Where sessions are opened at the relay that runs, if one does. Clones are the same one.
#[derive(Clone, Default)]
pub struct Door(Arc<Mutex<Option<Bridge>>>);

impl Door {
    /// A relay runs.
    pub fn show(&self, bridge: Bridge) {
        *self.0.lock() = Some(bridge);
    }

    /// None does.
    pub fn clear(&self) {
        *self.0.lock() = None;
    }
}

/// Why a call does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BridgeFault {
    /// There is no relay.
    #[error(
        "no relay runs at this node: ask the chain for the relays of your account, or look again when it is in a roster"
    )]
    NoRelay,
    /// The WebSocket has as many as it may have.
    #[error("a WebSocket may have {PER_SOCKET} sessions: close one, or open another WebSocket")]
    Crowded,
    /// The relay has no room.
    #[error(transparent)]
    Refused(#[from] BridgeError),
    /// It is unknown here.
    #[error("this WebSocket has no such session: open one, and use the number that it said first")]
    Unknown,
    /// Its bytes are not taken.
    #[error(transparent)]
    NotTaken(#[from] InboxError),
}

/// The sessions of a listener's WebSockets. Clones are the same ones.
#[derive(Clone)]
pub struct Sessions {
    door: Door,
    open: Arc<Mutex<HashMap<Number, Entry>>>,
}

struct Entry {
    socket: usize,
    inbox: Inbox,
}

/// A session; over when it is dropped.
pub struct OpenSession {
    /// Its number.
    pub number: Number,
    /// The challenge that it was given.
    pub challenge: [u8; 32],
    /// To what its authentication is bound.
    pub binding: Binding,
    /// What the relay says.
    pub frames: Frames,
    /// Says when the relay has ended it.
    pub inbox: Inbox,
    share: Share,
    open: Arc<Mutex<HashMap<Number, Entry>>>,
}

impl OpenSession {
    /// Whether it had to make room for another WebSocket's.
    pub fn made_room(&self) -> bool {
        self.share.is_lost()
    }
}

impl Drop for OpenSession {
    fn drop(&mut self) {
        self.open.lock().remove(&self.number);
        self.inbox.end();
    }
}

impl Sessions {
    /// None yet.
    pub fn new(door: Door) -> Self {
        Self {
            door,
            open: Arc::default(),
        }
    }

    /// Opens one for a WebSocket. `random` is 48 random bytes.
    ///
    /// # Errors
    /// When there is no relay, or no room.
    pub async fn open(&self, socket: usize, random: &[u8; 48]) -> Result<OpenSession, BridgeFault> {
        let (mut number, mut challenge) = ([0; 16], [0; 32]);
        let (first, second) = random.split_at(number.len());
        number.copy_from_slice(first);
        challenge.copy_from_slice(second);
        let bridge = self.door.0.lock().clone().ok_or(BridgeFault::NoRelay)?;
        if self.is_crowded(socket) {
            return Err(BridgeFault::Crowded);
        }
        let caller = u64::try_from(socket).unwrap_or(u64::MAX);
        let Session {
            binding,
            inbox,
            frames,
            share,
        } = bridge.open(caller, &challenge).await?;
        // It may have opened another one meanwhile.
        let mut open = self.open.lock();
        if of_socket(&open, socket) >= PER_SOCKET {
            inbox.end();
            return Err(BridgeFault::Crowded);
        }
        let entry = Entry {
            socket,
            inbox: inbox.clone(),
        };
        open.insert(number, entry);
        Ok(OpenSession {
            number,
            challenge,
            binding,
            frames,
            inbox,
            share,
            open: self.open.clone(),
        })
    }

    fn is_crowded(&self, socket: usize) -> bool {
        of_socket(&self.open.lock(), socket) >= PER_SOCKET
    }

    /// Hands in bytes of a session of that WebSocket, and waits until the relay has taken them.
    ///
    /// # Errors
    /// When there is no such session, or it does not take them.
    pub async fn put(
        &self,
        socket: usize,
        number: &Number,
        bytes: &[u8],
    ) -> Result<(), BridgeFault> {
        let inbox = self.inbox(socket, number).ok_or(BridgeFault::Unknown)?;
        Ok(inbox.put(bytes).await?)
    }

    fn inbox(&self, socket: usize, number: &Number) -> Option<Inbox> {
        let open = self.open.lock();
        let entry = open.get(number).filter(|entry| entry.socket == socket);
        entry.map(|entry| entry.inbox.clone())
    }
}

fn of_socket(open: &HashMap<Number, Entry>, socket: usize) -> usize {
    open.values().filter(|entry| entry.socket == socket).count()
}
