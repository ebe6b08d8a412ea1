//! Where values lie: in a local, in storage, or in a part of what lies there.

use super::{
    Expr, ExprKind, INDEX, Path, Place, Shape, Step, Stmt,
    lower::{Known, Lowered, Lowering},
};
use crate::{ast, check::Type, span::Span};

/// Where a value lies.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// In a local, or in a part of it.
    Local(Path),
    /// In storage, or in a part of what lies there under one key.
    Stored(Place, Vec<Step>),
}

impl Target {
    fn step(mut self, step: Step) -> Self {
        match &mut self {
            Self::Local(path) => path.steps.push(step),
            Self::Stored(_, steps) => steps.push(step),
        }
        self
    }
}

impl Lowering<'_> {
    /// Where the value of an expression lies; none for what is computed.
    pub(super) fn target(&mut self, value: &ast::Expr) -> Lowered<Option<Target>> {
        match &value.kind {
            ast::ExprKind::Name(name) => Ok(self.known(name).map(|known| match known {
                Known::Local(local) => Target::Local(Path {
                    local,
                    steps: Vec::new(),
                }),
                Known::Place(place) => Target::Stored(place, Vec::new()),
            })),
            ast::ExprKind::Member(object, name) if matches!(object.kind, ast::ExprKind::This) => {
                self.own_field(name)
            }
            ast::ExprKind::Member(object, name) => {
                let Type::Class(class, _) = self.type_of(object) else {
                    return Ok(None);
                };
                let field = self.field_number(class, name)?;
                Ok(self
                    .target(object)?
                    .map(|target| target.step(Step::Field(field))))
            }
            ast::ExprKind::Index(list, index) => {
                let of = self.type_of(list);
                let Some(target) = self.target(list)? else {
                    return Ok(None);
                };
                let index_value = self.expr(index)?;
                match (target, of) {
                    (Target::Stored(mut place, steps), Type::Map(_, item)) if steps.is_empty() => {
                        place.keys.push(index_value);
                        self.set_type(&mut place, &item, value.span)?;
                        Ok(Some(Target::Stored(place, steps)))
                    }
                    (Target::Stored(mut place, steps), Type::Array(item))
                        if place.spread && steps.is_empty() =>
                    {
                        place.keys.push(index_value);
                        self.set_type(&mut place, &item, value.span)?;
                        // Items of items lie with the item.
                        (place.must, place.spread) = (true, false);
                        Ok(Some(Target::Stored(place, steps)))
                    }
                    (target, _) => Ok(Some(target.step(Step::Item(index_value)))),
                }
            }
            _ => Ok(None),
        }
    }

    /// Says what lies at a place.
    fn set_type(&mut self, place: &mut Place, ty: &Type, span: Span) -> Lowered<()> {
        // Between the keys of a map of maps lies nothing.
        place.shape = match ty {
            Type::Map(..) => Shape::Unit,
            ty => self.shape(ty, span)?,
        };
        place.spread = matches!(place.shape, Shape::List(_));
        Ok(())
    }

    /// The place of a field of the contract with a type.
    pub(super) fn place_of(&mut self, cell: u32, ty: &Type, span: Span) -> Lowered<Place> {
        let mut place = Place {
            cell,
            keys: Vec::new(),
            shape: Shape::Unit,
            must: false,
            spread: false,
        };
        self.set_type(&mut place, ty, span)?;
        Ok(place)
    }

    /// `this.name`: of the object whose method is made, or of the contract.
    fn own_field(&mut self, name: &ast::Name) -> Lowered<Option<Target>> {
        if let Some((local, class)) = self.making.object {
            let field = self.field_number(class, name)?;
            return Ok(Some(Target::Local(Path {
                local,
                steps: vec![Step::Field(field)],
            })));
        }
        let (Some(contract), Some(cell)) = (self.contract, self.cell(&name.text)) else {
            return Ok(None);
        };
        let Some(slot) = self.program.storage_field(contract, &name.text) else {
            return Ok(None);
        };
        let place = self.place_of(cell, &slot.placed.ty, name.span)?;
        Ok(Some(Target::Stored(place, Vec::new())))
    }

    /// The place of a field among those of its class.
    pub(super) fn field_number(&mut self, class: usize, name: &ast::Name) -> Lowered<usize> {
        let fields = &self.program.classes[class].fields;
        match fields.iter().position(|slot| slot.name.text == name.text) {
            Some(number) => Ok(number),
            None => self.not_built(name.span, "this field"),
        }
    }

    /// What lies there.
    pub(super) fn read(&mut self, target: Target, span: Span) -> Lowered<Expr> {
        let (whole, steps) = match target {
            Target::Local(path) => {
                let shape = self.making.locals[path.local].clone();
                (Expr::local(path.local, shape), path.steps)
            }
            Target::Stored(place, steps) => (load(place), steps),
        };
        steps
            .into_iter()
            .try_fold(whole, |whole, step| self.part(whole, step, span))
    }

    /// A part of a value.
    pub(super) fn part(&mut self, whole: Expr, step: Step, span: Span) -> Lowered<Expr> {
        let found = match &step {
            Step::Field(number) => whole.shape.field(*number).map(|(_, shape)| shape),
            Step::Item(_) => whole.shape.items().map(|(shape, _)| shape),
        };
        let Some(shape) = found else {
            return self.not_built(span, "a part of this");
        };
        let kind = match step {
            Step::Field(number) => ExprKind::Field(Box::new(whole), number),
            Step::Item(index) => ExprKind::Item(Box::new(whole), Box::new(index)),
        };
        Ok(Expr { kind, shape })
    }

    /// The place in storage of an expression.
    pub(super) fn place(&mut self, value: &ast::Expr) -> Lowered<Place> {
        match self.target(value)? {
            Some(Target::Stored(place, steps)) if steps.is_empty() => Ok(place),
            Some(Target::Stored(..)) => {
                self.not_built(value.span, "a reference into what lies under one key")
            }
            _ => self.not_built(value.span, "this place"),
        }
    }

    /// What is used twice is computed once.
    pub(super) fn keep_keys(&mut self, target: &mut Target, out: &mut Vec<Stmt>) {
        let mut none = Vec::new();
        let (keys, steps) = match target {
            Target::Local(path) => (&mut none, &mut path.steps),
            Target::Stored(place, steps) => (&mut place.keys, steps),
        };
        let indices = steps.iter_mut().filter_map(|step| match step {
            Step::Item(index) => Some(index),
            Step::Field(_) => None,
        });
        for key in keys.iter_mut().chain(indices) {
            match key.kind {
                ExprKind::Number(_) | ExprKind::Sender => continue,
                ExprKind::Local(local) if !self.making.held[local].changes => continue,
                _ => {}
            }
            let shape = key.shape.clone();
            let local = self.local("", shape.clone());
            let kept = std::mem::replace(key, Expr::local(local, shape));
            let kept = self.kept(local, kept);
            out.push(Stmt::Set(local, kept));
        }
    }

    /// True where nothing else shares the lists of a value.
    pub(super) fn is_fresh(value: &Expr) -> bool {
        match &value.kind {
            ExprKind::Local(_) | ExprKind::Constant(_) => false,
            ExprKind::Field(whole, _) | ExprKind::Payload(whole, ..) | ExprKind::Item(whole, _) => {
                Self::is_fresh(whole)
            }
            ExprKind::Choose(_, one, other) | ExprKind::Else(one, other) => {
                Self::is_fresh(one) && Self::is_fresh(other)
            }
            _ => true,
        }
    }

    /// True where all locals that share lists with a value are such ones.
    fn all_locals(&self, value: &Expr, such: &dyn Fn(usize) -> bool) -> bool {
        match &value.kind {
            ExprKind::Local(local) => such(*local),
            ExprKind::Field(whole, _) | ExprKind::Payload(whole, ..) | ExprKind::Item(whole, _) => {
                self.all_locals(whole, such)
            }
            ExprKind::Choose(_, one, other) | ExprKind::Else(one, other) => {
                self.all_locals(one, such) && self.all_locals(other, such)
            }
            _ => true,
        }
    }

    /// The value as it is put where it may change.
    pub(super) fn owned(&self, value: Expr) -> Expr {
        if value.shape.has_list() && !Self::is_fresh(&value) {
            return copied(value);
        }
        value
    }

    /// The value as it goes into a local that does not change: it shares the lists of what does not change either.
    pub(super) fn kept(&mut self, local: usize, value: Expr) -> Expr {
        let fresh = Self::is_fresh(&value);
        let stays = self.all_locals(&value, &|one| !self.making.held[one].changes);
        if fresh || stays || !value.shape.has_list() {
            self.making.held[local].owned = fresh;
            return value;
        }
        self.making.held[local].owned = true;
        copied(value)
    }

    /// The value as it leaves the function: what it shares with a local of its own, nobody sees any more.
    pub(super) fn leaving(&self, value: Expr) -> Expr {
        let shares_constant = !Self::is_fresh(&value)
            && (has_constant(&value)
                || !self.all_locals(&value, &|one| self.making.held[one].owned));
        if value.shape.has_list() && shares_constant {
            return copied(value);
        }
        value
    }
}

/// True where a literal may be the value.
fn has_constant(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Constant(_) => true,
        ExprKind::Field(whole, _) | ExprKind::Payload(whole, ..) | ExprKind::Item(whole, _) => {
            has_constant(whole)
        }
        ExprKind::Choose(_, one, other) | ExprKind::Else(one, other) => {
            has_constant(one) || has_constant(other)
        }
        _ => false,
    }
}

/// Another value of the same content.
pub(super) fn copied(value: Expr) -> Expr {
    Expr {
        shape: value.shape.clone(),
        kind: ExprKind::Copy(Box::new(value)),
    }
}

/// What lies at a place.
pub(super) fn load(place: Place) -> Expr {
    Expr {
        shape: place.shape.clone(),
        kind: ExprKind::Load(Box::new(place)),
    }
}

/// The place of the length of an array in storage.
pub(super) fn length_place(array: &Place) -> Place {
    Place {
        shape: INDEX,
        spread: false,
        must: false,
        ..array.clone()
    }
}

/// The place of an item of an array in storage.
pub(super) fn item_place(array: &Place, index: Expr, item: Shape) -> Place {
    let mut place = array.clone();
    place.keys.push(index);
    (place.shape, place.must, place.spread) = (item, true, false);
    place
}
