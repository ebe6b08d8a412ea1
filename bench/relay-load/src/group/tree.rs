//! Members read the tree that they need to join, each at its relay (O13, O16).

use super::order::AT_ONCE;
use crate::people::Person;
use anyhow::{Context, bail, ensure};
use futures::{StreamExt, TryStreamExt, stream};
use parlance_bimp::{Answer, GroupEnter, GroupId, GroupRead, RelayId, Request};
use parlance_endpoint::{Client, SecretKey};
use std::time::Duration;

/// A member and its connection.
pub struct Place {
    /// Which.
    pub member: u32,
    /// To its relay.
    pub client: Client,
    /// That relay.
    pub relay: RelayId,
}

/// What is read.
pub struct Tree {
    /// Of which group.
    pub group: GroupId,
    /// The access key of the epoch that the members come into, and the record that named it.
    pub access: ([u8; 32], u64),
    /// Where it stands.
    pub at: u64,
}

impl Tree {
    /// All of them enter the group and read the tree. The tree, if it is the same for all, and how often a relay had no time.
    pub async fn read_by_all(&self, places: &[Place]) -> anyhow::Result<(Vec<u8>, u64)> {
        let readings = places.iter().map(|place| self.read(place));
        let mut readings = stream::iter(readings).buffer_unordered(AT_ONCE);
        let (mut tree, mut waits) = (None, 0u64);
        while let Some((read, waited)) = readings.try_next().await? {
            waits = waits.saturating_add(waited);
            match &tree {
                None => tree = Some(read),
                Some(first) => ensure!(*first == read, "two members have read different trees"),
            }
        }
        Ok((tree.context("nobody reads the tree")?, waits))
    }

    async fn read(&self, place: &Place) -> anyhow::Result<(Vec<u8>, u64)> {
        let (key, position) = self.access;
        let account = Person::of(place.member).device.account;
        let mut enter = GroupEnter {
            group: self.group,
            position,
            signature: [0; 64],
        };
        let statement = enter.statement(&place.relay, &account);
        enter.signature = SecretKey::from_bytes(&key).sign(&statement).to_bytes();
        let mut waits = 0;
        self.patiently(place, Request::GroupEnter(enter), &mut waits)
            .await?;
        let mut tree = Vec::new();
        loop {
            let read = Request::GroupRead(GroupRead {
                group: self.group,
                from: self.at,
                offset: u32::try_from(tree.len())?,
            });
            let Answer::GroupRead(order) = self.patiently(place, read, &mut waits).await? else {
                bail!("a reading was answered by something else");
            };
            let piece = order.pieces.into_vec().into_iter().next();
            let piece = piece.context("the relay has no tree")?;
            let last = piece.is_last();
            let bytes = piece.bytes.into_vec();
            ensure!(
                last || !bytes.is_empty(),
                "the relay has no more of the tree"
            );
            tree.extend(bytes);
            if last {
                return Ok((tree, waits));
            }
        }
    }

    /// Asks again while the relay has no time.
    async fn patiently(
        &self,
        place: &Place,
        request: Request,
        waits: &mut u64,
    ) -> anyhow::Result<Answer> {
        loop {
            match place.client.request(request.clone()).await? {
                Answer::Refused(refusal) if refusal.retry_after > 0 => {
                    *waits = waits.saturating_add(1);
                    let wait = u64::from(refusal.retry_after).min(1_000);
                    tokio::time::sleep(Duration::from_millis(wait)).await;
                }
                Answer::Refused(refusal) => bail!("refused: {:?}", refusal.reason),
                answer => return Ok(answer),
            }
        }
    }
}
