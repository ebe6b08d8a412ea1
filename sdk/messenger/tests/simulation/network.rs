//! Relays and their machines, and what lies between them and the devices.

use crate::world::{Event, PEER, World};
use parlance_bimp::{Answer, Bounded, Deliver, GroupGrown, RelayId, Request};
use parlance_messenger::Input as ToEngine;
use parlance_relay_core::{Asker, Batch, Clock, Effect, Input, Relay, Storage, Who};

/// What a relay's connection carries down.
#[derive(Clone)]
pub enum Down {
    Answer(u32, Answer),
    Deliver(Deliver),
    Moved(parlance_bimp::Mailbox),
    Grown(GroupGrown),
    End,
}

/// And up.
pub enum Up {
    Open(Who),
    Ask(u32, Request),
    End,
}

impl World {
    pub fn place(&self, relay: RelayId) -> usize {
        self.list.iter().position(|info| info.id == relay).unwrap()
    }

    fn clock(&self) -> Clock {
        Clock {
            steady: self.now,
            wall: crate::world::BEGIN + self.now,
        }
    }

    pub fn start_relay(&mut self, n: usize) {
        let clock = self.clock();
        let host = &mut self.hosts[n];
        host.life += 1;
        host.flush_due = false;
        host.peers.clear();
        host.sessions.clear();
        let config = parlance_relay_core::Config::default();
        let relay = Relay::start(self.list[n].id, config, clock, &self.list, &host.disk);
        host.relay = Some(relay.unwrap());
        let life = host.life;
        self.after(7 * n as u64 + 1, Event::RelayTick(n, life));
    }

    /// Its process dies; the devices hear of it sooner or later.
    pub fn kill_relay(&mut self, n: usize) {
        self.checker.outcome.killed += 1;
        self.hosts[n].relay = None;
        self.hosts[n].disk.crash();
        for (session, device) in std::mem::take(&mut self.hosts[n].sessions) {
            let delay = 1 + self.below(2_500);
            self.after(delay, Event::Broken(device, n, session));
        }
    }

    pub fn relay_input(&mut self, n: usize, input: Input) {
        let clock = self.clock();
        let host = &mut self.hosts[n];
        let Some(relay) = &mut host.relay else {
            return;
        };
        relay.handle(clock, input);
        let (due, life) = (host.flush_due, host.life);
        if !due {
            host.flush_due = true;
            self.after(1, Event::Flush(n, life));
        }
    }

    pub fn flush(&mut self, n: usize) {
        let host = &mut self.hosts[n];
        host.flush_due = false;
        let Some(relay) = &mut host.relay else {
            return;
        };
        let (batch, life) = (relay.flush(&host.disk), host.life);
        self.relay_effects(n);
        if let Some(batch) = batch {
            let delay = 1 + self.below(8);
            self.after(delay, Event::Commit(n, life, batch));
        }
    }

    pub fn commit(&mut self, n: usize, batch: &Batch) {
        let clock = self.clock();
        let host = &mut self.hosts[n];
        let result = host.disk.commit_durable(batch);
        let Some(relay) = &mut host.relay else {
            return;
        };
        relay
            .committed(clock, batch.number, result, &host.disk)
            .unwrap();
        let (due, life) = (host.flush_due, host.life);
        if !due {
            host.flush_due = true;
            self.after(1, Event::Flush(n, life));
        }
        self.relay_effects(n);
    }

    fn relay_effects(&mut self, n: usize) {
        let Some(relay) = &mut self.hosts[n].relay else {
            return;
        };
        let effects: Vec<Effect> = std::iter::from_fn(|| relay.next_effect()).collect();
        for effect in effects {
            match effect {
                Effect::Answer { to, answer } if to.connection >= PEER => {
                    let from = (to.connection - PEER) as usize;
                    self.between(n, from, || Event::Reply(n, from, answer.clone()));
                }
                Effect::Answer { to, answer } => {
                    self.down(n, to.connection, Down::Answer(to.request, answer));
                }
                Effect::Deliver {
                    connection,
                    key,
                    position,
                    expires,
                    mention,
                } => {
                    let message = self.hosts[n].disk.message(&key).unwrap();
                    let Some(message) = message else { continue };
                    let deliver = Deliver {
                        mailbox: key.mailbox,
                        id: key.id,
                        position,
                        expires,
                        mention,
                        message: Bounded::new(message.to_vec()).unwrap(),
                    };
                    self.down(n, connection, Down::Deliver(deliver));
                }
                Effect::Moved {
                    connection,
                    mailbox,
                } => self.down(n, connection, Down::Moved(mailbox)),
                Effect::Grown {
                    connection,
                    group,
                    next,
                } => self.down(n, connection, Down::Grown(GroupGrown { group, next })),
                Effect::CutOff { connection } => self.down(n, connection, Down::End),
                Effect::Ask { relay, request } => {
                    let to = self.place(relay);
                    self.next_ask += 1;
                    let number = self.next_ask;
                    self.between(n, to, || Event::Ask(n, to, number, request.clone()));
                }
                Effect::Receipt { .. } => self.receipts += 1,
                Effect::Delivered { .. } => {}
            }
        }
    }

    /// Between relays messages are lost, doubled and overtaken.
    fn between(&mut self, from: usize, to: usize, event: impl Fn() -> Event) {
        let lossy = self.faulty();
        if self.cut.contains(&from) || self.cut.contains(&to) {
            return;
        }
        if lossy && self.below(1_000) < self.plan.lost {
            return;
        }
        let copies = 1 + u64::from(lossy && self.below(1_000) < self.plan.doubled);
        for _ in 0..copies {
            let delay = match self.below(20) {
                0 => 20 + self.below(100),
                _ => 1 + self.below(15),
            };
            self.after(delay, event());
        }
    }

