//! What is known while a body is read.

use super::{Checker, Effect, FileNumber, Placed, Signature, Slot, Type};
use crate::{
    ast::{self, Expr, Location, Name},
    diagnostic::{Code, Diagnostic},
    kind::Kind,
    span::Span,
};

/// A local, parameter or binding.
#[derive(Clone, Debug)]
pub(super) struct Local {
    pub(super) name: Name,
    pub(super) placed: Placed,
    /// False behind `const` and for parameters.
    pub(super) changes: bool,
    /// Where the asset in it went.
    pub(super) moved: Option<Span>,
    /// How many loops are around it.
    pub(super) loops: usize,
}

/// Where a value comes from, which decides whether it can change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Root {
    /// Computed: nobody would see the change.
    Computed,
    /// A `const`, a parameter or a constant, by name.
    Constant(String),
    /// A `let`, or a field of the object whose method runs.
    Changing,
    /// The contract's storage.
    Storage,
}

/// An expression as it was found.
#[derive(Clone, Debug)]
pub(super) struct Value {
    pub(super) ty: Type,
    pub(super) root: Root,
}

impl Value {
    pub(super) fn computed(ty: Type) -> Self {
        Self {
            ty,
            root: Root::Computed,
        }
    }

    pub(super) fn unknown() -> Self {
        Self::computed(Type::Unknown)
    }
}

/// A body with what is around it.
pub(super) struct Body<'c> {
    pub(super) checker: &'c mut Checker,
    pub(super) file: FileNumber,
    pub(super) contract: Option<usize>,
    pub(super) class: Option<usize>,
    pub(super) types: Vec<Type>,
    pub(super) effect: Effect,
    pub(super) payable: bool,
    pub(super) result: Type,
    pub(super) locals: Vec<Local>,
    pub(super) loops: usize,
    /// True in `ensures`, where `old` has a meaning.
    pub(super) ensures: bool,
    /// True in a constructor, where `super(...)` has a meaning.
    pub(super) constructor: bool,
    /// True once `msg.value` was read.
    pub(super) value_read: bool,
    /// True in a test, which stands outside of the chain.
    pub(super) test: bool,
}

