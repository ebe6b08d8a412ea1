//! Calls that are written on a command line: `bob: join() + 100`.

use crate::{
    stage::{NAMES, Stage},
    words,
};
use bitup_compiler::{
    build::Contract,
    check::{Program, Slot, Type},
    interpret::{Asked, Value, World},
    ir::{Shape, account},
    metadata::event_signature,
};
use bitup_local::{CodeRefused, Event};
use std::collections::BTreeMap;

/// A contract that is called by hand.
pub struct Session<'p> {
    program: &'p Program,
    contract: &'p Contract,
    stage: Stage<'p>,
    at: Option<[u8; 32]>,
}

/// What a call gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its result, or the error.
    pub result: Result<String, String>,
    /// Gas that its instructions took.
    pub gas: u64,
    /// Events that it wrote.
    pub events: Vec<String>,
}

/// A call that cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// It is not written right.
    #[error(
        "`{0}` is no call; write `method(arguments)`, with `bob:` in front for another caller and `+ 100` behind for tokens"
    )]
    Form(String),
    /// The contract has no such method.
    #[error("`{name}` is no method of the contract; it has {known}")]
    NoMethod {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// There are more or fewer arguments.
    #[error("`{name}` takes {wanted} arguments, here are {given}")]
    Count {
        /// The method.
        name: String,
        /// How many it takes.
        wanted: usize,
        /// How many there are.
        given: usize,
    },
    /// An argument is of another type.
    #[error(
        "`{text}` is no `{ty}`; numbers are written in digits, accounts by any name, hashes as 0x and 64 digits"
    )]
    Argument {
        /// The argument.
        text: String,
        /// The type.
        ty: String,
    },
    /// The contract was made already, or not at all.
    #[error("the contract is made once: `new(...)` is the first call")]
    MadeTwice,
}

/// A call as it was written.
struct Written<'t> {
    from: [u8; 32],
    name: &'t str,
    arguments: Vec<&'t str>,
    value: u128,
}

impl<'p> Session<'p> {
    /// A chain with the code of contracts, one of which will be called.
    ///
    /// # Errors
    /// When the chain would refuse the code.
    pub fn new(
        program: &'p Program,
        contracts: &'p BTreeMap<usize, Contract>,
        contract: &'p Contract,
    ) -> Result<Self, CodeRefused> {
        Ok(Self {
            program,
            contract,
            stage: Stage::new(program, contracts)?,
            at: None,
        })
    }

    /// Makes a call. The contract is made by `new(...)`, or by itself when its constructor takes nothing.
    ///
    /// # Errors
    /// When the call is not written right.
    pub fn call(&mut self, text: &str) -> Result<Answer, SessionError> {
        let written = parse(text).ok_or_else(|| SessionError::Form(text.to_owned()))?;
        let number = self.contract.number;
        let info = &self.program.contracts[number];
        if written.name == "new" {
            if self.at.is_some() {
                return Err(SessionError::MadeTwice);
            }
            let slots = info
                .constructor
                .as_ref()
                .map(|one| one.parameters.as_slice());
            return self.make(&written, slots.unwrap_or_default());
        }
        if self.at.is_none() {
            let nothing = Written {
                from: account(NAMES[0]),
                name: "new",
                arguments: Vec::new(),
                value: 0,
            };
            let slots = info
                .constructor
                .as_ref()
                .map(|one| one.parameters.as_slice());
            let made = self.make(&nothing, slots.unwrap_or_default())?;
            if made.result.is_err() {
                return Ok(made);
            }
        }
        let entry = self.contract.module.messages.iter();
        let Some(entry) = entry.clone().find(|entry| entry.name == written.name) else {
            let known: Vec<String> = entry.map(|entry| format!("`{}`", entry.name)).collect();
            return Err(SessionError::NoMethod {
                name: written.name.to_owned(),
                known: known.join(", "),
            });
        };
        let method = self.program.method(number, &entry.name);
        let slots = method.map_or(&[][..], |method| method.parameters.as_slice());
        let result = method.map_or(Type::Unit, |method| method.result.clone());
        let asked = self.asked(&written, slots, entry.selector)?;
        let at = self.at.unwrap_or_default();
        self.answered(|stage| stage.call(&at, asked), &result)
    }