    pub fn take_ask(&mut self, from: usize, to: usize, number: u32, request: Request) {
        let connection = PEER + from as u64;
        if self.hosts[to].relay.is_some() && self.hosts[to].peers.insert(from) {
            let who = Who::Relay(self.list[from].id);
            self.relay_input(to, Input::Opened { connection, who });
        }
        let from = Asker {
            connection,
            request: number,
        };
        self.relay_input(to, Input::Request { from, request });
    }

    /// A device asks, over a connection that is made if there is none.
    pub fn ask_relay(&mut self, device: usize, relay: RelayId, ask: u64, request: Request) {
        let n = self.place(relay);
        if !self.people[device].sessions.contains_key(&n) {
            self.next_session += 1;
            let session = self.next_session;
            self.people[device].sessions.insert(n, session);
            let who = self.session_who(device);
            self.up(device, n, session, Up::Open(who));
        }
        let person = &mut self.people[device];
        let session = person.sessions[&n];
        person.next_request += 1;
        let number = person.next_request;
        person.asks.insert((session, number), ask);
        self.up(device, n, session, Up::Ask(number, request));
    }

    pub fn end_session(&mut self, relay: usize, session: u64) {
        self.up(usize::MAX, relay, session, Up::End);
    }

    /// A connection is a stream: in order, and nothing of it is lost, until it breaks.
    fn stream(&mut self, relay: usize, session: u64, up: bool) -> Option<u64> {
        if self.cut.contains(&relay) || self.hosts[relay].relay.is_none() {
            self.broken.insert(session);
        }
        if self.broken.contains(&session) {
            return None;
        }
        let slow = 200 * u64::from(self.faulty() && self.one_in(50));
        let earliest = self.now + 1 + self.below(25) + slow;
        let last = self.links.entry((session, up)).or_insert(0);
        *last = earliest.max(*last);
        Some(*last - self.now)
    }

    fn up(&mut self, device: usize, relay: usize, session: u64, says: Up) {
        match self.stream(relay, session, true) {
            Some(delay) => self.after(delay, Event::Up(device, relay, session, says)),
            // Nobody answers; in the end the transport says so.
            None if device != usize::MAX => {
                let delay = 300 + self.below(2_500);
                self.after(delay, Event::Broken(device, relay, session));
            }
            None => {}
        }
    }

    fn down(&mut self, n: usize, session: u64, says: Down) {
        let Some(device) = self.hosts[n].sessions.get(&session).copied() else {
            return;
        };
        match self.stream(n, session, false) {
            Some(delay) => self.after(delay, Event::Down(device, n, session, says)),
            None => {
                let delay = 300 + self.below(2_500);
                self.after(delay, Event::Broken(device, n, session));
            }
        }
    }

    pub fn take_up(&mut self, device: usize, relay: usize, session: u64, says: Up) {
        let connection = session;
        match says {
            Up::Open(who) if self.hosts[relay].relay.is_some() => {
                self.hosts[relay].sessions.insert(session, device);
                self.relay_input(relay, Input::Opened { connection, who });
            }
            Up::Ask(request, body) if self.hosts[relay].sessions.contains_key(&session) => {
                let from = Asker {
                    connection,
                    request,
                };
                let request = body;
                self.check_ticket(device, relay, &request);
                self.relay_input(relay, Input::Request { from, request });
            }
            Up::End => {
                if self.hosts[relay].sessions.remove(&session).is_some() {
                    self.relay_input(relay, Input::Closed { connection });
                }
            }
            // Of a process that is gone.
            _ => self.broken(device, relay, session),
        }
    }

    pub fn broken(&mut self, device: usize, relay: usize, session: u64) {
        self.broken.insert(session);
        if self.hosts[relay].sessions.remove(&session).is_some() {
            let connection = session;
            self.relay_input(relay, Input::Closed { connection });
        }
        let person = &mut self.people[device];
        if person.sessions.get(&relay) == Some(&session) {
            person.sessions.remove(&relay);
            let relay = self.list[relay].id;
            self.device_input(device, ToEngine::Lost { relay });
        }
    }

    fn device_input(&mut self, device: usize, input: ToEngine<crate::common::Proof>) {
        self.input(device, input);
    }

    pub fn take_down(&mut self, device: usize, n: usize, session: u64, says: Down) {
        let relay = self.list[n].id;
        if self.people[device].sessions.get(&n) != Some(&session) {
            return;
        }
        match says {
            Down::Answer(request, answer) => {
                if let Some(ask) = self.people[device].asks.remove(&(session, request)) {
                    self.input(device, ToEngine::Answered { ask, answer });
                }
            }
            Down::Deliver(message) => {
                if self.faulty() && self.below(1_000) < self.plan.doubled {
                    self.checker.outcome.again += 1;
                    let message = message.clone();
                    self.input(device, ToEngine::Delivered { relay, message });
                }
                self.input(device, ToEngine::Delivered { relay, message });
            }
            Down::Moved(mailbox) => self.input(device, ToEngine::Moved { relay, mailbox }),
            Down::Grown(grown) => self.input(device, ToEngine::Grown(grown)),
            Down::End => self.broken(device, n, session),
        }
    }
}
