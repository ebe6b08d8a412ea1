//! Invitations whose tree is in the group's order (G14).

use super::{Purpose, Try, passed};
use crate::{
    Encryption, Error, GroupNews, Storage,
    engine::{self, Engine},
    groups::{About, Group, GroupSaid, Stage},
    limits::{ASK_AGAIN, LOOK_AGAIN, MAX_HANDSHAKE, SPOILED},
};
use parlance_bimp::{Account, GroupId, GroupOrder, GroupRead, Piece, Request};
use parlance_e2ee::{DeviceAddress, DeviceIdentity};
use rand_core::CryptoRng;

/// An invitation that a person has accepted.
pub(super) struct Accepted {
    /// The access key, where the order is to be read first.
    pub access: Option<[u8; 32]>,
    pub bytes: Vec<u8>,
}

impl<E: Encryption, S: Storage, R: CryptoRng> Engine<E, S, R> {
    /// For each new device its invitation, with the access key if it has to read the tree first.
    pub(super) fn send_invitations(
        &mut self,
        group: &Group,
        invitations: Vec<(DeviceAddress, Vec<u8>)>,
    ) -> Result<(), Error> {
        for (device, invitation) in invitations {
            match passed(self.secrets()?.tree_at(&invitation))? {
                Ok(Some(_)) => {
                    let Ok(access) = passed(self.secrets()?.access(group.id))? else {
                        continue;
                    };
                    let bytes = [&access[..], &invitation].concat();
                    self.send_parts(device, group, About::Entrance, &bytes);
                }
                _ => self.send_parts(device, group, About::Invitation, &invitation),
            }
        }
        Ok(())
    }

    /// The invitation that a person has accepted, if all of it is here.
    pub(super) fn accepted_invitation(&self, id: GroupId) -> Result<Option<Accepted>, Error> {
        let stage = self.groups.all.get(&id).map(|group| &group.stage);
        let Some(Stage::Invited { by, accepted: true }) = stage else {
            return Ok(None);
        };
        let by = *by;
        if let Some(bytes) = self.whole(&(id, by, About::Invitation))? {
            let access = None;
            return Ok(Some(Accepted { access, bytes }));
        }
        let Some(bytes) = self.whole(&(id, by, About::Entrance))? else {
            return Ok(None);
        };
        Ok(Some(match bytes.split_first_chunk() {
            Some((access, invitation)) => Accepted {
                access: Some(*access),
                bytes: invitation.to_vec(),
            },
            // It will be refused.
            None => Accepted {
                access: None,
                bytes,
            },
        }))
    }

    /// The key by which somebody who is invited shows it to the group's relays, and the record that named it.
    pub(super) fn entrance_key(&self, id: GroupId) -> Result<Option<(DeviceIdentity, u64)>, Error> {
        let access = self.accepted_invitation(id)?.and_then(|it| it.access);
        let position = self.groups.all.get(&id).map(|group| group.key_at);
        let seed = access.zip(position);
        Ok(seed.map(|(seed, position)| (DeviceIdentity::linked(&seed), position)))
    }

    /// Where in the order the tree is that an invitation needs.
    pub(super) fn tree_of(&mut self, invitation: &Accepted) -> Result<Option<u64>, Error> {
        let at = passed(self.secrets()?.tree_at(&invitation.bytes))?;
        Ok(at.ok().flatten().filter(|_| invitation.access.is_some()))
    }

    fn tree_position(&mut self, id: GroupId) -> Result<Option<u64>, Error> {
        match self.accepted_invitation(id)? {
            Some(invitation) => self.tree_of(&invitation),
            None => Ok(None),
        }
    }

    /// Reads the trees of the groups that the person wants to join.
    pub(super) fn read_trees(&mut self) -> Result<(), Error> {
        let now = self.clock.steady;
        let accepted = |group: &Group| matches!(group.stage, Stage::Invited { accepted: true, .. });
        for id in self.ids(accepted) {
            let lost = self.groups.all.get(&id).is_none_or(|group| group.lost);
            let at = self.tree_position(id)?.filter(|_| !lost);
            let Some(at) = at else {
                continue;
            };
            let live = self.live(id);
            if live.tree.is_some() {
                continue;
            }
            live.position = at;
            let Some(relay) = self.entrance_of(id, false)? else {
                continue;
            };
            let live = self.live(id);
            let attempt = live.reading.unwrap_or_default();
            live.reading = Some(attempt);
            if !attempt.is_due(now) {
                continue;
            }
            if attempt.ask.is_some() {
                // Silent.
                self.avoid_silent(&attempt);
                self.live(id).reading = Some(Try::default());
                continue;
            }
            let request = Request::GroupRead(GroupRead {
                group: id,
                from: at,
                offset: u32::try_from(live.beginning.len()).unwrap_or(u32::MAX),
            });
            let purpose = engine::Purpose::Group(Purpose::Read(id));
            let ask = self.ask(relay, purpose, request);
            if let Some(attempt) = self.attempt_of(id, Purpose::Read(id)) {
                attempt.asked(ask, now);
            }
        }
        Ok(())
    }

