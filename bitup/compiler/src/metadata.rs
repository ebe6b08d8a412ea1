//! The metadata of a contract, in the form of ink! version 5, which clients read to call it.
//!
//! Every result is `Result<Result<T, Error>, LangError>`: the outer error says that the input could not be read, the inner one
//! is one of the contract's errors, of which the first are those of the language.

use crate::{
    check::{BALANCE, Program, Slot, Type},
    ir::{Entry, Module, Record},
};
use blake2::{Blake2b256, Digest};
use serde_json::{Value, json};

/// The 256-bit BLAKE2b hash.
#[must_use]
pub fn blake2_256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(&Blake2b256::digest(bytes));
    hash
}

/// The first topic of an event: the hash of its name and the types of its fields.
#[must_use]
pub fn event_signature(event: &Record) -> [u8; 32] {
    blake2_256(event.signature.as_bytes())
}

/// The name of a type that is encoded, as ink! writes it.
pub(crate) fn type_name(program: &Program, ty: &Type) -> String {
    match ty {
        Type::Unit => "()".to_owned(),
        Type::Address | Type::Handle(_) => "AccountId".to_owned(),
        Type::Text => "String".to_owned(),
        Type::Bytes => "Vec<u8>".to_owned(),
        Type::Array(item) => format!("Vec<{}>", type_name(program, item)),
        Type::Fixed(item, length) => format!("[{}; {length}]", type_name(program, item)),
        Type::Option(item) => format!("Option<{}>", type_name(program, item)),
        other => program.shown(other),
    }
}

fn hex(bytes: &[u8]) -> String {
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("0x{digits}")
}

/// Types by number, each once.
struct Registry<'p> {
    program: &'p Program,
    types: Vec<Value>,
}

impl Registry<'_> {
    fn put(&mut self, ty: Value) -> usize {
        let known = self.types.iter().position(|one| *one == ty);
        known.unwrap_or_else(|| {
            self.types.push(ty);
            self.types.len() - 1
        })
    }

    fn primitive(&mut self, name: &str) -> usize {
        self.put(json!({ "def": { "primitive": name } }))
    }

    fn bytes32(&mut self, path: [&str; 3]) -> usize {
        let byte = self.primitive("u8");
        let array = self.put(json!({ "def": { "array": { "len": 32, "type": byte } } }));
        self.put(json!({
            "def": { "composite": { "fields": [{ "type": array, "typeName": "[u8; 32]" }] } },
            "path": path,
        }))
    }

    fn of(&mut self, ty: &Type) -> usize {
        match ty {
            Type::Bool => self.primitive("bool"),
            Type::Integer(integer) if integer.bits == 256 => {
                let limb = self.primitive("u64");
                let array = self.put(json!({ "def": { "array": { "len": 4, "type": limb } } }));
                self.put(json!({
                    "def": { "composite": { "fields": [{ "type": array, "typeName": "[u64; 4]" }] } },
                    "path": ["primitive_types", "U256"],
                }))
            }
            Type::Integer(integer) if integer.balance => self.primitive("u128"),
            Type::Integer(integer) => self.primitive(&integer.to_string()),
            Type::Address | Type::Handle(_) => {
                self.bytes32(["ink_primitives", "types", "AccountId"])
            }
            Type::Hash => self.bytes32(["ink_primitives", "types", "Hash"]),
            Type::Text => self.primitive("str"),
            Type::Bytes => {
                let byte = self.primitive("u8");
                self.put(json!({ "def": { "sequence": { "type": byte } } }))
            }
            Type::Array(item) => {
                let item = self.of(item);
                self.put(json!({ "def": { "sequence": { "type": item } } }))
            }
            Type::Fixed(item, length) => {
                let item = self.of(item);
                self.put(json!({ "def": { "array": { "len": length, "type": item } } }))
            }
            Type::Option(item) => {
                let item = self.of(item);
                self.put(json!({
                    "def": { "variant": { "variants": [
                        { "index": 0, "name": "None" },
                        { "fields": [{ "type": item }], "index": 1, "name": "Some" },
                    ] } },
                    "params": [{ "name": "T", "type": item }],
                    "path": ["Option"],
                }))
            }
            Type::Class(number, arguments) => {
                let info = &self.program.classes[*number];
                let fields = self.fields(ty, &info.fields);
                let mut whole = json!({
                    "def": { "composite": { "fields": fields } },
                    "path": [info.ast.name.text],
                });
                self.parameters(&mut whole, &info.type_parameters, arguments);
                self.put(whole)
            }
            Type::Enum(number, arguments) => {
                let info = &self.program.enums[*number];
                let mut variants = Vec::new();
                for (index, (name, slots)) in info.variants.iter().enumerate() {
                    let mut variant = json!({ "index": index, "name": name.text });
                    if !slots.is_empty() {
                        variant["fields"] = json!(self.fields(ty, slots));
                    }
                    variants.push(variant);
                }
                let mut whole = json!({
                    "def": { "variant": { "variants": variants } },
                    "path": [info.name.text],
                });
                self.parameters(&mut whole, &info.type_parameters, arguments);
                self.put(whole)
            }
            _ => self.put(json!({ "def": { "tuple": [] } })),
        }
    }

    /// What the type parameters of a class or enum stand for.
    fn parameters(&mut self, whole: &mut Value, parameters: &[Type], arguments: &[Type]) {
        let mut list = Vec::new();
        for (parameter, argument) in parameters.iter().zip(arguments) {
            let name = self.program.shown(parameter);
            list.push(json!({ "name": name, "type": self.of(argument) }));
        }
        if !list.is_empty() {
            whole["params"] = Value::Array(list);
        }
    }

    /// Fields of a class or variant.
    fn fields(&mut self, whole: &Type, slots: &[Slot]) -> Vec<Value> {
        let mut fields = Vec::new();
        for slot in slots {
            let ty = self.program.filled(whole, &slot.placed.ty);
            let shown = type_name(self.program, &ty);
            fields.push(json!({ "name": slot.name.text, "type": self.of(&ty), "typeName": shown }));
        }
        fields
    }

    fn result(&mut self, good: usize, bad: usize) -> usize {
        self.put(json!({
            "def": { "variant": { "variants": [
                { "fields": [{ "type": good }], "index": 0, "name": "Ok" },
                { "fields": [{ "type": bad }], "index": 1, "name": "Err" },
            ] } },
            "params": [{ "name": "T", "type": good }, { "name": "E", "type": bad }],
            "path": ["Result"],
        }))
    }

    /// A type with its name for people.
    fn shown(&mut self, ty: &Type) -> Value {
        json!({ "displayName": [type_name(self.program, ty)], "type": self.of(ty) })
    }

    fn numbered(&self) -> Vec<Value> {
        self.types
            .iter()
            .enumerate()
            .map(|(id, ty)| json!({ "id": id, "type": ty }))
            .collect()
    }
}

