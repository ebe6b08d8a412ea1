//! What can be typed about tokens.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use parlance_client::chain::amount::Amount;

/// A payment.
#[derive(Args, Clone)]
pub struct Payment {
    /// Who receives: an address, or a contact's name.
    pub to: String,
    /// How many tokens, such as 1.5.
    pub amount: Amount,
}

/// Commands about tokens.
#[derive(Subcommand)]
pub enum Wallet {
    /// Shows what an account holds.
    Balance {
        /// Another account, or a contact's name.
        account: Option<String>,
    },
    /// Pays, and waits until it is final and proven.
    #[command(after_help = "Example:\n  bimp wallet send bob 1.5")]
    Send {
        #[command(flatten)]
        payment: Payment,
        /// Does not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Prepares a payment of a cold wallet: on line, without its key.
    #[command(
        after_help = "Example, with the key of FROM on a machine that has no network:
  bimp wallet prepare BOB 1.5 --from FROM --out payment.json
  bimp wallet sign-offline payment.json --out signed.json       on the machine without network
  bimp wallet broadcast signed.json"
    )]
    Prepare {
        #[command(flatten)]
        payment: Payment,
        /// Who pays [default: your account].
        #[arg(long, value_name = "ACCOUNT")]
        from: Option<String>,
        /// File to write.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Blocks for which it counts, of two seconds each: a power of two up to 4096.
        #[arg(long, default_value_t = parlance_client::wallet::LONG_LIFE)]
        life: u64,
    },
    /// Shows what a prepared file asks for in plain words and signs it. Asks no node.
    SignOffline {
        /// The prepared file.
        file: PathBuf,
        /// File to write.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// Does not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Sends what was signed, and waits until it is final and proven.
    Broadcast {
        /// The signed file.
        file: PathBuf,
    },
    /// Accounts of several people.
    #[command(subcommand)]
    Multisig(Multisig),
}

/// Owners of a shared account.
#[derive(Args, Clone)]
pub struct Owners {
    /// Another owner: an address, or a contact's name. Once for each but yourself.
    #[arg(long = "with", value_name = "ACCOUNT", required = true)]
    pub others: Vec<String>,
    /// How many of the owners must agree.
    #[arg(long, default_value_t = 2)]
    pub threshold: u16,
}

/// Commands about shared accounts.
#[derive(Subcommand)]
pub enum Multisig {
    /// Shows the address that you and the others share, and what it holds.
    Address {
        #[command(flatten)]
        owners: Owners,
    },
    /// Approves a payment from the shared account: opens it, or makes it when you are the last who must.
    #[command(
        after_help = "Example, two of two: both run, each with the other's address,
  bimp wallet multisig approve SHOP 10 --with OTHER"
    )]
    Approve {
        #[command(flatten)]
        payment: Payment,
        #[command(flatten)]
        owners: Owners,
        /// Does not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Shows whether a payment waits for approvals.
    Show {
        #[command(flatten)]
        payment: Payment,
        #[command(flatten)]
        owners: Owners,
    },
    /// Takes back a payment that you opened.
    Cancel {
        #[command(flatten)]
        payment: Payment,
        #[command(flatten)]
        owners: Owners,
    },
}
