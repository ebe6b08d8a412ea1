//! The chain as a test sees it.

use crate::words;
use bitup_compiler::{
    build::Contract,
    check::Program,
    interpret::{Asked, Refusal, Value, World},
    ir::{Module, Record, Shape, account},
    metadata::blake2_256,
};
use bitup_local::{Account, Chain, CodeRefused, Outcome, Receipt};
use std::collections::BTreeMap;

/// Tokens of every account that a test names.
pub const ENDOWMENT: u128 = 1_000_000_000_000_000_000_000;
/// Accounts that are made up for parameters; the first calls where a test does not say who does.
pub const NAMES: [&str; 4] = ["alice", "bob", "carol", "dave"];
/// Milliseconds at which the chain of a test begins, so that `block.time - x` does not fail at once.
const BEGINNING: u64 = 1_700_000_000_000;

/// A chain, and the contracts that tests make on it.
#[derive(Clone, Debug)]
pub struct Stage<'p> {
    program: &'p Program,
    contracts: &'p BTreeMap<usize, Contract>,
    chain: Chain,
    /// The code of each contract of the program.
    codes: BTreeMap<usize, usize>,
    /// The contract at each address.
    made: BTreeMap<Account, usize>,
    gas: u64,
}

impl<'p> Stage<'p> {
    /// A chain with the code of all contracts, on which nothing happened.
    ///
    /// # Errors
    /// When the chain would refuse the code.
    pub fn new(
        program: &'p Program,
        contracts: &'p BTreeMap<usize, Contract>,
    ) -> Result<Self, CodeRefused> {
        let mut chain = Chain::default();
        chain.time = BEGINNING;
        chain.state.endowment = ENDOWMENT;
        let mut codes = BTreeMap::new();
        for (number, contract) in contracts {
            codes.insert(*number, chain.upload(&contract.wasm)?);
        }
        Ok(Self {
            program,
            contracts,
            chain,
            codes,
            made: BTreeMap::new(),
            gas: 0,
        })
    }

    /// Gas that all calls took.
    #[must_use]
    pub fn gas(&self) -> u64 {
        self.gas
    }

    /// The chain.
    #[must_use]
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    fn ended(&mut self, contract: usize, receipt: Receipt) -> Result<Vec<u8>, Refusal> {
        self.gas = self.gas.saturating_add(receipt.gas);
        let module = &self.contracts[&contract].module;
        match receipt.outcome {
            Outcome::Done(output) => Ok(output.get(2..).unwrap_or_default().to_vec()),
            Outcome::Undone(output) => Err(self.error(module, &output)),
            Outcome::Broken(reason) => Err(Refusal {
                error: "Broken".to_owned(),
                shown: reason,
                output: Vec::new(),
            }),
        }
    }

    /// The error that a contract returned.
    fn error(&self, module: &Module, output: &[u8]) -> Refusal {
        let [0, 1, number, fields @ ..] = output else {
            return Refusal {
                error: "Unreadable".to_owned(),
                shown: "arguments that it cannot read".to_owned(),
                output: output.to_vec(),
            };
        };
        let Some(record) = module.errors.get(usize::from(*number)) else {
            return Refusal {
                error: "Unknown".to_owned(),
                shown: format!("error number {number}"),
                output: output.to_vec(),
            };
        };
        Refusal {
            error: record.name.clone(),
            shown: self.with_fields(record, fields),
            output: output.to_vec(),
        }
    }

    /// An error or event as it is written: `WrongDeposit(expected: 100)`.
    pub(crate) fn with_fields(&self, record: &Record, mut bytes: &[u8]) -> String {
        let program = self.program;
        let mut fields = Vec::new();
        for (name, ty, _) in &record.fields {
            let shape = Shape::of(program, ty);
            let found = shape.and_then(|shape| Value::decode(&shape, bytes));
            let shown = match found {
                Some((value, behind)) => {
                    bytes = behind;
                    words::shown(program, ty, &value)
                }
                None => "?".to_owned(),
            };
            fields.push(format!("{name}: {shown}"));
        }
        if fields.is_empty() {
            record.name.clone()
        } else {
            format!("{}({})", record.name, fields.join(", "))
        }
    }
}

impl World for Stage<'_> {
    fn block(&self) -> u32 {
        self.chain.block
    }

    fn time(&self) -> u64 {
        self.chain.time
    }

    fn balance(&self, who: &[u8; 32]) -> u128 {
        self.chain.state.balance(who)
    }

    fn deploy(&mut self, contract: usize, call: Asked) -> Result<[u8; 32], Refusal> {
        let (Some(code), Some(built)) = (
            self.codes.get(&contract).copied(),
            self.contracts.get(&contract),
        ) else {
            return Err(Refusal {
                error: "Unknown".to_owned(),
                shown: "there is no such contract".to_owned(),
                output: Vec::new(),
            });
        };
        let address = blake2_256(format!("{} {}", call.name, self.made.len()).as_bytes());
        let mut input = built.module.constructor.selector.to_vec();
        input.extend_from_slice(call.input.get(4..).unwrap_or_default());
        let from = call.from.unwrap_or_else(|| account(NAMES[0]));
        let receipt = self.chain.deploy(code, address, from, call.value, &input);
        self.ended(contract, receipt)?;
        self.made.insert(address, contract);
        Ok(address)
    }

    fn call(&mut self, to: &[u8; 32], call: Asked) -> Result<Vec<u8>, Refusal> {
        let Some(contract) = self.made.get(to).copied() else {
            return Err(Refusal {
                error: "Unknown".to_owned(),
                shown: format!("there is no contract at {}", words::address(to)),
                output: Vec::new(),
            });
        };
        let from = call.from.unwrap_or_else(|| account(NAMES[0]));
        let receipt = self.chain.call(*to, from, call.value, &call.input);
        self.ended(contract, receipt)
    }

    fn wait(&mut self, milliseconds: u64) {
        self.chain.wait(milliseconds);
    }
}
