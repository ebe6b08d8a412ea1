//! The end that answers: a relay.
//!
//! - **S1** Until it has authenticated, a connection is a stranger's, and may authenticate and probe. A device may
//!   ask for what devices may, a relay for what relays may; everything else is refused without being
//!   looked at ([`Reason::NotAuthenticated`], [`Reason::NotAllowed`]).
//! - **S2** The application judges a credential: it reads the record on the chain, checks the signature over the statement
//!   that the event carries, and calls [`Server::admit`] or refuses. There is one attempt per connection. Requests that
//!   come behind it wait for the judgement, so that a client need not: authenticating costs no round trip.
//! - **S3** A request whose body cannot be read is refused; the connection goes on, because the frames are in order.

use crate::{
    error::{SendError, Violation},
    frame::{Class, Frame},
    link::{Incoming, Link, Settings, unknown},
    operation::{
        Access, Answer, Authenticate, Authenticated, Binding, Credential, Push, Read, Request,
    },
    refusal::{Reason, Refusal},
};
use alloc::{
    collections::{BTreeMap, VecDeque},
    vec::Vec,
};

/// What the answering end tells the application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerEvent {
    /// Both have said hello.
    Connected {
        /// The minor version that both speak.
        minor: u16,
    },
    /// Somebody says who they are (S2).
    Authenticate {
        /// For [`Server::admit`] or [`Server::answer`].
        request: u32,
        /// Who.
        credential: Credential,
        /// What must have been signed.
        statement: Vec<u8>,
        /// Ed25519.
        signature: [u8; 64],
    },
    /// Somebody who may asks for something.
    Request {
        /// For [`Server::answer`].
        request: u32,
        /// What.
        body: Request,
    },
    /// The peer is there.
    Pong {
        /// The ping's number.
        number: u64,
    },
}

/// A request without an answer.
#[derive(Clone, Copy, Debug)]
struct Open {
    number: u16,
    cost: u32,
}

/// The answering end of a connection. Bytes in, events out.
#[derive(Debug)]
pub struct Server {
    link: Link,
    binding: Binding,
    who: Option<Credential>,
    /// Who is being judged.
    claimed: Option<(u32, Credential)>,
    attempted: bool,
    /// Requests that wait for the judgement.
    held: Vec<(u32, Request)>,
    last: u32,
    open: BTreeMap<u32, Open>,
    events: VecDeque<ServerEvent>,
    /// The last pong: a flood of them is not kept.
    pong: Option<u64>,
}

