//! Where a conversation is shown: a terminal, with the line that is being typed below, or a pipe.

use std::io::{self, IsTerminal, Write, stdin, stdout};

use rustix::termios::{
    InputModes, LocalModes, OptionalActions, Termios, tcgetattr, tcgetwinsize, tcsetattr,
};
use tokio::{
    signal::unix::{Signal, SignalKind, signal},
    sync::mpsc,
};

use super::{
    complete::{Completion, Words},
    editor::{Act, Editor},
};
use crate::{
    failure::{Failure, file},
    input::{self, Line},
};

/// Columns of a terminal that does not say how many it has.
const COLUMNS: u16 = 80;
/// Columns for the line, however long what stands before it is.
const LEAST: usize = 10;

/// What was typed.
#[derive(Debug, PartialEq, Eq)]
pub enum Typing {
    /// A line.
    Line(String),
    /// A line that cannot be taken.
    NoLine,
    /// Letters, of a line that is no command.
    Letters,
    /// Nothing of interest.
    Nothing,
    /// The end.
    End,
}

/// A place to read and write.
pub enum Screen {
    /// Lines in and out.
    Plain(mpsc::Receiver<Line>),
    /// A terminal.
    Terminal {
        /// How it was before.
        _before: Box<Raw>,
        /// What is typed.
        keys: mpsc::Receiver<Vec<u8>>,
        /// Keys that are not taken yet, the last first.
        taken: Vec<u8>,
        /// The line.
        editor: Editor,
        /// What stands before it.
        notice: String,
        /// Whether what is shown goes when it ends.
        passing: bool,
        /// What the tab key knows.
        words: Words,
        /// The terminal has another size.
        resized: Signal,
    },
}

/// A terminal that gives each key at once; as it was when this is dropped.
pub struct Raw(Termios);

impl Raw {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(stdin())?;
        let mut raw = before.clone();
        let off = LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG | LocalModes::IEXTEN;
        raw.local_modes.remove(off);
        raw.input_modes.remove(InputModes::IXON);
        tcsetattr(stdin(), OptionalActions::Drain, &raw)?;
        Ok(Self(before))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // Who cannot get the terminal back has lost it.
        let _ = tcsetattr(stdin(), OptionalActions::Drain, &self.0);
    }
}

impl Screen {
    /// What standard input and output are.
    pub fn open() -> Result<Self, Failure> {
        if !stdin().is_terminal() || !stdout().is_terminal() {
            return Ok(Self::Plain(input::lines()));
        }
        Ok(Self::Terminal {
            _before: Box::new(Raw::begin().map_err(file("terminal"))?),
            keys: input::bytes(),
            taken: Vec::new(),
            editor: Editor::default(),
            notice: String::new(),
            passing: false,
            words: Words::default(),
            resized: signal(SignalKind::window_change()).map_err(file("signals"))?,
        })
    }

    /// What the tab key completes.
    pub fn set_words(&mut self, known: Words) {
        if let Self::Terminal { words, .. } = self {
            *words = known;
        }
    }

    /// Whether a person sits there.
    pub fn is_terminal(&self) -> bool {
        matches!(self, Self::Terminal { .. })
    }

    /// Shows everything from now on where a terminal keeps nothing of it: on its other screen.
    pub fn pass(&mut self) -> Result<(), Failure> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Terminal { passing, .. } => {
                *passing = true;
                write("\x1b[?1049h\x1b[H\x1b[2J")
            }
        }
    }

    /// Shows a line.
    pub fn line(&mut self, text: &str) -> Result<(), Failure> {
        match self {
            Self::Plain(_) => write(&format!("{text}\n")),
            Self::Terminal { .. } => {
                write(&format!("\r\x1b[J{text}\n"))?;
                self.draw()
            }
        }
    }

    /// Shows something short beside the line that is being typed.
    pub fn notice(&mut self, text: &str) -> Result<(), Failure> {
        match self {
            Self::Terminal { notice, .. } if notice != text => {
                *notice = text.into();
                self.draw()
            }
            _ => Ok(()),
        }
    }

    /// The line that is being typed, once more.
    fn draw(&self) -> Result<(), Failure> {
        let Self::Terminal { editor, notice, .. } = self else {
            return Ok(());
        };
        let size = tcgetwinsize(stdout()).map_or(COLUMNS, |size| size.ws_col);
        let size = if size == 0 { COLUMNS } else { size };
        let before = notice.chars().count().saturating_add(2);
        let room = usize::from(size).saturating_sub(before).max(LEAST);
        let (shown, place) = editor.shown(room.saturating_sub(1));
        let place = before.saturating_add(place);
        write(&format!(
            "\r\x1b[J\x1b[2m{notice}\x1b[0m> {shown}\r\x1b[{place}C"
        ))
    }

    /// Waits for what is typed. Dropped while it waits, it loses nothing.
    pub async fn typed(&mut self) -> Result<Typing, Failure> {
        let act = match self {
            Self::Plain(lines) => {
                return Ok(match lines.recv().await {
                    Some(Line::Text(line)) => Typing::Line(line),
                    Some(Line::TooLong | Line::NotText) => Typing::NoLine,
                    None => Typing::End,
                });
            }
            Self::Terminal {
                keys,
                taken,
                editor,
                resized,
                ..
            } => {
                if taken.is_empty() {
                    let read = tokio::select! {
                        read = keys.recv() => read,
                        _ = resized.recv() => {
                            self.draw()?;
                            return Ok(Typing::Nothing);
                        }
                    };
                    match read {
                        Some(bytes) => taken.extend(bytes.into_iter().rev()),
                        None => return Ok(Typing::End),
                    }
                }
                let mut act = Act::None;
                while let Some(byte) = taken.pop() {
                    match editor.byte(byte) {
                        Act::None => {}
                        Act::Changed => act = Act::Changed,
                        other => {
                            act = other;
                            break;
                        }
                    }
                }
                act
            }
        };
        match act {
            Act::None => Ok(Typing::Nothing),
            Act::Changed => {
                self.draw()?;
                match self {
                    Self::Terminal { editor, .. } if editor.is_saying() => Ok(Typing::Letters),
                    _ => Ok(Typing::Nothing),
                }
            }
            Act::Entered(line) => {
                self.draw()?;
                Ok(Typing::Line(line))
            }
            Act::Complete => {
                self.complete()?;
                Ok(Typing::Nothing)
            }
            Act::End => Ok(Typing::End),
        }
    }

    fn complete(&mut self) -> Result<(), Failure> {
        let Self::Terminal { editor, words, .. } = self else {
            return Ok(());
        };
        let Completion { more, choices } = words.complete(&editor.before_place());
        editor.insert(&more);
        match choices.is_empty() {
            true => self.draw(),
            false => self.line(&choices.join("  ")),
        }
    }

    /// Leaves the terminal as it was.
    pub fn end(self) -> Result<(), Failure> {
        match self {
            Self::Plain(_) => Ok(()),
            Self::Terminal { passing: true, .. } => write("\x1b[H\x1b[2J\x1b[?1049l"),
            Self::Terminal { .. } => write("\r\x1b[J"),
        }
    }
}

fn write(text: &str) -> Result<(), Failure> {
    let mut out = stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(file("standard output"))
}
