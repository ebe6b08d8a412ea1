//! A group of hundreds: how long its creation takes in its parts, when a sender has its receipt, and when all members have the text.
//!
//! The maker, who also sends, and one of the members have the real encryption of groups, with their databases on the disk. All members are
//! devices with a connection each, which check that each message is what its id says; that one member also opens it.

mod mls;
mod order;

use crate::{
    network,
    people::{self, Person},
    statistics::{Spread, spread},
    throughput::place,
};
use anyhow::{Context, ensure};
use codec::DecodeAll;
use futures::{FutureExt, StreamExt, TryStreamExt, stream};
use mls::{Known, Member, SUITE};
use order::{AT_ONCE, Order, ask};
use parlance_bimp::{
    Answer, Bounded, Deliver, FetchPreKeys, GroupId, List, Message, MessageId, OfMailbox,
    PreKeyUse, PublishPreKeys, Push, Request, id::ACCESS_LABEL, limits::MAX_IDS,
};
use parlance_e2ee::{Body, Content, Text, content::WrittenText};
use parlance_endpoint::{Client, Endpoint, RelayAddress, Session};
use parlance_groups::{Change, Event, GroupId as Id};
use parlance_relay_testbed::device;
use serde::Serialize;
use std::{
    collections::BTreeSet,
    path::PathBuf,
    time::{Duration, Instant},
};
use tokio::{sync::mpsc, task::JoinSet};

/// A text that has not come everywhere by then counts as missing.
const LATEST: Duration = Duration::from_secs(10);
/// Between two texts.
const PAUSE: Duration = Duration::from_millis(200);
/// Letters of a text.
const LETTERS: usize = 100;
/// Bytes of an invitation in one message of `sdk/messenger` (its `groups::PART`), and the size class that such a message has.
const PART: usize = 48 << 10;
const PART_SEALED: usize = 64 << 10;
/// The member that opens texts.
const READER: u32 = 1;

/// What is measured.
#[derive(clap::Args)]
pub struct Options {
    /// The folder of a prepared network whose relays run, with as many accounts as members.
    #[arg(long)]
    folder: PathBuf,
    /// Members, with the maker.
    #[arg(long, default_value_t = 500)]
    members: u32,
    /// Texts that are sent, one after the other.
    #[arg(long, default_value_t = 20)]
    texts: u8,
    /// Members that the whole invitation is sent to, to see what that takes.
    #[arg(long, default_value_t = 3)]
    whole: u32,
}

/// What was measured.
#[derive(Debug, Serialize)]
pub struct Report {
    /// With the maker.
    pub members: u32,
    /// Making the group.
    pub creation: Creation,
    /// From writing a text until it is encrypted and stored by the sender.
    pub encrypted_ms: Option<Spread>,
    /// From writing it until the sender has the receipt.
    pub receipt_ms: Option<Spread>,
    /// From writing it until a member's device has it: all texts, all members but the sender.
    pub delivered_ms: Option<Spread>,
    /// From writing it until the last of them has it.
    pub last_ms: Option<Spread>,
    /// Copies that did not come.
    pub missing: u64,
    /// Texts that the member with encryption has opened.
    pub opened: u64,
}

/// Making a group, in its parts, one after the other.
#[derive(Debug, Default, Serialize)]
pub struct Creation {
    /// A key package of each member is fetched from the relays.
    pub key_packages_ms: f64,
    /// The group is made, all are added with one commit, and what the relays have placed is read: encryption, and the maker's disk.
    pub encryption_ms: f64,
    /// The relays place the group and then the commit, whose parts are uploaded before.
    pub order_ms: f64,
    /// Each member is sent one message of the smallest size through the maker's relay, all accepted.
    pub messages_ms: f64,
    /// Bytes of the commit.
    pub commit_bytes: usize,
    /// Bytes of the invitation, which is the same for all.
    pub invitation_bytes: usize,
    /// The whole invitation is sent to one member, in messages as `sdk/messenger` makes them.
    pub whole_invitation_ms: f64,
}

/// A message at a member.
struct Arrival {
    member: u32,
    at: Instant,
    id: MessageId,
    /// What the member with encryption opens.
    ciphertext: Option<Vec<u8>>,
}

