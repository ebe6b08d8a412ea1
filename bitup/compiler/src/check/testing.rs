//! What only tests do: they stand outside of the chain, make contracts, call from any account and let time pass.

use super::{
    BALANCE, Declared, Effect, Type,
    body::{Body, Value},
    call::Options,
    types::unsigned,
};
use crate::{
    ast::{Expr, ExprKind, Name},
    diagnostic::Code,
};

impl Body<'_> {
    /// The contract that a call makes: `Token.deploy(...)`.
    pub(super) fn deployed(&self, call: &Expr) -> Option<usize> {
        let ExprKind::Call { function, .. } = &call.kind else {
            return None;
        };
        let ExprKind::Member(object, name) = &function.kind else {
            return None;
        };
        let ExprKind::Name(base) = &object.kind else {
            return None;
        };
        let is_local = self.locals.iter().any(|local| local.name.text == *base);
        match self.declared(base) {
            Some(Declared::Contract(number)) if name.text == "deploy" && !is_local => Some(number),
            _ => None,
        }
    }

    /// `Token.deploy(...)`: gives the contract that was made.
    pub(super) fn deploy(
        &mut self,
        contract: usize,
        name: &Name,
        arguments: &[Expr],
        options: Options<'_>,
    ) -> Value {
        if !self.test {
            let advice = "only tests make contracts; take the address of one as a parameter";
            let message = "a contract makes no other contracts";
            self.find(Code::TestOnly, name.span, message, advice);
        }
        let info = &self.checker.program.contracts[contract];
        let shown = info.ast.name.text.clone();
        let is_abstract = info.ast.is_abstract;
        let constructor = info.constructor.clone();
        if is_abstract {
            let message = format!("`{shown}` is abstract");
            let advice = "make a contract that extends it";
            self.find(Code::NotAValue, name.span, message, advice);
        }
        let payable = constructor.as_ref().is_some_and(|one| one.payable);
        let slots = constructor.map(|one| one.parameters).unwrap_or_default();
        let called = Name {
            text: shown,
            span: name.span,
        };
        self.options(&called, payable, options);
        self.arguments(&called.text, called.span, &slots, arguments);
        Value::computed(self.checker.handle_of(contract))
    }

    /// A function that only tests have; a function of the program with its name goes before it.
    pub(super) fn test_call(&mut self, name: &Name, arguments: &[Expr]) -> Option<Value> {
        if !self.test || self.declared(&name.text).is_some() {
            return None;
        }
        Some(match name.text.as_str() {
            "account" => {
                self.plain(name, arguments, &[Type::Text]);
                self.literal(arguments.first());
                Value::computed(Type::Address)
            }
            "balance" => {
                self.plain(name, arguments, &[Type::Address]);
                Value::computed(BALANCE)
            }
            "wait" => {
                self.need(Effect::Write, name.span, "time passes");
                self.plain(name, arguments, &[unsigned(64)]);
                Value::computed(Type::Unit)
            }
            "fails" => self.fails(name, arguments),
            _ => return None,
        })
    }

    /// `fails(call, "Error")`
    fn fails(&mut self, name: &Name, arguments: &[Expr]) -> Value {
        let [call, error] = arguments else {
            self.all(arguments);
            return self.wrong_count(name, 2, arguments.len());
        };
        let found = self.value(call, None);
        let outside = self.is_external(call) || self.deployed(call).is_some();
        if !outside && found.ty != Type::Unknown {
            let advice = "write `fails(token.method(...), \"NameOfTheError\");`";
            self.find(
                Code::TryWithoutCall,
                call.span,
                "only a call to a contract can fail here",
                advice,
            );
        }
        self.expect(error, &Type::Text);
        self.literal(Some(error));
        Value::computed(Type::Unit)
    }

    /// Names of accounts and errors are written out.
    fn literal(&mut self, value: Option<&Expr>) {
        if let Some(value) = value
            && !matches!(value.kind, ExprKind::Text(_))
        {
            self.find(
                Code::NotConstant,
                value.span,
                "this is a text that is written out",
                "write it in quotes: `\"alice\"`",
            );
        }
    }
}
