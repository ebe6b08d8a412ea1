//! Commands that write: `new`, `build`, `verify`, `bindings`.

use crate::{
    arguments::{Language, Verify},
    artifact::{self, Loaded},
    error::ToolError,
    files, local, output, project,
    source::found,
};
use bitup_abi::{
    Abi,
    bindings::{self, write},
    value::digits,
};
use bitup_compiler::{build as build_sources, metadata::blake2_256};
use bitup_local::Chain;
use serde_json::json;
use std::{path::Path, process::ExitCode};

/// Makes a folder with a contract and its tests.
pub fn new(folder: &Path) -> Result<ExitCode, ToolError> {
    for path in project::make(folder)? {
        println!("{}", path.display());
    }
    println!("next: cd {} && bitup test", folder.display());
    Ok(ExitCode::SUCCESS)
}

/// Makes Wasm and metadata of the contracts of a file.
pub fn build(file: &Path, out: &Path, json: bool) -> Result<ExitCode, ToolError> {
    let sources = files::program(&[file.to_owned()])?;
    let contracts = match build_sources(&sources) {
        Ok(contracts) => contracts,
        Err(findings) => return Ok(local::findings(&findings, json)),
    };
    // What the chain would refuse is not written.
    for contract in &contracts {
        Chain::default().upload(&contract.wasm)?;
    }
    files::folder(out)?;
    for contract in &contracts {
        let path = |ending: &str| {
            out.join(format!("{}.{ending}", contract.name))
                .to_string_lossy()
                .into_owned()
        };
        files::write(&path("wasm"), &contract.wasm)?;
        files::write(&path("json"), contract.metadata.as_bytes())?;
        files::write(&path("contract"), output::bundle(contract).as_bytes())?;
        if !json {
            println!("{}: {} bytes of Wasm", path("wasm"), contract.wasm.len());
        }
    }
    if json {
        println!("{}", output::built(&contracts));
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds again and compares.
pub fn verify(what: &Verify) -> Result<ExitCode, ToolError> {
    let built = match artifact::built(&what.file, what.contract.as_deref(), what.json)? {
        Loaded::Found(built) => built,
        Loaded::Wrong(code) => return Ok(code),
    };
    let hash = blake2_256(&built.wasm);
    let (expected, of) = match (&what.against, &what.hash, &what.address) {
        (Some(file), _, _) => (hash_of(file)?, file.display().to_string()),
        (_, Some(text), _) => (artifact::hash(text)?, "the hash given".to_owned()),
        (_, _, Some(address)) => (
            crate::chain::code_hash(address, &what.node)?,
            address.clone(),
        ),
        (None, None, None) => return Err(ToolError::NothingToVerify),
    };
    let same = hash == expected;
    let (hash, expected) = (digits(&hash, "0x"), digits(&expected, "0x"));
    if what.json {
        let told =
            json!({ "same": same, "contract": built.name, "hash": hash, "expected": expected });
        println!("{told}");
    } else if same {
        println!("same: {} gives the code of {of}, {hash}", built.name);
    } else {
        println!(
            "DIFFERENT: {} gives {hash}, {of} has {expected}\nOther sources, other packages or another version of bitup made it.",
            built.name
        );
    }
    Ok(found(!same))
}

/// The hash of the code in a file; a file that holds code and a hash is held against itself.
fn hash_of(file: &Path) -> Result<[u8; 32], ToolError> {
    let bytes = files::read(file)?.text;
    if bytes.starts_with(b"\0asm") {
        return Ok(blake2_256(&bytes));
    }
    let abi = Abi::parse(&bytes)?;
    Ok(abi.wasm.map_or(abi.hash, |wasm| blake2_256(&wasm)))
}

/// Writes code of another language that calls a contract.
pub fn bindings(
    file: &Path,
    language: Language,
    contract: Option<&str>,
    out: &Path,
    json: bool,
) -> Result<ExitCode, ToolError> {
    let artifact = match artifact::load(file, contract, json)? {
        Loaded::Found(artifact) => artifact,
        Loaded::Wrong(code) => return Ok(code),
    };
    let language = match language {
        Language::Typescript => bindings::Language::TypeScript,
        Language::Rust => bindings::Language::Rust,
        Language::Python => bindings::Language::Python,
    };
    let written = write(&artifact.abi, language)?;
    files::folder(out)?;
    let mut paths = Vec::new();
    for one in &written {
        let path = out.join(&one.name).to_string_lossy().into_owned();
        files::write(&path, one.text.as_bytes())?;
        paths.push(path);
    }
    if json {
        println!("{}", json!({ "files": paths }));
    } else {
        for path in paths {
            println!("{path}");
        }
    }
    Ok(ExitCode::SUCCESS)
}
