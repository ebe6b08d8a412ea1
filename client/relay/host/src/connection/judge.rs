//! Who a connection is, and whether they still are (N2, N5).

use super::{Connection, DEVICE_WINDOW, RELAY_WINDOW};
use crate::{
    directory::DeviceName,
    engine::{Clocks, Event},
    figures::count,
};
use ed25519_dalek::{Signature, VerifyingKey};
use parlance_bimp::{Authenticated, Credential, Reason};
use parlance_relay_core::{Input, Who};
use std::time::Instant;

impl Connection {
    /// N2.
    pub(super) fn judge(
        &mut self,
        request: u32,
        credential: Credential,
        statement: &[u8],
        signature: &[u8; 64],
    ) {
        let Some((who, key)) = self.who(credential, statement, signature) else {
            count(&self.shared.figures.refused_credentials);
            return self.refuse(request, Reason::BadCredentials);
        };
        let Some(place) = self.shared.gate.admit(&credential, Instant::now()) else {
            count(&self.shared.figures.refused_connections);
            return self.refuse(request, Reason::TooFast);
        };
        match &who {
            Who::Relay(relay) => {
                self.channel.set_window(RELAY_WINDOW);
                self.shared.peers.heard(*relay);
            }
            Who::Device { .. } => self.channel.set_window(DEVICE_WINDOW),
        }
        let (connection, limit) = (self.id, self.shared.retention);
        // Before the requests that wait for it.
        let opened = Input::Opened { connection, who };
        self.shared.events.send(Event::Core(opened));
        let welcome = Authenticated {
            clock: Clocks::new().now().wall,
            retention: limit,
        };
        // Fails only for a request that is not the one being judged.
        if self.machine.admit(request, welcome).is_ok() {
            self.pace = place.pace().clone();
            self.admitted = Some(place);
            self.key = Some(key);
        }
    }

    /// N5.
    pub(super) fn is_on_record(&self) -> bool {
        let directory = self.shared.directory.as_ref();
        match (self.machine.who(), &self.key) {
            (Some(Credential::Device { account, device }), Some(key)) => {
                let record = directory.device(account, *device);
                record.is_some_and(|record| record.key == *key)
            }
            (Some(Credential::Relay { relay }), Some(key)) => {
                let record = directory.relay(relay);
                record.is_some_and(|record| record.address.key.as_bytes() == key)
            }
            _ => true,
        }
    }

    fn who(
        &mut self,
        credential: Credential,
        statement: &[u8],
        signature: &[u8; 64],
    ) -> Option<(Who, [u8; 32])> {
        let directory = self.shared.directory.as_ref();
        match credential {
            Credential::Device { account, device } => {
                let record = directory.device(&account, device)?;
                verify(&record.key, statement, signature)?;
                self.device = Some(DeviceName {
                    account,
                    number: device,
                });
                let who = Who::Device {
                    account,
                    device,
                    mailboxes: record.mailboxes,
                    owner: record.owner,
                };
                Some((who, record.key))
            }
            Credential::Relay { relay } => {
                let record = directory.relay(&relay)?;
                if self.channel.peer() != Some(record.address.key) || relay == self.shared.me {
                    return None;
                }
                verify(record.address.key.as_bytes(), statement, signature)?;
                Some((Who::Relay(relay), *record.address.key.as_bytes()))
            }
        }
    }
}

fn verify(key: &[u8; 32], statement: &[u8], signature: &[u8; 64]) -> Option<()> {
    let key = VerifyingKey::from_bytes(key).ok()?;
    let signature = Signature::from_bytes(signature);
    key.verify_strict(statement, &signature).ok()
}
