//! Reading: handshakes in the relays' order, messages in any order.
//!
//! - **T1** Handshakes are read by position, none left out ([`Error::Gap`]). What is not valid in the present
//!   epoch is passed over by everybody alike (O2).
//! - **T2** A message of an epoch that has not come yet waits in the database, up to
//!   [`MAX_EARLY`](crate::limits::MAX_EARLY); one of the last [`MAX_PAST_EPOCHS`](crate::limits::MAX_PAST_EPOCHS)
//!   opens; an older one does not, and its sender encrypts it again (S3).
//! - **T3** Within an epoch messages open in any order, up to [`MAX_LATE`](crate::limits::MAX_LATE) late. The
//!   key of a message is deleted with its opening, so it opens once.
//! - **T4** A text is shown once although it may have been encrypted twice: the last
//!   [`MAX_SEEN`](crate::limits::MAX_SEEN) identifiers of each sender are remembered.
//! - **T5** Who sees its own commit and does not know it, or a handshake of a later epoch, has an older state
//!   than the others think: it has lost track and joins again (R2).
//! - **T6** A device reads what is in its mailbox before it reads on in the order, since texts there may be of
//!   epochs that go out of reach. What is ahead waits (T2); if there is no room left for it, the device reads
//!   handshakes until there is.

use crate::{
    Error, GroupId, Member, Records, Standing, Work,
    limits::{MAX_AHEAD, MAX_EARLY, MAX_HANDSHAKE, MAX_MESSAGE, MAX_SEEN},
    member::{check_size, device_of, leaves, members},
    state::{COMMITS, Course, EARLY, SEEN, State, hash},
    wire::{Frame, protocol_message},
    work::Context,
};
use codec::Encode;
use openmls::{
    framing::{ContentType, ProcessedMessage, ProcessedMessageContent, ProtocolMessage, Sender},
    group::{MlsGroup, StagedCommit},
    messages::proposals::Proposal,
};
use parlance_e2ee::{Content, DeviceAddress};
use parlance_store::{Key, Page};
use std::collections::BTreeSet;

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
        /// For whoever this device added: send it to them (O5).
        invitation: Option<Vec<u8>>,
    },
    /// This device was removed.
    Removed {
        /// By whom.
        by: DeviceAddress,
    },
    /// This device is in step again after joining anew.
    Rejoined,
    /// This device cannot follow and must join again (T5).
    LostTrack,
    /// A handshake that nobody takes, and why (O2).
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
            Ok(message) if *message.group_id() == group.to_mls() => {
                self.place(group, &mut state, message, bytes)?
            }
            Ok(_) => vec![passed_over("it is of another group")],
            Err(error) => vec![passed_over(error)],
        };
        let advanced = |event: &Event| matches!(event, Event::Changed { .. } | Event::Rejoined);
        if events.iter().any(advanced) {
            events.extend(self.read_early(group, &mut state)?);
        }
        state.write(&self.rows, group)?;
        Ok(events)
    }

    /// What a handshake means where this device stands.
    fn place(
        &mut self,
        group: GroupId,
        state: &mut State,
        message: ProtocolMessage,
        bytes: &[u8],
    ) -> Result<Vec<Event>, Error> {
        let epoch = message.epoch().as_u64();
        let lose = |state: &mut State| {
            state.course = Course::Lost;
            Ok(vec![Event::LostTrack])
        };
        match state.course {
            Course::Lost => return Ok(Vec::new()),
            Course::Joining { epoch: wanted, .. } if epoch < wanted => return Ok(Vec::new()),
            Course::Joining {
                epoch: wanted,
                commit,
            } => {
                if epoch == wanted && hash(bytes) == commit {
                    state.course = Course::Following;
                    return Ok(vec![Event::Rejoined]);
                }
                return lose(state);
            }
            Course::Following => {}
        }
        let (present, active) =
            self.with(group, |mls, _| Ok((mls.epoch().as_u64(), mls.is_active())))?;
        if !active || epoch < present {
            return Ok(Vec::new());
        }
        if epoch > present {
            return lose(state);
        }
        let own = state.pending.as_ref().and_then(|pending| pending.commit);
        if own == Some((epoch, hash(bytes))) {
            return self.accept_own(group, state);
        }
        if message.content_type() != ContentType::Commit {
            return Ok(vec![passed_over("it is no commit (O3)")]);
        }
        match self.with(group, |mls, context| take(mls, context, message)) {
            Ok(Taken::Changed(event)) => {
                if matches!(event, Event::Removed { .. }) {
                    // Who is out changes nothing any more, also not after coming in again (O4).
                    state.pending = None;
                    self.transaction().remove(COMMITS, &Key::of(group.0))?;
                }
                if let Some(pending) = &mut state.pending {
                    pending.commit = None;
                }
                Ok(vec![event])
            }
            Ok(Taken::Own) => lose(state),
            Err(error) if error.is_of_the_database() => Err(error),
            Err(error) => Ok(vec![passed_over(error)]),
        }
    }

    fn accept_own(&mut self, group: GroupId, state: &mut State) -> Result<Vec<Event>, Error> {
        let invitation = self.own_commit(group)?.invitation;
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
        if let Event::Changed { invitation: to, .. } = &mut event {
            *to = invitation;
        }
        state.pending = None;
        self.transaction().remove(COMMITS, &Key::of(group.0))?;
        Ok(vec![event])
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
        let ahead = message.epoch().as_u64().saturating_sub(present);
        if ahead > MAX_AHEAD {
            return Err(Error::unusable("it is of an epoch far ahead"));
        }
        if ahead > 0 {
            self.keep_early(group, &mut state, bytes)?;
            return Ok((group, Vec::new()));
        }
        Ok((group, self.open(group, message)?))
    }

    fn open(&mut self, group: GroupId, message: ProtocolMessage) -> Result<Vec<Event>, Error> {
        let opened = self.with(group, |mls, context| {
            let processed = mls
                .process_message(context, message)
                .map_err(Error::unusable)?;
            let from = device_of(processed.credential())?;
            let standing = standing_of(mls, context, from)?;
            match processed.into_content() {
                ProcessedMessageContent::ApplicationMessage(message) => {
                    Ok(Some((from, standing, message.into_bytes())))
                }
                ProcessedMessageContent::OwnPrivateMessage => Ok(None),
                _ => Err(Error::unusable("it is no message")),
            }
        })?;
        let Some((from, standing, frame)) = opened else {
            return Ok(Vec::new());
        };
        // The key is spent and nobody can send this frame again: an error here ends the matter.
        Ok(match Frame::decode(&frame)? {
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
        })
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

    /// Keeps a message of a later epoch (T2).
    fn keep_early(&mut self, group: GroupId, state: &mut State, bytes: &[u8]) -> Result<(), Error> {
        let key = Key::of(group.0).part(hash(bytes));
        if self.transaction().get(EARLY, &key)?.is_some() {
            return Ok(());
        }
        let waiting = state.early as usize;
        if waiting >= MAX_EARLY {
            return Err(Error::TooMany {
                what: "the list of messages that wait for a commit",
                length: waiting,
                limit: MAX_EARLY,
            });
        }
        self.transaction().put(EARLY, &key, bytes)?;
        state.early += 1;
        state.write(&self.rows, group)
    }

    /// Reads the messages that waited for this epoch.
    fn read_early(&mut self, group: GroupId, state: &mut State) -> Result<Vec<Event>, Error> {
        if state.early == 0 {
            return Ok(Vec::new());
        }
        let page = Page::first(MAX_EARLY);
        let waiting = self.transaction().scan(EARLY, &Key::of(group.0), &page)?;
        let present = self.with(group, |mls, _| Ok(mls.epoch().as_u64()))?;
        let mut events = Vec::new();
        for (key, bytes) in waiting {
            let message = protocol_message(&bytes, MAX_MESSAGE, "message")?;
            if message.epoch().as_u64() > present {
                continue;
            }
            self.transaction().remove(EARLY, &key)?;
            state.early = state.early.saturating_sub(1);
            match self.open(group, message) {
                Ok(opened) => events.extend(opened),
                Err(error) if error.is_of_the_database() => return Err(error),
                // Somebody put bytes there that never open.
                Err(_) => {}
            }
        }
        Ok(events)
    }
}

