//! Devices of the chain as the encryption core calls them (R4).

use parlance_e2ee::{DeviceAddress, IdentityPublic, device::Account};
use parlance_primitives::{
    AccountId,
    accounts::{DeviceId, DeviceKeys},
};

/// The number of a device: the first four bytes of its name, little-endian.
pub fn number_of(device: DeviceId) -> u32 {
    let DeviceId([first, second, third, fourth, ..]) = device;
    u32::from_le_bytes([first, second, third, fourth])
}

/// The address of a device.
pub fn address_of(account: &AccountId, device: DeviceId) -> DeviceAddress {
    DeviceAddress {
        account: account_of(account),
        device: number_of(device),
    }
}

/// An account as the core calls it.
pub(super) fn account_of(account: &AccountId) -> Account {
    let bytes: &Account = account.as_ref();
    *bytes
}

/// The two keys of a device that sessions are with.
pub fn identity_of(keys: &DeviceKeys) -> IdentityPublic {
    IdentityPublic {
        signing: keys.signing.0,
        agreement: keys.agreement,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{identity::testing::keys_of, keys::DeviceSecrets};
    use proptest::prelude::*;

    #[test]
    fn a_number_is_the_beginning_of_the_name() {
        let mut name = [9; 16];
        name[..4].copy_from_slice(&[0x78, 0x56, 0x34, 0x12]);
        assert_eq!(number_of(DeviceId(name)), 0x1234_5678);
        let account = AccountId::new([3; 32]);
        let address = address_of(&account, DeviceId(name));
        assert_eq!((address.account, address.device), ([3; 32], 0x1234_5678));
    }

    #[test]
    fn the_keys_on_record_are_those_of_the_core() {
        let secrets = DeviceSecrets::generate().unwrap();
        let core = parlance_e2ee::DeviceIdentity::from_secrets(
            secrets.signing_seed(),
            secrets.agreement_secret(),
        );
        assert_eq!(core.public(), identity_of(&secrets.keys()));
    }

    proptest! {
        #[test]
        fn a_number_depends_on_the_signing_key_alone(device in any::<u8>(), other in any::<[u8; 32]>()) {
            let keys = keys_of(device);
            let mut changed = keys;
            changed.agreement = other;
            changed.endpoint.0 = other;
            let number = |keys: &DeviceKeys| number_of(DeviceId::of(&keys.signing));
            prop_assert_eq!(number(&keys), number(&changed));
            changed.signing.0 = other;
            let same = number(&keys) == number(&changed);
            prop_assert_eq!(same, keys.signing.0 == other);
        }
    }
}
