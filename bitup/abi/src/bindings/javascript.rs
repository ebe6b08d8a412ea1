//! JavaScript as a module, and its types for TypeScript.

use super::{
    Written,
    plan::{Definition, Form, Plan, comments, field_name, free, identifier, numbers},
};
use crate::{
    contract::Call,
    types::{Field, TypeNumber},
    value::digits,
};

const RUNTIME: &str = include_str!("runtime.js");
const RUNTIME_TYPES: &str = include_str!("runtime.d.ts");

const WORDS: &[&str] = &[
    "arguments",
    "await",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "continue",
    "debugger",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "eval",
    "export",
    "extends",
    "false",
    "finally",
    "for",
    "function",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "new",
    "null",
    "package",
    "private",
    "protected",
    "public",
    "return",
    "static",
    "super",
    "switch",
    "this",
    "throw",
    "true",
    "try",
    "typeof",
    "var",
    "void",
    "while",
    "with",
    "yield",
];

/// Names that the file with the types itself uses.
pub(super) const TAKEN: &[&str] = &["Array", "Call", "Event", "Result", "Uint8Array"];

/// The module and its types.
pub(super) fn write(plan: &Plan<'_>) -> Vec<Written> {
    let name = &plan.abi.name;
    let front = format!(
        "// `{name}`, written by `bitup bindings`: it is written anew when the contract changes.\n\n"
    );
    vec![
        Written {
            name: format!("{name}.js"),
            text: front.clone() + &module(plan),
        },
        Written {
            name: format!("{name}.d.ts"),
            text: front + &declarations(plan),
        },
    ]
}

fn own(name: &str) -> String {
    free(&identifier(name), WORDS)
}

fn module(plan: &Plan<'_>) -> String {
    let abi = plan.abi;
    let mut out = RUNTIME.to_owned();
    out += &format!(
        "\nexport const codeHash = \"{}\";\n\nconst types = {{}};\n",
        digits(&abi.hash, "0x")
    );
    for (name, definition) in &plan.definitions {
        let text = match definition {
            Definition::Record(fields) => format!("record({})", fields_of(plan, fields)),
            Definition::Variants(variants) => {
                let one = |variant: &crate::types::Variant| {
                    let fields = fields_of(plan, &variant.fields);
                    format!("  [\"{}\", {}, {fields}],\n", variant.name, variant.index)
                };
                let list: String = variants.iter().map(one).collect();
                format!("variants([\n{list}])")
            }
        };
        out += &format!("types.{name} = {text};\n");
    }
    for (object, list) in [
        ("constructors", &abi.constructors),
        ("methods", &abi.messages),
    ] {
        out += &format!("\nexport const {object} = {{\n");
        for one in list {
            let arguments: Vec<String> = one
                .arguments
                .iter()
                .map(|(_, ty)| codec(plan, *ty))
                .collect();
            out += &comments(&one.docs, "  //");
            out += &format!(
                "  {}: call([{}], {}, {}, [{}], {}),\n",
                identifier(&one.label),
                numbers(&one.selector),
                one.payable,
                one.mutates,
                arguments.join(", "),
                codec(plan, one.result)
            );
        }
        out += "};\n";
    }
    out += "\nexport const events = {\n";
    for event in &abi.events {
        let field = |field: &crate::contract::EventField| {
            format!("[\"{}\", {}]", field.name, codec(plan, field.ty))
        };
        let fields: Vec<String> = event.fields.iter().map(field).collect();
        let topic = event.signature.map_or("null".to_owned(), |topic| {
            format!("\"{}\"", digits(&topic, "0x"))
        });
        out += &comments(&event.docs, "  //");
        out += &format!(
            "  {}: event({topic}, record([{}])),\n",
            identifier(&event.label),
            fields.join(", ")
        );
    }
    out + "};\n"
}

fn fields_of(plan: &Plan<'_>, fields: &[Field]) -> String {
    let one = |(number, field): (usize, &Field)| {
        format!(
            "[\"{}\", {}]",
            field_name(field, number),
            codec(plan, field.ty)
        )
    };
    let list: Vec<String> = fields.iter().enumerate().map(one).collect();
    format!("[{}]", list.join(", "))
}

