//! Keys of single values, to be forgotten: what must be unreadable must be under a key that is gone.
//!
//! - **F1** Beside the store lies a file `….passing`, made with the first such value: *slots* of 32 bytes, each a random key, or zeros for none.
//! - **F2** A value that is to be forgotten one day is sealed under a key of its own before it becomes a row: a mark of 16 bytes, the slot (4 bytes, little-endian), a nonce
//!   (24 random bytes), then XChaCha20-Poly1305 of the value; mark, slot and the store's identifier are the associated data. What becomes a row is sealed
//!   once more (W1), so the file alone opens nothing.
//! - **F3** A key is durable before the row that needs it ([`sync`](PassingKeys::sync)), and forgotten after the commit that removes the row: its slot is overwritten in its place with zeros, durably.
//!   Whoever removes rows keeps a row for each slot that is taken, in the same transactions; what a crash between the two left is found by comparing
//!   ([`keep_only`](PassingKeys::keep_only)).
//! - **F4** From then on no copy of the row in a page that was not used again, or in an older copy of the store, opens, whatever passphrase is known. An older copy of
//!   *both* files does. The file system has to write in place, as ext4, XFS and APFS files do; where it copies on writing, and
//!   inside of flash memory, the old 32 bytes may stay for a while where no file leads.
//! - **F5** There are at most [`MAX_PASSING`] keys. When all are taken a value is not sealed.

use crate::{
    Error, Value, error::damaged, file::create_private, header::random, limits::MAX_PASSING,
};
use chacha20poly1305::{
    XChaCha20Poly1305,
    aead::{Aead, KeyInit, Payload},
};
use std::{
    collections::BTreeSet,
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};
use zeroize::Zeroizing;

/// What a sealed value begins with: random, so that no other value does.
const MARK: [u8; 16] = [
    0x9b, 0x1f, 0x4e, 0xc2, 0x70, 0x8d, 0x35, 0xe6, 0xd1, 0x0a, 0xb4, 0x57, 0x2c, 0xf9, 0x83, 0x6e,
];
/// The mark and the slot.
const HEAD: usize = MARK.len() + 4;
const KEY: usize = 32;
const NONCE: usize = 24;

/// The keys of single values of a store.
pub struct PassingKeys {
    path: PathBuf,
    id: [u8; 16],
    state: Mutex<Option<State>>,
}

struct State {
    file: File,
    /// Slots of the file.
    slots: u32,
    free: BTreeSet<u32>,
    unsynced: bool,
}

impl PassingKeys {
    pub(crate) fn new(path: PathBuf, id: [u8; 16]) -> Self {
        let state = Mutex::new(None);
        Self { path, id, state }
    }

    /// Seals a value under a key of its own, and in which slot that is. None if there is no room (F5).
    pub fn seal(&self, value: &[u8]) -> Result<Option<(u32, Vec<u8>)>, Error> {
        let mut guard = self.state(true)?;
        let Some(state) = guard.as_mut() else {
            return Ok(None);
        };
        let Some(slot) = state.take() else {
            return Ok(None);
        };
        let key = Zeroizing::new(random::<KEY>()?);
        state.write(slot, &key)?;
        let nonce: [u8; NONCE] = random()?;
        let mut sealed = MARK.to_vec();
        sealed.extend_from_slice(&slot.to_le_bytes());
        let bound = [sealed.as_slice(), &self.id].concat();
        let payload = Payload {
            msg: value,
            aad: &bound,
        };
        let cipher = XChaCha20Poly1305::new((&*key).into());
        let content = cipher
            .encrypt((&nonce).into(), payload)
            .map_err(|_| damaged("a value is too long to be sealed"))?;
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(&content);
        Ok(Some((slot, sealed)))
    }

    /// A value as it was before it was sealed; others as they are. None if its key is gone.
    pub fn open(&self, value: Value) -> Result<Option<Value>, Error> {
        let Some(slot) = Self::slot(&value) else {
            return Ok(Some(value));
        };
        let wrong = || damaged("a passing value is not laid out as one");
        let (head, rest) = value.split_at_checked(HEAD).ok_or_else(wrong)?;
        let (nonce, content) = rest.split_first_chunk::<NONCE>().ok_or_else(wrong)?;
        let bound = [head, &self.id].concat();
        let mut guard = self.state(false)?;
        let Some(state) = guard.as_mut() else {
            return Ok(None);
        };
        let Some(key) = state.read(slot)? else {
            return Ok(None);
        };
        let payload = Payload {
            msg: content,
            aad: &bound,
        };
        let cipher = XChaCha20Poly1305::new((&*key).into());
        // Another key in its place: its own is gone.
        let opened = cipher.decrypt(nonce.into(), payload).ok();
        Ok(opened.map(Zeroizing::new))
    }

