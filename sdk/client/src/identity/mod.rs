//! Identities: registering one without tokens, its devices, invitations, and the contacts' records.

pub mod change;
mod code;
mod contact;
pub mod history;
mod look;
mod register;
#[cfg(test)]
pub(crate) mod testing;

pub use change::ChangeError;
pub use code::{CodeError, DeviceRequest, InvitationSecret};
pub use contact::{Contact, Finding, RecordError, Verification, fingerprint_of};
pub use look::{LookError, look};
pub use register::{Attempt, RegisterError, Registrar, Work};
