//! `bimp` forbids core dumps of itself before it reads a secret.
#![cfg(target_os = "linux")]

use std::{
    fs::{self, File, OpenOptions},
    io::Write,
    os::unix::process::ExitStatusExt,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

/// A `bimp` that waits for its passphrase, and the other end of the pipe that it waits at.
fn waiting(folder: &Path) -> (Child, File) {
    let pipe = folder.join("passphrase");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    // As much as this test may give, so that a limit of zero is bimp's own.
    let shell = r#"ulimit -S -c "$(ulimit -H -c)"; exec "$0" "$@""#;
    let bimp = Command::new("sh")
        .args(["-c", shell, env!("CARGO_BIN_EXE_bimp")])
        .args(["identity", "new", "--offline", "--json"])
        .arg("--passphrase-file")
        .arg(&pipe)
        .env("BIMP_FOLDER", folder.join("data"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Opening waits for the reader.
    let (opened, arrival) = mpsc::channel();
    thread::spawn(move || opened.send(OpenOptions::new().write(true).open(pipe)));
    let writer = arrival.recv_timeout(Duration::from_secs(60));
    (bimp, writer.expect("bimp reads its passphrase").unwrap())
}

#[test]
fn the_limit_is_zero_when_the_passphrase_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let (bimp, mut writer) = waiting(folder.path());
    let limits = fs::read_to_string(format!("/proc/{}/limits", bimp.id())).unwrap();
    let core = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max core file size"));
    let limits: Vec<&str> = core.unwrap().split_whitespace().take(2).collect();
    assert_eq!(limits, ["0", "0"]);
    writer.write_all(b"correct horse battery staple\n").unwrap();
    drop(writer);
    let ended = bimp.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{said}");
}

#[test]
fn whoever_aborts_it_gets_no_dump() {
    let folder = tempfile::tempdir().unwrap();
    let (bimp, writer) = waiting(folder.path());
    let aborted = Command::new("kill")
        .args(["-ABRT", &bimp.id().to_string()])
        .status();
    assert!(aborted.unwrap().success());
    let ended = bimp.wait_with_output().unwrap().status;
    assert!(ended.signal().is_some(), "{ended}");
    assert!(!ended.core_dumped(), "{ended}");
    drop(writer);
}
