//! What can be typed about talking.

use clap::Args;
use parlance_client::chain::amount::Amount;

/// Which messages.
#[derive(Args)]
#[command(after_help = "Examples:
  bimp history bert
  bimp history bert --search coffee --json")]
pub struct History {
    /// With whom: a contact's name, an address, or a group's name.
    pub name: String,
    /// At most so many, the last ones.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..))]
    pub limit: u16,
    /// Only those before the message with this number.
    #[arg(long, value_name = "NUMBER", conflicts_with = "search")]
    pub before: Option<u64>,
    /// Only those with these words, whatever their case.
    #[arg(long, value_name = "WORDS")]
    pub search: Option<String>,
}

/// A message.
#[derive(Args)]
#[command(after_help = "Examples:
  bimp send bert 'coffee at four?'
  uptime | bimp send bert -
  bimp send bert --no-wait 'when you have time'
  bimp send bert --tip 5 'for the coffee'        pays five tokens, and tells of it once that is final

What cannot be sent now is kept in the data folder and leaves with the next 'send', 'chat' or 'bot'.")]
pub struct Send {
    /// To whom: a contact's name, an address, or a group's name.
    pub name: String,
    /// The text, or the note of a payment; '-' reads it from standard input.
    #[arg(required_unless_present_any = ["waiting", "tip", "red_envelope"])]
    pub text: Vec<String>,
    /// Pays so many tokens.
    #[arg(long, value_name = "TOKENS", conflicts_with_all = ["waiting", "no_wait"])]
    pub tip: Option<Amount>,
    /// The same as a present; the text is the greeting.
    #[arg(long, value_name = "TOKENS", conflicts_with_all = ["tip", "waiting", "no_wait"])]
    pub red_envelope: Option<Amount>,
    /// Does not ask before it pays.
    #[arg(long)]
    pub yes: bool,
    /// Writes nothing new, and sends what waits.
    #[arg(long, conflicts_with = "text")]
    pub waiting: bool,
    /// Keeps it and returns at once: it leaves with the next 'send', 'chat' or 'bot'. Asks nobody.
    #[arg(long, conflicts_with_all = ["delivered", "waiting"])]
    pub no_wait: bool,
    /// Waits until a device of the other side has it, not only relays. Not in groups.
    #[arg(long)]
    pub delivered: bool,
    /// Waits no longer than this.
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub patience: u32,
}

/// A conversation.
#[derive(Args)]
#[command(
    after_help = "Type a message and the return key. Lines that begin with a slash are commands; /help lists them.
Of what you wrote it says: … it waits, ✓ relays have it, ✓✓ a device of the other side has it.

Examples:
  bimp chat bert
  bimp chat bert --no-trace                      until both have ended it, and then it never was
  printf 'one\\ntwo\\n' | bimp chat bert         sends two messages and ends"
)]
pub struct Chat {
    /// With whom: a contact's name, an address, or a group's name.
    pub name: String,
    /// Messages of before that are shown first.
    #[arg(long, default_value_t = 20, value_name = "NUMBER")]
    pub history: u16,
    /// Whether others are told what you have read. It stays as it was set last; at first they are told.
    #[arg(long, value_name = "WHETHER", value_enum)]
    pub read_receipts: Option<Switch>,
    #[command(flatten)]
    pub files: super::Incoming,
    /// Goes on after the end of standard input.
    #[arg(long)]
    pub stay: bool,
    /// Talks without a trace: nothing is kept, here, on the other side, or between. Both have to ask for it and be on line.
    #[arg(long, conflicts_with_all = ["history", "read_receipts", "stay"])]
    pub no_trace: bool,
}

/// A program that talks.
#[derive(Args)]
#[command(
    after_help = "One JSON object a line: orders on standard input, events on standard output. docs/bimp.md lists them.

Examples:
  bimp bot --stay < /dev/null                   only listens
  echo '{\"do\": \"send\", \"with\": \"bert\", \"text\": \"hello\"}' | bimp bot"
)]
pub struct Bot {
    /// Whether others are told what was read, which the program says with the order 'read'. It stays as it was set last; at
    /// first they are told.
    #[arg(long, value_name = "WHETHER", value_enum)]
    pub read_receipts: Option<Switch>,
    #[command(flatten)]
    pub files: super::Incoming,
    /// Goes on after the end of standard input, until it is told to end by a signal.
    #[arg(long)]
    pub stay: bool,
}

/// On or off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Switch {
    /// On.
    On,
    /// Off.
    Off,
}

/// How messages go between devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Directly {
    /// Directly where that can be, and through relays otherwise. Contacts learn how this device is reached, with its addresses.
    On,
    /// To others directly; nobody learns how this device is reached, but those it sends to.
    Hidden,
    /// Through relays alone: nobody but they sees an address of this device.
    Off,
}