/// Makes a group, sends to it, and times all of it.
pub async fn measure(options: &Options) -> anyhow::Result<Report> {
    ensure!(options.members > READER + 1, "a group of at least three");
    let relays = network::relays(&options.folder)?;
    let mut endpoints = Vec::new();
    for _ in 0..4 {
        endpoints.push(people::endpoint().await?);
    }
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    let mut tasks = JoinSet::new();
    let mut reader = None;
    for n in 1..options.members {
        let (endpoint, relay) = place(n as usize, &endpoints, &relays);
        let session = Person::of(n).subscribe(endpoint, relay).await?;
        let known = match n {
            READER => Known::people(options.members),
            _ => Known::default(),
        };
        let mut member = Member::new(n, known, &options.folder)?;
        publish(&session.client, &mut member).await?;
        if n == READER {
            reader = Some(member);
        }
        tasks.spawn(listen(n, session, arrived.clone()));
    }
    let mut reader = reader.context("nobody opens texts")?;
    let mut maker = Maker::connect(options, &relays, &endpoints).await?;
    let (mut creation, order) = maker.make(options).await?;
    let invitation = maker.invitation.clone();
    invite(&maker, options, &mut creation, &invitation).await?;
    reader.work(|work| work.join(&invitation))?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    while arrivals.try_recv().is_ok() {}
    let mut texts = Texts::default();
    for n in 0..options.texts {
        texts
            .send(
                n,
                (&mut maker, &order),
                &mut reader,
                &mut arrivals,
                options.members,
            )
            .await?;
        tokio::time::sleep(PAUSE).await;
    }
    tasks.shutdown().await;
    Ok(Report {
        members: options.members,
        creation,
        encrypted_ms: spread(texts.encrypted),
        receipt_ms: spread(texts.receipts),
        delivered_ms: spread(texts.delivered),
        last_ms: spread(texts.last),
        missing: texts.missing,
        opened: texts.opened,
    })
}

async fn publish(client: &Client, member: &mut Member) -> anyhow::Result<()> {
    let (last, one) = member.key_packages()?;
    let publish = Request::PublishPreKeys(PublishPreKeys {
        usage: PreKeyUse::Group,
        head: Bounded::new(last)?,
        one_time: List::new(vec![Bounded::new(one)?])?,
        anew: true,
    });
    ask(client, publish).await?;
    Ok(())
}

/// Takes what comes and acknowledges it, what came meanwhile at once.
async fn listen(n: u32, session: Session, arrived: mpsc::UnboundedSender<Arrival>) {
    let mailbox = Person::of(n).mailbox();
    let (client, mut pushes) = (session.client, session.pushes);
    while let Ok(push) = pushes.next().await {
        let (mut next, mut ids) = (Some(push), Vec::new());
        while let Some(push) = next.take() {
            if let Push::Deliver(message) = push
                && let Some(arrival) = arrival(n, &message)
            {
                ids.push(arrival.id);
                if arrived.send(arrival).is_err() {
                    return;
                }
            }
            if ids.len() < MAX_IDS {
                next = pushes.next().now_or_never().and_then(Result::ok);
            }
        }
        let Ok(ids) = List::new(ids) else {
            return;
        };
        let request = Request::Acknowledge(OfMailbox { mailbox, ids });
        if client.request(request).await.is_err() {
            return;
        }
    }
}

/// A message that is what its id says.
fn arrival(n: u32, message: &Deliver) -> Option<Arrival> {
    let at = Instant::now();
    let body = Message::decode_all(&mut message.message.as_slice()).ok()?;
    let id = body.id(&Person::of(n).mailbox())?;
    let ciphertext = match body {
        Message::Group { ciphertext, .. } if n == READER => Some(ciphertext.into_vec()),
        _ => None,
    };
    (id == message.id).then_some(Arrival {
        member: n,
        at,
        id,
        ciphertext,
    })
}

/// Who makes the group, and sends to it.
struct Maker {
    person: Person,
    member: Member,
    /// To each relay.
    sessions: Vec<Session>,
    relays: Vec<RelayAddress>,
    group: Id,
    invitation: Vec<u8>,
}