/// The metadata as JSON.
#[must_use]
pub fn describe(program: &Program, contract: usize, module: &Module, wasm: &[u8]) -> String {
    let mut registry = Registry {
        program,
        types: Vec::new(),
    };
    let lang_error = registry.put(json!({
        "def": { "variant": { "variants": [{ "index": 1, "name": "CouldNotReadInput" }] } },
        "path": ["ink_primitives", "LangError"],
    }));
    let error = errors(&mut registry, module);
    let constructors = vec![constructor(
        &mut registry,
        program,
        contract,
        &module.constructor,
        error,
        lang_error,
    )];
    let mut messages = Vec::new();
    for entry in &module.messages {
        messages.push(message(
            &mut registry,
            program,
            contract,
            entry,
            error,
            lang_error,
        ));
    }
    let events: Vec<Value> = module
        .events
        .iter()
        .map(|one| event(&mut registry, program, module, one))
        .collect();
    let storage = storage(&mut registry, program, contract, &module.name);
    let environment = environment(&mut registry);
    let version = env!("CARGO_PKG_VERSION");
    let whole = json!({
        "source": {
            "hash": hex(&blake2_256(wasm)),
            "language": format!("bitUp {version}"),
            "compiler": format!("bitup {version}"),
        },
        "contract": { "name": module.name, "version": version, "authors": [] },
        "image": null,
        "version": 5,
        "types": registry.numbered(),
        "storage": storage,
        "spec": {
            "constructors": constructors,
            "messages": messages,
            "events": events,
            "docs": program.contracts[contract].ast.docs,
            "environment": environment,
            "lang_error": { "displayName": ["ink", "LangError"], "type": lang_error },
        },
    });
    format!("{whole:#}\n")
}

fn errors(registry: &mut Registry<'_>, module: &Module) -> usize {
    let mut variants = Vec::new();
    for (index, error) in module.errors.iter().enumerate() {
        let mut fields = Vec::new();
        for (name, ty, _) in &error.fields {
            let shown = type_name(registry.program, ty);
            fields.push(json!({ "name": name, "type": registry.of(ty), "typeName": shown }));
        }
        variants.push(json!({ "fields": fields, "index": index, "name": error.name }));
    }
    registry.put(json!({
        "def": { "variant": { "variants": variants } },
        "path": [module.name, "Error"],
    }))
}

fn arguments(registry: &mut Registry<'_>, slots: &[Slot]) -> Vec<Value> {
    let mut list = Vec::new();
    for slot in slots {
        list.push(json!({ "label": slot.name.text, "type": registry.shown(&slot.placed.ty) }));
    }
    list
}

