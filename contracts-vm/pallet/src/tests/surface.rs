//! What tools look for in the metadata, by name.

use super::mock::*;
use crate::{Call, CodeInfo, ContractInfo, Determinism, Environment, Event, Origin};
use frame_support::traits::StorageInfoTrait;
use scale_info::{TypeDef, TypeInfo, form::MetaForm};

type Variant = scale_info::Variant<MetaForm>;

fn variants<T: TypeInfo>() -> Vec<Variant> {
    match T::type_info().type_def {
        TypeDef::Variant(all) => all.variants,
        _ => panic!("no enum"),
    }
}

fn fields(variant: &Variant) -> Vec<&'static str> {
    let names = variant.fields.iter().map(|field| field.name);
    names.map(|name| name.unwrap_or_default()).collect()
}

fn path<T: TypeInfo>() -> String {
    T::type_info().path.segments.join("::")
}

#[test]
fn calls_have_their_places_and_their_arguments() {
    let calls: Vec<_> = variants::<Call<Test>>()
        .iter()
        .map(|call| (call.index, call.name, fields(call)))
        .collect();
    let run = ["value", "gas_limit", "storage_deposit_limit"];
    let with = |before: &[&'static str], after: &[&'static str]| [before, &run, after].concat();
    assert_eq!(
        calls,
        [
            (
                3,
                "upload_code",
                vec!["code", "storage_deposit_limit", "determinism"]
            ),
            (4, "remove_code", vec!["code_hash"]),
            (5, "set_code", vec!["dest", "code_hash"]),
            (6, "call", with(&["dest"], &["data"])),
            (
                7,
                "instantiate_with_code",
                with(&[], &["code", "data", "salt"])
            ),
            (8, "instantiate", with(&[], &["code_hash", "data", "salt"])),
        ]
    );
}

#[test]
fn events_have_their_places_and_name_the_contract() {
    let events: Vec<_> = variants::<Event<Test>>()
        .iter()
        .map(|event| (event.name, fields(event)))
        .collect();
    assert_eq!(events[0], ("Instantiated", vec!["deployer", "contract"]));
    assert_eq!(events[1], ("Terminated", vec!["contract", "beneficiary"]));
    assert_eq!(events[3], ("ContractEmitted", vec!["contract", "data"]));
    assert_eq!(events[6], ("Called", vec!["caller", "contract"]));
    let names: Vec<_> = events.iter().map(|(name, _)| *name).collect();
    assert_eq!(names[2], "CodeStored");
    assert_eq!(names[4..6], ["CodeRemoved", "ContractCodeUpdated"]);
    assert_eq!(names[7], "DelegateCalled");
    assert_eq!(names[8], "StorageDepositTransferredAndHeld");
    assert_eq!(names[9], "StorageDepositTransferredAndReleased");
    assert_eq!(names.len(), 10);
}

#[test]
fn types_go_by_the_paths_that_tools_know() {
    assert_eq!(path::<Environment<Test>>(), "pallet_contracts::Environment");
    assert_eq!(path::<Origin<Test>>(), "pallet_contracts::Origin");
    assert_eq!(
        path::<ContractInfo<Test>>(),
        "pallet_contracts::storage::ContractInfo"
    );
    assert_eq!(path::<CodeInfo<Test>>(), "pallet_contracts::wasm::CodeInfo");
    assert_eq!(path::<Determinism>(), "pallet_contracts::wasm::Determinism");
}

#[test]
fn storage_has_its_names() {
    let names: Vec<_> = Contracts::storage_info()
        .into_iter()
        .map(|info| String::from_utf8(info.storage_name).unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "PristineCode",
            "CodeInfoOf",
            "Nonce",
            "ContractInfoOf",
            "DeletionQueue",
            "DeletionQueueCounter"
        ]
    );
}

/// The contract's own field names, as `contractInfoOf` shows them.
#[test]
fn the_record_of_a_contract_has_its_fields() {
    let TypeDef::Composite(record) = ContractInfo::<Test>::type_info().type_def else {
        panic!("no struct")
    };
    let names = record.fields.iter().map(|field| field.name.unwrap());
    assert_eq!(
        names.collect::<Vec<_>>(),
        [
            "trie_id",
            "code_hash",
            "storage_bytes",
            "storage_items",
            "storage_byte_deposit",
            "storage_item_deposit",
            "storage_base_deposit",
            "delegate_dependencies"
        ]
    );
}
