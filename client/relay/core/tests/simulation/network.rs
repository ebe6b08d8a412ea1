//! What a relay's machine does for it, and what the network does to messages.

use crate::{
    plan::Mutation,
    world::{Event, PEER, ToClient, ToHost, World},
};
use parlance_bimp::{Accepted, Answer, EnvelopeView, RelayId, Request};
use parlance_relay_core::{Asker, Batch, Effect, Input, Storage, Who};

impl World {
    pub fn flush(&mut self, n: usize) {
        let host = &mut self.hosts[n];
        host.flush_due = false;
        let Some(relay) = &mut host.relay else {
            return;
        };
        let batch = relay.flush(&host.disk);
        let life = host.life;
        self.effects(n);
        let Some(batch) = batch else {
            return;
        };
        if self.plan.mutation == Mutation::AcknowledgeBeforeDurable {
            self.commit(n, &batch);
            self.after(400, Event::CatchUp(n, life, batch.number));
        } else {
            let delay = 1 + self.below(8);
            self.after(delay, Event::Commit(n, life, batch));
        }
    }

    pub fn commit(&mut self, n: usize, batch: &Batch) {
        let clock = self.clock(n);
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
        self.effects(n);
    }

    fn effects(&mut self, n: usize) {
        let Some(relay) = &mut self.hosts[n].relay else {
            return;
        };
        let effects: Vec<Effect> = std::iter::from_fn(|| relay.next_effect()).collect();
        for effect in effects {
            match effect {
                Effect::Answer { to, answer } if to.connection >= PEER => {
                    let from = (to.connection - PEER) as usize;
                    self.between(n, from, || Event::Reply {
                        from: n,
                        to: from,
                        answer: answer.clone(),
                    });
                }
                Effect::Answer { to, answer } => {
                    self.send_down(n, to.connection, ToClient::Answer(to.request, answer));
                }
                Effect::Deliver {
                    connection, key, ..
                } => {
                    let message = self.hosts[n].disk.message(&key).unwrap();
                    if let Some(message) = message {
                        self.send_down(n, connection, ToClient::Deliver(key, message.to_vec()));
                    }
                }
                Effect::Moved { connection, .. } => {
                    self.send_down(n, connection, ToClient::Moved);
                }
                Effect::Grown {
                    connection, next, ..
                } => self.send_down(n, connection, ToClient::Grown(next)),
                Effect::CutOff { connection } => self.send_down(n, connection, ToClient::End),
                Effect::Ask { relay, request } => self.ask(n, relay, request),
                Effect::Delivered { .. } | Effect::Receipt { .. } => {}
            }
        }
    }

    fn ask(&mut self, n: usize, relay: RelayId, request: Request) {
        let reconciles = matches!(request, Request::Reconcile(_));
        if reconciles && self.plan.mutation == Mutation::NoReconciliation {
            return;
        }
        let Some(to) = self.places.iter().position(|place| *place == relay) else {
            return;
        };
        self.next_ask += 1;
        let number = self.next_ask;
        self.between(n, to, || Event::Ask {
            from: n,
            to,
            number,
            request: request.clone(),
        });
    }

    /// Between relays messages are lost, doubled and overtaken.
    fn between(&mut self, from: usize, to: usize, event: impl Fn() -> Event) {
        let pair = (from.min(to), from.max(to));
        if self.cut.contains(&pair) || self.below(1_000) < u64::from(self.plan.lost) {
            return;
        }
        let copies = 1 + u64::from(self.below(1_000) < u64::from(self.plan.doubled));
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
            let who = Who::Relay(self.places[from]);
            self.input(to, Input::Opened { connection, who });
        }
        let from = Asker {
            connection,
            request: number,
        };
        self.input(to, Input::Request { from, request });
    }

    fn answer_at_once(&mut self, n: usize, to: Asker, request: &Request) {
        let Request::Send(body) = request else { return };
        let envelope = EnvelopeView::parse(body.envelope.as_slice()).unwrap();
        if !self
            .routing
            .set(&envelope.mailbox)
            .contains(&self.places[n])
        {
            let answer = Answer::Send(Accepted {
                id: envelope.id(),
                relays: 3,
                expires: 0,
            });
            self.send_down(n, to.connection, ToClient::Answer(to.request, answer));
        }
    }

    /// A session is a stream: in order, and nothing of it is lost, until it breaks.
    fn stream(&mut self, client: usize, relay: usize, session: u64, up: bool) -> Option<u64> {
        if self.lost_sessions.contains(&session) {
            return None;
        }
        if self.cut_clients.contains(&(client, relay)) {
            self.lost_sessions.insert(session);
            self.after(2_000, Event::SessionOver(relay, session));
            return None;
        }
        let slow = 200 * u64::from(self.below(1_000) < u64::from(self.plan.lost));
        let earliest = self.now + 1 + self.below(15) + slow;
        let last = self.links.entry((session, up)).or_insert(0);
        *last = earliest.max(*last);
        Some(*last - self.now)
    }

    pub fn send_up(&mut self, client: usize, relay: usize, session: u64, says: ToHost) {
        if let Some(delay) = self.stream(client, relay, session, true) {
            let event = Event::ToHost {
                client,
                relay,
                session,
                says,
            };
            self.after(delay, event);
        }
    }

    fn send_down(&mut self, n: usize, session: u64, says: ToClient) {
        let Some(client) = self.hosts[n].sessions.get(&session).copied() else {
            return;
        };
        if let Some(delay) = self.stream(client, n, session, false) {
            let event = Event::ToClient {
                client,
                session,
                says,
            };
            self.after(delay, event);
        }
    }

    pub fn new_session(&mut self) -> u64 {
        self.next_session += 1;
        self.next_session
    }

    pub fn take_from_client(&mut self, client: usize, relay: usize, session: u64, says: ToHost) {
        let connection = session;
        if self.hosts[relay].relay.is_none() {
            return;
        }
        match says {
            ToHost::Open(who) => {
                self.hosts[relay].sessions.insert(session, client);
                self.input(relay, Input::Opened { connection, who });
            }
            // Of a process that is gone.
            _ if !self.hosts[relay].sessions.contains_key(&session) => {}
            ToHost::Ask(request, body) => {
                let from = Asker {
                    connection,
                    request,
                };
                let request = body;
                if self.plan.mutation == Mutation::AnswerAtOnce {
                    self.answer_at_once(relay, from, &request);
                }
                self.input(relay, Input::Request { from, request });
            }
            ToHost::End => {
                self.hosts[relay].sessions.remove(&session);
                self.input(relay, Input::Closed { connection });
            }
        }
    }
}
