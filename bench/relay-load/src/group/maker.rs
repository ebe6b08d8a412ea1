//! Who makes the group, and sends to it.

use super::{
    AROUND, Creation, Options, READER,
    mls::{self, Known, Member, SUITE},
    order::{self, AT_ONCE, Order, ask},
    took,
    tree::Tree,
};
use crate::people::Person;
use anyhow::Context;
use futures::{StreamExt, TryStreamExt, stream};
use parlance_bimp::{
    Answer, FetchPreKeys, GroupId, PreKeyUse, RelayId, Request, id::ACCESS_LABEL, limits::SIZES,
};
use parlance_e2ee::DeviceAddress;
use parlance_endpoint::{Client, Endpoint, RelayAddress, Session};
use parlance_groups::{Change, Event, GroupId as Id, Work};
use parlance_relay_testbed::device;
use std::time::Instant;

/// Who makes the group, and sends to it.
pub struct Maker {
    person: Person,
    pub member: Member,
    /// To each relay.
    sessions: Vec<Session>,
    relays: Vec<RelayAddress>,
    pub group: Id,
    invitations: Vec<(DeviceAddress, Vec<u8>)>,
}

impl Maker {
    /// Connects to all relays, and waits until they can make groups.
    pub async fn connect(
        options: &Options,
        relays: &[RelayAddress],
        endpoints: &[Endpoint],
    ) -> anyhow::Result<Self> {
        let person = Person::of(0);
        let mut sessions = Vec::new();
        for relay in relays {
            sessions.push(person.connect(&endpoints[0], relay).await?);
        }
        let maker = Self {
            person,
            member: Member::new(0, Known::people(options.members), &options.folder)?,
            sessions,
            relays: relays.to_vec(),
            group: Id([0; 32]),
            invitations: Vec::new(),
        };
        order::until_ready(maker.home()?, &person.device).await?;
        Ok(maker)
    }

    /// The relay that it asks.
    fn home(&self) -> anyhow::Result<(Client, RelayId)> {
        let session = self.sessions.first().context("the network has no relay")?;
        let relay = self.relays.first().context("the network has no relay")?;
        Ok((session.client.clone(), relay.relay))
    }

    /// Makes the group, and adds everybody.
    pub async fn make(
        &mut self,
        options: &Options,
    ) -> anyhow::Result<(Creation, Order, Option<Tree>)> {
        let mut creation = Creation::default();
        let began = Instant::now();
        let fetching = (1..options.members).map(|n| self.fetch(n));
        let fetching = stream::iter(fetching).buffered(AT_ONCE);
        let add: Vec<Vec<u8>> = fetching.try_collect().await?;
        creation.key_packages_ms = took(began);

        let began = Instant::now();
        let (group, access) = self.member.work(|work| {
            let group = work.create(SUITE)?;
            Ok((group, work.export(group, ACCESS_LABEL)?))
        })?;
        self.group = group;
        creation.encryption_ms = took(began);

        let began = Instant::now();
        let (home, device) = (self.home()?, self.person.device);
        let mut order = Order::found(home, &device, GroupId(group.0), &access).await?;
        creation.order_ms = took(began);

        let began = Instant::now();
        let change = Change {
            add,
            ..Change::default()
        };
        let (commit, access) = self.member.work(|work| {
            // The record that made the group has none.
            work.handshake(group, 0, &[])?;
            work.change(group, &change)?;
            let first = work.offer(group)?;
            Ok((first, work.export_next(group, ACCESS_LABEL)?))
        })?;
        let mut commit = commit.context("no commit was made")?;
        let access = access.context("no epoch was begun")?;
        creation.encryption_ms += took(began);

        let (mut position, mut tree) = (1, None);
        if Work::<Known>::is_tree(&commit) {
            let began = Instant::now();
            order.place_tree(position, &commit).await?;
            creation.order_ms += took(began);
            let began = Instant::now();
            let next = self.member.work(|work| {
                work.handshake(group, position, &commit)?;
                work.offer(group)
            })?;
            creation.tree_bytes = commit.len();
            commit = next.context("no commit was made")?;
            creation.encryption_ms += took(began);
            tree = Some(Tree {
                group: GroupId(group.0),
                access: (access, 2),
                at: position,
            });
            position = 2;
        }
        creation.commit_bytes = commit.len();

        let began = Instant::now();
        let joined = (1..options.members).map(|n| Person::of(n).mailbox());
        let joined = joined.collect();
        order.place(position, &commit, &access, joined).await?;
        creation.order_ms += took(began);

        let began = Instant::now();
        let events = self
            .member
            .work(|work| work.handshake(group, position, &commit))?;
        let invitations = events.into_iter().find_map(|event| match event {
            Event::Changed { invitations, .. } => Some(invitations),
            _ => None,
        });
        self.invitations = invitations.context("the own commit was not accepted")?;
        creation.encryption_ms += took(began);
        Ok((creation, order, tree))
    }

    /// Sends each member a message as large as one with its invitation. The reader's invitation.
    pub async fn invite(&self, creation: &mut Creation) -> anyhow::Result<Vec<u8>> {
        let lengths = self.invitations.iter().map(|(_, bytes)| bytes.len());
        let longest = lengths.max().context("nobody was added")?;
        let class = SIZES.into_iter().find(|size| *size >= longest + AROUND);
        let class = class.context("an invitation does not fit into a message")?;
        creation.invitation_bytes = longest;
        creation.sent_bytes = creation
            .commit_bytes
            .saturating_add(creation.tree_bytes)
            .saturating_add(class.saturating_mul(self.invitations.len()));
        let began = Instant::now();
        let members = (1..).take(self.invitations.len());
        let messages = members.map(|n| self.write_to(n, sealed(class, n)));
        let messages = stream::iter(messages).buffer_unordered(AT_ONCE);
        messages.try_collect::<Vec<()>>().await?;
        creation.messages_ms = took(began);
        let reader = mls::address(READER);
        let mut invitations = self.invitations.iter();
        let own = invitations.find(|(device, _)| *device == reader);
        Ok(own.context("the reader was not added")?.1.clone())
    }

    /// The key package of a member, from the relay where it lies.
    async fn fetch(&self, n: u32) -> anyhow::Result<Vec<u8>> {
        let device = Person::of(n).device;
        let session = &self.sessions[n as usize % self.sessions.len()];
        let fetch = Request::FetchPreKeys(FetchPreKeys {
            account: device.account,
            device: device.number,
            usage: PreKeyUse::Group,
        });
        let Answer::FetchPreKeys(answer) = ask(&session.client, fetch).await? else {
            anyhow::bail!("prekeys were answered by something else");
        };
        let found = answer.found.context("a member has no key packages")?;
        let one = found.one_time.context("a member has no key package left")?;
        Ok(one.into_vec())
    }

    /// Sends one message, whose sealed part is this, to a member.
    async fn write_to(&self, n: u32, sealed: Vec<u8>) -> anyhow::Result<()> {
        let (request, _) = device::envelope(Person::of(n).mailbox(), &sealed)?;
        ask(&self.home()?.0, request).await?;
        Ok(())
    }
}

/// Bytes of a sealed part as no other message has them.
fn sealed(size: usize, n: u32) -> Vec<u8> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let mut bytes = now.map_or(0, |it| it.as_nanos()).to_le_bytes().to_vec();
    bytes.extend(n.to_le_bytes());
    bytes.resize(size, 0xA5);
    bytes
}
