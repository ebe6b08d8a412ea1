//! What all languages need to know: the form of each type, the order of definitions, names.

use super::BindingsError;
use crate::{
    contract::Abi,
    types::{Field, Primitive, Shape, TypeNumber, Variant},
};
use std::collections::{BTreeMap, BTreeSet};

/// How a type is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Unit,
    Bool,
    Text,
    Unsigned(u16),
    Signed(u16),
    Wide,
    Account,
    Hash,
    Bytes,
    FixedBytes(u32),
    List(TypeNumber),
    Array(u32, TypeNumber),
    Tuple(Vec<TypeNumber>),
    Option(TypeNumber),
    Result(TypeNumber, TypeNumber),
    Compact,
    Named(String),
}

/// A type with a name of its own.
#[derive(Clone, Debug)]
pub(super) enum Definition<'a> {
    Record(&'a [Field]),
    Variants(&'a [Variant]),
}

/// What is written.
pub(super) struct Plan<'a> {
    pub(super) abi: &'a Abi,
    forms: BTreeMap<TypeNumber, Form>,
    /// Each behind those that it needs.
    pub(super) definitions: Vec<(String, Definition<'a>)>,
}

impl<'a> Plan<'a> {
    pub(super) fn new(abi: &'a Abi) -> Result<Self, BindingsError> {
        let mut plan = Self {
            abi,
            forms: BTreeMap::new(),
            definitions: Vec::new(),
        };
        let calls = abi.constructors.iter().chain(&abi.messages);
        for call in calls {
            for (_, ty) in &call.arguments {
                plan.visit(*ty, &mut BTreeSet::new())?;
            }
            plan.visit(call.result, &mut BTreeSet::new())?;
        }
        for field in abi.events.iter().flat_map(|event| &event.fields) {
            plan.visit(field.ty, &mut BTreeSet::new())?;
        }
        Ok(plan)
    }

    /// Gives types other names where the language's own are in use.
    pub(super) fn avoid(mut self, words: &[&str]) -> Self {
        for (name, _) in &mut self.definitions {
            *name = free(name, words);
        }
        for form in self.forms.values_mut() {
            if let Form::Named(name) = form {
                *name = free(name, words);
            }
        }
        self
    }

    pub(super) fn form(&self, number: TypeNumber) -> &Form {
        self.forms.get(&number).unwrap_or(&Form::Unit)
    }

    fn visit(
        &mut self,
        number: TypeNumber,
        open: &mut BTreeSet<TypeNumber>,
    ) -> Result<(), BindingsError> {
        if self.forms.contains_key(&number) {
            return Ok(());
        }
        if !open.insert(number) {
            return Err(BindingsError::Type(number));
        }
        let abi = self.abi;
        let types = &abi.types;
        let ty = types.get(number).ok_or(BindingsError::Type(number))?;
        let form = if types.is_account(number) {
            Form::Account
        } else if types.is_hash(number) {
            Form::Hash
        } else if types.is_wide(number) {
            Form::Wide
        } else {
            for inner in inner(&ty.shape) {
                self.visit(inner, open)?;
            }
            match &ty.shape {
                Shape::Primitive(Primitive::Bool) => Form::Bool,
                Shape::Primitive(Primitive::Str) => Form::Text,
                Shape::Primitive(Primitive::Char) => Form::Unsigned(32),
                Shape::Primitive(Primitive::Unsigned(256)) => Form::Wide,
                Shape::Primitive(Primitive::Unsigned(bits)) => Form::Unsigned(*bits),
                Shape::Primitive(Primitive::Signed(256)) | Shape::Bits => {
                    return Err(BindingsError::Type(number));
                }
                Shape::Primitive(Primitive::Signed(bits)) => Form::Signed(*bits),
                Shape::Sequence(item) if types.is_byte(*item) => Form::Bytes,
                Shape::Sequence(item) => Form::List(*item),
                Shape::Array(length, item) if types.is_byte(*item) => Form::FixedBytes(*length),
                Shape::Array(length, item) => Form::Array(*length, *item),
                Shape::Tuple(items) if items.is_empty() => Form::Unit,
                Shape::Tuple(items) => Form::Tuple(items.clone()),
                Shape::Compact(_) => Form::Compact,
                Shape::Composite(fields) => match fields.as_slice() {
                    [one] if one.name.is_none() => self.form(one.ty).clone(),
                    fields => self.define(ty.name(), number, Definition::Record(fields)),
                },
                Shape::Variant(variants) => {
                    let option = pair(variants, ["None", "Some"]);
                    let result = pair(variants, ["Ok", "Err"]);
                    match (ty.name(), option, result) {
                        ("Option", Some((None, Some(item))), _) => Form::Option(item),
                        ("Result", _, Some((Some(good), Some(bad)))) => Form::Result(good, bad),
                        (name, ..) => self.define(name, number, Definition::Variants(variants)),
                    }
                }
            }
        };
        open.remove(&number);
        self.forms.insert(number, form);
        Ok(())
    }

    fn define(&mut self, name: &str, number: TypeNumber, definition: Definition<'a>) -> Form {
        let mut name = if name.is_empty() {
            format!("Type{number}")
        } else {
            identifier(name)
        };
        while self.definitions.iter().any(|(known, _)| *known == name) {
            name.push('_');
        }
        self.definitions.push((name.clone(), definition));
        Form::Named(name)
    }
}

/// The fields of two variants with these names, each with at most one and the bytes 0 and 1: an enum of a contract may have the name
/// of one of the language's own.
fn pair(
    variants: &[Variant],
    names: [&str; 2],
) -> Option<(Option<TypeNumber>, Option<TypeNumber>)> {
    let [one, other] = variants else {
        return None;
    };
    let named = one.name == names[0] && other.name == names[1];
    let right = named && one.index == 0 && other.index == 1;
    let field = |variant: &Variant| variant.fields.first().map(|field| field.ty);
    let few = one.fields.len() <= 1 && other.fields.len() <= 1;
    (right && few).then(|| (field(one), field(other)))
}

fn inner(shape: &Shape) -> Vec<TypeNumber> {
    match shape {
        Shape::Composite(fields) => fields.iter().map(|field| field.ty).collect(),
        Shape::Variant(variants) => {
            let fields = variants.iter().flat_map(|variant| &variant.fields);
            fields.map(|field| field.ty).collect()
        }
        Shape::Sequence(item) | Shape::Array(_, item) | Shape::Compact(item) => vec![*item],
        Shape::Tuple(items) => items.clone(),
        Shape::Primitive(_) | Shape::Bits => Vec::new(),
    }
}

/// A name with nothing but letters, digits and `_`: labels of ink! have colons.
pub(super) fn identifier(name: &str) -> String {
    let letter = |one: char| {
        if one.is_ascii_alphanumeric() {
            one
        } else {
            '_'
        }
    };
    let mut out: String = name.chars().map(letter).collect();
    if out.starts_with(|first: char| first.is_ascii_digit()) || out.is_empty() {
        out.insert(0, '_');
    }
    out
}

/// `likeThis` as `like_this`.
pub(super) fn snake(name: &str) -> String {
    let name = identifier(name);
    let mut out = String::new();
    for (number, letter) in name.chars().enumerate() {
        if letter.is_ascii_uppercase() && number > 0 && !out.ends_with('_') {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// `likeThis` as `LikeThis`.
pub(super) fn upper(name: &str) -> String {
    let name = identifier(name);
    let mut letters = name.chars();
    letters.next().map_or(String::new(), |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// A name that is no word of the language.
pub(super) fn free(name: &str, words: &[&str]) -> String {
    if words.contains(&name) {
        format!("{name}_")
    } else {
        name.to_owned()
    }
}

/// The name of a field, or its number.
pub(super) fn field_name(field: &Field, number: usize) -> String {
    let name = field.name.as_deref();
    name.map_or_else(|| format!("value{number}"), identifier)
}

/// Documentation as comments with a mark in front of each line.
pub(super) fn comments(docs: &[String], front: &str) -> String {
    docs.iter()
        .map(|line| format!("{front} {line}").trim_end().to_owned() + "\n")
        .collect()
}

/// Bytes as a list of numbers.
pub(super) fn numbers(bytes: &[u8]) -> String {
    let list: Vec<String> = bytes.iter().map(|byte| format!("0x{byte:02x}")).collect();
    list.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_names_of_other_languages() {
        assert_eq!(snake("balanceOf"), "balance_of");
        assert_eq!(snake("PSP22::transfer"), "p_s_p22__transfer");
        assert_eq!(upper("PSP22::transfer"), "PSP22__transfer");
        assert_eq!(identifier("1a"), "_1a");
        assert_eq!(identifier(""), "_");
        assert_eq!(free("type", &["type"]), "type_");
    }
}
