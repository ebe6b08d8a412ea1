//! Arrays, bytes, texts and entries of maps.

use super::{
    ALREADY_THERE, Expr, ExprKind, INDEX, NOTHING_THERE, Place, Shape, Stmt,
    lower::{Lowered, Lowering},
    path::{Target, copied, item_place, length_place, load},
};
use crate::{
    ast,
    check::{Placed, Type},
    kind::Kind,
};
use num_bigint::BigInt;

impl Lowering<'_> {
    /// `list.length`
    pub(super) fn length(&mut self, list: &ast::Expr) -> Lowered<ExprKind> {
        match self.target(list)? {
            Some(Target::Stored(place, steps)) if steps.is_empty() && place.spread => {
                Ok(ExprKind::Load(Box::new(length_place(&place))))
            }
            Some(target) => {
                let found = self.read(target, list.span)?;
                Ok(length_of(found))
            }
            None => {
                let found = self.expr(list)?;
                Ok(length_of(found))
            }
        }
    }

    /// What bytes and texts are made into.
    pub(super) fn text_method(
        &mut self,
        object: &ast::Expr,
        name: &ast::Name,
        arguments: &[ast::Expr],
    ) -> Lowered<ExprKind> {
        let whole = self.expr(object)?;
        match (name.text.as_str(), arguments) {
            ("concat", [other]) => {
                let other = self.expr(other)?;
                Ok(ExprKind::Join(Box::new(whole), Box::new(other)))
            }
            ("slice", [from, to]) => {
                let (from, to) = (self.expr(from)?, self.expr(to)?);
                Ok(ExprKind::Slice(Box::new([whole, from, to])))
            }
            _ => self.not_built(name.span, "this method"),
        }
    }

    /// `this.map.has(key)`
    pub(super) fn has(&mut self, map: &ast::Expr, key: &ast::Expr) -> Lowered<ExprKind> {
        let place = self.entry_place(map, key)?;
        let place = if place.spread {
            length_place(&place)
        } else {
            place
        };
        Ok(ExprKind::Has(Box::new(place)))
    }

    /// `this.map.take(key)`
    pub(super) fn take(&mut self, map: &ast::Expr, key: &ast::Expr) -> Lowered<ExprKind> {
        let mut place = self.entry_place(map, key)?;
        place.must = true;
        Ok(ExprKind::Take(Box::new(place)))
    }

    /// `this.map.put(key, value);`
    pub(super) fn put(
        &mut self,
        map: &ast::Expr,
        key: &ast::Expr,
        value: &ast::Expr,
        out: &mut Vec<Stmt>,
    ) -> Lowered<()> {
        let place = self.entry_place(map, key)?;
        let mut target = Target::Stored(place, Vec::new());
        self.keep_keys(&mut target, out);
        let Target::Stored(place, _) = target else {
            return self.not_built(map.span, "this place");
        };
        let asked = if place.spread {
            length_place(&place)
        } else {
            place.clone()
        };
        let there = Expr {
            kind: ExprKind::Has(Box::new(asked)),
            shape: Shape::Bool,
        };
        let fail = vec![Stmt::Fail(ALREADY_THERE, Vec::new())];
        out.push(Stmt::If(there, fail, Vec::new()));
        let value = self.value(value, out)?;
        out.push(Stmt::Store(place, value));
        Ok(())
    }

    /// The place of an entry of a map.
    fn entry_place(&mut self, map: &ast::Expr, key: &ast::Expr) -> Lowered<Place> {
        let Type::Map(_, item) = self.type_of(map) else {
            return self.not_built(map.span, "this place");
        };
        let mut place = self.place(map)?;
        let key_value = self.expr(key)?;
        place.keys.push(key_value);
        let typed = self.place_of(place.cell, &item, key.span)?;
        (place.shape, place.spread) = (typed.shape, typed.spread);
        Ok(place)
    }

    /// `list.push(value);` and `list.pop()`, which gives a local.
    pub(super) fn array_method(
        &mut self,
        array: &ast::Expr,
        name: &ast::Name,
        arguments: &[ast::Expr],
        out: &mut Vec<Stmt>,
    ) -> Lowered<Option<Expr>> {
        let item = match self.type_of(array) {
            Type::Array(item) => self.shape(&item, array.span)?,
            _ => return self.not_built(array.span, "this method"),
        };
        let pushed = match (name.text.as_str(), arguments) {
            ("push", [value]) => Some(self.value(value, out)?),
            ("pop", []) => None,
            _ => return self.not_built(name.span, "this method"),
        };
        let target = self.target(array)?;
        if let Some(Target::Stored(place, steps)) = &target
            && place.spread
            && steps.is_empty()
        {
            let mut target = Target::Stored(place.clone(), Vec::new());
            self.keep_keys(&mut target, out);
            let pushed = pushed.map(|value| self.settled(value, Some(&target), out));
            let Target::Stored(place, _) = target else {
                return self.not_built(array.span, "this place");
            };
            return Ok(match pushed {
                Some(value) => {
                    self.push_stored(&place, value, out);
                    None
                }
                None => Some(self.pop_stored(&place, item, out)),
            });
        }
        let popped = pushed.is_none().then(|| self.local("", item));
        let pushed = pushed.map(|value| {
            let value = self.owned(value);
            self.settled(value, target.as_ref(), out)
        });
        self.changed_part(array, target, out, |path| match (pushed, popped) {
            (Some(value), _) => Stmt::Push(path, value),
            (None, local) => Stmt::Pop(path, local.unwrap_or_default()),
        })?;
        Ok(popped.map(|local| Expr::local(local, self.making.locals[local].clone())))
    }

    fn push_stored(&mut self, place: &Place, value: Expr, out: &mut Vec<Stmt>) {
        let at = self.local("", INDEX);
        out.push(Stmt::Set(at, load(length_place(place))));
        let index = Expr::local(at, INDEX);
        let item = item_place(place, index.clone(), value.shape.clone());
        out.push(Stmt::Store(item, value));
        let one = Box::new(Expr::number(1, INDEX));
        let more = Expr {
            kind: ExprKind::Operate(Kind::Plus, Box::new(index), one),
            shape: INDEX,
        };
        out.push(Stmt::Store(length_place(place), more));
    }

    fn pop_stored(&mut self, place: &Place, item: Shape, out: &mut Vec<Stmt>) -> Expr {
        let at = self.local("", INDEX);
        out.push(Stmt::Set(at, load(length_place(place))));
        let index = || Box::new(Expr::local(at, INDEX));
        let none = Expr {
            kind: ExprKind::Compare(Kind::Equal, index(), Box::new(Expr::number(0, INDEX))),
            shape: Shape::Bool,
        };
        let fail = vec![Stmt::Fail(NOTHING_THERE, Vec::new())];
        out.push(Stmt::If(none, fail, Vec::new()));
        let less = Expr {
            kind: ExprKind::Operate(Kind::Minus, index(), Box::new(Expr::number(1, INDEX))),
            shape: INDEX,
        };
        out.push(Stmt::Set(at, less));
        let taken = item_place(place, *index(), item.clone());
        let local = self.local("", item.clone());
        let value = Expr {
            kind: ExprKind::Take(Box::new(taken)),
            shape: item.clone(),
        };
        out.push(Stmt::Set(local, value));
        out.push(Stmt::Store(length_place(place), *index()));
        self.making.held[local].owned = true;
        Expr::local(local, item)
    }

    /// `for (const name of list)`: an array in storage is read item by item, as many as it had at the beginning.
    pub(super) fn items(
        &mut self,
        name: &str,
        list: &ast::Expr,
        body: &ast::Block,
        out: &mut Vec<Stmt>,
    ) -> Lowered<()> {
        let known = self.making.names.len();
        let target = self.target(list)?;
        let (count, at) = (self.local("", INDEX), self.local("", INDEX));
        let index = || Expr::local(at, INDEX);
        let (length, item) = match target {
            Some(Target::Stored(place, steps)) if steps.is_empty() && place.spread => {
                let Some((item, _)) = place.shape.items() else {
                    return self.not_built(list.span, "a loop over this");
                };
                let mut kept = Target::Stored(place, steps);
                self.keep_keys(&mut kept, out);
                let Target::Stored(place, _) = kept else {
                    return self.not_built(list.span, "a loop over this");
                };
                (
                    load(length_place(&place)),
                    load(item_place(&place, index(), item)),
                )
            }
            target => {
                let found = match target {
                    Some(target) => self.read(target, list.span)?,
                    None => self.expr(list)?,
                };
                let Some((item, _)) = found.shape.items() else {
                    return self.not_built(list.span, "a loop over this");
                };
                let whole = self.local("", found.shape.clone());
                let shape = found.shape.clone();
                let found = self.kept(whole, found);
                out.push(Stmt::Set(whole, found));
                let whole = Expr::local(whole, shape);
                let length = Expr {
                    kind: length_of(whole.clone()),
                    shape: INDEX,
                };
                let kind = ExprKind::Item(Box::new(whole), Box::new(index()));
                (length, Expr { kind, shape: item })
            }
        };
        out.push(Stmt::Set(count, length));
        out.push(Stmt::Set(at, Expr::number(0, INDEX)));
        let on = Expr {
            kind: ExprKind::Compare(
                Kind::Less,
                Box::new(index()),
                Box::new(Expr::local(count, INDEX)),
            ),
            shape: Shape::Bool,
        };
        let one = Box::new(Expr::number(1, INDEX));
        let next = Expr {
            kind: ExprKind::Operate(Kind::Plus, Box::new(index()), one),
            shape: INDEX,
        };
        let local = self.local(name, item.shape.clone());
        let item = self.kept(local, item);
        let mut turn = vec![Stmt::Set(local, item)];
        self.block(body, &mut turn)?;
        out.push(Stmt::Loop(on, turn, vec![Stmt::Set(at, next)], local));
        self.making.names.truncate(known);
        Ok(())
    }

    /// The value of an argument for a parameter: a method that changes its object sees values of its own.
    pub(super) fn argument(&mut self, value: &ast::Expr, changes: bool) -> Lowered<Expr> {
        let found = self.expr(value)?;
        Ok(
            if changes && found.shape.in_memory() && !Self::is_fresh(&found) {
                copied(found)
            } else {
                found
            },
        )
    }

    /// True for what refers to storage.
    pub(super) fn is_reference(&self, placed: &Placed) -> bool {
        placed.location == ast::Location::Storage && !placed.ty.is_scalar()
    }
}

fn length_of(list: Expr) -> ExprKind {
    match list.shape.items() {
        Some((_, Some(count))) => ExprKind::Number(BigInt::from(count)),
        _ => ExprKind::Length(Box::new(list)),
    }
}
