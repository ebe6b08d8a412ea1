//! The commands, one file per group.

mod bot;
mod chain;
mod chat;
mod contact;
mod device;
mod file;
mod group;
mod history;
mod identity;
mod multisig;
mod passphrase;
mod relay;
mod send;
mod status;
mod sync;
mod tip;
mod wallet;

use clap::CommandFactory;
use parlance_client::{
    chain::{
        call::Call,
        keys,
        transaction::{Signed, Unsigned},
    },
    light::{Head, Light},
    node::WsNode,
    primitives::{AccountId, accounts::Identity},
    submit::submit,
    vault::Vault,
    wallet::{Included, SHORT_LIFE, WalletError, prepare, watch},
};
use sp_core::crypto::Ss58Codec;

use crate::{
    arguments::{Arguments, Command},
    context::Context,
    failure::Failure,
    report::Report,
};

/// Runs a command.
pub async fn run(arguments: Arguments) -> Result<Report, Failure> {
    let context = Context::new(arguments.global)?;
    match arguments.command {
        Command::Identity(command) => identity::run(&context, command).await,
        Command::Device(command) => device::run(&context, command).await,
        Command::Contact(command) => contact::run(&context, command).await,
        Command::Wallet(command) => wallet::run(&context, command).await,
        Command::Relay(command) => relay::run(&context, command).await,
        Command::Group(command) => group::run(&context, command).await,
        Command::File(command) => file::run(&context, command).await,
        Command::Send(given) => send::run(&context, &given).await,
        Command::Chat(given) => chat::run(&context, &given).await,
        Command::Bot(given) => bot::run(&context, &given).await,
        Command::History(given) => history::run(&context, &given),
        Command::Chain(command) => chain::run(&context, command).await,
        Command::Status => status::run(&context).await,
        Command::Passphrase { given } => passphrase::run(&context, &given),
        Command::Completions { shell } => Ok(completions(shell)),
    }
}

fn completions(shell: clap_complete::Shell) -> Report {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "bimp", &mut script);
    Report::text(String::from_utf8_lossy(&script).into_owned())
}

/// An address.
fn address(account: &AccountId) -> String {
    account.to_ss58check()
}

/// The identity of an account at a head, proven.
async fn identity_of(
    light: &Light<WsNode>,
    head: &Head,
    account: &AccountId,
) -> Result<Option<Identity>, Failure> {
    let key = keys::identity(account);
    Ok(light.value(head, &key, "the identity").await?)
}

/// Signs a call of the vault's account, sends it, and waits until it is final and proven.
async fn transact(
    context: &Context,
    vault: &Vault,
    light: &mut Light<WsNode>,
    head: &Head,
    call: Call,
) -> Result<Included, Failure> {
    let key = vault.account_key()?;
    let unsigned = prepare(light, head, &key.account(), call, SHORT_LIFE).await?;
    let signed = unsigned.sign(key.pair());
    send(context, Some(vault), light, (&unsigned, &signed)).await
}

/// Sends a signed transaction, and waits until it is final and proven.
async fn send(
    context: &Context,
    vault: Option<&Vault>,
    light: &mut Light<WsNode>,
    (unsigned, signed): (&Unsigned, &Signed),
) -> Result<Included, Failure> {
    submit(light.node(), &signed.0)
        .await
        .map_err(WalletError::from)?;
    let mut progress = context.progress();
    let mut seen = |height: u32| progress.show(&format!("sent; final so far: block {height}"));
    let included = watch(light, (unsigned, signed), &mut seen)
        .await
        .map_err(WalletError::from)?;
    context.keep(light, vault)?;
    Ok(included)
}
