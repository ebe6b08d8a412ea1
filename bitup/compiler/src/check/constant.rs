//! Constants: their values are known before the program runs.

use super::{Checker, Declared, FileNumber, Type};
use crate::{
    ast::{Expr, ExprKind, Name},
    diagnostic::Code,
    kind::Kind,
};
use num_bigint::BigInt;

/// How deep constants and their expressions may stand behind each other.
const DEEPEST: usize = 512;

/// What is known of an integer constant.
#[derive(Clone, Debug)]
pub(super) enum Evaluation {
    /// It is being computed: who asks now is part of its value.
    Running,
    /// Its value, or nothing when a finding was made.
    Done(Option<BigInt>),
}

impl Checker {
    /// Checks all constants: each has a value of its type that can be computed now.
    pub(super) fn check_constants(&mut self) {
        for number in 0..self.program.constants.len() {
            let info = &self.program.constants[number];
            let (file, contract) = (info.file, info.contract);
            let (ty, value) = (info.ty.clone(), info.ast.value.clone());
            if let Type::Integer(integer) = ty {
                let Some(found) = self.constant_value(file, number, &value, 0) else {
                    continue;
                };
                if !integer.holds(&found) {
                    let (least, most) = integer.range();
                    let message = format!("{found} does not fit in `{integer}`");
                    let advice = format!("`{integer}` reaches from {least} to {most}");
                    self.find(file, Code::OutOfRange, value.span, message, advice);
                    continue;
                }
                self.program.constant_values.insert(number, found);
            } else if !is_constant(&value) {
                self.not_constant(file, &value);
                continue;
            }
            self.check_constant_body(file, contract, &value, &ty);
        }
    }

    fn not_constant(&mut self, file: FileNumber, value: &Expr) {
        let message = "this value is not known before the program runs";
        let advice = "a constant is made of literals, other constants and operators; for a value that is known later \
                      write a `storage` field";
        self.find(file, Code::NotConstant, value.span, message, advice);
    }

    /// The value of the integer constant with this name.
    pub(super) fn constant_named(
        &mut self,
        file: FileNumber,
        contract: Option<usize>,
        name: &Name,
    ) -> Option<BigInt> {
        let value = Expr {
            kind: ExprKind::Name(name.text.clone()),
            span: name.span,
        };
        self.constant_integer(file, contract, &value, 0)
    }

    /// The value of an integer constant, computed once.
    fn constant_value(
        &mut self,
        file: FileNumber,
        number: usize,
        asked: &Expr,
        depth: usize,
    ) -> Option<BigInt> {
        match self.constants.get(&number) {
            Some(Evaluation::Done(known)) => return known.clone(),
            Some(Evaluation::Running) => {
                let message = "this constant needs its own value";
                self.find(
                    file,
                    Code::NotConstant,
                    asked.span,
                    message,
                    "give one of the constants a number",
                );
                return None;
            }
            None => {}
        }
        self.constants.insert(number, Evaluation::Running);
        let info = &self.program.constants[number];
        let (file, contract, value) = (info.file, info.contract, info.ast.value.clone());
        let found = self.constant_integer(file, contract, &value, depth + 1);
        self.constants
            .insert(number, Evaluation::Done(found.clone()));
        found
    }

    fn constant_integer(
        &mut self,
        file: FileNumber,
        contract: Option<usize>,
        value: &Expr,
        depth: usize,
    ) -> Option<BigInt> {
        if depth > DEEPEST {
            let message = "too many constants stand behind this one";
            self.find(
                file,
                Code::NotConstant,
                value.span,
                message,
                "give one of them a number",
            );
            return None;
        }
        match &value.kind {
            ExprKind::Integer(number) => Some(number.clone().into()),
            ExprKind::Unary(Kind::Minus, inner) => {
                Some(-self.constant_integer(file, contract, inner, depth + 1)?)
            }
            ExprKind::Name(name) => {
                let inside = contract.and_then(|contract| {
                    let line = self.program.line(contract);
                    line.into_iter()
                        .find_map(|number| self.program.contracts[number].names.get(name).copied())
                });
                match inside.or_else(|| self.program.scopes[file].get(name).copied()) {
                    Some(Declared::Constant(number)) => {
                        self.constant_value(file, number, value, depth)
                    }
                    _ => {
                        self.not_constant(file, value);
                        None
                    }
                }
            }
            ExprKind::Cast {
                value: inner,
                wraps: false,
                ..
            } => self.constant_integer(file, contract, inner, depth + 1),
            ExprKind::Binary(operator, left, right) => {
                let left = self.constant_integer(file, contract, left, depth + 1)?;
                let right = self.constant_integer(file, contract, right, depth + 1)?;
                let result = fold(*operator, &left, &right);
                if result.is_none() {
                    let advice = "constants have `+ - * / % **` and results of at most 256 bits; division by zero \
                                  has no result";
                    self.find(
                        file,
                        Code::NotConstant,
                        value.span,
                        "this cannot be computed",
                        advice,
                    );
                }
                result
            }
            _ => {
                self.not_constant(file, value);
                None
            }
        }
    }
}

/// The result of an operator, bounded so that no program makes the compiler work long.
fn fold(operator: Kind, left: &BigInt, right: &BigInt) -> Option<BigInt> {
    let zero = *right == BigInt::ZERO;
    let result = match operator {
        Kind::Plus => left + right,
        Kind::Minus => left - right,
        Kind::Star => left * right,
        Kind::Slash if !zero => left / right,
        Kind::Percent if !zero => left % right,
        Kind::Power => {
            let exponent = u32::try_from(right)
                .ok()
                .filter(|exponent| *exponent <= 256)?;
            if left.bits().saturating_mul(u64::from(exponent)) > 2 * 257 {
                return None;
            }
            left.pow(exponent)
        }
        _ => return None,
    };
    (result.bits() <= 256).then_some(result)
}

/// True for literals and arrays and options of them.
fn is_constant(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Text(_)
        | ExprKind::Bytes(_)
        | ExprKind::Bool(_)
        | ExprKind::Integer(_)
        | ExprKind::Broken => true,
        ExprKind::Name(_) => true,
        ExprKind::Array(items) => items.iter().all(is_constant),
        ExprKind::Unary(_, inner) => is_constant(inner),
        ExprKind::Binary(_, left, right) => is_constant(left) && is_constant(right),
        _ => false,
    }
}
