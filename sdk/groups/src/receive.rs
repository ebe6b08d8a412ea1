//! Reading: handshakes in the relays' order, messages in any order.
//!
//! - **T1** Handshakes are read by position, none left out ([`Error::Gap`]). What is not valid in the present
//!   epoch is passed over by everybody alike (O2).
//! - **T2** A message of one of the next [`MAX_AHEAD`](crate::limits::MAX_AHEAD) epochs waits in the database, up
//!   to [`MAX_EARLY`](crate::limits::MAX_EARLY) and [`MAX_EARLY_BYTES`](crate::limits::MAX_EARLY_BYTES) per epoch;
//!   what came first stays. One of the last [`MAX_PAST_EPOCHS`](crate::limits::MAX_PAST_EPOCHS) opens; an older
//!   one does not, and its sender encrypts it again (S3).
//! - **T3** Within an epoch messages open in any order, up to [`MAX_LATE`](crate::limits::MAX_LATE) late. The
//!   key of a message is deleted with its opening, so it opens once.
//! - **T4** A text is shown once although it may have been encrypted twice: the last
//!   [`MAX_SEEN`](crate::limits::MAX_SEEN) identifiers of each sender are remembered.
//! - **T5** A commit of this epoch or a later one that does not open is forged, or this device has missed a
//!   commit, and nothing in it tells which: without an epoch's keys nothing of it can be verified. So it is passed
//!   over, and the device is *in doubt*. It follows the order as before, writes, changes the group and gives
//!   information, since a forged handshake shall stop nobody; only its texts do not count as confirmed
//!   (S4). Doubt ends when another member shows that it is in the same group: by a commit that opens, by a text
//!   that opens in an epoch that began since, or by its place (P3). Who has truly missed a commit learns it
//!   from the place of another (P4). A handshake that claims to be this device's own, and that it does not know, is
//!   not proof either: whoever damages a genuine one makes it.
//! - **T6** Proof is a commit from outside by this device that is valid and that it does not know: its state is
//!   older than the others think, and it has lost track and joins again (R2).
//! - **T7** A device reads what is in its mailbox before it reads on in the order, since texts there may be of
//!   epochs that go out of reach; reading stops after so many new epochs
//!   ([`Progress::more`](crate::Progress::more)), and the mailbox comes first again. What is too early to be
//!   kept ([`Error::TooEarly`]) stays in the mailbox meanwhile.

use crate::{
    Error, GroupId, Member, Records, Standing, Work,
    invite::Invitation,
    judge::{Taken, changed, take},
    limits::{MAX_HANDSHAKE, MAX_MESSAGE, MAX_SEEN},
    member::{device_of, leaves},
    state::{COMMITS, Course, Doubt, SEEN, State, hash},
    wire::{Frame, protocol_message},
    work::Context,
};
use codec::Encode;
use openmls::{
    framing::{ContentType, ProcessedMessageContent, ProtocolMessage},
    group::MlsGroup,
};
use parlance_e2ee::{Content, DeviceAddress};
use parlance_store::Key;

/// What reading gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A member wrote something.
    Message {
        /// Who: proven by its signature in the group.
        from: DeviceAddress,
        /// Whether the record knows the sender with its key, as far as it is still a member.
        standing: Standing,
        /// What it says.
        content: Box<Content>,
    },
    /// A member sent something of a kind that this build does not know.
    Unknown {
        /// Who.
        from: DeviceAddress,
        /// The kind.
        kind: u8,
        /// Its bytes.
        payload: Vec<u8>,
    },
    /// A member wishes to leave: somebody should remove it. The application waits a random while first, so
    /// that not all do it at once.
    WishesToLeave {
        /// Who.
        device: DeviceAddress,
    },
    /// A commit was accepted and a new epoch has begun.
    Changed {
        /// Whose commit.
        by: DeviceAddress,
        /// The new epoch.
        epoch: u64,
        /// Who was added. Tell the user of members that are not on record.
        added: Vec<Member>,
        /// Who was removed.
        removed: Vec<DeviceAddress>,
        /// For each device that this device added, its own: send it to that one alone (O5, I1).
        invitations: Vec<(DeviceAddress, Vec<u8>)>,
    },
    /// This device was removed.
    Removed {
        /// By whom.
        by: DeviceAddress,
    },
    /// This device is in step again after joining anew.
    Rejoined,
    /// A handshake is forged, or this device has missed one (T5): ask a member for its place (P2).
    InDoubt,
    /// This device cannot follow and must join again (T6).
    LostTrack,
    /// A handshake that this device does not take, and why (O2, T5).
    PassedOver {
        /// Why.
        reason: String,
    },
}

