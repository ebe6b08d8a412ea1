//! Breaks a stream of words into lines.

/// Longest line, in characters.
const WIDTH: usize = 100;
/// One level, in spaces.
const INDENT: usize = 4;

/// A step of the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Text; without line ends, but for comments of several lines.
    Text(String),
    /// A space within the line.
    Space,
    /// A line end where the group is broken, else nothing.
    Soft,
    /// A line end where the group is broken, else a space.
    SoftSpace,
    /// A line end.
    Line,
    /// A line end and an empty line.
    EmptyLine,
    /// A comma where the group is broken.
    BrokenComma,
    Indent,
    Dedent,
    /// A part that stands on one line or is broken at all of its own soft places.
    Open,
    Close,
}

/// The text of the stream; ends with a line end unless it is empty.
pub(super) fn lay_out(steps: &[Step]) -> String {
    let mut out = Page {
        text: String::new(),
        column: 0,
        indent: 0,
        space: false,
    };
    let mut broken: Vec<bool> = Vec::new();
    for (at, step) in steps.iter().enumerate() {
        let is_broken = broken.last().copied().unwrap_or(true);
        match step {
            Step::Text(text) => out.text(text),
            Step::Space => out.space = true,
            Step::Soft if is_broken => out.line(1),
            Step::SoftSpace if is_broken => out.line(1),
            Step::Soft => {}
            Step::SoftSpace => out.space = true,
            Step::Line => out.line(1),
            Step::EmptyLine => out.line(2),
            Step::BrokenComma if is_broken => out.text(","),
            Step::BrokenComma => {}
            Step::Indent => out.indent += 1,
            Step::Dedent => out.indent = out.indent.saturating_sub(1),
            Step::Open => broken.push(!fits(&steps[at..], WIDTH.saturating_sub(out.start()))),
            Step::Close => {
                broken.pop();
            }
        }
    }
    if !out.text.is_empty() {
        out.line(1);
    }
    out.text
}

/// Whether the group that `steps` begin with fits in the room, with what follows it up to the next possible line end.
fn fits(steps: &[Step], room: usize) -> bool {
    let mut used = 0_usize;
    let mut depth = 0_usize;
    for step in steps {
        match step {
            Step::Text(text) if text.contains('\n') => return depth == 0,
            Step::Text(text) => used = used.saturating_add(text.chars().count()),
            Step::Space => used = used.saturating_add(1),
            Step::SoftSpace if depth > 0 => used = used.saturating_add(1),
            Step::Soft if depth > 0 => {}
            Step::Soft | Step::SoftSpace => return used <= room,
            Step::Line | Step::EmptyLine => return depth == 0 && used <= room,
            Step::Open => depth = depth.saturating_add(1),
            Step::Close => depth = depth.saturating_sub(1),
            Step::BrokenComma | Step::Indent | Step::Dedent => {}
        }
        if used > room {
            return false;
        }
    }
    true
}

struct Page {
    text: String,
    /// Characters on the current line; zero before its indentation is written.
    column: usize,
    indent: usize,
    space: bool,
}

impl Page {
    /// Where the next text would begin.
    fn start(&self) -> usize {
        if self.column == 0 {
            self.indent * INDENT
        } else {
            self.column + usize::from(self.space)
        }
    }

    fn text(&mut self, text: &str) {
        if self.column == 0 {
            let indent = self.indent * INDENT;
            self.text.extend(std::iter::repeat_n(' ', indent));
            self.column = indent;
        } else if self.space {
            self.text.push(' ');
            self.column += 1;
        }
        self.space = false;
        self.text.push_str(text);
        self.column = match text.rsplit_once('\n') {
            Some((_, last)) => last.chars().count(),
            None => self.column + text.chars().count(),
        };
        // A text that leaves the column at zero would look like the start of a line.
        self.column = self.column.max(1);
    }

    /// Ends the line; `lines` line ends stand there afterwards, however many were asked for before.
    fn line(&mut self, lines: usize) {
        self.space = false;
        if self.text.is_empty() {
            return;
        }
        let there = self
            .text
            .bytes()
            .rev()
            .take_while(|byte| *byte == b'\n')
            .count();
        for _ in there..lines {
            self.text.push('\n');
        }
        self.column = 0;
    }
}
