//! Payments inside a conversation.

use parlance_client::{
    bimp::Account,
    chain::amount::Amount,
    e2ee::{
        Body, Text,
        content::{Payment, PaymentKind},
    },
    messenger::Entry,
    primitives::{AccountId, Hash},
    vault::Vault,
    wallet::{Included, received::Claim},
};
use serde_json::{Value, json};

use super::show::clean;
use crate::{failure::Failure, report::value};

/// A payment that a message tells of.
pub fn payment(entry: &Entry) -> Option<Payment> {
    match entry.body()? {
        Body::Payment(payment) => Some(payment),
        _ => None,
    }
}

/// What a message of somebody else claims.
pub fn claim(entry: &Entry, own: &Account) -> Option<Claim> {
    let payment = payment(entry).filter(|_| !entry.is_by(own))?;
    Some(Claim {
        from: AccountId::new(entry.author.account),
        to: AccountId::new(own.0),
        amount: payment.amount,
        transaction: Hash::from(payment.reference),
        block: payment.block,
    })
}

/// The message about a payment that is in the chain.
pub fn body(
    (kind, amount): (PaymentKind, Amount),
    note: &str,
    included: &Included,
) -> Result<Body, Failure> {
    Ok(Body::Payment(Payment {
        kind,
        amount: amount.0,
        reference: included.transaction.0,
        block: included.block,
        note: self::note(note)?,
    }))
}

/// A note that fits.
pub fn note<const N: usize>(note: &str) -> Result<Text<N>, Failure> {
    Text::new(note).map_err(|cause| Failure::BadText {
        cause: cause.to_string(),
    })
}

/// A payment for people.
pub fn words(payment: &Payment) -> String {
    let kind = name(payment.kind);
    let amount = Amount(payment.amount);
    let mut words = format!("({kind}: {amount} tokens, block {})", payment.block);
    if !payment.note.as_str().is_empty() {
        words.push(' ');
        words.push_str(&clean(payment.note.as_str()));
    }
    words
}

/// How sure a payment of somebody else is.
pub fn sureness(entry: &Entry, own: &Account, vault: &Vault) -> Result<Option<bool>, Failure> {
    let Some(claim) = claim(entry, own) else {
        return Ok(None);
    };
    let first = vault.received(&claim.transaction)?;
    Ok(Some(first == Some(entry.id)))
}

/// A payment for programs.
pub fn object(payment: &Payment) -> Value {
    json!({
        "kind": name(payment.kind).replace(' ', "-"),
        "amount": value(&Amount(payment.amount)),
        "transaction": format!("0x{}", hex::encode(payment.reference)),
        "block": payment.block,
        "note": payment.note.as_str(),
    })
}

fn name(kind: PaymentKind) -> &'static str {
    match kind {
        PaymentKind::RedEnvelope => "red envelope",
        PaymentKind::Tip => "tip",
    }
}
