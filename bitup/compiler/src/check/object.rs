//! Objects of classes and values of enums.

use super::{
    Bound, Declared, Effect, Signature, Slot, Type,
    body::{Body, Root, Value},
    generic::parameter_names,
};
use crate::{
    ast::{Expr, Name},
    diagnostic::Code,
};

impl Body<'_> {
    pub(super) fn object_method(
        &mut self,
        class: usize,
        types: &[Type],
        root: &Root,
        name: &Name,
        arguments: &[Expr],
        wanted: Option<&Type>,
    ) -> Value {
        let info = &self.checker.program.classes[class];
        let Some(signature) = info
            .methods
            .iter()
            .find(|one| one.name.text == name.text)
            .cloned()
        else {
            let (shown, known) = (
                info.ast.name.text.clone(),
                info.methods
                    .iter()
                    .map(|one| one.name.text.clone())
                    .collect::<Vec<_>>(),
            );
            self.all(arguments);
            return self.no_member(
                &shown,
                name,
                &known.iter().map(String::as_str).collect::<Vec<_>>(),
            );
        };
        if signature.effect == Effect::Write {
            match root {
                Root::Constant(local) => {
                    let message = format!(
                        "`{}` changes its object, and `{local}` does not change",
                        name.text
                    );
                    self.find(
                        Code::ConstantAssigned,
                        name.span,
                        message,
                        "declare the object with `let`, or the method as `view`",
                    );
                }
                Root::Storage => self.need(Effect::Write, name.span, "storage is written"),
                Root::Changing | Root::Computed => {}
            }
        }
        let signature = self.filled(class, types, signature);
        self.generic(
            name,
            &signature.parameters,
            &signature.type_parameters,
            &signature.result,
            arguments,
            wanted,
        )
    }

    /// A signature of a class with the type arguments put in.
    pub(super) fn filled(
        &self,
        class: usize,
        types: &[Type],
        mut signature: Signature,
    ) -> Signature {
        let replace = self.class_arguments(class, types);
        for slot in &mut signature.parameters {
            slot.placed.ty = slot.placed.ty.replace(&replace);
        }
        signature.result = signature.result.replace(&replace);
        signature
    }

    pub(super) fn variant_value(
        &mut self,
        number: usize,
        name: &Name,
        arguments: &[Expr],
        wanted: Option<&Type>,
    ) -> Value {
        let info = &self.checker.program.enums[number];
        let parameters = info.type_parameters.clone();
        let Some((_, slots)) = info
            .variants
            .iter()
            .find(|(known, _)| known.text == name.text)
            .cloned()
        else {
            let (shown, known) = (
                info.name.text.clone(),
                info.variants
                    .iter()
                    .map(|(name, _)| name.text.clone())
                    .collect::<Vec<_>>(),
            );
            self.all(arguments);
            return self.no_member(
                &shown,
                name,
                &known.iter().map(String::as_str).collect::<Vec<_>>(),
            );
        };
        let names = parameter_names(&parameters);
        self.generic(
            name,
            &slots,
            &names,
            &Type::Enum(number, parameters),
            arguments,
            wanted,
        )
    }

    pub(super) fn new_object(
        &mut self,
        class: &Name,
        type_arguments: &[crate::ast::Type],
        arguments: &[Expr],
        wanted: Option<&Type>,
    ) -> Value {
        let Some(Declared::Class(number)) = self.declared(&class.text) else {
            self.all(arguments);
            if let Some(word) = super::words::of(&class.text) {
                self.find(
                    word.code,
                    class.span,
                    format!("`{}` is a name of JavaScript", class.text),
                    word.advice,
                );
            } else if self.declared(&class.text).is_some() {
                let message = format!("`{}` is no class", class.text);
                self.find(
                    Code::NotAValue,
                    class.span,
                    message,
                    "`new` makes objects of classes and assets",
                );
            } else {
                self.unknown_name(class);
            }
            return Value::unknown();
        };
        self.may_make(number, class.span);
        let types = self.types.clone();
        let given: Vec<Type> = type_arguments
            .iter()
            .map(|ty| self.checker.type_(self.file, ty, &types))
            .collect();
        let info = &self.checker.program.classes[number];
        let parameters = info.type_parameters.clone();
        let slots: Vec<Slot> = match &info.constructor {
            Some(constructor) => constructor.parameters.clone(),
            // Without a constructor, the fields are given in their order.
            None => info.fields.clone(),
        };
        if given.is_empty() {
            let names = parameter_names(&parameters);
            return self.generic(
                class,
                &slots,
                &names,
                &Type::Class(number, parameters),
                arguments,
                wanted,
            );
        }
        if given.len() != parameters.len() {
            let message = format!(
                "`{}` has {} type arguments, here are {}",
                class.text,
                parameters.len(),
                given.len()
            );
            self.find(
                Code::TypeArguments,
                class.span,
                message,
                "give each type parameter one type",
            );
            self.all(arguments);
            return Value::unknown();
        }
        self.bounds(class, &parameters, &given);
        let mut slots = slots;
        {
            let replace = self.class_arguments(number, &given);
            for slot in &mut slots {
                slot.placed.ty = slot.placed.ty.replace(&replace);
            }
        }
        self.arguments(&class.text, class.span, &slots, arguments);
        Value::computed(Type::Class(number, given))
    }

    /// Says so where a type lacks what a type parameter needs.
    pub(super) fn bounds(&mut self, name: &Name, parameters: &[Type], given: &[Type]) {
        for (parameter, ty) in parameters.iter().zip(given) {
            let Type::Parameter(own, bound) = parameter else {
                continue;
            };
            let keeps = match bound {
                Bound::None => true,
                Bound::Comparable => ty.is_comparable(),
                Bound::Integer => ty.is_integer() || *ty == Type::Unknown,
            };
            if !keeps {
                let message = format!("`{own}` of `{}` cannot be `{}`", name.text, self.shown(ty));
                let advice = if *bound == Bound::Integer {
                    "it is an integer type"
                } else {
                    "it is a type with `===`"
                };
                self.find(Code::BoundBroken, name.span, message, advice);
            }
        }
    }
}
