//! From bytes to tokens. Every byte is in exactly one token, whatever the bytes are.

mod literal;
mod unicode;

pub use literal::{LiteralError, bytes_value, integer_value, text_value};
pub use unicode::turns_direction;

use crate::{
    diagnostic::{Code, Diagnostic, Diagnostics},
    kind::{Kind, MARKS},
    span::Span,
};

/// Longest file, in bytes.
pub const LONGEST_FILE: usize = 1 << 20;

/// A piece of the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Its bytes.
    pub span: Span,
}

/// The tokens of a file and what is wrong with them.
#[derive(Clone, Debug)]
pub struct Lexed {
    /// The tokens in order, without a gap; the last one is [`Kind::EndOfFile`] and empty.
    pub tokens: Vec<Token>,
    /// What is wrong.
    pub diagnostics: Diagnostics,
}

/// Cuts a file into tokens.
#[must_use]
pub fn lex(source: &[u8]) -> Lexed {
    let mut lexer = Lexer {
        source,
        offset: 0,
        tokens: Vec::new(),
        diagnostics: Diagnostics::default(),
    };
    if source.len() > LONGEST_FILE {
        lexer.offset = source.len();
        lexer.report(
            Code::FileTooLong,
            Span::at(0),
            format!("the file has {} bytes", source.len()),
            "split it in files that import each other",
        );
        lexer.push(Kind::Unknown, 0);
    } else {
        unicode::check(source, &mut lexer.diagnostics);
        while lexer.offset < source.len() {
            lexer.token();
        }
    }
    lexer.push(Kind::EndOfFile, lexer.offset);
    Lexed {
        tokens: lexer.tokens,
        diagnostics: lexer.diagnostics,
    }
}

