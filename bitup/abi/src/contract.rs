//! The metadata of a contract, as `bitup build` and ink! 5 write it.

use crate::types::{Shape, TypeNumber, Types};
use serde_json::Value as Json;

/// Longest file of metadata with code, in bytes.
pub const LONGEST: usize = 16 * 1024 * 1024;

/// A constructor or method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Its name.
    pub label: String,
    /// The four bytes in front of its arguments.
    pub selector: [u8; 4],
    /// Its parameters with their types.
    pub arguments: Vec<(String, TypeNumber)>,
    /// Whether tokens may come with it.
    pub payable: bool,
    /// Whether it may write.
    pub mutates: bool,
    /// The type of what comes back.
    pub result: TypeNumber,
    /// Its documentation.
    pub docs: Vec<String>,
}

/// A field of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventField {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: TypeNumber,
    /// Whether it can be searched for.
    pub indexed: bool,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its name.
    pub label: String,
    /// Its first topic; none for events without.
    pub signature: Option<[u8; 32]>,
    /// Its fields.
    pub fields: Vec<EventField>,
    /// Its documentation.
    pub docs: Vec<String>,
}

/// What is known about a contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Abi {
    /// Its name.
    pub name: String,
    /// The hash of its code.
    pub hash: [u8; 32],
    /// Its code, where the file holds it.
    pub wasm: Option<Vec<u8>>,
    /// Its types.
    pub types: Types,
    /// Its constructors.
    pub constructors: Vec<Call>,
    /// Its methods.
    pub messages: Vec<Call>,
    /// Its events.
    pub events: Vec<Event>,
    /// Its documentation.
    pub docs: Vec<String>,
}

/// What keeps metadata from being read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AbiError {
    /// Too long.
    #[error(
        "the metadata has more than {LONGEST} bytes; name the `.json` or `.contract` file of a contract"
    )]
    TooLong,
    /// Not JSON.
    #[error("this is not JSON ({0}); name the `.json` or `.contract` file of a contract")]
    NotJson(String),
    /// Another version.
    #[error(
        "the metadata has version {0}, here version 5 is read; build the contract with `bitup build` or ink! 5"
    )]
    Version(String),
    /// A part is missing or has another shape.
    #[error("the metadata has no `{0}` as version 5 has it; build the contract again")]
    Part(&'static str),
}

impl Abi {
    /// Reads a `.json` or `.contract` file.
    ///
    /// # Errors
    /// If it is not the metadata of a contract.
    pub fn parse(bytes: &[u8]) -> Result<Self, AbiError> {
        if bytes.len() > LONGEST {
            return Err(AbiError::TooLong);
        }
        let whole: Json =
            serde_json::from_slice(bytes).map_err(|error| AbiError::NotJson(error.to_string()))?;
        match whole.get("version") {
            Some(version) if version == 5 || version == "5" => {}
            Some(version) => return Err(AbiError::Version(version.to_string())),
            None => return Err(AbiError::Part("version")),
        }
        let part = |name: &'static str| whole.pointer(name).ok_or(AbiError::Part(name));
        let list = |name: &'static str| part(name)?.as_array().ok_or(AbiError::Part(name));
        let types = Types::from_json(part("/types")?).ok_or(AbiError::Part("/types"))?;
        let calls = |name: &'static str| -> Result<Vec<Call>, AbiError> {
            let read = list(name)?.iter().map(call);
            read.collect::<Option<_>>().ok_or(AbiError::Part(name))
        };
        let events = list("/spec/events")?.iter().map(event);
        let name = part("/contract/name")?.as_str();
        let hash = part("/source/hash")?.as_str().and_then(bytes_of);
        let wasm = match whole.pointer("/source/wasm") {
            None | Some(Json::Null) => None,
            Some(code) => Some(
                code.as_str()
                    .and_then(hex)
                    .ok_or(AbiError::Part("/source/wasm"))?,
            ),
        };
        let abi = Self {
            name: name.ok_or(AbiError::Part("/contract/name"))?.to_owned(),
            hash: hash.ok_or(AbiError::Part("/source/hash"))?,
            wasm,
            constructors: calls("/spec/constructors")?,
            messages: calls("/spec/messages")?,
            events: events
                .collect::<Option<_>>()
                .ok_or(AbiError::Part("/spec/events"))?,
            docs: whole.pointer("/spec/docs").map(docs).unwrap_or_default(),
            types,
        };
        abi.numbers_are_known()?;
        Ok(abi)
    }

    /// Every number leads to a type.
    fn numbers_are_known(&self) -> Result<(), AbiError> {
        let calls = self.constructors.iter().chain(&self.messages);
        let used = calls
            .flat_map(|call| {
                call.arguments
                    .iter()
                    .map(|(_, ty)| *ty)
                    .chain([call.result])
            })
            .chain(
                self.events
                    .iter()
                    .flat_map(|event| event.fields.iter().map(|field| field.ty)),
            );
        let inner = self.types.iter().flat_map(|(_, ty)| match &ty.shape {
            Shape::Composite(fields) => fields.iter().map(|field| field.ty).collect(),
            Shape::Variant(variants) => {
                let fields = variants.iter().flat_map(|variant| &variant.fields);
                fields.map(|field| field.ty).collect()
            }
            Shape::Sequence(item) | Shape::Array(_, item) | Shape::Compact(item) => vec![*item],
            Shape::Tuple(items) => items.clone(),
            Shape::Primitive(_) | Shape::Bits => Vec::new(),
        });
        let right = used
            .chain(inner)
            .all(|number| self.types.get(number).is_some());
        right.then_some(()).ok_or(AbiError::Part("/types"))
    }

    /// The method with a name.
    #[must_use]
    pub fn message(&self, label: &str) -> Option<&Call> {
        self.messages.iter().find(|call| call.label == label)
    }

    /// The types of a result `Result<Result<T, Error>, LangError>`: of `T`, and of `Error`.
    #[must_use]
    pub fn outcome(&self, call: &Call) -> Option<(TypeNumber, Option<TypeNumber>)> {
        let [outer, _] = self.result(call.result)?;
        Some(match self.result(outer) {
            Some([good, bad]) => (good, Some(bad)),
            None => (outer, None),
        })
    }

    fn result(&self, number: TypeNumber) -> Option<[TypeNumber; 2]> {
        let ty = self.types.get(number).filter(|ty| ty.name() == "Result")?;
        let Shape::Variant(variants) = &ty.shape else {
            return None;
        };
        let of = |name: &str| {
            let variant = variants.iter().find(|variant| variant.name == name)?;
            variant.fields.first().map(|field| field.ty)
        };
        Some([of("Ok")?, of("Err")?])
    }
}

