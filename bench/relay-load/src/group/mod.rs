//! A group of hundreds: how long its creation takes in its parts, when a sender has its receipt, and when all members have the text.
//!
//! The maker, who also sends, and one of the members have the real encryption of groups, with their databases on the disk. All members are
//! devices with a connection each, which check that each message is what its id says; that one member also opens it.

mod maker;
mod mls;
mod order;
mod tree;

use crate::{
    network,
    people::{self, Person},
    statistics::{Spread, spread},
    throughput::place,
};
use anyhow::{Context, ensure};
use codec::DecodeAll;
use futures::FutureExt;
use maker::Maker;
use mls::{Known, Member};
use order::{Order, ask};
use parlance_bimp::{
    Bounded, Deliver, List, Message, MessageId, OfMailbox, PreKeyUse, PublishPreKeys, Push,
    Request, limits::MAX_IDS,
};
use parlance_e2ee::{Body, Content, Text, content::WrittenText};
use parlance_endpoint::{Client, Session};
use parlance_groups::Event;
use serde::Serialize;
use std::{
    collections::BTreeSet,
    path::PathBuf,
    time::{Duration, Instant},
};
use tokio::{sync::mpsc, task::JoinSet};
use tree::Place;

/// A text that has not come everywhere by then counts as missing.
const LATEST: Duration = Duration::from_secs(10);
/// Between two texts.
const PAUSE: Duration = Duration::from_millis(200);
/// Letters of a text.
const LETTERS: usize = 100;
/// What a message of `sdk/messenger` has around an invitation, bytes: content, name, the session's encryption, and some room.
const AROUND: usize = 400;
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
    /// The relays place the group, the tree and the commit, whose parts are uploaded before.
    pub order_ms: f64,
    /// Each member is sent a message as large as one with its invitation, through the maker's relay, all accepted.
    pub messages_ms: f64,
    /// Bytes of the commit.
    pub commit_bytes: usize,
    /// Bytes of the tree; 0 if it is in the invitations.
    pub tree_bytes: usize,
    /// Bytes of an invitation, the longest.
    pub invitation_bytes: usize,
    /// Bytes that the maker sends: commit, tree, and the messages with all invitations.
    pub sent_bytes: usize,
    /// All members enter the group and read the tree, each at its relay. Not a part of making it.
    pub trees_ms: f64,
    /// How often a relay had no time for that at once.
    pub trees_waited: u64,
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
    let (mut reader, mut places) = (None, Vec::new());
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
        places.push(Place {
            member: n,
            client: session.client.clone(),
            relay: relay.relay,
        });
        tasks.spawn(listen(n, session, arrived.clone()));
    }
    let mut reader = reader.context("nobody opens texts")?;
    let mut maker = Maker::connect(options, &relays, &endpoints).await?;
    let (mut creation, order, tree) = maker.make(options).await?;
    let invitation = maker.invite(&mut creation).await?;
    let began = Instant::now();
    let read = match &tree {
        Some(tree) => tree.read_by_all(&places).await?,
        None => (Vec::new(), 0),
    };
    (creation.trees_ms, creation.trees_waited) = (took(began), read.1);
    reader.work(|work| work.join_with(&invitation, &read.0))?;
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
        maker.member.work(|work| {
            let next = work.position(group)?;
            work.confirmed(group, &content.id, next)
        })?;
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
