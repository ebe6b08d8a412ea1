//! A chain with one node, in memory: contracts run on the language's own chain, around them is what a node does with transactions:
//! it reads them, checks their signatures, makes blocks and events.

mod metadata;
pub mod types;

use bitup_local::{Chain as Machine, Outcome, Receipt};
use bitup_node_client::{Key, Node, RpcError, blake2_256, metadata::Metadata};
use parity_scale_codec::{Compact, Decode, Encode};
use serde_json::{Value, json};
use std::cell::RefCell;
use types::{
    AccountId32, ContractInfo, ContractsCall, ContractsEvent, DispatchError, EventRecord, H256,
    ModuleError, MultiAddress, MultiSignature, Phase, RuntimeEvent, SystemEvent, Weight,
};

const SPEC: u32 = 7;
const VERSION: u32 = 2;
pub const GENESIS: [u8; 32] = [0x99; 32];
/// Gas that the node says a call needs.
pub const NEEDED: u64 = 1_000;

#[derive(Default)]
struct Inside {
    machine: Machine,
    code_hashes: Vec<[u8; 32]>,
    nonce: u32,
    waiting: Vec<Vec<u8>>,
    /// Transactions and events of each block behind the first.
    blocks: Vec<(Vec<Vec<u8>>, Vec<EventRecord>)>,
    /// What a transaction's limit was, and how it was asked.
    pub limits: Vec<Weight>,
    /// Blocks pass without the transaction.
    pub full: bool,
    /// What the contract does in the block is undone.
    pub spoiled: bool,
}

/// The chain.
#[derive(Default)]
pub struct Chain(RefCell<Inside>);

impl Chain {
    /// With accounts that have tokens.
    pub fn new(rich: &[[u8; 32]]) -> Self {
        let chain = Self::default();
        for account in rich {
            chain
                .0
                .borrow_mut()
                .machine
                .state
                .balances
                .insert(*account, 1_000_000);
        }
        chain
    }

    pub fn metadata() -> Metadata {
        Metadata::read(&metadata::metadata()).unwrap()
    }

    pub fn limits(&self) -> Vec<Weight> {
        self.0.borrow().limits.clone()
    }

    pub fn sent(&self) -> usize {
        self.0
            .borrow()
            .blocks
            .iter()
            .map(|(list, _)| list.len())
            .sum::<usize>()
            + self.0.borrow().waiting.len()
    }

    pub fn fill(&self) {
        self.0.borrow_mut().full = true;
    }

    pub fn spoil(&self) {
        self.0.borrow_mut().spoiled = true;
    }
}

fn hash_of(number: usize) -> [u8; 32] {
    if number == 0 {
        return GENESIS;
    }
    blake2_256(&number.encode_number())
}

trait Numbered {
    fn encode_number(&self) -> Vec<u8>;
}

impl Numbered for usize {
    fn encode_number(&self) -> Vec<u8> {
        (*self as u64).encode()
    }
}

fn hex(bytes: &[u8]) -> Value {
    json!(bitup_abi::value::digits(bytes, "0x"))
}

fn bytes(value: &Value) -> Vec<u8> {
    bitup_abi::contract::hex(value.as_str().unwrap()).unwrap()
}

fn refuse(method: &str, code: i64, message: &str) -> RpcError {
    RpcError::Refused {
        method: method.to_owned(),
        code,
        message: message.to_owned(),
    }
}

/// What a runtime answers to a dry run.
fn answer(receipt: &Receipt, contract: Option<[u8; 32]>) -> Vec<u8> {
    let weight = Weight {
        ref_time: NEEDED,
        proof_size: receipt.gas,
    };
    let mut out = (weight, weight, 1_u8, 55_u128, Vec::<u8>::new()).encode();
    match &receipt.outcome {
        Outcome::Done(data) => {
            out.extend((0_u8, 0_u32, data, contract.map(|id| id.encode())).encode_answer())
        }
        Outcome::Undone(data) => {
            out.extend((0_u8, 1_u32, data, contract.map(|id| id.encode())).encode_answer())
        }
        Outcome::Broken(_) => out.extend((1_u8, failed(5)).encode()),
    }
    out.push(0);
    out
}

trait Answer {
    fn encode_answer(&self) -> Vec<u8>;
}

impl Answer for (u8, u32, &Vec<u8>, Option<Vec<u8>>) {
    /// The account stands behind the data, without a mark of its own.
    fn encode_answer(&self) -> Vec<u8> {
        let (result, flags, data, account) = self;
        let mut out = (result, flags, data).encode();
        out.extend(account.clone().unwrap_or_default());
        out
    }
}

