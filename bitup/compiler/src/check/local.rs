//! Locals, loops over items, and assignments.

use super::{
    Effect, Placed, Type,
    body::{Body, Root},
    resolve::Spot,
};
use crate::{
    ast::{Block, Expr, ExprKind, Location, Name},
    diagnostic::Code,
    kind::Kind,
};

impl Body<'_> {
    pub(super) fn local(
        &mut self,
        name: &Name,
        changes: bool,
        ty: Option<&crate::ast::Type>,
        value: &Expr,
    ) {
        let types = self.types.clone();
        let written = ty.map(|ty| self.checker.place(self.file, ty, &types, Spot::Value));
        let Some(placed) = written else {
            let found = self.value(value, None);
            if found.ty == Type::Unit {
                self.find(
                    Code::NotAValue,
                    value.span,
                    "this gives nothing to keep",
                    "write it as a statement of its own",
                );
            }
            if found.root == Root::Storage && !found.ty.is_scalar() {
                let shown = self.shown(&found.ty);
                let advice = format!(
                    "write `{}: memory {shown}` for a copy, `{}: storage {shown}` for a reference",
                    name.text, name.text
                );
                self.find(
                    Code::HiddenReference,
                    value.span,
                    "is this a copy of the field, or the field itself?",
                    advice,
                );
            }
            let placed = Placed {
                ty: found.ty,
                location: Location::Memory,
            };
            return self.declare(name, placed, changes);
        };
        let found = self.expect(value, &placed.ty);
        if placed.location == Location::Storage
            && found.root != Root::Storage
            && found.ty != Type::Unknown
        {
            let advice = "write `memory`, or name a field: `this.field`";
            self.find(
                Code::HiddenReference,
                value.span,
                "this does not lie in storage",
                advice,
            );
        }
        self.declare(name, placed, changes);
    }

    pub(super) fn for_(&mut self, name: &Name, from: &Expr, to: Option<&Expr>, body: &Block) {
        let known = self.locals.len();
        let item = match to {
            Some(to) => self.range(from, to),
            None => {
                let list = self.place(from, None);
                match &list.ty {
                    Type::Array(item) | Type::Fixed(item, _) => (**item).clone(),
                    Type::Bytes => super::types::unsigned(8),
                    Type::Unknown => Type::Unknown,
                    other => {
                        let shown = self.shown(other);
                        let advice = "a loop goes over an array, `bytes`, or a range `0..n`; the keys of a map are not known";
                        self.find(
                            Code::WrongType,
                            from.span,
                            format!("a `{shown}` has no items to go over"),
                            advice,
                        );
                        Type::Unknown
                    }
                }
            }
        };
        self.loops += 1;
        self.declare(
            name,
            Placed {
                ty: item,
                location: Location::Memory,
            },
            false,
        );
        self.loops -= 1;
        self.looped(body);
        self.locals.truncate(known);
    }

    pub(super) fn range(&mut self, from: &Expr, to: &Expr) -> Type {
        let (left, right) = self.pair(from, to, None);
        if !left.fits(&right) {
            let (a, b) = (self.shown(&left), self.shown(&right));
            self.find(
                Code::WrongType,
                to.span,
                format!("a range has one type, here are `{a}` and `{b}`"),
                "convert one end: `... as u64`",
            );
            return Type::Unknown;
        }
        if !left.is_integer() && left != Type::Unknown {
            let shown = self.shown(&left);
            self.find(
                Code::WrongType,
                from.span,
                format!("a range is made of numbers, not of `{shown}`"),
                "write numbers at both ends",
            );
            return Type::Unknown;
        }
        left
    }

    pub(super) fn delete(&mut self, target: &Expr) {
        let found = self.place(target, None);
        self.need(Effect::Write, target.span, "storage is written");
        let of_map = match &target.kind {
            ExprKind::Index(map, _) => {
                let ty = self.checker.program.types.get(&(self.file, map.span));
                matches!(ty, Some(Type::Map(..)))
            }
            _ => false,
        };
        if !of_map && found.ty != Type::Unknown {
            let advice = "write `delete this.map[key];`; other fields keep a value, assign one";
            self.find(
                Code::NotAPlace,
                target.span,
                "only an entry of a map can be deleted",
                advice,
            );
        }
        self.no_asset_lost(&found.ty, target.span);
    }

    pub(super) fn assign(&mut self, target: &Expr, operator: Kind, value: &Expr) {
        let place = self.place(target, None);
        match &place.root {
            Root::Storage => self.need(Effect::Write, target.span, "storage is written"),
            Root::Changing => {}
            Root::Constant(name) => {
                let message = format!("`{name}` does not change");
                self.find(Code::ConstantAssigned, target.span, message, "declare it with `let`; to change a parameter, copy it: `let copy = parameter;`");
            }
            Root::Computed if place.ty == Type::Unknown => {}
            Root::Computed => {
                self.find(
                    Code::NotAPlace,
                    target.span,
                    "nothing can be assigned here",
                    "assign to a local, a field, or an item of an array or map",
                );
            }
        }
        self.no_asset_lost(&place.ty, target.span);
        if operator == Kind::Assign {
            if matches!(place.ty, Type::Map(..)) {
                self.find(
                    Code::MapOutside,
                    target.span,
                    "a map cannot be assigned",
                    "assign its entries: `this.map[key] = value;`",
                );
            }
            self.expect(value, &place.ty);
        } else {
            self.assigned_operator(operator, &place.ty, target, value);
        }
    }
}
