//! Changes of an identity: devices that come, go, or take new keys.

use parlance_primitives::{
    AccountId, Hash,
    accounts::{Change, Changes, DeviceId, Identity, MAX_DEVICES},
};

use crate::{
    chain::call::{Accounts, Call},
    identity::DeviceRequest,
    keys::DeviceSecrets,
};

/// Why a change makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// No identity.
    #[error("the account has no identity: register it with 'identity register'")]
    NoIdentity,
    /// The device asked for another account.
    #[error("the device asks to join another account: make the request for this one")]
    OtherAccount,
    /// The identity changed since the request.
    #[error(
        "the device saw version {asked} of the identity, it is {now} by now: make the request once more"
    )]
    OtherVersion {
        /// The request's version.
        asked: u32,
        /// The version now.
        now: u32,
    },
    /// Not on the list.
    #[error("the identity has no device {device}: see 'device list'")]
    NoDevice {
        /// Its name.
        device: String,
    },
    /// On the list.
    #[error("the identity has device {device} already")]
    HasDevice {
        /// Its name.
        device: String,
    },
    /// The list is full.
    #[error("an identity has at most {MAX_DEVICES} devices: remove one first")]
    TooMany,
    /// It would be the last one.
    #[error(
        "this is the only device: add another first, or remove the identity with 'identity remove'"
    )]
    LastDevice,
}

/// A device with that request joins.
pub fn add(
    account: &AccountId,
    identity: &Identity,
    request: &DeviceRequest,
) -> Result<Call, ChangeError> {
    if request.account != *account {
        return Err(ChangeError::OtherAccount);
    }
    if request.base != identity.version {
        return Err(ChangeError::OtherVersion {
            asked: request.base,
            now: identity.version,
        });
    }
    if has(identity, request.id()) {
        let device = hex::encode(request.id().0);
        return Err(ChangeError::HasDevice { device });
    }
    if identity.devices.len() >= MAX_DEVICES as usize {
        return Err(ChangeError::TooMany);
    }
    Ok(change(
        identity,
        Change::Add {
            keys: request.keys,
            possession: request.possession,
        },
    ))
}

/// The request of a device to join.
pub fn request(
    genesis: &Hash,
    account: &AccountId,
    identity: &Identity,
    device: &DeviceSecrets,
) -> DeviceRequest {
    DeviceRequest {
        account: account.clone(),
        base: identity.version,
        keys: device.keys(),
        possession: device.possession(genesis, account, identity.version),
    }
}

/// A device is not to be trusted any more.
pub fn revoke(identity: &Identity, device: DeviceId) -> Result<Call, ChangeError> {
    must_have(identity, device)?;
    if identity.devices.len() == 1 {
        return Err(ChangeError::LastDevice);
    }
    Ok(change(identity, Change::Revoke { device }))
}

/// A device takes new keys.
pub fn rotate(
    genesis: &Hash,
    account: &AccountId,
    identity: &Identity,
    device: DeviceId,
    next: &DeviceSecrets,
) -> Result<Call, ChangeError> {
    must_have(identity, device)?;
    Ok(change(
        identity,
        Change::Rotate {
            device,
            keys: next.keys(),
            possession: next.possession(genesis, account, identity.version),
        },
    ))
}

/// Whether the identity lists the device.
pub fn has(identity: &Identity, device: DeviceId) -> bool {
    identity.devices.iter().any(|one| one.id() == device)
}

fn must_have(identity: &Identity, device: DeviceId) -> Result<(), ChangeError> {
    if has(identity, device) {
        return Ok(());
    }
    let device = hex::encode(device.0);
    Err(ChangeError::NoDevice { device })
}

fn change(identity: &Identity, change: Change) -> Call {
    let changes = Changes::try_from(vec![change]).expect("one change is within the bound; qed");
    Call::Accounts(Accounts::ChangeIdentity {
        base: identity.version,
        changes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use parlance_primitives::accounts::{Device, NO_HISTORY};

    fn identity(devices: usize) -> (Identity, Vec<DeviceSecrets>) {
        let secrets: Vec<_> = (0..devices)
            .map(|_| DeviceSecrets::generate().unwrap())
            .collect();
        let listed = |secret: &DeviceSecrets| Device {
            keys: secret.keys(),
            since: 3,
        };
        let identity = Identity {
            version: 7,
            mailbox_epoch: 0,
            devices: secrets
                .iter()
                .map(listed)
                .collect::<Vec<_>>()
                .try_into()
                .unwrap(),
            revoked: Default::default(),
            history: NO_HISTORY,
        };
        (identity, secrets)
    }

    #[test]
    fn a_request_is_for_one_account_and_version() {
        let (identity, _) = identity(1);
        let (genesis, account) = (Hash::zero(), AccountId::new([1; 32]));
        let device = DeviceSecrets::generate().unwrap();
        let good = request(&genesis, &account, &identity, &device);
        let Ok(Call::Accounts(Accounts::ChangeIdentity { base: 7, changes })) =
            add(&account, &identity, &good)
        else {
            panic!("another call");
        };
        assert!(matches!(changes[0], Change::Add { keys, .. } if keys == device.keys()));

        let other = AccountId::new([2; 32]);
        assert_eq!(
            add(&other, &identity, &good),
            Err(ChangeError::OtherAccount)
        );
        let old = DeviceRequest { base: 6, ..good };
        assert_eq!(
            add(&account, &identity, &old),
            Err(ChangeError::OtherVersion { asked: 6, now: 7 })
        );
    }

    #[test]
    fn the_last_device_is_not_revoked_and_a_strange_one_neither() {
        let (one, secrets) = identity(1);
        assert_eq!(revoke(&one, secrets[0].id()), Err(ChangeError::LastDevice));
        let (two, secrets) = identity(2);
        assert!(revoke(&two, secrets[1].id()).is_ok());
        assert!(matches!(
            revoke(&two, DeviceId([9; 16])),
            Err(ChangeError::NoDevice { .. })
        ));
    }

    #[test]
    fn a_full_list_takes_no_more() {
        let (full, _) = identity(MAX_DEVICES as usize);
        let (genesis, account) = (Hash::zero(), AccountId::new([1; 32]));
        let device = DeviceSecrets::generate().unwrap();
        let request = request(&genesis, &account, &full, &device);
        assert_eq!(add(&account, &full, &request), Err(ChangeError::TooMany));
    }

    #[test]
    fn new_keys_are_for_a_device_that_is_there() {
        let (identity, secrets) = identity(2);
        let next = DeviceSecrets::generate().unwrap();
        let (genesis, account) = (Hash::zero(), AccountId::new([1; 32]));
        assert!(rotate(&genesis, &account, &identity, secrets[0].id(), &next).is_ok());
        assert!(rotate(&genesis, &account, &identity, next.id(), &next).is_err());
    }
}
