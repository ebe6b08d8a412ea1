//! Python 3.9 and later, with nothing but its own library.

use super::plan::{Definition, Form, Plan, field_name, free, snake, upper};
use crate::{
    contract::Call,
    types::{Field, TypeNumber},
    value::digits,
};

const RUNTIME: &str = include_str!("runtime.py");

const WORDS: &[&str] = &[
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "data", "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if",
    "import", "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try",
    "while", "with", "yield",
];

/// Names that the file itself uses.
const TAKEN: &[&str] = &[
    "Any", "Call", "Callable", "Err", "Event", "Ok", "Optional", "Result", "Union",
];

/// The file.
pub(super) fn write(plan: &Plan<'_>) -> String {
    let abi = plan.abi;
    let mut out = format!(
        "\"\"\"`{}`, written by `bitup bindings`: it is written anew when the contract changes.\"\"\"\n\n{RUNTIME}\n\n\
         #: The hash of the contract's code.\nCODE_HASH = bytes.fromhex(\"{}\")\n",
        abi.name,
        digits(&abi.hash, "")
    );
    for (name, definition) in &plan.definitions {
        let text = match definition {
            Definition::Record(fields) => format!("_record({})", fields_of(plan, fields)),
            Definition::Variants(variants) => {
                let one = |variant: &crate::types::Variant| {
                    let fields = fields_of(plan, &variant.fields);
                    format!("    (\"{}\", {}, {fields}),\n", variant.name, variant.index)
                };
                let list: String = variants.iter().map(one).collect();
                format!("_variants([\n{list}])")
            }
        };
        out += &format!("\n_type_{name} = {text}\n");
    }
    for call in abi.constructors.iter().chain(&abi.messages) {
        out += &one_call(plan, call);
    }
    for event in &abi.events {
        let one = |field: &crate::contract::EventField| {
            format!("(\"{}\", {})", field.name, codec(plan, field.ty))
        };
        let fields: Vec<String> = event.fields.iter().map(one).collect();
        let topic = event.signature.map_or("None".to_owned(), |topic| {
            format!("bytes.fromhex(\"{}\")", digits(&topic, ""))
        });
        out += &format!(
            "\n\nclass {}(Event):\n{}    topic = {topic}\n\n    @staticmethod\n    def read(data: bytes) -> dict:\n        \
             return _read(_record([{}]), data)\n",
            upper(&event.label) + "Event",
            docs(&event.docs),
            fields.join(", ")
        );
    }
    out
}

/// Documentation as a comment: a text could be ended by what stands in it.
fn docs(lines: &[String]) -> String {
    lines
        .iter()
        .map(|line| format!("    # {line}").trim_end().to_owned() + "\n")
        .collect()
}

fn fields_of(plan: &Plan<'_>, fields: &[Field]) -> String {
    let one = |(number, field): (usize, &Field)| {
        format!(
            "(\"{}\", {})",
            field_name(field, number),
            codec(plan, field.ty)
        )
    };
    let list: Vec<String> = fields.iter().enumerate().map(one).collect();
    format!("[{}]", list.join(", "))
}

fn one_call(plan: &Plan<'_>, call: &Call) -> String {
    let names: Vec<String> = call
        .arguments
        .iter()
        .map(|(name, _)| free(&snake(name), WORDS))
        .collect();
    let parameters: Vec<String> = names
        .iter()
        .zip(&call.arguments)
        .map(|(name, (_, number))| format!("{name}: {}", ty(plan, *number)))
        .collect();
    let codecs: Vec<String> = call
        .arguments
        .iter()
        .map(|(_, number)| codec(plan, *number))
        .collect();
    let values: String = names.iter().map(|name| format!("{name}, ")).collect();
    let truth = |value: bool| if value { "True" } else { "False" };
    format!(
        "\n\nclass {}(Call):\n{}    selector = bytes.fromhex(\"{}\")\n    payable = {}\n    writes = {}\n\n    @staticmethod\n    \
         def data({}) -> bytes:\n        return bytes.fromhex(\"{}\") + _tuple([{}]).put(({values}))\n\n    @staticmethod\n    \
         def answer(data: bytes) -> {}:\n        return _read({}, data)\n",
        free(&upper(&call.label), TAKEN),
        docs(&call.docs),
        digits(&call.selector, ""),
        truth(call.payable),
        truth(call.mutates),
        parameters.join(", "),
        digits(&call.selector, ""),
        codecs.join(", "),
        ty(plan, call.result),
        codec(plan, call.result)
    )
}

fn codec(plan: &Plan<'_>, number: TypeNumber) -> String {
    match plan.form(number) {
        Form::Unit => "_unit".to_owned(),
        Form::Bool => "_bool".to_owned(),
        Form::Text => "_text".to_owned(),
        Form::Unsigned(bits) => format!("_unsigned({bits})"),
        Form::Signed(bits) => format!("_signed({bits})"),
        Form::Wide => "_unsigned(256)".to_owned(),
        Form::Account | Form::Hash => "_fixed(32)".to_owned(),
        Form::Bytes => "_bytes".to_owned(),
        Form::FixedBytes(length) => format!("_fixed({length})"),
        Form::List(item) => format!("_list({})", codec(plan, *item)),
        Form::Array(length, item) => format!("_array({length}, {})", codec(plan, *item)),
        Form::Tuple(items) => {
            let items: Vec<String> = items.iter().map(|item| codec(plan, *item)).collect();
            format!("_tuple([{}])", items.join(", "))
        }
        Form::Option(item) => format!("_option({})", codec(plan, *item)),
        Form::Result(good, bad) => {
            format!("_result({}, {})", codec(plan, *good), codec(plan, *bad))
        }
        Form::Compact => "_compact".to_owned(),
        Form::Named(name) => format!("_type_{name}"),
    }
}

fn ty(plan: &Plan<'_>, number: TypeNumber) -> String {
    match plan.form(number) {
        Form::Unit => "None".to_owned(),
        Form::Bool => "bool".to_owned(),
        Form::Text => "str".to_owned(),
        Form::Unsigned(_) | Form::Signed(_) | Form::Wide | Form::Compact => "int".to_owned(),
        Form::Account | Form::Hash | Form::Bytes | Form::FixedBytes(_) => "bytes".to_owned(),
        Form::List(item) | Form::Array(_, item) => format!("list[{}]", ty(plan, *item)),
        Form::Tuple(_) => "tuple".to_owned(),
        Form::Option(item) => format!("Optional[{}]", ty(plan, *item)),
        Form::Result(..) => "Result".to_owned(),
        // A text for variants without fields, else a dictionary.
        Form::Named(_) => "Any".to_owned(),
    }
}