fn passed_over(reason: impl ToString) -> Event {
    Event::PassedOver {
        reason: reason.to_string(),
    }
}

enum Taken {
    Changed(Event),
    /// It is from this device, which does not know it (T5).
    Own,
}

/// Takes another member's commit if it is valid (O6).
fn take<R: Records>(
    mls: &mut MlsGroup,
    context: &Context<'_, '_, R>,
    message: ProtocolMessage,
) -> Result<Taken, Error> {
    let processed = mls
        .process_message(context, message)
        .map_err(Error::unusable)?;
    if matches!(
        processed.content(),
        ProcessedMessageContent::OwnPrivateMessage
    ) {
        return Ok(Taken::Own);
    }
    let by = judge(mls, &processed)?;
    if by == context.own.device {
        // It came in again from outside, which this state knows nothing of.
        return Ok(Taken::Own);
    }
    let ProcessedMessageContent::StagedCommitMessage(staged) = processed.into_content() else {
        return Err(Error::unusable("it is no commit of somebody else"));
    };
    let before: BTreeSet<_> = leaves(mls)?.into_keys().collect();
    let merged = mls.merge_staged_commit(context, *staged);
    merged.map_err(Error::library("merge a commit"))?;
    if !mls.is_active() {
        return Ok(Taken::Changed(Event::Removed { by }));
    }
    Ok(Taken::Changed(changed(mls, context, by, &before)?))
}

