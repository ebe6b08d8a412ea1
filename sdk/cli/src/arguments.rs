//! What can be typed.

mod group;
mod talk;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use parlance_client::chain::amount::Amount;

pub use group::Group;
pub use talk::{Bot, Chat, Directly, History, Send, Switch};

const EXIT_CODES: &str = "Exit codes:
  0  done
  1  something else
  2  wrong usage
  3  data folder, passphrase or a file
  4  no answer from the node
  5  the node's answer is not proven: false, stale or withheld
  6  the chain does not take the transaction, or it failed
  7  something typed is wrong: address, amount, code, phrase
  8  not possible as things stand: no identity, no such contact, trust too old, ...
  9  kept, and not sent yet: relays or the other side's devices are not reached

Documentation: docs/bimp.md, docs/light-client.md";

/// Identity, devices, contacts, messages and wallet on a Parlance chain. Believes no node: what it shows is proven.
#[derive(Parser)]
#[command(name = "bimp", version, after_help = EXIT_CODES)]
pub struct Arguments {
    /// Options of all commands.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// Options of all commands.
#[derive(Args, Clone)]
pub struct Global {
    /// Data folder; otherwise $BIMP_FOLDER, otherwise $XDG_DATA_HOME/bimp or ~/.local/share/bimp.
    #[arg(long, global = true, value_name = "FOLDER")]
    pub folder: Option<PathBuf>,
    /// Node to ask; otherwise $BIMP_NODE, otherwise ws://127.0.0.1:9944. It need not be trusted.
    #[arg(long, global = true, value_name = "URL")]
    pub node: Option<String>,
    /// Where trust begins, the first time or after more than seven days: the chain's genesis hash, a checkpoint
    /// file, or 'first-use' to believe the node once. Otherwise, the first time alone, $BIMP_TRUST.
    #[arg(long, global = true, value_name = "WHAT")]
    pub trust: Option<String>,
    /// File with the passphrase of the data folder; otherwise $BIMP_PASSPHRASE, otherwise a prompt.
    #[arg(long, global = true, value_name = "FILE")]
    pub passphrase_file: Option<PathBuf>,
    /// Whether messages go from device to device where both are there; otherwise 'on' for 'chat' and 'device sync', 'hidden' for 'send', and 'off' for
    /// 'bot' and '--no-trace'.
    #[arg(long, global = true, value_name = "HOW", value_enum)]
    pub direct: Option<Directly>,
    /// Prints one JSON object, also for errors (on standard error).
    #[arg(long, global = true)]
    pub json: bool,
}

/// The commands.
#[derive(Subcommand)]
pub enum Command {
    /// Your identity: make, show, back up, restore.
    #[command(subcommand)]
    Identity(Identity),
    /// Devices of your identity.
    #[command(subcommand)]
    Device(Device),
    /// People you know, and whether their devices changed.
    #[command(subcommand)]
    Contact(Contact),
    /// Tokens: balance, payments, cold wallet, shared accounts.
    #[command(subcommand)]
    Wallet(Wallet),
    /// Relays: for whoever runs one.
    #[command(subcommand)]
    Relay(Relay),
    /// Sends a message, and waits until relays have it.
    Send(Send),
    /// Talks with somebody.
    Chat(Chat),
    /// Groups of people: make, invite, join, leave, remove.
    #[command(subcommand)]
    Group(Group),
    /// Lets a program talk: orders in, events out, one JSON object a line.
    Bot(Bot),
    /// Shows what was said with somebody. Asks no node.
    History(History),
    /// What is trusted of the chain.
    #[command(subcommand)]
    Chain(Chain),
    /// Chain, account, identity, contacts and what waits to be sent at a glance.
    Status,
    /// Changes the passphrase of the data folder and encrypts everything in it anew.
    #[command(
        after_help = "Backups of the folder open with the passphrase that they were made under and hold what
they held; the two open nothing of the folder as it is afterwards.

$BIMP_NEW_PASSPHRASE or --new-passphrase-file is the new passphrase, otherwise a prompt."
    )]
    Passphrase {
        #[command(flatten)]
        given: NewPassphrase,
    },
    /// Prints completions for a shell.
    #[command(
        after_help = "Example:\n  bimp completions bash > ~/.local/share/bash-completion/completions/bimp"
    )]
    Completions {
        /// The shell.
        shell: Shell,
    },
}

