//! Diagnostics as text with the lines of the source they speak of.

use super::Diagnostic;
use crate::{lint::Hint, span::Span};

/// Longest part of a source line that is shown, in characters.
const LONGEST_LINE: usize = 200;

/// Line and column of a byte, both counted from 1; a column is a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Character of the line.
    pub column: usize,
}

/// Where the byte `offset` stands; past the end it is the end.
#[must_use]
pub fn position(source: &[u8], offset: u32) -> Position {
    let before = Span::new(0, offset).of(source);
    let line_start = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    Position {
        line: before.iter().filter(|byte| **byte == b'\n').count() + 1,
        column: shown(&before[line_start..]).chars().count() + 1,
    }
}

/// The diagnostic as a person reads it:
///
/// ```text
/// error[B0101]: expected `;`, found `}`
///   --> token.bit:3:17
///    |
///  3 |     let a = 1
///    |              ^
///    = advice: ...
/// ```
#[must_use]
pub fn render(diagnostic: &Diagnostic, file: &str, source: &[u8]) -> String {
    let head = format!("error[{}]: {}", diagnostic.code, diagnostic.message);
    let notes = &diagnostic.notes;
    let advice = diagnostic.advice.as_deref();
    told(&head, diagnostic.span, notes, advice, file, source)
}

/// A hint of [`crate::lint`] in the same form.
#[must_use]
pub fn render_hint(hint: &Hint, file: &str, source: &[u8]) -> String {
    let head = format!("hint[{}]: {}", hint.rule, hint.message);
    told(&head, hint.span, &[], Some(&hint.advice), file, source)
}

fn told(
    head: &str,
    at: Span,
    notes: &[(Span, String)],
    advice: Option<&str>,
    file: &str,
    source: &[u8],
) -> String {
    let lines = notes.iter().map(|(span, _)| span).chain([&at]);
    let last = lines
        .map(|span| position(source, span.start).line)
        .max()
        .unwrap_or(1);
    let width = last.to_string().len();
    let mut out = format!("{head}\n");
    let place = position(source, at.start);
    out += &format!("{:width$}--> {file}:{}:{}\n", "", place.line, place.column);
    quote(&mut out, source, at, '^', "", width);
    for (span, text) in notes {
        quote(&mut out, source, *span, '-', text, width);
    }
    if let Some(advice) = advice {
        out += &format!("{:width$} = advice: {advice}\n", "");
    }
    out
}

/// One line of source with marks under the span's part of it.
fn quote(out: &mut String, source: &[u8], span: Span, mark: char, text: &str, width: usize) {
    let place = position(source, span.start);
    let at = (span.start as usize).min(source.len());
    let start = source[..at]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |newline| newline + 1);
    let end = source[at..]
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(source.len(), |length| at + length);
    let line: String = shown(&source[start..end])
        .chars()
        .take(LONGEST_LINE)
        .collect();
    let marked = Span::new(
        span.start,
        span.end.min(u32::try_from(end).unwrap_or(u32::MAX)),
    );
    let count = shown(marked.of(source))
        .chars()
        .count()
        .clamp(1, LONGEST_LINE);
    let indent = (place.column - 1).min(LONGEST_LINE);
    let marks: String = std::iter::repeat_n(mark, count).collect();
    *out += &format!(
        "{:width$} |\n{:>width$} | {}\n",
        "",
        place.line,
        line.trim_end()
    );
    *out += format!("{:width$} | {:indent$}{marks} {text}", "", "").trim_end();
    out.push('\n');
}

/// Text as it may be printed: tabs as one space, and no character that could move the reader's cursor.
fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_end_matches('\r');
    let plain = |letter: char| match letter {
        '\t' => ' ',
        _ if letter.is_control() || crate::lexer::turns_direction(letter) => '\u{fffd}',
        _ => letter,
    };
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;

    #[test]
    fn a_diagnostic_points_at_its_line() {
        let source = "contract A {\n\tlet größe = 1\n}\n".as_bytes();
        let start =
            u32::try_from(source.windows(3).position(|part| part == b"= 1").unwrap()).unwrap();
        let diagnostic = Diagnostic::new(Code::Expected, Span::new(start, start + 3), "here")
            .note(Span::new(0, 8), "begun here")
            .advise("end it");
        assert_eq!(
            render(&diagnostic, "a.bit", source),
            "error[B0101]: here\n --> a.bit:2:12\n  |\n2 |  let größe = 1\n  |            ^^^\n  |\n\
             1 | contract A {\n  | -------- begun here\n  = advice: end it\n"
        );
    }

    #[test]
    fn what_is_shown_cannot_move_the_cursor() {
        let source = b"a \x1b[2J \xe2\x80\xae \xff b";
        let text = render(
            &Diagnostic::new(Code::InvalidUtf8, Span::new(0, 99), "x"),
            "a.bit",
            source,
        );
        assert!(
            text.chars()
                .all(|letter| letter == '\n' || !letter.is_control())
        );
        assert!(!text.contains('\u{202e}'));
    }

    #[test]
    fn places_past_the_end_are_the_end() {
        assert_eq!(position(b"a\nbc", 99), Position { line: 2, column: 3 });
        assert_eq!(position(b"", 0), Position { line: 1, column: 1 });
        assert!(
            !render(
                &Diagnostic::new(Code::Expected, Span::at(7), "x"),
                "a.bit",
                b""
            )
            .is_empty()
        );
    }
}
