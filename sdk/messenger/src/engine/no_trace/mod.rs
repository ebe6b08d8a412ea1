//! Conversations without a trace: how they begin and end (N1-N4).

mod talk;

use super::{Engine, brief::Brief};
use crate::{
    Encryption, Error, Event, Storage,
    history::ContentId,
    limits::{INVITE_PAUSE, NO_TRACE_AGE, NO_TRACE_ALIVE, NO_TRACE_KEEP, NO_TRACE_SILENCE},
    no_trace::{NoTraceEnd, NoTraceNews, NoTraceWish},
};
use parlance_bimp::Account;
use parlance_e2ee::{
    Body, Bounded, Bundle, Content, Device, DeviceAddress, DeviceIdentity, IdentityPublic, Sender,
    content::NoTrace,
};
use rand_core::CryptoRng;
use std::collections::BTreeMap;
use talk::Peer;

/// A conversation that is in memory only (N3). Its keys wipe themselves.
pub(super) struct Private {
    with: Account,
    session: [u8; 16],
    /// This device as the other one knows it in this conversation (N2).
    device: Device,
    /// Devices that were invited, with the identities that envelopes are sealed for.
    invited: BTreeMap<u32, IdentityPublic>,
    /// When that was last done.
    at: Option<u64>,
    peer: Option<Peer>,
}

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    /// With whom a conversation without a trace goes on, and with which device once it has begun.
    pub fn no_trace(&self) -> Option<(Account, Option<DeviceAddress>)> {
        let private = self.private.as_ref()?;
        let peer = private.peer.as_ref().map(|peer| peer.address);
        Some((private.with, peer))
    }

    pub(super) fn wish_no_trace(
        &mut self,
        with: Account,
        wish: NoTraceWish,
    ) -> Result<Option<ContentId>, Error> {
        match wish {
            NoTraceWish::Open => self.open_no_trace(with).map(|()| None),
            NoTraceWish::Say(body) => self.say_no_trace(with, body).map(Some),
            NoTraceWish::Typing(state) => {
                self.whisper_once(with, Body::Typing(state));
                Ok(None)
            }
            NoTraceWish::Close => {
                self.close_no_trace(with);
                Ok(None)
            }
        }
    }

    fn open_no_trace(&mut self, with: Account) -> Result<(), Error> {
        if with == self.own {
            return Err(Error::NoTraceWithOneself);
        }
        match &self.private {
            Some(known) if known.with == with => return Ok(()),
            Some(known) => {
                let other = known.with;
                self.close_no_trace(other);
            }
            None => {}
        }
        let mut session = [0; 16];
        self.rng.fill_bytes(&mut session);
        self.private = Some(Private {
            with,
            session,
            device: self.fresh_device(),
            invited: BTreeMap::new(),
            at: None,
            peer: None,
        });
        Ok(())
    }

    fn fresh_device(&mut self) -> Device {
        let (me, seconds) = (self.me(), self.clock.wall / 1_000);
        let rng = &mut self.rng;
        let identity = DeviceIdentity::generate(rng);
        let mut device = Device::new(me, identity, seconds, rng);
        device.prekeys_mut().replenish(1, rng);
        device
    }

    fn close_no_trace(&mut self, with: Account) {
        let Some(private) = self.private.as_ref().filter(|it| it.with == with) else {
            return;
        };
        let session = private.session;
        match private.peer {
            Some(_) => self.whisper_once(with, Body::NoTrace(NoTrace::End { session })),
            None => drop(self.tell_step(with, None, NoTrace::End { session })),
        }
        self.end_no_trace(NoTraceEnd::Here);
    }

    /// The keys go (N3).
    fn end_no_trace(&mut self, end: NoTraceEnd) {
        if let Some(private) = self.private.take() {
            self.news(private.with, NoTraceNews::Ended(end));
        }
    }

    fn news(&mut self, with: Account, news: NoTraceNews) {
        self.tell(Event::NoTrace { with, news });
    }

    /// Says a step in the ordinary sessions. To which devices.
    fn tell_step(
        &mut self,
        with: Account,
        only: Option<u32>,
        step: NoTrace,
    ) -> Vec<(u32, IdentityPublic)> {
        let (begins, keep) = (true, NO_TRACE_KEEP);
        let brief = Brief {
            with,
            only,
            begins,
            keep,
        };
        self.send_brief(brief, Body::NoTrace(step))
    }

    /// Invitations, signs of life, what has to be sent again, and the end by silence.
    pub(super) fn keep_no_trace(&mut self) {
        let now = self.clock.steady;
        let Some(private) = &self.private else {
            return;
        };
        let with = private.with;
        match &private.peer {
            None => {
                let due = |at: u64| now >= at.saturating_add(INVITE_PAUSE);
                if private.at.is_none_or(due) {
                    self.invite();
                }
            }
            Some(peer) if now >= peer.heard.saturating_add(NO_TRACE_SILENCE) => {
                self.end_no_trace(NoTraceEnd::Silence);
            }
            Some(peer) => {
                if now >= peer.told.saturating_add(NO_TRACE_ALIVE) {
                    self.give_sign(with);
                }
                self.whisper_again();
            }
        }
    }

    fn invite(&mut self) {
        let Some(private) = &mut self.private else {
            return;
        };
        private.at = Some(self.clock.steady);
        let (with, session) = (private.with, private.session);
        let identity = private.device.identity().public();
        let bundle = private.device.publish().bundle(0).to_bytes();
        let Ok(bundle) = Bounded::new(bundle, "bundle") else {
            return;
        };
        let step = NoTrace::Invite {
            session,
            identity,
            bundle,
        };
        let sent = self.tell_step(with, None, step);
        // Nobody was reached: as soon as a look has brought them.
        if let Some(private) = &mut self.private {
            if sent.is_empty() {
                private.at = Some(self.clock.steady.saturating_sub(INVITE_PAUSE * 9 / 10));
            }
            private.invited.extend(sent);
        }
    }

    /// A step that another device told in the ordinary sessions.
    pub(super) fn take_no_trace(&mut self, from: DeviceAddress, step: NoTrace, sent_at: u64) {
        let age = self.clock.wall.saturating_sub(sent_at);
        if age > NO_TRACE_AGE || from.account == self.own.0 {
            return;
        }
        match step {
            NoTrace::Invite {
                session,
                identity,
                bundle,
            } => self.invited(from, session, identity, bundle.as_slice()),
            NoTrace::Accept {
                session,
                identity,
                message,
            } => self.accepted_no_trace(from, session, identity, message.as_slice()),
            NoTrace::End { session } => {
                let ours = self.private.as_ref().filter(|it| it.session == session);
                let peer = ours.and_then(|it| it.peer.as_ref());
                if peer.is_some_and(|peer| peer.address == from) {
                    self.end_no_trace(NoTraceEnd::They);
                }
            }
            NoTrace::Alive => {}
        }
    }

    /// N1.
    fn invited(
        &mut self,
        from: DeviceAddress,
        session: [u8; 16],
        identity: IdentityPublic,
        bundle: &[u8],
    ) {
        let (with, me) = (Account(from.account), self.me());
        let wanted = self.private.as_ref().filter(|it| it.with == with);
        let Some(private) = wanted else {
            return self.news(with, NoTraceNews::Invited);
        };
        // It has begun, or this device invites.
        let waits = private.peer.is_none() && from < me;
        if !waits {
            return;
        }
        let mut device = self.fresh_device();
        let known = device.set_contact(from.account, &[(from.device, identity)]);
        let began = known
            .and_then(|_| Bundle::from_bytes(bundle))
            .and_then(|bundle| device.start(from, bundle, &mut self.rng));
        let Some(message) = began
            .ok()
            .and_then(|_| self.first_message(&mut device, from))
        else {
            return;
        };
        let own = device.identity().public();
        let step = NoTrace::Accept {
            session,
            identity: own,
            message,
        };
        let reached = self.tell_step(with, Some(from.device), step);
        // Otherwise the next invitation is accepted.
        if let Some((_, sealed_for)) = reached.first().copied() {
            let peer = Peer::new(from, identity, sealed_for, self.clock.steady);
            self.private = Some(Private {
                with,
                session,
                device,
                invited: BTreeMap::new(),
                at: None,
                peer: Some(peer),
            });
            self.news(with, NoTraceNews::Opened { device: from });
        }
    }

    fn first_message<const MAX: usize>(
        &mut self,
        device: &mut Device,
        to: DeviceAddress,
    ) -> Option<Bounded<MAX>> {
        let content = Content::new([0; 16], self.clock.wall, Body::NoTrace(NoTrace::Alive));
        let content = content.to_bytes().ok()?;
        let sent = device.encrypt_for(&[to], &content, &mut self.rng).ok()?;
        let first = sent.messages.into_iter().next()?;
        Bounded::new(first.message, "message").ok()
    }

    fn accepted_no_trace(
        &mut self,
        from: DeviceAddress,
        session: [u8; 16],
        identity: IdentityPublic,
        message: &[u8],
    ) {
        let now = self.clock.steady;
        let Some(private) = self.private.as_mut().filter(|it| it.session == session) else {
            return;
        };
        if private.with.0 != from.account {
            return;
        }
        if let Some(peer) = &private.peer {
            // Another device was faster.
            if peer.address != from {
                let (with, only) = (private.with, Some(from.device));
                self.tell_step(with, only, NoTrace::End { session });
            }
            return;
        }
        let Some(sealed_for) = private.invited.get(&from.device).copied() else {
            return;
        };
        let device = &mut private.device;
        let known = device.set_contact(from.account, &[(from.device, identity)]);
        let claimed = Sender {
            address: from,
            identity,
        };
        let opened = known.and_then(|_| device.decrypt(&claimed, message));
        if opened.is_err() {
            return;
        }
        private.peer = Some(Peer::new(from, identity, sealed_for, now));
        let with = private.with;
        self.news(with, NoTraceNews::Opened { device: from });
        // The other side hears that it was heard.
        self.whisper_once(with, Body::NoTrace(NoTrace::Alive));
    }
}