    /// A piece of the order came to somebody who is not in.
    pub(super) fn tree_read(&mut self, id: GroupId, order: GroupOrder) -> Result<(), Error> {
        let Some(at) = self.tree_position(id)? else {
            return Ok(());
        };
        if order.first > at {
            self.lost_track(id);
            return Ok(());
        }
        let now = self.clock.steady;
        let live = self.live(id);
        let here = live.beginning.len();
        // If nothing comes of it, the relay does not have it yet.
        live.reading = Some(Try {
            rest_until: now.saturating_add(LOOK_AGAIN),
            ..Try::default()
        });
        let follows = |it: &Piece| {
            it.position == at && usize::try_from(it.offset).is_ok_and(|offset| offset == here)
        };
        let piece = order.pieces.into_vec().into_iter().next();
        let Some(piece) = piece.filter(follows) else {
            return Ok(());
        };
        let last = piece.is_last();
        live.beginning.extend(piece.bytes.into_vec());
        if live.beginning.len() > MAX_HANDSHAKE {
            return self.spoiled(id);
        }
        if last || live.beginning.len() > here {
            live.reading = None;
        }
        if last {
            live.tree = Some(std::mem::take(&mut live.beginning));
        }
        Ok(())
    }

    /// A relay gave what is not the tree: another one is asked, a few times.
    pub(super) fn spoiled(&mut self, id: GroupId) -> Result<(), Error> {
        let now = self.clock.steady;
        let live = self.live(id);
        live.spoiled = live.spoiled.saturating_add(1);
        live.tree = None;
        live.beginning.clear();
        live.reading = None;
        let (again, at) = (live.spoiled < SPOILED, live.at);
        if let Some((relay, _)) = at {
            self.relays.avoid(relay, now);
            self.leave_relay(relay);
        }
        match again {
            true => Ok(()),
            false => self.bad_invitation(id, "its group's tree is not the one that it names"),
        }
    }

    /// Who has accepted too late to read the tree is in the group for the others, and comes in by information of the device that has invited it.
    pub(super) fn ask_inviters(&mut self) {
        let now = self.clock.steady;
        for id in self.ids(|group| group.lost) {
            let stage = self.groups.all.get(&id).map(|group| group.stage.clone());
            let Some(Stage::Invited { by, .. }) = stage else {
                continue;
            };
            let live = self.live(id);
            if now >= live.asks_at {
                live.asks_at = now.saturating_add(ASK_AGAIN);
                self.say_to_device(by, GroupSaid::NeedsInformation(id));
            }
        }
    }

    /// Whether a device has invited this one, which needs its information.
    pub(super) fn is_lost_guest_of(&self, id: GroupId, by: DeviceAddress) -> bool {
        let of = |group: &Group| {
            matches!(group.stage, Stage::Invited { by: inviter, .. } if inviter == by) && group.lost
        };
        self.groups.all.get(&id).is_some_and(of)
    }

    /// A lost guest has information, and takes part from now on.
    pub(super) fn come_in_anew(&mut self, id: GroupId) -> Result<(), Error> {
        let Some(mut group) = self.groups.all.get(&id).cloned() else {
            return Ok(());
        };
        if !matches!(group.stage, Stage::Invited { .. }) {
            return Ok(());
        }
        self.drop_parts(id);
        group.stage = Stage::Member;
        self.put_group(group);
        self.note_members(id)?;
        let conversation = self.conversation(Account(id.0));
        self.put_conversation(conversation);
        self.group_news(id, GroupNews::Joined);
        Ok(())
    }

    /// An invitation that cannot be used.
    pub(super) fn bad_invitation(&mut self, id: GroupId, cause: &str) -> Result<(), Error> {
        let Some(mut group) = self.groups.all.get(&id).cloned() else {
            return Ok(());
        };
        let Stage::Invited { by, .. } = group.stage else {
            return Ok(());
        };
        self.drop_parts(id);
        group.stage = Stage::Out;
        group.lost = false;
        self.put_group(group);
        self.drop_held(id);
        let cause = cause.to_string();
        self.group_news(id, GroupNews::BadInvitation { by, cause });
        Ok(())
    }
}
