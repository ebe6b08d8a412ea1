//! What both ends of a connection have in common: frames, hello, credit.
//!
//! - **Q1** *Window.* Each side says in its hello how many bytes of counted frames the peer may send before it hears more.
//! - **Q2** Requests, answers, pushes and unknown kinds are *counted*: each costs its length (as in F2) and
//!   [`FRAME_COST`]. A side that sends more than its credit ends the connection, and so does one that gives more
//!   credit than [`MAX_CREDIT`].
//! - **Q3** Credit comes back when the receiver is done with a frame: with a request when its answer has been handed
//!   to the transport, with anything else when the application has taken it. So a reader that does not
//!   read, or a relay that cannot store, stops its peer and not its own memory.
//! - **Q4** Credit is given back in pieces of at least half a window. A window holds two frames of the largest size, so
//!   the peer can always send one once everything is given back.
//! - **Q5** Control frames cost nothing, and a side keeps at most one of each kind for sending: credit adds up, of
//!   pings the last is answered.

use crate::{
    bounded::Bounded,
    control::{CLOSE, CREDIT, Close, Credit, HELLO, Hello, PING, PONG, Ping},
    error::{SendError, Violation},
    frame::{Class, Decoder, Frame, HEADER, decode_body},
    limits::{
        FRAME_COST, MAX_CREDIT, MAX_FRAME, MAX_REASON, MAX_REQUESTS, MIN_WINDOW, MINOR, WINDOW,
    },
};
use alloc::{collections::VecDeque, string::String, string::ToString, vec::Vec};
use codec::Encode;

/// What a side allows its peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Bytes of counted frames on their way (Q1). At least [`MIN_WINDOW`], which is taken if it is less.
    pub window: u32,
    /// Requests of the peer that are unanswered at the same time.
    pub requests: u16,
    /// Bytes of frames that this side keeps because the peer has no credit for them. More pushes are refused.
    pub backlog: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            window: WINDOW,
            requests: MAX_REQUESTS,
            backlog: WINDOW as usize,
        }
    }
}

/// What the link hands up.
#[derive(Debug)]
pub enum Incoming {
    /// The peer's hello was read.
    Connected {
        /// The minor version that both speak.
        minor: u16,
    },
    /// The peer has answered a ping.
    Pong {
        /// The ping's number.
        number: u64,
    },
    /// A counted frame. Whoever is done with it calls [`Link::release`] with the cost.
    Frame {
        /// It.
        frame: Frame,
        /// Its cost (Q2).
        cost: u32,
    },
}

/// A frame that waits for credit.
#[derive(Debug)]
struct Queued {
    frame: Frame,
    /// Credit that the peer gets back once this has left (Q3).
    releases: u32,
}

/// One end of a connection, below requests and answers.
#[derive(Debug)]
pub struct Link {
    settings: Settings,
    decoder: Decoder,
    peer: Option<Hello>,
    /// What this side may send.
    credit: u64,
    /// What the peer may send.
    granted: u64,
    /// Done with, not yet given back.
    released: u64,
    hello_sent: bool,
    give: u32,
    ping: Option<u64>,
    pong: Option<u64>,
    close: Option<Close>,
    queue: VecDeque<Queued>,
    queued: usize,
    end: Option<Violation>,
    frames: u64,
}

impl Link {
    /// A new connection. The hello leaves with the first [`transmit`](Self::transmit).
    pub fn new(mut settings: Settings) -> Self {
        settings.window = settings.window.max(MIN_WINDOW);
        Self {
            settings,
            decoder: Decoder::default(),
            peer: None,
            credit: 0,
            granted: u64::from(settings.window),
            released: 0,
            hello_sent: false,
            give: 0,
            ping: None,
            pong: None,
            close: None,
            queue: VecDeque::new(),
            queued: 0,
            end: None,
            frames: 0,
        }
    }

    /// What this side allows.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The peer's hello, once it is here.
    pub fn peer(&self) -> Option<&Hello> {
        self.peer.as_ref()
    }

    /// Whether the peer speaks a later minor version (F5).
    pub fn is_newer(&self) -> bool {
        self.peer.is_some_and(|hello| hello.newest > MINOR)
    }

    /// Why the connection has ended, if it has.
    pub fn end(&self) -> Option<&Violation> {
        self.end.as_ref()
    }

