//! Connections between devices: what the engine offers goes out, what devices of contacts deliver comes in.
//!
//! - **C1** The endpoint that asks relays is dialled by devices too, once the wire is to deliver directly. A device is dialled at what
//!   its presence says (rule E1 of the engine), as this device; of fallback relays only those are used that are beside a relay of the list, so that
//!   nobody can have this device connect to any server they like.
//! - **C2** Who dials is a stranger until they have proved, for this connection, the signing key of a device that the engine says may call (D5).
//!   Until then they may do nothing, and not for long.
//! - **C3** A delivery is answered once the engine has it on disk. A connection without deliveries ends after [`IDLE`].
//! - **C4** What this device says of itself is what the endpoint knows: its own addresses, where the relay at which it listens sees it, and that relay's
//!   fallback, once that has answered. It is looked at every [`LOOK`].
//! - **C5** Dropping this ends all of its tasks.
//! - **C6** A connection serves both its ends (rule D7 of the engine). Who dials subscribes to their mailbox, as at a relay; what the other one has for
//!   them is pushed, and acknowledged once it is on disk. What is not taken is not acknowledged. An older device refuses the subscription, and
//!   is dialled when there is something for it.
//! - **C7** Who is not hidden is found in the local network, and finds others there ([`nearby`], rules N1-N4).

mod here;
mod incoming;
mod nearby;
mod outgoing;

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use parlance_bimp::{
    Bounded, PresenceKey,
    limits::{MAX_ENVELOPE, MAX_PRESENCE},
};
use parlance_e2ee::DeviceAddress;
use parlance_endpoint::{Endpoint, Fallback, Whereabouts};
use parlance_messenger::Reach;
use tokio::sync::{mpsc, oneshot, watch};

use self::{
    nearby::Nearby,
    outgoing::{Offer, Outgoing},
};
use super::{Task, device::DeviceKey};

/// A connection between devices that nobody uses ends after so long.
pub(super) const IDLE: Duration = Duration::from_secs(60);
/// Between two looks at where this device is.
const LOOK: Duration = Duration::from_secs(1);
/// What connections have brought and nobody has taken.
const HEARD: usize = 256;
/// Questions of the local network that may still be answered.
const SEEKS: usize = 256;

/// What connections to devices bring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromDevice {
    /// How this device is reached now.
    Reach(Reach),
    /// An offer was answered.
    Offered {
        /// Which.
        ask: u64,
        /// Whether it was taken.
        taken: bool,
    },
    /// There is no connection to a device, or none any more.
    Unreached {
        /// Which.
        device: DeviceAddress,
    },
    /// Somebody says that they are this device.
    Knocks {
        /// For [`Calls::admit`](super::super::Calls::admit).
        knock: u64,
        /// Which.
        device: DeviceAddress,
    },
    /// Somebody in the local network asks for a record.
    Sought {
        /// For [`Calls::show`](super::super::Calls::show).
        seek: u64,
        /// Where it would lie.
        key: PresenceKey,
    },
    /// A record from the local network.
    Sighted {
        /// Where it would lie.
        key: PresenceKey,
        /// The record.
        record: Vec<u8>,
    },
    /// A device that has dialled and was let in stays.
    Connected {
        /// Which.
        device: DeviceAddress,
    },
    /// A device delivers.
    Called {
        /// For [`Calls::took`](super::super::Calls::took).
        call: u64,
        /// Which.
        from: DeviceAddress,
        /// What.
        envelope: Vec<u8>,
    },
}

/// Who this device is to others.
#[derive(Clone)]
pub(super) struct Me {
    pub endpoint: Endpoint,
    pub device: Arc<DeviceKey>,
    pub genesis: [u8; 32],
}

/// What tasks say.
enum Heard {
    Here(Whereabouts),
    Offered {
        ask: u64,
        taken: bool,
    },
    Ended {
        device: DeviceAddress,
        serial: u64,
    },
    Sought {
        from: SocketAddr,
        key: PresenceKey,
    },
    Sighted {
        key: PresenceKey,
        record: Vec<u8>,
    },
    Stays {
        device: DeviceAddress,
        offers: mpsc::Sender<Offer>,
    },
    Left {
        device: DeviceAddress,
        offers: mpsc::Sender<Offer>,
    },
    Knock {
        device: DeviceAddress,
        admit: oneshot::Sender<Option<[u8; 32]>>,
    },
    Call {
        from: DeviceAddress,
        envelope: Vec<u8>,
        took: oneshot::Sender<bool>,
    },
}