/// Whether a commit is valid (O6), and whose it is.
fn judge(mls: &MlsGroup, processed: &ProcessedMessage) -> Result<DeviceAddress, Error> {
    let ProcessedMessageContent::StagedCommitMessage(staged) = processed.content() else {
        return Err(Error::unusable("it is no commit"));
    };
    let by = device_of(processed.credential())?;
    for proposal in staged.queued_proposals() {
        let external = matches!(processed.sender(), Sender::NewMemberCommit);
        match proposal.proposal() {
            Proposal::Add(_) | Proposal::Remove(_) => {}
            Proposal::ExternalInit(_) if external => {}
            _ => {
                return Err(Error::unusable(
                    "it has a proposal of a kind that is not used here",
                ));
            }
        }
    }
    let mut present = leaves(mls)?;
    let mut removed = Vec::new();
    for proposal in staged.remove_proposals() {
        let leaf = proposal.remove_proposal().removed();
        let device = present.iter().find(|(_, other)| **other == leaf);
        let device = *device
            .ok_or_else(|| Error::unusable("it removes nobody"))?
            .0;
        present.remove(&device);
        removed.push((device, leaf));
    }
    for proposal in staged.add_proposals() {
        let leaf = proposal.add_proposal().key_package().leaf_node();
        let device = device_of(leaf.credential())?;
        if present.insert(device, mls.own_leaf_index()).is_some() {
            return Err(Error::AlreadyMember(device));
        }
    }
    check_committer(mls, processed.sender(), staged, by, &removed)?;
    if matches!(processed.sender(), Sender::NewMemberCommit) {
        present.insert(by, mls.own_leaf_index());
    }
    check_size(present.len())?;
    Ok(by)
}

/// The committer stays the device that it was.
fn check_committer(
    mls: &MlsGroup,
    sender: &Sender,
    staged: &StagedCommit,
    by: DeviceAddress,
    removed: &[(DeviceAddress, openmls::prelude::LeafNodeIndex)],
) -> Result<(), Error> {
    let leaf = staged.update_path_leaf_node();
    if let Some(leaf) = leaf
        && device_of(leaf.credential())? != by
    {
        return Err(Error::unusable("its sender becomes another device"));
    }
    match (sender, removed) {
        (Sender::Member(_), _) => Ok(()),
        (Sender::NewMemberCommit, [(device, old)]) if *device == by => {
            let old = mls.member_at(*old).map(|member| member.signature_key);
            let new = leaf.map(|leaf| leaf.signature_key().as_slice().to_vec());
            if old.is_some() && old == new {
                return Ok(());
            }
            Err(Error::unusable(
                "it takes a member's place with another key",
            ))
        }
        _ => Err(Error::unusable("it comes from outside and replaces nobody")),
    }
}

fn changed<R: Records>(
    mls: &MlsGroup,
    context: &Context<'_, '_, R>,
    by: DeviceAddress,
    before: &BTreeSet<DeviceAddress>,
) -> Result<Event, Error> {
    let members = members(mls, context.records)?;
    let after: BTreeSet<_> = members.iter().map(|member| member.device).collect();
    let added = members
        .into_iter()
        .filter(|member| !before.contains(&member.device));
    Ok(Event::Changed {
        by,
        epoch: mls.epoch().as_u64(),
        added: added.collect(),
        removed: before.difference(&after).copied().collect(),
        invitation: None,
    })
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
