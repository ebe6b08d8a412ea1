//! What leaves the contract: calls of others, and events.

use super::{Asked, Machine, Refusal, Stop, Value, machine::Done};
use crate::{
    ir::{Expr, Outside},
    metadata::blake2_256,
};

impl<'m> Machine<'m, '_> {
    pub(super) fn emit(
        &mut self,
        event: usize,
        fields: &'m [Expr],
        locals: &mut [Value],
    ) -> Done<()> {
        let record = self.bodies.events.get(event).ok_or(Stop::Malformed)?;
        let mut data = Vec::new();
        let mut topics = vec![blake2_256(record.signature.as_bytes()).to_vec()];
        for (field, (_, _, indexed)) in fields.iter().zip(&record.fields) {
            let mut bytes = self.encoded(field, locals)?;
            data.extend_from_slice(&bytes);
            if *indexed {
                // What is longer than a topic stands as its hash.
                if bytes.len() > 32 {
                    bytes = blake2_256(&bytes).to_vec();
                }
                bytes.resize(32, 0);
                topics.push(bytes);
            }
        }
        let count = u8::try_from(topics.len() << 2).map_err(|_| Stop::Malformed)?;
        let topics = [vec![count], topics.concat()].concat();
        self.world.event(&topics, &data);
        Ok(())
    }

    /// A call of another contract. What fails before it is made fails the caller, in `try` too.
    pub(super) fn outside(
        &mut self,
        target: &'m Expr,
        selector: [u8; 4],
        outside: &'m Outside,
        value: &'m Expr,
        locals: &mut [Value],
    ) -> Done<Result<Value, Refusal>> {
        let target = self.address(target, locals)?;
        let asked = self.asked(selector, outside, locals)?;
        Ok(self.world.call(&target, asked).and_then(|bytes| {
            let found = Value::decode(&value.shape, &bytes);
            found.map(|(value, _)| value).ok_or_else(unreadable)
        }))
    }

    pub(super) fn asked(
        &mut self,
        selector: [u8; 4],
        outside: &'m Outside,
        locals: &mut [Value],
    ) -> Done<Asked> {
        let mut input = selector.to_vec();
        for argument in &outside.arguments {
            input.extend(self.encoded(argument, locals)?);
        }
        let from = match &outside.from {
            Some(from) => Some(self.address(from, locals)?),
            None => None,
        };
        let value = match &outside.value {
            Some(value) => self.tokens(value, locals)?,
            None => 0,
        };
        if let Some(gas) = &outside.gas {
            self.number(gas, locals)?;
        }
        Ok(Asked {
            name: outside.name.clone(),
            input,
            from,
            value,
        })
    }
}

fn unreadable() -> Refusal {
    Refusal {
        error: "Unreadable".to_owned(),
        shown: "the result has another form than the interface says".to_owned(),
        output: Vec::new(),
    }
}
