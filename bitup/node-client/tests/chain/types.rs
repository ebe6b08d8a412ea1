//! The types of a chain with contracts, written out as the SDK writes them: the client knows them from metadata alone.

use parity_scale_codec::{Compact, Decode, Encode};
use scale_info::{Path, Type, TypeInfo, build::Variants};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct AccountId32(pub [u8; 32]);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct H256(pub [u8; 32]);

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum MultiAddress {
    Id(AccountId32),
    Index(Compact<u32>),
    Raw(Vec<u8>),
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum MultiSignature {
    Ed25519([u8; 64]),
    Sr25519([u8; 64]),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct Weight {
    #[codec(compact)]
    pub ref_time: u64,
    #[codec(compact)]
    pub proof_size: u64,
}

#[allow(non_camel_case_types, reason = "calls have the names of functions")]
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum ContractsCall {
    #[codec(index = 6)]
    call {
        dest: MultiAddress,
        #[codec(compact)]
        value: u128,
        gas_limit: Weight,
        storage_deposit_limit: Option<Compact<u128>>,
        data: Vec<u8>,
    },
    #[codec(index = 7)]
    instantiate_with_code {
        #[codec(compact)]
        value: u128,
        gas_limit: Weight,
        storage_deposit_limit: Option<Compact<u128>>,
        code: Vec<u8>,
        data: Vec<u8>,
        salt: Vec<u8>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum ContractsError {
    #[codec(index = 3)]
    OutOfGas,
    #[codec(index = 5)]
    ContractNotFound,
    #[codec(index = 21)]
    ContractReverted,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct ModuleError {
    pub index: u8,
    pub error: [u8; 4],
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub enum DispatchError {
    Other,
    CannotLookup,
    BadOrigin,
    Module(ModuleError),
}

/// The path of the SDK's type, by which the client finds it.
impl TypeInfo for DispatchError {
    type Identity = Self;

    fn type_info() -> Type {
        use scale_info::build::Fields;
        let plain = |variants: Variants, name: &'static str, index: u8| {
            variants.variant(name, |variant| variant.index(index))
        };
        let variants = plain(Variants::new(), "Other", 0);
        let variants = plain(variants, "CannotLookup", 1);
        let variants = plain(variants, "BadOrigin", 2).variant("Module", |variant| {
            variant
                .index(3)
                .fields(Fields::unnamed().field(|field| field.ty::<ModuleError>()))
        });
        Type::builder()
            .path(Path::new("DispatchError", "sp_runtime"))
            .variant(variants)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum SystemEvent {
    ExtrinsicSuccess { dispatch_info: Weight },
    ExtrinsicFailed { dispatch_error: DispatchError },
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum ContractsEvent {
    #[codec(index = 0)]
    Instantiated {
        deployer: AccountId32,
        contract: AccountId32,
    },
    #[codec(index = 3)]
    ContractEmitted {
        contract: AccountId32,
        data: Vec<u8>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum RuntimeEvent {
    #[codec(index = 0)]
    System(SystemEvent),
    #[codec(index = 9)]
    Contracts(ContractsEvent),
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub enum Phase {
    ApplyExtrinsic(u32),
    Finalization,
    Initialization,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct EventRecord {
    pub phase: Phase,
    pub event: RuntimeEvent,
    pub topics: Vec<H256>,
}

#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode, TypeInfo)]
pub struct ContractInfo {
    pub trie_id: Vec<u8>,
    pub code_hash: H256,
    pub storage_bytes: u32,
}

#[derive(Encode, Decode, TypeInfo)]
pub struct CheckNonce(#[codec(compact)] pub u32);

#[derive(Encode, Decode, TypeInfo)]
pub struct ChargeTransactionPayment(#[codec(compact)] pub u128);

#[derive(Encode, Decode, TypeInfo)]
pub enum Mode {
    Disabled,
    Enabled,
}

#[derive(Encode, Decode, TypeInfo)]
pub struct CheckMetadataHash {
    pub mode: Mode,
}

/// Stands for what the client knows without its type.
#[derive(Encode, Decode, TypeInfo)]
pub struct Era(pub u16);