struct Lexer<'s> {
    source: &'s [u8],
    offset: usize,
    tokens: Vec<Token>,
    diagnostics: Diagnostics,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.source
            .get(self.offset.saturating_add(ahead))
            .copied()
            .unwrap_or(0)
    }

    fn at_end(&self) -> bool {
        self.offset >= self.source.len()
    }

    /// Bytes from `start` to here.
    fn span_from(&self, start: usize) -> Span {
        let short = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Span::new(short(start), short(self.offset))
    }

    fn push(&mut self, kind: Kind, start: usize) {
        self.tokens.push(Token {
            kind,
            span: self.span_from(start),
        });
    }

    fn report(&mut self, code: Code, span: Span, message: impl Into<String>, advice: &str) {
        self.diagnostics
            .push(Diagnostic::new(code, span, message).advise(advice));
    }

    /// One token; always moves on.
    fn token(&mut self) {
        let start = self.offset;
        let kind = match self.peek(0) {
            b' ' | b'\t' | b'\r' | b'\n' => self.whitespace(),
            0xef if start == 0 && self.source.starts_with(b"\xef\xbb\xbf") => {
                self.offset = 3;
                Kind::Whitespace
            }
            b'/' if self.peek(1) == b'/' => {
                self.while_(|byte| byte != b'\n');
                Kind::LineComment
            }
            b'/' if self.peek(1) == b'*' => self.block_comment(),
            b'"' => self.quoted(b'"', Kind::Text),
            b'\'' => self.quoted(b'\'', Kind::QuotedText),
            b'`' => self.template(),
            b'h' if self.source[start..].starts_with(b"hex\"") => self.bytes(),
            b'0'..=b'9' => self.number(),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.word(),
            byte if byte >= 0x80 => self.foreign(),
            _ => self.mark(),
        };
        // Progress does not rest on each arm being right.
        self.offset = self.offset.max(start + 1);
        self.push(kind, start);
    }

    fn while_(&mut self, wanted: impl Fn(u8) -> bool) {
        while !self.at_end() && wanted(self.peek(0)) {
            self.offset += 1;
        }
    }

    fn whitespace(&mut self) -> Kind {
        self.while_(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
        Kind::Whitespace
    }

    fn block_comment(&mut self) -> Kind {
        let start = self.offset;
        self.offset += 2;
        while !self.at_end() {
            if self.peek(0) == b'*' && self.peek(1) == b'/' {
                self.offset += 2;
                return Kind::BlockComment;
            }
            self.offset += 1;
        }
        let mark = Span::new(
            self.span_from(start).start,
            self.span_from(start).start.saturating_add(2),
        );
        self.report(
            Code::UnterminatedComment,
            mark,
            "this comment has no end",
            "end it with `*/`",
        );
        Kind::BlockComment
    }

    fn quoted(&mut self, quote: u8, kind: Kind) -> Kind {
        let start = self.offset;
        self.offset += 1;
        loop {
            match self.peek(0) {
                _ if self.at_end() => break,
                b'\n' => break,
                b'\\' if self.peek(1) != b'\n' => {
                    self.offset = (self.offset + 2).min(self.source.len())
                }
                byte => {
                    self.offset += 1;
                    if byte == quote {
                        self.check_text(start, kind);
                        return kind;
                    }
                }
            }
        }
        let advice =
            "end it with the quote it began with, on the same line; `\\n` stands for a line end";
        self.report(
            Code::UnterminatedText,
            self.span_from(start),
            "this text has no end",
            advice,
        );
        kind
    }

    fn check_text(&mut self, start: usize, kind: Kind) {
        let span = self.span_from(start);
        if kind == Kind::QuotedText {
            self.report(
                Code::SingleQuotes,
                span,
                "a text stands in double quotes",
                "write `\"` at both ends",
            );
        } else if let Err(error) = text_value(span.of(self.source)) {
            let at = span.start.saturating_add(error.offset);
            let message = "this escape does not exist";
            let advice = "the escapes are `\\n` `\\r` `\\t` `\\\\` `\\\"` `\\0` and `\\u{1F600}`";
            self.report(
                Code::UnknownEscape,
                Span::new(at.min(span.end), at.saturating_add(2).min(span.end)),
                message,
                advice,
            );
        }
    }

    fn template(&mut self) -> Kind {
        let start = self.offset;
        self.offset += 1;
        self.while_(|byte| byte != b'`');
        self.offset = (self.offset + 1).min(self.source.len());
        let advice = "write a text in double quotes; numbers do not turn into text in a contract, put them in an event or error";
        self.report(
            Code::TemplateText,
            self.span_from(start),
            "there are no template texts",
            advice,
        );
        Kind::TemplateText
    }

    fn bytes(&mut self) -> Kind {
        let start = self.offset;
        self.offset += 4;
        self.while_(|byte| byte != b'"' && byte != b'\n');
        if self.peek(0) != b'"' || self.at_end() {
            self.report(
                Code::UnterminatedText,
                self.span_from(start),
                "these bytes have no end",
                "end them with `\"`",
            );
            return Kind::Bytes;
        }
        self.offset += 1;
        let span = self.span_from(start);
        if let Err(error) = bytes_value(span.of(self.source)) {
            let at = span.start.saturating_add(error.offset);
            let advice =
                "write pairs of the digits 0-9, a-f, with `_` between pairs where it helps";
            self.report(
                Code::MalformedBytes,
                Span::new(at.min(span.end), at.saturating_add(1).min(span.end)),
                error.message,
                advice,
            );
        }
        Kind::Bytes
    }

    fn number(&mut self) -> Kind {
        let start = self.offset;
        let part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        self.while_(part);
        if self.peek(0) == b'.' && self.peek(1).is_ascii_digit() {
            self.offset += 1;
            self.while_(part);
            let advice = "count in the smallest unit, for instance 150 of 100 for 1.5; `mulDiv(a, b, c, Rounding.Down)` takes parts";
            self.report(
                Code::Fraction,
                self.span_from(start),
                "there are no fractions",
                advice,
            );
            return Kind::Fraction;
        }
        let span = self.span_from(start);
        if let Err(error) = integer_value(span.of(self.source)) {
            let code = if error.too_large {
                Code::NumberTooLarge
            } else {
                Code::MalformedNumber
            };
            self.report(code, span, error.message, error.advice);
        }
        Kind::Integer
    }

    fn word(&mut self) -> Kind {
        let start = self.offset;
        let mut foreign = false;
        loop {
            self.while_(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            match unicode::letter_at(self.source, self.offset) {
                Some((letter, length)) if letter.is_alphanumeric() => {
                    foreign = true;
                    self.offset += length;
                }
                _ => break,
            }
        }
        let span = self.span_from(start);
        if foreign {
            let advice = "use the letters a-z and A-Z, digits and `_`: other alphabets have letters that look the same";
            self.report(
                Code::ForeignLetter,
                span,
                "names are written in Latin letters",
                advice,
            );
            return Kind::Identifier;
        }
        match span.of(self.source) {
            b"_" => Kind::Underscore,
            text => Kind::keyword(text).unwrap_or(Kind::Identifier),
        }
    }

    /// A byte of 0x80 or more where a token begins.
    fn foreign(&mut self) -> Kind {
        match unicode::letter_at(self.source, self.offset) {
            Some((letter, _)) if letter.is_alphabetic() => self.word(),
            Some((letter, length)) => {
                let start = self.offset;
                self.offset += length;
                if !turns_direction(letter) {
                    self.unknown(start);
                }
                Kind::Unknown
            }
            // Reported as not being UTF-8.
            None => {
                self.offset += 1;
                while !self.at_end()
                    && self.peek(0) >= 0x80
                    && unicode::letter_at(self.source, self.offset).is_none()
                {
                    self.offset += 1;
                }
                Kind::Unknown
            }
        }
    }

    fn mark(&mut self) -> Kind {
        let rest = &self.source[self.offset..];
        let longest = MARKS
            .iter()
            .filter(|(_, text)| rest.starts_with(text.as_bytes()))
            .max_by_key(|(_, text)| text.len());
        if let Some((kind, text)) = longest {
            self.offset += text.len();
            return *kind;
        }
        let start = self.offset;
        self.offset += 1;
        self.unknown(start);
        Kind::Unknown
    }

    fn unknown(&mut self, start: usize) {
        let span = self.span_from(start);
        let shown = String::from_utf8_lossy(span.of(self.source))
            .escape_default()
            .to_string();
        let message = format!("the character `{shown}` has no meaning here");
        self.report(
            Code::UnknownCharacter,
            span,
            message,
            "remove it, or put it in a text or comment",
        );
    }
}

#[cfg(test)]
mod tests;
