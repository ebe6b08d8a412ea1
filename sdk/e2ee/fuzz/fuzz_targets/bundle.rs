#![no_main]
use libfuzzer_sys::fuzz_target;
use parlance_e2ee::Bundle;

fuzz_target!(|data: &[u8]| {
    if let Ok(bundle) = Bundle::from_bytes(data) {
        assert_eq!(bundle.to_bytes(), data);
        let identity = bundle.identity;
        let _ = bundle.verify(&identity, 0);
    }
});