/// Number of words of a backup phrase.
#[derive(Clone, Copy, ValueEnum)]
pub enum WordCount {
    /// Twelve words.
    #[value(name = "12")]
    Twelve,
    /// Twenty-four words.
    #[value(name = "24")]
    TwentyFour,
}

/// What a relay says of itself.
#[derive(Args)]
pub struct Offer {
    /// Public key of its endpoint, 64 hexadecimal digits: 'parlance relay-key' prints it.
    #[arg(long, value_name = "KEY")]
    pub key: String,
    /// Where others reach it, UDP.
    #[arg(long, value_name = "IP:PORT")]
    pub address: String,
    /// MiB that it can carry in a period of five minutes; the bond grows with it.
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = clap::value_parser!(u64).range(1..=1 << 30))]
    pub capacity: u64,
    /// Does not ask.
    #[arg(long)]
    pub yes: bool,
}

/// Commands of relays' operators.
#[derive(Subcommand)]
pub enum Relay {
    /// Makes your account a relay. Its bond is held until the relay has left.
    #[command(
        after_help = "Example:\n  bimp relay register --key KEY --address 192.0.2.7:30400 --capacity 4096"
    )]
    Register {
        #[command(flatten)]
        offer: Offer,
    },
    /// Changes where it is reached and what it can carry.
    Update {
        #[command(flatten)]
        offer: Offer,
    },
    /// Leaves from the next roster on. The bond is free after the unbonding period.
    Retire {
        /// Does not ask.
        #[arg(long)]
        yes: bool,
    },
    /// Takes the bond back when it is free.
    Withdraw,
    /// Comes back into rosters after the relay was left out because it was silent.
    Resume,
}

/// Commands about the identity.
#[derive(Subcommand)]
pub enum Identity {
    /// Makes an account and registers its identity, without owning a token.
    #[command(after_help = "Examples:
  bimp identity new                          registers by a proof of work: seconds
  bimp identity new --invitation CODE        registers at once
  bimp identity new --offline                makes the keys only; 'identity register' later")]
    New {
        /// Words of the backup phrase.
        #[arg(long, value_enum, default_value = "12")]
        words: WordCount,
        /// Code of an invitation, instead of a proof of work.
        #[arg(long, value_name = "CODE")]
        invitation: Option<String>,
        /// Makes the keys and asks no node.
        #[arg(long, conflicts_with = "invitation")]
        offline: bool,
    },
    /// Registers the account's identity with this device.
    Register {
        /// Code of an invitation, instead of a proof of work.
        #[arg(long, value_name = "CODE")]
        invitation: Option<String>,
    },
    /// Shows the account and its identity on the chain, or another account's.
    Show {
        /// Another account.
        account: Option<String>,
    },
    /// Shows the backup phrase. Whoever reads it owns the account.
    Phrase,
    /// Writes everything in the data folder to a file under a passphrase of its own.
    #[command(
        after_help = "The file takes this device elsewhere ('identity restore --file'); do not use both
afterwards. $BIMP_EXPORT_PASSPHRASE or --export-passphrase-file is its passphrase."
    )]
    Export {
        /// The file.
        file: PathBuf,
        #[command(flatten)]
        passphrase: ExportPassphrase,
    },
    /// Restores an account from its backup phrase, or everything from an export.
    #[command(after_help = "Examples:
  bimp identity restore                      asks for the words
  bimp identity restore --phrase-file FILE
  bimp identity restore --file EXPORT

