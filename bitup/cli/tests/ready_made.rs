//! `bitup use`, and what of `deploy`, `call` and `query` needs no node.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

const ALICE: &str = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY";

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("ready-{name}"));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn bitup(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bitup"))
        .args(arguments)
        .current_dir(folder)
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
fn ready_made_contracts_are_listed_with_their_parameters() {
    let folder = folder("list");
    let list = done(&folder, &["use"]);
    assert!(
        list.contains("group-deposit") && list.contains("--set price=<u128>"),
        "{list}"
    );
    let json: serde_json::Value = serde_json::from_str(&done(&folder, &["use", "--json"])).unwrap();
    let modules = json["modules"].as_array().unwrap();
    let group = modules
        .iter()
        .find(|one| one["name"] == "group-deposit")
        .unwrap();
    assert_eq!(
        group["parameters"][1],
        serde_json::json!({ "name": "destination", "type": "address" })
    );
}

#[test]
fn a_ready_made_contract_is_made_with_the_parameters_that_are_set() {
    let folder = folder("set");
    let destination = format!("destination={ALICE}");
    let all = [
        "use",
        "group-deposit",
        "--set",
        "window=60_000",
        "--set",
        &destination,
        "--set",
        "price=5",
        "--encode",
    ];
    let data = done(&folder, &all);
    let expected = "0500000000000000000000000000000\
        0d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d60ea000000000000";
    assert!(data.trim().ends_with(expected), "{data}");
    assert_eq!(data.trim().len(), 2 + 8 + expected.len());
    assert!(refused(&folder, &all[..6]).contains("`price` is not set"));
    for (setting, said) in [
        ("price=5", "`price` is set twice"),
        ("cost=5", "there is no parameter `cost`"),
        ("cost", "write `--set name=value`"),
    ] {
        let mut more = all.to_vec();
        more.extend(["--set", setting]);
        let told = refused(&folder, &more);
        assert!(told.contains(said), "{told}");
    }
    let wrong = refused(
        &folder,
        &[
            "use",
            "group-deposit",
            "--set",
            "price=true",
            "--set",
            &destination,
            "--set",
            "window=1",
            "--encode",
        ],
    );
    assert!(wrong.contains("`true` is no number"), "{wrong}");
    assert!(refused(&folder, &["use", "nothing"]).contains("no ready-made contract `nothing`"));
}

#[test]
fn a_copy_of_a_ready_made_contract_passes_its_tests() {
    let folder = folder("copy");
    done(&folder, &["use", "escrow", "--copy", "mine"]);
    let tested = done(&folder.join("mine"), &["test", "--runs", "5"]);
    assert!(tested.contains(" 0 failed"), "{tested}");
    assert!(refused(&folder, &["use", "escrow", "--copy", "mine"]).contains("is not empty"));
}

#[test]
fn a_call_is_encoded_without_a_node_and_mistakes_are_told_first() {
    let folder = folder("encode");
    std::fs::write(
        folder.join("token.bit"),
        include_str!("../../examples/token.bit"),
    )
    .unwrap();
    let call = format!("transfer({ALICE}, 1_000)");
    let data = done(&folder, &["call", "token.bit", ALICE, &call, "--encode"]);
    assert!(data.trim().ends_with("d43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27de8030000000000000000000000000000"), "{data}");
    done(&folder, &["build", "token.bit"]);
    let again = done(
        &folder,
        &[
            "call",
            "build/Token.contract",
            ALICE,
            &call,
            "--encode",
            "--json",
        ],
    );
    let json: serde_json::Value = serde_json::from_str(&again).unwrap();
    assert_eq!(json["data"], data.trim());
    assert!(done(&folder, &["deploy", "token.bit", "new(5)", "--encode"]).starts_with("0x"));
    for (arguments, said) in [
        (
            &["call", "token.bit", ALICE, "transfer(1)", "--encode"][..],
            "2 values are needed",
        ),
        (
            &["call", "token.bit", ALICE, "move(1)", "--encode"],
            "has no `move`; it has `transfer`",
        ),
        (
            &["call", "token.bit", ALICE, "transfer(", "--encode"],
            "at letter",
        ),
        (
            &["call", "token.bit", "nobody", &call],
            "`nobody` is no account",
        ),
        (&["call", "token.bit", ALICE, &call], "who signs?"),
        (
            &[
                "call",
                "token.bit",
                ALICE,
                &call,
                "--test-key",
                "secret words",
            ],
            "who signs?",
        ),
        (
            &[
                "call",
                "token.bit",
                ALICE,
                &call,
                "--test-key",
                "//Alice",
                "--node",
                "http://127.0.0.1:1",
            ],
            "cannot be reached",
        ),
        (
            &[
                "query",
                "token.bit",
                ALICE,
                "allowance(1)",
                "--node",
                "https://a",
            ],
            "is no address of a node",
        ),
        (&["deploy", "build/Token.json", "new(5)"], "holds no code"),
        (
            &[
                "verify",
                "token.bit",
                "--address",
                ALICE,
                "--node",
                "http://127.0.0.1:1",
            ],
            "cannot be reached",
        ),
    ] {
        let told = refused(&folder, arguments);
        assert!(told.contains(said), "{arguments:?}: {told}");
    }
}
