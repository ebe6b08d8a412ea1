//! What a store promises to a client.

mod common;

use common::{FAST, MESSAGES, PASSPHRASE, SESSIONS, TABLES, create, open, options, place};
use parlance_store::{Error, Kdf, Key, Options, Page, Store};
use std::{fs, time::Duration};

fn put(store: &Store, key: &Key, value: &[u8]) {
    let changes = store.begin_write().unwrap();
    changes.put(MESSAGES, key, value).unwrap();
    changes.commit().unwrap();
}

fn get(store: &Store, key: &Key) -> Option<Vec<u8>> {
    let read = store.begin_read().unwrap().get(MESSAGES, key).unwrap();
    read.map(|value| value.to_vec())
}

#[test]
fn what_was_committed_is_there_after_opening_again() {
    let (_folder, path) = place();
    let store = create(&path);
    put(&store, &Key::of("a"), b"one");
    let id = store.id();
    drop(store);
    let store = open(&path);
    assert_eq!(get(&store, &Key::of("a")).unwrap(), b"one");
    assert_eq!(get(&store, &Key::of("b")), None);
    assert_eq!((store.id(), store.generation().unwrap()), (id, 1));
}

#[test]
fn changes_of_several_tables_happen_together_or_not_at_all() {
    let (_folder, path) = place();
    let store = create(&path);
    let changes = store.begin_write().unwrap();
    changes.put(SESSIONS, &Key::of("bob"), b"ratchet").unwrap();
    changes.put(MESSAGES, &Key::of("bob"), b"text").unwrap();
    assert_eq!(
        changes
            .get(MESSAGES, &Key::of("bob"))
            .unwrap()
            .unwrap()
            .as_slice(),
        b"text"
    );
    drop(changes);
    let read = store.begin_read().unwrap();
    assert!(read.get(SESSIONS, &Key::of("bob")).unwrap().is_none());
    assert!(read.get(MESSAGES, &Key::of("bob")).unwrap().is_none());
    assert_eq!(store.generation().unwrap(), 0);
}

#[test]
fn readers_keep_their_moment_while_a_writer_goes_on() {
    let (_folder, path) = place();
    let store = create(&path);
    put(&store, &Key::of("a"), b"old");
    let before = store.begin_read().unwrap();
    put(&store, &Key::of("a"), b"new");
    let seen = before.get(MESSAGES, &Key::of("a")).unwrap().unwrap();
    assert_eq!(seen.as_slice(), b"old");
    assert_eq!(get(&store, &Key::of("a")).unwrap(), b"new");
}

#[test]
fn history_is_read_page_by_page_in_both_directions() {
    let (_folder, path) = place();
    let store = create(&path);
    let changes = store.begin_write().unwrap();
    let bob = Key::of("bob");
    for number in 0..100u64 {
        let text = number.to_string();
        changes
            .put(MESSAGES, &bob.clone().number(number), text.as_bytes())
            .unwrap();
        changes
            .put(MESSAGES, &Key::of("eve").number(number), b"other")
            .unwrap();
        changes
            .put(SESSIONS, &bob.clone().number(number), b"other")
            .unwrap();
    }
    changes.commit().unwrap();
    let read = store.begin_read().unwrap();
    let numbers = |page: &Page| -> Vec<u64> {
        let rows = read.scan(MESSAGES, &bob, page).unwrap();
        rows.iter()
            .map(|(key, value)| {
                let number = key.number_at(1).unwrap();
                assert_eq!(value.as_slice(), number.to_string().as_bytes());
                number
            })
            .collect()
    };
    assert_eq!(numbers(&Page::last(3)), [99, 98, 97]);
    assert_eq!(
        numbers(&Page::last(3).after(bob.clone().number(97))),
        [96, 95, 94]
    );
    assert_eq!(numbers(&Page::first(2)), [0, 1]);
    assert_eq!(
        numbers(&Page::first(2).after(bob.clone().number(1))),
        [2, 3]
    );
    assert_eq!(numbers(&Page::first(1_000)), (0..100).collect::<Vec<_>>());
    assert!(numbers(&Page::first(5).after(bob.clone().number(99))).is_empty());
    assert!(numbers(&Page::last(5).after(bob.clone().number(0))).is_empty());
    assert_eq!(
        numbers(&Page::first(1).after(bob.clone().number(u64::MAX))).len(),
        0
    );
}