fn codec(plan: &Plan<'_>, number: TypeNumber) -> String {
    match plan.form(number) {
        Form::Unit => "unit".to_owned(),
        Form::Bool => "bool".to_owned(),
        Form::Text => "text".to_owned(),
        Form::Unsigned(bits) => format!("unsigned({bits})"),
        Form::Signed(bits) => format!("signed({bits})"),
        Form::Wide => "unsigned(256)".to_owned(),
        Form::Account | Form::Hash => "fixed(32)".to_owned(),
        Form::Bytes => "bytes".to_owned(),
        Form::FixedBytes(length) => format!("fixed({length})"),
        Form::List(item) => format!("list({})", codec(plan, *item)),
        Form::Array(length, item) => format!("array({length}, {})", codec(plan, *item)),
        Form::Tuple(items) => {
            let items: Vec<String> = items.iter().map(|item| codec(plan, *item)).collect();
            format!("tuple([{}])", items.join(", "))
        }
        Form::Option(item) => format!("option({})", codec(plan, *item)),
        Form::Result(good, bad) => format!("result({}, {})", codec(plan, *good), codec(plan, *bad)),
        Form::Compact => "compact".to_owned(),
        Form::Named(name) => format!("types.{name}"),
    }
}

fn declarations(plan: &Plan<'_>) -> String {
    let abi = plan.abi;
    let mut out = RUNTIME_TYPES.to_owned();
    for (name, definition) in &plan.definitions {
        match definition {
            Definition::Record(fields) => {
                out += &format!("\nexport interface {name} {}\n", object(plan, fields, &[]));
            }
            Definition::Variants(variants) => {
                let plain = variants.iter().all(|variant| variant.fields.is_empty());
                let one = |variant: &crate::types::Variant| {
                    if plain {
                        format!("\"{}\"", variant.name)
                    } else {
                        let kind = format!("kind: \"{}\"", variant.name);
                        object(plan, &variant.fields, &[kind])
                    }
                };
                let list: Vec<String> = variants.iter().map(one).collect();
                let list = if list.is_empty() {
                    "never".to_owned()
                } else {
                    list.join(" | ")
                };
                out += &format!("\nexport type {name} = {list};\n");
            }
        }
    }
    for (object, list) in [
        ("constructors", &abi.constructors),
        ("methods", &abi.messages),
    ] {
        out += &format!("\nexport declare const {object}: {{\n");
        for one in list {
            out += &call(plan, one);
        }
        out += "};\n";
    }
    out += "\nexport declare const events: {\n";
    for event in &abi.events {
        let field =
            |field: &crate::contract::EventField| format!("{}: {}", field.name, ty(plan, field.ty));
        let fields: Vec<String> = event.fields.iter().map(field).collect();
        out += &comments(&event.docs, "  //");
        let label = identifier(&event.label);
        out += &format!("  {label}: Event<{{ {} }}>;\n", fields.join("; "));
    }
    out + "};\n"
}

fn object(plan: &Plan<'_>, fields: &[Field], first: &[String]) -> String {
    let one = |(number, field): (usize, &Field)| {
        format!("{}: {}", field_name(field, number), ty(plan, field.ty))
    };
    let list = first
        .iter()
        .cloned()
        .chain(fields.iter().enumerate().map(one));
    let list: Vec<String> = list.collect();
    format!("{{ {} }}", list.join("; "))
}

fn call(plan: &Plan<'_>, call: &Call) -> String {
    let arguments: Vec<String> = call
        .arguments
        .iter()
        .map(|(name, number)| format!("{}: {}", own(name), ty(plan, *number)))
        .collect();
    format!(
        "{}  {}: Call<[{}], {}>;\n",
        comments(&call.docs, "  //"),
        identifier(&call.label),
        arguments.join(", "),
        ty(plan, call.result)
    )
}

fn ty(plan: &Plan<'_>, number: TypeNumber) -> String {
    match plan.form(number) {
        Form::Unit => "null".to_owned(),
        Form::Bool => "boolean".to_owned(),
        Form::Text => "string".to_owned(),
        Form::Unsigned(bits) | Form::Signed(bits) if *bits <= 32 => "number".to_owned(),
        Form::Unsigned(_) | Form::Signed(_) | Form::Wide | Form::Compact => "bigint".to_owned(),
        Form::Account | Form::Hash | Form::Bytes | Form::FixedBytes(_) => "Uint8Array".to_owned(),
        Form::List(item) | Form::Array(_, item) => format!("Array<{}>", ty(plan, *item)),
        Form::Tuple(items) => {
            let items: Vec<String> = items.iter().map(|item| ty(plan, *item)).collect();
            format!("[{}]", items.join(", "))
        }
        Form::Option(item) => format!("{} | null", ty(plan, *item)),
        Form::Result(good, bad) => format!("Result<{}, {}>", ty(plan, *good), ty(plan, *bad)),
        Form::Named(name) => name.clone(),
    }
}