The words bring the account back. This device has new keys then: 'device add --this' lists it.")]
    Restore {
        /// File with the words; otherwise $BIMP_PHRASE, otherwise a prompt.
        #[arg(long, value_name = "FILE", conflicts_with = "file")]
        phrase_file: Option<PathBuf>,
        /// Derivation path behind the words, such as //savings.
        #[arg(long, default_value = "", conflicts_with = "file")]
        path: String,
        /// An export, instead of words.
        #[arg(long, value_name = "EXPORT")]
        file: Option<PathBuf>,
        #[command(flatten)]
        passphrase: ExportPassphrase,
    },
    /// Gives this device new keys.
    Rotate,
    /// Revokes a device; the same as 'device remove'.
    Revoke {
        /// Its name, or the beginning of it.
        device: String,
    },
    /// Makes the deposit of a tenth of a token: the identity does not expire and may invite. It returns when
    /// the identity is removed.
    Back,
    /// Gives invitations: whoever has a code registers without work. Needs an identity with a deposit.
    Invite {
        /// How many.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=8))]
        count: u8,
    },
    /// Removes the identity from the chain; its deposit returns.
    Remove {
        /// Does not ask.
        #[arg(long)]
        yes: bool,
    },
}

/// Where the passphrase of an export comes from.
#[derive(Args)]
pub struct ExportPassphrase {
    /// File with the export's passphrase; otherwise $BIMP_EXPORT_PASSPHRASE, otherwise a prompt.
    #[arg(long, value_name = "FILE")]
    pub export_passphrase_file: Option<PathBuf>,
}

/// Where a new passphrase of the data folder comes from.
#[derive(Args)]
pub struct NewPassphrase {
    /// File with the new passphrase; otherwise $BIMP_NEW_PASSPHRASE, otherwise a prompt.
    #[arg(long, value_name = "FILE")]
    pub new_passphrase_file: Option<PathBuf>,
}

/// Commands about devices.
#[derive(Subcommand)]
pub enum Device {
    /// Lists the devices of your identity.
    List,
    /// On a new device: makes its keys and shows a code that 'device add' takes on a device with the
    /// account's key.
    Request {
        /// Your account.
        account: String,
    },
    /// Lists a device that showed a code, or this one. Shows the device's fingerprint and asks: compare it with
    /// the one on the new device's screen.
    #[command(after_help = "Examples:
  bimp device add device1a4f0...             a code of 'device request'
  bimp device add --this                     after 'identity restore'")]
    Add {
        /// The code.
        #[arg(required_unless_present = "this")]
        code: Option<String>,
        /// This device.
        #[arg(long, conflicts_with = "code")]
        this: bool,
        /// Does not ask: the code came by a way that nobody else can write to.
        #[arg(long)]
        yes: bool,
    },
    /// Revokes a device: lost, stolen or given away.
    Remove {
        /// Its name, or the beginning of it.
        device: String,
    },
    /// Takes what was said before this device was there from another device of yours, or gives it.
    #[command(
        after_help = "It goes from device to device, encrypted like every message; relays cannot read it. Ended in the middle, it
goes on when it is run again, or while 'chat' or 'bot' runs.

Examples:
  bimp device sync                           on the new device
  bimp device sync --give 1a4f00d2           on one that has the history: gives it to that device"
    )]
    Sync(Sync),
}

/// The history between two devices.
#[derive(Args)]
pub struct Sync {
    /// Gives it to this device: its name, or the beginning of it. Without it this device takes.
    #[arg(long, value_name = "DEVICE")]
    pub give: Option<String>,
    /// Lets the device have it within seven days, and returns at once.
    #[arg(long, requires = "give")]
    pub no_wait: bool,
    /// Begins anew, such as when the device that gave is gone. What is here stays.
    #[arg(long, conflicts_with = "give")]
    pub anew: bool,
    /// Waits no longer than this while nothing comes.
    #[arg(long, default_value_t = 120, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub patience: u32,
}

