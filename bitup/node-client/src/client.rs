//! Makes, calls and asks contracts.

mod send;

use crate::{
    contracts::{self, Budget, DryRun, Outcome, Weight},
    error::ClientError,
    event::field,
    key::{self, Key},
    metadata::{Metadata, MetadataError},
    number::Number,
    rpc::{Node, malformed},
};
use bitup_abi::{Abi, Call, CodecError, Encoder, Value, account, decode_all, value::digits};
use serde_json::{Value as Json, json};
use twox_hash::XxHash64;

/// What a transaction may cost; what is not said is found out by a dry run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Tokens that go with the call.
    pub value: u128,
    /// What it may take of the machine.
    pub weight: Option<Weight>,
    /// What it may hold for storage.
    pub deposit: Option<u128>,
    /// Whether to wait until the block is final.
    pub finalized: bool,
}

/// An event of a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emitted {
    /// The contract.
    pub contract: [u8; 32],
    /// Its name and fields, where the metadata knows it.
    pub event: Option<(String, Vec<(String, Value)>)>,
    /// Its data.
    pub data: Vec<u8>,
}

/// A transaction in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The hash of the block.
    pub block: String,
    /// The hash of the transaction.
    pub transaction: String,
    /// The events of contracts.
    pub events: Vec<Emitted>,
    /// What the dry run gave.
    pub dry_run: DryRun,
}

/// A contract that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployed {
    /// Its account.
    pub contract: [u8; 32],
    /// How.
    pub done: Done,
}

/// A chain behind a node.
pub struct Client<N> {
    node: N,
    metadata: Metadata,
    genesis: [u8; 32],
    spec_version: u32,
    transaction_version: u32,
}

impl<N: Node> Client<N> {
    /// Learns about the chain.
    ///
    /// # Errors
    /// If the node does not answer, or not as such a chain.
    pub fn connect(node: N) -> Result<Self, ClientError> {
        let metadata = node.bytes("state_getMetadata", json!([]))?;
        let metadata = Metadata::read(&metadata.unwrap_or_default())?;
        let genesis = node.hash("chain_getBlockHash", json!([0]))?;
        let version = node.request("state_getRuntimeVersion", json!([]))?;
        let number = |name: &str| {
            let number = version.get(name).and_then(Json::as_u64);
            let number = number.and_then(|number| u32::try_from(number).ok());
            number.ok_or_else(|| malformed("state_getRuntimeVersion", "version"))
        };
        Ok(Self {
            genesis,
            spec_version: number("specVersion")?,
            transaction_version: number("transactionVersion")?,
            metadata,
            node,
        })
    }

    /// What the chain says about itself.
    #[must_use]
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// An account as the chain's people write it.
    #[must_use]
    pub fn address(&self, id: &[u8; 32]) -> String {
        account::shown(self.metadata.network, id)
    }

    fn best(&self) -> Result<(u64, [u8; 32]), ClientError> {
        let header = self.node.request("chain_getHeader", json!([]))?;
        let number = Number::of_header(&header)?.0;
        let hash = self.node.hash("chain_getBlockHash", json!([number]))?;
        Ok((number, hash))
    }

    /// Asks a contract. Nothing is sent and nothing changes.
    ///
    /// # Errors
    /// If the node does not answer or the chain refuses; a failure of the contract is an answer.
    pub fn query(
        &self,
        abi: &Abi,
        contract: &[u8; 32],
        from: &[u8; 32],
        value: u128,
        call: (&str, &[Value]),
    ) -> Result<(DryRun, Value), ClientError> {
        let message = message(abi, call.0)?;
        let data = data(abi, message, call.1)?;
        let run = self.dry_call(contract, from, value, &data)?;
        let Outcome::Returned { data, .. } = &run.outcome else {
            return Err(refused(&run));
        };
        let value = decode_all(&abi.types, message.result, data)?;
        Ok((run, value))
    }

