//! Calls that change a value in memory. They stand alone or give the whole value of a statement, so that no other part of
//! an expression sees a value before and behind the change.

use super::{
    Expr, ExprKind, Path, Shape, Stmt,
    lower::{Key, Lowered, Lowering},
    path::{Target, load},
};
use crate::{
    ast,
    check::{Effect, Type},
};

impl Lowering<'_> {
    /// The value of a statement, whose call may change something.
    pub(super) fn value(&mut self, value: &ast::Expr, out: &mut Vec<Stmt>) -> Lowered<Expr> {
        match self.changing(value, out)? {
            Some(Some(found)) => Ok(found),
            Some(None) => self.not_built(value.span, "a value of this call"),
            None => self.expr(value),
        }
    }

    /// A call that changes something in memory, with its result; none for other expressions.
    pub(super) fn changing(
        &mut self,
        value: &ast::Expr,
        out: &mut Vec<Stmt>,
    ) -> Lowered<Option<Option<Expr>>> {
        let ast::ExprKind::Call {
            function,
            arguments,
            ..
        } = &value.kind
        else {
            return Ok(None);
        };
        let ast::ExprKind::Member(object, name) = &function.kind else {
            return Ok(None);
        };
        if matches!(name.text.as_str(), "push" | "pop")
            && matches!(self.type_of(object), Type::Array(_))
        {
            return self.array_method(object, name, arguments, out).map(Some);
        }
        let Some((class, types, number)) = self.object_method(object, name) else {
            return Ok(None);
        };
        let signature = &self.program.classes[class].methods[number];
        if signature.effect != Effect::Write {
            return Ok(None);
        }
        let target = match &object.kind {
            ast::ExprKind::This => self.making.object.map(|(local, _)| {
                Target::Local(Path {
                    local,
                    steps: Vec::new(),
                })
            }),
            _ => self.target(object)?,
        };
        let own = self.found_types(signature, value, arguments);
        let types = [types, own].concat();
        let mut values = Vec::new();
        for argument in arguments {
            let found = self.argument(argument, true)?;
            values.push(self.settled(found, target.as_ref(), out));
        }
        let result = {
            let types = std::mem::replace(&mut self.making.types, types.clone());
            let filled = self.filled(&signature.result);
            self.making.types = types;
            self.shape(&filled, value.span)?
        };
        let function = self.number(Key::Object(class, number, types));
        let local = (result != Shape::Unit).then(|| self.local("", result));
        self.changed_part(object, target, out, |path| {
            Stmt::Change(path, function, values, local)
        })?;
        Ok(Some(local.map(|local| {
            self.making.held[local].owned = true;
            Expr::local(local, self.making.locals[local].clone())
        })))
    }

    /// The value, computed before what lies in storage is read to be changed: computing it may change that too.
    pub(super) fn settled(
        &mut self,
        value: Expr,
        target: Option<&Target>,
        out: &mut Vec<Stmt>,
    ) -> Expr {
        let known = matches!(
            value.kind,
            ExprKind::Local(_) | ExprKind::Number(_) | ExprKind::Bool(_) | ExprKind::Constant(_)
        );
        if known || !matches!(target, Some(Target::Stored(..))) {
            return value;
        }
        let shape = value.shape.clone();
        let local = self.local("", shape.clone());
        let value = self.owned(value);
        self.making.held[local].owned = true;
        out.push(Stmt::Set(local, value));
        Expr::local(local, shape)
    }

    /// Changes a value where it lies: in storage, all that lies under its key is read, changed and written.
    pub(super) fn changed_part(
        &mut self,
        object: &ast::Expr,
        target: Option<Target>,
        out: &mut Vec<Stmt>,
        change: impl FnOnce(Path) -> Stmt,
    ) -> Lowered<()> {
        match target {
            Some(mut target) => {
                self.keep_keys(&mut target, out);
                match target {
                    Target::Local(path) => out.push(change(path)),
                    Target::Stored(place, steps) => {
                        let local = self.local("", place.shape.clone());
                        out.push(Stmt::Set(local, load(place.clone())));
                        out.push(change(Path { local, steps }));
                        let shape = place.shape.clone();
                        out.push(Stmt::Store(place, Expr::local(local, shape)));
                    }
                }
            }
            None => {
                let value = self.expr(object)?;
                let local = self.local("", value.shape.clone());
                let value = self.owned(value);
                out.push(Stmt::Set(local, value));
                out.push(change(Path {
                    local,
                    steps: Vec::new(),
                }));
            }
        }
        Ok(())
    }
}
