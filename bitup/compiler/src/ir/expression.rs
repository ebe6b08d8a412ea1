//! Expressions.

use super::{
    Expr, ExprKind, Shape, Step, Stmt,
    lower::{Key, Lowered, Lowering, Reference, Site, Types},
};
use crate::{
    ast,
    check::{Declared, Integer, Signature, Type, unify},
};
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
        if let Some(target) = self.target(value)? {
            self.shape_of(value)?;
            return self.read(target, value.span);
        }
        let shape = self.shape_of(value)?;
        let kind = match &value.kind {
            ast::ExprKind::Integer(number) => ExprKind::Number(number.clone().into()),
            ast::ExprKind::Bool(truth) => ExprKind::Bool(*truth),
            ast::ExprKind::Bytes(bytes) => ExprKind::Constant(bytes.clone()),
            ast::ExprKind::Text(text) => ExprKind::Constant(text.clone().into_bytes()),
            ast::ExprKind::Array(items) => ExprKind::Parts(self.parts(items)?),
            ast::ExprKind::New { arguments, .. } => self.new_object(value, arguments)?,
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
            ast::ExprKind::Member(object, name) => {
                self.member(value, object, &name.text, shape.clone())?
            }
            ast::ExprKind::Index(list, index) => {
                let (list, index) = (self.expr(list)?, self.expr(index)?);
                return self.part(list, Step::Item(index), value.span);
            }
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
                    self.call(value, function, arguments, &shape)?
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
        if name == "None" && self.declared(name).is_none() {
            return Ok(Expr {
                kind: ExprKind::Variant(0, Vec::new()),
                shape,
            });
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
        if let Some(number) = self.variant(value, &self.type_of(value)) {
            return self.variant_value(number, &[], &shape);
        }
        let base = match &object.kind {
            ast::ExprKind::This => "this",
            ast::ExprKind::Name(base) if self.known(base).is_none() => base.as_str(),
            _ => "",
        };
        Ok(match (base, name) {
            ("this", "balance") => ExprKind::OwnBalance,
            ("this", "address") => ExprKind::OwnAddress,
            ("msg", "sender") => ExprKind::Sender,
            ("msg", "value") => ExprKind::Received,
            ("block", "number") => ExprKind::BlockNumber,
            ("block", "time") => ExprKind::BlockTime,
            (base, end) => match (Integer::named(base), shape) {
                (Some(integer), Shape::Narrow(_) | Shape::Wide { .. }) => {
                    let (least, most) = integer.range();
                    ExprKind::Number(if end == "max" { most } else { least })
                }
                _ => return self.part_of(value, object, name),
            },
        })
    }

    /// A field of what was computed, or the length of a list.
    fn part_of(&mut self, value: &ast::Expr, object: &ast::Expr, name: &str) -> Lowered<ExprKind> {
        match self.type_of(object) {
            Type::Class(class, _) => {
                let ast::ExprKind::Member(_, name) = &value.kind else {
                    return self.not_built(value.span, "this field");
                };
                let field = self.field_number(class, name)?;
                Ok(ExprKind::Field(Box::new(self.expr(object)?), field))
            }
            Type::Array(_) | Type::Fixed(..) | Type::Bytes | Type::Text if name == "length" => {
                self.length(object)
            }
            _ => self.not_built(value.span, "this field"),
        }
    }

    fn call(
        &mut self,
        call: &ast::Expr,
        function: &ast::Expr,
        arguments: &[ast::Expr],
        shape: &Shape,
    ) -> Lowered<ExprKind> {
        let above = self
            .site
            .written_in
            .and_then(|part| self.program.contracts[part].base);
        match &function.kind {
            ast::ExprKind::Super => {
                let Some(base) = above else {
                    return self.not_built(call.span, "this call");
                };
                let values = self.values(arguments)?;
                let number = self.number(Key::Constructor(base));
                Ok(ExprKind::Call(number, values))
            }
            ast::ExprKind::Member(object, name) => {
                if let Some(method) = self.object_method(object, name) {
                    return self.object_call(call, object, method, arguments);
                }
                let from = match &object.kind {
                    ast::ExprKind::This => self.contract,
                    ast::ExprKind::Super => above,
                    _ => return self.member_call(call, function, object, name, arguments, shape),
                };
                match from.and_then(|from| self.method_at(from, &name.text)) {
                    Some((part, number)) => self.own_call(call, part, number, arguments),
                    None => self.not_built(call.span, "this call"),
                }
            }
            ast::ExprKind::Name(name) => self.call_name(call, name, arguments),
            _ => self.not_built(call.span, "this call"),
        }
    }

    /// A call of what is no method of the contract: of a map, a text, or a variant.
    fn member_call(
        &mut self,
        call: &ast::Expr,
        function: &ast::Expr,
        object: &ast::Expr,
        name: &ast::Name,
        arguments: &[ast::Expr],
        shape: &Shape,
    ) -> Lowered<ExprKind> {
        if let Some(number) = self.variant(function, &self.type_of(call)) {
            return self.variant_value(number, arguments, shape);
        }
        match (self.type_of(object), name.text.as_str(), arguments) {
            (Type::Map(..), "has", [key]) => self.has(object, key),
            (Type::Map(..), "take", [key]) => self.take(object, key),
            (Type::Bytes | Type::Text, _, _) => self.text_method(object, name, arguments),
            (Type::Array(_), "pop", _) => self.not_built(
                call.span,
                "`pop` inside of an expression, where another part may see the array before,",
            ),
            _ => self.not_built(call.span, "this call"),
        }
    }

    fn call_name(
        &mut self,
        call: &ast::Expr,
        name: &str,
        arguments: &[ast::Expr],
    ) -> Lowered<ExprKind> {
        match (name, self.declared(name)) {
            ("old", _) => self.old(call, arguments),
            ("mulDiv", _) => self.mul_div(call, arguments),
            (_, Some(Declared::Function(number))) => {
                let signature = &self.program.functions[number].signature;
                let types = self.found_types(signature, call, arguments);
                let values = self.values(arguments)?;
                let number = self.number(Key::Free(number, types));
                Ok(ExprKind::Call(number, values))
            }
            ("Some", None) => Ok(ExprKind::Variant(1, self.parts(arguments)?)),
            ("blake2", None) if arguments.len() == 1 => {
                Ok(ExprKind::Blake2(Box::new(self.expr(&arguments[0])?)))
            }
            _ => self.not_built(call.span, "this call"),
        }
    }

    /// A call of a method of the contract. What refers to storage is passed as its keys.
    fn own_call(
        &mut self,
        call: &ast::Expr,
        part: usize,
        number: usize,
        arguments: &[ast::Expr],
    ) -> Lowered<ExprKind> {
        let signature = &self.program.contracts[part].methods[number];
        let types = self.found_types(signature, call, arguments);
        let (mut values, mut references) = (Vec::new(), Vec::new());
        for (slot, argument) in signature.parameters.iter().zip(arguments) {
            if !self.is_reference(&slot.placed) {
                values.push(self.expr(argument)?);
                continue;
            }
            let place = self.place(argument)?;
            references.push(Reference {
                cell: place.cell,
                keys: place.keys.iter().map(|key| key.shape.clone()).collect(),
                must: place.must,
                spread: place.spread,
            });
            values.extend(place.keys);
        }
        let number = self.number(Key::Method(part, number, references, types));
        Ok(ExprKind::Call(number, values))
    }

    /// What the type parameters of a function stand for in a call.
    pub(super) fn found_types(
        &self,
        signature: &Signature,
        call: &ast::Expr,
        arguments: &[ast::Expr],
    ) -> Types {
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
        let local = self.local("", found.shape.clone());
        let found = self.kept(local, found);
        if let Some(list) = &mut self.making.old {
            list.push(Stmt::Set(local, found));
        }
        Ok(ExprKind::Local(local))
    }
}