#[test]
fn names_are_found_page_by_page_each_once() {
    let (_folder, path) = place();
    let store = create(&path);
    let changes = store.begin_write().unwrap();
    for number in 0..57 {
        changes
            .put(SESSIONS, &Key::of(format!("peer {number}")).part("x"), b"")
            .unwrap();
    }
    changes.commit().unwrap();
    let read = store.begin_read().unwrap();
    let mut names = Vec::new();
    let mut page = Page::first(10);
    loop {
        let rows = read.scan(SESSIONS, &Key::root(), &page).unwrap();
        let Some((last, _)) = rows.last() else { break };
        page = Page::first(10).after(last.clone());
        names.extend(
            rows.iter()
                .map(|(key, _)| key.bytes_at(0).unwrap().to_vec()),
        );
    }
    names.sort();
    let mut expected: Vec<_> = (0..57).map(|n| format!("peer {n}").into_bytes()).collect();
    expected.sort();
    assert_eq!(names, expected);
}

#[test]
fn removing_a_prefix_removes_all_of_it_and_nothing_else() {
    let (_folder, path) = place();
    let store = create(&path);
    for name in ["a", "b"] {
        for number in 0..5 {
            put(&store, &Key::of(name).number(number), b"x");
        }
    }
    let changes = store.begin_write().unwrap();
    assert_eq!(changes.remove_all(MESSAGES, &Key::of("a")).unwrap(), 5);
    assert_eq!(changes.remove_all(MESSAGES, &Key::of("a")).unwrap(), 0);
    assert!(changes.remove(MESSAGES, &Key::of("b").number(0)).unwrap());
    assert!(!changes.remove(MESSAGES, &Key::of("b").number(0)).unwrap());
    changes.commit().unwrap();
    let read = store.begin_read().unwrap();
    let left = read
        .scan(MESSAGES, &Key::root(), &Page::first(100))
        .unwrap();
    assert_eq!(left.len(), 4);
    assert!(left.iter().all(|(key, _)| key.bytes_at(0) == Some(b"b")));
}

#[test]
fn a_wrong_passphrase_says_so_and_another_takes_its_place() {
    let (_folder, path) = place();
    let mut store = create(&path);
    put(&store, &Key::of("a"), b"one");
    let bytes = store.bytes().unwrap();
    let mut renew = |old: &[u8]| store.renew(old, b"new", FAST, &TABLES, |_| ());
    assert!(matches!(renew(b"wrong"), Err(Error::WrongPassphrase)));
    renew(PASSPHRASE).unwrap();
    assert_eq!(
        (store.bytes().unwrap(), store.generation().unwrap()),
        (bytes, 1)
    );
    drop(store);
    for wrong in [PASSPHRASE, b"", b"new "] {
        assert!(matches!(
            Store::open(&path, wrong, options()),
            Err(Error::WrongPassphrase)
        ));
    }
    let store = Store::open(&path, b"new", options()).unwrap();
    assert_eq!(get(&store, &Key::of("a")).unwrap(), b"one");
}

#[test]
fn opening_with_stronger_parameters_strengthens_and_with_weaker_ones_does_not_weaken() {
    let (_folder, path) = place();
    let stronger = Kdf {
        memory_kib: 64,
        passes: 2,
        lanes: 1,
    };
    drop(create(&path));
    let with = |kdf| {
        Store::open(&path, PASSPHRASE, Options { kdf, ..options() })
            .unwrap()
            .kdf()
            .unwrap()
    };
    assert_eq!(with(FAST), FAST);
    assert_eq!(with(stronger), stronger);
    assert_eq!(with(FAST), stronger);
    let impossible = Kdf { lanes: 100, ..FAST };
    let refused = Store::create(
        path.with_extension("x"),
        b"",
        Options {
            kdf: impossible,
            ..options()
        },
    );
    assert!(matches!(refused, Err(Error::BadKdf { .. })));
}

#[test]
fn a_store_is_open_once_and_made_once() {
    let (_folder, path) = place();
    assert!(matches!(
        Store::open(&path, PASSPHRASE, options()),
        Err(Error::NotFound { .. })
    ));
    let store = create(&path);
    assert!(matches!(
        Store::open(&path, PASSPHRASE, options()),
        Err(Error::InUse { .. })
    ));
    drop(store);
    assert!(matches!(
        Store::create(&path, PASSPHRASE, options()),
        Err(Error::AlreadyExists { .. })
    ));
    assert!(matches!(
        Store::open(
            path.with_file_name("nothing").join("deeper"),
            PASSPHRASE,
            options()
        ),
        Err(Error::NotFound { .. })
    ));
}

#[test]
fn many_who_make_the_same_store_make_one() {
    let (_folder, path) = place();
    let made: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| Store::create(&path, PASSPHRASE, options())))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert_eq!(made.iter().filter(|made| made.is_ok()).count(), 1);
    drop(made);
    open(&path);
}

