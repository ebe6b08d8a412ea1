//! The commands of docs/bitup/tutorial.md print what the page says. `UPDATE_SNAPSHOTS=1` writes what they print into the page,
//! to be read in the change.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

/// Words of a command, as a shell takes them apart; texts stand in single quotes.
fn words(command: &str) -> Vec<String> {
    let parts = command.split('\'').enumerate();
    let of = |(number, part): (usize, &str)| {
        if number % 2 == 1 {
            vec![part.to_owned()]
        } else {
            part.split_whitespace().map(str::to_owned).collect()
        }
    };
    parts.flat_map(of).collect()
}

/// What a command prints.
fn printed(command: &str, folder: &mut PathBuf) -> String {
    let words = words(command);
    let (program, arguments) = words.split_first().unwrap();
    if program == "cd" {
        folder.push(&arguments[0]);
        return String::new();
    }
    assert_eq!(program, "bitup", "{command}");
    let output = Command::new(env!("CARGO_BIN_EXE_bitup"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let all = [output.stdout, output.stderr].concat();
    String::from_utf8(all).unwrap()
}

/// The block with what its commands print.
fn console(block: &str, folder: &mut PathBuf) -> String {
    let commands = block.lines().filter_map(|line| line.strip_prefix("$ "));
    commands
        .map(|command| format!("$ {command}\n{}", printed(command, folder)))
        .collect()
}

#[test]
fn the_tutorial_prints_what_it_says() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/bitup/tutorial.md");
    let text = std::fs::read_to_string(&page).unwrap();
    let mut folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("tutorial");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let mut out = String::new();
    let mut commands = 0;
    for (number, part) in text.split("```").enumerate() {
        if number > 0 {
            out += "```";
        }
        let (head, body) = part.split_once('\n').unwrap_or((part, ""));
        if number % 2 == 0 {
            out += part;
        } else if let Some(name) = head.strip_prefix("bitup ") {
            std::fs::write(folder.join(name), body).unwrap();
            out += part;
        } else {
            assert_eq!(head, "console");
            commands += body.matches("$ ").count();
            out += &format!("console\n{}", console(body, &mut folder));
        }
    }
    assert!(commands >= 8);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&page, out).unwrap();
        return;
    }
    assert_eq!(
        out, text,
        "UPDATE_SNAPSHOTS=1 writes what the commands print"
    );
}
