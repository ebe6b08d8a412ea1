//! Events of a block, and what of them is about contracts.

use bitup_abi::{Abi, Value, decode};

/// A field of a record or variant.
pub(crate) fn field<'v>(value: &'v Value, wanted: &str) -> Option<&'v Value> {
    match value {
        Value::Record(fields) => fields
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value),
        Value::Variant { fields, names, .. } => {
            fields.get(names.iter().position(|name| name == wanted)?)
        }
        _ => None,
    }
}

/// The number in `ApplyExtrinsic(number)`.
pub(crate) fn applied(phase: &Value) -> Option<u64> {
    match phase {
        Value::Variant { name, fields, .. } if name == "ApplyExtrinsic" => match fields.first()? {
            Value::Integer(number) => u64::try_from(number).ok(),
            _ => None,
        },
        _ => None,
    }
}

/// `Pallet(Event { ... })`
pub(crate) fn named(event: &Value) -> Option<(&str, &str, &Value)> {
    let Value::Variant {
        name: pallet,
        fields,
        ..
    } = event
    else {
        return None;
    };
    let inner = fields.first()?;
    match inner {
        Value::Variant { name, .. } => Some((pallet, name, inner)),
        _ => None,
    }
}

/// An account.
pub(crate) fn id(value: &Value) -> Option<[u8; 32]> {
    match value {
        Value::Account(id) => Some(*id),
        _ => None,
    }
}

/// The event whose first topic is among the topics, with its fields.
pub(crate) fn read_event(
    abi: &Abi,
    topics: Option<&Value>,
    data: &[u8],
) -> Option<(String, Vec<(String, Value)>)> {
    let Some(Value::List(topics)) = topics else {
        return None;
    };
    let first = match topics.first()? {
        Value::Bytes(topic) => topic.as_slice(),
        _ => return None,
    };
    let known =
        |event: &&bitup_abi::Event| event.signature.is_some_and(|signature| signature == first);
    let event = abi.events.iter().find(known)?;
    let mut rest = data;
    let mut fields = Vec::new();
    for one in &event.fields {
        let value = decode(&abi.types, one.ty, &mut rest).ok()?;
        fields.push((one.name.clone(), value));
    }
    rest.is_empty().then(|| (event.label.clone(), fields))
}
