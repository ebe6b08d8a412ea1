//! Values as they are written in a call: `transfer(5GrwvaEF..., 1_000)`.
//!
//! | written | is |
//! | --- | --- |
//! | `1_000`, `-5`, `0xff` | an integer; where bytes or an account are needed, `0x` is these bytes |
//! | `true`, `"text"`, `hex"00ff"` | a `bool`, a text, bytes |
//! | `[a, b]`, `{ field: a }` | a list, a record |
//! | `Name`, `Name(a, b)`, `Name(field: a)`, `Some(a)`, `None` | a variant, perhaps behind its enum's name and a dot |
//! | an address, `//Alice` | an account |

use crate::{contract::hex, value::Value};
use num_bigint::BigInt;

/// Values within each other.
const DEEPEST: usize = 32;
/// Longest text.
const LONGEST: usize = 1 << 20;

/// Why a text is no value or call.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{message} at letter {at} of `{text}`; write for instance `transfer(5Grw..., 1_000)` or `[1, 2]`"
)]
pub struct TextError {
    /// What is wrong.
    pub message: String,
    /// The letter at which, counted from 1.
    pub at: usize,
    /// The text.
    pub text: String,
}

/// Reads `name(value, value)`, or a name alone for no values.
///
/// # Errors
/// If it has another form.
pub fn parse_call(text: &str) -> Result<(String, Vec<Value>), TextError> {
    let mut reader = Reader::new(text)?;
    reader.space();
    let name = reader.word();
    if name.is_empty() {
        return Err(reader.error("a name is missing"));
    }
    reader.space();
    let values = if reader.next_is('(') {
        reader.list(')', 0)?
    } else {
        Vec::new()
    };
    reader.end()?;
    Ok((name, values))
}