/// `Result<Result<T, Error>, LangError>`
fn result_type(registry: &mut Registry<'_>, ty: &Type, error: usize, lang_error: usize) -> usize {
    let good = registry.of(ty);
    let inner = registry.result(good, error);
    registry.result(inner, lang_error)
}

fn constructor(
    registry: &mut Registry<'_>,
    program: &Program,
    contract: usize,
    entry: &Entry,
    error: usize,
    lang_error: usize,
) -> Value {
    let info = &program.contracts[contract];
    let slots = info
        .constructor
        .as_ref()
        .map(|one| one.parameters.clone())
        .unwrap_or_default();
    let docs = info
        .ast
        .constructors
        .first()
        .map(|one| one.docs.clone())
        .unwrap_or_default();
    json!({
        "label": entry.name,
        "selector": hex(&entry.selector),
        "args": arguments(registry, &slots),
        "payable": entry.payable,
        "returnType": { "displayName": ["ink_primitives", "ConstructorResult"], "type": result_type(registry, &Type::Unit, error, lang_error) },
        "default": false,
        "docs": docs,
    })
}

fn message(
    registry: &mut Registry<'_>,
    program: &Program,
    contract: usize,
    entry: &Entry,
    error: usize,
    lang_error: usize,
) -> Value {
    let method = program.method(contract, &entry.name);
    let slots = method.map(|one| one.parameters.clone()).unwrap_or_default();
    let result = method.map_or(Type::Unit, |one| one.result.clone());
    let written = program.line(contract).into_iter().find_map(|part| {
        program.contracts[part]
            .ast
            .methods
            .iter()
            .find(|method| method.name.text == entry.name)
    });
    json!({
        "label": entry.name,
        "selector": hex(&entry.selector),
        "args": arguments(registry, &slots),
        "mutates": entry.writes,
        "payable": entry.payable,
        "returnType": { "displayName": ["ink", "MessageResult"], "type": result_type(registry, &result, error, lang_error) },
        "default": false,
        "docs": written.map(|method| method.docs.clone()).unwrap_or_default(),
    })
}

fn event(registry: &mut Registry<'_>, program: &Program, module: &Module, event: &Record) -> Value {
    let mut fields = Vec::new();
    for (name, ty, indexed) in &event.fields {
        fields.push(
            json!({ "label": name, "indexed": indexed, "type": registry.shown(ty), "docs": [] }),
        );
    }
    let docs = program
        .events
        .iter()
        .find(|one| one.name.text == event.name)
        .map(|one| one.docs.clone());
    json!({
        "label": event.name,
        "module_path": module.name,
        "signature_topic": hex(&event_signature(event)),
        "args": fields,
        "docs": docs.unwrap_or_default(),
    })
}

/// Each field has a cell of its own, whose key is its number.
fn storage(registry: &mut Registry<'_>, program: &Program, contract: usize, name: &str) -> Value {
    let line = program.line(contract);
    let slots = line
        .iter()
        .rev()
        .flat_map(|part| &program.contracts[*part].storage);
    let mut fields = Vec::new();
    for (cell, slot) in slots.enumerate() {
        let key = hex(&u32::try_from(cell).unwrap_or(u32::MAX).to_le_bytes());
        let mut ty = &slot.placed.ty;
        while let Type::Map(_, value) = ty {
            ty = value;
        }
        let number = registry.of(ty);
        fields.push(json!({
            "name": slot.name.text,
            "layout": { "root": { "root_key": key, "ty": number, "layout": { "leaf": { "key": key, "ty": number } } } },
        }));
    }
    let unit = registry.of(&Type::Unit);
    json!({ "root": {
        "root_key": "0x00000000",
        "ty": unit,
        "layout": { "struct": { "name": name, "fields": fields } },
    } })
}

fn environment(registry: &mut Registry<'_>) -> Value {
    let small = |bits: u16| {
        Type::Integer(crate::check::Integer {
            signed: false,
            bits,
            balance: false,
        })
    };
    let extension = registry
        .put(json!({ "def": { "variant": {} }, "path": ["ink_env", "types", "NoChainExtension"] }));
    let mut whole = json!({
        "chainExtension": { "displayName": ["ChainExtension"], "type": extension },
        "maxEventTopics": 4,
        "staticBufferSize": 16384,
    });
    for (key, name, ty) in [
        ("accountId", "AccountId", &Type::Address),
        ("balance", "Balance", &BALANCE),
        ("blockNumber", "BlockNumber", &small(32)),
        ("hash", "Hash", &Type::Hash),
        ("timestamp", "Timestamp", &small(64)),
    ] {
        whole[key] = json!({ "displayName": [name], "type": registry.of(ty) });
    }
    whole
}
