//! What can be typed.

mod device;
mod file;
mod group;
mod identity;
mod talk;
mod wallet;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;

pub use device::{Device, Sync};
pub use file::{File, Incoming};
pub use group::Group;
pub use identity::{ExportPassphrase, Identity, NewPassphrase, WordCount};
pub use talk::{Bot, Chat, Directly, History, Send, Switch};
pub use wallet::{Multisig, Owners, Payment, Wallet};

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

/// Identity, devices, contacts, messages and wallet on a Parlance chain. Believes no node: what it shows of the chain is proven.
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
    /// Whether messages go from device to device where both are there; otherwise 'on' for 'chat' and 'device sync', 'hidden' for 'send' and 'file', and 'off'
    /// for 'bot', 'group' and '--no-trace'.
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
    /// Sends a message to somebody or to a group, and waits until relays have it.
    Send(Send),
    /// Talks with somebody, or in a group.
    Chat(Chat),
    /// Groups of people: make, invite, join, leave, remove.
    #[command(subcommand)]
    Group(Group),
    /// Files: send, list, take.
    #[command(subcommand)]
    File(File),
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
