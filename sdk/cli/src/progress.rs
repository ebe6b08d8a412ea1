//! What is shown while something takes time: on standard error, one line that changes on a terminal, a line
//! now and then elsewhere.

use std::{
    io::{IsTerminal, Write, stderr},
    time::{Duration, Instant},
};

/// Pause between two lines where there is no terminal.
const PAUSE: Duration = Duration::from_secs(5);

/// A line of progress.
pub struct Progress {
    terminal: bool,
    silent: bool,
    shown: Option<Instant>,
}

impl Progress {
    /// Silent where a program reads.
    pub fn new(silent: bool) -> Self {
        Self {
            terminal: stderr().is_terminal(),
            silent,
            shown: None,
        }
    }

    /// Shows how far it is.
    pub fn show(&mut self, text: &str) {
        if self.silent {
            return;
        }
        if self.terminal {
            // Erases what the line before had more.
            eprint!("\r{text}\x1b[K");
            // Progress that cannot be shown must not stop the work.
            let _unseen = stderr().flush();
        } else if self.shown.is_none_or(|shown| shown.elapsed() >= PAUSE) {
            eprintln!("{text}");
        } else {
            return;
        }
        self.shown = Some(Instant::now());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.terminal && self.shown.is_some() {
            eprintln!();
        }
    }
}