/// What is known of where this device is, beside what the endpoint knows by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Told {
    fallback: Option<Fallback>,
    seen_at: Option<SocketAddr>,
}

/// All connections to devices.
pub(super) struct Direct {
    me: Me,
    out: mpsc::Sender<Heard>,
    heard: mpsc::Receiver<Heard>,
    ready: VecDeque<FromDevice>,
    /// Connections that this device has made, or makes.
    outgoing: BTreeMap<DeviceAddress, Outgoing>,
    /// Those that others have made.
    incoming: BTreeMap<DeviceAddress, mpsc::Sender<Offer>>,
    knocks: BTreeMap<u64, oneshot::Sender<Option<[u8; 32]>>>,
    calls: BTreeMap<u64, oneshot::Sender<bool>>,
    /// The local network, for who is not hidden.
    nearby: Option<Nearby>,
    /// Who asked there, and where.
    seeks: BTreeMap<u64, (SocketAddr, PresenceKey)>,
    next: u64,
    told: watch::Sender<Told>,
    tasks: Vec<Task>,
}

impl Direct {
    /// Delivers directly from now on. Who is `hidden` tells nobody how to be reached, and is not dialled.
    pub fn begin(me: Me, hidden: bool) -> Self {
        let (out, heard) = mpsc::channel(HEARD);
        let (told, changes) = watch::channel(Told::default());
        let (mut ready, mut tasks, mut nearby) = (VecDeque::new(), Vec::new(), None);
        if hidden {
            let key = *me.endpoint.key().as_bytes();
            ready.push_back(FromDevice::Reach(Reach::new(key, [], None)));
        } else {
            me.endpoint.accept_others(true);
            let accept = incoming::accept(me.clone(), out.clone());
            tasks.push(Task(tokio::spawn(accept)));
            let watch = here::watch(me.endpoint.clone(), changes, out.clone());
            tasks.push(Task(tokio::spawn(watch)));
            let endpoint = me.endpoint.clone();
            let addresses = move || endpoint.whereabouts().addresses;
            nearby = Some(Nearby::begin(addresses, nearby::PORT, out.clone()));
        }
        Self {
            me,
            out,
            heard,
            ready,
            outgoing: BTreeMap::new(),
            incoming: BTreeMap::new(),
            knocks: BTreeMap::new(),
            calls: BTreeMap::new(),
            nearby,
            seeks: BTreeMap::new(),
            next: 0,
            told,
            tasks,
        }
    }

    /// The device listens at a relay that has this fallback.
    pub fn listens(&mut self, fallback: Option<Fallback>) {
        self.told.send_if_modified(|told| {
            let changed = told.fallback != fallback;
            told.fallback = fallback;
            changed
        });
    }

    /// A relay sees this device there.
    pub fn seen_at(&mut self, address: SocketAddr) {
        self.told.send_if_modified(|told| {
            let changed = told.seen_at != Some(address);
            told.seen_at = Some(address);
            changed
        });
    }

    /// Nobody is let in any more, and nobody is told anything.
    pub fn leave(&mut self) {
        self.me.endpoint.accept_others(false);
        self.tasks.clear();
        self.nearby = None;
        self.incoming.clear();
        self.ready.clear();
    }

    /// Offers over the connection that is there or being made, or over one that is made now (C6).
    pub fn offer(
        &mut self,
        to: DeviceAddress,
        at: Option<Whereabouts>,
        ask: u64,
        envelope: Bounded<MAX_ENVELOPE>,
    ) {
        let has = self.outgoing.contains_key(&to) || self.incoming.contains_key(&to);
        if let Some(at) = at.filter(|_| !has) {
            self.dial(to, at);
        }
        let outgoing = self.outgoing.get(&to).map(|outgoing| &outgoing.offers);
        let offers = outgoing.or_else(|| self.incoming.get(&to));
        let offer = Offer { ask, envelope };
        if offers.is_none_or(|offers| offers.try_send(offer).is_err()) {
            self.unreached(to);
        }
    }