fn failed(error: u8) -> DispatchError {
    DispatchError::Module(ModuleError {
        index: 9,
        error: [error, 0, 0, 0],
    })
}

/// The address of a contract.
fn address(deployer: &[u8; 32], data: &[u8], salt: &[u8]) -> [u8; 32] {
    blake2_256(&(deployer, data, salt).encode())
}

impl Inside {
    fn best(&self) -> usize {
        self.blocks.len()
    }

    fn runtime(&self, function: &str, input: &[u8]) -> Vec<u8> {
        let mut machine = self.machine.clone();
        let input = &mut &input[..];
        match function {
            "ContractsApi_call" => {
                type Question = (
                    [u8; 32],
                    [u8; 32],
                    u128,
                    Option<Weight>,
                    Option<u128>,
                    Vec<u8>,
                );
                let (from, contract, value, None, None, data) = Question::decode(input).unwrap()
                else {
                    panic!("limits");
                };
                assert!(input.is_empty());
                answer(&machine.call(contract, from, value, &data), None)
            }
            "ContractsApi_instantiate" => {
                type Question = (
                    [u8; 32],
                    u128,
                    Option<Weight>,
                    Option<u128>,
                    u8,
                    Vec<u8>,
                    Vec<u8>,
                    Vec<u8>,
                );
                let (from, value, None, None, 0, code, data, salt) =
                    Question::decode(input).unwrap()
                else {
                    panic!("limits");
                };
                assert!(input.is_empty());
                let number = machine.upload(&code).unwrap();
                let contract = address(&from, &data, &salt);
                answer(
                    &machine.deploy(number, contract, from, value, &data),
                    Some(contract),
                )
            }
            other => panic!("{other}"),
        }
    }

    /// Reads a transaction and checks its signature as the SDK does.
    fn read(&self, transaction: &[u8]) -> ([u8; 32], u32, ContractsCall) {
        let mut input = transaction;
        let length = Compact::<u32>::decode(&mut input).unwrap().0;
        assert_eq!(length as usize, input.len());
        assert_eq!(u8::decode(&mut input).unwrap(), 0x84);
        let MultiAddress::Id(from) = MultiAddress::decode(&mut input).unwrap() else {
            panic!("no account");
        };
        let MultiSignature::Sr25519(signature) = MultiSignature::decode(&mut input).unwrap() else {
            panic!("another scheme");
        };
        let before = input;
        let era = u16::decode(&mut input).unwrap();
        let nonce = Compact::<u32>::decode(&mut input).unwrap().0;
        let tip = Compact::<u128>::decode(&mut input).unwrap().0;
        let mode = u8::decode(&mut input).unwrap();
        assert_eq!((tip, mode), (0, 0));
        let extra = &before[..before.len() - input.len()];
        let call = input;
        assert_eq!(u8::decode(&mut input).unwrap(), 9);
        let decoded = ContractsCall::decode(&mut input).unwrap();
        assert!(input.is_empty());
        // The block from which it counts is one of the last 64.
        let phase = usize::from(era >> 4);
        let born = (0..=self.best())
            .rev()
            .find(|number| number % 64 == phase)
            .unwrap();
        let implicit = (SPEC, VERSION, GENESIS, hash_of(born), 0_u8).encode();
        let mut payload = [call, extra, &implicit].concat();
        if payload.len() > 256 {
            payload = blake2_256(&payload).to_vec();
        }
        assert!(
            Key::verify(&from.0, &payload, &signature),
            "the signature is wrong"
        );
        (from.0, nonce, decoded)
    }

