//! Expressions.

use super::{
    Expr, ExprKind, Place, Shape, Stmt,
    lower::{Key, Lowered, Lowering, Site, Stopped},
};
use crate::{
    ast,
    check::{Declared, Integer, Type},
    kind::Kind,
};
use num_bigint::BigInt;

impl Lowering<'_> {
    /// The shape of an expression, as the checker found it.
    fn shape_of(&mut self, value: &ast::Expr) -> Lowered<Shape> {
        let ty = self
            .program
            .types
            .get(&(self.site.file, value.span))
            .cloned()
            .unwrap_or(Type::Unknown);
        self.shape(&ty, value.span)
    }

    pub(super) fn expr(&mut self, value: &ast::Expr) -> Lowered<Expr> {
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
            ast::ExprKind::Member(object, name) => self.member(value, object, &name.text, shape)?,
            ast::ExprKind::Index(..) => ExprKind::Load(Box::new(self.place(value)?)),
            ast::ExprKind::Call {
                function,
                arguments,
                ..
            } => self.call(value, function, arguments)?,
            _ => return self.not_built(value.span, "this expression"),
        };
        Ok(Expr { kind, shape })
    }

    fn unary(&mut self, operator: Kind, inner: &ast::Expr, shape: Shape) -> Lowered<Expr> {
        if let (Kind::Minus, ast::ExprKind::Integer(number)) = (operator, &inner.kind) {
            return Ok(Expr {
                kind: ExprKind::Number(-BigInt::from(number.clone())),
                shape,
            });
        }
        let found = self.expr(inner)?;
        let kind = match (operator, shape) {
            (Kind::Bang, _) => ExprKind::Not(Box::new(found)),
            (Kind::Minus, Shape::Narrow(_)) => {
                let zero = Expr {
                    kind: ExprKind::Number(BigInt::ZERO),
                    shape,
                };
                ExprKind::Operate(Kind::Minus, Box::new(zero), Box::new(found))
            }
            (Kind::Tilde, Shape::Narrow(integer)) => {
                let all = if integer.signed {
                    BigInt::from(-1)
                } else {
                    integer.range().1
                };
                let all = Expr {
                    kind: ExprKind::Number(all),
                    shape,
                };
                ExprKind::Operate(Kind::Caret, Box::new(found), Box::new(all))
            }
            _ => return self.not_built(inner.span, "this operator on a wide number"),
        };
        Ok(Expr { kind, shape })
    }

    fn binary(
        &mut self,
        value: &ast::Expr,
        operator: Kind,
        left: &ast::Expr,
        right: &ast::Expr,
    ) -> Lowered<ExprKind> {
        if operator == Kind::Coalescing {
            return self.not_built(value.span, "`??`");
        }
        let (a, b) = (Box::new(self.expr(left)?), Box::new(self.expr(right)?));
        let wide = matches!(a.shape, Shape::Wide { .. });
        Ok(match operator {
            Kind::AndAnd => ExprKind::And(a, b),
            Kind::OrOr => ExprKind::Or(a, b),
            Kind::Equal
            | Kind::NotEqual
            | Kind::Less
            | Kind::LessEqual
            | Kind::Greater
            | Kind::GreaterEqual => ExprKind::Compare(operator, a, b),
            _ => {
                self.can_operate(value, operator, a.shape, wide)?;
                let counts = matches!(operator, Kind::ShiftLeft | Kind::ShiftRight);
                if counts && !matches!(b.shape, Shape::Narrow(_)) {
                    return self.not_built(right.span, "a shift by a wide number");
                }
                ExprKind::Operate(operator, a, b)
            }
        })
    }

    /// Which operators the code generator has.
    pub(super) fn can_operate(
        &mut self,
        value: &ast::Expr,
        operator: Kind,
        shape: Shape,
        wide: bool,
    ) -> Lowered<()> {
        let signed = matches!(shape, Shape::Narrow(Integer { signed: true, .. }));
        let there = match operator {
            Kind::Plus | Kind::Minus => true,
            Kind::Star
            | Kind::Slash
            | Kind::Percent
            | Kind::Ampersand
            | Kind::Pipe
            | Kind::Caret => !wide,
            Kind::WrapPlus | Kind::WrapMinus | Kind::WrapStar => !wide,
            Kind::ShiftRight => !wide,
            Kind::ShiftLeft => !wide && !signed,
            _ => false,
        };
        if there {
            return Ok(());
        }
        let what = format!("`{}` of these numbers", operator.text());
        self.not_built(value.span, &what)
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
        let info = &self.program.constants[number];
        let site = std::mem::replace(
            &mut self.site,
            Site {
                file: info.file,
                written_in: info.contract,
            },
        );
        let names = std::mem::take(&mut self.making.names);
        let found = self.expr(&info.ast.value);
        (self.site, self.making.names) = (site, names);
        Ok(Expr { shape, ..found? })
    }

    fn member(
        &mut self,
        value: &ast::Expr,
        object: &ast::Expr,
        name: &str,
        shape: Shape,
    ) -> Lowered<ExprKind> {
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
        let key = match &function.kind {
            ast::ExprKind::Super => {
                let base = self
                    .site
                    .written_in
                    .and_then(|part| self.program.contracts[part].base);
                base.map(Key::Constructor)
            }
            ast::ExprKind::Member(object, name) => match &object.kind {
                ast::ExprKind::This => self
                    .method_key(self.contract, &name.text)
                    .map(|(key, _)| key),
                ast::ExprKind::Super => {
                    let base = self
                        .site
                        .written_in
                        .and_then(|part| self.program.contracts[part].base);
                    base.and_then(|base| self.method_key(base, &name.text))
                        .map(|(key, _)| key)
                }
                _ if name.text == "has" && arguments.len() == 1 => {
                    return self.has(object, &arguments[0]);
                }
                _ => None,
            },
            ast::ExprKind::Name(name) => match self.declared(name) {
                Some(Declared::Function(number)) => Some(Key::Free(number)),
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

    /// An `ensures`: what stands in `old` is computed into a local at the beginning.
    pub(super) fn ensured_expr(
        &mut self,
        value: &ast::Expr,
        first: &mut Vec<Stmt>,
    ) -> Lowered<Expr> {
        if let ast::ExprKind::Call {
            function,
            arguments,
            ..
        } = &value.kind
            && matches!(&function.kind, ast::ExprKind::Name(name) if name == "old")
            && let [before] = arguments.as_slice()
        {
            let found = self.expr(before)?;
            let shape = found.shape;
            let local = self.local("", shape);
            first.push(Stmt::Set(local, found));
            return Ok(Expr::local(local, shape));
        }
        let shape = self.shape_of(value)?;
        let kind = match &value.kind {
            ast::ExprKind::Binary(operator, left, right) if *operator != Kind::Coalescing => {
                let (a, b) = (
                    self.ensured_expr(left, first)?,
                    self.ensured_expr(right, first)?,
                );
                let wide = matches!(a.shape, Shape::Wide { .. });
                let (a, b) = (Box::new(a), Box::new(b));
                match operator {
                    Kind::AndAnd => ExprKind::And(a, b),
                    Kind::OrOr => ExprKind::Or(a, b),
                    Kind::Equal
                    | Kind::NotEqual
                    | Kind::Less
                    | Kind::LessEqual
                    | Kind::Greater
                    | Kind::GreaterEqual => ExprKind::Compare(*operator, a, b),
                    _ => {
                        self.can_operate(value, *operator, a.shape, wide)?;
                        ExprKind::Operate(*operator, a, b)
                    }
                }
            }
            ast::ExprKind::Unary(Kind::Bang, inner) => {
                ExprKind::Not(Box::new(self.ensured_expr(inner, first)?))
            }
            _ => return self.expr(value),
        };
        Ok(Expr { kind, shape })
    }
}
