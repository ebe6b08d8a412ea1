//! Expressions.

use super::{
    Expr, ExprKind, Place, Shape, Stmt,
    lower::{Key, Lowered, Lowering, Site, Stopped},
};
use crate::{
    ast,
    check::{Declared, Integer, Type, unify},
};
use num_bigint::BigInt;
use std::collections::HashMap;

/// Constants may stand behind each other so deep; one that needs itself ends here too.
const MOST_BEHIND: usize = 64;

impl Lowering<'_> {
    /// The type of an expression, as the checker found it, with the types of this call in the place of type parameters.
    pub(super) fn type_of(&self, value: &ast::Expr) -> Type {
        let found = self.program.types.get(&(self.site.file, value.span));
        found.map_or(Type::Unknown, |ty| self.filled(ty))
    }

    fn shape_of(&mut self, value: &ast::Expr) -> Lowered<Shape> {
        let ty = self.type_of(value);
        self.shape(&ty, value.span)
    }

    pub(super) fn expr(&mut self, value: &ast::Expr) -> Lowered<Expr> {
        if self.contract.is_none()
            && let Some(found) = self.of_test(value)?
        {
            return Ok(found);
        }
        let shape = self.shape_of(value)?;
        let kind = match &value.kind {
            ast::ExprKind::Integer(number) => ExprKind::Number(number.clone().into()),
            ast::ExprKind::Bool(truth) => ExprKind::Bool(*truth),
            ast::ExprKind::Bytes(bytes) => ExprKind::Constant(bytes.clone()),
            ast::ExprKind::Unary(operator, inner) => return self.unary(*operator, inner, shape),
            ast::ExprKind::Binary(operator, left, right) => {
                self.binary(value, *operator, left, right)?
            }
            ast::ExprKind::Cast {
                value: inner,
                wraps,
                ..
            } => ExprKind::Convert(Box::new(self.expr(inner)?), *wraps),
            ast::ExprKind::Conditional(condition, yes, no) => {
                let (condition, yes, no) = (self.expr(condition)?, self.expr(yes)?, self.expr(no)?);
                ExprKind::Choose(Box::new(condition), Box::new(yes), Box::new(no))
            }
            ast::ExprKind::Name(name) => return self.name(value, name, shape),
            // A contract that is called is held as its address.
            ast::ExprKind::Member(object, name)
                if name.text == "address" && matches!(self.type_of(object), Type::Handle(_)) =>
            {
                return self.expr(object);
            }
            ast::ExprKind::Call {
                function,
                arguments,
                ..
            } if self.is_at(function) && arguments.len() == 1 => return self.expr(&arguments[0]),
            ast::ExprKind::Member(object, name) => self.member(value, object, &name.text, shape)?,
            ast::ExprKind::Index(..) => ExprKind::Load(Box::new(self.place(value)?)),
            ast::ExprKind::Call {
                function,
                arguments,
                options,
                ..
            } => {
                if let ast::ExprKind::Member(object, name) = &function.kind
                    && let Type::Handle(interface) = self.type_of(object)
                {
                    self.external(interface, object, &name.text, arguments, options)?
                } else {
                    self.call(value, function, arguments)?
                }
            }
            _ => return self.not_built(value.span, "this expression"),
        };
        Ok(Expr { kind, shape })
    }

    /// True for `Token.at`.
    fn is_at(&self, function: &ast::Expr) -> bool {
        let ast::ExprKind::Member(object, name) = &function.kind else {
            return false;
        };
        let ast::ExprKind::Name(base) = &object.kind else {
            return false;
        };
        name.text == "at"
            && matches!(
                self.declared(base),
                Some(Declared::Contract(_) | Declared::Interface(_))
            )
    }

    fn name(&mut self, value: &ast::Expr, name: &str, shape: Shape) -> Lowered<Expr> {
        if let Some((_, number)) = self
            .making
            .names
            .iter()
            .rev()
            .find(|(known, _)| known == name)
        {
            return Ok(Expr::local(*number, self.making.locals[*number]));
        }
        let Some(Declared::Constant(number)) = self.declared(name) else {
            return self.not_built(value.span, "this name");
        };
        if let Some(value) = self.program.constant_values.get(&number) {
            return Ok(Expr {
                kind: ExprKind::Number(value.clone()),
                shape,
            });
        }
        if let Some(known) = self.constants.get(&number) {
            return Ok(known.clone());
        }
        let found = self.constant(value, number)?;
        self.constants.insert(number, found.clone());
        Ok(found)
    }

    /// What a constant that is no number stands for.
    fn constant(&mut self, value: &ast::Expr, number: usize) -> Lowered<Expr> {
        if self.behind >= MOST_BEHIND {
            return self.not_built(value.span, "a constant with so many others behind it");
        }
        let info = &self.program.constants[number];
        let site = std::mem::replace(
            &mut self.site,
            Site {
                file: info.file,
                written_in: info.contract,
            },
        );
        let names = std::mem::take(&mut self.making.names);
        self.behind += 1;
        let found = self.expr(&info.ast.value);
        self.behind -= 1;
        (self.site, self.making.names) = (site, names);
        found
    }

    fn member(
        &mut self,
        value: &ast::Expr,
        object: &ast::Expr,
        name: &str,
        shape: Shape,
    ) -> Lowered<ExprKind> {
        if let Some(number) = self.variant(value, name) {
            return Ok(ExprKind::Number(number));
        }
        let base = match &object.kind {
            ast::ExprKind::This => "this",
            ast::ExprKind::Name(base) => base.as_str(),
            _ => return self.not_built(value.span, "this field"),
        };
        Ok(match (base, name) {
            ("this", "balance") => ExprKind::OwnBalance,
            ("this", "address") => ExprKind::OwnAddress,
            ("this", _) => ExprKind::Load(Box::new(self.place(value)?)),
            ("msg", "sender") => ExprKind::Sender,
            ("msg", "value") => ExprKind::Received,
            ("block", "number") => ExprKind::BlockNumber,
            ("block", "time") => ExprKind::BlockTime,
            (base, end) => match (Integer::named(base), shape) {
                (Some(integer), Shape::Narrow(_) | Shape::Wide { .. }) => {
                    let (least, most) = integer.range();
                    ExprKind::Number(if end == "max" { most } else { least })
                }
                _ => return self.not_built(value.span, "this field"),
            },
        })
    }

    /// The number of a variant without fields.
    fn variant(&self, value: &ast::Expr, name: &str) -> Option<BigInt> {
        let Type::Enum(number, _) = self.type_of(value) else {
            return None;
        };
        let ast::ExprKind::Member(object, _) = &value.kind else {
            return None;
        };
        let ast::ExprKind::Name(base) = &object.kind else {
            return None;
        };
        if self.declared(base) != Some(Declared::Enum(number)) {
            return None;
        }
        self.variant_number(number, name).map(BigInt::from)
    }

    /// The place of a variant among those of its enum.
    pub(super) fn variant_number(&self, of: usize, name: &str) -> Option<usize> {
        let variants = &self.program.enums[of].variants;
        variants.iter().position(|(known, _)| known.text == name)
    }

    /// A field of the contract, or an entry of a map in one.
    pub(super) fn place(&mut self, value: &ast::Expr) -> Lowered<Place> {
        let shape = self.shape_of(value)?;
        let mut keys = Vec::new();
        let mut base = value;
        while let ast::ExprKind::Index(list, key) = &base.kind {
            keys.push(self.expr(key)?);
            base = list;
        }
        keys.reverse();
        match &base.kind {
            ast::ExprKind::Member(object, name) if matches!(object.kind, ast::ExprKind::This) => {
                let Some(cell) = self.cell(&name.text) else {
                    return Err(Stopped);
                };
                Ok(Place { cell, keys, shape })
            }
            _ => self.not_built(base.span, "this place"),
        }
    }

    fn call(
        &mut self,
        call: &ast::Expr,
        function: &ast::Expr,
        arguments: &[ast::Expr],
    ) -> Lowered<ExprKind> {
        let above = self
            .site
            .written_in
            .and_then(|part| self.program.contracts[part].base);
        let key = match &function.kind {
            ast::ExprKind::Super => above.map(Key::Constructor),
            ast::ExprKind::Member(object, name) => match &object.kind {
                ast::ExprKind::This => self
                    .contract
                    .and_then(|own| self.method_key(own, &name.text)),
                ast::ExprKind::Super => above.and_then(|base| self.method_key(base, &name.text)),
                _ if name.text == "has" && arguments.len() == 1 => {
                    return self.has(object, &arguments[0]);
                }
                _ => None,
            },
            ast::ExprKind::Name(name) => match (name.as_str(), self.declared(name)) {
                ("old", _) => return self.old(call, arguments),
                ("mulDiv", _) => return self.mul_div(call, arguments),
                (_, Some(Declared::Function(number))) => {
                    Some(Key::Free(number, self.found_types(number, call, arguments)))
                }
                _ => None,
            },
            _ => None,
        };
        let Some(key) = key else {
            return self.not_built(call.span, "this call");
        };
        let mut values = Vec::new();
        for argument in arguments {
            values.push(self.expr(argument)?);
        }
        let number = self.number(key);
        Ok(ExprKind::Call(number, values))
    }

    /// What the type parameters of a function stand for in a call.
    fn found_types(
        &self,
        function: usize,
        call: &ast::Expr,
        arguments: &[ast::Expr],
    ) -> Vec<(String, Type)> {
        let signature = &self.program.functions[function].signature;
        let names = &signature.type_parameters;
        let mut found = HashMap::new();
        for (slot, argument) in signature.parameters.iter().zip(arguments) {
            unify(&slot.placed.ty, &self.type_of(argument), names, &mut found);
        }
        unify(&signature.result, &self.type_of(call), names, &mut found);
        let of = |name: &String| (name.clone(), found.remove(name).unwrap_or(Type::Unknown));
        names.iter().map(of).collect()
    }

    /// `old(x)`: kept in a local when the function begins.
    fn old(&mut self, call: &ast::Expr, arguments: &[ast::Expr]) -> Lowered<ExprKind> {
        let ([before], true) = (arguments, self.making.old.is_some()) else {
            return self.not_built(call.span, "this call");
        };
        let found = self.expr(before)?;
        let local = self.local("", found.shape);
        if let Some(list) = &mut self.making.old {
            list.push(Stmt::Set(local, found));
        }
        Ok(ExprKind::Local(local))
    }

    fn has(&mut self, map: &ast::Expr, key: &ast::Expr) -> Lowered<ExprKind> {
        let mut keys = vec![self.expr(key)?];
        let mut base = map;
        while let ast::ExprKind::Index(list, key) = &base.kind {
            keys.push(self.expr(key)?);
            base = list;
        }
        keys.reverse();
        match &base.kind {
            ast::ExprKind::Member(object, name) if matches!(object.kind, ast::ExprKind::This) => {
                let Some(cell) = self.cell(&name.text) else {
                    return Err(Stopped);
                };
                Ok(ExprKind::Has(Box::new(Place {
                    cell,
                    keys,
                    shape: Shape::Bool,
                })))
            }
            _ => self.not_built(base.span, "this place"),
        }
    }
}
