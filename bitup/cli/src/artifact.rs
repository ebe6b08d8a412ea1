//! A contract as commands take it: source that is built, or files that were.

use crate::{error::ToolError, files, local};
#[cfg(not(feature = "node"))]
use bitup_abi::account;
use bitup_abi::{Abi, Call, Encoder, Value, contract::hex};
use bitup_compiler::{Built, build};
use std::{path::Path, process::ExitCode};

/// A contract with its code, where that is known.
#[derive(Debug)]
pub struct Artifact {
    /// What is known about it.
    pub abi: Abi,
    /// Its code.
    pub wasm: Option<Vec<u8>>,
}

/// What was found, or how the command ends because the source is wrong.
pub enum Loaded<T> {
    /// What was asked for.
    Found(T),
    /// The findings were told.
    Wrong(ExitCode),
}

/// The contract of a source that is meant.
pub fn built(file: &Path, contract: Option<&str>, json: bool) -> Result<Loaded<Built>, ToolError> {
    let sources = files::program(&[file.to_owned()])?;
    let contracts = match build(&sources) {
        Ok(contracts) => contracts,
        Err(findings) => return Ok(Loaded::Wrong(local::findings(&findings, json))),
    };
    one_of(contracts, contract).map(Loaded::Found)
}

/// The one that is named, or the only one.
pub fn one_of(contracts: Vec<Built>, name: Option<&str>) -> Result<Built, ToolError> {
    let names: Vec<String> = contracts.iter().map(|one| one.name.clone()).collect();
    let mut fitting = contracts
        .into_iter()
        .filter(|one| name.is_none_or(|name| one.name == name));
    match (fitting.next(), fitting.next()) {
        (Some(contract), None) => Ok(contract),
        _ => Err(ToolError::Which(names.join(", "))),
    }
}

/// What is known about a contract that was built.
pub fn of_built(built: Built) -> Result<Artifact, ToolError> {
    Ok(Artifact {
        abi: Abi::parse(built.metadata.as_bytes())?,
        wasm: Some(built.wasm),
    })
}

/// A contract by its source or by a file that `bitup build` wrote.
pub fn load(
    file: &Path,
    contract: Option<&str>,
    json: bool,
) -> Result<Loaded<Artifact>, ToolError> {
    if file.extension().is_some_and(|ending| ending == "bit") {
        return match built(file, contract, json)? {
            Loaded::Found(built) => of_built(built).map(Loaded::Found),
            Loaded::Wrong(code) => Ok(Loaded::Wrong(code)),
        };
    }
    let abi = Abi::parse(&files::read(file)?.text)?;
    let wasm = abi.wasm.clone();
    Ok(Loaded::Found(Artifact { abi, wasm }))
}

/// The code of a contract.
pub fn code(artifact: &Artifact, file: &Path) -> Result<Vec<u8>, ToolError> {
    artifact
        .wasm
        .clone()
        .ok_or_else(|| ToolError::NoCode(file.display().to_string()))
}

/// The call with a name.
pub fn find<'a>(abi: &'a Abi, calls: &'a [Call], name: &str) -> Result<&'a Call, ToolError> {
    calls.iter().find(|call| call.label == name).ok_or_else(|| {
        let known: Vec<String> = calls
            .iter()
            .map(|call| format!("`{}`", call.label))
            .collect();
        ToolError::NoCall {
            contract: abi.name.clone(),
            name: name.to_owned(),
            known: known.join(", "),
        }
    })
}

/// The bytes of a call.
pub fn encoded(abi: &Abi, call: &Call, values: &[Value]) -> Result<Vec<u8>, ToolError> {
    let encoder = Encoder {
        types: &abi.types,
        accounts: &named,
    };
    let types: Vec<usize> = call.arguments.iter().map(|(_, ty)| *ty).collect();
    let arguments = encoder.encode_all(&types, values)?;
    Ok([&call.selector[..], &arguments].concat())
}

/// The account that a word names.
#[cfg(feature = "node")]
pub fn named(word: &str) -> Option<[u8; 32]> {
    bitup_node_client::key::account(word)
}

/// The account that a word names.
#[cfg(not(feature = "node"))]
pub fn named(word: &str) -> Option<[u8; 32]> {
    match word.strip_prefix("0x") {
        Some(digits) => hex(digits)?.try_into().ok(),
        None => account::parse(word).map(|(_, id)| id),
    }
}

/// An account that has to be one.
#[cfg(feature = "node")]
pub fn account(word: &str) -> Result<[u8; 32], ToolError> {
    named(word).ok_or_else(|| ToolError::NoAccount(word.to_owned()))
}

/// Bytes in hexadecimal digits.
pub fn bytes(digits: &str) -> Result<Vec<u8>, ToolError> {
    hex(digits).ok_or_else(|| ToolError::NoBytes(digits.to_owned()))
}

/// A hash in hexadecimal digits.
pub fn hash(digits: &str) -> Result<[u8; 32], ToolError> {
    bytes(digits)?
        .try_into()
        .map_err(|_| ToolError::NoBytes(digits.to_owned()))
}
