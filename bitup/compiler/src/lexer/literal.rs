//! The values of literals.

use num_bigint::BigUint;

/// What is wrong with a literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiteralError {
    /// Byte of the literal that is wrong.
    pub offset: u32,
    /// True for a number that is written right and does not fit in 256 bits.
    pub too_large: bool,
    /// What is wrong.
    pub message: &'static str,
    /// What to write instead.
    pub advice: &'static str,
}

impl LiteralError {
    fn new(offset: usize, message: &'static str, advice: &'static str) -> Self {
        Self {
            offset: u32::try_from(offset).unwrap_or(u32::MAX),
            too_large: false,
            message,
            advice,
        }
    }
}

/// The value of an integer literal.
///
/// # Errors
/// When digits are missing, foreign to the base or too many, or there are leading zeros.
pub fn integer_value(text: &[u8]) -> Result<BigUint, LiteralError> {
    let (digits, base) = match text {
        [b'0', b'x', digits @ ..] => (digits, 16),
        [b'0', b'b', digits @ ..] => (digits, 2),
        [b'0', b'o', digits @ ..] => (digits, 8),
        _ => (text, 10),
    };
    if base == 10 {
        decimal_habits(text)?;
    }
    let separated = digits.first() != Some(&b'_') && digits.last() != Some(&b'_');
    if digits.is_empty() || !separated {
        return Err(LiteralError::new(
            0,
            "a digit is missing",
            "`_` stands between digits, and at least one digit is needed",
        ));
    }
    let plain: Vec<u8> = digits
        .iter()
        .copied()
        .filter(|byte| *byte != b'_')
        .collect();
    if let Some(at) = plain
        .iter()
        .position(|byte| !char::from(*byte).is_digit(base))
    {
        return Err(LiteralError::new(
            at,
            "this is not a digit of the number's base",
            "digits are 0-9, after `0x` also a-f, after `0b` 0 and 1, after `0o` 0-7",
        ));
    }
    let large = LiteralError {
        too_large: true,
        ..LiteralError::new(
            0,
            "no number has more than 256 bits",
            "the largest number is 2 ** 256 - 1",
        )
    };
    // 256 bits have 256 binary digits; more digits are zeros in front, and are not worth a long computation.
    if plain.len() > 256 {
        return Err(large);
    }
    let value = BigUint::parse_bytes(&plain, base)
        .ok_or_else(|| LiteralError::new(0, "a digit is missing", "write a digit"))?;
    if value.bits() > 256 {
        Err(large)
    } else {
        Ok(value)
    }
}

fn decimal_habits(text: &[u8]) -> Result<(), LiteralError> {
    if text.len() > 1 && text[0] == b'0' && text[1].is_ascii_digit() {
        return Err(LiteralError::new(
            0,
            "numbers have no leading zeros",
            "remove the zeros; octal numbers begin with `0o`",
        ));
    }
    let body = &text[..text.len().saturating_sub(1)];
    if text.last() == Some(&b'n') && body.iter().all(u8::is_ascii_digit) {
        return Err(LiteralError::new(
            body.len(),
            "numbers have no `n` behind them",
            "remove the `n`: all numbers are whole, and their type gives their size",
        ));
    }
    if text.iter().any(|byte| matches!(byte, b'e' | b'E')) {
        return Err(LiteralError::new(
            0,
            "numbers have no exponent",
            "write a power, for instance `5 * 10 ** 18`",
        ));
    }
    Ok(())
}

/// The text of a literal in double quotes; bytes that are not UTF-8 become U+FFFD.
///
/// # Errors
/// At the first escape that does not exist.
pub fn text_value(literal: &[u8]) -> Result<String, LiteralError> {
    let inner = literal.strip_prefix(b"\"").unwrap_or(literal);
    let inner = inner.strip_suffix(b"\"").unwrap_or(inner);
    let text = String::from_utf8_lossy(inner);
    let mut value = String::with_capacity(text.len());
    let mut letters = text.char_indices();
    while let Some((at, letter)) = letters.next() {
        if letter != '\\' {
            value.push(letter);
            continue;
        }
        let unknown = || {
            LiteralError::new(
                at + 1,
                "this escape does not exist",
                "see the list of escapes",
            )
        };
        let escaped = letters.next().map(|(_, letter)| letter);
        value.push(match escaped.ok_or_else(unknown)? {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            '0' => '\0',
            '\\' => '\\',
            '"' => '"',
            'u' => {
                let rest = letters.as_str();
                let digits = rest
                    .strip_prefix('{')
                    .and_then(|rest| rest.split_once('}'))
                    .map(|(digits, _)| digits);
                let digits = digits.filter(|digits| (1..=6).contains(&digits.len()));
                let number =
                    digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
                let number = number.and_then(|digits| u32::from_str_radix(digits, 16).ok());
                let letter = number.and_then(char::from_u32).ok_or_else(unknown)?;
                for _ in 0..digits.map_or(0, str::len) + 2 {
                    letters.next();
                }
                letter
            }
            _ => return Err(unknown()),
        });
    }
    Ok(value)
}

/// The bytes of a literal `hex"..."`.
///
/// # Errors
/// When a digit is not hexadecimal, a pair is not whole, or `_` stands within a pair.
pub fn bytes_value(literal: &[u8]) -> Result<Vec<u8>, LiteralError> {
    let inner = literal.strip_prefix(b"hex\"").unwrap_or(literal);
    let inner = inner.strip_suffix(b"\"").unwrap_or(inner);
    let mut value = Vec::with_capacity(inner.len() / 2);
    let mut high = None;
    for (at, byte) in inner.iter().enumerate() {
        let digit = char::from(*byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok());
        match (digit, high) {
            (Some(digit), None) => high = Some(digit),
            (Some(digit), Some(first)) => {
                value.push((first << 4) | digit);
                high = None;
            }
            (None, None) if *byte == b'_' => {}
            (None, Some(_)) if *byte == b'_' => {
                return Err(LiteralError::new(
                    4 + at,
                    "`_` stands within a pair of digits",
                    "put it between pairs",
                ));
            }
            (None, _) => {
                return Err(LiteralError::new(
                    4 + at,
                    "this is not a hexadecimal digit",
                    "digits are 0-9 and a-f",
                ));
            }
        }
    }
    match high {
        None => Ok(value),
        Some(_) => Err(LiteralError::new(
            3 + inner.len(),
            "a digit of the last pair is missing",
            "each byte has two digits",
        )),
    }
}
