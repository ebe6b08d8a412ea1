//! What can be typed about devices.

use clap::{Args, Subcommand};

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
