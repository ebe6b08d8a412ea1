//! Positions. Editors count lines and UTF-16 units from zero, the compiler counts bytes.

use bitup_compiler::Span;
use serde_json::{Value, json};

/// A position as editors count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The UTF-16 unit in it.
    pub unit: usize,
}

impl Position {
    /// From the protocol's form.
    #[must_use]
    pub fn read(value: &Value) -> Option<Self> {
        let number = |name: &str| usize::try_from(value.get(name)?.as_u64()?).ok();
        Some(Self {
            line: number("line")?,
            unit: number("character")?,
        })
    }

    fn write(self) -> Value {
        json!({ "line": self.line, "character": self.unit })
    }
}

/// The byte of a position; behind the end of a line is its end, behind the last line the end of the text.
#[must_use]
pub fn offset(text: &[u8], position: Position) -> usize {
    let mut start = 0;
    for _ in 0..position.line {
        match text[start..].iter().position(|byte| *byte == b'\n') {
            Some(length) => start += length + 1,
            None => return text.len(),
        }
    }
    let line = &text[start..];
    let length = line.iter().position(|byte| *byte == b'\n');
    let line = &line[..length.unwrap_or(line.len())];
    let mut units = 0;
    let mut at = 0;
    for letter in String::from_utf8_lossy(line).chars() {
        if units >= position.unit || letter == '\r' {
            break;
        }
        units += letter.len_utf16();
        at += letter.len_utf8();
    }
    start + at.min(line.len())
}

/// The position of a byte.
#[must_use]
pub fn position(text: &[u8], offset: u32) -> Position {
    let before = &text[..(offset as usize).min(text.len())];
    let start = before
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    Position {
        line: before.iter().filter(|byte| **byte == b'\n').count(),
        unit: String::from_utf8_lossy(&before[start..])
            .encode_utf16()
            .count(),
    }
}

/// A place in the protocol's form.
#[must_use]
pub fn range(text: &[u8], span: Span) -> Value {
    json!({
        "start": position(text, span.start).write(),
        "end": position(text, span.end).write(),
    })
}

/// The whole text in the protocol's form.
#[must_use]
pub fn whole(text: &[u8]) -> Value {
    let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
    range(text, Span::new(0, end))
}

/// The bytes that a range of the protocol covers.
#[must_use]
pub fn covered(text: &[u8], range: &Value) -> Option<std::ops::Range<usize>> {
    let start = offset(text, Position::read(range.get("start")?)?);
    let end = offset(text, Position::read(range.get("end")?)?);
    Some(start..end.max(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_units_of_utf16() {
        let text = "a\u{1f600}b\nzwölf\r\n".as_bytes();
        let at = |line, unit| offset(text, Position { line, unit });
        assert_eq!(at(0, 0), 0);
        assert_eq!(at(0, 1), 1);
        assert_eq!(at(0, 3), 5);
        assert_eq!(at(0, 99), 6, "the end of the line");
        assert_eq!(at(1, 3), 7 + 4);
        assert_eq!(at(1, 99), 7 + 6, "in front of the line's end");
        assert_eq!(at(9, 0), text.len());
        for (line, unit) in [(0, 0), (0, 1), (0, 3), (0, 4), (1, 0), (1, 5), (2, 0)] {
            let byte = u32::try_from(at(line, unit)).unwrap();
            assert_eq!(position(text, byte), Position { line, unit });
        }
        let _ = offset(b"\xff\xfe\n\xff", Position { line: 1, unit: 5 });
        let _ = position(b"\xff\xfe\n\xff", 3);
    }
}
