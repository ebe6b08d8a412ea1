//! A node that is called again.

use std::sync::Arc;

use serde_json::Value;
use tokio::sync::Mutex;

use crate::node::{Node, NodeError, WsNode};

/// A node over WebSocket that is connected to when it is asked, and again after its connection broke. Clones are the same one.
#[derive(Clone)]
pub struct Redial(Arc<Inner>);

struct Inner {
    url: String,
    node: Mutex<Option<Arc<WsNode>>>,
}

impl Redial {
    /// The node at this address. Nothing is asked yet.
    pub fn new(url: &str) -> Self {
        Self(Arc::new(Inner {
            url: url.into(),
            node: Mutex::new(None),
        }))
    }

    async fn node(&self) -> Result<Arc<WsNode>, NodeError> {
        let mut place = self.0.node.lock().await;
        if let Some(node) = place.as_ref() {
            return Ok(node.clone());
        }
        let node = Arc::new(WsNode::connect(&self.0.url).await?);
        *place = Some(node.clone());
        Ok(node)
    }
}

impl Node for Redial {
    async fn request(&self, method: &'static str, params: Vec<Value>) -> Result<Value, NodeError> {
        let node = self.node().await?;
        let answer = node.request(method, params).await;
        if matches!(answer, Err(NodeError::Silent { .. })) {
            let mut place = self.0.node.lock().await;
            // Another one may have called again already.
            if place
                .as_ref()
                .is_some_and(|known| Arc::ptr_eq(known, &node))
            {
                *place = None;
            }
        }
        answer
    }
}
