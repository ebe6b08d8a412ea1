//! Arguments, and the types that stand for type parameters.

use super::{
    Slot, Type,
    body::{Body, Root, Value},
};
use crate::{
    ast::{Expr, ExprKind, Name},
    diagnostic::Code,
    span::Span,
};
use std::collections::HashMap;

impl Body<'_> {
    /// A call whose type parameters are found from its arguments.
    pub(super) fn generic(
        &mut self,
        name: &Name,
        slots: &[Slot],
        names: &[String],
        result: &Type,
        arguments: &[Expr],
        wanted: Option<&Type>,
    ) -> Value {
        if names.is_empty() {
            self.arguments(&name.text, name.span, slots, arguments);
            return Value::computed(result.clone());
        }
        if slots.len() != arguments.len() {
            self.all(arguments);
            return self.wrong_count(name, slots.len(), arguments.len());
        }
        let mut found: HashMap<String, Type> = HashMap::new();
        if let Some(wanted) = wanted {
            unify(result, wanted, names, &mut found);
        }
        // Numbers without a type of their own take that of the other arguments, so they come last.
        let bare = |argument: &Expr| matches!(argument.kind, ExprKind::Integer(_));
        let pairs = slots.iter().zip(arguments);
        let (last, first): (Vec<_>, Vec<_>) = pairs.partition(|(_, argument)| bare(argument));
        for (slot, argument) in first.into_iter().chain(last) {
            let parameters = parameter_names(&parameters_in(&slot.placed.ty));
            let open = parameters
                .iter()
                .any(|own| names.contains(own) && !found.contains_key(own));
            if open {
                let value = self.value(argument, None);
                unify(&slot.placed.ty, &value.ty, names, &mut found);
            } else {
                let known = slot.placed.ty.replace(&|own| found.get(own).cloned());
                self.expect(argument, &known);
            }
        }
        let bounds: Vec<Type> = slots
            .iter()
            .flat_map(|slot| parameters_in(&slot.placed.ty))
            .collect();
        for parameter in bounds {
            if let Type::Parameter(own, _) = &parameter
                && let Some(ty) = found.get(own).cloned().filter(|_| names.contains(own))
            {
                self.bounds(name, std::slice::from_ref(&parameter), &[ty]);
            }
        }
        Value::computed(result.replace(&|own| {
            if names.iter().any(|name| name == own) {
                Some(found.get(own).cloned().unwrap_or(Type::Unknown))
            } else {
                None
            }
        }))
    }

    /// Arguments for parameters or fields.
    pub(super) fn arguments(&mut self, name: &str, span: Span, slots: &[Slot], arguments: &[Expr]) {
        let name = Name {
            text: name.to_owned(),
            span,
        };
        let types: Vec<Type> = slots.iter().map(|slot| slot.placed.ty.clone()).collect();
        let values = self.plain(&name, arguments, &types);
        for ((slot, argument), found) in slots.iter().zip(arguments).zip(values) {
            if slot.placed.location == crate::ast::Location::Storage
                && found.root != Root::Storage
                && found.ty != Type::Unknown
            {
                let message = format!("`{}` is a reference into the storage", slot.name.text);
                self.find(
                    Code::HiddenReference,
                    argument.span,
                    message,
                    "give a field: `this.field`",
                );
            }
        }
    }

    /// Arguments of known types; none when there are more or fewer.
    pub(super) fn plain(&mut self, name: &Name, arguments: &[Expr], types: &[Type]) -> Vec<Value> {
        if types.len() != arguments.len() {
            self.all(arguments);
            self.wrong_count(name, types.len(), arguments.len());
            return Vec::new();
        }
        let pairs = types.iter().zip(arguments);
        pairs
            .map(|(ty, argument)| self.expect(argument, ty))
            .collect()
    }

    pub(super) fn wrong_count(&mut self, name: &Name, wanted: usize, given: usize) -> Value {
        let message = format!("`{}` takes {wanted} arguments, here are {given}", name.text);
        self.find(
            Code::WrongArguments,
            name.span,
            message,
            "give as many as it is declared with",
        );
        Value::unknown()
    }
}

pub(super) fn parameter_names(parameters: &[Type]) -> Vec<String> {
    let name = |ty: &Type| match ty {
        Type::Parameter(name, _) => Some(name.clone()),
        _ => None,
    };
    parameters.iter().filter_map(name).collect()
}

/// The type parameters in a type.
fn parameters_in(ty: &Type) -> Vec<Type> {
    match ty {
        Type::Parameter(..) => vec![ty.clone()],
        Type::Array(item) | Type::Fixed(item, _) | Type::Option(item) => parameters_in(item),
        Type::Map(key, value) => [parameters_in(key), parameters_in(value)].concat(),
        Type::Class(_, arguments) | Type::Enum(_, arguments) => {
            arguments.iter().flat_map(parameters_in).collect()
        }
        _ => Vec::new(),
    }
}

/// Finds types for type parameters so that `pattern` becomes `actual`.
pub(crate) fn unify(
    pattern: &Type,
    actual: &Type,
    names: &[String],
    found: &mut HashMap<String, Type>,
) {
    match (pattern, actual) {
        (_, Type::Unknown) => {}
        (Type::Parameter(own, _), _) if names.contains(own) => {
            found.entry(own.clone()).or_insert_with(|| actual.clone());
        }
        (Type::Array(a), Type::Array(b))
        | (Type::Option(a), Type::Option(b))
        | (Type::Fixed(a, _), Type::Fixed(b, _)) => unify(a, b, names, found),
        (Type::Map(a, b), Type::Map(c, d)) => {
            unify(a, c, names, found);
            unify(b, d, names, found);
        }
        (Type::Class(n, a), Type::Class(m, b)) | (Type::Enum(n, a), Type::Enum(m, b)) if n == m => {
            for (one, other) in a.iter().zip(b) {
                unify(one, other, names, found);
            }
        }
        _ => {}
    }
}
