//! Types that contain themselves.

use super::{Checker, FileNumber, Type};
use crate::{ast, diagnostic::Code};

impl Checker {
    /// Refuses types that contain themselves: their values would have no end.
    pub(super) fn refuse_endless_types(&mut self) {
        for number in 0..self.program.classes.len() {
            let mut seen = Vec::new();
            let fields: Vec<Type> = self.program.classes[number]
                .fields
                .iter()
                .map(|slot| slot.placed.ty.clone())
                .collect();
            if fields
                .iter()
                .any(|ty| self.reaches(ty, &Type::Class(number, Vec::new()), &mut seen))
            {
                let (file, name) = (
                    self.program.classes[number].file,
                    self.program.classes[number].ast.name.clone(),
                );
                self.endless(file, &name);
            }
        }
        for number in 0..self.program.enums.len() {
            let mut seen = Vec::new();
            let fields = self.program.enums[number]
                .variants
                .iter()
                .flat_map(|(_, slots)| slots);
            let fields: Vec<Type> = fields.map(|slot| slot.placed.ty.clone()).collect();
            if fields
                .iter()
                .any(|ty| self.reaches(ty, &Type::Enum(number, Vec::new()), &mut seen))
            {
                let (file, name) = (
                    self.program.enums[number].file,
                    self.program.enums[number].name.clone(),
                );
                self.endless(file, &name);
            }
        }
    }

    pub(super) fn endless(&mut self, file: FileNumber, name: &ast::Name) {
        let message = format!("`{}` contains itself", name.text);
        self.find(
            file,
            Code::EndlessType,
            name.span,
            message,
            "keep the parts in a map and a key in their place",
        );
    }

    /// Whether a type contains another, arguments aside.
    pub(super) fn reaches(&self, ty: &Type, wanted: &Type, seen: &mut Vec<Type>) -> bool {
        let inner = |types: &[Type], seen: &mut Vec<Type>| {
            types.iter().any(|one| self.reaches(one, wanted, seen))
        };
        match ty {
            Type::Array(item) | Type::Fixed(item, _) | Type::Option(item) => {
                self.reaches(item, wanted, seen)
            }
            Type::Map(key, value) => {
                self.reaches(key, wanted, seen) || self.reaches(value, wanted, seen)
            }
            Type::Class(number, arguments) => {
                let plain = Type::Class(*number, Vec::new());
                if plain == *wanted || inner(arguments, seen) {
                    return true;
                }
                if seen.contains(&plain) {
                    return false;
                }
                seen.push(plain);
                let fields = &self.program.classes[*number].fields;
                fields
                    .iter()
                    .any(|slot| self.reaches(&slot.placed.ty, wanted, seen))
            }
            Type::Enum(number, arguments) => {
                let plain = Type::Enum(*number, Vec::new());
                if plain == *wanted || inner(arguments, seen) {
                    return true;
                }
                if seen.contains(&plain) {
                    return false;
                }
                seen.push(plain);
                let slots = self.program.enums[*number]
                    .variants
                    .iter()
                    .flat_map(|(_, slots)| slots);
                let mut slots = slots;
                slots.any(|slot| self.reaches(&slot.placed.ty, wanted, seen))
            }
            _ => false,
        }
    }
}
