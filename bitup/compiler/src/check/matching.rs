//! `match`: every case is covered, and none twice.

use super::{Declared, Placed, Type, body::Body};
use crate::{
    ast::{Arm, Expr, Location, Name, Pattern},
    diagnostic::{Code, Diagnostic},
    span::Span,
};
use num_bigint::BigInt;

/// What an arm covers.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Covered {
    Any,
    Number(BigInt),
    Bool(bool),
    Variant(String),
    /// A finding was made.
    Unknown,
}

impl Body<'_> {
    pub(super) fn match_(&mut self, value: &Expr, arms: &[Arm], span: Span) -> bool {
        let found = self.value(value, None);
        let mut covered: Vec<(Covered, Span)> = Vec::new();
        let before = self.moves();
        let mut ways = Vec::new();
        for arm in arms {
            self.set_moves(&before);
            let known = self.locals.len();
            let one = self.pattern(&arm.pattern, arm.span, &found.ty);
            let earlier = covered
                .iter()
                .find(|(other, _)| *other == one || *other == Covered::Any);
            if let Some((_, place)) = earlier.filter(|_| one != Covered::Unknown) {
                let finding =
                    Diagnostic::new(Code::CoveredTwice, arm.span, "this case is covered already");
                self.report(
                    finding
                        .note(*place, "covered here")
                        .advise("remove one of the two cases"),
                );
            }
            covered.push((one, arm.span));
            let ends = self.block(&arm.body);
            self.locals.truncate(known);
            ways.push((ends, self.moves()));
        }
        if arms.is_empty() {
            ways.push((false, before));
        }
        self.join(&ways, span);
        let whole = self.all_covered(&found.ty, &covered, value.span);
        whole && ways.iter().all(|(ends, _)| *ends)
    }

    /// What a pattern covers; makes its names known.
    fn pattern(&mut self, pattern: &Pattern, span: Span, ty: &Type) -> Covered {
        match pattern {
            Pattern::Any => Covered::Any,
            Pattern::Bool(value) => {
                if matches!(ty, Type::Bool | Type::Unknown) {
                    return Covered::Bool(*value);
                }
                self.wrong_pattern(span, ty)
            }
            Pattern::Integer(negative, value) => {
                let value = BigInt::from(value.clone());
                let value = if *negative { -value } else { value };
                match ty {
                    Type::Integer(integer) => {
                        if !integer.holds(&value) {
                            let message = format!("{value} does not fit in `{integer}`");
                            self.find(Code::OutOfRange, span, message, "remove the case");
                        }
                        Covered::Number(value)
                    }
                    Type::Unknown => Covered::Unknown,
                    _ => self.wrong_pattern(span, ty),
                }
            }
            Pattern::Variant { of, name, bindings } => {
                self.variant(of.as_ref(), name, bindings.as_deref(), ty)
            }
        }
    }

    fn wrong_pattern(&mut self, span: Span, ty: &Type) -> Covered {
        let shown = self.shown(ty);
        let message = format!("a `{shown}` is never this");
        self.find(
            Code::WrongPattern,
            span,
            message,
            "write a value or variant of its type, or `_`",
        );
        Covered::Unknown
    }

    fn variant(
        &mut self,
        of: Option<&Name>,
        name: &Name,
        bindings: Option<&[Option<Name>]>,
        ty: &Type,
    ) -> Covered {
        let fields = match ty {
            Type::Unknown => {
                for binding in bindings.unwrap_or_default().iter().flatten() {
                    self.declare(
                        binding,
                        Placed {
                            ty: Type::Unknown,
                            location: Location::Memory,
                        },
                        false,
                    );
                }
                return Covered::Unknown;
            }
            Type::Option(item) => match name.text.as_str() {
                "Some" if of.is_none() => vec![(**item).clone()],
                "None" if of.is_none() => Vec::new(),
                _ => return self.wrong_pattern(name.span, ty),
            },
            Type::Enum(number, arguments) => {
                let right_enum =
                    of.is_none_or(|of| self.declared(&of.text) == Some(Declared::Enum(*number)));
                match self
                    .variant_fields(*number, arguments, &name.text)
                    .filter(|_| right_enum)
                {
                    Some(fields) => fields.into_iter().map(|slot| slot.placed.ty).collect(),
                    None => return self.wrong_pattern(name.span, ty),
                }
            }
            _ => return self.wrong_pattern(name.span, ty),
        };
        let given = bindings.map_or(0, <[_]>::len);
        if given != fields.len() {
            let message = format!(
                "`{}` has {} fields, here are {given}",
                name.text,
                fields.len()
            );
            self.find(
                Code::WrongPattern,
                name.span,
                message,
                "name each field, or write `_` for it",
            );
        }
        for (number, binding) in bindings.unwrap_or_default().iter().enumerate() {
            let ty = fields.get(number).cloned().unwrap_or(Type::Unknown);
            if let Some(binding) = binding {
                self.declare(
                    binding,
                    Placed {
                        ty,
                        location: Location::Memory,
                    },
                    false,
                );
            }
        }
        Covered::Variant(name.text.clone())
    }

    /// The fields of a variant, with the enum's type arguments put in.
    pub(super) fn variant_fields(
        &self,
        number: usize,
        arguments: &[Type],
        name: &str,
    ) -> Option<Vec<super::Slot>> {
        let info = &self.checker.program.enums[number];
        let (_, slots) = info.variants.iter().find(|(known, _)| known.text == name)?;
        let replace = |wanted: &str| {
            let same = |ty: &Type| matches!(ty, Type::Parameter(own, _) if own == wanted);
            let at = info.type_parameters.iter().position(same)?;
            arguments.get(at).cloned()
        };
        let mut slots = slots.clone();
        for slot in &mut slots {
            slot.placed.ty = slot.placed.ty.replace(&replace);
        }
        Some(slots)
    }

    fn all_covered(&mut self, ty: &Type, covered: &[(Covered, Span)], span: Span) -> bool {
        let has = |wanted: &Covered| covered.iter().any(|(one, _)| one == wanted);
        if has(&Covered::Any) || has(&Covered::Unknown) {
            return true;
        }
        let wanted: Vec<(Covered, String)> = match ty {
            Type::Unknown => return true,
            Type::Bool => vec![
                (Covered::Bool(true), "true".to_owned()),
                (Covered::Bool(false), "false".to_owned()),
            ],
            Type::Option(_) => ["Some", "None"]
                .map(|name| (Covered::Variant(name.to_owned()), name.to_owned()))
                .into(),
            Type::Enum(number, _) => {
                let variants = &self.checker.program.enums[*number].variants;
                variants
                    .iter()
                    .map(|(name, _)| (Covered::Variant(name.text.clone()), name.text.clone()))
                    .collect()
            }
            Type::Integer(_) => vec![(Covered::Any, "_".to_owned())],
            other => {
                let shown = self.shown(other);
                let advice = "match numbers, `bool`, `Option` and enums; compare others with `===`";
                self.find(
                    Code::WrongType,
                    span,
                    format!("a `{shown}` cannot be matched"),
                    advice,
                );
                return false;
            }
        };
        let missing: Vec<String> = wanted
            .into_iter()
            .filter(|(one, _)| !has(one))
            .map(|(_, name)| format!("`{name}`"))
            .collect();
        if !missing.is_empty() {
            let message = format!("these cases are missing: {}", missing.join(", "));
            self.find(
                Code::NotCovered,
                span,
                message,
                "add them, or `_ => { ... }` for all others",
            );
        }
        missing.is_empty()
    }
}
