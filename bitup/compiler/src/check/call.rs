//! Calls.

use super::{
    BALANCE, Bound, Declared, Effect, Signature, Slot, Type,
    body::{Body, Root, Value},
    types::unsigned,
};
use crate::{
    ast::{Expr, ExprKind, Name},
    diagnostic::Code,
    span::Span,
};
use std::collections::HashMap;

/// Options of a call.
type Options<'a> = &'a [(Name, Expr)];

impl Body<'_> {
    pub(super) fn call(
        &mut self,
        call: &Expr,
        function: &Expr,
        arguments: &[Expr],
        options: Options<'_>,
        wanted: Option<&Type>,
    ) -> Value {
        let external = self.is_external(call);
        if !external {
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

    fn some(&mut self, name: &Name, arguments: &[Expr], wanted: Option<&Type>) -> Value {
        let item = match wanted {
            Some(Type::Option(item)) => Some((**item).clone()),
            _ => None,
        };
        let [value] = arguments else {
            self.all(arguments);
            return self.wrong_count(name, 1, arguments.len());
        };
        let ty = match item {
            Some(item) if item != Type::Unknown => {
                self.expect(value, &item);
                item
            }
            _ => self.value(value, None).ty,
        };
        Value::computed(Type::Option(Box::new(ty)))
    }

    fn old(&mut self, name: &Name, arguments: &[Expr], wanted: Option<&Type>) -> Value {
        if !self.ensures {
            let advice = "`old(x)` is what `x` was when the method began; keep it in a local: `const before = x;`";
            self.find(
                Code::OldOutside,
                name.span,
                "`old` stands in `ensures` only",
                advice,
            );
        }
        match arguments {
            [value] => Value::computed(self.value(value, wanted).ty),
            _ => self.wrong_count(name, 1, arguments.len()),
        }
    }

    /// `mulDiv(a, b, c, Rounding.Down)`: a * b / c without overflow between.
    fn mul_div(&mut self, name: &Name, arguments: &[Expr], wanted: Option<&Type>) -> Value {
        let [a, b, c, rounding] = arguments else {
            self.all(arguments);
            return self.wrong_count(name, 4, arguments.len());
        };
        let wanted = wanted.filter(|ty| ty.is_integer());
        let (left, right) = self.pair(a, b, wanted);
        let third = self.value(c, Some(&left)).ty;
        for (ty, place) in [(&right, b), (&third, c)] {
            if !ty.fits(&left) {
                let (one, other) = (self.shown(&left), self.shown(ty));
                self.find(
                    Code::WrongType,
                    place.span,
                    format!("here a `{one}` is needed, this is a `{other}`"),
                    "convert it: `... as Balance`",
                );
            }
        }
        let named = match &rounding.kind {
            ExprKind::Member(base, way) => {
                matches!(&base.kind, ExprKind::Name(base) if base == "Rounding")
                    && matches!(way.text.as_str(), "Up" | "Down")
            }
            _ => false,
        };
        if !named {
            self.find(
                Code::WrongType,
                rounding.span,
                "which way is it rounded?",
                "write `Rounding.Down` or `Rounding.Up`",
            );
        }
        if !left.is_integer() && left != Type::Unknown {
            let shown = self.shown(&left);
            self.find(
                Code::NoOperator,
                a.span,
                format!("a `{shown}` cannot be multiplied"),
                "only integers have it",
            );
            return Value::unknown();
        }
        Value::computed(left)
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
                ExprKind::Member(base, name) if name.text == "at" => match &base.kind {
                    ExprKind::Name(base) => matches!(
                        self.declared(base),
                        Some(Declared::Interface(_) | Declared::Contract(_))
                    ),
                    _ => false,
                },
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
        for (option, value) in options {
            match option.text.as_str() {
                "value" => {
                    self.expect(value, &BALANCE);
                    if !signature.payable {
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
                _ => {
                    self.all(std::slice::from_ref(value));
                    let message = format!("a call has no option `{}`", option.text);
                    self.find(Code::UnknownOption, option.span, message, "the options are `value`, the tokens that go with it, and `gas`, the most it may use");
                }
            }
        }
        self.arguments(&name.text, name.span, &signature.parameters, arguments);
        Value::computed(signature.result)
    }

    fn object_method(
        &mut self,
        class: usize,
        types: &[Type],
        root: &Root,
        name: &Name,
        arguments: &[Expr],
        wanted: Option<&Type>,
    ) -> Value {
        let info = &self.checker.program.classes[class];
        let Some(signature) = info
            .methods
            .iter()
            .find(|one| one.name.text == name.text)
            .cloned()
        else {
            let (shown, known) = (
                info.ast.name.text.clone(),
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
        if signature.effect == Effect::Write {
            match root {
                Root::Constant(local) => {
                    let message = format!(
                        "`{}` changes its object, and `{local}` does not change",
                        name.text
                    );
                    self.find(
                        Code::ConstantAssigned,
                        name.span,
                        message,
                        "declare the object with `let`, or the method as `view`",
                    );
                }
                Root::Storage => self.need(Effect::Write, name.span, "storage is written"),
                Root::Changing | Root::Computed => {}
            }
        }
        let signature = self.filled(class, types, signature);
        self.generic(
            name,
            &signature.parameters,
            &signature.type_parameters,
            &signature.result,
            arguments,
            wanted,
        )
    }

    /// A signature of a class with the type arguments put in.
    fn filled(&self, class: usize, types: &[Type], mut signature: Signature) -> Signature {
        let replace = self.class_arguments(class, types);
        for slot in &mut signature.parameters {
            slot.placed.ty = slot.placed.ty.replace(&replace);
        }
        signature.result = signature.result.replace(&replace);
        signature
    }

    fn array_method(
        &mut self,
        item: &Type,
        root: &Root,
        span: Span,
        name: &Name,
        arguments: &[Expr],
    ) -> Value {
        let result = match name.text.as_str() {
            "push" => {
                self.plain(name, arguments, std::slice::from_ref(item));
                Type::Unit
            }
            "pop" => {
                self.plain(name, arguments, &[]);
                item.clone()
            }
            _ => {
                self.all(arguments);
                let shown = self.shown(&Type::Array(Box::new(item.clone())));
                return self.no_member(&shown, name, &["length", "push", "pop"]);
            }
        };
        match root {
            Root::Storage => self.need(Effect::Write, span, "storage is written"),
            Root::Constant(local) => {
                let message = format!("`{local}` does not change");
                self.find(
                    Code::ConstantAssigned,
                    span,
                    message,
                    "declare it with `let`",
                );
            }
            Root::Changing | Root::Computed => {}
        }
        Value::computed(result)
    }

    fn map_method(&mut self, key: &Type, item: &Type, name: &Name, arguments: &[Expr]) -> Value {
        match name.text.as_str() {
            "has" => {
                self.plain(name, arguments, std::slice::from_ref(key));
                Value::computed(Type::Bool)
            }
            "put" => {
                self.need(Effect::Write, name.span, "storage is written");
                self.plain(name, arguments, &[key.clone(), item.clone()]);
                Value::computed(Type::Unit)
            }
            "take" => {
                self.need(Effect::Write, name.span, "storage is written");
                self.plain(name, arguments, std::slice::from_ref(key));
                Value::computed(item.clone())
            }
            _ => {
                self.all(arguments);
                let shown = self.shown(&Type::Map(Box::new(key.clone()), Box::new(item.clone())));
                self.no_member(&shown, name, &["has", "put", "take"])
            }
        }
    }

    fn variant_value(
        &mut self,
        number: usize,
        name: &Name,
        arguments: &[Expr],
        wanted: Option<&Type>,
    ) -> Value {
        let info = &self.checker.program.enums[number];
        let parameters = info.type_parameters.clone();
        let Some((_, slots)) = info
            .variants
            .iter()
            .find(|(known, _)| known.text == name.text)
            .cloned()
        else {
            let (shown, known) = (
                info.name.text.clone(),
                info.variants
                    .iter()
                    .map(|(name, _)| name.text.clone())
                    .collect::<Vec<_>>(),
            );
            self.all(arguments);
            return self.no_member(
                &shown,
                name,
                &known.iter().map(String::as_str).collect::<Vec<_>>(),
            );
        };
        let names = parameter_names(&parameters);
        self.generic(
            name,
            &slots,
            &names,
            &Type::Enum(number, parameters),
            arguments,
            wanted,
        )
    }

    pub(super) fn new_object(
        &mut self,
        class: &Name,
        type_arguments: &[crate::ast::Type],
        arguments: &[Expr],
        wanted: Option<&Type>,
    ) -> Value {
        let Some(Declared::Class(number)) = self.declared(&class.text) else {
            self.all(arguments);
            if let Some(word) = super::words::of(&class.text) {
                self.find(
                    word.code,
                    class.span,
                    format!("`{}` is a name of JavaScript", class.text),
                    word.advice,
                );
            } else if self.declared(&class.text).is_some() {
                let message = format!("`{}` is no class", class.text);
                self.find(
                    Code::NotAValue,
                    class.span,
                    message,
                    "`new` makes objects of classes and assets",
                );
            } else {
                self.unknown_name(class);
            }
            return Value::unknown();
        };
        self.may_make(number, class.span);
        let types = self.types.clone();
        let given: Vec<Type> = type_arguments
            .iter()
            .map(|ty| self.checker.type_(self.file, ty, &types))
            .collect();
        let info = &self.checker.program.classes[number];
        let parameters = info.type_parameters.clone();
        let slots: Vec<Slot> = match &info.constructor {
            Some(constructor) => constructor.parameters.clone(),
            // Without a constructor, the fields are given in their order.
            None => info.fields.clone(),
        };
        if given.is_empty() {
            let names = parameter_names(&parameters);
            return self.generic(
                class,
                &slots,
                &names,
                &Type::Class(number, parameters),
                arguments,
                wanted,
            );
        }
        if given.len() != parameters.len() {
            let message = format!(
                "`{}` has {} type arguments, here are {}",
                class.text,
                parameters.len(),
                given.len()
            );
            self.find(
                Code::TypeArguments,
                class.span,
                message,
                "give each type parameter one type",
            );
            self.all(arguments);
            return Value::unknown();
        }
        self.bounds(class, &parameters, &given);
        let mut slots = slots;
        {
            let replace = self.class_arguments(number, &given);
            for slot in &mut slots {
                slot.placed.ty = slot.placed.ty.replace(&replace);
            }
        }
        self.arguments(&class.text, class.span, &slots, arguments);
        Value::computed(Type::Class(number, given))
    }

    /// Says so where a type lacks what a type parameter needs.
    fn bounds(&mut self, name: &Name, parameters: &[Type], given: &[Type]) {
        for (parameter, ty) in parameters.iter().zip(given) {
            let Type::Parameter(own, bound) = parameter else {
                continue;
            };
            let keeps = match bound {
                Bound::None => true,
                Bound::Comparable => ty.is_comparable(),
                Bound::Integer => ty.is_integer() || *ty == Type::Unknown,
            };
            if !keeps {
                let message = format!("`{own}` of `{}` cannot be `{}`", name.text, self.shown(ty));
                let advice = if *bound == Bound::Integer {
                    "it is an integer type"
                } else {
                    "it is a type with `===`"
                };
                self.find(Code::BoundBroken, name.span, message, advice);
            }
        }
    }

    /// A call whose type parameters are found from its arguments.
    fn generic(
        &mut self,
        name: &Name,
        slots: &[Slot],
        names: &[String],
        result: &Type,
        arguments: &[Expr],
        wanted: Option<&Type>,
    ) -> Value {
        if names.is_empty() {
            self.arguments(&name.text, name.span, slots, arguments);
            return Value::computed(result.clone());
        }
        if slots.len() != arguments.len() {
            self.all(arguments);
            return self.wrong_count(name, slots.len(), arguments.len());
        }
        let mut found: HashMap<String, Type> = HashMap::new();
        if let Some(wanted) = wanted {
            unify(result, wanted, names, &mut found);
        }
        // Numbers without a type of their own take that of the other arguments, so they come last.
        let bare = |argument: &Expr| matches!(argument.kind, ExprKind::Integer(_));
        let pairs = slots.iter().zip(arguments);
        let (last, first): (Vec<_>, Vec<_>) = pairs.partition(|(_, argument)| bare(argument));
        for (slot, argument) in first.into_iter().chain(last) {
            let parameters = parameter_names(&parameters_in(&slot.placed.ty));
            let open = parameters
                .iter()
                .any(|own| names.contains(own) && !found.contains_key(own));
            if open {
                let value = self.value(argument, None);
                unify(&slot.placed.ty, &value.ty, names, &mut found);
            } else {
                let known = slot.placed.ty.replace(&|own| found.get(own).cloned());
                self.expect(argument, &known);
            }
        }
        let bounds: Vec<Type> = slots
            .iter()
            .flat_map(|slot| parameters_in(&slot.placed.ty))
            .collect();
        for parameter in bounds {
            if let Type::Parameter(own, _) = &parameter
                && let Some(ty) = found.get(own).cloned().filter(|_| names.contains(own))
            {
                self.bounds(name, std::slice::from_ref(&parameter), &[ty]);
            }
        }
        Value::computed(result.replace(&|own| {
            if names.iter().any(|name| name == own) {
                Some(found.get(own).cloned().unwrap_or(Type::Unknown))
            } else {
                None
            }
        }))
    }

    /// Arguments for parameters or fields.
    pub(super) fn arguments(&mut self, name: &str, span: Span, slots: &[Slot], arguments: &[Expr]) {
        if slots.len() != arguments.len() {
            self.all(arguments);
            self.wrong_count(
                &Name {
                    text: name.to_owned(),
                    span,
                },
                slots.len(),
                arguments.len(),
            );
            return;
        }
        for (slot, argument) in slots.iter().zip(arguments) {
            let found = self.expect(argument, &slot.placed.ty);
            if slot.placed.location == crate::ast::Location::Storage
                && found.root != Root::Storage
                && found.ty != Type::Unknown
            {
                let message = format!("`{}` is a reference into the storage", slot.name.text);
                self.find(
                    Code::HiddenReference,
                    argument.span,
                    message,
                    "give a field: `this.field`",
                );
            }
        }
    }

    fn plain(&mut self, name: &Name, arguments: &[Expr], types: &[Type]) {
        if types.len() != arguments.len() {
            self.all(arguments);
            self.wrong_count(name, types.len(), arguments.len());
            return;
        }
        for (ty, argument) in types.iter().zip(arguments) {
            self.expect(argument, ty);
        }
    }

    fn wrong_count(&mut self, name: &Name, wanted: usize, given: usize) -> Value {
        let message = format!("`{}` takes {wanted} arguments, here are {given}", name.text);
        self.find(
            Code::WrongArguments,
            name.span,
            message,
            "give as many as it is declared with",
        );
        Value::unknown()
    }
}

fn parameter_names(parameters: &[Type]) -> Vec<String> {
    let name = |ty: &Type| match ty {
        Type::Parameter(name, _) => Some(name.clone()),
        _ => None,
    };
    parameters.iter().filter_map(name).collect()
}

/// The type parameters in a type.
fn parameters_in(ty: &Type) -> Vec<Type> {
    match ty {
        Type::Parameter(..) => vec![ty.clone()],
        Type::Array(item) | Type::Fixed(item, _) | Type::Option(item) => parameters_in(item),
        Type::Map(key, value) => [parameters_in(key), parameters_in(value)].concat(),
        Type::Class(_, arguments) | Type::Enum(_, arguments) => {
            arguments.iter().flat_map(parameters_in).collect()
        }
        _ => Vec::new(),
    }
}

/// Finds types for type parameters so that `pattern` becomes `actual`.
fn unify(pattern: &Type, actual: &Type, names: &[String], found: &mut HashMap<String, Type>) {
    match (pattern, actual) {
        (_, Type::Unknown) => {}
        (Type::Parameter(own, _), _) if names.contains(own) => {
            found.entry(own.clone()).or_insert_with(|| actual.clone());
        }
        (Type::Array(a), Type::Array(b))
        | (Type::Option(a), Type::Option(b))
        | (Type::Fixed(a, _), Type::Fixed(b, _)) => unify(a, b, names, found),
        (Type::Map(a, b), Type::Map(c, d)) => {
            unify(a, c, names, found);
            unify(b, d, names, found);
        }
        (Type::Class(n, a), Type::Class(m, b)) | (Type::Enum(n, a), Type::Enum(m, b)) if n == m => {
            for (one, other) in a.iter().zip(b) {
                unify(one, other, names, found);
            }
        }
        _ => {}
    }
}