impl<R: Records> Work<'_, '_, R> {
    /// Reads the handshake at `position` of the relays' order. Positions that were read before change nothing.
    pub fn handshake(
        &mut self,
        group: GroupId,
        position: u64,
        bytes: &[u8],
    ) -> Result<Vec<Event>, Error> {
        let mut state = State::read(&self.rows, group)?;
        if position < state.position {
            return Ok(Vec::new());
        }
        if position > state.position {
            return Err(Error::Gap {
                expected: state.position,
                found: position,
            });
        }
        state.position = state.position.saturating_add(1);
        let mut events = match protocol_message(bytes, MAX_HANDSHAKE, "handshake") {
            _ if Self::is_tree(bytes) => {
                state.note_tree(position, bytes);
                vec![passed_over("it is a tree for new members (I4)")]
            }
            Ok(message) if *message.group_id() == group.to_mls() => {
                self.place_handshake(group, &mut state, message, bytes)?
            }
            Ok(_) => vec![passed_over("it is of another group")],
            Err(error) => vec![passed_over(error)],
        };
        let advanced = |event: &Event| matches!(event, Event::Changed { .. } | Event::Rejoined);
        if events.iter().any(advanced) {
            state.began = position;
            events.extend(self.read_early(group, &mut state)?);
        }
        state.write(&self.rows, group)?;
        Ok(events)
    }

    /// What a handshake means where this device stands.
    fn place_handshake(
        &mut self,
        group: GroupId,
        state: &mut State,
        message: ProtocolMessage,
        bytes: &[u8],
    ) -> Result<Vec<Event>, Error> {
        let epoch = message.epoch().as_u64();
        match state.course {
            Course::Lost => return Ok(Vec::new()),
            Course::Joining {
                epoch: wanted,
                commit,
                placed: false,
            } => return Ok(look_for_own(state, (wanted, commit), epoch, bytes)),
            Course::Joining { .. } | Course::Following => {}
        }
        let (present, active) =
            self.with(group, |mls, _| Ok((mls.epoch().as_u64(), mls.is_active())))?;
        if !active || epoch < present {
            return Ok(Vec::new());
        }
        let own = state.pending.as_ref().and_then(|pending| pending.commit);
        if own == Some((epoch, hash(bytes))) {
            return self.accept_own(group, state);
        }
        if message.content_type() != ContentType::Commit {
            return Ok(vec![passed_over("it is no commit (O3)")]);
        }
        if epoch > present {
            return Ok(doubt(state, "it is of a later epoch (T5)"));
        }
        match self.with(group, |mls, context| take(mls, context, message)) {
            Ok(Taken::Changed(event, comes_back)) => {
                state.note_grown(&event, comes_back);
                self.accept(group, state, event)
            }
            Ok(Taken::IsOwn) => {
                state.course = Course::Lost;
                Ok(vec![Event::LostTrack])
            }
            Ok(Taken::DoesNotOpen(reason)) => Ok(doubt(state, reason)),
            Err(error) if error.is_of_the_database() => Err(error),
            Err(error) => Ok(vec![passed_over(error)]),
        }
    }

    fn accept(
        &mut self,
        group: GroupId,
        state: &mut State,
        event: Event,
    ) -> Result<Vec<Event>, Error> {
        if matches!(event, Event::Removed { .. }) {
            // Who is out changes nothing any more, also not after coming in again (O4).
            (state.course, state.doubt, state.pending) = (Course::Following, None, None);
            self.transaction().remove(COMMITS, &Key::of(group.0))?;
            return Ok(vec![event]);
        }
        if let Some(pending) = &mut state.pending {
            (pending.commit, pending.tree) = (None, None);
        }
        let mut events = self.end_doubt(group, state)?;
        events.push(event);
        Ok(events)
    }

    fn accept_own(&mut self, group: GroupId, state: &mut State) -> Result<Vec<Event>, Error> {
        let welcomes = self.own_commit(group)?.welcomes;
        let tree = state.pending.as_ref().and_then(|it| it.tree.as_ref());
        let position = state.position;
        let invitation = |(device, welcome): (DeviceAddress, Vec<u8>)| {
            let bytes = Invitation::write(position, tree, &welcome);
            bytes.map(|bytes| (device, bytes))
        };
        let invitations: Vec<_> = welcomes.into_iter().filter_map(invitation).collect();
        let mut event = self.with(group, |mls, context| {
            let before = leaves(mls)?;
            let merged = mls.merge_pending_commit(context);
            merged.map_err(Error::library("merge a commit"))?;
            changed(
                mls,
                context,
                context.own.device,
                &before.into_keys().collect(),
            )
        })?;
        state.note_grown(&event, false);
        if let Event::Changed {
            invitations: to, ..
        } = &mut event
        {
            *to = invitations;
        }
        state.pending = None;
        self.transaction().remove(COMMITS, &Key::of(group.0))?;
        Ok(vec![event])
    }

    /// The group that a message claims to be of, before it is read.
    pub fn group_of(message: &[u8]) -> Result<GroupId, Error> {
        let message = protocol_message(message, MAX_MESSAGE, "message")?;
        let malformed = Error::Malformed { what: "message" };
        GroupId::from_mls(message.group_id()).ok_or(malformed)
    }

