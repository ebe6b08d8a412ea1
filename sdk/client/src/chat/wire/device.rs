//! Who connects (W2).

use parlance_bimp::{Account, Credential, Mailbox};
use parlance_endpoint::{Identity, SecretKey};
use parlance_primitives::AccountId;

use crate::{encryption::number_of, keys::DeviceSecrets};

/// This device. Its secrets lie in memory that is wiped, here and in the key that signs.
pub(super) struct DeviceKey {
    account: Account,
    secrets: DeviceSecrets,
}

impl DeviceKey {
    pub fn new(account: &AccountId, secrets: DeviceSecrets) -> Self {
        let bytes: &[u8; 32] = account.as_ref();
        let account = Account(*bytes);
        Self { account, secrets }
    }

    /// The account's first one, which stands for all of them where devices ask each other (C6 of direct delivery).
    pub fn mailbox(&self) -> Mailbox {
        Mailbox::of(&self.account, 0)
    }

    pub fn endpoint_seed(&self) -> &[u8; 32] {
        self.secrets.endpoint_seed()
    }
}

impl Identity for DeviceKey {
    fn credential(&self) -> Credential {
        Credential::Device {
            account: self.account,
            device: number_of(self.secrets.id()),
        }
    }

    fn sign(&self, statement: &[u8]) -> [u8; 64] {
        SecretKey::from_bytes(self.secrets.signing_seed())
            .sign(statement)
            .to_bytes()
    }
}
