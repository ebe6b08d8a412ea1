//! Packages: taken in, locked, looked at again before each use.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// A folder of its own for a test, with a program and a package beside it.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("packages-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    write(
        &folder.join("limits/limits.bit"),
        "import { LEAST } from \"inner/least.bit\";\nconst MOST: u8 = LEAST + 2;\n",
    );
    write(
        &folder.join("limits/inner/least.bit"),
        "const LEAST: u8 = 1;\n",
    );
    write(
        &folder.join("program/main.bit"),
        "import { MOST } from \"packages/limits/limits.bit\";\n\ncontract A {\n    view most(): u8 {\n        return MOST;\n    }\n}\n",
    );
    folder
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn bitup(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bitup"))
        .args(arguments)
        .current_dir(folder.join("program"))
        .output()
        .unwrap()
}

fn done(folder: &Path, arguments: &[&str]) -> String {
    let output = bitup(folder, arguments);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).unwrap()
}

fn refused(folder: &Path, arguments: &[&str]) -> String {
    let output = bitup(folder, arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_package_is_taken_in_and_used() {
    let folder = folder("used");
    assert_eq!(
        bitup(&folder, &["check"]).status.code(),
        Some(1),
        "it is not there yet"
    );
    let said = done(&folder, &["add", "../limits"]);
    assert!(said.starts_with("limits: 2 files, 0x"), "{said}");
    let ran = done(&folder, &["run", "main.bit", "new()", "most()"]);
    assert!(ran.contains("most() = 3 ("), "{ran}");
    done(&folder, &["build", "main.bit"]);
    let lock = std::fs::read_to_string(folder.join("program/bitup.lock")).unwrap();
    let lock: serde_json::Value = serde_json::from_str(&lock).unwrap();
    assert_eq!(lock["packages"]["limits"]["from"], "../limits");
    assert!(done(&folder, &["add"]).contains("limits: 0x"));
    assert!(refused(&folder, &["add", "../limits"]).contains("`limits` already"));
    done(&folder, &["add", "../limits", "--replace"]);
}

#[test]
fn a_package_that_was_changed_is_not_used() {
    let folder = folder("changed");
    done(&folder, &["add", "../limits"]);
    let file = folder.join("program/packages/limits/inner/least.bit");
    write(&file, "const LEAST: u8 = 9;\n");
    for command in [&["check"][..], &["build", "main.bit"], &["test"], &["lint"]] {
        let said = refused(&folder, command);
        assert!(
            said.contains("`limits` is not what bitup.lock says"),
            "{said}"
        );
    }
    let all = bitup(&folder, &["add", "--json"]);
    assert_eq!(all.status.code(), Some(1));
    let value: serde_json::Value = serde_json::from_slice(&all.stdout).unwrap();
    assert!(
        value["packages"][0]["wrong"]
            .as_str()
            .unwrap()
            .contains("limits")
    );
    write(&file, "const LEAST: u8 = 1;\n");
    done(&folder, &["check"]);
    write(&folder.join("program/packages/limits/more.bit"), "");
    assert!(
        refused(&folder, &["check"]).contains("is not what"),
        "a file more is a change"
    );
    std::fs::remove_dir_all(folder.join("program/packages/limits")).unwrap();
    let all = bitup(&folder, &["add"]);
    assert_eq!(all.status.code(), Some(1));
    write(
        &folder.join("program/packages/other/a.bit"),
        "const A: u8 = 1;\n",
    );
    write(
        &folder.join("program/main.bit"),
        "import { A } from \"packages/other/a.bit\";\nconst B: u8 = A;\n",
    );
    assert!(refused(&folder, &["check", "main.bit"]).contains("`other` is not in bitup.lock"));
    write(&folder.join("program/bitup.lock"), "[]");
    assert!(refused(&folder, &["add"]).contains("not readable"));
}

#[test]
fn an_archive_is_the_same_package_as_its_folder_and_a_hash_is_held_against_it() {
    let folder = folder("archive");
    let value = |text: String| -> serde_json::Value { serde_json::from_str(&text).unwrap() };
    let one = value(done(&folder, &["add", "../limits", "--json"]));
    let hash = one["hash"].as_str().unwrap().to_owned();
    assert_eq!(
        one["files"],
        serde_json::json!(["inner/least.bit", "limits.bit"])
    );
    for (name, flags) in [("limits.tar.gz", "-czf"), ("limits.tar", "-cf")] {
        let packed = Command::new("tar")
            .args([flags, name, "limits"])
            .current_dir(&folder)
            .status()
            .unwrap();
        assert!(packed.success());
        let source = format!("../{name}");
        let other = done(
            &folder,
            &["add", &source, "--replace", "--hash", &hash, "--json"],
        );
        assert_eq!(value(other)["hash"], hash.as_str());
        done(&folder, &["check"]);
    }
    let wrong = format!("0x{}", "0".repeat(64));
    let said = refused(
        &folder,
        &["add", "../limits", "--replace", "--hash", &wrong],
    );
    assert!(said.contains("do not use it"), "{said}");
    std::fs::write(folder.join("broken.tar.gz"), b"nothing").unwrap();
    assert!(refused(&folder, &["add", "../broken.tar.gz"]).contains("cannot be used"));
    assert!(refused(&folder, &["add", "../broken.zip"]).contains("cannot be read"));
    assert!(refused(&folder, &["add", "../limits", "--name", "../up"]).contains("is no name"));
}

#[test]
fn a_package_that_needs_another_says_so() {
    let folder = folder("needs");
    write(
        &folder.join("upper/upper.bit"),
        "import { MOST } from \"packages/limits/limits.bit\";\nconst TOP: u8 = MOST;\n",
    );
    assert!(refused(&folder, &["add", "../upper"]).contains("needs the package `limits`"));
    done(&folder, &["add", "../limits"]);
    done(&folder, &["add", "../upper"]);
    write(
        &folder.join("program/main.bit"),
        "import { TOP } from \"packages/upper/upper.bit\";\nconst A: u8 = TOP;\n",
    );
    done(&folder, &["check"]);
}
