//! The commands for chains.

use super::Question;
use crate::{
    arguments::Send,
    artifact::{self, Artifact, Loaded},
    error::ToolError,
    files,
    source::found,
};
use bitup_abi::{Value, parse_call, value::digits};
use bitup_node_client::{
    Client, Done, Emitted, Http, Key, Limits,
    contracts::{DryRun, Outcome, StorageDeposit},
};
use serde_json::{Value as Json, json};
use std::{path::Path, process::ExitCode};

fn connect(node: &str) -> Result<Client<Http>, ToolError> {
    let node = Http::new(node).map_err(bitup_node_client::ClientError::from)?;
    Ok(Client::connect(node)?)
}

fn key(send: &Send) -> Result<Key, ToolError> {
    match (&send.key_file, &send.test_key) {
        (Some(file), _) => {
            let text = files::read(file)?.text;
            Ok(Key::read(&String::from_utf8_lossy(&text))?)
        }
        (None, Some(path)) if path.starts_with("//") => Ok(Key::read(path)?),
        // A phrase on the command line would stay in the shell's history.
        _ => Err(ToolError::NoKey),
    }
}

fn limits(send: &Send) -> Limits {
    Limits {
        value: send.value,
        weight: None,
        deposit: send.deposit_limit,
        finalized: send.finalized,
    }
}

/// Makes a contract.
pub fn deploy(
    file: &Path,
    contract: Option<&str>,
    call: &str,
    salt: &str,
    send: &Send,
) -> Result<ExitCode, ToolError> {
    let artifact = match artifact::load(file, contract, send.json)? {
        Loaded::Found(artifact) => artifact,
        Loaded::Wrong(code) => return Ok(code),
    };
    let code = artifact::code(&artifact, file)?;
    let (name, values) = parse_call(call)?;
    send_new(&artifact, &code, (&name, &values), salt, send)
}

/// Makes a contract of what was loaded.
pub fn send_new(
    artifact: &Artifact,
    code: &[u8],
    call: (&str, &[Value]),
    salt: &str,
    send: &Send,
) -> Result<ExitCode, ToolError> {
    let abi = &artifact.abi;
    let salt = artifact::bytes(salt)?;
    let constructor = artifact::find(abi, &abi.constructors, call.0)?;
    let data = artifact::encoded(abi, constructor, call.1)?;
    if send.encode {
        return Ok(bytes(&data, send.json));
    }
    let key = key(send)?;
    let client = connect(&send.node)?;
    let limits = limits(send);
    if send.dry_run {
        let run = client.dry_deploy(abi, code, &key.account(), call, &salt, send.value)?;
        return Ok(dry(&client, &run, None, send.json));
    }
    let made = client.deploy(abi, code, &key, call, &salt, &limits)?;
    let address = client.address(&made.contract);
    if send.json {
        let mut told = done_json(&client, &made.done);
        told["contract"] = json!(address);
        println!("{told}");
    } else {
        println!("{} is at {address}", abi.name);
        print_done(&client, &made.done);
    }
    Ok(ExitCode::SUCCESS)
}

/// Calls a contract.
pub fn call(
    file: &Path,
    contract: Option<&str>,
    address: &str,
    call: &str,
    send: &Send,
) -> Result<ExitCode, ToolError> {
    let artifact = match artifact::load(file, contract, send.json)? {
        Loaded::Found(artifact) => artifact,
        Loaded::Wrong(code) => return Ok(code),
    };
    let abi = &artifact.abi;
    let (name, values) = parse_call(call)?;
    let message = artifact::find(abi, &abi.messages, &name)?;
    let data = artifact::encoded(abi, message, &values)?;
    if send.encode {
        return Ok(bytes(&data, send.json));
    }
    let to = artifact::account(address)?;
    let key = key(send)?;
    let client = connect(&send.node)?;
    let call = (name.as_str(), values.as_slice());
    if send.dry_run {
        let (run, value) = client.query(abi, &to, &key.account(), send.value, call)?;
        return Ok(dry(&client, &run, Some(&value), send.json));
    }
    let done = client.call(abi, &to, &key, call, &limits(send))?;
    if send.json {
        println!("{}", done_json(&client, &done));
    } else {
        print_done(&client, &done);
    }
    Ok(ExitCode::SUCCESS)
}

