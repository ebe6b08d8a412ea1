//! Dry runs of contracts: what `ContractsApi` is asked and answers.

use crate::metadata::{Metadata, MetadataError};
use bitup_abi::{CodecError, Encoder, Value, decode, value::digits};
use parity_scale_codec::{Decode, Encode};

/// The pallet.
pub const PALLET: &str = "Contracts";
/// A call's result is undone by the contract.
const REVERT: u32 = 1;

/// What a call may take of the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Weight {
    /// Picoseconds.
    #[codec(compact)]
    pub ref_time: u64,
    /// Bytes of proof.
    #[codec(compact)]
    pub proof_size: u64,
}

impl Weight {
    /// With a part more in a hundred, for what changes until the transaction runs.
    #[must_use]
    pub fn more(self, percent: u64) -> Self {
        let grown = |part: u64| part.saturating_add(part / 100 * percent).saturating_add(1);
        Self {
            ref_time: grown(self.ref_time),
            proof_size: grown(self.proof_size),
        }
    }

    fn value(self) -> Value {
        let part = |name: &str, number: u64| (name.to_owned(), Value::integer(number));
        Value::Record(vec![
            part("ref_time", self.ref_time),
            part("proof_size", self.proof_size),
        ])
    }
}

/// A deposit for storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode)]
pub enum StorageDeposit {
    /// Comes back.
    Refund(u128),
    /// Is paid.
    Charge(u128),
}

impl StorageDeposit {
    /// What is paid.
    #[must_use]
    pub fn charge(self) -> u128 {
        match self {
            Self::Charge(amount) => amount,
            Self::Refund(_) => 0,
        }
    }
}

/// What a dry run gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DryRun {
    /// What was used.
    pub consumed: Weight,
    /// What a transaction needs as its limit.
    pub required: Weight,
    /// The deposit.
    pub deposit: StorageDeposit,
    /// What was said for debugging.
    pub said: String,
    /// What came out.
    pub outcome: Outcome,
}

/// What came out of a dry run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The contract returned.
    Returned {
        /// Whether it undid what it did.
        reverted: bool,
        /// What it returned.
        data: Vec<u8>,
        /// The contract that was made.
        contract: Option<[u8; 32]>,
    },
    /// The chain refused.
    Refused(String),
}

/// What is asked of `ContractsApi_call`.
#[must_use]
pub fn call_question(from: &[u8; 32], contract: &[u8; 32], value: u128, data: &[u8]) -> Vec<u8> {
    let none = (None::<Weight>, None::<u128>);
    (from, contract, value, none, data).encode()
}

/// What is asked of `ContractsApi_instantiate`.
#[must_use]
pub fn make_question(
    from: &[u8; 32],
    value: u128,
    code: &[u8],
    data: &[u8],
    salt: &[u8],
) -> Vec<u8> {
    /// `Code::Upload`.
    const UPLOAD: u8 = 0;
    let none = (None::<Weight>, None::<u128>);
    (from, value, none, UPLOAD, code, data, salt).encode()
}

/// Reads what `ContractsApi` answers; `makes` for an instantiation.
///
/// # Errors
/// If it is no such answer.
pub fn answer(metadata: &Metadata, mut bytes: &[u8], makes: bool) -> Result<DryRun, CodecError> {
    let input = &mut bytes;
    let wrong = |_| CodecError::Bytes;
    let consumed = Weight::decode(input).map_err(wrong)?;
    let required = Weight::decode(input).map_err(wrong)?;
    let deposit = StorageDeposit::decode(input).map_err(wrong)?;
    let said = Vec::<u8>::decode(input).map_err(wrong)?;
    let outcome = match u8::decode(input).map_err(wrong)? {
        0 => {
            let flags = u32::decode(input).map_err(wrong)?;
            let data = Vec::<u8>::decode(input).map_err(wrong)?;
            let contract = if makes {
                Some(<[u8; 32]>::decode(input).map_err(wrong)?)
            } else {
                None
            };
            Outcome::Returned {
                reverted: flags & REVERT != 0,
                data,
                contract,
            }
        }
        1 => Outcome::Refused(match dispatch_error(metadata) {
            Some(ty) => refusal(metadata, &decode(&metadata.types, ty, input)?),
            None => digits(input, "0x"),
        }),
        _ => return Err(CodecError::Bytes),
    };
    Ok(DryRun {
        consumed,
        required,
        deposit,
        said: String::from_utf8_lossy(&said).into_owned(),
        outcome,
    })
}

