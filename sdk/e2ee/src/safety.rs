//! Safety numbers: sixty digits by which two people see that nobody sits between them (F1 to F4).
//!
//! The rules and the code are those of `parlance-safety`; here they take a device's [`IdentityPublic`].

use crate::identity::IdentityPublic;

pub use parlance_safety::{Fingerprint, matches, safety_number, scannable};

/// The fingerprint of an account and its devices, in any order (F1).
pub fn fingerprint(account: &[u8; 32], devices: &[IdentityPublic]) -> Fingerprint {
    Fingerprint::new(account, devices.iter().map(IdentityPublic::to_bytes))
}