    /// Frames of every kind that have come: control frames cost no credit (Q5), and still have to be paid for with time.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Bytes that this side keeps for the peer, and of an unfinished frame.
    pub fn kept(&self) -> usize {
        self.decoder.kept().saturating_add(self.queued)
    }

    /// Whether another push would be kept.
    pub fn has_room(&self) -> bool {
        self.queued < self.settings.backlog
    }

    /// Takes the next frame off `input`. `None` when `input` is used up.
    pub fn receive(&mut self, input: &mut &[u8]) -> Result<Option<Incoming>, Violation> {
        loop {
            if let Some(end) = &self.end {
                return Err(end.clone());
            }
            let Some(frame) = self.decoder.next(input)? else {
                return Ok(None);
            };
            self.frames = self.frames.saturating_add(1);
            if let Some(incoming) = self.take(frame)? {
                return Ok(Some(incoming));
            }
        }
    }

    fn take(&mut self, frame: Frame) -> Result<Option<Incoming>, Violation> {
        if self.peer.is_none() || frame.kind == HELLO {
            return self.take_hello(&frame).map(Some);
        }
        if frame.kind.class() == Class::Control {
            return self.take_control(&frame);
        }
        let cost = cost_of(&frame);
        self.granted = self
            .granted
            .checked_sub(u64::from(cost))
            .ok_or(Violation::OutOfCredit {
                cost: u64::from(cost),
                credit: self.granted,
            })?;
        if frame.kind.class() == Class::Other {
            self.release(cost);
            return unknown(&frame).map(|()| None);
        }
        Ok(Some(Incoming::Frame { frame, cost }))
    }

    /// H1-H4.
    fn take_hello(&mut self, frame: &Frame) -> Result<Incoming, Violation> {
        if frame.kind != HELLO || self.peer.is_some() {
            return Err(Violation::HelloExpected);
        }
        let hello: Hello = decode_body(&frame.body, true).ok_or_else(|| malformed(frame))?;
        let minor = spoken(hello.newest, MINOR);
        if hello.oldest > hello.newest || minor < hello.oldest {
            return Err(Violation::Version {
                oldest: hello.oldest,
                newest: hello.newest,
                ours: MINOR,
            });
        }
        if hello.window < MIN_WINDOW || u64::from(hello.window) > MAX_CREDIT {
            return Err(Violation::Window {
                window: hello.window,
            });
        }
        self.credit = u64::from(hello.window);
        self.peer = Some(hello);
        Ok(Incoming::Connected { minor })
    }

    fn take_control(&mut self, frame: &Frame) -> Result<Option<Incoming>, Violation> {
        let newer = self.is_newer();
        let body = &frame.body;
        match frame.kind {
            CREDIT => {
                let credit: Credit = decode_body(body, newer).ok_or_else(|| malformed(frame))?;
                self.credit = self.credit.saturating_add(u64::from(credit.bytes));
                if self.credit > MAX_CREDIT {
                    return Err(Violation::TooMuchCredit);
                }
                Ok(None)
            }
            PING => {
                let ping: Ping = decode_body(body, newer).ok_or_else(|| malformed(frame))?;
                self.pong = Some(ping.number);
                Ok(None)
            }
            PONG => {
                let ping: Ping = decode_body(body, newer).ok_or_else(|| malformed(frame))?;
                Ok(Some(Incoming::Pong {
                    number: ping.number,
                }))
            }
            CLOSE => {
                let close: Close = decode_body(body, newer).ok_or_else(|| malformed(frame))?;
                let violation = Violation::ByPeer {
                    code: close.code,
                    text: String::from_utf8_lossy(close.text.as_slice()).into_owned(),
                };
                // The peer reads nothing any more (X1).
                self.end = Some(violation.clone());
                self.forget();
                Err(violation)
            }
            _ => unknown(frame).map(|()| None),
        }
    }

    /// Queues a counted frame. `releases` is the cost of the request that it answers.
    pub fn send(&mut self, frame: Frame, releases: u32) -> Result<(), SendError> {
        let size = frame.body.len().saturating_add(HEADER);
        if size > MAX_FRAME {
            return Err(SendError::TooLong { size });
        }
        if self.end.is_some() {
            return Err(SendError::Closed);
        }
        self.queued = self.queued.saturating_add(frame.size());
        self.queue.push_back(Queued { frame, releases });
        Ok(())
    }

