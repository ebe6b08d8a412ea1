//! `object.name`.

use super::{
    BALANCE, Declared, Type,
    body::{Body, Root, Value},
    types::{Integer, unsigned},
    words,
};
use crate::{
    ast::{Expr, ExprKind, Name},
    diagnostic::Code,
    span::Span,
};

impl Body<'_> {
    pub(super) fn member(&mut self, object: &Expr, name: &Name, wanted: Option<&Type>) -> Value {
        match &object.kind {
            ExprKind::This => return self.own_field(object.span, name),
            ExprKind::Name(base) if base == "msg" => return self.message(name),
            ExprKind::Name(base) if base == "block" => return self.block_value(name),
            ExprKind::Name(base) => {
                if let Some(integer) = Integer::named(base) {
                    if matches!(name.text.as_str(), "max" | "min") {
                        return Value::computed(Type::Integer(integer));
                    }
                    return self.no_member(base, name, &["max", "min"]);
                }
                let is_local = self.locals.iter().any(|local| local.name.text == *base);
                if let (false, Some(Declared::Enum(number))) = (is_local, self.declared(base)) {
                    return self.plain_variant(number, name, wanted);
                }
            }
            _ => {}
        }
        let found = self.place(object, None);
        match &found.ty {
            Type::Unknown => Value::unknown(),
            Type::Class(number, arguments) => {
                let Some(ty) = self.class_field(*number, arguments, &name.text) else {
                    let fields: Vec<String> = self.field_names(*number);
                    let shown = self.shown(&found.ty);
                    return self.no_member(
                        &shown,
                        name,
                        &fields.iter().map(String::as_str).collect::<Vec<_>>(),
                    );
                };
                Value {
                    ty,
                    root: found.root,
                }
            }
            Type::Array(_) | Type::Fixed(..) | Type::Bytes | Type::Text
                if name.text == "length" =>
            {
                Value::computed(unsigned(32))
            }
            Type::Handle(_) if name.text == "address" => Value::computed(Type::Address),
            other => {
                let shown = self.shown(other);
                let known: &[&str] = match other {
                    Type::Handle(_) => &["address"],
                    Type::Array(_) => &["length", "push", "pop"],
                    Type::Fixed(..) => &["length"],
                    Type::Bytes | Type::Text => &["length", "concat", "slice"],
                    Type::Map(..) => &["has", "put", "take"],
                    _ => &[],
                };
                self.no_member(&shown, name, known)
            }
        }
    }

    pub(super) fn no_member(&mut self, shown: &str, name: &Name, known: &[&str]) -> Value {
        let message = format!("`{shown}` has no `{}`", name.text);
        let near = words::nearest(&name.text, known.iter().copied());
        let advice = match known {
            [] => "it has no fields or methods of its own".to_owned(),
            _ if near.starts_with("did") => near,
            _ => format!(
                "it has {}",
                known
                    .iter()
                    .map(|one| format!("`{one}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
        };
        self.find(Code::UnknownMember, name.span, message, advice);
        Value::unknown()
    }

    fn own_field(&mut self, this: Span, name: &Name) -> Value {
        if let Some(number) = self.class {
            let parameters = self.checker.program.classes[number].type_parameters.clone();
            let Some(ty) = self.class_field(number, &parameters, &name.text) else {
                let fields = self.field_names(number);
                return self.no_member(
                    "this",
                    name,
                    &fields.iter().map(String::as_str).collect::<Vec<_>>(),
                );
            };
            // A `view` or `pure` method of a class does not change its object.
            let changes = self.effect == super::Effect::Write;
            return Value {
                ty,
                root: if changes {
                    Root::Changing
                } else {
                    Root::Constant("this".to_owned())
                },
            };
        }
        let Some(contract) = self.contract else {
            self.this_outside(this);
            return Value::unknown();
        };
        match name.text.as_str() {
            "balance" => {
                self.reads(name.span);
                return Value::computed(BALANCE);
            }
            "address" => {
                self.reads(name.span);
                return Value::computed(Type::Address);
            }
            _ => {}
        }
        if let Some(slot) = self.checker.program.storage_field(contract, &name.text) {
            let ty = slot.placed.ty.clone();
            self.reads(name.span);
            return Value {
                ty,
                root: Root::Storage,
            };
        }
        let program = &self.checker.program;
        if program.method(contract, &name.text).is_some() {
            let message = format!("`{}` is a method", name.text);
            self.find(
                Code::NotAValue,
                name.span,
                message,
                format!("call it: `this.{}(...)`", name.text),
            );
            return Value::unknown();
        }
        let line = program.line(contract);
        let slots = line
            .iter()
            .flat_map(|number| &program.contracts[*number].storage);
        let known: Vec<String> = slots
            .map(|slot| slot.name.text.clone())
            .chain(["balance".to_owned(), "address".to_owned()])
            .collect();
        self.no_member(
            "this",
            name,
            &known.iter().map(String::as_str).collect::<Vec<_>>(),
        )
    }

    fn field_names(&self, class: usize) -> Vec<String> {
        self.checker.program.classes[class]
            .fields
            .iter()
            .map(|slot| slot.name.text.clone())
            .collect()
    }

    /// The type of a field with the class's type arguments put in.
    fn class_field(&self, class: usize, arguments: &[Type], name: &str) -> Option<Type> {
        let info = &self.checker.program.classes[class];
        let slot = info.fields.iter().find(|slot| slot.name.text == name)?;
        Some(
            slot.placed
                .ty
                .replace(&self.class_arguments(class, arguments)),
        )
    }

    /// What stands for the type parameters of a class.
    pub(super) fn class_arguments<'a>(
        &'a self,
        class: usize,
        arguments: &'a [Type],
    ) -> impl Fn(&str) -> Option<Type> + 'a {
        let parameters = &self.checker.program.classes[class].type_parameters;
        move |wanted: &str| {
            let at = parameters
                .iter()
                .position(|ty| matches!(ty, Type::Parameter(own, _) if own == wanted))?;
            arguments.get(at).cloned()
        }
    }

    fn message(&mut self, name: &Name) -> Value {
        self.reads(name.span);
        match name.text.as_str() {
            "sender" => Value::computed(Type::Address),
            "value" => {
                self.value_read = true;
                if !self.payable {
                    let message = "no tokens come with this call";
                    let advice =
                        "write `payable` in front of the method: only then a call may bring tokens";
                    self.find(Code::ValueNotPayable, name.span, message, advice);
                }
                Value::computed(BALANCE)
            }
            _ => self.no_member("msg", name, &["sender", "value"]),
        }
    }

    fn block_value(&mut self, name: &Name) -> Value {
        self.reads(name.span);
        match name.text.as_str() {
            "number" => Value::computed(unsigned(32)),
            "time" => Value::computed(unsigned(64)),
            _ => self.no_member("block", name, &["number", "time"]),
        }
    }

    fn plain_variant(&mut self, number: usize, name: &Name, wanted: Option<&Type>) -> Value {
        let info = &self.checker.program.enums[number];
        let parameters = info.type_parameters.len();
        let arguments = match wanted {
            Some(Type::Enum(same, arguments)) if *same == number => arguments.clone(),
            _ => vec![Type::Unknown; parameters],
        };
        let fields = self.variant_fields(number, &arguments, &name.text);
        match fields {
            None => {
                let info = &self.checker.program.enums[number];
                let known: Vec<String> = info
                    .variants
                    .iter()
                    .map(|(name, _)| name.text.clone())
                    .collect();
                let shown = info.name.text.clone();
                self.no_member(
                    &shown,
                    name,
                    &known.iter().map(String::as_str).collect::<Vec<_>>(),
                )
            }
            Some(fields) if !fields.is_empty() => {
                let message = format!("`{}` has {} fields", name.text, fields.len());
                self.find(
                    Code::WrongArguments,
                    name.span,
                    message,
                    format!("write `{}(...)`", name.text),
                );
                Value::unknown()
            }
            Some(_) => Value::computed(Type::Enum(number, arguments)),
        }
    }
}
