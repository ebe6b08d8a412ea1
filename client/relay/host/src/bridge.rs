//! Connections that come by another way than QUIC: the node's JSON-RPC, for clients that cannot speak QUIC.
//!
//! Such a connection is one like any other ([`crate::connection`], N1-N5): it authenticates, has a rate, a window and its part of the budget, and
//! is cut off if it reads too slowly. It differs in this:
//!
//! - **B1** It has a place among all connections, and there are few of its kind ([`crate::gate::ConnectionLimits::bridged`]): their address is that of
//!   whoever forwards them, which says nothing.
//! - **B2** Its authentication is bound to a challenge that was given to it alone (O1 of BIMP), instead of a TLS session. Whoever reads and
//!   changes what passes between its client and the node can take it over: that way needs a TLS of its own.
//! - **B3** No relay authenticates over it: nothing here has checked a key (N2).
//! - **B6** Callers share these places ([`Caller`]). Where all are taken, a newcomer gets the youngest session of the caller that has most, if that
//!   has at least two more than the newcomer. So nobody keeps others out by having many, and who has one keeps it.

use crate::{
    figures::{Figures, count},
    gate::{Gate, Permit},
};
use parlance_bimp::{Binding, RelayId};
use parlance_endpoint::{Channel, Frames, Inbox};
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::mpsc, time::Instant};

/// What a stranger may send before it is read, bytes: enough for an authentication.
const WINDOW: u32 = 16 << 10;
/// Connections that were let in and do not run yet.
const ARRIVALS: usize = 64;
/// How long a session that gives its place up may take for it.
const GIVE_UP: Duration = Duration::from_secs(1);
/// Between two looks whether it has.
const LOOK: Duration = Duration::from_millis(10);

/// Who opens sessions, as far as whoever forwards them can tell callers apart: a WebSocket, or an address.
pub type Caller = u64;

/// Why there is no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BridgeError {
    /// There are as many as there may be.
    #[error("the relay has no room for another session: try another relay of the set, or later")]
    Full,
    /// It is not there any more.
    #[error("the relay stops: try another relay of the set")]
    Stopped,
}

/// Opens connections at a relay that runs. Clones lead to the same one.
#[derive(Clone)]
pub struct Bridge {
    me: RelayId,
    genesis: [u8; 32],
    gate: Gate,
    figures: Arc<Figures>,
    arrivals: mpsc::Sender<Arrival>,
    shares: Arc<Mutex<Shares>>,
}

/// The sessions that are open, by caller and in the order of opening (B6).
#[derive(Debug, Default)]
struct Shares {
    next: u64,
    open: HashMap<Caller, BTreeMap<u64, Inbox>>,
}

/// A session's part of the places; given back when it is dropped.
#[derive(Debug)]
pub struct Share {
    caller: Caller,
    number: u64,
    shares: Arc<Mutex<Shares>>,
}

/// A connection that has come in.
pub(crate) struct Arrival {
    pub channel: Channel,
    pub place: Permit,
}

/// The client's end of a connection.
#[derive(Debug)]
pub struct Session {
    /// To what its authentication is bound.
    pub binding: Binding,
    /// Where its bytes go.
    pub inbox: Inbox,
    /// What the relay says.
    pub frames: Frames,
    /// Held as long as the session is.
    pub share: Share,
}

impl Shares {
    fn of(&self, caller: Caller) -> usize {
        self.open.get(&caller).map_or(0, BTreeMap::len)
    }

    /// Ends a session, so that another caller gets one. Whether there was one to end.
    fn make_room(&mut self, newcomer: Caller) -> bool {
        let least = self.of(newcomer).saturating_add(2);
        let largest = self.open.values_mut().max_by_key(|open| open.len());
        let Some(largest) = largest.filter(|open| open.len() >= least) else {
            return false;
        };
        // It does not count any more, while it takes its leave.
        if let Some((_, inbox)) = largest.pop_last() {
            inbox.end();
        }
        true
    }
}

impl Share {
    /// Whether the session had to give its place up.
    pub fn is_lost(&self) -> bool {
        let shares = lock(&self.shares);
        let open = shares.open.get(&self.caller);
        open.is_none_or(|open| !open.contains_key(&self.number))
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        let mut shares = lock(&self.shares);
        if let Some(open) = shares.open.get_mut(&self.caller) {
            open.remove(&self.number);
            if open.is_empty() {
                shares.open.remove(&self.caller);
            }
        }
    }
}

fn lock(shares: &Mutex<Shares>) -> MutexGuard<'_, Shares> {
    shares.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Bridge {
    /// A bridge, and where its connections come out.
    pub(crate) fn new(
        me: RelayId,
        genesis: [u8; 32],
        gate: Gate,
        figures: Arc<Figures>,
    ) -> (Self, mpsc::Receiver<Arrival>) {
        let (arrivals, come) = mpsc::channel(ARRIVALS);
        let bridge = Self {
            me,
            genesis,
            gate,
            figures,
            arrivals,
            shares: Arc::default(),
        };
        (bridge, come)
    }

    /// Opens a connection. `challenge` is 32 random bytes that nobody was given before (B2). Waits a second at most, while another caller's session
    /// makes room (B6).
    ///
    /// # Errors
    /// When there is no room, or no relay any more.
    pub async fn open(&self, caller: Caller, challenge: &[u8; 32]) -> Result<Session, BridgeError> {
        let place = match self.gate.enter_bridged() {
            None if lock(&self.shares).make_room(caller) => self.left_place().await,
            place => place,
        };
        let Some(place) = place else {
            count(&self.figures.refused_connections);
            return Err(BridgeError::Full);
        };
        let binding = Binding::bridged(self.genesis, challenge, self.me);
        let (channel, inbox, frames) = Channel::bridged(binding.exporter, WINDOW);
        let arrival = Arrival { channel, place };
        self.arrivals
            .try_send(arrival)
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => BridgeError::Full,
                mpsc::error::TrySendError::Closed(_) => BridgeError::Stopped,
            })?;
        count(&self.figures.bridged_connections);
        let share = self.share(caller, inbox.clone());
        Ok(Session {
            binding,
            inbox,
            frames,
            share,
        })
    }

    /// A place that somebody leaves just now.
    async fn left_place(&self) -> Option<Permit> {
        let until = Instant::now() + GIVE_UP;
        loop {
            let place = self.gate.enter_bridged();
            if place.is_some() || Instant::now() >= until {
                return place;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    fn share(&self, caller: Caller, inbox: Inbox) -> Share {
        let mut shares = lock(&self.shares);
        let number = shares.next;
        shares.next = number.wrapping_add(1);
        shares.open.entry(caller).or_default().insert(number, inbox);
        let shares = self.shares.clone();
        Share {
            caller,
            number,
            shares,
        }
    }
}