#[test]
fn an_interrupted_creation_is_begun_anew() {
    let (_folder, path) = place();
    let unfinished = path.with_file_name("store.unfinished");
    for rest in [&b""[..], b"half a page of something"] {
        fs::write(&unfinished, rest).unwrap();
        drop(create(&path));
        assert!(!unfinished.exists());
        fs::remove_file(&path).unwrap();
    }
    let store = create(&path);
    put(&store, &Key::of("a"), b"one");
    drop(store);
    fs::rename(&path, &unfinished).unwrap();
    let store = create(&path);
    assert_eq!(get(&store, &Key::of("a")), None);
    assert_eq!(store.bytes().unwrap(), 0);
}

#[test]
fn a_full_store_says_so_and_takes_deletions() {
    let (_folder, path) = place();
    drop(create(&path));
    let options = Options {
        max_bytes: 2_000,
        ..options()
    };
    let store = Store::open(&path, PASSPHRASE, options).unwrap();
    let changes = store.begin_write().unwrap();
    let mut number = 0;
    let full = loop {
        match changes.put(MESSAGES, &Key::root().number(number), &[1; 100]) {
            Ok(()) => number += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(full, Error::Full { limit: 2_000, .. }), "{full}");
    assert!((5..20).contains(&number));
    assert!(
        changes
            .get(MESSAGES, &Key::root().number(number))
            .unwrap()
            .is_none()
    );
    changes
        .put(MESSAGES, &Key::root().number(0), &[2; 100])
        .unwrap();
    changes.remove(MESSAGES, &Key::root().number(1)).unwrap();
    changes
        .put(MESSAGES, &Key::root().number(number), &[1; 100])
        .unwrap();
    changes.commit().unwrap();
    let used = store.bytes().unwrap();
    assert!(used <= 2_000 && used > 1_000, "{used}");
    let changes = store.begin_write().unwrap();
    changes.remove_all(MESSAGES, &Key::root()).unwrap();
    changes.commit().unwrap();
    assert_eq!(store.bytes().unwrap(), 0);
}

#[test]
fn no_word_of_what_is_stored_stands_in_the_file() {
    let (folder, path) = place();
    let store = create(&path);
    let changes = store.begin_write().unwrap();
    let words = ["name-of-a-contact", "text-of-a-message"];
    changes
        .put(
            MESSAGES,
            &Key::of(words[0]).part(words[0]),
            words[1].as_bytes(),
        )
        .unwrap();
    changes.commit().unwrap();
    drop(store);
    for entry in fs::read_dir(folder.path()).unwrap() {
        let bytes = fs::read(entry.unwrap().path()).unwrap();
        for word in words.iter().copied().chain(["messages", "correct horse"]) {
            assert!(
                !bytes
                    .windows(word.len())
                    .any(|part| part == word.as_bytes()),
                "{word}"
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn the_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, path) = place();
    drop(create(&path));
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn an_older_copy_shows_an_older_generation() {
    let (_folder, path) = place();
    let store = create(&path);
    put(&store, &Key::of("a"), b"one");
    drop(store);
    let copy = path.with_extension("copy");
    fs::copy(&path, &copy).unwrap();
    let store = open(&path);
    put(&store, &Key::of("a"), b"two");
    let now = store.generation().unwrap();
    drop(store);
    fs::rename(&copy, &path).unwrap();
    let store = open(&path);
    assert_eq!(get(&store, &Key::of("a")).unwrap(), b"one");
    assert!(store.generation().unwrap() < now);
}

#[test]
fn writers_of_several_threads_take_turns() {
    let (_folder, path) = place();
    let store = create(&path);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..25 {
                    let changes = store.begin_write().unwrap();
                    let key = Key::of("counter");
                    let count = changes.get(MESSAGES, &key).unwrap();
                    let count =
                        count.map_or(0, |value| u64::from_le_bytes(value[..].try_into().unwrap()));
                    std::thread::sleep(Duration::from_micros(50));
                    changes
                        .put(MESSAGES, &key, &(count + 1).to_le_bytes())
                        .unwrap();
                    changes.commit().unwrap();
                }
            });
        }
    });
    assert_eq!(
        get(&store, &Key::of("counter")).unwrap(),
        100u64.to_le_bytes()
    );
}

#[test]
fn compacting_gives_space_back_and_keeps_everything() {
    let (_folder, path) = place();
    let mut store = create(&path);
    put(&store, &Key::of("kept"), b"kept");
    let changes = store.begin_write().unwrap();
    for number in 0..200 {
        changes
            .put(MESSAGES, &Key::of("big").number(number), &[1; 10_000])
            .unwrap();
    }
    changes.commit().unwrap();
    let changes = store.begin_write().unwrap();
    changes.remove_all(MESSAGES, &Key::of("big")).unwrap();
    changes.commit().unwrap();
    let before = fs::metadata(&path).unwrap().len();
    store.compact().unwrap();
    assert!(fs::metadata(&path).unwrap().len() < before / 2);
    assert_eq!(get(&store, &Key::of("kept")).unwrap(), b"kept");
}