fn text(value: &Json) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn docs(value: &Json) -> Vec<String> {
    let lines = value
        .as_array()
        .map(|list| list.iter().filter_map(text).collect());
    lines.unwrap_or_default()
}

fn ty(value: &Json) -> Option<TypeNumber> {
    usize::try_from(value.get("type")?.as_u64()?).ok()
}

fn call(value: &Json) -> Option<Call> {
    let argument = |one: &Json| Some((text(one.get("label")?)?, ty(one.get("type")?)?));
    let arguments = value.get("args")?.as_array()?.iter().map(argument);
    Some(Call {
        label: text(value.get("label")?)?,
        selector: bytes_of(value.get("selector")?.as_str()?)?,
        arguments: arguments.collect::<Option<_>>()?,
        payable: value
            .get("payable")
            .and_then(Json::as_bool)
            .unwrap_or(false),
        mutates: value.get("mutates").and_then(Json::as_bool).unwrap_or(true),
        result: ty(value.get("returnType")?)?,
        docs: value.get("docs").map(docs).unwrap_or_default(),
    })
}

fn event(value: &Json) -> Option<Event> {
    let field = |one: &Json| {
        Some(EventField {
            name: text(one.get("label")?)?,
            ty: ty(one.get("type")?)?,
            indexed: one.get("indexed")?.as_bool()?,
        })
    };
    let signature = match value.get("signature_topic") {
        None | Some(Json::Null) => None,
        Some(topic) => Some(bytes_of(topic.as_str()?)?),
    };
    let fields = value.get("args")?.as_array()?.iter().map(field);
    Some(Event {
        label: text(value.get("label")?)?,
        signature,
        fields: fields.collect::<Option<_>>()?,
        docs: value.get("docs").map(docs).unwrap_or_default(),
    })
}

fn bytes_of<const N: usize>(digits: &str) -> Option<[u8; N]> {
    hex(digits)?.try_into().ok()
}

/// Bytes from hexadecimal digits, `0x` in front or not.
#[must_use]
pub fn hex(digits: &str) -> Option<Vec<u8>> {
    let digits = digits.strip_prefix("0x").unwrap_or(digits);
    if !digits.len().is_multiple_of(2) || !digits.is_ascii() {
        return None;
    }
    let pairs = digits.as_bytes().chunks_exact(2);
    pairs
        .map(|pair| {
            let digit = |byte: u8| char::from(byte).to_digit(16);
            let byte = digit(pair[0])? * 16 + digit(pair[1])?;
            u8::try_from(byte).ok()
        })
        .collect()
}