    fn dry_call(
        &self,
        contract: &[u8; 32],
        from: &[u8; 32],
        value: u128,
        data: &[u8],
    ) -> Result<DryRun, ClientError> {
        let (_, at) = self.best()?;
        let question = contracts::call_question(from, contract, value, data);
        let bytes = self.node.runtime("ContractsApi_call", &question, &at)?;
        Ok(contracts::answer(&self.metadata, &bytes, false)?)
    }

    /// Calls a contract, after a dry run that has to succeed.
    ///
    /// # Errors
    /// If it fails there, is not taken, or fails in its block.
    pub fn call(
        &self,
        abi: &Abi,
        contract: &[u8; 32],
        key: &Key,
        call: (&str, &[Value]),
        limits: &Limits,
    ) -> Result<Done, ClientError> {
        let message = message(abi, call.0)?;
        payable(message, limits.value)?;
        let data = data(abi, message, call.1)?;
        let run = self.dry_call(contract, &key.account(), limits.value, &data)?;
        self.succeeds(abi, message, &run)?;
        let call = contracts::call(&self.metadata, contract, &budget(&run, limits), &data)?;
        self.send(abi, key, &call, run, limits)
    }

    /// Makes a contract, after a dry run that has to succeed.
    ///
    /// # Errors
    /// If it fails there, is not taken, or fails in its block.
    pub fn deploy(
        &self,
        abi: &Abi,
        code: &[u8],
        key: &Key,
        call: (&str, &[Value]),
        salt: &[u8],
        limits: &Limits,
    ) -> Result<Deployed, ClientError> {
        let found = abi.constructors.iter().find(|one| one.label == call.0);
        let constructor = found.ok_or_else(|| no_call(abi, &abi.constructors, call.0))?;
        let data = data(abi, constructor, call.1)?;
        let run = self.dry_deploy(abi, code, &key.account(), call, salt, limits.value)?;
        let budget = budget(&run, limits);
        let call = contracts::make(&self.metadata, &budget, code, &data, salt)?;
        let (done, made) = self.send_and_find(abi, key, &call, run, limits)?;
        let contract = made.ok_or_else(|| ClientError::NoAddress(done.block.clone()))?;
        Ok(Deployed { contract, done })
    }

    /// What making a contract would cost.
    ///
    /// # Errors
    /// If it would fail.
    pub fn dry_deploy(
        &self,
        abi: &Abi,
        code: &[u8],
        from: &[u8; 32],
        call: (&str, &[Value]),
        salt: &[u8],
        value: u128,
    ) -> Result<DryRun, ClientError> {
        let found = abi.constructors.iter().find(|one| one.label == call.0);
        let constructor = found.ok_or_else(|| no_call(abi, &abi.constructors, call.0))?;
        payable(constructor, value)?;
        let data = data(abi, constructor, call.1)?;
        let (_, at) = self.best()?;
        let question = contracts::make_question(from, value, code, &data, salt);
        let bytes = self
            .node
            .runtime("ContractsApi_instantiate", &question, &at)?;
        let run = contracts::answer(&self.metadata, &bytes, true)?;
        self.succeeds(abi, constructor, &run)?;
        Ok(run)
    }

    /// Fails where a dry run did.
    fn succeeds(&self, abi: &Abi, call: &Call, run: &DryRun) -> Result<(), ClientError> {
        let Outcome::Returned { reverted, data, .. } = &run.outcome else {
            return Err(refused(run));
        };
        if !reverted {
            return Ok(());
        }
        let shown = match decode_all(&abi.types, call.result, data) {
            Ok(value) => failure(&value).shown(&|id| self.address(id)),
            Err(_) => digits(data, "0x"),
        };
        Err(ClientError::Reverted(shown))
    }

