//! What is of use only now: sent once, to devices that were looked up, kept nowhere (O4).

use super::{Engine, Purpose};
use crate::{Encryption, Storage};
use parlance_bimp::{Account, Bounded, Mailbox, Request, SendMessage};
use parlance_e2ee::{Body, Content, Envelope, IdentityPublic};
use rand_core::CryptoRng;

/// Whom something brief is for, and how it is sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Brief {
    /// All devices of this account,
    pub with: Account,
    /// or only this one.
    pub only: Option<u32>,
    /// Whether sessions are begun where there are none: then the next one gets there.
    pub begins: bool,
    /// For how long relays keep it.
    pub keep: u64,
}

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    /// Encrypts something in the ordinary sessions and sends it. To which devices.
    pub(super) fn send_brief(&mut self, brief: Brief, body: Body) -> Vec<(u32, IdentityPublic)> {
        let Brief {
            with,
            only,
            begins,
            keep,
        } = brief;
        let wall = self.clock.wall;
        let found = self.looks.mailbox(&with);
        let found = found.zip(self.looks.of(&with, &self.own, wall));
        let Some((mailbox, recipients)) = found else {
            self.want_look(with);
            return Vec::new();
        };
        let mut id = [0; 16];
        self.rng.fill_bytes(&mut id);
        // What is brief is shorter than what a content holds.
        let Ok(content) = Content::new(id, wall, body).to_bytes() else {
            return Vec::new();
        };
        let (mut sent, mut envelopes) = (Vec::new(), Vec::new());
        for device in self.encryption.devices(recipients) {
            if device.account != with.0 || only.is_some_and(|only| only != device.device) {
                continue;
            }
            let encryption = &mut self.encryption;
            let outgoing = encryption.encrypt(recipients, device, &content, wall, &mut self.rng);
            let outgoing = match outgoing {
                Ok(Some(outgoing)) => outgoing,
                Ok(None) if begins => {
                    self.fetches.entry(device).or_default();
                    continue;
                }
                _ => continue,
            };
            self.sessions_changed = true;
            let (sender, rng) = (self.encryption.sender(), &mut self.rng);
            let message = &outgoing.message;
            let sealed = Envelope::seal(
                &sender,
                &outgoing.identity,
                mailbox.0,
                Vec::new(),
                message,
                rng,
            );
            if let Ok(envelope) = sealed {
                envelopes.push((device, envelope));
                sent.push((device.device, outgoing.identity));
            }
        }
        for (device, envelope) in envelopes {
            if !self.offer_once(device, &envelope) {
                self.send_once(&mailbox, envelope, (0, keep));
            }
        }
        sent
    }

    /// Sends an envelope by the relay of an attempt, and does not wait for what becomes of it.
    pub(super) fn send_once(
        &mut self,
        mailbox: &Mailbox,
        mut envelope: Envelope,
        (attempt, keep): (usize, u64),
    ) {
        let (device, now) = (self.me().device, self.clock.steady);
        let Some(relay) = self.relays.way(mailbox, device, attempt, now) else {
            return;
        };
        let ticket = self.ticket(relay, envelope.to_bytes().len());
        if envelope.set_ticket(ticket).is_err() {
            return;
        }
        if let Ok(envelope) = Bounded::new(envelope.to_bytes()) {
            let request = Request::Send(SendMessage { envelope, keep });
            self.ask(relay, Purpose::Nothing, request);
        }
    }
}