/// Commands about contacts.
#[derive(Subcommand)]
pub enum Contact {
    /// Adds somebody, and shows the safety number to compare.
    Add {
        /// What you call them.
        name: String,
        /// Their account.
        account: String,
    },
    /// Lists contacts, and what changed about each since the last time.
    List,
    /// Shows the safety number, or compares it with what they read to you and remembers that it fits.
    #[command(after_help = "Examples:
  bimp contact verify bob                    shows the number: compare it by voice or in person
  bimp contact verify bob --number '12345 67890 ...'")]
    Verify {
        /// Whom.
        name: String,
        /// The sixty digits as they read them.
        #[arg(long, value_name = "DIGITS")]
        number: Option<String>,
    },
    /// Forgets somebody.
    Remove {
        /// Whom.
        name: String,
    },
}

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

/// Commands about trust.
#[derive(Subcommand)]
pub enum Chain {
    /// Shows where the chain is, proven.
    Show,
    /// Begins to trust anew: a genesis hash, a checkpoint file, or 'first-use'. Forgets what was trusted.
    Trust {
        /// What.
        what: String,
    },
    /// Writes what is trusted now to a file that others can begin from.
    Checkpoint {
        /// The file.
        file: PathBuf,
    },
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Command as Clap, CommandFactory};

    #[test]
    fn the_arguments_are_well_formed() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn every_command_and_argument_explains_itself() {
        fn check(command: &Clap) {
            let name = command.get_name();
            assert!(command.get_about().is_some(), "{name} has no words");
            for argument in command.get_arguments() {
                let id = argument.get_id();
                assert!(argument.get_help().is_some(), "{name} {id} has no words");
            }
            command.get_subcommands().for_each(check);
        }
        check(&Arguments::command());
    }

    #[test]
    fn a_message_is_words_and_a_mistyped_option_is_none() {
        let read = |arguments: &[&str]| {
            let all = ["bimp", "send", "bert"].iter().chain(arguments);
            Arguments::try_parse_from(all)
        };
        for (typed, text) in [
            (&["coffee at", "four?"][..], &["coffee at", "four?"][..]),
            (&["-"], &["-"]),
            (&["--no-wait", "x"], &["x"]),
            (&["--waiting"], &[]),
            (&["--", "--delivered"], &["--delivered"]),
        ] {
            let Command::Send(send) = read(typed).unwrap().command else {
                panic!("another command");
            };
            assert_eq!(send.text, text);
        }
        assert!(read(&[]).is_err());
        assert!(read(&["--delivred", "x"]).is_err());
        assert!(read(&["--waiting", "x"]).is_err());
        assert!(read(&["--no-wait", "--delivered", "x"]).is_err());
    }

    #[test]
    fn how_messages_go_is_said_with_every_command_that_talks() {
        let read = |arguments: &[&str]| {
            let all = ["bimp"].iter().chain(arguments);
            Arguments::try_parse_from(all).map(|read| read.global.direct)
        };
        assert_eq!(read(&["bot"]).unwrap(), None);
        let chat = read(&["chat", "bert", "--direct", "hidden"]);
        assert_eq!(chat.unwrap(), Some(Directly::Hidden));
        let send = read(&["--direct", "off", "send", "bert", "hello"]);
        assert_eq!(send.unwrap(), Some(Directly::Off));
        assert!(read(&["bot", "--direct", "sideways"]).is_err());
    }

    #[test]
    fn a_payment_is_read_and_a_wrong_amount_refused() {
        let read = |amount: &str| {
            Arguments::try_parse_from(["bimp", "wallet", "send", "bob", amount, "--yes"])
        };
        let Command::Wallet(Wallet::Send { payment, yes }) = read("1.5").unwrap().command else {
            panic!("another command");
        };
        assert_eq!((payment.to.as_str(), yes), ("bob", true));
        assert_eq!(payment.amount.to_string(), "1.5");
        assert!(read("1,5").is_err());
        assert!(read("-1").is_err());
    }
}
