//! Calls of what the language gives.

use super::{
    Effect, Type,
    body::{Body, Root, Value},
};
use crate::{
    ast::{Expr, ExprKind, Name},
    diagnostic::Code,
    span::Span,
};

impl Body<'_> {
    pub(super) fn some(&mut self, name: &Name, arguments: &[Expr], wanted: Option<&Type>) -> Value {
        let item = match wanted {
            Some(Type::Option(item)) => Some((**item).clone()),
            _ => None,
        };
        let [value] = arguments else {
            self.all(arguments);
            return self.wrong_count(name, 1, arguments.len());
        };
        let ty = match item {
            Some(item) if item != Type::Unknown => {
                self.expect(value, &item);
                item
            }
            _ => self.value(value, None).ty,
        };
        Value::computed(Type::Option(Box::new(ty)))
    }

    pub(super) fn old(&mut self, name: &Name, arguments: &[Expr], wanted: Option<&Type>) -> Value {
        if !self.ensures {
            let advice = "`old(x)` is what `x` was when the method began; keep it in a local: `const before = x;`";
            self.find(
                Code::OldOutside,
                name.span,
                "`old` stands in `ensures` only",
                advice,
            );
        }
        match arguments {
            [value] => Value::computed(self.value(value, wanted).ty),
            _ => self.wrong_count(name, 1, arguments.len()),
        }
    }

    /// `mulDiv(a, b, c, Rounding.Down)`: a * b / c without overflow between.
    pub(super) fn mul_div(
        &mut self,
        name: &Name,
        arguments: &[Expr],
        wanted: Option<&Type>,
    ) -> Value {
        let [a, b, c, rounding] = arguments else {
            self.all(arguments);
            return self.wrong_count(name, 4, arguments.len());
        };
        let wanted = wanted.filter(|ty| ty.is_integer());
        let (left, right) = self.pair(a, b, wanted);
        let third = self.value(c, Some(&left)).ty;
        for (ty, place) in [(&right, b), (&third, c)] {
            if !ty.fits(&left) {
                let (one, other) = (self.shown(&left), self.shown(ty));
                self.find(
                    Code::WrongType,
                    place.span,
                    format!("here a `{one}` is needed, this is a `{other}`"),
                    "convert it: `... as Balance`",
                );
            }
        }
        let named = match &rounding.kind {
            ExprKind::Member(base, way) => {
                matches!(&base.kind, ExprKind::Name(base) if base == "Rounding")
                    && matches!(way.text.as_str(), "Up" | "Down")
            }
            _ => false,
        };
        if !named {
            self.find(
                Code::WrongType,
                rounding.span,
                "which way is it rounded?",
                "write `Rounding.Down` or `Rounding.Up`",
            );
        }
        if !left.is_integer() && left != Type::Unknown {
            let shown = self.shown(&left);
            self.find(
                Code::NoOperator,
                a.span,
                format!("a `{shown}` cannot be multiplied"),
                "only integers have it",
            );
            return Value::unknown();
        }
        Value::computed(left)
    }

    pub(super) fn array_method(
        &mut self,
        item: &Type,
        root: &Root,
        span: Span,
        name: &Name,
        arguments: &[Expr],
    ) -> Value {
        let result = match name.text.as_str() {
            "push" => {
                self.plain(name, arguments, std::slice::from_ref(item));
                Type::Unit
            }
            "pop" => {
                self.plain(name, arguments, &[]);
                item.clone()
            }
            _ => {
                self.all(arguments);
                let shown = self.shown(&Type::Array(Box::new(item.clone())));
                return self.no_member(&shown, name, &["length", "push", "pop"]);
            }
        };
        match root {
            Root::Storage => self.need(Effect::Write, span, "storage is written"),
            Root::Constant(local) => {
                let message = format!("`{local}` does not change");
                self.find(
                    Code::ConstantAssigned,
                    span,
                    message,
                    "declare it with `let`",
                );
            }
            Root::Changing | Root::Computed => {}
        }
        Value::computed(result)
    }

    pub(super) fn text_method(&mut self, text: &Type, name: &Name, arguments: &[Expr]) -> Value {
        match name.text.as_str() {
            "concat" => {
                self.plain(name, arguments, std::slice::from_ref(text));
                Value::computed(text.clone())
            }
            "slice" => {
                let place = super::types::unsigned(32);
                self.plain(name, arguments, &[place.clone(), place]);
                Value::computed(text.clone())
            }
            _ => {
                self.all(arguments);
                let shown = self.shown(text);
                self.no_member(&shown, name, &["length", "concat", "slice"])
            }
        }
    }

    pub(super) fn map_method(
        &mut self,
        key: &Type,
        item: &Type,
        name: &Name,
        arguments: &[Expr],
    ) -> Value {
        match name.text.as_str() {
            "has" => {
                self.plain(name, arguments, std::slice::from_ref(key));
                Value::computed(Type::Bool)
            }
            "put" => {
                self.need(Effect::Write, name.span, "storage is written");
                self.plain(name, arguments, &[key.clone(), item.clone()]);
                Value::computed(Type::Unit)
            }
            "take" => {
                self.need(Effect::Write, name.span, "storage is written");
                self.plain(name, arguments, std::slice::from_ref(key));
                Value::computed(item.clone())
            }
            _ => {
                self.all(arguments);
                let shown = self.shown(&Type::Map(Box::new(key.clone()), Box::new(item.clone())));
                self.no_member(&shown, name, &["has", "put", "take"])
            }
        }
    }
}
