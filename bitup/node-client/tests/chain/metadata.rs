//! What the chain says about itself.

use super::types::{
    ChargeTransactionPayment, CheckMetadataHash, CheckNonce, ContractInfo, ContractsCall,
    ContractsError, Era, EventRecord, H256,
};
use frame_metadata::{
    RuntimeMetadataPrefixed,
    v14::{
        ExtrinsicMetadata, PalletCallMetadata, PalletConstantMetadata, PalletErrorMetadata,
        PalletMetadata, PalletStorageMetadata, RuntimeMetadataV14, SignedExtensionMetadata,
        StorageEntryMetadata, StorageEntryModifier, StorageEntryType, StorageHasher,
    },
};
use parity_scale_codec::Encode;
use scale_info::{TypeInfo, meta_type};

fn extension<Extra: TypeInfo + 'static, Implicit: TypeInfo + 'static>(
    identifier: &'static str,
) -> SignedExtensionMetadata {
    SignedExtensionMetadata {
        identifier,
        ty: meta_type::<Extra>(),
        additional_signed: meta_type::<Implicit>(),
    }
}

fn pallet(name: &'static str, index: u8, entries: Vec<StorageEntryMetadata>) -> PalletMetadata {
    PalletMetadata {
        name,
        storage: Some(PalletStorageMetadata {
            prefix: name,
            entries,
        }),
        calls: None,
        event: None,
        constants: Vec::new(),
        error: None,
        index,
    }
}

fn entry(name: &'static str, ty: StorageEntryType) -> StorageEntryMetadata {
    StorageEntryMetadata {
        name,
        modifier: StorageEntryModifier::Default,
        ty,
        default: Vec::new(),
        docs: Vec::new(),
    }
}

/// The metadata's bytes.
pub fn metadata() -> Vec<u8> {
    let events = StorageEntryType::Plain(meta_type::<Vec<EventRecord>>());
    let mut system = pallet("System", 0, vec![entry("Events", events)]);
    system.constants.push(PalletConstantMetadata {
        name: "SS58Prefix",
        ty: meta_type::<u16>(),
        value: 1_284_u16.encode(),
        docs: Vec::new(),
    });
    let contracts = StorageEntryType::Map {
        hashers: vec![StorageHasher::Twox64Concat],
        key: meta_type::<[u8; 32]>(),
        value: meta_type::<ContractInfo>(),
    };
    let mut contracts = pallet("Contracts", 9, vec![entry("ContractInfoOf", contracts)]);
    contracts.calls = Some(PalletCallMetadata {
        ty: meta_type::<ContractsCall>(),
    });
    contracts.error = Some(PalletErrorMetadata {
        ty: meta_type::<ContractsError>(),
    });
    let extrinsic = ExtrinsicMetadata {
        ty: meta_type::<()>(),
        version: 4,
        signed_extensions: vec![
            extension::<(), ()>("CheckNonZeroSender"),
            extension::<(), u32>("CheckSpecVersion"),
            extension::<(), u32>("CheckTxVersion"),
            extension::<(), H256>("CheckGenesis"),
            extension::<Era, H256>("CheckMortality"),
            extension::<CheckNonce, ()>("CheckNonce"),
            extension::<(), ()>("CheckWeight"),
            extension::<ChargeTransactionPayment, ()>("ChargeTransactionPayment"),
            extension::<CheckMetadataHash, Option<H256>>("CheckMetadataHash"),
        ],
    };
    let whole = RuntimeMetadataV14::new(vec![system, contracts], extrinsic, meta_type::<()>());
    RuntimeMetadataPrefixed::from(whole).encode()
}
