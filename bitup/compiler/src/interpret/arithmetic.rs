//! Arithmetic as the language has it: exact, or nothing.

use crate::{ir::Shape, kind::Kind};
use num_bigint::BigInt;

/// Beyond this exponent only 0, 1 and -1 have a power of at most 256 bits.
const MOST_EXPONENT: u32 = 256;

/// The bits of a number, and whether it has a sign. None for what is no number.
fn form(shape: &Shape) -> Option<(u32, bool)> {
    match shape {
        Shape::Narrow(integer) => Some((u32::from(integer.bits), integer.signed)),
        Shape::Wide {
            bytes,
            number: true,
        } => Some((bytes.saturating_mul(8), false)),
        _ => None,
    }
}

/// The number, when the shape has it.
#[must_use]
pub fn fitting(shape: &Shape, value: BigInt) -> Option<BigInt> {
    let (bits, signed) = form(shape)?;
    let all = BigInt::from(1) << bits;
    let (least, end) = if signed {
        let half = BigInt::from(1) << bits.saturating_sub(1);
        (-&half, half)
    } else {
        (BigInt::ZERO, all)
    };
    (value >= least && value < end).then_some(value)
}

/// The low bits of the number, read as the shape reads them.
#[must_use]
pub fn wrapped(shape: &Shape, value: &BigInt) -> Option<BigInt> {
    let (bits, signed) = form(shape)?;
    let all = BigInt::from(1) << bits;
    let low = ((value % &all) + &all) % &all;
    let negative = signed && low >= (BigInt::from(1) << bits.saturating_sub(1));
    Some(if negative { low - all } else { low })
}

/// What an operator gives for two numbers of a shape; none where the call fails.
#[must_use]
pub fn arithmetic(operator: Kind, shape: &Shape, a: &BigInt, b: &BigInt) -> Option<BigInt> {
    let zero = *b == BigInt::ZERO;
    let exact = match operator {
        Kind::Plus => a + b,
        Kind::Minus => a - b,
        Kind::Star => a * b,
        Kind::Slash if zero => return None,
        Kind::Slash => a / b,
        Kind::Percent if zero => return None,
        Kind::Percent => a % b,
        Kind::Ampersand => a & b,
        Kind::Pipe => a | b,
        Kind::Caret => a ^ b,
        Kind::WrapPlus => return wrapped(shape, &(a + b)),
        Kind::WrapMinus => return wrapped(shape, &(a - b)),
        Kind::WrapStar => return wrapped(shape, &(a * b)),
        Kind::ShiftLeft => a << count(shape, b)?,
        Kind::WrapShift => return wrapped(shape, &(a << count(shape, b)?)),
        Kind::ShiftRight => a >> count(shape, b)?,
        Kind::Power => power(a, b)?,
        _ => return None,
    };
    fitting(shape, exact)
}

/// A count of bits that is smaller than the number.
fn count(shape: &Shape, value: &BigInt) -> Option<u32> {
    let (bits, _) = form(shape)?;
    u32::try_from(value).ok().filter(|count| *count < bits)
}

fn power(a: &BigInt, b: &BigInt) -> Option<BigInt> {
    let small = *a == BigInt::ZERO || *a == BigInt::from(1) || *a == BigInt::from(-1);
    match u32::try_from(b) {
        Ok(exponent) if exponent <= MOST_EXPONENT => Some(a.pow(exponent)),
        // The sign of a power of -1 depends on the last bit.
        _ if small && *b > BigInt::ZERO => {
            let last: BigInt = b % BigInt::from(2);
            Some(if last == BigInt::ZERO {
                a * a
            } else {
                a.clone()
            })
        }
        _ => None,
    }
}

/// `a * b / c` with its rounding; none where the call fails.
#[must_use]
pub fn mul_div(shape: &Shape, a: &BigInt, b: &BigInt, c: &BigInt, up: bool) -> Option<BigInt> {
    if *c == BigInt::ZERO {
        return None;
    }
    let whole = a * b;
    let down = &whole / c;
    let rest = whole % c;
    let more = u8::from(up && rest != BigInt::ZERO);
    fitting(shape, down + more)
}

/// The order of two numbers as a comparison reads it.
#[must_use]
pub fn compares<T: Ord>(operator: Kind, a: &T, b: &T) -> bool {
    match operator {
        Kind::Equal => a == b,
        Kind::NotEqual => a != b,
        Kind::Less => a < b,
        Kind::LessEqual => a <= b,
        Kind::Greater => a > b,
        _ => a >= b,
    }
}
