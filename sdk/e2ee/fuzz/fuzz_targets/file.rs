#![no_main]
use libfuzzer_sys::fuzz_target;
use parlance_e2ee::file::{SEALED_CHUNK, identifier, open, open_chunk, sealed_length};

const KEY: [u8; 32] = [7; 32];

// A ciphertext with the length and the number of a chunk that it claims to be. Nobody without the key makes one that opens.
fuzz_target!(|data: &[u8]| {
    let Some((head, sealed)) = data.split_first_chunk::<16>() else {
        return;
    };
    let [length, number] = [&head[..8], &head[8..]]
        .map(|bytes| u64::from_le_bytes(bytes.try_into().expect("eight bytes")));
    assert!(open_chunk(&KEY, length, number, sealed).is_err());
    assert!(open(&identifier([sealed]), &KEY, length, sealed).is_err());
    if let Some(all) = sealed_length(length) {
        assert!(all > length && all - length == 16 * length.div_ceil(65_536).max(1));
        assert_eq!(SEALED_CHUNK, 65_552);
    }
});
