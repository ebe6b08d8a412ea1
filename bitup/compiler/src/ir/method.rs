//! Methods, functions and constructors with their conditions.

use super::{
    CONDITION_BROKEN, Expr, ExprKind, Function, Shape, Stmt,
    lower::{Key, Known, Lowered, Lowering, Outcome, Reference, Site, Stopped},
};
use crate::{ast, check::Signature};

impl Lowering<'_> {
    /// A constructor: first values of the fields, then the constructor above, then its body.
    pub(super) fn constructor(&mut self, part: usize) -> Lowered<Function> {
        let info = &self.program.contracts[part];
        self.site = Site {
            file: info.file,
            written_in: Some(part),
        };
        let mut first = Vec::new();
        for (field, slot) in info.ast.storage.iter().zip(&info.storage) {
            if let Some(value) = &field.value {
                let cell = self.cell(&field.name.text).ok_or(Stopped)?;
                let place = self.place_of(cell, &slot.placed.ty, field.ty.span)?;
                let value = self.expr(value)?;
                first.push(Stmt::Store(place, value));
            }
        }
        let written = info.ast.constructors.first();
        let calls_above = written
            .and_then(|one| one.body.as_ref())
            .and_then(|body| body.statements.first())
            .is_some_and(is_super_call);
        if let (Some(base), false) = (info.base, calls_above) {
            let number = self.number(Key::Constructor(base));
            first.push(Stmt::Do(Expr {
                kind: ExprKind::Call(number, Vec::new()),
                shape: Shape::Unit,
            }));
        }
        match (written, &info.constructor) {
            (Some(written), Some(signature)) => self.written(written, signature, first, &[]),
            _ => Ok(Function {
                name: "constructor".to_owned(),
                parameters: 0,
                locals: std::mem::take(&mut self.making.locals),
                result: Shape::Unit,
                changes: false,
                body: first,
            }),
        }
    }

    /// Makes the parameters known; gives how many locals they are. References into the storage are their keys.
    pub(super) fn parameters(
        &mut self,
        method: &ast::Method,
        signature: &Signature,
        references: &[Reference],
    ) -> Lowered<usize> {
        let mut references = references.iter();
        for (slot, parameter) in signature.parameters.iter().zip(&method.parameters) {
            let ty = self.filled(&slot.placed.ty);
            if !self.is_reference(&slot.placed) {
                let shape = self.shape(&ty, parameter.ty.span)?;
                self.local(&slot.name.text, shape);
                continue;
            }
            let Some(reference) = references.next() else {
                return self.not_built(parameter.ty.span, "a reference here");
            };
            let mut place = self.place_of(reference.cell, &ty, parameter.ty.span)?;
            (place.must, place.spread) = (reference.must, reference.spread);
            for shape in &reference.keys {
                let local = self.local("", shape.clone());
                place.keys.push(Expr::local(local, shape.clone()));
            }
            let name = slot.name.text.clone();
            self.making.names.push((name, Known::Place(place)));
        }
        Ok(self.making.locals.len())
    }

    /// `requires`, and what `ensures` needs of the beginning.
    pub(super) fn conditions(&mut self, method: &ast::Method, body: &mut Vec<Stmt>) -> Lowered<()> {
        for (ensures, condition) in &method.conditions {
            if !ensures {
                let holds = self.expr(condition)?;
                body.push(Stmt::If(
                    holds.negated(),
                    vec![Stmt::Fail(CONDITION_BROKEN, Vec::new())],
                    Vec::new(),
                ));
            }
        }
        self.ensures(method, body)
    }

    /// A method as it is written, behind `first`.
    pub(super) fn written(
        &mut self,
        method: &ast::Method,
        signature: &Signature,
        first: Vec<Stmt>,
        references: &[Reference],
    ) -> Lowered<Function> {
        let parameters = self.parameters(method, signature, references)?;
        let span = method
            .result
            .as_ref()
            .map_or(method.name.span, |ty| ty.span);
        let result = self.filled(&signature.result);
        let shape = self.shape(&result, span)?;
        self.making.result = Outcome {
            shape: shape.clone(),
            local: None,
        };
        let mut body = first;
        self.conditions(method, &mut body)?;
        if let Some(block) = &method.body {
            self.block(block, &mut body)?;
        }
        if shape == Shape::Unit {
            self.ensured(&mut body);
        }
        let locals = std::mem::take(&mut self.making.locals);
        Ok(Function {
            name: method.name.text.clone(),
            parameters,
            locals,
            result: shape,
            changes: false,
            body,
        })
    }

    /// Reads `ensures`: what `old` names is kept now, the rest waits for the end.
    fn ensures(&mut self, method: &ast::Method, body: &mut Vec<Stmt>) -> Lowered<()> {
        let there = method.conditions.iter().any(|(ensures, _)| *ensures);
        if there && self.making.result.shape != Shape::Unit {
            let shape = self.making.result.shape.clone();
            let local = self.local("result", shape);
            self.making.held[local].owned = true;
            self.making.result.local = Some(local);
        }
        self.making.old = Some(Vec::new());
        for (ensures, condition) in &method.conditions {
            if *ensures {
                let holds = self.expr(condition)?;
                self.making.ensures.push(holds);
            }
        }
        body.extend(self.making.old.take().unwrap_or_default());
        // The body has no name `result`.
        let result = self.making.result.local;
        self.making.names.retain(|(name, known)| {
            let own = matches!(known, Known::Local(local) if Some(*local) == result);
            name != "result" || !own
        });
        Ok(())
    }

    /// The conditions that hold at the end of the function.
    pub(super) fn ensured(&self, body: &mut Vec<Stmt>) {
        for holds in &self.making.ensures {
            let fail = vec![Stmt::Fail(CONDITION_BROKEN, Vec::new())];
            body.push(Stmt::If(holds.clone().negated(), fail, Vec::new()));
        }
    }
}

/// True for `super(...);`.
fn is_super_call(statement: &ast::Statement) -> bool {
    match &statement.kind {
        ast::StatementKind::Value(ast::Expr {
            kind: ast::ExprKind::Call { function, .. },
            ..
        }) => {
            matches!(function.kind, ast::ExprKind::Super)
        }
        _ => false,
    }
}
