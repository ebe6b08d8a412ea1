//! Transactions on their way: into a block, and what they did there.

use super::{Client, Done, Emitted, Limits, twox_128};
use crate::{
    contracts::{self, DryRun},
    error::ClientError,
    event::{applied, field, id, named, read_event},
    key::Key,
    number::Number,
    rpc::{Node, malformed},
    transaction::{self, LIFE, Terms},
};
use bitup_abi::{Abi, CodecError, Value, decode_all, value::digits};
use serde_json::{Value as Json, json};

#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    number: u64,
    hash: [u8; 32],
}

impl<N: Node> Client<N> {
    pub(super) fn send(
        &self,
        abi: &Abi,
        key: &Key,
        call: &[u8],
        run: DryRun,
        limits: &Limits,
    ) -> Result<Done, ClientError> {
        self.send_and_find(abi, key, call, run, limits)
            .map(|(done, _)| done)
    }

    pub(super) fn send_and_find(
        &self,
        abi: &Abi,
        key: &Key,
        call: &[u8],
        dry_run: DryRun,
        limits: &Limits,
    ) -> Result<(Done, Option<[u8; 32]>), ClientError> {
        let (number, hash) = self.best()?;
        let address = self.address(&key.account());
        let nonce = self
            .node
            .request("system_accountNextIndex", json!([address]))?;
        let nonce = nonce
            .as_u64()
            .ok_or_else(|| malformed("system_accountNextIndex", "number"))?;
        let terms = Terms {
            genesis: self.genesis,
            spec_version: self.spec_version,
            transaction_version: self.transaction_version,
            number,
            hash,
            nonce,
        };
        let bytes = transaction::signed(&self.metadata, &terms, call, key)?;
        let text = digits(&bytes, "0x");
        let transaction = self.node.hash("author_submitExtrinsic", json!([text]))?;
        let transaction = digits(&transaction, "0x");
        let (block, index) = self.wait(number, &text, &transaction)?;
        if limits.finalized {
            self.wait_final(&block, &transaction)?;
        }
        let (events, made) = self.events(abi, &block, index)?;
        let done = Done {
            block: digits(&block.hash, "0x"),
            transaction,
            events,
            dry_run,
        };
        Ok((done, made))
    }

    /// Waits until a transaction is in a block.
    fn wait(&self, from: u64, text: &str, transaction: &str) -> Result<(Block, u64), ClientError> {
        let mut next = from.saturating_add(1);
        loop {
            let (best, _) = self.best()?;
            while next <= best {
                let hash = self.node.hash("chain_getBlockHash", json!([next]))?;
                let block = self
                    .node
                    .request("chain_getBlock", json!([digits(&hash, "0x")]))?;
                let list = block.pointer("/block/extrinsics").and_then(Json::as_array);
                let list = list.ok_or_else(|| malformed("chain_getBlock", "block"))?;
                if let Some(index) = list.iter().position(|one| one.as_str() == Some(text)) {
                    let block = Block { number: next, hash };
                    return Ok((block, u64::try_from(index).unwrap_or(u64::MAX)));
                }
                next = next.saturating_add(1);
            }
            // Behind its life it can come into no block.
            if best > from.saturating_add(LIFE) {
                return Err(ClientError::NotIncluded(transaction.to_owned()));
            }
            self.node.pause();
        }
    }

    /// Waits until a block is final; it may be left for another one before.
    fn wait_final(&self, block: &Block, transaction: &str) -> Result<(), ClientError> {
        loop {
            let head = self.node.hash("chain_getFinalizedHead", json!([]))?;
            let header = self
                .node
                .request("chain_getHeader", json!([digits(&head, "0x")]))?;
            if Number::of_header(&header)?.0 >= block.number {
                let hash = self
                    .node
                    .hash("chain_getBlockHash", json!([block.number]))?;
                if hash == block.hash {
                    return Ok(());
                }
                return Err(ClientError::NotIncluded(transaction.to_owned()));
            }
            self.node.pause();
        }
    }

    /// What a transaction did in its block, and the contract that it made.
    fn events(
        &self,
        abi: &Abi,
        block: &Block,
        index: u64,
    ) -> Result<(Vec<Emitted>, Option<[u8; 32]>), ClientError> {
        let key = [twox_128(b"System"), twox_128(b"Events")].concat();
        let parameters = json!([digits(&key, "0x"), digits(&block.hash, "0x")]);
        let bytes = self.node.bytes("state_getStorage", parameters)?;
        let list = decode_all(
            &self.metadata.types,
            self.metadata.events,
            &bytes.unwrap_or_default(),
        )?;
        let Value::List(records) = list else {
            return Err(CodecError::Bytes.into());
        };
        let mut emitted = Vec::new();
        let mut made = None;
        let mut failed = None;
        for record in &records {
            if field(record, "phase").and_then(applied) != Some(index) {
                continue;
            }
            let Some((pallet, name, event)) = field(record, "event").and_then(named) else {
                continue;
            };
            match (pallet, name) {
                ("System", "ExtrinsicFailed") => {
                    failed = field(event, "dispatch_error")
                        .map(|error| contracts::refusal(&self.metadata, error));
                }
                (contracts::PALLET, "Instantiated") => {
                    made = field(event, "contract").and_then(id);
                }
                (contracts::PALLET, "ContractEmitted") => {
                    let contract = field(event, "contract").and_then(id);
                    if let (Some(contract), Some(Value::Bytes(data))) =
                        (contract, field(event, "data"))
                    {
                        emitted.push(Emitted {
                            contract,
                            event: read_event(abi, field(record, "topics"), data),
                            data: data.clone(),
                        });
                    }
                }
                _ => {}
            }
        }
        match failed {
            Some(reason) => Err(ClientError::Failed {
                block: digits(&block.hash, "0x"),
                reason,
            }),
            None => Ok((emitted, made)),
        }
    }
}
