//! Rust, with `parity-scale-codec`.

use super::plan::{Definition, Form, Plan, comments, field_name, free, numbers, snake, upper};
use crate::{
    contract::Call,
    types::{Field, TypeNumber},
};

const WORDS: &[&str] = &[
    "as", "async", "await", "break", "const", "continue", "crate", "dyn", "else", "enum", "extern",
    "false", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut",
    "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true", "try", "type",
    "unsafe", "use", "where", "while", "yield",
];

/// Names that the file itself uses.
pub(super) const TAKEN: &[&str] = &[
    "Account",
    "Call",
    "Compact",
    "Decode",
    "DecodeAll",
    "Encode",
    "Err",
    "Hash",
    "None",
    "Ok",
    "Option",
    "Result",
    "Self",
    "Some",
    "String",
    "U256",
    "Vec",
];

const HEAD: &str = "use parity_scale_codec::{Decode, DecodeAll, Encode};

/// An account, of a user or a contract.
pub type Account = [u8; 32];
/// A hash.
pub type Hash = [u8; 32];
/// An integer of 256 bits, the lowest 64 first.
pub type U256 = [u64; 4];

/// A constructor or method with its arguments.
pub trait Call: Encode {
    /// The bytes in front of the arguments.
    const SELECTOR: [u8; 4];
    /// Whether tokens may come with it.
    const PAYABLE: bool;
    /// Whether it may write.
    const WRITES: bool;
    /// What comes back.
    type Answer: Decode;

    /// What is sent to the contract.
    fn data(&self) -> Vec<u8> {
        let mut data = Self::SELECTOR.to_vec();
        self.encode_to(&mut data);
        data
    }

    /// Reads what came back.
    fn answer(data: &[u8]) -> Result<Self::Answer, parity_scale_codec::Error> {
        Self::Answer::decode_all(&mut &data[..])
    }
}
";

const DERIVE: &str = "#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]\n";

/// The file.
pub(super) fn write(plan: &Plan<'_>) -> String {
    let abi = plan.abi;
    let mut out = format!(
        "//! `{}`, written by `bitup bindings`: it is written anew when the contract changes.\n\n{HEAD}\n\
         /// The hash of the contract's code.\npub const CODE_HASH: Hash = [{}];\n",
        abi.name,
        numbers(&abi.hash)
    );
    out += "\n/// The types of the contract.\npub mod types {\n    #![allow(missing_docs, unused_imports)]\n    use super::*;\n";
    for (name, definition) in &plan.definitions {
        out += "\n";
        out += &indented(&define(plan, name, definition));
    }
    out += "}\n\n/// Constructors and methods.\npub mod calls {\n    #![allow(missing_docs, unused_imports)]\n    use super::*;\n";
    for call in abi.constructors.iter().chain(&abi.messages) {
        out += "\n";
        out += &indented(&one_call(plan, call));
    }
    out += "}\n\n/// Events.\npub mod events {\n    #![allow(missing_docs, unused_imports)]\n    use super::*;\n";
    for event in &abi.events {
        let name = free(&upper(&event.label), TAKEN);
        let mut text = comments(&event.docs, "///") + DERIVE;
        text += &format!("pub struct {name} {{\n");
        for field in &event.fields {
            text += &format!("    pub {}: {},\n", own(&field.name), ty(plan, field.ty));
        }
        text += "}\n";
        if let Some(topic) = event.signature {
            text += &format!(
                "\nimpl {name} {{\n    /// The first topic of the event.\n    pub const TOPIC: Hash = [{}];\n}}\n",
                numbers(&topic)
            );
        }
        out += "\n";
        out += &indented(&text);
    }
    out + "}\n"
}

fn indented(text: &str) -> String {
    let line = |line: &str| {
        if line.is_empty() {
            "\n".to_owned()
        } else {
            format!("    {line}\n")
        }
    };
    text.lines().map(line).collect()
}

fn own(name: &str) -> String {
    free(&snake(name), WORDS)
}

fn define(plan: &Plan<'_>, name: &str, definition: &Definition<'_>) -> String {
    let mut text = DERIVE.to_owned();
    match definition {
        Definition::Record(fields) => {
            text += &format!("pub struct {name} {{\n");
            for (number, field) in fields.iter().enumerate() {
                let field_name = own(&field_name(field, number));
                text += &format!("    pub {field_name}: {},\n", ty(plan, field.ty));
            }
        }
        Definition::Variants(variants) => {
            text += &format!("pub enum {name} {{\n");
            for variant in *variants {
                text += &format!(
                    "    #[codec(index = {})]\n    {}",
                    variant.index,
                    upper(&variant.name)
                );
                text += &variant_fields(plan, &variant.fields);
                text += ",\n";
            }
        }
    }
    text + "}\n"
}

fn variant_fields(plan: &Plan<'_>, fields: &[Field]) -> String {
    let named = |(number, field): (usize, &Field)| {
        format!(
            "{}: {}",
            own(&field_name(field, number)),
            ty(plan, field.ty)
        )
    };
    let list: Vec<String> = fields.iter().enumerate().map(named).collect();
    if list.is_empty() {
        String::new()
    } else {
        format!(" {{ {} }}", list.join(", "))
    }
}

fn one_call(plan: &Plan<'_>, call: &Call) -> String {
    let name = free(&upper(&call.label), TAKEN);
    let mut text = comments(&call.docs, "///") + DERIVE;
    text += &format!("pub struct {name} {{\n");
    for (argument, number) in &call.arguments {
        text += &format!("    pub {}: {},\n", own(argument), ty(plan, *number));
    }
    text += &format!(
        "}}\n\nimpl Call for {name} {{\n    const SELECTOR: [u8; 4] = [{}];\n    const PAYABLE: bool = {};\n    \
         const WRITES: bool = {};\n    type Answer = {};\n}}\n",
        numbers(&call.selector),
        call.payable,
        call.mutates,
        ty(plan, call.result)
    );
    text
}

fn ty(plan: &Plan<'_>, number: TypeNumber) -> String {
    match plan.form(number) {
        Form::Unit => "()".to_owned(),
        Form::Bool => "bool".to_owned(),
        Form::Text => "String".to_owned(),
        Form::Unsigned(bits) => format!("u{bits}"),
        Form::Signed(bits) => format!("i{bits}"),
        Form::Wide => "U256".to_owned(),
        Form::Account => "Account".to_owned(),
        Form::Hash => "Hash".to_owned(),
        Form::Bytes => "Vec<u8>".to_owned(),
        Form::FixedBytes(length) => format!("[u8; {length}]"),
        Form::List(item) => format!("Vec<{}>", ty(plan, *item)),
        Form::Array(length, item) => format!("[{}; {length}]", ty(plan, *item)),
        Form::Tuple(items) => {
            let items: Vec<String> = items.iter().map(|item| ty(plan, *item) + ",").collect();
            format!("({})", items.join(" "))
        }
        Form::Option(item) => format!("Option<{}>", ty(plan, *item)),
        Form::Result(good, bad) => format!("Result<{}, {}>", ty(plan, *good), ty(plan, *bad)),
        Form::Compact => "parity_scale_codec::Compact<u128>".to_owned(),
        Form::Named(name) => format!("types::{name}"),
    }
}
