//! Whom a text is encrypted for: proven records on their way to the encryption core, `parlance-e2ee`.
//!
//! The core encrypts for the devices that it was told of, and believes whoever tells it. What it is told here is
//! proven.
//!
//! # Rules
//!
//! - **R1** *Proven and present.* A text is encrypted for the devices on the records that were proven under one
//!   final block, and only while that block is of the present, by the clock that is handed in
//!   ([`MAX_AGE`](crate::light::MAX_AGE)). The way is [`Look::at`], [`Look::tell`], [`Sessions::encrypt`]: what goes in
//!   at its end, [`Recipients`], comes from nowhere else, cannot be copied or stored, and expires.
//! - **R2** *Told before.* [`Look::tell`] hands every change over, devices that came, went, or came and went, other
//!   keys, a verification that broke, before there are recipients. What the caller is told, the user has to be
//!   told; a caller that wants to be sure first drops the look instead.
//! - **R3** *The own account* is looked up and told of like any other: what is sent goes to the own other devices too,
//!   and who puts a device among them reads along. A device that is not on the record of its own account
//!   encrypts nothing ([`EncryptionError::Revoked`]).
//! - **R4** *Numbers.* The core calls a device by its account and a number of 32 bits; the chain by 16 bytes. The
//!   number is the first four of those bytes, little-endian ([`number_of`]): everybody computes the same one, at any
//!   time, from the device's signing key alone. It stays when other devices come and go and when the device takes a
//!   new agreement or endpoint key; with a new signing key it is another device. Two devices of an account with the
//!   same number (one in a hundred million full accounts by chance, or by intent) are refused together:
//!   [`EncryptionError::SameNumber`].
//! - **R5** *Sessions* are with a device's two keys. The core wipes them when the record lists other keys or no
//!   such device (its rule D1), which is when a look is told.
//! - **R6** *Nobody* is encrypted for by mistake: an account without an identity is an error, not an empty list.
//! - **R7** *Prekeys* come from anywhere. They begin a session if the device whose they claim to be is a recipient,
//!   they carry both keys that are on its proven record, and that device signed them; all else is
//!   [`EncryptionError::Prekeys`].
//! - **R8** *Records do not go back*: a look that shows a lower version than was taken over is refused, as are
//!   recipients that were made for another device.
//! - **R9** *Groups* judge their members by [`Sessions::on_record`], which is data without a proof behind it and
//!   therefore says [`OnRecord::Unavailable`] once it is not of the present. Members of groups are looked up as
//!   other people are, before anything is sent to them.
//!
//! Reading is not bound to the present: a text that waited in a mailbox may be older than any look. Who can have
//! written it is decided by the records that were taken over last.

mod error;
mod look;
mod number;
mod sessions;
#[cfg(test)]
mod tests;

pub use error::EncryptionError;
pub use look::{Look, Recipients, Told};
pub use number::{address_of, identity_of, number_of};
pub use sessions::{OnRecord, Sessions};
