//! What can be typed about files.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Files.
#[derive(Subcommand)]
#[command(
    after_help = "Files up to 4 MiB leave at once and wait on the relays. Larger ones, up to 16 MiB, leave when the other side takes
them, while 'chat', 'bot' or 'file send' runs here.

Examples:
  bimp file send bert picture.png notes.pdf
  bimp file list
  bimp file get 5a0c93f1 --to ~/pictures"
)]
pub enum File {
    /// Sends files, and waits until relays have them.
    Send {
        /// To whom: a contact's name, an address, or a group.
        name: String,
        /// Which.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        #[command(flatten)]
        wait: Patience,
    },
    /// Lists the files that came and were sent. Asks no node.
    List {
        /// With whom alone: a contact's name, an address, or a group.
        name: Option<String>,
    },
    /// Takes a file, waits until it is here, and saves it. Asks no node for one that is here.
    Get {
        /// Which: the first digits of its id, as 'file list' shows it.
        id: String,
        /// Into which folder; otherwise this one. Nothing in it is written over.
        #[arg(
            long,
            value_name = "FOLDER",
            default_value = ".",
            hide_default_value = true
        )]
        to: PathBuf,
        #[command(flatten)]
        wait: Patience,
    },
}

/// How long to wait.
#[derive(Args)]
pub struct Patience {
    /// Waits no longer than this without any progress.
    #[arg(long, default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    pub patience: u32,
}

/// What happens to files that come.
#[derive(Args, Clone, Debug)]
pub struct Incoming {
    /// Files up to so many bytes, such as 500K or 4M, of people that you have written to are taken and saved by themselves; 0: none.
    #[arg(long, value_name = "BYTES", default_value = "4M", value_parser = size)]
    pub files_up_to: u64,
    /// Where; otherwise the folder 'files' in the data folder. Nothing in it is written over.
    #[arg(long, value_name = "FOLDER")]
    pub files_to: Option<PathBuf>,
}

/// Reads a number of bytes.
fn size(text: &str) -> Result<u64, String> {
    let wrong = || format!("'{text}' is no number of bytes: write one such as 500K or 4M");
    let (digits, unit) = match text.char_indices().next_back() {
        Some((end, 'K' | 'k')) => (text.get(..end), 1 << 10),
        Some((end, 'M' | 'm')) => (text.get(..end), 1 << 20),
        _ => (Some(text), 1),
    };
    let number: Option<u64> = digits.and_then(|digits| digits.parse().ok());
    number
        .and_then(|number| number.checked_mul(unit))
        .ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_read_and_senseless_ones_refused() {
        for (text, bytes) in [("0", 0), ("17", 17), ("2k", 2_048), ("4M", 4 << 20)] {
            assert_eq!(size(text), Ok(bytes));
        }
        for text in ["", "M", "-1", "1.5M", "1G", "99999999999999999999", "ü"] {
            assert!(size(text).is_err(), "{text}");
        }
        assert!(size("18446744073709551615K").is_err());
    }
}
