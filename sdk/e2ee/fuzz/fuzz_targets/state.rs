#![no_main]
mod fixture;

use codec::{Decode, Encode};
use fixture::fixture;
use libfuzzer_sys::fuzz_target;
use parlance_e2ee::{Device, Mode, PreKeyStore, Session, StateKey, state::Storable};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use std::sync::LazyLock;

static INITIAL: LazyLock<parlance_e2ee::Message> = LazyLock::new(|| fixture(Mode::Hybrid).initial);

fuzz_target!(|data: &[u8]| {
    assert!(Device::import(&StateKey::new([1; 32]), data).is_err());
    if let Ok(store) = PreKeyStore::decode(&mut &data[..]) {
        assert!(PreKeyStore::decode(&mut &store.encode()[..]).is_ok());
    }
    if let Ok(device) = Device::decode(&mut &data[..]) {
        assert!(Device::decode(&mut &device.encode()[..]).is_ok());
    }
    if let Ok(mut session) = Session::decode(&mut &data[..]) {
        let _ = session.decrypt(&INITIAL);
        let _ = session.encrypt(b"x", &mut ChaCha20Rng::seed_from_u64(2));
        assert!(Session::decode(&mut &session.encode()[..]).is_ok());
    }
});
