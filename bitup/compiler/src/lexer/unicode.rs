//! What of Unicode a source file may hold.

use crate::{
    diagnostic::{Code, Diagnostic, Diagnostics},
    span::Span,
};

/// True for characters that turn the direction of text: with them a program reads otherwise than it runs.
#[must_use]
pub fn turns_direction(letter: char) -> bool {
    matches!(letter, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The character at `offset` with its length in bytes; `None` where the bytes are not UTF-8 or end.
pub(super) fn letter_at(source: &[u8], offset: usize) -> Option<(char, usize)> {
    let rest = source.get(offset..)?;
    let first = &rest[..rest.len().min(4)];
    let chunk = first.utf8_chunks().next()?;
    let letter = chunk.valid().chars().next()?;
    Some((letter, letter.len_utf8()))
}

/// Reports what is not UTF-8 and what turns directions.
pub(super) fn check(source: &[u8], diagnostics: &mut Diagnostics) {
    let mut offset = 0_usize;
    let span = |start: usize, length: usize| {
        let short = |value: usize| u32::try_from(value).unwrap_or(u32::MAX);
        Span::new(short(start), short(start.saturating_add(length)))
    };
    for chunk in source.utf8_chunks() {
        for (at, letter) in chunk.valid().char_indices() {
            if turns_direction(letter) {
                let message = format!(
                    "the character U+{:04X} turns the direction of text",
                    u32::from(letter)
                );
                let advice = "remove it; in a text, write it as an escape: `\\u{...}`";
                let place = span(offset.saturating_add(at), letter.len_utf8());
                diagnostics
                    .push(Diagnostic::new(Code::DirectionControl, place, message).advise(advice));
            }
        }
        offset = offset.saturating_add(chunk.valid().len());
        if !chunk.invalid().is_empty() {
            let place = span(offset, chunk.invalid().len());
            let advice = "save the file as UTF-8";
            diagnostics.push(
                Diagnostic::new(Code::InvalidUtf8, place, "these bytes are not UTF-8")
                    .advise(advice),
            );
        }
        offset = offset.saturating_add(chunk.invalid().len());
    }
}