    /// Reads a message of any group of this device. Own messages and repeated texts give nothing.
    pub fn message(&mut self, bytes: &[u8]) -> Result<(GroupId, Vec<Event>), Error> {
        let message = protocol_message(bytes, MAX_MESSAGE, "message")?;
        let malformed = Error::Malformed { what: "message" };
        let group = GroupId::from_mls(message.group_id()).ok_or(malformed)?;
        if message.content_type() != ContentType::Application {
            return Err(Error::unusable(
                "it is a handshake: read it in the relays' order",
            ));
        }
        let mut state = State::read(&self.rows, group)?;
        let (present, active) =
            self.with(group, |mls, _| Ok((mls.epoch().as_u64(), mls.is_active())))?;
        if !active {
            return Err(Error::Removed(group));
        }
        let epoch = message.epoch().as_u64();
        if epoch > present {
            self.keep_early(group, &mut state, (epoch, present), bytes)?;
            return Ok((group, Vec::new()));
        }
        let doubt = state.doubt;
        let events = self.open(group, &mut state, message)?;
        if doubt != state.doubt {
            state.write(&self.rows, group)?;
        }
        Ok((group, events))
    }

    /// Opens a message of this epoch or an earlier one. The caller stores the state.
    pub(crate) fn open(
        &mut self,
        group: GroupId,
        state: &mut State,
        message: ProtocolMessage,
    ) -> Result<Vec<Event>, Error> {
        let epoch = message.epoch();
        let opened = self.with(group, |mls, context| {
            let processed = mls
                .process_message(context, message)
                .map_err(Error::unusable)?;
            let from = device_of(processed.credential())?;
            let standing = standing_of(mls, context, from)?;
            let present = mls.epoch() == epoch;
            match processed.into_content() {
                ProcessedMessageContent::ApplicationMessage(message) => {
                    Ok(Some((from, standing, present, message.into_bytes())))
                }
                ProcessedMessageContent::OwnPrivateMessage => Ok(None),
                _ => Err(Error::unusable("it is no message")),
            }
        })?;
        let Some((from, standing, present, frame)) = opened else {
            return Ok(Vec::new());
        };
        // The key is spent and nobody can send this frame again: an error here ends the matter.
        let mut events = match Frame::decode(&frame)? {
            Frame::LeaveWish => vec![Event::WishesToLeave { device: from }],
            Frame::Unknown { kind, payload } => vec![Event::Unknown {
                from,
                kind,
                payload,
            }],
            Frame::Content(content) if self.seen(group, from, &content)? => Vec::new(),
            Frame::Content(content) => vec![Event::Message {
                from,
                standing,
                content,
            }],
        };
        // Its writer is in an epoch that began, as this device sees it, after all that led to doubt (T5).
        if present && state.doubt.is_some_and(|doubt| doubt.until < state.began) {
            events.extend(self.end_doubt(group, state)?);
        }
        Ok(events)
    }

    /// Remembers a text's identifier; whether it was remembered before (T4).
    fn seen(
        &mut self,
        group: GroupId,
        from: DeviceAddress,
        content: &Content,
    ) -> Result<bool, Error> {
        let key = Key::of(group.0).part(from.encode());
        let mut seen = match self.transaction().get(SEEN, &key)? {
            Some(row) => row.to_vec(),
            None => Vec::new(),
        };
        let length = content.id.len();
        if seen.chunks_exact(length).any(|id| id == content.id) {
            return Ok(true);
        }
        if seen.len() >= MAX_SEEN * length {
            seen.drain(..length);
        }
        seen.extend_from_slice(&content.id);
        self.transaction().put(SEEN, &key, &seen)?;
        Ok(false)
    }
}

/// Before joining: the own commit, or what cannot be judged (R5).
fn look_for_own(state: &mut State, own: (u64, [u8; 32]), epoch: u64, bytes: &[u8]) -> Vec<Event> {
    if epoch < own.0 {
        return Vec::new();
    }
    if own != (epoch, hash(bytes)) {
        return doubt(state, "it cannot be judged before joining (R5)");
    }
    if state.doubt.is_none() {
        state.course = Course::Following;
        return vec![Event::Rejoined];
    }
    state.course = Course::Joining {
        epoch: own.0,
        commit: own.1,
        placed: true,
    };
    state.began = state.position.saturating_sub(1);
    Vec::new()
}

/// Passes over a handshake that is forged, or shows that this device has missed one (T5).
fn doubt(state: &mut State, reason: impl ToString) -> Vec<Event> {
    let mut events = vec![passed_over(reason)];
    let until = state.position.saturating_sub(1);
    match &mut state.doubt {
        Some(doubt) => doubt.until = until,
        None => {
            let since = until;
            state.doubt = Some(Doubt { since, until });
            events.push(Event::InDoubt);
        }
    }
    events
}

fn passed_over(reason: impl ToString) -> Event {
    Event::PassedOver {
        reason: reason.to_string(),
    }
}

fn standing_of<R: Records>(
    mls: &MlsGroup,
    context: &Context<'_, '_, R>,
    device: DeviceAddress,
) -> Result<Standing, Error> {
    let present = mls.members().find_map(|member| {
        let same = device_of(&member.credential).is_ok_and(|other| other == device);
        same.then_some(member.signature_key)
    });
    Ok(present.map_or(Standing::Unknown, |key| {
        crate::member::standing(context.records, device, &key)
    }))
}