    fn make(&mut self, written: &Written<'_>, slots: &[Slot]) -> Result<Answer, SessionError> {
        let asked = self.asked(written, slots, [0; 4])?;
        let number = self.contract.number;
        let mut made = None;
        let answer = self.answered(
            |stage| {
                made = Some(stage.deploy(number, asked)?);
                Ok(Vec::new())
            },
            &Type::Unit,
        );
        self.at = made;
        answer
    }

    fn answered(
        &mut self,
        call: impl FnOnce(&mut Stage<'p>) -> Result<Vec<u8>, bitup_compiler::interpret::Refusal>,
        ty: &Type,
    ) -> Result<Answer, SessionError> {
        let (gas, events) = (self.stage.gas(), self.stage.chain().state.events.len());
        let result = match call(&mut self.stage) {
            Ok(bytes) => {
                let shape = Shape::of(self.program, ty);
                let value = shape.and_then(|shape| Value::decode(&shape, &bytes));
                Ok(value.map_or_else(String::new, |(value, _)| match value {
                    Value::Unit => String::new(),
                    value => words::shown(self.program, ty, &value),
                }))
            }
            Err(refusal) => Err(refusal.shown),
        };
        let new = self.stage.chain().state.events.get(events..);
        let shown = new.unwrap_or_default().iter().map(|one| self.event(one));
        Ok(Answer {
            result,
            gas: self.stage.gas() - gas,
            events: shown.collect(),
        })
    }

    /// An event as it is written: `Joined(member: account("bob"), amount: 100)`.
    fn event(&self, event: &Event) -> String {
        let known = self
            .contract
            .module
            .events
            .iter()
            .find(|record| event.topics.get(1..33) == Some(event_signature(record).as_slice()));
        match known {
            Some(record) => self.stage.with_fields(record, &event.data),
            None => Value::Bytes(event.data.clone()).to_string(),
        }
    }

    fn asked(
        &self,
        written: &Written<'_>,
        slots: &[Slot],
        selector: [u8; 4],
    ) -> Result<Asked, SessionError> {
        if slots.len() != written.arguments.len() {
            return Err(SessionError::Count {
                name: written.name.to_owned(),
                wanted: slots.len(),
                given: written.arguments.len(),
            });
        }
        let mut input = selector.to_vec();
        for (slot, text) in slots.iter().zip(&written.arguments) {
            let ty = &slot.placed.ty;
            let value = words::read(self.program, ty, text).zip(Shape::of(self.program, ty));
            let Some((value, shape)) = value else {
                return Err(SessionError::Argument {
                    text: (*text).to_owned(),
                    ty: self.program.shown(ty),
                });
            };
            input.extend(value.encode(&shape));
        }
        let info = &self.program.contracts[self.contract.number];
        Ok(Asked {
            name: info.ast.name.text.clone(),
            input,
            from: Some(written.from),
            value: written.value,
        })
    }
}

/// `[caller:] name(argument, ...) [+ tokens]`
fn parse(text: &str) -> Option<Written<'_>> {
    let (head, rest) = text.split_once('(')?;
    let (inside, behind) = rest.rsplit_once(')')?;
    let (from, name) = match head.split_once(':') {
        Some((from, name)) => (from.trim(), name.trim()),
        None => (NAMES[0], head.trim()),
    };
    let value = match behind.trim() {
        "" => 0,
        tokens => tokens
            .strip_prefix('+')?
            .trim()
            .replace('_', "")
            .parse()
            .ok()?,
    };
    if name.is_empty() || from.is_empty() {
        return None;
    }
    let arguments = match inside.trim() {
        "" => Vec::new(),
        list => list.split(',').map(str::trim).collect(),
    };
    Some(Written {
        from: account(from),
        name,
        arguments,
        value,
    })
}
