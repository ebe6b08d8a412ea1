//! Somebody who can put bytes into the order and into mailboxes, and has no keys: it changes what it has seen.

/// Version, wire format, and the group's identifier with its length stand before the epoch (RFC 9420 §6).
const EPOCH: std::ops::Range<usize> = 37..45;

/// The epoch that a handshake or message says it is of.
pub fn claimed_epoch(bytes: &[u8]) -> u64 {
    u64::from_be_bytes(bytes[EPOCH].try_into().unwrap())
}

/// Genuine bytes that claim another epoch.
pub fn of_epoch(genuine: &[u8], epoch: u64) -> Vec<u8> {
    let mut bytes = genuine.to_vec();
    bytes[EPOCH].copy_from_slice(&epoch.to_be_bytes());
    bytes
}

/// Genuine bytes with another end: sender and epoch can still be read.
pub fn damaged(genuine: &[u8], mark: u8) -> Vec<u8> {
    let mut bytes = genuine.to_vec();
    *bytes.last_mut().unwrap() ^= mark | 1;
    bytes
}
