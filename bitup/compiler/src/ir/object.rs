//! Objects of classes, variants of enums, and options.

use super::{
    Expr, ExprKind, Function, Path, Shape, Step, Stmt,
    lower::{Key, Lowered, Lowering, Outcome, Site, Types},
};
use crate::{
    ast,
    check::{Declared, Effect, Type},
    span::Span,
};
use num_bigint::BigInt;

/// A method of a class: its class, what that one's type parameters stand for, its number.
pub(super) type Called = (usize, Types, usize);

impl Lowering<'_> {
    /// `new Class(...)`
    pub(super) fn new_object(
        &mut self,
        value: &ast::Expr,
        arguments: &[ast::Expr],
    ) -> Lowered<ExprKind> {
        let Type::Class(class, types) = self.type_of(value) else {
            return self.not_built(value.span, "this object");
        };
        if self.program.classes[class].constructor.is_some() {
            let values = self.values(arguments)?;
            let types = self.class_types(class, &types);
            let number = self.number(Key::Maker(class, types));
            return Ok(ExprKind::Call(number, values));
        }
        Ok(ExprKind::Parts(self.parts(arguments)?))
    }

    /// Values that become parts of another.
    pub(super) fn parts(&mut self, values: &[ast::Expr]) -> Lowered<Vec<Expr>> {
        let mut parts = Vec::new();
        for value in values {
            let found = self.expr(value)?;
            parts.push(self.owned(found));
        }
        Ok(parts)
    }

    /// What the type parameters of a class stand for.
    pub(super) fn class_types(&self, class: usize, types: &[Type]) -> Types {
        let parameters = &self.program.classes[class].type_parameters;
        let pairs = parameters.iter().zip(types);
        pairs
            .filter_map(|(parameter, ty)| match parameter {
                Type::Parameter(name, _) => Some((name.clone(), ty.clone())),
                _ => None,
            })
            .collect()
    }

    /// The method of an object that is called.
    pub(super) fn object_method(&self, object: &ast::Expr, name: &ast::Name) -> Option<Called> {
        let (class, types) = match (&object.kind, self.making.object) {
            (ast::ExprKind::This, Some((_, class))) => {
                let info = &self.program.classes[class];
                let types: Vec<Type> = info
                    .type_parameters
                    .iter()
                    .map(|ty| self.filled(ty))
                    .collect();
                (class, types)
            }
            (ast::ExprKind::This | ast::ExprKind::Super, _) => return None,
            _ => match self.type_of(object) {
                Type::Class(class, types) => (class, types),
                _ => return None,
            },
        };
        let methods = &self.program.classes[class].methods;
        let number = methods.iter().position(|one| one.name.text == name.text)?;
        Some((class, self.class_types(class, &types), number))
    }

    /// A call of a method that does not change its object.
    pub(super) fn object_call(
        &mut self,
        call: &ast::Expr,
        object: &ast::Expr,
        method: Called,
        arguments: &[ast::Expr],
    ) -> Lowered<ExprKind> {
        let (class, types, number) = method;
        let signature = &self.program.classes[class].methods[number];
        if signature.effect == Effect::Write {
            return self.not_built(
                call.span,
                "a call that changes its object, inside of an expression,",
            );
        }
        let receiver = match (&object.kind, self.making.object) {
            (ast::ExprKind::This, Some((local, _))) => {
                Expr::local(local, self.making.locals[local].clone())
            }
            _ => self.expr(object)?,
        };
        let own = self.found_types(signature, call, arguments);
        let mut values = vec![receiver];
        values.extend(self.values(arguments)?);
        let key = Key::Object(class, number, [types, own].concat());
        let function = self.number(key);
        Ok(ExprKind::Call(function, values))
    }

    /// The enum and the number of a variant, `Enum.Variant`.
    pub(super) fn variant(&self, value: &ast::Expr, of: &Type) -> Option<usize> {
        let Type::Enum(number, _) = of else {
            return None;
        };
        let ast::ExprKind::Member(object, name) = &value.kind else {
            return None;
        };
        let ast::ExprKind::Name(base) = &object.kind else {
            return None;
        };
        if self.known(base).is_some() || self.declared(base) != Some(Declared::Enum(*number)) {
            return None;
        }
        self.variant_number(*number, &name.text)
    }

    /// A variant with its fields.
    pub(super) fn variant_value(
        &mut self,
        number: usize,
        fields: &[ast::Expr],
        shape: &Shape,
    ) -> Lowered<ExprKind> {
        Ok(match shape {
            Shape::Choice(_) => ExprKind::Number(BigInt::from(number)),
            _ => ExprKind::Variant(number, self.parts(fields)?),
        })
    }

    /// The place of a variant among those of its enum.
    pub(super) fn variant_number(&self, of: usize, name: &str) -> Option<usize> {
        let variants = &self.program.enums[of].variants;
        variants.iter().position(|(known, _)| known.text == name)
    }

    /// A method of a class; its object is the first parameter.
    pub(super) fn object_function(
        &mut self,
        class: usize,
        number: usize,
        types: Types,
    ) -> Lowered<Function> {
        let info = &self.program.classes[class];
        self.making.types = types;
        self.site = Site {
            file: info.file,
            written_in: None,
        };
        let (written, signature) = (&info.ast.methods[number], &info.methods[number]);
        let shape = self.own_shape(class, written.name.span)?;
        let this = self.local("", shape);
        self.making.object = Some((this, class));
        let changes = signature.effect == Effect::Write;
        self.making.held[this].changes = changes;
        let mut function = self.written(written, signature, Vec::new(), &[])?;
        function.changes = changes;
        Ok(function)
    }

    fn own_shape(&mut self, class: usize, span: Span) -> Lowered<Shape> {
        let types = self.program.classes[class].type_parameters.clone();
        let ty = self.filled(&Type::Class(class, types));
        self.shape(&ty, span)
    }

    /// The constructor of a class: an object of zeros, first values of its fields, the body, and the object is given.
    pub(super) fn maker(&mut self, class: usize, types: Types) -> Lowered<Function> {
        let info = &self.program.classes[class];
        self.making.types = types;
        self.site = Site {
            file: info.file,
            written_in: None,
        };
        let (Some(written), Some(signature)) = (info.ast.constructors.first(), &info.constructor)
        else {
            return self.not_built(info.ast.name.span, "this object");
        };
        let shape = self.own_shape(class, info.ast.name.span)?;
        let parameters = self.parameters(written, signature, &[])?;
        let this = self.local("", shape.clone());
        self.making.object = Some((this, class));
        self.making.makes = Some(this);
        self.making.held[this].changes = true;
        self.making.held[this].owned = true;
        self.making.result = Outcome {
            shape: Shape::Unit,
            local: None,
        };
        let zero = Expr {
            kind: ExprKind::Zero,
            shape: shape.clone(),
        };
        let mut body = vec![Stmt::Set(this, zero)];
        // The first values of fields do not see the parameters.
        let names = std::mem::take(&mut self.making.names);
        for (number, field) in info.ast.fields.iter().enumerate() {
            if let Some(value) = &field.value {
                let value = self.expr(value)?;
                let path = Path {
                    local: this,
                    steps: vec![Step::Field(number)],
                };
                body.push(Stmt::Put(path, self.owned(value)));
            }
        }
        self.making.names = names;
        self.conditions(written, &mut body)?;
        if let Some(block) = &written.body {
            self.block(block, &mut body)?;
        }
        self.ensured(&mut body);
        body.push(Stmt::Return(Some(Expr::local(this, shape.clone()))));
        Ok(Function {
            name: info.ast.name.text.clone(),
            parameters,
            locals: std::mem::take(&mut self.making.locals),
            result: shape,
            changes: false,
            body,
        })
    }
}
