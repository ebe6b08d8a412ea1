//! Contacts, their devices, and the sessions with each (D1, D2, D4, D6).

use super::RecordChange;
use crate::{
    Decrypted, Error, Message, Session,
    codec_bounds::decode_list,
    identity::IdentityPublic,
    limits::{MAX_DEVICES, MAX_SESSIONS_PER_DEVICE},
    secret::wipes_on_drop,
};
use alloc::{boxed::Box, vec::Vec};
use codec::{Decode, Encode, Error as CodecError, Input};

/// An account's devices.
#[derive(Clone, Debug, Default, Encode)]
pub struct Contact {
    devices: Vec<PeerDevice>,
}

/// A device of a contact.
#[derive(Clone, Debug, Encode)]
pub struct PeerDevice {
    pub device: u32,
    pub identity: IdentityPublic,
    /// When the newest signed prekey seen from it was made.
    pub newest_bundle: u64,
    /// The active one first. Boxed: moving them in the list leaves no keys behind.
    #[allow(clippy::vec_box, reason = "moving must not leave copies of keys")]
    sessions: Vec<Box<Session>>,
}

wipes_on_drop! {
    PeerDevice { secret: [sessions], open: [device, identity, newest_bundle] }
}
wipes_on_drop! { Contact { secret: [devices], open: [] } }

impl Contact {
    pub fn devices(&self) -> impl Iterator<Item = &PeerDevice> {
        self.devices.iter()
    }

    pub fn device(&self, number: u32) -> Option<&PeerDevice> {
        self.devices.iter().find(|peer| peer.device == number)
    }

    pub fn device_mut(&mut self, number: u32) -> Option<&mut PeerDevice> {
        self.devices.iter_mut().find(|peer| peer.device == number)
    }

    pub fn sessions_mut(&mut self) -> impl Iterator<Item = &mut Session> {
        self.devices
            .iter_mut()
            .flat_map(|peer| peer.sessions.iter_mut())
            .map(|session| &mut **session)
    }

    pub fn forget_sessions(&mut self) {
        self.devices
            .iter_mut()
            .for_each(|peer| peer.sessions.clear());
    }

    /// D1. `own` is the number that is left out.
    pub fn set_record(
        &mut self,
        record: &[(u32, IdentityPublic)],
        own: Option<u32>,
    ) -> RecordChange {
        let mut change = RecordChange::default();
        let mut before = core::mem::take(&mut self.devices);
        for (device, identity) in record.iter().filter(|(device, _)| Some(*device) != own) {
            let (device, identity) = (*device, *identity);
            if self.device(device).is_some() {
                continue;
            }
            let known = before.iter().position(|peer| peer.device == device);
            match known.map(|index| before.swap_remove(index)) {
                Some(peer) if peer.identity == identity => self.devices.push(peer),
                known => {
                    let list = if known.is_some() {
                        &mut change.changed
                    } else {
                        &mut change.added
                    };
                    list.push(device);
                    let sessions = Vec::new();
                    self.devices.push(PeerDevice {
                        device,
                        identity,
                        newest_bundle: 0,
                        sessions,
                    });
                }
            }
        }
        change.removed = before.iter().map(|peer| peer.device).collect();
        change
    }
}

impl PeerDevice {
    pub fn active(&self) -> Option<&Session> {
        self.sessions.first().map(|session| &**session)
    }

    pub fn active_mut(&mut self) -> Option<&mut Session> {
        self.sessions.first_mut().map(|session| &mut **session)
    }

    pub fn insert_first(&mut self, session: Session) {
        self.sessions.insert(0, Box::new(session));
        self.sessions.truncate(MAX_SESSIONS_PER_DEVICE);
    }

    /// D6.
    pub fn insert_accepted(&mut self, session: Session) {
        let ours_stays = self.active().is_some_and(|active| {
            active.is_initiator() && !active.is_confirmed() && active.id() < session.id()
        });
        if ours_stays {
            self.sessions.insert(1, Box::new(session));
            self.sessions.truncate(MAX_SESSIONS_PER_DEVICE);
        } else {
            self.insert_first(session);
        }
    }

    /// D4. `None` if the message begins a session that is not here yet.
    pub fn decrypt(&mut self, message: &Message) -> Result<Option<Decrypted>, Error> {
        let mut known = false;
        for index in 0..self.sessions.len() {
            let Some(session) = self.sessions.get_mut(index) else {
                break;
            };
            if !session.accepts(message) {
                continue;
            }
            known |= message.is_initial();
            match session.decrypt(message) {
                Ok(decrypted) => {
                    if let Some(upto) = self.sessions.get_mut(..=index) {
                        upto.rotate_right(1);
                    }
                    return Ok(Some(decrypted));
                }
                Err(Error::UnknownHeader) => {}
                Err(error) => return Err(error),
            }
        }
        match (message.is_initial(), known, self.sessions.is_empty()) {
            (true, false, _) => Ok(None),
            (false, _, true) => Err(Error::NoSession),
            _ => Err(Error::UnknownHeader),
        }
    }
}

impl Decode for Contact {
    fn decode<I: Input>(input: &mut I) -> Result<Self, CodecError> {
        let devices: Vec<PeerDevice> = decode_list(input, MAX_DEVICES)?;
        let contact = Self { devices };
        for (index, peer) in contact.devices.iter().enumerate() {
            if contact
                .devices
                .iter()
                .skip(index.saturating_add(1))
                .any(|p| p.device == peer.device)
            {
                return Err("a device twice".into());
            }
        }
        Ok(contact)
    }
}

impl Decode for PeerDevice {
    fn decode<I: Input>(input: &mut I) -> Result<Self, CodecError> {
        let (device, identity, newest_bundle) = Decode::decode(input)?;
        let sessions: Vec<Box<Session>> = decode_list(input, MAX_SESSIONS_PER_DEVICE)?;
        if sessions.iter().any(|session| *session.peer() != identity) {
            return Err("a session with somebody else".into());
        }
        Ok(Self {
            device,
            identity,
            newest_bundle,
            sessions,
        })
    }
}
