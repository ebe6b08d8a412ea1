//! Which commits are valid (O6), and what they change.

use crate::{
    Error, Event, Records,
    member::{check_size, device_of, leaves, members},
    work::Context,
};
use openmls::{
    framing::{ProcessedMessage, ProcessedMessageContent, ProtocolMessage, Sender},
    group::{MlsGroup, StagedCommit},
    messages::proposals::Proposal,
    prelude::LeafNodeIndex,
};
use parlance_e2ee::DeviceAddress;
use std::collections::BTreeSet;

/// What a commit turned out to be.
pub(crate) enum Taken {
    /// What it changed, and whether its committer came back from outside.
    Changed(Event, bool),
    /// Forged, or of a group that this device has not followed (T5), and why.
    DoesNotOpen(String),
    /// It is from this device, which does not know it (T6).
    IsOwn,
}

/// Takes another member's commit if it is valid (O6).
pub(crate) fn take<R: Records>(
    mls: &mut MlsGroup,
    context: &Context<'_, '_, R>,
    message: ProtocolMessage,
) -> Result<Taken, Error> {
    let processed = match mls.process_message(context, message) {
        Ok(processed) => processed,
        Err(error) => return Ok(Taken::DoesNotOpen(error.to_string())),
    };
    if matches!(
        processed.content(),
        ProcessedMessageContent::OwnPrivateMessage
    ) {
        // MLS gives nobody the keys to open its own, so this is what the sender says.
        let reason = "it claims to be of this device, which does not know it";
        return Ok(Taken::DoesNotOpen(reason.into()));
    }
    let by = judge(mls, &processed)?;
    if by == context.own.device {
        // It came in from outside: signed with this device's key, and made with this epoch's.
        return Ok(Taken::IsOwn);
    }
    let comes_back = matches!(processed.sender(), Sender::NewMemberCommit);
    let ProcessedMessageContent::StagedCommitMessage(staged) = processed.into_content() else {
        return Err(Error::unusable("it is no commit of somebody else"));
    };
    let before: BTreeSet<_> = leaves(mls)?.into_keys().collect();
    let merged = mls.merge_staged_commit(context, *staged);
    merged.map_err(Error::library("merge a commit"))?;
    if !mls.is_active() {
        return Ok(Taken::Changed(Event::Removed { by }, comes_back));
    }
    let event = changed(mls, context, by, &before)?;
    Ok(Taken::Changed(event, comes_back))
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
    removed: &[(DeviceAddress, LeafNodeIndex)],
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

pub(crate) fn changed<R: Records>(
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
        invitations: Vec::new(),
    })
}
