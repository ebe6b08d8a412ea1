//! Locals and assignments.

use super::{
    Expr, ExprKind, NOTHING_THERE, Shape, Stmt,
    lower::{Known, Lowered, Lowering},
    path::Target,
};
use crate::{ast, kind::Kind};

impl Lowering<'_> {
    /// A local: a value, or the name of a place in storage.
    pub(super) fn local_(
        &mut self,
        name: &str,
        changes: bool,
        ty: Option<&ast::Type>,
        value: &ast::Expr,
        out: &mut Vec<Stmt>,
    ) -> Lowered<()> {
        let refers = ty.and_then(|ty| ty.location).map(|(location, _)| location)
            == Some(ast::Location::Storage);
        if refers {
            let place = self.place(value)?;
            let mut target = Target::Stored(place, Vec::new());
            self.keep_keys(&mut target, out);
            if let Target::Stored(place, _) = target {
                self.making
                    .names
                    .push((name.to_owned(), Known::Place(place)));
            }
            return Ok(());
        }
        let value = self.value(value, out)?;
        let local = self.local(name, value.shape.clone());
        let value = if changes {
            self.owned(value)
        } else {
            self.kept(local, value)
        };
        if changes {
            let held = &mut self.making.held[local];
            (held.changes, held.owned) = (true, true);
        }
        out.push(Stmt::Set(local, value));
        Ok(())
    }

    pub(super) fn assign(
        &mut self,
        target: &ast::Expr,
        operator: Kind,
        value: &ast::Expr,
        out: &mut Vec<Stmt>,
    ) -> Lowered<()> {
        let plain = match operator {
            Kind::Assign => None,
            Kind::PlusAssign => Some(Kind::Plus),
            Kind::MinusAssign => Some(Kind::Minus),
            Kind::StarAssign => Some(Kind::Star),
            Kind::SlashAssign => Some(Kind::Slash),
            Kind::PercentAssign => Some(Kind::Percent),
            Kind::ShiftLeftAssign => Some(Kind::ShiftLeft),
            Kind::ShiftRightAssign => Some(Kind::ShiftRight),
            Kind::AmpersandAssign => Some(Kind::Ampersand),
            Kind::PipeAssign => Some(Kind::Pipe),
            Kind::CaretAssign => Some(Kind::Caret),
            Kind::WrapPlusAssign => Some(Kind::WrapPlus),
            Kind::WrapMinusAssign => Some(Kind::WrapMinus),
            Kind::WrapStarAssign => Some(Kind::WrapStar),
            Kind::WrapShiftAssign => Some(Kind::WrapShift),
            _ => return self.not_built(target.span, "this assignment"),
        };
        let Some(mut place) = self.target(target)? else {
            return self.not_built(target.span, "this assignment");
        };
        let once = matches!(&place, Target::Stored(at, steps) if steps.is_empty() && !at.must);
        if plain.is_some() || !once {
            self.keep_keys(&mut place, out);
        }
        let given = self.value(value, out)?;
        let given = match plain {
            Some(_) => {
                let before = self.read(place.clone(), target.span)?;
                self.assigned(target, plain, before, given)?
            }
            None => self.owned(given),
        };
        match place {
            Target::Local(path) if path.steps.is_empty() => out.push(Stmt::Set(path.local, given)),
            Target::Local(path) => out.push(Stmt::Put(path, given)),
            Target::Stored(place, steps) if steps.is_empty() => {
                if place.must {
                    let there = Expr {
                        kind: ExprKind::Has(Box::new(place.clone())),
                        shape: Shape::Bool,
                    };
                    let fail = vec![Stmt::Fail(NOTHING_THERE, Vec::new())];
                    out.push(Stmt::If(there.negated(), fail, Vec::new()));
                }
                out.push(Stmt::Store(place, given));
            }
            stored => {
                let given = self.settled(given, Some(&stored), out);
                self.changed_part(target, Some(stored), out, |path| Stmt::Put(path, given))?;
            }
        }
        Ok(())
    }

    /// The value of `target operator= value`.
    fn assigned(
        &mut self,
        target: &ast::Expr,
        operator: Option<Kind>,
        before: Expr,
        value: Expr,
    ) -> Lowered<Expr> {
        let Some(operator) = operator else {
            return Ok(value);
        };
        let shape = before.shape.clone();
        Ok(Expr {
            kind: self.operated(target.span, operator, before, value)?,
            shape,
        })
    }
}