    /// The hash of a contract's code; none where no contract is.
    ///
    /// # Errors
    /// If the node does not answer, or the chain has no contracts.
    pub fn code_hash(&self, contract: &[u8; 32]) -> Result<Option<[u8; 32]>, ClientError> {
        let ty = self.metadata.contract_info;
        let ty = ty.ok_or_else(|| MetadataError::Missing("list of contracts".to_owned()))?;
        let key = [
            twox_128(b"Contracts").to_vec(),
            twox_128(b"ContractInfoOf").to_vec(),
            // `Twox64Concat`
            XxHash64::oneshot(0, contract).to_le_bytes().to_vec(),
            contract.to_vec(),
        ];
        let key = digits(&key.concat(), "0x");
        let Some(bytes) = self.node.bytes("state_getStorage", json!([key]))? else {
            return Ok(None);
        };
        let info = decode_all(&self.metadata.types, ty, &bytes)?;
        match field(&info, "code_hash") {
            Some(Value::Bytes(hash)) => Ok(<[u8; 32]>::try_from(hash.as_slice()).ok()),
            _ => Err(CodecError::Bytes.into()),
        }
    }
}

/// The hash of the names of pallets and their storage.
fn twox_128(name: &[u8]) -> [u8; 16] {
    let mut hash = [0; 16];
    hash[..8].copy_from_slice(&XxHash64::oneshot(0, name).to_le_bytes());
    hash[8..].copy_from_slice(&XxHash64::oneshot(1, name).to_le_bytes());
    hash
}

fn budget(run: &DryRun, limits: &Limits) -> Budget {
    /// What a call may take more than its dry run did, in hundredths.
    const MARGIN: u64 = 10;
    Budget {
        value: limits.value,
        weight: limits.weight.unwrap_or_else(|| run.required.more(MARGIN)),
        deposit: limits.deposit,
    }
}

fn refused(run: &DryRun) -> ClientError {
    let reason = match &run.outcome {
        Outcome::Refused(reason) => reason.clone(),
        Outcome::Returned { .. } => String::new(),
    };
    let said = if run.said.is_empty() {
        String::new()
    } else {
        format!(": {}", run.said)
    };
    ClientError::Refused { reason, said }
}

fn no_call(abi: &Abi, calls: &[Call], name: &str) -> ClientError {
    let known: Vec<String> = calls
        .iter()
        .map(|call| format!("`{}`", call.label))
        .collect();
    ClientError::NoCall {
        contract: abi.name.clone(),
        name: name.to_owned(),
        known: known.join(", "),
    }
}

fn message<'a>(abi: &'a Abi, name: &str) -> Result<&'a Call, ClientError> {
    abi.message(name)
        .ok_or_else(|| no_call(abi, &abi.messages, name))
}

fn payable(call: &Call, value: u128) -> Result<(), ClientError> {
    if value > 0 && !call.payable {
        return Err(ClientError::NotPayable(call.label.clone()));
    }
    Ok(())
}

/// What is sent to the contract.
fn data(abi: &Abi, call: &Call, values: &[Value]) -> Result<Vec<u8>, CodecError> {
    let encoder = Encoder {
        types: &abi.types,
        accounts: &key::account,
    };
    let types: Vec<usize> = call.arguments.iter().map(|(_, ty)| *ty).collect();
    let arguments = encoder.encode_all(&types, values)?;
    Ok([&call.selector[..], &arguments].concat())
}

/// The error within `Err(...)` and `Ok(Err(...))`.
fn failure(value: &Value) -> &Value {
    match value {
        Value::Variant { name, fields, .. } if matches!(name.as_str(), "Ok" | "Err") => {
            match fields.as_slice() {
                [inner] => failure(inner),
                _ => value,
            }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The keys that explorers show for these two.
    #[test]
    fn names_are_hashed_as_the_chain_does() {
        let hex = |name: &[u8]| digits(&twox_128(name), "");
        assert_eq!(hex(b"System"), "26aa394eea5630e07c48ae0c9558cef7");
        assert_eq!(hex(b"Events"), "80d41e5e16056765bc8461851072c9d7");
    }
}
