//! The end that asks.
//!
//! - **R1** Request ids are the asker's: from 1 on, each higher than the one before.
//! - **R2** At most as many requests are unanswered as the peer's hello allows. An answerer ends a connection with more.
//! - **R3** Each request gets one answer, of its own kind or a refusal, in any order.
//! - **R4** A relay that connects to another one is the asker on that connection. The other one asks on a connection of its
//!   own.

use crate::{
    error::{SendError, Violation},
    frame::Class,
    link::{Incoming, Link, Settings, malformed, unknown},
    operation::{Answer, Push, Read, Request},
};
use alloc::{
    collections::{BTreeMap, VecDeque},
    vec::Vec,
};

/// What the asking end tells the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClientEvent {
    /// Both have said hello.
    Connected {
        /// The minor version that both speak.
        minor: u16,
    },
    /// An answer.
    Answer {
        /// To this request.
        request: u32,
        /// It.
        answer: Answer,
    },
    /// Something unasked.
    Push(Push),
    /// The peer is there.
    Pong {
        /// The ping's number.
        number: u64,
    },
}

/// The asking end of a connection. Bytes in, events out.
#[derive(Debug)]
pub struct Client {
    link: Link,
    last: u32,
    /// Unanswered requests and the numbers of their operations.
    open: BTreeMap<u32, u16>,
    events: VecDeque<(ClientEvent, u32)>,
    /// The last pong: a flood of them is not kept.
    pong: Option<u64>,
}

impl Client {
    /// A new connection.
    pub fn new(settings: Settings) -> Self {
        Self {
            link: Link::new(settings),
            last: 0,
            open: BTreeMap::new(),
            events: VecDeque::new(),
            pong: None,
        }
    }

    /// Takes bytes from the transport. An error is the end: send what is left to
    /// [`transmit`](Self::transmit), then drop the connection. Events from before it are still there.
    pub fn receive(&mut self, mut bytes: &[u8]) -> Result<(), Violation> {
        let result = self.take(&mut bytes);
        if let Err(violation) = &result {
            self.link.fail(violation.clone());
        }
        result
    }

    fn take(&mut self, bytes: &mut &[u8]) -> Result<(), Violation> {
        while let Some(incoming) = self.link.receive(bytes)? {
            match incoming {
                Incoming::Connected { minor } => {
                    self.events.push_back((ClientEvent::Connected { minor }, 0));
                }
                Incoming::Pong { number } => self.pong = Some(number),
                Incoming::Frame { frame, cost } => {
                    let newer = self.link.is_newer();
                    let event = match frame.kind.class() {
                        Class::Answer => {
                            let request = frame.request;
                            let number = frame.kind.number();
                            let asked = self.open.remove(&request);
                            if asked.is_none_or(|asked| number != 0 && number != asked) {
                                return Err(Violation::UnexpectedAnswer { request });
                            }
                            match Answer::read(&frame, newer) {
                                Read::Known(answer) => ClientEvent::Answer { request, answer },
                                _ => return Err(malformed(&frame)),
                            }
                        }
                        Class::Push => match Push::read(&frame, newer) {
                            Read::Known(push) => ClientEvent::Push(push),
                            Read::Unknown => {
                                unknown(&frame)?;
                                self.link.release(cost);
                                continue;
                            }
                            Read::Malformed => return Err(malformed(&frame)),
                        },
                        _ => return Err(Violation::WrongDirection { kind: frame.kind.0 }),
                    };
                    self.events.push_back((event, cost));
                }
            }
        }
        Ok(())
    }

    /// The next event. Taking it gives the peer credit for more (Q3).
    pub fn poll(&mut self) -> Option<ClientEvent> {
        if let Some(number) = self.pong.take() {
            return Some(ClientEvent::Pong { number });
        }
        let (event, cost) = self.events.pop_front()?;
        if self.events.is_empty() {
            self.events = VecDeque::new();
        }
        self.link.release(cost);
        Some(event)
    }

    /// Asks. The id comes back with the answer.
    pub fn request(&mut self, request: &Request) -> Result<u32, SendError> {
        let Some(peer) = self.link.peer() else {
            return Err(match self.link.end() {
                Some(_) => SendError::Closed,
                None => SendError::Full,
            });
        };
        if self.open.len() >= usize::from(peer.requests) {
            return Err(SendError::Full);
        }
        let id = self.last.checked_add(1).ok_or(SendError::Closed)?;
        self.link.send(request.to_frame(id), 0)?;
        self.last = id;
        self.open.insert(id, request.number());
        Ok(id)
    }

    /// Requests without an answer.
    pub fn unanswered(&self) -> usize {
        self.open.len()
    }

    /// Asks for a sign of life; [`ClientEvent::Pong`] is the answer.
    pub fn ping(&mut self, number: u64) {
        self.link.ping(number);
    }

    /// Ends the connection.
    pub fn close(&mut self, why: Violation) {
        self.link.fail(why);
    }

    /// Why the connection has ended, if it has.
    pub fn end(&self) -> Option<&Violation> {
        self.link.end()
    }

    /// Appends what may leave now to `out`, until it has `limit` bytes or more.
    pub fn transmit(&mut self, out: &mut Vec<u8>, limit: usize) {
        self.link.transmit(out, limit);
    }

    /// Whether there is something to transmit.
    pub fn wants_to_transmit(&self) -> bool {
        self.link.wants_to_transmit()
    }

    /// Bytes kept for the peer and of an unfinished frame, without events.
    pub fn kept(&self) -> usize {
        self.link.kept()
    }
}
