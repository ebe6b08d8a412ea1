#![no_main]
use libfuzzer_sys::fuzz_target;
use parlance_e2ee::{DeviceIdentity, Envelope};
use std::sync::LazyLock;

static IDENTITY: LazyLock<DeviceIdentity> = LazyLock::new(|| DeviceIdentity::linked(&[1; 32]));

fuzz_target!(|data: &[u8]| {
    if let Ok(envelope) = Envelope::from_bytes(data) {
        assert_eq!(envelope.to_bytes(), data);
        assert!(envelope.open(&IDENTITY).is_err());
    }
});