    /// The slot of a sealed value.
    pub fn slot(value: &[u8]) -> Option<u32> {
        let rest = value.strip_prefix(&MARK)?;
        rest.first_chunk().copied().map(u32::from_le_bytes)
    }

    /// Makes the keys of what was sealed durable (F3).
    pub fn sync(&self) -> Result<(), Error> {
        let mut guard = self.state(false)?;
        if let Some(state) = guard.as_mut()
            && std::mem::take(&mut state.unsynced)
        {
            state.file.sync_data()?;
        }
        Ok(())
    }

    /// Forgets keys, durably (F3).
    pub fn forget(&self, slots: impl IntoIterator<Item = u32>) -> Result<(), Error> {
        let mut guard = self.state(false)?;
        let Some(state) = guard.as_mut() else {
            return Ok(());
        };
        let mut any = false;
        for slot in slots {
            if slot < state.slots && state.free.insert(slot) {
                state.write(slot, &[0; KEY])?;
                any = true;
            }
        }
        if any {
            state.unsynced = false;
            state.file.sync_data()?;
        }
        Ok(())
    }

    /// Forgets all keys but these: what a crash left.
    pub fn keep_only(&self, used: &BTreeSet<u32>) -> Result<(), Error> {
        let slots: Vec<u32> = match self.state(false)?.as_ref() {
            Some(state) => (0..state.slots)
                .filter(|slot| !state.free.contains(slot) && !used.contains(slot))
                .collect(),
            None => return Ok(()),
        };
        self.forget(slots)
    }

    /// The file, if it is there or is to be made.
    fn state(&self, make: bool) -> Result<MutexGuard<'_, Option<State>>, Error> {
        let mut guard = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if guard.is_none() && (make || self.path.try_exists()?) {
            *guard = Some(State::open(&self.path)?);
        }
        Ok(guard)
    }
}

impl State {
    fn open(path: &Path) -> Result<Self, Error> {
        create_private(path)?;
        let mut file = OpenOptions::new().read(true).write(true).open(path)?;
        let mut slots = 0_u32;
        let mut free = BTreeSet::new();
        let mut buffer = Zeroizing::new(vec![0; 64 * 1_024]);
        loop {
            let read = read_full(&mut file, &mut buffer)?;
            // What is no whole slot was never synchronised.
            let keys = buffer.get(..read).unwrap_or_default().chunks_exact(KEY);
            for key in keys {
                if key.iter().all(|byte| *byte == 0) {
                    free.insert(slots);
                }
                slots = slots.saturating_add(1);
            }
            if read < buffer.len() || slots >= MAX_PASSING {
                break;
            }
        }
        Ok(Self {
            file,
            slots: slots.min(MAX_PASSING),
            free,
            unsynced: false,
        })
    }

    fn take(&mut self) -> Option<u32> {
        if let Some(slot) = self.free.pop_first() {
            return Some(slot);
        }
        let slot = self.slots;
        if slot >= MAX_PASSING {
            return None;
        }
        self.slots = slot.saturating_add(1);
        Some(slot)
    }

    fn write(&mut self, slot: u32, key: &[u8; KEY]) -> Result<(), Error> {
        self.file.seek(place(slot))?;
        self.file.write_all(key)?;
        self.unsynced = true;
        Ok(())
    }

    fn read(&mut self, slot: u32) -> Result<Option<Zeroizing<[u8; KEY]>>, Error> {
        if slot >= self.slots || self.free.contains(&slot) {
            return Ok(None);
        }
        let mut key = Zeroizing::new([0; KEY]);
        self.file.seek(place(slot))?;
        self.file.read_exact(key.as_mut_slice())?;
        Ok(Some(key))
    }
}

fn place(slot: u32) -> SeekFrom {
    SeekFrom::Start(u64::from(slot).saturating_mul(KEY as u64))
}

fn read_full(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut done = 0_usize;
    while let Some(rest) = buffer.get_mut(done..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(read) => done = done.saturating_add(read),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

impl std::fmt::Debug for PassingKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PassingKeys")
    }
}
