//! Calls.

use super::{
    BALANCE, Declared, Effect, Type,
    body::{Body, Root, Value},
    types::unsigned,
};
use crate::{
    ast::{Expr, ExprKind, Name},
    diagnostic::Code,
    span::Span,
};

/// Options of a call.
pub(super) type Options<'a> = &'a [(Name, Expr)];

impl Body<'_> {
    pub(super) fn call(
        &mut self,
        call: &Expr,
        function: &Expr,
        arguments: &[Expr],
        options: Options<'_>,
        wanted: Option<&Type>,
    ) -> Value {
        if !self.is_external(call) && self.deployed(call).is_none() {
            self.no_options(options);
        }
        match &function.kind {
            ExprKind::Name(name) => self.call_name(
                &Name {
                    text: name.clone(),
                    span: function.span,
                },
                arguments,
                wanted,
            ),
            ExprKind::Super => self.super_constructor(function.span, arguments),
            ExprKind::Member(object, name) => {
                self.call_member(object, name, arguments, options, wanted)
            }
            _ => {
                self.value(function, None);
                self.all(arguments);
                self.find(
                    Code::NotAValue,
                    function.span,
                    "this cannot be called",
                    "call a method or function by its name",
                );
                Value::unknown()
            }
        }
    }

    fn no_options(&mut self, options: Options<'_>) {
        for (name, value) in options {
            self.value(value, Some(&BALANCE));
            let advice = "only a call to another contract has options; to send tokens, write `transfer(to, amount);`";
            self.find(
                Code::UnknownOption,
                name.span,
                "this call takes no options",
                advice,
            );
        }
    }

    fn call_name(&mut self, name: &Name, arguments: &[Expr], wanted: Option<&Type>) -> Value {
        match name.text.as_str() {
            "transfer" => {
                self.need(Effect::Write, name.span, "tokens are sent");
                self.plain(name, arguments, &[Type::Address, BALANCE]);
                return Value::computed(Type::Unit);
            }
            "blake2" | "keccak" | "sha2" => {
                self.plain(name, arguments, &[Type::Bytes]);
                return Value::computed(Type::Hash);
            }
            "Some" => return self.some(name, arguments, wanted),
            "old" => return self.old(name, arguments, wanted),
            "mulDiv" => return self.mul_div(name, arguments, wanted),
            _ => {}
        }
        if let Some(found) = self.test_call(name, arguments) {
            return found;
        }
        match self.declared(&name.text) {
            Some(Declared::Function(number)) => {
                let signature = self.checker.program.functions[number].signature.clone();
                self.generic(
                    name,
                    &signature.parameters,
                    &signature.type_parameters,
                    &signature.result,
                    arguments,
                    wanted,
                )
            }
            Some(other) => {
                self.all(arguments);
                let advice = match other {
                    Declared::Class(_) => format!("write `new {}(...)`", name.text),
                    Declared::Event(_) => format!("write `emit {}(...);`", name.text),
                    Declared::Error(_) => format!("write `throw {}(...);`", name.text),
                    Declared::Contract(_) | Declared::Interface(_) => {
                        format!("write `{}.at(address)`", name.text)
                    }
                    _ => "call a method or function".to_owned(),
                };
                self.find(
                    Code::NotAValue,
                    name.span,
                    format!("`{}` cannot be called", name.text),
                    advice,
                );
                Value::unknown()
            }
            None => {
                self.all(arguments);
                self.unknown_name(name);
                Value::unknown()
            }
        }
    }

    fn super_constructor(&mut self, span: Span, arguments: &[Expr]) -> Value {
        let base = self
            .contract
            .and_then(|contract| self.checker.program.contracts[contract].base);
        let Some(base) = base.filter(|_| self.constructor) else {
            self.all(arguments);
            let advice = "it stands in the constructor of a contract that extends another";
            self.find(
                Code::SuperCall,
                span,
                "there is no constructor to call here",
                advice,
            );
            return Value::unknown();
        };
        let slots = self.checker.program.contracts[base]
            .constructor
            .as_ref()
            .map(|one| one.parameters.clone());
        self.arguments("super", span, &slots.unwrap_or_default(), arguments);
        Value::computed(Type::Unit)
    }

    fn call_member(
        &mut self,
        object: &Expr,
        name: &Name,
        arguments: &[Expr],
        options: Options<'_>,
        wanted: Option<&Type>,
    ) -> Value {
        match &object.kind {
            ExprKind::This | ExprKind::Super => {
                return self.own_method(object, name, arguments, wanted);
            }
            ExprKind::Name(base) if !self.locals.iter().any(|local| local.name.text == *base) => {
                match self.declared(base) {
                    Some(Declared::Interface(number)) if name.text == "at" => {
                        return self.handle(Type::Handle(number), name, arguments);
                    }
                    Some(Declared::Contract(number)) if name.text == "at" => {
                        let ty = self.checker.handle_of(number);
                        return self.handle(ty, name, arguments);
                    }
                    Some(Declared::Contract(number)) if name.text == "deploy" => {
                        return self.deploy(number, name, arguments, options);
                    }
                    Some(Declared::Enum(number)) => {
                        return self.variant_value(number, name, arguments, wanted);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
        let receiver = self.place(object, None);
        match receiver.ty.clone() {
            Type::Handle(number) => self.external(number, name, arguments, options),
            Type::Class(number, types) => {
                self.object_method(number, &types, &receiver.root, name, arguments, wanted)
            }
            Type::Array(item) => {
                self.array_method(&item, &receiver.root, object.span, name, arguments)
            }
            Type::Map(key, item) => self.map_method(&key, &item, name, arguments),
            text @ (Type::Text | Type::Bytes) => self.text_method(&text, name, arguments),
            Type::Unknown => {
                self.all(arguments);
                Value::unknown()
            }
            other => {
                self.all(arguments);
                let shown = self.shown(&other);
                self.no_member(&shown, name, &[])
            }
        }
    }

    fn handle(&mut self, ty: Type, name: &Name, arguments: &[Expr]) -> Value {
        self.plain(name, arguments, &[Type::Address]);
        Value::computed(ty)
    }

    /// True for calls to another contract.
    pub(super) fn is_external(&self, call: &Expr) -> bool {
        let ExprKind::Call { function, .. } = &call.kind else {
            return false;
        };
        let ExprKind::Member(object, _) = &function.kind else {
            return false;
        };
        match &object.kind {
            ExprKind::Call { function, .. } => match &function.kind {
                ExprKind::Member(base, name) if name.text == "at" || name.text == "deploy" => {
                    match &base.kind {
                        ExprKind::Name(base) => matches!(
                            self.declared(base),
                            Some(Declared::Interface(_) | Declared::Contract(_))
                        ),
                        _ => false,
                    }
                }
                _ => false,
            },
            ExprKind::Name(name) => {
                let local = self
                    .locals
                    .iter()
                    .rev()
                    .find(|local| local.name.text == *name);
                local.is_some_and(|local| matches!(local.placed.ty, Type::Handle(_)))
            }
            ExprKind::Member(base, name) if matches!(base.kind, ExprKind::This) => {
                let slot = self
                    .contract
                    .and_then(|contract| self.checker.program.storage_field(contract, &name.text));
                slot.is_some_and(|slot| matches!(slot.placed.ty, Type::Handle(_)))
            }
            _ => false,
        }
    }

    fn own_method(
        &mut self,
        object: &Expr,
        name: &Name,
        arguments: &[Expr],
        wanted: Option<&Type>,
    ) -> Value {
        if let Some(number) = self.class.filter(|_| matches!(object.kind, ExprKind::This)) {
            let types = self.checker.program.classes[number].type_parameters.clone();
            let root = if self.effect == Effect::Write {
                Root::Changing
            } else {
                Root::Constant("this".to_owned())
            };
            return self.object_method(number, &types, &root, name, arguments, wanted);
        }
        let Some(contract) = self.contract else {
            self.all(arguments);
            self.this_outside(object.span);
            return Value::unknown();
        };
        let above = matches!(object.kind, ExprKind::Super);
        let start = if above {
            self.checker.program.contracts[contract].base
        } else {
            Some(contract)
        };
        let found = start
            .and_then(|start| self.checker.program.method(start, &name.text))
            .cloned();
        let Some(signature) = found else {
            self.all(arguments);
            let program = &self.checker.program;
            let methods = start.map(|start| program.line(start)).unwrap_or_default();
            let known: Vec<String> = methods
                .iter()
                .flat_map(|number| &program.contracts[*number].methods)
                .map(|one| one.name.text.clone())
                .collect();
            return self.no_member(
                if above { "super" } else { "this" },
                name,
                &known.iter().map(String::as_str).collect::<Vec<_>>(),
            );
        };
        if above && signature.is_abstract {
            self.find(
                Code::SuperCall,
                name.span,
                format!("`{}` has no body there", name.text),
                "remove the call",
            );
        }
        if signature.payable {
            self.value_read = true;
            if !self.payable {
                let advice =
                    "write `payable` here too, or call a method that takes the amount as parameter";
                self.find(
                    Code::ValueNotPayable,
                    name.span,
                    format!("`{}` uses the tokens that come with a call", name.text),
                    advice,
                );
            }
        }
        self.need(
            signature.effect,
            name.span,
            if signature.effect == Effect::Write {
                "a method that writes is called"
            } else {
                "a method that reads is called"
            },
        );
        self.generic(
            name,
            &signature.parameters,
            &signature.type_parameters,
            &signature.result,
            arguments,
            wanted,
        )
    }

    fn external(
        &mut self,
        interface: usize,
        name: &Name,
        arguments: &[Expr],
        options: Options<'_>,
    ) -> Value {
        let info = &self.checker.program.interfaces[interface];
        let Some(signature) = info
            .methods
            .iter()
            .find(|one| one.name.text == name.text)
            .cloned()
        else {
            let (shown, known) = (
                info.name.text.clone(),
                info.methods
                    .iter()
                    .map(|one| one.name.text.clone())
                    .collect::<Vec<_>>(),
            );
            self.all(arguments);
            return self.no_member(
                &shown,
                name,
                &known.iter().map(String::as_str).collect::<Vec<_>>(),
            );
        };
        match signature.effect {
            Effect::Write => self.need(
                Effect::Write,
                name.span,
                "another contract is called, which may write",
            ),
            _ => self.need(Effect::View, name.span, "another contract is read"),
        }
        self.options(name, signature.payable, options);
        self.arguments(&name.text, name.span, &signature.parameters, arguments);
        Value::computed(signature.result)
    }

    /// What stands in the braces of a call to another contract.
    pub(super) fn options(&mut self, name: &Name, payable: bool, options: Options<'_>) {
        for (option, value) in options {
            match option.text.as_str() {
                "value" => {
                    self.expect(value, &BALANCE);
                    if !payable {
                        let message = format!("`{}` takes no tokens", name.text);
                        self.find(
                            Code::OptionNotPayable,
                            option.span,
                            message,
                            "remove `value`, or call a method that is `payable`",
                        );
                    }
                }
                "gas" => {
                    self.expect(value, &unsigned(64));
                }
                "from" if self.test => {
                    self.expect(value, &Type::Address);
                }
                _ => {
                    self.all(std::slice::from_ref(value));
                    let message = format!("a call has no option `{}`", option.text);
                    let advice = if self.test {
                        "the options are `from`, the account that calls, and `value`, the tokens that go with it"
                    } else {
                        "the options are `value`, the tokens that go with it, and `gas`, the most it may use"
                    };
                    self.find(Code::UnknownOption, option.span, message, advice);
                }
            }
        }
    }
}