    fn apply(&mut self, index: u32, transaction: &[u8]) -> Vec<EventRecord> {
        let (from, _, call) = self.read(transaction);
        let before = self.machine.state.events.len();
        let mut events = Vec::new();
        let mut record = |event: RuntimeEvent, topics: Vec<H256>| {
            events.push(EventRecord {
                phase: Phase::ApplyExtrinsic(index),
                event,
                topics,
            });
        };
        let receipt = match call {
            ContractsCall::call {
                dest: MultiAddress::Id(dest),
                value,
                gas_limit,
                data,
                ..
            } => {
                self.limits.push(gas_limit);
                self.machine.call(dest.0, from, value, &data)
            }
            ContractsCall::instantiate_with_code {
                value,
                gas_limit,
                code,
                data,
                salt,
                ..
            } => {
                self.limits.push(gas_limit);
                let number = self.machine.upload(&code).unwrap();
                self.code_hashes.push(blake2_256(&code));
                let contract = address(&from, &data, &salt);
                let receipt = self.machine.deploy(number, contract, from, value, &data);
                let event = ContractsEvent::Instantiated {
                    deployer: AccountId32(from),
                    contract: AccountId32(contract),
                };
                record(RuntimeEvent::Contracts(event), Vec::new());
                receipt
            }
            other => panic!("{other:?}"),
        };
        for event in &self.machine.state.events[before..] {
            let topics = Vec::<H256>::decode(&mut &event.topics[..]).unwrap();
            let emitted = ContractsEvent::ContractEmitted {
                contract: AccountId32(event.contract),
                data: event.data.clone(),
            };
            record(RuntimeEvent::Contracts(emitted), topics);
        }
        let end = if matches!(receipt.outcome, Outcome::Done(_)) && !self.spoiled {
            SystemEvent::ExtrinsicSuccess {
                dispatch_info: Weight::default(),
            }
        } else {
            SystemEvent::ExtrinsicFailed {
                dispatch_error: failed(21),
            }
        };
        record(RuntimeEvent::System(end), Vec::new());
        events
    }

    /// Makes a block of what waits.
    fn author(&mut self) {
        let mut list = vec![vec![0x04, 0x05]];
        if !self.full {
            list.append(&mut self.waiting);
        }
        let mut events = Vec::new();
        for (index, transaction) in list.iter().enumerate().skip(1) {
            events.extend(self.apply(u32::try_from(index).unwrap(), transaction));
            self.nonce += 1;
        }
        self.blocks.push((list, events));
    }

    fn number_of(&self, hash: &Value) -> usize {
        let wanted = bytes(hash);
        (0..=self.best())
            .find(|number| hash_of(*number)[..] == wanted[..])
            .unwrap()
    }

    fn storage(&self, key: &[u8], at: Option<&Value>) -> Value {
        if key.len() == 32 {
            let number = self.number_of(at.unwrap());
            return hex(&self.blocks[number - 1].1.encode());
        }
        assert_eq!(key.len(), 32 + 8 + 32);
        let account: [u8; 32] = key[40..].try_into().unwrap();
        match self.machine.state.contracts.get(&account) {
            Some(code) => hex(&ContractInfo {
                trie_id: vec![1; 32],
                code_hash: H256(self.code_hashes[*code]),
                storage_bytes: 5,
            }
            .encode()),
            None => Value::Null,
        }
    }
}

impl Node for &Chain {
    fn request(&self, method: &str, parameters: Value) -> Result<Value, RpcError> {
        let mut inside = self.0.borrow_mut();
        Ok(match method {
            "state_getMetadata" => hex(&metadata::metadata()),
            "state_getRuntimeVersion" => {
                json!({ "specVersion": SPEC, "transactionVersion": VERSION })
            }
            "chain_getHeader" => {
                let number = match parameters.get(0) {
                    Some(hash) => inside.number_of(hash),
                    None => inside.best(),
                };
                json!({ "number": format!("0x{number:x}") })
            }
            "chain_getBlockHash" => {
                let number = usize::try_from(parameters[0].as_u64().unwrap()).unwrap();
                hex(&hash_of(number))
            }
            "chain_getBlock" => {
                let number = inside.number_of(&parameters[0]);
                let list: Vec<Value> = inside.blocks[number - 1]
                    .0
                    .iter()
                    .map(|one| hex(one))
                    .collect();
                json!({ "block": { "extrinsics": list } })
            }
            "chain_getFinalizedHead" => hex(&hash_of(inside.best().saturating_sub(2))),
            "system_accountNextIndex" => json!(inside.nonce),
            "state_call" => {
                let function = parameters[0].as_str().unwrap();
                hex(&inside.runtime(function, &bytes(&parameters[1])))
            }
            "state_getStorage" => inside.storage(&bytes(&parameters[0]), parameters.get(1)),
            "author_submitExtrinsic" => {
                let transaction = bytes(&parameters[0]);
                let (_, nonce, _) = inside.read(&transaction);
                if nonce != inside.nonce {
                    return Err(refuse(method, 1010, "Invalid Transaction: outdated"));
                }
                let hash = blake2_256(&transaction);
                inside.waiting.push(transaction);
                hex(&hash)
            }
            other => return Err(refuse(other, -32_601, "Method not found")),
        })
    }

    /// Time passes by blocks here.
    fn pause(&self) {
        self.0.borrow_mut().author();
    }
}
