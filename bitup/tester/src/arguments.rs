//! Arguments from a seed, and simpler ones.

use crate::stage::NAMES;
use bitup_compiler::{
    interpret::{Value, fitting},
    ir::{ADDRESS, Shape, account},
    metadata::blake2_256,
};
use num_bigint::{BigInt, Sign};

/// Texts, bytes and arrays are shorter than this.
const LONGEST_MADE_UP: u64 = 6;
/// Made up texts are made of these: characters of one to four bytes.
const LETTERS: [char; 6] = ['a', 'z', '0', ' ', 'é', '🜁'];

/// Numbers from a seed (splitmix64 of Steele, Lea and Flood, 2014).
pub(crate) struct Seeded {
    state: u64,
}

impl Seeded {
    /// Each test has numbers of its own, whichever others run.
    pub(crate) fn new(seed: u64, title: &str) -> Self {
        let hash = blake2_256(title.as_bytes());
        let own = hash
            .first_chunk::<8>()
            .map_or(0, |bytes| u64::from_le_bytes(*bytes));
        Self { state: seed ^ own }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    pub(crate) fn value(&mut self, shape: &Shape) -> Value {
        match shape {
            Shape::Unit => Value::Unit,
            Shape::Bool => Value::Bool(self.below(2) == 1),
            Shape::Choice(count) => Value::Number(self.below(u64::from(*count)).into()),
            Shape::Narrow(integer) => {
                let (least, most) = integer.range();
                Value::Number(self.number(&least, &most))
            }
            Shape::Wide {
                bytes,
                number: true,
            } => {
                let most = (BigInt::from(1) << (8 * bytes)) - 1;
                Value::Number(self.number(&BigInt::ZERO, &most))
            }
            // Few accounts, so that the same one comes twice.
            shape if *shape == ADDRESS => {
                let name = NAMES.get(self.below(NAMES.len() as u64) as usize);
                Value::Bytes(account(name.copied().unwrap_or_default()).to_vec())
            }
            Shape::Wide { bytes, .. } => Value::Bytes(vec![0; *bytes as usize]),
            Shape::Bytes { text: false } => {
                let length = self.below(LONGEST_MADE_UP);
                Value::Bytes((0..length).map(|_| self.next().to_le_bytes()[0]).collect())
            }
            Shape::Bytes { text: true } => {
                let length = self.below(LONGEST_MADE_UP);
                let letters =
                    (0..length).map(|_| LETTERS[self.below(LETTERS.len() as u64) as usize]);
                Value::Bytes(letters.collect::<String>().into_bytes())
            }
            Shape::List(item) => {
                let length = self.below(LONGEST_MADE_UP);
                Value::Parts((0..length).map(|_| self.value(item)).collect())
            }
            Shape::Row(item, count) => {
                Value::Parts((0..*count).map(|_| self.value(item)).collect())
            }
            Shape::Record(fields) => {
                Value::Parts(fields.iter().map(|field| self.value(field)).collect())
            }
            Shape::Union { variants, .. } => {
                let number = self.below(variants.len() as u64) as usize;
                let fields = variants.get(number).map(Vec::as_slice).unwrap_or_default();
                Value::Variant(
                    number,
                    fields.iter().map(|field| self.value(field)).collect(),
                )
            }
        }
    }

    /// An end of the range, a small number, or one of any length: faults sit there.
    fn number(&mut self, least: &BigInt, most: &BigInt) -> BigInt {
        let length = most - least;
        let found = match self.below(8) {
            0 => least.clone(),
            1 => most - self.below(2),
            2..=4 => BigInt::from(self.below(1_000)),
            _ => {
                let bits = self.below(length.bits().saturating_add(1));
                let bytes: Vec<u8> = (0..4).flat_map(|_| self.next().to_le_bytes()).collect();
                let any = BigInt::from_bytes_le(Sign::Plus, &bytes) % (BigInt::from(1) << bits);
                if self.below(2) == 0 { any } else { -any }
            }
        };
        // What lies outside comes in again on the other side.
        let all: BigInt = length + 1;
        let inside: BigInt = (((found - least) % &all) + &all) % &all;
        inside + least
    }
}

/// Simpler values, the simplest first.
pub(crate) fn simpler(shape: &Shape, value: &Value) -> Vec<Value> {
    match value {
        Value::Bool(true) => vec![Value::Bool(false)],
        Value::Number(number) if *number != BigInt::ZERO => {
            let one = if *number > BigInt::ZERO { 1 } else { -1 };
            let mut list = vec![BigInt::ZERO];
            // From far away to near by.
            let mut part: BigInt = number / 2;
            while part != BigInt::ZERO {
                list.push(number - &part);
                part /= 2;
            }
            list.push(number - one);
            list.dedup();
            let fit = |value: BigInt| match shape {
                Shape::Choice(_) => Some(value),
                _ => fitting(shape, value),
            };
            list.into_iter()
                .filter_map(fit)
                .map(Value::Number)
                .collect()
        }
        Value::Bytes(bytes) if *shape == ADDRESS => {
            let known = NAMES.iter().map(|name| account(name).to_vec());
            let before = known.take_while(|other| other != bytes);
            before.map(Value::Bytes).collect()
        }
        Value::Bytes(bytes) if matches!(shape, Shape::Bytes { .. }) && !bytes.is_empty() => {
            let shorter = match String::from_utf8(bytes.clone()) {
                Ok(mut text) => {
                    text.pop();
                    text.into_bytes()
                }
                Err(_) => bytes[1..].to_vec(),
            };
            vec![Value::Bytes(Vec::new()), Value::Bytes(shorter)]
        }
        Value::Parts(parts) => {
            let mut list = Vec::new();
            if let (Shape::List(_), Some((_, shorter))) = (shape, parts.split_last()) {
                list.extend([Value::Parts(Vec::new()), Value::Parts(shorter.to_vec())]);
            }
            for (number, part) in parts.iter().enumerate() {
                let own = match shape {
                    Shape::List(item) | Shape::Row(item, _) => Some(&**item),
                    Shape::Record(fields) => fields.get(number),
                    _ => None,
                };
                // The simplest one of each part; what is left is tried again.
                let simplest = own.and_then(|own| simpler(own, part).into_iter().next());
                if let Some(simplest) = simplest {
                    let mut other = parts.clone();
                    other[number] = simplest;
                    list.push(Value::Parts(other));
                }
            }
            list
        }
        Value::Variant(1, _) if matches!(shape, Shape::Union { option: true, .. }) => {
            vec![Value::Variant(0, Vec::new())]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitup_compiler::check::Integer;

    #[test]
    fn made_up_numbers_fit_and_have_the_ends_among_them() {
        let mut seeded = Seeded::new(1, "test");
        for (signed, bits) in [(false, 8), (true, 8), (false, 64), (true, 64)] {
            let integer = Integer {
                signed,
                bits,
                balance: false,
            };
            let shape = Shape::Narrow(integer);
            let mut seen = Vec::new();
            for _ in 0..200 {
                let Value::Number(number) = seeded.value(&shape) else {
                    panic!("a number");
                };
                assert!(integer.holds(&number), "{number}");
                seen.push(number);
            }
            let (least, most) = integer.range();
            assert!(seen.contains(&least) && seen.contains(&most));
        }
    }

    #[test]
    fn simpler_values_come_closer_to_nothing() {
        let shape = bitup_compiler::ir::TOKENS;
        let number = Value::Number(BigInt::from(1_000));
        let list = simpler(&shape, &number);
        assert_eq!(list[0], Value::Number(BigInt::ZERO));
        assert_eq!(list[1], Value::Number(BigInt::from(500)));
        assert_eq!(list.last(), Some(&Value::Number(BigInt::from(999))));
        assert!(simpler(&shape, &list[0]).is_empty());
        let last = Value::Bytes(account(NAMES[2]).to_vec());
        assert_eq!(simpler(&ADDRESS, &last).len(), 2);
    }
}
