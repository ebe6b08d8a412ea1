//! A group at its relays: its order of handshakes, and texts for all (O4, O13-O15 of BIMP).

use anyhow::{Context, bail};
use futures::{StreamExt, TryStreamExt, stream};
use parlance_bimp::{
    Answer, Bounded, GroupChange, GroupEnter, GroupId, GroupOffer, GroupPart, GroupPost, GroupSend,
    List, Mailbox, MessageId, RelayId, Request, limits::MAX_PART,
};
use parlance_endpoint::{Client, SecretKey};
use parlance_relay_testbed::Device;

/// Requests that a client leaves unanswered at the same time.
pub const AT_ONCE: usize = 64;

/// Asks, and takes no refusal for an answer.
pub async fn ask(client: &Client, request: Request) -> anyhow::Result<Answer> {
    match client.request(request).await? {
        Answer::Refused(refusal) => bail!("refused: {:?} {}", refusal.reason, refusal.reason),
        answer => Ok(answer),
    }
}

/// A group, as the device sees it that has made it.
pub struct Order {
    /// Which.
    pub group: GroupId,
    /// A connection to one of its relays.
    pub client: Client,
    /// That relay.
    pub relay: RelayId,
    /// The access key of the present epoch, and the position of the record that named it.
    key: (SecretKey, u64),
}

impl Order {
    /// Makes a group with one mailbox at its relays, and enters it.
    pub async fn found(
        (client, relay): (Client, RelayId),
        device: &Device,
        group: GroupId,
        access: &[u8; 32],
    ) -> anyhow::Result<Self> {
        let key = SecretKey::from_bytes(access);
        let change = GroupChange {
            key: *key.public().as_bytes(),
            joined: List::new(vec![device.mailbox()])?,
            ..GroupChange::default()
        };
        let mut order = Self {
            group,
            client,
            relay,
            key: (key, 0),
        };
        // The key that it names signs it.
        order.offer(0, change, [0; 64]).await?;
        let mut enter = GroupEnter {
            group,
            position: 0,
            signature: [0; 64],
        };
        let statement = enter.statement(&order.relay, &device.account);
        enter.signature = order.sign(&statement);
        ask(&order.client, Request::GroupEnter(enter)).await?;
        Ok(order)
    }

    /// Uploads a commit and has it placed; from then on the epoch's key is this one.
    pub async fn place(
        &mut self,
        position: u64,
        commit: &[u8],
        access: &[u8; 32],
        joined: Vec<Mailbox>,
    ) -> anyhow::Result<()> {
        let key = SecretKey::from_bytes(access);
        let change = self.upload_all(commit, &key, joined).await?;
        let possession = key.sign(&change.possession(&self.group, position));
        self.offer(position, change, possession.to_bytes()).await?;
        self.key = (key, position);
        Ok(())
    }

    /// Uploads a tree and has it placed. It begins no epoch.
    pub async fn place_tree(&mut self, position: u64, tree: &[u8]) -> anyhow::Result<()> {
        let key = self.key.0.clone();
        let change = self.upload_all(tree, &key, Vec::new()).await?;
        self.offer(position, change, [0; 64]).await
    }

    async fn upload_all(
        &self,
        handshake: &[u8],
        key: &SecretKey,
        joined: Vec<Mailbox>,
    ) -> anyhow::Result<GroupChange> {
        let parts: Vec<&[u8]> = handshake.chunks(MAX_PART).collect();
        let ids = parts
            .iter()
            .map(|part| MessageId::of_part(&self.group, part));
        let change = GroupChange {
            key: *key.public().as_bytes(),
            size: u32::try_from(handshake.len())?,
            parts: List::new(ids.collect::<Vec<_>>())?,
            joined: List::new(joined)?,
            left: List::default(),
        };
        let uploads = parts.into_iter().map(|part| self.upload(part));
        let uploads = stream::iter(uploads).buffer_unordered(AT_ONCE);
        uploads.try_collect::<Vec<()>>().await?;
        Ok(change)
    }

    async fn upload(&self, part: &[u8]) -> anyhow::Result<()> {
        let part = GroupPart {
            group: self.group,
            bytes: Bounded::new(part)?,
        };
        ask(&self.client, Request::GroupPart(part)).await?;
        Ok(())
    }

    async fn offer(
        &mut self,
        position: u64,
        change: GroupChange,
        possession: [u8; 64],
    ) -> anyhow::Result<()> {
        let signature = self.sign(&change.statement(&self.group, position));
        let offer = GroupOffer {
            group: self.group,
            position,
            change,
            signature,
            possession,
        };
        match ask(&self.client, Request::GroupOffer(offer)).await? {
            Answer::GroupOffer(placed) if placed.position == position => Ok(()),
            other => bail!("an offer was answered by {other:?}"),
        }
    }

    /// Has a text copied to all members. Its id.
    pub async fn send(&self, ciphertext: Vec<u8>) -> anyhow::Result<MessageId> {
        let mut post = GroupPost {
            group: self.group,
            position: self.key.1,
            ciphertext: Bounded::new(ciphertext)?,
            mentioned: List::default(),
            everybody: false,
            signature: [0; 64],
        };
        post.signature = self.sign(&post.statement());
        let id = post.id();
        let send = GroupSend {
            post,
            ticket: Bounded::default(),
            keep: 0,
        };
        match ask(&self.client, Request::GroupSend(send)).await? {
            Answer::GroupSend(sent) if sent.id == id => Ok(id),
            other => bail!("a text was answered by {other:?}"),
        }
    }

    fn sign(&self, statement: &[u8]) -> [u8; 64] {
        self.key.0.sign(statement).to_bytes()
    }
}

/// Until the relays of a group know each other well enough to decide: a group of nobody is made.
pub async fn until_ready(at: (Client, RelayId), device: &Device) -> anyhow::Result<()> {
    let mut last = None;
    for _ in 0..100 {
        let key = SecretKey::generate();
        let group = GroupId(*key.public().as_bytes());
        match Order::found(at.clone(), device, group, &key.to_bytes()).await {
            Ok(_) => return Ok(()),
            Err(error) => last = Some(error),
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    Err(last.context("no attempt")?)
}
