#![no_main]
use libfuzzer_sys::fuzz_target;
use parlance_e2ee::Content;

fuzz_target!(|data: &[u8]| {
    if let Ok(content) = Content::from_bytes(data) {
        assert_eq!(content.to_bytes().as_deref(), Ok(data));
    }
});