impl Maker {
    async fn connect(
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
            invitation: Vec::new(),
        };
        order::until_ready(maker.home()?, &person.device).await?;
        Ok(maker)
    }

    /// The relay that it asks.
    fn home(&self) -> anyhow::Result<(Client, parlance_bimp::RelayId)> {
        let session = self.sessions.first().context("the network has no relay")?;
        let relay = self.relays.first().context("the network has no relay")?;
        Ok((session.client.clone(), relay.relay))
    }

    async fn make(&mut self, options: &Options) -> anyhow::Result<(Creation, Order)> {
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
            let commit = work.offer(group)?;
            Ok((commit, work.export_next(group, ACCESS_LABEL)?))
        })?;
        let commit = commit.context("no commit was made")?;
        let access = access.context("no epoch was begun")?;
        creation.commit_bytes = commit.len();
        creation.encryption_ms += took(began);

        let began = Instant::now();
        let joined = (1..options.members).map(|n| Person::of(n).mailbox());
        order.place(1, &commit, &access, joined.collect()).await?;
        creation.order_ms += took(began);

        let began = Instant::now();
        let events = self.member.work(|work| work.handshake(group, 1, &commit))?;
        let invitation = events.into_iter().find_map(|event| match event {
            Event::Changed { invitation, .. } => invitation,
            _ => None,
        });
        self.invitation = invitation.context("the own commit was not accepted")?;
        creation.invitation_bytes = self.invitation.len();
        creation.encryption_ms += took(began);
        Ok((creation, order))
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

async fn invite(
    maker: &Maker,
    options: &Options,
    creation: &mut Creation,
    invitation: &[u8],
) -> anyhow::Result<()> {
    let began = Instant::now();
    let messages = (1..options.members).map(|n| maker.write_to(n, sealed(people::SEALED, n, 0)));
    let messages = stream::iter(messages).buffer_unordered(AT_ONCE);
    messages.try_collect::<Vec<()>>().await?;
    creation.messages_ms = took(began);
    let began = Instant::now();
    let whole = options.whole.min(options.members.saturating_sub(1));
    for n in 1..=whole {
        let parts = 0..u32::try_from(invitation.len().div_ceil(PART))?;
        let parts = parts.map(|part| maker.write_to(n, sealed(PART_SEALED, n, 1 + part)));
        let parts = stream::iter(parts).buffer_unordered(AT_ONCE);
        parts.try_collect::<Vec<()>>().await?;
    }
    creation.whole_invitation_ms = took(began) / f64::from(whole.max(1));
    Ok(())
}

/// Bytes of a sealed part as no other message has them.
fn sealed(size: usize, n: u32, number: u32) -> Vec<u8> {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let mut bytes = now.map_or(0, |it| it.as_nanos()).to_le_bytes().to_vec();
    bytes.extend(n.to_le_bytes());
    bytes.extend(number.to_le_bytes());
    bytes.resize(size, 0xA5);
    bytes
}

/// What texts took, milliseconds.
#[derive(Default)]
struct Texts {
    encrypted: Vec<f64>,
    receipts: Vec<f64>,
    delivered: Vec<f64>,
    last: Vec<f64>,
    missing: u64,
    opened: u64,
}

impl Texts {
    async fn send(
        &mut self,
        n: u8,
        (maker, order): (&mut Maker, &Order),
        reader: &mut Member,
        arrivals: &mut mpsc::UnboundedReceiver<Arrival>,
        members: u32,
    ) -> anyhow::Result<()> {
        let text = Text::new("a".repeat(LETTERS))?;
        let content = Content::new([n; 16], 1, Body::Text(WrittenText { text }));
        let (group, began) = (maker.group, Instant::now());
        let ciphertext = maker.member.work(|work| work.send(group, &content))?;
        self.encrypted.push(took(began));
        let id = order.send(ciphertext).await?;
        self.receipts.push(took(began));
        let (mut waiting, mut last): (BTreeSet<u32>, f64) = ((1..members).collect(), 0.0);
        let mut to_open = None;
        let coming = async {
            while !waiting.is_empty() {
                let Some(arrival) = arrivals.recv().await else {
                    break;
                };
                if arrival.id == id && waiting.remove(&arrival.member) {
                    let took = arrival.at.duration_since(began).as_secs_f64() * 1e3;
                    self.delivered.push(took);
                    last = last.max(took);
                    if to_open.is_none() {
                        to_open = arrival.ciphertext;
                    }
                }
            }
        };
        // What is late counts as missing.
        let _ = tokio::time::timeout(LATEST, coming).await;
        self.last.push(last);
        self.missing += waiting.len() as u64;
        maker
            .member
            .work(|work| work.confirmed(group, &content.id, 2))?;
        if let Some(ciphertext) = to_open {
            let (_, events) = reader.work(|work| work.message(&ciphertext))?;
            let opened = events.iter().any(
                |event| matches!(event, Event::Message { content: read, .. } if **read == content),
            );
            ensure!(opened, "a text did not open");
            self.opened += 1;
        }
        Ok(())
    }
}

fn took(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}
