//! What can be typed about the identity, and about passphrases.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

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