/// Reads one value.
///
/// # Errors
/// If it has another form.
pub fn parse_value(text: &str) -> Result<Value, TextError> {
    let mut reader = Reader::new(text)?;
    let value = reader.value(0)?;
    reader.end()?;
    Ok(value)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Reader<'t> {
    fn new(text: &'t str) -> Result<Self, TextError> {
        let reader = Self { text, at: 0 };
        if text.len() > LONGEST {
            return Err(TextError {
                message: format!("there are more than {LONGEST} bytes"),
                at: 1,
                text: text.chars().take(32).collect(),
            });
        }
        Ok(reader)
    }

    fn error(&self, message: &str) -> TextError {
        TextError {
            message: message.to_owned(),
            at: self.text[..self.at].chars().count() + 1,
            text: self.text.chars().take(200).collect(),
        }
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn next_is(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn end(&mut self) -> Result<(), TextError> {
        self.space();
        if self.rest().is_empty() {
            Ok(())
        } else {
            Err(self.error("the text goes on"))
        }
    }

    /// Letters of names, addresses and paths.
    fn word(&mut self) -> String {
        let letter =
            |one: char| one.is_ascii_alphanumeric() || matches!(one, '_' | '.' | '/' | '-');
        let rest = self.rest();
        let end = rest.find(|one| !letter(one)).unwrap_or(rest.len());
        self.at += end;
        rest[..end].to_owned()
    }

    fn value(&mut self, depth: usize) -> Result<Value, TextError> {
        if depth > DEEPEST {
            return Err(self.error("the values are nested too deep"));
        }
        self.space();
        match self.peek() {
            Some('[') => {
                self.at += 1;
                Ok(Value::List(self.list(']', depth)?))
            }
            Some('{') => {
                self.at += 1;
                Ok(Value::Record(self.fields('}', depth)?))
            }
            Some('"') => self.quoted().map(Value::Text),
            Some(one) if one.is_ascii_digit() || one == '-' => self.number(),
            Some(_) => self.named(depth),
            None => Err(self.error("a value is missing")),
        }
    }

    /// Values up to a closing mark.
    fn list(&mut self, close: char, depth: usize) -> Result<Vec<Value>, TextError> {
        let mut values = Vec::new();
        loop {
            self.space();
            if self.next_is(close) {
                return Ok(values);
            }
            values.push(self.value(depth + 1)?);
            self.comma_or(close)?;
        }
    }

    fn fields(&mut self, close: char, depth: usize) -> Result<Vec<(String, Value)>, TextError> {
        let mut fields = Vec::new();
        loop {
            self.space();
            if self.next_is(close) {
                return Ok(fields);
            }
            let name = self.word();
            self.space();
            if name.is_empty() || !self.next_is(':') {
                return Err(self.error("a field with `name: value` is missing"));
            }
            fields.push((name, self.value(depth + 1)?));
            self.comma_or(close)?;
        }
    }

    fn comma_or(&mut self, close: char) -> Result<(), TextError> {
        self.space();
        if self.next_is(',') || self.peek() == Some(close) {
            Ok(())
        } else {
            Err(self.error(&format!("`,` or `{close}` is missing")))
        }
    }

    fn quoted(&mut self) -> Result<String, TextError> {
        self.at += 1;
        let mut out = String::new();
        loop {
            let Some(one) = self.peek() else {
                return Err(self.error("`\"` is missing"));
            };
            self.at += one.len_utf8();
            match one {
                '"' => return Ok(out),
                '\\' => {
                    let escaped = self.peek();
                    let letter = match escaped {
                        Some('n') => '\n',
                        Some('r') => '\r',
                        Some('t') => '\t',
                        Some('0') => '\0',
                        Some(same @ ('\\' | '"')) => same,
                        _ => return Err(self.error("an unknown escape stands")),
                    };
                    self.at += 1;
                    out.push(letter);
                }
                other => out.push(other),
            }
        }
    }

    fn number(&mut self) -> Result<Value, TextError> {
        let start = self.at;
        let minus = self.next_is('-');
        let digits = self.word();
        // An address may begin with a digit.
        let letters = digits.bytes().any(|byte| byte.is_ascii_alphabetic());
        if !minus && digits.len() >= 40 && letters && !digits.starts_with("0x") {
            return Ok(Value::Word(digits));
        }
        if let Some(bytes) = digits
            .strip_prefix("0x")
            .filter(|digits| digits.len() >= 64)
        {
            let bytes = hex(bytes).filter(|_| !minus);
            return bytes
                .map(Value::Bytes)
                .ok_or_else(|| self.error("bytes have pairs of digits"));
        }
        let plain = digits.replace('_', "");
        let (radix, plain) = match plain.get(..2) {
            Some("0x") => (16, &plain[2..]),
            Some("0b") => (2, &plain[2..]),
            Some("0o") => (8, &plain[2..]),
            _ => (10, &plain[..]),
        };
        let number = BigInt::parse_bytes(plain.as_bytes(), radix).filter(|_| !plain.is_empty());
        let Some(number) = number else {
            self.at = start;
            return Err(self.error("this is no number"));
        };
        Ok(Value::Integer(if minus { -number } else { number }))
    }

    fn named(&mut self, depth: usize) -> Result<Value, TextError> {
        let word = self.word();
        if word == "hex" && self.peek() == Some('"') {
            let digits = self.quoted()?.replace('_', "");
            let bytes = hex(&digits).filter(|_| !digits.starts_with("0x"));
            return bytes
                .map(Value::Bytes)
                .ok_or_else(|| self.error("bytes have pairs of digits"));
        }
        match word.as_str() {
            "true" => return Ok(Value::Bool(true)),
            "false" => return Ok(Value::Bool(false)),
            "" => return Err(self.error("a value is missing")),
            _ => {}
        }
        if !self.next_is('(') {
            return Ok(Value::Word(word));
        }
        let start = self.at;
        let name = self.word();
        self.space();
        let named = !name.is_empty() && self.peek() == Some(':');
        self.at = start;
        let (names, fields) = if named {
            self.fields(')', depth)?.into_iter().unzip()
        } else {
            (Vec::new(), self.list(')', depth)?)
        };
        Ok(Value::Variant {
            name: word,
            fields,
            names,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_read() {
        let long = format!("0x{}", "ab".repeat(32));
        for (text, shown) in [
            ("1_000", "1000"),
            (" -5 ", "-5"),
            ("0xff", "255"),
            ("0b11", "3"),
            ("true", "true"),
            ("\"a\\\"b\"", "\"a\\\"b\""),
            ("hex\"00_ff\"", "hex\"00ff\""),
            ("[1, [2,], ]", "[1, [2]]"),
            ("{ a: 1, b: { } }", "{ a: 1, b: {  } }"),
            ("Stage.Open", "Stage.Open"),
            ("Some(None)", "Some(None)"),
            ("Sold(by: 1, for: 2)", "Sold(by: 1, for: 2)"),
            ("//Alice", "//Alice"),
            (
                "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
                "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
            ),
            (&long, &format!("hex\"{}\"", "ab".repeat(32))),
        ] {
            let value = parse_value(text).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(value.shown(&|_| String::new()), shown, "{text}");
        }
        let (name, values) = parse_call("transfer(bob, 5)").unwrap();
        assert_eq!((name.as_str(), values.len()), ("transfer", 2));
        assert_eq!(parse_call(" get ").unwrap(), ("get".to_owned(), Vec::new()));
    }

    #[test]
    fn what_is_not_right_is_told_at_its_letter() {
        for (text, at) in [
            ("", 1),
            ("[1", 3),
            ("1 2", 3),
            ("\"a", 3),
            ("0xzz", 1),
            ("{ a 1 }", 5),
            ("hex\"0\"", 7),
            ("f(", 3),
            ("-", 1),
        ] {
            let error = parse_value(text).unwrap_err();
            assert_eq!(error.at, at, "{text}: {error}");
        }
        assert!(parse_call("(1)").is_err());
        assert!(parse_call("f(1) g").is_err());
        assert!(parse_value(&"[".repeat(100_000)).is_err());
    }
}
