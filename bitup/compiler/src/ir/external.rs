//! Calls of other contracts.

use super::{
    Expr, ExprKind, Outside, Stmt, Tried,
    lower::{Lowered, Lowering, selector, selector_of},
};
use crate::{
    ast,
    check::{Declared, Effect, LONGEST_LINE, Type},
};

impl Lowering<'_> {
    /// `token.transfer(...)`, where `token` is a contract that is called.
    pub(super) fn external(
        &mut self,
        interface: usize,
        object: &ast::Expr,
        name: &str,
        arguments: &[ast::Expr],
        options: &[(ast::Name, ast::Expr)],
    ) -> Lowered<ExprKind> {
        let methods = &self.program.interfaces[interface].methods;
        let method = methods.iter().find(|method| method.name.text == name);
        let reads = method.is_some_and(|method| method.effect != Effect::Write);
        let target = Box::new(self.expr(object)?);
        let outside = self.outside(name, arguments, options, reads)?;
        let selector = self.selector_at(interface, name);
        Ok(ExprKind::External(target, selector, Box::new(outside)))
    }

    pub(super) fn outside(
        &mut self,
        name: &str,
        arguments: &[ast::Expr],
        options: &[(ast::Name, ast::Expr)],
        reads: bool,
    ) -> Lowered<Outside> {
        let mut outside = Outside {
            name: name.to_owned(),
            arguments: self.values(arguments)?,
            from: None,
            value: None,
            gas: None,
            reads,
        };
        for (option, value) in options {
            let place = match option.text.as_str() {
                "from" => &mut outside.from,
                "value" => &mut outside.value,
                _ => &mut outside.gas,
            };
            *place = Some(self.expr(value)?);
        }
        Ok(outside)
    }

    /// The selector of a method of an interface or of the contract that it was made of.
    fn selector_at(&self, interface: usize, name: &str) -> [u8; 4] {
        let written = match self.program.interfaces[interface].contract {
            Some(contract) => self.program.line(contract).into_iter().find_map(|part| {
                let methods = &self.program.contracts[part].ast.methods;
                methods.iter().find(|method| method.name.text == name)
            }),
            None => self.of_interface(interface, name, LONGEST_LINE),
        };
        written.map_or_else(|| selector(name), selector_of)
    }

    /// A method as it is written in an interface or in one that it extends.
    fn of_interface(&self, interface: usize, name: &str, left: usize) -> Option<&ast::Method> {
        let info = &self.program.interfaces[interface];
        let items = &self.program.files[info.file].1.items;
        let written = items.iter().find_map(|item| match item {
            ast::Item::Interface(one) if one.name.span == info.name.span => Some(one),
            _ => None,
        })?;
        let own = written.methods.iter().find(|one| one.name.text == name);
        own.or_else(|| {
            let left = left.checked_sub(1)?;
            written.extends.iter().find_map(|above| {
                let Some(Declared::Interface(number)) =
                    self.program.scopes[info.file].get(&above.text)
                else {
                    return None;
                };
                let above = &self.program.interfaces[*number];
                if !above.methods.iter().any(|one| one.name.text == name) {
                    return None;
                }
                self.of_interface(*number, name, left)
            })
        })
    }

    /// `try (const name = call) { body } catch (error) { catch }`
    pub(super) fn try_(
        &mut self,
        statement: &ast::StatementKind,
        out: &mut Vec<Stmt>,
    ) -> Lowered<()> {
        let ast::StatementKind::Try {
            name,
            call: written,
            body,
            error,
            catch,
            ..
        } = statement
        else {
            return Ok(());
        };
        let call: Expr = self.expr(written)?;
        if !matches!(call.kind, ExprKind::External(..) | ExprKind::Deploy(..)) {
            return self.not_built(written.span, "`try` around this");
        }
        let known = self.making.names.len();
        let result = name.as_ref().map(|name| {
            let local = self.local(&name.text, call.shape.clone());
            self.making.held[local].owned = true;
            local
        });
        let body = self.inner(body)?;
        self.making.names.truncate(known);
        let error = match error {
            Some(name) => {
                let shape = self.shape(&Type::Bytes, name.span)?;
                let local = self.local(&name.text, shape);
                self.making.held[local].owned = true;
                Some(local)
            }
            None => None,
        };
        let catch = self.inner(catch)?;
        self.making.names.truncate(known);
        out.push(Stmt::Try(Box::new(Tried {
            call,
            result,
            body,
            error,
            catch,
        })));
        Ok(())
    }
}
