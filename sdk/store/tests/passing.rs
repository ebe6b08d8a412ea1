//! F1-F5: what was removed cannot be read, whoever has what.

mod common;

use common::{create, open, place};
use parlance_store::{PassingKeys, Value};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

fn keys(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".passing");
    name.into()
}

fn opened(keys: &PassingKeys, sealed: &[u8]) -> Option<Vec<u8>> {
    let value = keys.open(Value::new(sealed.to_vec())).unwrap();
    value.map(|value| value.to_vec())
}

#[test]
fn a_value_opens_until_its_key_is_forgotten_and_other_values_are_as_they_are() {
    let (_folder, path) = place();
    let store = create(&path);
    let passing = store.passing();
    assert_eq!(opened(passing, b"plain").unwrap(), b"plain");
    assert!(!keys(&path).exists());
    let (one, first) = passing.seal(b"one").unwrap().unwrap();
    let (two, second) = passing.seal(b"two").unwrap().unwrap();
    passing.sync().unwrap();
    assert!(one != two && PassingKeys::slot(&first) == Some(one));
    assert_eq!(PassingKeys::slot(b"plain"), None);
    assert!(!first.windows(3).any(|it| it == b"one"));
    drop(store);
    let store = open(&path);
    let passing = store.passing();
    assert_eq!(opened(passing, &first).unwrap(), b"one");
    passing.forget([one, one, 1_000]).unwrap();
    assert_eq!(opened(passing, &first), None);
    assert_eq!(opened(passing, &second).unwrap(), b"two");
    // The slot is used again, under another key.
    let (again, third) = passing.seal(b"three").unwrap().unwrap();
    assert_eq!(again, one);
    assert_eq!(opened(passing, &first), None);
    assert_eq!(opened(passing, &third).unwrap(), b"three");
    for cut in 0..third.len() {
        let value = Value::new(third[..cut].to_vec());
        let open = passing.open(value).ok().flatten();
        assert!(open.is_none_or(|value| *value != b"three"), "{cut}");
    }
}

#[test]
fn a_forgotten_key_is_overwritten_where_it_stood() {
    let (_folder, path) = place();
    let store = create(&path);
    let slots: Vec<u32> = (0..10)
        .map(|_| store.passing().seal(b"value").unwrap().unwrap().0)
        .collect();
    store.passing().sync().unwrap();
    let before = fs::read(keys(&path)).unwrap();
    store.passing().forget([slots[4]]).unwrap();
    let after = fs::read(keys(&path)).unwrap();
    assert_eq!(before.len(), after.len());
    for slot in 0..10 {
        let (was, is) = (&before[slot * 32..][..32], &after[slot * 32..][..32]);
        match slot == slots[4] as usize {
            true => assert!(is.iter().all(|byte| *byte == 0) && was != is),
            false => assert_eq!(was, is),
        }
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(keys(&path)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

/// F3.
#[test]
fn keys_that_a_crash_left_are_found() {
    let (_folder, path) = place();
    let store = create(&path);
    let sealed: Vec<(u32, Vec<u8>)> = (0..5)
        .map(|n| store.passing().seal(&[n]).unwrap().unwrap())
        .collect();
    store.passing().sync().unwrap();
    drop(store);
    // Half of a key that was being written.
    let mut bytes = fs::read(keys(&path)).unwrap();
    bytes.extend_from_slice(&[7; 16]);
    fs::write(keys(&path), bytes).unwrap();
    let store = open(&path);
    let used: BTreeSet<u32> = [sealed[1].0, sealed[3].0].into();
    store.passing().keep_only(&used).unwrap();
    for (slot, value) in &sealed {
        let there = opened(store.passing(), value).is_some();
        assert_eq!(there, used.contains(slot));
    }
    let (_, more) = store.passing().seal(b"more").unwrap().unwrap();
    assert_eq!(opened(store.passing(), &more).unwrap(), b"more");
    // Without the file nothing opens, and nothing breaks.
    drop(store);
    fs::remove_file(keys(&path)).unwrap();
    let store = open(&path);
    assert_eq!(opened(store.passing(), &more), None);
    store.passing().keep_only(&used).unwrap();
}