    fn dial(&mut self, device: DeviceAddress, at: Whereabouts) {
        let serial = self.number();
        let (me, out) = (self.me.clone(), self.out.clone());
        let outgoing = Outgoing::begin(me, (device, serial), at, out);
        self.outgoing.insert(device, outgoing);
    }

    /// What was offered to it is not answered any more. A connection that it has made itself may still be there.
    fn unreached(&mut self, device: DeviceAddress) {
        if self.outgoing.remove(&device).is_none() {
            self.incoming.remove(&device);
        }
        self.ready.push_back(FromDevice::Unreached { device });
        if self.incoming.contains_key(&device) {
            self.ready.push_back(FromDevice::Connected { device });
        }
    }

    pub fn admit(&mut self, knock: u64, key: Option<[u8; 32]>) {
        if let Some(admit) = self.knocks.remove(&knock) {
            // Who has hung up needs no answer.
            let _ = admit.send(key);
        }
    }

    pub fn took(&mut self, call: u64, taken: bool) {
        if let Some(took) = self.calls.remove(&call) {
            let _ = took.send(taken);
        }
    }

    /// Asks the local network for records.
    pub fn seek(&self, keys: Vec<PresenceKey>) {
        if let Some(nearby) = &self.nearby {
            nearby.ask(keys);
        }
    }

    /// Answers who has asked there.
    pub fn show(&mut self, seek: u64, record: Bounded<MAX_PRESENCE>) {
        if let (Some((to, key)), Some(nearby)) = (self.seeks.remove(&seek), &self.nearby) {
            nearby.show(to, key, record.into_vec());
        }
    }

    /// What needs no waiting.
    pub fn try_next(&mut self) -> Option<FromDevice> {
        loop {
            if let Some(ready) = self.ready.pop_front() {
                return Some(ready);
            }
            let heard = self.heard.try_recv().ok()?;
            self.take(heard);
        }
    }

    /// What comes next. Dropped while it waits, it loses nothing.
    pub async fn next(&mut self) -> FromDevice {
        loop {
            if let Some(from) = self.try_next() {
                return from;
            }
            // This one has a sender itself.
            let Some(heard) = self.heard.recv().await else {
                return std::future::pending().await;
            };
            self.take(heard);
        }
    }

    fn take(&mut self, heard: Heard) {
        let from = match heard {
            Heard::Here(here) => FromDevice::Reach(here::reach(&here, &self.told.borrow())),
            Heard::Offered { ask, taken } => FromDevice::Offered { ask, taken },
            Heard::Ended { device, serial } => {
                let outgoing = self.outgoing.get(&device);
                if outgoing.is_some_and(|outgoing| outgoing.serial == serial) {
                    self.unreached(device);
                }
                return;
            }
            Heard::Sought { from, key } => {
                let seek = self.number();
                while self.seeks.len() >= SEEKS {
                    self.seeks.pop_first();
                }
                self.seeks.insert(seek, (from, key));
                FromDevice::Sought { seek, key }
            }
            Heard::Sighted { key, record } => FromDevice::Sighted { key, record },
            Heard::Stays { device, offers } => {
                let before = self.incoming.insert(device, offers);
                // What is still on the one before it will not be answered.
                if before.is_some() && !self.outgoing.contains_key(&device) {
                    self.ready.push_back(FromDevice::Unreached { device });
                }
                FromDevice::Connected { device }
            }
            Heard::Left { device, offers } => {
                let incoming = self.incoming.get(&device);
                let is = incoming.is_some_and(|incoming| incoming.same_channel(&offers));
                if !is {
                    return;
                }
                self.incoming.remove(&device);
                // What was offered lately went over the other one.
                if self.outgoing.contains_key(&device) {
                    return;
                }
                FromDevice::Unreached { device }
            }
            Heard::Knock { device, admit } => {
                let knock = self.number();
                self.knocks.retain(|_, waiting| !waiting.is_closed());
                self.knocks.insert(knock, admit);
                FromDevice::Knocks { knock, device }
            }
            Heard::Call {
                from,
                envelope,
                took,
            } => {
                let call = self.number();
                self.calls.retain(|_, waiting| !waiting.is_closed());
                self.calls.insert(call, took);
                FromDevice::Called {
                    call,
                    from,
                    envelope,
                }
            }
        };
        self.ready.push_back(from);
    }

    fn number(&mut self) -> u64 {
        self.next = self.next.wrapping_add(1);
        self.next
    }
}