impl Server {
    /// A new connection.
    pub fn new(settings: Settings, binding: Binding) -> Self {
        Self {
            link: Link::new(settings),
            binding,
            who: None,
            claimed: None,
            attempted: false,
            held: Vec::new(),
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
                    self.events.push_back(ServerEvent::Connected { minor });
                }
                Incoming::Pong { number } => self.pong = Some(number),
                Incoming::Frame { frame, cost } => match frame.kind.class() {
                    Class::Request => self.take_request(&frame, cost)?,
                    Class::Push => {
                        unknown(&frame)?;
                        self.link.release(cost);
                    }
                    _ => return Err(Violation::WrongDirection { kind: frame.kind.0 }),
                },
            }
        }
        Ok(())
    }

    /// R1, R2, S1-S3.
    fn take_request(&mut self, frame: &Frame, cost: u32) -> Result<(), Violation> {
        let (request, number) = (frame.request, frame.kind.number());
        if request <= self.last {
            return Err(Violation::RequestOrder {
                found: request,
                last: self.last,
            });
        }
        let limit = self.link.settings().requests;
        if self.open.len() >= usize::from(limit) {
            return Err(Violation::TooManyRequests { limit });
        }
        self.last = request;
        self.open.insert(request, Open { number, cost });
        match Request::read(frame, self.link.is_newer()) {
            Read::Unknown => self.refuse(request, Reason::NotSpoken),
            Read::Malformed => self.refuse(request, Reason::Malformed),
            Read::Known(Request::Authenticate(body)) => self.authenticate(request, body),
            Read::Known(body) if self.claimed.is_some() => self.held.push((request, body)),
            Read::Known(body) => self.pass(request, body),
        }
        Ok(())
    }

    /// S1.
    fn pass(&mut self, request: u32, body: Request) {
        match self.bar(body.access()) {
            Some(reason) => self.refuse(request, reason),
            None => self
                .events
                .push_back(ServerEvent::Request { request, body }),
        }
    }

    /// The judgement is there: what waited for it goes on.
    fn judged(&mut self) {
        self.claimed = None;
        for (request, body) in core::mem::take(&mut self.held) {
            self.pass(request, body);
        }
    }

    /// Why this peer may not ask for something that `access` may.
    fn bar(&self, access: Access) -> Option<Reason> {
        match (access, self.who) {
            (Access::Anybody, _)
            | (Access::Device, Some(Credential::Device { .. }))
            | (Access::Relay, Some(Credential::Relay { .. })) => None,
            (_, None) => Some(Reason::NotAuthenticated),
            (_, Some(_)) => Some(Reason::NotAllowed),
        }
    }

    fn authenticate(&mut self, request: u32, body: Authenticate) {
        if self.attempted {
            return self.refuse(request, Reason::NotAllowed);
        }
        self.attempted = true;
        self.claimed = Some((request, body.credential));
        self.events.push_back(ServerEvent::Authenticate {
            request,
            credential: body.credential,
            statement: body.credential.statement(&self.binding),
            signature: body.signature,
        });
    }

    fn refuse(&mut self, request: u32, reason: Reason) {
        // The request was opened just now, and a refusal fits into a frame.
        let _ = self.answer(request, &Answer::Refused(Refusal::new(reason)));
    }

    /// The credential of `request` is good: from now on the connection is its.
    pub fn admit(&mut self, request: u32, answer: Authenticated) -> Result<(), SendError> {
        match self.claimed {
            Some((claimed, credential)) if claimed == request => {
                self.put(request, &Answer::Authenticate(answer))?;
                self.who = Some(credential);
                self.judged();
                Ok(())
            }
            _ => Err(SendError::NoSuchRequest { request }),
        }
    }

    /// Answers a request (R3). If the answer does not fit into a frame the request stays open. A credential is admitted by
    /// [`admit`](Self::admit) and by nothing else; any answer to it from here refuses it.
    pub fn answer(&mut self, request: u32, answer: &Answer) -> Result<(), SendError> {
        let judges = self.claimed.is_some_and(|(claimed, _)| claimed == request);
        if judges && !matches!(answer, Answer::Refused(_)) {
            return Err(SendError::NoSuchRequest { request });
        }
        self.put(request, answer)?;
        if judges {
            self.judged();
        }
        Ok(())
    }

    fn put(&mut self, request: u32, answer: &Answer) -> Result<(), SendError> {
        let missing = SendError::NoSuchRequest { request };
        let open = self.open.get(&request).copied().ok_or(missing)?;
        let number = answer.number();
        if number != 0 && number != open.number {
            return Err(missing);
        }
        self.link.send(answer.to_frame(request), open.cost)?;
        self.open.remove(&request);
        Ok(())
    }

    /// Sends something unasked. [`SendError::Full`] means that the peer does not take what it has got already.
    pub fn push(&mut self, push: &Push) -> Result<(), SendError> {
        if !self.link.has_room() {
            return Err(SendError::Full);
        }
        self.link.send(push.to_frame(), 0)
    }

    /// The next event.
    pub fn poll(&mut self) -> Option<ServerEvent> {
        if let Some(number) = self.pong.take() {
            return Some(ServerEvent::Pong { number });
        }
        let event = self.events.pop_front();
        if self.events.is_empty() {
            self.events = VecDeque::new();
        }
        event
    }

    /// Who has been admitted.
    pub fn who(&self) -> Option<&Credential> {
        self.who.as_ref()
    }

    /// Requests without an answer.
    pub fn unanswered(&self) -> usize {
        self.open.len()
    }

    /// Asks for a sign of life; [`ServerEvent::Pong`] is the answer.
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

    /// Frames of every kind that have come, for whoever limits how many a peer may send.
    pub fn frames(&self) -> u64 {
        self.link.frames()
    }

    /// Bytes kept for the peer and of an unfinished frame, without events.
    pub fn kept(&self) -> usize {
        self.link.kept()
    }
}
