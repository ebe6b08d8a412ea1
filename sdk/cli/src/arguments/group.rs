//! What can be typed about groups.

use clap::{Args, Subcommand};

/// Groups of people.
#[derive(Subcommand)]
#[command(
    after_help = "A group is named by its name, or by '+' and its name or the first digits of its id where a contact has the
same name. 'send', 'chat', 'history' and 'bot' take it in the place of a contact.

Examples:
  bimp group new walkers
  bimp group invite walkers ada bert
  bimp send walkers 'at eight, by the bridge'"
)]
pub enum Group {
    /// Makes a group with you in it.
    New {
        /// Its name; others see it.
        name: String,
        #[command(flatten)]
        wait: Patience,
    },
    /// Invites people: contacts' names, or addresses.
    Invite {
        /// To which group.
        group: String,
        /// Whom.
        #[arg(required = true)]
        people: Vec<String>,
        #[command(flatten)]
        wait: Patience,
    },
    /// Accepts an invitation, for all devices of yours.
    Join {
        /// Which group.
        group: String,
        #[command(flatten)]
        wait: Patience,
    },
    /// Leaves a group, or declines an invitation.
    Leave {
        /// Which group.
        group: String,
        #[command(flatten)]
        wait: Patience,
    },
    /// Removes somebody: nothing that is said from then on can be read by them.
    Remove {
        /// From which group.
        group: String,
        /// Whom: a contact's name, or an address.
        who: String,
        #[command(flatten)]
        wait: Patience,
    },
    /// Gives a group another name.
    Rename {
        /// Which group.
        group: String,
        /// The name.
        name: String,
        #[command(flatten)]
        wait: Patience,
    },
    /// Sends a message, as 'bimp send' does.
    Send(super::Send),
    /// Lists the groups that you are in, and those that you are invited to.
    List,
    /// Shows who is in a group.
    Show {
        /// Which group.
        group: String,
    },
}

/// How long to wait.
#[derive(Args)]
pub struct Patience {
    /// Waits no longer than this. What is not done by then is done with the next 'group', 'send', 'chat' or 'bot'.
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub patience: u32,
}
