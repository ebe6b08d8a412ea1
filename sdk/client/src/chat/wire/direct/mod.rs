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

mod here;
mod incoming;
mod outgoing;

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::Arc,
    time::Duration,
};

use parlance_bimp::{Bounded, limits::MAX_ENVELOPE};
use parlance_e2ee::DeviceAddress;
use parlance_endpoint::{Endpoint, Fallback, Whereabouts};
use parlance_messenger::Reach;
use tokio::sync::{mpsc, oneshot, watch};

use self::outgoing::{Offer, Outgoing};
use super::{Task, device::DeviceKey};

/// A connection between devices that nobody uses ends after so long.
pub(super) const IDLE: Duration = Duration::from_secs(60);
/// Between two looks at where this device is.
const LOOK: Duration = Duration::from_secs(1);
/// What connections have brought and nobody has taken.
const HEARD: usize = 256;

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
    outgoing: BTreeMap<DeviceAddress, Outgoing>,
    knocks: BTreeMap<u64, oneshot::Sender<Option<[u8; 32]>>>,
    calls: BTreeMap<u64, oneshot::Sender<bool>>,
    next: u64,
    told: watch::Sender<Told>,
    tasks: Vec<Task>,
}

impl Direct {
    /// Delivers directly from now on. Who is `hidden` tells nobody how to be reached, and is not dialled.
    pub fn begin(me: Me, hidden: bool) -> Self {
        let (out, heard) = mpsc::channel(HEARD);
        let (told, changes) = watch::channel(Told::default());
        let (mut ready, mut tasks) = (VecDeque::new(), Vec::new());
        if hidden {
            let key = *me.endpoint.key().as_bytes();
            ready.push_back(FromDevice::Reach(Reach::new(key, [], None)));
        } else {
            me.endpoint.accept_others(true);
            let accept = incoming::accept(me.clone(), out.clone());
            tasks.push(Task(tokio::spawn(accept)));
            let watch = here::watch(me.endpoint.clone(), changes, out.clone());
            tasks.push(Task(tokio::spawn(watch)));
        }
        Self {
            me,
            out,
            heard,
            ready,
            outgoing: BTreeMap::new(),
            knocks: BTreeMap::new(),
            calls: BTreeMap::new(),
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
        self.ready.clear();
    }

    /// Whether a connection to the device is there, or being made.
    pub fn has(&self, device: &DeviceAddress) -> bool {
        self.outgoing.contains_key(device)
    }

    /// Makes a connection that offers can use.
    pub fn dial(&mut self, device: DeviceAddress, at: Whereabouts) {
        self.next = self.next.wrapping_add(1);
        let (me, out) = (self.me.clone(), self.out.clone());
        let outgoing = Outgoing::begin(me, (device, self.next), at, out);
        self.outgoing.insert(device, outgoing);
    }

    pub fn offer(&mut self, to: DeviceAddress, ask: u64, envelope: Bounded<MAX_ENVELOPE>) {
        let offer = Offer { ask, envelope };
        let sent = self
            .outgoing
            .get(&to)
            .is_some_and(|outgoing| outgoing.offers.try_send(offer).is_ok());
        if !sent {
            self.unreached(to);
        }
    }

    pub fn unreached(&mut self, device: DeviceAddress) {
        self.outgoing.remove(&device);
        self.ready.push_back(FromDevice::Unreached { device });
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

    /// What needs no waiting.
    pub fn try_next(&mut self) -> Option<FromDevice> {
        if let Some(ready) = self.ready.pop_front() {
            return Some(ready);
        }
        while let Ok(heard) = self.heard.try_recv() {
            if let Some(from) = self.take(heard) {
                return Some(from);
            }
        }
        None
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
            if let Some(from) = self.take(heard) {
                return from;
            }
        }
    }

    fn take(&mut self, heard: Heard) -> Option<FromDevice> {
        match heard {
            Heard::Here(here) => Some(FromDevice::Reach(here::reach(&here, &self.told.borrow()))),
            Heard::Offered { ask, taken } => Some(FromDevice::Offered { ask, taken }),
            Heard::Ended { device, serial } => {
                let is = self.outgoing.get(&device)?.serial == serial;
                is.then(|| {
                    self.outgoing.remove(&device);
                    FromDevice::Unreached { device }
                })
            }
            Heard::Knock { device, admit } => {
                let knock = self.number();
                self.knocks.retain(|_, waiting| !waiting.is_closed());
                self.knocks.insert(knock, admit);
                Some(FromDevice::Knocks { knock, device })
            }
            Heard::Call {
                from,
                envelope,
                took,
            } => {
                let call = self.number();
                self.calls.retain(|_, waiting| !waiting.is_closed());
                self.calls.insert(call, took);
                Some(FromDevice::Called {
                    call,
                    from,
                    envelope,
                })
            }
        }
    }

    fn number(&mut self) -> u64 {
        self.next = self.next.wrapping_add(1);
        self.next
    }
}
