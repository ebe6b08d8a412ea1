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

use crate::{
    figures::{Figures, count},
    gate::{Gate, Permit},
};
use parlance_bimp::{Binding, RelayId};
use parlance_endpoint::{Channel, Frames, Inbox};
use std::sync::Arc;
use tokio::sync::mpsc;

/// What a stranger may send before it is read, bytes: enough for an authentication.
const WINDOW: u32 = 16 << 10;
/// Connections that were let in and do not run yet.
const ARRIVALS: usize = 64;

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
        };
        (bridge, come)
    }

    /// Opens a connection. `challenge` is 32 random bytes that nobody was given before (B2).
    ///
    /// # Errors
    /// When there is no room, or no relay any more.
    pub fn open(&self, challenge: &[u8; 32]) -> Result<Session, BridgeError> {
        let Some(place) = self.gate.enter_bridged() else {
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
        Ok(Session {
            binding,
            inbox,
            frames,
        })
    }
}