impl Checker {
    fn body(&mut self, file: FileNumber, contract: Option<usize>, effect: Effect) -> Body<'_> {
        Body {
            checker: self,
            file,
            contract,
            class: None,
            types: Vec::new(),
            effect,
            payable: false,
            result: Type::Unit,
            locals: Vec::new(),
            loops: 0,
            ensures: false,
            constructor: false,
            value_read: false,
            test: false,
        }
    }

    /// Checks that a constant's value has its type.
    pub(super) fn check_constant_body(
        &mut self,
        file: FileNumber,
        contract: Option<usize>,
        value: &Expr,
        ty: &Type,
    ) {
        self.body(file, contract, Effect::View).expect(value, ty);
    }

    /// Checks the bodies of all contracts, classes, functions and tests.
    pub(super) fn check_bodies(&mut self) {
        for number in 0..self.program.functions.len() {
            let info = &self.program.functions[number];
            let (file, method, signature) = (info.file, info.ast.clone(), info.signature.clone());
            let mut body = self.body(file, None, Effect::Pure);
            body.types = body.checker.type_parameters_of(&signature, &method);
            body.method(&method, &signature);
        }
        for number in 0..self.program.contracts.len() {
            self.check_contract_bodies(number);
        }
        for number in 0..self.program.classes.len() {
            self.check_class_bodies(number);
        }
        for file in 0..self.program.files.len() {
            let items = self.program.files[file].1.items.clone();
            for item in &items {
                if let ast::Item::Test(test) = item {
                    let slots =
                        self.slots(file, &test.parameters, &[], super::resolve::Spot::Value);
                    for (slot, parameter) in slots.iter().zip(&test.parameters) {
                        let place = (file, parameter.ty.span);
                        self.program.types.insert(place, slot.placed.ty.clone());
                    }
                    let mut body = self.body(file, None, Effect::Write);
                    body.test = true;
                    body.parameters(&slots);
                    body.block(&test.body);
                }
            }
        }
    }

    fn check_contract_bodies(&mut self, number: usize) {
        let info = self.program.contracts[number].clone();
        for (field, slot) in info.ast.storage.iter().zip(&info.storage) {
            if let Some(value) = &field.value {
                self.body(info.file, Some(number), Effect::Pure)
                    .expect(value, &slot.placed.ty);
            }
        }
        for invariant in &info.ast.invariants {
            self.body(info.file, Some(number), Effect::View)
                .condition(invariant);
        }
        let constructors = info.ast.constructors.iter().zip(&info.constructor);
        for (method, signature) in info
            .ast
            .methods
            .iter()
            .zip(&info.methods)
            .chain(constructors)
        {
            let mut body = self.body(info.file, Some(number), signature.effect);
            body.types = body.checker.type_parameters_of(signature, method);
            body.constructor = method.name.text == "constructor";
            body.method(method, signature);
        }
    }

    fn check_class_bodies(&mut self, number: usize) {
        let info = self.program.classes[number].clone();
        for (field, slot) in info.ast.fields.iter().zip(&info.fields) {
            if let Some(value) = &field.value {
                let mut body = self.body(info.file, None, Effect::Pure);
                body.types.clone_from(&info.type_parameters);
                body.expect(value, &slot.placed.ty);
            }
        }
        let constructors = info.ast.constructors.iter().zip(&info.constructor);
        for (method, signature) in info
            .ast
            .methods
            .iter()
            .zip(&info.methods)
            .chain(constructors)
        {
            let mut body = self.body(info.file, None, signature.effect);
            body.class = Some(number);
            body.types = body.checker.type_parameters_of(signature, method);
            body.types.extend(info.type_parameters.iter().cloned());
            body.method(method, signature);
        }
    }

    /// The own type parameters of a method as types.
    fn type_parameters_of(&self, signature: &Signature, method: &ast::Method) -> Vec<Type> {
        let bound = |name: &str| {
            let written = method
                .type_parameters
                .iter()
                .find(|parameter| parameter.name.text == name);
            match written
                .and_then(|parameter| parameter.bound.as_ref())
                .map(|bound| bound.text.as_str())
            {
                Some("Comparable") => super::Bound::Comparable,
                Some(_) => super::Bound::Integer,
                None => super::Bound::None,
            }
        };
        signature
            .type_parameters
            .iter()
            .map(|name| Type::Parameter(name.clone(), bound(name)))
            .collect()
    }
}