    /// Asks the peer for a sign of life (H5).
    pub fn ping(&mut self, number: u64) {
        self.ping = Some(number);
    }

    /// Gives credit for a frame back (Q3, Q4).
    pub fn release(&mut self, cost: u32) {
        self.released = self.released.saturating_add(u64::from(cost));
        if self.released >= u64::from(self.settings.window / 2) {
            let bytes = u32::try_from(self.released).unwrap_or(u32::MAX);
            self.released = self.released.saturating_sub(u64::from(bytes));
            self.granted = self.granted.saturating_add(u64::from(bytes));
            self.give = self.give.saturating_add(bytes);
        }
    }

    /// Ends the connection from this side: the closing frame is the last to leave (X1).
    pub fn fail(&mut self, violation: Violation) {
        if self.end.is_some() {
            return;
        }
        let mut text = violation.to_string();
        while text.len() > MAX_REASON {
            text.pop();
        }
        self.close = Some(Close {
            code: violation.code(),
            text: Bounded::new(text).unwrap_or_default(),
        });
        self.end = Some(violation);
        self.forget();
    }

    /// Appends frames that may leave now to `out`, until it has `limit` bytes or more.
    pub fn transmit(&mut self, out: &mut Vec<u8>, limit: usize) {
        if !self.hello_sent {
            self.hello_sent = true;
            let hello = Hello {
                oldest: 0,
                newest: MINOR,
                window: self.settings.window,
                requests: self.settings.requests,
            };
            put(out, HELLO, &hello);
        }
        if let Some(close) = self.close.take() {
            put(out, CLOSE, &close);
        }
        if self.end.is_some() {
            return;
        }
        if let Some(number) = self.pong.take() {
            put(out, PONG, &Ping { number });
        }
        if let Some(number) = self.ping.take() {
            put(out, PING, &Ping { number });
        }
        while out.len() < limit && self.transmit_next(out) {}
        // After the frames, whose leaving may have released credit.
        if self.give > 0 {
            put(out, CREDIT, &Credit { bytes: self.give });
            self.give = 0;
        }
    }

    fn transmit_next(&mut self, out: &mut Vec<u8>) -> bool {
        let Some(next) = self.queue.front() else {
            return false;
        };
        let Some(credit) = self.credit.checked_sub(u64::from(cost_of(&next.frame))) else {
            return false;
        };
        let Some(next) = self.queue.pop_front() else {
            return false;
        };
        self.credit = credit;
        self.queued = self.queued.saturating_sub(next.frame.size());
        next.frame.encode_to(out);
        self.release(next.releases);
        if self.queue.is_empty() {
            self.queue = VecDeque::new();
        }
        true
    }

    /// Whether [`transmit`](Self::transmit) has something to say.
    pub fn wants_to_transmit(&self) -> bool {
        let counted = self
            .queue
            .front()
            .is_some_and(|next| u64::from(cost_of(&next.frame)) <= self.credit);
        let alive = self.end.is_none();
        let control = self.give > 0 || self.ping.is_some() || self.pong.is_some();
        !self.hello_sent || self.close.is_some() || (alive && (counted || control))
    }

    fn forget(&mut self) {
        self.queue = VecDeque::new();
        self.queued = 0;
        self.decoder = Decoder::default();
    }
}

/// What a frame costs (Q2).
pub fn cost_of(frame: &Frame) -> u32 {
    let cost = frame.body.len().saturating_add(HEADER + FRAME_COST);
    u32::try_from(cost).unwrap_or(u32::MAX)
}

/// The minor version of a connection (H2).
fn spoken(theirs: u16, ours: u16) -> u16 {
    theirs.min(ours)
}

/// F4, for kinds that are not requests.
pub fn unknown(frame: &Frame) -> Result<(), Violation> {
    if frame.kind.is_critical() {
        return Err(Violation::UnknownCritical { kind: frame.kind.0 });
    }
    Ok(())
}

/// A body that is not what its kind says.
pub fn malformed(frame: &Frame) -> Violation {
    Violation::Malformed { kind: frame.kind.0 }
}

fn put<T: Encode>(out: &mut Vec<u8>, kind: crate::frame::Kind, body: &T) {
    let frame = Frame {
        kind,
        request: 0,
        body: body.encode(),
    };
    frame.encode_to(out);
}
