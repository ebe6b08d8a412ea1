//! `bimp passphrase`, as a person runs it.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;

const OLD: &str = "correct horse battery staple";
const NEW: &str = "another passphrase";

fn command(folder: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bimp"));
    command
        .args(arguments)
        .arg("--json")
        .env_remove("BIMP_PASSPHRASE")
        .env_remove("BIMP_NEW_PASSPHRASE")
        .env("BIMP_FOLDER", folder)
        .envs(variables.iter().copied())
        .stdin(Stdio::null());
    command
}

/// Exit code, and what was said.
fn bimp(folder: &Path, variables: &[(&str, &str)], arguments: &[&str]) -> (i32, Value) {
    let ended = command(folder, variables, arguments).output().unwrap();
    let said = match ended.status.success() {
        true => &ended.stdout,
        false => &ended.stderr,
    };
    let said = serde_json::from_slice(said).unwrap_or_else(|error| {
        let said = String::from_utf8_lossy(said);
        panic!("{arguments:?}: {error}: {said}")
    });
    (ended.status.code().unwrap(), said)
}

fn phrase(folder: &Path, passphrase: &str) -> (i32, Value) {
    let variables = [("BIMP_PASSPHRASE", passphrase)];
    bimp(folder, &variables, &["identity", "phrase"])
}

#[test]
fn a_new_passphrase_opens_the_folder_and_an_old_backup_keeps_its_own() {
    let place = tempfile::tempdir().unwrap();
    let (folder, backup) = (place.path().join("folder"), place.path().join("backup"));
    let old = ("BIMP_PASSPHRASE", OLD);
    let (code, said) = bimp(&folder, &[old], &["identity", "new", "--offline"]);
    assert_eq!(code, 0, "{said}");
    fs::create_dir(&backup).unwrap();
    fs::copy(folder.join("vault"), backup.join("vault")).unwrap();

    let change = |variables: &[_]| bimp(&folder, variables, &["passphrase"]);
    let new = ("BIMP_NEW_PASSPHRASE", NEW);
    for (variables, told) in [
        (&[old][..], "no new passphrase"),
        (&[new][..], "no passphrase"),
        (&[("BIMP_PASSPHRASE", NEW), new][..], "does not open"),
        (&[old, ("BIMP_NEW_PASSPHRASE", OLD)][..], "is the old one"),
        (&[old, ("BIMP_NEW_PASSPHRASE", "short")][..], "at least 8"),
    ] {
        let (code, said) = change(variables);
        let error = said["error"].as_str().unwrap();
        assert_eq!((code, &said["kind"]), (3, &"folder".into()), "{said}");
        assert!(error.contains(told), "{error}");
    }
    assert_eq!(phrase(&folder, OLD).0, 0);

    let (code, said) = change(&[old, new]);
    assert_eq!(code, 0, "{said}");
    assert_eq!(said["folder"], folder.to_str().unwrap());
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    assert_eq!(phrase(&folder, OLD).0, 3);
    let (code, words) = phrase(&folder, NEW);
    assert_eq!(code, 0, "{words}");
    assert_eq!(phrase(&backup, OLD), (0, words));
    assert_eq!(phrase(&backup, NEW).0, 3);

    // From files, as scripts have them.
    let file = |name: &str, text: &str| {
        let file = place.path().join(name);
        fs::write(&file, format!("{text}\n")).unwrap();
        file.to_str().unwrap().to_owned()
    };
    let (from, to) = (file("from", NEW), file("to", "a third passphrase"));
    let arguments = [
        "passphrase",
        "--passphrase-file",
        &from,
        "--new-passphrase-file",
        &to,
    ];
    let (code, said) = bimp(&folder, &[], &arguments);
    assert_eq!(code, 0, "{said}");
    assert_eq!(phrase(&folder, "a third passphrase").0, 0);
}

#[test]
fn a_change_that_is_killed_leaves_one_of_the_two_passphrases() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("folder");
    let passphrase = |number: u32| format!("passphrase {number}");
    let mut number = 0;
    let first = passphrase(number);
    let variables = [("BIMP_PASSPHRASE", first.as_str())];
    let (code, said) = bimp(&folder, &variables, &["identity", "new", "--offline"]);
    assert_eq!(code, 0, "{said}");
    let words = said["phrase"].clone();
    for round in 0..10 {
        let (old, new) = (passphrase(number), passphrase(number + 1));
        let variables = [
            ("BIMP_PASSPHRASE", old.as_str()),
            ("BIMP_NEW_PASSPHRASE", new.as_str()),
        ];
        let mut change = command(&folder, &variables, &["passphrase"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Moments spread over the run.
        thread::sleep(Duration::from_millis(80 * round));
        change.kill().unwrap();
        change.wait().unwrap();
        let opens = [&old, &new].map(|passphrase| phrase(&folder, passphrase));
        let (codes, said) = ([opens[0].0, opens[1].0], [&opens[0].1, &opens[1].1]);
        assert!(codes == [0, 3] || codes == [3, 0], "{codes:?}: {said:?}");
        let open = usize::from(codes[1] == 0);
        assert_eq!(said[open]["phrase"], words);
        number += u32::from(open == 1);
    }
}