impl Body<'_> {
    /// A method with its conditions.
    fn method(&mut self, method: &ast::Method, signature: &Signature) {
        self.payable = signature.payable;
        self.result = signature.result.clone();
        self.parameters(&signature.parameters);
        let effect = std::mem::replace(&mut self.effect, signature.effect.min(Effect::View));
        for (ensures, condition) in &method.conditions {
            self.ensures = *ensures;
            if *ensures && signature.result != Type::Unit {
                self.locals.push(self.local_of(
                    &Name {
                        text: "result".to_owned(),
                        span: condition.span,
                    },
                    &signature.result,
                ));
                self.condition(condition);
                self.locals.pop();
            } else {
                self.condition(condition);
            }
        }
        (self.effect, self.ensures) = (effect, false);
        let Some(block) = &method.body else { return };
        let ends = self.block(block);
        if !ends && !matches!(self.result, Type::Unit | Type::Unknown) {
            let shown = self.shown(&self.result.clone());
            let end = Span::new(block.span.end.saturating_sub(1), block.span.end);
            let message = format!("`{}` can end here without a result", signature.name.text);
            self.find(
                Code::MissingReturn,
                end,
                message,
                format!("return a `{shown}` on every way through the body, or throw an error"),
            );
        }
        if !ends {
            self.assets_are_gone(
                0,
                Span::new(block.span.end.saturating_sub(1), block.span.end),
            );
        }
        if self.payable && !self.value_read {
            let place = method
                .modifier(Kind::PayableWord)
                .unwrap_or(method.name.span);
            let advice = "read `msg.value`, or remove `payable`: then a call with tokens fails and they stay with the caller";
            self.find(
                Code::ValueUnused,
                place,
                "the tokens that come with the call are not used",
                advice,
            );
        }
    }

    fn local_of(&self, name: &Name, ty: &Type) -> Local {
        let placed = Placed {
            ty: ty.clone(),
            location: Location::Memory,
        };
        Local {
            name: name.clone(),
            placed,
            changes: false,
            moved: None,
            loops: self.loops,
        }
    }

    fn parameters(&mut self, slots: &[Slot]) {
        for slot in slots {
            self.declare(&slot.name, slot.placed.clone(), false);
        }
    }

    /// Makes a local known.
    pub(super) fn declare(&mut self, name: &Name, placed: Placed, changes: bool) {
        if !self.checker.may_be_named(self.file, name) {
            return;
        }
        let before = self
            .locals
            .iter()
            .find(|local| local.name.text == name.text)
            .map(|local| local.name.span);
        if before.is_some() {
            self.checker.twice(self.file, name, before);
        }
        self.locals.push(Local {
            name: name.clone(),
            placed,
            changes,
            moved: None,
            loops: self.loops,
        });
    }

    pub(super) fn find(
        &mut self,
        code: Code,
        span: Span,
        message: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.checker.find(self.file, code, span, message, advice);
    }

    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        self.checker.report(self.file, diagnostic);
    }

    pub(super) fn shown(&self, ty: &Type) -> String {
        self.checker.program.shown(ty)
    }

    /// A condition is a `bool`, nothing else.
    pub(super) fn condition(&mut self, value: &Expr) {
        let found = self.value(value, Some(&Type::Bool));
        if !found.ty.fits(&Type::Bool) {
            let shown = self.shown(&found.ty);
            let advice = if found.ty.is_integer() {
                "compare it: `x !== 0`"
            } else {
                "write a comparison"
            };
            self.find(
                Code::NotBool,
                value.span,
                format!("a condition is a `bool`, this is a `{shown}`"),
                advice,
            );
        }
    }

    /// An expression of a known type.
    pub(super) fn expect(&mut self, value: &Expr, wanted: &Type) -> Value {
        let found = self.value(value, Some(wanted));
        if found.ty.fits(wanted) {
            return found;
        }
        let (is, should) = (self.shown(&found.ty), self.shown(wanted));
        let advice = match (&found.ty, wanted) {
            (a, b) if a.is_integer() && b.is_integer() => {
                format!("convert it: `... as {should}` fails when the value does not fit")
            }
            (_, Type::Option(item)) if found.ty.fits(item) => {
                "write `Some(...)` around it".to_owned()
            }
            (Type::Option(item), _) if item.fits(wanted) => {
                "`match` it, or give a value for its absence: `... ?? value`".to_owned()
            }
            (Type::Handle(_), Type::Address) => "write `.address` behind it".to_owned(),
            (Type::Address, Type::Handle(_)) => format!("write `{should}.at(...)`"),
            _ => "nothing is converted by itself".to_owned(),
        };
        self.find(
            Code::WrongType,
            value.span,
            format!("here a `{should}` is needed, this is a `{is}`"),
            advice,
        );
        Value::unknown()
    }

    /// Says so when the body may not do this.
    pub(super) fn need(&mut self, effect: Effect, span: Span, what: &str) {
        if self.effect >= effect {
            return;
        }
        if effect == Effect::Write {
            let advice =
                "remove `view` or `pure` and say who may call with `@anyone` or `@only(...)`";
            self.find(
                Code::ViewWrites,
                span,
                format!("{what} here, where nothing may change"),
                advice,
            );
        } else {
            self.find(
                Code::PureReads,
                span,
                format!("{what} here, where nothing may be read"),
                "write `view` in the place of `pure`",
            );
        }
    }
}
