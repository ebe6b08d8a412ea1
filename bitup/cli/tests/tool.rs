//! The tool as it is called.

use std::{
    path::PathBuf,
    process::{Command, Output},
};

/// A folder of its own for a test.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn bitup(folder: &PathBuf, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bitup"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn check_finds_imports_and_says_what_is_wrong() {
    let folder = folder("check");
    std::fs::write(
        folder.join("one.bit"),
        "import { B } from \"part/two.bit\";\nconst A: u8 = B;\n",
    )
    .unwrap();
    std::fs::create_dir(folder.join("part")).unwrap();
    std::fs::write(folder.join("part/two.bit"), "const B: u8 = 1;\n").unwrap();
    let right = bitup(&folder, &["check", "one.bit"]);
    assert!(right.status.success(), "{}", text(&right.stderr));

    std::fs::write(folder.join("part/two.bit"), "const B: u8 = 300;\n").unwrap();
    let wrong = bitup(&folder, &["check"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(
        text(&wrong.stderr).contains("error[B0403]"),
        "{}",
        text(&wrong.stderr)
    );
    assert!(
        text(&wrong.stderr).contains("--> part/two.bit:1:15"),
        "{}",
        text(&wrong.stderr)
    );

    let json = bitup(&folder, &["check", "--json"]);
    let value: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(value["findings"][0]["code"], "B0403");
    assert_eq!(value["findings"][0]["start"]["column"], 15);
}

#[test]
fn fmt_writes_the_one_form_once() {
    let folder = folder("fmt");
    std::fs::write(folder.join("a.bit"), "const A:u8=1; // one\n").unwrap();
    assert_eq!(bitup(&folder, &["fmt", "--check"]).status.code(), Some(1));
    assert!(bitup(&folder, &["fmt"]).status.success());
    assert_eq!(
        std::fs::read_to_string(folder.join("a.bit")).unwrap(),
        "const A: u8 = 1; // one\n"
    );
    assert!(bitup(&folder, &["fmt", "--check"]).status.success());
    std::fs::write(folder.join("a.bit"), "const A:u8=;\n").unwrap();
    assert_eq!(bitup(&folder, &["fmt"]).status.code(), Some(1));
    assert_eq!(
        std::fs::read_to_string(folder.join("a.bit")).unwrap(),
        "const A:u8=;\n"
    );
}

#[test]
fn explain_knows_codes_and_completions_are_printed() {
    let folder = folder("explain");
    let one = bitup(&folder, &["explain", "b0501"]);
    assert!(text(&one.stdout).starts_with("## B0501 "));
    assert!(text(&bitup(&folder, &["explain"]).stdout).lines().count() > 80);
    assert_eq!(bitup(&folder, &["explain", "B9999"]).status.code(), Some(2));
    assert_eq!(
        bitup(&folder, &["check", "missing.bit"]).status.code(),
        Some(2)
    );
    for shell in ["bash", "zsh", "fish"] {
        assert!(text(&bitup(&folder, &["completions", shell]).stdout).contains("explain"));
    }
}

#[test]
fn build_writes_code_and_metadata() {
    let folder = folder("build");
    std::fs::write(
        folder.join("a.bit"),
        include_str!("../../examples/flipper.bit"),
    )
    .unwrap();
    let done = bitup(&folder, &["build", "a.bit"]);
    assert!(done.status.success(), "{}", text(&done.stderr));
    let wasm = std::fs::read(folder.join("build/Flipper.wasm")).unwrap();
    assert_eq!(wasm[..4], *b"\0asm");
    let bundle = std::fs::read(folder.join("build/Flipper.contract")).unwrap();
    let bundle: serde_json::Value = serde_json::from_slice(&bundle).unwrap();
    assert_eq!(bundle["contract"]["name"], "Flipper");
    assert_eq!(
        bundle["source"]["wasm"].as_str().unwrap().len(),
        2 + 2 * wasm.len()
    );
    std::fs::write(
        folder.join("a.bit"),
        "contract A { pure f(a: u64, b: u32): u64 { return a ** b; } }",
    )
    .unwrap();
    assert_eq!(bitup(&folder, &["build", "a.bit"]).status.code(), Some(1));
}

#[test]
fn a_new_program_is_tested_built_and_run() {
    let folder = folder("new");
    let made = bitup(&folder, &["new", "counter"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let again = bitup(&folder, &["new", "counter"]);
    assert_eq!(again.status.code(), Some(2), "nothing is written over");
    let program = folder.join("counter");
    for command in [&["check"][..], &["fmt", "--check"], &["test"]] {
        let done = bitup(&program, command);
        assert!(
            done.status.success(),
            "{command:?}: {}{}",
            text(&done.stdout),
            text(&done.stderr)
        );
    }
    let first = bitup(&program, &["build", "counter.bit"]);
    assert!(first.status.success(), "{}", text(&first.stderr));
    let read = || {
        ["wasm", "json", "contract"].map(|ending| {
            let path = program.join(format!("build/Counter.{ending}"));
            std::fs::read(path).unwrap()
        })
    };
    let built = read();
    assert!(bitup(&program, &["build", "counter.bit"]).status.success());
    assert_eq!(read(), built, "the same program gives the same bytes");
    let ran = bitup(
        &program,
        &[
            "run",
            "counter.bit",
            "new(2)",
            "bob: add()",
            "get()",
            "bob: reset()",
        ],
    );
    let out = text(&ran.stdout);
    assert_eq!(ran.status.code(), Some(1), "{out}{}", text(&ran.stderr));
    assert!(
        out.contains("Counted(by: account(\"bob\"), count: 1)"),
        "{out}"
    );
    assert!(out.contains("get() = 1 ("), "{out}");
    assert!(
        out.contains("bob: reset() fails with NotPermitted"),
        "{out}"
    );
}

#[test]
fn a_failing_test_is_told_with_its_place_and_seed() {
    let folder = folder("failing");
    std::fs::write(
        folder.join("a.test.bit"),
        "test \"small\"(a: u64) {\n    assert(a < 10);\n}\n",
    )
    .unwrap();
    let failed = bitup(&folder, &["test", "--seed", "5"]);
    let out = text(&failed.stdout);
    assert_eq!(failed.status.code(), Some(1), "{out}");
    let expected = "FAILED  small
        a.test.bit:2:5: `<` does not hold between 10 and 10
        a = 10
0 passed, 1 failed
again: bitup test --seed 5
";
    assert_eq!(out, expected);
    let json = bitup(&folder, &["test", "--json"]);
    let value: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(value["tests"][0]["failure"]["place"], "a.test.bit:2:5");
    assert_eq!(value["tests"][0]["failure"]["arguments"][0]["value"], "10");
    let none = bitup(&folder, &["run", "a.test.bit", "f()"]);
    assert_eq!(none.status.code(), Some(1));
    assert!(
        text(&none.stderr).contains("B0802"),
        "{}",
        text(&none.stderr)
    );
}

/// The output of a command that succeeds.
fn done(folder: &PathBuf, arguments: &[&str]) -> String {
    let output = bitup(folder, arguments);
    let said = text(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    text(&output.stdout)
}

/// What a command that cannot do its work says.
fn refused(folder: &PathBuf, arguments: &[&str]) -> String {
    let output = bitup(folder, arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    let said = text(&output.stderr);
    assert!(said.starts_with("error: "), "{said}");
    said
}

const TOKEN: &str = include_str!("../../examples/token.bit");

#[test]
fn lint_hints_at_slips_and_can_be_told_to_let_them() {
    let folder = folder("lint");
    let source =
        "contract A {\n    storage a: u8;\n\n    @anyone set() {\n        this.a = 1;\n    }\n}\n";
    std::fs::write(folder.join("a.bit"), source).unwrap();
    let hinted = bitup(&folder, &["lint"]);
    assert_eq!(hinted.status.code(), Some(1));
    let said = text(&hinted.stderr);
    assert!(said.contains("hint[L08]: what does `set` do?"), "{said}");
    assert!(said.contains("--> a.bit:4:13"), "{said}");
    assert!(done(&folder, &["lint", "--allow", "l08"]).contains("1 files, nothing to say"));
    assert!(refused(&folder, &["lint", "--allow", "L99"]).contains("no rule `L99`"));
    let json = bitup(&folder, &["lint", "--json"]);
    let value: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(value["hints"][0]["code"], "L08");
    assert_eq!(value["hints"][0]["start"]["line"], 4);
    assert!(done(&folder, &["explain", "l08"]).starts_with("## L08 "));
    std::fs::write(folder.join("a.bit"), "contract A { storage a: u9; }").unwrap();
    assert!(text(&bitup(&folder, &["lint"]).stderr).contains("error[B0302]"));
}

#[test]
fn doc_writes_what_others_can_call() {
    let folder = folder("doc");
    std::fs::write(folder.join("token.bit"), TOKEN).unwrap();
    let page = done(&folder, &["doc", "token.bit"]);
    assert!(
        page.starts_with("# token.bit\n\n## contract Token\n"),
        "{page}"
    );
    assert!(page.contains("A fungible token") && page.contains("#### balanceOf"));
    done(
        &folder,
        &["doc", "token.bit", "--form", "html", "--out", "token.html"],
    );
    let html = std::fs::read_to_string(folder.join("token.html")).unwrap();
    assert!(html.starts_with("<!doctype html>") && html.contains("id=\"Token.transfer\""));
    std::fs::write(folder.join("empty.bit"), "").unwrap();
    assert!(refused(&folder, &["doc", "empty.bit"]).contains("nothing that others see"));
}

#[test]
fn verify_sees_the_same_bytes_in_another_folder_and_a_change_of_one_letter() {
    let (one, other) = (folder("verify-one"), folder("verify-other/deeper/still"));
    for folder in [&one, &other] {
        std::fs::write(folder.join("token.bit"), TOKEN).unwrap();
        done(folder, &["build", "token.bit"]);
    }
    for file in ["Token.wasm", "Token.json", "Token.contract"] {
        let read = |folder: &PathBuf| std::fs::read(folder.join("build").join(file)).unwrap();
        assert_eq!(read(&one), read(&other), "{file}");
        let against = one.join("build").join(file);
        let said = done(
            &other,
            &[
                "verify",
                "token.bit",
                "--against",
                against.to_str().unwrap(),
            ],
        );
        assert!(said.starts_with("same: "), "{said}");
    }
    let json = done(
        &one,
        &[
            "verify",
            "token.bit",
            "--against",
            "build/Token.wasm",
            "--json",
        ],
    );
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(value["same"], true);
    let hash = value["hash"].as_str().unwrap();
    assert!(done(&one, &["verify", "token.bit", "--hash", hash]).starts_with("same: "));
    // A comment changes nothing, a number does.
    std::fs::write(other.join("token.bit"), format!("// longer\n{TOKEN}")).unwrap();
    assert!(done(&other, &["verify", "token.bit", "--hash", hash]).starts_with("same: "));
    let changed = TOKEN.replace("allowed - amount", "allowed");
    assert_ne!(changed, TOKEN);
    std::fs::write(other.join("token.bit"), changed).unwrap();
    let differs = bitup(&other, &["verify", "token.bit", "--hash", hash]);
    assert_eq!(differs.status.code(), Some(1));
    assert!(text(&differs.stdout).starts_with("DIFFERENT: "));
    assert!(refused(&one, &["verify", "token.bit"]).contains("compare with what"));
    assert!(refused(&one, &["verify", "token.bit", "--hash", "0x12"]).contains("no hash"));
}

#[test]
fn bindings_are_written_from_source_and_from_what_was_built() {
    let folder = folder("bindings");
    std::fs::write(folder.join("token.bit"), TOKEN).unwrap();
    done(&folder, &["build", "token.bit"]);
    for (language, files) in [
        ("typescript", &["Token.js", "Token.d.ts"][..]),
        ("rust", &["token.rs"]),
        ("python", &["token.py"]),
    ] {
        done(
            &folder,
            &[
                "bindings",
                "token.bit",
                "--language",
                language,
                "--out",
                "one",
            ],
        );
        done(
            &folder,
            &[
                "bindings",
                "build/Token.contract",
                "--language",
                language,
                "--out",
                "two",
            ],
        );
        for file in files {
            let one = std::fs::read_to_string(folder.join("one").join(file)).unwrap();
            let two = std::fs::read_to_string(folder.join("two").join(file)).unwrap();
            assert_eq!(one, two);
            assert!(
                one.to_lowercase().contains("balanceof") || one.contains("balance_of"),
                "{file}"
            );
        }
    }
    std::fs::write(folder.join("other.json"), "{}").unwrap();
    let said = refused(&folder, &["bindings", "other.json", "--language", "rust"]);
    assert!(said.contains("version"), "{said}");
}

#[test]
fn every_shell_gets_completions_of_every_command() {
    let folder = folder("completions");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = done(&folder, &["completions", shell]);
        for command in [
            "new",
            "check",
            "lint",
            "build",
            "verify",
            "test",
            "run",
            "fmt",
            "doc",
            "explain",
            "bindings",
            "add",
            "use",
            "deploy",
            "call",
            "query",
            "lsp",
            "completions",
        ] {
            assert!(script.contains(command), "{shell}: {command}");
            let help = done(&folder, &[command, "--help"]);
            assert!(help.contains("Usage: bitup"), "{help}");
        }
    }
}

/// The page about the tool tells of every command, and its links lead to headings that are there.
#[test]
fn the_page_of_the_tool_tells_of_every_command() {
    let page = include_str!("../../../docs/bitup/tools.md");
    let folder = folder("page");
    let help = done(&folder, &["--help"]);
    let commands = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let mut count = 0;
    for line in commands.take_while(|line| !line.is_empty()) {
        let name = line.split_whitespace().next().unwrap();
        count += 1;
        assert!(
            name == "help"
                || page.contains(&format!("`bitup {name}"))
                || page.contains(&format!("[`{name}`]")),
            "{name}"
        );
    }
    assert!(count >= 18, "{help}");
    for link in page.split("](#").skip(1) {
        let anchor = link.split(')').next().unwrap();
        let heading = |line: &str| {
            line.strip_prefix("## ")
                .map(|title| title.to_lowercase().replace(' ', "-"))
        };
        assert!(
            page.lines()
                .filter_map(heading)
                .any(|known| known == anchor),
            "{anchor}"
        );
    }
}
