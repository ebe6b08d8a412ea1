//! Tests of the language: what they can do beyond a contract.

use super::{
    ADDRESS, Expr, ExprKind, Function, Record, Shape, Stmt, TOKENS,
    lower::{Lowered, Lowering, Making, Site, Stopped},
};
use crate::{
    ast::{self, StatementKind},
    check::{Declared, FileNumber, Program, Type},
    diagnostic::Diagnostic,
    metadata::blake2_256,
};
use std::collections::BTreeSet;

/// A test.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it shows.
    pub title: String,
    /// Its file.
    pub file: FileNumber,
    /// What is made up for it: names and types.
    pub parameters: Vec<(String, Type)>,
    /// Its function.
    pub function: usize,
}

/// All tests of a program.
#[derive(Clone, Debug)]
pub struct Tests {
    /// The tests, in the order of the files.
    pub cases: Vec<Case>,
    /// Their functions, and those that they call.
    pub functions: Vec<Function>,
    /// The errors that they fail with.
    pub errors: Vec<Record>,
    /// The contracts that they make, by their numbers in the program.
    pub contracts: BTreeSet<usize>,
}

/// The tests of a program in the form that is run.
///
/// # Errors
/// With what of them cannot be run yet, by file.
pub fn tests(program: &Program) -> Result<Tests, Vec<(FileNumber, Diagnostic)>> {
    let site = Site {
        file: 0,
        written_in: None,
    };
    let mut lowering = Lowering::new(program, None, site);
    let made = lowering.tests();
    lowering.ended(made, crate::span::Span::at(0))
}

/// The address of an account that a test names.
#[must_use]
pub fn account(name: &str) -> [u8; 32] {
    blake2_256(name.as_bytes())
}

impl Lowering<'_> {
    fn tests(&mut self) -> Lowered<Tests> {
        let mut cases = Vec::new();
        for (file, (_, tree)) in self.program.files.iter().enumerate() {
            for item in &tree.items {
                let ast::Item::Test(test) = item else {
                    continue;
                };
                self.site = Site {
                    file,
                    written_in: None,
                };
                // What is wrong with one test is said, and the others are read too.
                if let Ok(case) = self.case(test) {
                    cases.push(case);
                }
            }
        }
        Ok(Tests {
            cases,
            functions: self.all_functions()?,
            errors: std::mem::take(&mut self.errors),
            contracts: std::mem::take(&mut self.deployed),
        })
    }

    fn case(&mut self, test: &ast::Test) -> Lowered<Case> {
        self.making = Making::default();
        let mut parameters = Vec::new();
        for parameter in &test.parameters {
            let ty = self.program.types.get(&(self.site.file, parameter.ty.span));
            let ty = ty.cloned().ok_or(Stopped)?;
            let shape = self.shape(&ty, parameter.ty.span)?;
            self.local(&parameter.name.text, shape);
            parameters.push((parameter.name.text.clone(), ty));
        }
        let mut body = Vec::new();
        self.block(&test.body, &mut body)?;
        let function = self.functions.len();
        self.functions.push(Some(Function {
            name: test.title.clone(),
            parameters: parameters.len(),
            locals: std::mem::take(&mut self.making.locals),
            result: Shape::Unit,
            changes: false,
            body,
        }));
        Ok(Case {
            title: test.title.clone(),
            file: self.site.file,
            parameters,
            function,
        })
    }

    /// A statement that means something of its own in a test.
    pub(super) fn test_statement(
        &mut self,
        statement: &ast::Statement,
        out: &mut Vec<Stmt>,
    ) -> Lowered<bool> {
        match &statement.kind {
            StatementKind::Assert(condition) => {
                let holds = self.expr(condition)?;
                out.push(Stmt::Check(holds));
            }
            StatementKind::Require {
                condition,
                error: None,
            } => {
                let fits = self.expr(condition)?;
                out.push(Stmt::Assume(fits));
            }
            StatementKind::Emit { event, .. } => {
                return self.not_built(event.span, "an event of a test");
            }
            StatementKind::Value(ast::Expr {
                kind:
                    ast::ExprKind::Call {
                        function,
                        arguments,
                        ..
                    },
                ..
            }) => {
                let ast::ExprKind::Name(name) = &function.kind else {
                    return Ok(false);
                };
                if self.declared(name).is_some() {
                    return Ok(false);
                }
                match (name.as_str(), arguments.as_slice()) {
                    ("transfer", _) => {
                        return self.not_built(function.span, "`transfer` in a test");
                    }
                    ("wait", [time]) => {
                        let time = self.expr(time)?;
                        out.push(Stmt::Wait(time));
                    }
                    ("fails", [call, error]) => {
                        let ast::ExprKind::Text(error) = &error.kind else {
                            return self.not_built(error.span, "this name of an error");
                        };
                        let call = self.expr(call)?;
                        out.push(Stmt::MustFail(call, error.clone()));
                    }
                    _ => return Ok(false),
                }
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// An expression that only tests have.
    pub(super) fn of_test(&mut self, value: &ast::Expr) -> Lowered<Option<Expr>> {
        match &value.kind {
            ast::ExprKind::Member(object, _) => match &object.kind {
                ast::ExprKind::Name(base) if base == "msg" => {
                    self.not_built(value.span, "`msg` in a test")
                }
                _ => Ok(None),
            },
            ast::ExprKind::Call {
                function,
                arguments,
                options,
                ..
            } => match &function.kind {
                ast::ExprKind::Name(name) if self.declared(name).is_some() => Ok(None),
                ast::ExprKind::Name(name) => match (name.as_str(), arguments.as_slice()) {
                    (
                        "account",
                        [
                            ast::Expr {
                                kind: ast::ExprKind::Text(name),
                                ..
                            },
                        ],
                    ) => Ok(Some(Expr {
                        kind: ExprKind::Constant(account(name).to_vec()),
                        shape: ADDRESS,
                    })),
                    ("balance", [who]) => {
                        let who = Box::new(self.expr(who)?);
                        Ok(Some(Expr {
                            kind: ExprKind::BalanceOf(who),
                            shape: TOKENS,
                        }))
                    }
                    _ => Ok(None),
                },
                ast::ExprKind::Member(object, name) => {
                    self.deploy(object, &name.text, arguments, options)
                }
                _ => Ok(None),
            },
            _ => Ok(None),
        }
    }

    /// `Token.deploy(...)`
    fn deploy(
        &mut self,
        object: &ast::Expr,
        name: &str,
        arguments: &[ast::Expr],
        options: &[(ast::Name, ast::Expr)],
    ) -> Lowered<Option<Expr>> {
        let ast::ExprKind::Name(base) = &object.kind else {
            return Ok(None);
        };
        if name != "deploy" || self.known(base).is_some() {
            return Ok(None);
        }
        let Some(Declared::Contract(number)) = self.declared(base) else {
            return Ok(None);
        };
        let outside = self.outside(base, arguments, options, false)?;
        self.deployed.insert(number);
        Ok(Some(Expr {
            kind: ExprKind::Deploy(number, Box::new(outside)),
            shape: ADDRESS,
        }))
    }
}
