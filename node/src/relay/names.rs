//! Names of the chain, and the same on the wire.

use parlance_bimp::{Account, DeviceNumber};
use parlance_primitives::{
    AccountId,
    accounts::{Device, DeviceId, Identity},
    relay::RelayId,
};

/// A relay's place on the wire, by its name in rosters (N3 of BIMP).
pub fn place_of(id: RelayId) -> parlance_bimp::RelayId {
    parlance_bimp::RelayId::of_name(id.0)
}

/// The account of a name on the wire.
pub fn account_of(account: &Account) -> AccountId {
    AccountId::new(account.0)
}

/// The number of a device: the first four bytes of its name, little-endian, as clients count.
pub fn number_of(device: DeviceId) -> DeviceNumber {
    let [a, b, c, d, ..] = device.0;
    DeviceNumber::from_le_bytes([a, b, c, d])
}

/// The device of an identity with that number. Of two with the same number there is none, as clients have it.
pub fn device_of(identity: &Identity, number: DeviceNumber) -> Option<&Device> {
    let mut found = identity
        .devices
        .iter()
        .filter(|device| number_of(device.id()) == number);
    let device = found.next()?;
    found.next().is_none().then_some(device)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_where_the_wire_has_them() {
        let place = place_of(RelayId([7; 16]));
        assert_eq!(place.0[..16], [7; 16]);
        assert_eq!(place.0[16..], [0; 16]);
        let mut id = [0; 16];
        id[..4].copy_from_slice(&[0x78, 0x56, 0x34, 0x12]);
        assert_eq!(number_of(DeviceId(id)), 0x1234_5678);
    }
}