/// The type of the chain's refusals.
fn dispatch_error(metadata: &Metadata) -> Option<usize> {
    let mut all = metadata.types.iter();
    all.find(|(_, ty)| ty.path == ["sp_runtime", "DispatchError"])
        .map(|(number, _)| number)
}

/// A refusal of the chain in words.
#[must_use]
pub fn refusal(metadata: &Metadata, error: &Value) -> String {
    if let Value::Variant { name, fields, .. } = error
        && name == "Module"
        && let [Value::Record(parts)] = fields.as_slice()
    {
        let part = |wanted: &str| {
            parts
                .iter()
                .find(|(name, _)| name == wanted)
                .map(|(_, value)| value)
        };
        if let (Some(Value::Integer(pallet)), Some(Value::Bytes(code))) =
            (part("index"), part("error"))
            && let (Ok(pallet), Some(code)) = (u8::try_from(pallet), code.first())
        {
            return metadata.error(pallet, *code);
        }
    }
    error.shown(&|id| digits(id, "0x"))
}

/// What all calls of contracts have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Tokens that go with it.
    pub value: u128,
    /// What it may take of the machine.
    pub weight: Weight,
    /// What it may hold for storage.
    pub deposit: Option<u128>,
}

fn deposit(limit: Option<u128>) -> Value {
    match limit {
        Some(limit) => Value::Variant {
            name: "Some".to_owned(),
            fields: vec![Value::integer(limit)],
            names: Vec::new(),
        },
        None => Value::unit("None"),
    }
}

/// The transaction `Contracts.call`, as the chain's metadata lists its fields.
///
/// # Errors
/// If the chain has no such call, or one with other fields.
pub fn call(
    metadata: &Metadata,
    contract: &[u8; 32],
    budget: &Budget,
    data: &[u8],
) -> Result<Vec<u8>, CallError> {
    let dest = Value::Variant {
        name: "Id".to_owned(),
        fields: vec![Value::Account(*contract)],
        names: Vec::new(),
    };
    encoded(
        metadata,
        "call",
        vec![
            ("dest", dest),
            ("value", Value::integer(budget.value)),
            ("gas_limit", budget.weight.value()),
            ("storage_deposit_limit", deposit(budget.deposit)),
            ("data", Value::Bytes(data.to_vec())),
        ],
    )
}

/// The transaction `Contracts.instantiate_with_code`.
///
/// # Errors
/// If the chain has no such call, or one with other fields.
pub fn make(
    metadata: &Metadata,
    budget: &Budget,
    code: &[u8],
    data: &[u8],
    salt: &[u8],
) -> Result<Vec<u8>, CallError> {
    encoded(
        metadata,
        "instantiate_with_code",
        vec![
            ("value", Value::integer(budget.value)),
            ("gas_limit", budget.weight.value()),
            ("storage_deposit_limit", deposit(budget.deposit)),
            ("code", Value::Bytes(code.to_vec())),
            ("data", Value::Bytes(data.to_vec())),
            ("salt", Value::Bytes(salt.to_vec())),
        ],
    )
}

/// Why a call is not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The chain has no contracts.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// The chain's calls have other fields.
    #[error(
        "the chain's contracts are called in another way: {0}; use a tool that is as new as the chain"
    )]
    Codec(#[from] CodecError),
}

fn encoded(
    metadata: &Metadata,
    name: &str,
    fields: Vec<(&str, Value)>,
) -> Result<Vec<u8>, CallError> {
    let (pallet, variant) = metadata.call(PALLET, name)?;
    let mut out = vec![pallet, variant.index];
    let encoder = Encoder {
        types: &metadata.types,
        accounts: &|_| None,
    };
    let fields: Vec<(String, Value)> = fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    out.extend(encoder.encode_fields(&variant.fields, &fields)?);
    Ok(out)
}
