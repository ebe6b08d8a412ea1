//! `bimp relay`.

use parlance_client::chain::{
    call::Call,
    relays::{Endpoint, Relays},
};

use super::{address, transact};
use crate::{
    arguments::{Offer, Relay},
    context::Context,
    failure::Failure,
    report::{Report, value},
};

const MIB: u64 = 1 << 20;

pub async fn run(context: &Context, command: Relay) -> Result<Report, Failure> {
    let (call, yes) = match command {
        Relay::Register { offer } => {
            let (endpoint, capacity) = read(&offer)?;
            (Relays::Register { endpoint, capacity }, offer.yes)
        }
        Relay::Update { offer } => {
            let (endpoint, capacity) = read(&offer)?;
            (Relays::Update { endpoint, capacity }, offer.yes)
        }
        Relay::Retire { yes } => (Relays::Retire, yes),
        Relay::Withdraw => (Relays::Withdraw, true),
        Relay::Resume => (Relays::Resume, true),
    };
    let vault = context.vault()?;
    let account = vault.account()?;
    let call = Call::Relay(call);
    context.agree(&format!("As {}: {call}?", address(&account)), yes)?;
    let mut light = context.light(Some(&vault)).await?;
    let head = context.head(&mut light, Some(&vault)).await?;
    let words = call.to_string();
    let included = transact(context, &vault, &mut light, &head, call).await?;
    Ok(Report::new(value(&included))
        .field("relay", address(&account))
        .field("done", words)
        .field("final in", format!("block {}, proven", included.block)))
}

fn read(offer: &Offer) -> Result<(Endpoint, u64), Failure> {
    let mut key = [0; 32];
    let digits = offer.key.trim().trim_start_matches("0x");
    hex::decode_to_slice(digits, &mut key).map_err(|_| Failure::RelayKey)?;
    let endpoint = Endpoint::new(key, &offer.address)?;
    Ok((endpoint, offer.capacity.saturating_mul(MIB)))
}
