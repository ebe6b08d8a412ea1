#![no_main]
use libfuzzer_sys::fuzz_target;
use parlance_store::{Kdf, Options, Store};
use std::{fs, path::PathBuf, sync::LazyLock};
use tempfile::TempDir;

const OPTIONS: Options = Options {
    kdf: Kdf {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    },
    max_bytes: 1 << 20,
    check_on_open: true,
};

struct Place {
    path: PathBuf,
    genuine: Vec<u8>,
    _folder: TempDir,
}

static PLACE: LazyLock<Place> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("store");
    drop(Store::create(&path, b"passphrase", OPTIONS).expect("creates"));
    Place {
        genuine: fs::read(&path).expect("reads"),
        path,
        _folder: folder,
    }
});

// Most bytes of a file are pages, so the input overwrites a genuine file from a place on.
fuzz_target!(|data: &[u8]| {
    let Some((place, bytes)) = data.split_first_chunk() else {
        return;
    };
    let mut file = PLACE.genuine.clone();
    let from = usize::from(u16::from_le_bytes(*place)) % file.len();
    let length = bytes.len().min(file.len() - from);
    file[from..from + length].copy_from_slice(&bytes[..length]);
    fs::write(&PLACE.path, &file).expect("writes");
    let Ok(mut store) = Store::open(&PLACE.path, b"passphrase", OPTIONS) else {
        return;
    };
    let generation = store.generation().expect("opening read it");
    // Renewed or not, it opens under one passphrase and is the same.
    let renewed = store.renew(b"passphrase", b"other", OPTIONS.kdf, &[], |_| ());
    drop(store);
    let passphrase = match renewed {
        Ok(()) => &b"other"[..],
        Err(_) => b"passphrase",
    };
    let store = Store::open(&PLACE.path, passphrase, OPTIONS).expect("one of the two opens");
    assert_eq!(store.generation().expect("opening read it"), generation);
});
