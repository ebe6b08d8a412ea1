//! Assets are linear: each is made once, moves from hand to hand, and ends stored, given or destroyed. None is copied, none is
//! lost, on no way through a body.

use super::{
    Effect, Type,
    body::{Body, Root, Value},
};
use crate::{
    ast::{Expr, ExprKind, Name},
    diagnostic::{Code, Diagnostic},
    span::Span,
};

/// Where the asset of each local went.
pub(super) type Moves = Vec<Option<Span>>;

impl Body<'_> {
    fn is_asset(&self, ty: &Type) -> bool {
        self.checker.program.is_asset(ty)
    }

    /// A value is used: an asset in a local leaves it.
    pub(super) fn moved(&mut self, value: &Expr, found: &Value) {
        if !self.is_asset(&found.ty) {
            return;
        }
        let ExprKind::Name(name) = &value.kind else {
            if found.root == Root::Storage {
                let advice = "take it out: `this.map.take(key)`";
                self.find(
                    Code::AssetCopied,
                    value.span,
                    "this would copy an asset out of storage",
                    advice,
                );
            }
            return;
        };
        let loops = self.loops;
        let Some(local) = self
            .locals
            .iter_mut()
            .rev()
            .find(|local| local.name.text == *name)
        else {
            return;
        };
        let in_loop = local.loops < loops;
        local.moved = Some(value.span);
        if in_loop {
            let message = format!("`{name}` leaves in a loop, which may run twice");
            self.find(
                Code::AssetUsedTwice,
                value.span,
                message,
                "let it leave before or behind the loop",
            );
        }
    }

    /// A local is named: an asset that left it is not there.
    pub(super) fn not_moved(&mut self, name: &Name) {
        let local = self
            .locals
            .iter()
            .rev()
            .find(|local| local.name.text == name.text);
        if let Some(place) = local.and_then(|local| local.moved) {
            let message = format!("the asset in `{}` has left", name.text);
            let finding = Diagnostic::new(Code::AssetUsedTwice, name.span, message);
            self.report(
                finding
                    .note(place, "it left here")
                    .advise("an asset is used once; read what you need of it before"),
            );
        }
    }

    /// Says so where locals from `first` on still hold assets.
    pub(super) fn assets_are_gone(&mut self, first: usize, end: Span) {
        for number in first..self.locals.len() {
            let local = &self.locals[number];
            if local.moved.is_some() || !self.is_asset(&local.placed.ty) {
                continue;
            }
            let (name, place) = (local.name.text.clone(), local.name.span);
            self.locals[number].moved = Some(end);
            let finding = Diagnostic::new(
                Code::AssetLost,
                place,
                format!("the asset in `{name}` would be lost"),
            );
            let finding = finding.note(end, "it is still there when this is reached");
            self.report(finding.advise("store it, return it, hand it on, or write `destroy`"));
        }
    }

    /// Something is overwritten or deleted: an asset there would be lost.
    pub(super) fn no_asset_lost(&mut self, ty: &Type, span: Span) {
        if self.is_asset(ty) {
            let advice = "write `this.map.put(key, asset)`, which fails where one is, and `this.map.take(key)` to take it out";
            self.find(
                Code::AssetLost,
                span,
                "an asset that is here already would be lost",
                advice,
            );
        }
    }

    /// One of two values is chosen: the other asset would be lost.
    pub(super) fn no_asset_copied(&mut self, ty: &Type, span: Span) {
        if self.is_asset(ty) {
            self.find(
                Code::AssetLost,
                span,
                "the asset that is not chosen would be lost",
                "write `if` with a body for each",
            );
        }
    }

    /// `destroy asset;`
    pub(super) fn destroy(&mut self, value: &Expr) {
        let found = self.value(value, None);
        match found.ty {
            Type::Class(number, _) if self.is_asset(&found.ty) => self.may_make(number, value.span),
            Type::Unknown => {}
            other => {
                let shown = self.shown(&other);
                self.find(
                    Code::WrongType,
                    value.span,
                    format!("a `{shown}` is no asset"),
                    "only assets are destroyed; others are just left alone",
                );
            }
        }
    }

    /// Assets are made and destroyed where they are declared.
    pub(super) fn may_make(&mut self, class: usize, span: Span) {
        let info = &self.checker.program.classes[class];
        if info.ast.is_asset && info.file != self.file {
            let message = format!(
                "`{}` is made and destroyed in its own file only",
                info.ast.name.text
            );
            self.find(
                Code::AssetForeign,
                span,
                message,
                "call a method of the contract that declares it",
            );
        } else if info.ast.is_asset {
            self.need(Effect::Write, span, "an asset is made or destroyed");
        }
    }

    pub(super) fn moves(&self) -> Moves {
        self.locals.iter().map(|local| local.moved).collect()
    }

    pub(super) fn set_moves(&mut self, moves: &Moves) {
        for (local, moved) in self.locals.iter_mut().zip(moves) {
            local.moved = *moved;
        }
    }

    /// Several ways meet: an asset has left on all of them or on none.
    pub(super) fn join(&mut self, ways: &[(bool, Moves)], span: Span) {
        let open: Vec<&Moves> = ways
            .iter()
            .filter(|(ends, _)| !ends)
            .map(|(_, moves)| moves)
            .collect();
        for number in 0..self.locals.len() {
            let left = open
                .iter()
                .filter_map(|moves| moves.get(number).copied().flatten())
                .next();
            let stays = open
                .iter()
                .any(|moves| moves.get(number).copied().flatten().is_none());
            let asset = self.is_asset(&self.locals[number].placed.ty);
            if let (Some(place), true, true) = (left, stays, asset) {
                let name = self.locals[number].name.text.clone();
                let message =
                    format!("the asset in `{name}` leaves on one way and stays on another");
                let finding = Diagnostic::new(Code::AssetLost, place, message)
                    .note(span, "the ways part here");
                self.report(finding.advise("let it leave on each way"));
            }
            if !open.is_empty() {
                self.locals[number].moved = left;
            }
        }
    }
}
