//! The events in their order. Events of the same moment come in the order in which they were caused, so that a seed
//! gives one result.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    time::{Duration, Instant},
};

use crate::{
    SimulationError,
    contender::Contender,
    link::{Bottleneck, Link, Losses, Packet},
    peer::{Peer, Settings, Thresholds, pair},
    trace::{FLOW_STEP, FlowTrace, QUEUE_STEP, Trace},
};

/// A transfer over the link.
#[derive(Debug, Clone, Copy)]
pub struct Flow {
    /// Its controller.
    pub contender: Contender,
    /// When it begins; it never ends.
    pub starts: Duration,
}

/// Timers fire at the next multiple of this, as a machine's do. Without it a pacer that rounds asks for a wake-up every nanosecond.
const TICK: Duration = Duration::from_micros(100);

fn next_tick(at: Duration) -> Duration {
    Duration::from_nanos(at.as_nanos().next_multiple_of(TICK.as_nanos()) as u64)
}

/// Everything that a run depends on.
#[derive(Debug, Clone)]
pub struct Setup {
    /// The link that the flows share.
    pub link: Link,
    /// The flows.
    pub flows: Vec<Flow>,
    /// How long the run lasts.
    pub lasts: Duration,
    /// How soon the library takes a packet for lost.
    pub thresholds: Thresholds,
    /// Seed of all chance.
    pub seed: u64,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Clone, Copy)]
enum Side {
    Sender,
    Receiver,
}

#[derive(Debug)]
enum Happening {
    Start(usize),
    Served,
    Arrival(Side, Packet),
    Wake(usize, Side),
    Queue,
    Flows,
}

/// Ordered by time, then by when it was caused; nothing else takes part.
#[derive(Debug)]
struct Scheduled {
    at: Duration,
    order: u64,
    happening: Happening,
}

impl PartialEq for Scheduled {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.order) == (other.at, other.order)
    }
}

impl Eq for Scheduled {}

impl PartialOrd for Scheduled {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Scheduled {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.order).cmp(&(other.at, other.order))
    }
}

struct Simulation<'a> {
    setup: &'a Setup,
    settings: Settings,
    /// What the library is told the time is at the start; only differences matter.
    epoch: Instant,
    now: Duration,
    events: BinaryHeap<Reverse<Scheduled>>,
    caused: u64,
    bottleneck: Bottleneck,
    losses_back: Losses,
    peers: Vec<Option<(Peer, Peer)>>,
    trace: Trace,
}

/// Runs a simulation to its end.
pub fn run(setup: &Setup) -> Result<Trace, SimulationError> {
    let mut simulation = Simulation {
        setup,
        settings: Settings::new(setup.thresholds)?,
        epoch: Instant::now(),
        now: Duration::ZERO,
        events: BinaryHeap::new(),
        caused: 0,
        bottleneck: Bottleneck::new(setup.link.clone(), setup.seed),
        losses_back: Losses::new(setup.link.loss_back, setup.seed.wrapping_add(2)),
        peers: setup.flows.iter().map(|_| None).collect(),
        trace: Trace::default(),
    };
    for (number, flow) in setup.flows.iter().enumerate() {
        simulation.trace.flows.push(FlowTrace::default());
        simulation.schedule(flow.starts, Happening::Start(number));
    }
    simulation.schedule(Duration::ZERO, Happening::Queue);
    simulation.schedule(Duration::ZERO, Happening::Flows);
    simulation.run()?;
    simulation.trace.dropped = simulation.bottleneck.dropped;
    Ok(simulation.trace)
}

