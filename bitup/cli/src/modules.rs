//! `bitup use`: the ready-made contracts, which are part of the tool.

use crate::{
    arguments::Use,
    artifact::{self, Artifact},
    chain,
    error::ToolError,
    files::{self, FileError},
    local,
};
use bitup_abi::{Abi, Call, Shape, TypeNumber, Types, Value, parse_value};
use bitup_compiler::{Source, build};
use serde_json::json;
use std::{path::Path, process::ExitCode};

/// A ready-made contract: its name and its files, the one with the contract first.
struct Module {
    name: &'static str,
    files: &'static [(&'static str, &'static str)],
}

macro_rules! modules {
    ($($name:literal: $($file:literal),+;)*) => {
        /// The folders of `bitup/modules`.
        const MODULES: &[Module] = &[$(Module {
            name: $name,
            files: &[$(($file, include_str!(concat!("../../modules/", $name, "/", $file)))),+],
        },)*];
    };
}

modules! {
    "escrow": "escrow.bit", "escrow.test.bit";
    "group-deposit": "group_deposit.bit", "group_deposit.test.bit";
    "red-envelope": "red_envelope.bit", "red_envelope.test.bit";
}

impl Module {
    fn artifact(&self) -> Result<Result<Artifact, ExitCode>, ToolError> {
        let source = |(path, text): &(&str, &str)| Source {
            path: (*path).to_owned(),
            text: text.as_bytes().to_vec(),
        };
        let sources: Vec<Source> = self.files.iter().map(source).collect();
        let built = match build(&sources) {
            Ok(contracts) => artifact::one_of(contracts, None)?,
            Err(findings) => return Ok(Err(local::findings(&findings, false))),
        };
        artifact::of_built(built).map(Ok)
    }
}

/// Uses one, or lists all.
pub fn run(what: &Use) -> Result<ExitCode, ToolError> {
    let Some(name) = &what.module else {
        return list(what.send.json);
    };
    let module = MODULES.iter().find(|module| module.name == name);
    let module = module.ok_or_else(|| ToolError::NoModule(name.clone()))?;
    if let Some(folder) = &what.copy {
        return copy(module, folder);
    }
    let artifact = match module.artifact()? {
        Ok(artifact) => artifact,
        Err(code) => return Ok(code),
    };
    let constructor = artifact::find(&artifact.abi, &artifact.abi.constructors, "new")?;
    let values = settings(&artifact.abi, constructor, &what.set)?;
    let code = artifact.wasm.clone().unwrap_or_default();
    chain::send_new(&artifact, &code, ("new", &values), &what.salt, &what.send)
}

fn copy(module: &Module, folder: &Path) -> Result<ExitCode, ToolError> {
    let filled = std::fs::read_dir(folder).is_ok_and(|mut list| list.next().is_some());
    if filled {
        let path = folder.to_owned();
        return Err(FileError::Filled { path }.into());
    }
    files::folder(folder)?;
    for (name, text) in module.files {
        let path = folder.join(name);
        files::write(&path.to_string_lossy(), text.as_bytes())?;
        println!("{}", path.display());
    }
    Ok(ExitCode::SUCCESS)
}

fn list(json: bool) -> Result<ExitCode, ToolError> {
    let mut all = Vec::new();
    for module in MODULES {
        let artifact = match module.artifact()? {
            Ok(artifact) => artifact,
            Err(code) => return Ok(code),
        };
        let abi = &artifact.abi;
        let constructor = artifact::find(abi, &abi.constructors, "new")?;
        let parameters = parameters(abi, constructor);
        if !json {
            println!("{}\n    {}", module.name, abi.docs.join(" "));
            let set: Vec<String> = parameters
                .iter()
                .map(|(name, ty)| format!("--set {name}=<{ty}>"))
                .collect();
            println!("    bitup use {} {}", module.name, set.join(" "));
        }
        let parameters: Vec<_> = parameters
            .into_iter()
            .map(|(name, ty)| json!({ "name": name, "type": ty }))
            .collect();
        all.push(json!({ "name": module.name, "docs": abi.docs, "parameters": parameters }));
    }
    if json {
        println!("{}", json!({ "modules": all }));
    }
    Ok(ExitCode::SUCCESS)
}

/// The parameters of a constructor with what they take.
fn parameters(abi: &Abi, constructor: &Call) -> Vec<(String, String)> {
    let one = |(name, ty): &(String, TypeNumber)| (name.clone(), shown(&abi.types, *ty));
    constructor.arguments.iter().map(one).collect()
}

/// A type in a word.
fn shown(types: &Types, number: TypeNumber) -> String {
    use bitup_abi::Primitive;
    if types.is_account(number) {
        return "address".to_owned();
    }
    if types.is_wide(number) {
        return "u256".to_owned();
    }
    match types.get(number).map(|ty| (&ty.shape, ty.name())) {
        Some((Shape::Primitive(Primitive::Bool), _)) => "true or false".to_owned(),
        Some((Shape::Primitive(Primitive::Unsigned(bits)), _)) => format!("u{bits}"),
        Some((Shape::Primitive(Primitive::Signed(bits)), _)) => format!("i{bits}"),
        Some((Shape::Primitive(_), _)) => "text in quotes".to_owned(),
        Some((Shape::Sequence(_) | Shape::Array(..) | Shape::Tuple(_), "")) => "[a, b]".to_owned(),
        Some((_, name)) if !name.is_empty() => name.to_owned(),
        _ => "value".to_owned(),
    }
}

/// The values of the parameters in their order.
fn settings(abi: &Abi, constructor: &Call, set: &[String]) -> Result<Vec<Value>, ToolError> {
    let wrong = |why: String| {
        let list: Vec<String> = parameters(abi, constructor)
            .into_iter()
            .map(|(name, ty)| format!("`{name}` ({ty})"))
            .collect();
        let list = if list.is_empty() {
            "nothing".to_owned()
        } else {
            list.join(", ")
        };
        ToolError::Settings(why, list)
    };
    let mut given: Vec<(&str, &str)> = Vec::new();
    for one in set {
        let pair = one.split_once('=');
        let (name, value) = pair.ok_or_else(|| ToolError::NoSetting(one.clone()))?;
        let name = name.trim();
        if given.iter().any(|(known, _)| *known == name) {
            return Err(wrong(format!("`{name}` is set twice")));
        }
        if !constructor.arguments.iter().any(|(known, _)| known == name) {
            return Err(wrong(format!("there is no parameter `{name}`")));
        }
        given.push((name, value));
    }
    let mut values = Vec::new();
    for (name, _) in &constructor.arguments {
        match given.iter().find(|(known, _)| known == name) {
            Some((_, text)) => values.push(parse_value(text)?),
            None => return Err(wrong(format!("`{name}` is not set"))),
        }
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ready_made_contract_is_in_the_tool() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../modules");
        let mut found: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.file_type().unwrap().is_dir())
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        found.sort();
        let known: Vec<&str> = MODULES.iter().map(|module| module.name).collect();
        assert_eq!(found, known);
        for module in MODULES {
            let files = std::fs::read_dir(format!("{folder}/{}", module.name)).unwrap();
            let bits = files.filter(|entry| {
                let path = entry.as_ref().unwrap().path();
                path.extension().is_some_and(|ending| ending == "bit")
            });
            assert_eq!(bits.count(), module.files.len(), "{}", module.name);
        }
    }
}