/// Asks a contract.
pub fn query(
    file: &Path,
    contract: Option<&str>,
    asked: &Question<'_>,
) -> Result<ExitCode, ToolError> {
    let artifact = match artifact::load(file, contract, asked.json)? {
        Loaded::Found(artifact) => artifact,
        Loaded::Wrong(code) => return Ok(code),
    };
    let (name, values) = parse_call(asked.call)?;
    let to = artifact::account(asked.address)?;
    let from = artifact::account(asked.from)?;
    let client = connect(asked.node)?;
    let call = (name.as_str(), values.as_slice());
    let (run, value) = client.query(&artifact.abi, &to, &from, asked.value, call)?;
    let failed = reverted(&run);
    let inner = answer(&value);
    if asked.json {
        let told = inner.to_json(&|id| client.address(id));
        println!(
            "{}",
            json!({ "failed": failed, "value": told, "gas": gas(&run) })
        );
    } else {
        let front = if failed { "fails with " } else { "" };
        println!("{front}{}", inner.shown(&|id| client.address(id)));
    }
    Ok(found(failed))
}

/// The hash of the code of a contract on a chain.
pub fn code_hash(address: &str, node: &str) -> Result<[u8; 32], ToolError> {
    let id = artifact::account(address)?;
    let client = connect(node)?;
    client
        .code_hash(&id)?
        .ok_or_else(|| ToolError::NoContract(address.to_owned()))
}

fn bytes(data: &[u8], json: bool) -> ExitCode {
    let text = digits(data, "0x");
    if json {
        println!("{}", json!({ "data": text }));
    } else {
        println!("{text}");
    }
    ExitCode::SUCCESS
}

fn reverted(run: &DryRun) -> bool {
    !matches!(
        run.outcome,
        Outcome::Returned {
            reverted: false,
            ..
        }
    )
}

/// The value or error within `Ok(...)` and `Err(...)`.
fn answer(value: &Value) -> &Value {
    match value {
        Value::Variant { name, fields, .. } if name == "Ok" || name == "Err" => {
            match fields.as_slice() {
                [inner] => answer(inner),
                _ => value,
            }
        }
        other => other,
    }
}

fn gas(run: &DryRun) -> Json {
    json!({ "refTime": run.required.ref_time, "proofSize": run.required.proof_size })
}

fn deposit(run: &DryRun) -> String {
    match run.deposit {
        StorageDeposit::Charge(amount) => amount.to_string(),
        StorageDeposit::Refund(amount) => format!("-{amount}"),
    }
}

/// What a dry run says.
fn dry(client: &Client<Http>, run: &DryRun, value: Option<&Value>, json: bool) -> ExitCode {
    let shown = |id: &[u8; 32]| client.address(id);
    let failed = reverted(run);
    if json {
        let value = value.map(|value| answer(value).to_json(&shown));
        let told =
            json!({ "failed": failed, "value": value, "gas": gas(run), "deposit": deposit(run) });
        println!("{told}");
    } else {
        if let Some(value) = value {
            let front = if failed { "fails with " } else { "gives " };
            println!("{front}{}", answer(value).shown(&shown));
        }
        let weight = run.required;
        println!(
            "time {} ps, proof {} bytes",
            weight.ref_time, weight.proof_size
        );
        println!("deposit {}", deposit(run));
    }
    found(failed)
}

fn event_shown(client: &Client<Http>, one: &Emitted) -> String {
    let shown = |id: &[u8; 32]| client.address(id);
    match &one.event {
        Some((name, fields)) => {
            let field =
                |(name, value): &(String, Value)| format!("{name}: {}", value.shown(&shown));
            let fields: Vec<String> = fields.iter().map(field).collect();
            format!("{name}({})", fields.join(", "))
        }
        None => format!(
            "{} says {}",
            client.address(&one.contract),
            digits(&one.data, "0x")
        ),
    }
}

fn print_done(client: &Client<Http>, done: &Done) {
    for event in &done.events {
        println!("    {}", event_shown(client, event));
    }
    println!("block {}, transaction {}", done.block, done.transaction);
}

fn done_json(client: &Client<Http>, done: &Done) -> Json {
    let shown = |id: &[u8; 32]| client.address(id);
    let event = |one: &Emitted| {
        let fields = one.event.as_ref().map(|(name, fields)| {
            let fields: serde_json::Map<_, _> = fields
                .iter()
                .map(|(name, value)| (name.clone(), value.to_json(&shown)))
                .collect();
            json!({ "name": name, "fields": fields })
        });
        json!({ "contract": client.address(&one.contract), "event": fields, "data": digits(&one.data, "0x") })
    };
    json!({
        "block": done.block,
        "transaction": done.transaction,
        "events": done.events.iter().map(event).collect::<Vec<_>>(),
        "gas": gas(&done.dry_run),
        "deposit": deposit(&done.dry_run),
    })
}
