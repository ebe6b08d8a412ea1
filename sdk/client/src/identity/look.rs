//! Looking somebody up: the record as it is proven now, and what happened since the last look.

use parlance_primitives::accounts::{Identity, Version};
use serde_json::json;

use super::{
    Contact, Finding, RecordError,
    history::{Reading, Step, Trail},
};
use crate::{
    chain::keys,
    light::{Head, Light, LightError},
    node::{Node, NodeError, hex_bytes},
};

/// Why a look shows nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LookError {
    /// The record is not proven.
    #[error(transparent)]
    Light(#[from] LightError),
    /// The record is refused.
    #[error(transparent)]
    Record(#[from] RecordError),
}

/// Looks a contact up at a head and says what changed since the last look. On an error nothing did.
///
/// The record is proven (L3). What happened in between is read from blocks and checked against the record's
/// history; a node that does not show it leaves a [`Finding::HistoryUnread`].
pub async fn look<N: Node>(
    light: &Light<N>,
    head: &Head,
    contact: &mut Contact,
) -> Result<Vec<Finding>, LookError> {
    let key = keys::identity(&contact.account);
    let record: Option<Identity> = light.value(head, &key, "the identity").await?;
    contact.check(record.as_ref())?;
    let trail = match contact.gap(record.as_ref()) {
        None => None,
        Some((from, to)) => {
            let reading = Reading::begin(contact.account.clone(), from, to);
            read(light.node(), reading).await?
        }
    };
    Ok(contact.observe(record, trail.as_ref())?)
}

/// Reads a history to its end; `None` when the node does not show it.
async fn read<N: Node>(node: &N, mut reading: Reading) -> Result<Option<Trail>, LightError> {
    loop {
        match reading.step() {
            Step::Read(trail) => return Ok(Some(trail)),
            Step::Unreadable => return Ok(None),
            Step::Wants(version) => match body(node, version).await {
                Ok(body) => reading.take(version, &body),
                // It answers, but not with that block: pruned, or kept back.
                Err(NodeError::Refused { .. } | NodeError::Malformed { .. }) => return Ok(None),
                Err(error) => return Err(error.into()),
            },
        }
    }
}

/// What a node says are the transactions of the block at that height.
async fn body<N: Node>(node: &N, height: Version) -> Result<Vec<Vec<u8>>, NodeError> {
    const BLOCK: &str = "chain_getBlock";
    let hash = node
        .request("chain_getBlockHash", vec![json!(height)])
        .await?;
    let answer = node.request(BLOCK, vec![hash]).await?;
    let list = answer["block"]["extrinsics"]
        .as_array()
        .ok_or(NodeError::Malformed {
            method: BLOCK,
            expected: "a block",
        })?;
    list.iter()
        .map(|one| hex_bytes(BLOCK, "a block", one))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::testing::{Lie, World, adds, keys_of, someone};
    use parlance_primitives::accounts::{Change, DeviceId};

    fn name(device: u8) -> DeviceId {
        DeviceId::of(&keys_of(device).signing)
    }

    fn bob() -> Contact {
        Contact::new("Bob", someone(2)).unwrap()
    }

    #[tokio::test]
    async fn a_device_that_came_and_went_between_two_looks_is_told() {
        let (world, mut bob) = (World::new(), bob());
        let mut light = world.light().await;
        world.register(&someone(2), keys_of(1));
        let head = light.head(world.now()).await.unwrap();
        let found = look(&light, &head, &mut bob).await.unwrap();
        assert_eq!(found, vec![Finding::Registered]);

        world.change(&someone(2), vec![adds(keys_of(2))]);
        world.pass(3);
        let device = name(2);
        world.change(&someone(2), vec![Change::Revoke { device }]);
        let head = light.head(world.now()).await.unwrap();
        let found = look(&light, &head, &mut bob).await.unwrap();
        assert_eq!(found, vec![Finding::CameAndWent(device)]);
        assert!(look(&light, &head, &mut bob).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_node_without_bodies_is_no_way_around() {
        let (world, mut bob) = (World::new(), bob());
        let mut light = world.light().await;
        world.register(&someone(2), keys_of(1));
        let head = light.head(world.now()).await.unwrap();
        look(&light, &head, &mut bob).await.unwrap();

        world.change(&someone(2), vec![adds(keys_of(2))]);
        let device = name(2);
        world.change(&someone(2), vec![Change::Revoke { device }]);
        world.tell(Lie::NoBodies);
        let head = light.head(world.now()).await.unwrap();
        let found = look(&light, &head, &mut bob).await.unwrap();
        assert_eq!(found, vec![Finding::HistoryUnread { from: 1, to: 3 }]);
        assert!(look(&light, &head, &mut bob).await.unwrap().is_empty());

        world.tell(Lie::None);
        let found = look(&light, &head, &mut bob).await.unwrap();
        assert_eq!(found, vec![Finding::CameAndWent(device)]);
    }

    #[tokio::test]
    async fn a_well_formed_forged_record_is_refused() {
        let (world, mut bob) = (World::new(), bob());
        let mut light = world.light().await;
        world.register(&someone(2), keys_of(1));
        let head = light.head(world.now()).await.unwrap();
        world.tell(Lie::OtherKey);
        let before = bob.clone();
        let refused = look(&light, &head, &mut bob).await;
        assert!(matches!(
            refused,
            Err(LookError::Light(LightError::Unproven { .. }))
        ));
        assert_eq!(bob, before);
        world.tell(Lie::None);
        assert!(look(&light, &head, &mut bob).await.is_ok());
    }
}
