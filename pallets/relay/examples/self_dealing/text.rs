//! Numbers as the page writes them.

use parlance_primitives::{Balance, UNIT};

use super::ring::Spread;

/// The median, and within what all seeds are.
pub fn spread_text(spread: &Spread) -> String {
    format!(
        "{} ({} to {})",
        tokens(spread.median),
        tokens(spread.least),
        tokens(spread.most)
    )
}

/// Tokens with five decimals.
pub fn tokens(amount: Balance) -> String {
    let parts = (amount + UNIT / 200_000) / (UNIT / 100_000);
    format!("{}.{:05}", grouped(parts / 100_000), parts % 100_000)
}

/// A difference in tokens.
pub fn signed(plus: Balance, minus: Balance) -> String {
    if plus >= minus {
        tokens(plus - minus)
    } else {
        format!("-{}", tokens(minus - plus))
    }
}

/// Tenths of a percent.
pub fn percent(tenths: u32) -> String {
    format!("{} %", decimal(tenths.into(), 10))
}

/// Mebibytes with a decimal.
pub fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", decimal((bytes * 10) >> 20, 10))
}

/// A number of parts of `parts`, without zeros at its end.
pub fn decimal(value: u64, parts: u64) -> String {
    let thousandths = u128::from(value) * 1_000 / u128::from(parts);
    let text = format!(
        "{}.{:03}",
        grouped(thousandths / 1_000),
        thousandths % 1_000
    );
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Three digits that say something.
pub fn round(count: u128) -> u128 {
    let mut step = 1;
    while count / step >= 1_000 {
        step *= 10;
    }
    count.div_ceil(step) * step
}

/// With a comma every three digits.
pub fn grouped(value: u128) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
