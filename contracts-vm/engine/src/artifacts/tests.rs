//! What is on disk is believed if this node wrote it, and not otherwise.

use super::*;

const KEY: Key = Key {
    code: [1; 32],
    rules: 1,
    build: [2; 32],
};

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn open(folder: &Path) -> Artifacts {
    Artifacts::open(folder, 1 << 20).unwrap()
}

fn bytes(artifacts: &Artifacts, key: &Key) -> Option<Vec<u8>> {
    artifacts.get(key).map(|artifact| artifact.bytes().to_vec())
}

#[test]
fn what_was_put_is_there_and_after_a_restart_too() {
    let folder = folder();
    let artifacts = open(folder.path());
    assert!(artifacts.get(&KEY).is_none());
    artifacts.put(&KEY, b"machine code").unwrap();
    assert_eq!(
        bytes(&artifacts, &KEY).as_deref(),
        Some(&b"machine code"[..])
    );
    drop(artifacts);
    assert_eq!(
        bytes(&open(folder.path()), &KEY).as_deref(),
        Some(&b"machine code"[..])
    );
}

#[test]
fn another_engine_other_rules_and_other_code_find_nothing() {
    let folder = folder();
    let artifacts = open(folder.path());
    artifacts.put(&KEY, b"machine code").unwrap();
    for key in [
        Key {
            code: [9; 32],
            ..KEY
        },
        Key { rules: 2, ..KEY },
        Key {
            build: [9; 32],
            ..KEY
        },
    ] {
        assert!(artifacts.get(&key).is_none());
    }
}

/// Each byte turned, each length cut off, something behind: never believed, and gone afterwards.
#[test]
fn a_file_that_was_touched_is_not_believed() {
    let folder = folder();
    let artifacts = open(folder.path());
    let path = folder.path().join(KEY.file());
    artifacts.put(&KEY, b"code").unwrap();
    let good = fs::read(&path).unwrap();
    let mut bad: Vec<Vec<u8>> = (0..good.len()).map(|len| good[..len].to_vec()).collect();
    for place in 0..good.len() {
        for bit in 0..8 {
            let mut turned = good.clone();
            turned[place] ^= 1 << bit;
            bad.push(turned);
        }
    }
    bad.push([&good[..], &[0]].concat());
    for bytes in bad {
        fs::write(&path, &bytes).unwrap();
        assert!(artifacts.get(&KEY).is_none());
        assert!(!path.exists());
    }
    fs::write(&path, &good).unwrap();
    assert!(artifacts.get(&KEY).is_some());
}

#[test]
fn files_cannot_change_places() {
    let folder = folder();
    let artifacts = open(folder.path());
    let other = Key {
        code: [3; 32],
        ..KEY
    };
    artifacts.put(&KEY, b"one").unwrap();
    artifacts.put(&other, b"two").unwrap();
    fs::copy(
        folder.path().join(KEY.file()),
        folder.path().join(other.file()),
    )
    .unwrap();
    assert!(artifacts.get(&other).is_none());
    assert!(artifacts.get(&KEY).is_some());
}

#[test]
fn files_of_another_node_are_not_believed() {
    let (here, there) = (folder(), folder());
    let (ours, theirs) = (open(here.path()), open(there.path()));
    theirs.put(&KEY, b"machine code").unwrap();
    fs::copy(there.path().join(KEY.file()), here.path().join(KEY.file())).unwrap();
    assert!(ours.get(&KEY).is_none());
}

#[test]
fn without_the_key_nothing_is_believed_and_a_new_one_is_drawn() {
    let folder = folder();
    open(folder.path()).put(&KEY, b"machine code").unwrap();
    let before = fs::read(folder.path().join(SECRET)).unwrap();
    for bad in [&b""[..], b"short", &[0; 33]] {
        fs::write(folder.path().join(SECRET), bad).unwrap();
        let artifacts = open(folder.path());
        let after = fs::read(folder.path().join(SECRET)).unwrap();
        assert!(after.len() == 32 && after != before);
        assert!(artifacts.get(&KEY).is_none());
        artifacts.put(&KEY, b"machine code").unwrap();
        assert!(artifacts.get(&KEY).is_some());
    }
}

#[cfg(unix)]
#[test]
fn only_the_nodes_user_reads_the_key() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let artifacts = open(folder.path());
    artifacts.put(&KEY, b"code").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder.path()), 0o700);
    assert_eq!(mode(&folder.path().join(SECRET)), 0o600);
    assert_eq!(mode(&folder.path().join(KEY.file())), 0o600);
}

#[test]
fn what_a_crash_left_half_written_is_cleared_away() {
    let folder = folder();
    drop(open(folder.path()));
    let left = folder.path().join(format!("7{UNFINISHED}"));
    fs::write(&left, b"half").unwrap();
    let artifacts = open(folder.path());
    assert!(!left.exists());
    artifacts.put(&KEY, b"code").unwrap();
    assert!(artifacts.get(&KEY).is_some());
}

#[test]
fn the_folder_stays_within_its_size() {
    let folder = folder();
    let artifacts = Artifacts::open(folder.path(), 10_000).unwrap();
    let key = |number: u8| Key {
        code: [number; 32],
        ..KEY
    };
    let at = |number: u8| folder.path().join(key(number).file());
    for number in 0..5 {
        artifacts.put(&key(number), &[0; 1900]).unwrap();
        let file = File::open(at(number)).unwrap();
        let age = std::time::Duration::from_secs(1000 - u64::from(number));
        file.set_modified(SystemTime::now() - age).unwrap();
    }
    // The oldest is used, and so is no longer the oldest.
    assert!(artifacts.get(&key(0)).is_some());
    artifacts.put(&key(5), &[0; 1900]).unwrap();
    assert!(!at(1).exists() && at(0).exists() && at(2).exists() && at(5).exists());
    // The same file again takes no more room.
    for _ in 0..10 {
        artifacts.put(&key(5), &[1; 1900]).unwrap();
    }
    assert!(at(0).exists() && at(5).exists());
    // A smaller folder, after a restart.
    drop(artifacts);
    let artifacts = Artifacts::open(folder.path(), 2000).unwrap();
    let left = (0..6).filter(|number| at(*number).exists()).count();
    assert_eq!(left, 1);
    assert!(
        artifacts.put(&KEY, &[0; 3000]).is_ok(),
        "what is larger than the folder goes next"
    );
}
