//! Accounts in their form for people: SS58, base 58 of a network's number, the key, and a checksum.

use blake2::{Blake2b512, Digest};

/// The account of an address, with the number of its network.
#[must_use]
pub fn parse(text: &str) -> Option<(u16, [u8; 32])> {
    if text.len() > 64 {
        return None;
    }
    let bytes = bs58::decode(text).into_vec().ok()?;
    let (network, length) = match *bytes.first()? {
        one @ 0..=63 => (u16::from(one), 1),
        one @ 64..=127 => {
            let other = *bytes.get(1)?;
            let low = (one << 2) | (other >> 6);
            (u16::from_le_bytes([low, other & 0b0011_1111]), 2)
        }
        _ => return None,
    };
    let id = bytes.get(length..length + 32)?;
    let sum = bytes.get(length + 32..).filter(|sum| sum.len() == 2)?;
    let right = checksum(bytes.get(..length + 32)?);
    (sum == right).then_some((network, id.try_into().ok()?))
}

/// The address of an account on a network.
#[must_use]
pub fn shown(network: u16, id: &[u8; 32]) -> String {
    let network = network & 0b0011_1111_1111_1111;
    let mut bytes = match u8::try_from(network) {
        Ok(one @ 0..=63) => vec![one],
        _ => {
            let first = ((network & 0b0000_0000_1111_1100) >> 2) as u8 | 0b0100_0000;
            let second = (network >> 8) as u8 | ((network & 0b11) as u8) << 6;
            vec![first, second]
        }
    };
    bytes.extend_from_slice(id);
    let sum = checksum(&bytes);
    bytes.extend(sum);
    bs58::encode(bytes).into_string()
}

fn checksum(bytes: &[u8]) -> [u8; 2] {
    let mut hash = Blake2b512::new();
    hash.update(b"SS58PRE");
    hash.update(bytes);
    let sum = hash.finalize();
    [sum[0], sum[1]]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `subkey inspect //Alice`, for the networks 42 and 0, and one with two bytes.
    #[test]
    fn addresses_are_those_of_other_tools() {
        let alice = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
        let (network, id) = parse(alice).unwrap();
        assert_eq!(network, 42);
        assert_eq!(id[..4], [0xd4, 0x35, 0x93, 0xc7]);
        assert_eq!(shown(42, &id), alice);
        assert_eq!(
            shown(0, &id),
            "15oF4uVJwmo4TdGW7VfQxNLavjCXviqxT9S1MgbjMNHr6Sp5"
        );
        for network in [0, 1, 63, 64, 255, 1_284, 16_383] {
            assert_eq!(parse(&shown(network, &id)), Some((network, id)));
        }
    }

    #[test]
    fn a_slip_of_one_letter_is_seen() {
        let alice = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";
        for at in 0..alice.len() {
            let mut other = alice.to_owned();
            let letter = if &alice[at..=at] == "x" { "y" } else { "x" };
            other.replace_range(at..=at, letter);
            assert_eq!(parse(&other), None, "{other}");
        }
        assert_eq!(parse(""), None);
        assert_eq!(parse(&"1".repeat(1_000)), None);
    }
}