impl Simulation<'_> {
    fn schedule(&mut self, at: Duration, happening: Happening) {
        self.caused += 1;
        self.events.push(Reverse(Scheduled {
            at,
            order: self.caused,
            happening,
        }));
    }

    fn run(&mut self) -> Result<(), SimulationError> {
        while let Some(Reverse(next)) = self.events.pop() {
            if next.at > self.setup.lasts {
                break;
            }
            self.now = next.at;
            match next.happening {
                Happening::Start(flow) => {
                    let seed = self.setup.seed.wrapping_add(100 * (flow as u64 + 1));
                    let contender = self.setup.flows[flow].contender;
                    let now = self.instant();
                    self.peers[flow] = Some(pair(&self.settings, contender, seed, now)?);
                    self.drive(flow, Side::Sender, None)?;
                }
                Happening::Served => self.served(),
                Happening::Arrival(side, packet) => {
                    self.drive(packet.flow, side, Some(&packet.data))?;
                }
                Happening::Wake(flow, side) => {
                    let at = self.now;
                    // Another wake-up took this one's place: to heed both would make them ever more.
                    let due = self.peer(flow, side).filter(|peer| peer.armed == Some(at));
                    if let Some(peer) = due {
                        peer.armed = None;
                        self.drive(flow, side, None)?;
                    }
                }
                Happening::Queue => {
                    self.trace.queue.push(self.bottleneck.bytes());
                    self.schedule(self.now + QUEUE_STEP, Happening::Queue);
                }
                Happening::Flows => {
                    self.write_flows_down();
                    self.schedule(self.now + FLOW_STEP, Happening::Flows);
                }
            }
        }
        Ok(())
    }

    fn instant(&self) -> Instant {
        self.epoch + self.now
    }

    fn peer(&mut self, flow: usize, side: Side) -> Option<&mut Peer> {
        let (sender, receiver) = self.peers[flow].as_mut()?;
        Some(match side {
            Side::Sender => sender,
            Side::Receiver => receiver,
        })
    }

    fn served(&mut self) {
        let (delivered, next) = self.bottleneck.serve(self.now);
        if let Some((at, packet)) = delivered {
            self.schedule(at, Happening::Arrival(Side::Receiver, packet));
        }
        if let Some(at) = next {
            self.schedule(at, Happening::Served);
        }
    }

    /// Hands a peer what has arrived, lets it work, and puts what it sends on its way.
    fn drive(
        &mut self,
        flow: usize,
        side: Side,
        data: Option<&[u8]>,
    ) -> Result<(), SimulationError> {
        let (now, after) = (self.instant(), self.now);
        let mut out = Vec::new();
        let Some(peer) = self.peer(flow, side) else {
            return Ok(());
        };
        if let Some(data) = data {
            peer.receive(now, data, &mut out);
        }
        if let Some(reason) = peer.drive(now, &mut out) {
            return Err(SimulationError::Ended {
                flow,
                after,
                reason,
            });
        }
        self.wake_later(flow, side);
        for data in out {
            let packet = Packet { flow, data };
            match side {
                Side::Sender => {
                    if let Some(at) = self.bottleneck.offer(self.now, packet) {
                        self.schedule(at, Happening::Served);
                    }
                }
                Side::Receiver => {
                    if !self.losses_back.next_is_lost() {
                        let at = self.now + self.setup.link.round_trip / 2;
                        self.schedule(at, Happening::Arrival(Side::Sender, packet));
                    }
                }
            }
        }
        Ok(())
    }

    fn wake_later(&mut self, flow: usize, side: Side) {
        let (epoch, now) = (self.epoch, self.now);
        let Some(peer) = self.peer(flow, side) else {
            return;
        };
        let Some(due) = peer.next_wake() else { return };
        let at = next_tick(
            due.saturating_duration_since(epoch)
                .max(now + Duration::from_nanos(1)),
        );
        if peer.armed.is_none_or(|armed| at < armed) {
            peer.armed = Some(at);
            self.schedule(at, Happening::Wake(flow, side));
        }
    }

    fn write_flows_down(&mut self) {
        for (peers, trace) in self.peers.iter_mut().zip(&mut self.trace.flows) {
            let (glance, received) = match peers {
                None => Default::default(),
                Some((sender, receiver)) => (sender.glance(), receiver.received),
            };
            trace.received.push(received);
            trace.sender.push(glance);
        }
        self.trace.served.push(self.bottleneck.served);
    }
}
